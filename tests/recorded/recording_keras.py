"""Calls of Keras on TensorFlow recorded with their gradients, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from recording import Recording, grid, rng_for


def record_call(
    rec: Recording,
    name: str,
    fn: Callable[..., Any],
    inputs: dict[str, Any],
    weights: list[Any] | None = None,
    constant: tuple[str, ...] = (),
    **options: Any,
) -> None:
    """Record `fn(**inputs)`, and the gradients of its floating-point inputs and of the `weights` (Keras variables)."""
    rec.case(name, **options)
    tensors = {k: tf.constant(v) for k, v in inputs.items()}
    for k, v in inputs.items():
        rec.put(f"{name}/in/{k}", v)
    held = {w.path.split("/", 1)[-1].replace("/", "."): w for w in weights or []}
    for k, w in held.items():
        rec.put(f"{name}/in/{k}", w.numpy())
    watched = {k: t for k, t in tensors.items() if t.dtype == tf.float64 and k not in constant}
    with tf.GradientTape() as tape:
        tape.watch(list(watched.values()))
        out = fn(**tensors)
        shape = tuple(out.shape)
        cotangent = grid(rng_for(name + " cotangent"), shape, -1, 1) if shape else np.ones(())
        total = tf.reduce_sum(out * tf.constant(cotangent, out.dtype))
    assert out.dtype == tf.float64, (name, out.dtype)
    rec.put(f"{name}/out", out.numpy())
    if shape:
        rec.put(f"{name}/cotangent", cotangent)
    sources = {**watched, **{k: w.value for k, w in held.items() if w.trainable}}
    for k, g in zip(sources, tape.gradient(total, list(sources.values()))):
        if g is not None:
            rec.put(f"{name}/grad/{k}", tf.convert_to_tensor(g).numpy())

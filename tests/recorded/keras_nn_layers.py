"""Activations and layers for record_keras_nn.py."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from recording import Recording, grid, rng_for
from recording_keras import record_call

NAMES = """
relu6 leaky_relu elu selu celu softplus softsign squareplus sparse_plus silu gelu mish tanh sigmoid exponential
hard_sigmoid hard_silu hard_tanh hard_shrink soft_shrink tanh_shrink log_sigmoid softmax log_softmax glu sparsemax
"""
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu/options": ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 0.5}),
    **{name: (name, {}) for name in NAMES.split()},
    "gelu/tanh": ("gelu", {"approximate": True}),
    "leaky_relu/slope": ("leaky_relu", {"negative_slope": 0.05}),
}


def activations(rec: Recording) -> None:
    for name, (fn, options) in ACTIVATIONS.items():
        x = grid(rng_for(name), (3, 6), -5, 5)
        call = getattr(keras.activations, fn)
        record_call(
            rec, f"activation/{name}", lambda x, call=call, options=options: call(x, **options), {"x": x}, **options
        )


def layer(
    rec: Recording, name: str, made: Any, x: np.ndarray, call: dict[str, Any] | None = None, **inputs: Any
) -> None:
    """Build the layer, give its weights multiples of 1/64, and record its call on x."""
    name = f"layer/{name}"
    made.build(x.shape)
    stream = rng_for(name)
    for w in made.weights:
        low = 0.5 if "variance" in w.path else -1
        w.assign(grid(stream, tuple(w.shape), low, 1.5 if low > 0 else 1))
    options = {k: v for k, v in made.get_config().items() if isinstance(v, int | float | str | list | tuple | None)}
    before = {w.path.split("/", 1)[-1].replace("/", "."): w.numpy() for w in made.non_trainable_weights}
    if any("seed" in k for k in before):
        before = {}
    weights = [w for w in made.weights if "seed" not in w.path]
    record_call(
        rec,
        name,
        lambda x, **rest: made(x, **rest, **(call or {})),
        {"x": x, **inputs},
        weights=weights,
        constant=tuple(inputs),
        cls=type(made).__name__,
        config=options,
        **({"call": call} if call else {}),
    )
    if before and (call or {}).get("training"):
        for w in made.non_trainable_weights:
            rec.put(f"{name}/after/{w.path.split('/', 1)[-1].replace('/', '.')}", w.numpy())


def layers(rec: Recording) -> None:
    kl, stream = keras.layers, rng_for("keras layers")
    x = grid(stream, (4, 3))
    layer(rec, "dense", kl.Dense(2, activation="relu"), x)
    layer(rec, "dense/three_axes", kl.Dense(2), grid(stream, (2, 3, 4)))
    for training in (True, False):
        mode = "train" if training else "eval"
        layer(rec, f"batch_normalization/{mode}", kl.BatchNormalization(), x, {"training": training})
        layer(
            rec,
            f"batch_normalization/images/{mode}",
            kl.BatchNormalization(momentum=0.8),
            grid(stream, (2, 3, 2, 3)),
            {"training": training},
        )
    layer(rec, "layer_normalization", kl.LayerNormalization(), grid(stream, (2, 3, 4)))
    layer(rec, "group_normalization", kl.GroupNormalization(groups=2), grid(stream, (2, 3, 4)))
    layer(rec, "rms_normalization", kl.RMSNormalization(), grid(stream, (2, 3, 4)))

    images = grid(stream, (2, 5, 6, 2))
    layer(rec, "conv2d/valid", kl.Conv2D(3, (3, 2)), images)
    layer(rec, "conv2d/same", kl.Conv2D(3, 3, padding="same"), images)
    layer(rec, "conv2d/same_strided", kl.Conv2D(3, 3, strides=2, padding="same"), images)
    layer(rec, "conv2d/dilated", kl.Conv2D(2, 2, dilation_rate=2, padding="same"), images)
    layer(rec, "conv1d/causal", kl.Conv1D(3, 3, padding="causal"), grid(stream, (2, 5, 2)))
    layer(rec, "conv2d_transpose/same", kl.Conv2DTranspose(2, 3, strides=2, padding="same"), grid(stream, (1, 3, 2, 2)))
    layer(rec, "conv2d_transpose/valid", kl.Conv2DTranspose(2, 3, strides=2), grid(stream, (1, 3, 2, 2)))
    layer(rec, "max_pooling2d/same", kl.MaxPooling2D(2, padding="same"), images)
    layer(rec, "average_pooling2d/same", kl.AveragePooling2D(3, strides=2, padding="same"), images)
    layer(rec, "global_average_pooling2d", kl.GlobalAveragePooling2D(), images)

    steps = grid(stream, (3, 4, 2))
    mask = np.array([[True, True, True, True], [True, True, False, False], [True, False, True, False]])
    for name, make in (
        ("simple_rnn", lambda **o: kl.SimpleRNN(3, **o)),
        ("lstm", lambda **o: kl.LSTM(3, **o)),
        ("gru", lambda **o: kl.GRU(3, **o)),
        ("gru/reset_before", lambda **o: kl.GRU(3, reset_after=False, **o)),
    ):
        layer(rec, name, make(), steps)
        layer(rec, f"{name}/sequences", make(return_sequences=True), steps)
        layer(rec, f"{name}/masked", make(return_sequences=True), steps, mask=mask)
        layer(rec, f"{name}/backwards", make(return_sequences=True, go_backwards=True), steps)
    layer(
        rec, "bidirectional/masked", kl.Bidirectional(kl.LSTM(2, return_sequences=True, name="lstm")), steps, mask=mask
    )
    layer(rec, "bidirectional/sum", kl.Bidirectional(kl.GRU(2, name="gru"), merge_mode="sum"), steps)

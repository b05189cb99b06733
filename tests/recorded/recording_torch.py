"""Calls of PyTorch recorded with their gradients, in float64 and float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from recording import Recording, grid, rng_for


def as_torch(value: np.ndarray, dtype: torch.dtype, grad: bool = False) -> torch.Tensor:
    t = torch.from_numpy(np.array(value))
    return t.to(dtype).requires_grad_(grad) if t.is_floating_point() else t


def record_call(
    rec: Recording,
    name: str,
    fn: Callable[..., Any],
    inputs: dict[str, Any],
    *,
    constant: tuple[str, ...] = (),
    single: bool = True,
    **options: Any,
) -> None:
    """Record `fn(**inputs)` and the gradients of its floating-point inputs (but the constant ones).

    Each output is paired with a fixed random cotangent (one for a scalar), under `cotangent`; several outputs are
    numbered. float32 results, from the same inputs, stand under `float32/` where `single` is true.
    """
    rec.case(name, **options)
    arrays = {k: np.asarray(v) for k, v in inputs.items()}
    for k, v in arrays.items():
        rec.put(f"{name}/in/{k}", v)
    cotangents: list[np.ndarray] = []
    for dtype, prefix in [(torch.float64, name), (torch.float32, f"{name}/float32")][: 1 + single]:
        tensors = {k: as_torch(v, dtype, v.dtype.kind == "f" and k not in constant) for k, v in arrays.items()}
        found = fn(**tensors)
        outs = list(found) if isinstance(found, tuple | list) else [found]
        if not cotangents:
            stream = rng_for(name + " cotangent")
            cotangents = [grid(stream, tuple(o.shape), -1, 1) if o.ndim else np.ones(()) for o in outs]
            for label, c in zip(labels("cotangent", outs), cotangents):
                if c.ndim:
                    rec.put(f"{name}/{label}", c)
        for label, o in zip(labels("out", outs), outs):
            assert o.dtype == dtype or not o.is_floating_point(), (name, o.dtype)
            rec.put(f"{prefix}/{label}", o.detach().numpy())
        needing = {k: t for k, t in tensors.items() if t.requires_grad}
        pairs = [(o, as_torch(c, dtype)) for o, c in zip(outs, cotangents) if o.requires_grad]
        grads = torch.autograd.grad([o for o, _ in pairs], list(needing.values()), [c for _, c in pairs])
        for k, g in zip(needing, grads):
            rec.put(f"{prefix}/grad/{k}", g.numpy())


def labels(word: str, items: list[Any]) -> list[str]:
    return [word] if len(items) == 1 else [f"{word}{k}" for k in range(len(items))]


def record_module(
    rec: Recording,
    name: str,
    module: torch.nn.Module,
    inputs: dict[str, Any],
    *,
    training: bool = False,
    scale: float = 1.0,
    call: dict[str, Any] | None = None,
    single: bool = True,
    **options: Any,
) -> None:
    """Record a module's call: parameters under `in/` by PyTorch's names, buffers under `buffer/` (and `buffer_after/`).

    Parameters become multiples of 1/64 (times `scale`), which float32 holds exactly where scale is a power of two.
    """
    stream = rng_for(name)
    params = {k: grid(stream, tuple(p.shape), -1, 1) * scale for k, p in module.named_parameters()}
    buffers = {k: b.clone() for k, b in module.named_buffers()}
    for k, b in buffers.items():
        if b.is_floating_point():
            low = 0.5 if k.endswith("var") else -1
            buffers[k] = torch.from_numpy(grid(stream, tuple(b.shape), low, 2))
            rec.put(f"{name}/buffer/{k}", buffers[k].numpy())
    module.train(training)

    def run(**tensors: torch.Tensor) -> Any:
        kind = next(t.dtype for t in tensors.values() if t.is_floating_point())
        weights = {k: tensors.pop(k) for k in params}
        held = {k: b.to(kind) if b.is_floating_point() and b.dtype != kind else b.clone() for k, b in buffers.items()}
        out = torch.func.functional_call(module, {**weights, **held}, tuple(tensors.values()), call or {})
        if training and kind == torch.float64:
            for k, b in held.items():
                if b.is_floating_point():
                    rec.put(f"{name}/buffer_after/{k}", b.numpy())
        return out

    extra = {"training": training, **({"call": call} if call else {})}
    record_call(rec, name, run, {**inputs, **params}, single=single, module=repr(module), **extra, **options)

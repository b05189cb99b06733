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


def outputs(found: Any) -> list[torch.Tensor]:
    return list(found) if isinstance(found, tuple | list) else [found]


def paired(outs: list[torch.Tensor], cotangents: list[np.ndarray]) -> torch.Tensor:
    """The sum of each output times its cotangent."""
    return torch.stack([(o * as_torch(c, o.dtype)).sum() for o, c in zip(outs, cotangents)]).sum()


def record_call(
    rec: Recording,
    name: str,
    fn: Callable[..., Any],
    inputs: dict[str, Any],
    *,
    constant: tuple[str, ...] = (),
    single: bool = True,
    second: bool = False,
    smooth: bool = True,
    **options: Any,
) -> None:
    """Record `fn(**inputs)` and the gradients of its floating-point inputs (but the constant ones).

    Each output is paired with a fixed random cotangent (one for a scalar), under `cotangent`; several outputs are
    numbered. float32 results, from the same inputs, stand under `float32/` where `single` is true. With `second`, the
    gradient of half the sum of the squares of all gradients stands under `second/`, where these are not constants.
    Both orders are checked by central differences first, unless the case says that it is not `smooth` there.
    """
    rec.case(name, **options)
    arrays = {k: np.asarray(v) for k, v in inputs.items()}
    wanted = [k for k, v in arrays.items() if v.dtype.kind == "f" and k not in constant]
    for k, v in arrays.items():
        rec.put(f"{name}/in/{k}", v)
    tensors = {k: as_torch(v, torch.float64, k in wanted) for k, v in arrays.items()}
    outs = outputs(fn(**tensors))
    stream = rng_for(name + " cotangent")
    cotangents = [grid(stream, tuple(o.shape), -1, 1) if o.ndim else np.ones(()) for o in outs]
    for label, c in zip(labels("cotangent", outs), cotangents):
        if c.ndim:
            rec.put(f"{name}/{label}", c)

    def value(**at: torch.Tensor) -> torch.Tensor:
        return paired(outputs(fn(**{**tensors, **at})), cotangents)

    def steepness(**at: torch.Tensor) -> torch.Tensor:
        at = {k: t.detach().requires_grad_() for k, t in at.items()}
        slopes = torch.autograd.grad(value(**at), list(at.values()))
        return torch.stack([(g * g).sum() / 2 for g in slopes]).sum()

    sources = [tensors[k] for k in wanted]
    grads = torch.autograd.grad(paired(outs, cotangents), sources, create_graph=second)
    put_results(rec, name, outs, dict(zip(wanted, grads)))
    if smooth:
        check(name, value, dict(zip(wanted, sources)), grads)
    if second and any(g.requires_grad for g in grads):
        half = torch.stack([(g * g).sum() / 2 for g in grads]).sum()
        twice = torch.autograd.grad(half, sources, materialize_grads=True)
        if smooth:
            check(name + " second", steepness, dict(zip(wanted, sources)), twice)
        for k, g in zip(wanted, twice):
            rec.put(f"{name}/second/{k}", g.numpy(force=True))
    if single:
        tensors32 = {k: as_torch(v, torch.float32, k in wanted) for k, v in arrays.items()}
        outs = outputs(fn(**tensors32))
        assert all(o.dtype == torch.float32 or not o.is_floating_point() for o in outs), name
        grads = torch.autograd.grad(paired(outs, cotangents), [tensors32[k] for k in wanted])
        put_results(rec, f"{name}/float32", outs, dict(zip(wanted, grads)))


def put_results(rec: Recording, prefix: str, outs: list[torch.Tensor], grads: dict[str, torch.Tensor]) -> None:
    for label, o in zip(labels("out", outs), outs):
        rec.put(f"{prefix}/{label}", o.numpy(force=True))
    for k, g in grads.items():
        rec.put(f"{prefix}/grad/{k}", g.numpy(force=True))


def check(name: str, fn: Any, at: dict[str, torch.Tensor], grads: Any) -> None:
    """The gradients agree with fn's central difference along a random direction, to a millionth."""
    stream = rng_for(name + " check")
    step = {k: torch.from_numpy(stream.standard_normal(tuple(t.shape))).reshape(t.shape) for k, t in at.items()}
    # A width for each kind of error: rounding asks for a wide one, curvature for a narrow one.
    grads = [g.detach() for g in grads]
    slope = float(sum((g * step[k]).sum() for k, g in zip(at, grads)))
    errors = []
    for h in (1e-4, 1e-5, 1e-6):
        ends = [fn(**{k: t.detach() + s * h * step[k] for k, t in at.items()}).item() for s in (1, -1)]
        errors.append(abs((ends[0] - ends[1]) / (2 * h) - slope))
    scale = 1e-3 + abs(slope) + sum(float((g * step[k]).abs().sum()) for k, g in zip(at, grads))
    if not min(errors) <= 1e-6 * scale:
        raise ValueError(f"{name}: PyTorch's gradient is off the central difference by {min(errors) / scale:.1e}")


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
    via: Callable[..., Any] = lambda module, *inputs: module(*inputs),
    single: bool = True,
    smooth: bool = True,
    **options: Any,
) -> None:
    """Record a module's call: parameters under `in/` by PyTorch's names, buffers under `buffer/` (and `buffer_after/`).

    The call is `via(module, *inputs)`. Parameters become multiples of 1/64 (times `scale`), which float32 holds
    exactly where scale is a power of two.
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

        def called(*at: Any, **options: Any) -> Any:
            return torch.func.functional_call(module, {**weights, **held}, at, options)

        out = via(called, *tensors.values())
        if training and kind == torch.float64:
            for k, b in held.items():
                # The first call is the one recorded; the others look for its derivative.
                if b.is_floating_point() and f"{name}/buffer_after/{k}" not in rec.arrays:
                    rec.put(f"{name}/buffer_after/{k}", b.numpy())
        return out

    assert not params.keys() & inputs.keys(), name
    shown = {"module": repr(module), "training": training, **options}
    record_call(rec, name, run, {**inputs, **params}, single=single, smooth=smooth, **shown)

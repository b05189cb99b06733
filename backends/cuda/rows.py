"""Softmax, cross entropy, norms and their rules, row by row in one kernel each. Imports ``base``, ``rows_source``.

On a GPU, small arrays cost what launching kernels costs, and large ones what reading and writing memory costs; as
formulas of array calls these take four to twenty of each. Here a warp of 32 threads takes a narrow row, a block of 128
a wide one: each thread folds every 32nd (128th) element, and the threads' parts are combined in a tree that is always
the same. So a result is the same to the bit on each run; there are no atomics. Arrays that are not contiguous are
copied first: the formulas write several arrays of that size. What is not float32 or float64, other axes than the last
ones, and rows too few to keep a GPU busy, one block each, are declined.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from backends.base import Array, Backend, bound
from backends.cuda.rows_source import DTYPES, KERNELS, LANES, SOURCES

__all__ = ["KERNELS", "SOURCES", "kernels"]

# A row up to so wide goes to a warp: 16 elements for each thread, as many rows at once as there are warps.
NARROW = 512
# Fewer rows than FEW, each wider than WIDE, would keep but a few of a GPU's hundred multiprocessors busy for long.
WIDE, FEW = 65_536, 64


def _width(x: Array, axis: tuple[int, ...]) -> int:
    """How many elements each row of ``x`` has over its last axes; 0 where these are not ``axis``, or it is declined."""
    first = x.ndim - len(axis)
    if x.dtype.char not in DTYPES or axis != tuple(range(first, x.ndim)) or not x.size:
        return 0
    n = math.prod(x.shape[first:])
    return 0 if n > WIDE and x.size < FEW * n else n


def _fits(g: Any, x: Array, size: int) -> bool:
    """Whether ``g`` is an array of x's library and dtype with so many elements."""
    return isinstance(g, type(x)) and g.dtype == x.dtype and g.size == size


def _run(backend: Any, kernel: str, x: Array, n: int, *args: Any, label: str = "") -> None:
    """Launch the kernel for rows of n elements and x's dtype; called with x's device current."""
    rows = x.size // n
    lanes = "warp" if n <= NARROW else "block"
    group = f"{lanes}_{DTYPES[x.dtype.char][1]}"
    given = [
        backend.xp.ascontiguousarray(a) if isinstance(a, type(x)) and not a.flags.c_contiguous else a for a in args
    ]
    threads = rows * LANES[lanes]
    backend.launch(SOURCES[group], f"{kernel}_{group}{label}", threads, (np.uint64(rows), np.uint64(n), *given))


def _by_rows(kernel: str, backend: Any, x: Array, n: int, *args: Any) -> Array:
    """A new array as ``x``, the last of what the kernel is given."""
    with x.device:
        out = backend.xp.empty(x.shape, x.dtype)
        _run(backend, kernel, x, n, *args, out)
    return out


# Softmax --------------------------------------------------------------------------------------------------------


def softmax(backend: Any, x: Array, /, *, axis: int) -> Any:
    n = _width(x, (axis,))
    return _by_rows("softmax", backend, x, n, x) if n else NotImplemented


def softmax_back(backend: Any, g: Any, out: Array, axis: int) -> Any:
    n = _width(out, (axis,))
    return _by_rows("softmax_back", backend, out, n, g, out) if n and _fits(g, out, out.size) else NotImplemented


def log_softmax(backend: Any, x: Array, /, *, axis: int) -> Any:
    n = _width(x, (axis,))
    return _by_rows("log_softmax", backend, x, n, x) if n else NotImplemented


def log_softmax_back(backend: Any, g: Any, out: Array, axis: int) -> Any:
    n = _width(out, (axis,))
    return _by_rows("log_softmax_back", backend, out, n, g, out) if n and _fits(g, out, out.size) else NotImplemented


def logsumexp(backend: Any, x: Array, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    n = _width(x, axis)
    if not n:
        return NotImplemented
    with x.device:
        out = backend.xp.empty(_reduced(x, axis, keepdims), x.dtype)
        _run(backend, "logsumexp", x, n, x, out)
    return out


def logsumexp_back(backend: Any, g: Any, x: Array, out: Any, axis: tuple[int, ...]) -> Any:
    n = _width(x, axis)
    if not n or not _fits(g, x, x.size // n) or not _fits(out, x, x.size // n):
        return NotImplemented
    return _by_rows("logsumexp_back", backend, x, n, g, x, out)


def _reduced(x: Array, axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    return x.shape[: x.ndim - len(axis)] + (1,) * (len(axis) if keepdims else 0)


# Cross entropy --------------------------------------------------------------------------------------------------


def softmax_cross_entropy(backend: Any, x: Array, labels: Any, /) -> Any:
    n = _width(x, (x.ndim - 1,))
    if not n or not _label_each(labels, x):
        return NotImplemented
    with x.device:
        labels = _as_labels(labels)
        loss, p = backend.xp.empty(x.shape[:-1], x.dtype), backend.xp.empty(x.shape, x.dtype)
        _run(backend, "cross_entropy", x, n, x, labels, loss, p, label=f"_{labels.dtype.name}")
    return loss, p


def softmax_cross_entropy_back(backend: Any, g: Any, p: Array, labels: Any) -> Any:
    loss, probability = g
    n = _width(p, (p.ndim - 1,))
    if not n or probability is not None or not _fits(loss, p, p.size // n) or not _label_each(labels, p):
        return NotImplemented
    with p.device:
        labels = _as_labels(labels)
        out = backend.xp.empty(p.shape, p.dtype)
        _run(backend, "cross_entropy_back", p, n, loss, p, labels, out, label=f"_{labels.dtype.name}")
    return out


def soft_cross_entropy(backend: Any, x: Array, y: Any, /) -> Any:
    n = _width(x, (x.ndim - 1,))
    if not n or not _fits(y, x, x.size):
        return NotImplemented
    with x.device:
        loss, logs = backend.xp.empty(x.shape[:-1], x.dtype), backend.xp.empty(x.shape, x.dtype)
        _run(backend, "soft_cross_entropy", x, n, x, y, loss, logs)
    return loss, logs


def soft_cross_entropy_back(backend: Any, g: Any, logs: Array, y: Any) -> Any:
    loss, of_logs = g
    n = _width(logs, (logs.ndim - 1,))
    if not n or of_logs is not None or not _fits(loss, logs, logs.size // n) or not _fits(y, logs, logs.size):
        return NotImplemented
    return _by_rows("soft_cross_entropy_back", backend, logs, n, loss, logs, y)


def _label_each(labels: Any, x: Array) -> bool:
    return isinstance(labels, type(x)) and labels.dtype.kind in "iu" and labels.shape == x.shape[:-1]


def _as_labels(labels: Array) -> Array:
    return labels if labels.dtype.name in ("int32", "int64") else labels.astype("int64")


# Norms ----------------------------------------------------------------------------------------------------------


def normalize(backend: Any, x: Array, /, *, axis: tuple[int, ...], epsilon: float, centre: bool) -> Any:
    n = _width(x, axis)
    if not n:
        return NotImplemented
    with x.device:
        out, scale = backend.xp.empty(x.shape, x.dtype), backend.xp.empty(_reduced(x, axis, True), x.dtype)
        _run(backend, "normalize", x, n, np.int32(centre), x.dtype.type(epsilon), x, out, scale)
    return out, scale


def normalize_back(backend: Any, g: Any, out: Array, scale: Any, axis: tuple[int, ...], centre: bool) -> Any:
    of_out, of_scale = g
    n = _width(out, axis)
    if not n or of_scale is not None or not _fits(of_out, out, out.size) or not _fits(scale, out, out.size // n):
        return NotImplemented
    return _by_rows("normalize_back", backend, out, n, np.int32(centre), of_out, out, scale)


def kernels(backend: Backend) -> dict[str, Callable[..., Any]]:
    """What goes into ``KERNELS``; a kernel is launched by ``backend.launch(source, kernel, threads, arguments)``."""
    return bound(
        backend, softmax, softmax_back, log_softmax, log_softmax_back, logsumexp, logsumexp_back,
        softmax_cross_entropy, softmax_cross_entropy_back, soft_cross_entropy, soft_cross_entropy_back,
        normalize, normalize_back,
    )  # fmt: skip

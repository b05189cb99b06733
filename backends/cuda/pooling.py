"""Pooling as one CUDA kernel each way. Imports ``backends.base``, ``backends.cuda.windows``, and no CuPy.

As formulas these run some ten array calls for each place of the window: of a window of 2×2, forty launches, where the
device has work for one. Here a thread computes an element of the result: going forward it reads its window, and going
back it collects what the windows that hold its place have for it. So nothing is added by atomics, every sum is taken in
the formula's order, and each run gives the same bits.
"""

from __future__ import annotations

import math
from typing import Any

from backends.base import Array, Backend, bound
from backends.cuda import windows
from backends.cuda.windows import DTYPES, Pads, Sizes, are_made_for, count, instance, split_shape, windows_of

_TEMPLATES = r"""
template <typename T, typename I>
__device__ inline void max_pool(const Windows& w, const T* x, T* out, I* index, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.out);
    const T* image = x + p.lead * volume(w.size);
    const T lowest = (T)(-1e308 * 10);
    T best = 0;
    i64 found = 0;
    each_entry(w, p.at, 0, volume(w.window), [&](i64 k, i64 at) {
        T here = at < 0 ? lowest : image[at];
        // Greater, or the window's first NaN.
        if (k == 0 || (best == best && !(here <= best))) {
            best = here;
            found = k;
        }
    });
    out[t] = best;
    index[t] = (I)found;
}

template <typename T, typename I>
__device__ inline void pool_pick(const Windows& w, const T* x, const I* index, T* out, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.out);
    const T* image = x + p.lead * volume(w.size);
    T sum = 0;
    each_entry(w, p.at, 0, volume(w.window), [&](i64 k, i64 at) {
        if (k == index[t] && at >= 0) sum = image[at];
    });
    out[t] = sum;
}

template <typename T, typename I>
__device__ inline void unpool_pick(const Windows& w, const T* x, const I* index, T* out, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.size);
    i64 before = p.lead * volume(w.out);
    T sum = 0;
    each_window(w, p.at, [&](i64 k, i64 at) {
        if (k == index[before + at]) sum += x[before + at];
    });
    out[t] = sum;
}

template <typename T>
__device__ inline void pool_sum(const Windows& w, const T* x, T* out, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.out);
    const T* image = x + p.lead * volume(w.size);
    T sum = 0;
    each_entry(w, p.at, 0, volume(w.window), [&](i64 k, i64 at) {
        if (at >= 0) sum += image[at];
    });
    out[t] = sum;
}

template <typename T>
__device__ inline void unpool_sum(const Windows& w, const T* x, T* out, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.size);
    i64 before = p.lead * volume(w.out);
    T sum = 0;
    each_window(w, p.at, [&](i64 k, i64 at) { sum += x[before + at]; });
    out[t] = sum;
}
"""
_INDEX = {"int8": "signed char", "int32": "int"}
_PICKING = {
    "max_pool": "const T* x, T* out, I* index",
    "pool_pick": "const T* x, const I* index, T* out",
    "unpool_pick": "const T* x, const I* index, T* out",
}
_SUMMING = {"pool_sum": "const T* x, T* out", "unpool_sum": "const T* x, T* out"}


def _typed(parameters: str, of: str, index: str = "") -> str:
    return parameters.replace("T*", f"{of}*").replace("I*", f"{index}*")


SOURCE = (
    windows.SOURCE
    + _TEMPLATES
    + "".join(
        [
            instance(kernel, f"{narrow}_{dtype}", (of, index), _typed(parameters, of, index))
            for kernel, parameters in _PICKING.items()
            for narrow, index in _INDEX.items()
            for dtype, of in DTYPES.items()
        ]
        + [
            instance(kernel, dtype, (of,), _typed(parameters, of))
            for kernel, parameters in _SUMMING.items()
            for dtype, of in DTYPES.items()
        ]
    )
)
KERNELS = (
    *[f"{kernel}_{narrow}_{dtype}" for kernel in _PICKING for narrow in _INDEX for dtype in DTYPES],
    *[f"{kernel}_{dtype}" for kernel in _SUMMING for dtype in DTYPES],
)


def kernels(backend: Backend) -> dict[str, Any]:
    """What CUDA kernels compute of ``autograd.ops.pool``, for a backend that has ``launch``."""
    return bound(backend, max_pool, pool_pick, unpool_pick, pool_sum, unpool_sum)


def max_pool(backend: Any, x: Array, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """Each window's greatest entry and its position: 1 launch; by the formula 2 and 8 for each further entry."""
    lead, size = split_shape(x.shape, len(window))
    frame = windows_of(size, window, stride, padding, dilation)
    if frame is None or not are_made_for(x):
        return NotImplemented
    xp, shape = backend.xp, (*lead, *frame.out)
    narrow = "int8" if math.prod(window) < 128 else "int32"
    with x.device:
        x, out, index = xp.ascontiguousarray(x), xp.empty(shape, x.dtype), xp.empty(shape, narrow)
        args = (*frame.numbers, x, out, index, count(shape))
        backend.launch(SOURCE, f"max_pool_{narrow}_{x.dtype.name}", out.size, args)
    return out, index


def _picked(backend: Any, kernel: str, x: Array, index: Array, frame: Any, shape: Sizes) -> Any:
    """A kernel that reads an index, where all is as it takes it."""
    narrow, xp = index.dtype.name, backend.xp
    if frame is None or narrow not in _INDEX or not are_made_for(x) or index.device != x.device:
        return NotImplemented
    with x.device:
        x, index, out = xp.ascontiguousarray(x), xp.ascontiguousarray(index), xp.empty(shape, x.dtype)
        args = (*frame.numbers, x, index, out, count(shape))
        backend.launch(SOURCE, f"{kernel}_{narrow}_{x.dtype.name}", out.size, args)
    return out


def pool_pick(
    backend: Any, x: Array, index: Array, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Any:
    """The entry of each window that ``index`` names: 1 launch."""
    lead, size = split_shape(x.shape, len(window))
    frame = windows_of(size, window, stride, padding, dilation)
    if frame is None or index.shape != (*lead, *frame.out):
        return NotImplemented
    return _picked(backend, "pool_pick", x, index, frame, index.shape)


def unpool_pick(
    backend: Any,
    x: Array,
    index: Array,
    /,
    *,
    size: Sizes,
    window: Sizes,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
) -> Any:
    """Each entry of ``x`` where ``index`` names: 1 launch; by the formula 1 and 4 for each entry of a window.

    What a window has for the places that it did not pick is nothing, also where it is not finite.
    """
    lead, out = split_shape(x.shape, len(window))
    frame = windows_of(tuple(size), window, stride, padding, dilation)
    if frame is None or out != frame.out or index.shape != x.shape:
        return NotImplemented
    return _picked(backend, "unpool_pick", x, index, frame, (*lead, *size))


def _summed(backend: Any, kernel: str, x: Array, frame: Any, shape: Sizes) -> Any:
    if not are_made_for(x):
        return NotImplemented
    xp = backend.xp
    with x.device:
        x, out = xp.ascontiguousarray(x), xp.empty(shape, x.dtype)
        args = (*frame.numbers, x, out, count(shape))
        backend.launch(SOURCE, f"{kernel}_{x.dtype.name}", out.size, args)
    return out


def pool_sum(backend: Any, x: Array, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """The sum of each window: 1 launch."""
    lead, size = split_shape(x.shape, len(window))
    frame = windows_of(size, window, stride, padding, dilation)
    return NotImplemented if frame is None else _summed(backend, "pool_sum", x, frame, (*lead, *frame.out))


def unpool_sum(
    backend: Any, x: Array, /, *, size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Any:
    """Each entry of ``x`` all over its window, added up: 1 launch."""
    lead, out = split_shape(x.shape, len(window))
    frame = windows_of(tuple(size), window, stride, padding, dilation)
    if frame is None or out != frame.out:
        return NotImplemented
    return _summed(backend, "unpool_sum", x, frame, (*lead, *size))

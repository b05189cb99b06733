"""Convolution around one matrix product, in CUDA C. Imports ``backends.base``, ``backends.cuda.windows``, and no CuPy.

The product of the matrix of windows is cuBLAS's. What stands around it is a kernel each: cutting the padded images into
windows (``columns``), adding windows back into images (``fold``), and putting the batch in front, with the bias
(``spread``). As formulas these are three array calls, two for each place of the window, and two. ``fold`` runs a thread
for each place of an image, which collects from the windows that hold it: no atomics, the formula's order of sums, the
same bits on each run. A product that is not in groups is one of two matrices, not a stack of one: CuPy multiplies
these without copying a transposed operand.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backends.base import Array, Backend, bound
from backends.cuda import windows
from backends.cuda.windows import DTYPES, Pads, Sizes, Windows, are_made_for, count, instance, windows_of

# So many entries of a window are a thread's, or fewer.
PIECE = 32
_TEMPLATES = r"""
// x (batch, channels, size) to (channels, window, batch, out): a thread for so many entries of a window as make finding
// it worth while. Threads side by side write side by side.
template <typename T>
__device__ inline void columns(const Windows& w, i64 batch, i64 channels, const T* x, T* matrix, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.out);
    i64 image = p.lead % batch, rest = p.lead / batch, channel = rest % channels, first = rest / channels * PIECE;
    i64 out = volume(w.out), places = batch * out, entries = volume(w.window);
    const T* from = x + (image * channels + channel) * volume(w.size);
    T* to = matrix + channel * entries * places + image * out + (t - p.lead * out);
    each_entry(w, p.at, first, first + PIECE < entries ? first + PIECE : entries,
               [&](i64 k, i64 at) { to[k * places] = at < 0 ? (T)0 : from[at]; });
}

// The other way around, added up: a thread for each place of each image.
template <typename T>
__device__ inline void fold(const Windows& w, i64 batch, i64 channels, const T* matrix, T* x, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    Place p = place(t, w.size);
    i64 image = p.lead / channels, channel = p.lead % channels, out = volume(w.out), places = batch * out;
    const T* from = matrix + channel * volume(w.window) * places + image * out;
    T sum = 0;
    each_window(w, p.at, [&](i64 k, i64 at) { sum += from[k * places + at]; });
    x[t] = sum;
}

// rows (channels, batch, places) to (batch, channels, places); if biased, with a bias for each channel.
template <typename T>
__device__ inline void spread(i64 batch, i64 channels, i64 places, i64 biased, const T* rows, const T* bias,
                              T* out, i64 n) {
    i64 t = thread_index();
    if (t >= n) return;
    i64 at = (u64)t % (u64)places, lead = (u64)t / (u64)places;
    i64 image = lead / channels, channel = lead % channels;
    T value = rows[(channel * batch + image) * places + at];
    out[t] = biased ? value + bias[channel] : value;
}
"""
_PARAMETERS = {
    "columns": "i64 batch, i64 channels, const {0}* x, {0}* matrix",
    "fold": "i64 batch, i64 channels, const {0}* matrix, {0}* x",
    "spread": "i64 batch, i64 channels, i64 places, i64 biased, const {0}* rows, const {0}* bias, {0}* out",
}
SOURCE = (
    f"#define PIECE {PIECE}\n"
    + windows.SOURCE
    + _TEMPLATES
    + "".join(
        [
            instance(kernel, dtype, (of,), parameters.format(of), windows=kernel != "spread")
            for kernel, parameters in _PARAMETERS.items()
            for dtype, of in DTYPES.items()
        ]
    )
)
KERNELS = tuple([f"{kernel}_{dtype}" for kernel in _PARAMETERS for dtype in DTYPES])


def kernels(backend: Backend) -> dict[str, Any]:
    """What CUDA kernels compute of ``autograd.ops.conv``, for a backend that has ``launch``."""
    return bound(backend, conv, conv_input, conv_weight)


def _frame(
    size: Sizes,
    weight: Sizes,
    x_channels: int,
    y_channels: int,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    groups: int,
) -> Windows | None:
    """The windows of a convolution of ``x_channels`` to ``y_channels``; None where shapes do not belong together."""
    if x_channels != weight[1] * groups or y_channels != weight[0] or y_channels % groups:
        return None
    return windows_of(size, weight[2:], stride, padding, dilation)


def _columns(backend: Any, x: Array, frame: Windows, window: Sizes, groups: int) -> Array:
    """The windows as a matrix (groups, channels·window, batch·places)."""
    (batch, channels), entries, places = x.shape[:2], math.prod(window), x.shape[0] * math.prod(frame.out)
    threads = channels * places * -(-entries // PIECE)
    matrix = backend.xp.empty((groups, channels // groups * entries, places), x.dtype)
    args = (*frame.numbers, np.int64(batch), np.int64(channels), backend.xp.ascontiguousarray(x), matrix)
    backend.launch(SOURCE, f"columns_{x.dtype.name}", threads, (*args, np.int64(threads)))
    return matrix


def _rows(backend: Any, y: Array, groups: int) -> Array:
    """y (batch, channels, *out) as (groups, channels/groups, batch·places)."""
    columns = y.shape[0] * math.prod(y.shape[2:])
    turned = backend.xp.ascontiguousarray(y.swapaxes(0, 1))
    return turned.reshape(groups, y.shape[1] // groups, columns)


def _product(a: Array, b: Array) -> Array:
    """``a @ b`` of stacks of matrices; of stacks of one as two matrices."""
    return a @ b if len(a) > 1 else a[0] @ b[0]


def conv(
    backend: Any,
    x: Array,
    weight: Array,
    bias: Array | None,
    /,
    *,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    groups: int,
) -> Any:
    """3 launches; by the formula 6, or 4 without padding."""
    given = (x, weight) if bias is None else (x, weight, bias)
    outs = weight.shape[0]
    if x.ndim < 3 or x.ndim != weight.ndim or not (bias is None or bias.shape == (outs,)) or not are_made_for(*given):
        return NotImplemented
    frame = _frame(x.shape[2:], weight.shape, x.shape[1], outs, stride, padding, dilation, groups)
    if frame is None:
        return NotImplemented
    xp, batch = backend.xp, x.shape[0]
    with x.device:
        columns = _columns(backend, x, frame, weight.shape[2:], groups)
        rows = _product(weight.reshape(groups, outs // groups, columns.shape[1]), columns)
        out = xp.empty((batch, outs, *frame.out), x.dtype)
        numbers = [np.int64(number) for number in (batch, outs, math.prod(frame.out), bias is not None)]
        args = (*numbers, rows, rows if bias is None else xp.ascontiguousarray(bias), out, count(out.shape))
        backend.launch(SOURCE, f"spread_{x.dtype.name}", out.size, args)
    return out


def conv_input(
    backend: Any,
    y: Array,
    weight: Array,
    /,
    *,
    size: Sizes,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    groups: int,
) -> Any:
    """3 launches; by the formula 4 or 5, and 2 for each place of the window."""
    if y.ndim < 3 or y.ndim != weight.ndim or not are_made_for(y, weight):
        return NotImplemented
    channels = weight.shape[1] * groups
    frame = _frame(tuple(size), weight.shape, channels, y.shape[1], stride, padding, dilation, groups)
    if frame is None or y.shape[2:] != frame.out:
        return NotImplemented
    batch = y.shape[0]
    with y.device:
        rows = _rows(backend, y, groups)
        turned = weight.reshape(groups, weight.shape[0] // groups, weight.size // weight.shape[0]).swapaxes(1, 2)
        matrix = _product(turned, rows)
        x = backend.xp.empty((batch, channels, *size), y.dtype)
        args = (*frame.numbers, np.int64(batch), np.int64(channels), matrix, x, count(x.shape))
        backend.launch(SOURCE, f"fold_{y.dtype.name}", x.size, args)
    return x


def conv_weight(
    backend: Any,
    y: Array,
    x: Array,
    /,
    *,
    window: Sizes,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    groups: int,
) -> Any:
    """3 launches; by the formula 5, or 3 without padding."""
    if x.ndim < 3 or y.ndim != x.ndim or y.shape[0] != x.shape[0] or not are_made_for(y, x):
        return NotImplemented
    channels, outs = x.shape[1], y.shape[1]
    frame = _frame(x.shape[2:], (outs, channels // groups, *window), channels, outs, stride, padding, dilation, groups)
    if frame is None or y.shape[2:] != frame.out:
        return NotImplemented
    with x.device:
        columns = _columns(backend, x, frame, tuple(window), groups)
        product = _product(_rows(backend, y, groups), columns.swapaxes(1, 2))
    return product.reshape(outs, channels // groups, *window)

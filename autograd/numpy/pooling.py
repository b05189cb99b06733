"""Pooling and sliding windows, with PyTorch's names and options. Imports ``convolution``, ``indexing`` and ``ops``.

An input is (batch, channels, *size), or (channels, *size) for one sample; an option given as one number holds for all
axes, and the stride is the window's size where none is given.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from autograd.numpy.common import arraylike, backend_of, normalize_one, raw
from autograd.numpy.convolution import Size, as_sizes, batched, unbatched
from autograd.numpy.indexing import take
from autograd.numpy.parts import astype
from autograd.ops import conv as _conv
from autograd.ops import linalg as _linalg
from autograd.ops import pool as _pool
from autograd.ops import reduce as _reduce
from autograd.ops import scan as _scan
from autograd.ops import shape as _shape
from autograd.ops import windows as _windows

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "fold", "max_pool1d", "max_pool2d", "max_pool3d",
    "sliding_window_view", "unfold",
]  # fmt: skip


def _frame(
    name: str, n: int, size: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> dict[str, Any]:
    """The options of a pool's primitive. With ``ceil_mode`` the padding behind grows until the last window is whole."""
    window = as_sizes(name, "kernel_size", kernel_size, n)
    stride = window if stride is None else as_sizes(name, "stride", stride, n)
    padding = as_sizes(name, "padding", padding, n, 0)
    dilation = as_sizes(name, "dilation", dilation, n)
    if any([2 * p > d * (k - 1) + 1 for p, k, d in zip(padding, window, dilation, strict=True)]):
        raise ValueError(
            f"{name}: expected padding of at most half the window {window}, so that no window is all padding; "
            f"got {padding}. Lower it."
        )
    pads = tuple([(p, p) for p in padding])
    out = _conv.output_size(size, window, stride, pads, dilation)
    if ceil_mode:
        wider = []
        for m, k, s, p, d in zip(size, window, stride, padding, dilation, strict=True):
            count = -(-(m + 2 * p - d * (k - 1) - 1) // s) + 1
            if (count - 1) * s >= m + p:
                count -= 1  # the window would start behind the input
            wider.append((p, max(p, (count - 1) * s + d * (k - 1) + 1 - m - p)))
        pads = tuple(wider)
        out = _conv.output_size(size, window, stride, pads, dilation)
    if min(out) < 1:
        raise ValueError(
            f"{name}: expected the window {window}, dilated by {dilation}, to fit into the padded input; got axes "
            f"{tuple(size)} with padding {padding}. Pad more, or use a smaller window."
        )
    return {"window": window, "stride": stride, "padding": pads, "dilation": dilation}


# Maxima ------------------------------------------------------------------------------------------------------


def _max(
    name: str, n: int, x: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, where: bool
) -> Any:
    x, single = batched(name, arraylike(x), n)
    options = _frame(name, n, x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    out, index = _pool.max_pool(x, **options)
    if not where:
        return unbatched(out, single)
    return unbatched(out, single), unbatched(_flat(raw(index), x.shape[2:], **options), single)


def _flat(index: Any, size: Any, window: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """Positions inside windows as positions in the flattened axes of the input."""
    xp = backend_of(index).xp
    flat: Any = 0
    rest = index.astype("int64")
    inner = math.prod(window)
    for i, (m, k, s, (low, _), d) in enumerate(zip(size, window, stride, padding, dilation, strict=True)):
        inner //= k
        here, rest = rest // inner, rest % inner
        start = (xp.arange(index.shape[2 + i]) * s - low).reshape((-1,) + (1,) * (len(size) - 1 - i))
        flat = flat * m + here * d + start
    return flat


def max_pool1d(
    x: Any,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest entry of each window; its gradient goes to that entry, the first where several are equal.

    Args:
        x: (batch, channels, n), or (channels, n).
        kernel_size: the window's size.
        stride: how far the window moves; its size by default.
        padding: how many places, which never win, are added before and behind: at most half the window.
        dilation: how far the entries of the window lie apart.
        ceil_mode: whether a last window may hang over the end, if it starts inside the input or its left padding.
        return_indices: whether the positions of the maxima in the flattened axes of the input come along.

    Raises:
        ValueError: the window does not fit, or an option is out of range.

    >>> max_pool1d([[[1.0, 3.0, 2.0, 5.0]]], 2)
    array([[[3., 5.]]])
    >>> max_pool1d([[[1.0, 3.0, 2.0, 5.0]]], 2, return_indices=True)[1]
    array([[[1, 3]]])
    """
    return _max("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    x: Any,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """``max_pool1d`` over two axes.

    >>> import numpy as np
    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    """
    return _max("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    x: Any,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """``max_pool1d`` over three axes.

    >>> import numpy as np
    >>> max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[7.]]]])
    """
    return _max("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


# Averages ----------------------------------------------------------------------------------------------------


def _avg(
    name: str,
    n: int,
    x: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Any:
    x, single = batched(name, arraylike(x), n)
    options = _frame(name, n, x.shape[2:], kernel_size, stride, padding, 1, ceil_mode)
    # A sum of halves may be larger than any half, when their mean is none the less one.
    wide = _scan.accumulator(x.dtype)
    out = _pool.pool_sum(x if wide is None else astype(x, wide), **options)
    out = _divided(out, name, x.shape[2:], options, count_include_pad, divisor)
    return unbatched(out if wide is None else astype(out, x.dtype), single)


def _divided(
    out: Any, name: str, size: tuple[int, ...], options: dict[str, Any], count_include_pad: bool, divisor: int | None
) -> Any:
    """Sums of windows divided by how many entries count in each."""
    n = len(size)
    if divisor is not None:
        return out / as_sizes(name, "divisor_override", divisor, 1)[0]
    # How many entries count, axis by axis: those inside the input, or inside the padding that was asked for.
    by_axis = []
    for i, (m, k, s, (low, _)) in enumerate(
        zip(size, options["window"], options["stride"], options["padding"], strict=True)
    ):
        start, end = (-low, m + low) if count_include_pad else (0, m)
        by_axis.append([min(j * s - low + k, end) - max(j * s - low, start) for j in range(out.shape[2 + i])])
    if all([min(counts) == max(counts) for counts in by_axis]):
        return out / math.prod([counts[0] for counts in by_axis])
    asarray = backend_of(out).asarray
    for i, counts in enumerate(by_axis):
        out = out / asarray(counts, dtype=out.dtype).reshape((-1,) + (1,) * (n - 1 - i))
    return out


def avg_pool1d(
    x: Any,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window.

    Args:
        x: (batch, channels, n), or (channels, n).
        kernel_size, stride, padding, ceil_mode: as in ``max_pool1d``; the padding is zeros.
        count_include_pad: whether these zeros count. What hangs over the end by ``ceil_mode`` never does.
        divisor_override: what sums are divided by, instead of the count.

    Raises:
        ValueError: the window does not fit, or an option is out of range.

    >>> avg_pool1d([[[1.0, 3.0, 2.0, 5.0]]], 2)
    array([[[2. , 3.5]]])
    """
    return _avg("avg_pool1d", 1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool2d(
    x: Any,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """``avg_pool1d`` over two axes.

    >>> import numpy as np
    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    return _avg("avg_pool2d", 2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    x: Any,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """``avg_pool1d`` over three axes.

    >>> import numpy as np
    >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[3.5]]]])
    """
    return _avg("avg_pool3d", 3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


# Pools of a given output size --------------------------------------------------------------------------------


def _adaptive(name: str, n: int, x: Any, output_size: Any, greatest: bool) -> Any:
    """Place i of ``count`` sees the entries from ⌊i·n/count⌋ up to, not including, ⌈(i + 1)·n/count⌉."""
    x, single = batched(name, arraylike(x), n)
    backend = backend_of(x)
    given = output_size if hasattr(output_size, "__len__") else (output_size,) * n
    if len(given) == n:
        given = [x.shape[2 + i] if m is None else m for i, m in enumerate(given)]
    for i, count in enumerate(as_sizes(name, "output_size", tuple(given), n)):
        axis, m = 2 + i, x.shape[2 + i]
        spans = [(j * m // count, -(-(j + 1) * m // count)) for j in range(count)]
        if greatest:
            most = max([end - start for start, end in spans])
            places = [[min(start + k, end - 1) for k in range(most)] for start, end in spans]
            x = _reduce.max(take(x, backend.asarray(places), axis), axis=(axis + 1,), keepdims=False)
        else:
            rows = [[(start <= k < end) / (end - start) for k in range(m)] for start, end in spans]
            mean = backend.asarray(rows, dtype=x.dtype)
            # An axis before the last: the matrix comes from the left of (axis, all further axes).
            lead, tail = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
            flat = _shape.reshape(x, shape=(*lead, m, math.prod(tail)))
            x = _shape.reshape(_linalg.matmul(mean, flat), shape=(*lead, count, *tail))
    return unbatched(x, single)


def adaptive_avg_pool1d(x: Any, output_size: Size) -> Any:
    """The means of ``output_size`` windows that cover the axis: from ⌊i·n/size⌋ to ⌈(i + 1)·n/size⌉.

    >>> adaptive_avg_pool1d([[[1.0, 2.0, 3.0]]], 2)
    array([[[1.5, 2.5]]])
    """
    return _adaptive("adaptive_avg_pool1d", 1, x, output_size, False)


def adaptive_avg_pool2d(x: Any, output_size: Any) -> Any:
    """``adaptive_avg_pool1d`` over two axes; None keeps an axis' size.

    >>> import numpy as np
    >>> adaptive_avg_pool2d(np.arange(16.0).reshape(1, 4, 4), (1, None))
    array([[[6., 7., 8., 9.]]])
    """
    return _adaptive("adaptive_avg_pool2d", 2, x, output_size, False)


def adaptive_avg_pool3d(x: Any, output_size: Any) -> Any:
    """``adaptive_avg_pool1d`` over three axes.

    >>> import numpy as np
    >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
    array([[[[3.5]]]])
    """
    return _adaptive("adaptive_avg_pool3d", 3, x, output_size, False)


def adaptive_max_pool1d(x: Any, output_size: Size) -> Any:
    """The maxima of the same windows.

    >>> adaptive_max_pool1d([[[1.0, 2.0, 3.0]]], 2)
    array([[[2., 3.]]])
    """
    return _adaptive("adaptive_max_pool1d", 1, x, output_size, True)


def adaptive_max_pool2d(x: Any, output_size: Any) -> Any:
    """``adaptive_max_pool1d`` over two axes.

    >>> import numpy as np
    >>> adaptive_max_pool2d(np.arange(16.0).reshape(1, 4, 4), (1, 2))
    array([[[13., 15.]]])
    """
    return _adaptive("adaptive_max_pool2d", 2, x, output_size, True)


def adaptive_max_pool3d(x: Any, output_size: Any) -> Any:
    """``adaptive_max_pool1d`` over three axes.

    >>> import numpy as np
    >>> adaptive_max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
    array([[[[7.]]]])
    """
    return _adaptive("adaptive_max_pool3d", 3, x, output_size, True)


# Windows -----------------------------------------------------------------------------------------------------


def sliding_window_view(
    x: Any, window_shape: Size, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Every place of a window as new axes at the end: ``numpy.lib.stride_tricks.sliding_window_view``, differentiable.

    Args:
        x: of any shape.
        window_shape: the window's size along each of ``axis``.
        axis: the axes the window moves along; all by default.
        writeable, subok: for NumPy's signature; views are read-only.

    Returns:
        x's shape with each axis shorter by window - 1, then the window's axes: a read-only view of x.

    Raises:
        ValueError: the window does not fit.

    >>> sliding_window_view([1.0, 2.0, 3.0], 2)
    array([[1., 2.],
           [2., 3.]])
    """
    if writeable or subok:
        raise ValueError(
            "sliding_window_view: expected neither writeable nor subok, since places of the view share memory; got "
            "one. Copy the result to write to it."
        )
    x = arraylike(x)
    ndim = len(x.shape)
    window: Any = window_shape
    window = tuple(window) if hasattr(window, "__len__") else (operator.index(window),)
    axes = range(ndim) if axis is None else (axis if hasattr(axis, "__len__") else (axis,))
    axes = tuple([normalize_one(a, ndim) for a in axes])
    if len(window) != len(axes) or len(set(axes)) != len(axes) or min(window, default=1) < 1:
        raise ValueError(
            f"sliding_window_view: expected a positive size for each of the axes {axes}, none of them twice; "
            f"got {window}. Give one size per axis."
        )
    if any([x.shape[a] < k for a, k in zip(axes, window, strict=True)]):
        raise ValueError(
            f"sliding_window_view: expected a window no larger than the axes {axes} of {tuple(x.shape)}; got {window}. "
            "Use a smaller one."
        )
    n, ones = len(axes), (1,) * len(axes)
    lead = [i for i in range(ndim) if i not in axes]
    order = (*lead, *axes)
    moved = x if order == tuple(range(ndim)) else _shape.transpose(x, axes=order)
    out = _windows.windows(moved, window=window, stride=ones, dilation=ones)
    if moved is x:
        return out
    back = tuple(sorted(range(ndim), key=order.__getitem__))
    return _shape.transpose(out, axes=(*back, *range(ndim, ndim + n)))


def unfold(x: Any, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Any:
    """The windows of images as columns: (batch, channels, height, width) to (batch, channels·window, places).

    >>> import numpy as np
    >>> unfold(np.arange(9.0).reshape(1, 1, 3, 3), 2)[0]
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    x, single = batched("unfold", arraylike(x), 2)
    window, (dilation, stride) = _columns("unfold", kernel_size, dilation, stride)
    padding = as_sizes("unfold", "padding", padding, 2, 0)
    if any(padding):
        x = _windows.pad_zeros(x, padding=tuple([(p, p) for p in padding]))
    view = _windows.windows(x, window=window, stride=stride, dilation=dilation)
    out = _shape.reshape(
        _shape.transpose(view, axes=(0, 1, 4, 5, 2, 3)), shape=(x.shape[0], x.shape[1] * math.prod(window), -1)
    )
    return unbatched(out, single)


def fold(x: Any, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Any:
    """The adjoint of ``unfold``: (batch, channels·window, places) to (batch, channels, *output_size), overlaps added.

    Raises:
        ValueError: the columns are not those of an image of ``output_size``.

    >>> fold([[[1.0, 2.0], [10.0, 20.0]]], (1, 3), (1, 2))
    array([[[[ 1., 12., 20.]]]])
    """
    x, single = batched("fold", arraylike(x), 1)
    window, (dilations, strides) = _columns("fold", kernel_size, dilation, stride)
    padding = as_sizes("fold", "padding", padding, 2, 0)
    size = as_sizes("fold", "output_size", output_size, 2)
    pads = tuple([(p, p) for p in padding])
    out = _conv.output_size(size, window, strides, pads, dilations)
    count = math.prod(window)
    if x.shape[1] % count or x.shape[2] != math.prod(out):
        raise ValueError(
            f"fold: expected (batch, a multiple of {count}, {math.prod(out)}), the windows of an image {size}; "
            f"got {tuple(x.shape)}. Correct output_size, or the options."
        )
    cells = _shape.reshape(x, shape=(x.shape[0], x.shape[1] // count, *window, *out))
    full = tuple([m + 2 * p for m, p in zip(size, padding, strict=True)])
    image = _windows.unwindows(
        _shape.transpose(cells, axes=(0, 1, 4, 5, 2, 3)), size=full, stride=strides, dilation=dilations
    )
    if any(padding):
        image = _windows.cut(image, padding=pads)
    return unbatched(image, single)


def _columns(name: str, kernel_size: Any, dilation: Any, stride: Any) -> Any:
    return as_sizes(name, "kernel_size", kernel_size, 2), (
        as_sizes(name, "dilation", dilation, 2),
        as_sizes(name, "stride", stride, 2),
    )

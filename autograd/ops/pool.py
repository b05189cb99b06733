"""Pooling: maxima and sums over windows. Imports ``ops.conv``, ``ops.scan``.

``pool_sum`` and ``unpool_sum`` are adjoint to each other, and so are ``pool_pick`` and ``unpool_pick``, which read and
write the window positions that ``max_pool`` found. Where several entries of a window are greatest, the first is taken.
"""

from __future__ import annotations

import math
from typing import Any

from autograd.ops.conv import Pads, Sizes, output_size, padded, places
from autograd.ops.scan import accumulator
from autograd.primitive import primitive


def _cut(xp: Any, full: Any, size: Sizes, padding: Pads) -> Any:
    if full.shape[full.ndim - len(size) :] == tuple(size):
        return full
    return full[(..., *[slice(low, low + n) for n, (low, _) in zip(size, padding, strict=True)])].copy()


def _empty(xp: Any, lead: Sizes, size: Sizes, padding: Pads, dtype: Any) -> Any:
    return xp.zeros((*lead, *[low + n + high for n, (low, high) in zip(size, padding, strict=True)]), dtype=dtype)


@primitive(outputs="out index")
def max_pool(xp: Any, x: Any, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """The greatest entry of each window over the last axes, NaN where a window holds one, and its position inside."""
    n = len(window)
    out = output_size(x.shape[x.ndim - n :], window, stride, padding, dilation)
    full = padded(xp, x, padding, -math.inf if x.dtype.kind not in "iu" else xp.iinfo(x.dtype).min)
    # Narrow, for speed: the derivative goes through the index once per entry of the window.
    narrow = "int8" if math.prod(window) < 128 else "int32"
    (_, first), *others = places(window, out, stride, dilation)
    best = full[(..., *first)].copy()
    index = xp.zeros(best.shape, dtype=narrow)
    for k, (_, where) in enumerate(others, 1):
        here = full[(..., *where)].copy()
        # Greater, or the window's first NaN. Not index[…] = k: a mask as an index makes the host wait for the device.
        found = (best == best) > (here <= best)
        xp.maximum(index, found.astype(narrow) * k, out=index)
        xp.maximum(best, here, out=best)
    return best, index


@primitive(linear="x")
def pool_pick(xp: Any, x: Any, index: Any, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """The entry of each window at the position ``index`` names."""
    out = index.shape[index.ndim - len(window) :]
    full = padded(xp, x, padding)
    result = xp.zeros(index.shape, dtype=x.dtype)
    for k, (_, where) in enumerate(places(window, out, stride, dilation)):
        result += full[(..., *where)] * (index == k).astype(x.dtype)
    return result


@primitive(linear="x")
def unpool_pick(
    xp: Any, x: Any, index: Any, /, *, size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Any:
    """Zeros of ``size`` with each entry of ``x`` added where its window's ``index`` names."""
    n = len(window)
    out = x.shape[x.ndim - n :]
    wide = accumulator(x.dtype)
    full = _empty(xp, x.shape[: x.ndim - n], size, padding, x.dtype if wide is None else wide)
    disjoint = all([s > d * (k - 1) for s, k, d in zip(stride, window, dilation, strict=True)])
    for k, (_, where) in enumerate(places(window, out, stride, dilation)):
        if disjoint:
            full[(..., *where)] = x * (index == k).astype(x.dtype)
        else:
            full[(..., *where)] += x * (index == k).astype(x.dtype)
    full = _cut(xp, full, size, padding)
    return full if wide is None else full.astype(x.dtype)


@primitive(linear="x")
def pool_sum(xp: Any, x: Any, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """The sum of each window over the last axes, padding counting as 0."""
    n = len(window)
    out = output_size(x.shape[x.ndim - n :], window, stride, padding, dilation)
    full = padded(xp, x, padding)
    wide = accumulator(x.dtype)
    result = None
    for _, where in places(window, out, stride, dilation):
        here = full[(..., *where)]
        if result is None:
            result = here.copy() if wide is None else here.astype(wide)
        else:
            result += here
    return result if wide is None else result.astype(x.dtype)  # type: ignore[union-attr]


@primitive(linear="x")
def unpool_sum(xp: Any, x: Any, /, *, size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """Zeros of ``size`` with each entry of ``x`` added all over its window."""
    n = len(window)
    wide = accumulator(x.dtype)
    full = _empty(xp, x.shape[: x.ndim - n], size, padding, x.dtype if wide is None else wide)
    for _, where in places(window, x.shape[x.ndim - n :], stride, dilation):
        full[(..., *where)] += x
    full = _cut(xp, full, size, padding)
    return full if wide is None else full.astype(x.dtype)


def _unpicked(g: Any, index: Any, x_spec: Any, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    size = x_spec.shape[len(x_spec.shape) - len(window) :]
    return unpool_pick(g, index, size=size, window=window, stride=stride, padding=padding, dilation=dilation)


def _max_rule(g: Any, index: Any, x_spec: Any, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    return _unpicked(g[0], index, x_spec, window, stride, padding, dilation)


max_pool.constant_output("index")
max_pool.vjp(x=_max_rule)
max_pool.jvp(
    x=lambda t, index, window, stride, padding, dilation: (
        pool_pick(t, index, window=window, stride=stride, padding=padding, dilation=dilation),
        None,
    )
)
pool_pick.vjp(x=_unpicked, index=None)
unpool_pick.vjp(
    x=lambda g, index, window, stride, padding, dilation: pool_pick(
        g, index, window=window, stride=stride, padding=padding, dilation=dilation
    ),
    index=None,
)
pool_sum.vjp(
    x=lambda g, x_spec, window, stride, padding, dilation: unpool_sum(
        g,
        size=x_spec.shape[len(x_spec.shape) - len(window) :],
        window=window,
        stride=stride,
        padding=padding,
        dilation=dilation,
    )
)
unpool_sum.vjp(
    x=lambda g, window, stride, padding, dilation: pool_sum(
        g, window=window, stride=stride, padding=padding, dilation=dilation
    )
)

"""Running sums and products, differences, numerical derivatives and integrals. Imports ``ops.scan``, ``common``.

Along one axis each; dtypes are NumPy's, 16-bit floats are summed and multiplied in float32 and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd.numpy import joining
from autograd.numpy.common import (
    arraylike,
    arrays_only,
    backend_of,
    hand_over,
    has_tensor,
    is_tensor,
    normalize_axis,
    normalize_one,
    raw,
    unsupported,
)
from autograd.numpy.reducing import NO_VALUE, cast, holds_nan, is_scalar, without_nan
from autograd.ops import arithmetic, reduce, scan, shape
from autograd.ops.index import getitem

__all__ = [
    "cumlogsumexp",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "ediff1d",
    "gradient",
    "nancumprod",
    "nancumsum",
    "trapezoid",
    "unwrap",
]


def _line(name: str, a: Any, axis: int | None) -> tuple[Any, int]:
    """The operand of a scan and its axis: None flattens, and a single value is a line of one."""
    a = arraylike(a)
    if is_scalar(a):
        raise TypeError(
            f"{name}: expected an array to go along; got a Tensor of a scalar graph. Use tensor([…]) for arrays."
        )
    if axis is None or not a.shape:
        if axis is not None and axis not in (0, -1):
            normalize_one(axis, 1)
        return shape.reshape(a, shape=(-1,)) if len(a.shape) != 1 else a, 0
    return a, normalize_one(axis, len(a.shape))


def _run(name: str, operation: Callable[..., Any], a: Any, axis: int | None, dtype: Any, out: Any) -> Any:
    if out is not None:
        if has_tensor(a, out):
            raise unsupported(name, "out")
        return hand_over(name, (arraylike(a),), axis=axis, dtype=dtype, out=out)
    a, axis = _line(name, a, axis)
    return cast(operation(cast(a, dtype), axis=axis, reverse=False), dtype)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sums ``out_k = a_0 + … + a_k`` along an axis, or of all elements in order. As ``numpy.cumsum``.

    Args:
        a: any shape.
        axis: an integer; None flattens ``a`` first.
        dtype: cast to it first.
        out: for plain arrays only.

    Raises:
        AxisError: ``axis`` is not one of ``a``'s.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = cumsum(x)
    >>> y.sum().backward()
    >>> y.detach(), x.grad
    (Tensor([1., 3., 6.], dtype=float64), Tensor([3., 2., 1.], dtype=float64))
    """
    return _run("cumsum", scan.cumsum, a, axis, dtype, out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running products ``out_k = a_0 · … · a_k``; arguments as for ``cumsum``. As ``numpy.cumprod``.

    The gradient is right for any number of zeros, and to any order.

    >>> from autograd import tensor
    >>> x = tensor([2.0, 0.0, 3.0], requires_grad=True)
    >>> cumprod(x).sum().backward()
    >>> x.grad
    Tensor([1., 8., 0.], dtype=float64)
    """
    return _run("cumprod", scan.cumprod, a, axis, dtype, out)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """``cumsum`` with NaN counted as 0. As ``numpy.nancumsum``.

    >>> nancumsum([1.0, float("nan"), 2.0])
    array([1., 1., 3.])
    """
    return cumsum(without_nan(a, 0), axis, dtype, out)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """``cumprod`` with NaN counted as 1. As ``numpy.nancumprod``.

    >>> nancumprod([2.0, float("nan"), 3.0])
    array([2., 2., 6.])
    """
    return cumprod(without_nan(a, 1), axis, dtype, out)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """``cumsum`` under the array API's name: the axis may be left out for one dimension only.

    Args:
        include_initial: begin with the empty sum, 0; the axis is then one longer.

    Raises:
        ValueError: ``x`` has several dimensions and no axis was given.

    >>> cumulative_sum([1.0, 2.0, 3.0], include_initial=True)
    array([0., 1., 3., 6.])
    """
    return _cumulative("cumulative_sum", cumsum, 0, x, axis, dtype, out, include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """``cumprod`` under the array API's name; arguments as for ``cumulative_sum``, the empty product is 1.

    >>> cumulative_prod([1.0, 2.0, 3.0], include_initial=True)
    array([1., 1., 2., 6.])
    """
    return _cumulative("cumulative_prod", cumprod, 1, x, axis, dtype, out, include_initial)


def _cumulative(
    name: str, function: Callable[..., Any], empty: int, x: Any, axis: Any, dtype: Any, out: Any, include_initial: bool
) -> Any:
    x = arraylike(x)
    dimensions = len(x.shape)
    if axis is None:
        if dimensions > 1:
            raise ValueError(f"{name}: expected an axis for {dimensions} dimensions; got none. Pass axis=.")
        axis = 0
    if out is not None:
        if has_tensor(x, out):
            raise unsupported(name, "out")
        return hand_over(name, (x,), axis=axis, dtype=dtype, out=out, include_initial=include_initial)
    result = function(x, axis, dtype)
    if not include_initial:
        return result
    place = normalize_one(axis, dimensions or 1)
    first = backend_of(x).xp.full(reduce.kept(result.shape, (place,)), empty, dtype=result.dtype)
    return joining.concatenate((first, result), axis=place)


def cumlogsumexp(a: Any, axis: int | None = None) -> Any:
    """Running ``out_k = log(exp a_0 + … + exp a_k)``, without overflow, as is its gradient.

    Args:
        a: any shape, real; integers count as float64.
        axis: an integer; None flattens ``a`` first.

    >>> cumlogsumexp([1000.0, 1000.0])
    array([1000.        , 1000.69314718])
    """
    a, axis = _line("cumlogsumexp", a, axis)
    if a.dtype.kind == "c":
        raise TypeError("cumlogsumexp: expected real numbers; got a complex dtype. Take log(cumsum(exp(a))) instead.")
    return scan.cumlogsumexp(a if a.dtype.kind not in "biu" else cast(a, float), axis=axis)


# Differences --------------------------------------------------------------------------------------------------


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = NO_VALUE, append: Any = NO_VALUE) -> Any:
    """Differences of neighbours, ``out_k = a_(k+1) - a_k``, taken ``n`` times along an axis. As ``numpy.diff``.

    Args:
        a: at least one dimension; of booleans, the difference is whether neighbours differ.
        n: how often; each time the axis is one shorter.
        axis: the axis to go along.
        prepend, append: values to put before and behind ``a`` along the axis first; a single one stands for a layer.

    Raises:
        ValueError: ``n`` is negative, or ``a`` has no dimensions.

    >>> diff([1.0, 4.0, 9.0, 16.0], n=2)
    array([2., 2.])
    >>> diff([1.0, 4.0], prepend=0.0)
    array([1., 3.])
    """
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"diff: expected n of 0 or more; got {n}. Pass how often to take differences.")
    like = raw(a) if is_tensor(a) else a
    a = arraylike(a)
    if not a.shape:
        raise ValueError("diff: expected at least one dimension; got a single value. Stack the values first.")
    axis = normalize_one(axis, len(a.shape))
    parts = [_layer(prepend, a, axis, like), a, _layer(append, a, axis, like)]
    parts = [part for part in parts if part is not None]
    a = joining.concatenate(parts, axis=axis) if len(parts) > 1 else a
    for _ in range(n):
        if not a.shape[axis]:
            return a
        a = scan.difference(a, axis=axis)
    return a


def _layer(value: Any, a: Any, axis: int, like: Any) -> Any:
    if value is NO_VALUE:
        return None
    value = arraylike(value, like=None if like.__class__ in (list, tuple) else like)
    return value if value.shape else shape.broadcast_to(value, shape=reduce.kept(tuple(a.shape), (axis,)))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in flat order, with values put before and behind. As ``numpy.ediff1d``.

    >>> ediff1d([1.0, 2.0, 4.0], to_end=[9.0])
    array([1., 2., 9.])
    """
    ary, _ = _line("ediff1d", ary, None)
    middle = scan.difference(ary, axis=0) if ary.shape[0] else ary
    ends = [None if e is None else shape.reshape(arraylike(e, like=ary), shape=(-1,)) for e in (to_begin, to_end)]
    parts = [p if p is None else cast(p, ary.dtype) for p in (ends[0], middle, ends[1])]
    parts = [p for p in parts if p is not None]
    return joining.concatenate(parts) if len(parts) > 1 else middle


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The derivative of sampled values by finite differences, second order inside. As ``numpy.gradient``.

    Inside, with steps h and H to the two neighbours:
    ``f'_i ≈ (h²·f_(i+1) + (H² - h²)·f_i - H²·f_(i-1)) / (h·H·(h + H))``, a central difference for equal steps.

    Args:
        f: samples, any shape.
        varargs: the spacing: nothing (1), a number for all axes, or one number or vector of coordinates per axis.
        axis: the axes to differentiate along; all by default.
        edge_order: 1 or 2, the order of accuracy at both ends.

    Returns:
        One array of ``f``'s shape for one axis, else a tuple with one per axis. Spacings that are Tensors are
        differentiated too.

    Raises:
        TypeError: another number of spacings than 0, 1 or one per axis.
        ValueError: an axis has fewer than ``edge_order + 1`` samples, or a vector of coordinates another length.

    >>> gradient([1.0, 2.0, 4.0, 7.0, 11.0])
    array([1. , 1.5, 2.5, 3.5, 4. ])
    >>> gradient([1.0, 4.0, 16.0], [1.0, 2.0, 4.0])
    array([3., 4., 6.])
    """
    f = arraylike(f)
    arrays_only("gradient", f)
    dimensions = len(f.shape)
    axes = normalize_axis(axis, dimensions)
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: expected an edge_order of 1 or 2; got {edge_order!r}. Choose one of them.")
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(
            f"gradient: expected no spacing, one, or one for each of {len(axes)} axes; got {len(varargs)}. "
            "Pass a number or a vector of coordinates per axis."
        )
    f = f if holds_nan(f) else cast(f, float)
    spacings = varargs if len(varargs) == len(axes) else (varargs or (1.0,)) * len(axes)
    if len(varargs) == 1 and len(axes) != 1 and arraylike(varargs[0], like=f).shape:
        raise TypeError("gradient: expected one vector of coordinates per axis; got one for several. Repeat it.")
    results = [_slope(f, h, a, edge_order) for h, a in zip(spacings, axes, strict=True)]
    return results[0] if len(results) == 1 else tuple(results)


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            f"gradient: expected at least {edge_order + 1} samples along axis {axis} for edge_order={edge_order}; "
            f"got {n}. "
            "Choose another axis, or take more samples."
        )
    lead = (slice(None),) * axis

    def at(values: Any, start: int | None, stop: int | None) -> Any:
        return getitem(values, index=(*lead, slice(start, stop), ...))

    steps = scan.difference(f, axis=axis)
    h = arraylike(spacing, like=f)
    if h.shape:
        if len(h.shape) != 1 or h.shape[0] != n:
            raise ValueError(
                f"gradient: expected coordinates for the {n} samples of axis {axis}, or one number; "
                f"got shape {tuple(h.shape)}. "
                "Give one for each sample."
            )
        h = scan.difference(h if holds_nan(h) else cast(h, float), axis=0)
        h = shape.reshape(h, shape=(-1,) + (1,) * (len(f.shape) - 1 - axis))
        slopes = arithmetic.divide(steps, h)
        before, after = getitem(h, index=(slice(None, -1), ...)), getitem(h, index=(slice(1, None), ...))
        inside = (at(slopes, 1, None) * before + at(slopes, None, -1) * after) / (before + after)
        ratios = [h[0] / (h[0] + h[1]), h[-1] / (h[-1] + h[-2])] if n > 2 and edge_order == 2 else []
    else:
        slopes = arithmetic.divide(steps, spacing)
        inside = (at(slopes, 1, None) + at(slopes, None, -1)) * 0.5
        ratios = [0.5, 0.5]
    first, last = at(slopes, None, 1), at(slopes, -1, None)
    if edge_order == 2:
        # The parabola through three samples: the slope of the first interval, carried on by half a step.
        first = first + (first - at(slopes, 1, 2)) * ratios[0]
        last = last + (last - at(slopes, -2, -1)) * ratios[1]
    return cast(joining.concatenate((first, inside, last), axis=axis), f.dtype)


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Any:
    """Angles with jumps of more than half a period taken out, by adding whole periods. As ``numpy.unwrap``.

    What is added is piecewise constant, so the gradient passes unchanged.

    >>> unwrap([0.0, 3.0, 7.0], period=4)
    array([ 0., -1., -1.])
    """
    p = arraylike(p)
    arrays_only("unwrap", p)
    values = raw(p)
    steady = backend_of(p).xp.unwrap(values, discont=discont, axis=axis, period=period)
    return arithmetic.add(p, steady - values) if is_tensor(p) else steady


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of samples by the trapezoidal rule, ``Σ (x_(k+1) - x_k)·(y_(k+1) + y_k)/2``. As ``numpy.trapezoid``.

    Args:
        y: samples, at least one dimension.
        x: coordinates along ``axis``, a vector or of ``y``'s shape; by default ``dx`` apart.
        dx: the spacing without ``x``.
        axis: the axis to integrate along.

    ``y``, ``x`` and ``dx`` may be Tensors, and are differentiated.

    >>> trapezoid([1.0, 2.0, 3.0], dx=0.5)
    np.float64(2.0)
    >>> trapezoid([1.0, 2.0, 3.0], x=[0.0, 1.0, 3.0])
    np.float64(6.5)
    """
    y = arraylike(y)
    dimensions = len(y.shape)
    axis = normalize_one(axis, dimensions)
    if x is None:
        width = dx
    else:
        x = arraylike(x, like=y)
        if len(x.shape) == 1:
            width = shape.reshape(scan.difference(x, axis=0), shape=(-1,) + (1,) * (dimensions - 1 - axis))
        else:
            width = scan.difference(x, axis=normalize_one(axis - dimensions, len(x.shape)))
    lead = (slice(None),) * axis
    late = getitem(y, index=(*lead, slice(1, None), ...))
    early = getitem(y, index=(*lead, slice(None, -1), ...))
    return reduce.sum(arithmetic.multiply(width, late + early) / 2.0, axis=(axis,), keepdims=False)


def running(combine: Callable[[Any, Any], Any], a: Any, axis: int) -> Any:
    """The largest (``combine`` is ``maximum``) or smallest of the elements so far: ``numpy.maximum.accumulate``.

    Elements that tie share the gradient as ``combine`` has it. By doubling, after W. D. Hillis, G. L. Steele, "Data
    parallel algorithms", 1986: log₂ n steps.
    """
    a = arraylike(a)
    axis = normalize_one(axis, len(a.shape))
    lead, step = (slice(None),) * axis, 1
    while step < a.shape[axis]:
        late, early = a[(*lead, slice(step, None))], a[(*lead, slice(None, -step))]
        a = joining.concatenate([a[(*lead, slice(None, step))], combine(late, early)], axis=axis)
        step *= 2
    return a

"""Medians and quantiles, by all of NumPy's methods. Imports ``ops.statistics``, ``ops.sorting``, ``common``.

The sorted values are samples of a function of the rank; a method says at which rank to read it. Hyndman & Fan, "Sample
quantiles in statistical packages", The American Statistician 50, 1996. The gradient goes to the one or two elements
that are read, as weights; of several equal ones, to those that sorting put there. It is 0 where the result is NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from autograd.numpy.common import (
    arraylike,
    backend_of,
    hand_over,
    has_tensor,
    is_tensor,
    normalize_axis,
    raw,
    unsupported,
)
from autograd.numpy.reducing import cast, holds_nan, is_scalar, isnan, single
from autograd.ops import arithmetic, reduce, shape, sorting
from autograd.ops.index import getitem, take_along_axis
from autograd.ops.statistics import order_statistics

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]

# Continuous methods read at rank (n + 1 - α - β)·q + α - 1, counted from 0.
_CONTINUOUS = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
# The others read at whole ranks, or half-way between two.
_DISCRETE = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip


def _ranks(method: str, n: Any, q: Any, xp: Any) -> tuple[Any, Any, Any, Any]:
    """The two ranks to read at, the weight of the second, and that weight's slope in q; arrays of ``xp``."""
    slope: Any = 0.0
    if method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        slope = n + (1 - alpha - beta)
        place = slope * q + (alpha - 1)
        low = xp.floor(place)
        high, weight = low + 1, place - low
    elif method in ("inverted_cdf", "averaged_inverted_cdf"):
        place = n * q - 1
        low = xp.floor(place)
        high, weight = low + 1, xp.where(place == low, 0.0 if method == "inverted_cdf" else 0.5, 1.0)
    elif method == "closest_observation":
        place = n * q - 1.5
        low = xp.floor(place)
        high, weight = low + 1, xp.where((place == low) & (low % 2 == 1), 0.0, 1.0)
    else:
        place = (n - 1) * q
        low = {"higher": xp.ceil, "nearest": xp.rint}.get(method, xp.floor)(place)
        high, weight = (xp.ceil(place), low * 0 + 0.5) if method == "midpoint" else (low, low * 0)
    last = xp.maximum(n - 1, 0)
    return xp.clip(low, 0, last), xp.clip(high, 0, last), weight, slope


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """The values below which the fractions ``q`` of the elements lie. As ``numpy.quantile``.

    Args:
        a: any shape, real; integers count as float64.
        q: fractions in [0, 1], one or an array of them; its shape leads the result's. A Tensor is differentiated
            too, by the methods that interpolate.
        axis: None for all, an integer, or a tuple of integers.
        out: for plain arrays only.
        overwrite_input: allowed, and without effect.
        method: one of NumPy's thirteen.
        keepdims: keep the reduced axes with size 1.
        weights: of ``a``'s shape or that of its axes, for ``method="inverted_cdf"``; they carry no gradient.

    Raises:
        ValueError: ``q`` outside [0, 1], an unknown method, no elements, or weights with another method.

    >>> from autograd import tensor
    >>> x = tensor([10.0, 30.0, 20.0], requires_grad=True)
    >>> y = quantile(x, 0.25)
    >>> y.backward()
    >>> y, x.grad
    (Tensor(15., dtype=float64, op=where), Tensor([0.5, 0. , 0.5], dtype=float64))
    """
    if out is not None:
        return _to_out("quantile", a, q, axis, out, overwrite_input, method, keepdims, weights)
    return _quantile("quantile", a, q, 1, axis, method, keepdims, weights)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """``quantile`` with ``q`` in percent, from 0 to 100. As ``numpy.percentile``.

    >>> percentile([1.0, 2.0, 3.0, 4.0], [0, 50, 100])
    array([1. , 2.5, 4. ])
    """
    if out is not None:
        return _to_out("percentile", a, q, axis, out, overwrite_input, method, keepdims, weights)
    return _quantile("percentile", a, q, 100, axis, method, keepdims, weights)


def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle of the sorted elements, the mean of the two middle ones for an even number. As ``numpy.median``.

    NaN among the elements makes the result NaN.

    >>> median([[3.0, 1.0, 2.0], [9.0, 7.0, 8.0]], axis=1)
    array([2., 8.])
    """
    if out is not None:
        if has_tensor(a, out):
            raise unsupported("median", "out")
        return hand_over("median", (arraylike(a),), axis=axis, out=out, keepdims=keepdims)
    a = arraylike(a)
    if is_scalar(a):
        return arithmetic.positive(a)
    flat, kept = _flattened("median", a, axis, keepdims)
    n = flat.shape[-1]
    if not n:
        return reduce.mean(a, axis=normalize_axis(axis, len(a.shape)), keepdims=keepdims)
    last = len(flat.shape) - 1
    middle = (n // 2,) if n % 2 else (n // 2 - 1, n // 2)
    picked = _picked(flat, middle, last)
    values = reduce.mean(getitem(picked, index=(..., slice(0, len(middle)))), axis=(last,), keepdims=False)
    return _finished(values, _worst(picked), kept)


def _to_out(
    name: str, a: Any, q: Any, axis: Any, out: Any, overwrite_input: bool, method: str, keepdims: bool, weights: Any
) -> Any:
    if has_tensor(a, q, out, weights):
        raise unsupported(name, "out")
    options = {} if weights is None else {"weights": weights}
    return hand_over(
        name, (arraylike(a), q), axis=axis, out=out, overwrite_input=overwrite_input, method=method,
        keepdims=keepdims, **options,
    )  # fmt: skip


def _flattened(name: str, a: Any, axis: Any, keepdims: bool) -> tuple[Any, tuple[int, ...]]:
    """``a`` with the reduced axes last and as one; and the shape that a result has."""
    if a.dtype.kind == "c":
        raise TypeError(f"{name}: expected real numbers; complex ones have no order. Take .real or abs() first.")
    axes = normalize_axis(axis, len(a.shape))
    size = tuple(a.shape)
    rest = tuple([i for i in range(len(size)) if i not in axes])
    shown = reduce.kept(size, axes) if keepdims else tuple([size[i] for i in rest])
    order = rest + tuple(sorted(axes))
    if order != tuple(range(len(size))):
        a = shape.transpose(a, axes=order)
    if len(axes) != 1:
        a = shape.reshape(a, shape=(*[size[i] for i in rest], math.prod([size[i] for i in axes])))
    return a, shown


def _picked(flat: Any, places: Any, axis: int) -> Any:
    """The elements of these ranks along the last axis, and behind them, where there may be NaN, the last of all."""
    chosen = tuple(places)
    last = flat.shape[-1] - 1
    if holds_nan(flat) and last not in chosen:
        chosen += (last,)
    return order_statistics(flat, places=chosen, axis=axis)


def _worst(picked: Any) -> Any:
    """Where the last element is NaN, which sorts behind all others; None for dtypes without."""
    return isnan(getitem(picked, index=(..., -1))) if holds_nan(picked) else None


def _finished(values: Any, bad: Any, kept: tuple[int, ...]) -> Any:
    if bad is not None:
        values = arithmetic.where(bad, math.nan, values)
    return single(values if tuple(values.shape) == kept else shape.reshape(values, shape=kept))


def _fractions(name: str, q: Any, scale: int, a: Any) -> tuple[Any, Any]:
    """``q`` as float64 on the host, checked, and the dtype that weights are to have."""
    values = raw(q)
    dtype = getattr(values, "dtype", None)
    host = values if isinstance(values, (int, float)) else backend_of(values).to_numpy(arraylike(values))
    host = numpy.asarray(host, float) / scale
    inside = (host >= 0) & (host <= 1)
    if not inside.all():
        wrong = (host * scale)[~inside].tolist()
        raise ValueError(f"{name}: expected q from 0 to {scale}; got {wrong[0]}. Correct the unit or sign.")
    if holds_nan(a) and (isinstance(values, (int, float)) or (dtype is not None and dtype.kind in "biu")):
        return host, a.dtype
    return host, numpy.promote_types(a.dtype if holds_nan(a) else float, dtype if dtype is not None else float)


def _check_method(name: str, method: str, weights: Any) -> None:
    if method not in _CONTINUOUS and method not in _DISCRETE:
        raise ValueError(
            f"{name}: expected one of the methods {', '.join([*_CONTINUOUS, *_DISCRETE])}; got {method!r}. "
            "Choose one of them."
        )
    if weights is not None and method != "inverted_cdf":
        raise ValueError(
            f"{name}: expected method='inverted_cdf' with weights; got {method!r}, which knows none. "
            "Choose that, or leave weights out."
        )


def _quantile(name: str, a: Any, q: Any, scale: int, axis: Any, method: str, keepdims: bool, weights: Any) -> Any:
    a = arraylike(a)
    _check_method(name, method, weights)
    host, dtype = _fractions(name, q, scale, a) if not is_scalar(a) else (None, None)
    if host is None:
        return arithmetic.positive(a)
    flat, kept = _flattened(name, a, axis, keepdims)
    n = flat.shape[-1]
    if not n:
        raise ValueError(f"{name}: expected at least one element; got shape {tuple(a.shape)}. Check size first.")
    last = len(flat.shape) - 1
    if weights is not None:
        return _weighted(flat, _flat_weights(weights, a, axis, keepdims), host, kept)
    low, high, weight, slope = _ranks(method, n, host, numpy)
    if not is_tensor(q):
        high = numpy.where(weight == 0, low, high)  # or an infinite neighbour would be multiplied by 0
    places, where = numpy.unique(numpy.stack([low, high]).astype(int), return_inverse=True)
    where = where.reshape((2, *host.shape))
    picked = _picked(flat, places.tolist(), last)
    bad = _worst(picked)
    picked = shape.transpose(picked, axes=(last, *range(last))) if last else picked
    rows = [getitem(picked, index=(int(w), ...) if not w.ndim else (backend_of(a).asarray(w), ...)) for w in where]
    discrete = method not in _CONTINUOUS and method not in ("midpoint", "averaged_inverted_cdf")
    values = _either(rows, weight, a) if discrete else _between(rows, weight, slope, q, scale, dtype, last, a)
    return _finished(values, bad, host.shape + kept)


def _either(rows: list[Any], weight: Any, a: Any) -> Any:
    """The first or second of two rows as the weight, 0 or 1, says."""
    if not weight.any():
        return rows[0]
    if weight.all():
        return rows[1]
    extra = len(rows[0].shape) - weight.ndim
    return arithmetic.where(backend_of(a).asarray(weight.reshape(weight.shape + (1,) * extra) == 0), *rows)


def _between(rows: list[Any], weight: Any, slope: Any, q: Any, scale: int, dtype: Any, extra: int, a: Any) -> Any:
    """Linear interpolation between two rows, in ``dtype``."""
    share: Any = float(weight) if not weight.ndim and not is_tensor(q) else None
    if share is None:
        share = backend_of(a).asarray(weight.reshape(weight.shape + (1,) * extra), dtype=dtype)
    if is_tensor(q):
        # The weight as a function of q: its value from the host, its slope for the gradient.
        change = (q - raw(q)) * (slope / scale)
        share = shape.reshape(change, shape=tuple(weight.shape) + (1,) * extra) + share
    low, high = (cast(row, dtype) for row in rows)
    return arithmetic.add(low, arithmetic.multiply(high - low, share))


# With weights -------------------------------------------------------------------------------------------------


def _flat_weights(weights: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    w = raw(arraylike(weights, like=a))
    axes = normalize_axis(axis, len(a.shape))
    size = tuple(a.shape)
    if tuple(w.shape) != size:
        expected = tuple([size[i] for i in axes])
        if axis is None or tuple(w.shape) != expected:
            raise ValueError(
                f"quantile: expected weights of a's shape {size}, or of its axes' {expected} with axis=; "
                f"got {tuple(w.shape)}. "
                "Reshape them."
            )
        order = tuple(sorted(range(len(axes)), key=axes.__getitem__))
        w = w.transpose(order).reshape(tuple([n if i in axes else 1 for i, n in enumerate(size)]))
        w = backend_of(a).xp.broadcast_to(w, size)
    if bool((w < 0).any()):
        raise ValueError("quantile: expected weights of 0 or more; got negative ones. Check the weights.")
    return _flattened("quantile", w, axis, keepdims)[0]


def _weighted(flat: Any, w: Any, q: Any, kept: tuple[int, ...]) -> Any:
    """The first element, in order, at which the weights so far reach the fraction q of all."""
    xp = backend_of(flat).xp
    last = len(flat.shape) - 1
    order = sorting.argsort(raw(flat), axis=last, descending=False)
    ordered = take_along_axis(flat, order, axis=last)
    reached = xp.take_along_axis(w, order, last).astype(float).cumsum(axis=last)
    reached = reached / reached[..., -1:]
    reached = xp.where(reached == 0, -1.0, reached)  # an element without weight is not chosen, for q = 0 either
    wanted = backend_of(flat).asarray(q.reshape((-1,) + (1,) * (last + 1)))
    ranks = (reached[None] < wanted).sum(axis=-1)
    ranks = xp.minimum(ranks, flat.shape[-1] - 1)
    ranks = ranks.transpose((*range(1, last + 1), 0))
    values = take_along_axis(ordered, ranks, axis=last)
    bad = isnan(getitem(ordered, index=(..., slice(-1, None)))) if holds_nan(flat) else None
    values = values if bad is None else arithmetic.where(bad, math.nan, values)
    values = shape.transpose(values, axes=(last, *range(last)))
    return single(shape.reshape(values, shape=q.shape + kept))


# Without NaN --------------------------------------------------------------------------------------------------


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """``quantile`` of the elements that are not NaN; NaN where there are none. As ``numpy.nanquantile``.

    >>> nanquantile([1.0, float("nan"), 3.0], 0.5)
    np.float64(2.0)
    """
    if out is not None:
        return _to_out("nanquantile", a, q, axis, out, overwrite_input, method, keepdims, weights)
    return _nanquantile("nanquantile", a, q, 1, axis, method, keepdims, weights)


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """``nanquantile`` with ``q`` in percent. As ``numpy.nanpercentile``.

    >>> nanpercentile([1.0, float("nan"), 3.0], 50)
    np.float64(2.0)
    """
    if out is not None:
        return _to_out("nanpercentile", a, q, axis, out, overwrite_input, method, keepdims, weights)
    return _nanquantile("nanpercentile", a, q, 100, axis, method, keepdims, weights)


def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """``median`` of the elements that are not NaN; NaN where there are none. As ``numpy.nanmedian``.

    >>> nanmedian([1.0, float("nan"), 3.0, 9.0])
    np.float64(3.0)
    """
    if out is not None:
        if has_tensor(a, out):
            raise unsupported("nanmedian", "out")
        return hand_over("nanmedian", (arraylike(a),), axis=axis, out=out, keepdims=keepdims)
    a = arraylike(a)
    if is_scalar(a) or not holds_nan(a):
        return median(a, axis, keepdims=keepdims)
    return _nanquantile("nanmedian", a, 0.5, 1, axis, "midpoint", keepdims, None)


def _nanquantile(name: str, a: Any, q: Any, scale: int, axis: Any, method: str, keepdims: bool, weights: Any) -> Any:
    a = arraylike(a)
    if is_scalar(a) or not holds_nan(a):
        return _quantile(name, a, q, scale, axis, method, keepdims, weights)
    _check_method(name, method, weights)
    host, dtype = _fractions(name, q, scale, a)
    flat, kept = _flattened(name, a, axis, keepdims)
    if weights is not None:
        w = _flat_weights(weights, a, axis, keepdims)
        missing = isnan(raw(flat))
        w = arithmetic.where(missing, 0, w)
        top = math.inf
        values = _weighted(arithmetic.where(missing, top, flat), w, host, kept)
        empty = reduce.all(missing, axis=(len(flat.shape) - 1,), keepdims=False)
        return single(arithmetic.where(shape.reshape(empty, shape=kept), math.nan, values))
    xp = backend_of(a).xp
    last = len(flat.shape) - 1
    if not flat.shape[last]:
        raise ValueError(f"{name}: expected at least one element; got shape {tuple(a.shape)}. Check size first.")
    ordered = sorting.sort(flat, axis=last, descending=False)  # NaN comes last
    n = (~isnan(raw(ordered))).sum(axis=last, keepdims=True).astype(float)
    fractions = backend_of(a).asarray(host.reshape(-1))
    low, high, weight, slope = _ranks(method, n, fractions, xp)
    if not is_tensor(q):
        high = xp.where(weight == 0, low, high)
    low, high = (take_along_axis(ordered, rank.astype("int64"), axis=last) for rank in (low, high))
    if method in _CONTINUOUS or method in ("midpoint", "averaged_inverted_cdf"):
        share: Any = weight.astype(dtype)
        if is_tensor(q):
            share = shape.reshape(q - raw(q), shape=(-1,)) * (slope / scale) + share
        low, high = cast(low, dtype), cast(high, dtype)
        if method == "midpoint":
            values = low * 0.5 + high * 0.5
        else:
            values = arithmetic.add(low, arithmetic.multiply(high - low, share))
    else:
        values = arithmetic.where(weight == 0, low, high)
    values = shape.transpose(values, axes=(last, *range(last)))
    return single(shape.reshape(values, shape=host.shape + kept))

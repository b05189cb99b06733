"""Means and variances. Imports ``ops.reduce``, ``reducing``, ``common``.

All take ``axis`` as None (all axes), an integer or a tuple, and ``keepdims``; integers average in float64, 16-bit
floats in float32, rounded once. ``where=`` works with Tensors and on every backend; ``out=`` is for plain arrays.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from autograd.numpy.common import arraylike, hand_over, has_tensor, is_tensor, normalize_axis, raw, unsupported
from autograd.numpy.reducing import NO_VALUE, cast, holds_nan, is_scalar, masked, single
from autograd.ops import arithmetic, reduce, shape

__all__ = ["mean", "nanmean", "nanstd", "nanvar", "std", "var"]


def _reject_out(name: str, *operands: Any) -> None:
    if has_tensor(*operands):
        raise unsupported(name, "out")


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """The mean ``Σ a / n`` over axes; its gradient is 1/n for every element. As ``numpy.mean``.

    Args:
        a: any shape; a Tensor, array, number or list.
        axis: None for all, an integer, or a tuple of integers.
        dtype: compute and answer in it; by default ``a``'s, float64 for integers and booleans.
        out: for plain arrays only.
        keepdims: keep the reduced axes with size 1.
        where: average only where this condition holds.

    Raises:
        AxisError: ``axis`` is not one of ``a``'s.
        TypeError: ``out`` together with Tensors.

    >>> from autograd import tensor
    >>> x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> y = mean(x)
    >>> y.backward()
    >>> y, x.grad
    (Tensor(2.5, dtype=float64, op=mean), Tensor([[0.25, 0.25],
            [0.25, 0.25]], dtype=float64))
    """
    if dtype is not None or out is not None or where is not True:
        return _mean_with(a, axis, dtype, out, keepdims, where)
    a = arraylike(a)
    if is_scalar(a):
        return arithmetic.positive(a)
    return reduce.mean(a, axis=normalize_axis(axis, len(a.shape)), keepdims=keepdims)


def _mean_with(a: Any, axis: Any, dtype: Any, out: Any, keepdims: bool, where: Any) -> Any:
    a = arraylike(a)
    if out is not None or (dtype is not None and where is True and not is_tensor(a)):
        _reject_out("mean", a, out)
        return hand_over("mean", (a,), axis=axis, dtype=dtype, out=out, keepdims=keepdims)
    a = cast(a, dtype)
    axes = normalize_axis(axis, len(a.shape))
    if where is True:
        return reduce.mean(a, axis=axes, keepdims=keepdims)
    a = a if holds_nan(a) else cast(a, float)
    return reduce.sum(masked(a, where, 0), axis=axes, keepdims=keepdims) / _how_many(a, where, axes, keepdims)


def _how_many(a: Any, where: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """How many elements the condition lets into each result, in ``a``'s dtype (real where that is complex)."""
    chosen = shape.broadcast_to(raw(arraylike(where, like=a)), shape=tuple(a.shape))
    return reduce.count_nonzero(chosen, axis=axes, keepdims=keepdims).astype(raw(a).real.dtype)


def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    """The variance ``Σ |a - mean|² / (n - ddof)`` over axes, in two passes. As ``numpy.var``.

    Its gradient is ``2·(a - mean) / (n - ddof)``; only ``a`` is kept for it.

    Args:
        a: any shape, real or complex (the result is real).
        axis: None for all, an integer, or a tuple of integers.
        dtype: cast to it first.
        out: for plain arrays only.
        ddof, correction: what is taken off the divisor; 1 for the unbiased estimate. Two names of one thing.
        keepdims: keep the reduced axes with size 1.
        where: only elements where this condition holds.
        mean: the mean, when known already, with the axes kept.

    Raises:
        ValueError: both ``ddof`` and ``correction`` are given.

    >>> var([1.0, 2.0, 3.0, 4.0]), var([1.0, 2.0, 3.0, 4.0], ddof=1)
    (np.float64(1.25), np.float64(1.6666666666666667))
    """
    if dtype is not None or out is not None or where is not True or mean is not NO_VALUE:
        return _moment("var", a, axis, dtype, out, _ddof("var", ddof, correction), keepdims, where, mean)
    a = arraylike(a)
    if is_scalar(a):
        return a * 0.0
    correction = ddof if correction is NO_VALUE else _ddof("var", ddof, correction)
    return reduce.var(a, axis=normalize_axis(axis, len(a.shape)), keepdims=keepdims, correction=correction)


def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    """The standard deviation, the root of ``var``; arguments as there. As ``numpy.std``.

    Its gradient is ``(a - mean) / (std·(n - ddof))``, and 0 where all elements are equal.

    >>> from autograd import tensor
    >>> x = tensor([2.0, 2.0], requires_grad=True)
    >>> std(x).backward()
    >>> x.grad
    Tensor([0., 0.], dtype=float64)
    """
    if dtype is not None or out is not None or where is not True or mean is not NO_VALUE:
        return _moment("std", a, axis, dtype, out, _ddof("std", ddof, correction), keepdims, where, mean)
    a = arraylike(a)
    if is_scalar(a):
        return a * 0.0
    correction = ddof if correction is NO_VALUE else _ddof("std", ddof, correction)
    return reduce.std(a, axis=normalize_axis(axis, len(a.shape)), keepdims=keepdims, correction=correction)


def _ddof(name: str, ddof: Any, correction: Any) -> Any:
    if correction is NO_VALUE:
        return ddof
    if ddof != 0:
        raise ValueError(f"{name}: expected ddof or correction; got both. They are two names of one thing.")
    return correction


def _moment(
    name: str, a: Any, axis: Any, dtype: Any, out: Any, correction: Any, keepdims: bool, where: Any, known: Any
) -> Any:
    a = arraylike(a)
    if out is not None:
        _reject_out(name, a, out)
        return hand_over(name, (a,), axis=axis, dtype=dtype, out=out, ddof=correction, keepdims=keepdims)
    a = cast(a, dtype)
    axes = normalize_axis(axis, len(a.shape))
    if where is True and known is NO_VALUE:
        operation = reduce.var if name == "var" else reduce.std
        return operation(a, axis=axes, keepdims=keepdims, correction=correction)
    a = a if holds_nan(a) else cast(a, float)
    n = reduce.count(a, axes) if where is True else _how_many(a, where, axes, True)
    if known is NO_VALUE:
        known = reduce.sum(masked(a, where, 0), axis=axes, keepdims=True) / n
    return _spread_about(name, masked(arithmetic.subtract(a, known), where, 0), n - correction, axes, keepdims)


def _spread_about(name: str, deviation: Any, freedom: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """``Σ |deviation|² / freedom``, or its root; NaN where no freedom is left."""
    if deviation.dtype.kind == "c":
        squares = arithmetic.real(deviation * arithmetic.conj(deviation))
    else:
        squares = arithmetic.square(deviation)
    total = reduce.sum(squares, axis=axes, keepdims=True)
    if hasattr(freedom, "shape"):
        out = total / arithmetic.where(arithmetic.greater(freedom, 0), freedom, float("nan"))
    else:
        out = total / (freedom if freedom > 0 else float("nan"))
    out = out if name.endswith("var") else arithmetic.sqrt(out)
    return out if keepdims else single(shape.reshape(out, shape=dropped(out.shape, axes)))


def dropped(size: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """``size`` without ``axes``."""
    return tuple([n for i, n in enumerate(size) if i not in axes])


# Without NaN --------------------------------------------------------------------------------------------------


def nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """``mean`` of the elements that are not NaN; NaN where there are none. As ``numpy.nanmean``.

    >>> nanmean([1.0, float("nan"), 3.0])
    np.float64(2.0)
    """
    return _of_known("nanmean", mean, a, axis, out, where, dtype=dtype, keepdims=keepdims)


def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    """``var`` of the elements that are not NaN; NaN where there are too few. As ``numpy.nanvar``.

    >>> nanvar([1.0, float("nan"), 3.0])
    np.float64(1.0)
    """
    ddof = _ddof("nanvar", ddof, correction)
    return _of_known("nanvar", var, a, axis, out, where, dtype=dtype, ddof=ddof, keepdims=keepdims, mean=mean)


def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    """``std`` of the elements that are not NaN; NaN where there are too few. As ``numpy.nanstd``.

    >>> nanstd([1.0, float("nan"), 3.0])
    np.float64(1.0)
    """
    ddof = _ddof("nanstd", ddof, correction)
    return _of_known("nanstd", std, a, axis, out, where, dtype=dtype, ddof=ddof, keepdims=keepdims, mean=mean)


def _of_known(name: str, function: Callable[..., Any], a: Any, axis: Any, out: Any, where: Any, **options: Any) -> Any:
    a = arraylike(a)
    if out is not None:
        _reject_out(name, a, out)
        options = {k: v for k, v in options.items() if v is not NO_VALUE and v is not None}
        return hand_over(name, (a,), axis=axis, out=out, **options)
    if is_scalar(a) or not holds_nan(a):
        return function(a, axis, where=where, **options)
    known = arithmetic.equal(raw(a), raw(a))
    if where is not True:
        known = known & raw(arraylike(where, like=a))
    with warnings.catch_warnings():  # the division 0/0 where there is nothing is meant
        warnings.simplefilter("ignore", RuntimeWarning)
        return single(function(a, axis, where=known, **options))

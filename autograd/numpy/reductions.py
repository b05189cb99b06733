"""Reductions: sums, products, counts, log-sum-exp. Imports ``ops.reduce``, ``reducing``, ``common``.

All take ``axis`` as None (all axes), an integer or a tuple, and ``keepdims``; dtypes are NumPy's (integers and booleans
add up in int64), 16-bit floats are summed and multiplied in float32 and rounded once. ``where=`` and ``initial=`` work
with Tensors and on every backend; ``out=`` is for plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.numpy.common import arraylike, arrays_only, backend_of, is_tensor, normalize_axis, raw
from autograd.numpy.reducing import NO_VALUE, cast, is_scalar, masked, single, to_out, without_nan, wrapped
from autograd.ops import arithmetic, reduce

__all__ = ["all", "any", "count_nonzero", "logsumexp", "nanprod", "nansum", "prod", "sum"]

_INF = float("inf")


def _accumulated(
    name: str, reduction: Callable[..., Any], combine: Callable[[Any, Any], Any], identity: int, a: Any, options: Any
) -> Any:
    """A sum or product with some of dtype, out, initial, where."""
    if options["out"] is not None:
        return to_out(name, a, options)
    axis, keepdims, initial = options["axis"], options["keepdims"], options["initial"]
    a = cast(arraylike(a), options["dtype"])
    a = masked(a, options["where"], identity)
    out = reduction(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)
    if options["dtype"] is not None:  # NumPy adds up small integers in the dtype asked for
        out = cast(out, options["dtype"])
    return out if initial is NO_VALUE or initial is None else combine(out, initial)


# Sums and products --------------------------------------------------------------------------------------------


def sum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """The sum ``Σ a`` over axes; its gradient is 1 for every element. As ``numpy.sum``.

    Args:
        a: any shape; a Tensor, array, number or list.
        axis: None for all, an integer, or a tuple of integers.
        dtype: cast to it first (a sum of int8 is int64, of float16 float16, by default).
        out: for plain arrays only.
        keepdims: keep the reduced axes with size 1.
        initial: added to the result.
        where: sum only where this condition holds.

    Raises:
        AxisError: ``axis`` is not one of ``a``'s.
        TypeError: ``out`` together with Tensors.

    >>> from autograd import tensor
    >>> x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> sum(x, axis=0)
    Tensor([4., 6.], dtype=float64, op=sum)
    >>> sum(x, where=[True, False], initial=10.0)
    Tensor(14., dtype=float64, op=add)
    """
    if dtype is not None or out is not None or initial is not NO_VALUE or where is not True:
        options = {"axis": axis, "dtype": dtype, "out": out, "keepdims": keepdims, "initial": initial, "where": where}
        return _accumulated("sum", reduce.sum, arithmetic.add, 0, a, options)
    a = arraylike(a)
    size = a.shape if not is_tensor(a) else getattr(a._data, "shape", None)
    if size is None:
        return arithmetic.positive(a)
    return reduce.sum(a, axis=normalize_axis(axis, len(size)), keepdims=keepdims)


def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """The product ``Π a`` over axes. As ``numpy.prod``; arguments as for ``sum``.

    The gradient of each element is the product of the others, right for any number of zeros and to any order.

    >>> from autograd import tensor
    >>> x = tensor([2.0, 0.0, 5.0], requires_grad=True)
    >>> y = prod(x)
    >>> y.backward()
    >>> y, x.grad
    (Tensor(0., dtype=float64, op=prod), Tensor([ 0., 10.,  0.], dtype=float64))
    """
    if dtype is not None or out is not None or initial is not NO_VALUE or where is not True:
        options = {"axis": axis, "dtype": dtype, "out": out, "keepdims": keepdims, "initial": initial, "where": where}
        return _accumulated("prod", reduce.prod, arithmetic.multiply, 1, a, options)
    a = arraylike(a)
    if is_scalar(a):
        return arithmetic.positive(a)
    return reduce.prod(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)


def nansum(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """``sum`` with NaN counted as 0; the gradient there is 0. As ``numpy.nansum``.

    >>> nansum([1.0, float("nan"), 2.0])
    np.float64(3.0)
    """
    return sum(without_nan(a, 0), axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """``prod`` with NaN counted as 1; the gradient there is 0. As ``numpy.nanprod``.

    >>> nanprod([2.0, float("nan"), 3.0])
    np.float64(6.0)
    """
    return prod(without_nan(a, 1), axis, dtype, out, keepdims, initial, where)


# log Σ exp ----------------------------------------------------------------------------------------------------


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """``log Σ b·exp a`` over axes, without overflow; its gradient is the softmax. As ``scipy.special.logsumexp``.

    Args:
        a: any shape, real or complex; integers count as float64.
        axis: None for all, an integer, or a tuple of integers.
        b: factors that broadcast against ``a``, of any sign; differentiable too.
        keepdims: keep the reduced axes with size 1.
        return_sign: return ``(log |Σ|, sign Σ)``; without it a negative sum gives NaN.

    Where all elements are -inf the result is -inf and the gradient 0.

    >>> logsumexp([1000.0, 1000.0])
    np.float64(1000.6931471805599)
    >>> from autograd import tensor
    >>> x = tensor([0.0, 0.0], requires_grad=True)
    >>> logsumexp(x).backward()
    >>> x.grad
    Tensor([0.5, 0.5], dtype=float64)
    """
    a = arraylike(a)
    if is_scalar(a) and b is None:
        return (arithmetic.positive(a), 1.0) if return_sign else arithmetic.positive(a)
    arrays_only("logsumexp", a)
    a = a if a.dtype.kind not in "biu" else cast(a, float)
    if b is None:
        axes = normalize_axis(axis, a.ndim)
        out = reduce.logsumexp(a, axis=axes, keepdims=keepdims)
        if not return_sign:
            return out
        if a.dtype.kind != "c":
            return out, wrapped(backend_of(a).xp.ones_like(raw(out)), a)
        b = 1.0
    b = arraylike(b, like=a)
    # Factors of 0 take their element out altogether, also where it is infinite.
    a = arithmetic.where(arithmetic.equal(b, 0), -_INF, a)
    axes = normalize_axis(axis, a.ndim)
    values = raw(a).real
    top = values.max(axis=axes, keepdims=True)
    top = backend_of(a).xp.where(abs(top) < _INF, top, 0)  # a constant: the result does not depend on it
    total = reduce.sum(arithmetic.multiply(b, arithmetic.exp(a - top)), axis=axes, keepdims=keepdims)
    top = top.reshape(total.shape)
    empty = arithmetic.equal(total, 0)
    some = arithmetic.where(empty, 1, total)
    if not return_sign:
        return single(arithmetic.where(empty, -_INF, arithmetic.log(some) + top))
    size = arithmetic.absolute(some)
    return single(arithmetic.where(empty, -_INF, arithmetic.log(size) + top)), arithmetic.sign(total)


# Without a derivative -----------------------------------------------------------------------------------------


def any(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
    """Whether any element is not 0, over axes: booleans. As ``numpy.any``.

    >>> any([[True, False], [False, False]], axis=1)
    array([ True, False])
    """
    if out is not None:
        return to_out("any", a, {"axis": axis, "out": out, "keepdims": keepdims})
    a = masked(arraylike(a), where, False)
    if is_scalar(a):
        return wrapped(raw(a) != 0, a)
    return reduce.any(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)


def all(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True) -> Any:
    """Whether all elements are not 0, over axes: booleans. As ``numpy.all``.

    >>> all([[True, False], [True, True]], axis=1)
    array([False,  True])
    """
    if out is not None:
        return to_out("all", a, {"axis": axis, "out": out, "keepdims": keepdims})
    a = masked(arraylike(a), where, True)
    if is_scalar(a):
        return wrapped(raw(a) != 0, a)
    return reduce.all(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)


def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """How many elements are not 0, over axes: int64. As ``numpy.count_nonzero``.

    >>> count_nonzero([[1.0, 0.0], [2.0, 3.0]], axis=1)
    array([1, 2])
    """
    a = arraylike(a)
    if is_scalar(a):
        return wrapped(int(raw(a) != 0), a)
    return reduce.count_nonzero(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)

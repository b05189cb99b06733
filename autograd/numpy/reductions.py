"""Reductions: sums, products, extrema, counts, log-sum-exp. Imports ``ops.reduce``, ``common``.

All take ``axis`` as None (all axes), an integer or a tuple, and ``keepdims``; dtypes are NumPy's (integers and booleans
add up in int64), 16-bit floats are summed and multiplied in float32 and rounded once. ``where=`` and ``initial=`` work
with Tensors and on every backend; ``out=`` is for plain arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.numpy.common import (
    arraylike,
    as_dtype,
    backend_of,
    hand_over,
    has_tensor,
    is_tensor,
    normalize_axis,
    normalize_one,
    raw,
    unsupported,
)
from autograd.ops import arithmetic, elementwise, reduce
from autograd.plan import RUNTIME

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "count_nonzero",
    "logsumexp",
    "max",
    "min",
    "nanargmax",
    "nanargmin",
    "nanmax",
    "nanmin",
    "nanprod",
    "nansum",
    "prod",
    "ptp",
    "sum",
]

_INF = float("inf")


class _NoValue:
    """What stands for an argument that was not given where None has a meaning."""

    def __repr__(self) -> str:
        return "<no value>"

    def __reduce__(self) -> str:
        return "NO_VALUE"


NO_VALUE = _NoValue()


# Shared with the other subjects of reductions -----------------------------------------------------------------


def is_scalar(a: Any) -> bool:
    """Whether ``a`` is a Tensor of a scalar graph: a Python float, of which every reduction is itself."""
    return raw(a).__class__ is float


def wrapped(value: Any, like: Any) -> Any:
    """``value`` as a Tensor without a gradient where ``like`` is a Tensor."""
    return RUNTIME["Tensor"]._wrap(value) if is_tensor(like) else value


def single(out: Any) -> Any:
    """A plain result of no dimensions as NumPy's reductions give it, a scalar (``where`` gives an array)."""
    return out if is_tensor(out) or out.shape else out[()]


def masked(a: Any, where: Any, fill: Any) -> Any:
    """``a`` with ``fill`` where the condition ``where`` does not hold."""
    return a if where is True else arithmetic.where(arraylike(where, like=a), a, fill)


def cast(a: Any, dtype: Any) -> Any:
    """``a`` in another dtype; as it is for None or its own."""
    if dtype is None or a.dtype == as_dtype(dtype):
        return a
    return arithmetic.astype(a, dtype=as_dtype(dtype))


def isnan(a: Any) -> Any:
    """Where ``a`` is NaN: the one value that differs from itself, whatever the dtype."""
    return arithmetic.not_equal(a, a)


def holds_nan(a: Any) -> bool:
    """Whether the dtype has NaN at all."""
    return a.dtype.kind not in "biu"


def _to_out(name: str, a: Any, options: dict[str, Any]) -> Any:
    """Into ``out=``, which is the array library's business."""
    if has_tensor(a, *options.values()):
        raise unsupported(name, "out")
    return hand_over(name, (arraylike(a),), **{k: v for k, v in options.items() if v is not NO_VALUE and v is not None})


def _accumulated(
    name: str, reduction: Callable[..., Any], combine: Callable[[Any, Any], Any], identity: int, a: Any, options: Any
) -> Any:
    """A sum or product with some of dtype, out, initial, where."""
    if options["out"] is not None:
        return _to_out(name, a, options)
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
    return sum(_without_nan(a, 0), axis, dtype, out, keepdims, initial, where)


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
    return prod(_without_nan(a, 1), axis, dtype, out, keepdims, initial, where)


def _without_nan(a: Any, fill: Any) -> Any:
    a = arraylike(a)
    return a if is_scalar(a) or not holds_nan(a) else arithmetic.where(isnan(a), fill, a)


# Extrema ------------------------------------------------------------------------------------------------------


def max(
    a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = NO_VALUE, where: Any = True
) -> Any:
    """The largest element over axes; NaN if there is one. As ``numpy.max``.

    The gradient goes to the largest element; elements that tie for it share it evenly.

    Args:
        a: any shape, with at least one element to choose from unless ``initial`` is given.
        axis: None for all, an integer, or a tuple of integers.
        out: for plain arrays only.
        keepdims: keep the reduced axes with size 1.
        initial: the result is at least this.
        where: choose only where this condition holds; needs ``initial``.

    Raises:
        ValueError: there is nothing to choose from, or ``where`` came without ``initial``.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 3.0, 3.0], requires_grad=True)
    >>> y = max(x)
    >>> y.backward()
    >>> y, x.grad
    (Tensor(3., dtype=float64, op=max), Tensor([0. , 0.5, 0.5], dtype=float64))
    """
    if out is not None or initial is not NO_VALUE or where is not True:
        options = {"axis": axis, "out": out, "keepdims": keepdims, "initial": initial, "where": where}
        return _extremum("max", reduce.max, elementwise.maximum, a, options)
    a = arraylike(a)
    if is_scalar(a):
        return arithmetic.positive(a)
    return reduce.max(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)


def min(
    a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = NO_VALUE, where: Any = True
) -> Any:
    """The smallest element over axes; NaN if there is one. As ``numpy.min``; arguments and gradient as for ``max``.

    >>> min([[3.0, 1.0], [2.0, 4.0]], axis=1)
    array([1., 2.])
    """
    if out is not None or initial is not NO_VALUE or where is not True:
        options = {"axis": axis, "out": out, "keepdims": keepdims, "initial": initial, "where": where}
        return _extremum("min", reduce.min, elementwise.minimum, a, options)
    a = arraylike(a)
    if is_scalar(a):
        return arithmetic.positive(a)
    return reduce.min(a, axis=normalize_axis(axis, a.ndim), keepdims=keepdims)


amax = max
amin = min


def _extremum(
    name: str, reduction: Callable[..., Any], combine: Callable[[Any, Any], Any], a: Any, options: Any
) -> Any:
    if options["out"] is not None:
        return _to_out(name, a, options)
    initial, where = options["initial"], options["where"]
    if initial is NO_VALUE:
        raise ValueError(
            f"{name}: expected initial= along with where=; got where= alone, which may leave nothing to choose from. "
            "Pass the result for no elements as initial."
        )
    a = masked(arraylike(a), where, initial)
    axes, keepdims = normalize_axis(options["axis"], a.ndim), options["keepdims"]
    if reduce.count(a, axes):
        return combine(reduction(a, axis=axes, keepdims=keepdims), initial)
    nothing = reduce.sum(a, axis=axes, keepdims=keepdims)  # zeros, in the shape of the result
    return arithmetic.add(cast(arraylike(initial, like=a), a.dtype), nothing)


def nanmax(
    a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = NO_VALUE, where: Any = True
) -> Any:
    """The largest element that is not NaN; NaN where there is none. As ``numpy.nanmax``, gradient as for ``max``.

    >>> nanmax([1.0, float("nan"), 2.0])
    np.float64(2.0)
    """
    return _nan_extremum(max, -_INF, a, axis, out, keepdims, initial, where)


def nanmin(
    a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = NO_VALUE, where: Any = True
) -> Any:
    """The smallest element that is not NaN; NaN where there is none. As ``numpy.nanmin``, gradient as for ``max``.

    >>> nanmin([1.0, float("nan"), 2.0])
    np.float64(1.0)
    """
    return _nan_extremum(min, _INF, a, axis, out, keepdims, initial, where)


def _nan_extremum(
    extremum: Callable[..., Any], fill: float, a: Any, axis: Any, out: Any, keepdims: bool, initial: Any, where: Any
) -> Any:
    a = arraylike(a)
    if is_scalar(a) or not holds_nan(a):
        return extremum(a, axis, out, keepdims, initial, where)
    if out is not None:
        return _to_out("nan" + extremum.__name__, a, {"axis": axis, "out": out, "keepdims": keepdims})
    missing = isnan(a)
    result = extremum(arithmetic.where(missing, fill, a), axis, None, keepdims, initial, where)
    if initial is not NO_VALUE:
        return result
    return single(arithmetic.where(all(missing, axis, keepdims=keepdims), float("nan"), result))


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Peak to peak: ``max - min`` over axes. As ``numpy.ptp``.

    >>> ptp([[3.0, 1.0], [2.0, 9.0]], axis=1)
    array([2., 7.])
    """
    if out is not None:
        return _to_out("ptp", a, {"axis": axis, "out": out, "keepdims": keepdims})
    a = arraylike(a)
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


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
        return _to_out("any", a, {"axis": axis, "out": out, "keepdims": keepdims})
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
        return _to_out("all", a, {"axis": axis, "out": out, "keepdims": keepdims})
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


def argmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """The index of the largest element (the first of several, or the first NaN) along an axis. As ``numpy.argmax``.

    >>> argmax([[1.0, 5.0], [7.0, 2.0]], axis=1)
    array([1, 0])
    >>> argmax([[1.0, 5.0], [7.0, 2.0]])
    np.int64(2)
    """
    if out is not None:
        return _to_out("argmax", a, {"axis": axis, "out": out, "keepdims": keepdims})
    return _argument(reduce.argmax, a, axis, keepdims)


def argmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """The index of the smallest element (the first of several, or the first NaN) along an axis. As ``numpy.argmin``.

    >>> argmin([[1.0, 5.0], [7.0, 2.0]], axis=1)
    array([0, 1])
    """
    if out is not None:
        return _to_out("argmin", a, {"axis": axis, "out": out, "keepdims": keepdims})
    return _argument(reduce.argmin, a, axis, keepdims)


def _argument(find: Callable[..., Any], a: Any, axis: int | None, keepdims: bool) -> Any:
    a = arraylike(a)
    if is_scalar(a):
        return wrapped(0, a)
    return find(a, axis=None if axis is None else normalize_one(axis, a.ndim), keepdims=keepdims)


def nanargmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """``argmax`` among the elements that are not NaN. As ``numpy.nanargmax``.

    Raises:
        ValueError: all are NaN (on NumPy; a GPU's result is not looked at).

    >>> nanargmax([1.0, float("nan"), 2.0])
    np.int64(2)
    """
    return _nan_argument("nanargmax", a, axis, out, keepdims)


def nanargmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """``argmin`` among the elements that are not NaN. As ``numpy.nanargmin``; raises as ``nanargmax``.

    >>> nanargmin([1.0, float("nan"), 2.0])
    np.int64(0)
    """
    return _nan_argument("nanargmin", a, axis, out, keepdims)


def _nan_argument(name: str, a: Any, axis: int | None, out: Any, keepdims: bool) -> Any:
    if out is not None:
        return _to_out(name, a, {"axis": axis, "out": out, "keepdims": keepdims})
    a = arraylike(a)
    if is_scalar(a):
        return wrapped(0, a)
    return wrapped(getattr(backend_of(a).xp, name)(raw(a), axis=axis, keepdims=keepdims), a)

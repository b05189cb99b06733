"""The largest and smallest elements, and where they are. Imports ``ops.reduce``, ``reducing``, ``common``.

``axis`` is None (all axes), an integer, or for values a tuple. Elements that tie for an extremum share its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.numpy.common import arraylike, backend_of, normalize_axis, normalize_one, raw
from autograd.numpy.reducing import NO_VALUE, cast, holds_nan, is_scalar, isnan, masked, single, to_out, wrapped
from autograd.ops import arithmetic, elementwise, reduce

__all__ = ["amax", "amin", "argmax", "argmin", "max", "min", "nanargmax", "nanargmin", "nanmax", "nanmin", "ptp"]

_INF = float("inf")


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
        return to_out(name, a, options)
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
        return to_out("nan" + extremum.__name__, a, {"axis": axis, "out": out, "keepdims": keepdims})
    missing = isnan(a)
    result = extremum(arithmetic.where(missing, fill, a), axis, None, keepdims, initial, where)
    if initial is not NO_VALUE:
        return result
    none = reduce.all(missing, axis=normalize_axis(axis, len(a.shape)), keepdims=keepdims)
    return single(arithmetic.where(none, float("nan"), result))


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Peak to peak: ``max - min`` over axes. As ``numpy.ptp``.

    >>> ptp([[3.0, 1.0], [2.0, 9.0]], axis=1)
    array([2., 7.])
    """
    if out is not None:
        return to_out("ptp", a, {"axis": axis, "out": out, "keepdims": keepdims})
    a = arraylike(a)
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


# Where they are -----------------------------------------------------------------------------------------------


def argmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """The index of the largest element (the first of several, or the first NaN) along an axis. As ``numpy.argmax``.

    >>> argmax([[1.0, 5.0], [7.0, 2.0]], axis=1)
    array([1, 0])
    >>> argmax([[1.0, 5.0], [7.0, 2.0]])
    np.int64(2)
    """
    if out is not None:
        return to_out("argmax", a, {"axis": axis, "out": out, "keepdims": keepdims})
    return _argument(reduce.argmax, a, axis, keepdims)


def argmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """The index of the smallest element (the first of several, or the first NaN) along an axis. As ``numpy.argmin``.

    >>> argmin([[1.0, 5.0], [7.0, 2.0]], axis=1)
    array([0, 1])
    """
    if out is not None:
        return to_out("argmin", a, {"axis": axis, "out": out, "keepdims": keepdims})
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
        return to_out(name, a, {"axis": axis, "out": out, "keepdims": keepdims})
    a = arraylike(a)
    if is_scalar(a):
        return wrapped(0, a)
    return wrapped(getattr(backend_of(a).xp, name)(raw(a), axis=axis, keepdims=keepdims), a)

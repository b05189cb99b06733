"""Shapes: reshape, transposing, adding and dropping axes, broadcasting. Imports ``ops.shape``, ``common``."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from numpy import broadcast_shapes as broadcast_shapes
from numpy.exceptions import AxisError

from autograd.numpy.common import arraylike, normalize_axis, normalize_one, raw
from autograd.ops import arithmetic
from autograd.ops import shape as _shape

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "expand_dims",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "ravel",
    "reshape",
    "rollaxis",
    "squeeze",
    "swapaxes",
    "transpose",
]


def sizes(shape: Any) -> tuple[int, ...]:
    """A shape given as an integer or a sequence of them."""
    if shape.__class__ is tuple:
        return shape
    if shape.__class__ is int:
        return (shape,)
    if hasattr(shape, "__index__") and not getattr(shape, "shape", ()):
        return (operator.index(shape),)
    return tuple([operator.index(size) for size in shape])


def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """``a`` with the same elements in another shape; one size may be -1, for what is left.

    A view where the memory allows it, so that writes to one are seen (and differentiated) through the other.

    Args:
        shape: an integer or integers whose product is ``a.size``.
        order: which axis runs fastest as elements are read and written: the last (``"C"``), the first (``"F"``), or
            as ``a`` lies in memory (``"A"``).
        copy: True always copies; False raises where a copy would be needed; None copies where needed.

    Raises:
        ValueError: the sizes don't fit, or ``copy=False`` and there is no such view.

    >>> reshape([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], (3, -1), order="F")
    array([[1., 5.],
           [4., 3.],
           [2., 6.]])
    """
    a = arraylike(a)
    shape = sizes(shape)
    if order == "C":
        out = _shape.reshape(a, shape=shape)
    elif _first_fastest(a, order, "reshape", "CFA"):
        out = _reverse(_shape.reshape(_reverse(a), shape=shape[::-1]))
    else:
        out = _shape.reshape(a, shape=shape)
    return out if copy is None else _copied(a, out, copy)


def _first_fastest(a: Any, order: str, name: str, known: str) -> bool:
    """Whether ``order`` says that the first axis runs fastest in memory."""
    if order not in known:
        raise ValueError(f"{name}: expected an order among {', '.join(map(repr, known))}; got {order!r}. Use 'C'.")
    if order in "CF":
        return order == "F"
    flags = getattr(raw(a), "flags", None)
    return flags is not None and flags["F_CONTIGUOUS"] and not flags["C_CONTIGUOUS"]


def _reverse(a: Any) -> Any:
    n = len(a.shape)
    return _shape.transpose(a, axes=tuple(range(n - 1, -1, -1))) if n > 1 else a


def _copied(a: Any, out: Any, copy: bool) -> Any:
    source, result = raw(a), raw(out)
    base = getattr(result, "base", None)
    shared = result is source or (base is not None and (base is source or base is getattr(source, "base", None)))
    if copy:
        return arithmetic.copy(out) if shared else out
    if not shared and result.size:
        raise ValueError(
            f"reshape: expected a shape and order that memory of strides {source.strides} can be seen in, since "
            f"copy=False; got {tuple(result.shape)}. Leave copy= out to copy where needed."
        )
    return out


def ravel(a: Any, order: str = "C") -> Any:
    """``a`` as one axis: a view where the memory allows it.

    Args:
        order: ``"C"``, ``"F"``, ``"A"`` (as in ``reshape``), or ``"K"``: as the elements lie in memory.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]], "F")
    array([1., 3., 2., 4.])
    """
    a = arraylike(a)
    if order == "K":
        # The axes by falling stride, which is how they lie.
        strides = getattr(raw(a), "strides", ())
        axes = tuple(sorted(range(len(strides)), key=lambda i: -abs(strides[i])))
        a = _shape.transpose(a, axes=axes) if axes != tuple(range(len(axes))) else a
    elif order != "C" and _first_fastest(a, order, "ravel", "CFAK"):
        a = _reverse(a)
    return _shape.reshape(a, shape=(-1,))


def flatten(a: Any, order: str = "C") -> Any:
    """``ravel`` in memory of its own: what the method of this name gives.

    >>> flatten([[1.0, 2.0], [3.0, 4.0]])
    array([1., 2., 3., 4.])
    """
    return _copied(arraylike(a), ravel(a, order), True)


def transpose(a: Any, axes: Any = None) -> Any:
    """``a`` with its axes in another order, reversed by default: ``out.shape[i] = a.shape[axes[i]]``; a view.

    >>> transpose([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    array([[1., 4.],
           [2., 5.],
           [3., 6.]])
    """
    a = arraylike(a)
    n = len(a.shape)
    if axes is None:
        return _shape.transpose(a, axes=tuple(range(n - 1, -1, -1)))
    if len(axes) != n:
        raise ValueError(f"transpose: expected {n} axes, as a is {tuple(a.shape)}; got {tuple(axes)}. Name each once.")
    return _shape.transpose(a, axes=normalize_axis(tuple(axes), n, "axes"))


def permute_dims(a: Any, axes: Any = None) -> Any:
    """``transpose`` under the array API's name.

    >>> permute_dims([[1.0, 2.0]], (1, 0)).shape
    (2, 1)
    """
    return transpose(a, axes)


def matrix_transpose(x: Any, /) -> Any:
    """``x`` with its last two axes exchanged; a view.

    Raises:
        ValueError: fewer than two axes.

    >>> matrix_transpose([[[1.0, 2.0]]]).shape
    (1, 2, 1)
    """
    x = arraylike(x)
    if len(x.shape) < 2:
        raise ValueError(f"matrix_transpose: expected at least two axes; got shape {tuple(x.shape)}. Use x[:, None].")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """``a`` with two axes exchanged; a view.

    >>> swapaxes([[[1.0, 2.0]]], 0, 2).shape
    (2, 1, 1)
    """
    a = arraylike(a)
    n = len(a.shape)
    axes = list(range(n))
    i, j = normalize_one(axis1, n, "axis1"), normalize_one(axis2, n, "axis2")
    axes[i], axes[j] = j, i
    return _shape.transpose(a, axes=tuple(axes))


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """``a`` with the axes ``source`` at the places ``destination``, the others in their order; a view.

    >>> moveaxis([[[1.0, 2.0]]], -1, 0).shape
    (2, 1, 1)
    """
    a = arraylike(a)
    n = len(a.shape)
    sources, places = normalize_axis(source, n, "source"), normalize_axis(destination, n, "destination")
    if len(sources) != len(places):
        raise ValueError(
            f"moveaxis: expected as many destinations as sources; got source={source}, destination={destination}."
            " Name a destination for each source."
        )
    axes = [i for i in range(n) if i not in sources]
    for place, i in sorted(zip(places, sources)):
        axes.insert(place, i)
    return _shape.transpose(a, axes=tuple(axes))


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """``a`` with ``axis`` moved to stand before the axis that is now ``start``; a view (``moveaxis`` reads better).

    >>> rollaxis([[[1.0, 2.0]]], 2).shape
    (2, 1, 1)
    """
    a = arraylike(a)
    n = len(a.shape)
    axis = normalize_one(axis, n)
    start = operator.index(start)
    if not -n <= start <= n:
        raise AxisError(f"start: expected an axis from {-n} to {n}; got {start}. Correct it.")
    start += n if start < 0 else 0
    return moveaxis(a, axis, start - (axis < start))


def squeeze(a: Any, axis: Any = None) -> Any:
    """``a`` without its axes of size 1, or without those of them in ``axis``; a view.

    Raises:
        ValueError: an axis in ``axis`` has another size.

    >>> squeeze([[[1.0], [2.0]]]).shape
    (2,)
    """
    a = arraylike(a)
    shape = tuple(a.shape)
    if axis is None:
        return _shape.reshape(a, shape=tuple([size for size in shape if size != 1]))
    axes = normalize_axis(axis, len(shape))
    if any(shape[i] != 1 for i in axes):
        raise ValueError(f"squeeze: expected axes of size 1; axis {axis} of shape {shape} is not. Select it: x[:, 0].")
    return _shape.reshape(a, shape=tuple([size for i, size in enumerate(shape) if i not in axes]))


def expand_dims(a: Any, axis: Any) -> Any:
    """``a`` with new axes of size 1, which stand at ``axis`` in the result; a view.

    >>> expand_dims([1.0, 2.0], (0, -1)).shape
    (1, 2, 1)
    """
    a = arraylike(a)
    shape = list(a.shape)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    for i in sorted(normalize_axis(axis, len(shape) + count)):
        shape.insert(i, 1)
    return _shape.reshape(a, shape=tuple(shape))


def _at_least(a: Any, n: int) -> Any:
    a = arraylike(a)
    shape = tuple(a.shape)
    if len(shape) >= n:
        return a
    if n == 3 and shape:
        return _shape.reshape(a, shape=(1, *shape, 1) if len(shape) == 1 else (*shape, 1))
    return _shape.reshape(a, shape=(1,) * (n - len(shape)) + shape)


def _each(arrays: Iterable[Any], n: int) -> Any:
    out = tuple([_at_least(a, n) for a in arrays])
    return out[0] if len(out) == 1 else out


def atleast_1d(*arys: Any) -> Any:
    """Each argument with one axis at least; a tuple for several.

    >>> atleast_1d(1.0)
    array([1.])
    """
    return _each(arys, 1)


def atleast_2d(*arys: Any) -> Any:
    """Each argument with two axes at least, new ones in front; a tuple for several.

    >>> atleast_2d([1.0, 2.0]).shape
    (1, 2)
    """
    return _each(arys, 2)


def atleast_3d(*arys: Any) -> Any:
    """Each argument with three axes at least: ``(n,)`` becomes ``(1, n, 1)``, ``(m, n)`` becomes ``(m, n, 1)``.

    >>> atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _each(arys, 3)


def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """``array`` repeated, without copying, to ``shape``: sizes are compared from the last axis, a 1 fits any.

    The elements of the result share memory, so it can't be written into. ``subok`` is there for NumPy's signature.

    Raises:
        ValueError: ``array.shape`` does not broadcast to ``shape``.

    >>> broadcast_to([1.0, 2.0], (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return _shape.broadcast_view(arraylike(array), shape=sizes(shape))


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """The arguments in the one shape that they all broadcast to; not to be written into.

    >>> [a.shape for a in broadcast_arrays([1.0, 2.0], [[1.0], [2.0], [3.0]])]
    [(3, 2), (3, 2)]
    """
    arrays = [arraylike(a) for a in args]
    shape = broadcast_shapes(*[tuple(a.shape) for a in arrays])
    return tuple([a if tuple(a.shape) == shape else _shape.broadcast_view(a, shape=shape) for a in arrays])

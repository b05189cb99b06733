"""Elements in another order along their axes: flip, rot90, roll. Imports ``ops``, ``common``, ``shaping``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.numpy.common import arraylike, normalize_axis, normalize_one
from autograd.numpy.shaping import sizes, swapaxes
from autograd.ops import index as _index
from autograd.ops import shape as _shape

__all__ = ["flip", "fliplr", "flipud", "roll", "rot90"]


def flip(m: Any, axis: Any = None) -> Any:
    """``m`` with the elements along ``axis`` (all axes by default) in reverse order; a view.

    >>> flip([[1.0, 2.0], [3.0, 4.0]], 0)
    array([[3., 4.],
           [1., 2.]])
    """
    m = arraylike(m)
    n = len(m.shape)
    axes = normalize_axis(axis, n)
    back = slice(None, None, -1)
    return _index.getitem(m, index=(*[back if i in axes else slice(None) for i in range(n)], ...))


def flipud(m: Any) -> Any:
    """``m`` with its first axis reversed; a view.

    >>> flipud([1.0, 2.0])
    array([2., 1.])
    """
    return flip(m, 0)


def fliplr(m: Any) -> Any:
    """``m`` with its second axis reversed; a view.

    >>> fliplr([[1.0, 2.0]])
    array([[2., 1.]])
    """
    return flip(m, 1)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """``m`` turned ``k`` quarters in the plane of ``axes``, from the first towards the second; a view.

    Raises:
        ValueError: not two different axes.

    >>> rot90([[1.0, 2.0], [3.0, 4.0]])
    array([[2., 4.],
           [1., 3.]])
    """
    m = arraylike(m)
    axes = tuple(axes)
    if len(axes) != 2:
        raise ValueError(f"rot90: expected two axes, which span the plane; got {axes}. Use e.g. axes=(0, 1).")
    first, second = normalize_axis(axes, len(m.shape), "axes")
    if k % 4 == 2:
        return flip(m, axes)
    if k % 4 == 0:
        return _index.getitem(m, index=(...,))
    return swapaxes(flip(m, second), first, second) if k % 4 == 1 else flip(swapaxes(m, first, second), second)


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """``a`` with its elements moved on by ``shift`` along ``axis``, those pushed out coming in at the other end.

    Args:
        shift: an integer, or one per axis.
        axis: an axis or several; None moves through the flattened array and keeps the shape.

    >>> roll([1.0, 2.0, 3.0], 1)
    array([3., 1., 2.])
    """
    a = arraylike(a)
    if axis is None:
        flat = _shape.reshape(a, shape=(-1,))
        shifts = sizes(shift)
        return _shape.reshape(_shape.roll(flat, shift=shifts, axis=(0,) * len(shifts)), shape=tuple(a.shape))
    axes = tuple([normalize_one(i, len(a.shape)) for i in sizes(axis)])
    shifts = sizes(shift)
    if len(shifts) != len(axes):
        if 1 not in (len(shifts), len(axes)):
            raise ValueError(f"roll: expected one shift per axis; got shift={shift}, axis={axis}. Match their lengths.")
        shifts, axes = shifts * max(1, len(axes) // len(shifts)), axes * max(1, len(shifts) // len(axes))
    return _shape.roll(a, shift=shifts, axis=axes)

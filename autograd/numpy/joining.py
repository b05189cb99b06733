"""Joining and splitting: concatenate, stack, split and their kin. Imports ``ops``, ``common``, ``shaping``."""

from __future__ import annotations

import operator
from itertools import pairwise
from typing import Any

from numpy import can_cast

from autograd.numpy.common import COERCED, arraylike, as_dtype, hand_over, has_tensor, normalize_one, unsupported
from autograd.numpy.shaping import atleast_1d, atleast_2d, atleast_3d, expand_dims
from autograd.ops import index as _index
from autograd.ops import join as _join
from autograd.ops import shape as _shape
from autograd.ops.arithmetic import astype, copy

__all__ = [
    "append",
    "array_split",
    "block",
    "column_stack",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "row_stack",
    "split",
    "stack",
    "unstack",
    "vsplit",
    "vstack",
]


def _arrays(name: str, arrays: Any) -> list[Any]:
    """The sequence of operands, bare numbers and lists made arrays of the backend that the others belong to."""
    if hasattr(arrays, "shape"):
        if not arrays.shape:
            raise ValueError(f"{name}: expected a sequence of arrays; got one array of no axes. Put it into a list.")
        return unstack(arrays)
    if not isinstance(arrays, (list, tuple)):
        raise TypeError(
            f"{name}: expected a list or tuple of arrays; got {type(arrays).__name__}. Make a list of it first."
        )
    if not arrays:
        raise ValueError(f"{name}: expected at least one array; got none. Pass a list of them.")
    return _coerced(arrays)


def _coerced(arrays: Any) -> list[Any]:
    like = next((x for x in arrays if x.__class__ not in COERCED), None)
    return [arraylike(x, like) for x in arrays]


def _joined_as(name: str, xs: list[Any], axis: int, out: Any, dtype: Any, casting: Any) -> Any:
    """The arrays joined by the primitive ``name``, in ``dtype`` where one is asked for."""
    if out is None and dtype is None:
        return getattr(_join, name)(*xs, axis=axis)
    if not has_tensor(*xs, out):
        options = {"dtype": as_dtype(dtype)} if dtype is not None else {}
        return hand_over(name, (xs,), axis=axis, out=out, casting=casting, **options)
    if out is not None:
        raise unsupported(name, "out")
    joined = getattr(_join, name)(*xs, axis=axis)
    if not can_cast(joined.dtype, as_dtype(dtype), casting):
        raise TypeError(
            f"{name}: expected a dtype that {joined.dtype} casts to with casting={casting!r}; got {as_dtype(dtype)}. "
            "Pass casting='unsafe' if that is meant."
        )
    return astype(joined, dtype=as_dtype(dtype))


def concatenate(
    arrays: Any, /, axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    """The arrays one after the other along an axis they have; ``axis=None`` flattens each first.

    Args:
        arrays: arrays whose shapes agree on every other axis.
        out: for plain arrays only.
        dtype, casting: the result's dtype, and which casts to it are allowed.

    Raises:
        ValueError: the shapes don't fit, or there are no arrays.

    >>> concatenate([[1.0, 2.0], [3.0]])
    array([1., 2., 3.])
    """
    xs = _arrays("concatenate", arrays)
    if axis is None:
        xs, axis = [_shape.reshape(x, shape=(-1,)) for x in xs], 0
    n = len(xs[0].shape)
    if not n:
        raise ValueError("concatenate: expected arrays of at least one axis; got 0-d ones. Use stack, or axis=None.")
    return _joined_as("concatenate", xs, normalize_one(axis, n), out, dtype, casting)


def concat(
    arrays: Any, /, axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    """``concatenate`` under the array API's name.

    >>> concat(([1.0], [2.0]))
    array([1., 2.])
    """
    return concatenate(arrays, axis, out, dtype=dtype, casting=casting)


def stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """The arrays, all of one shape, along a new axis that stands at ``axis`` in the result.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    xs = _arrays("stack", arrays)
    return _joined_as("stack", xs, normalize_one(axis, len(xs[0].shape) + 1), out, dtype, casting)


def unstack(x: Any, /, *, axis: int = 0) -> Any:
    """The slices of ``x`` along ``axis``, which they lose, as a tuple of views.

    >>> unstack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    (array([1., 3.]), array([2., 4.]))
    """
    x = arraylike(x)
    if not x.shape:
        raise ValueError("unstack: expected at least one axis; got a 0-d array. Give it one: x[None].")
    lead = (slice(None),) * normalize_one(axis, len(x.shape))
    return tuple([_index.getitem(x, index=(*lead, i, ...)) for i in range(x.shape[len(lead)])])


def vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """The arrays on top of one another, along the first axis; vectors are rows.

    >>> vstack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]])
    """
    return _joined_as("concatenate", [atleast_2d(x) for x in _arrays("vstack", tup)], 0, None, dtype, casting)


def row_stack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """``vstack`` under its older name.

    >>> row_stack([[1.0], [2.0]]).shape
    (2, 1)
    """
    return vstack(tup, dtype=dtype, casting=casting)


def hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    """The arrays side by side, along the second axis; vectors one after the other.

    >>> hstack([[1.0, 2.0], [3.0]])
    array([1., 2., 3.])
    """
    xs = [atleast_1d(x) for x in _arrays("hstack", tup)]
    return _joined_as("concatenate", xs, 0 if len(xs[0].shape) == 1 else 1, None, dtype, casting)


def dstack(tup: Any) -> Any:
    """The arrays behind one another, along the third axis, which vectors and matrices get.

    >>> dstack([[1.0, 2.0], [3.0, 4.0]])
    array([[[1., 3.],
            [2., 4.]]])
    """
    return _join.concatenate(*[atleast_3d(x) for x in _arrays("dstack", tup)], axis=2)


def column_stack(tup: Any) -> Any:
    """The arrays side by side, along the second axis; vectors are columns.

    >>> column_stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    columns = [atleast_1d(x) for x in _arrays("column_stack", tup)]
    return _join.concatenate(*[expand_dims(x, 1) if len(x.shape) == 1 else x for x in columns], axis=1)


def block(arrays: Any) -> Any:
    """One array of nested lists of blocks: the innermost joined along the last axis, the next along the one before.

    Raises:
        ValueError: lists of different depth, or an empty one.

    >>> import numpy as np
    >>> block([[np.ones((1, 1)), np.zeros((1, 1))], [np.full((1, 2), 2.0)]])
    array([[1., 0.],
           [2., 2.]])
    """
    levels: list[Any] = [arrays]
    depth = 0
    while all([isinstance(x, list) for x in levels]):
        if not all(levels):
            raise ValueError("block: expected a block in every list; got an empty list. Leave it out.")
        levels = [x for level in levels for x in level]
        depth += 1
    if any([isinstance(x, list) for x in levels]):
        raise ValueError("block: expected lists nested to one depth; got a block beside a list. Wrap it in a list.")
    if any([isinstance(x, tuple) for x in levels]):
        raise TypeError("block: expected lists of blocks; got a tuple, neither a list nor an array. Use a list.")
    blocks = _coerced(levels)
    n = max([depth, *[len(x.shape) for x in blocks]])
    if not depth:
        return copy(blocks[0])
    flat = iter([_shape.reshape(x, shape=(1,) * (n - len(x.shape)) + tuple(x.shape)) for x in blocks])
    return _joined(arrays, flat, n, depth)


def _joined(arrays: Any, flat: Any, n: int, depth: int) -> Any:
    """The blocks below one list, joined; lists are nested no deeper than arrays have axes."""
    parts = [next(flat) if depth == 1 else _joined(part, flat, n, depth - 1) for part in arrays]
    return _join.concatenate(*parts, axis=n - depth)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """``arr`` with ``values`` behind it along ``axis``; both flattened where it is None. A new array.

    >>> append([1.0, 2.0], [[3.0]])
    array([1., 2., 3.])
    """
    return concatenate((arr, values), axis)


# Splitting -------------------------------------------------------------------------------------------------


def _cuts(parts: Any, size: int) -> list[int]:
    """Where the parts begin and end: for a number of parts, the first ones take what does not divide."""
    if isinstance(parts, int) or (hasattr(parts, "__index__") and not getattr(parts, "shape", ())):
        count = operator.index(parts)
        if count <= 0:
            raise ValueError(f"split: expected one section at least; got {count}. Pass 1 or more.")
        each, more = divmod(size, count)
        return [i * each + min(i, more) for i in range(count + 1)]
    host = parts.tolist() if hasattr(parts, "tolist") else parts
    return [0, *[operator.index(i) for i in host], size]


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """``ary`` cut along ``axis`` into views: that many parts, as equal as can be, or before each of the indices.

    >>> array_split([1.0, 2.0, 3.0], 2)
    [array([1., 2.]), array([3.])]
    """
    ary = arraylike(ary)
    axis = normalize_one(axis, len(ary.shape))
    cuts = _cuts(indices_or_sections, ary.shape[axis])
    lead = (slice(None),) * axis
    return [_index.getitem(ary, index=(*lead, slice(i, j), ...)) for i, j in pairwise(cuts)]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """``array_split`` into parts of one size, or before each of the indices.

    Raises:
        ValueError: a number of sections that does not divide the axis.

    >>> split([1.0, 2.0, 3.0, 4.0], 2)
    [array([1., 2.]), array([3., 4.])]
    """
    ary = arraylike(ary)
    size = ary.shape[normalize_one(axis, len(ary.shape))]
    if isinstance(indices_or_sections, int) and indices_or_sections > 0 and size % indices_or_sections:
        raise ValueError(
            f"split: expected sections that divide the axis of size {size}; got {indices_or_sections}. Use array_split."
        )
    return array_split(ary, indices_or_sections, axis)


def _splits(name: str, ary: Any, parts: Any, axis: int, least: int) -> list[Any]:
    ary = arraylike(ary)
    if len(ary.shape) < least:
        raise ValueError(f"{name}: expected {least} axes at least; got shape {tuple(ary.shape)}. Use split with axis=.")
    return split(ary, parts, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """``split`` along the second axis, of a vector along its only one.

    >>> [a.shape for a in hsplit([[1.0, 2.0], [3.0, 4.0]], 2)]
    [(2, 1), (2, 1)]
    """
    ary = arraylike(ary)
    return _splits("hsplit", ary, indices_or_sections, 1 if len(ary.shape) > 1 else 0, 1)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """``split`` along the first axis of an array of two or more.

    >>> vsplit([[1.0, 2.0], [3.0, 4.0]], 2)
    [array([[1., 2.]]), array([[3., 4.]])]
    """
    return _splits("vsplit", ary, indices_or_sections, 0, 2)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """``split`` along the third axis of an array of three or more.

    >>> [a.shape for a in dsplit([[[1.0, 2.0]]], 2)]
    [(1, 1, 1), (1, 1, 1)]
    """
    return _splits("dsplit", ary, indices_or_sections, 2, 3)

"""Longer and shorter: tile, repeat, resize, insert, delete. Imports ``ops``, ``common``, ``indexing``, ``shaping``."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as _np

from autograd.numpy.common import (
    arraylike,
    arrays_only,
    backend_of,
    is_tensor,
    namespace_of,
    normalize_axis,
    normalize_one,
    raw,
)
from autograd.numpy.indexing import take
from autograd.numpy.shaping import flatten, moveaxis, sizes
from autograd.ops import index as _index
from autograd.ops import join as _join
from autograd.ops import shape as _shape
from autograd.ops.arithmetic import astype, copy

__all__ = ["delete", "insert", "repeat", "resize", "tile", "trim_zeros"]


def tile(A: Any, reps: Any) -> Any:
    """``A`` repeated as a whole: ``reps[i]`` times along axis ``i``; missing axes or repetitions count as 1.

    >>> tile([1.0, 2.0], (2, 2))
    array([[1., 2., 1., 2.],
           [1., 2., 1., 2.]])
    """
    x = arraylike(A)
    times = sizes(reps)
    n = max(len(x.shape), len(times))
    shape = (1,) * (n - len(x.shape)) + tuple(x.shape)
    times = (1,) * (n - len(times)) + times
    if all([count == 1 for count in times]):
        return copy(_shape.reshape(x, shape=shape))
    apart = _shape.reshape(x, shape=tuple([part for size in shape for part in (1, size)]))
    spread = _shape.broadcast_to(apart, shape=tuple([part for pair in zip(times, shape) for part in pair]))
    return _owned(_shape.reshape(spread, shape=tuple([count * size for count, size in zip(times, shape)])), x)


def _owned(out: Any, source: Any) -> Any:
    """``out``, copied where it turned out to be a view of ``source`` (a broadcast over nothing but ones)."""
    mine, theirs = raw(out), raw(source)
    base = getattr(mine, "base", None)
    return copy(out) if base is not None and (base is theirs or base is getattr(theirs, "base", None)) else out


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """``a`` with each element (slice along ``axis``) repeated where it stands.

    Args:
        repeats: how often: one number, or one per element. Counts in an array on a device are read by the host, since
            the shape of the result depends on them.
        axis: None flattens ``a`` first.

    >>> repeat([1.0, 2.0], 2)
    array([1., 1., 2., 2.])
    >>> repeat([1.0, 2.0], [1, 3])
    array([1., 2., 2., 2.])
    """
    a = arraylike(a)
    if axis is None:
        a, axis = _shape.reshape(a, shape=(-1,)), 0
    axis = normalize_one(axis, len(a.shape))
    counts = raw(repeats)
    counts = counts.tolist() if hasattr(counts, "tolist") else counts
    size = a.shape[axis]
    if isinstance(counts, (list, tuple)) and len(counts) == 1:
        counts = counts[0]
    if not isinstance(counts, (list, tuple)):
        count = operator.index(counts)
        if count < 0:
            raise ValueError(f"repeat: expected a count of 0 or more; got {count}. Correct its sign.")
        shape = tuple(a.shape)
        inner = _shape.reshape(a, shape=(*shape[: axis + 1], 1, *shape[axis + 1 :]))
        spread = _shape.broadcast_to(inner, shape=(*shape[: axis + 1], count, *shape[axis + 1 :]))
        return _owned(_shape.reshape(spread, shape=(*shape[:axis], size * count, *shape[axis + 1 :])), a)
    if len(counts) != size:
        raise ValueError(
            f"repeat: expected one count, or one for each of {size} elements; got {len(counts)} counts. "
            "Give one number for all, or as many as there are elements."
        )
    if min(counts, default=0) < 0:
        raise ValueError(f"repeat: expected counts of 0 or more; got {min(counts)}. Correct its sign.")
    return take(a, [i for i, count in enumerate(counts) for _ in range(count)], axis=axis)


def resize(a: Any, new_shape: Any) -> Any:
    """A new array of ``new_shape`` filled with the elements of ``a``, begun anew as often as needed.

    >>> resize([1.0, 2.0, 3.0], (2, 2))
    array([[1., 2.],
           [3., 1.]])
    """
    x = _shape.reshape(arraylike(a), shape=(-1,))
    shape = sizes(new_shape)
    if min(shape, default=1) < 0:
        raise ValueError(f"resize: expected sizes of 0 or more; got {shape}. Name each size: there is no -1 here.")
    size, have = math.prod(shape), x.shape[0]
    if not have:
        zeros = namespace_of(x).zeros(shape, dtype=x.dtype)
        return type(x)(zeros) if is_tensor(x) else zeros
    flat = tile(x, -(-size // have))[:size] if size != have else flatten(x)
    return _shape.reshape(flat, shape=shape)


# Insert and delete let NumPy itself say, on the numbers of the slices, which slice goes where.


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """``arr`` without the slices ``obj`` along ``axis`` (without those elements of the flattened array for None).

    Args:
        obj: an integer, a slice, integers, or booleans that mark what goes.

    >>> delete([1.0, 2.0, 3.0], [0, 2])
    array([2.])
    """
    arr = arraylike(arr)
    if axis is None:
        arr, axis = _shape.reshape(arr, shape=(-1,)), 0
    axis = normalize_one(axis, len(arr.shape))
    return take(arr, _places("delete", _np.delete, arr.shape[axis], axis, _host(obj)).tolist(), axis=axis)


def _places(name: str, function: Any, size: int, axis: int, *args: Any) -> Any:
    """NumPy's ``function`` of the places along an axis, as integers.

    Raises:
        IndexError: one is outside.
    """
    try:
        return function(_np.arange(size), *args)
    except IndexError:
        raise IndexError(
            f"{name}: expected places from {-size} to {size - 1} on axis {axis}; got {args[0]}. "
            "Choose among these, or filter them first."
        ) from None


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """``arr`` with ``values`` put in before the slices ``obj`` along ``axis`` (of the flattened array for None).

    Args:
        obj: an integer, a slice, or integers; they count in ``arr`` as it is.
        values: broadcast to the slices put in, and cast to ``arr``'s dtype.

    >>> insert([1.0, 2.0], 1, [9.0, 8.0])
    array([1., 9., 8., 2.])
    >>> insert([[1.0, 2.0], [3.0, 4.0]], [0, 2], 7.0, axis=1)
    array([[7., 1., 2., 7.],
           [7., 3., 4., 7.]])
    """
    arr = arraylike(arr)
    if axis is None:
        arr, axis = _shape.reshape(arr, shape=(-1,)), 0
    n = len(arr.shape)
    axis = normalize_one(axis, n)
    values = arraylike(values, like=arr)
    if values.dtype != arr.dtype:
        values = astype(values, dtype=arr.dtype)
    values = _shape.reshape(values, shape=(1,) * (n - len(values.shape)) + tuple(values.shape))
    size = arr.shape[axis]
    where = _host(obj)
    if not isinstance(where, slice) and _np.ndim(where) == 0:
        # One place: what the first axis of `values` holds goes in along `axis`.
        values = moveaxis(values, 0, axis)
        count = values.shape[axis]
        where = operator.index(where)
        if not -size <= where <= size:
            raise IndexError(
                f"insert: expected a place from {-size} to {size} on axis {axis}; got {where}. Use append for the end."
            )
        where += size if where < 0 else 0
        places = [*range(where), *range(size, size + count), *range(where, size)]
    else:
        count = len(_places("insert", _np.insert, size, axis, where, size)) - size
        places = _np.insert(_np.arange(size), where, _np.arange(size, size + count)).tolist()
    shape = tuple([count if i == axis else extent for i, extent in enumerate(arr.shape)])
    return take(_join.concatenate(arr, _shape.broadcast_to(values, shape=shape), axis=axis), places, axis=axis)


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """``filt`` without the zeros at its front and back; along ``axis`` (all by default), slices of zeros only.

    Args:
        trim: ``"f"`` for the front only, ``"b"`` for the back only.

    >>> trim_zeros([0.0, 1.0, 0.0, 2.0, 0.0])
    array([1., 0., 2.])
    """
    filt = arraylike(filt)
    arrays_only("trim_zeros", filt)
    if not set(trim.lower()) <= set("fb"):
        raise ValueError(f"trim_zeros: expected trim among 'f', 'b' and 'fb'; got {trim!r}. Choose one of them.")
    n = len(filt.shape)
    found = namespace_of(filt).nonzero(raw(filt))
    key = [slice(None)] * n
    for i in normalize_axis(axis, n):
        first, last = (int(found[i].min()), int(found[i].max()) + 1) if found[i].size else (0, 0)
        all_zero = first == last
        key[i] = slice(first if "f" in trim.lower() else 0, last if "b" in trim.lower() or all_zero else None)
    return _index.getitem(filt, index=(*key, ...))


def _host(obj: Any) -> Any:
    """An index as NumPy takes it."""
    if isinstance(obj, slice):
        return obj
    obj = raw(obj)
    if hasattr(obj, "dtype"):
        return backend_of(obj).to_numpy(obj)
    array = _np.asarray(obj)
    return array if array.size or array.dtype.kind != "f" else array.astype(int)

"""Indexing and selection: take, along an axis, by condition, where non-zero. Imports ``ops``, ``plan``, ``common``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import prod
from typing import Any

import backends
from autograd.numpy.common import (
    arraylike,
    arrays_only,
    hand_over,
    has_tensor,
    is_tensor,
    namespace_of,
    normalize_one,
    raw,
    unsupported,
)
from autograd.ops import arithmetic
from autograd.ops import index as _index
from autograd.ops import join as _join
from autograd.ops import shape as _shape
from autograd.plan import RUNTIME

__all__ = [
    "apply_along_axis",
    "argwhere",
    "choose",
    "compress",
    "extract",
    "flatnonzero",
    "nonzero",
    "select",
    "take",
    "take_along_axis",
]


# Keys ------------------------------------------------------------------------------------------------------


def normalize_index(key: Any, x: Any, value: Any = None) -> Any:
    """The key of ``x[key]`` as ``getitem`` takes it.

    A basic key (integers, slices, ``...``, None) gets an Ellipsis, so that ``x[0]`` is a view on every backend; NumPy
    alone gives a scalar copy for integers. Lists and Tensors become arrays of ``x``'s backend, copied where ``x`` (or
    the ``value`` written there) needs a gradient: the graph keeps them, out of reach of later writes to the caller's.
    """
    if key.__class__ is int or key.__class__ is slice or key is None:
        return (key, ...)
    if key is Ellipsis:
        return (key,)
    entries = key if key.__class__ is tuple else (key,)
    basic = ellipsis = False
    for entry in entries:
        if entry.__class__ is int or entry.__class__ is slice or entry is None:
            continue
        if entry is not Ellipsis:
            break
        ellipsis = True
    else:
        basic = True
    if basic:
        return entries if ellipsis else (*entries, ...)
    kept = _is_recorded(x) or _is_recorded(value)
    out = [_entry(entry, x, kept) for entry in entries]
    if all([entry.__class__ in _BASIC for entry in out]) and not any([entry is Ellipsis for entry in out]):
        out.append(...)
    return tuple(out)


_BASIC = frozenset({int, slice, type(None), type(...)})


def _is_recorded(x: Any) -> bool:
    return x.__class__ is RUNTIME["Tensor"] and x._edge is not None


def _entry(entry: Any, x: Any, kept: bool) -> Any:
    if entry.__class__ in _BASIC or entry.__class__ is bool:
        return entry
    backend = backends.of(x._data if x.__class__ is RUNTIME["Tensor"] else x)
    data = raw(entry)
    if data.__class__ is list or data.__class__ is tuple:
        array = raw(arraylike(data, like=x))
        # NumPy counts an empty list as no integers, though it is float64 as an array.
        return array.astype("int64") if array.size == 0 and array.dtype.kind == "f" else array
    if not getattr(data, "shape", ()) and hasattr(data, "__index__") and not hasattr(data, "strides"):
        return operator.index(data)
    if getattr(data, "ndim", None) == 0 and data.dtype.kind in "iu" and not hasattr(data, "__setitem__"):
        return int(data)  # NumPy's integer scalars
    if data.__class__ is float or not hasattr(data, "dtype"):
        raise IndexError(
            f"getitem: expected integers, slices, None, ... or arrays of integers or booleans as an index; "
            f"got {data!r}. Convert it with int(i), or an array with i.astype(int)."
        )
    array = backend.asarray(data)
    return backend.copy(array) if kept and array is data else array


# Selection by integers -------------------------------------------------------------------------------------


def take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    """The elements of ``a`` at ``indices`` along ``axis``: shape ``a.shape[:axis] + indices.shape + a.shape[axis+1:]``.

    Args:
        indices: integers; repeated ones add up in the gradient.
        axis: None takes from the flattened array.
        out: for plain arrays only.
        mode: for indices out of range: ``"raise"`` (on a GPU they wrap, as CuPy has it), ``"wrap"`` or ``"clip"``.

    >>> take([1.0, 2.0, 3.0], [2, 0, 0])
    array([3., 1., 1.])
    """
    a = arraylike(a)
    if out is not None:
        if has_tensor(a, indices, out):
            raise unsupported("take", "out")
        return hand_over("take", (a, indices), axis=axis, out=out, mode=mode)
    if axis is None:
        a, axis = _shape.reshape(a, shape=(-1,)), 0
    axis = normalize_one(axis, len(a.shape))
    places = integers("take", indices, a)
    size = a.shape[axis]
    if mode == "wrap":
        places = places % size
    elif mode == "clip":
        places = namespace_of(a).clip(places, 0, size - 1)
    elif mode != "raise":
        raise ValueError(f"take: expected mode 'raise', 'wrap' or 'clip'; got {mode!r}. Choose one of them.")
    return _index.getitem(a, index=((slice(None),) * axis + (places,)))


def integers(name: str, indices: Any, x: Any) -> Any:
    """Indices as an array of ``x``'s backend that the graph may keep (see ``normalize_index``)."""
    places = raw(indices)
    if places.__class__ is int:
        places = namespace_of(x).asarray(places)
    places = _entry(places, x, _is_recorded(x))
    if places.__class__ is int:
        places = namespace_of(x).asarray(places)
    if places.dtype.kind not in "iub":
        raise TypeError(f"{name}: expected integer indices; got {places.dtype}. Cast them: indices.astype(int).")
    return places.astype("int64") if places.dtype.kind == "b" else places


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """``out[…, i, …] = arr[…, indices[…, i, …], …]``: one index for each place, as ``argsort`` gives them.

    Args:
        indices: integers, of as many axes as ``arr``; other axes than ``axis`` broadcast.
        axis: None takes from the flattened array.

    >>> take_along_axis([[3.0, 1.0], [2.0, 4.0]], [[1, 0], [0, 1]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    arr = arraylike(arr)
    if axis is None:
        arr, axis = _shape.reshape(arr, shape=(-1,)), 0
    axis = normalize_one(axis, len(arr.shape))
    if is_tensor(indices):
        # A Tensor's writes are watched, so its indices need no copy.
        return _index.take_along_axis(arr, indices, axis=axis)
    return _index.take_along_axis(arr, integers("take_along_axis", indices, arr), axis=axis)


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """``func1d(slice, *args, **kwargs)`` of every 1-D slice along ``axis``, the results stacked in its place.

    A Python loop, one call per slice: for what no function with ``axis=`` does.

    >>> apply_along_axis(lambda v: v[0] + v[-1], 1, [[1.0, 2.0], [3.0, 4.0]])
    array([3., 7.])
    """
    arr = arraylike(arr)
    n = len(arr.shape)
    axis = normalize_one(axis, n)
    rest = tuple([size for i, size in enumerate(arr.shape) if i != axis])
    last = _shape.transpose(arr, axes=(*[i for i in range(n) if i != axis], axis))
    rows = _shape.reshape(last, shape=(prod(rest), arr.shape[axis]))
    if not rows.shape[0]:
        raise ValueError(
            f"apply_along_axis: expected at least one slice along axis {axis}; got {tuple(arr.shape)}. "
            "Give it more than none."
        )
    results = [arraylike(func1d(_index.getitem(rows, index=(i, ...)), *args, **kwargs)) for i in range(rows.shape[0])]
    stacked = _join.stack(*results, axis=0)
    inner = tuple(results[0].shape)
    out = _shape.reshape(stacked, shape=(*rest, *inner))
    m = len(rest)
    return _shape.transpose(out, axes=(*range(axis), *range(m, m + len(inner)), *range(axis, m)))


# Selection by conditions -----------------------------------------------------------------------------------


def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    """The slices of ``a`` along ``axis`` (of the flattened array for None) where the vector ``condition`` is true.

    >>> compress([False, True], [[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([[3., 4.]])
    """
    a = arraylike(a)
    if out is not None:
        if has_tensor(a, condition, out):
            raise unsupported("compress", "out")
        return hand_over("compress", (condition, a), axis=axis, out=out)
    flags = raw(arraylike(condition, like=a))
    arrays_only("compress", a, flags)
    if len(flags.shape) != 1:
        raise ValueError(f"compress: expected a vector as the condition; got shape {tuple(flags.shape)}. Use extract.")
    return take(a, namespace_of(a).flatnonzero(flags), axis=axis)


def extract(condition: Any, arr: Any) -> Any:
    """The elements of ``arr`` where ``condition`` (of its size) is true, as a vector.

    >>> extract([[True, False], [False, True]], [[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    arr = arraylike(arr)
    arrays_only("extract", arr)
    return take(arr, namespace_of(arr).flatnonzero(raw(arraylike(condition, like=arr))))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Element by element, the choice of the first condition that is true; ``default`` where none is.

    Args:
        condlist: boolean arrays.
        choicelist: as many arrays or numbers; all broadcast against one another.

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> select([x < 2, x > 2], [x * 10, x * 100])
    array([ 10.,   0., 300.])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select: expected as many choices as conditions, one at least; got {len(condlist)} conditions and "
            f"{len(choicelist)} choices. "
            "Give one choice for each condition."
        )
    if not has_tensor(list(condlist), list(choicelist), default):
        first = arraylike(condlist[0])
        conditions = [arraylike(c, like=first) for c in condlist]
        return namespace_of(first).select(conditions, [arraylike(c, like=first) for c in choicelist], default)
    like = next(x for x in (*condlist, *choicelist, default) if is_tensor(x))
    out = default
    for condition, choice in reversed(list(zip(condlist, choicelist))):
        flags = arraylike(condition, like=like)
        if flags.dtype.kind != "b":
            raise TypeError(f"select: expected boolean conditions; got {flags.dtype}. Compare: condition != 0.")
        out = arithmetic.where(flags, choice if is_tensor(choice) else arraylike(choice, like=like), out)
    return out


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Element by element, ``choices[a[i]][i]``: the integers in ``a`` say which of the arrays to read; all broadcast.

    Args:
        choices: a sequence of arrays.
        out: for plain arrays only.
        mode: for integers out of range: ``"raise"``, ``"wrap"`` or ``"clip"``.

    >>> choose([1, 0], [[1.0, 2.0], [3.0, 4.0]])
    array([3., 2.])
    """
    if not has_tensor(a, choices if is_tensor(choices) else list(choices)):
        given = {"out": out} if out is not None else {}
        return hand_over("choose", (arraylike(a), choices), mode=mode, **given)
    if out is not None:
        raise unsupported("choose", "out")
    arrays = [arraylike(c, like=a if is_tensor(a) else None) for c in choices]
    which = raw(arraylike(a, like=arrays[0]))
    xp, count = namespace_of(*arrays), len(arrays)
    if mode == "wrap":
        which = which % count
    elif mode == "clip":
        which = xp.clip(which, 0, count - 1)
    elif mode != "raise":
        raise ValueError(f"choose: expected mode 'raise', 'wrap' or 'clip'; got {mode!r}. Choose one of them.")
    elif bool(((which < 0) | (which >= count)).any()):
        raise ValueError(f"choose: expected integers from 0 to {count - 1}, one per choice; got others. Use a mode.")
    result = arrays[0] if is_tensor(arrays[0]) or not is_tensor(a) else RUNTIME["Tensor"]._wrap(arrays[0])
    for i in range(1, count):
        result = arithmetic.where(which == i, arrays[i], result)
    return result if count > 1 else _shape.broadcast_to(result, shape=tuple(which.shape))


# Where something is: integers, without a derivative --------------------------------------------------------


def untracked(name: str, *operands: Any, **options: Any) -> Any:
    """The array library's ``name`` of the raw operands; arrays in the result are Tensors where an operand was one."""
    tensors = has_tensor(*operands)
    arrays = [raw(arraylike(x)) if i == 0 else raw(x) for i, x in enumerate(operands)]
    result = getattr(namespace_of(*arrays), name)(*arrays, **options)
    return _wrapped(result) if tensors else result


def _wrapped(result: Any) -> Any:
    if isinstance(result, tuple):
        parts = [_wrapped(part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return RUNTIME["Tensor"]._wrap(result)


def nonzero(a: Any) -> tuple[Any, ...]:
    """The indices of the elements other than 0, one vector of integers per axis.

    >>> nonzero([[0.0, 2.0], [3.0, 0.0]])
    (array([0, 1]), array([1, 0]))
    """
    return untracked("nonzero", a)


def argwhere(a: Any) -> Any:
    """The indices of the elements other than 0, one row each.

    >>> argwhere([[0.0, 2.0], [3.0, 0.0]])
    array([[0, 1],
           [1, 0]])
    """
    return untracked("argwhere", a)


def flatnonzero(a: Any) -> Any:
    """The indices, in the flattened array, of the elements other than 0.

    >>> flatnonzero([[0.0, 2.0], [3.0, 0.0]])
    array([1, 2])
    """
    return untracked("flatnonzero", a)

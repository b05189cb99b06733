"""Sorting and searching. Imports ``ops.sorting``, ``ops.index``, ``common``, ``indexing``.

Sorting sends each cotangent back to where its element stood; equal elements keep their order in ``sort`` and
``argsort``, so that their gradients do not depend on the algorithm. Indices and counts have no derivative.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import (
    COERCED,
    arraylike,
    arrays_only,
    hand_over,
    is_tensor,
    namespace_of,
    normalize_one,
    raw,
)
from autograd.numpy.indexing import take, take_along_axis
from autograd.numpy.joining import unstack
from autograd.numpy.parts import astype
from autograd.ops import shape as _shape
from autograd.ops import sorting as _sorting

__all__ = [
    "argpartition",
    "argsort",
    "isin",
    "lexsort",
    "partition",
    "searchsorted",
    "sort",
    "sort_complex",
]

_KINDS = (None, "quicksort", "mergesort", "heapsort", "stable")


def _sortable(name: str, a: Any, axis: int | None, kind: Any, order: Any) -> tuple[Any, int]:
    if order is not None:
        raise TypeError(f"{name}: expected no order=, which is for structured arrays; got {order!r}. Sort one field.")
    if kind not in _KINDS:
        raise ValueError(
            f"{name}: expected a kind among {', '.join(map(repr, _KINDS[1:]))}; got {kind!r}. "
            "Leave it out: all give one result."
        )
    a = arraylike(a)
    if axis is None:
        return _shape.reshape(a, shape=(-1,)), 0
    return a, normalize_one(axis, len(a.shape))


def sort(
    a: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    stable: bool | None = None,
    descending: bool = False,
) -> Any:
    """The elements in rising order along ``axis`` (flattened for None), NaN last.

    Args:
        kind, stable: as in NumPy; a Tensor's sort is always stable.
        descending: falling order instead, NaN first (the array API's keyword).

    >>> sort([3.0, 1.0, 2.0])
    array([1., 2., 3.])
    """
    a, axis = _sortable("sort", a, axis, kind, order)
    if is_tensor(a) or descending:
        return _sorting.sort(a, axis=axis, descending=descending)
    return namespace_of(a).sort(a, axis=axis, kind=_algorithm(kind, stable))


def sort_complex(a: Any) -> Any:
    """The elements along the last axis in rising order (of the real parts, then of the imaginary ones), as complex.

    >>> sort_complex([3.0, 1.0])
    array([1.+0.j, 3.+0.j])
    """
    a = arraylike(a)
    arrays_only("sort_complex", a)
    narrow = a.dtype.kind in "iu" and a.dtype.itemsize < 4
    return sort(a) if a.dtype.kind == "c" else astype(sort(a), "complex64" if narrow else "complex128")


def argsort(
    a: Any,
    axis: int | None = -1,
    kind: str | None = None,
    order: Any = None,
    *,
    stable: bool | None = None,
    descending: bool = False,
) -> Any:
    """The indices that sort ``a`` along ``axis``: ``take_along_axis(a, argsort(a), axis=-1)`` is sorted.

    >>> argsort([3.0, 1.0, 2.0])
    array([1, 2, 0])
    """
    a, axis = _sortable("argsort", a, axis, kind, order)
    if is_tensor(a) or descending:
        return _sorting.argsort(a, axis=axis, descending=descending)
    return namespace_of(a).argsort(a, axis=axis, kind=_algorithm(kind, stable))


def _algorithm(kind: str | None, stable: bool | None) -> str | None:
    """One of the two kinds that every library has."""
    return "stable" if stable or kind in ("stable", "mergesort") else None


def lexsort(keys: Any, axis: int = -1) -> Any:
    """The indices that sort along ``axis`` by the last of ``keys``, ties by the one before, and so on.

    Args:
        keys: a sequence of arrays of one shape, or an array whose first axis is the keys.

    >>> lexsort(([2, 1, 1], [0, 1, 0]))
    array([2, 0, 1])
    """
    columns = unstack(keys) if hasattr(keys, "shape") else [arraylike(key) for key in keys]
    if not len(columns):
        raise TypeError("lexsort: expected at least one key; got none. Pass a list of them.")
    axis = normalize_one(axis, len(columns[0].shape))
    order = _sorting.argsort(columns[0], axis=axis, descending=False)
    for key in columns[1:]:
        # Sorting by a more important key keeps the order of its ties.
        more = _sorting.argsort(take_along_axis(key, order, axis), axis=axis, descending=False)
        order = take_along_axis(order, more, axis)
    return order


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Any:
    """``a`` with the ``kth`` smallest along ``axis`` in its place: no larger ones before it, no smaller ones after.

    Args:
        kth: an index or several.
        kind: NumPy's name for its one algorithm.

    >>> partition([3.0, 1.0, 2.0], 0)[0]
    np.float64(1.0)
    """
    a, axis, kth = _divided("partition", a, kth, axis, kind, order)
    return _sorting.partition(a, kth=kth, axis=axis) if is_tensor(a) else namespace_of(a).partition(a, kth, axis)


def argpartition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Any:
    """The indices that partition ``a``: see ``partition``.

    >>> argpartition([3.0, 1.0, 2.0], 0)[0]
    np.int64(1)
    """
    a, axis, kth = _divided("argpartition", a, kth, axis, kind, order)
    return _sorting.argpartition(a, kth=kth, axis=axis)


def _divided(name: str, a: Any, kth: Any, axis: int | None, kind: str, order: Any) -> tuple[Any, int, Any]:
    if kind != "introselect":
        raise ValueError(f"{name}: expected kind='introselect'; got {kind!r}. Leave it out.")
    a, axis = _sortable(name, a, axis, None, order)
    kth = raw(kth)
    kth = kth.tolist() if hasattr(kth, "tolist") else kth
    size = a.shape[axis]
    places = [kth] if isinstance(kth, int) else list(kth)
    if any([not -size <= k < size for k in places]):
        raise ValueError(
            f"{name}: expected kth from {-size} to {size - 1} on axis {axis}; got {kth}. Choose one in this range."
        )
    return a, axis, kth if isinstance(kth, int) else tuple(places)


# Searching -------------------------------------------------------------------------------------------------


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where ``v`` would go in the sorted vector ``a``: ``a[i-1] < v <= a[i]``; for ``"right"``, ``a[i-1] <= v < a[i]``.

    Args:
        sorter: indices that sort ``a``, where it is not sorted.

    >>> searchsorted([1.0, 2.0, 3.0], [2.0, 9.0])
    array([1, 3])
    """
    a, v = beside(a, v)
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: expected side 'left' or 'right'; got {side!r}. Choose one of them.")
    if len(a.shape) != 1:
        raise ValueError(
            f"searchsorted: expected a sorted vector; got shape {tuple(a.shape)}. "
            "Sort and ravel it first: sort(a, axis=None)."
        )
    return _sorting.searchsorted(a if sorter is None else take(a, sorter), v, side=side)


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: str | None = None
) -> Any:
    """Which elements are among ``test_elements`` (with ``invert``, which are not); booleans.

    >>> isin([1, 2, 3], [3, 1])
    array([ True, False,  True])
    """
    element, test_elements = beside(element, test_elements)
    if kind is not None:
        return hand_over("isin", (element, test_elements, assume_unique, invert), kind=kind)
    return _sorting.isin(element, test_elements, assume_unique=assume_unique, invert=invert)


def beside(a: Any, b: Any) -> tuple[Any, Any]:
    """Both as arrays of one backend."""
    a = arraylike(a, like=b if a.__class__ in COERCED and b.__class__ not in COERCED else None)
    return a, arraylike(b, like=a)

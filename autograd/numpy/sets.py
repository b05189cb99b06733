"""Arrays as sets: the different elements, and what two have in common. Imports ``indexing``, ``joining``, ``sorting``.

A value's gradient goes to the first element that has it. Indices, inverses and counts have no derivative.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, is_tensor
from autograd.numpy.indexing import take, untracked
from autograd.numpy.joining import concatenate
from autograd.numpy.sorting import beside, isin

__all__ = [
    "intersect1d",
    "setdiff1d",
    "setxor1d",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The different elements (slices along ``axis``), sorted; with the flags, also indices, inverse and counts.

    The gradient of a value goes to the first element that has it. ``sorted=False`` allows any order; here it is sorted.

    >>> unique([2.0, 1.0, 2.0], return_counts=True)
    (array([1., 2.]), array([1, 2]))
    """
    ar = arraylike(ar)
    if not is_tensor(ar) or ar._edge is None:
        return untracked("unique", ar, return_index, return_inverse, return_counts, axis, equal_nan=equal_nan)
    _, places, *rest = untracked("unique", ar, True, return_inverse, return_counts, axis, equal_nan=equal_nan)
    values = take(ar, places, axis)
    found = (values, *([places] if return_index else []), *rest)
    return found if len(found) > 1 else values


def _named(name: str, x: Any) -> Any:
    """NumPy's function of this name, its ``values`` read from ``x`` so that they have a gradient."""
    x = arraylike(x)
    result: Any = untracked(name, x)
    if not is_tensor(x) or x._edge is None:
        return result
    values = take(x, untracked("unique", x, True, equal_nan=False)[1])
    return result._replace(values=values) if isinstance(result, tuple) else values  # type: ignore[attr-defined]


def unique_all(x: Any) -> Any:
    """The different elements, the first ``indices``, ``inverse_indices`` and ``counts``; each NaN by itself.

    >>> unique_all([2.0, 1.0, 2.0]).counts
    array([1, 2])
    """
    return _named("unique_all", x)


def unique_counts(x: Any) -> Any:
    """The different elements and their ``counts``; each NaN by itself.

    >>> unique_counts([2.0, 1.0, 2.0]).values
    array([1., 2.])
    """
    return _named("unique_counts", x)


def unique_inverse(x: Any) -> Any:
    """The different elements and ``inverse_indices``, which rebuild ``x`` from them; each NaN by itself.

    >>> unique_inverse([2.0, 1.0, 2.0]).inverse_indices
    array([1, 0, 1])
    """
    return _named("unique_inverse", x)


def unique_values(x: Any) -> Any:
    """The different elements, each NaN by itself; their order is left open, as in the array API.

    >>> unique_values([2.0, 1.0, 2.0]).size
    2
    """
    return _named("unique_values", x)


# Two sets --------------------------------------------------------------------------------------------------


def union1d(ar1: Any, ar2: Any) -> Any:
    """The elements of either, sorted, each once.

    >>> union1d([3.0, 1.0], [1.0, 2.0])
    array([1., 2., 3.])
    """
    return unique(concatenate(beside(ar1, ar2), axis=None))


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The elements of both, sorted, each once; with ``return_indices``, also where they first stand in each.

    >>> intersect1d([3.0, 1.0, 2.0], [2.0, 3.0, 5.0])
    array([2., 3.])
    """
    ar1, ar2 = beside(ar1, ar2)
    values, first, second = untracked("intersect1d", ar1, ar2, assume_unique, True)
    if is_tensor(ar1) and ar1._edge is not None:
        values = take(ar1, first)
    return (values, first, second) if return_indices else values


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements of ``ar1`` that are not in ``ar2``, sorted and each once (as they stand, with ``assume_unique``).

    >>> setdiff1d([3.0, 1.0, 2.0], [2.0])
    array([1., 3.])
    """
    ar1, ar2 = beside(ar1, ar2)
    found = ar1.reshape(-1) if assume_unique else unique(ar1)
    return found[isin(found, ar2, assume_unique=True, invert=True)]


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """The elements of one of the two only, sorted, each once.

    >>> setxor1d([3.0, 1.0], [1.0, 2.0])
    array([2., 3.])
    """
    return union1d(setdiff1d(ar1, ar2), setdiff1d(ar2, ar1))

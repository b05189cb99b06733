"""Grids of coordinates, and flat places: meshgrid, ix_, unravel_index. Imports ``ops``, ``common``, ``indexing``."""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, arrays_only, has_tensor, namespace_of, raw
from autograd.numpy.indexing import untracked
from autograd.ops import shape as _shape
from autograd.ops.arithmetic import copy as _copy
from autograd.plan import RUNTIME

__all__ = ["ix_", "meshgrid", "ravel_multi_index", "unravel_index"]


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Coordinate arrays of the grid that vectors span, one per vector.

    Args:
        copy: False gives views, which must not be written into.
        sparse: leave the axes along which a coordinate does not change at size 1.
        indexing: ``"xy"`` puts the second vector on the first axis, ``"ij"`` keeps the order.

    >>> meshgrid([1.0, 2.0], [3.0, 4.0])
    (array([[1., 2.],
           [1., 2.]]), array([[3., 3.],
           [4., 4.]]))
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: expected indexing 'xy' or 'ij'; got {indexing!r}. Choose one of them.")
    n = len(xi)
    places = list(range(n))
    if indexing == "xy" and n > 1:
        places[:2] = [1, 0]
    vectors = [arraylike(x) for x in xi]
    sizes = [x.size for x in vectors]
    grids = [
        _shape.reshape(x, shape=(1,) * place + (-1,) + (1,) * (n - 1 - place)) for x, place in zip(vectors, places)
    ]
    if not sparse:
        full = tuple([sizes[places.index(i)] for i in range(n)])
        grids = [_shape.broadcast_view(x, shape=full) for x in grids]
    return tuple([_copy(x) for x in grids] if copy else grids)


def ix_(*args: Any) -> tuple[Any, ...]:
    """Index vectors shaped so that ``x[ix_(rows, columns)]`` is the sub-array where they cross.

    Args:
        args: vectors of integers, or of booleans that mark what to take.

    >>> [i.shape for i in ix_([0, 2], [1, 3, 4])]
    [(2, 1), (1, 3)]
    """
    out = []
    for i, arg in enumerate(args):
        x = raw(arraylike(arg))
        arrays_only("ix_", x)
        if len(x.shape) != 1:
            raise ValueError(f"ix_: expected vectors; got shape {tuple(x.shape)}. Flatten it with ravel.")
        if x.dtype.kind == "b":
            (x,) = namespace_of(x).nonzero(x)
        elif not x.size:
            x = x.astype("int64")
        out.append(x.reshape((1,) * i + (-1,) + (1,) * (len(args) - 1 - i)))
    return tuple(out)


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    """The coordinates, in an array of ``shape``, of places counted through it; one array per axis.

    >>> unravel_index([1, 5], (2, 3))
    (array([0, 1]), array([1, 2]))
    """
    return untracked("unravel_index", indices, shape, order)


def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    """The places, counted through an array of shape ``dims``, of coordinates given one array per axis.

    >>> ravel_multi_index(([0, 1], [1, 2]), (2, 3))
    array([1, 5])
    """
    arrays = tuple([raw(arraylike(i)) for i in multi_index])
    found = namespace_of(*arrays).ravel_multi_index(arrays, dims, mode, order)
    return RUNTIME["Tensor"]._wrap(found) if has_tensor(*multi_index) else found

"""Diagonals and triangles of matrices, and their indices. Imports ``ops.shape``, ``ops.reduce``, ``common``."""

from __future__ import annotations

import operator
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
from autograd.ops import arithmetic, reduce
from autograd.ops import shape as _shape

__all__ = [
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "fill_diagonal",
    "make_diagonal",
    "trace",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "triu",
    "triu_indices",
    "triu_indices_from",
]


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal ``a[i, i + offset]`` of the matrices over ``axis1`` and ``axis2``, as the last axis; a view.

    A Tensor's diagonal can be written into, and the write is seen (and differentiated) through ``a``.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    a = arraylike(a)
    n = len(a.shape)
    if n < 2:
        raise ValueError(f"diagonal: expected at least two axes; got shape {tuple(a.shape)}. For a matrix, use diag.")
    i, j = normalize_one(axis1, n, "axis1"), normalize_one(axis2, n, "axis2")
    if i == j:
        raise ValueError(
            f"diagonal: expected two different axes; got axis1={axis1}, axis2={axis2}. Choose another for one."
        )
    return _shape.diagonal(a, offset=operator.index(offset), axis1=i, axis2=j)


def diag(v: Any, k: int = 0) -> Any:
    """Of a vector, the matrix with it on the ``k``-th diagonal; of a matrix, a copy of that diagonal.

    Raises:
        ValueError: neither one nor two axes.

    >>> diag([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    v = arraylike(v)
    if len(v.shape) == 2:
        return arithmetic.copy(diagonal(v, k))
    if len(v.shape) != 1:
        raise ValueError(f"diag: expected a vector or a matrix; got shape {tuple(v.shape)}. Use diagonal for stacks.")
    k = operator.index(k)
    n = v.shape[0] + abs(k)
    return _shape.place_diagonal(v, shape=(n, n), offset=k, axis1=0, axis2=1)


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The matrices over ``axis1`` and ``axis2`` with D's last axis as their diagonal, else 0: undoes ``diagonal``.

    HIPS autograd's; NumPy has it for one vector, as ``diag``.

    >>> make_diagonal([[1.0, 2.0], [3.0, 4.0]], axis1=-1, axis2=-2)
    array([[[1., 0.],
            [0., 2.]],
    <BLANKLINE>
           [[3., 0.],
            [0., 4.]]])
    """
    D = arraylike(D)
    n = len(D.shape) + 1
    if n < 2:
        raise ValueError(
            "make_diagonal: expected at least one axis, the diagonals'; got a number. Give it one: D[None]."
        )
    i, j = normalize_one(axis1, n, "axis1"), normalize_one(axis2, n, "axis2")
    offset = operator.index(offset)
    rows, columns = D.shape[-1] + max(-offset, 0), D.shape[-1] + max(offset, 0)
    shape = list(D.shape[:-1])
    for place, size in sorted([(i, rows), (j, columns)]):
        shape.insert(place, size)
    return _shape.place_diagonal(D, shape=tuple(shape), offset=offset, axis1=i, axis2=j)


def diagflat(v: Any, k: int = 0) -> Any:
    """The matrix with the elements of ``v``, flattened, on its ``k``-th diagonal.

    >>> diagflat([[1.0], [2.0]])
    array([[1., 0.],
           [0., 2.]])
    """
    return diag(_shape.reshape(arraylike(v), shape=(-1,)), k)


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write ``val`` onto the main diagonal of ``a`` in place: ``a[i, i, …] = val``, differentiable in both.

    Args:
        a: a matrix, or an array of more axes of one size.
        val: a number, or values repeated as often as needed.
        wrap: begin the diagonal anew below a tall matrix's square, after a row left out.

    >>> from autograd import tensor
    >>> x = tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> fill_diagonal(x, 0.0)
    >>> x
    Tensor([[0., 2.],
            [3., 0.]], dtype=float64)
    """
    if not is_tensor(a):
        return hand_over("fill_diagonal", (a, val), wrap=wrap)
    shape = tuple(a.shape)
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise ValueError(f"fill_diagonal: expected a matrix, or axes of one size; got {shape}. Write a[i, i] = val.")
    xp = a.backend.xp
    if len(shape) == 2:
        step = shape[1] + 1
        flat = xp.arange(0, shape[0] * shape[1] if wrap else min(shape[0], shape[1]) * shape[1], step)
        places: tuple[Any, ...] = (flat // shape[1], flat % shape[1]) if shape[1] else (flat, flat)
    else:
        places = (xp.arange(shape[0]),) * len(shape)
    if not hasattr(val, "__len__") or not getattr(val, "shape", (1,)):
        a[places] = val
        return None
    values = _shape.reshape(arraylike(val, like=a), shape=(-1,))
    count, have = places[0].shape[0], values.shape[0]
    if have and count:
        a[places] = values[xp.arange(count) % have] if have != count else values
    return None


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """The sum of the diagonal, ``Σ_i a[i, i + offset]``, over ``axis1`` and ``axis2``.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    np.float64(5.0)
    """
    if dtype is not None or out is not None:
        given = {name: value for name, value in (("dtype", dtype), ("out", out)) if value is not None}
        if has_tensor(a, out):
            raise unsupported("trace", *given)
        return hand_over("trace", (arraylike(a), offset, axis1, axis2), **given)
    values = diagonal(a, offset, axis1, axis2)
    return reduce.sum(values, axis=(len(values.shape) - 1,), keepdims=False)


def tril(m: Any, k: int = 0) -> Any:
    """``m`` with zeros above the ``k``-th diagonal: ``m[i, j]`` where ``j ≤ i + k``.

    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 0.],
           [3., 4.]])
    """
    return _shape.tril(_matrices("tril", m), k=operator.index(k))


def triu(m: Any, k: int = 0) -> Any:
    """``m`` with zeros below the ``k``-th diagonal: ``m[i, j]`` where ``j ≥ i + k``.

    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [0., 4.]])
    """
    return _shape.triu(_matrices("triu", m), k=operator.index(k))


def _matrices(name: str, m: Any) -> Any:
    m = arraylike(m)
    if not m.shape:
        raise ValueError(f"{name}: expected at least one axis; got a 0-d array. Give it axes: m[None, None].")
    # Of a vector NumPy makes the square matrix whose rows it is.
    return m if len(m.shape) > 1 else _shape.broadcast_to(m, shape=(m.shape[0], m.shape[0]))


# Indices: arrays of the default backend ------------------------------------------------------------------


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """Rows and columns of the places of an ``(n, m)`` matrix on and below its ``k``-th diagonal.

    >>> tril_indices(2)
    (array([0, 1, 1]), array([0, 0, 1]))
    """
    return tuple(backends.default().xp.tril_indices(n, k, m))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Any, Any]:
    """Rows and columns of the places of an ``(n, m)`` matrix on and above its ``k``-th diagonal.

    >>> triu_indices(2)
    (array([0, 0, 1]), array([0, 1, 1]))
    """
    return tuple(backends.default().xp.triu_indices(n, k, m))


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Any, Any]:
    """``tril_indices`` for the shape of ``arr``, on its backend.

    >>> tril_indices_from([[1.0, 2.0], [3.0, 4.0]], -1)
    (array([1]), array([0]))
    """
    arr = arraylike(arr)
    arrays_only("tril_indices_from", arr)
    return tuple(namespace_of(arr).tril_indices_from(raw(arr), k))


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Any, Any]:
    """``triu_indices`` for the shape of ``arr``, on its backend.

    >>> triu_indices_from([[1.0, 2.0], [3.0, 4.0]], 1)
    (array([0]), array([1]))
    """
    arr = arraylike(arr)
    arrays_only("triu_indices_from", arr)
    return tuple(namespace_of(arr).triu_indices_from(raw(arr), k))


def diag_indices(n: int, ndim: int = 2) -> tuple[Any, ...]:
    """The indices ``(arange(n),) * ndim`` of a main diagonal.

    >>> diag_indices(2)
    (array([0, 1]), array([0, 1]))
    """
    return (backends.default().xp.arange(n),) * ndim


def diag_indices_from(arr: Any) -> tuple[Any, ...]:
    """``diag_indices`` for the shape of ``arr``, whose axes are of one size, on its backend.

    >>> diag_indices_from([[1.0, 2.0], [3.0, 4.0]])
    (array([0, 1]), array([0, 1]))
    """
    arr = arraylike(arr)
    shape = tuple(arr.shape)
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ValueError(
            f"diag_indices_from: expected two or more axes of one size; got shape {shape}. Take a square part of it."
        )
    return (namespace_of(arr).arange(shape[0]),) * len(shape)

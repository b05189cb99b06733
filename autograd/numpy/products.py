"""Products of vectors, matrices and arrays of more axes. Imports ``ops``, ``common`` and ``contraction``.

All are linear in each operand, so their derivatives are such products again. None conjugates its operands, but for
``vdot``, ``vecdot`` and ``vecmat``, which conjugate the first.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arrays_only, hand_over, has_tensor, normalize_one
from autograd.numpy.contraction import arrays, einsum, tensordot
from autograd.ops import arithmetic, join, linalg
from autograd.ops import shape as _shape

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]


def matmul(x1: Any, x2: Any, /, out: Any = None, **options: Any) -> Any:
    """The matrix product ``x1 @ x2``: ``Σ_k x1[…, i, k]·x2[…, k, j]``, leading axes broadcast.

    Args:
        x1, x2: of shapes (…, m, k) and (…, k, n); a vector stands for a row of x1, a column of x2.
        out, options: NumPy's keywords, for plain arrays only.

    Raises:
        ValueError: the summed axes differ in size, or an operand is a number.

    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    if out is not None or options:
        return hand_over("matmul", arrays(x1, x2), out=out, **options)
    return linalg.matmul(*arrays(x1, x2))


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The product over a's last axis and b's second-last (or only) one; a number multiplies.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    a, b = arrays(a, b)
    if out is not None or not has_tensor(a, b):
        return hand_over("dot", (a, b), **({} if out is None else {"out": out}))
    if not a.shape or not b.shape:
        return arithmetic.multiply(a, b)
    if len(b.shape) == 1 or (len(b.shape) == 2 and len(a.shape) <= 2):
        return linalg.matmul(a, b)
    return tensordot(a, b, ((-1,), (-2,)))


def vdot(a: Any, b: Any) -> Any:
    """``Σ conj(a)·b`` over all elements of two arrays of as many.

    >>> vdot([1j, 2.0], [1j, 1.0])
    np.complex128(3+0j)
    """
    a, b = arrays(a, b)
    if not has_tensor(a, b):
        return hand_over("vdot", (a, b))
    flat = [_shape.reshape(x, shape=(-1,)) for x in (a, b)]
    return linalg.matmul(linalg.plain_conj(flat[0]), flat[1])


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """``Σ conj(x1)·x2`` along one axis; the others broadcast.

    >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    x1, x2 = (_last(x, axis, "vecdot") for x in arrays(x1, x2))
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(
            f"vecdot: expected one size along the axis; got {x1.shape[-1]} and {x2.shape[-1]}. Choose another axis."
        )
    return linalg.matmul(linalg.plain_conj(x1)[..., None, :], x2[..., :, None])[..., 0, 0]


def matvec(x1: Any, x2: Any, /) -> Any:
    """Matrices times vectors, ``Σ_k x1[…, i, k]·x2[…, k]``; leading axes broadcast.

    >>> matvec([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    x1, x2 = arrays(x1, x2)
    return linalg.matmul(x1, x2[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Any:
    """Vectors, conjugated, times matrices: ``Σ_k conj(x1[…, k])·x2[…, k, j]``; leading axes broadcast.

    >>> vecmat([1.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
    array([4., 6.])
    """
    x1, x2 = arrays(x1, x2)
    arrays_only("vecmat", x1, x2)
    return linalg.matmul(linalg.plain_conj(x1)[..., None, :], x2)[..., 0, :]


def _last(x: Any, axis: int, name: str) -> Any:
    n = len(x.shape)
    if not n:
        raise ValueError(f"{name}: expected an axis or more; got a 0-d array. Use * for a product with a number.")
    i = normalize_one(axis, n)
    return x if i == n - 1 else _shape.transpose(x, axes=(*range(i), *range(i + 1, n), i))


def inner(a: Any, b: Any, /) -> Any:
    """``Σ_k a[…, k]·b[…, k]`` over both last axes, a's other axes first; a number multiplies.

    >>> inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    a, b = arrays(a, b)
    if not has_tensor(a, b):
        return hand_over("inner", (a, b))
    if not a.shape or not b.shape:
        return arithmetic.multiply(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """The matrix ``a[i]·b[j]`` of two vectors; arrays of more axes are flattened.

    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]])
    """
    a, b = arrays(a, b)
    if out is not None:
        return hand_over("outer", (a, b), out=out)
    return arithmetic.multiply(_shape.reshape(a, shape=(-1, 1)), _shape.reshape(b, shape=(1, -1)))


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: ``a`` with each element times the whole of ``b`` in its place.

    >>> kron([1.0, 10.0], [1.0, 2.0])
    array([ 1.,  2., 10., 20.])
    """
    a, b = arrays(a, b)
    arrays_only("kron", a, b)
    n = max(len(a.shape), len(b.shape))
    over = (1,) * (n - len(a.shape)) + tuple(a.shape)
    under = (1,) * (n - len(b.shape)) + tuple(b.shape)
    spread = arithmetic.multiply(
        _shape.reshape(a, shape=tuple([size for i in over for size in (i, 1)])),
        _shape.reshape(b, shape=tuple([size for i in under for size in (1, i)])),
    )
    return _shape.reshape(spread, shape=tuple([i * j for i, j in zip(over, under)]))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The vector product over axes of size 3; a vector of 2 has a third element 0, and two such give that third alone.

    Args:
        axisa, axisb, axisc: where the vectors lie in a, in b and in the result.
        axis: all three at once.

    Raises:
        ValueError: an axis of another size.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = arrays(a, b)
    arrays_only("cross", a, b)
    if not a.shape or not b.shape:
        raise ValueError(
            f"cross: expected an axis of size 3 in both; got shapes {a.shape} and {b.shape}. Choose another axis."
        )
    a, b = _last(a, axisa, "cross"), _last(b, axisb, "cross")
    sizes = a.shape[-1], b.shape[-1]
    if not {*sizes} <= {2, 3}:
        raise ValueError(
            f"cross: expected vectors of 3 elements (or 2) along axisa and axisb; got {sizes[0]} and {sizes[1]}. "
            "Choose other axes."
        )
    if sizes == (2, 2):
        return arithmetic.subtract(arithmetic.multiply(a[..., 0], b[..., 1]), arithmetic.multiply(a[..., 1], b[..., 0]))
    out = linalg.cross(_three(a), _three(b))
    n = len(out.shape)
    place = normalize_one(axisc, n, "axisc")
    return out if place == n - 1 else _shape.transpose(out, axes=(*range(place), n - 1, *range(place, n - 1)))


def _three(x: Any) -> Any:
    return x if x.shape[-1] == 3 else join.concatenate(x, x[..., :1] * 0, axis=len(x.shape) - 1)

"""``numpy.linalg`` over arrays and Tensors. Imports ``ops``, ``common``, ``factors``, ``matrices`` and ``norms``.

Leading axes are batches. Complex cotangents are not conjugated: of a real loss the gradient is dL/dRe - i·dL/dIm.
float16 is refused, as LAPACK has no such routines. CuPy does not look for singular or indefinite matrices, so as not to
wait for the device: where NumPy raises, its results hold NaN or infinity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy import finfo, result_type
from numpy.linalg import LinAlgError

from autograd.numpy.common import arraylike, arrays_only, normalize_axis, raw
from autograd.numpy.factors import (
    EighResult,
    EigResult,
    QRResult,
    SVDResult,
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from autograd.numpy.matrices import (
    cross,
    diagonal,
    matmul,
    matrix_power,
    matrix_transpose,
    multi_dot,
    outer,
    tensordot,
    trace,
    vecdot,
)
from autograd.numpy.norms import cond, matrix_norm, matrix_rank, norm, refuse, vector_norm
from autograd.ops import determinant as _determinant
from autograd.ops import least_squares as _least_squares
from autograd.ops import linalg as _linalg
from autograd.ops import shape as _shape

__all__ = [
    "LinAlgError",
    "EigResult",
    "EighResult",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]


class SlogdetResult(NamedTuple):
    """What ``slogdet`` returns."""

    sign: Any
    logabsdet: Any


# Inverse and solution ---------------------------------------------------------------------------------------


def inv(a: Any) -> Any:
    """The inverses of square matrices (…, n, n).

    Raises:
        LinAlgError: not square, or singular.

    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return _linalg.inv(arraylike(a))


def solve(a: Any, b: Any) -> Any:
    """The x with ``a·x = b``.

    Args:
        a: square matrices (…, n, n).
        b: a vector (n,), or matrices (…, n, k) whose leading axes broadcast with a's.

    Raises:
        LinAlgError: a is not square, or singular.
        ValueError: b does not fit a.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])
    array([0.5 , 0.25])
    """
    return _linalg.solve(arraylike(a, like=(a, b)), arraylike(b, like=(a, b)))


_MISSING: Any = type("missing", (), {"__repr__": lambda self: "<default>"})()


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _MISSING) -> Any:
    """The Moore-Penrose inverse of matrices (…, m, n), by singular values.

    Args:
        rcond: singular values up to this times the largest count as 0; 1e-15 by default.
        hermitian: a promise that ``a`` is Hermitian; the result is the same.
        rtol: the same as rcond; None for max(m, n) times the dtype's precision.

    The derivative is that at constant rank. Source: G. H. Golub and V. Pereyra, 1973.

    >>> pinv([[2.0], [0.0]])
    array([[0.5, 0. ]])
    """
    a = arraylike(a)
    refuse("pinv", a, square=False)
    if rcond is not None and rtol is not _MISSING:
        raise ValueError("pinv: expected rcond or rtol; got both. Give one.")
    if rcond is None:
        rcond = 1e-15 if rtol is _MISSING else max(a.shape[-2:]) * _precision(a) if rtol is None else rtol
    return _least_squares.pinv(a, rcond=raw(rcond))


def _precision(*xs: Any) -> float:
    dtype = result_type(*[x.dtype for x in xs])
    return float(finfo(dtype if dtype.kind in "fc" else "float64").eps)


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    """Least squares: x, the residuals, the rank of a, the singular values of a. Of several x it is the shortest.

    Args:
        a: (m, n).
        b: (m,) or (m, k).
        rcond: singular values up to this times the largest count as 0; max(m, n) times the precision by default, the
            precision itself where it is negative.

    x, the residuals (``Σ|a·x - b|²`` of each column; empty unless m > n = rank) and the singular values have
    derivatives, at constant rank; the rank is an integer.

    >>> lstsq([[1.0], [1.0]], [1.0, 3.0])[0]
    array([2.])
    """
    a, b = arraylike(a, like=(a, b)), arraylike(b, like=(a, b))
    refuse("lstsq", a, square=False)
    if rcond is None:
        rcond = max(a.shape[-2:], default=1) * _precision(a, b)
    elif rcond < 0:
        rcond = _precision(a, b)
    x, residuals, rank, s = _least_squares.lstsq(a, b, rcond=rcond)
    return x, residuals, raw(rank), s


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """The x with ``tensordot(a, x, x.ndim) = b``.

    Args:
        a: of shape ``b.shape + x.shape``, both halves with as many elements.
        axes: axes of a to move to its end first.

    >>> tensorsolve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])
    array([0.5 , 0.25])
    """
    a, b = arraylike(a, like=(a, b)), arraylike(b, like=(a, b))
    arrays_only("tensorsolve", a, b)
    n = len(a.shape)
    if axes is not None:
        moved = normalize_axis(tuple(axes), n, "axes")
        a = _shape.transpose(a, axes=(*[i for i in range(n) if i not in moved], *moved))
    rest = tuple(a.shape[len(b.shape) :])
    size = math.prod(rest)
    if math.prod(a.shape[: len(b.shape)]) != size:
        raise LinAlgError(
            f"tensorsolve: expected a's first {len(b.shape)} axes, as many as b has, to hold as many elements as the "
            f"others; a is {tuple(a.shape)}, b is {tuple(b.shape)}. Choose axes to move to the end."
        )
    x = _linalg.solve(_shape.reshape(a, shape=(size, size)), _shape.reshape(b, shape=(-1,)))
    return _shape.reshape(x, shape=rest)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of ``tensordot(a, ·, ind)``: of shape ``a.shape[ind:] + a.shape[:ind]``.

    >>> tensorinv([[2.0, 0.0], [0.0, 4.0]], ind=1)
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    a = arraylike(a)
    if ind <= 0:
        raise ValueError(
            f"tensorinv: expected ind of 1 or more, the number of axes on the left; got {ind}. Pass at least 1."
        )
    first, rest = tuple(a.shape[:ind]), tuple(a.shape[ind:])
    size = math.prod(rest)
    if math.prod(first) != size:
        raise LinAlgError(
            f"tensorinv: expected a's first {ind} axes to hold as many elements as the others; a is {tuple(a.shape)}. "
            "Choose another ind."
        )
    return _shape.reshape(_linalg.inv(_shape.reshape(a, shape=(size, size))), shape=rest + first)


# Determinants -----------------------------------------------------------------------------------------------


def det(a: Any) -> Any:
    """The determinants of square matrices (…, n, n).

    The gradient is the matrix of cofactors, which singular matrices have too; so has the second derivative a value
    there. Third and higher derivatives want an invertible matrix.

    >>> det([[2.0, 1.0], [1.0, 3.0]])
    np.float64(5.0)
    """
    return _determinant.det(arraylike(a))


def slogdet(a: Any) -> SlogdetResult:
    """The sign of the determinant (its phase, for complex a) and the logarithm of its size.

    Of a singular matrix they are 0 and -inf, and a gradient asked for there raises.

    >>> slogdet([[2.0, 0.0], [0.0, -3.0]]).sign
    np.float64(-1.0)
    """
    return SlogdetResult(*_determinant.slogdet(arraylike(a)))

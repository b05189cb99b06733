"""``scipy.linalg``'s functions that have derivatives here. Imports ``autograd.numpy``, ``ops.matrix_equations``.

``solve_triangular``, ``solve_banded``, ``solve_sylvester``, ``sqrtm``, those with Cholesky factors, and what
``autograd.numpy.linalg`` has under SciPy's conventions. SciPy's other functions are there for plain arrays: a Tensor
that requires a gradient is refused, as its path would be cut.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import arraylike
from autograd.numpy.linalg import LinAlgError, det, inv, norm, pinv
from autograd.numpy.norms import refuse
from autograd.ops import matrix_equations as _equations

__all__ = [
    "LinAlgError",
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "det",
    "inv",
    "norm",
    "pinv",
    "solve",
    "solve_banded",
    "solve_sylvester",
    "solve_triangular",
    "sqrtm",
]


def _operands(*xs: Any) -> tuple[Any, ...]:
    """Arrays in a floating dtype."""
    arrays = [arraylike(x, like=tuple(xs)) for x in xs]
    return tuple([np.astype(x, "float64") if getattr(x.dtype, "kind", "f") in "biu" else x for x in arrays])


def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """x with T·x = b for the triangle T of ``a``; half the work of a general solve, and no pivoting.

    Args:
        a: (n, n); what is not in the triangle is not read, and gets a gradient of 0.
        b: (n,) or (n, k).
        trans: 0 or ``"N"`` for T, 1 or ``"T"`` for its transpose, 2 or ``"C"`` for the conjugate of that.
        lower: T is the lower triangle.
        unit_diagonal: T has ones on its diagonal, which is not read.
        overwrite_b, check_finite: accepted as SciPy's, without effect.

    Raises:
        LinAlgError: not square, or a 0 on the diagonal.
        ValueError: b does not fit, or another ``trans``.

    >>> solve_triangular([[2.0, 9.0], [1.0, 4.0]], [2.0, 9.0], lower=True)
    array([1., 2.])
    """
    a, b = _operands(a, b)
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: expected trans 0, 1, 2, 'N', 'T' or 'C'; got {trans!r}. Choose one.")
    refuse("solve_triangular", a)
    if trans not in (0, "N"):
        a, lower = (np.conj(a) if trans in (2, "C") else a).mT, not lower
    return _equations.solve_triangular(a, b, lower=bool(lower), unit=bool(unit_diagonal))


def solve_banded(
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """x with A·x = b for a banded A, given by its diagonals: ``ab[u + i - j, j] = A[i, j]``.

    Args:
        l_and_u: how many diagonals are below and above the main one.
        ab: (l + u + 1, n); its entries outside A are not read, and get a gradient of 0.
        b: (n,) or (n, k).
        overwrite_ab, overwrite_b, check_finite: accepted as SciPy's, without effect.

    Raises:
        LinAlgError: A is singular.
        ValueError: shapes don't fit.

    >>> solve_banded((1, 0), [[1.0, 2.0], [1.0, 0.0]], [1.0, 5.0])
    array([1., 2.])
    """
    below, above = l_and_u
    ab, b = _operands(ab, b)
    return _equations.solve_banded(ab, b, below=int(below), above=int(above))


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """X with A·X + X·B = Q.

    Args:
        a, b: (m, m) and (n, n); no eigenvalue of one is minus one of the other's.
        q: (m, n).

    Raises:
        LinAlgError, ValueError: shapes don't fit, or the solution is not unique.

    >>> solve_sylvester([[1.0]], [[3.0]], [[8.0]])
    array([[2.]])
    """
    return _equations.solve_sylvester(*_operands(a, b, q))


def sqrtm(A: Any, disp: bool = True, blocksize: int = 64) -> Any:
    """The principal square root X of a square matrix: X·X = A.

    It is complex where a real A has negative eigenvalues; that takes SciPy, and so main memory.

    Args:
        A: (n, n), without the eigenvalue 0, where there is no derivative.
        disp: False gives ``(X, ‖X·X - A‖/‖A‖)``.
        blocksize: accepted as SciPy's, without effect.

    Raises:
        LinAlgError: A is not square.

    >>> sqrtm([[4.0, 0.0], [0.0, 9.0]])
    array([[2., 0.],
           [0., 3.]])
    """
    (A,) = _operands(A)
    refuse("sqrtm", A)
    root = _equations.sqrtm(A)
    return root if disp else (root, norm(root @ root - A) / norm(A))


def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The triangular factor of a positive definite matrix: the upper U with Uᴴ·U = a, or the lower L with L·Lᴴ = a.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 1.],
           [0., 2.]])
    """
    return np.linalg.cholesky(*_operands(a), upper=not lower)


def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, bool]:
    """What ``cho_solve`` takes: the Cholesky factor, and whether it is the lower one.

    >>> cho_factor([[4.0]])
    (array([[2.]]), False)
    """
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with a·x = b, from the factor that ``cho_factor(a)`` gave.

    >>> cho_solve(cho_factor([[4.0]]), [8.0])
    array([2.])
    """
    c, lower = c_and_lower
    first, then = (0, "C") if lower else ("C", 0)
    return solve_triangular(c, solve_triangular(c, b, trans=first, lower=lower), trans=then, lower=lower)


def solve(a: Any, b: Any) -> Any:
    """x with a·x = b; b is a vector (n,) or a matrix (n, k).

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0])
    array([1., 1.])
    """
    return np.linalg.solve(*_operands(a, b))


def block_diag(*arrs: Any) -> Any:
    """The matrix with these matrices (vectors are rows, numbers 1×1) along its diagonal, and zeros.

    >>> block_diag([[1.0, 2.0]], 3.0)
    array([[1., 2., 0.],
           [0., 0., 3.]])
    """
    blocks = [np.atleast_2d(x) for x in arrs] or [np.zeros((1, 0))]
    for block in blocks:
        if len(block.shape) != 2:
            raise ValueError(f"block_diag: expected matrices; got shape {tuple(block.shape)}. Take them apart first.")
    width = sum([block.shape[1] for block in blocks])
    rows, before = [], 0
    for block in blocks:
        rows.append(np.pad(block, ((0, 0), (before, width - before - block.shape[1]))))
        before += block.shape[1]
    return np.concatenate(rows, axis=0)


def __getattr__(name: str) -> Any:
    """SciPy's own function, for plain arrays."""
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}.")
    try:
        import scipy.linalg
    except ImportError:
        raise ImportError(
            f"scipy.linalg.{name}: expected SciPy for this function; it is not installed. "
            "Install it with: pip install 'xpgrad[scipy]'"
        ) from None
    return getattr(scipy.linalg, name)

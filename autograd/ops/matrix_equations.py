"""Equations of matrices with structure: triangular, banded, Sylvester's, square roots. Imports ``ops``, ``backends``.

For single matrices a backend may have functions of LAPACK (``Backend.solver``); the formulas here serve where it has
none, and stacks. Pairings and conjugates are as in ``ops.linalg``. Loaded with ``autograd.scipy.linalg``.
"""

from __future__ import annotations

from typing import Any

import backends
from autograd.ops.index import scatter_index
from autograd.ops.join import stack
from autograd.ops.linalg import wrong_dtype, wrong_matrix
from autograd.ops.reduce import sum
from autograd.ops.shape import tril, triu
from autograd.primitive import primitive


def _solver(name: str, *xs: Any) -> Any:
    """The backend's function, where all operands are single matrices or vectors."""
    return backends.of(xs[0]).solver(name) if all([x.ndim <= 2 for x in xs]) else None


# Triangular matrices ----------------------------------------------------------------------------------------


@primitive(linear="b")
def solve_triangular(xp: Any, a: Any, b: Any, /, *, lower: bool, unit: bool) -> Any:
    """x with T·x = b, T the lower or upper triangle of a, with ones on its diagonal for ``unit``."""
    solver = _solver("solve_triangular", a, b)
    if solver is not None:
        return solver(a, b, lower=lower, unit_diagonal=unit, check_finite=False)
    t = xp.tril(a, -1 if unit else 0) if lower else xp.triu(a, 1 if unit else 0)
    t = t + xp.eye(a.shape[-1], dtype=a.dtype) if unit else t
    return xp.linalg.solve(t, b)


def triangle(x: Any, lower: bool, unit: bool) -> Any:
    """The part of ``x`` that a triangular solve reads."""
    return tril(x, k=-1 if unit else 0) if lower else triu(x, k=1 if unit else 0)


def _triangular_a(g: Any, a: Any, out: Any, lower: bool, unit: bool) -> Any:
    """T·x = b: dx = T⁻¹·(db - dT·x)."""
    y = solve_triangular(a.mT, g, lower=not lower, unit=unit)
    one = len(out.shape) == 1
    return triangle(-(y[:, None] * out[None, :] if one else y @ out.mT), lower, unit)


solve_triangular.vjp(a=_triangular_a, b=lambda g, a, lower, unit: solve_triangular(a.mT, g, lower=not lower, unit=unit))
solve_triangular.jvp(
    a=lambda t, a, out, lower, unit: -solve_triangular(a, triangle(t, lower, unit) @ out, lower=lower, unit=unit),
)


@solve_triangular.explains
def _triangular_hint(a: Any, b: Any, *, lower: bool, unit: bool) -> str | None:
    wrong = wrong_matrix(a) or wrong_dtype(b, "b")
    if wrong:
        return wrong
    if not b.shape or b.shape[-2 if len(b.shape) > 1 else 0] != a.shape[-1]:
        return (
            f"expected b with as many rows as a has; a is {tuple(a.shape)}, b is {tuple(b.shape)}. "
            "Transpose or cut one of them"
        )
    return (
        f"expected a diagonal without 0; a, {tuple(a.shape)}, has one there. Add to the diagonal, or use "
        "numpy.linalg.lstsq"
    )


# Banded matrices --------------------------------------------------------------------------------------------


@primitive(linear="b")
def solve_banded(xp: Any, ab: Any, b: Any, /, *, below: int, above: int) -> Any:
    """x with A·x = b, where ``A[i, j] = ab[above + i - j, j]`` is 0 beyond ``below`` and ``above`` the diagonal."""
    solver = _solver("solve_banded", ab, b)
    if solver is not None:
        return solver((below, above), ab, b, check_finite=False)
    n = ab.shape[1]
    a = xp.zeros((n, n), dtype=ab.dtype)
    for row in range(below + above + 1):
        k = above - row  # the diagonal this row holds
        if abs(k) < n:
            a = a + xp.diag(ab[row, max(k, 0) : n + min(k, 0)], k)
    return xp.linalg.solve(a, b)


def _shifted(x: Any, by: int) -> Any:
    """``out[j] = x[j + by]`` along the first axis, 0 where there is none."""
    n = x.shape[0]
    if abs(by) >= n:
        return x * 0
    place, taken = (slice(0, n - by), slice(by, n)) if by >= 0 else (slice(-by, n), slice(0, n + by))
    return scatter_index(x[taken], index=(place,), shape=tuple(x.shape))


def _transposed_bands(ab: Any, below: int, above: int) -> Any:
    """The bands of Aᵀ: its row r holds ``A[j, j + r - below]``, which is ab's row ``above + below - r``, shifted."""
    return stack(*[_shifted(ab[above + below - r], r - below) for r in range(below + above + 1)], axis=0)


def _banded_b(g: Any, ab: Any, below: int, above: int) -> Any:
    return solve_banded(_transposed_bands(ab, below, above), g, below=above, above=below)


def _banded_ab(g: Any, ab: Any, out: Any, below: int, above: int) -> Any:
    y = _banded_b(g, ab, below, above)
    rows = [-_shifted(y, r - above) * out for r in range(below + above + 1)]
    rows = [sum(row, axis=(1,), keepdims=False) if len(out.shape) > 1 else row for row in rows]
    return stack(*rows, axis=0)


solve_banded.vjp(ab=_banded_ab, b=_banded_b)


@solve_banded.explains
def _banded_hint(ab: Any, b: Any, *, below: int, above: int) -> str | None:
    wrong = wrong_dtype(ab, "ab") or wrong_dtype(b, "b")
    if wrong:
        return wrong
    if len(ab.shape) != 2 or ab.shape[0] != below + above + 1 or not b.shape or b.shape[0] != ab.shape[1]:
        return (
            f"expected ab of (lower + upper + 1, n) = ({below + above + 1}, n), and b of n rows; ab is "
            f"{tuple(ab.shape)}, b is {tuple(b.shape)}. Pad the bands with zeros: ab[upper + i - j, j] = a[i, j]"
        )
    return "expected an invertible matrix; got a singular one. Add to its diagonal, the row ab[upper]"


# Sylvester's equation, and square roots ---------------------------------------------------------------------


@primitive(linear="q")
def solve_sylvester(xp: Any, a: Any, b: Any, q: Any, /) -> Any:
    """X with A·X + X·B = Q, unique where no eigenvalue of A is minus one of B (Bartels, Stewart 1972)."""
    solver = _solver("solve_sylvester", a, b, q)
    if solver is not None:
        return solver(a, b, q)
    m, n = a.shape[-1], b.shape[-1]
    eye = xp.kron(a, xp.eye(n, dtype=a.dtype)) + xp.kron(xp.eye(m, dtype=b.dtype), b.T)
    return xp.linalg.solve(eye, q.reshape(m * n)).reshape(m, n)


def _sylvester_vjp(g: Any, needs: Any, a: Any, b: Any, out: Any) -> Any:
    """A·dX + dX·B = dQ - dA·X - X·dB."""
    y = solve_sylvester(a.mT, b.mT, g)
    return [-(y @ out.mT) if needs[0] else None, -(out.mT @ y) if needs[1] else None, y]


solve_sylvester.vjp_all(_sylvester_vjp)
solve_sylvester.jvp(
    a=lambda t, a, b, out: -solve_sylvester(a, b, t @ out),
    b=lambda t, a, b, out: -solve_sylvester(a, b, out @ t),
)


@solve_sylvester.explains
def _sylvester_hint(a: Any, b: Any, q: Any) -> str | None:
    wrong = wrong_matrix(a) or wrong_matrix(b, name="b") or wrong_matrix(q, square=False, name="q")
    if wrong:
        return wrong
    if q.shape != (a.shape[-1], b.shape[-1]):
        return (
            f"expected q of (a's size, b's size) = {(a.shape[-1], b.shape[-1])}; a is {tuple(a.shape)}, b is "
            f"{tuple(b.shape)}, q is {tuple(q.shape)}. Transpose or cut it"
        )
    return "expected no eigenvalue of a to be minus one of b; got such a pair. Add to a's diagonal"


# So many steps of the iteration reach rounding from a condition of 1e12, and stay there.
_STEPS = 48


@primitive
def sqrtm(xp: Any, a: Any, /) -> Any:
    """The principal X with X·X = A; complex where a real A has negative eigenvalues, which takes SciPy."""
    solver = _solver("sqrtm", a)
    if solver is not None:
        out = solver(a)
        return out if out.dtype.itemsize <= 2 * a.dtype.itemsize else out.astype(a.dtype)
    # Denman, Beavers 1976: Newton's iteration for √A and its inverse, of a matrix scaled to norm 1.
    size = xp.sqrt((abs(a) ** 2).sum())
    x, y = a / size, xp.eye(a.shape[-1], dtype=a.dtype)
    for _ in range(_STEPS):
        x, y = (x + xp.linalg.inv(y)) / 2, (y + xp.linalg.inv(x)) / 2
    return x * xp.sqrt(size)


# X·dX + dX·X = dA
sqrtm.vjp(a=lambda g, out: solve_sylvester(out.mT, out.mT, g))
sqrtm.jvp(a=lambda t, out: solve_sylvester(out, out, t))
sqrtm.explains(lambda a: wrong_matrix(a))

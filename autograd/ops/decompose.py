"""Factorisations: cholesky, svd, qr. Imports ``autograd.primitive`` and ``ops.{arithmetic,join,linalg,reduce}``.

Leading axes are batches. Equal eigenvalues (or singular values) contribute 0 to the gradients of the vectors: which
vectors span their space is arbitrary. Signs and phases are arbitrary too; functions that do not depend on them have
the gradients one expects. Sources: Giles 2008 (see ``ops.linalg``); J. Townsend, "Differentiating the singular value
decomposition", 2016; M. Seeger et al., "Auto-differentiating linear algebra", 2017; C. Boeddeker et al., "On the
computation of complex-valued gradients", 2017; Z.-Q. Wan and S.-X. Zhang, "Automatic differentiation for complex valued
SVD", 2019. They conjugate cotangents; here nothing is (see ``ops.linalg``).
"""

from __future__ import annotations

from typing import Any

from autograd.ops.arithmetic import equal, imag, not_equal, real
from autograd.ops.join import concatenate
from autograd.ops.linalg import adjoint, plain_conj, solve, wrong_matrix
from autograd.ops.reduce import sum
from autograd.primitive import primitive


@primitive(linear="x")
def half_tril(xp: Any, x: Any, /) -> Any:
    """The lower triangle, with half of the diagonal."""
    return 0.5 * (xp.tril(x) + xp.tril(x, -1))


half_tril.vjp(x=lambda g: half_tril(g))


def hermitian(x: Any, uplo: str = "L") -> Any:
    """The Hermitian matrix that agrees with ``x`` in one triangle."""
    half = half_tril(x if uplo == "L" else adjoint(x))
    return half + adjoint(half)


def hermitian_part(x: Any) -> Any:
    """The Hermitian matrix nearest to ``x``: the mean of it and its adjoint."""
    return 0.5 * (x + adjoint(x))


def of_triangle(x: Any, uplo: str = "L") -> Any:
    """What a cotangent of a Hermitian matrix gives the triangle it was read from."""
    lower = half_tril(x + adjoint(x))
    return lower if uplo == "L" else adjoint(lower)


def column_sums(x: Any) -> Any:
    """Σ_i x[…, i, j]."""
    return sum(x, axis=(len(x.shape) - 2,), keepdims=False)


def inverse_gaps(w: Any) -> Any:
    """``1 / (w_j - w_i)``, and 0 where the two are equal."""
    gaps = w[..., None, :] - w[..., :, None]
    return not_equal(gaps, 0) / (gaps + equal(gaps, 0))


def inverse(s: Any) -> Any:
    """``1 / s``, and 0 where s is 0."""
    return not_equal(s, 0) / (s + equal(s, 0))


def plus(a: Any, b: Any) -> Any:
    """The sum of two contributions, of which the first may be missing."""
    return b if a is None else a + b


# Cholesky ---------------------------------------------------------------------------------------------------


@primitive
def cholesky(xp: Any, a: Any, /) -> Any:
    """The lower-triangular L with L·Lᴴ = A; the values read only A's lower triangle, the derivatives take A's half.

    That is the half of A and its adjoint: both triangles move, as in every library that differentiates it.
    """
    return xp.linalg.cholesky(a)


def _cholesky_vjp(g: Any, out: Any) -> Any:
    """dL = L·Φ(L⁻¹·dA·L⁻ᴴ), where Φ takes the lower triangle with half of the diagonal."""
    middle = half_tril(out.mT @ g)
    left = solve(out.mT, middle)
    return hermitian_part(solve(adjoint(out), left.mT).mT)


def _cholesky_jvp(t: Any, out: Any) -> Any:
    left = solve(out, hermitian_part(t))
    return out @ half_tril(adjoint(solve(out, adjoint(left))))


cholesky.vjp(a=_cholesky_vjp)
cholesky.jvp(a=_cholesky_jvp)


@cholesky.explains
def _cholesky_hint(a: Any) -> str:
    return wrong_matrix(a) or (
        f"expected a positive definite matrix; a, {tuple(a.shape)}, holds one that is not. "
        "Add to its diagonal, or use eigh, whose eigenvalues show how far it is off"
    )


def not_converged(a: Any, square: bool = True) -> str:
    """Why eigenvalues or singular values could not be had."""
    return wrong_matrix(a, square) or (
        f"expected finite elements, with which the iteration ends; it did not for a, {tuple(a.shape)}. "
        "Look for NaN and infinity"
    )


# Singular values --------------------------------------------------------------------------------------------


@primitive(outputs="u s vh")
def svd(xp: Any, a: Any, /, *, full_matrices: bool) -> Any:
    return tuple(xp.linalg.svd(a, full_matrices=full_matrices))


def _svd_vjp(g: Any, u: Any, s: Any, vh: Any) -> Any:
    """With P = Uᴴ·dA·V and F_ij = 1 / (s_j² - s_i²):

    ds = Re diag(P); dU = U·(F ∘ (P·S + S·Pᴴ) + i·Im diag(P)/S) + (1 - U·Uᴴ)·dA·V/S; dV = V·(F ∘ (S·P + Pᴴ·S))
    + (1 - V·Vᴴ)·dAᴴ·U/S. The vectors that full matrices have beyond these turn just so far as to stay orthogonal.
    """
    gu, gs, gvh = g
    k = s.shape[-1]
    u1, v1 = u[..., :k], vh[..., :k, :]
    cu, cv = plain_conj(u1), plain_conj(v1)
    row, column = s[..., None, :], s[..., :, None]
    total = None
    if gs is not None:
        total = (cu * gs[..., None, :]) @ cv
    if gu is None and gvh is None:
        return total
    gaps = inverse_gaps(s) / _nonzero(row + column)
    middle: Any = None
    if gu is not None:
        gu1 = gu[..., :k]
        turn = u1.mT @ gu1
        e = gaps * turn
        middle = (e + adjoint(e)) * row
        scaled = None
        if u.shape[-1] > k:
            u2, gu2 = u[..., k:], gu[..., k:]
            scaled = plain_conj(u2) @ (u2.mT @ gu1 - adjoint(u1.mT @ gu2))
        elif u.shape[-2] > k:
            scaled = gu1 - cu @ turn
        if u.dtype.kind == "c":
            phase = cu * (1j * imag(column_sums(u1 * gu1)))[..., None, :]
            scaled = phase if scaled is None else scaled + phase
        if scaled is not None:
            total = plus(total, (scaled * inverse(row)) @ cv)
    if gvh is not None:
        gv1 = gvh[..., :k, :]
        turn = cv @ adjoint(gv1)
        e = gaps * turn
        middle = plus(middle, column * (e + adjoint(e)))
        scaled = None
        if vh.shape[-2] > k:
            v2, gv2 = vh[..., k:, :], gvh[..., k:, :]
            scaled = (gv1 @ v2.mT - adjoint(gv2 @ v1.mT)) @ plain_conj(v2)
        elif vh.shape[-1] > k:
            scaled = gv1 - (gv1 @ v1.mT) @ cv
        if scaled is not None:
            total = plus(total, cu @ (inverse(column) * scaled))
    return plus(total, cu @ middle @ cv)


def _nonzero(x: Any) -> Any:
    return x + equal(x, 0)


svd.vjp(a=_svd_vjp)


@primitive
def svdvals(xp: Any, a: Any, /) -> Any:
    """The singular values alone, in descending order; the vectors are computed when a gradient needs them."""
    return xp.linalg.svd(a, compute_uv=False)


def singular_values_vjp(g: Any, a: Any) -> Any:
    """ds = Re diag(Uᴴ·dA·V)."""
    u, _, vh = svd(a, full_matrices=False)
    return (plain_conj(u) * g[..., None, :]) @ plain_conj(vh)


def _svdvals_jvp(t: Any, a: Any) -> Any:
    u, _, vh = svd(a, full_matrices=False)
    return real(column_sums(plain_conj(u) * (t @ adjoint(vh))))


svdvals.vjp(a=singular_values_vjp)
svdvals.jvp(a=_svdvals_jvp)
svdvals.explains(lambda a: not_converged(a, square=False))


@svd.explains
def _svd_hint(a: Any, *, full_matrices: bool) -> str:
    return not_converged(a, square=False)


# QR ---------------------------------------------------------------------------------------------------------


@primitive(outputs="q r")
def qr(xp: Any, a: Any, /, *, mode: str) -> Any:
    """A = Q·R with orthonormal columns in Q and upper-triangular R; ``mode`` is "reduced" or "complete"."""
    return tuple(xp.linalg.qr(a, mode))


def _qr_vjp(g: Any, q: Any, r: Any) -> Any:
    """With C = Qᴴ·dA·R⁻¹: dR·R⁻¹ is its upper triangle and the adjoint of what is strictly below, dQ follows.

    The first min(m, n) columns must be independent. Of a wide matrix [X, Y] those are X = Q·U, and the rest is Qᴴ·Y.
    What complete mode adds to Q turns just so far as to stay orthogonal.
    """
    gq, gr = g
    m, n = q.shape[-2], r.shape[-1]
    k = m if m < n else n
    q1, r1 = q[..., :k], r[..., :k, :k]
    c1 = plain_conj(q1)
    gq1 = None if gq is None else gq[..., :k]
    rest: Any = None
    if gr is not None:
        gr = gr[..., :k, :]
        if m < n:
            gr, gy = gr[..., :k], gr[..., k:]
            gq1 = plus(gq1, plain_conj(q1 @ r[..., k:]) @ adjoint(gy))
            rest = c1 @ gy
    w = q1.mT @ gq1 if gq1 is not None else None
    if gr is not None:
        upper = gr @ r1.mT
        w = -upper if w is None else w - upper
    inner = c1 @ (half_tril(w - adjoint(w)) - w)
    if gq1 is not None:
        inner = inner + gq1
        if q.shape[-1] > k:
            inner = inner - plain_conj(q[..., k:]) @ adjoint(q1.mT @ gq[..., k:])
    first = solve(r1, inner.mT).mT
    if m >= n:
        return first
    return concatenate(first, r[..., k:] * 0 if rest is None else rest, axis=len(q.shape) - 1)


qr.vjp(a=_qr_vjp)


@qr.explains
def _qr_hint(a: Any, *, mode: str) -> str | None:
    return wrong_matrix(a, square=False)

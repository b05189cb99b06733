"""Eigenvalues and eigenvectors. Imports ``autograd.primitive`` and ``ops.{arithmetic,decompose,linalg,shape}``.

What ``ops.decompose`` says of batches, equal values, signs and sources holds here too.
"""

from __future__ import annotations

from typing import Any

from autograd.ops.arithmetic import real
from autograd.ops.decompose import column_sums, hermitian, inverse_gaps, not_converged, of_triangle, plus
from autograd.ops.linalg import adjoint, plain_conj, solve
from autograd.ops.shape import diagonal
from autograd.primitive import primitive

# Hermitian eigenvalues ----------------------------------------------------------------------------------------


@primitive(outputs="w v")
def eigh(xp: Any, a: Any, /, *, uplo: str) -> Any:
    """Eigenvalues, ascending, and eigenvectors of the Hermitian matrix whose lower ("L") or upper triangle a holds."""
    return tuple(xp.linalg.eigh(a, uplo))


def _eigh_vjp(g: Any, w: Any, v: Any, uplo: str) -> Any:
    """dw = diag(Vᴴ·dA·V), dV = V·(F ∘ Vᴴ·dA·V), where F_ij = 1 / (w_j - w_i)."""
    gw, gv = g
    c = plain_conj(v)
    left = c * gw[..., None, :] if gw is not None else None
    if gv is not None:
        left = plus(left, c @ (inverse_gaps(w) * (v.mT @ gv)))
    return of_triangle(left @ v.mT, uplo)


def _eigh_jvp(t: Any, w: Any, v: Any, uplo: str) -> Any:
    moved = hermitian(t, uplo) @ v
    return real(column_sums(plain_conj(v) * moved)), v @ (inverse_gaps(w) * (adjoint(v) @ moved))


eigh.vjp(a=_eigh_vjp)
eigh.jvp(a=_eigh_jvp)


@primitive
def eigvalsh(xp: Any, a: Any, /, *, uplo: str) -> Any:
    """The eigenvalues alone, in ascending order; the vectors are computed when a gradient needs them."""
    return xp.linalg.eigvalsh(a, uplo)


def _eigvalsh_vjp(g: Any, a: Any, uplo: str) -> Any:
    w, v = eigh(a, uplo=uplo)
    return _eigh_vjp((g, None), w, v, uplo)


def _eigvalsh_jvp(t: Any, a: Any, uplo: str) -> Any:
    w, v = eigh(a, uplo=uplo)
    return _eigh_jvp(t, w, v, uplo)[0]


eigvalsh.vjp(a=_eigvalsh_vjp)
eigvalsh.jvp(a=_eigvalsh_jvp)


def _eigh_hint(a: Any, *, uplo: str) -> str:
    return not_converged(a)


eigh.explains(_eigh_hint)
eigvalsh.explains(_eigh_hint)


# General eigenvalues ----------------------------------------------------------------------------------------


@primitive(outputs="w v")
def eig(xp: Any, a: Any, /) -> Any:
    """Eigenvalues and eigenvectors of length 1 (the columns)."""
    return tuple(xp.linalg.eig(a))


def _eig_vjp(g: Any, w: Any, v: Any) -> Any:
    """dw = diag(M) with M = V⁻¹·dA·V, and dV = V·(F ∘ M) made orthogonal, in its real part, to each vector of V."""
    gw, gv = g
    right = gw[..., :, None] * v.mT if gw is not None else None
    if gv is not None:
        along = column_sums(v * gv)
        along = real(along) if along.dtype.kind == "c" else along
        pulled = v.mT @ gv - (v.mT @ plain_conj(v)) * along[..., None, :]
        right = plus(right, (inverse_gaps(w) * pulled) @ v.mT)
    return solve(v.mT, right)


def _eig_jvp(t: Any, w: Any, v: Any) -> Any:
    moved = solve(v, t @ v)
    change = v @ (inverse_gaps(w) * moved)
    along = column_sums(plain_conj(v) * change)
    along = real(along) if along.dtype.kind == "c" else along
    n = len(v.shape)
    return diagonal(moved, offset=0, axis1=n - 2, axis2=n - 1), change - v * along[..., None, :]


eig.vjp(a=_eig_vjp)
eig.jvp(a=_eig_jvp)
eig.explains(lambda a: not_converged(a))

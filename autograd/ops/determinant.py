"""Determinants. Imports ``autograd.primitive`` and ``ops.{arithmetic,linalg,reduce}``."""

from __future__ import annotations

from typing import Any

from autograd.ops.arithmetic import imag, real
from autograd.ops.linalg import inv, wrong_matrix
from autograd.ops.reduce import sum
from autograd.primitive import primitive


def _total(x: Any) -> Any:
    """The sum over the last two axes."""
    n = len(x.shape)
    return sum(x, axis=(n - 2, n - 1), keepdims=False)


@primitive
def det(xp: Any, a: Any, /) -> Any:
    return xp.linalg.det(a)


# Of the cofactors, which exist for singular matrices too.
det.vjp(a=lambda g, a: g[..., None, None] * cofactors(a))
det.jvp(a=lambda t, a: _total(cofactors(a) * t))


@primitive
def cofactors(xp: Any, a: Any, /) -> Any:
    """The matrix of cofactors, det(A)·A⁻ᵀ: the gradient of the determinant, whatever the rank.

    With A = U·diag(s)·Vᴴ it is det(U·Vᴴ)·Ū·diag(Π of the other s)·V̄ᴴ; up to size 3 it is written out.
    """
    n = a.shape[-1]
    if n == 1:
        return xp.ones_like(a)
    if n == 2:
        (p, q), (r, s) = _rows(a[..., 0, :]), _rows(a[..., 1, :])
        return xp.stack([xp.stack([s, -r], axis=-1), xp.stack([-q, p], axis=-1)], axis=-2)
    if n == 3:
        p, q, r = a[..., 0, :], a[..., 1, :], a[..., 2, :]
        return xp.stack([xp.cross(q, r), xp.cross(r, p), xp.cross(p, q)], axis=-2)
    if a.size == 0:
        return xp.zeros_like(a)
    u, s, vh = xp.linalg.svd(a)
    before, after = _partial_products(xp, s)
    phase = (xp.linalg.det(u) * xp.linalg.det(vh))[..., None]
    return (xp.conj(u) * (phase * before * after)[..., None, :]) @ xp.conj(vh)


def _rows(x: Any) -> list[Any]:
    return [x[..., i] for i in range(x.shape[-1])]


def _partial_products(xp: Any, s: Any) -> tuple[Any, Any]:
    """The products of the elements of the last axis before each, and after each."""
    one = xp.ones_like(s[..., :1])
    before = xp.cumprod(xp.concatenate([one, s[..., :-1]], axis=-1), axis=-1)
    after = xp.cumprod(xp.concatenate([one, s[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return before, after


cofactors.vjp(a=lambda g, a: cofactor_change(a, g))
cofactors.jvp(a=lambda t, a: cofactor_change(a, t))


@primitive(linear="h")
def cofactor_change(xp: Any, a: Any, h: Any, /) -> Any:
    """How the cofactors of ``a`` change along ``h``: the second derivative of the determinant, whatever the rank.

    In the basis of the singular vectors, H = Uᴴ·h·V, the change is Σ_k P_ik·H_kk on the diagonal and -P_ij·H_ji off it,
    where P_ij is the product of all singular values but the i-th and the j-th.
    """
    n = a.shape[-1]
    if n == 1 or a.size == 0:
        return xp.zeros_like(h)
    u, s, vh = xp.linalg.svd(a)
    before, after = _partial_products(xp, s)
    # Row i: the product of the elements strictly between i and j.
    between = xp.where(xp.tri(n, k=0, dtype=bool), 1, xp.broadcast_to(s[..., None, :], a.shape))
    between = xp.cumprod(xp.concatenate([xp.ones_like(s[..., :, None]), between[..., :-1]], axis=-1), axis=-1)
    p = xp.triu(before[..., :, None] * between * after[..., None, :], 1)
    p = p + p.swapaxes(-1, -2)
    turned = xp.conj(u).swapaxes(-1, -2) @ h @ xp.conj(vh).swapaxes(-1, -2)
    diagonal = turned.diagonal(0, -2, -1)
    change = -p * turned.swapaxes(-1, -2)
    on = xp.eye(n, dtype=bool)
    change = xp.where(on, (p @ diagonal[..., None]), change)
    phase = (xp.linalg.det(u) * xp.linalg.det(vh))[..., None, None]
    return phase * (xp.conj(u) @ change @ xp.conj(vh))


def _cofactor_change_a(g: Any, a: Any, h: Any) -> Any:
    """The third derivative, by the inverse: of c·[tr(Yᵀg)·tr(Yᵀh) - tr(hᵀ·Y·gᵀ·Y)] with c = det A and Y = A⁻ᵀ."""
    y = inv(a).mT
    yg, yh = y @ g.mT @ y, y @ h.mT @ y
    tg, th = _total(y * g)[..., None, None], _total(y * h)[..., None, None]
    mixed = _total(h * yg)[..., None, None]
    inner = y * (tg * th - mixed) - th * yg - tg * yh + yg @ h.mT @ y + yh @ g.mT @ y
    return det(a)[..., None, None] * inner


# The second derivative is symmetric: as a map of h it is its own transpose.
cofactor_change.vjp(a=_cofactor_change_a, h=lambda g, a: cofactor_change(a, g))


@primitive(outputs="sign logabsdet")
def slogdet(xp: Any, a: Any, /) -> Any:
    return tuple(xp.linalg.slogdet(a))


def _slogdet_vjp(g: Any, a: Any, sign: Any) -> Any:
    """d log det A = tr(A⁻¹·dA) = ζ: the logarithm of the size changes by Re ζ, the sign by i·Im ζ·sign."""
    gs, gl = g
    if sign.dtype.kind != "c":
        return None if gl is None else gl[..., None, None] * inv(a).mT
    scale: Any = 0 if gs is None else 1j * imag(gs * sign)
    scale = scale if gl is None else scale + gl
    return scale[..., None, None] * inv(a).mT


def _slogdet_jvp(t: Any, a: Any, sign: Any) -> Any:
    change = _total(inv(a).mT * t)
    if sign.dtype.kind != "c":
        return change * 0, change
    return 1j * imag(change) * sign, real(change)


slogdet.vjp(a=_slogdet_vjp)
slogdet.jvp(a=_slogdet_jvp)
for _function in (det, slogdet):
    _function.explains(lambda a: wrong_matrix(a))

"""Pseudo-inverse and least squares. Imports ``autograd.primitive`` and ``ops.{decompose,linalg}``."""

from __future__ import annotations

from typing import Any

from autograd.ops.decompose import singular_values_vjp
from autograd.ops.linalg import adjoint, plain_conj, wrong_dtype, wrong_matrix
from autograd.primitive import primitive


@primitive
def pinv(xp: Any, a: Any, /, *, rcond: Any) -> Any:
    """The Moore-Penrose inverse; singular values up to ``rcond`` times the largest count as 0."""
    return xp.linalg.pinv(a, rcond)


def _pinv_vjp(g: Any, a: Any, out: Any) -> Any:
    """Y = A⁺: dY = -Y·dA·Y + Y·Yᴴ·dAᴴ·(1 - A·Y) + (1 - Y·A)·dAᴴ·Yᴴ·Y, while the rank stays.

    G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems", 1973.
    """
    y, c = out.mT, plain_conj(out)
    left = adjoint(g) @ c @ y
    right = y @ c @ adjoint(g)
    return (left - y @ (a.mT @ left)) + (right - (right @ a.mT) @ y) - y @ g @ y


def _pinv_jvp(t: Any, a: Any, out: Any) -> Any:
    h, s = adjoint(t), adjoint(out)
    left = out @ s @ h
    right = h @ s @ out
    return (left - (left @ a) @ out) + (right - out @ (a @ right)) - out @ t @ out


pinv.vjp(a=_pinv_vjp)
pinv.jvp(a=_pinv_jvp)


@pinv.explains
def _pinv_hint(a: Any, *, rcond: Any) -> str | None:
    return wrong_matrix(a, square=False)


@primitive(outputs="x residuals rank s")
def lstsq(xp: Any, a: Any, b: Any, /, *, rcond: Any) -> Any:
    """The x of smallest norm among those that make |a·x - b| smallest; a is a matrix, b one or a vector."""
    return tuple(xp.linalg.lstsq(a, b, rcond))


def _lstsq_vjp(g: Any, needs: Any, a: Any, b: Any, x: Any, rcond: Any) -> Any:
    """x = A⁺·b by the rule of the pseudo-inverse, without forming what that rule returns for all of A."""
    gx, gr, _, gs = g
    vector = len(b.shape) == 1
    if vector:
        b, x = b[:, None], x[:, None]
        gx = gx if gx is None else gx[:, None]
    ga: Any = 0
    gb: Any = 0
    if gx is not None or gr is not None:
        rest = b - a @ x
    if gx is not None:
        p = pinv(a, rcond=rcond)
        y = p.mT
        gb = y @ gx
        if needs[0]:
            right = y @ plain_conj(x) @ adjoint(gx)
            ga = plain_conj(rest) @ adjoint(gb) @ y + (right - (right @ a.mT) @ y) - gb @ x.mT
    if gr is not None and gr.shape[0]:  # Σ|r|² of each column; A⁺·r = 0, so x may count as constant
        turn = 2 * gr * plain_conj(rest)
        gb = gb + turn
        ga = ga - turn @ x.mT
    if gs is not None:
        ga = ga + singular_values_vjp(gs, a)
    return [None if ga.__class__ is int else ga, None if gb.__class__ is int else gb[:, 0] if vector else gb]


lstsq.vjp_all(_lstsq_vjp)
lstsq.constant_output("rank")


@lstsq.explains
def _lstsq_hint(a: Any, b: Any, *, rcond: Any) -> str | None:
    wrong = wrong_matrix(a, square=False) or wrong_dtype(b, "b")
    if wrong:
        return wrong
    if len(a.shape) != 2 or not 1 <= len(b.shape) <= 2 or a.shape[0] != b.shape[0]:
        return (
            f"expected a of (m, n) and b of (m,) or (m, k); a is {tuple(a.shape)}, b is {tuple(b.shape)}. "
            "Transpose one, or cut it to the other's rows"
        )
    return None

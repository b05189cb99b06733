"""Products, inverses and solutions of matrices. Imports ``primitive``, ``failures``, ``ops.{arithmetic,reduce,shape}``.

Leading axes are batches throughout. Cotangents pair with tangents without a conjugate, dL = Re Σ g·dx, so that a rule
of an analytic operation holds transposes, and only what conjugates its operand itself brings conjugates in.
Formulas: M. B. Giles, "An extended collection of matrix derivative results", 2008, carried over to this pairing.
"""

from __future__ import annotations

import math
from typing import Any

from autograd.failures import broadcast
from autograd.ops.arithmetic import absolute, conj, equal, not_equal, power, real, sign, where
from autograd.ops.reduce import Axes, aligned, sum
from autograd.ops.scan import accumulator
from autograd.ops.shape import reshape, transpose
from autograd.primitive import primitive

# Products ---------------------------------------------------------------------------------------------------


@primitive(multilinear="a b")
def matmul(xp: Any, a: Any, b: Any, /) -> Any:
    return xp.matmul(a, b)


# A vector is a matrix of one row (a) or one column (b); batch axes that were broadcast are summed where they arrive.
def _matmul_a(g: Any, b: Any, a_spec: Any) -> Any:
    rank = b.ndim
    if rank == 2 and len(a_spec.shape) > 1:
        return matmul(g, b.T)
    if rank == 1:
        return g[..., None] * b if len(a_spec.shape) > 1 else g * b
    if len(a_spec.shape) == 1:
        return matmul(b, g[..., None])[..., 0]
    if len(a_spec.shape) == 2:  # one matrix for the whole batch: one product, not a sum of as many as the batch has
        return matmul(_rows_first(g), _rows_first(b).T)
    return matmul(g, b.mT)


def _matmul_b(g: Any, a: Any, b_spec: Any) -> Any:
    rank, columns = a.ndim, len(b_spec.shape)
    if rank == 2 and columns > 1:
        return matmul(a.T, g)
    if rank == 1:
        return a[..., None] * g[..., None, :] if columns > 1 else g * a
    if columns <= 2:
        rows = math.prod(a.shape[:-1])
        return matmul(reshape(a, shape=(rows, a.shape[-1])).T, reshape(g, shape=(rows, *b_spec.shape[1:])))
    return matmul(a.mT, g)


def _rows_first(x: Any) -> Any:
    """A stack of matrices as one, side by side."""
    n = len(x.shape)
    rows = transpose(x, axes=(n - 2, *range(n - 2), n - 1))
    return reshape(rows, shape=(rows.shape[0], math.prod(rows.shape[1:])))


matmul.vjp(a=_matmul_a, b=_matmul_b)


@matmul.explains
def _matmul_hint(a: Any, b: Any) -> str | None:
    for name, x in (("a", a), ("b", b)):
        if not hasattr(x, "shape"):
            return f"expected two arrays; {name} is {x!r}. Use * for a product with a number"
    if not a.shape or not b.shape:
        return (
            f"expected operands of one dimension or more; a is {a.shape}, b is {b.shape}. "
            "Use * for a product with a number"
        )
    inner = b.shape[-2] if len(b.shape) > 1 else b.shape[0]
    if a.shape[-1] != inner:
        place = "second-last" if len(b.shape) > 1 else "only"
        came = f"a is {tuple(a.shape)}, b is {tuple(b.shape)}"
        return f"a's last axis ({a.shape[-1]}) must equal b's {place} ({inner}); {came}. {_turned(a.shape, b.shape)}"
    return _apart(a, b, "the batch axes")


def _turned(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """What makes the product of these shapes possible."""
    if len(b) > 1 and a[-1] == b[-1]:
        return "Transpose b: b.mT"
    if len(a) > 1 and a[-2] == b[-2 if len(b) > 1 else 0]:
        return "Transpose a: a.mT"
    return "Reshape or index one of them"


def _apart(a: Any, b: Any, what: str) -> str:
    """In words, that other axes than the ones multiplied don't broadcast."""
    return (
        f"{what} must broadcast; a is {tuple(a.shape)}, b is {tuple(b.shape)}. "
        "Counted from the last, make them of equal size, or 1"
    )


@primitive(multilinear="a b")
def cross(xp: Any, a: Any, b: Any, /) -> Any:
    """The vector product of the last axes, which have three elements."""
    return xp.cross(a, b)


cross.vjp(a=lambda g, b: cross(b, g), b=lambda g, a: cross(g, a))
cross.explains(lambda a, b: _apart(a, b, "the other axes"))


# What can be wrong with a matrix -----------------------------------------------------------------------------


def adjoint(x: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    return conj(x).mT if x.dtype.kind == "c" else x.mT


def plain_conj(x: Any) -> Any:
    """The conjugate, and a real array as it is."""
    return conj(x) if x.dtype.kind == "c" else x


def wrong_dtype(x: Any, name: str = "a") -> str | None:
    """In words, why LAPACK does not compute with ``x``; None where it does."""
    if not hasattr(getattr(x, "dtype", None), "kind"):  # a number, or a Tensor of a scalar graph
        return f"expected an array; {name} is {x!r}. Make one, e.g. with tensor([…])"
    if x.dtype.kind in "biufc" and not (x.dtype.kind == "f" and x.dtype.itemsize == 2):
        return None
    return (
        f"expected float32, float64, complex64 or complex128, as LAPACK and cuSOLVER want; {name} is {x.dtype}. "
        f"Cast it first: {name}.astype('float32')"
    )


def wrong_matrix(x: Any, square: bool = True, name: str = "a") -> str | None:
    """In words, why ``x`` is not a (square) matrix that LAPACK computes with; None where it is one."""
    wrong = wrong_dtype(x, name)
    if wrong:
        return wrong
    shape = tuple(x.shape)
    if len(shape) < 2:
        return f"expected a matrix, or a stack of them with leading axes; {name} is {shape}. Give it two axes or more"
    if square and shape[-1] != shape[-2]:
        return (
            f"expected square matrices, the last two axes equal; {name} is {shape}. "
            "For others there are pinv, lstsq, svd and qr"
        )
    return None


def _singular(x: Any) -> str:
    return wrong_matrix(x) or (
        f"expected an invertible matrix; a, {tuple(x.shape)}, holds a singular one. "
        "Use pinv or lstsq, or add to its diagonal"
    )


# Inverse and solution ---------------------------------------------------------------------------------------


@primitive
def inv(xp: Any, a: Any, /) -> Any:
    return xp.linalg.inv(a)


# Y = A⁻¹: dY = -Y·dA·Y
inv.vjp(a=lambda g, out: -(out.mT @ g @ out.mT))
inv.jvp(a=lambda t, out: -(out @ t @ out))
inv.explains(lambda a: _singular(a))


@primitive
def solve(xp: Any, a: Any, b: Any, /) -> Any:
    """x with a·x = b; b is a vector where it has one axis, else a stack of matrices, whose batch axes broadcast."""
    if b.ndim == 1:
        if a.ndim == 2:
            return xp.linalg.solve(a, b)
        return xp.linalg.solve(a, xp.broadcast_to(b[:, None], (*a.shape[:-1], 1)))[..., 0]
    if a.shape[:-2] != b.shape[:-2]:  # NumPy would broadcast them, CuPy does not
        batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = xp.broadcast_to(a, batch + a.shape[-2:]), xp.broadcast_to(b, batch + b.shape[-2:])
    return xp.linalg.solve(a, b)


def broadcast_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape two shapes broadcast to.

    Raises:
        ValueError: they do not.
    """
    shape = broadcast(tuple(a), tuple(b))
    if shape is None:
        raise ValueError(f"expected shapes that broadcast; got {a} and {b}. Make each size equal, or 1.")
    return shape


def _solve_vjp(g: Any, needs: Any, a: Any, out: Any) -> Any:
    """x = A⁻¹·b: dx = A⁻¹·(db - dA·x)."""
    if len(out.shape) >= len(a.shape):
        gb = solve(a.mT, g)
        return [-(gb @ out.mT) if needs[0] else None, gb]
    gb = solve(a.mT, g) if len(a.shape) == 2 else solve(a.mT, g[..., None])[..., 0]
    return [-(gb[..., :, None] * out[..., None, :]) if needs[0] else None, gb]


def _solve_jvp(t: Any, a: Any, b: Any, out: Any) -> Any:
    if len(b.shape) == 1:
        return -solve(a, t @ out[..., None])[..., 0]
    return -solve(a, t @ out)


solve.vjp_all(_solve_vjp)
solve.jvp(a=_solve_jvp, b=lambda t, a: solve(a, t))


@solve.explains
def _solve_hint(a: Any, b: Any) -> str:
    wrong = wrong_matrix(a)
    if wrong:
        return wrong
    if not hasattr(b, "shape") or not b.shape:
        return f"expected b with an axis or more; got {b!r}. Give it a's size {a.shape[-1]}"
    wrong = wrong_dtype(b, "b")
    if wrong:
        return wrong
    rows = b.shape[0] if len(b.shape) == 1 else b.shape[-2]
    if rows != a.shape[-1]:
        place = "only axis" if len(b.shape) == 1 else "second-last axis"
        return (
            f"b's {place} ({rows}) must equal a's size ({a.shape[-1]}); a is {tuple(a.shape)}, b is {tuple(b.shape)}. "
            "A stack of vectors is b[..., None]"
        )
    try:
        broadcast_shapes(a.shape[:-2], b.shape[:-2] if len(b.shape) > 1 else ())
    except ValueError:
        return _apart(a, b, "the batch axes")
    return _singular(a)


# Norms ------------------------------------------------------------------------------------------------------


@primitive
def norm2(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    """√Σ|x|² over ``axis``; its gradient where it is 0 is 0."""
    if x.dtype.kind == "c":
        return xp.sqrt((xp.square(x.real) + xp.square(x.imag)).sum(axis=axis, keepdims=keepdims))
    wide = accumulator(x.dtype)
    if wide is not None:
        return xp.sqrt(xp.square(x.astype(wide)).sum(axis=axis, keepdims=keepdims)).astype(x.dtype)
    return xp.sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def _norm2_vjp(g: Any, x: Any, out: Any, axis: Axes) -> Any:
    return aligned(g / where(equal(out, 0), 1, out), x, axis) * plain_conj(x)


def _norm2_jvp(t: Any, x: Any, out: Any, axis: Axes, keepdims: bool) -> Any:
    slope = sum(plain_conj(x) * t, axis=axis, keepdims=keepdims)
    return (real(slope) if slope.dtype.kind == "c" else slope) / where(equal(out, 0), 1, out)


norm2.vjp(x=_norm2_vjp)
norm2.jvp(x=_norm2_jvp)


@primitive
def norm_p(xp: Any, x: Any, /, *, p: float, axis: Axes, keepdims: bool) -> Any:
    """(Σ|x|ᵖ)^(1/p) over ``axis`` for finite p ≠ 0; its gradient is 0 at elements that are 0, and where it is 0."""
    sizes = xp.absolute(x)
    wide = accumulator(x.dtype)
    if wide is not None:
        sizes = sizes.astype(wide)
    if p == 1:
        out = sizes.sum(axis=axis, keepdims=keepdims)
    else:
        out = (sizes**p).sum(axis=axis, keepdims=keepdims) ** (1.0 / p)
    return out if wide is None else out.astype(x.dtype)


def _norm_p_slope(x: Any, out: Any, p: float, axis: Axes) -> Any:
    """The gradient, ``sign(x)·(|x| / out)^(p - 1)``, conjugated."""
    direction = plain_conj(sign(x))
    if p == 1:
        return direction
    there = not_equal(out, 0)
    size = where(equal(x, 0), 1, absolute(x)) / aligned(where(there, out, 1), x, axis)
    return direction * aligned(there, x, axis) * power(size, p - 1)


def _norm_p_jvp(t: Any, x: Any, out: Any, p: float, axis: Axes, keepdims: bool) -> Any:
    slope = sum(_norm_p_slope(x, out, p, axis) * t, axis=axis, keepdims=keepdims)
    return real(slope) if slope.dtype.kind == "c" else slope


norm_p.vjp(x=lambda g, x, out, p, axis: aligned(g, x, axis) * _norm_p_slope(x, out, p, axis))
norm_p.jvp(x=_norm_p_jvp)

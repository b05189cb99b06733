"""Reductions. Axes come normalised, a tuple of integers from 0. Imports ``composed``, ``ops.{arithmetic,scan,shape}``.

16-bit floats are summed and multiplied in float32, and rounded once.
"""

from __future__ import annotations

import math
from typing import Any

from autograd.composed import composed
from autograd.ops.arithmetic import astype, conj, equal, exp, real, where
from autograd.ops.scan import accumulator, before, cumprod
from autograd.ops.shape import broadcast_to, reshape, transpose
from autograd.primitive import primitive

Axes = tuple[int, ...]


# Shapes before and after ------------------------------------------------------------------------------------


def kept(shape: tuple[int, ...], axis: Axes) -> tuple[int, ...]:
    """``shape`` with the reduced axes as 1."""
    return tuple([1 if i in axis else size for i, size in enumerate(shape)])


def aligned(g: Any, x: Any, axis: Axes) -> Any:
    """``g`` of a reduction over ``axis`` with axes of size 1 again, so that it broadcasts against the operand ``x``."""
    if g.shape and len(g.shape) != len(x.shape):
        g = reshape(g, shape=kept(x.shape, axis))
    return g


def spread(g: Any, x_spec: Any, axis: Axes) -> Any:
    """``g`` of a reduction over ``axis`` in the shape of its operand again, by broadcasting."""
    return broadcast_to(aligned(g, x_spec, axis), shape=x_spec.shape)


def count(x: Any, axis: Axes) -> int:
    """How many elements each result is made of."""
    shape = x.shape
    return math.prod([shape[i] for i in axis])


def over(g: Any, n: Any) -> Any:
    """``g / n`` in g's dtype. A 16-bit float could not hold a count above 65504, nor its reciprocal exactly."""
    wide = accumulator(g.dtype)
    if not isinstance(n, (int, float)):
        n = astype(n, dtype=wide or g.dtype)
    return g / n if wide is None else astype(astype(g, dtype=wide) / n, dtype=g.dtype)


@primitive(linear="x")
def unbroadcast(xp: Any, x: Any, /, *, shape: Axes) -> Any:
    """The sum over the axes that broadcasting ``shape`` to x's shape added or stretched; in that shape."""
    lead = len(x.shape) - len(shape)
    axes = (*range(lead), *[i + lead for i, n in enumerate(shape) if n == 1 != x.shape[i + lead]])
    out = x.sum(axis=axes, dtype=accumulator(x.dtype), keepdims=not lead).astype(x.dtype, copy=False)
    return out if out.shape == shape else out.reshape(shape)  # a view is not the engine's own: it would be copied


unbroadcast.vjp(x=lambda g, x_spec: broadcast_to(g, shape=x_spec.shape))


# Sums -------------------------------------------------------------------------------------------------------


@primitive(linear="x")
def sum(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    wide = accumulator(x.dtype)
    if wide is not None:
        return x.sum(axis=axis, dtype=wide, keepdims=keepdims).astype(x.dtype)
    return x.sum(axis=axis, keepdims=keepdims)


sum.vjp(x=spread)


@primitive(linear="x")
def mean(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    wide = accumulator(x.dtype)
    if wide is not None:
        return x.mean(axis=axis, dtype=wide, keepdims=keepdims).astype(x.dtype)
    return x.mean(axis=axis, keepdims=keepdims)


@composed
def spread_mean(g: Any, x_spec: Any, axis: Axes) -> Any:
    """The cotangent of a mean's operand: divided while it is small, then spread."""
    return spread(over(g, count(x_spec, axis) or 1), x_spec, axis)


mean.vjp(x=spread_mean)


# Largest and smallest ---------------------------------------------------------------------------------------


@primitive
def max(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    return x.max(axis=axis, keepdims=keepdims)


@primitive
def min(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    return x.min(axis=axis, keepdims=keepdims)


def _ties(x: Any, out: Any, axis: Axes) -> tuple[Any, Any]:
    """Where ``x`` is the extremum, and how often: 1 where nothing is (the extremum is NaN)."""
    hit = equal(x, aligned(out, x, axis))
    ties = sum(hit, axis=axis, keepdims=True)
    return hit, ties + equal(ties, 0)


# Elements that tie for the extremum share its cotangent evenly; a NaN extremum hands down 0.
def _extremum_vjp(g: Any, x: Any, out: Any, axis: Axes) -> Any:
    hit, ties = _ties(x, out, axis)
    return over(aligned(g, x, axis), ties) * hit


def _extremum_jvp(t: Any, x: Any, out: Any, axis: Axes, keepdims: bool) -> Any:
    hit, ties = _ties(x, out, axis)
    return sum(over(t, ties) * hit, axis=axis, keepdims=keepdims)


for _extremum in (max, min):
    _extremum.vjp(x=_extremum_vjp)
    _extremum.jvp(x=_extremum_jvp)


def _empty(x: Any, *, axis: Axes, keepdims: bool) -> str | None:
    return _nothing(x, axis, "Pass initial=, the result for no elements")


def _nothing(x: Any, axis: Axes, fix: str) -> str | None:
    if count(x, axis):
        return None
    came = f"got shape {tuple(x.shape)} with axis={axis}, where there is none"
    return f"expected at least one element to choose from; {came}. {fix}"


max.explains(_empty)
min.explains(_empty)


# Products ---------------------------------------------------------------------------------------------------


@primitive
def prod(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    wide = accumulator(x.dtype)
    if wide is not None:
        return x.prod(axis=axis, dtype=wide, keepdims=keepdims).astype(x.dtype)
    return x.prod(axis=axis, keepdims=keepdims)


def others(x: Any, axis: Axes) -> Any:
    """For each element, the product of all the others over ``axis``: what comes before times what comes after.

    Unlike ``prod(x) / x`` it is right for any number of zeros, and so are its derivatives.
    """
    if len(axis) == 1:
        (one,) = axis
        left = before(cumprod(x, axis=one, reverse=False), one, False)
        return left * before(cumprod(x, axis=one, reverse=True), one, True)
    shape = tuple(x.shape)
    if len(axis) == len(shape):
        return reshape(others(reshape(x, shape=(-1,)), (0,)), shape=shape)
    rest = tuple([i for i in range(len(shape)) if i not in axis])
    order = rest + axis
    x = transpose(x, axes=order)
    moved = tuple(x.shape)
    flat = reshape(x, shape=(*moved[: len(rest)], math.prod(moved[len(rest) :])))
    out = reshape(others(flat, (len(rest),)), shape=moved)
    return transpose(out, axes=tuple(sorted(range(len(order)), key=order.__getitem__)))


prod.vjp(x=lambda g, x, axis: aligned(g, x, axis) * others(x, axis) if axis else g)
prod.jvp(
    x=lambda t, x, axis, keepdims: sum(t * others(x, axis), axis=axis, keepdims=keepdims) if axis else t,
)


# log Σ exp --------------------------------------------------------------------------------------------------


@primitive
def logsumexp(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    """``log Σ exp x``, computed as ``m + log Σ exp(x - m)`` with m the largest (real part), so nothing overflows."""
    wide = accumulator(x.dtype)
    values = x if wide is None else x.astype(wide)
    top = (values.real if values.dtype.kind == "c" else values).max(axis=axis, keepdims=True)
    sums = xp.exp(values - xp.where(xp.isfinite(top), top, 0)).sum(axis=axis, keepdims=keepdims)
    top = top.reshape(sums.shape)
    # Where all are -inf the sum is 0; its log is kept from warning, and the result is top itself.
    out = xp.log(sums + (top == -math.inf)) + top
    # An infinite top was not subtracted, and so is in the logarithm already; adding it again changes nothing.
    return out if wide is None else out.astype(x.dtype)


# The softmax of x: 0 where all are -inf, since the number subtracted there is 0.
def _softmax(x: Any, out: Any, axis: Axes) -> Any:
    return exp(x - aligned(where(equal(out, -math.inf), 0, out), x, axis))


@composed
def logsumexp_back(g: Any, x: Any, out: Any, axis: Axes) -> Any:
    """The cotangent of x."""
    return aligned(g, x, axis) * _softmax(x, out, axis)


logsumexp.vjp(x=logsumexp_back)
logsumexp.jvp(
    x=lambda t, x, out, axis, keepdims: sum(t * _softmax(x, out, axis), axis=axis, keepdims=keepdims),
)
logsumexp.explains(_empty)


# Spread about the mean --------------------------------------------------------------------------------------


def freedom(x: Any, axis: Axes, correction: float) -> float:
    """The divisor of a variance: elements less ``correction``, not below 0 (NaN for 0, where the result is NaN too)."""
    n = count(x, axis) - correction
    return n if n > 0 else math.nan


@primitive
def var(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool, correction: float) -> Any:
    """``Σ |x - mean|² / (n - correction)``."""
    wide = accumulator(x.dtype)
    # CuPy takes whole numbers only.
    whole = int(correction) if correction == int(correction) else 0
    out = x.var(axis=axis, dtype=wide, ddof=whole, keepdims=keepdims)
    if whole != correction:
        out = out * (count(x, axis) / freedom(x, axis, correction))
    return out if wide is None else out.astype(x.dtype)


@primitive
def std(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool, correction: float) -> Any:
    """``sqrt(Σ |x - mean|² / (n - correction))``."""
    wide = accumulator(x.dtype)
    whole = int(correction) if correction == int(correction) else 0
    out = x.std(axis=axis, dtype=wide, ddof=whole, keepdims=keepdims)
    if whole != correction:
        out = out * math.sqrt(count(x, axis) / freedom(x, axis, correction))
    return out if wide is None else out.astype(x.dtype)


def centred(x: Any, axis: Axes) -> Any:
    """``x - mean(x)``; conjugated where complex, as cotangents are not."""
    out = x - mean(x, axis=axis, keepdims=True)
    return conj(out) if x.dtype.kind == "c" else out


# The mean's own derivative adds nothing: the deviations sum to 0. They are computed again rather than kept.
def _var_vjp(g: Any, x: Any, axis: Axes, correction: float) -> Any:
    return over(aligned(2 * g, x, axis), freedom(x, axis, correction)) * centred(x, axis)


def _var_jvp(t: Any, x: Any, axis: Axes, keepdims: bool, correction: float) -> Any:
    return over(2 * _along(t, x, axis, keepdims), freedom(x, axis, correction))


def _along(t: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
    """How much of ``t`` lies along the deviations."""
    product = t * centred(x, axis)
    return sum(real(product) if product.dtype.kind == "c" else product, axis=axis, keepdims=keepdims)


def _inverse(out: Any) -> Any:
    """``1 / out``, and 0 for 0: the standard deviation of equal values has the subgradient 0."""
    zero = equal(out, 0)
    return where(zero, 0, 1 / where(zero, 1, out))


def _std_vjp(g: Any, x: Any, out: Any, axis: Axes, correction: float) -> Any:
    return over(aligned(g * _inverse(out), x, axis), freedom(x, axis, correction)) * centred(x, axis)


def _std_jvp(t: Any, x: Any, out: Any, axis: Axes, keepdims: bool, correction: float) -> Any:
    return over(_along(t, x, axis, keepdims) * _inverse(out), freedom(x, axis, correction))


var.vjp(x=_var_vjp)
var.jvp(x=_var_jvp)
std.vjp(x=_std_vjp)
std.jvp(x=_std_jvp)


# Without a derivative ---------------------------------------------------------------------------------------


@primitive
def any(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    return x.any(axis=axis, keepdims=keepdims)


@primitive
def all(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    return x.all(axis=axis, keepdims=keepdims)


@primitive
def count_nonzero(xp: Any, x: Any, /, *, axis: Axes, keepdims: bool) -> Any:
    return (x != 0).sum(axis=axis, keepdims=keepdims)


@primitive
def argmax(xp: Any, x: Any, /, *, axis: int | None, keepdims: bool) -> Any:
    return x.argmax(axis=axis, keepdims=keepdims)


@primitive
def argmin(xp: Any, x: Any, /, *, axis: int | None, keepdims: bool) -> Any:
    return x.argmin(axis=axis, keepdims=keepdims)


for _place in (argmax, argmin):
    _place.explains(
        lambda x, axis, keepdims: _nothing(
            x, tuple(range(x.ndim)) if axis is None else (axis,), "Look at its size first"
        )
    )
for _constant in (any, all, count_nonzero, argmax, argmin):
    _constant.vjp(x=None)

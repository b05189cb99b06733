"""Running sums and products, and the recurrences their derivatives are. Imports ``primitive`` and ``ops.arithmetic``.

Dividing a running product by each factor, to differentiate it, fails where a factor is 0. Here the derivative is a
linear recurrence, ``s_k = b_k + a_k·s_(k-1)``, which is exact for any number of zeros; the derivative of a recurrence
is another one, read backwards, so every order is exact. Recurrences are computed in log2(n) steps over whole arrays
(Hillis & Steele, "Data parallel algorithms", CACM 29, 1986), which suits both NumPy and a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.ops.arithmetic import equal, exp, where
from autograd.primitive import primitive


def accumulator(dtype: Any) -> str | None:
    """The dtype that sums over ``dtype`` run in: float32 for floats of 16 bits, None for the library's own choice."""
    return "float32" if dtype.itemsize == 2 and dtype.kind not in "iu" else None


def along(axis: int, entry: Any) -> tuple[Any, ...]:
    """The index that applies ``entry`` to one axis."""
    return (slice(None),) * axis + (entry,)


def backwards(x: Any, axis: int) -> Any:
    """A view of ``x`` with one axis in reverse order."""
    return x[along(axis, slice(None, None, -1))]


@primitive(linear="x")
def cumsum(xp: Any, x: Any, /, *, axis: int, reverse: bool) -> Any:
    """``out_k = x_0 + … + x_k``; from the end where ``reverse``."""
    wide = accumulator(x.dtype)
    out = (backwards(x, axis) if reverse else x).cumsum(axis=axis, dtype=wide)
    out = out if wide is None else out.astype(x.dtype)
    return backwards(out, axis) if reverse else out


cumsum.vjp(x=lambda g, axis, reverse: cumsum(g, axis=axis, reverse=not reverse))


@primitive
def shift(xp: Any, x: Any, /, *, by: int, axis: int, fill: float) -> Any:
    """``x`` moved along an axis by ``by`` places, towards higher indices where positive; ``fill`` moves in."""
    out = xp.full(x.shape, fill, dtype=x.dtype)
    n = x.shape[axis]
    if abs(by) < n:
        there = slice(by, None) if by >= 0 else slice(None, by)
        here = slice(None, n - by) if by >= 0 else slice(-by, None)
        out[along(axis, there)] = x[along(axis, here)]
    return out


shift.vjp(x=lambda g, by, axis: shift(g, by=-by, axis=axis, fill=0))
shift.jvp(x=lambda t, by, axis: shift(t, by=by, axis=axis, fill=0))


@primitive
def recurrence(xp: Any, a: Any, b: Any, /, *, axis: int, reverse: bool) -> Any:
    """``s_0 = b_0``, ``s_k = b_k + a_k·s_(k-1)`` (from the end where ``reverse``); ``a_0`` plays no part."""
    wide = accumulator(b.dtype) or b.dtype
    a, out = xp.array(a, dtype=wide), xp.array(b, dtype=wide)
    factors, sums = (backwards(a, axis), backwards(out, axis)) if reverse else (a, out)
    n, step = b.shape[axis], 1
    while step < n:
        late, early = along(axis, slice(step, None)), along(axis, slice(None, -step))
        # The products come first as arrays of their own: both sides look at the same memory.
        sums[late] += factors[late] * sums[early]
        if 2 * step < n:
            factors[late] = factors[late] * factors[early]
        step *= 2
    return out.astype(b.dtype, copy=False)


def _recurrence_vjp(g: Any, needs: Sequence[bool], a: Any, out: Any, axis: int, reverse: bool) -> tuple[Any, Any]:
    by = -1 if reverse else 1
    # dL/db is the same recurrence run the other way, each coefficient now between its place and the next.
    db = recurrence(shift(a, by=-by, axis=axis, fill=0), g, axis=axis, reverse=not reverse)
    return db * shift(out, by=by, axis=axis, fill=0) if needs[0] else None, db


def _recurrence_jvp(tangents: Sequence[Any], a: Any, out: Any, axis: int, reverse: bool) -> Any:
    ta, tb = tangents
    if ta is not None:
        through_a = ta * shift(out, by=-1 if reverse else 1, axis=axis, fill=0)
        tb = through_a if tb is None else tb + through_a
    return recurrence(a, tb, axis=axis, reverse=reverse)


recurrence.vjp_all(_recurrence_vjp)
recurrence.jvp_all(_recurrence_jvp)


@primitive
def cumprod(xp: Any, x: Any, /, *, axis: int, reverse: bool) -> Any:
    """``out_k = x_0 · … · x_k``; from the end where ``reverse``."""
    wide = accumulator(x.dtype)
    out = (backwards(x, axis) if reverse else x).cumprod(axis=axis, dtype=wide)
    out = out if wide is None else out.astype(x.dtype)
    return backwards(out, axis) if reverse else out


def before(out: Any, axis: int, reverse: bool) -> Any:
    """From running products, the product of all factors before each place: 1 at the first."""
    return shift(out, by=-1 if reverse else 1, axis=axis, fill=1)


# dL/dx_i = (x_0 … x_(i-1)) · s_i, where s_i = g_i + x_(i+1)·s_(i+1) collects the products that go on from place i.
def _cumprod_vjp(g: Any, x: Any, out: Any, axis: int, reverse: bool) -> Any:
    onward = shift(x, by=1 if reverse else -1, axis=axis, fill=0)
    return before(out, axis, reverse) * recurrence(onward, g, axis=axis, reverse=not reverse)


cumprod.vjp(x=_cumprod_vjp)
cumprod.jvp(
    x=lambda t, x, out, axis, reverse: recurrence(x, t * before(out, axis, reverse), axis=axis, reverse=reverse)
)


@primitive
def cumlogsumexp(xp: Any, x: Any, /, *, axis: int) -> Any:
    """``out_k = log(exp x_0 + … + exp x_k)``, without overflow."""
    out = xp.array(x, dtype=accumulator(x.dtype) or x.dtype)
    n, step = x.shape[axis], 1
    while step < n:
        late, early = along(axis, slice(step, None)), along(axis, slice(None, -step))
        out[late] = xp.logaddexp(out[late], out[early])
        step *= 2
    return out.astype(x.dtype, copy=False)


# With r_i = g_i + exp(out_i - out_(i+1))·r_(i+1), dL/dx_i = exp(x_i - out_i)·r_i: no exponent is positive, so nothing
# overflows, where exp(x_i)·Σ g_k·exp(-out_k) would. What is subtracted is 0 where out is -inf: exp(-inf - 0) is 0.
def _cumlogsumexp_vjp(g: Any, x: Any, out: Any, axis: int) -> Any:
    finite = where(equal(out, -_INF), 0, out)
    onward = exp(out - shift(finite, by=-1, axis=axis, fill=_INF))
    return exp(x - finite) * recurrence(onward, g, axis=axis, reverse=True)


def _cumlogsumexp_jvp(t: Any, x: Any, out: Any, axis: int) -> Any:
    finite = where(equal(out, -_INF), 0, out)
    # exp(out_(k-1) - out_k); at the first place nothing comes before.
    decay = exp(shift(out, by=1, axis=axis, fill=-_INF) - finite)
    return recurrence(decay, t * exp(x - finite), axis=axis, reverse=False)


_INF = float("inf")
cumlogsumexp.vjp(x=_cumlogsumexp_vjp)
cumlogsumexp.jvp(x=_cumlogsumexp_jvp)


@primitive(linear="x")
def difference(xp: Any, x: Any, /, *, axis: int) -> Any:
    """``out_k = x_(k+1) - x_k``, one place shorter than ``x`` (which has at least one)."""
    late, early = x[along(axis, slice(1, None))], x[along(axis, slice(None, -1))]
    return late - early if x.dtype.kind != "b" else late ^ early


@primitive(linear="x")
def difference_adjoint(xp: Any, x: Any, /, *, axis: int) -> Any:
    """``out_k = x_(k-1) - x_k``, one place longer than ``x``; 0 is taken where there is no x."""
    shape = list(x.shape)
    shape[axis] += 1
    out = xp.zeros(tuple(shape), dtype=x.dtype)
    out[along(axis, slice(1, None))] = x
    out[along(axis, slice(None, -1))] -= x
    return out


difference.vjp(x=lambda g, axis: difference_adjoint(g, axis=axis))
difference_adjoint.vjp(x=lambda g, axis: difference(g, axis=axis))

"""Element-wise arithmetic: the operators and what they rest on. Imports ``autograd.primitive`` only."""

from __future__ import annotations

from typing import Any

from autograd.primitive import elementwise, primitive


@elementwise
def add(xp: Any, a: Any, b: Any, /) -> Any:
    return a + b


add.vjp(a=lambda g: g, b=lambda g: g)


@elementwise
def subtract(xp: Any, a: Any, b: Any, /) -> Any:
    return a - b


subtract.vjp(a=lambda g: g, b=lambda g: -g)


@elementwise
def multiply(xp: Any, a: Any, b: Any, /) -> Any:
    return a * b


multiply.vjp(a=lambda g, b: g * b, b=lambda g, a: g * a)


@elementwise
def divide(xp: Any, a: Any, b: Any, /) -> Any:
    return a / b


divide.vjp(a=lambda g, b: g / b, b=lambda g, b, out: -g * out / b)


@elementwise
def negative(xp: Any, x: Any, /) -> Any:
    return -x


negative.vjp(x=lambda g: -g)


@elementwise
def reciprocal(xp: Any, x: Any, /) -> Any:
    return xp.reciprocal(x)


reciprocal.vjp(x=lambda g, out: -g * out * out)


@elementwise
def positive(xp: Any, x: Any, /) -> Any:
    return xp.positive(x)


positive.vjp(x=lambda g: g)


@elementwise
def square(xp: Any, x: Any, /) -> Any:
    return xp.square(x)


square.vjp(x=lambda g, x: g * (2 * x))


@elementwise
def exp(xp: Any, x: Any, /) -> Any:
    return xp.exp(x)


exp.vjp(x=lambda g, out: g * out)


@elementwise
def log(xp: Any, x: Any, /) -> Any:
    return xp.log(x)


log.vjp(x=lambda g, x: g / x)


@elementwise
def where(xp: Any, condition: Any, a: Any, b: Any, /) -> Any:
    return xp.where(condition, a, b)


where.vjp(condition=None, a=lambda g, condition: where(condition, g, 0), b=lambda g, condition: where(condition, 0, g))


@elementwise
def power(xp: Any, a: Any, b: Any, /) -> Any:
    return xp.power(a, b)


def _power_a(g: Any, a: Any, b: Any) -> Any:
    """b·a^(b-1), and 0 where a is 0 and that is infinite or 0/0 (b < 1)."""
    if (b.__class__ is int or b.__class__ is float) and b >= 1:
        return g * (b * power(a, b - 1)) if b != 2 else g * (2 * a)
    # The guard stands inside, so that no NaN is made. At b = 0 the product is 0, but its derivative by b is 1/a.
    endless = logical_and(equal(a, 0), less(real(b), 1))
    return g * where(endless, 0, b * power(where(endless, 1, a), b - 1))


# d(a^b)/db = a^b·log a, 0 where a = 0 (the limit for b > 0); NaN where a < 0, beside which a^b is complex.
power.vjp(a=_power_a, b=lambda g, a, out: g * (out * log(where(equal(a, 0), 1, a))))


@elementwise
def tanh(xp: Any, x: Any, /) -> Any:
    return xp.tanh(x)


tanh.vjp(x=lambda g, out: g * (1 - out * out))


@elementwise
def sqrt(xp: Any, x: Any, /) -> Any:
    return xp.sqrt(x)


def _sqrt_x(g: Any, out: Any) -> Any:
    # At 0, where the slope is infinite, the subgradient is 0: sqrt(x·x) then has the gradient of |x|, not NaN.
    zero = equal(out, 0)
    return where(zero, 0, 0.5 * g / where(zero, 1, out))


sqrt.vjp(x=_sqrt_x)


@elementwise
def floor_divide(xp: Any, a: Any, b: Any, /) -> Any:
    return a // b


floor_divide.vjp(a=lambda g: g * 0, b=lambda g: g * 0)


@elementwise
def remainder(xp: Any, a: Any, b: Any, /) -> Any:
    return a % b


remainder.vjp(a=lambda g: g, b=lambda g, a, b: -g * floor_divide(a, b))


def _comparison(name: str, forward: Any) -> Any:
    compare = elementwise(forward, name=name)
    compare.vjp(a=None, b=None)
    return compare


equal: Any = _comparison("equal", lambda xp, a, b: xp.equal(a, b))
not_equal = _comparison("not_equal", lambda xp, a, b: xp.not_equal(a, b))
less = _comparison("less", lambda xp, a, b: xp.less(a, b))
less_equal = _comparison("less_equal", lambda xp, a, b: xp.less_equal(a, b))
greater = _comparison("greater", lambda xp, a, b: xp.greater(a, b))
greater_equal = _comparison("greater_equal", lambda xp, a, b: xp.greater_equal(a, b))
logical_and = _comparison("logical_and", lambda xp, a, b: xp.logical_and(a, b))
logical_or = _comparison("logical_or", lambda xp, a, b: xp.logical_or(a, b))


@elementwise
def absolute(xp: Any, x: Any, /) -> Any:
    return xp.absolute(x)


@elementwise
def sign(xp: Any, x: Any, /) -> Any:
    return xp.sign(x)


@elementwise
def conj(xp: Any, x: Any, /) -> Any:
    return xp.conj(x)


@elementwise
def real(xp: Any, x: Any, /) -> Any:
    # A fresh array: NumPy's is a view of x, and these primitives promise their own memory.
    return xp.positive(xp.real(x))


@elementwise
def imag(xp: Any, x: Any, /) -> Any:
    return xp.positive(xp.imag(x))


# Complex cotangents are not conjugated (HIPS autograd's and JAX's convention): for real L, g = dL/dRe - i·dL/dIm.
conj.vjp(x=lambda g: conj(g))
real.vjp(x=lambda g: g)
imag.vjp(x=lambda g: g * -1j)  # g first: NumPy's float64 is a Python float, and -1j * g then a Python complex
conj.jvp(x=lambda t: conj(t))
real.jvp(x=lambda t: real(t))
imag.jvp(x=lambda t: imag(t))


def _phase(x: Any) -> Any:
    """conj(x)/|x|, 0 at 0: for real x its sign, the mean of both slopes at the kink."""
    return conj(sign(x)) if is_complex(x) else sign(x)


absolute.vjp(x=lambda g, x: g * _phase(x))
absolute.jvp(x=lambda t, x: real(t * _phase(x)))


def _sign_x(g: Any, x: Any, out: Any) -> Any:
    """0 for real x. For complex x the direction x/|x| turns: the part of g across it, over |x|."""
    if not is_complex(x):
        return g * 0
    size = absolute(where(equal(x, 0), 1, x))
    return where(equal(x, 0), 0, imag(g * out) * 1j * conj(out) / size)


def _sign_jvp(t: Any, x: Any, out: Any) -> Any:
    if not is_complex(x):
        return t * 0
    size = absolute(where(equal(x, 0), 1, x))
    return where(equal(x, 0), 0, imag(t * conj(out)) * 1j * out / size)


sign.vjp(x=_sign_x)
sign.jvp(x=_sign_jvp)


def is_complex(x: Any) -> bool:
    """Whether ``x``, an array, Tensor, symbol or number, is complex: known from its type alone."""
    dtype = getattr(x, "dtype", x.__class__)  # Python's float and complex are the dtypes of scalar graphs
    return dtype is complex or getattr(dtype, "kind", "f") == "c"


@elementwise(linear="x")
def astype(xp: Any, x: Any, /, *, dtype: Any) -> Any:
    return x.astype(dtype)


astype.vjp(x=lambda g: g)  # fitted to x's dtype where it arrives


@primitive(linear="x")
def copy(xp: Any, x: Any, /) -> Any:
    return xp.positive(x) if x.dtype.kind != "b" else xp.array(x, copy=True)


copy.vjp(x=lambda g: g)

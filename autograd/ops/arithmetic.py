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
def positive(xp: Any, x: Any, /) -> Any:
    return xp.positive(x)


positive.vjp(x=lambda g: g)


@elementwise
def square(xp: Any, x: Any, /) -> Any:
    return x * x


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


# d(a^b)/da = b·a^(b-1), 0 where b = 0 (also at a = 0, where a^(b-1) is infinite);
# d(a^b)/db = a^b·log a, 0 where a = 0 (the limit for b > 0): both guards stand inside, so no NaN is made.
power.vjp(
    a=lambda g, a, b: g * (b * power(a, where(equal(b, 0), 1, b - 1))),
    b=lambda g, a, out: g * (out * log(where(equal(a, 0), 1, a))),
)


@elementwise
def tanh(xp: Any, x: Any, /) -> Any:
    return xp.tanh(x)


tanh.vjp(x=lambda g, out: g * (1 - out * out))


@elementwise
def sqrt(xp: Any, x: Any, /) -> Any:
    return xp.sqrt(x)


# At 0, where the slope is infinite, the subgradient is 0: sqrt(x·x) then has the gradient of |x|, not NaN.
sqrt.vjp(x=lambda g, out: where(equal(out, 0), 0, 0.5 * g / where(equal(out, 0), 1, out)))


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


equal = _comparison("equal", lambda xp, a, b: xp.equal(a, b))
not_equal = _comparison("not_equal", lambda xp, a, b: xp.not_equal(a, b))
less = _comparison("less", lambda xp, a, b: xp.less(a, b))
less_equal = _comparison("less_equal", lambda xp, a, b: xp.less_equal(a, b))
greater = _comparison("greater", lambda xp, a, b: xp.greater(a, b))
greater_equal = _comparison("greater_equal", lambda xp, a, b: xp.greater_equal(a, b))


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
imag.vjp(x=lambda g: -1j * g)
conj.jvp(x=lambda t: conj(t))
real.jvp(x=lambda t: real(t))
imag.jvp(x=lambda t: imag(t))
# 0 at 0 (the mean of both slopes). For complex x, sign(x) = x/|x|.
absolute.vjp(x=lambda g, x: g * conj(sign(x)))
absolute.jvp(x=lambda t, x: real(t * conj(sign(x))))
sign.vjp(x=lambda g: g * 0)


@primitive(linear="x")
def astype(xp: Any, x: Any, /, *, dtype: Any) -> Any:
    return x.astype(dtype)


astype.vjp(x=lambda g: g)  # fitted to x's dtype where it arrives


@primitive(linear="x")
def copy(xp: Any, x: Any, /) -> Any:
    return xp.positive(x) if x.dtype.kind != "b" else xp.array(x, copy=True)


copy.vjp(x=lambda g: g)

"""Exponentials, trigonometry, hyperbolics, rounding, extrema, element by element. Imports ``ops.arithmetic``.

Slopes that are infinite at a point where the function itself is finite (cbrt at 0, arcsin at ±1) are 0 there;
docs/subgradients.md lists every such choice.
"""

from __future__ import annotations

import math
from typing import Any

from autograd.ops.arithmetic import (
    absolute,
    equal,
    greater,
    imag,
    is_complex,
    less,
    logical_and,
    logical_or,
    sign,
    sqrt,
    where,
)
from autograd.primitive import elementwise, primitive

LN2, LN10 = math.log(2.0), math.log(10.0)

# Exponentials and logarithms -----------------------------------------------------------------------------

exp2 = elementwise(lambda xp, x: xp.exp2(x), name="exp2")
exp2.vjp(x=lambda g, out: g * (LN2 * out))
expm1 = elementwise(lambda xp, x: xp.expm1(x), name="expm1")
expm1.vjp(x=lambda g, out: g * (out + 1))
log2 = elementwise(lambda xp, x: xp.log2(x), name="log2")
log2.vjp(x=lambda g, x: g / (LN2 * x))
log10 = elementwise(lambda xp, x: xp.log10(x), name="log10")
log10.vjp(x=lambda g, x: g / (LN10 * x))
log1p = elementwise(lambda xp, x: xp.log1p(x), name="log1p")
log1p.vjp(x=lambda g, x: g / (1 + x))


@elementwise
def sigmoid(xp: Any, x: Any, /) -> Any:
    """1/(1 + e^-x), to full relative accuracy on both sides: the exponential is never of a positive number."""
    if is_complex(x):
        return 1 / (1 + xp.exp(-x))
    e = xp.exp(-1.0 * xp.absolute(x))
    return xp.where(x >= 0, 1.0, e) / (1.0 + e)


sigmoid.vjp(x=lambda g, out: g * (out * (1 - out)))

logaddexp = elementwise(lambda xp, a, b: xp.logaddexp(a, b), name="logaddexp")
logaddexp2 = elementwise(lambda xp, a, b: xp.logaddexp2(a, b), name="logaddexp2")


def _lead(a: Any, b: Any) -> Any:
    """a - b, 0 where they are equal: also where both are the same infinity."""
    same = equal(a, b)
    return where(same, 0, a) - where(same, 0, b)


# The shares e^a/(e^a + e^b): one half each at a = b, infinite or not.
logaddexp.vjp(a=lambda g, a, b: g * sigmoid(_lead(a, b)), b=lambda g, a, b: g * sigmoid(_lead(b, a)))
logaddexp2.vjp(a=lambda g, a, b: g * sigmoid(LN2 * _lead(a, b)), b=lambda g, a, b: g * sigmoid(LN2 * _lead(b, a)))

# Trigonometry --------------------------------------------------------------------------------------------

sin = elementwise(lambda xp, x: xp.sin(x), name="sin")
cos = elementwise(lambda xp, x: xp.cos(x), name="cos")
tan = elementwise(lambda xp, x: xp.tan(x), name="tan")
sin.vjp(x=lambda g, x: g * cos(x))
cos.vjp(x=lambda g, x: -g * sin(x))
tan.vjp(x=lambda g, out: g * (1 + out * out))

arcsin = elementwise(lambda xp, x: xp.arcsin(x), name="arcsin")
arccos = elementwise(lambda xp, x: xp.arccos(x), name="arccos")
arctan = elementwise(lambda xp, x: xp.arctan(x), name="arctan")


def _over_root(g: Any, squared: Any) -> Any:
    """g/√squared, 0 where ``squared`` is 0."""
    return g / sqrt(where(equal(squared, 0), math.inf, squared))


arcsin.vjp(x=lambda g, x: _over_root(g, (1 - x) * (1 + x)))
arccos.vjp(x=lambda g, x: -_over_root(g, (1 - x) * (1 + x)))
arctan.vjp(x=lambda g, x: g / (1 + x * x))


@elementwise
def hypot(xp: Any, a: Any, b: Any, /) -> Any:
    return xp.hypot(a, b)


hypot.vjp(
    a=lambda g, a, out: g * a / where(equal(out, 0), 1, out), b=lambda g, b, out: g * b / where(equal(out, 0), 1, out)
)


@elementwise
def arctan2(xp: Any, a: Any, b: Any, /) -> Any:
    """The angle of the point (b, a), in (-π, π]."""
    return xp.arctan2(a, b)


def _over_square(g: Any, a: Any, b: Any) -> Any:
    """g/(a² + b²) in two steps, since the squares could overflow; g at the origin."""
    radius = hypot(a, b)
    radius = where(equal(radius, 0), 1, radius)
    return g / radius / radius


arctan2.vjp(a=lambda g, a, b: _over_square(g * b, a, b), b=lambda g, a, b: _over_square(-g * a, a, b))

deg2rad = elementwise(lambda xp, x: xp.deg2rad(x), name="deg2rad")
deg2rad.vjp(x=lambda g: g * (math.pi / 180))
rad2deg = elementwise(lambda xp, x: xp.rad2deg(x), name="rad2deg")
rad2deg.vjp(x=lambda g: g * (180 / math.pi))


@elementwise
def sinc(xp: Any, x: Any, /) -> Any:
    """sin(πx)/(πx), 1 at 0."""
    # Not xp.sinc, whose guard at 0 (1e-20) is 0 itself in float16, before NumPy 2.3.
    zero = xp.equal(x, 0)
    u = math.pi * xp.where(zero, 1, x)
    return xp.where(zero, 1, xp.sin(u) / u)


# With u = πx: d sinc/du = (cos u - sinc)/u, which loses digits near 0. There it is its Taylor series
# Σ (-1)^k 2k/(2k+1)! u^(2k-1), k = 1 … 12, whose derivatives are right too.
_SINC = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 13)]


def _sinc_x(g: Any, x: Any, out: Any) -> Any:
    u = math.pi * x
    small = less(absolute(u), 0.75)
    square = u * u
    series = _SINC[-1]
    for coefficient in _SINC[-2::-1]:
        series = series * square + coefficient
    return g * (math.pi * where(small, series * u, (cos(u) - out) / where(small, 1, u)))


sinc.vjp(x=_sinc_x)

# Hyperbolics ---------------------------------------------------------------------------------------------

sinh = elementwise(lambda xp, x: xp.sinh(x), name="sinh")
cosh = elementwise(lambda xp, x: xp.cosh(x), name="cosh")
sinh.vjp(x=lambda g, x: g * cosh(x))
cosh.vjp(x=lambda g, x: g * sinh(x))
arcsinh = elementwise(lambda xp, x: xp.arcsinh(x), name="arcsinh")
arcsinh.vjp(x=lambda g, x: g / sqrt(x * x + 1))
arccosh = elementwise(lambda xp, x: xp.arccosh(x), name="arccosh")
# √(x-1)·√(x+1), and not √(x²-1): for complex x the product has arccosh's branch cut.
arccosh.vjp(x=lambda g, x: _over_root(g, x - 1) / sqrt(x + 1))
arctanh = elementwise(lambda xp, x: xp.arctanh(x), name="arctanh")
arctanh.vjp(x=lambda g, x: g / ((1 - x) * (1 + x)))

# Powers and parts ----------------------------------------------------------------------------------------

cbrt = elementwise(lambda xp, x: xp.cbrt(x), name="cbrt")
cbrt.vjp(x=lambda g, out: g / where(equal(out, 0), math.inf, 3 * out * out))

fabs = elementwise(lambda xp, x: xp.fabs(x), name="fabs")
fabs.vjp(x=lambda g, x: g * sign(x))


@elementwise
def angle(xp: Any, x: Any, /) -> Any:
    """The argument of a complex number, in (-π, π]; 0 or π for a real one."""
    return xp.arctan2(xp.imag(x), xp.real(x))


# For complex x it is Im(log x), so that dL = Re(-i·g/x dx). A real number's never changes.
angle.vjp(x=lambda g, x: g * -1j / where(equal(x, 0), math.inf, x) if is_complex(x) else g * 0)
angle.jvp(x=lambda t, x: imag(t / where(equal(x, 0), math.inf, x)) if is_complex(x) else t * 0)


@primitive(outputs="mantissa exponent")
def frexp(xp: Any, x: Any, /) -> Any:
    """x = mantissa · 2^exponent with ½ ≤ |mantissa| < 1."""
    return xp.frexp(x)


frexp.constant_output("exponent")
frexp.vjp(x=lambda g, exponent: ldexp(g[0], -exponent))
frexp.jvp(x=lambda t, exponent: (ldexp(t, -exponent), None))


@elementwise
def ldexp(xp: Any, a: Any, b: Any, /) -> Any:
    """a · 2^b, b an integer."""
    return xp.ldexp(a, b)


ldexp.vjp(a=lambda g, b: ldexp(g, b), b=None)

# Remainders and neighbours -------------------------------------------------------------------------------

trunc = elementwise(lambda xp, x: xp.trunc(x), name="trunc")
fmod = elementwise(lambda xp, a, b: xp.fmod(a, b), name="fmod")
fmod.vjp(a=lambda g: g, b=lambda g, a, b: -g * trunc(a / b))
copysign = elementwise(lambda xp, a, b: xp.copysign(a, b), name="copysign")
copysign.vjp(a=lambda g, a, b: g * (sign(a) * copysign(1, b)), b=lambda g: g * 0)
nextafter = elementwise(lambda xp, a, b: xp.nextafter(a, b), name="nextafter")
nextafter.vjp(a=lambda g: g, b=lambda g: g * 0)


@elementwise
def spacing(xp: Any, x: Any, /) -> Any:
    """The distance to the next number away from 0, with x's sign."""
    size = xp.copysign(x, 1.0)
    return xp.copysign(xp.nextafter(size, math.inf) - size, x)


# Rounding: constant between the steps --------------------------------------------------------------------

floor = elementwise(lambda xp, x: xp.floor(x), name="floor")
ceil = elementwise(lambda xp, x: xp.ceil(x), name="ceil")
rint = elementwise(lambda xp, x: xp.rint(x), name="rint")


@elementwise
def round(xp: Any, x: Any, /, *, decimals: int) -> Any:
    return xp.round(x, decimals)


for _steps in (floor, ceil, trunc, rint, round, spacing):
    _steps.vjp(x=lambda g: g * 0)


@elementwise
def heaviside(xp: Any, a: Any, b: Any, /) -> Any:
    """0 for a < 0, b at 0, 1 for a > 0."""
    return xp.heaviside(a, b)


heaviside.vjp(a=lambda g: g * 0, b=lambda g, a: g * equal(a, 0))

# Extrema: the winner takes g, a tie is split evenly ------------------------------------------------------

maximum = elementwise(lambda xp, a, b: xp.maximum(a, b), name="maximum")
minimum = elementwise(lambda xp, a, b: xp.minimum(a, b), name="minimum")
fmax = elementwise(lambda xp, a, b: xp.fmax(a, b), name="fmax")
fmin = elementwise(lambda xp, a, b: xp.fmin(a, b), name="fmin")


def _share(g: Any, a: Any, b: Any) -> Any:
    """g where a > b, g/2 where they are equal. A product with a mask costs a twentieth of NumPy's where."""
    half = 0.5 * g
    return half * (a >= b) + half * (a > b)


def _number(a: Any, other: Any, worst: float) -> Any:
    """``a`` for fmax and fmin, which pass over NaN: the worst value there, unless both are NaN."""
    return where(logical_and(isnan(a), logical_not(isnan(other))), worst, a)


maximum.vjp(a=lambda g, a, b: _share(g, a, b), b=lambda g, a, b: _share(g, b, a))
minimum.vjp(a=lambda g, a, b: _share(g, b, a), b=lambda g, a, b: _share(g, a, b))
fmax.vjp(
    a=lambda g, a, b: _share(g, _number(a, b, -math.inf), _number(b, a, -math.inf)),
    b=lambda g, a, b: _share(g, _number(b, a, -math.inf), _number(a, b, -math.inf)),
)
fmin.vjp(
    a=lambda g, a, b: _share(g, _number(b, a, math.inf), _number(a, b, math.inf)),
    b=lambda g, a, b: _share(g, _number(a, b, math.inf), _number(b, a, math.inf)),
)


@elementwise
def clip(xp: Any, x: Any, low: Any, high: Any, /) -> Any:
    """min(max(x, low), high); a bound may be None."""
    if low is not None:
        x = xp.maximum(x, low)
    if high is not None:
        return xp.minimum(x, high)
    return x if low is not None else xp.positive(x)


def _inside(x: Any, low: Any, high: Any) -> Any:
    """Where x stays as it is, bounds included."""
    if low is None:
        return x <= high if high is not None else equal(x, x)
    return x >= low if high is None else logical_and(x >= low, x <= high)


clip.vjp(
    x=lambda g, x, low, high: g * _inside(x, low, high),
    low=lambda g, x, low, high: g * (less(x, low) if high is None else logical_and(less(x, low), low <= high)),
    high=lambda g, x, low, high: g * (greater(x, high) if low is None else logical_or(greater(x, high), low > high)),
)


@elementwise
def nan_to_num(xp: Any, x: Any, /, *, nan: float, posinf: float, neginf: float) -> Any:
    """x with numbers in place of NaN and of the infinities."""
    return xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


nan_to_num.vjp(x=lambda g, x: g * isfinite(x))

# No derivative: the results are boolean or integer -------------------------------------------------------


def _constant(name: str, forward: Any) -> Any:
    function = elementwise(forward, name=name)
    function.vjp(**dict.fromkeys(function.primitive.operands))
    return function


isnan = _constant("isnan", lambda xp, x: xp.isnan(x))
isinf = _constant("isinf", lambda xp, x: xp.isinf(x))
isfinite: Any = _constant("isfinite", lambda xp, x: xp.isfinite(x))
signbit = _constant("signbit", lambda xp, x: xp.signbit(x))
logical_not = _constant("logical_not", lambda xp, x: xp.logical_not(x))
logical_xor = _constant("logical_xor", lambda xp, a, b: xp.logical_xor(a, b))
bitwise_and = _constant("bitwise_and", lambda xp, a, b: a & b)
bitwise_or = _constant("bitwise_or", lambda xp, a, b: a | b)
bitwise_xor = _constant("bitwise_xor", lambda xp, a, b: a ^ b)
bitwise_invert = _constant("bitwise_invert", lambda xp, x: xp.invert(x))
bitwise_left_shift = _constant("bitwise_left_shift", lambda xp, a, b: a << b)
bitwise_right_shift = _constant("bitwise_right_shift", lambda xp, a, b: a >> b)


@primitive
def isclose(xp: Any, a: Any, b: Any, /, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    """|a - b| ≤ atol + rtol·|b|."""
    return xp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


@primitive
def bitwise_count(xp: Any, x: Any, /) -> Any:
    return xp.bitwise_count(x)


@primitive
def gcd(xp: Any, a: Any, b: Any, /) -> Any:
    return xp.gcd(a, b)


@primitive
def lcm(xp: Any, a: Any, b: Any, /) -> Any:
    return xp.lcm(a, b)


bitwise_count.vjp(x=None)
for _whole in (isclose, gcd, lcm):
    _whole.vjp(a=None, b=None)

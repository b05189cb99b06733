"""Special functions, under SciPy's names. Imports ``ops.arithmetic``, ``ops.elementwise`` and ``backends``.

Each backend supplies the functions themselves (``Backend.special``). erf, erfc and gammaln need no SciPy.
"""

from __future__ import annotations

import math
from typing import Any

import backends
from autograd.ops.arithmetic import absolute, equal, exp, less, less_equal, log, logical_and, sign, where
from autograd.ops.elementwise import log1p
from autograd.primitive import elementwise


def _special(name: str) -> Any:
    """The primitive of one operand that the backends have under this name."""
    return elementwise(lambda xp, x: backends.of(x).special(name)(x), name=name)


def _call(name: str, *xs: Any) -> Any:
    """The backend's function of several operands, numbers among them."""
    array = next((x for x in xs if hasattr(x, "dtype")), xs[-1])
    return backends.of(array).special(name)(*xs)


ROOT_PI = math.sqrt(math.pi)
LOG_ROOT_2PI = 0.5 * math.log(2 * math.pi)

# The error function and the normal distribution ----------------------------------------------------------

erf, erfc, erfcx = _special("erf"), _special("erfc"), _special("erfcx")
erfinv, erfcinv = _special("erfinv"), _special("erfcinv")
erf.vjp(x=lambda g, x: g * (2 / ROOT_PI * exp(-x * x)))
erfc.vjp(x=lambda g, x: g * (-2 / ROOT_PI * exp(-x * x)))
erfcx.vjp(x=lambda g, x, out: g * (2 * x * out - 2 / ROOT_PI))
erfinv.vjp(x=lambda g, out: g * (ROOT_PI / 2 * exp(out * out)))
erfcinv.vjp(x=lambda g, out: g * (-ROOT_PI / 2 * exp(out * out)))

ndtr, ndtri, log_ndtr = _special("ndtr"), _special("ndtri"), _special("log_ndtr")
ndtr.vjp(x=lambda g, x: g * exp(-0.5 * x * x - LOG_ROOT_2PI))
ndtri.vjp(x=lambda g, out: g * exp(0.5 * out * out + LOG_ROOT_2PI))
# φ(x)/Φ(x), as the exponential of a difference: both underflow together far to the left.
log_ndtr.vjp(x=lambda g, x, out: g * exp(-0.5 * x * x - LOG_ROOT_2PI - out))

# The gamma function and its kin --------------------------------------------------------------------------

gammaln, digamma, gamma, rgamma = _special("gammaln"), _special("digamma"), _special("gamma"), _special("rgamma")


@elementwise
def polygamma(xp: Any, n: Any, x: Any, /) -> Any:
    """The n-th derivative of digamma."""
    return _call("polygamma", n, x)


polygamma.vjp(n=None, x=lambda g, n, x: g * polygamma(n + 1, x))
gammaln.vjp(x=lambda g, x: g * digamma(x))
digamma.vjp(x=lambda g, x: g * polygamma(1, x))
gamma.vjp(x=lambda g, x, out: g * (out * digamma(x)))
rgamma.vjp(x=lambda g, x, out: g * (-out * digamma(x)))


@elementwise
def beta(xp: Any, a: Any, b: Any, /) -> Any:
    """Γ(a)Γ(b)/Γ(a + b)."""
    return _call("beta", a, b)


@elementwise
def betaln(xp: Any, a: Any, b: Any, /) -> Any:
    """log |B(a, b)|."""
    return _call("betaln", a, b)


beta.vjp(
    a=lambda g, a, b, out: g * (out * (digamma(a) - digamma(a + b))),
    b=lambda g, a, b, out: g * (out * (digamma(b) - digamma(a + b))),
)
betaln.vjp(a=lambda g, a, b: g * (digamma(a) - digamma(a + b)), b=lambda g, a, b: g * (digamma(b) - digamma(a + b)))


@elementwise
def gammainc(xp: Any, a: Any, x: Any, /) -> Any:
    """The regularised lower incomplete gamma function P(a, x)."""
    return _call("gammainc", a, x)


@elementwise
def gammaincc(xp: Any, a: Any, x: Any, /) -> Any:
    """The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x)."""
    return _call("gammaincc", a, x)


def _gamma_density(a: Any, x: Any) -> Any:
    """dP/dx = x^(a-1) e^-x / Γ(a)."""
    return exp(xlogy(a - 1, x) - x - gammaln(a))


# With respect to a there is no closed form: asking for it is an error.
gammainc.vjp(x=lambda g, a, x: g * _gamma_density(a, x))
gammaincc.vjp(x=lambda g, a, x: -g * _gamma_density(a, x))


@elementwise
def betainc(xp: Any, a: Any, b: Any, x: Any, /) -> Any:
    """The regularised incomplete beta function I_x(a, b)."""
    return _call("betainc", a, b, x)


betainc.vjp(x=lambda g, a, b, x: g * exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)))

# Bessel functions ----------------------------------------------------------------------------------------

i0, i1, i0e, i1e = _special("i0"), _special("i1"), _special("i0e"), _special("i1e")
j0, j1, y0, y1 = _special("j0"), _special("j1"), _special("y0"), _special("y1")


def _series(coefficients: list[float], square: Any) -> Any:
    """Σ coefficients[k]·square^k."""
    total = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * square + coefficient
    return total


# I1(x)/x and J1(x)/x as Σ (±1)^k (x/2)^(2k) / (2·k!·(k+1)!): where |x| < ½ the quotients lose digits, and 0/0 is
# none. The derivatives of the series are right there too.
_I1 = [0.5 / (4**k * math.factorial(k) * math.factorial(k + 1)) for k in range(10)]
_J1 = [(-1) ** k * c for k, c in enumerate(_I1)]


def _i1_x(g: Any, x: Any) -> Any:
    small = less(absolute(x), 0.5)
    safe = where(small, 1, x)
    return g * (i0(x) - where(small, _series(_I1, x * x), i1(safe) / safe))


def _i1e_x(g: Any, x: Any, out: Any) -> Any:
    small = less(absolute(x), 0.5)
    safe = where(small, 1, x)
    quotient = where(small, exp(-absolute(x)) * _series(_I1, x * x), i1e(safe) / safe)
    return g * (i0e(x) - quotient - sign(x) * out)


def _j1_x(g: Any, x: Any) -> Any:
    small = less(absolute(x), 0.5)
    safe = where(small, 1, x)
    return g * (j0(x) - where(small, _series(_J1, x * x), j1(safe) / safe))


i0.vjp(x=lambda g, x: g * i1(x))
i1.vjp(x=_i1_x)
# e^-|x| has a kink at 0: the mean of both slopes is taken, 0.
i0e.vjp(x=lambda g, x, out: g * (i1e(x) - sign(x) * out))
i1e.vjp(x=_i1e_x)
j0.vjp(x=lambda g, x: g * -j1(x))
j1.vjp(x=_j1_x)
y0.vjp(x=lambda g, x: g * -y1(x))
y1.vjp(x=lambda g, x, out: g * (y0(x) - out / x))

# Products with a logarithm, 0 where the factor is 0 -------------------------------------------------------


@elementwise
def xlogy(xp: Any, x: Any, y: Any, /) -> Any:
    """x·log y, 0 where x is 0 (also at y = 0)."""
    return x * xp.log(xp.where(xp.logical_and(x == 0, y == y), 1.0, y))


@elementwise
def xlog1py(xp: Any, x: Any, y: Any, /) -> Any:
    """x·log(1 + y), 0 where x is 0 (also at y = -1)."""
    return x * xp.log1p(xp.where(xp.logical_and(x == 0, y == y), 0.0, y))


# At x = y = 0 both slopes are taken as 0.
def _away(x: Any, y: Any, edge: float, instead: float) -> Any:
    return where(logical_and(equal(x, 0), equal(y, edge)), instead, y)


xlogy.vjp(x=lambda g, x, y: g * log(_away(x, y, 0, 1)), y=lambda g, x, y: g * (x / _away(x, y, 0, 1)))
xlog1py.vjp(x=lambda g, x, y: g * log1p(_away(x, y, -1, 0)), y=lambda g, x, y: g * (x / (1 + _away(x, y, -1, 0))))


@elementwise
def entr(xp: Any, x: Any, /) -> Any:
    """-x·log x, 0 at 0, -∞ for x < 0."""
    return xp.where(x < 0, -math.inf, -x * xp.log(xp.where(x <= 0, 1.0, x)))


# The slope at 0, which is infinite, is taken as 0.
entr.vjp(x=lambda g, x: g * where(less_equal(x, 0), 0, -1 - log(where(less_equal(x, 0), 1, x))))


@elementwise
def rel_entr(xp: Any, x: Any, y: Any, /) -> Any:
    """x·log(x/y), 0 where x is 0 and y ≥ 0, ∞ outside the domain."""
    inside = xp.logical_and(x > 0, y > 0)
    zero = xp.logical_and(x == 0, y >= 0)
    value = x * (xp.log(xp.where(inside, x, 1.0)) - xp.log(xp.where(inside, y, 1.0)))
    return xp.where(xp.logical_or(inside, zero), value, math.inf)


def _rel_entr_x(g: Any, x: Any, y: Any) -> Any:
    inside = logical_and(less(0, x), less(0, y))
    return g * where(inside, log(where(inside, x, 1)) - log(where(inside, y, 1)) + 1, 0)


def _rel_entr_y(g: Any, x: Any, y: Any) -> Any:
    inside = logical_and(less(0, x), less(0, y))
    return g * where(inside, -x / where(inside, y, 1), 0)


rel_entr.vjp(x=_rel_entr_x, y=_rel_entr_y)


@elementwise
def logit(xp: Any, x: Any, /) -> Any:
    """log(x/(1 - x)), the inverse of the sigmoid."""
    return xp.log(x) - xp.log1p(-1.0 * x)


logit.vjp(x=lambda g, x: g / (x * (1 - x)))

"""Special functions under SciPy's names, element by element. Imports ``common`` and ``ops``.

Dtypes, broadcasting and errors are as ``autograd.numpy.elementwise`` states them:
float32 stays float32, float16 float16; g stands for the cotangent.
On the CPU, functions other than erf, erfc, gammaln, expit and those made of logarithms need SciPy
(``pip install 'xpgrad[scipy]'``; otherwise an ImportError says so); on the GPU they are CuPy's.
"""

from __future__ import annotations

import operator
from typing import Any

from autograd.numpy.common import arraylike, arraylikes
from autograd.ops import activations as _activations
from autograd.ops import elementwise as _basic
from autograd.ops import special as _ops

__all__ = [
    "beta", "betainc", "betaln", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "expit", "gamma",
    "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "j0", "j1", "log_expit", "log_ndtr", "loggamma",
    "logit", "ndtr", "ndtri", "polygamma", "psi", "rel_entr", "rgamma", "xlog1py", "xlogy", "y0", "y1",
]  # fmt: skip

# The error function and the normal distribution -----------------------------------------------------------


def erf(x: Any) -> Any:
    """2/√π · ∫₀ˣ e^(-t²) dt; g·2/√π·e^(-x²).

    >>> erf([0.0, 1.0])
    array([0.        , 0.84270079])
    """
    return _ops.erf(arraylike(x))


def erfc(x: Any) -> Any:
    """1 - erf x, exact where that is small; -g·2/√π·e^(-x²).

    >>> erfc([0.0, 1.0])
    array([1.        , 0.15729921])
    """
    return _ops.erfc(arraylike(x))


def erfcx(x: Any) -> Any:
    """e^(x²)·erfc x; g·(2·x·erfcx x - 2/√π).

    >>> erfcx([0.0, 1.0])
    array([1.        , 0.42758358])
    """
    return _ops.erfcx(arraylike(x))


def erfinv(x: Any) -> Any:
    """The inverse of erf on (-1, 1); g·√π/2·e^(erfinv² x).

    >>> erfinv([0.0, 0.5])
    array([0.        , 0.47693628])
    """
    return _ops.erfinv(arraylike(x))


def erfcinv(x: Any) -> Any:
    """The inverse of erfc on (0, 2); -g·√π/2·e^(erfcinv² x).

    >>> erfcinv([1.0, 0.5])
    array([0.        , 0.47693628])
    """
    return _ops.erfcinv(arraylike(x))


def ndtr(x: Any) -> Any:
    """Φ(x), the distribution function of the normal distribution; g·φ(x).

    >>> ndtr([0.0, 1.0])
    array([0.5       , 0.84134475])
    """
    return _ops.ndtr(arraylike(x))


def ndtri(x: Any) -> Any:
    """The inverse of Φ on (0, 1); g/φ(ndtri x).

    >>> ndtri([0.5, 0.975])
    array([0.        , 1.95996398])
    """
    return _ops.ndtri(arraylike(x))


def log_ndtr(x: Any) -> Any:
    """log Φ(x), exact far to the left; g·φ(x)/Φ(x).

    >>> log_ndtr([0.0, -10.0])
    array([ -0.69314718, -53.23128515])
    """
    return _ops.log_ndtr(arraylike(x))


# The gamma function and its kin ---------------------------------------------------------------------------


def gamma(x: Any) -> Any:
    """Γ(x) = ∫₀^∞ t^(x-1)·e^-t dt; g·Γ(x)·ψ(x).

    >>> gamma([1.0, 5.0])
    array([ 1., 24.])
    """
    return _ops.gamma(arraylike(x))


def gammaln(x: Any) -> Any:
    """log |Γ(x)|; g·ψ(x).

    >>> gammaln([1.0, 5.0])
    array([0.        , 3.17805383])
    """
    return _ops.gammaln(arraylike(x))


def rgamma(x: Any) -> Any:
    """1/Γ(x); -g·ψ(x)/Γ(x).

    >>> rgamma([1.0, 3.0])
    array([1. , 0.5])
    """
    return _ops.rgamma(arraylike(x))


def digamma(x: Any) -> Any:
    """ψ(x) = d log Γ(x)/dx; g·ψ'(x).

    >>> digamma([1.0, 2.0])
    array([-0.57721566,  0.42278434])
    """
    return _ops.digamma(arraylike(x))


def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of the digamma function, n = 0, 1, …; g times the next one.

    >>> polygamma(1, [1.0, 2.0])
    array([1.64493407, 0.64493407])
    """
    return _ops.polygamma(operator.index(n), arraylike(x))


def beta(a: Any, b: Any) -> Any:
    """B(a, b) = Γ(a)·Γ(b)/Γ(a + b); g·B·(ψ(a) - ψ(a + b)), and with b in a's place.

    >>> beta([1.0, 2.0], 3.0)
    array([0.33333333, 0.08333333])
    """
    return _ops.beta(*arraylikes(a, b))


def betaln(a: Any, b: Any) -> Any:
    """log |B(a, b)|; g·(ψ(a) - ψ(a + b)), and with b in a's place.

    >>> betaln([1.0, 2.0], 3.0)
    array([-1.09861229, -2.48490665])
    """
    return _ops.betaln(*arraylikes(a, b))


def gammainc(a: Any, x: Any) -> Any:
    """The regularised lower incomplete gamma function P(a, x); g·x^(a-1)·e^-x/Γ(a) for x, none for a.

    >>> gammainc(1.0, [0.0, 1.0])
    array([0.        , 0.63212056])
    """
    return _ops.gammainc(*arraylikes(a, x))


def gammaincc(a: Any, x: Any) -> Any:
    """Q(a, x) = 1 - P(a, x); -g·x^(a-1)·e^-x/Γ(a) for x, none for a.

    >>> gammaincc(1.0, [0.0, 1.0])
    array([1.        , 0.36787944])
    """
    return _ops.gammaincc(*arraylikes(a, x))


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function I_x(a, b); g·x^(a-1)·(1-x)^(b-1)/B(a, b) for x, none for a and b.

    >>> betainc(1.0, 2.0, [0.0, 0.5])
    array([0.  , 0.75])
    """
    return _ops.betainc(*arraylikes(a, b, x))


# Bessel functions -----------------------------------------------------------------------------------------


def i0(x: Any) -> Any:
    """The modified Bessel function I₀; g·I₁(x).

    >>> i0([0.0, 1.0])
    array([1.        , 1.26606588])
    """
    return _ops.i0(arraylike(x))


def i0e(x: Any) -> Any:
    """e^-|x|·I₀(x); g·(i1e x - sign(x)·i0e x), 0 at 0.

    >>> i0e([0.0, 1.0])
    array([1.        , 0.46575961])
    """
    return _ops.i0e(arraylike(x))


def i1(x: Any) -> Any:
    """The modified Bessel function I₁; g·(I₀(x) - I₁(x)/x).

    >>> i1([0.0, 1.0])
    array([0.        , 0.5651591])
    """
    return _ops.i1(arraylike(x))


def i1e(x: Any) -> Any:
    """e^-|x|·I₁(x); g·(i0e x - i1e x/x - sign(x)·i1e x).

    >>> i1e([0.0, 1.0])
    array([0.        , 0.20791042])
    """
    return _ops.i1e(arraylike(x))


def j0(x: Any) -> Any:
    """The Bessel function J₀; -g·J₁(x).

    >>> j0([0.0, 1.0])
    array([1.        , 0.76519769])
    """
    return _ops.j0(arraylike(x))


def j1(x: Any) -> Any:
    """The Bessel function J₁; g·(J₀(x) - J₁(x)/x).

    >>> j1([0.0, 1.0])
    array([0.        , 0.44005059])
    """
    return _ops.j1(arraylike(x))


def y0(x: Any) -> Any:
    """The Bessel function of the second kind Y₀, x > 0; -g·Y₁(x).

    >>> y0([1.0, 2.0])
    array([0.08825696, 0.51037567])
    """
    return _ops.y0(arraylike(x))


def y1(x: Any) -> Any:
    """The Bessel function of the second kind Y₁, x > 0; g·(Y₀(x) - Y₁(x)/x).

    >>> y1([1.0, 2.0])
    array([-0.78121282, -0.10703243])
    """
    return _ops.y1(arraylike(x))


# Entropies and logistic functions -------------------------------------------------------------------------


def xlogy(x: Any, y: Any) -> Any:
    """x·log y, 0 where x is 0; g·log y and g·x/y, both 0 at x = y = 0.

    >>> xlogy([0.0, 2.0], [0.0, 1.5])
    array([0.        , 0.81093022])
    """
    return _ops.xlogy(*arraylikes(x, y))


def xlog1py(x: Any, y: Any) -> Any:
    """x·log(1 + y), 0 where x is 0; g·log(1 + y) and g·x/(1 + y), both 0 at x = 0, y = -1.

    >>> xlog1py([0.0, 2.0], [-1.0, 0.5])
    array([0.        , 0.81093022])
    """
    return _ops.xlog1py(*arraylikes(x, y))


def entr(x: Any) -> Any:
    """-x·log x, 0 at 0, -∞ below; -g·(1 + log x), and 0 at 0, where the slope is infinite.

    >>> entr([0.0, 0.5])
    array([0.        , 0.34657359])
    """
    return _ops.entr(arraylike(x))


def rel_entr(x: Any, y: Any) -> Any:
    """x·log(x/y), 0 where x is 0, ∞ outside x, y > 0; g·(1 + log(x/y)) and -g·x/y, 0 at x = 0.

    >>> rel_entr([0.0, 0.5], 0.25)
    array([0.        , 0.34657359])
    """
    return _ops.rel_entr(*arraylikes(x, y))


def expit(x: Any) -> Any:
    """1/(1 + e^-x); g·expit(x)·(1 - expit(x)).

    >>> expit([0.0, 2.0])
    array([0.5       , 0.88079708])
    """
    return _basic.sigmoid(arraylike(x))


def log_expit(x: Any) -> Any:
    """log(1/(1 + e^-x)), exact far to the left; g·expit(-x).

    >>> log_expit([0.0, -1000.0])
    array([-6.93147181e-01, -1.00000000e+03])
    """
    return _activations.log_sigmoid(arraylike(x))


def logit(x: Any) -> Any:
    """log(x/(1 - x)), the inverse of expit on (0, 1); g/(x·(1 - x)).

    >>> logit([0.5, 0.75])
    array([0.        , 1.09861229])
    """
    return _ops.logit(arraylike(x))


psi, loggamma = digamma, gammaln

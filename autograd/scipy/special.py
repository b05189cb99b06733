"""SciPy's special functions, differentiable: those of ``autograd.numpy`` under SciPy's names, and more. Imports them.

Arguments, dtypes and errors are as ``autograd.numpy.special`` states them; ``v`` and ``n`` are orders, in which there
is no derivative.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from autograd.numpy.common import arraylike, arraylikes
from autograd.numpy.reductions import logsumexp
from autograd.numpy.special import *  # noqa: F403
from autograd.numpy.special import __all__ as _special
from autograd.numpy.special import gammaln as _gammaln
from autograd.ops import bessel as _bessel

__all__ = [*_special, "gammasgn", "iv", "ive", "jn", "jv", "kv", "kve", "logsumexp", "multigammaln", "yn", "yv"]


def jv(v: Any, x: Any) -> Any:
    """The Bessel function of the first kind J_v; g·(J_(v-1) - J_(v+1))/2.

    >>> jv(2, [0.0, 1.0])
    array([0.        , 0.11490348])
    """
    return _bessel.jv(*arraylikes(v, x))


def yv(v: Any, x: Any) -> Any:
    """The Bessel function of the second kind Y_v, x > 0; g·(Y_(v-1) - Y_(v+1))/2.

    >>> yv(2, [1.0, 2.0])
    array([-1.65068261, -0.6174081 ])
    """
    return _bessel.yv(*arraylikes(v, x))


def iv(v: Any, x: Any) -> Any:
    """The modified Bessel function of the first kind I_v; g·(I_(v-1) + I_(v+1))/2.

    >>> iv(2, [0.0, 1.0])
    array([0.        , 0.13574767])
    """
    return _bessel.iv(*arraylikes(v, x))


def ive(v: Any, x: Any) -> Any:
    """I_v(x)·e^-|x|; g·((ive_(v-1) + ive_(v+1))/2 - sign(x)·ive_v).

    >>> ive(2, [0.0, 1.0])
    array([0.        , 0.04993878])
    """
    return _bessel.ive(*arraylikes(v, x))


def kv(v: Any, x: Any) -> Any:
    """The modified Bessel function of the second kind K_v, x > 0; -g·(K_(v-1) + K_(v+1))/2.

    >>> kv(2, [1.0, 2.0])
    array([1.6248389 , 0.25375975])
    """
    return _bessel.kv(*arraylikes(v, x))


def kve(v: Any, x: Any) -> Any:
    """K_v(x)·e^x; g·(kve_v - (kve_(v-1) + kve_(v+1))/2).

    >>> kve(2, [1.0, 2.0])
    array([4.41677005, 1.87504506])
    """
    return _bessel.kve(*arraylikes(v, x))


def jn(n: Any, x: Any) -> Any:
    """``jv``, by its older name.

    >>> jn(0, 0.0)
    np.float64(1.0)
    """
    return jv(n, x)


def yn(n: Any, x: Any) -> Any:
    """``yv`` of a whole order.

    >>> round(float(yn(2, 1.0)), 6)
    -1.650683
    """
    return yv(n, x)


def gammasgn(x: Any) -> Any:
    """The sign of Γ(x); without a gradient.

    >>> gammasgn([2.5, -0.5])
    array([ 1., -1.])
    """
    return _bessel.gammasgn(arraylike(x))


def multigammaln(a: Any, d: int) -> Any:
    """The log of the multivariate Γ_d(a) = π^(d(d-1)/4)·Π Γ(a - j/2), j < d; for a > (d - 1)/2.

    Raises:
        TypeError, ValueError: d is no whole number, or below 1.

    >>> round(float(multigammaln(2.5, 2)), 6)
    0.857048
    """
    d = operator.index(d)
    if d < 1:
        raise ValueError(f"multigammaln: expected a dimension d of 1 or more; got {d}. Correct it.")
    a = arraylike(a)
    total = _gammaln(a) + d * (d - 1) / 4 * math.log(math.pi)
    for j in range(1, d):
        total = total + _gammaln(a - 0.5 * j)
    return total

"""Bessel functions of any order, and the sign of Γ, under SciPy's names. Imports ``ops.{arithmetic,special}``.

In the order they have no derivative in closed form: asking for it is an error. CuPy has none of those of any order.
Loaded with ``autograd.scipy.special``. Formulas: NIST Digital Library of Mathematical Functions, 10.6.1 and 10.29.1.
"""

from __future__ import annotations

from typing import Any

import backends
from autograd.ops.arithmetic import sign
from autograd.ops.special import _call
from autograd.primitive import elementwise


@elementwise
def jv(xp: Any, v: Any, x: Any, /) -> Any:
    """The Bessel function of the first kind J_v(x)."""
    return _call("jv", v, x)


@elementwise
def yv(xp: Any, v: Any, x: Any, /) -> Any:
    """The Bessel function of the second kind Y_v(x)."""
    return _call("yv", v, x)


@elementwise
def iv(xp: Any, v: Any, x: Any, /) -> Any:
    """The modified Bessel function of the first kind I_v(x)."""
    return _call("iv", v, x)


@elementwise
def ive(xp: Any, v: Any, x: Any, /) -> Any:
    """I_v(x)·e^-|x|."""
    return _call("ive", v, x)


@elementwise
def kv(xp: Any, v: Any, x: Any, /) -> Any:
    """The modified Bessel function of the second kind K_v(x)."""
    return _call("kv", v, x)


@elementwise
def kve(xp: Any, v: Any, x: Any, /) -> Any:
    """K_v(x)·e^x."""
    return _call("kve", v, x)


jv.vjp(x=lambda g, v, x: g * (0.5 * (jv(v - 1, x) - jv(v + 1, x))))
yv.vjp(x=lambda g, v, x: g * (0.5 * (yv(v - 1, x) - yv(v + 1, x))))
iv.vjp(x=lambda g, v, x: g * (0.5 * (iv(v - 1, x) + iv(v + 1, x))))
# e^-|x| has a kink at 0: the mean of both slopes is taken.
ive.vjp(x=lambda g, v, x, out: g * (0.5 * (ive(v - 1, x) + ive(v + 1, x)) - sign(x) * out))
kv.vjp(x=lambda g, v, x: g * (-0.5 * (kv(v - 1, x) + kv(v + 1, x))))
kve.vjp(x=lambda g, v, x, out: g * (out - 0.5 * (kve(v - 1, x) + kve(v + 1, x))))


@elementwise
def gammasgn(xp: Any, x: Any, /) -> Any:
    """The sign of Γ(x): 1 or -1, with steps at the poles."""
    return backends.of(x).special("gammasgn")(x)


gammasgn.vjp(x=None)

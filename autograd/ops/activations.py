"""The activations of networks, each one primitive with its own rule. Imports ``ops.special`` and below.

Forwards call primitives, too (``maximum`` and not ``xp.maximum``), where a backend may have a faster kernel of them.
At a kink the slopes are PyTorch's; docs/subgradients.md lists them.
"""

from __future__ import annotations

import math
from typing import Any

from autograd.composed import composed
from autograd.ops.arithmetic import absolute, exp, logical_and, not_equal, tanh, where
from autograd.ops.elementwise import maximum, minimum, sigmoid
from autograd.ops.special import erf
from autograd.primitive import elementwise

# Pieces of straight lines --------------------------------------------------------------------------------


@elementwise
def gate(xp: Any, a: Any, x: Any, /) -> Any:
    """a where x > 0, 0 where it is 0, for an x that is never negative; NumPy multiplies by booleans slowly."""
    return a * (x > 0)


gate.vjp(a=lambda g, x: gate(g, x), x=None)


@elementwise
def relu(xp: Any, x: Any, /) -> Any:
    """max(x, 0)."""
    return xp.maximum(x, 0)


relu.vjp(x=lambda g, out: gate(g, out))


@elementwise
def relu6(xp: Any, x: Any, /) -> Any:
    """min(max(x, 0), 6)."""
    return minimum(maximum(x, 0), 6)


relu6.vjp(x=lambda g, out: g * logical_and(out > 0, out < 6))


@elementwise
def leaky_relu(xp: Any, x: Any, /, *, slope: float) -> Any:
    """x where x > 0, slope·x elsewhere."""
    if 0 < slope <= 1:
        return maximum(x, slope * x)
    return where(x > 0, x, slope * x)


leaky_relu.vjp(x=lambda g, x, slope: where(x > 0, g, slope * g))


@elementwise
def prelu(xp: Any, x: Any, weight: Any, /) -> Any:
    """x where x > 0, weight·x elsewhere; the weight is learned."""
    return maximum(x, 0) + weight * minimum(x, 0)


prelu.vjp(x=lambda g, x, weight: where(x > 0, g, weight * g), weight=lambda g, x: g * minimum(x, 0))


@elementwise
def hardtanh(xp: Any, x: Any, /, *, low: float, high: float) -> Any:
    """min(max(x, low), high)."""
    return minimum(maximum(x, low), high)


hardtanh.vjp(x=lambda g, out, low, high: g * logical_and(out > low, out < high))


@elementwise
def hardsigmoid(xp: Any, x: Any, /) -> Any:
    """min(max(x + 3, 0), 6)/6."""
    return minimum(maximum(x + 3, 0), 6) / 6


hardsigmoid.vjp(x=lambda g, out: g * logical_and(out > 0, out < 1) / 6)


@elementwise
def hardswish(xp: Any, x: Any, /) -> Any:
    """x·min(max(x + 3, 0), 6)/6."""
    return x * minimum(maximum(x + 3, 0), 6) / 6


hardswish.vjp(x=lambda g, x: g * (x >= 3) + g * (x / 3 + 0.5) * logical_and(x > -3, x < 3))


@elementwise
def softshrink(xp: Any, x: Any, /, *, lambd: float) -> Any:
    """x moved by lambd towards 0, at most to 0."""
    return x - minimum(maximum(x, -lambd), lambd)


softshrink.vjp(x=lambda g, out: g * not_equal(out, 0))


@elementwise
def hardshrink(xp: Any, x: Any, /, *, lambd: float) -> Any:
    """x where |x| > lambd, 0 elsewhere."""
    return x * (xp.absolute(x) > lambd)


hardshrink.vjp(x=lambda g, x, lambd: g * (absolute(x) > lambd))


@elementwise
def threshold(xp: Any, x: Any, /, *, threshold: float, value: float) -> Any:
    """x where x > threshold, value elsewhere."""
    return where(x > threshold, x, value)


threshold.vjp(x=lambda g, x, threshold: g * (x > threshold))

# Exponential tails ---------------------------------------------------------------------------------------


@elementwise
def elu(xp: Any, x: Any, /, *, alpha: float) -> Any:
    """x where x > 0, alpha·(e^x - 1) elsewhere (Clevert, Unterthiner, Hochreiter 2016)."""
    return maximum(x, 0) + alpha * xp.expm1(minimum(x, 0))


elu.vjp(x=lambda g, x, out, alpha: where(x > 0, g, g * (out + alpha)))

# Chosen so that mean 0 and variance 1 are a fixed point (Klambauer et al. 2017, equation 14).
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@elementwise
def selu(xp: Any, x: Any, /) -> Any:
    """scale·elu(x) with the constants of self-normalising networks (Klambauer et al. 2017)."""
    return SELU_SCALE * (maximum(x, 0) + SELU_ALPHA * xp.expm1(minimum(x, 0)))


selu.vjp(x=lambda g, x, out: where(x > 0, SELU_SCALE * g, g * (out + SELU_SCALE * SELU_ALPHA)))


@elementwise
def celu(xp: Any, x: Any, /, *, alpha: float) -> Any:
    """x where x > 0, alpha·(e^(x/alpha) - 1) elsewhere (Barron 2017)."""
    return maximum(x, 0) + alpha * xp.expm1(minimum(x, 0) / alpha)


celu.vjp(x=lambda g, x, out, alpha: where(x > 0, g, g * (out / alpha + 1)))


@elementwise
def softplus(xp: Any, x: Any, /, *, beta: float) -> Any:
    """log(1 + e^(beta·x))/beta, the exponential never of a positive number."""
    x = x if beta == 1 else beta * x
    out = maximum(x, 0) + xp.log1p(xp.exp(-1.0 * xp.absolute(x)))
    return out if beta == 1 else out / beta


softplus.vjp(x=lambda g, x, beta: g * sigmoid(x if beta == 1 else beta * x))


@elementwise
def log_sigmoid(xp: Any, x: Any, /) -> Any:
    """log(1/(1 + e^-x)), the exponential never of a positive number."""
    return minimum(x, 0) - xp.log1p(xp.exp(-1.0 * xp.absolute(x)))


log_sigmoid.vjp(x=lambda g, x: g * sigmoid(-x))


@elementwise
def silu(xp: Any, x: Any, /) -> Any:
    """x·sigmoid(x), also called swish (Elfwing, Uchibe, Doya 2018)."""
    return x * sigmoid(x)


def _silu_x(g: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


silu.vjp(x=_silu_x)


@elementwise
def mish(xp: Any, x: Any, /) -> Any:
    """x·tanh(log(1 + e^x)) (Misra 2019)."""
    return x * xp.tanh(softplus(x, beta=1))


def _mish_x(g: Any, x: Any) -> Any:
    t = tanh(softplus(x, beta=1))
    return g * (t + x * sigmoid(x) * (1 - t * t))


mish.vjp(x=_mish_x)


@elementwise
def softsign(xp: Any, x: Any, /) -> Any:
    """x/(1 + |x|)."""
    return x / (1 + xp.absolute(x))


def _softsign_x(g: Any, x: Any) -> Any:
    size = 1 + absolute(x)
    return g / size / size


softsign.vjp(x=_softsign_x)


@elementwise
def tanhshrink(xp: Any, x: Any, /) -> Any:
    """x - tanh x."""
    return x - xp.tanh(x)


def _tanhshrink_x(g: Any, x: Any) -> Any:
    t = tanh(x)
    return g * (t * t)


tanhshrink.vjp(x=_tanhshrink_x)

# The Gaussian error linear unit (Hendrycks, Gimpel 2016) --------------------------------------------------

ROOT_HALF, ROOT_2_OVER_PI, CUBIC = math.sqrt(0.5), math.sqrt(2 / math.pi), 0.044715


@elementwise
def gelu(xp: Any, x: Any, /) -> Any:
    """x·Φ(x), Φ the distribution function of the normal distribution."""
    return 0.5 * x * (1 + erf(ROOT_HALF * x))


@composed
def gelu_back(g: Any, x: Any) -> Any:
    """The cotangent of x."""
    return g * (0.5 * (1 + erf(ROOT_HALF * x)) + x * (ROOT_2_OVER_PI / 2 * exp(-0.5 * x * x)))


gelu.vjp(x=gelu_back)


@elementwise
def gelu_tanh(xp: Any, x: Any, /) -> Any:
    """gelu with Φ(x) ≈ (1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, section 2 of the paper."""
    return 0.5 * x * (1 + xp.tanh(ROOT_2_OVER_PI * x * (1 + CUBIC * x * x)))


@composed
def gelu_tanh_back(g: Any, x: Any) -> Any:
    """The cotangent of x."""
    square = CUBIC * x * x
    t = tanh(ROOT_2_OVER_PI * x * (1 + square))
    return g * (0.5 * (1 + t) + (0.5 * ROOT_2_OVER_PI) * x * (1 - t * t) * (1 + 3 * square))


gelu_tanh.vjp(x=gelu_tanh_back)

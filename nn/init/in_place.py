"""PyTorch's functions that draw a Tensor's values anew, in place. Imports ``init.starts``, ``nn.random``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor, no_grad
from nn import random
from nn.init.starts import Normal, Orthogonal, Shape, Uniform, VarianceScaling, choose, get

_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much an activation shrinks deviations, inverted; ``param`` is the slope of ``"leaky_relu"``.

    >>> calculate_gain("tanh"), calculate_gain("leaky_relu", 0.0) == calculate_gain("relu")
    (1.6666666666666667, True)
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    choose("nonlinearity", nonlinearity, (*_GAINS, "leaky_relu"))
    return _GAINS[nonlinearity]


def fill_(tensor: Tensor, initializer: str | float | Callable[..., Any]) -> Tensor:
    """Draw a Tensor's values anew, in place, whatever its backend; returns it.

    >>> import nn
    >>> fill_(nn.parameter([1.0, 2.0]), "zeros")
    Tensor([0., 0.], dtype=float32, requires_grad=True)
    """
    with backends.use(tensor.backend):
        values = get(initializer)(tensor.shape, tensor.dtype)
    with no_grad():
        tensor[...] = values
    return tensor


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return fill_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return fill_(tensor, 1.0)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """``val`` everywhere."""
    return fill_(tensor, float(val))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Gaussian."""
    return fill_(tensor, Normal(mean, std))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform on [a, b)."""
    return fill_(tensor, Uniform(a, b))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Gaussian, drawn again where it lies outside [a, b].

    Raises:
        ValueError: the interval is empty, or so far out that draws would hardly ever fall into it.

    >>> import nn
    >>> bool((abs(trunc_normal_(nn.parameter([0.0] * 99), std=2.0, a=-1.0, b=1.0).data) <= 1).all())
    True
    """
    if not a < b or a > mean + 4 * std or b < mean - 4 * std:
        raise ValueError(
            f"trunc_normal_: expected a < b within four deviations of the mean; got [{a}, {b}] beside {mean} ± {std}. "
            "Choose another interval."
        )

    def draw(shape: Shape, dtype: Any) -> Any:
        stream = random.stream()
        out = stream.standard_normal(shape, dtype) * std + mean
        while bool((outside := (out < a) | (out > b)).any()):
            out = np.where(outside, stream.standard_normal(shape, dtype) * std + mean, out)
        return out

    return fill_(tensor, draw)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Gaussian of variance 2·gain²/(fan_in + fan_out) (Glorot, Bengio 2010)."""
    return fill_(tensor, VarianceScaling(gain * gain, "fan_avg", "normal"))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Uniform of the same variance."""
    return fill_(tensor, VarianceScaling(gain * gain, "fan_avg", "uniform"))


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Gaussian of variance gain²/fan (He et al. 2015); ``a`` is the slope of ``"leaky_relu"``."""
    return fill_(tensor, VarianceScaling(calculate_gain(nonlinearity, a) ** 2, mode, "normal"))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Uniform of the same variance."""
    return fill_(tensor, VarianceScaling(calculate_gain(nonlinearity, a) ** 2, mode, "uniform"))


def orthogonal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Orthonormal rows or columns, times ``gain``."""
    return fill_(tensor, Orthogonal(gain))

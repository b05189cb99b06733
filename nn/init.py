"""Initialisers: how weights start, by name or as objects. Imports ``nn.random``, ``autograd`` and ``backends``.

A weight has shape (out, in) or (out, in, *window): with a window of k elements, fan_in = in·k and fan_out = out·k.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor, no_grad
from nn import checks, random

Shape = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """``(fan_in, fan_out)`` of a weight: how many inputs an output sums, and outputs an input feeds.

    >>> fans((10, 4)), fans((8, 3, 5, 5))
    ((4, 10), (75, 200))
    """
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


class Initializer:
    """Calling one with a shape gives an array of the default backend: ``initializer(shape, dtype, stream)``."""

    def __call__(self, shape: Shape, dtype: Any = "float32", stream: backends.RandomStream | None = None) -> Any:
        """A fresh array; ``stream`` defaults to the one ``nn.set_random_seed`` seeds."""
        return self.draw(tuple(shape), dtype, stream or random.stream())

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        """What a subclass defines."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method draw(self, shape, dtype, stream). Add one."
        )

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({inside})"


class Constant(Initializer):
    """Every entry ``value``."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        return np.full(shape, self.value, dtype=dtype)


class Normal(Initializer):
    """Gaussian; by default with mean 0 and variance 1, as the reference document has it (§3.2.1)."""

    def __init__(self, mean: float = 0.0, std: float = 1.0) -> None:
        self.mean = mean
        self.std = std

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        return stream.standard_normal(shape, dtype) * self.std + self.mean


class Uniform(Initializer):
    """Uniform on [low, high); by default ±√3: mean 0 and variance 1, as the reference document has it (§3.2.1)."""

    def __init__(self, low: float = -math.sqrt(3.0), high: float = math.sqrt(3.0)) -> None:
        self.low = low
        self.high = high

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        return stream.random(shape, dtype) * (self.high - self.low) + self.low


# The standard deviation of a unit Gaussian cut off at ±2.
_CUT = 0.87962566103423978


class TruncatedNormal(Initializer):
    """Gaussian, drawn again where it lies more than ``bound`` standard deviations from the mean."""

    def __init__(self, mean: float = 0.0, std: float = 0.05, bound: float = 2.0) -> None:
        self.mean = mean
        self.std = std
        self.bound = bound

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        out = stream.standard_normal(shape, dtype)
        outside = abs(out) > self.bound
        while bool(outside.any()):
            out = np.where(outside, stream.standard_normal(shape, dtype), out)
            outside = abs(out) > self.bound
        return out * self.std + self.mean


class VarianceScaling(Initializer):
    """Variance ``scale / n`` with n the fan in, the fan out, or their mean (Glorot, Bengio 2010; He et al. 2015).

    Args:
        scale: 1 for Glorot and LeCun, 2 for He, which makes up for the half that relu cuts.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``.
        distribution: ``"normal"``, ``"uniform"`` or ``"truncated_normal"`` (cut at two standard deviations).
    """

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal") -> None:
        _choose("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        _choose("distribution", distribution, ("normal", "uniform", "truncated_normal"))
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        std = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            limit = std * math.sqrt(3.0)
            return Uniform(-limit, limit).draw(shape, dtype, stream)
        if self.distribution == "normal":
            return Normal(0.0, std).draw(shape, dtype, stream)
        return TruncatedNormal(0.0, std / _CUT).draw(shape, dtype, stream)


class Orthogonal(Initializer):
    """A matrix with orthonormal rows or columns, times ``gain`` (Saxe, McClelland, Ganguli 2014)."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def draw(self, shape: Shape, dtype: Any, stream: backends.RandomStream) -> Any:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: expected a shape of two axes or more; got {shape}. Use another initialiser.")
        rows, columns = shape[0], math.prod(shape[1:])
        size = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(stream.standard_normal(size, "float64"))
        # Signs by the diagonal of r make the draw uniform over all such matrices (Mezzadri 2007).
        q = q * np.sign(np.diagonal(r))
        if rows < columns:
            q = q.T
        return (self.gain * q.reshape(shape)).astype(dtype)


NAMED: dict[str, Callable[[], Initializer]] = {
    "zeros": lambda: Constant(0.0),
    "ones": lambda: Constant(1.0),
    # The reference document's (§3.2.1), of variance 1.
    "gaussian": Normal,
    "standard_normal": Normal,
    "standard_uniform": Uniform,
    # Under these names Keras draws small numbers.
    "normal": lambda: Normal(0.0, 0.05),
    "uniform": lambda: Uniform(-0.05, 0.05),
    "random_normal": lambda: Normal(0.0, 0.05),
    "random_uniform": lambda: Uniform(-0.05, 0.05),
    "truncated_normal": TruncatedNormal,
    "glorot_uniform": lambda: VarianceScaling(1.0, "fan_avg", "uniform"),
    "glorot_normal": lambda: VarianceScaling(1.0, "fan_avg", "truncated_normal"),
    "xavier_uniform": lambda: VarianceScaling(1.0, "fan_avg", "uniform"),
    "xavier_normal": lambda: VarianceScaling(1.0, "fan_avg", "normal"),
    "he_uniform": lambda: VarianceScaling(2.0, "fan_in", "uniform"),
    "he_normal": lambda: VarianceScaling(2.0, "fan_in", "truncated_normal"),
    "kaiming_uniform": lambda: VarianceScaling(2.0, "fan_in", "uniform"),
    "kaiming_normal": lambda: VarianceScaling(2.0, "fan_in", "normal"),
    "lecun_uniform": lambda: VarianceScaling(1.0, "fan_in", "uniform"),
    "lecun_normal": lambda: VarianceScaling(1.0, "fan_in", "truncated_normal"),
    # PyTorch's default for a linear layer: uniform on ±1/√fan_in.
    "torch_uniform": lambda: VarianceScaling(1.0 / 3.0, "fan_in", "uniform"),
    "orthogonal": Orthogonal,
}


def get(initializer: str | float | Callable[..., Any]) -> Callable[..., Any]:
    """An initialiser by name, a constant, or the object itself.

    Raises:
        ValueError: the name is unknown; the text lists those there are.

    >>> get("he_normal")
    VarianceScaling(scale=2.0, mode='fan_in', distribution='truncated_normal')
    """
    if isinstance(initializer, str):
        _choose("initializer", initializer, tuple(NAMED))
        return NAMED[initializer]()
    if isinstance(initializer, (int, float)):
        return Constant(float(initializer))
    if isinstance(initializer, type):
        return initializer()
    if callable(initializer):
        return initializer
    raise TypeError(
        f"initializer: expected a name, a number or a callable; got {type(initializer).__name__}. "
        f"Names: {', '.join(NAMED)}."
    )


# PyTorch's functions: in place, on a Tensor -------------------------------------------------------------------

_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """How much an activation shrinks deviations, inverted; ``param`` is the slope of ``"leaky_relu"``.

    >>> calculate_gain("tanh"), calculate_gain("leaky_relu", 0.0) == calculate_gain("relu")
    (1.6666666666666667, True)
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    _choose("nonlinearity", nonlinearity, (*_GAINS, "leaky_relu"))
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


def _choose(what: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        fix = checks.close_to(value, names) or "Correct the name."
        raise ValueError(f"{what}: expected one of {', '.join(names)}; got {value!r}. {fix}")

"""Initialisers: how weights start, by name or as objects. Imports ``nn.random``, ``autograd`` and ``backends``.

A weight has shape (out, in) or (out, in, *window): with a window of k elements, fan_in = in·k and fan_out = out·k.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import backends
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
        choose("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        choose("distribution", distribution, ("normal", "uniform", "truncated_normal"))
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
        choose("initializer", initializer, tuple(NAMED))
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


def choose(what: str, value: str, names: tuple[str, ...]) -> None:
    if value not in names:
        fix = checks.close_to(value, names) or "Correct the name."
        raise ValueError(f"{what}: expected one of {', '.join(names)}; got {value!r}. {fix}")

"""Initialisers by Keras's names: ``Dense(10, kernel_initializer=nn.initializers.HeNormal())``. Imports ``nn.init``."""

from __future__ import annotations

from nn.init import Constant, Initializer, Normal, Orthogonal, TruncatedNormal, Uniform, VarianceScaling, get

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "get",
]


def Zeros() -> Constant:
    """0 everywhere."""
    return Constant(0.0)


def Ones() -> Constant:
    """1 everywhere."""
    return Constant(1.0)


def RandomNormal(mean: float = 0.0, stddev: float = 0.05) -> Normal:
    """Gaussian; small, as Keras's is."""
    return Normal(mean, stddev)


def RandomUniform(minval: float = -0.05, maxval: float = 0.05) -> Uniform:
    """Uniform on [minval, maxval)."""
    return Uniform(minval, maxval)


def GlorotUniform() -> VarianceScaling:
    """Uniform, of variance 2/(fan_in + fan_out) (Glorot, Bengio 2010).

    >>> GlorotUniform()
    VarianceScaling(scale=1.0, mode='fan_avg', distribution='uniform')
    """
    return VarianceScaling(1.0, "fan_avg", "uniform")


def GlorotNormal() -> VarianceScaling:
    """Gaussian of the same variance, cut at two deviations."""
    return VarianceScaling(1.0, "fan_avg", "truncated_normal")


def HeUniform() -> VarianceScaling:
    """Uniform, of variance 2/fan_in (He et al. 2015)."""
    return VarianceScaling(2.0, "fan_in", "uniform")


def HeNormal() -> VarianceScaling:
    """Gaussian of the same variance, cut at two deviations."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal")


def LecunUniform() -> VarianceScaling:
    """Uniform, of variance 1/fan_in (LeCun et al. 1998)."""
    return VarianceScaling(1.0, "fan_in", "uniform")


def LecunNormal() -> VarianceScaling:
    """Gaussian of the same variance, cut at two deviations."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal")

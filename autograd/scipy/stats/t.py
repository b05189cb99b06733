"""Student's t distribution, differentiable in every argument. Imports ``autograd.numpy``. As ``scipy.stats.t``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np

__all__ = ["cdf", "logcdf", "logpdf", "pdf"]


def logpdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """log Γ((ν + 1)/2) - log Γ(ν/2) - log(πν)/2 - log scale - (ν + 1)/2·log(1 + z²/ν), z = (x - loc)/scale.

    >>> round(float(logpdf(0.0, 1.0)), 6)
    -1.14473
    """
    z = np.divide(np.subtract(x, loc), scale)
    half = np.multiply(0.5, df)
    ends = np.gammaln(half + 0.5) - np.gammaln(half) - 0.5 * np.log(np.multiply(math.pi, df)) - np.log(scale)
    return ends - (half + 0.5) * np.log1p(z * z / df)


def pdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """exp of ``logpdf``.

    >>> round(float(pdf(0.0, 1.0)), 6)
    0.31831
    """
    return np.exp(logpdf(x, df, loc, scale))


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The probability of at most x, by the incomplete beta function; differentiable in x, loc and scale.

    >>> float(cdf(0.0, 3.0))
    0.5
    """
    z = np.divide(np.subtract(x, loc), scale)
    tail = 0.5 * np.betainc(np.multiply(0.5, df), 0.5, df / (df + z * z))
    return np.where(z > 0, 1 - tail, tail)


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """log of ``cdf``.

    >>> round(float(logcdf(0.0, 3.0)), 6)
    -0.693147
    """
    return np.log(cdf(x, df, loc, scale))

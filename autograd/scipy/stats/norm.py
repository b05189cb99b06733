"""The normal distribution: densities and probabilities, differentiable in every argument. Imports ``autograd.numpy``.

z = (x - loc)/scale. As ``scipy.stats.norm``.
"""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "sf"]

_LOG_ROOT = 0.5 * math.log(2 * math.pi)


def _z(x: Any, loc: Any, scale: Any) -> Any:
    return np.divide(np.subtract(x, loc), scale)


def pdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """exp(-z²/2)/(scale·√(2π)).

    >>> pdf(0.0)
    np.float64(0.3989422804014327)
    """
    return np.exp(logpdf(x, loc, scale))


def logpdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """-z²/2 - log scale - log √(2π).

    >>> logpdf(1.0)
    np.float64(-1.4189385332046727)
    """
    z = _z(x, loc, scale)
    return -z * z / 2 - np.log(scale) - _LOG_ROOT


def cdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The probability of at most x: erfc(-z/√2)/2.

    >>> cdf(0.0)
    np.float64(0.5)
    """
    return np.erfc(-_z(x, loc, scale) * math.sqrt(0.5)) / 2


def logcdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """log cdf, exact far out, too.

    >>> logcdf(-40.0)
    np.float64(-804.608442013754)
    """
    return np.log_ndtr(_z(x, loc, scale))


def sf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """The probability of more than x: cdf of -z.

    >>> sf(0.0)
    np.float64(0.5)
    """
    return np.erfc(_z(x, loc, scale) * math.sqrt(0.5)) / 2


def logsf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """log sf, exact far out, too.

    >>> logsf(40.0)
    np.float64(-804.608442013754)
    """
    return np.log_ndtr(-_z(x, loc, scale))

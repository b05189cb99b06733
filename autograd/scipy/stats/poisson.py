"""The Poisson distribution, differentiable in its mean. Imports ``autograd.numpy``. As ``scipy.stats.poisson``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np

__all__ = ["cdf", "logpmf", "pmf"]


def logpmf(k: Any, mu: Any) -> Any:
    """k·log μ - μ - log k!, for integers k ≥ 0.

    >>> logpmf(0, 2.0)
    np.float64(-2.0)
    """
    return np.xlogy(k, mu) - np.gammaln(np.add(k, 1.0)) - mu


def pmf(k: Any, mu: Any) -> Any:
    """exp of ``logpmf``.

    >>> round(float(pmf(0, 2.0)), 6)
    0.135335
    """
    return np.exp(logpmf(k, mu))


def cdf(k: Any, mu: Any) -> Any:
    """The probability of at most k.

    >>> round(float(cdf(0, 2.0)), 6)
    0.135335
    """
    return np.gammaincc(np.add(k, 1.0), mu)

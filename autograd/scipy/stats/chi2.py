"""The χ² distribution: a gamma distribution of x/2 with a = df/2. Imports ``stats.gamma``. As ``scipy.stats.chi2``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from autograd.scipy.stats import gamma

__all__ = ["cdf", "logpdf", "pdf"]


def logpdf(x: Any, df: Any) -> Any:
    """(df/2 - 1)·log(x/2) - x/2 - log Γ(df/2) - log 2, for x ≥ 0.

    >>> round(float(logpdf(2.0, 2.0)), 6)
    -1.693147
    """
    return gamma.logpdf(np.multiply(0.5, x), np.multiply(0.5, df)) - math.log(2)


def pdf(x: Any, df: Any) -> Any:
    """exp of ``logpdf``.

    >>> round(float(pdf(2.0, 2.0)), 6)
    0.18394
    """
    return np.exp(logpdf(x, df))


def cdf(x: Any, df: Any) -> Any:
    """The probability of at most x; differentiable in x.

    >>> round(float(cdf(2.0, 2.0)), 6)
    0.632121
    """
    return gamma.cdf(np.multiply(0.5, x), np.multiply(0.5, df))

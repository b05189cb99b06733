"""The gamma distribution, differentiable. Imports ``autograd.numpy``.

As ``scipy.stats.gamma`` with loc 0 and scale 1.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np

__all__ = ["cdf", "logpdf", "pdf"]


def logpdf(x: Any, a: Any) -> Any:
    """(a - 1)·log x - x - log Γ(a), for x ≥ 0.

    >>> logpdf(2.0, 1.0)
    np.float64(-2.0)
    """
    return np.xlogy(np.subtract(a, 1), x) - x - np.gammaln(a)


def pdf(x: Any, a: Any) -> Any:
    """exp of ``logpdf``.

    >>> round(float(pdf(2.0, 1.0)), 6)
    0.135335
    """
    return np.exp(logpdf(x, a))


def cdf(x: Any, a: Any) -> Any:
    """The incomplete gamma function; differentiable in x.

    >>> round(float(cdf(2.0, 1.0)), 6)
    0.864665
    """
    return np.gammainc(a, x)

"""The beta distribution, differentiable. Imports ``autograd.numpy``. As ``scipy.stats.beta`` with loc 0 and scale 1."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np

__all__ = ["cdf", "logpdf", "pdf"]


def logpdf(x: Any, a: Any, b: Any) -> Any:
    """(a - 1)·log x + (b - 1)·log(1 - x) - log B(a, b), for x in [0, 1].

    >>> logpdf(0.25, 1.0, 1.0)
    np.float64(0.0)
    """
    return np.xlogy(np.subtract(a, 1), x) + np.xlog1py(np.subtract(b, 1), np.negative(x)) - np.betaln(a, b)


def pdf(x: Any, a: Any, b: Any) -> Any:
    """exp of ``logpdf``.

    >>> pdf(0.25, 1.0, 1.0)
    np.float64(1.0)
    """
    return np.exp(logpdf(x, a, b))


def cdf(x: Any, a: Any, b: Any) -> Any:
    """The incomplete beta function; differentiable in x.

    >>> cdf(0.25, 1.0, 1.0)
    np.float64(0.25)
    """
    return np.betainc(a, b, x)

"""The Dirichlet distribution, differentiable. Imports ``autograd.numpy``. As ``scipy.stats.dirichlet``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np

__all__ = ["logpdf", "pdf"]


def logpdf(x: Any, alpha: Any) -> Any:
    """Σ (α_i - 1)·log x_i - Σ log Γ(α_i) + log Γ(Σ α_i), for x ≥ 0 whose sum is 1.

    >>> round(float(logpdf(np.array([0.5, 0.5]), np.array([2.0, 2.0]))), 6)
    0.405465
    """
    return np.sum(np.xlogy(np.subtract(alpha, 1), x)) - np.sum(np.gammaln(alpha)) + np.gammaln(np.sum(alpha))


def pdf(x: Any, alpha: Any) -> Any:
    """exp of ``logpdf``.

    >>> round(float(pdf(np.array([0.5, 0.5]), np.array([2.0, 2.0]))), 6)
    1.5
    """
    return np.exp(logpdf(x, alpha))

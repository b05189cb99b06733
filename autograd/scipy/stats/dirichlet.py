"""The Dirichlet distribution, its density differentiable. Imports ``autograd.numpy``. As ``scipy.stats.dirichlet``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import raw

__all__ = ["logpdf", "pdf", "rvs"]


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


def rvs(alpha: Any, size: Any = 1, random_state: Any = None) -> Any:
    """Random draws (size, k), without a gradient, on the default backend.

    Args:
        alpha: (k,).
        size: how many.
        random_state: a seed, or a generator of NumPy; by default ``numpy.random``'s own.

    >>> rvs([1.0, 2.0, 3.0], size=4, random_state=0).shape
    (4, 3)
    """
    alpha = raw(np.asarray(alpha))
    if random_state is None:
        return np.random.dirichlet(alpha, size)
    source = np.random.RandomState(random_state) if isinstance(random_state, int) else random_state
    return source.dirichlet(alpha, size)

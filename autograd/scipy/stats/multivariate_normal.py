"""The normal distribution of vectors: density and entropy, differentiable. Imports ``autograd.numpy``.

As ``scipy.stats.multivariate_normal``, for covariances that are positive definite.
"""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np

__all__ = ["entropy", "logpdf", "pdf"]


def _factor(mean: Any, cov: Any, allow_singular: bool) -> tuple[Any, Any]:
    """The mean as a vector and the covariance's Cholesky factor."""
    if allow_singular:
        raise ValueError(
            "multivariate_normal: expected a positive definite covariance; got allow_singular=True. "
            "Add a small multiple of the identity instead."
        )
    mean = np.atleast_1d(mean)
    n = mean.shape[0]
    cov = np.asarray(cov)
    if len(cov.shape) == 0:
        cov = cov * np.eye(n)
    elif len(cov.shape) == 1:
        cov = np.diag(cov)
    if tuple(cov.shape) != (n, n):
        raise ValueError(
            f"multivariate_normal: expected a covariance of shape {(n, n)}, as the mean has {n} entries; "
            f"got {tuple(cov.shape)}. Correct one of the two."
        )
    return mean, np.linalg.cholesky((cov + cov.T) / 2)


def logpdf(x: Any, mean: Any, cov: Any, allow_singular: bool = False) -> Any:
    """-(d·log 2π + log det C + (x - mean)ᵀ C⁻¹ (x - mean))/2 for each vector along x's last axis.

    Args:
        x: (…, d).
        mean: (d,).
        cov: (d, d), or a diagonal (d,), or a number.

    Raises:
        ValueError: shapes don't fit, or allow_singular.
        LinAlgError: the covariance is not positive definite.

    >>> logpdf(np.array([0.0, 0.0]), np.zeros(2), np.eye(2))
    np.float64(-1.8378770664093453)
    """
    mean, lower = _factor(mean, cov, allow_singular)
    d = mean.shape[0]
    x = np.asarray(x)
    lead = tuple(x.shape)[:-1] if d > 1 or tuple(x.shape)[-1:] == (1,) else tuple(x.shape)
    apart = np.reshape(np.reshape(x, (*lead, d)) - mean, (-1, d))
    z = np.linalg.solve(lower, apart.T)
    half_log_det = np.sum(np.log(np.diagonal(lower)))
    out = -0.5 * (d * math.log(2 * math.pi) + np.sum(z * z, axis=0)) - half_log_det
    return np.reshape(out, lead) if lead else out[0]


def pdf(x: Any, mean: Any, cov: Any, allow_singular: bool = False) -> Any:
    """exp of ``logpdf``.

    >>> pdf(np.array([0.0, 0.0]), np.zeros(2), np.eye(2))
    np.float64(0.15915494309189535)
    """
    return np.exp(logpdf(x, mean, cov, allow_singular))


def entropy(mean: Any, cov: Any) -> Any:
    """(d·(1 + log 2π) + log det C)/2.

    >>> entropy(np.zeros(2), np.eye(2))
    np.float64(2.8378770664093453)
    """
    mean, lower = _factor(mean, cov, False)
    return 0.5 * mean.shape[0] * (1 + math.log(2 * math.pi)) + np.sum(np.log(np.diagonal(lower)))

"""Densities, as modules: ``import autograd.scipy.stats.norm as norm``. Imports ``norm``, ``multivariate_normal``."""

from autograd.scipy.stats import multivariate_normal, norm

__all__ = ["multivariate_normal", "norm"]

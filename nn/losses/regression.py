"""Losses of numbers against numbers: squares, absolute values and what lies between. Imports ``losses.base``.

Functions and classes have PyTorch's names, argument order (prediction, target) and defaults. d = prediction - target.
"""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from nn.losses.base import Loss, pair, reduce


def squared_error(input: Any, target: Any) -> Any:
    """d², element by element."""
    input, target = pair("mse_loss", input, target)
    d = input - target
    return d * d


def absolute_error(input: Any, target: Any) -> Any:
    """|d|, element by element; slope 0 at 0."""
    input, target = pair("l1_loss", input, target)
    return np.absolute(input - target)


def smooth_absolute_error(input: Any, target: Any, beta: float = 1.0) -> Any:
    """d²/2β where |d| < β, |d| - β/2 elsewhere; |d| for β = 0 (Girshick 2015)."""
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: expected beta ≥ 0; got {beta}. Correct it.")
    size = absolute_error(input, target)
    if beta == 0:
        return size
    inner = np.minimum(size, beta)
    return inner * (size - inner / 2) / beta


def huber_error(input: Any, target: Any, delta: float = 1.0) -> Any:
    """d²/2 where |d| ≤ δ, δ·(|d| - δ/2) elsewhere (Huber 1964)."""
    if delta <= 0:
        raise ValueError(f"huber_loss: expected delta > 0; got {delta}. Correct it.")
    size = absolute_error(input, target)
    inner = np.minimum(size, delta)
    return inner * (size - inner / 2)


def log_cosh_error(input: Any, target: Any) -> Any:
    """log cosh d, as d + log(1 + e^-2d) - log 2, which does not overflow."""
    input, target = pair("log_cosh_loss", input, target)
    d = input - target
    return d + np.softplus(-2 * d) - math.log(2)


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean of (prediction - target)².

    Raises:
        ValueError: shapes differ, or the reduction is unknown.

    >>> mse_loss(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    np.float64(2.0)
    """
    return reduce(squared_error(input, target), reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean of |prediction - target|.

    >>> l1_loss(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    np.float64(1.0)
    """
    return reduce(absolute_error(input, target), reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Mean of d²/2β where |d| < β, |d| - β/2 elsewhere (Girshick 2015).

    >>> smooth_l1_loss(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none")
    array([0.125, 2.5  ])
    """
    return reduce(smooth_absolute_error(input, target, beta), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """Mean of d²/2 where |d| ≤ δ, δ·(|d| - δ/2) elsewhere (Huber 1964).

    >>> huber_loss(np.array([0.5, 3.0]), np.array([0.0, 0.0]), reduction="none", delta=2.0)
    array([0.125, 4.   ])
    """
    return reduce(huber_error(input, target, delta), reduction)


def log_cosh_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean of log cosh d.

    >>> log_cosh_loss(np.array([0.0, 1000.0]), np.array([0.0, 0.0]), reduction="none")
    array([  0.        , 999.30685282])
    """
    return reduce(log_cosh_error(input, target), reduction)


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Any:
    """Mean of rate - target·log rate, the rate being e^prediction, or the prediction itself where not ``log_input``.

    ``full`` adds Stirling's approximation of log target! for targets above 1.

    >>> poisson_nll_loss(np.array([0.0]), np.array([2.0]))
    np.float64(1.0)
    """
    input, target = pair("poisson_nll_loss", input, target)
    loss = np.exp(input) - target * input if log_input else input - target * np.log(input + eps)
    if full:
        t = np.maximum(target, 1)
        loss = loss + (target > 1) * (t * np.log(t) - t + 0.5 * np.log(2 * math.pi * t))
    return reduce(loss, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """Mean of (log var + d²/var)/2, with var at least ``eps``; ``full`` adds log(2π)/2 (Nix, Weigend 1994).

    ``var`` has the prediction's shape, or 1 in the last axis.

    >>> gaussian_nll_loss(np.array([1.0]), np.array([0.0]), np.array([1.0]))
    np.float64(0.5)
    """
    input, target = pair("gaussian_nll_loss", input, target)
    var = np.maximum(var, eps)
    d = input - target
    loss = 0.5 * (np.log(var) + d * d / var)
    return reduce(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


class MSELoss(Loss):
    """Mean of (prediction - target)².

    >>> MSELoss()(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    np.float64(2.0)
    """

    def elements(self, input: Any, target: Any) -> Any:
        return squared_error(input, target)


class L1Loss(Loss):
    """Mean of |prediction - target| (MAE)."""

    def elements(self, input: Any, target: Any) -> Any:
        return absolute_error(input, target)


class SmoothL1Loss(Loss):
    """Mean of d²/2β where |d| < β, |d| - β/2 elsewhere."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def elements(self, input: Any, target: Any) -> Any:
        return smooth_absolute_error(input, target, self.beta)


class HuberLoss(Loss):
    """Mean of d²/2 where |d| ≤ δ, δ·(|d| - δ/2) elsewhere."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def elements(self, input: Any, target: Any) -> Any:
        return huber_error(input, target, self.delta)


class LogCoshLoss(Loss):
    """Mean of log cosh d."""

    def elements(self, input: Any, target: Any) -> Any:
        return log_cosh_error(input, target)


class PoissonNLLLoss(Loss):
    """Mean of rate - target·log rate; see ``poisson_nll_loss``."""

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def elements(self, input: Any, target: Any) -> Any:
        return poisson_nll_loss(input, target, self.log_input, self.full, self.eps, "none")


class GaussianNLLLoss(Loss):
    """Mean of (log var + d²/var)/2; called with (prediction, target, var)."""

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Any, target: Any, var: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        return reduce(gaussian_nll_loss(input, target, var, self.full, self.eps, "none"), self.reduction, sample_weight)

"""Optimisers that scale each step by the gradients' history: Adagrad, RMSprop, Adadelta. Imports ``nn.optim.base``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd.numpy as np
from nn.optim.base import Optimizer, Update


def adagrad(p: Any, g: Any, total: Any, lr: Any, eps: Any, decay: Any) -> tuple[Any, ...]:
    g = g + decay * p
    total = total + g * g
    return p - lr * g / (np.sqrt(total) + eps), total


class Adagrad(Optimizer):
    """``s ← s + g²``, ``p ← p - lr/(1 + (t-1)·lr_decay)·g/(√s + ε)`` (Duchi, Hazan, Singer 2011)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return adagrad, ("total",)

    def initial(self, group: dict[str, Any], name: str) -> float:
        return group["initial_accumulator_value"]

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        return group["lr"] / (1 + (t - 1) * group["lr_decay"]), group["eps"], group["weight_decay"]


def rmsprop(p: Any, g: Any, v: Any, lr: Any, a: Any, rest: Any, eps: Any, decay: Any) -> tuple[Any, ...]:
    g = g + decay * p
    v = a * v + rest * (g * g)
    return p - lr * g / (np.sqrt(v) + eps), v


def rmsprop_general(
    p: Any,
    g: Any,
    v: Any,
    mean: Any,
    buffer: Any,
    lr: Any,
    a: Any,
    rest: Any,
    eps: Any,
    decay: Any,
    momentum: Any,
    centred: Any,
) -> tuple[Any, ...]:
    g = g + decay * p
    v = a * v + rest * (g * g)
    mean = a * mean + rest * g
    buffer = momentum * buffer + g / (np.sqrt(v - centred * (mean * mean)) + eps)
    return p - lr * buffer, v, mean, buffer


class RMSprop(Optimizer):
    """``v ← αv + (1-α)g²``, ``p ← p - lr·g/(√v + ε)`` (Tieleman, Hinton 2012).

    ``centered`` takes the mean's square from v.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        if group["momentum"] or group["centered"]:
            return rmsprop_general, ("v", "mean", "buffer")
        return rmsprop, ("v",)

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        common = group["lr"], group["alpha"], 1 - group["alpha"], group["eps"], group["weight_decay"]
        if group["momentum"] or group["centered"]:
            return (*common, group["momentum"], 1.0 if group["centered"] else 0.0)
        return common


def adadelta(p: Any, g: Any, v: Any, d: Any, lr: Any, rho: Any, rest: Any, eps: Any, decay: Any) -> tuple[Any, ...]:
    g = g + decay * p
    v = rho * v + rest * (g * g)
    step = np.sqrt(d + eps) / np.sqrt(v + eps) * g
    return p - lr * step, v, rho * d + rest * (step * step)


class Adadelta(Optimizer):
    """Steps in the parameters' own units: ``Δ = √(d + ε)/√(v + ε)·g``; v, d: running means of g², Δ² (Zeiler 2012)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return adadelta, ("v", "d")

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        return group["lr"], group["rho"], 1 - group["rho"], group["eps"], group["weight_decay"]

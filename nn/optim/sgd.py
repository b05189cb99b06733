"""Gradient descent, with momentum and Nesterov's. Imports ``nn.optim.base``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nn.optim.base import Optimizer, Update


def descend(p: Any, g: Any, lr: Any, decay: Any) -> tuple[Any, ...]:
    return (p - lr * (g + decay * p),)


def heavy_ball(p: Any, g: Any, v: Any, lr: Any, decay: Any, momentum: Any, rest: Any) -> tuple[Any, ...]:
    v = momentum * v + rest * (g + decay * p)
    return p - lr * v, v


def nesterov(p: Any, g: Any, v: Any, lr: Any, decay: Any, momentum: Any, rest: Any) -> tuple[Any, ...]:
    g = g + decay * p
    v = momentum * v + rest * g
    return p - lr * (g + momentum * v), v


class SGD(Optimizer):
    """``p ← p - lr·g``, the reference document's update, or with momentum.

    With momentum μ: ``v ← μ·v + (1 - dampening)·g``, ``p ← p - lr·v``; the first step takes v = g. Nesterov's:
    ``p ← p - lr·(g + μ·v)`` (Sutskever et al. 2013, as PyTorch arranges it).

    >>> import nn
    >>> w = nn.parameter([1.0])
    >>> optimizer = SGD([w], lr=0.1)
    >>> (3 * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([0.7], dtype=float32)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.01,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        maximize: bool = False,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: expected momentum above 0 and no dampening with nesterov; got {momentum} and {dampening}."
            )
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        if not group["momentum"]:
            return descend, ()
        return nesterov if group["nesterov"] else heavy_ball, ("momentum",)

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        if not group["momentum"]:
            return group["lr"], group["weight_decay"]
        rest = 1.0 if t == 1 else 1.0 - group["dampening"]
        return group["lr"], group["weight_decay"], group["momentum"], rest

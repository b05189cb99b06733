"""Optimisers that average the gradient and its square: Adam and its kin.

Imports ``nn.optim.base`` and ``autograd.numpy``.

Numbers such as 1 - β come ready-made: in float32, 1 - 0.999 would be wrong in the fifth digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import Any

import autograd.numpy as np
from nn.optim.base import Optimizer, Update

# Adam ------------------------------------------------------------------------------------------------------------


def adam(
    p: Any, g: Any, m: Any, v: Any, b1: Any, a1: Any, b2: Any, a2: Any, step: Any, r: Any, eps: Any, l2: Any, keep: Any
) -> tuple[Any, ...]:
    g = g + l2 * p
    m = b1 * m + a1 * g
    v = b2 * v + a2 * (g * g)
    return keep * p - step * m / (np.sqrt(v) * r + eps), m, v


def amsgrad(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    top: Any,
    b1: Any,
    a1: Any,
    b2: Any,
    a2: Any,
    step: Any,
    r: Any,
    eps: Any,
    l2: Any,
    keep: Any,
) -> tuple[Any, ...]:
    g = g + l2 * p
    m = b1 * m + a1 * g
    v = b2 * v + a2 * (g * g)
    top = np.maximum(top, v)
    return keep * p - step * m / (np.sqrt(top) * r + eps), m, v, top


class Adam(Optimizer):
    """``m ← β₁m + (1-β₁)g``, ``v ← β₂v + (1-β₂)g²``, ``p ← p - lr·m̂/(√v̂ + ε)``, with m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).

    Kingma, Ba, "Adam" (2015), algorithm 1; ``amsgrad`` after Reddi, Kale, Kumar (2018).

    Args:
        weight_decay: added to the gradient, times p (Adam) or taken from p directly (AdamW).
        eps_hat: add ε to √v before its correction, as the end of the paper's section 2 has it, and Keras.
    """

    decoupled = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        maximize: bool = False,
        eps_hat: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            eps_hat=eps_hat,
        )

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return (amsgrad, ("m", "v", "top")) if group["amsgrad"] else (adam, ("m", "v"))

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        (b1, b2), lr, decay = group["betas"], group["lr"], group["weight_decay"]
        c1, c2 = 1 - b1**t, sqrt(1 - b2**t)
        step, r = (lr * c2 / c1, 1.0) if group["eps_hat"] else (lr / c1, 1 / c2)
        l2, keep = (0.0, 1 - lr * decay) if self.decoupled else (decay, 1.0)
        return b1, 1 - b1, b2, 1 - b2, step, r, group["eps"], l2, keep


class AdamW(Adam):
    """Adam with decoupled weight decay: ``p ← (1 - lr·λ)·p`` first (Loshchilov, Hutter 2019)."""

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, **options)


# Its kin -----------------------------------------------------------------------------------------------------------


def nadam(
    p: Any,
    g: Any,
    m: Any,
    v: Any,
    b1: Any,
    a1: Any,
    b2: Any,
    a2: Any,
    now: Any,
    next_: Any,
    r: Any,
    eps: Any,
    l2: Any,
    keep: Any,
) -> tuple[Any, ...]:
    p = keep * p
    g = g + l2 * p
    m = b1 * m + a1 * g
    v = b2 * v + a2 * (g * g)
    return p - (now * g + next_ * m) / (np.sqrt(v) * r + eps), m, v


class NAdam(Optimizer):
    """Adam with Nesterov's look-ahead and a growing momentum μₜ = β₁(1 - ½·0.96^(t·ψ)) (Dozat 2016)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 0.004,
        decoupled_weight_decay: bool = False,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )
        self._products: dict[tuple[float, float], list[float]] = {}

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return nadam, ("m", "v")

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        (b1, b2), lr, decay, psi = group["betas"], group["lr"], group["weight_decay"], group["momentum_decay"]

        def mu(i: int) -> float:
            return b1 * (1 - 0.5 * 0.96 ** (i * psi))

        products = self._products.setdefault((b1, psi), [1.0])
        while len(products) <= t + 1:
            products.append(products[-1] * mu(len(products)))
        now = lr * (1 - mu(t)) / (1 - products[t])
        next_ = lr * mu(t + 1) / (1 - products[t + 1])
        l2, keep = (0.0, 1 - lr * decay) if group["decoupled_weight_decay"] else (decay, 1.0)
        return b1, 1 - b1, b2, 1 - b2, now, next_, 1 / sqrt(1 - b2**t), group["eps"], l2, keep


def radam(
    p: Any, g: Any, m: Any, v: Any, b1: Any, a1: Any, b2: Any, a2: Any, adaptive: Any, plain: Any, eps: Any, l2: Any
) -> tuple[Any, ...]:
    g = g + l2 * p
    m = b1 * m + a1 * g
    v = b2 * v + a2 * (g * g)
    return p - m * (adaptive / (np.sqrt(v) + eps) + plain), m, v


class RAdam(Optimizer):
    """Adam whose adaptive step waits until its variance is tractable (Liu et al. 2020)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return radam, ("m", "v")

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        (b1, b2), lr = group["betas"], group["lr"]
        c1, c2 = 1 - b1**t, 1 - b2**t
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * t * b2**t / c2
        adaptive, plain = 0.0, lr / c1
        if length > 5:
            ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            adaptive, plain = lr / c1 * sqrt(ratio) * sqrt(c2), 0.0
        return b1, 1 - b1, b2, 1 - b2, adaptive, plain, group["eps"], group["weight_decay"]


def adamax(p: Any, g: Any, m: Any, u: Any, b1: Any, a1: Any, b2: Any, step: Any, eps: Any, l2: Any) -> tuple[Any, ...]:
    g = g + l2 * p
    m = b1 * m + a1 * g
    u = np.maximum(b2 * u, np.absolute(g) + eps)
    return p - step * m / u, m, u


class Adamax(Optimizer):
    """Adam with the greatest gradient in place of the mean square: ``u ← max(β₂u, |g| + ε)`` (Kingma, Ba 2015, 7.1)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.002,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return adamax, ("m", "u")

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        b1, b2 = group["betas"]
        return b1, 1 - b1, b2, group["lr"] / (1 - b1**t), group["eps"], group["weight_decay"]


def lion(p: Any, g: Any, m: Any, b1: Any, a1: Any, b2: Any, a2: Any, lr: Any, keep: Any) -> tuple[Any, ...]:
    return keep * p - lr * np.sign(b1 * m + a1 * g), b2 * m + a2 * g


class Lion(Optimizer):
    """``p ← p - lr·(sign(β₁m + (1-β₁)g) + λp)``, ``m ← β₂m + (1-β₂)g`` (Chen et al. 2023, algorithm 2)."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.0001,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize)

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return lion, ("m",)

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        (b1, b2), lr = group["betas"], group["lr"]
        return b1, 1 - b1, b2, 1 - b2, lr, 1 - lr * group["weight_decay"]

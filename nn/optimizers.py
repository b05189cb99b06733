"""Optimisers under Keras's names, arguments and defaults, bound to parameters at the first step.

Imports ``nn.optim`` and ``recipe``. ``compile(optimizer="adam")`` and
``compile(optimizer=nn.optimizers.Adam(learning_rate=0.01))`` end here. An ``nn.optim`` optimiser, made with its
parameters, does as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from nn import checks, optim
from nn import decays as schedules  # noqa: F401 - Keras's name for them
from nn.recipe import Recipe, remembered

# Where Keras's formula is its own: ε under the root, or outside the maximum -------------------------------------


def _rmsprop(
    p: Any, g: Any, v: Any, mean: Any, buffer: Any, lr: Any, a: Any, rest: Any, eps: Any, momentum: Any, centred: Any
) -> tuple[Any, ...]:
    v = a * v + rest * (g * g)
    mean = a * mean + rest * g
    buffer = momentum * buffer + lr * g / np.sqrt(v - centred * (mean * mean) + eps)
    return p - buffer, v, mean, buffer


class _RMSprop(optim.RMSprop):
    def formula(self, group: dict[str, Any]) -> Any:
        return _rmsprop, ("v", "mean", "buffer")

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        a = group["alpha"]
        return group["lr"], a, 1 - a, group["eps"], group["momentum"], 1.0 if group["centered"] else 0.0


def _adagrad(p: Any, g: Any, total: Any, lr: Any, eps: Any) -> tuple[Any, ...]:
    total = total + g * g
    return p - lr * g / np.sqrt(total + eps), total


class _Adagrad(optim.Adagrad):
    def formula(self, group: dict[str, Any]) -> Any:
        return _adagrad, ("total",)

    def numbers(self, group: dict[str, Any], t: int) -> tuple[float, ...]:
        return group["lr"], group["eps"]


def _adamax(p: Any, g: Any, m: Any, u: Any, b1: Any, a1: Any, b2: Any, step: Any, eps: Any, l2: Any) -> tuple[Any, ...]:
    m = b1 * m + a1 * g
    u = np.maximum(b2 * u, np.absolute(g))
    return p - step * m / (u + eps), m, u


class _Adamax(optim.Adamax):
    def formula(self, group: dict[str, Any]) -> Any:
        return _adamax, ("m", "u")


# Keras's names ---------------------------------------------------------------------------------------------------


@remembered
def SGD(
    learning_rate: Any = 0.01,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """Gradient descent: ``p ← p - lr·g``, with momentum.

    >>> SGD(0.1)
    SGD(lr=0.1, momentum=0.0, nesterov=False)
    """
    checks.number("SGD", "momentum", momentum, checks.SHARE)
    nesterov = nesterov and momentum > 0
    return Recipe(
        "SGD", optim.SGD, {"lr": learning_rate, "momentum": momentum, "nesterov": nesterov}, weight_decay or 0.0, **clip
    )


@remembered
def Adam(
    learning_rate: Any = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """Adam with ε added to √v before its correction, as Keras has it; weight decay is decoupled (AdamW)."""
    options = {"lr": learning_rate, "betas": (beta_1, beta_2), "eps": epsilon, "amsgrad": amsgrad, "eps_hat": True}
    if weight_decay:
        return Recipe("AdamW", optim.AdamW, {**options, "weight_decay": weight_decay}, **clip)
    return Recipe("Adam", optim.Adam, options, **clip)


@remembered
def AdamW(
    learning_rate: Any = 0.001,
    weight_decay: float = 0.004,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    amsgrad: bool = False,
    **clip: Any,
) -> Recipe:
    """Adam with decoupled weight decay."""
    return Adam(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, **clip)


@remembered
def Nadam(
    learning_rate: Any = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """Adam with Nesterov's look-ahead; the momentum grows as 0.96ᵗ shrinks."""
    options = {"lr": learning_rate, "betas": (beta_1, beta_2), "eps": epsilon, "momentum_decay": 1.0}
    options |= {"weight_decay": weight_decay or 0.0, "decoupled_weight_decay": True}
    return Recipe("Nadam", optim.NAdam, options, **clip)


@remembered
def Adamax(
    learning_rate: Any = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """Adam with the greatest gradient in place of the mean square."""
    options = {"lr": learning_rate, "betas": (beta_1, beta_2), "eps": epsilon}
    return Recipe("Adamax", _Adamax, options, weight_decay or 0.0, **clip)


@remembered
def RMSprop(
    learning_rate: Any = 0.001,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """``v ← ρv + (1-ρ)g²``, ``p ← p - lr·g/√(v + ε)``."""
    options = {"lr": learning_rate, "alpha": rho, "momentum": momentum, "eps": epsilon, "centered": centered}
    return Recipe("RMSprop", _RMSprop, options, weight_decay or 0.0, **clip)


@remembered
def Adagrad(
    learning_rate: Any = 0.001,
    initial_accumulator_value: float = 0.1,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """``s ← s + g²``, ``p ← p - lr·g/√(s + ε)``."""
    options = {"lr": learning_rate, "initial_accumulator_value": initial_accumulator_value, "eps": epsilon}
    return Recipe("Adagrad", _Adagrad, options, weight_decay or 0.0, **clip)


@remembered
def Adadelta(
    learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, weight_decay: float | None = None, **clip: Any
) -> Recipe:
    """Steps in the parameters' own units."""
    options = {"lr": learning_rate, "rho": rho, "eps": epsilon}
    return Recipe("Adadelta", optim.Adadelta, options, weight_decay or 0.0, **clip)


@remembered
def Lion(
    learning_rate: Any = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """The sign of the averaged gradient."""
    options = {"lr": learning_rate, "betas": (beta_1, beta_2), "weight_decay": weight_decay or 0.0}
    return Recipe("Lion", optim.Lion, options, **clip)


@remembered
def Lamb(
    learning_rate: Any = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float | None = None,
    **clip: Any,
) -> Recipe:
    """Adam's direction scaled to each parameter's norm."""
    options = {"lr": learning_rate, "betas": (beta_1, beta_2), "eps": epsilon}
    return Recipe("Lamb", optim.LAMB, options, weight_decay or 0.0, **clip)


NAMED: dict[str, Callable[..., Recipe]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "adamax": Adamax,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "lion": Lion,
    "lamb": Lamb,
}


def get(optimizer: Any) -> Recipe | optim.Optimizer:
    """A recipe by Keras's name; a ``Recipe`` or an ``nn.optim`` optimiser as it is.

    Raises:
        ValueError: the name is unknown.
        TypeError: it is neither a name nor an optimiser.

    >>> get("sgd")
    SGD(lr=0.01, momentum=0.0, nesterov=False)
    """
    if isinstance(optimizer, str):
        make = NAMED.get(optimizer.lower())
        if make is None:
            fix = checks.close_to(optimizer, NAMED) or "Correct the name."
            raise ValueError(f"optimizer: expected one of {', '.join(NAMED)}; got {optimizer!r}. {fix}")
        return make()
    if isinstance(optimizer, (Recipe, optim.Optimizer)):
        return optimizer
    if optimizer in NAMED.values():
        return optimizer()
    if isinstance(optimizer, type) and issubclass(optimizer, optim.Optimizer):
        raise TypeError(
            f"optimizer: expected an optimiser over the model's parameters; got the class {optimizer.__name__}. "
            f"Make one: nn.optim.{optimizer.__name__}(model.parameters())."
        )
    raise TypeError(
        f"optimizer: expected a name, one of nn.optimizers or of nn.optim; got {type(optimizer).__name__}. "
        f"Pass one of {', '.join(NAMED)}, or nn.optim.Adam(model.parameters())."
    )

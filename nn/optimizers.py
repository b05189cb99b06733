"""Optimisers under Keras's names, arguments and defaults, bound to parameters at the first step.

Imports ``nn.optim`` and ``decays``. ``compile(optimizer="adam")`` and
``compile(optimizer=nn.optimizers.Adam(learning_rate=0.01))`` end here. An ``nn.optim`` optimiser, made with its
parameters, does as well.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import autograd.numpy as np
from autograd import Tensor
from nn import decays, optim
from nn import decays as schedules  # noqa: F401 - Keras's name for them


class Recipe:
    """An optimiser without its parameters: what Keras calls an optimizer. ``bind(params)`` makes the ``nn.optim`` one.

    Args:
        name: Keras's name, for the repr.
        kind: the class of ``nn.optim``.
        options: its options.
        decay: weight decay where the class has none of Keras's kind: parameters shrink by lr·decay before each step.
        clipnorm, clipvalue, global_clipnorm: limits for gradients: each one's norm, each entry, the norm of all.
        use_ema, ema_momentum: keep a moving average of the weights, which they become when ``fit`` ends.
        ema_overwrite_frequency: become it after every so many steps, besides.
    """

    def __init__(
        self,
        name: str,
        kind: Callable[..., optim.Optimizer],
        options: dict[str, Any],
        decay: float = 0.0,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
    ) -> None:
        if sum([limit is not None for limit in (clipnorm, clipvalue, global_clipnorm)]) > 1:
            raise ValueError(
                f"{name}: expected one of clipnorm, clipvalue and global_clipnorm; got several. Choose one."
            )
        self.name = name
        self.kind = kind
        self.schedule: Callable[[int], float] | None = None
        rate = decays.from_data(options["lr"])
        if callable(rate):
            self.schedule = rate
            options = {**options, "lr": float(rate(0))}
        self.options = options
        self.given: tuple[str, dict[str, Any]] | None = None
        self.decay = decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.overwrite = use_ema, ema_momentum, ema_overwrite_frequency

    def bind(self, params: Iterable[Tensor]) -> optim.Optimizer:
        """The optimiser over ``params``."""
        return self.kind(params, **self.options)

    def before_step(self, optimizer: optim.Optimizer) -> Callable[[], None] | None:
        """What to do between ``backward`` and ``step``; None where nothing is asked for."""
        params = [p for group in optimizer.groups for p in group["params"]]
        todo: list[Callable[[], Any]] = []
        if self.schedule is not None:
            todo.append(self._scheduled(optimizer, self.schedule))
        if self.clipvalue is not None:
            limit = self.clipvalue
            todo.append(lambda: optim.clip_grad_value_(params, limit))
        if self.global_clipnorm is not None:
            norm = self.global_clipnorm
            todo.append(lambda: optim.clip_grad_norm_(params, norm))
        if self.clipnorm is not None:
            each = self.clipnorm
            todo.append(lambda: [optim.clip_grad_norm_([p], each) for p in params])
        if self.decay:
            todo.append(lambda: self._shrink(optimizer))

        def before() -> None:
            for act in todo:
                act()

        return before if todo else None

    def average_of(self, optimizer: optim.Optimizer) -> optim.WeightAverage | None:
        """The moving average of the weights, where it is asked for."""
        if not self.use_ema:
            return None
        return optim.WeightAverage([p for group in optimizer.groups for p in group["params"]], self.ema_momentum)

    def after_step(self, average: optim.WeightAverage | None) -> Callable[[], None] | None:
        """What to do after ``step``; None where nothing is asked for."""
        if average is None or not self.overwrite:
            return None if average is None else average.update
        held, every = average, self.overwrite

        def after() -> None:
            held.update()
            if held.updates % every == 0:
                held.apply()

        return after

    @staticmethod
    def _scheduled(optimizer: optim.Optimizer, schedule: Callable[[int], float]) -> Callable[[], None]:
        def adjust() -> None:
            # The optimiser's own count goes on after a checkpoint, so the rate does, too.
            optimizer.lr = float(schedule(steps_taken(optimizer)))

        return adjust

    def _shrink(self, optimizer: optim.Optimizer) -> None:
        for group in optimizer.groups:
            for p in group["params"]:
                if p._grad is not None:
                    p._data *= 1 - group["lr"] * self.decay

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.options.items())})"


def steps_taken(optimizer: optim.Optimizer) -> int:
    """How many steps the optimiser has taken."""
    return max([step for buffers in optimizer._buffers for b in buffers for step in b.steps], default=0)


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


def _kept(make: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """``make`` whose recipes remember their arguments, so that a file can hold them."""
    signature = inspect.signature(make)

    @functools.wraps(make)
    def kept(*args: Any, **kwargs: Any) -> Recipe:
        recipe = make(*args, **kwargs)
        given = dict(signature.bind(*args, **kwargs).arguments)
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        if "learning_rate" in given:
            given["learning_rate"] = decays.as_data(given["learning_rate"])
        recipe.given = make.__name__.lower(), given
        return recipe

    return kept


# Keras's names ---------------------------------------------------------------------------------------------------


@_kept
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
    nesterov = nesterov and momentum > 0
    return Recipe(
        "SGD", optim.SGD, {"lr": learning_rate, "momentum": momentum, "nesterov": nesterov}, weight_decay or 0.0, **clip
    )


@_kept
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


@_kept
def AdamW(learning_rate: Any = 0.001, weight_decay: float = 0.004, **options: Any) -> Recipe:
    """Adam with decoupled weight decay."""
    return Adam(learning_rate, weight_decay=weight_decay, **options)


@_kept
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


@_kept
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


@_kept
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


@_kept
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


@_kept
def Adadelta(
    learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, weight_decay: float | None = None, **clip: Any
) -> Recipe:
    """Steps in the parameters' own units."""
    options = {"lr": learning_rate, "rho": rho, "eps": epsilon}
    return Recipe("Adadelta", optim.Adadelta, options, weight_decay or 0.0, **clip)


@_kept
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


@_kept
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
            raise ValueError(f"optimizer: expected one of {', '.join(NAMED)}; got {optimizer!r}. Correct the name.")
        return make()
    if isinstance(optimizer, (Recipe, optim.Optimizer)):
        return optimizer
    raise TypeError(
        f"optimizer: expected a name, one of nn.optimizers or of nn.optim; got {type(optimizer).__name__}. "
        f"Pass one of {', '.join(NAMED)}, or nn.optim.Adam(model.parameters())."
    )

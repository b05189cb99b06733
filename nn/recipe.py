"""An optimiser that waits for its parameters: what Keras calls an optimizer. Imports ``nn.optim``, ``checks``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd import Tensor
from nn import checks, decays, optim

# The options that every recipe takes beside its optimiser's own.
COMMON = ("clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency")
# PyTorch's words, for the error that names Keras's.
WORDS = {
    "lr": "learning_rate",
    "betas": "beta_1 and beta_2",
    "eps": "epsilon",
    "alpha": "rho",
    "decay": "weight_decay",
}


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
        if not isinstance(use_ema, bool):
            raise TypeError(f"{name}: expected use_ema to be True or False; got {use_ema!r}. Correct it.")
        if ema_overwrite_frequency is not None:
            checks.whole(name, "ema_overwrite_frequency", ema_overwrite_frequency)
        self.name = name
        self.kind = kind
        self.schedule: Callable[[int], float] | None = None
        rate = decays.from_data(options["lr"])
        if callable(rate):
            self.schedule = rate
            options = {**options, "lr": _first(name, rate)}
        self.options = options
        self._bound: tuple[optim.Optimizer, Any, Any] | None = None
        self.given: tuple[str, dict[str, Any]] | None = None
        self.decay = decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.overwrite = use_ema, ema_momentum, ema_overwrite_frequency

    def bind(self, params: Iterable[Tensor]) -> optim.Optimizer:
        """The optimiser over ``params``."""
        return self.kind(params, **self.options)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Tensor]]) -> None:
        """One step in a loop of one's own: ``apply_gradients(zip(gradients, model.trainable_weights))``.

        The first call says which parameters there are; later ones may leave some out.

        Raises:
            ValueError: a parameter is new.
        """
        pairs = [(gradient, p) for gradient, p in grads_and_vars]
        if self._bound is None:
            bound = self.bind([p for _, p in pairs])
            self._bound = bound, self.before_step(bound), self.after_step(self.average_of(bound))
        optimizer, before, after = self._bound
        known = {id(p) for group in optimizer.groups for p in group["params"]}
        if not known.issuperset([id(p) for _, p in pairs]):
            raise ValueError(
                f"{self.name}: expected the parameters of the first apply_gradients; got a new one. Make another "
                "optimiser for it, or pass all of them in the first call."
            )
        optimizer.zero_grad()
        for gradient, p in pairs:
            p.grad = gradient if gradient is None or isinstance(gradient, Tensor) else Tensor(gradient)
        if before is not None:
            before()
        optimizer.step()
        if after is not None:
            after()

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


def remembered(make: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """``make`` whose recipes remember their arguments, so that a file can hold them."""
    signature = inspect.signature(make)

    own = [name for name, p in signature.parameters.items() if p.kind is not p.VAR_KEYWORD]

    @functools.wraps(make)
    def kept(*args: Any, **kwargs: Any) -> Recipe:
        # ``name`` is Keras's label of an optimiser, which nothing here asks for.
        kwargs.pop("name", None)
        checks.known(make.__name__, kwargs, [*own, *(name for name in COMMON if name not in own)], WORDS)
        given = dict(signature.bind(*args, **kwargs).arguments)
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        rate = given.get("learning_rate", 0.0)
        if not callable(rate) and not isinstance(rate, Mapping):
            checks.number(make.__name__, "learning_rate", rate, checks.NOT_NEGATIVE)
        checks.options(make.__name__, {name: value for name, value in given.items() if name != "learning_rate"})
        recipe = make(*args, **kwargs)
        if "learning_rate" in given:
            given["learning_rate"] = decays.as_data(given["learning_rate"])
        recipe.given = make.__name__.lower(), given
        return recipe

    return kept


def _first(name: str, rate: Callable[[int], float]) -> float:
    """A schedule's rate at step 0.

    Raises:
        TypeError: it can't be called with a step, or gives no number.
    """
    try:
        inspect.signature(rate).bind(0)
    except TypeError:
        raise TypeError(
            f"{name}: expected learning_rate to be a number or a function of the step; got a function of "
            f"{len(inspect.signature(rate).parameters)} parameters. Write it so: lambda step: 0.1 * 0.99**step."
        ) from None
    except ValueError:  # no signature to be had
        pass
    value = rate(0)
    checks.number(name, "learning_rate(0)", value, checks.NOT_NEGATIVE)
    return float(value)

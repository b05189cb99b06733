"""Learning rates as functions of the step, under Keras's names: ``nn.optimizers.schedules``. Imports ``checks``.

``compile(optimizer=nn.optimizers.Adam(CosineDecay(0.01, 1000)))`` counts batches. ``nn.schedule`` has PyTorch's, which
change an optimiser from outside.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nn import checks


class LearningRateSchedule:
    """The base: ``schedule(step)`` is the rate of the step counted from 0; a subclass defines ``__call__``.

    >>> class Halve(LearningRateSchedule):
    ...     def __init__(self, start):
    ...         self.start = start
    ...
    ...     def __call__(self, step):
    ...         return self.start * 0.5**step
    >>> Halve(0.1)(1)
    0.05
    """

    def __call__(self, step: int) -> float:
        raise NotImplementedError(f"{type(self).__name__}: expected a method __call__(self, step). Add one.")

    def get_config(self) -> dict[str, Any]:
        """What it was made with."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"


class _Staircase(LearningRateSchedule):
    """What falls with step / decay_steps: evenly, or with ``staircase`` at whole numbers of it."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        _check(self, initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def _done(self, step: int) -> float:
        done = step / self.decay_steps
        return math.floor(done) if self.staircase else done


class ExponentialDecay(_Staircase):
    """``initial · decay_rate^(step / decay_steps)``; with ``staircase`` the exponent is a whole number."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate * self.decay_rate ** self._done(step)


class InverseTimeDecay(_Staircase):
    """``initial / (1 + decay_rate · step / decay_steps)``; with ``staircase`` the quotient is a whole number."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate / (1 + self.decay_rate * self._done(step))


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[i]`` up to and with step ``boundaries[i]``, the last one beyond."""

    def __init__(self, boundaries: Sequence[float], values: Sequence[float]) -> None:
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                f"PiecewiseConstantDecay: expected one value more than boundaries; got {len(values)} values and "
                f"{len(boundaries)} boundaries. Add or remove one."
            )
        for value in values:
            checks.number("PiecewiseConstantDecay", "each of values", value, checks.NOT_NEGATIVE)
        for boundary in boundaries:
            checks.number("PiecewiseConstantDecay", "each of boundaries", boundary)
        if list(boundaries) != sorted(boundaries):
            raise ValueError(
                f"PiecewiseConstantDecay: expected rising boundaries; got {list(boundaries)}. Sort them, and the "
                "values with them."
            )
        self.boundaries, self.values = list(boundaries), list(values)

    def __call__(self, step: int) -> float:
        return self.values[sum([step > boundary for boundary in self.boundaries])]


class PolynomialDecay(LearningRateSchedule):
    """``(initial - end)·(1 - step/decay_steps)^power + end``, then ``end``; with ``cycle`` up again at each end."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        _check(
            self,
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            end_learning_rate=end_learning_rate,
            power=power,
        )
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle = end_learning_rate, power, cycle

    def __call__(self, step: int) -> float:
        steps = float(self.decay_steps)
        if self.cycle:
            steps *= max(1, math.ceil(step / steps))
        left = 1 - min(step, steps) / steps
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """From the start down to ``alpha`` times it along half a cosine (Loshchilov, Hutter 2017), after a linear warm-up.

    Args:
        alpha: the least rate, as a share of the greatest.
        warmup_target: where ``warmup_steps`` steps lead before the descent; None for no warm-up.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        _check(self, initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, alpha=alpha)
        if warmup_target is not None:
            _check(self, warmup_target=warmup_target)
            checks.whole("CosineDecay", "warmup_steps", warmup_steps, 0)
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def __call__(self, step: int) -> float:
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return top + (self.warmup_target - top) * step / self.warmup_steps
            top, step = self.warmup_target, step - self.warmup_steps
        wave = (1 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps)) / 2
        return top * ((1 - self.alpha) * wave + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """The same over and over: each round ``t_mul`` times as long, from ``m_mul`` times the rate."""

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        _check(
            self,
            initial_learning_rate=initial_learning_rate,
            first_decay_steps=first_decay_steps,
            t_mul=t_mul,
            m_mul=m_mul,
            alpha=alpha,
        )
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha = t_mul, m_mul, alpha

    def __call__(self, step: int) -> float:
        length, top, at = float(self.first_decay_steps), self.initial_learning_rate, float(step)
        while at >= length:
            at -= length
            length *= self.t_mul
            top *= self.m_mul
        wave = (1 + math.cos(math.pi * at / length)) / 2
        return top * (1 - self.alpha) * wave + self.alpha * self.initial_learning_rate


NAMED: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts
    )
}  # fmt: skip


def as_data(rate: Any) -> Any:
    """A rate for a file: a schedule of this module as its name and arguments, anything else as it is.

    >>> from_data(as_data(CosineDecay(0.1, 10)))(0)
    0.1
    """
    if type(rate) in NAMED.values():
        return {"schedule": type(rate).__name__, **rate.get_config()}
    return rate


def from_data(rate: Any) -> Any:
    """The rate that ``as_data`` described.

    Raises:
        ValueError: it names a schedule there is none of.
    """
    if not isinstance(rate, Mapping):
        return rate
    options = dict(rate)
    name = options.pop("schedule", None)
    if name not in NAMED:
        raise ValueError(f"learning_rate: expected a number or one of {', '.join(NAMED)}; got {name!r}. Correct it.")
    return NAMED[name](**options)


def _check(schedule: Any, **values: float) -> None:
    """Counts of steps are above 0, rates and shares as ``nn.checks`` has them."""
    name = type(schedule).__name__
    for option, value in values.items():
        if option.endswith("steps"):
            checks.number(name, option, value, checks.POSITIVE)
        else:
            checks.options(name, {option: value})

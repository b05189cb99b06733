"""Rates that fall, or warm up, as the steps go by. Imports ``schedule.base``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nn import checks
from nn.schedule.base import Schedule, of_optimizer


class ConstantLR(Schedule):
    """``factor`` times the rate for the first ``total_iters`` steps."""

    def __init__(self, optimizer: Any, factor: float = 1 / 3, total_iters: int = 5) -> None:
        checks.options("ConstantLR", {"factor": factor})
        checks.whole("ConstantLR", "total_iters", total_iters, 0)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.factor if t < self.total_iters else base


class LinearLR(Schedule):
    """From ``start_factor`` to ``end_factor`` times the rate over ``total_iters`` steps: a warm-up."""

    def __init__(
        self, optimizer: Any, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        checks.options("LinearLR", {"start_factor": start_factor, "end_factor": end_factor})
        checks.whole("LinearLR", "total_iters", total_iters)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        done = min(t / self.total_iters, 1.0)
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class StepLR(Schedule):
    """Times ``gamma`` every ``step_size`` steps."""

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1) -> None:
        checks.whole("StepLR", "step_size", step_size)
        checks.options("StepLR", {"gamma": gamma})
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.gamma ** (t // self.step_size)


class MultiStepLR(Schedule):
    """Times ``gamma`` at each of the ``milestones``."""

    def __init__(self, optimizer: Any, milestones: Sequence[int], gamma: float = 0.1) -> None:
        checks.options("MultiStepLR", {"gamma": gamma})
        if not isinstance(milestones, Iterable) or isinstance(milestones, str):
            raise TypeError(
                f"MultiStepLR: expected milestones to be a list of steps; got {milestones!r}. Pass [{milestones}]."
            )
        milestones = list(milestones)
        for milestone in milestones:
            checks.whole("MultiStepLR", "each of milestones", milestone, 0)
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.gamma ** sum(m <= t for m in self.milestones)


class ExponentialLR(Schedule):
    """Times ``gamma`` at each step."""

    def __init__(self, optimizer: Any, gamma: float) -> None:
        checks.options("ExponentialLR", {"gamma": gamma})
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.gamma**t


class PolynomialLR(Schedule):
    """``(1 - t/total_iters)^power`` times the rate, 0 from there on."""

    def __init__(self, optimizer: Any, total_iters: int = 5, power: float = 1.0) -> None:
        checks.whole("PolynomialLR", "total_iters", total_iters)
        checks.options("PolynomialLR", {"power": power})
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * (1 - min(t, self.total_iters) / self.total_iters) ** self.power


class CosineAnnealingLR(Schedule):
    """``η_min + (base - η_min)·(1 + cos(π·t/T_max))/2`` (Loshchilov, Hutter 2017)."""

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0) -> None:
        checks.number("CosineAnnealingLR", "T_max", T_max, checks.POSITIVE)
        checks.options("CosineAnnealingLR", {"eta_min": eta_min})
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(Schedule):
    """The same, started again after T_0, T_0·T_mult, T_0·T_mult², … steps (Loshchilov, Hutter 2017)."""

    def __init__(self, optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        checks.whole("CosineAnnealingWarmRestarts", "T_0", T_0)
        checks.whole("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        checks.options("CosineAnnealingWarmRestarts", {"eta_min": eta_min})
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        length = self.T_0
        while t >= length:
            t -= length
            length *= self.T_mult
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / length)) / 2


class LambdaLR(Schedule):
    """``factor(t)`` times the rate; with a list, each group has a function of its own.

    Args:
        factor: the function, or one for each group: PyTorch's ``lr_lambda``, by which name it may be given as well.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> schedule = LambdaLR(optimizer, lr_lambda=lambda t: 0.5**t)
    >>> schedule.step()
    >>> optimizer.lr
    0.5
    """

    def __init__(self, optimizer: Any, factor: Any = None, *, lr_lambda: Any = None) -> None:
        self.factors = _functions(type(self).__name__, optimizer, lr_lambda if factor is None else factor)
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self._of(self.factors[0], t)

    def apply(self) -> None:
        for group, base, factor in zip(self.optimizer.groups, self.bases, self.factors, strict=True):
            group["lr"] = base * self._of(factor, self.t)

    def _of(self, factor: Callable[[int], float], t: int) -> float:
        value = factor(t)
        checks.number(type(self).__name__, f"factor({t})", value)
        return value


class MultiplicativeLR(LambdaLR):
    """Times ``factor(1)·factor(2)·…·factor(t)``.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> schedule = MultiplicativeLR(optimizer, lambda t: 1 / t)
    >>> for _ in range(4):
    ...     schedule.step()
    >>> round(optimizer.lr, 6)  # 1/4!
    0.041667
    """

    def __init__(self, optimizer: Any, factor: Any = None, *, lr_lambda: Any = None) -> None:
        # The products so far of each function, so that a step multiplies once.
        self._products: dict[int, list[float]] = {}
        super().__init__(optimizer, factor, lr_lambda=lr_lambda)

    def _of(self, factor: Callable[[int], float], t: int) -> float:
        products = self._products.setdefault(id(factor), [1.0])
        while len(products) <= t:
            products.append(products[-1] * super()._of(factor, len(products)))
        return products[t]


def _functions(name: str, optimizer: Any, given: Any) -> list[Callable[[int], float]]:
    """One function for each group."""
    groups = len(of_optimizer(name, optimizer).groups)
    listed = list(given) if isinstance(given, (list, tuple)) else [given] * groups
    if len(listed) != groups or not all(map(callable, listed)):
        came = f"{len(listed)} for {groups} groups" if len(listed) != groups else type(listed[0]).__name__
        raise TypeError(
            f"{name}: expected a function of the step, or one for each group; got {came}. Pass lambda t: 0.95**t."
        )
    return listed

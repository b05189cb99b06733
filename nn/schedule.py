"""Learning rates over time. Imports nothing but the standard library.

A schedule is given an optimiser and changes its groups' ``lr``: ``schedule.step()`` after each epoch (or batch), as in
PyTorch. What it does is one function of the step t = 0, 1, 2, … and the rate the group started with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any


class Schedule:
    """The base of schedules; a subclass gives ``rate(base, t)``.

    >>> import nn
    >>> class Halve(nn.schedule.Schedule):
    ...     def rate(self, base, t):
    ...         return base * 0.5**t
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> schedule = Halve(optimizer)
    >>> schedule.step()
    >>> optimizer.lr
    0.5
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.bases = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.groups]
        self.t = 0
        self.apply()

    def rate(self, base: float, t: int) -> float:
        """The learning rate at step ``t`` of a group that started with ``base``."""
        raise NotImplementedError(f"{type(self).__name__}: expected a method rate(self, base, t). Add one.")

    def apply(self) -> None:
        """Put the rates of step ``t`` in force."""
        for group, base in zip(self.optimizer.groups, self.bases, strict=True):
            group["lr"] = self.rate(base, self.t)

    def step(self) -> None:
        """Go to the next step."""
        self.t += 1
        self.apply()

    def get_last_lr(self) -> list[float]:
        """The rate in force of each group."""
        return [group["lr"] for group in self.optimizer.groups]

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on from here."""
        return {"t": self.t, "bases": list(self.bases)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``state_dict`` gave."""
        self.t, self.bases = int(state["t"]), list(state["bases"])
        self.apply()


class ConstantLR(Schedule):
    """``factor`` times the rate for the first ``total_iters`` steps."""

    def __init__(self, optimizer: Any, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.factor if t < self.total_iters else base


class LinearLR(Schedule):
    """From ``start_factor`` to ``end_factor`` times the rate over ``total_iters`` steps: a warm-up."""

    def __init__(
        self, optimizer: Any, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        done = min(t / self.total_iters, 1.0)
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class StepLR(Schedule):
    """Times ``gamma`` every ``step_size`` steps."""

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.gamma ** (t // self.step_size)


class MultiStepLR(Schedule):
    """Times ``gamma`` at each of the ``milestones``."""

    def __init__(self, optimizer: Any, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.gamma ** sum(m <= t for m in self.milestones)


class ExponentialLR(Schedule):
    """Times ``gamma`` at each step."""

    def __init__(self, optimizer: Any, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.gamma**t


class PolynomialLR(Schedule):
    """``(1 - t/total_iters)^power`` times the rate, 0 from there on."""

    def __init__(self, optimizer: Any, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * (1 - min(t, self.total_iters) / self.total_iters) ** self.power


class CosineAnnealingLR(Schedule):
    """``η_min + (base - η_min)·(1 + cos(π·t/T_max))/2`` (Loshchilov, Hutter 2017)."""

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class CosineAnnealingWarmRestarts(Schedule):
    """The same, started again after T_0, T_0·T_mult, T_0·T_mult², … steps (Loshchilov, Hutter 2017)."""

    def __init__(self, optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        length = self.T_0
        while t >= length:
            t -= length
            length *= self.T_mult
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / length)) / 2


class OneCycleLR(Schedule):
    """Up to ``max_lr`` and down to next to nothing, in ``total_steps``; momentum the other way (Smith, Topin 2019).

    Args:
        pct_start: the share of steps that go up.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        three_phase: down to where it started first, then to ``max_lr / div_factor / final_div_factor``.
        base_momentum, max_momentum: momentum (or β₁) at the top and at the ends; None leaves it alone.
    """

    def __init__(
        self,
        optimizer: Any,
        max_lr: float,
        total_steps: int,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        base_momentum: float | None = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: expected anneal_strategy 'cos' or 'linear'; got {anneal_strategy!r}.")
        start = max_lr / div_factor
        up = pct_start * total_steps - 1
        self.total_steps, self.cosine = total_steps, anneal_strategy == "cos"
        # (last step, rate there) of each phase, after the first point; and momentum alike.
        if three_phase:
            ends = [up, 2 * up, total_steps - 1]
            self.rates = [start, max_lr, start, start / final_div_factor]
            self.momenta = [max_momentum, base_momentum, max_momentum, max_momentum]
        else:
            ends = [up, total_steps - 1]
            self.rates = [start, max_lr, start / final_div_factor]
            self.momenta = [max_momentum, base_momentum, max_momentum]
        self.ends = [0.0, *ends]
        self.cycles_momentum = base_momentum is not None
        super().__init__(optimizer)

    def _between(self, values: Sequence[Any], t: int) -> float:
        # A loop of total_steps batches ends with a step too, after its last batch: the rate then stays where it is.
        if t > self.total_steps:
            raise ValueError(
                f"OneCycleLR: expected at most {self.total_steps} steps; got one more. Give a greater total_steps."
            )
        t = min(t, self.total_steps - 1)
        phase = next((i for i in range(1, len(self.ends)) if t <= self.ends[i]), len(self.ends) - 1)
        done = (t - self.ends[phase - 1]) / (self.ends[phase] - self.ends[phase - 1])
        a, b = values[phase - 1], values[phase]
        if self.cosine:
            return b + (a - b) / 2 * (1 + math.cos(math.pi * done))
        return a + (b - a) * done

    def rate(self, base: float, t: int) -> float:
        return self._between(self.rates, t)

    def apply(self) -> None:
        super().apply()
        if self.cycles_momentum:
            _set_momentum(self.optimizer, self._between(self.momenta, self.t))


class CyclicLR(Schedule):
    """Triangles between ``base_lr`` and ``max_lr`` (Smith 2017).

    ``"triangular2"`` halves each, ``"exp_range"`` scales by gamma^t.
    """

    def __init__(
        self,
        optimizer: Any,
        base_lr: float,
        max_lr: float,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
    ) -> None:
        if mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"CyclicLR: expected mode 'triangular', 'triangular2' or 'exp_range'; got {mode!r}.")
        self.base_lr, self.max_lr, self.mode, self.gamma = base_lr, max_lr, mode, gamma
        self.up = step_size_up
        self.total = step_size_up + (step_size_down or step_size_up)
        self.momenta = (base_momentum, max_momentum) if cycle_momentum else None
        super().__init__(optimizer)

    def _height(self, t: int) -> float:
        cycle, within = divmod(t, self.total)
        height = within / self.up if within <= self.up else (self.total - within) / (self.total - self.up)
        if self.mode == "triangular2":
            return height / 2**cycle
        return height * self.gamma**t if self.mode == "exp_range" else height

    def rate(self, base: float, t: int) -> float:
        return self.base_lr + (self.max_lr - self.base_lr) * self._height(t)

    def apply(self) -> None:
        super().apply()
        if self.momenta is not None:
            low, high = self.momenta
            _set_momentum(self.optimizer, high - (high - low) * self._height(self.t))


class SequentialLR(Schedule):
    """One schedule after the other: each takes over at its milestone, with t = 0 again.

    Args:
        schedules: schedules over the same optimiser, or functions of it that make them.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> warm, then = lambda o: LinearLR(o, 0.1, total_iters=5), lambda o: CosineAnnealingLR(o, 25)
    >>> schedule = SequentialLR(optimizer, [warm, then], milestones=[5])
    >>> optimizer.lr
    0.1
    """

    def __init__(
        self, optimizer: Any, schedules: Sequence[Schedule | Callable[[Any], Schedule]], milestones: Sequence[int]
    ) -> None:
        if len(schedules) != len(milestones) + 1:
            raise ValueError(
                f"SequentialLR: expected one milestone between each two schedules; got {len(schedules)} schedules and "
                f"{len(milestones)} milestones."
            )
        self.parts = [part if isinstance(part, Schedule) else part(optimizer) for part in schedules]
        if any([part.optimizer is not optimizer for part in self.parts]):
            raise ValueError(
                "SequentialLR: expected schedules over one optimiser; got several. Make them over the same."
            )
        self.milestones = list(milestones)
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        i = sum(m <= t for m in self.milestones)
        return self.parts[i].rate(base, t - (self.milestones[i - 1] if i else 0))


class LambdaLR(Schedule):
    """``factor(t)`` times the rate."""

    def __init__(self, optimizer: Any, factor: Callable[[int], float]) -> None:
        self.factor = factor
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        return base * self.factor(t)


class ReduceLROnPlateau:
    """Times ``factor`` when ``step(metric)`` has not seen it improve for more than ``patience`` steps.

    Args:
        mode: ``"min"`` or ``"max"``: which way is better.
        threshold, threshold_mode: how much better counts: a share (``"rel"``) or an amount (``"abs"``).
        cooldown: steps to wait after a reduction.
        min_lr: the least rate.
    """

    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                "ReduceLROnPlateau: expected mode 'min' or 'max' and threshold_mode 'rel' or 'abs'; "
                f"got {mode!r}, {threshold_mode!r}."
            )
        if not 0 < factor < 1:
            raise ValueError(f"ReduceLROnPlateau: expected a factor between 0 and 1; got {factor}.")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.min_lr, self.eps = cooldown, min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.bad = self.waiting = 0

    def better(self, metric: float) -> bool:
        """Whether ``metric`` improves on the best so far by more than the threshold."""
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * metric < sign * self.best - self.threshold
        return sign * metric < sign * self.best * (1 - sign * self.threshold)

    def step(self, metric: float) -> None:
        """Take the metric of one more epoch."""
        if self.better(metric):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.waiting > 0:
            self.waiting -= 1
            self.bad = 0
        if self.bad > self.patience:
            for group in self.optimizer.groups:
                reduced = max(group["lr"] * self.factor, self.min_lr)
                if group["lr"] - reduced > self.eps:
                    group["lr"] = reduced
            self.waiting, self.bad = self.cooldown, 0

    def get_last_lr(self) -> list[float]:
        """The rate in force of each group."""
        return [group["lr"] for group in self.optimizer.groups]

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on from here."""
        return {"best": self.best, "bad": self.bad, "waiting": self.waiting}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that ``state_dict`` gave."""
        self.best, self.bad, self.waiting = state["best"], state["bad"], state["waiting"]


def _set_momentum(optimizer: Any, value: float) -> None:
    for group in optimizer.groups:
        if "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        elif "momentum" in group:
            group["momentum"] = value

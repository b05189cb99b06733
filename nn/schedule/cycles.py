"""Rates that rise and fall, and the momentum against them. Imports ``schedule.base``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nn import checks
from nn.schedule.base import Schedule


class OneCycleLR(Schedule):
    """Up to ``max_lr`` and down to next to nothing, in ``total_steps``; momentum the other way (Smith, Topin 2019).

    Args:
        total_steps: of all batches; or ``epochs`` and ``steps_per_epoch``, whose product it is.
        pct_start: the share of steps that go up.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        three_phase: down to where it started first, then to ``max_lr / div_factor / final_div_factor``.
        base_momentum, max_momentum: momentum (or β₁) at the top and at the ends; None leaves it alone.
    """

    def __init__(
        self,
        optimizer: Any,
        max_lr: float,
        total_steps: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        base_momentum: float | None = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
    ) -> None:
        if total_steps is None:
            checks.whole("OneCycleLR", "epochs", epochs)
            checks.whole("OneCycleLR", "steps_per_epoch", steps_per_epoch)
            total_steps = int(epochs or 0) * int(steps_per_epoch or 0)
        checks.whole("OneCycleLR", "total_steps", total_steps)
        checks.options(
            "OneCycleLR",
            {
                "max_lr": max_lr,
                "pct_start": pct_start,
                "base_momentum": base_momentum,
                "max_momentum": max_momentum,
                "div_factor": div_factor,
                "final_div_factor": final_div_factor,
            },
        )
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
        checks.options(
            "CyclicLR",
            {
                "base_lr": base_lr,
                "max_lr": max_lr,
                "gamma": gamma,
                "base_momentum": base_momentum,
                "max_momentum": max_momentum,
            },
        )
        checks.whole("CyclicLR", "step_size_up", step_size_up)
        if step_size_down is not None:
            checks.whole("CyclicLR", "step_size_down", step_size_down)
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


def _set_momentum(optimizer: Any, value: float) -> None:
    for group in optimizer.groups:
        if "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        elif "momentum" in group:
            group["momentum"] = value

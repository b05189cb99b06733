"""The rate that follows a metric. Imports ``nn.checks``."""

from __future__ import annotations

import math
from typing import Any

from nn import checks
from nn.schedule.base import of_optimizer


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
        checks.number("ReduceLROnPlateau", "factor", factor, (0.0, False, 1.0, False))
        checks.options("ReduceLROnPlateau", {"threshold": threshold, "min_lr": min_lr, "eps": eps})
        for name, count in (("patience", patience), ("cooldown", cooldown)):
            checks.whole("ReduceLROnPlateau", name, count, 0)
        self.optimizer = of_optimizer("ReduceLROnPlateau", optimizer)
        self.mode, self.factor, self.patience = mode, factor, patience
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
        if metric == metric:  # NaN is no improvement, and no error
            checks.number("ReduceLROnPlateau", "metric", metric)
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

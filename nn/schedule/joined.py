"""Several schedules as one: one after the other, or all at once. Imports ``schedule.base``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nn import checks
from nn.schedule.base import Schedule


class SequentialLR(Schedule):
    """One schedule after the other: each takes over at its milestone, with t = 0 again.

    Args:
        schedules: schedules over the same optimiser, or functions of it that make them; PyTorch's word for it,
            ``schedulers``, does as well.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> warm = lambda o: nn.schedule.LinearLR(o, 0.1, total_iters=5)
    >>> then = lambda o: nn.schedule.CosineAnnealingLR(o, 25)
    >>> schedule = SequentialLR(optimizer, [warm, then], milestones=[5])
    >>> optimizer.lr
    0.1
    """

    def __init__(
        self,
        optimizer: Any,
        schedules: Sequence[Schedule | Callable[[Any], Schedule]] = (),
        milestones: Sequence[int] = (),
        *,
        schedulers: Sequence[Schedule | Callable[[Any], Schedule]] = (),
    ) -> None:
        schedules = list(schedules) or list(schedulers)
        for milestone in milestones:
            checks.whole("SequentialLR", "each of milestones", milestone)
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


class ChainedScheduler(Schedule):
    """Several at once: each group's rate is multiplied by what each schedule makes of it.

    For schedules whose rate is a share of the one that groups started with, as PyTorch chains them: ``ConstantLR``,
    ``LinearLR``, ``StepLR``, ``MultiStepLR``, ``ExponentialLR``, ``PolynomialLR``, ``LambdaLR``.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.parameter(1.0)], lr=1.0)
    >>> warm, fall = nn.schedule.ConstantLR(optimizer, 0.5, 2), nn.schedule.ExponentialLR(optimizer, 0.5)
    >>> schedule = ChainedScheduler([warm, fall])
    >>> schedule.step()
    >>> optimizer.lr
    0.25
    """

    def __init__(self, schedulers: Sequence[Schedule], optimizer: Any = None) -> None:
        self.parts = list(schedulers)
        if not self.parts or not all([isinstance(part, Schedule) for part in self.parts]):
            raise TypeError(
                "ChainedScheduler: expected a list of schedules; got "
                f"{', '.join([type(part).__name__ for part in self.parts]) or 'none'}. "
                "Pass [StepLR(optimizer, 5), …]."
            )
        optimizer = self.parts[0].optimizer if optimizer is None else optimizer
        if any([part.optimizer is not optimizer for part in self.parts]):
            raise ValueError(
                "ChainedScheduler: expected schedules over one optimiser; got several. Make them over the same."
            )
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        for part in self.parts:
            base = part.rate(base, t)
        return base

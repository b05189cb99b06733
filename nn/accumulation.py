"""Gradients of several batches gathered into one update. Imports ``nn.compiled``."""

from __future__ import annotations

from typing import Any

from nn.compiled import Compiled
from nn.penalties import NOTED
from nn.running import size_of


class Accumulation:
    """Of ``fit(accumulate_steps=…)``: the update that one batch of all their samples would give, without its memory.

    A batch's gradient counts as often as the batch has samples (as its weights sum up to, for a loss that divides by
    them); a summed loss's as it is.
    """

    def __init__(self, model: Any, compiled: Compiled, optimizer: Any, steps: int) -> None:
        if optimizer.takes_closure:
            raise ValueError(
                f"fit: expected an optimiser that steps once per gradient beside accumulate_steps; got "
                f"{type(optimizer).__name__}, which asks for the loss again. Use larger batches."
            )
        reductions = {getattr(loss, "reduction", "mean") for loss in compiled.all_losses()}
        self.sums = "sum" in reductions
        self.by_weight = "mean_with_sample_weight" in reductions
        if (self.sums or self.by_weight) and len(reductions) > 1:
            raise ValueError(
                f"fit: expected losses of one reduction beside accumulate_steps; got {', '.join(sorted(reductions))}. "
                "Make them alike."
            )
        if self.sums and NOTED.used and any([module.weight_penalties() for module in model.modules()]):
            raise ValueError(
                "fit: expected a loss that is a mean beside accumulate_steps and penalties on weights, which would "
                "count once per batch; got a sum. Use reduction='mean', or larger batches."
            )
        self.compiled, self.optimizer, self.steps = compiled, optimizer, steps
        # Batches since the last update, and what their gradients are to be divided by.
        self.pending = 0
        self.total: Any = 0

    def add(self, loss: Any, x: Any, weight: Any) -> None:
        """Add a batch's gradients to those gathered, and update after every ``steps`` batches."""
        if not self.pending:
            self.optimizer.zero_grad()
            self.total = 0
        count: Any = size_of(x)
        if self.by_weight and weight is not None:
            count = weight.sum()
        if self.sums:
            loss.backward()
        else:
            (loss * count).backward()
        self.total = self.total + count
        self.pending += 1
        if self.pending == self.steps:
            self.update()

    def update(self) -> None:
        """One step from what was gathered; nothing where that is nothing."""
        if not self.pending:
            return
        if not self.sums:
            for group in self.optimizer.groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.grad._data = p.grad._data / self.total
        self.pending = 0
        if self.compiled.before is not None:
            self.compiled.before()
        self.optimizer.step()
        if self.compiled.after is not None:
            self.compiled.after()

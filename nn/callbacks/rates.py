"""Learning rates by epoch, and by how training goes. Imports ``callbacks.base``."""

from __future__ import annotations

import inspect
from typing import Any

from nn import checks
from nn.callbacks.base import Callback, Monitor


class LearningRateScheduler(Callback):
    """Set the learning rate before each epoch: ``schedule(epoch, rate)`` gives it, or ``schedule(epoch)``.

    A ``nn.schedule`` object over the model's optimiser does as well; it steps after each epoch, or after each batch.

    Args:
        every: ``"epoch"`` or ``"batch"``: when a ``nn.schedule`` object steps. (A function of the batch is given to the
            optimiser instead: ``nn.optimizers.Adam(function)``.)

    >>> import nn
    >>> model = nn.Sequential([nn.Dense(1, input_shape=(1,))])
    >>> model.compile("sgd", "mse")
    >>> cycle = nn.schedule.OneCycleLR(model.optimizer, max_lr=0.1, total_steps=20)
    >>> each = LearningRateScheduler(cycle, every="batch")
    >>> history = model.fit([[1.0], [2.0]], [2.0, 4.0], batch_size=1, epochs=9, verbose=0, callbacks=[each])
    >>> [round(rate, 3) for rate in history.history["learning_rate"]][::4]
    [0.037, 0.072, 0.001]
    """

    def __init__(self, schedule: Any, verbose: int = 0, every: str = "epoch") -> None:
        if every not in ("epoch", "batch"):
            raise ValueError(f"LearningRateScheduler: expected every='epoch' or 'batch'; got {every!r}. Choose one.")
        self.schedule = schedule
        self.every = every
        self.verbose = verbose
        self.steps = hasattr(schedule, "step") and hasattr(schedule, "state_dict")
        if not self.steps and not callable(schedule):
            raise TypeError(
                f"LearningRateScheduler: expected a function of (epoch, rate) or a schedule; got "
                f"{type(schedule).__name__}. Pass one of these."
            )

        if every == "batch":
            if not self.steps or hasattr(schedule, "better"):
                raise TypeError(
                    "LearningRateScheduler: expected one of nn.schedule that counts steps with every='batch'; got "
                    f"{type(schedule).__name__}. Give a function of the step to the optimiser, nn.optimizers.SGD(…)."
                )
            self.on_train_batch_end = self._batch_end  # type: ignore[method-assign]
        self._takes_rate = not self.steps and _takes_two(schedule)

    def _batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.schedule.step()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        optimizer = self.model.optimizer
        if not self.steps:
            rate = self.schedule(epoch, optimizer.lr) if self._takes_rate else self.schedule(epoch)
            if not isinstance(rate, (int, float)) and not hasattr(rate, "__float__"):
                raise TypeError(
                    f"LearningRateScheduler: expected a number from the schedule; got "
                    f"{type(rate).__name__}. Return a float."
                )
            optimizer.lr = float(rate)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {optimizer.lr}.", flush=True)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        if self.steps and hasattr(self.schedule, "better"):  # one that follows a value
            self.schedule.step(logs.get("val_loss", logs.get("loss")))
        elif self.steps and self.every == "epoch":
            self.schedule.step()
        logs["learning_rate"] = float(self.model.optimizer.lr)

    def get_state(self) -> Any:
        return self.schedule.state_dict() if self.steps else None

    def set_state(self, state: Any) -> None:
        if self.steps:
            self.schedule.load_state_dict(state)


class ReduceLROnPlateau(Monitor):
    """Multiply the learning rate by ``factor`` when a value has not improved for ``patience`` epochs.

    Args:
        monitor: which value.
        cooldown: epochs to wait after a reduction.
        min_lr: the least rate.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        checks.number("ReduceLROnPlateau", "factor", factor, (0.0, False, 1.0, False))
        checks.options("ReduceLROnPlateau", {"min_lr": min_lr})
        for name, count in (("patience", patience), ("cooldown", cooldown)):
            checks.whole("ReduceLROnPlateau", name, count, 0)
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.best: float | None = None
        self.wait = 0
        self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        optimizer = self.model.optimizer
        if logs is not None:
            logs["learning_rate"] = float(optimizer.lr)
        value = self.current(logs)
        if value is None:
            return
        if self.cooling:
            self.cooling -= 1
            self.wait = 0
        if self.better(value, self.best):
            self.best, self.wait = value, 0
        elif not self.cooling:
            self.wait += 1
            if self.wait >= self.patience and optimizer.lr > self.min_lr:
                optimizer.lr = max(optimizer.lr * self.factor, self.min_lr)
                if self.verbose:
                    self.say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {optimizer.lr}.")
                self.cooling, self.wait = self.cooldown, 0

    def get_state(self) -> Any:
        return [self.best, self.wait, self.cooling]

    def set_state(self, state: Any) -> None:
        self.best, self.wait, self.cooling = state


def _takes_two(function: Any) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # no signature to be had
        return True
    return True

"""Ending training early. Imports ``nn.checkpoint``."""

from __future__ import annotations

import math
from typing import Any

from nn import checkpoint, checks
from nn.callbacks.base import Callback, Monitor


class EarlyStopping(Monitor):
    """End training when a value has not improved for ``patience`` epochs.

    Args:
        monitor: which value.
        min_delta: how much better counts as better.
        patience: epochs to wait.
        verbose: 1 says when it stops.
        mode: ``"min"``, ``"max"``, or by the name.
        baseline: improve on this, too, or stop.
        restore_best_weights: at the end, go back to the weights of the best epoch.
        start_from_epoch: the first epoch that counts.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        checks.whole("EarlyStopping", "patience", patience, 0)
        checks.whole("EarlyStopping", "start_from_epoch", start_from_epoch, 0)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: dict[str, Any] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        value = self.current(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = checkpoint.copied(self.model.state_dict())
            if self.baseline is None or self.better(value, self.baseline):
                self.wait = 0
                return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            self.say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                self.say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.load_state_dict(self.best_weights)

    def get_state(self) -> Any:
        return [self.wait, self.stopped_epoch, self.best, self.best_epoch, self.best_weights]

    def set_state(self, state: Any) -> None:
        self.wait, self.stopped_epoch, self.best, self.best_epoch, self.best_weights = state


class TerminateOnNaN(Callback):
    """End training when the loss is no longer finite."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training", flush=True)
            self.model.stop_training = True


class SwapEMAWeights(Callback):
    """Evaluate and predict (``fit``'s validation, too) with the moving average of the weights; train with the weights.

    For ``compile(optimizer=nn.optimizers.Adam(use_ema=True))``.

    Raises:
        ValueError: when evaluated, where the optimiser keeps no average.
    """

    def _swap(self) -> None:
        average = self.model._ready("SwapEMAWeights").average
        if average is None:
            raise ValueError(
                "SwapEMAWeights: expected an optimiser that keeps an average of the weights; it keeps none. "
                "Make it with use_ema=True: nn.optimizers.Adam(use_ema=True)."
            )
        self._held = average.swapped()
        self._held.__enter__()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._swap()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        self._held.__exit__(None, None, None)

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._swap()

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        self._held.__exit__(None, None, None)

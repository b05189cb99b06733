"""Saving models and whole trainings on the way. Imports ``nn.checkpoint`` and ``nn.saving``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nn import checkpoint
from nn.callbacks.base import Callback, Monitor
from nn.saving import check_format, save_weights


class ModelCheckpoint(Monitor):
    """Save the model at the end of each epoch, or when a value is the best so far.

    Args:
        filepath: where; may hold values: ``"at-{epoch:02d}-{val_loss:.2f}.safetensors"``.
        monitor: which value, for ``save_best_only``.
        save_best_only: only when it is the best so far.
        save_weights_only: weights alone (``.safetensors`` or ``.npz``), not the layers.
        save_freq: ``"epoch"``, or every so many batches.
        initial_value_threshold: what the first one has to improve on.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, 0.0)
        _check_freq("ModelCheckpoint", save_freq)
        check_format(filepath, "ModelCheckpoint")  # now, and not after the first epoch
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self.epoch = 0
        self.seen = 0
        if save_freq != "epoch":
            self.on_train_batch_end = self._batch_end  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch = epoch

    def _batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.seen += 1
        if self.seen % int(self.save_freq) == 0:
            self._save(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs: dict[str, Any] | None) -> None:
        if self.save_best_only:
            value = self.current(logs)
            if value is None or not self.better(value, self.best):
                return
            self.best = value
        try:
            path = self.filepath.format(epoch=self.epoch + 1, **(logs or {}))
        except KeyError as missing:
            raise KeyError(
                f"ModelCheckpoint: expected values among epoch, {', '.join(sorted(logs or {}))} in the path; got "
                f"{missing} in {self.filepath!r}. Correct it."
            ) from None
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            save_weights(self.model, path)
        else:
            self.model.save(path)
        if self.verbose:
            self.say(f"Epoch {self.epoch + 1}: saved to {path}")

    def get_state(self) -> Any:
        return [self.best, self.seen]

    def set_state(self, state: Any) -> None:
        self.best, self.seen = state


class BackupAndRestore(Callback):
    """Keep a checkpoint of everything in a folder, and go on from it when training is started again.

    What is kept: weights, optimiser, epoch and batch, random streams, metrics, history, the other callbacks. A
    training that was killed, at any moment, and started again with the same arguments ends with the same weights as
    one that was not (bit by bit on the CPU).

    Args:
        backup_dir: the folder; it holds the newest checkpoint and the one before.
        save_freq: ``"epoch"``, or every so many batches.
        delete_checkpoint: remove it when training has ended. Otherwise a finished training is left as it is when
            started again, and a longer one goes on from there.
    """

    def __init__(
        self, backup_dir: str | os.PathLike[str], save_freq: str | int = "epoch", delete_checkpoint: bool = True
    ) -> None:
        _check_freq("BackupAndRestore", save_freq)
        self.folder = checkpoint.Folder(backup_dir)
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint

    def due(self, steps: int) -> bool:
        """Whether a checkpoint is to be written after so many steps in all."""
        return self.save_freq != "epoch" and steps % int(self.save_freq) == 0

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.delete_checkpoint:
            self.folder.clear()


def _check_freq(name: str, freq: str | int) -> None:
    if freq != "epoch" and not (isinstance(freq, int) and freq > 0):
        raise ValueError(
            f"{name}: expected save_freq 'epoch' or a number of batches above 0; got {freq!r}. Correct it."
        )

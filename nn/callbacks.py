"""What happens between epochs and batches. Imports ``nn.saving``, ``nn.checkpoint``, ``nn.history``."""

from __future__ import annotations

import csv
import inspect
import math
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nn import checkpoint
from nn.history import History
from nn.saving import save_weights

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]

EVENTS = tuple(
    f"on_{what}_{when}"
    for what in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for when in ("begin", "end")
)


class Callback:
    """The base of callbacks: override what you need; ``self.model`` is the model, ``self.params`` epochs and steps.

    ``logs`` hold the loss and metrics so far. Set ``self.model.stop_training = True`` to end training. What a callback
    has to remember over a restart from a checkpoint, it returns from ``get_state`` and takes back in ``set_state``.

    >>> class Told(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    """

    model: Any = None
    params: dict[str, Any] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """After the last epoch; ``logs`` are its."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Before epoch 0, 1, …"""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """After an epoch and its validation; ``val_…`` in ``logs`` are the latter's."""

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a training step."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a training step; overriding it makes every step wait for the values in ``logs``."""

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before an evaluation."""

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: dict[str, Any] | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """After a batch of a prediction."""

    def get_state(self) -> Any:
        """What a checkpoint has to keep: numbers, strings, arrays, lists and dicts."""
        return None

    def set_state(self, state: Any) -> None:
        """Go on from a state that ``get_state`` gave."""


class LambdaCallback(Callback):
    """Functions as a callback: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))``.

    Raises:
        TypeError: a name is no event's.
    """

    def __init__(self, **functions: Callable[..., Any] | None) -> None:
        for name, function in functions.items():
            if name not in EVENTS:
                raise TypeError(f"LambdaCallback: expected names among {', '.join(EVENTS)}; got {name}. Correct it.")
            if function is not None:
                setattr(self, name, function)


class Callbacks:
    """Several as one; an event that nobody listens to costs nothing."""

    def __init__(self, given: Any, model: Any, params: dict[str, Any]) -> None:
        listed = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
        for callback in listed:
            if not isinstance(callback, Callback):
                raise TypeError(
                    f"callbacks: expected objects of nn.callbacks.Callback; got {type(callback).__name__}. "
                    "Subclass it, or use LambdaCallback(on_epoch_end=…)."
                )
            callback.model = model
            callback.params = params
        self.all: list[Callback] = listed
        self.listeners: dict[str, list[Callable[..., Any]]] = {
            name: [
                getattr(c, name)
                for c in listed
                if getattr(getattr(c, name), "__func__", None) is not vars(Callback)[name]
            ]
            for name in EVENTS
        }

    def call(self, event: str, *args: Any) -> None:
        """Call the event of each that has it."""
        for listener in self.listeners[event]:
            listener(*args)

    def get_state(self) -> list[Any]:
        """For checkpoints."""
        return [callback.get_state() for callback in self.all]

    def set_state(self, state: list[Any]) -> None:
        """Go on from a state that ``get_state`` gave."""
        for callback, one in zip(self.all, state):
            callback.set_state(one)


class _Monitor(Callback):
    """Callbacks that follow one value."""

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max'; got {mode!r}. Choose one.")
        self.monitor = monitor
        if mode == "auto":
            rising = (
                "acc",
                "accuracy",
                "auc",
                "precision",
                "recall",
                "f1",
                "f1_score",
                "fbeta_score",
                "r2",
                "r2_score",
                "iou",
            )
            mode = "max" if monitor.removeprefix("val_").endswith(rising) else "min"
        self.sign = 1.0 if mode == "max" else -1.0
        self.min_delta = abs(min_delta)

    def better(self, value: float, than: float | None) -> bool:
        """Whether ``value`` improves on ``than`` by more than ``min_delta``."""
        return than is None or self.sign * (value - than) > self.min_delta

    def current(self, logs: dict[str, Any] | None) -> float | None:
        """The value followed; None, with a warning, where there is none."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: expected {self.monitor!r} among "
                f"{', '.join(sorted(logs or {}))}; it is not there. "
                "Pass validation data, or monitor another value.",
                stacklevel=2,
            )
            return None
        return float(value)

    def say(self, text: str) -> None:
        print(text, flush=True)


class EarlyStopping(_Monitor):
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


class ModelCheckpoint(_Monitor):
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


class LearningRateScheduler(Callback):
    """Set the learning rate before each epoch: ``schedule(epoch, rate)`` gives it, or ``schedule(epoch)``.

    A ``nn.schedule`` object over the model's optimiser does as well; it steps after each epoch.
    """

    def __init__(self, schedule: Any, verbose: int = 0) -> None:
        self.schedule = schedule
        self.verbose = verbose
        self.steps = hasattr(schedule, "step") and hasattr(schedule, "state_dict")
        if not self.steps and not callable(schedule):
            raise TypeError(
                f"LearningRateScheduler: expected a function of (epoch, rate) or a schedule; got "
                f"{type(schedule).__name__}. Pass one of these."
            )

        self._takes_rate = not self.steps and _takes_two(schedule)

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
        elif self.steps:
            self.schedule.step()
        logs["learning_rate"] = float(self.model.optimizer.lr)

    def get_state(self) -> Any:
        return self.schedule.state_dict() if self.steps else None

    def set_state(self, state: Any) -> None:
        if self.steps:
            self.schedule.load_state_dict(state)


class ReduceLROnPlateau(_Monitor):
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
        if not 0 < factor < 1:
            raise ValueError(
                f"ReduceLROnPlateau: expected a factor between 0 and 1; got {factor}. Choose a smaller one."
            )
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


class CSVLogger(Callback):
    """Write the values of each epoch as a row of a table.

    Args:
        filename: the file.
        append: add rows to what is there. A training that goes on from a checkpoint does in any case.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = Path(filename)
        self.separator = separator
        self.append = append
        self.names: list[str] | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = {name: _cell(value) for name, value in (logs or {}).items()}
        fresh = self.names is None and not (self.append and self.filename.exists() and self.filename.stat().st_size)
        if self.names is None:
            self.names = self._header() if not fresh else None
            self.names = self.names or sorted(values)
        self.filename.parent.mkdir(parents=True, exist_ok=True)
        # The file is closed after each row, so that a killed training leaves whole ones.
        with self.filename.open("w" if fresh else "a", newline="") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if fresh:
                writer.writerow(["epoch", *self.names])
            writer.writerow([epoch, *[values.get(name, "NA") for name in self.names]])

    def _header(self) -> list[str]:
        with self.filename.open(newline="") as file:
            return next(csv.reader(file, delimiter=self.separator))[1:]

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.names = None

    def get_state(self) -> Any:
        return self.names

    def set_state(self, state: Any) -> None:
        self.names = state


class TensorBoard(Callback):
    """Write the values of each epoch for TensorBoard, under ``train`` and ``validation``.

    Raises:
        ImportError: neither tensorboardX nor torch's writer is there.
    """

    def __init__(self, log_dir: str | os.PathLike[str] = "logs") -> None:
        self.log_dir = os.fspath(log_dir)
        self._make = _summary_writer()
        self._writers: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            if hasattr(value, "__float__"):
                where = "validation" if name.startswith("val_") else "train"
                self._writer(where).add_scalar(f"epoch_{name.removeprefix('val_')}", float(value), epoch)

    def _writer(self, where: str) -> Any:
        if where not in self._writers:
            self._writers[where] = self._make(os.path.join(self.log_dir, where))
        return self._writers[where]

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _summary_writer() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise ImportError(
            "TensorBoard: expected the package tensorboardX, which writes its files; it is not installed. "
            "Install it (pip install tensorboardX), or use CSVLogger."
        ) from None
    return SummaryWriter


class TerminateOnNaN(Callback):
    """End training when the loss is no longer finite."""

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training", flush=True)
            self.model.stop_training = True


def _takes_two(function: Any) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # no signature to be had
        return True
    return True


def _cell(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _check_freq(name: str, freq: str | int) -> None:
    if freq != "epoch" and not (isinstance(freq, int) and freq > 0):
        raise ValueError(
            f"{name}: expected save_freq 'epoch' or a number of batches above 0; got {freq!r}. Correct it."
        )

"""Values of each epoch, written down. Imports ``callbacks.base``."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from nn.callbacks.base import Callback


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
            "Install it (pip install 'xpgrad[tensorboard]'), or use CSVLogger."
        ) from None
    return SummaryWriter


def _cell(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value

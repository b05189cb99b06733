"""The mean loss of an epoch so far, and how many samples a batch holds. Imports ``backends``, ``nn.nest``."""

from __future__ import annotations

from typing import Any

import backends
from nn import nest


class Running:
    """The mean of batch losses, each counted as often as it has samples; read from the device only when asked for."""

    # So many losses are held before they are added up: a device's memory is not filled with numbers.
    MOST = 512

    def __init__(self) -> None:
        self.total = 0.0
        self.count = 0
        self.losses: list[Any] = []
        self.sizes: list[int] = []

    def add(self, loss: Any, size: int) -> None:
        """One more batch; ``loss`` is an array of one element."""
        self.losses.append(loss)
        self.sizes.append(size)
        if len(self.losses) >= self.MOST:
            self.read()

    def read(self) -> float:
        """The mean so far; waits for the device."""
        if self.losses:
            backend = backends.of(self.losses[0])
            values = backend.to_numpy(backend.xp.stack(self.losses)).tolist()
            for value, size in zip(values, self.sizes, strict=True):
                self.total += value * size
                self.count += size
            self.losses, self.sizes = [], []
        return self.total / self.count if self.count else 0.0

    def get_state(self) -> list[Any]:
        """For checkpoints."""
        self.read()
        return [self.total, self.count]

    def set_state(self, state: list[Any]) -> None:
        """Go on from a state that ``get_state`` gave."""
        self.total, self.count = float(state[0]), int(state[1])
        self.losses, self.sizes = [], []


def size_of(tree: Any) -> int:
    """How many samples a batch holds."""
    if hasattr(tree, "shape"):
        return int(tree.shape[0]) if tree.shape else 1
    leaves, _ = nest.flatten(tree)
    return int(leaves[0].shape[0])

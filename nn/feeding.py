"""Batches as a model takes them: cast, weighted, put where its parameters are. Imports ``nn.data``, ``nn.nest``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import backends
from nn import nest
from nn.data import Batches
from nn.data.places import staged
from nn.module import Module


class Cast:
    """Batches as the model takes them: floats in its dtype, weights of classes put to those of samples."""

    def __init__(self, model: Module, backend: backends.Backend, dtype: Any, targets: bool, class_weight: Any) -> None:
        self.backend, self.dtype = backend, nest.HOST.xp.dtype(dtype)
        self.keeps_integers = any([module.takes_integers for module in model.modules()])
        self.targets = targets
        self.class_weight = class_weight

    def __call__(self, batch: Any) -> Any:
        x, y, weight = padded(batch)
        if weight is not None:
            weight = nest.map_leaves(lambda a: self._float(nest.as_array(a, "sample_weight")), weight)
        if self.class_weight is not None:
            weight = self._class_weights(y, weight)
        x = nest.map_leaves(self._input, x)
        y = nest.map_leaves(self._target, y)
        return x, y, weight

    def inputs(self, x: Any) -> Any:
        """The inputs alone."""
        return nest.map_leaves(self._input, x)

    def _float(self, a: Any) -> Any:
        return a if a.dtype == self.dtype else a.astype(self.dtype)

    def _input(self, a: Any) -> Any:
        return a if a.dtype.kind == "c" or (self.keeps_integers and a.dtype.kind in "biu") else self._float(a)

    def _target(self, a: Any) -> Any:
        return self._float(a) if a.dtype.kind == "f" or (self.targets and a.dtype.kind != "c") else a

    def _class_weights(self, y: Any, weight: Any) -> Any:
        if y is None or not hasattr(y, "shape"):
            raise ValueError("class_weight: expected one array of targets; got none or several. Use sample_weight.")
        labels = y
        if y.ndim > 1:
            labels = y.argmax(axis=-1) if y.shape[-1] > 1 else y.reshape(y.shape[:-1])
        labels = labels.astype("int64")
        known = {int(k): float(v) for k, v in self.class_weight.items()}
        table = [known.get(i, 1.0) for i in range(max([*known, int(labels.max())]) + 1)]
        found = backends.of(y).asarray(table, dtype=self.dtype)[labels]
        return found if weight is None else found * weight


class Converted(Batches):
    """Somebody's batches, cast and put where the model is, one at a time."""

    def __init__(self, source: Batches, cast: Cast, backend: backends.Backend) -> None:
        self.source, self.cast, self.where = source, cast, (backend, None)
        self.once = source.once

    def known_length(self) -> int | None:
        return self.source.known_length()

    def begin(self) -> None:
        self.source.begin()

    def iterate(self, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        return staged(map(self.cast, self.source.iterate(start, stop)), self.where, not self.once)

    def get_state(self) -> dict[str, Any]:
        return self.source.get_state()

    def set_state(self, state: dict[str, Any]) -> None:
        self.source.set_state(state)


def padded(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, weight) of a batch, None where it has none."""
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    if len(batch) > 3:
        raise ValueError(
            f"fit: expected batches (x, y) or (x, y, sample_weight); got a tuple of {len(batch)}. "
            "Nest several inputs: ((x1, x2), y)."
        )
    x, y, weight = (*batch, None, None)[:3]
    return x, y, weight


def arrays_of(out: Any) -> Any:
    """The arrays inside an output."""
    if hasattr(out, "_data"):
        return out._data
    if isinstance(out, Mapping):
        return {key: arrays_of(value) for key, value in out.items()}
    return type(out)([arrays_of(value) for value in out]) if isinstance(out, (list, tuple)) else out

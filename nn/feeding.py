"""Batches as a model takes them: cast, weighted, put where its parameters are. Imports ``nn.data``, ``nn.nest``."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import backends
from nn import checks, nest
from nn.data import Batches
from nn.data.places import staged
from nn.module import Module


class Cast:
    """Batches as the model takes them: floats in its dtype, weights of classes put to those of samples."""

    def __init__(self, model: Module, backend: backends.Backend, dtype: Any, targets: bool, class_weight: Any) -> None:
        self.backend, self.dtype = backend, nest.HOST.xp.dtype(dtype)
        self.keeps_integers = any([module.takes_integers for module in model.modules()])
        self.targets = targets
        self.class_weight = None if class_weight is None else _by_label(class_weight)

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
        known = self.class_weight or {}
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


def as_arrays(name: str, x: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """What was given as arrays of numbers, each error naming the argument that it is about.

    Raises:
        TypeError: one can't be made an array of numbers.
        ValueError: they hold different numbers of samples.
    """
    given = {"x": x, "y": y, "sample_weight": weight}
    if x is None:
        raise TypeError(f"{name}: expected x to be arrays; got None. Pass {name}(x, y).")
    out = {k: nest.map_leaves(functools.partial(nest.as_array, name=k), v) for k, v in given.items()}
    counts = {k: {nest.count(leaf, k) for leaf in nest.flatten(v)[0]} for k, v in out.items()}
    if len(set().union(*counts.values())) > 1:
        came = ", ".join([f"{k} {' and '.join(map(str, sorted(n)))}" for k, n in counts.items() if n])
        raise ValueError(
            f"{name}: expected arrays of one length, whose first axes count the same samples; got {came}. "
            "Cut or pad them."
        )
    return out["x"], out["y"], out["sample_weight"]


def fitted_to(name: str, x: Any, shape: tuple[Any, ...] | None) -> Any:
    """``x`` as a model of this ``input_shape`` takes it: (n,) becomes (n, 1) where it takes single numbers.

    Raises:
        ValueError: an input has another size along some axis.
    """
    if not shape or not hasattr(x, "shape"):
        return x
    if len(x.shape) == 1 and tuple(shape) == (1,):
        return x.reshape(-1, 1)
    came = tuple(x.shape[1:])
    last = len(shape) == 1 and len(came) > 1  # layers over the last axis take any number of others
    wrong = came[-1:] != tuple(shape) if last else len(came) != len(shape)
    if not wrong and not last:
        wrong = any([want is not None and want != have for want, have in zip(shape, came, strict=True)])
    if wrong and None not in (shape if last else ()):
        one = " Pass x[None] for a single sample." if tuple(x.shape) == tuple(shape) else " Reshape it."
        raise ValueError(
            f"{name}: expected x of shape ({', '.join(map(str, ['n', *shape]))}), as input_shape says; "
            f"got {tuple(x.shape)}.{one}"
        )
    return x


def _by_label(class_weight: Any) -> dict[int, float]:
    if not isinstance(class_weight, Mapping):
        came = repr(class_weight) if isinstance(class_weight, str) else type(class_weight).__name__
        fix = "Pass {0: 1.0, 1: 2.5}."
        if isinstance(class_weight, (list, tuple)):
            fix = "Pass dict(enumerate(weights))."
        elif class_weight == "balanced":
            fix = "Work them out: labels, n = np.unique(y, return_counts=True); dict(zip(labels, n.mean() / n))."
        raise TypeError(f"class_weight: expected a dict, label -> weight; got {came}. {fix}")
    for label, value in class_weight.items():
        checks.whole("class_weight", "each label", label, 0)
        checks.number("class_weight", f"the weight of {label}", value, checks.NOT_NEGATIVE)
    return {int(label): float(value) for label, value in class_weight.items()}


def arrays_of(out: Any) -> Any:
    """The arrays inside an output."""
    if hasattr(out, "_data"):
        return out._data
    if isinstance(out, Mapping):
        return {key: arrays_of(value) for key, value in out.items()}
    return type(out)([arrays_of(value) for value in out]) if isinstance(out, (list, tuple)) else out

"""What batches are made of: arrays, samples of a dataset, ready batches. Imports ``nn.nest``, ``data.places``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import backends
from nn import nest
from nn.data.places import beside, put
from nn.nest import as_array

# Up to this many bytes arrays are put on the model's device, cast and reordered as a whole; beyond, batch by batch.
RESIDENT = 256 * 1024 * 1024


def is_arrays(data: Any) -> bool:
    if isinstance(data, (list, tuple, dict)) or hasattr(data, "shape"):
        return True
    return any([hasattr(data, name) for name in ("__array__", "__dlpack__", "to_numpy")])


class Arrays:
    """Arrays of equal length: slices of them."""

    placed = False

    def __init__(self, data: Any, transform: Callable[[Any], Any] | None, where: Any) -> None:
        leaves, self.plan = nest.flatten(data)
        self.arrays = [as_array(leaf) for leaf in leaves]
        if not self.arrays:
            raise ValueError("data: expected at least one array; got none. Pass arrays.")
        lengths = [nest.count(array, "data") for array in self.arrays]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"data: expected arrays of one length; got {', '.join(map(str, lengths))}. "
                "Their first axes count the same samples: cut or pad them."
            )
        self.samples: int | None = lengths[0]
        self.transform = transform
        self.small = sum([array.nbytes for array in self.arrays]) <= RESIDENT
        if self.small:
            if transform is not None:
                leaves, self.plan = nest.flatten(transform(nest.build(self.plan, self.arrays)))
                self.arrays, self.transform = list(leaves), None
            if where is not None:
                self.arrays, self.placed = [put(array, where) for array in self.arrays], True

    def batches(self) -> int | None:
        return None

    def iterate(self, order: Any, size: int, start: int, stop: int) -> Iterator[Any]:
        arrays, plan, transform = self.arrays, self.plan, self.transform
        if order is not None and self.small:
            arrays = [array[beside(order, array)] for array in arrays]
            order = None
        flat = plan.__class__ is tuple and all([part is None or part.__class__ is int for part in plan])
        for first in range(start * size, stop * size, size):
            if order is None:
                cut = slice(first, first + size)
                parts = [array[cut] for array in arrays]
            else:
                chosen = order[first : first + size]
                parts = [array[beside(chosen, array)] for array in arrays]
            if flat:
                batch = tuple([None if part is None else parts[part] for part in plan])
            else:
                batch = nest.build(plan, parts)
            yield batch if transform is None else transform(batch)


class Samples:
    """A dataset: ``len`` and ``[i]``."""

    placed = False

    def __init__(self, data: Any, transform: Callable[[Any], Any] | None) -> None:
        self.data = data
        self.samples: int | None = len(data)
        self.transform = transform

    def batches(self) -> int | None:
        return None

    def iterate(self, order: Any, size: int, start: int, stop: int) -> Iterator[Any]:
        for first in range(start * size, stop * size, size):
            last = min(first + size, len(self.data))
            chosen = range(first, last) if order is None else order[first:last].tolist()
            batch = stacked([self.data[i] for i in chosen])
            yield batch if self.transform is None else self.transform(batch)


class Ready:
    """An iterable, or a function that returns an iterator, of ready batches."""

    placed = False
    samples: int | None = None

    def __init__(self, data: Any, transform: Callable[[Any], Any] | None) -> None:
        self.data = data
        self.transform = transform
        # A generator goes on where it was left: what one epoch does not take, the next one gets.
        self.once = not callable(data) and iter(data) is data

    def batches(self) -> int | None:
        try:
            return len(self.data)
        except TypeError:
            return None

    def iterate(self, start: int, stop: int | None) -> Iterator[Any]:
        if callable(self.data) and not hasattr(self.data, "__iter__"):
            source = iter(self.data())
        else:
            source = iter(self.data)
        at = 0
        while stop is None or at < stop:
            try:
                batch = next(source)
            except StopIteration:
                return
            at += 1
            if at > start:
                batch = nest.map_leaves(as_array, tuple(batch) if isinstance(batch, list) else batch)
                yield batch if self.transform is None else self.transform(batch)


def stacked(samples: list[Any]) -> Any:
    """Samples of one structure as one batch: each leaf with a new first axis.

    Raises:
        ValueError: structures or shapes differ.

    >>> stacked([([1.0, 2.0], 0), ([3.0, 4.0], 1)])
    (array([[1., 2.],
           [3., 4.]]), array([0, 1]))
    """
    first: list[Any] = []
    plan = nest.plan(samples[0], first, _is_sample_leaf)
    columns = [first]
    for sample in samples[1:]:
        leaves: list[Any] = []
        if nest.plan(sample, leaves, _is_sample_leaf) != plan:
            raise ValueError("dataset: expected samples of one structure; got two kinds. Make them alike.")
        columns.append(leaves)
    out = []
    for column in zip(*columns):
        arrays = [as_array(leaf, "dataset") for leaf in column]
        try:
            out.append(backends.of(arrays[0]).xp.stack(arrays))
        except ValueError:
            shapes = sorted({str(tuple(a.shape)) for a in arrays})
            raise ValueError(
                f"dataset: expected samples of one shape; got {', '.join(shapes)}. Pad or crop them."
            ) from None
    return nest.build(plan, out)


def _is_sample_leaf(x: Any) -> bool:
    # (image, label) is a structure, though one of its parts may be a bare number; [1.0, 2.0] is an array.
    return nest.is_leaf(x) if not isinstance(x, tuple) else False

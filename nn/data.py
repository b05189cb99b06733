"""Batches of arrays, datasets and iterables: shuffled, split, fetched ahead. Imports ``nn.nest``, ``nn.random``."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import backends
from nn import nest, random
from nn.nest import HOST, as_array

# Up to this many bytes arrays are put on the model's device, cast and reordered as a whole; beyond, batch by batch.
RESIDENT = 256 * 1024 * 1024


class Batches:
    """Batches, anew each time they are iterated: ``for x, y in Batches((x, y), batch_size=32, shuffle=True, seed=0)``.

    Args:
        data: arrays (or pandas frames, or anything with ``__array__`` or DLPack) of equal length, nested in tuples,
            lists and dicts as you like: batches have the same structure. Or a dataset, an object with ``len`` whose
            ``[i]`` is one sample; samples are stacked. Or an iterable of ready batches, or a function without
            arguments that returns an iterator of them.
        batch_size: samples per batch; the last batch has what is left. Not for ready batches.
        shuffle: a new order for each epoch. Not for iterables, which have no order to change.
        seed: of the order; without one, it is drawn from ``nn.random``'s stream, which ``nn.set_random_seed`` seeds.
        drop_last: leave a last, smaller batch out.
        prefetch: so many batches are made ahead, by a thread.
        device: where batches are put (a backend, its name, or a device string). Arrays of a moderate size are put there
            once; others batch by batch, through pinned memory where the backend copies so.
        transform: ``function(batch)``, called on each batch (or once on all arrays, where these are small), in the
            thread if there is one; it has to treat samples alike.

    Raises:
        ValueError: lengths differ, there is nothing, or an option does not fit the data.
        TypeError: the data is none of these.

    >>> import numpy as np
    >>> for x, y in Batches((np.arange(5), [0, 1, 0, 1, 0]), batch_size=2):
    ...     print(x, y)
    [0 1] [0 1]
    [2 3] [0 1]
    [4] [0]
    """

    def __init__(
        self,
        data: Any,
        batch_size: int | None = None,
        shuffle: bool = False,
        seed: int | None = None,
        drop_last: bool = False,
        prefetch: int = 0,
        device: Any = None,
        transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if batch_size is not None and (isinstance(batch_size, bool) or int(batch_size) != batch_size or batch_size < 1):
            raise ValueError(f"batch_size: expected a whole number above 0; got {batch_size!r}. Correct it.")
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.once = False
        self.prefetch = prefetch
        self._place = place(device)
        self._stream = None if seed is None else HOST.generator(seed)
        self._before: Any = None
        self._order: Any = None
        self._parts: _Arrays | _Samples | _Ready
        if isinstance(data, Batches):
            raise TypeError("Batches: expected data; got Batches. Use them as they are.")
        if not is_arrays(data):
            if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
                self._parts = _Samples(data, transform)
            elif callable(data) or hasattr(data, "__iter__"):
                if batch_size is not None:
                    raise ValueError(
                        "batch_size: expected None beside an iterable, whose batches are ready; "
                        f"got {batch_size}. Leave it out, or pass arrays or a dataset."
                    )
                self._parts = ready = _Ready(data, transform)
                self.shuffle, self.once = False, ready.once
            else:
                raise TypeError(
                    f"data: expected arrays, a dataset, an iterable or a function; got {type(data).__name__}. "
                    "Convert it with numpy.asarray first."
                )
        else:
            self._parts = _Arrays(data, transform, self._place)
        self.batch_size = batch_size or 32
        self.samples: int | None = self._parts.samples
        if self.samples == 0:
            raise ValueError("data: expected at least one sample; got none. Check what was loaded.")

    def __len__(self) -> int:
        """The number of batches of an epoch.

        Raises:
            TypeError: it is an iterable that does not tell.
        """
        if self.samples is None:
            known = self._parts.batches()
            if known is None:
                raise TypeError(
                    "len: expected arrays or a dataset; got an iterable whose end is not known. Iterate it."
                )
            return known
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (1 if rest and not self.drop_last else 0)

    def known_length(self) -> int | None:
        """The number of batches of an epoch; None where nobody knows before the end."""
        return self._parts.batches() if self.samples is None else len(self)

    def __iter__(self) -> Iterator[Any]:
        self.begin()
        return self.iterate()

    # Going through, and going on from the middle ------------------------------------------------------------------

    def begin(self) -> None:
        """Start an epoch: draw its order."""
        if self.shuffle and self.samples is not None:
            stream = self._stream or random.stream(HOST)
            self._before = stream.get_state()
            self._order = stream.permutation(self.samples)

    def iterate(self, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        """The batches of the epoch begun, from number ``start`` on, to ``stop``."""
        made = self._make(start, stop)
        return ahead(made, self.prefetch) if self.prefetch > 0 else made

    def _make(self, start: int, stop: int | None) -> Iterator[Any]:
        parts = self._parts
        if isinstance(parts, _Ready):
            made = parts.iterate(start, stop)
        else:
            ends = len(self) if stop is None else min(stop, len(self))
            made = parts.iterate(self._order if self.shuffle else None, self.batch_size, start, ends)
        return made if self._place is None or parts.placed else self._sent(made)

    def _sent(self, made: Iterator[Any]) -> Iterator[Any]:
        for batch in made:
            yield nest.map_leaves(lambda x: put(x, self._place), batch)

    def get_state(self) -> dict[str, Any]:
        """Enough to draw the same order again: for checkpoints."""
        own = None if self._stream is None else self._stream.get_state()
        return {"before": self._before, "stream": own}

    def set_state(self, state: dict[str, Any]) -> None:
        """Begin the epoch again that ``get_state`` was called in."""
        if state["before"] is not None and self.shuffle and self.samples is not None:
            stream = self._stream or random.stream(HOST)
            stream.set_state(state["before"])
            self.begin()
        if self._stream is not None and state["stream"] is not None:
            self._stream.set_state(state["stream"])


def is_arrays(data: Any) -> bool:
    if isinstance(data, (list, tuple, dict)) or hasattr(data, "shape"):
        return True
    return any([hasattr(data, name) for name in ("__array__", "__dlpack__", "to_numpy")])


class _Arrays:
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
            arrays = [array[_beside(order, array)] for array in arrays]
            order = None
        flat = plan.__class__ is tuple and all([part is None or part.__class__ is int for part in plan])
        for first in range(start * size, stop * size, size):
            if order is None:
                cut = slice(first, first + size)
                parts = [array[cut] for array in arrays]
            else:
                chosen = order[first : first + size]
                parts = [array[_beside(chosen, array)] for array in arrays]
            if flat:
                batch = tuple([None if part is None else parts[part] for part in plan])
            else:
                batch = nest.build(plan, parts)
            yield batch if transform is None else transform(batch)


class _Samples:
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


class _Ready:
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


def _beside(order: Any, array: Any) -> Any:
    return (
        order
        if type(array) is type(order)
        else backends.of(array).asarray(order, device=backends.of(array).device(array))
    )


def place(device: Any) -> tuple[backends.Backend, str | None] | None:
    """The backend, and the device string where one of several is meant, of a name, a device string or a backend."""
    if device is None:
        return None
    if isinstance(device, backends.Backend):
        return device, None
    if ":" not in device and device in backends.names():
        return backends.get(device), None
    return backends.for_device(device), device if ":" in device else None


def put(array: Any, where: tuple[backends.Backend, str | None] | None) -> Any:
    """``array`` where ``place`` says; where it is there already, itself."""
    if where is None:
        return array
    there, device = where
    here = backends.of(array)
    if here is there:
        return array if device is None else here.asarray(array, device=device)
    return there.asarray(here.to_numpy(array), device=device)


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


# Ahead of time -----------------------------------------------------------------------------------------------------

_END = object()


def ahead(items: Iterator[Any], depth: int) -> Iterator[Any]:
    """The items, made by a thread up to ``depth`` in advance; an exception comes out where its item would have.

    >>> list(ahead(iter([1, 2, 3]), depth=2))
    [1, 2, 3]
    """
    channel: queue.Queue[Any] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def give(entry: Any) -> bool:
        while not stop.is_set():
            try:
                channel.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not give((item, None)):
                    return
            give((_END, None))
        except BaseException as error:
            give((_END, error))

    # The thread sees the caller's default backend and gradient mode.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="nn.data.ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = channel.get()
            if item is _END:
                if error is not None:
                    raise error
                return
            yield item
    finally:
        stop.set()
        thread.join(timeout=5)


# Splitting ---------------------------------------------------------------------------------------------------------


def split(*arrays: Any, fraction: float = 0.2, seed: int | None = None, shuffle: bool = True) -> list[Any]:
    """Each array in two parts, ``[first_rest, first_part, second_rest, …]``: ``fraction`` of the samples in the second.

    Args:
        arrays: of one length, as ``Batches`` takes them.
        fraction: of the samples that go to the second part, above 0 and below 1.
        seed: of the choice; without one it is drawn from ``nn.random``'s stream.
        shuffle: choose at random; otherwise the last ones go to the second part.

    Raises:
        ValueError: the fraction leaves a part empty, or lengths differ.

    >>> split([1, 2, 3, 4], fraction=0.25, shuffle=False)
    [array([1, 2, 3]), array([4])]
    """
    given = [as_array(array) for array in arrays]
    lengths = {nest.count(array, "split") for array in given}
    if len(lengths) != 1:
        raise ValueError(f"split: expected arrays of one length; got {sorted(lengths)}. Cut or pad them.")
    n = lengths.pop()
    at = cut_at(n, fraction)
    if not shuffle:
        return [part for array in given for part in (array[:at], array[at:])]
    order = (random.stream(HOST) if seed is None else HOST.generator(seed)).permutation(n)
    return [array[_beside(part, array)] for array in given for part in (order[:at], order[at:])]


def cut_at(n: int, fraction: float) -> int:
    """Where ``n`` samples are cut so that the last ``fraction`` of them lies behind.

    Raises:
        ValueError: a part would be empty.
    """
    at = int(n * (1 - fraction)) if 0 < fraction < 1 else 0
    if not 0 < at < n:
        raise ValueError(
            f"split: expected a fraction above 0 and below 1 that leaves both parts a sample; got {fraction} of {n} "
            "samples. Change it, or pass the parts yourself."
        )
    return at


def held_out(data: Iterable[Any], fraction: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Structures of arrays (None where there is none), and the last ``fraction`` of their samples, as Keras splits."""
    leaves, plan = nest.flatten(tuple(data))
    arrays = [as_array(leaf) for leaf in leaves]
    at = cut_at(nest.count(arrays[0], "validation_split"), fraction)
    return nest.build(plan, [a[:at] for a in arrays]), nest.build(plan, [a[at:] for a in arrays])

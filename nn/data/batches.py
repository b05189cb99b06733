"""Batches in order or shuffled, from the start or from the middle. Imports ``data.sources``, ``nn.random``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nn import checks, random
from nn.data.places import place, staged
from nn.data.prefetch import ahead
from nn.data.sources import Arrays, Ready, Samples, is_arrays
from nn.nest import HOST


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
            once; others batch by batch, the next one while one is in use (through pinned memory, where the backend
            copies so).
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
        if batch_size is not None:
            checks.whole("Batches", "batch_size", batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.once = False
        self.prefetch = prefetch
        self._place = place(device)
        self._stream = None if seed is None else HOST.generator(seed)
        self._before: Any = None
        self._order: Any = None
        self._parts: Arrays | Samples | Ready
        if isinstance(data, Batches):
            raise TypeError("Batches: expected data; got Batches. Use them as they are.")
        if not is_arrays(data):
            if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
                self._parts = Samples(data, transform)
            elif callable(data) or hasattr(data, "__iter__"):
                if batch_size is not None:
                    raise ValueError(
                        "batch_size: expected None beside an iterable, whose batches are ready; "
                        f"got {batch_size}. Leave it out, or pass arrays or a dataset."
                    )
                self._parts = ready = Ready(data, transform)
                self.shuffle, self.once = False, ready.once
            else:
                raise TypeError(
                    f"data: expected arrays, a dataset, an iterable or a function; got {type(data).__name__}. "
                    "Convert it with numpy.asarray first."
                )
        else:
            self._parts = Arrays(data, transform, self._place)
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
        if self.prefetch > 0:
            made = ahead(made, self.prefetch)
        # An iterator that can't begin anew is not read further than it is used.
        return made if self._place is None or self._parts.placed else staged(made, self._place, not self.once)

    def _make(self, start: int, stop: int | None) -> Iterator[Any]:
        parts = self._parts
        if isinstance(parts, Ready):
            made = parts.iterate(start, stop)
        else:
            ends = len(self) if stop is None else min(stop, len(self))
            made = parts.iterate(self._order if self.shuffle else None, self.batch_size, start, ends)
        return made

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

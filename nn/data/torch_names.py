"""PyTorch's names for data: datasets, ``random_split``, ``DataLoader``. Imports ``data.batches``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nn import checks, nest, random
from nn.data.batches import Batches
from nn.nest import HOST


class Dataset:
    """A base for datasets: a subclass has ``__len__`` and ``__getitem__(i)``. Any object with these does as well."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: expected a method __getitem__(self, index). Add one.")


class TensorDataset(Dataset):
    """Arrays (or Tensors) of one length, whose samples are tuples of their rows.

    Raises:
        ValueError: lengths differ.

    >>> TensorDataset([[1.0, 2.0], [3.0, 4.0]], [0, 1])[1]
    (array([3., 4.]), np.int64(1))
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple([nest.as_array(array, "TensorDataset") for array in tensors])
        lengths = {nest.count(array, "TensorDataset") for array in self.tensors}
        if len(lengths) != 1:
            raise ValueError(
                f"TensorDataset: expected arrays of one length; got {sorted(lengths) or 'none'}. Cut or pad them."
            )

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple([array[index] for array in self.tensors])


class Subset(Dataset):
    """The samples of a dataset at some indices."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.indices[index])]


def random_split(dataset: Any, lengths: Sequence[float], seed: int | None = None) -> list[Subset]:
    """Parts of a dataset, at random and without overlap.

    Args:
        lengths: how many samples each has; or shares that sum up to 1, what is left over going to the first ones.
        seed: of the choice; without one it is drawn from ``nn.random``'s stream.

    Raises:
        ValueError: the lengths don't sum up to the dataset's.

    >>> [len(part) for part in random_split(range(10), [0.7, 0.3], seed=0)]
    [7, 3]
    """
    total = len(dataset)
    sizes = [int(length) for length in lengths]
    if abs(sum(lengths) - 1) < 1e-9 and total != 1:
        sizes = [int(total * length) for length in lengths]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != total or min(sizes, default=0) < 0:
        raise ValueError(
            f"random_split: expected lengths that sum up to {total}, the dataset's, or shares that sum up to 1; "
            f"got {list(lengths)}. Correct them."
        )
    order = (random.stream(HOST) if seed is None else HOST.generator(seed)).permutation(total).tolist()
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


class DataLoader(Batches):
    """``Batches`` as PyTorch writes it: of a dataset, one sample per batch where nothing else is said; NumPy arrays.

    Args:
        dataset: an object with ``len`` and ``[i]``, or an iterable of samples' batches.
        batch_size, shuffle, drop_last: as of ``Batches``.
        num_workers: above 0: batches are made ahead, by one thread.
        collate_fn: makes a batch of a list of samples; by default they are stacked.
        pin_memory: taken, and not needed: ``Batches(device=…)`` stages transfers itself.

    >>> for x, y in DataLoader(TensorDataset([[1.0], [2.0], [3.0]], [0, 1, 0]), batch_size=2):
    ...     print(x.shape, y)
    (2, 1) [0 1]
    (1, 1) [0]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        seed: int | None = None,
    ) -> None:
        checks.whole("DataLoader", "num_workers", num_workers, 0)
        self.dataset = dataset
        self.collate_fn = collate_fn
        data = dataset
        if type(dataset) is TensorDataset and collate_fn is None:
            data = dataset.tensors
        elif isinstance(dataset, (list, tuple)):
            data = Subset(dataset, range(len(dataset)))  # a list of samples, not of arrays
        super().__init__(data, batch_size, shuffle, seed, drop_last, prefetch=2 * bool(num_workers))

    def _make(self, start: int, stop: int | None) -> Iterator[Any]:
        if self.collate_fn is None:
            return super()._make(start, stop)
        return self._collated(self.collate_fn, start, len(self) if stop is None else min(stop, len(self)))

    def _collated(self, collate: Callable[[list[Any]], Any], start: int, stop: int) -> Iterator[Any]:
        order = self._order.tolist() if self.shuffle else range(len(self.dataset))
        for first in range(start * self.batch_size, stop * self.batch_size, self.batch_size):
            yield collate([self.dataset[i] for i in order[first : first + self.batch_size]])

"""Batches of arrays, datasets and iterables: shuffled, split, fetched ahead. Imports its parts."""

from nn.data.batches import Batches
from nn.data.prefetch import ahead
from nn.data.sources import stacked
from nn.data.splits import split
from nn.data.torch_names import DataLoader, Dataset, Subset, TensorDataset, random_split

__all__ = [
    "Batches",
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "ahead",
    "random_split",
    "split",
    "stacked",
]

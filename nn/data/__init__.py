"""Batches of arrays, datasets and iterables: shuffled, split, fetched ahead. Imports its parts."""

from nn.data.batches import Batches
from nn.data.prefetch import ahead
from nn.data.sources import stacked
from nn.data.splits import split

__all__ = ["Batches", "ahead", "split", "stacked"]

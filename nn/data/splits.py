"""Samples in two parts. Imports ``nn.nest`` and ``nn.random``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nn import nest, random
from nn.data.places import beside
from nn.nest import HOST, as_array


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
    return [array[beside(part, array)] for array in given for part in (order[:at], order[at:])]


def cut_at(n: int, fraction: float, name: str = "split") -> int:
    """Where ``n`` samples are cut so that the last ``fraction`` of them lies behind.

    Raises:
        ValueError: a part would be empty.
    """
    at = int(n * (1 - fraction)) if 0 < fraction < 1 else 0
    if not 0 < at < n:
        raise ValueError(
            f"{name}: expected a fraction above 0 and below 1 that leaves both parts a sample; got {fraction} of {n} "
            "samples. Change it, or pass the parts yourself."
        )
    return at


def held_out(data: Iterable[Any], fraction: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Structures of arrays (None where there is none), and the last ``fraction`` of their samples, as Keras splits."""
    leaves, plan = nest.flatten(tuple(data))
    arrays = [as_array(leaf) for leaf in leaves]
    at = cut_at(nest.count(arrays[0], "validation_split"), fraction, "validation_split")
    return nest.build(plan, [a[:at] for a in arrays]), nest.build(plan, [a[at:] for a in arrays])

"""Nests of arrays as one vector, and back; differentiable. Imports ``autograd.numpy``, ``trees``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from autograd import trees

__all__ = ["flatten", "flatten_func"]


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The numbers in nested lists, tuples and dicts of arrays as one vector, and the function that nests them again.

    Dicts are read in the order of their sorted keys. Both ways are differentiable.

    >>> vector, unflatten = flatten({"w": np.array([[1.0, 2.0]]), "b": 3.0})
    >>> vector
    array([3., 1., 2.])
    >>> unflatten(vector * 10)
    {'b': np.float64(30.0), 'w': array([[10., 20.]])}
    """
    leaves, structure = trees.flatten(value)
    shapes = [np.shape(x) for x in leaves]
    sizes = [np.size(x) for x in leaves]
    vector = np.concatenate([np.ravel(x) for x in leaves]) if leaves else np.array([])

    def unflatten(vector: Any) -> Any:
        if tuple(vector.shape) != (sum(sizes),):
            raise ValueError(
                f"unflatten: expected a vector of {sum(sizes)} numbers, as what was flattened; got shape "
                f"{tuple(vector.shape)}. Flatten the other value itself."
            )
        parts, start = [], 0
        for shape, size in zip(shapes, sizes):
            part = vector[start : start + size]
            parts.append(np.reshape(part, shape) if shape else part[0])
            start += size
        return trees.unflatten(structure, parts)

    return vector, unflatten


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Callable[[Any], Any], Any]:
    """``func`` from vector to vector, for values nested as ``example``; with ``unflatten`` and the example's vector.

    >>> doubled, unflatten, start = flatten_func(lambda p: {"a": p["a"] * 2}, {"a": np.array([1.0, 2.0])})
    >>> doubled(start)
    array([2., 4.])
    """
    start, unflatten = flatten(example)
    return lambda x, *args: flatten(func(unflatten(x), *args))[0], unflatten, start

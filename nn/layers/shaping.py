"""Layers that move or drop values and learn nothing. Imports ``nn.module``, ``autograd``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from autograd.numpy.common import normalize_one
from autograd.numpy.networks import dropout
from nn.module import Module


class Identity(Module):
    """The input itself; takes and ignores any arguments, so that it can stand in for another layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        return x

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` as one: (n, …) to (n, product).

    >>> Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1, input_shape: tuple[int, ...] | None = None) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim
        if input_shape is not None:
            self.input_shape = tuple(input_shape)

    def forward(self, x: Any) -> Any:
        return np.reshape(x, self._after(tuple(x.shape)))

    def _after(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if not shape:
            return (1,)
        start, end = normalize_one(self.start_dim, len(shape)), normalize_one(self.end_dim, len(shape))
        if start > end:
            raise ValueError(
                f"Flatten: expected start_dim ({self.start_dim}) to come before end_dim ({self.end_dim}) in {shape}. "
                "Correct them."
            )
        return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return self._after((1, *shape))[1:] if self.start_dim > 0 else None

    def describe(self) -> str:
        return "" if (self.start_dim, self.end_dim) == (1, -1) else f"{self.start_dim}, {self.end_dim}"


class Reshape(Module):
    """(n, …) to (n, *target_shape); one entry may be -1. Keras's; the batch axis stays.

    >>> Reshape((2, -1))(np.zeros((5, 6))).shape
    (5, 2, 3)
    """

    def __init__(self, target_shape: tuple[int, ...], input_shape: tuple[int, ...] | None = None) -> None:
        self.target_shape = tuple(target_shape)
        if input_shape is not None:
            self.input_shape = tuple(input_shape)

    def forward(self, x: Any) -> Any:
        return np.reshape(x, (x.shape[0], *self.target_shape))

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        known = math.prod([n for n in self.target_shape if n != -1])
        return tuple([math.prod(shape) // known if n == -1 else n for n in self.target_shape])

    def describe(self) -> str:
        return str(self.target_shape)


class Unflatten(Module):
    """Axis ``dim`` split into ``unflattened_size``.

    >>> Unflatten(1, (2, 3))(np.zeros((5, 6))).shape
    (5, 2, 3)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, x: Any) -> Any:
        shape = tuple(x.shape)
        dim = normalize_one(self.dim, len(shape))
        return np.reshape(x, (*shape[:dim], *self.unflattened_size, *shape[dim + 1 :]))

    def describe(self) -> str:
        return f"{self.dim}, {self.unflattened_size}"


class Dropout(Module):
    """In training each entry is 0 with probability ``p``, the others times 1/(1 - p) (Srivastava et al. 2014).

    The mask is drawn from the stream that ``nn.set_random_seed`` seeds. In evaluation the input itself.

    Raises:
        ValueError: p is not in [0, 1].

    >>> Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: expected a probability from 0 to 1; got {p}. Correct it.")
        self.p = p

    def forward(self, x: Any) -> Any:
        return dropout(x, self.p, self.training)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        return str(self.p)

"""Layers that move values and learn nothing, and the residual. Imports ``nn.module``, ``autograd``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from autograd.numpy.common import normalize_one
from nn.module import Module


class Identity(Module):
    """The input itself; takes and ignores any arguments, so that it can stand in for another layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        return x

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape


def flatten(x: Any, start_dim: int = 1, end_dim: int = -1) -> Any:
    """The axes from ``start_dim`` to ``end_dim`` as one; by default all but the batch's, unlike PyTorch's function.

    Raises:
        ValueError: the first comes after the last.

    >>> flatten(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    return np.reshape(x, _flat_shape(tuple(x.shape), start_dim, end_dim))


def _flat_shape(shape: tuple[int, ...], first: int, last: int) -> tuple[int, ...]:
    if not shape:
        return (1,)
    start, end = normalize_one(first, len(shape)), normalize_one(last, len(shape))
    if start > end:
        raise ValueError(
            f"Flatten: expected start_dim ({first}) to come before end_dim ({last}) in {shape}. Correct them."
        )
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


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
        return flatten(x, self.start_dim, self.end_dim)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return _flat_shape((1, *shape), self.start_dim, self.end_dim)[1:] if self.start_dim > 0 else None

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


class Residual(Module):
    """``shortcut(x) + f(x)``, f the layers given, one after the other (He et al., "Deep residual learning", 2016).

    Args:
        layers: modules or functions of one argument.
        shortcut: what brings x to f's shape where the two differ; by default x itself is added.

    Parameters are named ``"layers.0.weight"``, ``"shortcut.weight"``.

    Raises:
        ValueError: no layer is given; at a call, where f's result has another shape than the shortcut's.

    >>> import nn
    >>> Residual(nn.Linear(4, 4), nn.ReLU())(np.zeros((3, 4), "float32")).shape
    (3, 4)
    """

    def __init__(self, *layers: Any, shortcut: Any = None) -> None:
        if not layers:
            raise ValueError("Residual: expected the layers beside the shortcut; got none. Pass them one by one.")
        self.layers = list(layers)
        self.shortcut = shortcut

    def forward(self, x: Any) -> Any:
        out = x
        for layer in self.layers:
            out = layer(out)
        kept = x if self.shortcut is None else self.shortcut(x)
        if out.shape != kept.shape:
            raise ValueError(
                f"Residual: expected the layers to give the shortcut's shape {tuple(kept.shape)}; "
                f"got {tuple(out.shape)}. Correct the layers, or pass shortcut=… that gives theirs."
            )
        return kept + out

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        known: tuple[int, ...] | None = shape
        for layer in self.layers:
            known = layer.build_for(known) if isinstance(layer, Module) and known is not None else None
        if isinstance(self.shortcut, Module):
            self.shortcut.build_for(shape)
        return known if self.shortcut is not None else shape


def pixel_shuffle(x: Any, upscale_factor: int) -> Any:
    """(…, c·r², h, w) to (…, c, h·r, w·r): groups of r² channels become r × r pixels (Shi et al. 2016).

    Raises:
        ValueError: the channels are no multiple of r².

    >>> pixel_shuffle(np.arange(4).reshape(1, 4, 1, 1), 2)
    array([[[[0, 1],
             [2, 3]]]])
    """
    *lead, channels, high, wide = x.shape
    r = upscale_factor
    if channels % (r * r):
        raise ValueError(
            f"pixel_shuffle: expected the channels to be a multiple of {r}² = {r * r}; got {channels}. "
            "Correct the layer before, or the factor."
        )
    n = len(lead)
    parts = np.reshape(x, (*lead, channels // (r * r), r, r, high, wide))
    parts = np.transpose(parts, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return np.reshape(parts, (*lead, channels // (r * r), high * r, wide * r))


class PixelShuffle(Module):
    """``pixel_shuffle`` as a layer.

    >>> PixelShuffle(2)(np.zeros((1, 12, 3, 5))).shape
    (1, 3, 6, 10)
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = upscale_factor

    def forward(self, x: Any) -> Any:
        return pixel_shuffle(x, self.upscale_factor)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        r = self.upscale_factor
        return (*shape[:-3], shape[-3] // (r * r), shape[-2] * r, shape[-1] * r)

    def describe(self) -> str:
        return str(self.upscale_factor)

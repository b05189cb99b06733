"""Pools as Keras writes them: ``MaxPooling2D(2)``, channels last. Imports ``layers.keras_conv``, ``global_pool``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of
from autograd.numpy.convolution import Size, as_sizes
from nn.layers import global_pool
from nn.layers.keras_conv import is_last, padding_of
from nn.layers.pool import Pool


class _Pooling(Pool):
    n = 0

    def __init__(
        self,
        pool_size: Size = 2,
        strides: Size | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        self.pool_size = as_sizes(kind, "pool_size", pool_size, self.n)
        self.strides = self.pool_size if strides is None else as_sizes(kind, "strides", strides, self.n)
        self.same = padding_of(kind, padding) == "same"
        self.last = is_last(kind, data_format)
        self.name = name

    def pool(self, x: Any) -> Any:
        """Of (n, channels, …), the windows that fit."""
        raise NotImplementedError

    def pool_same(self, x: Any, widths: list[tuple[int, int]]) -> Any:
        """Of (n, channels, …), with so much room before and behind each axis."""
        raise NotImplementedError

    def forward(self, x: Any) -> Any:
        _check_axes(self, x)
        x = np.moveaxis(x, -1, 1) if self.last else x
        if self.same:
            # Windows begin where as many as the input's size over the stride fit evenly around it.
            missing = [
                max((-(-m // s) - 1) * s + k - m, 0)
                for m, s, k in zip(x.shape[2:], self.strides, self.pool_size, strict=True)
            ]
            x = self.pool_same(x, [(0, 0), (0, 0), *[(room // 2, room - room // 2) for room in missing]])
        else:
            x = self.pool(x)
        return np.moveaxis(x, 1, -1) if self.last else x

    def describe(self) -> str:
        parts = [f"pool_size={self.pool_size}, strides={self.strides}"]
        if self.same:
            parts.append("padding='same'")
        if not self.last:
            parts.append("data_format='channels_first'")
        return ", ".join(parts)


class _Max(_Pooling):
    def pool(self, x: Any) -> Any:
        return (np.max_pool1d, np.max_pool2d, np.max_pool3d)[self.n - 1](x, self.pool_size, self.strides)

    def pool_same(self, x: Any, widths: list[tuple[int, int]]) -> Any:
        return self.pool(np.pad(x, widths, constant_values=-math.inf))


class _Average(_Pooling):
    def pool(self, x: Any) -> Any:
        return (np.avg_pool1d, np.avg_pool2d, np.avg_pool3d)[self.n - 1](x, self.pool_size, self.strides)

    def pool_same(self, x: Any, widths: list[tuple[int, int]]) -> Any:
        # What lies beyond the edge does not count: the mean of the padded input over that of ones.
        ones = np.pad(backend_of(x).xp.ones((1, 1, *x.shape[2:]), dtype=x.dtype), widths)
        return self.pool(np.pad(x, widths)) / self.pool(ones)


class _Overall(Pool):
    n = 0
    functions: tuple[Any, ...] = ()

    def __init__(self, data_format: str | None = None, keepdims: bool = False, name: str | None = None) -> None:
        self.last = is_last(type(self).__name__, data_format)
        self.keepdims = keepdims
        self.name = name

    def forward(self, x: Any) -> Any:
        _check_axes(self, x)
        out = self.functions[self.n - 1](np.moveaxis(x, -1, 1) if self.last else x, self.keepdims)
        return np.moveaxis(out, 1, -1) if self.last and self.keepdims else out

    def describe(self) -> str:
        parts = [] if self.last else ["data_format='channels_first'"]
        return ", ".join([*parts, *(["keepdims=True"] if self.keepdims else [])])


class _OverallAverage(_Overall):
    functions = (
        global_pool.global_average_pool1d,
        global_pool.global_average_pool2d,
        global_pool.global_average_pool3d,
    )


class _OverallMax(_Overall):
    functions = (global_pool.global_max_pool1d, global_pool.global_max_pool2d, global_pool.global_max_pool3d)


def _check_axes(layer: Any, x: Any) -> None:
    if len(x.shape) != layer.n + 2:
        form = f"(n, {layer.n} more axes, channels)" if layer.last else f"(n, channels, {layer.n} more axes)"
        raise ValueError(f"{type(layer).__name__}: expected x of shape {form}; got {tuple(x.shape)}. Reshape it.")


class MaxPooling1D(_Max):
    """The greatest entry of each window of (n, steps, channels), as Keras has it.

    Args:
        pool_size: of the window; ``strides`` is the same by default.
        padding: ``"valid"``, or ``"same"``, with windows over the edge that count what lies inside.
        data_format: ``"channels_last"`` (the default) or ``"channels_first"``.

    >>> MaxPooling1D()(np.zeros((2, 8, 3))).shape
    (2, 4, 3)
    """

    n = 1


class MaxPooling2D(_Max):
    """The greatest entry of each window of (n, height, width, channels), as Keras has it.

    >>> MaxPooling2D()(np.zeros((2, 8, 8, 3))).shape
    (2, 4, 4, 3)
    """

    n = 2


class MaxPooling3D(_Max):
    """The greatest entry of each window of (n, depth, height, width, channels), as Keras has it.

    >>> MaxPooling3D()(np.zeros((2, 8, 8, 8, 3))).shape
    (2, 4, 4, 4, 3)
    """

    n = 3


class AveragePooling1D(_Average):
    """The mean of each window of (n, steps, channels), as Keras has it.

    Args:
        pool_size: of the window; ``strides`` is the same by default.
        padding: ``"valid"``, or ``"same"``, with windows over the edge that count what lies inside.
        data_format: ``"channels_last"`` (the default) or ``"channels_first"``.

    >>> AveragePooling1D()(np.zeros((2, 8, 3))).shape
    (2, 4, 3)
    """

    n = 1


class AveragePooling2D(_Average):
    """The mean of each window of (n, height, width, channels), as Keras has it.

    >>> AveragePooling2D()(np.zeros((2, 8, 8, 3))).shape
    (2, 4, 4, 3)
    """

    n = 2


class AveragePooling3D(_Average):
    """The mean of each window of (n, depth, height, width, channels), as Keras has it.

    >>> AveragePooling3D()(np.zeros((2, 8, 8, 8, 3))).shape
    (2, 4, 4, 4, 3)
    """

    n = 3


class GlobalMaxPooling1D(_OverallMax):
    """The greatest entry of each channel of (n, steps, channels) to (n, channels), as Keras has it.

    >>> GlobalMaxPooling1D()(np.zeros((2, 8, 3))).shape
    (2, 3)
    """

    n = 1


class GlobalMaxPooling2D(_OverallMax):
    """The greatest entry of each channel of (n, height, width, channels) to (n, channels), as Keras has it.

    >>> GlobalMaxPooling2D()(np.zeros((2, 8, 8, 3))).shape
    (2, 3)
    """

    n = 2


class GlobalMaxPooling3D(_OverallMax):
    """The greatest entry of each channel of (n, depth, height, width, channels) to (n, channels), as Keras has it.

    >>> GlobalMaxPooling3D()(np.zeros((2, 8, 8, 8, 3))).shape
    (2, 3)
    """

    n = 3


class GlobalAveragePooling1D(_OverallAverage):
    """The mean of each channel of (n, steps, channels) to (n, channels), as Keras has it.

    >>> GlobalAveragePooling1D()(np.zeros((2, 8, 3))).shape
    (2, 3)
    """

    n = 1


class GlobalAveragePooling2D(_OverallAverage):
    """The mean of each channel of (n, height, width, channels) to (n, channels), as Keras has it.

    >>> GlobalAveragePooling2D()(np.zeros((2, 8, 8, 3))).shape
    (2, 3)
    """

    n = 2


class GlobalAveragePooling3D(_OverallAverage):
    """The mean of each channel of (n, depth, height, width, channels) to (n, channels), as Keras has it.

    >>> GlobalAveragePooling3D()(np.zeros((2, 8, 8, 8, 3))).shape
    (2, 3)
    """

    n = 3

"""One number per channel: global pools, Keras's. Imports ``layers.pool``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from nn.layers.pool import Pool


def _global(name: str, function: Any, n: int) -> Any:
    def pool(x: Any, keepdims: bool = False) -> Any:
        if len(x.shape) != n + 2:
            raise ValueError(f"{name}: expected (batch, channels, {n} more axes); got {tuple(x.shape)}. Reshape it.")
        return function(x, axis=tuple(range(2, n + 2)), keepdims=keepdims)

    pool.__name__ = pool.__qualname__ = name
    what = "greatest entry" if function is np.max else "mean"
    pool.__doc__ = f"The {what} of each channel: (n, channels, {n} more axes) to (n, channels)."
    return pool


global_average_pool1d, global_average_pool2d, global_average_pool3d = [
    _global(f"global_average_pool{n}d", np.mean, n) for n in (1, 2, 3)
]
global_max_pool1d, global_max_pool2d, global_max_pool3d = [
    _global(f"global_max_pool{n}d", np.max, n) for n in (1, 2, 3)
]


class _Global(Pool):
    """(n, channels, *size) to (n, channels); with ``keepdims`` to (n, channels, 1, …)."""

    n = 0
    functions: tuple[Any, ...] = ()

    def __init__(self, keepdims: bool = False) -> None:
        self.keepdims = keepdims

    def forward(self, x: Any) -> Any:
        return self.functions[self.n - 1](x, self.keepdims)

    def describe(self) -> str:
        return "keepdims=True" if self.keepdims else ""


class _GlobalAverage(_Global):
    functions = (global_average_pool1d, global_average_pool2d, global_average_pool3d)


class _GlobalMax(_Global):
    functions = (global_max_pool1d, global_max_pool2d, global_max_pool3d)


class GlobalMaxPool1d(_GlobalMax):
    """The greatest entry of each channel: (n, channels, length) to (n, channels).

    >>> GlobalMaxPool1d()(np.zeros((2, 3, 8))).shape
    (2, 3)
    """

    n = 1


class GlobalAveragePool1d(_GlobalAverage):
    """The mean of each channel: (n, channels, length) to (n, channels).

    >>> GlobalAveragePool1d()(np.zeros((2, 3, 8))).shape
    (2, 3)
    """

    n = 1


class GlobalMaxPool2d(_GlobalMax):
    """The greatest entry of each channel: (n, channels, …) to (n, channels).

    >>> GlobalMaxPool2d()(np.zeros((2, 3, 8, 8))).shape
    (2, 3)
    """

    n = 2


class GlobalAveragePool2d(_GlobalAverage):
    """The mean of each channel: (n, channels, …) to (n, channels).

    >>> GlobalAveragePool2d()(np.zeros((2, 3, 8, 8))).shape
    (2, 3)
    """

    n = 2


class GlobalMaxPool3d(_GlobalMax):
    """The greatest entry of each channel: (n, channels, …) to (n, channels).

    >>> GlobalMaxPool3d()(np.zeros((2, 3, 8, 8, 8))).shape
    (2, 3)
    """

    n = 3


class GlobalAveragePool3d(_GlobalAverage):
    """The mean of each channel: (n, channels, …) to (n, channels).

    >>> GlobalAveragePool3d()(np.zeros((2, 3, 8, 8, 8))).shape
    (2, 3)
    """

    n = 3

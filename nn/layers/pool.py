"""Pooling as layers, with PyTorch's names and options, Imports ``module``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.convolution import Size
from nn.module import Module


class Pool(Module):
    """What pools share: no parameters, and an output shape found by pooling zeros."""

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        out = self.forward(np.zeros((1, *shape)))
        return tuple(out.shape[1:])


class _MaxPool(Pool):
    n = 0

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _call(self, x: Any, return_indices: bool) -> Any:
        function = (np.max_pool1d, np.max_pool2d, np.max_pool3d)[self.n - 1]
        return function(x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, return_indices)

    def forward(self, x: Any) -> Any:
        return self._call(x, self.return_indices)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return tuple(self._call(np.zeros((1, *shape)), False).shape[1:])

    def describe(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Pool):
    n = 0

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Any) -> Any:
        function = (np.avg_pool1d, np.avg_pool2d, np.avg_pool3d)[self.n - 1]
        return function(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def describe(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _Adaptive(Pool):
    n = 0
    functions: tuple[Any, ...] = ()

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def forward(self, x: Any) -> Any:
        return self.functions[self.n - 1](x, self.output_size)

    def describe(self) -> str:
        return str(self.output_size)


class _AdaptiveAvg(_Adaptive):
    functions = (np.adaptive_avg_pool1d, np.adaptive_avg_pool2d, np.adaptive_avg_pool3d)


class _AdaptiveMax(_Adaptive):
    functions = (np.adaptive_max_pool1d, np.adaptive_max_pool2d, np.adaptive_max_pool3d)


class MaxPool1d(_MaxPool):
    """``np.max_pool1d`` as a layer.

    >>> MaxPool1d(2)(np.zeros((2, 3, 8))).shape
    (2, 3, 4)
    """

    n = 1


class AvgPool1d(_AvgPool):
    """``np.avg_pool1d`` as a layer.

    >>> AvgPool1d(2)(np.zeros((2, 3, 8))).shape
    (2, 3, 4)
    """

    n = 1


class AdaptiveMaxPool1d(_AdaptiveMax):
    """``np.adaptive_max_pool1d`` as a layer.

    >>> AdaptiveMaxPool1d(5)(np.zeros((2, 3, 8))).shape
    (2, 3, 5)
    """

    n = 1


class AdaptiveAvgPool1d(_AdaptiveAvg):
    """``np.adaptive_avg_pool1d`` as a layer.

    >>> AdaptiveAvgPool1d(5)(np.zeros((2, 3, 8))).shape
    (2, 3, 5)
    """

    n = 1


class MaxPool2d(_MaxPool):
    """``np.max_pool2d`` as a layer.

    >>> MaxPool2d(2)(np.zeros((2, 3, 8, 8))).shape
    (2, 3, 4, 4)
    """

    n = 2


class AvgPool2d(_AvgPool):
    """``np.avg_pool2d`` as a layer.

    >>> AvgPool2d(2)(np.zeros((2, 3, 8, 8))).shape
    (2, 3, 4, 4)
    """

    n = 2


class AdaptiveMaxPool2d(_AdaptiveMax):
    """``np.adaptive_max_pool2d`` as a layer.

    >>> AdaptiveMaxPool2d(5)(np.zeros((2, 3, 8, 8))).shape
    (2, 3, 5, 5)
    """

    n = 2


class AdaptiveAvgPool2d(_AdaptiveAvg):
    """``np.adaptive_avg_pool2d`` as a layer.

    >>> AdaptiveAvgPool2d(5)(np.zeros((2, 3, 8, 8))).shape
    (2, 3, 5, 5)
    """

    n = 2


class MaxPool3d(_MaxPool):
    """``np.max_pool3d`` as a layer.

    >>> MaxPool3d(2)(np.zeros((2, 3, 8, 8, 8))).shape
    (2, 3, 4, 4, 4)
    """

    n = 3


class AvgPool3d(_AvgPool):
    """``np.avg_pool3d`` as a layer.

    >>> AvgPool3d(2)(np.zeros((2, 3, 8, 8, 8))).shape
    (2, 3, 4, 4, 4)
    """

    n = 3


class AdaptiveMaxPool3d(_AdaptiveMax):
    """``np.adaptive_max_pool3d`` as a layer.

    >>> AdaptiveMaxPool3d(5)(np.zeros((2, 3, 8, 8, 8))).shape
    (2, 3, 5, 5, 5)
    """

    n = 3


class AdaptiveAvgPool3d(_AdaptiveAvg):
    """``np.adaptive_avg_pool3d`` as a layer.

    >>> AdaptiveAvgPool3d(5)(np.zeros((2, 3, 8, 8, 8))).shape
    (2, 3, 5, 5, 5)
    """

    n = 3

"""Transposed convolutions, named and laid out as PyTorch's. Imports ``layers.conv``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.convolution import Size, as_sizes
from nn.layers.conv import Convolution


class Transposed(Convolution):
    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        activation: Any = None,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = "float32",
    ) -> None:
        self.output_padding = as_sizes(type(self).__name__, "output_padding", output_padding, self.n, 0)
        self._set_up(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            as_sizes(type(self).__name__, "padding", padding, self.n, 0),
            dilation,
            groups,
            bias,
            weight_init,
            bias_init,
            activation,
            input_shape,
            dtype,
        )

    def weight_shape(self, in_channels: int) -> tuple[int, ...]:
        return (in_channels, self.out_channels // self.groups, *self.kernel_size)

    def sizes_after(self, size: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(
            [
                (m - 1) * s - 2 * p + d * (k - 1) + e + 1
                for m, s, p, d, k, e in zip(
                    size, self.stride, self.padding, self.dilation, self.kernel_size, self.output_padding, strict=True
                )
            ]
        )

    def convolve(self, x: Any) -> Any:
        function: Any = (np.conv_transpose1d, np.conv_transpose2d, np.conv_transpose3d)[self.n - 1]
        return function(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )


class ConvTranspose1d(Transposed):
    """``np.conv_transpose1d`` with its weight (in, out/groups, k) and bias (out,); options as in ``Conv1d``.

    >>> ConvTranspose1d(4, 2, 3, stride=2)(np.zeros((1, 4, 5), "float32")).shape
    (1, 2, 11)
    """

    n = 1


class ConvTranspose2d(Transposed):
    """``ConvTranspose1d`` over two axes.

    >>> ConvTranspose2d(4, 2, 2, stride=2)(np.zeros((1, 4, 5, 5), "float32")).shape
    (1, 2, 10, 10)
    """

    n = 2


class ConvTranspose3d(Transposed):
    """``ConvTranspose1d`` over three axes.

    >>> ConvTranspose3d(1, 1, 2)(np.zeros((1, 1, 2, 2, 2), "float32")).shape
    (1, 1, 3, 3, 3)
    """

    n = 3

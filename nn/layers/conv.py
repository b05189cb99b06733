"""Convolutions with their parameters, named and laid out as PyTorch's. Imports ``module``, ``init``, ``autograd``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor
from autograd.numpy.convolution import Size, as_sizes
from nn import activations, init
from nn.layers.dense import check_size, of_input
from nn.module import Module, parameter

# PyTorch's names of paddings other than zeros, and numpy.pad's.
PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class Convolution(Module):
    """What convolutions share; ``n`` is the number of axes the window moves along."""

    n = 0
    kernels = ("weight",)
    # Whether the channels' axis is the last, as Keras has it.
    last = False

    def _set_up(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Any,
        dilation: Size,
        groups: int,
        bias: bool,
        weight_init: Any,
        bias_init: Any,
        activation: Any,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        name = type(self).__name__
        check_size(self, "out_channels", out_channels)
        check_size(self, "groups", groups)
        self.out_channels = out_channels
        self.kernel_size = as_sizes(name, "kernel_size", kernel_size, self.n)
        self.stride = as_sizes(name, "stride", stride, self.n)
        self.dilation = as_sizes(name, "dilation", dilation, self.n)
        self.padding = padding if isinstance(padding, str) else as_sizes(name, "padding", padding, self.n, 0)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{name}: expected padding to be 'same', 'valid' or sizes; got {padding!r}. Correct it.")
        self.groups = groups
        self.use_bias = bias
        self.weight_init = init.get(weight_init)
        self.bias_init = None if bias_init is None else init.get(bias_init)
        self.activation = activations.get(activation)
        self.dtype = dtype
        self.in_channels: int | None = None
        self.weight: Tensor | None = None
        self.bias: Tensor | None = None
        if input_shape is not None:
            self.input_shape = tuple(input_shape)
            in_channels = in_channels or self.input_shape[0]
        if in_channels is not None:
            self.build(in_channels)

    def is_built(self) -> bool:
        return self.weight is not None

    def weight_shape(self, in_channels: int) -> tuple[int, ...]:
        """The weight's shape for so many input channels."""
        return (self.out_channels, in_channels // self.groups, *self.kernel_size)

    def build(self, in_channels: int) -> None:
        """Make the parameters, now that the number of input channels is known."""
        check_size(self, "in_channels", in_channels)
        for what, count in (("in_channels", in_channels), ("out_channels", self.out_channels)):
            if count % self.groups:
                raise ValueError(
                    f"{type(self).__name__}: expected {what} ({count}) to be a multiple of groups ({self.groups}). "
                    "Choose another number of groups."
                )
        self.in_channels = in_channels
        shape = self.weight_shape(in_channels)
        self.weight = parameter(self.weight_init(shape, self.dtype))
        if self.use_bias:
            limit = math.prod(shape[1:]) ** -0.5
            self.bias = parameter((self.bias_init or init.Uniform(-limit, limit))((self.out_channels,), self.dtype))

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        if self.weight is None:
            self.build(shape[0])
        return (self.out_channels, *self.sizes_after(shape[1:]))

    def sizes_after(self, size: tuple[int, ...]) -> tuple[int, ...]:
        """The output's size along each axis."""
        raise NotImplementedError

    def convolve(self, x: Any) -> Any:
        """The result before the activation."""
        raise NotImplementedError

    def forward(self, x: Any) -> Any:
        if self.weight is None:
            with backends.use(of_input(x)):
                self.build(x.shape[-1 if self.last else len(x.shape) - self.n - 1])
        out = self.convolve(x)
        return out if self.activation is None else self.activation(out)

    def describe(self) -> str:
        parts = [f"{self.in_channels or '?'}, {self.out_channels}, kernel_size={self.kernel_size}"]
        ones = (1,) * self.n
        for name, usual in (("stride", ones), ("padding", (0,) * self.n), ("dilation", ones), ("groups", 1)):
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)!r}")
        if not self.use_bias:
            parts.append("bias=False")
        if self.activation is not None:
            parts.append(f"activation={activations.name_of(self.activation)!r}")
        return ", ".join(parts)


class Forward(Convolution):
    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        weight_init: Any = "torch_uniform",
        bias_init: Any = None,
        activation: Any = None,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = "float32",
    ) -> None:
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"{type(self).__name__}: expected padding_mode to be one of {', '.join(PADDING_MODES)}; "
                f"got {padding_mode!r}. Correct it."
            )
        self.padding_mode = padding_mode
        self._set_up(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            weight_init,
            bias_init,
            activation,
            input_shape,
            dtype,
        )

    def _pads(self) -> list[tuple[int, int]]:
        """Before and behind each axis, for paddings other than zeros; "same" as at stride 1, as PyTorch has it."""
        if isinstance(self.padding, str):
            if self.padding == "valid":
                return [(0, 0)] * self.n
            whole = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [(w // 2, w - w // 2) for w in whole]
        return [(p, p) for p in self.padding]

    def sizes_after(self, size: tuple[int, ...]) -> tuple[int, ...]:
        if self.padding == "same" and self.padding_mode == "zeros":
            return tuple([-(-m // s) for m, s in zip(size, self.stride, strict=True)])
        return tuple(
            [
                (m + low + high - d * (k - 1) - 1) // s + 1
                for m, (low, high), d, k, s in zip(
                    size, self._pads(), self.dilation, self.kernel_size, self.stride, strict=True
                )
            ]
        )

    def convolve(self, x: Any) -> Any:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            width = [(0, 0)] * (len(x.shape) - self.n) + self._pads()
            x, padding = np.pad(x, width, mode=PADDING_MODES[self.padding_mode]), 0
        function = (np.conv1d, np.conv2d, np.conv3d)[self.n - 1]
        return function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(Forward):
    """``np.conv1d`` with its weight (out, in/groups, k) and bias (out,): (n, in, length) to (n, out, places).

    Args:
        in_channels: None to take it from the first batch, or from ``input_shape``.
        padding_mode: what stands in the padding: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        weight_init, bias_init: initialisers; by default PyTorch's, uniform on ±1/√(in/groups·k).
        activation: applied to the result, by name or as a function (none by default).
        kernel_size, stride, padding, dilation, groups: as in ``np.conv1d``.

    Raises:
        ValueError: an option is out of range; at a call, where the input does not fit.

    >>> Conv1d(4, 8, 3, padding=1)(np.zeros((2, 4, 10), "float32")).shape
    (2, 8, 10)
    """

    n = 1


class Conv2d(Forward):
    """``Conv1d`` over two axes: (n, in, height, width), weight (out, in/groups, *window).

    >>> Conv2d(None, 16, 3, padding="same", activation="relu", input_shape=(1, 28, 28))
    Conv2d(1, 16, kernel_size=(3, 3), padding='same', activation='relu')
    """

    n = 2


class Conv3d(Forward):
    """``Conv1d`` over three axes.

    >>> Conv3d(2, 3, 2)(np.zeros((1, 2, 4, 4, 4), "float32")).shape
    (1, 3, 3, 3, 3)
    """

    n = 3

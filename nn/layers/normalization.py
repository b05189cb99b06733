"""Layer, group and RMS norm as layers over ``autograd.numpy``'s functions. Imports ``nn.module``, ``autograd``.

``LayerNormalization`` is Keras's spelling, sized by the first batch; the others are PyTorch's.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor
from autograd.numpy.common import backend_of
from autograd.numpy.normalization import group_norm, layer_norm, rms_norm
from nn.layers.dense import check_size
from nn.module import Module, parameter


def _as_shape(layer: Any, shape: Any) -> tuple[int, ...]:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    for size in sizes:
        check_size(layer, "each of normalized_shape", size)
    return sizes


class Norm(Module):
    """What norms share: they keep shapes."""

    weight: Tensor | None = None
    bias: Tensor | None = None

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape


class LayerNorm(Norm):
    """``layer_norm`` with its weight (starting at 1) and bias (0).

    Args:
        normalized_shape: the sizes of the last axes, or one of them.
        eps: ε. elementwise_affine, bias: whether there are the two parameters.

    >>> LayerNorm(3)(np.array([[1.0, 1.0, 1.0]], "float32"))
    Tensor([[0., 0., 0.]], dtype=float32, op=add)
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        dtype: Any = "float32",
    ) -> None:
        self.normalized_shape = _as_shape(self, normalized_shape)
        self.eps = eps
        self.weight = parameter(np.ones(self.normalized_shape, dtype=dtype)) if elementwise_affine else None
        self.bias = parameter(np.zeros(self.normalized_shape, dtype=dtype)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def describe(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


class RMSNorm(Norm):
    """``rms_norm`` with its weight (starting at 1).

    >>> RMSNorm(2).weight
    Tensor([1., 1.], dtype=float32, requires_grad=True)
    """

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, dtype: Any = "float32"
    ) -> None:
        self.normalized_shape = _as_shape(self, normalized_shape)
        self.eps = eps
        self.weight = parameter(np.ones(self.normalized_shape, dtype=dtype)) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def describe(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Norm):
    """``group_norm`` with a weight (starting at 1) and a bias (0) per channel.

    Raises:
        ValueError: the channels are not a multiple of the groups.

    >>> GroupNorm(2, 6).weight.shape
    (6,)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        axis: int = 1,
        dtype: Any = "float32",
    ) -> None:
        check_size(self, "num_groups", num_groups)
        check_size(self, "num_channels", num_channels)
        if num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: expected num_channels ({num_channels}) to be a multiple of num_groups ({num_groups}). "
                "Choose another number of groups."
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.axis = axis
        self.weight = parameter(np.ones((num_channels,), dtype=dtype)) if affine else None
        self.bias = parameter(np.zeros((num_channels,), dtype=dtype)) if affine else None

    def forward(self, x: Any) -> Any:
        return group_norm(x, self.num_groups, self.weight, self.bias, self.eps, self.axis)

    def describe(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


class LayerNormalization(Norm):
    """Layer norm as in Keras: over the last axis (or the axes from ``axis`` on), sized by the first batch; ε = 1e-3.

    >>> LayerNormalization()(np.ones((2, 3), "float32")).shape
    (2, 3)
    """

    def __init__(
        self, axis: int = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True, dtype: Any = "float32"
    ) -> None:
        if axis >= 0:
            raise ValueError(
                f"LayerNormalization: expected a negative axis, from which on it normalises; got {axis}. "
                "Count from the end: -1 is the last."
            )
        self.axis = axis
        self.eps = epsilon
        self.scale = scale
        self.centre = center
        self.dtype = dtype
        self.normalized_shape: tuple[int, ...] | None = None

    def is_built(self) -> bool:
        return self.normalized_shape is not None

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        if self.normalized_shape is None:
            self.normalized_shape = tuple(shape[self.axis :])
            self.weight = parameter(np.ones(self.normalized_shape, dtype=self.dtype)) if self.scale else None
            self.bias = parameter(np.zeros(self.normalized_shape, dtype=self.dtype)) if self.centre else None
        return shape

    def forward(self, x: Any) -> Any:
        if self.normalized_shape is None:
            with backends.use(backend_of(x)):
                self.build_for(x.shape)
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def describe(self) -> str:
        return f"{self.normalized_shape or '?'}, eps={self.eps}"

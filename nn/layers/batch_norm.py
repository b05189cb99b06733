"""Batch norm, as PyTorch and as Keras have it: one layer. Imports ``layers.normalization``, ``autograd``.

Parameters and running statistics have PyTorch's names (weight, bias, running_mean, running_var) in both.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor, no_grad
from autograd.numpy.common import backend_of, raw
from autograd.numpy.normalization import batch_norm
from nn import checks
from nn.layers.dense import check_size
from nn.layers.normalization import Norm
from nn.module import buffer, parameter


class BatchNorm(Norm):
    """``batch_norm`` with its parameters and running statistics; ``BatchNorm1d``, ``2d`` and ``3d`` check the axes.

    Args:
        num_features: the number of channels; None to take it from the first batch.
        momentum: how far the running statistics move towards a batch's; None for the plain average of all batches.
        affine: whether there are weight (starting at 1) and bias (0).
        track_running_stats: whether there are running statistics; without, every batch is its own measure.
        axis: the channels'.

    >>> BatchNorm1d(3)
    BatchNorm1d(3, eps=1e-05, momentum=0.1)
    """

    buffers = ("running_mean", "running_var", "num_batches_tracked")
    # How many axes an input may have; none given: any number from two.
    axes: tuple[int, ...] = ()
    unbiased = True

    def __init__(
        self,
        num_features: int | None = None,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        axis: int = 1,
        dtype: Any = "float32",
    ) -> None:
        self._set_up(num_features, eps, momentum, affine, affine, track_running_stats, axis, dtype)

    def _set_up(
        self, features: Any, eps: float, momentum: Any, scale: bool, centre: bool, track: bool, axis: int, dtype: Any
    ) -> None:
        if momentum is not None:
            checks.number(type(self).__name__, "momentum", momentum, checks.SHARE)
        self.eps = eps
        self.momentum = momentum
        self.scale = scale
        self.centre = centre
        self.track_running_stats = track
        self.axis = axis
        self.dtype = dtype
        self.num_features: int | None = None
        self.running_mean: Tensor | None = None
        self.running_var: Tensor | None = None
        self.num_batches_tracked: Tensor | None = None
        if features is not None:
            self.build(features)

    def is_built(self) -> bool:
        return self.num_features is not None

    def build(self, num_features: int) -> None:
        """Make parameters and statistics, now that the number of channels is known."""
        check_size(self, "num_features", num_features)
        self.num_features = num_features
        if self.scale:
            self.weight = parameter(np.ones((num_features,), dtype=self.dtype))
        if self.centre:
            self.bias = parameter(np.zeros((num_features,), dtype=self.dtype))
        if self.track_running_stats:
            self.running_mean = buffer((num_features,), 0.0, self.dtype)
            self.running_var = buffer((num_features,), 1.0, self.dtype)
            self.num_batches_tracked = buffer((), 0, "int64")

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        if self.num_features is None:
            self.build((0, *shape)[self.axis])
        return shape

    def forward(self, x: Any) -> Any:
        ndim = len(x.shape)
        if ndim < 2 or (self.axes and ndim not in self.axes):
            wanted = " or ".join(map(str, self.axes)) or "two or more"
            raise ValueError(
                f"{type(self).__name__}: expected an input of {wanted} axes; got shape {tuple(x.shape)}. Reshape it."
            )
        if self.num_features is None:
            with backends.use(backend_of(x)):
                self.build(x.shape[self.axis])
        momentum: Any = self.momentum
        if self.training and not self.frozen and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked[...] = self.num_batches_tracked + 1
                if momentum is None:
                    momentum = raw(1 / self.num_batches_tracked.to(self.running_mean.dtype))  # type: ignore[union-attr]
        return self.normalized(x, momentum)

    def normalized(self, x: Any, momentum: Any) -> Any:
        """The result, the running statistics moved where they are."""
        return batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            (self.training and not self.frozen) or self.running_mean is None,
            momentum,
            self.eps,
            self.axis,
            self.unbiased,
        )

    def describe(self) -> str:
        size = "?" if self.num_features is None else self.num_features
        return f"{size}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(BatchNorm):
    """Batch norm of (n, channels) or (n, channels, length)."""

    axes = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch norm of (n, channels, height, width)."""

    axes = (4,)


class BatchNorm3d(BatchNorm):
    """Batch norm of (n, channels, depth, height, width)."""

    axes = (5,)


class BatchNormalization(BatchNorm):
    """Batch norm as in Keras: channels last, ``momentum`` the share of the old statistics, variance without n/(n - 1).

    >>> BatchNormalization(input_shape=(3,))
    BatchNormalization(3, eps=0.001, momentum=0.01)
    """

    unbiased = False

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = "float32",
    ) -> None:
        if input_shape is not None:
            self.input_shape = tuple(input_shape)
        features = None if input_shape is None else (0, *input_shape)[axis]
        # 1 - 0.99 is 0.010000000000000009; the nearest short number is meant.
        self._set_up(features, epsilon, round(1 - momentum, 12), scale, center, True, axis, dtype)

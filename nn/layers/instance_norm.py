"""Instance norm: each channel of each sample by itself. Imports ``layers.batch_norm``, ``layers.normalization``."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as np
from autograd import no_grad
from autograd.numpy.common import raw
from autograd.numpy.normalization import affine, along, batch_norm
from autograd.ops.network import normalize
from nn.layers.batch_norm import BatchNorm


def instance_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """(x - mean)/√(var + ε)·weight + bias over all axes but the batch's and channels' (Ulyanov et al. 2016).

    Args:
        x: (n, channels, …).
        running_mean, running_var: Tensors moved towards the means over the batch of the instances' statistics, and
            used in their place where not ``use_input_stats``.
        weight, bias: one per channel.

    Raises:
        ValueError: a channel has a single value, or the channels don't fit the parameters.

    >>> instance_norm(np.array([[[1.0, 3.0], [2.0, 6.0]]]), eps=0.0)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    shape = tuple(x.shape)
    if weight is not None and tuple(weight.shape) != shape[1:2]:
        raise ValueError(
            f"instance_norm: expected as many channels (axis 1) as weight has ({weight.shape[0]}); got {shape}. "
            "Correct num_features."
        )
    axes, count = tuple(range(2, len(shape))), math.prod(shape[2:])
    if len(shape) < 3 or count < 2:
        raise ValueError(
            f"instance_norm: expected more than one value per channel in (n, channels, …); got shape {shape}. "
            "Use larger inputs, or nn.LayerNorm."
        )
    out, scale = normalize(x, axis=axes, epsilon=eps, centre=True)
    if running_mean is not None:
        with no_grad():
            mean = np.mean(raw(x), axis=(0, *axes))
            var = np.mean(np.reshape(raw(scale), shape[:2]) ** -2 - eps, axis=0) * (count / (count - 1))
            running_mean[...] = running_mean + momentum * (mean - running_mean)
            running_var[...] = running_var + momentum * (var - running_var)
    return affine(out, along(weight, 1, len(shape)), along(bias, 1, len(shape)))


class InstanceNorm(BatchNorm):
    """``instance_norm`` as a layer; ``InstanceNorm1d``, ``2d`` and ``3d`` check the axes.

    Args:
        num_features: the number of channels; None to take it from the first batch.
        momentum: how far running statistics move towards a batch's.
        affine: whether there are weight (starting at 1) and bias (0); as in PyTorch there are none by default.
        track_running_stats: whether there are running statistics, which take the input's place in evaluation.

    >>> InstanceNorm2d(3)(np.zeros((2, 3, 4, 4), "float32")).shape
    (2, 3, 4, 4)
    """

    def __init__(
        self,
        num_features: int | None = None,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        dtype: Any = "float32",
    ) -> None:
        self._set_up(num_features, eps, momentum, affine, affine, track_running_stats, 1, dtype)

    def normalized(self, x: Any, momentum: Any) -> Any:
        return instance_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            (self.training and not self.frozen) or self.running_mean is None,
            momentum,
            self.eps,
        )


class InstanceNorm1d(InstanceNorm):
    """Instance norm of (n, channels, length)."""

    axes = (3,)


class InstanceNorm2d(InstanceNorm):
    """Instance norm of (n, channels, height, width)."""

    axes = (4,)


class InstanceNorm3d(InstanceNorm):
    """Instance norm of (n, channels, depth, height, width)."""

    axes = (5,)

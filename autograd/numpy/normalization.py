"""Layer, RMS, group and batch norm as functions: one primitive on different axes. Imports ``common``, ``ops.network``.

g stands for the cotangent, n for the normalised input, and mean for the mean over the normalised axes; then the
gradient is (g·w - mean(g·w) - n·mean(g·w·n))/√(var + ε), without the first mean where none is taken off (RMS norm).
"""

from __future__ import annotations

import math
from typing import Any

from numpy import finfo

from autograd.mode import no_grad
from autograd.numpy.common import arraylike, arrays_only, normalize_one, raw
from autograd.numpy.elementwise import sqrt
from autograd.numpy.shaping import reshape
from autograd.numpy.statistics import mean
from autograd.ops import network as _network
from backends.base import NARROW

__all__ = ["batch_norm", "group_norm", "layer_norm", "rms_norm"]


def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """(x - mean)/√(var + ε)·weight + bias over the last axes, of ``normalized_shape`` (Ba, Kiros, Hinton 2016).

    Args:
        x: (…, *normalized_shape), of any floating dtype; 16-bit floats are summed in float32.
        normalized_shape: the sizes of the last axes, or the size of the last one.
        weight, bias: of ``normalized_shape``, or None.

    Returns:
        an array of x's shape, as PyTorch's ``layer_norm`` gives it.

    Raises:
        ValueError: x does not end in these axes.

    >>> layer_norm([[1.0, 3.0]], 2, eps=0.0)
    array([[-1.,  1.]])
    """
    x = arraylike(x)
    out = _network.normalize(x, axis=_last_axes("layer_norm", x, normalized_shape), epsilon=eps, centre=True)[0]
    return affine(out, weight, bias)


def rms_norm(x: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x/√(mean(x²) + ε)·weight over the last axes (Zhang, Sennrich 2019); ε is the dtype's machine epsilon for None.

    Shapes and errors are as ``layer_norm`` has them.

    >>> rms_norm([[3.0, 3.0]], (2,))
    array([[1., 1.]])
    """
    x = arraylike(x)
    arrays_only("rms_norm", x)
    if eps is None:
        narrow = NARROW.get(x.dtype.name)
        eps = float(finfo(x.dtype).eps) if narrow is None else 2.0 ** (1 - narrow)
    out = _network.normalize(x, axis=_last_axes("rms_norm", x, normalized_shape), epsilon=eps, centre=False)[0]
    return affine(out, weight, None)


def group_norm(x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, axis: int = 1) -> Any:
    """Normalised over each group of channels and all further axes but the batch's (Wu, He 2018).

    Args:
        x: (n, channels, …), or with the channels on another axis.
        weight, bias: (channels,), or None.
        axis: the channels'; their number is a multiple of ``num_groups``.

    Raises:
        ValueError: it is not.

    >>> group_norm([[1.0, 3.0, 2.0, 6.0]], 2, eps=0.0)
    array([[-1.,  1., -1.,  1.]])
    """
    x = arraylike(x)
    shape = tuple(x.shape)
    axis = normalize_one(axis, len(shape))
    channels = shape[axis]
    if channels % num_groups:
        raise ValueError(
            f"group_norm: expected the channels (axis {axis}: {channels}) to be a multiple of the {num_groups} groups; "
            "they are not. Choose another number of groups."
        )
    grouped = reshape(x, (*shape[:axis], num_groups, channels // num_groups, *shape[axis + 1 :]))
    axes = tuple([i for i in range(1, len(shape) + 1) if i != axis])
    out = reshape(_network.normalize(grouped, axis=axes, epsilon=eps, centre=True)[0], shape)
    return affine(out, along(weight, axis, len(shape)), along(bias, axis, len(shape)))


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """x·weight + bias, where there are such."""
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def along(value: Any, axis: int, ndim: int) -> Any:
    """A vector as it broadcasts along ``axis`` of ``ndim``."""
    return value if value is None or axis == ndim - 1 else reshape(value, (-1,) + (1,) * (ndim - 1 - axis))


def _last_axes(name: str, x: Any, normalized_shape: Any) -> tuple[int, ...]:
    wanted = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    shape = tuple(x.shape)
    if shape[len(shape) - len(wanted) :] != wanted:
        raise ValueError(f"{name}: expected an input with the last axes {wanted}; got {shape}. Correct one of the two.")
    return tuple(range(len(shape) - len(wanted), len(shape)))


def batch_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
    axis: int = 1,
    unbiased: bool = True,
) -> Any:
    """(x - mean)/√(var + ε)·weight + bias, channel by channel (Ioffe, Szegedy 2015).

    Args:
        x: (n, channels, …), or with the channels on another axis.
        weight, bias: (channels,), or None.
        running_mean, running_var: (channels,), Tensors or arrays used in the place of the batch's statistics where not
            ``training``, and moved towards these by ``momentum`` of the way where ``training``.
        axis: the channels'.
        unbiased: whether running_var takes the batch's variance times n/(n - 1), as in PyTorch, or as it is (Keras).

    Raises:
        ValueError: training on a single value per channel, or the channels don't fit the parameters.

    >>> batch_norm([[1.0], [3.0]], training=True, eps=0.0)
    array([[-1.],
           [ 1.]])
    """
    x = arraylike(x)
    shape = tuple(x.shape)
    axis = normalize_one(axis, len(shape))
    for name, value in (("weight", weight), ("running_mean", running_mean)):
        if value is not None and tuple(value.shape) != (shape[axis],):
            raise ValueError(
                f"batch_norm: expected as many channels (axis {axis}) as {name} has ({value.shape[0]}); got {shape}. "
                "Correct num_features, or the axis."
            )
    weight, bias = along(weight, axis, len(shape)), along(bias, axis, len(shape))
    if not training and running_mean is not None:
        centre, var = along(running_mean, axis, len(shape)), along(running_var, axis, len(shape))
        return affine((x - centre) * (1 / sqrt(var + eps)), weight, bias)
    axes = tuple([i for i in range(len(shape)) if i != axis])
    count = math.prod([shape[i] for i in axes])
    if count < 2 and training:
        raise ValueError(
            f"batch_norm: expected more than one value per channel in training; got shape {shape}. "
            "Use a larger batch, or drop the last, short one."
        )
    out, scale = _network.normalize(x, axis=axes, epsilon=eps, centre=True)
    if training and running_mean is not None:
        with no_grad():
            centre = mean(raw(x), axis=axes)
            var = reshape(raw(scale), (-1,)) ** -2 - eps
            if unbiased:
                var = var * (count / (count - 1))
            running_mean[...] = running_mean + momentum * (centre - running_mean)
            running_var[...] = running_var + momentum * (var - running_var)
    return affine(out, weight, bias)

"""Convolution, with PyTorch's names, layouts and options. Imports ``common`` and ``ops``.

An input is (batch, channels, *size), or (channels, *size) for one sample; an option given as one number holds for all
axes. As in networks, "convolution" is cross-correlation: no kernel is flipped. The output's size along an axis is
``(n + low + high - dilation·(k - 1) - 1) // stride + 1`` (Dumoulin, Visin, "A guide to convolution arithmetic", 2016).
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from autograd.numpy.common import arraylike
from autograd.ops import conv as _conv
from autograd.ops import shape as _shape

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

Size = int | Sequence[int]

# Options -----------------------------------------------------------------------------------------------------


def as_sizes(name: str, what: str, value: Any, n: int, least: int = 1) -> tuple[int, ...]:
    """``value`` as n integers of at least ``least``."""
    try:
        sizes = tuple([operator.index(v) for v in value]) if hasattr(value, "__len__") else (operator.index(value),) * n
    except TypeError:
        sizes = ()
    if len(sizes) == 1:
        sizes *= n
    if len(sizes) != n or min(sizes) < least:
        raise ValueError(
            f"{name}: expected {what} to be an integer of at least {least}, or {n} of them; got {value!r}. Correct it."
        )
    return sizes


def _pads(
    name: str, padding: Any, size: _conv.Sizes, window: _conv.Sizes, stride: _conv.Sizes, dilation: _conv.Sizes
) -> _conv.Pads:
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * len(size)
        if padding == "same":
            # So much that ceil(n / stride) places come out; what is odd goes behind.
            whole = [
                max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
                for n, k, s, d in zip(size, window, stride, dilation, strict=True)
            ]
            return tuple([(p // 2, p - p // 2) for p in whole])
        raise ValueError(f"{name}: expected padding to be 'same', 'valid' or sizes; got {padding!r}. Correct it.")
    return tuple([(p, p) for p in as_sizes(name, "padding", padding, len(size), 0)])


def batched(name: str, x: Any, n: int) -> tuple[Any, bool]:
    """``x`` with a batch axis, and whether it had none."""
    ndim = len(x.shape)
    if ndim == n + 2:
        return x, False
    if ndim == n + 1:
        return _shape.reshape(x, shape=(1, *x.shape)), True
    axes = f"{n} axes" if n > 1 else "1 axis"
    raise ValueError(
        f"{name}: expected x of shape (batch, channels, {axes}) or (channels, {axes}); "
        f"got {tuple(x.shape)}. Reshape it."
    )


def unbatched(out: Any, single: bool) -> Any:
    return _shape.reshape(out, shape=out.shape[1:]) if single else out


# Convolution -------------------------------------------------------------------------------------------------


def _checked_bias(name: str, bias: Any, channels: int, like: Any) -> Any:
    if bias is None:
        return None
    bias = arraylike(bias, like)
    if tuple(bias.shape) != (channels,):
        raise ValueError(
            f"{name}: expected a bias of shape ({channels},), one number per output channel; "
            f"got {tuple(bias.shape)}. Reshape it."
        )
    return bias


def _convolve(
    name: str, n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    x, weight = arraylike(x), arraylike(weight)
    x, single = batched(name, x, n)
    _check_weight(name, weight, n, "(out, in/groups, {})")
    groups = as_sizes(name, "groups", groups, 1)[0]
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise ValueError(
            f"{name}: expected x's channels ({x.shape[1]}) to be weight's second axis ({weight.shape[1]}) times groups "
            f"({groups}), and weight's first ({weight.shape[0]}) a multiple of groups; x is {tuple(x.shape)}, "
            f"weight is {tuple(weight.shape)}. Correct the weight's shape (out, in/groups, …)."
        )
    stride, dilation = as_sizes(name, "stride", stride, n), as_sizes(name, "dilation", dilation, n)
    window = tuple(weight.shape[2:])
    pads = _pads(name, padding, x.shape[2:], window, stride, dilation)
    if min(_conv.output_size(x.shape[2:], window, stride, pads, dilation)) < 1:
        raise ValueError(
            f"{name}: expected the window {window}, dilated by {dilation}, to fit into the padded input; got axes "
            f"{tuple(x.shape[2:])} with padding {pads}. Pad more, or use a smaller window."
        )
    bias = _checked_bias(name, bias, weight.shape[0], x)
    return unbatched(_conv.conv(x, weight, bias, stride=stride, padding=pads, dilation=dilation, groups=groups), single)


def _check_weight(name: str, weight: Any, n: int, layout: str) -> None:
    if len(weight.shape) != n + 2:
        expected = layout.format(f"{n} axes" if n > 1 else "1 axis")
        raise ValueError(f"{name}: expected weight of shape {expected}; got {tuple(weight.shape)}. Reshape it.")


def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Any:
    """``out[b, o, i] = bias[o] + Σ_c Σ_k weight[o, c, k] · x[b, c, i·stride + k·dilation - padding]``.

    Args:
        x: (batch, in, n), or (in, n).
        weight: (out, in/groups, k).
        bias: (out,).
        stride: how far the window moves from one place to the next.
        padding: zeros before and behind x; ``"same"`` for as many as make ceil(n/stride) places, ``"valid"`` for none.
        dilation: how far the entries of the window lie apart.
        groups: channels are cut into so many groups, which don't see each other.

    Raises:
        ValueError: shapes don't fit each other, or an option is no positive integer.

    >>> conv1d([[[1.0, 2.0, 3.0, 4.0]]], [[[1.0, 10.0]]])
    array([[[21., 32., 43.]]])
    """
    return _convolve("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Any:
    """``conv1d`` over two axes: x (batch, in, height, width), weight (out, in/groups, *window).

    >>> import numpy as np
    >>> conv2d(np.ones((1, 3, 8, 8)), np.ones((4, 3, 3, 3)), stride=2, padding=1).shape
    (1, 4, 4, 4)
    """
    return _convolve("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Any:
    """``conv1d`` over three axes: x (batch, in, depth, height, width), weight (out, in/groups, *window).

    >>> import numpy as np
    >>> conv3d(np.ones((1, 2, 4, 4, 4)), np.ones((3, 2, 3, 3, 3)), padding="same").shape
    (1, 3, 4, 4, 4)
    """
    return _convolve("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def _transpose(
    name: str,
    n: int,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    x, weight = arraylike(x), arraylike(weight)
    x, single = batched(name, x, n)
    _check_weight(name, weight, n, "(in, out/groups, {})")
    groups = as_sizes(name, "groups", groups, 1)[0]
    if x.shape[1] != weight.shape[0] or weight.shape[0] % groups:
        raise ValueError(
            f"{name}: expected x's channels ({x.shape[1]}) to be weight's first axis ({weight.shape[0]}), a multiple "
            f"of groups ({groups}); x is {tuple(x.shape)}, weight is {tuple(weight.shape)}. Correct the weight's shape "
            "(in, out/groups, …)."
        )
    stride, dilation = as_sizes(name, "stride", stride, n), as_sizes(name, "dilation", dilation, n)
    padding = as_sizes(name, "padding", padding, n, 0)
    extra = as_sizes(name, "output_padding", output_padding, n, 0)
    if any([e >= s for e, s in zip(extra, stride, strict=True)]):
        raise ValueError(
            f"{name}: expected output_padding below the stride {stride}, since it chooses among the sizes that the "
            f"convolution maps to x's; got {extra}. Lower it."
        )
    size = tuple(
        [
            (m - 1) * s - 2 * p + d * (k - 1) + e + 1
            for m, s, p, d, k, e in zip(x.shape[2:], stride, padding, dilation, weight.shape[2:], extra, strict=True)
        ]
    )
    if min(size) < 1:
        raise ValueError(
            f"{name}: expected an output of at least one place; padding {padding} leaves {size}. Lower it."
        )
    pads = tuple([(p, p) for p in padding])
    out = _conv.conv_input(x, weight, size=size, stride=stride, padding=pads, dilation=dilation, groups=groups)
    if bias is not None:
        out = out + _shape.reshape(_checked_bias(name, bias, out.shape[1], out), shape=(-1,) + (1,) * n)
    return unbatched(out, single)


def conv_transpose1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Any:
    """The adjoint of ``conv1d`` in x, plus a bias: each entry of x adds its multiple of the window to the output.

    Args:
        x: (batch, in, n), or (in, n).
        weight: (in, out/groups, k): that of the convolution which leads back.
        bias: (out,).
        stride, padding, dilation, groups: that convolution's.
        output_padding: which of the sizes that it maps to n the output has: from 0, the least, to stride - 1.

    Returns:
        (batch, out, (n - 1)·stride - 2·padding + dilation·(k - 1) + output_padding + 1).

    Raises:
        ValueError: shapes don't fit each other, or an option is out of range.

    >>> conv_transpose1d([[[1.0, 2.0]]], [[[1.0, 10.0, 100.0]]], stride=2)
    array([[[  1.,  10., 102.,  20., 200.]]])
    """
    return _transpose("conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Any:
    """``conv_transpose1d`` over two axes.

    >>> import numpy as np
    >>> conv_transpose2d(np.ones((1, 4, 4, 4)), np.ones((4, 3, 2, 2)), stride=2).shape
    (1, 3, 8, 8)
    """
    return _transpose("conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Any:
    """``conv_transpose1d`` over three axes.

    >>> import numpy as np
    >>> conv_transpose3d(np.ones((1, 2, 2, 2, 2)), np.ones((2, 1, 3, 3, 3)), padding=1).shape
    (1, 1, 2, 2, 2)
    """
    return _transpose("conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation)

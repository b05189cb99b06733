"""Convolution in any number of dimensions. Imports ``primitive``, ``ops.reduce``, ``ops.shape``, ``backends``.

Three primitives, bilinear but for the bias, each the derivative of the others: with the weight W and stride, padding,
dilation fixed, ``conv`` is out = A(W)·x + bias, ``conv_input`` the adjoint Aᵀ(W)·g (a transposed convolution),
``conv_weight`` the adjoint in W. As in networks, "convolution" is cross-correlation: no kernel is flipped.

All go through the matrix of windows (Chellapilla, Puri, Simard 2006) of the whole batch: (groups, channels·window,
batch·places). One large product is what libraries of linear algebra share among cores best.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import backends
from autograd.ops.reduce import sum as total
from autograd.ops.shape import reshape
from autograd.primitive import primitive

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def output_size(size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Sizes:
    """``(size + padding - dilation·(window - 1) - 1) // stride + 1`` along each axis."""
    return tuple(
        [
            (n + low + high - d * (k - 1) - 1) // s + 1
            for n, k, s, (low, high), d in zip(size, window, stride, padding, dilation, strict=True)
        ]
    )


def padded(xp: Any, x: Any, padding: Pads, value: float = 0.0) -> Any:
    """``x`` with ``value`` around its last axes; itself where there is nothing to add."""
    if not any(low or high for low, high in padding):
        return x
    lead = x.shape[: x.ndim - len(padding)]
    size = x.shape[x.ndim - len(padding) :]
    out = xp.full(
        (*lead, *[low + n + high for n, (low, high) in zip(size, padding, strict=True)]), value, dtype=x.dtype
    )
    out[(..., *[slice(low, low + n) for n, (low, _) in zip(size, padding, strict=True)])] = x
    return out


def places(window: Sizes, out: Sizes, stride: Sizes, dilation: Sizes) -> list[tuple[Sizes, tuple[slice, ...]]]:
    """For each position inside the window: the slices of the padded input that the outputs read there."""
    return [
        (
            at,
            tuple(
                [slice(i * d, i * d + (n - 1) * s + 1, s) for i, n, s, d in zip(at, out, stride, dilation, strict=True)]
            ),
        )
        for at in itertools.product(*[range(k) for k in window])
    ]


def _columns(
    xp: Any, x: Any, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> tuple[Any, Sizes]:
    """The windows as a matrix (groups, channels·window, batch·places), and the size of the output."""
    n = len(window)
    x = padded(xp, x.swapaxes(0, 1), padding)
    view = backends.of(x).windows(x, window, stride, dilation)  # (channels, batch, *out, *window)
    out = view.shape[2 : 2 + n]
    axes = (0, *range(2 + n, 2 + 2 * n), 1, *range(2, 2 + n))
    # Sizes are spelt out: of an empty batch NumPy can't infer one.
    rows = x.shape[0] // groups * math.prod(window)
    return view.transpose(axes).reshape(groups, rows, x.shape[1] * math.prod(out)), out


def _rows(xp: Any, y: Any, groups: int) -> Any:
    """y (batch, channels, *out) as (groups, channels/groups, batch·places)."""
    columns = y.shape[0] * math.prod(y.shape[2:])
    return xp.ascontiguousarray(y.swapaxes(0, 1)).reshape(groups, y.shape[1] // groups, columns)


def _matrix(weight: Any, groups: int) -> Any:
    return weight.reshape(groups, weight.shape[0] // groups, -1)


@primitive
def conv(
    xp: Any, x: Any, weight: Any, bias: Any, /, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> Any:
    """x (batch, in, *size), weight (out, in/groups, *window), bias (out,) or None; gives (batch, out, *out size)."""
    columns, out = _columns(xp, x, weight.shape[2:], stride, padding, dilation, groups)
    rows = xp.matmul(_matrix(weight, groups), columns).reshape(weight.shape[0], x.shape[0], *out)
    rows = xp.ascontiguousarray(rows.swapaxes(0, 1))
    return rows if bias is None else rows + bias.reshape((-1,) + (1,) * len(out))


@primitive(multilinear="y weight")
def conv_input(
    xp: Any, y: Any, weight: Any, /, *, size: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> Any:
    """The adjoint of ``conv`` in x: y (batch, out, *out size) to (batch, in, *size)."""
    window, out = weight.shape[2:], y.shape[2:]
    if groups == 1 and max(stride) == 1:
        return _fold_in_rows(xp, y, weight, size, padding, dilation)
    flat = y.reshape(y.shape[0], groups, weight.shape[0] // groups, math.prod(out))
    # The transposed operand is copied: NumPy hands stacks of matrices to BLAS only where each is contiguous.
    columns = xp.matmul(xp.ascontiguousarray(_matrix(weight, groups).swapaxes(-1, -2)), flat)
    channels = weight.shape[1] * groups
    columns = columns.reshape(y.shape[0], channels, *window, *out)
    full = tuple([low + n + high for n, (low, high) in zip(size, padding, strict=True)])
    x = xp.zeros((y.shape[0], channels, *full), dtype=columns.dtype)
    for at, where in places(window, out, stride, dilation):
        x[(slice(None), slice(None), *where)] += columns[(slice(None), slice(None), *at)]
    if full == tuple(size):
        return x
    return x[(..., *[slice(low, low + n) for n, (low, _) in zip(size, padding, strict=True)])].copy()


def _fold_in_rows(xp: Any, y: Any, weight: Any, size: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """``conv_input`` for stride 1: with y spread over the padded input's places, the window's shifts are shifts of one
    long row per channel, over the whole batch: one product, and sums over contiguous memory.
    """
    batch, (outs, channels), window = y.shape[0], weight.shape[:2], weight.shape[2:]
    full = tuple([low + n + high for n, (low, high) in zip(size, padding, strict=True)])
    wide = xp.zeros((outs, batch, *full), dtype=y.dtype)
    wide[(slice(None), slice(None), *[slice(n) for n in y.shape[2:]])] = y.swapaxes(0, 1)
    rows = xp.matmul(weight.reshape(outs, -1).T, wide.reshape(outs, -1)).reshape(channels, math.prod(window), -1)
    x = xp.zeros((channels, rows.shape[2]), dtype=rows.dtype)
    for k, at in enumerate(itertools.product(*[range(n) for n in window])):
        shift = 0
        for i, n, d in zip(at, full, dilation, strict=True):
            shift = shift * n + i * d
        x[:, shift:] += rows[:, k, : rows.shape[2] - shift]
    x = x.reshape(channels, batch, *full).swapaxes(0, 1)
    return xp.ascontiguousarray(x[(..., *[slice(low, low + n) for n, (low, _) in zip(size, padding, strict=True)])])


@primitive(multilinear="y x")
def conv_weight(
    xp: Any, y: Any, x: Any, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> Any:
    """The adjoint of ``conv`` in the weight: y (batch, out, *out size) and x to (out, in/groups, *window)."""
    columns, _ = _columns(xp, x, window, stride, padding, dilation, groups)
    product = xp.matmul(_rows(xp, y, groups), columns.swapaxes(-1, -2))
    return product.reshape(y.shape[1], x.shape[1] // groups, *window)


conv.vjp(
    x=lambda g, weight, x_spec, stride, padding, dilation, groups: conv_input(
        g, weight, size=x_spec.shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, x, weight_spec, stride, padding, dilation, groups: conv_weight(
        g, x, window=weight_spec.shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=lambda g: total(g, axis=(0, *range(2, len(g.shape))), keepdims=False),
)
conv.jvp(
    x=lambda t, weight, stride, padding, dilation, groups: conv(
        t, weight, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda t, x, stride, padding, dilation, groups: conv(
        x, t, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=lambda t, stride: reshape(t, shape=(-1,) + (1,) * len(stride)),
)
conv_input.vjp(
    y=lambda g, weight, stride, padding, dilation, groups: conv(
        g, weight, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, y, weight_spec, stride, padding, dilation, groups: conv_weight(
        y, g, window=weight_spec.shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)
conv_weight.vjp(
    y=lambda g, x, stride, padding, dilation, groups: conv(
        x, g, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    x=lambda g, y, x_spec, stride, padding, dilation, groups: conv_input(
        y, g, size=x_spec.shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)


@conv.explains
def _conv_hint(
    x: Any, weight: Any, bias: Any, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> str | None:
    n = len(stride)
    if len(x.shape) != n + 2 or len(weight.shape) != n + 2:
        return (
            f"expected x (batch, in, {n} axes) and weight (out, in/groups, {n} axes); x is {x.shape}, "
            f"weight is {weight.shape}. "
            "Add the missing axes, e.g. x[None] for a batch of one"
        )
    if x.shape[1] != weight.shape[1] * groups:
        return (
            f"x's channels ({x.shape[1]}) must equal weight's second axis times groups ({weight.shape[1]}·{groups}); "
            f"x is {x.shape}, weight is {weight.shape}. "
            "Correct weight's shape, or groups"
        )
    if weight.shape[0] % groups:
        return f"weight's first axis ({weight.shape[0]}) must be a multiple of groups ({groups})"
    if min(output_size(x.shape[2:], weight.shape[2:], stride, padding, dilation)) < 1:
        return f"the window {weight.shape[2:]} must fit the padded input; x is {x.shape}, padding {padding}. Pad more"
    return None

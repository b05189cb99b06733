"""Convolution in NumPy: windows of a few images at a time, as a matrix in the cache. Imports ``base``, ``threads``.

Where the last two strides are 1, a row of windows may be as long as the padded image is wide: then whole planes are
copied at once and not row by row (230 µs in place of 680 for 64 images of 16×14×14 and windows of 3×3), for a tenth
more products, whose results at the end of each row are dropped.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backends.base import declines
from backends.threads import workers

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
# What the matrix of windows may take, in bytes: half of a usual second-level cache; where threads share a product,
# more: waking them for every few images costs more than the cache saves, most of all on a busy machine.
ROOM, SHARED = 1 << 20, 8


class _Windows:
    """Pieces of a batch (images, channels, *size) as matrices (channels·window, images·places), in memory used again.

    Attributes:
        images: how many images a piece has.
        places: the shape of an image's places in a matrix's columns: the last axis may be longer than the output's.
    """

    def __init__(
        self, x: np.ndarray, window: Sizes, out: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, beside: int
    ) -> None:
        """``beside``: how many rows the matrix has that is multiplied with these, or comes out."""
        n, (batch, channels) = len(window), x.shape[:2]
        full = tuple([low + size + high for size, (low, high) in zip(x.shape[2:], padding, strict=True)])
        # Whichever has more rows is to be copied by planes: these, or what stands beside them.
        wide = n > 1 and max(stride[-2:]) == 1 and channels * math.prod(window) > beside
        self.places = (*out[:-1], full[-1] if wide else out[-1])
        rows, volume = channels * math.prod(window), math.prod(full)
        room = ROOM if workers() == 1 else SHARED * ROOM
        most = max(1, room // (rows * math.prod(self.places) * x.itemsize))
        self.images = -(-batch // -(-batch // most))
        # The last window of a wide row reads on past the end.
        memory = np.zeros(channels * self.images * volume + (window[-1] - 1) * dilation[-1], x.dtype)
        padded = memory[: channels * self.images * volume].reshape(channels, self.images, *full)
        inside: Any = [slice(low, low + size) for size, (low, _) in zip(x.shape[2:], padding, strict=True)]
        self._inside = padded[(..., *inside)]
        steps = padded.strides[2:]
        self._view = np.lib.stride_tricks.as_strided(
            memory,
            (channels, *window, self.images, *self.places),
            (
                padded.strides[0],
                *[step * d for step, d in zip(steps, dilation, strict=True)],
                padded.strides[1],
                *[step * s for step, s in zip(steps, stride, strict=True)],
            ),
        )
        self._columns = np.empty(self._view.shape, x.dtype)
        self._rows, self._before = rows, (slice(None),) * (1 + n)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The matrix of so many images or fewer, to be used before the next call."""
        view, columns = self._view, self._columns
        if len(x) < self.images:
            view = view[(*self._before, slice(len(x)))]
            columns = np.empty(view.shape, x.dtype)
        np.copyto(self._inside[:, : len(x)], x.swapaxes(0, 1))
        np.copyto(columns, view)
        return columns.reshape(self._rows, -1)


def _output_size(size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Sizes:
    return tuple(
        [
            (n + low + high - d * (k - 1) - 1) // s + 1
            for n, k, s, (low, high), d in zip(size, window, stride, padding, dilation, strict=True)
        ]
    )


def _is_made_for(a: Any, b: Any, groups: int) -> bool:
    """Whether these are arrays of one floating dtype that products are made for, with something in them."""
    return groups == 1 and a.dtype.char in "fd" and a.dtype.char == b.dtype.char and a.size > 0 and b.size > 0


@declines
def conv(x: Any, weight: Any, bias: Any, /, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int) -> Any:
    """64 images of 16×14×14 to 32 channels, 3×3: 1.8 ms; all windows at once 2.5 ms."""
    n = len(stride)
    if not (_is_made_for(x, weight, groups) and x.ndim == weight.ndim == n + 2 and x.shape[1] == weight.shape[1]):
        return NotImplemented
    if bias is not None and (bias.dtype is not x.dtype or bias.shape != weight.shape[:1]):
        return NotImplemented
    out = _output_size(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    if min(out) < 1:
        return NotImplemented
    windows = _Windows(x, weight.shape[2:], out, stride, padding, dilation, len(weight))
    matrix = weight.reshape(len(weight), -1)
    result = np.empty((len(x), len(weight), *out), x.dtype)
    for start in range(0, len(x), windows.images):
        part = x[start : start + windows.images]
        rows = matrix.dot(windows(part))
        if bias is not None:
            rows += bias[:, None]
        rows = rows.reshape(len(weight), len(part), *windows.places)
        np.copyto(result[start : start + len(part)].swapaxes(0, 1), rows[..., : out[-1]])
    return result


@declines
def conv_input(
    y: Any, weight: Any, /, *, size: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, groups: int
) -> Any:
    """At stride 1 the convolution of y with the weight turned around: 2.3 ms where ``conv`` says; by sums 3.0."""
    window = weight.shape[2:]
    # As much padding as lets each window's last place meet the input's first, and the other way around.
    around = tuple([(d * (k - 1) - low, d * (k - 1) - high) for d, k, (low, high) in zip(dilation, window, padding)])
    if max(stride) > 1 or min(map(min, around)) < 0 or groups > 1 or len(weight) > 4 * weight.shape[1]:
        return NotImplemented
    turned = np.flip(weight, tuple(range(2, weight.ndim))).swapaxes(0, 1)
    return conv(y, turned, None, stride=stride, padding=around, dilation=dilation, groups=1)


@declines
def conv_weight(y: Any, x: Any, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, groups: int) -> Any:
    """1.9 ms where ``conv`` says; all windows at once 3.1 ms."""
    if not (_is_made_for(y, x, groups) and x.ndim == y.ndim and len(x) == len(y)):
        return NotImplemented
    out = y.shape[2:]
    windows = _Windows(x, window, out, stride, padding, dilation, y.shape[1])
    wide = np.zeros((y.shape[1], windows.images, *windows.places), y.dtype)
    inside = wide[..., : out[-1]]
    total = np.zeros((x.shape[1] * math.prod(window), y.shape[1]), y.dtype)
    for start in range(0, len(x), windows.images):
        part = y[start : start + windows.images]
        np.copyto(inside[:, : len(part)], part.swapaxes(0, 1))
        # This way around: OpenBLAS takes half as long again where the second operand is the larger and transposed.
        total += windows(x[start : start + windows.images]).dot(wide[:, : len(part)].reshape(len(wide), -1).T)
    return np.ascontiguousarray(total.T).reshape(y.shape[1], x.shape[1], *window)


CONVOLUTION: dict[str, Any] = {"conv": conv, "conv_input": conv_input, "conv_weight": conv_weight}

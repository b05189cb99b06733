"""Max pooling over windows of 2×2 side by side, by compiled loops. Imports ``backends.base``, ``jit``, ``threads``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backends.base import declines
from backends.jit import LARGE, compiled, same_kind
from backends.threads import CHUNK, split

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def _halves(size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> bool:
    """Whether windows of 2×2 cover the last two axes, side by side."""
    return (
        tuple(window) == tuple(stride) == (2, 2)
        and tuple(dilation) == (1, 1)
        and not any([low or high for low, high in padding])
        and not (size[0] % 2 or size[1] % 2)
    )


@declines
def max_pool(x: Any, /, *, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Any:
    """1024 images of 28×28: 0.65 ms; by the formula 1.2 ms."""
    if x.ndim < 2 or x.size < LARGE or not same_kind("fd", x):
        return NotImplemented
    loop = compiled("max_pool_halves") if _halves(x.shape[-2:], window, stride, padding, dilation) else None
    if loop is None:
        return NotImplemented
    lead, h, w = x.shape[:-2], x.shape[-2] // 2, x.shape[-1] // 2
    count = math.prod(lead)
    out, index = np.empty((count, h, w), x.dtype), np.empty((count, h, w), np.int8)
    images = x.reshape(count, h, 2, w, 2)
    split(
        count,
        lambda start, stop: loop(images[start:stop], out[start:stop], index[start:stop]),
        CHUNK // (h * w) + 1,
    )
    return out.reshape(*lead, h, w), index.reshape(*lead, h, w)


@declines
def unpool_pick(
    x: Any, index: Any, /, *, size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Any:
    """1024 images of 28×28: 0.35 ms; by the formula 1.3 ms."""
    made_for = x.size * 4 >= LARGE and same_kind("fd", x) and index.dtype.char == "b" and index.flags.c_contiguous
    if not made_for or not _halves(size, window, stride, padding, dilation):
        return NotImplemented
    loop = compiled("unpool_halves")
    if loop is None:
        return NotImplemented
    lead, h, w = x.shape[:-2], x.shape[-2], x.shape[-1]
    count = math.prod(lead)
    places, images = index.reshape(count, h, w), x.reshape(count, h, w)
    out = np.empty((count, h, 2, w, 2), x.dtype)
    split(
        count,
        lambda start, stop: loop(images[start:stop], places[start:stop], out[start:stop]),
        CHUNK // (h * w) + 1,
    )
    return out.reshape(*lead, *size)


POOLING: dict[str, Any] = {"max_pool": max_pool, "unpool_pick": unpool_pick}

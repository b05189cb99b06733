"""Images and signals in other sizes. Imports ``nn.module``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of
from nn.module import Module

# A mode's name tells the number of axes in PyTorch; here it may be said as "linear" for any.
LINEAR = {"linear": None, "bilinear": 2, "trilinear": 3}


def interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
) -> Any:
    """(n, channels, *sizes) with other sizes: each entry of the nearest place before it, or between its neighbours.

    Entry i of an axis stands at (i + ½)·old/new - ½ of the old one; with ``align_corners`` at i·(old - 1)/(new - 1).
    Beyond the ends the last entry goes on. ``"nearest"`` takes entry ⌊i·old/new⌋, as PyTorch does.

    Args:
        size: the new sizes, one for all axes or one for each; or else
        scale_factor: what to multiply the sizes with, likewise.
        mode: ``"nearest"``, ``"linear"`` (``"bilinear"`` and ``"trilinear"`` say the number of axes).

    Raises:
        ValueError: size and factor are both given or both missing, or the mode is unknown or for other axes.

    >>> interpolate(np.array([[[1.0, 3.0]]]), scale_factor=2)
    array([[[1., 1., 3., 3.]]])
    >>> interpolate(np.array([[[1.0, 3.0]]]), size=4, mode="linear")
    array([[[1. , 1.5, 2.5, 3. ]]])
    """
    n = len(x.shape) - 2
    if n < 1:
        raise ValueError(f"interpolate: expected (n, channels, *sizes); got shape {tuple(x.shape)}. Reshape it.")
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: expected either size or scale_factor; got both or none. Give one of them.")
    if mode != "nearest" and LINEAR.get(mode, 0) not in (None, n):
        raise ValueError(
            f"interpolate: expected the mode 'nearest' or 'linear', or 'bilinear' for two axes, "
            f"'trilinear' for three; got {mode!r} for {n}. Correct it."
        )
    given = size if size is not None else scale_factor
    each = tuple(given) if isinstance(given, (tuple, list)) else (given,) * n
    if len(each) != n:
        raise ValueError(f"interpolate: expected one size, or one for each of {n} axes; got {each}. Correct it.")
    for axis, wanted in enumerate(each, 2):
        old = x.shape[axis]
        new = int(wanted if size is not None else old * wanted)
        if new < 1 or old < 1:
            raise ValueError(
                f"interpolate: expected sizes of 1 or more; got {old} to {new} along axis {axis}. Correct it."
            )
        factor = 1 / wanted if size is None else old / new
        x = _nearest(x, axis, new, factor) if mode == "nearest" else _linear(x, axis, new, factor, bool(align_corners))
    return x


def _nearest(x: Any, axis: int, new: int, factor: float) -> Any:
    old = x.shape[axis]
    return np.take(x, backend_of(x).asarray([min(int(i * factor), old - 1) for i in range(new)]), axis=axis)


def _linear(x: Any, axis: int, new: int, factor: float, corners: bool) -> Any:
    backend, old = backend_of(x), x.shape[axis]
    if corners:
        at = [i * (old - 1) / max(new - 1, 1) for i in range(new)]
    else:
        at = [max((i + 0.5) * factor - 0.5, 0.0) for i in range(new)]
    low = [min(int(place), old - 1) for place in at]
    shape = (new,) + (1,) * (len(x.shape) - 1 - axis)
    share = backend.asarray([min(place - i, 1.0) for place, i in zip(at, low)], dtype=x.dtype).reshape(shape)
    below = np.take(x, backend.asarray(low), axis=axis)
    above = np.take(x, backend.asarray([min(i + 1, old - 1) for i in low]), axis=axis)
    return below * (1 - share) + above * share


class Upsample(Module):
    """``interpolate`` as a layer, with its arguments.

    >>> Upsample(scale_factor=2)(np.zeros((1, 3, 4, 5))).shape
    (1, 3, 8, 10)
    """

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
    ) -> None:
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, x: Any) -> Any:
        return interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return tuple(self.forward(np.zeros((1, *shape))).shape[1:])

    def describe(self) -> str:
        wanted = f"size={self.size}" if self.size is not None else f"scale_factor={self.scale_factor}"
        return f"{wanted}, mode={self.mode!r}"

"""Layers that drop values, or whole channels, at random. Imports ``nn.module``, ``nn.random``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np  # noqa: F401 - for the examples
from autograd.numpy.common import backend_of
from autograd.numpy.networks import dropout
from nn import checks
from nn.module import Module

# Where SELU goes far to the left, -scale·alpha: what alpha dropout puts in place of a value (Klambauer et al. 2017).
_SATURATED = -1.7580993408473766


def _whole(name: str, x: Any, p: float, training: bool, axes: tuple[int, ...]) -> Any:
    """``dropout`` with one draw for all entries along ``axes``."""
    if len(x.shape) < -min(axes) + (0 if -1 in axes else 1):
        raise ValueError(f"{name}: expected more axes than those of one channel; got shape {tuple(x.shape)}. Reshape.")
    if not training or p == 0:
        return x
    shape = [1 if i - len(x.shape) in axes else n for i, n in enumerate(x.shape)]
    return x * dropout(backend_of(x).xp.ones(shape, dtype=x.dtype), p)


def dropout1d(x: Any, p: float = 0.5, training: bool = True) -> Any:
    """Whole channels of (…, channels, length) are 0 with probability ``p``, the others times 1/(1 - p).

    >>> dropout1d(np.ones((2, 3, 4)), 1.0).sum()
    np.float64(0.0)
    """
    return _whole("dropout1d", x, p, training, (-1,))


def dropout2d(x: Any, p: float = 0.5, training: bool = True) -> Any:
    """Whole channels of (…, channels, height, width) are 0 with probability ``p`` (Tompson et al. 2015)."""
    return _whole("dropout2d", x, p, training, (-2, -1))


def dropout3d(x: Any, p: float = 0.5, training: bool = True) -> Any:
    """Whole channels of (…, channels, depth, height, width) are 0 with probability ``p``."""
    return _whole("dropout3d", x, p, training, (-3, -2, -1))


def alpha_dropout(x: Any, p: float = 0.5, training: bool = True) -> Any:
    """Entries go to SELU's left end with probability ``p``; mean 0 and variance 1 are kept (Klambauer et al. 2017).

    a·(x·kept + α'·(1 - kept)) + b with α' = -1.758, a = ((1 - p)(1 + p·α'²))^-½, b = -a·α'·p.

    >>> alpha_dropout(np.ones(2), 0.5, training=False)
    array([1., 1.])
    """
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0
    kept = dropout(backend_of(x).xp.ones(x.shape, dtype=x.dtype), p) * (1 - p)
    scale = ((1 - p) * (1 + p * _SATURATED**2)) ** -0.5
    return scale * (x * kept + _SATURATED * (1 - kept)) - scale * _SATURATED * p


class Dropout(Module):
    """In training each entry is 0 with probability ``p``, the others times 1/(1 - p) (Srivastava et al. 2014).

    The mask is drawn from the stream that ``nn.set_random_seed`` seeds. In evaluation the input itself.

    Raises:
        ValueError: p is not in [0, 1].

    >>> Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        checks.number(type(self).__name__, "the probability", p, checks.SHARE)
        self.p = p

    def forward(self, x: Any) -> Any:
        return dropout(x, self.p, self.training)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        return str(self.p)


class Dropout1d(Dropout):
    """``dropout1d`` as a layer: whole channels of (n, channels, length)."""

    def forward(self, x: Any) -> Any:
        return dropout1d(x, self.p, self.training)


class Dropout2d(Dropout):
    """``dropout2d`` as a layer: whole channels of (n, channels, height, width)."""

    def forward(self, x: Any) -> Any:
        return dropout2d(x, self.p, self.training)


class Dropout3d(Dropout):
    """``dropout3d`` as a layer: whole channels of (n, channels, depth, height, width)."""

    def forward(self, x: Any) -> Any:
        return dropout3d(x, self.p, self.training)


class AlphaDropout(Dropout):
    """``alpha_dropout`` as a layer, for networks of SELUs."""

    def forward(self, x: Any) -> Any:
        return alpha_dropout(x, self.p, self.training)


class SpatialDropout1D(Dropout):
    """Keras's: whole channels of (n, steps, channels), channels last, are 0 with probability ``p``."""

    axes: tuple[int, ...] = (-2,)

    def forward(self, x: Any) -> Any:
        return _whole(type(self).__name__, x, self.p, self.training, self.axes)


class SpatialDropout2D(SpatialDropout1D):
    """Keras's: whole channels of (n, height, width, channels), channels last."""

    axes = (-3, -2)


class SpatialDropout3D(SpatialDropout1D):
    """Keras's: whole channels of (n, depth, height, width, channels), channels last."""

    axes = (-4, -3, -2)

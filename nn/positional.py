"""Where a position stands, told to a network that does not know. Imports ``nn.module``, ``nn.init``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of
from nn import init
from nn.layers.dense import check_size
from nn.module import Module, parameter


def sinusoidal(length: int, width: int, dtype: Any = "float32") -> Any:
    """(length, width): entry (p, 2i) is sin(p/10000^(2i/width)), (p, 2i + 1) the cosine (Vaswani et al. 2017, 3.5).

    Raises:
        ValueError: the width is odd.

    >>> sinusoidal(2, 2, "float64")
    array([[0.        , 1.        ],
           [0.84147098, 0.54030231]])
    """
    angles = _angles("sinusoidal", np, length, width, 10000.0, 0)
    return np.astype(np.reshape(np.stack([np.sin(angles), np.cos(angles)], axis=-1), (length, width)), dtype)


def _angles(name: str, xp: Any, length: int, width: int, base: float, start: int) -> Any:
    """(length, width/2): position p times base^(-2i/width), in float64: far positions need its digits."""
    if width % 2:
        raise ValueError(f"{name}: expected an even width, since entries come in pairs; got {width}. Add one.")
    rates = base ** (xp.arange(width // 2, dtype="float64") * (-2.0 / width))
    return xp.arange(start, start + length, dtype="float64")[:, None] * rates


class SinusoidalEncoding(Module):
    """x (…, positions, width) plus ``sinusoidal``; nothing is learned, and any length goes.

    >>> SinusoidalEncoding()(np.zeros((3, 5, 8), "float32")).dtype
    dtype('float32')
    """

    def forward(self, x: Any, start: int = 0) -> Any:
        length, width = x.shape[-2:]
        xp = backend_of(x).xp
        angles = _angles("SinusoidalEncoding", xp, length, width, 10000.0, start)
        table = xp.stack([xp.sin(angles), xp.cos(angles)], axis=-1).reshape(length, width)
        return x + table.astype(x.dtype)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape


class LearnedEncoding(Module):
    """x (…, positions, width) plus a learned vector per position: ``weight`` (max_length, width).

    Args:
        weight_init: by default Gaussian with deviation 0.02, as GPT-2 has it.

    Raises:
        ValueError: at a call, where there are more positions than vectors.

    >>> LearnedEncoding(16, 8)(np.zeros((3, 5, 8), "float32")).shape
    (3, 5, 8)
    """

    def __init__(self, max_length: int, width: int, weight_init: Any = None, dtype: Any = "float32") -> None:
        check_size(self, "max_length", max_length)
        check_size(self, "width", width)
        draw = init.Normal(0.0, 0.02) if weight_init is None else init.get(weight_init)
        self.weight = parameter(draw((max_length, width), dtype))

    def forward(self, x: Any, start: int = 0) -> Any:
        end = start + x.shape[-2]
        if end > self.weight.shape[0]:
            raise ValueError(
                f"LearnedEncoding: expected at most {self.weight.shape[0]} positions; got {end}. "
                "Raise max_length, or cut the sequence."
            )
        return x + self.weight[start:end]

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"


def rotate(x: Any, base: float = 10000.0, start: int = 0, halves: bool = False) -> Any:
    """Rotary encoding (Su et al., "RoFormer", 2021, 3.2): pair i of position p turned by p·base^(-2i/width).

    Args:
        x: (…, positions, width): queries or keys. Their products then depend on distances alone.
        base: of the rates.
        start: the first position.
        halves: whether pairs are (i, i + width/2), as in many models, and not the paper's (2i, 2i + 1).

    Raises:
        ValueError: the width is odd.

    >>> rotate(np.array([[1.0, 0.0], [1.0, 0.0]]))
    array([[1.        , 0.        ],
           [0.54030231, 0.84147098]])
    """
    length, width = x.shape[-2:]
    xp = backend_of(x).xp
    angles = _angles("rotate", xp, length, width, base, start)
    cos, sin = xp.cos(angles).astype(x.dtype), xp.sin(angles).astype(x.dtype)
    first, second = (x[..., : width // 2], x[..., width // 2 :]) if halves else (x[..., 0::2], x[..., 1::2])
    turned = [first * cos - second * sin, first * sin + second * cos]
    return np.concatenate(turned, axis=-1) if halves else np.reshape(np.stack(turned, axis=-1), x.shape)


class RotaryEmbedding(Module):
    """``rotate`` as a module, to hand to ``MultiHeadAttention(rotary=…)``.

    >>> RotaryEmbedding()(np.zeros((1, 2, 5, 8), "float32")).shape
    (1, 2, 5, 8)
    """

    def __init__(self, base: float = 10000.0, halves: bool = False) -> None:
        self.base = base
        self.halves = halves

    def forward(self, x: Any, start: int = 0) -> Any:
        return rotate(x, self.base, start, self.halves)

    def describe(self) -> str:
        return f"base={self.base}" + (", halves=True" if self.halves else "")

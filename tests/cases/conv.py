"""Rows for ``autograd.ops.conv``, ``pool``, ``windows``; values stand against PyTorch's in tests/test_networks.py."""

from __future__ import annotations

import numpy as np

from autograd.ops import conv, pool, windows
from tests.cases.base import Case

RNG = np.random.default_rng(7)
X = RNG.normal(size=(2, 4, 6, 5))
W = RNG.normal(size=(6, 2, 3, 2))
BIAS = np.array([0.5, -1.0, 0.25, 2.0, 0.0, -0.5])
Y = RNG.normal(size=(2, 6, 3, 5))
OPTIONS = {"stride": (2, 1), "padding": ((1, 1), (0, 2)), "dilation": (1, 2), "groups": 2}
WINDOW = {"window": (3, 2), "stride": (2, 1), "padding": ((1, 1), (0, 1)), "dilation": (1, 1)}
POOLED = RNG.normal(size=(1, 2, 3, 5))
INDEX = RNG.integers(0, 6, size=(1, 2, 3, 5)).astype("int32")
NOTE = "values against PyTorch in tests/test_networks.py"

PLACES = RNG.normal(size=(2, 2, 3, 3, 2))
MOVES = {"stride": (2, 1), "dilation": (1, 2)}


def _padded(x: np.ndarray, padding: tuple[tuple[int, int], ...]) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, 0), *padding))


def _cut(x: np.ndarray, padding: tuple[tuple[int, int], ...]) -> np.ndarray:
    return x[:, :, 1:-2, :-1]


ROWS = [
    Case("conv", conv.conv, (X, W, BIAS), OPTIONS, note=NOTE),
    Case("conv", lambda x, w, **options: conv.conv(x, w, None, **options), (X, W), OPTIONS, label="no bias", note=NOTE),
    Case("conv_input", conv.conv_input, (Y, W), {"size": (6, 5), **OPTIONS}, note=NOTE),
    Case("conv_weight", conv.conv_weight, (Y, X), {"window": (3, 2), **OPTIONS}, note=NOTE),
    Case("max_pool", pool.max_pool, (X,), WINDOW, note=NOTE),
    Case("pool_pick", pool.pool_pick, (X[:1, :2], INDEX), WINDOW, note=NOTE),
    Case("unpool_pick", pool.unpool_pick, (POOLED, INDEX), {"size": (6, 5), **WINDOW}, note=NOTE),
    Case("pool_sum", pool.pool_sum, (X,), WINDOW, note=NOTE),
    Case("unpool_sum", pool.unpool_sum, (POOLED,), {"size": (6, 5), **WINDOW}, note=NOTE),
    Case("windows", windows.windows, (X,), MOVES | {"window": (3, 2)}, note=NOTE),
    Case("unwindows", windows.unwindows, (PLACES,), MOVES | {"size": (6, 5)}, note=NOTE),
    Case("pad_zeros", windows.pad_zeros, (X,), {"padding": ((1, 2), (0, 1))}, _padded),
    Case("cut", windows.cut, (X,), {"padding": ((1, 2), (0, 1))}, _cut),
]

"""Rows for ``autograd.ops.recurrent``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import recurrent as ops
from tests.cases.base import Case

RNG = np.random.default_rng(11)
STEPS, BATCH, UNITS = 3, 2, 2
H, C = RNG.normal(size=(BATCH, UNITS)), RNG.normal(size=(BATCH, UNITS))


def _gates(count: int) -> tuple[np.ndarray, np.ndarray]:
    return RNG.normal(size=(STEPS, BATCH, count * UNITS)), RNG.normal(size=(count * UNITS, UNITS))


X1, W1 = _gates(1)
X3, W3 = _gates(3)
X4, W4 = _gates(4)
BIAS = RNG.normal(size=3 * UNITS)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _rnn(x: Any, h: Any, w: Any, relu: bool) -> Any:
    out = []
    for at in x:
        h = np.maximum(at + h @ w.T, 0) if relu else np.tanh(at + h @ w.T)
        out.append(h)
    return np.array(out)


def _lstm(x: Any, h: Any, c: Any, w: Any) -> Any:
    out = []
    for at in x:
        i, f, g, o = np.split(at + h @ w.T, 4, axis=-1)
        i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        out.append((h, c, np.array([i, f, g, o])))
    return tuple(np.array(part) for part in zip(*out, strict=True))


def _gru(x: Any, h: Any, w: Any, b: Any) -> Any:
    out = []
    for at in x:
        (xr, xz, xn), (sr, sz, sn) = np.split(at, 3, axis=-1), np.split(h @ w.T + b, 3, axis=-1)
        r, z = _sigmoid(xr + sr), _sigmoid(xz + sz)
        n = np.tanh(xn + r * sn)
        h = (1 - z) * n + z * h
        out.append((h, np.concatenate([r, z, n], axis=-1), sn))
    return tuple(np.array(part) for part in zip(*out, strict=True))


ROWS = [
    Case("rnn", ops.rnn, (X1, H, W1), {"relu": False}, _rnn),
    Case("rnn", ops.rnn, (X1, H, W1), {"relu": True}, _rnn, label="relu"),
    Case("lstm", ops.lstm, (X4, H, C, W4), {}, _lstm),
    Case("gru", ops.gru, (X3, H, W3, BIAS), {}, _gru),
]

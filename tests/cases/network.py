"""Rows for ``autograd.ops.network``."""

from __future__ import annotations

from typing import Any

import numpy as np

import backends
from autograd import Tensor
from autograd.ops import network as ops
from tests.cases.base import Case

X = np.array([[0.5, -1.25, 2.0, 0.25], [1.5, 0.75, -0.5, -1.0], [0.1, -0.3, 1.1, 0.9]])
W = np.array([[0.3, -0.2, 0.5, 1.0], [-0.7, 0.4, 0.6, -0.1]])
BIAS = np.array([0.1, -0.2])
LABELS = np.array([2, 0, 3])
P = np.array([[0.2, 0.7], [0.45, 0.9]])
WIDE = np.random.default_rng(3).normal(size=(2, 3, 12))
Y = np.array([[0.0, 1.0], [0.25, 0.6]])


def _softmax(x: Any, axis: int) -> Any:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _split(x: Any, heads: int) -> tuple[Any, ...]:
    n, positions, width = x.shape
    return tuple(
        part.reshape(n, positions, heads, width // (3 * heads)).swapaxes(1, 2) for part in np.split(x, 3, axis=-1)
    )


def _normalize(x: Any, axis: tuple[int, ...], epsilon: float, centre: bool) -> Any:
    x = x - x.mean(axis=axis, keepdims=True) if centre else x
    scale = 1 / np.sqrt((x * x).mean(axis=axis, keepdims=True) + epsilon)
    return x * scale, scale


def _dropout(x: Any, *, rate: float) -> Any:
    """The same mask at every call, so that differences can be taken."""
    return ops.dropout(x, rate=rate, stream=backends.of(x._data if isinstance(x, Tensor) else x).generator(0))


ROWS = [
    Case("linear", ops.linear, (X, W, BIAS), reference=lambda x, w, b: x @ w.T + b),
    Case("linear", ops.linear, (X[None], W, BIAS), reference=lambda x, w, b: x @ w.T + b, label="batched"),
    Case("linear", ops.linear, (X[0], W, BIAS), reference=lambda x, w, b: x @ w.T + b, label="vector"),
    Case("split_heads", ops.split_heads, (WIDE,), {"heads": 2}, reference=_split),
    Case("join_heads", ops.join_heads, _split(WIDE, 2), {"heads": 2}, reference=lambda q, k, v, heads: WIDE),
    Case("softmax", ops.softmax, (X,), {"axis": 1}, reference=_softmax),
    Case("softmax", ops.softmax, (X,), {"axis": 0}, reference=_softmax, label="axis0"),
    Case("log_softmax", ops.log_softmax, (X,), {"axis": 1}, reference=lambda x, axis: np.log(_softmax(x, axis))),
    Case(
        "softmax_cross_entropy",
        ops.softmax_cross_entropy,
        (X, LABELS),
        reference=lambda x, labels: (-np.log(_softmax(x, 1))[np.arange(3), labels], _softmax(x, 1)),
    ),
    Case(
        "soft_cross_entropy",
        ops.soft_cross_entropy,
        (X, np.abs(X) / 3),
        reference=lambda x, y: (-(y * np.log(_softmax(x, 1))).sum(1), np.log(_softmax(x, 1))),
    ),
    Case("pick_label", ops.pick_label, (X, LABELS), reference=lambda x, labels: x[np.arange(3), labels]),
    Case(
        "one_hot_subtract",
        ops.one_hot_subtract,
        (X[:, 0].copy(), LABELS),
        {"shape": (3, 4)},
        reference=lambda g, labels, shape: -np.eye(4)[labels] * g[:, None],
    ),
    Case(
        "sigmoid_cross_entropy",
        ops.sigmoid_cross_entropy,
        (X, np.abs(X) / 3),
        reference=lambda x, y: np.log1p(np.exp(x)) - x * y,
    ),
    Case(
        "binary_cross_entropy",
        ops.binary_cross_entropy,
        (P, Y),
        {"epsilon": 1e-3},
        reference=lambda p, y, epsilon: -(y * np.log(p) + (1 - y) * np.log(1 - p)),
    ),
    Case(
        "binary_cross_entropy",
        ops.binary_cross_entropy,
        (np.array([0.001, 0.3, 0.999]), np.array([0.0, 1.0, 1.0])),
        {"epsilon": 0.01},
        reference=lambda p, y, epsilon: -np.log([0.99, 0.3, 0.99]),
        label="clipped",
    ),
    Case("normalize", ops.normalize, (X,), {"axis": (1,), "epsilon": 1e-5, "centre": True}, reference=_normalize),
    Case(
        "normalize",
        ops.normalize,
        (X,),
        {"axis": (0,), "epsilon": 1e-5, "centre": False},
        reference=_normalize,
        label="rms",
    ),
    Case("dropout", _dropout, (X,), {"rate": 0.5}, note="the mask is the backend's own: no reference"),
]

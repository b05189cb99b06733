"""Rows for ``autograd.ops.shape``."""

from __future__ import annotations

import numpy as np

from autograd.ops import shape as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
V = np.array([1.5, -0.75, 2.5])
T = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
Z = A + 1j * A[::-1]


def _place(x: np.ndarray, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> np.ndarray:
    out = np.zeros(shape, x.dtype)
    for i in range(shape[axis1]):
        if 0 <= i + offset < shape[axis2]:
            place: list = [slice(None)] * len(shape)
            place[axis1], place[axis2] = i, i + offset
            out[tuple(place)] = x[..., i if offset >= 0 else i + offset]
    return out


def _diagonal(x: np.ndarray, offset: int, axis1: int, axis2: int) -> np.ndarray:
    return np.diagonal(x, offset, axis1, axis2)


def _places(shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> dict:
    return {"shape": shape, "offset": offset, "axis1": axis1, "axis2": axis2}


ROWS = [
    Case("reshape", ops.reshape, (A,), {"shape": (3, 2)}, lambda x, shape: x.reshape(shape), analytic=True),
    Case("reshape", ops.reshape, (T,), {"shape": (4, -1)}, lambda x, shape: x.reshape(shape), label="rest"),
    Case("reshape", ops.reshape, (A.T,), {"shape": (6,)}, lambda x, shape: x.reshape(shape), label="copies"),
    Case(
        "reshape",
        ops.reshape,
        (Z,),
        {"shape": (6,)},
        lambda x, shape: x.reshape(shape),
        dtypes=("complex128", "complex64"),
        label="complex",
    ),
    Case("transpose", ops.transpose, (T,), {"axes": (2, 0, 1)}, np.transpose, analytic=True),
    Case("broadcast_to", ops.broadcast_to, (V,), {"shape": (2, 3)}, np.broadcast_to, analytic=True),
    Case("broadcast_to", ops.broadcast_to, (V[:1],), {"shape": (2, 3)}, np.broadcast_to, label="one element"),
    Case("broadcast_to", ops.broadcast_to, (A[:, None],), {"shape": (2, 2, 3)}, np.broadcast_to, label="inner axis"),
    Case("broadcast_view", ops.broadcast_view, (V[:1],), {"shape": (2, 3)}, np.broadcast_to, analytic=True),
    Case("diagonal", ops.diagonal, (A,), {"offset": 1, "axis1": 0, "axis2": 1}, _diagonal, analytic=True),
    Case("diagonal", ops.diagonal, (T,), {"offset": -1, "axis1": 2, "axis2": 0}, _diagonal, label="axes"),
    Case("diagonal", ops.diagonal, (A,), {"offset": 7, "axis1": 0, "axis2": 1}, _diagonal, label="empty"),
    Case("place_diagonal", ops.place_diagonal, (V,), _places((3, 3), 0, 0, 1), _place, analytic=True),
    Case("place_diagonal", ops.place_diagonal, (V,), _places((3, 5), 1, 0, 1), _place, label="wide"),
    Case("place_diagonal", ops.place_diagonal, (V,), _places((5, 4), -2, 0, 1), _place, label="tall, below"),
    Case("place_diagonal", ops.place_diagonal, (A,), _places((3, 2, 4), 1, 0, 2), _place, label="stacked"),
    Case("tril", ops.tril, (A,), {"k": 0}, np.tril, analytic=True),
    Case("tril", ops.tril, (T,), {"k": -1}, np.tril, label="stacked"),
    Case("triu", ops.triu, (A,), {"k": 0}, np.triu, analytic=True),
    Case("triu", ops.triu, (T,), {"k": 1}, np.triu, label="stacked"),
    Case("roll", ops.roll, (A,), {"shift": (1,), "axis": (1,)}, np.roll, analytic=True),
    Case("roll", ops.roll, (T,), {"shift": (1, -2), "axis": (0, 2)}, np.roll, label="two axes"),
]

"""Rows for ``autograd.ops.join``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import join as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
B = A[::-1] * 1.5


def _concatenate(*xs: Any, axis: int) -> np.ndarray:
    return np.concatenate(xs, axis)


def _stack(*xs: Any, axis: int) -> np.ndarray:
    return np.stack(xs, axis)


ROWS = [
    Case("concatenate", ops.concatenate, (A, B[:1]), {"axis": 0}, _concatenate, analytic=True),
    Case("concatenate", ops.concatenate, (A, A[:, :1], B), {"axis": 1}, _concatenate, label="inner axis"),
    Case("concatenate", ops.concatenate, (A[:0], B), {"axis": 0}, _concatenate, label="with an empty one"),
    Case(
        "concatenate",
        ops.concatenate,
        (A + 1j * B, B),
        {"axis": 0},
        _concatenate,
        dtypes=("complex128", "complex64"),
        label="complex and real",
    ),
    Case("stack", ops.stack, (A, B), {"axis": 0}, _stack, analytic=True),
    Case("stack", ops.stack, (A, B, A), {"axis": 2}, _stack, label="last axis"),
]

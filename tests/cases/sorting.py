"""Rows for ``autograd.ops.sorting``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import sorting as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0, 0.75], [1.5, 0.25, -0.5, 3.0], [-2.0, 1.0, 0.0, -1.0]])
V = np.array([-1.5, 0.25, 0.75, 2.5])


def _sort(x: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    return np.flip(np.sort(x, axis), axis) if descending else np.sort(x, axis)


def _argsort(x: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    return np.argsort(-x if descending else x, axis, stable=True)


def _isin(a: np.ndarray, b: np.ndarray, **options: Any) -> np.ndarray:
    return np.isin(a, b, **options)


COMPLEX = ("complex128", "complex64")
RISING = {"axis": 0, "descending": False}
FALLING = {"axis": 0, "descending": True}
ROWS = [
    Case("sort", ops.sort, (A,), {"axis": 1, "descending": False}, _sort),
    Case("sort", ops.sort, (A,), FALLING, _sort, label="descending"),
    Case("sort", ops.sort, (A + 1j * A[::-1],), RISING, _sort, dtypes=COMPLEX, label="complex"),
    Case("argsort", ops.argsort, (A,), RISING, _argsort, orders=0),
    Case("argsort", ops.argsort, (np.array([1, 0, 1, 0]),), FALLING, _argsort, orders=0, label="ties"),
    Case(
        "partition", ops.partition, (V[[2, 0, 3, 1]],), {"kth": (0, 1, 2), "axis": 0},
        lambda x, kth, axis: np.sort(x, axis), note="with every place but the last as kth, it is a sort",
    ),
    Case(
        "argpartition", ops.argpartition, (V[[2, 0, 3, 1]],), {"kth": (0, 1, 2), "axis": 0},
        lambda x, kth, axis: np.argsort(x, axis), orders=0,
    ),
    Case("searchsorted", ops.searchsorted, (V, A), {"side": "left"}, np.searchsorted, orders=0),
    Case("searchsorted", ops.searchsorted, (V, V), {"side": "right"}, np.searchsorted, orders=0, label="right"),
    Case("isin", ops.isin, (A, V), {"assume_unique": False, "invert": False}, _isin, orders=0),
    Case("isin", ops.isin, (A, V), {"assume_unique": False, "invert": True}, _isin, orders=0, label="inverted"),
]  # fmt: skip

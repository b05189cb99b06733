"""Rows for ``autograd.ops.statistics``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import statistics as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0, 0.25, 3.5], [1.5, 0.75, -0.5, 1.0, -2.0]])


def _order_statistics(x: Any, *, places: tuple[int, ...], axis: int) -> Any:
    return np.take(np.sort(x, axis=axis), places, axis=axis)


ROWS = [
    Case("order_statistics", ops.order_statistics, (A,), {"places": (1, 2), "axis": 1}, reference=_order_statistics),
    Case(
        "order_statistics", ops.order_statistics, (A,), {"places": (0, 1, 4), "axis": 1}, reference=_order_statistics,
        label="uneven", lacks="syncs: places that are no slice are copied to the device",
    ),
    Case(
        "order_statistics", ops.order_statistics, (A,), {"places": (1,), "axis": 0}, reference=_order_statistics,
        label="columns",
    ),
]  # fmt: skip

"""Rows for ``autograd.ops.signals``."""

from __future__ import annotations

import numpy as np

from autograd.ops import signals as ops
from tests.cases.base import Case

A = np.array([0.5, -1.25, 2.0, 1.5, 0.75])
V = np.array([1.5, -0.75])

ROWS = [
    Case("convolve", ops.convolve, (A, V), {"mode": "full"}, np.convolve, analytic=True),
    *[Case("convolve", ops.convolve, (A, V), {"mode": mode}, np.convolve, label=mode) for mode in ("same", "valid")],
    *[
        Case("convolve", ops.convolve, (V, A), {"mode": mode}, np.convolve, label=f"{mode}, short first")
        for mode in ("full", "same", "valid")
    ],
    Case("convolve", ops.convolve, (A, A), {"mode": "same"}, np.convolve, label="as long"),
    Case(
        "convolve",
        ops.convolve,
        (A + 1j * A[::-1], V),
        {"mode": "same"},
        np.convolve,
        dtypes=("complex128", "complex64"),
        label="complex and real",
    ),
]

"""Rows for ``autograd.ops.fft``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import fft as ops
from tests.cases.base import Case
from tests.cases.products import both, numbers

COMPLEX = ("complex128", "complex64")
REAL = ("float64", "float32")
X, Z = numbers(3, 6), both(3, 6)
# As they are, cut off, filled up; odd and even; one axis and several in either order.
CALLS = [
    ((6,), (1,), "backward"),
    ((5,), (1,), "ortho"),
    ((9,), (1,), "forward"),
    ((3,), (0,), "backward"),
    ((4, 6), (0, 1), "ortho"),
    ((7, 2), (1, 0), "forward"),
    ((1,), (1,), "backward"),
]


def _reference(function: Any) -> Any:
    return lambda x, *, sizes, axes, norm: function(x, sizes, axes, norm)


def _rows(name: str, *makes: tuple[Any, tuple[str, ...]]) -> list[Case]:
    function, reference = getattr(ops, name), _reference(getattr(np.fft, name))
    return [
        Case(
            name,
            function,
            (x,),
            {"sizes": sizes, "axes": axes, "norm": norm},
            reference,
            dtypes=dtypes,
            label=f"{x.dtype} {sizes} {axes} {norm}",
        )
        for x, dtypes in makes
        for sizes, axes, norm in CALLS
    ]


ROWS = [
    *_rows("fftn", (X, REAL), (Z, COMPLEX)),
    *_rows("ifftn", (X, REAL), (Z, COMPLEX)),
    *_rows("rfftn", (X, REAL)),
    *_rows("irfftn", (X, REAL), (Z, COMPLEX)),
    Case("resize", ops.resize, (X,), {"shape": (5, 4)}, note="NumPy has none of this form"),
    Case("resize", ops.resize, (X,), {"shape": (2, 4)}, reference=lambda x, *, shape: x[:2, :4], label="cut"),
    Case(
        "weigh",
        ops.weigh,
        (Z,),
        {"axis": 1, "n": 10, "factor": 2.0},
        reference=lambda x, *, axis, n, factor: x * [1, 2, 2, 2, 2, 1],
        dtypes=COMPLEX,
    ),
    Case(
        "weigh",
        ops.weigh,
        (Z,),
        {"axis": 0, "n": 5, "factor": 0.5},
        reference=lambda x, *, axis, n, factor: x * np.array([[1], [0.5], [0.5]]),
        dtypes=COMPLEX,
        label="odd",
    ),
]

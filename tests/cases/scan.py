"""Rows for ``autograd.ops.scan``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import scan as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0, 0.25], [1.5, 0.75, -0.5, 1.0]])
ZERO = np.array([[0.5, 0.0, 2.0, 1.5], [0.0, 0.75, 0.0, -1.0]])
C = A + 1j * A[::-1, ::-1]
COMPLEX = ("complex128", "complex64")


def _scan(function: Any) -> Any:
    def reference(x: Any, *, axis: int, reverse: bool) -> Any:
        return np.flip(function(np.flip(x, axis), axis=axis), axis) if reverse else function(x, axis=axis)

    return reference


def _recurrence(a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    """The definition, step by step."""
    a, b = (np.moveaxis(np.array(x), axis, 0) for x in (a, b))
    places = range(len(b))
    out = np.zeros_like(b)
    previous = None
    for k in reversed(places) if reverse else places:
        out[k] = b[k] if previous is None else b[k] + a[k] * out[previous]
        previous = k
    return np.moveaxis(out, 0, axis)


def _shift(x: Any, *, by: int, axis: int, fill: float) -> Any:
    out = np.roll(x, by, axis)
    moved = np.moveaxis(out, axis, 0)
    if by:
        moved[: min(by, len(moved)) if by > 0 else 0] = fill
        moved[max(len(moved) + by, 0) if by < 0 else len(moved) :] = fill
    return out


def _cumlogsumexp(x: Any, *, axis: int) -> Any:
    return np.log(np.cumsum(np.exp(x), axis=axis))


def _difference_adjoint(x: Any, *, axis: int) -> Any:
    return -np.diff(np.pad(x, [(1, 1) if i == axis else (0, 0) for i in range(x.ndim)]), axis=axis)


ROWS = [
    Case("cumsum", ops.cumsum, (A,), {"axis": 1, "reverse": False}, reference=_scan(np.cumsum), analytic=True),
    Case("cumsum", ops.cumsum, (A,), {"axis": 0, "reverse": True}, reference=_scan(np.cumsum), label="reverse"),
    Case(
        "cumsum", ops.cumsum, (C,), {"axis": 1, "reverse": True}, reference=_scan(np.cumsum), label="complex",
        dtypes=COMPLEX,
    ),
    Case("cumprod", ops.cumprod, (A,), {"axis": 1, "reverse": False}, reference=_scan(np.cumprod), analytic=True),
    Case("cumprod", ops.cumprod, (A,), {"axis": 0, "reverse": True}, reference=_scan(np.cumprod), label="reverse"),
    Case("cumprod", ops.cumprod, (ZERO,), {"axis": 1, "reverse": False}, reference=_scan(np.cumprod), label="zeros"),
    Case(
        "cumprod", ops.cumprod, (C,), {"axis": 1, "reverse": False}, reference=_scan(np.cumprod), label="complex",
        dtypes=COMPLEX,
    ),
    Case("shift", ops.shift, (A,), {"by": 1, "axis": 1, "fill": 1.0}, reference=_shift, analytic=True),
    Case("shift", ops.shift, (A,), {"by": -2, "axis": 1, "fill": 0.0}, reference=_shift, label="back"),
    Case("shift", ops.shift, (A,), {"by": 5, "axis": 1, "fill": 0.0}, reference=_shift, label="out"),
    Case("recurrence", ops.recurrence, (A, ZERO), {"axis": 1, "reverse": False}, reference=_recurrence, analytic=True),
    Case("recurrence", ops.recurrence, (ZERO, A), {"axis": 1, "reverse": True}, reference=_recurrence, label="reverse"),
    Case("cumlogsumexp", ops.cumlogsumexp, (A,), {"axis": 1}, reference=_cumlogsumexp),
    Case("cumlogsumexp", ops.cumlogsumexp, (A,), {"axis": 0}, reference=_cumlogsumexp, label="columns"),
    Case("difference", ops.difference, (A,), {"axis": 1}, reference=np.diff, analytic=True),
    Case("difference", ops.difference, (C,), {"axis": 0}, reference=np.diff, label="complex", dtypes=COMPLEX),
    Case("difference_adjoint", ops.difference_adjoint, (A,), {"axis": 1}, reference=_difference_adjoint, analytic=True),
]  # fmt: skip

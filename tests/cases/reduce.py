"""Rows for ``autograd.ops.reduce``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from autograd.ops import reduce as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
B = np.array([[[0.5, -1.25], [2.0, 1.0]], [[1.5, 0.75], [-0.5, 0.25]], [[-2.0, 1.75], [0.125, -0.75]]])
ZERO = np.array([[0.5, 0.0, 2.0], [0.0, 0.75, 0.0]])
C = A + 1j * A[::-1, ::-1]
V = np.array([0.5, -1.25, 2.0, 1.0])
P = np.array(1.5)
COMPLEX = ("complex128", "complex64")

ALL, ROWS_OF, PAIR = (0, 1), (1,), (0, 2)


def _reduced(function: Any) -> Any:
    return lambda x, *, axis, keepdims: function(x, axis=axis, keepdims=keepdims)


def _moment(function: Any) -> Any:
    return lambda x, *, axis, keepdims, correction: function(x, axis=axis, keepdims=keepdims, ddof=correction)


def _one_axis(function: Any) -> Any:
    return lambda x, *, axis, keepdims: function(x, axis=axis, keepdims=keepdims)


def _rows(name: str, reference: Any, x2: Any = A, x3: Any = B, **properties: Any) -> list[Case]:
    """All axes, one, two of three, kept ones, none, a vector and a single value."""
    function = getattr(ops, name)
    calls = [
        ("all", x2, ALL, False),
        ("one", x2, ROWS_OF, False),
        ("kept", x2, ROWS_OF, True),
        ("two", x3, PAIR, False),
        ("middle", x3, (1,), False),
        ("vector", V, (0,), True),
        ("no-axis", x2, (), False),
        ("single", P, (), False),
    ]
    return [
        Case(name, function, (x,), {"axis": axis, "keepdims": keepdims}, reference=reference, label=label, **properties)
        for label, x, axis, keepdims in calls
    ]


def _moments(name: str, reference: Any) -> list[Case]:
    function = getattr(ops, name)
    calls = [
        ("all", A, ALL, False, 0),
        ("one", A, ROWS_OF, False, 1),
        ("kept", A, ROWS_OF, True, 0.5),
        ("two", B, PAIR, False, 0),
        ("middle", B, (1,), False, 1),
        ("vector", V, (0,), False, 0),
        ("complex", C, ROWS_OF, False, 1),
    ]
    return [
        Case(
            name, function, (x,), {"axis": axis, "keepdims": keepdims, "correction": correction},
            reference=_moment(reference), label=label,
            dtypes=COMPLEX if label == "complex" else ("float64", "float32", "float16"),
        )
        for label, x, axis, keepdims, correction in calls
    ]  # fmt: skip


def _complex(name: str, reference: Any) -> Case:
    options = {"axis": ROWS_OF, "keepdims": False}
    return Case(name, getattr(ops, name), (C,), options, reference=reference, label="complex", dtypes=COMPLEX)


def _logsumexp(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return scipy.special.logsumexp(x, axis=axis, keepdims=keepdims) if axis else x


ROWS = [
    *_rows("sum", _reduced(np.sum), analytic=True),
    *_rows("mean", _reduced(np.mean), analytic=True),
    *_rows("prod", _reduced(np.prod), analytic=True),
    *_rows("max", _reduced(np.max)),
    *_rows("min", _reduced(np.min)),
    *_rows("logsumexp", _logsumexp, analytic=True),
    *_moments("var", np.var),
    *_moments("std", np.std),
    _complex("sum", _reduced(np.sum)),
    _complex("mean", _reduced(np.mean)),
    _complex("prod", _reduced(np.prod)),
    Case(
        "logsumexp", ops.logsumexp, (C,), {"axis": (0,), "keepdims": False}, reference=_logsumexp, label="complex",
        dtypes=COMPLEX,
    ),
    Case("prod", ops.prod, (ZERO,), {"axis": (1,), "keepdims": False}, reference=_reduced(np.prod), label="zeros"),
    Case("prod", ops.prod, (ZERO,), {"axis": ALL, "keepdims": False}, reference=_reduced(np.prod), label="all-zeros"),
    Case(
        "unbroadcast", ops.unbroadcast, (B,), {"shape": (B.shape[1], 1)},
        reference=lambda x, shape: x.sum(axis=(0, 2)).reshape(shape), analytic=True,
    ),
    Case("any", ops.any, (ZERO,), {"axis": (1,), "keepdims": False}, reference=_reduced(np.any), orders=0),
    Case("all", ops.all, (ZERO,), {"axis": (1,), "keepdims": True}, reference=_reduced(np.all), orders=0),
    Case(
        "count_nonzero", ops.count_nonzero, (ZERO,), {"axis": (1,), "keepdims": False},
        reference=_reduced(np.count_nonzero), orders=0,
    ),
    Case("argmax", ops.argmax, (B,), {"axis": 1, "keepdims": False}, reference=_one_axis(np.argmax), orders=0),
    Case("argmin", ops.argmin, (B,), {"axis": None, "keepdims": False}, reference=_one_axis(np.argmin), orders=0),
]  # fmt: skip

"""Rows for ``autograd.ops.arithmetic``."""

from __future__ import annotations

import numpy as np

from autograd.ops import arithmetic as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
STEPS = np.array([[0.55, -1.3, 2.1], [1.7, 0.8, -0.45]])  # between the steps of rounding
B = np.array([1.5, -0.75, 2.5])
P = np.array([[0.5, 1.25, 2.0], [1.5, 0.75, 3.0]])
C = np.array([[0.5 + 1.0j, -1.25 - 0.5j, 2.0 + 0.25j], [1.5 - 0.75j, 0.75 + 0.5j, -0.5 + 2.0j]])
D = np.array([1.5 + 0.5j, -0.75 + 1.0j, 2.5 - 0.5j])
WHOLE = np.array([[2, -3, 5], [1, 4, -7]])
TRUTH = np.array([[True, False, True], [False, False, True]])
COMPLEX = ("complex128", "complex64")

ROWS = [
    Case("add", ops.add, (A, B), reference=np.add, analytic=True),
    Case("add", ops.add, (C, D), reference=np.add, dtypes=COMPLEX, label="complex"),
    Case("add", ops.add, (A, 1.5), reference=np.add, analytic=True, label="number"),
    Case("subtract", ops.subtract, (A, B), reference=np.subtract, analytic=True),
    Case("subtract", ops.subtract, (2, A), reference=np.subtract, analytic=True, label="number"),
    Case("multiply", ops.multiply, (A, B), reference=np.multiply, analytic=True),
    Case("multiply", ops.multiply, (A, A[:, :1]), reference=np.multiply, analytic=True, label="broadcast"),
    Case("multiply", ops.multiply, (C, D), reference=np.multiply, dtypes=COMPLEX, label="complex"),
    Case("divide", ops.divide, (A, B), reference=np.divide, analytic=True),
    Case("divide", ops.divide, (1, A), reference=np.divide, analytic=True, label="number"),
    Case("divide", ops.divide, (C, D), reference=np.divide, dtypes=COMPLEX, label="complex"),
    Case("floor_divide", ops.floor_divide, (STEPS, B), reference=np.floor_divide),
    Case("remainder", ops.remainder, (STEPS, B), reference=np.remainder),
    Case("negative", ops.negative, (A,), reference=np.negative, analytic=True),
    Case("positive", ops.positive, (A,), reference=np.positive, analytic=True),
    Case("reciprocal", ops.reciprocal, (A,), reference=np.reciprocal, analytic=True),
    Case("reciprocal", ops.reciprocal, (C,), reference=np.reciprocal, dtypes=COMPLEX, label="complex"),
    Case("square", ops.square, (A,), reference=np.square, analytic=True),
    Case("exp", ops.exp, (A,), reference=np.exp, analytic=True),
    Case("exp", ops.exp, (C,), reference=np.exp, dtypes=COMPLEX, label="complex"),
    Case("log", ops.log, (P,), reference=np.log, analytic=True),
    Case("log", ops.log, (C,), reference=np.log, dtypes=COMPLEX, label="complex"),
    Case("tanh", ops.tanh, (A,), reference=np.tanh, analytic=True),
    Case("tanh", ops.tanh, (C,), reference=np.tanh, dtypes=COMPLEX, label="complex"),
    Case("sqrt", ops.sqrt, (P,), reference=np.sqrt, analytic=True),
    Case("sqrt", ops.sqrt, (C,), reference=np.sqrt, dtypes=COMPLEX, label="complex"),
    Case("power", ops.power, (P, B), reference=np.power, analytic=True),
    Case("power", ops.power, (A, 2), reference=np.power, analytic=True, label="square"),
    Case("power", ops.power, (A, 3), reference=np.power, analytic=True, label="cube"),
    Case("power", ops.power, (P, -0.5), reference=np.power, analytic=True, label="root"),
    Case("power", ops.power, (2.5, A), reference=np.power, analytic=True, label="number"),
    Case("power", ops.power, (C, D), reference=np.power, dtypes=COMPLEX, label="complex"),
    Case("where", ops.where, (TRUTH, A, B), reference=np.where, analytic=True),
    Case("absolute", ops.absolute, (A,), reference=np.absolute),
    Case("absolute", ops.absolute, (C,), reference=np.absolute, dtypes=COMPLEX, label="complex"),
    Case("sign", ops.sign, (A,), reference=np.sign),
    Case("sign", ops.sign, (C,), reference=np.sign, dtypes=COMPLEX, label="complex"),
    Case("conj", ops.conj, (A,), reference=np.conj),
    Case("conj", ops.conj, (C,), reference=np.conj, dtypes=COMPLEX, label="complex"),
    Case("real", ops.real, (C,), reference=np.real, dtypes=COMPLEX, label="complex"),
    Case("imag", ops.imag, (C,), reference=np.imag, dtypes=COMPLEX, label="complex"),
    Case("less", ops.less, (A, B), reference=np.less, orders=0),
    Case("less_equal", ops.less_equal, (A, B), reference=np.less_equal, orders=0),
    Case("greater", ops.greater, (A, B), reference=np.greater, orders=0),
    Case("greater_equal", ops.greater_equal, (A, 0), reference=np.greater_equal, orders=0),
    Case("equal", ops.equal, (A, 2.0), reference=np.equal, orders=0),
    Case("not_equal", ops.not_equal, (A, 2.0), reference=np.not_equal, orders=0),
    Case("logical_and", ops.logical_and, (TRUTH, A), reference=np.logical_and, orders=0),
    Case("logical_or", ops.logical_or, (TRUTH, A), reference=np.logical_or, orders=0),
    Case("astype", ops.astype, (WHOLE,), {"dtype": "float64"}, orders=0, label="whole", note="int64 to float64"),
    Case("astype", ops.astype, (A,), {"dtype": "float64"}, dtypes=("float64",), note="the dtype is the point"),
    Case("copy", ops.copy, (A,), reference=np.copy, analytic=True),
]

"""Rows for ``autograd.ops.arithmetic``."""

from __future__ import annotations

import numpy as np

from autograd.ops import arithmetic as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
B = np.array([1.5, -0.75, 2.5])
P = np.array([[0.5, 1.25, 2.0], [1.5, 0.75, 3.0]])

ROWS = [
    Case("add", ops.add, (A, B), reference=np.add, analytic=True),
    Case("subtract", ops.subtract, (A, B), reference=np.subtract, analytic=True),
    Case("multiply", ops.multiply, (A, B), reference=np.multiply, analytic=True),
    Case("divide", ops.divide, (A, B), reference=np.divide, analytic=True),
    Case("negative", ops.negative, (A,), reference=np.negative, analytic=True),
    Case("exp", ops.exp, (A,), reference=np.exp, analytic=True),
    Case("log", ops.log, (P,), reference=np.log, analytic=True),
    Case("tanh", ops.tanh, (A,), reference=np.tanh, analytic=True),
    Case("sqrt", ops.sqrt, (P,), reference=np.sqrt, analytic=True),
    Case("power", ops.power, (P, B), reference=np.power, analytic=True),
    Case("less", ops.less, (A, B), reference=np.less, orders=0),
]

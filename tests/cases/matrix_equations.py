"""Rows for ``autograd.ops.matrix_equations``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from autograd.ops import matrix_equations as ops
from tests.cases.base import Case

rng = np.random.default_rng(7)
A = rng.standard_normal((4, 4)) / 4 + np.diag([2.0, 3.0, 1.5, 2.5])
B = rng.standard_normal((3, 3)) / 4 + np.diag([1.0, 2.0, 1.5])
Q = rng.standard_normal((4, 3))
C = A + 1j * rng.standard_normal((4, 4)) / 4
BANDS = rng.standard_normal((4, 5)) / 4
BANDS[1] += 3.0
V = rng.standard_normal(5)
M = rng.standard_normal((5, 2))
REAL = ("float64", "float32")
COMPLEX = ("complex128", "complex64")


def _triangular(a: Any, b: Any, lower: bool, unit: bool) -> Any:
    return scipy.linalg.solve_triangular(a, b, lower=lower, unit_diagonal=unit)


def _banded(ab: Any, b: Any, below: int, above: int) -> Any:
    return scipy.linalg.solve_banded((below, above), ab, b)


ROWS = [
    Case("solve_triangular", ops.solve_triangular, (A, Q), {"lower": True, "unit": False}, _triangular, dtypes=REAL),
    Case("solve_triangular", ops.solve_triangular, (A, Q[:, 0]), {"lower": False, "unit": True}, _triangular,
         dtypes=REAL, label="unit, vector"),
    Case("solve_triangular", ops.solve_triangular, (C, C[:, :2]), {"lower": False, "unit": False}, _triangular,
         dtypes=COMPLEX, analytic=True, label="complex"),
    Case("solve_banded", ops.solve_banded, (BANDS, V), {"below": 2, "above": 1}, _banded, dtypes=REAL),
    Case("solve_banded", ops.solve_banded, (BANDS, M), {"below": 2, "above": 1}, _banded, dtypes=REAL, label="several"),
    Case("solve_banded", ops.solve_banded, (BANDS[:3] + 0.1j, V + 1j), {"below": 1, "above": 1}, _banded,
         dtypes=COMPLEX, label="complex"),
    Case("solve_sylvester", ops.solve_sylvester, (A, B, Q), reference=scipy.linalg.solve_sylvester, dtypes=REAL),
    Case("solve_sylvester", ops.solve_sylvester, (C, C[:3, :3], C[:, :3]), reference=scipy.linalg.solve_sylvester,
         dtypes=COMPLEX, label="complex"),
    Case("sqrtm", ops.sqrtm, (A,), reference=scipy.linalg.sqrtm, dtypes=REAL),
    Case("sqrtm", ops.sqrtm, (C,), reference=scipy.linalg.sqrtm, dtypes=COMPLEX, label="complex"),
]  # fmt: skip

"""Stands for CuPy's solvers of linear equations, of which we use one: see ``tests/simulated_gpu.py``."""

from typing import Any

import scipy.linalg

from tests.strict_array import StrictArray


def solve_triangular(
    a: Any,
    b: Any,
    trans: int = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = False,
) -> Any:
    return StrictArray(
        scipy.linalg.solve_triangular(a._a, b._a, trans, lower, unit_diagonal, check_finite=check_finite)
    )

"""Rows for ``autograd.ops.elementwise``. Points keep away from kinks and steps; those have tests of their own."""

from __future__ import annotations

import numpy as np
import scipy.special

from autograd.ops import elementwise as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.6, 0.75, -0.4]])
STEPS = np.array([[0.55, -1.3, 2.1], [1.7, 0.8, -0.45]])  # between the steps of rounding
B = np.array([1.5, -0.75, 2.5])
P = np.array([[0.5, 1.25, 2.0], [1.5, 0.75, 3.0]])
U = np.array([[0.5, -0.25, 0.125], [-0.75, 0.875, -0.375]])
C = np.array([[0.5 + 1.0j, -1.25 - 0.5j, 2.0 + 0.25j], [1.5 - 0.75j, 0.75 + 0.5j, -0.5 + 2.0j]])
WHOLE = np.array([[2, -3, 5], [1, 4, -7]])
SHIFT = np.array([[1, 0, 3], [2, 1, 0]])
TRUTH = np.array([[True, False, True], [False, False, True]])
SPECIAL = np.array([[np.nan, 1.5, np.inf], [-np.inf, -0.75, 2.0]])
COMPLEX = ("complex128", "complex64")


def _unary(name: str, x: np.ndarray = A, analytic: bool = True, **options: object) -> Case:
    return Case(name, getattr(ops, name), (x,), reference=getattr(np, name), analytic=analytic, **options)


ROWS = [
    _unary("exp2"), _unary("expm1"), _unary("log2", P), _unary("log10", P), _unary("log1p", U),
    *[_unary(name, C, False, dtypes=COMPLEX, label="complex") for name in ("exp2", "expm1", "log2", "log10", "log1p")],
    Case("sigmoid", ops.sigmoid, (A,), reference=scipy.special.expit),
    Case("sigmoid", ops.sigmoid, (C,), reference=lambda x: 1 / (1 + np.exp(-x)), dtypes=COMPLEX, label="complex"),
    Case("logaddexp", ops.logaddexp, (A, B), reference=np.logaddexp),
    Case("logaddexp2", ops.logaddexp2, (A, B), reference=np.logaddexp2),
    _unary("sin"), _unary("cos"), _unary("tan", U), _unary("arcsin", U), _unary("arccos", U), _unary("arctan"),
    _unary("sinh"), _unary("cosh"), _unary("arcsinh"), _unary("arccosh", P + 1), _unary("arctanh", U),
    *[
        _unary(name, C, False, dtypes=COMPLEX, label="complex")
        for name in (
            "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh", "arctanh",
        )
    ],
    Case("hypot", ops.hypot, (A, B), reference=np.hypot),
    Case("arctan2", ops.arctan2, (A, B), reference=np.arctan2),
    _unary("deg2rad", analytic=False), _unary("rad2deg", analytic=False),
    _unary("sinc"),
    _unary("sinc", np.array([0.0, 0.01, -0.1, 0.23, 0.25, -1.0]), False, label="near 0"),
    _unary("cbrt", analytic=False),
    _unary("fabs", analytic=False),
    Case("angle", ops.angle, (C,), reference=np.angle, dtypes=COMPLEX, label="complex"),
    _unary("angle", analytic=False),
    Case("frexp", ops.frexp, (STEPS,), reference=np.frexp),
    Case("ldexp", ops.ldexp, (A, SHIFT), reference=np.ldexp, argnums=(0,)),
    _unary("trunc", STEPS, False), _unary("floor", STEPS, False), _unary("ceil", STEPS, False),
    _unary("rint", STEPS, False),
    Case("spacing", ops.spacing, (A,), reference=np.spacing, orders=0, note="steps with the exponent"),
    Case("round", ops.round, (STEPS + 0.003,), {"decimals": 1}, reference=np.round),
    Case("fmod", ops.fmod, (STEPS, B), reference=np.fmod),
    Case("copysign", ops.copysign, (A, B), reference=np.copysign),
    Case("nextafter", ops.nextafter, (A, B), reference=np.nextafter, orders=0, note="differs from x by one ulp"),
    Case("heaviside", ops.heaviside, (A, B), reference=np.heaviside),
    Case("maximum", ops.maximum, (A, B), reference=np.maximum),
    Case("maximum", ops.maximum, (A, 0), reference=np.maximum, label="number"),
    Case("minimum", ops.minimum, (A, B), reference=np.minimum),
    Case("fmax", ops.fmax, (A, B), reference=np.fmax),
    Case("fmin", ops.fmin, (A, B), reference=np.fmin),
    Case("clip", ops.clip, (A, -0.5, 1.25), reference=np.clip),
    Case("clip", ops.clip, (A, None, 1.25), reference=np.clip, label="above"),
    Case("clip", ops.clip, (A, B - 2, B), reference=np.clip, label="arrays"),
    Case(
        "nan_to_num", ops.nan_to_num, (A,), {"nan": 0.5, "posinf": 3.0, "neginf": -3.0}, reference=np.nan_to_num
    ),
    Case(
        "nan_to_num", ops.nan_to_num, (SPECIAL,), {"nan": 0.5, "posinf": 3.0, "neginf": -3.0},
        reference=np.nan_to_num, orders=0, label="values",
    ),
    *[Case(n, getattr(ops, n), (SPECIAL,), reference=getattr(np, n), orders=0) for n in ("isnan", "isinf", "isfinite")],
    Case("signbit", ops.signbit, (A,), reference=np.signbit, orders=0),
    Case("logical_not", ops.logical_not, (TRUTH,), reference=np.logical_not, orders=0),
    Case("logical_xor", ops.logical_xor, (TRUTH, A), reference=np.logical_xor, orders=0),
    Case("bitwise_and", ops.bitwise_and, (WHOLE, 6), reference=np.bitwise_and, orders=0),
    Case("bitwise_or", ops.bitwise_or, (WHOLE, SHIFT), reference=np.bitwise_or, orders=0),
    Case("bitwise_xor", ops.bitwise_xor, (TRUTH, ~TRUTH[:1]), reference=np.bitwise_xor, orders=0),
    Case("bitwise_invert", ops.bitwise_invert, (WHOLE,), reference=np.invert, orders=0),
    Case("bitwise_left_shift", ops.bitwise_left_shift, (WHOLE, SHIFT), reference=np.left_shift, orders=0),
    Case("bitwise_right_shift", ops.bitwise_right_shift, (WHOLE, SHIFT), reference=np.right_shift, orders=0),
    Case(
        "isclose", ops.isclose, (A, A + 1e-3), {"rtol": 1e-3, "atol": 1e-8, "equal_nan": False},
        reference=np.isclose, orders=0, dtypes=("float64", "float32"),
    ),
    Case("bitwise_count", ops.bitwise_count, (WHOLE,), reference=np.bitwise_count, orders=0),
    Case("gcd", ops.gcd, (WHOLE, 6), reference=np.gcd, orders=0),
    Case("lcm", ops.lcm, (WHOLE, 6), reference=np.lcm, orders=0),
]  # fmt: skip

"""Rows for ``autograd.ops.bessel``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from autograd.ops import bessel as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.4]])
P = np.array([[0.5, 1.25, 2.0], [1.75, 0.75, 3.0]])
V = np.array([0.5, 2.0, 3.25])
NOTE = "CuPy has no Bessel functions of any order"


def _case(name: str, v: Any, x: Any, **options: Any) -> Case:
    return Case(
        name, getattr(ops, name), (v, x), reference=getattr(scipy.special, name), argnums=(1,), only=("numpy",),
        note=NOTE, lacks="vjp, jvp: of the order, no closed form", **options,
    )  # fmt: skip


ROWS = [
    *[_case(name, V, P) for name in ("jv", "yv", "iv", "ive", "kv", "kve")],
    *[_case(name, 2, A, label="whole") for name in ("jv", "iv", "ive")],
    Case("gammasgn", ops.gammasgn, (A,), reference=scipy.special.gammasgn, orders=0),
]

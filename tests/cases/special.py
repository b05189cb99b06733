"""Rows for ``autograd.ops.special``."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from autograd.ops import special as ops
from tests.cases.base import Case

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.4]])
P = np.array([[0.5, 1.25, 2.0], [1.75, 0.75, 3.0]])
Q = np.array([1.5, 0.75, 2.5])
U = np.array([[0.5, -0.25, 0.125], [-0.75, 0.875, -0.375]])
V = np.array([[0.5, 0.25, 0.125], [0.75, 0.875, 0.375]])
SMALL = np.array([0.01, -0.25, 0.5, 0.75])


def _case(name: str, *args: Any, **options: Any) -> Case:
    return Case(name, getattr(ops, name), args, reference=getattr(scipy.special, name), **options)


ROWS = [
    _case("erf", A), _case("erfc", A), _case("erfcx", U), _case("erfinv", U), _case("erfcinv", V * 1.5),
    _case("ndtr", A), _case("ndtri", V), _case("log_ndtr", A),
    _case("gammaln", P), _case("digamma", P), _case("gamma", P), _case("rgamma", P),
    _case("gamma", U, label="negative"),
    _case("polygamma", 1, P), _case("polygamma", 2, P, label="second"),
    _case("beta", P, Q), _case("betaln", P, Q), _case("betaln", P, 2.5, label="number"),
    _case("gammainc", P, Q, argnums=(1,), lacks="vjp, jvp: of a, no closed form"),
    _case("gammaincc", P, Q, argnums=(1,), lacks="vjp, jvp: of a, no closed form"),
    _case("betainc", P, Q, V, argnums=(2,), lacks="vjp, jvp: of a and b, no closed form"),
    *[_case(name, A) for name in ("i0", "i1", "i0e", "i1e", "j0", "j1")],
    *[_case(name, SMALL, label="near 0") for name in ("i1", "i1e", "j1")],
    _case("y0", P), _case("y1", P),
    _case("xlogy", A, P), _case("xlog1py", A, U), _case("entr", P), _case("rel_entr", P, Q),
    _case("logit", V),
]  # fmt: skip

"""Rows for ``autograd.ops.linalg``'s products and ``autograd.ops.einsum``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import einsum, linalg
from tests.cases.base import Case

COMPLEX = ("complex128", "complex64")
RNG = np.random.default_rng(5)


def numbers(*shape: int) -> np.ndarray:
    return np.asarray(np.round(RNG.uniform(-2, 2, shape) * 16) / 16)


def both(*shape: int) -> np.ndarray:
    return np.asarray(numbers(*shape) + 1j * numbers(*shape))


PAIRS = [
    ((2, 3), (3, 4)),
    ((2, 3), (3, 1)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((3,), (3,)),
    ((2, 2, 3), (3, 4)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 4)),
    ((2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 2, 0), (0, 3)),
]
CONTRACTIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 3, 2), (2, 2, 3)),
    ("ibj,kjb->kbi", (2, 3, 2), (3, 2, 3)),
    ("i,j->ji", (2,), (3,)),
    ("ib,bi->bi", (2, 3), (3, 2)),
    ("ijk,jki->", (2, 3, 2), (3, 2, 2)),
    ("abcd,bd->ca", (2, 3, 2, 2), (3, 2)),
    (",i->i", (), (3,)),
    ("i,->i", (3,), ()),
    (",->", (), ()),
]


def _matmul(make: Any, pairs: Any, **properties: Any) -> list[Case]:
    return [
        Case("matmul", linalg.matmul, (make(*a), make(*b)), reference=np.matmul, label=f"{a} {b}", **properties)
        for a, b in pairs
    ]


def _contract(make: Any, rows: Any, **properties: Any) -> list[Case]:
    def reference(a: Any, b: Any, *, subscripts: str) -> Any:
        return np.einsum(subscripts, a, b)

    return [
        Case("contract", einsum.contract, (make(*a), make(*b)), {"subscripts": s}, reference, label=s, **properties)
        for s, a, b in rows
    ]


ROWS = [
    *_matmul(numbers, PAIRS, analytic=True),
    *_matmul(both, PAIRS[:6], dtypes=COMPLEX),
    Case(
        "matmul",
        linalg.matmul,
        (numbers(2, 3), both(3, 2)),
        reference=np.matmul,
        dtypes=("float64", "float32"),
        label="real, complex",
    ),
    *_contract(numbers, CONTRACTIONS, analytic=True),
    *_contract(both, CONTRACTIONS[:4], dtypes=COMPLEX),
    Case("cross", linalg.cross, (numbers(2, 3), numbers(3)), reference=np.cross, analytic=True),
    Case("cross", linalg.cross, (both(3), both(3)), reference=np.cross, dtypes=COMPLEX, label="complex"),
]

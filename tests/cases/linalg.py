"""Rows for matrices: ``autograd.ops.{linalg,least_squares,determinant,decompose,eigen}``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops import decompose, determinant, eigen, least_squares, linalg
from autograd.ops.arithmetic import absolute, tanh
from autograd.ops.elementwise import sin
from autograd.ops.linalg import adjoint
from tests.cases.base import Case
from tests.cases.products import both, numbers

REAL = ("float64", "float32")
COMPLEX = ("complex128", "complex64")
MAKES = ((numbers, REAL, "real"), (both, COMPLEX, "complex"))


def invertible(make: Any, *batch: int, n: int = 3) -> np.ndarray:
    return make(*batch, n, n) + 4 * np.eye(n)


def definite(make: Any, *batch: int, n: int = 3) -> np.ndarray:
    a = make(*batch, n, n)
    return a @ a.conj().swapaxes(-1, -2) + 2 * np.eye(n)


def spread(make: Any, m: int, n: int) -> np.ndarray:
    """A matrix whose singular values lie well apart."""
    k = min(m, n)
    q, _ = np.linalg.qr(make(m, m))
    r, _ = np.linalg.qr(make(n, n))
    return (q[:, :k] * np.linspace(1, 1 + k, k)) @ r[:k]


def separate(make: Any, n: int = 3) -> np.ndarray:
    """A matrix whose eigenvalues lie well apart."""
    return np.diag(np.arange(1.0, 3 * n, 3)) + make(n, n) / 8


def _cholesky(a: Any) -> Any:
    return decompose.cholesky(decompose.hermitian_part(a))


def _eigh(a: Any, **options: Any) -> Any:
    w, v = eigen.eigh(a, **options)
    return w, absolute(v), (v * tanh(w)[..., None, :]) @ adjoint(v)


def _eig(a: Any) -> Any:
    w, v = eigen.eig(a)
    return sin(w), absolute(v), (v * sin(w)[..., None, :]) @ linalg.inv(v)


def _svd(a: Any, **options: Any) -> Any:
    u, s, vh = decompose.svd(a, **options)
    k = s.shape[-1]
    u2, v2 = u[..., k:], vh[..., k:, :]
    first = (u[..., :k] * tanh(s)[..., None, :]) @ vh[..., :k, :]
    return s, first, absolute(u[..., :k]), absolute(vh[..., :k, :]), u2 @ adjoint(u2), adjoint(v2) @ v2


def _qr(a: Any, **options: Any) -> Any:
    # LAPACK and cuSOLVER choose the signs alike.
    q, r = decompose.qr(a, **options)
    q2 = q[..., min(a.shape[-2:]) :]
    return q[..., : min(a.shape[-2:])], r, q2 @ adjoint(q2)


def _rows(make: Any, dtypes: tuple[str, ...], kind: str) -> list[Case]:
    def row(primitive: str, function: Any, *args: Any, label: str = "", reference: Any = None, **options: Any) -> Case:
        label = f"{kind} {label}".rstrip()
        return Case(primitive, function, args, options, reference, dtypes=dtypes, label=label)

    a, stack = invertible(make), invertible(make, 2)
    return [
        row("inv", linalg.inv, stack, reference=np.linalg.inv),
        row("solve", linalg.solve, stack, make(2, 3, 2), reference=np.linalg.solve, label="matrices"),
        row("solve", linalg.solve, a, make(3), reference=np.linalg.solve, label="vector"),
        row("solve", linalg.solve, stack, make(3), reference=np.linalg.solve, label="vector, stack"),
        row("solve", linalg.solve, a, make(2, 3, 2), reference=np.linalg.solve, label="broadcast"),
        *[
            row("pinv", least_squares.pinv, spread(make, *shape), rcond=1e-5, reference=_pinv, label=str(shape))
            for shape in ((4, 2), (2, 3), (3, 3))
        ],
        *[
            row(
                "lstsq",
                lambda a, b: least_squares.lstsq(a, b, rcond=1e-5),
                spread(make, *a),
                make(*b),
                label=f"{a} {b}",
            )
            for a, b in (((4, 2), (4, 2)), ((4, 2), (4,)), ((2, 3), (2,)))
        ],
        *[
            row("det", determinant.det, invertible(make, 2, n=n), reference=np.linalg.det, label=str(n))
            for n in (1, 2, 3, 4)
        ],
        row(
            "det",
            determinant.det,
            spread(make, 4, 3) @ spread(make, 3, 4) / 8,
            reference=np.linalg.det,
            label="singular",
        ),
        *[
            row("cofactors", determinant.cofactors, invertible(make, n=n) / 2, reference=_cofactors, label=str(n))
            for n in (1, 2, 3, 4)
        ],
        row("cofactor_change", determinant.cofactor_change, invertible(make, 2) / 2, make(2, 3, 3)),
        row("cofactor_change", determinant.cofactor_change, invertible(make, n=1), make(1, 1), label="1"),
        row("slogdet", determinant.slogdet, stack, reference=lambda a: tuple(np.linalg.slogdet(a))),
        row("cholesky", _cholesky, definite(make, 2), reference=np.linalg.cholesky),
        row("half_tril", decompose.half_tril, stack),
        *[row("qr", _qr, spread(make, *shape), mode="reduced", label=str(shape)) for shape in ((4, 2), (3, 3), (2, 4))],
        row("qr", _qr, spread(make, 4, 2), mode="complete", label="complete"),
        *[
            row("svd", _svd, spread(make, *shape), full_matrices=False, label=str(shape))
            for shape in ((4, 2), (3, 3), (2, 4))
        ],
        *[
            row("svd", _svd, spread(make, *shape), full_matrices=True, label=f"full {shape}")
            for shape in ((4, 2), (2, 4))
        ],
        row("svdvals", decompose.svdvals, spread(make, 3, 2), reference=lambda a: np.linalg.svd(a, compute_uv=False)),
        *[row("eigh", _eigh, separate(make), uplo=uplo, label=uplo) for uplo in "LU"],
        *[row("eigvalsh", eigen.eigvalsh, separate(make), uplo=uplo, reference=_eigvalsh, label=uplo) for uplo in "LU"],
        row("eig", _eig, separate(make)),
        row("norm2", linalg.norm2, make(2, 3), axis=(1,), keepdims=False, reference=_norm(2), label="rows"),
        row("norm2", linalg.norm2, make(2, 3), axis=(0, 1), keepdims=True, reference=_norm("fro"), label="all"),
        *[
            row(
                "norm_p",
                linalg.norm_p,
                make(2, 3) + 0.03,
                p=p,
                axis=(1,),
                keepdims=keep,
                reference=_norm(p),
                label=str(p),
            )
            for p, keep in ((1, False), (3.0, True), (0.5, False), (-1.0, False))
        ],
    ]


def _pinv(a: np.ndarray, *, rcond: float) -> np.ndarray:
    return np.linalg.pinv(a, rcond)


def _eigvalsh(a: np.ndarray, *, uplo: str) -> np.ndarray:
    return np.linalg.eigvalsh(a, uplo)


def _cofactors(a: np.ndarray) -> np.ndarray:
    return np.linalg.det(a) * np.linalg.inv(a).T


def _norm(p: Any) -> Any:
    def reference(x: Any, *, axis: Any, keepdims: bool, p: Any = p) -> Any:
        return np.linalg.norm(x, p, axis if len(axis) > 1 else axis[0], keepdims)

    return reference


ROWS = [
    *[case for make, dtypes, kind in MAKES for case in _rows(make, dtypes, kind)],
    Case(
        "eig",
        _eig,
        (np.array([[1.0, 2.0, 0.5], [-2.0, 1.0, 0.0], [0.25, 0.5, 3.0]]),),
        dtypes=REAL,
        label="real, complex eigenvalues",
    ),
    *[
        Case(
            "norm2",
            linalg.norm2,
            (numbers(2, 3),),
            {"axis": (1,), "keepdims": False},
            _norm(2),
            dtypes=("float16",),
            label="float16",
        ),
        Case(
            "norm_p",
            linalg.norm_p,
            (numbers(2, 3) + 0.03,),
            {"p": 3.0, "axis": (1,), "keepdims": False},
            _norm(3),
            dtypes=("float16",),
            label="float16",
        ),
    ],
]

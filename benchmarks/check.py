"""Whether libraries computed the same: digests of results that fit through a pipe, and their comparison."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

KEPT = 512

Digest = dict[str, Any]


def digest(array: np.ndarray) -> Digest:
    """Shape, dtype, norm and evenly spread elements of an array: enough to tell two results apart.

    >>> digest(np.array([3.0, 4.0]))
    {'shape': [2], 'dtype': 'float64', 'norm': 5.0, 'kept': [3.0, 4.0]}
    """
    flat = np.asarray(array).astype(np.float64).ravel()
    # An even stride would meet the same columns of a matrix again and again.
    kept = flat if flat.size <= KEPT else flat[np.linspace(0, flat.size - 1, KEPT).astype(int)]
    return {
        "shape": list(np.shape(array)),
        "dtype": str(np.asarray(array).dtype),
        "norm": float(np.linalg.norm(flat)),
        "kept": kept.tolist(),
    }


def source() -> str:
    """:func:`digest` as a program of its own, for processes that can't import this package; it needs ``np``."""
    return f"KEPT = {KEPT}\nDigest = dict\n{inspect.getsource(digest)}"


def difference(expected: list[Digest], got: list[Digest], rtol: float, dtype: str | None = None) -> str | None:
    """What sets two results apart, in words; None where they agree.

    Args:
        rtol: the largest difference, relative to the largest element of each array.
        dtype: what ``got`` is in, where it need not be as ``expected``.

    >>> one, other = [digest(np.float64(1.0))], [digest(np.float64(1.1))]
    >>> difference(one, one, 1e-6), difference(one, other, 1e-6)
    (None, 'result 1 differs by 9.1e-02 of its largest element (allowed: 1e-06)')
    """
    if len(expected) != len(got):
        return f"{len(got)} results instead of {len(expected)}"
    for place, (a, b) in enumerate(zip(expected, got), 1):
        if a["shape"] != b["shape"]:
            return f"result {place} has the shape {tuple(b['shape'])} instead of {tuple(a['shape'])}"
        if b["dtype"] != (dtype or a["dtype"]):
            return f"result {place} is {b['dtype']} instead of {dtype or a['dtype']}"
        x, y = np.array([*a["kept"], a["norm"]]), np.array([*b["kept"], b["norm"]])
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return f"result {place} is not finite"
        error = abs(x[:-1] - y[:-1]).max(initial=0) / max(abs(x[:-1]).max(initial=0), abs(y[:-1]).max(initial=0), 1e-30)
        error = max(error, abs(x[-1] - y[-1]) / max(x[-1], y[-1], 1e-30))
        if error > rtol:
            return f"result {place} differs by {error:.1e} of its largest element (allowed: {rtol:.0e})"
    return None

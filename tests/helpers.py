"""Small functions shared by the tests."""

from __future__ import annotations

from typing import Any

import numpy as np

import backends

try:
    import ml_dtypes
except ImportError:
    _BFLOAT16: list[np.dtype[Any]] = []
else:
    _BFLOAT16 = [np.dtype(ml_dtypes.bfloat16)]
# The floating types that a backend stores; bfloat16 where ml_dtypes is installed.
FLOATS = [np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64), *_BFLOAT16]


def to_numpy(x: Any) -> Any:
    """A Tensor, an array of any backend, or a nest of lists, tuples and dicts of them, as NumPy arrays."""
    if isinstance(x, dict):
        return {key: to_numpy(value) for key, value in x.items()}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(to_numpy, x))
    if isinstance(x, (list, tuple)):
        return type(x)(map(to_numpy, x))
    data = x.data if hasattr(x, "requires_grad") else x
    try:
        return backends.of(data).to_numpy(data)
    except TypeError:
        return x

"""Small functions shared by the tests."""

from __future__ import annotations

from typing import Any

import backends


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

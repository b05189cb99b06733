"""What layers and losses are given, made to fit and looked at. Imports ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd import Tensor, tensor
from autograd.numpy.common import backend_of, raw


def like(x: Any, other: Any) -> Any:
    """``x`` as an array or Tensor in the dtype of ``other``, on its backend where ``x`` is a list or a number."""
    if not hasattr(x, "dtype"):
        return backend_of(other).asarray(x, dtype=other.dtype)
    return x if x.dtype == other.dtype else np.astype(x, other.dtype)


def integers(name: str, labels: Any, other: Any) -> Any:
    """Labels as an integer array of ``other``'s backend.

    Raises:
        TypeError: they are floats.
    """
    if not hasattr(labels, "dtype"):
        labels = backend_of(other).asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected integer labels; got {labels.dtype}. Cast them with .astype('int64'), or pass "
            "probabilities of the prediction's shape where the loss takes them."
        )
    return labels


def check_range(name: str, what: str, values: Any, count: int, fix: str) -> None:
    """Raise IndexError for integers outside 0 … count - 1, where looking does not wait for a device."""
    values = raw(values)
    if backend_of(values).device_type == "cpu" and values.size:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high >= count:
            raise IndexError(f"{name}: expected {what} from 0 to {count - 1}; got {low if low < 0 else high}. {fix}")


def constant(data: Any) -> Any:
    """Weights as a Tensor that is not trained; float32 where they are numbers. None stays None."""
    if data is None or isinstance(data, Tensor):
        return data
    return tensor(data, dtype=None if hasattr(data, "dtype") else "float32")

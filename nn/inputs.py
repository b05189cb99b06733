"""What layers and losses are given, made to fit and looked at. Imports ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd import Tensor, tensor
from autograd.numpy.common import backend_of, check_range, integers

__all__ = ["check_range", "constant", "integers", "like"]


def like(x: Any, other: Any) -> Any:
    """``x`` as an array or Tensor in the dtype of ``other``, on its backend where ``x`` is a list or a number."""
    if not hasattr(x, "dtype"):
        return backend_of(other).asarray(x, dtype=other.dtype)
    return x if x.dtype == other.dtype else np.astype(x, other.dtype)


def constant(data: Any) -> Any:
    """Weights as a Tensor that is not trained; float32 where they are numbers. None stays None."""
    if data is None or isinstance(data, Tensor):
        return data
    return tensor(data, dtype=None if hasattr(data, "dtype") else "float32")

"""PyTorch's place for clipping gradients, and parameters as one vector. Imports ``nn.optim`` and ``autograd``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd.numpy as np
from autograd import Tensor, no_grad
from nn.optim.clip import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Any:
    """All parameters side by side, as one Tensor through which gradients flow.

    >>> import nn
    >>> parameters_to_vector(nn.Linear(3, 2).parameters()).shape
    (8,)
    """
    return np.concatenate([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Write what ``parameters_to_vector`` gave back into the parameters.

    Raises:
        ValueError: it is longer or shorter than all of them.
    """
    listed = list(parameters)
    total = sum([p.size for p in listed])
    if tuple(vec.shape) != (total,):
        raise ValueError(
            f"vector_to_parameters: expected a vector of {total}; got shape {tuple(vec.shape)}. Cut or pad it."
        )
    start = 0
    with no_grad():
        for p in listed:
            p[...] = vec[start : start + p.size].reshape(p.shape)
            start += p.size

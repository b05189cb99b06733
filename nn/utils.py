"""What PyTorch and Keras keep in ``utils``: clipping, parameters as a vector, labels as rows. Imports ``optim``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd.numpy as np
from autograd import Tensor, no_grad
from nn.checks import whole
from nn.inputs import check_range
from nn.nest import as_array
from nn.optim.clip import clip_grad_norm_, clip_grad_value_
from nn.random import set_random_seed

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "parameters_to_vector",
    "set_random_seed",
    "to_categorical",
    "vector_to_parameters",
]


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Labels 0, 1, … as rows of float32 with a 1 at the label: (…) to (…, classes). Keras's.

    Raises:
        IndexError: a label is negative, or not below ``num_classes``.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = as_array(x, "to_categorical")
    if labels.shape[-1:] == (1,) and len(labels.shape) > 1:
        labels = labels.reshape(labels.shape[:-1])
    labels = labels.astype("int64")
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    whole("to_categorical", "num_classes", num_classes)
    check_range("to_categorical", "labels", labels, num_classes, "Correct them, or give more classes.")
    return np.eye(num_classes, dtype="float32")[labels]


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

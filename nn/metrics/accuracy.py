"""Accuracies: the share of samples whose label was predicted. Imports ``metrics.base``.

The functions take arrays of labels and predictions and give one truth value per element or sample.
"""

from __future__ import annotations

from typing import Any

import backends
from nn.metrics.base import Mean, same_shape


def binary_accuracy(y: Any, p: Any, threshold: float = 0.5) -> Any:
    """Whether (p > threshold) is y, element by element.

    >>> import numpy as np
    >>> binary_accuracy(np.array([0, 1, 1]), np.array([[0.2], [0.7], [0.5]])).tolist()
    [[True], [True], [False]]
    """
    if y.shape != p.shape:
        y, p = same_shape("binary_accuracy", y, p)
    return (p > threshold) == y


def categorical_accuracy(y: Any, p: Any) -> Any:
    """Whether the greatest entries of y and p are in one place, per sample: y is one-hot or probabilities."""
    y, p = same_shape("categorical_accuracy", y, p)
    return y.argmax(axis=-1) == p.argmax(axis=-1)


def sparse_categorical_accuracy(y: Any, p: Any) -> Any:
    """Whether the greatest entry of p is the one that the integer y names, per sample."""
    return _labels("sparse_categorical_accuracy", y, p) == p.argmax(axis=-1)


def top_k_categorical_accuracy(y: Any, p: Any, k: int = 5) -> Any:
    """Whether y's greatest entry is among the k greatest of p; ties count for it."""
    y, p = same_shape("top_k_categorical_accuracy", y, p)
    return _in_top_k(y.argmax(axis=-1), p, k)


def sparse_top_k_categorical_accuracy(y: Any, p: Any, k: int = 5) -> Any:
    """Whether the entry of p that the integer y names is among its k greatest; ties count for it."""
    return _in_top_k(_labels("sparse_top_k_categorical_accuracy", y, p), p, k)


def _labels(name: str, y: Any, p: Any) -> Any:
    if y.shape == p.shape[:-1]:
        return y
    if y.shape == (*p.shape[:-1], 1):
        return y.reshape(p.shape[:-1])
    raise ValueError(
        f"{name}: expected one integer label per row of y_pred, shape {tuple(p.shape[:-1])}; got {tuple(y.shape)}. "
        "Use categorical_accuracy for one-hot labels."
    )


def _in_top_k(labels: Any, p: Any, k: int) -> Any:
    xp = backends.of(p).xp
    rows = labels.astype("int64")[..., None]
    own = xp.take_along_axis(p, rows, axis=-1)
    return (p > own).sum(axis=-1) < k


class BinaryAccuracy(Mean):
    """The share of elements where (p > threshold) is y.

    >>> import numpy as np
    >>> BinaryAccuracy()(np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.4, 0.6]))
    0.5
    """

    def __init__(self, name: str = "binary_accuracy", threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, threshold=threshold)


class CategoricalAccuracy(Mean):
    """The share of samples whose greatest entry is where the one-hot label has its 1."""

    def __init__(self, name: str = "categorical_accuracy") -> None:
        super().__init__(categorical_accuracy, name)


class SparseCategoricalAccuracy(Mean):
    """The share of samples whose greatest entry is the one that the integer label names."""

    def __init__(self, name: str = "sparse_categorical_accuracy") -> None:
        super().__init__(sparse_categorical_accuracy, name)


class TopKCategoricalAccuracy(Mean):
    """The share of samples whose one-hot label is among the k greatest entries."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy") -> None:
        super().__init__(top_k_categorical_accuracy, name, k=k)


class SparseTopKCategoricalAccuracy(Mean):
    """The share of samples whose integer label is among the k greatest entries."""

    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy") -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, k=k)


class Accuracy(Mean):
    """The accuracy that the shapes ask for, as Keras chooses: binary, by integer labels, or by one-hot labels.

    Predictions with a last axis of size 1 are binary; labels with an axis less (or a last one of size 1) are
    integers; all else is one-hot.

    >>> import numpy as np
    >>> Accuracy()(np.array([1, 0]), np.array([[0.1, 0.9], [0.3, 0.7]]))
    0.5
    """

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(by_shapes, name)


def kind_by_shapes(y: Any, p: Any) -> str:
    """``"binary"``, ``"sparse"`` or ``"categorical"``, from the shapes of labels and predictions."""
    if not p.shape or p.shape[-1] == 1 or (p.ndim == 1 and y.ndim == 1):
        return "binary"
    return "sparse" if y.ndim < p.ndim or y.shape[-1] == 1 else "categorical"


_BY_KIND = {
    "binary": binary_accuracy,
    "sparse": sparse_categorical_accuracy,
    "categorical": categorical_accuracy,
}


def by_shapes(y: Any, p: Any) -> Any:
    """The accuracy that the shapes ask for."""
    return _BY_KIND[kind_by_shapes(y, p)](y, p)

"""Keras's losses as formulas, one number per element or sample. Imports ``losses.base``, ``binary``, ``categorical``.

Called in this package's order (prediction, target); the guards (1e-7) are Keras's. ``losses.get`` finds them by name.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of, raw
from autograd.ops.elementwise import clip
from nn.inputs import integers
from nn.losses.base import pair
from nn.losses.binary import EPSILON, binary_cross_entropy_with_logits, binary_elements
from nn.losses.categorical import cross_entropy, nll_loss


def _smooth(y: Any, smoothing: float, classes: int) -> Any:
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing: expected a number from 0 to 1; got {smoothing}. Correct it.")
    return y if smoothing == 0 else y * (1 - smoothing) + smoothing / classes


def binary_crossentropy(p: Any, y: Any, *, from_logits: bool = False, label_smoothing: float = 0.0) -> Any:
    """-(y·log p + (1 - y)·log(1 - p))."""
    if label_smoothing:
        p, y = pair("binary_crossentropy", p, y)
        y = _smooth(y, label_smoothing, 2)
    return binary_cross_entropy_with_logits(p, y, reduction="none") if from_logits else binary_elements(p, y)


def binary_focal_crossentropy(
    p: Any,
    y: Any,
    *,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> Any:
    """(1 - p_t)^γ times binary cross entropy; α weights positive, 1 - α negative targets where balanced."""
    p, y = pair("binary_focal_crossentropy", p, y)
    y = _smooth(y, label_smoothing, 2)
    p = np.sigmoid(p) if from_logits else p
    p_true = y * p + (1 - y) * (1 - p)
    loss = (1 - p_true) ** gamma * binary_elements(p, y)
    return loss * (y * alpha + (1 - y) * (1 - alpha)) if apply_class_balancing else loss


def mean_absolute_percentage_error(p: Any, y: Any) -> Any:
    """100·|y - p|/max(|y|, 1e-7)."""
    p, y = pair("mean_absolute_percentage_error", p, y)
    return 100 * np.absolute(y - p) / np.maximum(np.absolute(y), EPSILON)


def mean_squared_logarithmic_error(p: Any, y: Any) -> Any:
    """(log(1 + y) - log(1 + p))², arguments of the logarithms at least 1 + 1e-7."""
    p, y = pair("mean_squared_logarithmic_error", p, y)
    d = np.log(np.maximum(p, EPSILON) + 1) - np.log(np.maximum(y, EPSILON) + 1)
    return d * d


def hinge(p: Any, y: Any) -> Any:
    """max(1 - y·p, 0); labels 0 and 1 become -1 and 1."""
    p, y = pair("hinge", p, y)
    return np.maximum(1 - _signs(y) * p, 0)


def squared_hinge(p: Any, y: Any) -> Any:
    """max(1 - y·p, 0)²; labels 0 and 1 become -1 and 1."""
    loss = hinge(p, y)
    return loss * loss


def _signs(y: Any) -> Any:
    bits = np.all(np.logical_or(y == 0, y == 1))
    return np.where(bits, 2 * y - 1, y)


def poisson(p: Any, y: Any) -> Any:
    """p - y·log(p + 1e-7)."""
    p, y = pair("poisson", p, y)
    return p - y * np.log(p + EPSILON)


def categorical_crossentropy(
    p: Any, y: Any, *, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-Σ y·log p over the classes: the document's J (§4.2); probabilities are divided by their sum first."""
    try:
        p, y = pair("categorical_crossentropy", p, y)
    except ValueError as error:
        if getattr(getattr(y, "dtype", None), "kind", "") in "iu":
            raise ValueError(f"{error} For labels that are integers, use sparse_categorical_crossentropy.") from None
        raise
    y = _smooth(y, label_smoothing, p.shape[axis])
    if from_logits:
        return -np.sum(y * np.log_softmax(p, axis=axis), axis=axis)
    p = p / np.sum(p, axis=axis, keepdims=True)
    return -np.sum(y * np.log(clip(p, EPSILON, 1 - EPSILON)), axis=axis)


def sparse_categorical_crossentropy(
    p: Any, y: Any, *, from_logits: bool = False, ignore_class: int | None = None
) -> Any:
    """-log p[label] for integer labels (whole floats are cast, as Keras does); a label ``ignore_class`` gives 0."""
    if getattr(getattr(y, "dtype", None), "kind", "i") == "f":
        _check_whole("sparse_categorical_crossentropy", y)
        y = np.astype(y, "int64")
    if from_logits:
        return cross_entropy(
            np.moveaxis(p, -1, 1) if len(p.shape) > 2 else p, _rows(y, p), ignore_index=ignore_class, reduction="none"
        )
    p = p / np.sum(p, axis=-1, keepdims=True)
    logs = np.log(clip(p, EPSILON, 1 - EPSILON))
    return nll_loss(
        np.moveaxis(logs, -1, 1) if len(p.shape) > 2 else logs, _rows(y, p), ignore_index=ignore_class, reduction="none"
    )


def _check_whole(name: str, labels: Any) -> None:
    """Raise ValueError for labels that are no whole numbers, NaN say, where looking does not wait for a device."""
    values = raw(labels)
    if backend_of(values).device_type == "cpu" and values.size:
        wrong = values[values != np.floor(values)]
        if wrong.size:
            raise ValueError(
                f"{name}: expected whole numbers as labels; got {float(wrong.reshape(-1)[0])}. Fill in what "
                "is missing, leave it out, or pass probabilities to a loss that takes them."
            )


def _rows(y: Any, p: Any) -> Any:
    y = integers("sparse_categorical_crossentropy", y, p)
    if y.shape == p.shape and p.shape[-1:] > (1,):
        raise ValueError(
            f"sparse_categorical_crossentropy: expected labels of shape {tuple(p.shape[:-1])}; got {tuple(y.shape)}, "
            "one column per class. Use categorical_crossentropy for these, or pass y.argmax(axis=-1)."
        )
    return np.reshape(y, p.shape[:-1]) if tuple(y.shape) == (*p.shape[:-1], 1) else y


def categorical_focal_crossentropy(
    p: Any,
    y: Any,
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-Σ α·(1 - p)^γ·y·log p over the classes (Lin et al. 2017)."""
    p, y = pair("categorical_focal_crossentropy", p, y)
    y = _smooth(y, label_smoothing, p.shape[axis])
    p = np.softmax(p, axis=axis) if from_logits else p
    p = clip(p / np.sum(p, axis=axis, keepdims=True), EPSILON, 1 - EPSILON)
    return -np.sum(alpha * (1 - p) ** gamma * y * np.log(p), axis=axis)


def categorical_hinge(p: Any, y: Any) -> Any:
    """max(1 + the largest wrong score - the right one, 0)."""
    p, y = pair("categorical_hinge", p, y)
    right = np.sum(y * p, axis=-1)
    return np.maximum(1 + np.max((1 - y) * p, axis=-1) - right, 0)


def kl_divergence(p: Any, y: Any) -> Any:
    """Σ y·log(y/p), both clipped to [1e-7, 1]."""
    p, y = pair("kl_divergence", p, y)
    p, y = clip(p, EPSILON, 1), clip(y, EPSILON, 1)
    return np.sum(y * np.log(y / p), axis=-1)


def cosine_similarity(p: Any, y: Any, *, axis: int = -1) -> Any:
    """-cos of the angle between the two, so that minimising it aligns them; 0 for a row of zeros."""
    p, y = pair("cosine_similarity", p, y)
    return -np.sum(_unit(p, axis) * _unit(y, axis), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    return x / np.sqrt(np.maximum(np.sum(x * x, axis=axis, keepdims=True), EPSILON * EPSILON))


def dice(p: Any, y: Any, *, axis: Any = None) -> Any:
    """1 - 2·Σ p·y / (Σ p + Σ y), over everything or ``axis``."""
    p, y = pair("dice", p, y)
    shared = np.sum(p * y, axis=axis)
    return 1 - (2 * shared) / (np.sum(p, axis=axis) + np.sum(y, axis=axis) + EPSILON)


def tversky(p: Any, y: Any, *, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """1 - Σ p·y / (Σ p·y + α·Σ (1 - p)·y + β·Σ p·(1 - y)), α and β as in Keras, which swaps the paper's."""
    p, y = pair("tversky", p, y)
    shared = np.sum(p * y, axis=axis)
    wrong = np.sum((1 - y) * p, axis=axis)
    missed = np.sum(y * (1 - p), axis=axis)
    return 1 - shared / (shared + alpha * missed + beta * wrong + EPSILON)

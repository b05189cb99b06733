"""Losses by Keras's names, as ``compile(loss="…")`` takes them: one value per sample, then the mean.

Called in this package's order (prediction, target). Formulas and their guards (1e-7) are Keras's. Imports
``losses.base``, ``losses.regression``, ``losses.classification``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from autograd.ops.elementwise import clip
from nn.inputs import integers, like
from nn.losses import classification as _c
from nn.losses import regression as _r
from nn.losses.base import Loss, pair, reduce

EPSILON = _c.EPSILON


def _smooth(y: Any, smoothing: float, classes: int) -> Any:
    if not 0 <= smoothing <= 1:
        raise ValueError(f"label_smoothing: expected a number from 0 to 1; got {smoothing}. Correct it.")
    return y if smoothing == 0 else y * (1 - smoothing) + smoothing / classes


def _last_mean(x: Any) -> Any:
    return np.mean(x, axis=-1) if x.shape else x


# Averaged over the last axis --------------------------------------------------------------------------------


def binary_crossentropy(p: Any, y: Any, *, from_logits: bool = False, label_smoothing: float = 0.0) -> Any:
    """-(y·log p + (1 - y)·log(1 - p))."""
    if label_smoothing:
        p, y = pair("binary_crossentropy", p, y)
        y = _smooth(y, label_smoothing, 2)
    return _c.binary_cross_entropy_with_logits(p, y, reduction="none") if from_logits else _c.binary_elements(p, y)


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
    loss = (1 - p_true) ** gamma * _c.binary_elements(p, y)
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


# One number per row as it is --------------------------------------------------------------------------------


def categorical_crossentropy(
    p: Any, y: Any, *, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-Σ y·log p over the classes: the document's J (§4.2); probabilities are divided by their sum first."""
    p, y = pair("categorical_crossentropy", p, y)
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
        y = np.astype(y, "int64")
    if from_logits:
        return _c.cross_entropy(
            np.moveaxis(p, -1, 1) if len(p.shape) > 2 else p, _rows(y, p), ignore_index=ignore_class, reduction="none"
        )
    p = p / np.sum(p, axis=-1, keepdims=True)
    logs = np.log(clip(p, EPSILON, 1 - EPSILON))
    return _c.nll_loss(
        np.moveaxis(logs, -1, 1) if len(p.shape) > 2 else logs, _rows(y, p), ignore_index=ignore_class, reduction="none"
    )


def _rows(y: Any, p: Any) -> Any:
    y = integers("sparse_categorical_crossentropy", y, p)
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


# One number for the batch ------------------------------------------------------------------------------------


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


class NamedLoss(Loss):
    """A loss of Keras's by its name and options; what ``get`` returns for a string.

    With ``reduction="none"`` it gives one number per sample; otherwise these are weighted and averaged over the
    samples (``"mean"``), summed, or divided by the sum of the weights (``"mean_with_sample_weight"``).
    """

    def __init__(self, name: str, reduction: str = "mean", **options: Any) -> None:
        super().__init__(reduction)
        self.name = name
        self.function, self.averaged = NAMED[name]
        parameters = list(inspect.signature(self.function).parameters)[2:]
        for option in options:
            if option not in parameters:
                raise TypeError(
                    f"{name}: expected options among {', '.join(['reduction', *parameters])}; got {option}. Correct it."
                )
        self.options = options
        self.plain = not options and reduction == "mean"

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        if self.plain and sample_weight is None:
            return np.mean(self.function(input, target))
        loss = self.function(input, target, **self.options)
        if self.averaged:
            loss = _last_mean(loss)
        ignored = self.options.get("ignore_class")
        if ignored is not None and self.reduction in ("mean", "sum_over_batch_size"):
            # The mean is over the labels that count.
            loss = loss * (loss.size / np.maximum(np.sum(like(like(target, loss) != ignored, loss)), 1))
        return reduce(loss, self.reduction, sample_weight)

    def describe(self) -> str:
        options = {"reduction": self.reduction, **self.options}
        return ", ".join([repr(self.name), *[f"{name}={value!r}" for name, value in options.items()]])


# name -> (function, whether it leaves the last axis to be averaged)
NAMED: dict[str, tuple[Callable[..., Any], bool]] = {
    "binary_crossentropy": (binary_crossentropy, True),
    "binary_focal_crossentropy": (binary_focal_crossentropy, True),
    "categorical_crossentropy": (categorical_crossentropy, False),
    "categorical_focal_crossentropy": (categorical_focal_crossentropy, False),
    "sparse_categorical_crossentropy": (sparse_categorical_crossentropy, False),
    "mean_squared_error": (_r.squared_error, True),
    "mean_absolute_error": (_r.absolute_error, True),
    "mean_absolute_percentage_error": (mean_absolute_percentage_error, True),
    "mean_squared_logarithmic_error": (mean_squared_logarithmic_error, True),
    "huber": (_r.huber_error, True),
    "log_cosh": (_r.log_cosh_error, True),
    "hinge": (hinge, True),
    "squared_hinge": (squared_hinge, True),
    "categorical_hinge": (categorical_hinge, False),
    "kl_divergence": (kl_divergence, False),
    "poisson": (poisson, True),
    "cosine_similarity": (cosine_similarity, False),
    "dice": (dice, False),
    "tversky": (tversky, False),
}

SHORT = {
    "bce": "binary_crossentropy",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "kld": "kl_divergence",
    "kl_div": "kl_divergence",
    "logcosh": "log_cosh",
    "cosine": "cosine_similarity",
}

# Losses under PyTorch's words, for those who use strings with them.
TORCH: dict[str, Callable[..., Loss]] = {
    "cross_entropy": _c.CrossEntropyLoss,
    "binary_cross_entropy": _c.BCELoss,
    "binary_cross_entropy_with_logits": _c.BCEWithLogitsLoss,
    "nll_loss": _c.NLLLoss,
}


class SwappedLoss(Loss):
    """A function written as Keras has it, ``loss(y_true, y_pred)``, called in this package's order."""

    def __init__(self, function: Callable[..., Any], reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.function = function
        self.name = getattr(function, "__name__", "loss")

    def elements(self, input: Any, target: Any) -> Any:
        return self.function(like(target, input), input)


def get(loss: str | Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """A loss by name with options, or the object itself; called ``loss(prediction, target, sample_weight=None)``.

    A plain function whose first parameter is called ``y_true`` is called in Keras's order, and what it returns per
    sample is averaged; any other function is called as it is, (prediction, target).

    Args:
        loss: ``"binary_crossentropy"``, ``"sparse_categorical_crossentropy"``, ``"mse"``, … or a callable.
        options: of the named loss: ``from_logits``, ``label_smoothing``, ``reduction``, …

    Raises:
        ValueError: the name is unknown; the text lists those there are.
        TypeError: an option the loss does not have; options for an object; or neither name nor callable.

    >>> loss = get("binary_crossentropy")
    >>> loss(np.array([[0.6]]), np.array([1]))
    np.float64(0.5108256237659907)
    >>> get("mse")
    NamedLoss('mean_squared_error', reduction='mean')
    """
    if isinstance(loss, str):
        name = SHORT.get(loss, loss)
        if name in NAMED:
            return NamedLoss(name, **options)
        if name in TORCH:
            return TORCH[name](**options)
        names = ", ".join([*NAMED, *SHORT, *TORCH])
        raise ValueError(f"loss: expected one of {names}; got {loss!r}. Correct the name, or pass a function.")
    if isinstance(loss, type):
        return loss(**options)
    if not callable(loss):
        raise TypeError(f"loss: expected a name, a Loss or a function; got {type(loss).__name__}. Pass one of these.")
    if options:
        raise TypeError(
            f"loss: expected options only with a name; got {', '.join(options)} with {loss!r}. "
            "Give them to the loss itself."
        )
    return loss if isinstance(loss, Loss) or not _keras_order(loss) else SwappedLoss(loss)


def _keras_order(function: Callable[..., Any]) -> bool:
    try:
        first = next(iter(inspect.signature(function).parameters), None)
    except (TypeError, ValueError):
        return False
    return first == "y_true"

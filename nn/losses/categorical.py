"""Cross entropy of several classes, from logits and log probabilities; divergence. Imports ``losses.base``.

Functions and classes have PyTorch's names, argument order (prediction, target) and defaults.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.ops import network as _network
from nn.inputs import check_range, constant, integers, like
from nn.losses.base import Loss, check_reduction, pair, reduce, spread


def _classes_last(x: Any) -> Any:
    return np.moveaxis(x, 1, -1) if len(x.shape) > 2 else x


def _checked(name: str, x: Any, labels: Any) -> Any:
    """Integer labels that fit ``x`` (…, classes); a further axis of size 1, as Keras's users have it, is dropped."""
    labels = integers(name, labels, x)
    if labels.shape == (*x.shape[:-1], 1):
        labels = np.reshape(labels, x.shape[:-1])
    if labels.shape != x.shape[:-1]:
        raise ValueError(
            f"{name}: expected labels of shape {tuple(x.shape[:-1])}, one for each row of the prediction; "
            f"got {tuple(labels.shape)}. Reshape them."
        )
    return labels


def _kept(name: str, labels: Any, ignore_index: int | None, classes: int, other: Any) -> tuple[Any, Any]:
    """Labels with ignored ones replaced by 0, and a mask of the others in ``other``'s dtype (None: all are kept)."""
    kept = None
    if ignore_index is not None:
        ignored = labels == ignore_index
        kept = np.astype(np.logical_not(ignored), other.dtype)
        labels = np.where(ignored, 0, labels)
    check_range(name, "labels", labels, classes, "Correct them, widen the output, or name one to skip: ignore_index=….")
    return labels, kept


def _weighted(loss: Any, factor: Any, reduction: str, sample_weight: Any = None) -> Any:
    """The mean divides by the sum of ``factor`` (class weights of the labels kept), as in PyTorch."""
    if factor is not None:
        loss = loss * factor
    if factor is not None and reduction == "mean" and sample_weight is None:
        return np.sum(loss) / np.sum(factor)
    return reduce(loss, reduction, sample_weight)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int | None = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    sample_weight: Any = None,
) -> Any:
    """Mean of -log softmax(x)[label], or of -Σ y·log softmax(x) for targets that are probabilities.

    Args:
        input: logits (classes,), (n, classes) or (n, classes, …).
        target: integer labels (n, …), or probabilities of the input's shape.
        weight: one per class. With labels, the mean divides by the sum of the labels' weights.
        ignore_index: a label that adds nothing, also not to the mean's divisor; None for no such label.
        reduction: ``"mean"``, ``"sum"``, ``"none"`` (a loss for each label).
        label_smoothing: ε; targets become (1 - ε)·y + ε/classes (Szegedy et al. 2016).
        sample_weight: one per sample; the mean then divides by the number of samples.

    Raises:
        ValueError: shapes don't fit, or label_smoothing is not in [0, 1].
        IndexError: a label is out of range (on a GPU it is not looked for).
        TypeError: targets are floats of another shape.

    >>> cross_entropy(np.array([[0.0, 0.0], [0.0, 1000.0]]), np.array([0, 1]), reduction="none")
    array([0.69314718, 0.        ])
    """
    check_reduction("cross_entropy", reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: expected label_smoothing from 0 to 1; got {label_smoothing}. Correct it.")
    x = _classes_last(input)
    classes = x.shape[-1]
    if getattr(target, "dtype", None) is not None and target.dtype.kind not in "iu" and target.shape == input.shape:
        y = _classes_last(like(target, x))
        if label_smoothing:
            y = (1 - label_smoothing) * y + label_smoothing / classes
        loss = np.cross_entropy(x, y if weight is None else y * like(weight, x))
        if reduction == "mean" and not loss.shape:
            return loss
        return reduce(loss, reduction, sample_weight)
    labels, kept = _kept("cross_entropy", _checked("cross_entropy", x, target), ignore_index, classes, x)
    factor = kept
    if weight is not None:
        weight = like(weight, x)
        factor = weight[labels] if kept is None else weight[labels] * kept
    if not label_smoothing:
        return _weighted(_network.softmax_cross_entropy(x, labels)[0], factor, reduction, sample_weight)
    logs = np.log_softmax(x)
    spread_out = -np.sum(logs if weight is None else logs * weight, axis=-1)
    picked = -_network.pick_label(logs, labels)
    loss = (1 - label_smoothing) * (picked if factor is None else picked * factor)
    loss = loss + label_smoothing / classes * (spread_out if kept is None else spread_out * kept)
    if reduction == "mean" and factor is not None and sample_weight is None:
        return np.sum(loss) / np.sum(factor)
    return reduce(loss, reduction, sample_weight)


def nll_loss(
    input: Any, target: Any, weight: Any = None, ignore_index: int | None = -100, reduction: str = "mean"
) -> Any:
    """Mean of -input[label], for log probabilities (n, classes, …); options as in ``cross_entropy``.

    >>> nll_loss(np.log(np.array([[0.25, 0.75]])), np.array([1]))
    np.float64(0.2876820724517809)
    """
    check_reduction("nll_loss", reduction)
    x = _classes_last(input)
    labels, factor = _kept("nll_loss", _checked("nll_loss", x, target), ignore_index, x.shape[-1], x)
    if weight is not None:
        weight = like(weight, x)[labels]
        factor = weight if factor is None else weight * factor
    return _weighted(-_network.pick_label(x, labels), factor, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """Kullback and Leibler's target·(log target - input), for log probabilities ``input``; 0 where the target is 0.

    Args:
        reduction: ``"batchmean"`` is the divergence (a sum divided by the batch's size); ``"mean"`` divides by all
            elements, as PyTorch's does.
        log_target: the target is given as logarithms, too.

    >>> kl_div(np.log(np.array([[0.5, 0.5]])), np.array([[1.0, 0.0]]), reduction="batchmean")
    np.float64(0.6931471805599453)
    """
    check_reduction("kl_div", reduction, "batchmean")
    x, y = pair("kl_div", input, target)
    loss = np.exp(y) * (y - x) if log_target else np.xlogy(y, y) - y * x
    if reduction == "batchmean":
        return np.sum(loss) / (x.shape[0] if x.shape else 1)
    return reduce(loss, reduction)


class CrossEntropyLoss(Loss):
    """Mean of -log softmax(x)[label] from logits, or of -Σ y·log softmax(x); see ``cross_entropy``.

    >>> CrossEntropyLoss()(np.zeros((2, 4)), np.array([0, 3]))
    np.float64(1.3862943611198906)
    """

    buffers = ("weight",)

    def __init__(
        self, weight: Any = None, ignore_index: int | None = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self.weight = constant(weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        return cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing, sample_weight
        )


class NLLLoss(Loss):
    """Mean of -input[label] for log probabilities; see ``nll_loss``."""

    buffers = ("weight",)

    def __init__(self, weight: Any = None, ignore_index: int | None = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = constant(weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        if sample_weight is None:
            return nll_loss(input, target, self.weight, self.ignore_index, self.reduction)
        loss = nll_loss(input, target, self.weight, self.ignore_index, "none")
        return reduce(loss, self.reduction, sample_weight)


class KLDivLoss(Loss):
    """target·(log target - input) for log probabilities; see ``kl_div``."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        check_reduction("KLDivLoss", reduction, "batchmean")
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        if sample_weight is None:
            return kl_div(input, target, self.reduction, self.log_target)
        loss = kl_div(input, target, "none", self.log_target)
        if self.reduction == "batchmean":
            return np.sum(loss * spread(sample_weight, loss)) / loss.shape[0]
        return reduce(loss, self.reduction, sample_weight)

"""Losses of margins, rankings and angles. Imports ``losses.base``, ``autograd``.

Functions and classes have PyTorch's names, argument order and defaults; targets y are 1 or -1 unless said otherwise.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from nn.inputs import constant, integers, like
from nn.losses.base import Loss, pair, reduce

# Products below this are no angle: PyTorch's guard of cosine_similarity and of distances.
EPS = 1e-8


def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean of log(1 + e^(-y·x)).

    >>> soft_margin_loss(np.array([0.0]), np.array([1.0]))
    np.float64(0.6931471805599453)
    """
    x, y = pair("soft_margin_loss", input, target)
    return reduce(np.softplus(-y * x), reduction)


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """Mean of x where y = 1, of max(0, margin - x) where y = -1.

    >>> hinge_embedding_loss(np.array([0.5, 0.5]), np.array([1, -1]), reduction="none")
    array([0.5, 0.5])
    """
    x, y = pair("hinge_embedding_loss", input, target)
    return reduce((y == 1) * x + (y == -1) * np.maximum(margin - x, 0), reduction)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """Mean of max(0, -y·(x1 - x2) + margin): y = 1 where the first should be ranked higher.

    >>> margin_ranking_loss(np.array([1.0]), np.array([3.0]), np.array([1]))
    np.float64(2.0)
    """
    x1, x2 = pair("margin_ranking_loss", input1, input2)
    return reduce(np.maximum(-like(target, x1) * (x1 - x2) + margin, 0), reduction)


def cosine_similarity(x1: Any, x2: Any, axis: int = -1, eps: float = EPS) -> Any:
    """x1·x2/(|x1|·|x2|) along ``axis``, each norm at least ``eps``.

    >>> cosine_similarity(np.array([1.0, 0.0]), np.array([1.0, 1.0]))
    np.float64(0.7071067811865475)
    """
    norms = [np.maximum(np.sqrt(np.sum(x * x, axis=axis)), eps) for x in (x1, x2)]
    return np.sum(x1 * x2, axis=axis) / (norms[0] * norms[1])


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """Mean of 1 - cos where y = 1, of max(0, cos - margin) where y = -1; inputs (n, dim), targets (n,).

    >>> cosine_embedding_loss(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([1]))
    np.float64(1.0)
    """
    x1, x2 = pair("cosine_embedding_loss", input1, input2)
    y = like(target, x1)
    cos = cosine_similarity(x1, x2)
    return reduce((y == 1) * (1 - cos) + (y == -1) * np.maximum(cos - margin, 0), reduction)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6) -> Any:
    """(Σ |x1 - x2 + ε|^p)^(1/p) along the last axis.

    >>> pairwise_distance(np.array([3.0, 0.0]), np.array([0.0, 4.0]), eps=0.0)
    np.float64(5.0)
    """
    d = x1 - x2 + eps
    if p == 2:
        return np.sqrt(np.sum(d * d, axis=-1))
    return np.sum(np.absolute(d) ** p, axis=-1) ** (1 / p)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """Mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-distance (Schroff et al. 2015).

    ``swap`` takes the smaller of d(anchor, negative) and d(positive, negative) (Balntas et al. 2016).

    >>> triplet_margin_loss(np.array([[0.0]]), np.array([[0.0]]), np.array([[0.5]]), eps=0.0)
    np.float64(0.5)
    """
    anchor, positive = pair("triplet_margin_loss", anchor, positive)
    anchor, negative = pair("triplet_margin_loss", anchor, negative)
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = np.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduce(np.maximum(near - far + margin, 0), reduction)


def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Mean of w_y·Σ_{j ≠ y} max(0, margin - x_y + x_j)^p / classes, y the label.

    >>> multi_margin_loss(np.array([[0.5, 0.5]]), np.array([0]))
    np.float64(0.5)
    """
    labels = integers("multi_margin_loss", target, input)
    classes = input.shape[-1]
    right = np.take_along_axis(input, np.expand_dims(labels, -1), axis=-1)
    terms = np.maximum(margin - right + input, 0)
    if p != 1:
        terms = terms**p
    terms = terms * (np.expand_dims(labels, -1) != like(range(classes), labels))
    loss = np.sum(terms, axis=-1) / classes
    return reduce(loss if weight is None else loss * like(weight, input)[labels], reduction)


def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Mean over classes and samples of -(y·log σ(x) + (1 - y)·log σ(-x)), y 0 or 1.

    >>> multilabel_soft_margin_loss(np.array([[0.0, 0.0]]), np.array([[1, 0]]))
    np.float64(0.6931471805599453)
    """
    x, y = pair("multilabel_soft_margin_loss", input, target)
    loss = -(y * np.log_sigmoid(x) + (1 - y) * np.log_sigmoid(-x))
    if weight is not None:
        loss = loss * like(weight, x)
    return reduce(np.mean(loss, axis=-1), reduction)


def multilabel_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Mean of Σ_{j in y, i not in y} max(0, 1 - (x_j - x_i))/classes; a row of ``target`` lists y up to the first -1.

    >>> multilabel_margin_loss(np.array([[0.1, 0.2, 0.4, 0.8]]), np.array([[3, 0, -1, 1]]))
    np.float64(0.85)
    """
    labels = integers("multilabel_margin_loss", target, input)
    classes = input.shape[-1]
    listed = np.cumsum(labels < 0, axis=-1) == 0
    hits = np.expand_dims(labels, -1) == like(range(classes), labels)
    chosen = np.any(np.logical_and(hits, np.expand_dims(listed, -1)), axis=-2)
    gaps = 1 - (np.expand_dims(input, -1) - np.expand_dims(input, -2))
    pairs = np.logical_and(np.expand_dims(chosen, -1), np.expand_dims(np.logical_not(chosen), -2))
    return reduce(np.sum(np.maximum(gaps, 0) * pairs, axis=(-2, -1)) / classes, reduction)


# Classes -------------------------------------------------------------------------------------------------------


class SoftMarginLoss(Loss):
    """Mean of log(1 + e^(-y·x))."""

    def elements(self, input: Any, target: Any) -> Any:
        return soft_margin_loss(input, target, "none")


class HingeEmbeddingLoss(Loss):
    """Mean of x where y = 1, of max(0, margin - x) where y = -1."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def elements(self, input: Any, target: Any) -> Any:
        return hinge_embedding_loss(input, target, self.margin, "none")


class MarginRankingLoss(Loss):
    """Mean of max(0, -y·(x1 - x2) + margin); called with (x1, x2, y)."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        return reduce(margin_ranking_loss(input1, input2, target, self.margin, "none"), self.reduction, sample_weight)


class CosineEmbeddingLoss(Loss):
    """Mean of 1 - cos where y = 1, of max(0, cos - margin) where y = -1; called with (x1, x2, y)."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        return reduce(cosine_embedding_loss(input1, input2, target, self.margin, "none"), self.reduction, sample_weight)


class TripletMarginLoss(Loss):
    """Mean of max(0, d(anchor, positive) - d(anchor, negative) + margin); called with these three."""

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any, sample_weight: Any = None) -> Any:  # type: ignore[override]
        loss = triplet_margin_loss(anchor, positive, negative, self.margin, self.p, self.eps, self.swap, "none")
        return reduce(loss, self.reduction, sample_weight)


class MultiMarginLoss(Loss):
    """Mean of Σ_{j ≠ y} w_y·max(0, margin - x_y + x_j)^p / classes, y the label."""

    buffers = ("weight",)

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.p = p
        self.margin = margin
        self.weight = constant(weight)

    def elements(self, input: Any, target: Any) -> Any:
        return multi_margin_loss(input, target, self.p, self.margin, self.weight, "none")


class MultiLabelSoftMarginLoss(Loss):
    """Mean over classes and samples of binary cross entropies from logits."""

    buffers = ("weight",)

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = constant(weight)

    def elements(self, input: Any, target: Any) -> Any:
        return multilabel_soft_margin_loss(input, target, self.weight, "none")


class MultiLabelMarginLoss(Loss):
    """Mean of Σ_{j in y, i not in y} max(0, 1 - (x_j - x_i))/classes."""

    def elements(self, input: Any, target: Any) -> Any:
        return multilabel_margin_loss(input, target, "none")

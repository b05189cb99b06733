"""Cross entropy of two classes, on probabilities and on logits. Imports ``losses.base``, ``autograd``.

Functions and classes have PyTorch's names, argument order (prediction, target) and defaults.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.ops import network as _network
from nn.inputs import constant, like
from nn.losses.base import Loss, pair, reduce

# Keras's guard: probabilities are kept this far from 0 and 1, and the gradient outside is 0.
EPSILON = 1e-7


def binary_elements(input: Any, target: Any) -> Any:
    """-(y·log p + (1 - y)·log(1 - p)), p clipped to [1e-7, 1 - 1e-7]."""
    p, y = pair("binary_cross_entropy", input, target)
    return _network.binary_cross_entropy(p, y, epsilon=EPSILON)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Mean of -(y·log p + (1 - y)·log(1 - p)) for probabilities p: the document's J (§4.2), with both of its halves.

    p is clipped to [1e-7, 1 - 1e-7] and has no gradient outside, as in Keras (PyTorch stops the logarithms at -100).

    Args:
        input: probabilities.
        target: y, of the same shape; integers and booleans are cast.
        weight: multiplies the elements; broadcast against them.

    Raises:
        ValueError: shapes differ, or the reduction is unknown.

    >>> binary_cross_entropy(np.array([0.6]), np.array([1.0]))
    np.float64(0.5108256237659907)
    """
    loss = binary_elements(input, target)
    return reduce(loss if weight is None else loss * like(weight, loss), reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """The same of p = sigmoid(input), without ever computing p: log(1 + e^x) - x·y.

    Args:
        pos_weight: multiplies the terms of positive targets, one per class: y·log p counts so many times.

    >>> binary_cross_entropy_with_logits(np.array([1000.0]), np.array([0.0]))
    np.float64(1000.0)
    """
    x, y = pair("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None:
        loss = _network.sigmoid_cross_entropy(x, y)
    else:
        loss = (1 - y) * x + (1 + (like(pos_weight, x) - 1) * y) * np.softplus(-x)
    return reduce(loss if weight is None else loss * like(weight, loss), reduction)


def focal_loss(input: Any, target: Any, alpha: float | None = 0.25, gamma: float = 2.0, reduction: str = "none") -> Any:
    """α_t·(1 - p_t)^γ·(-log p_t) from logits, p_t the probability of the true one of two classes (Lin et al. 2017).

    Args:
        alpha: the weight of positive targets, 1 - α that of negative ones; None for no weights.
        gamma: how much well-classified samples are faded out; 0 is cross entropy.

    >>> focal_loss(np.array([0.0]), np.array([1.0]), alpha=None, gamma=1.0)
    array([0.34657359])
    """
    x, y = pair("focal_loss", input, target)
    p = np.sigmoid(x)
    loss = _network.sigmoid_cross_entropy(x, y) * (p + y - 2 * p * y) ** gamma
    if alpha is not None:
        loss = loss * (alpha * y + (1 - alpha) * (1 - y))
    return reduce(loss, reduction)


class BCELoss(Loss):
    """Mean of -(y·log p + (1 - y)·log(1 - p)) for probabilities; see ``binary_cross_entropy``.

    >>> BCELoss()(np.array([0.6]), np.array([1.0]))
    np.float64(0.5108256237659907)
    """

    buffers = ("weight",)

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = constant(weight)

    def elements(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy(input, target, self.weight, "none")


class BCEWithLogitsLoss(Loss):
    """The same from logits; see ``binary_cross_entropy_with_logits``."""

    buffers = ("weight", "pos_weight")

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = constant(weight)
        self.pos_weight = constant(pos_weight)

    def elements(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy_with_logits(input, target, self.weight, "none", self.pos_weight)


class FocalLoss(Loss):
    """α_t·(1 - p_t)^γ·(-log p_t) from logits of two classes; see ``focal_loss``."""

    def __init__(self, alpha: float | None = 0.25, gamma: float = 2.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.alpha = alpha
        self.gamma = gamma

    def elements(self, input: Any, target: Any) -> Any:
        return focal_loss(input, target, self.alpha, self.gamma)

"""What losses share: predictions and targets made to fit, weights, reductions. Imports ``nn.inputs``, ``nn.module``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd.numpy.common import raw
from nn.inputs import like
from nn.module import Module

REDUCTIONS = ("none", "mean", "sum", "sum_over_batch_size", "mean_with_sample_weight")


class Loss(Module):
    """The base of losses: called with a prediction, a target, and optionally one weight per sample.

    Args:
        reduction: ``"mean"`` over all elements (Keras's ``"sum_over_batch_size"``), ``"sum"``, ``"none"``, or Keras's
            ``"mean_with_sample_weight"``, which divides by the sum of the weights.

    A subclass defines ``elements(input, target)``, the loss before weights and reduction.

    >>> import autograd.numpy as np
    >>> class Quartic(Loss):
    ...     def elements(self, input, target):
    ...         return (input - target) ** 4
    >>> Quartic()(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    np.float64(0.5)
    """

    def __init__(self, reduction: str = "mean") -> None:
        check_reduction(type(self).__name__, reduction)
        self.reduction = reduction

    def elements(self, input: Any, target: Any) -> Any:
        """The loss before weights and reduction."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method elements(self, input, target); the class defines none. Add one."
        )

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        return reduce(self.elements(input, target), self.reduction, sample_weight)

    def describe(self) -> str:
        hidden = ("training", "frozen", "_hooks")
        return ", ".join(
            f"{name}={value!r}" for name, value in vars(self).items() if name not in hidden and value is not None
        )


def check_reduction(name: str, reduction: str, *more: str) -> None:
    """Raise ValueError unless ``reduction`` is one there is (or among ``more``)."""
    if reduction not in REDUCTIONS and reduction not in more:
        raise ValueError(
            f"{name}: expected a reduction among {', '.join((*REDUCTIONS, *more))}; got {reduction!r}. Correct it."
        )


def reduce(loss: Any, reduction: str, sample_weight: Any = None) -> Any:
    """``loss`` weighted along its leading axes, and summed or averaged as ``reduction`` says.

    Raises:
        ValueError: the reduction is unknown, or the weights don't fit the leading axes.

    >>> reduce(np.array([1.0, 3.0]), "mean"), reduce(np.array([1.0, 3.0]), "mean", [1.0, 0.0])
    (np.float64(2.0), np.float64(0.5))
    """
    weight = None
    if sample_weight is not None:
        weight = spread(sample_weight, loss)
        loss = loss * weight
    if reduction == "mean" or reduction == "sum_over_batch_size":
        return np.mean(loss)
    if reduction == "sum":
        return np.sum(loss)
    if reduction == "none":
        return loss
    check_reduction("reduce", reduction)
    return np.mean(loss) if weight is None else np.sum(loss) / np.sum(np.broadcast_to(weight, loss.shape))


def spread(sample_weight: Any, loss: Any) -> Any:
    """Weights of leading axes with axes of size 1 added at the end, in the loss's dtype."""
    weight = like(sample_weight, loss)
    shape = tuple(weight.shape)
    if len(shape) == len(loss.shape) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    fits = len(shape) <= len(loss.shape) and all(w in (1, n) for w, n in zip(shape, loss.shape))
    if not fits:
        raise ValueError(
            f"sample_weight: expected one weight per sample, a shape that {tuple(loss.shape)} begins with; "
            f"got {tuple(weight.shape)}. Reshape it."
        )
    return np.reshape(weight, shape + (1,) * (len(loss.shape) - len(shape)))


def pair(name: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Prediction and target of one shape and dtype: the target is cast to the prediction's.

    (n,) beside (n, 1) counts as one shape, as in Keras, where broadcasting would make (n, n) of them.

    Raises:
        ValueError: the shapes differ.
    """
    a, b = raw(input), raw(target)
    if getattr(a, "dtype", None) is getattr(b, "dtype", b) and a.shape == b.shape:
        return input, target  # as it nearly always is
    if not hasattr(input, "dtype"):
        input = np.asarray(input)
    target = like(target, input)
    have, want = target.shape, input.shape
    if have != want:
        if have == (*want, 1) or want == (*have, 1):
            return input, np.reshape(target, want)
        raise ValueError(
            f"{name}: expected the target in the prediction's shape {tuple(want)}; got {tuple(have)}. "
            "Reshape one of the two."
        )
    return input, target

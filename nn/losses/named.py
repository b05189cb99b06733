"""Losses by name, as ``compile(loss="…")`` takes them: one value per sample, then the mean. Imports the other losses.

Called in this package's order (prediction, target).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from nn import checks
from nn.inputs import like
from nn.losses import binary, categorical, keras, regression
from nn.losses.base import Loss, reduce


def _last_mean(x: Any) -> Any:
    return np.mean(x, axis=-1) if x.shape else x


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
    "binary_crossentropy": (keras.binary_crossentropy, True),
    "binary_focal_crossentropy": (keras.binary_focal_crossentropy, True),
    "categorical_crossentropy": (keras.categorical_crossentropy, False),
    "categorical_focal_crossentropy": (keras.categorical_focal_crossentropy, False),
    "sparse_categorical_crossentropy": (keras.sparse_categorical_crossentropy, False),
    "mean_squared_error": (regression.squared_error, True),
    "mean_absolute_error": (regression.absolute_error, True),
    "mean_absolute_percentage_error": (keras.mean_absolute_percentage_error, True),
    "mean_squared_logarithmic_error": (keras.mean_squared_logarithmic_error, True),
    "huber": (regression.huber_error, True),
    "log_cosh": (regression.log_cosh_error, True),
    "hinge": (keras.hinge, True),
    "squared_hinge": (keras.squared_hinge, True),
    "categorical_hinge": (keras.categorical_hinge, False),
    "kl_divergence": (keras.kl_divergence, False),
    "poisson": (keras.poisson, True),
    "cosine_similarity": (keras.cosine_similarity, False),
    "dice": (keras.dice, False),
    "tversky": (keras.tversky, False),
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
    "cross_entropy": categorical.CrossEntropyLoss,
    "binary_cross_entropy": binary.BCELoss,
    "binary_cross_entropy_with_logits": binary.BCEWithLogitsLoss,
    "nll_loss": categorical.NLLLoss,
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
        fix = checks.close_to(loss, [*NAMED, *SHORT, *TORCH]) or "Correct the name, or pass a function."
        raise ValueError(f"loss: expected one of {names}; got {loss!r}. {fix}")
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

"""Keras's losses as objects under its names: ``compile(loss=nn.losses.BinaryCrossentropy(from_logits=True))``.

Called in Keras's order, (y_true, y_pred). Imports ``losses.named``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from nn.losses.base import Loss
from nn.losses.named import NamedLoss


class KerasLoss(Loss):
    """A named loss called in Keras's order, with Keras's options by name.

    >>> BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]])
    np.float64(0.6931471805599453)
    """

    def __init__(self, name: str, **options: Any) -> None:
        self.named = NamedLoss(name, **options)
        super().__init__(self.named.reduction)

    def forward(self, input: Any, target: Any, sample_weight: Any = None) -> Any:
        """``input`` is y_true, ``target`` y_pred."""
        return self.named(target, input, sample_weight)

    def describe(self) -> str:
        return self.named.describe()


BinaryCrossentropy = partial(KerasLoss, "binary_crossentropy")
BinaryFocalCrossentropy = partial(KerasLoss, "binary_focal_crossentropy")
CategoricalCrossentropy = partial(KerasLoss, "categorical_crossentropy")
CategoricalFocalCrossentropy = partial(KerasLoss, "categorical_focal_crossentropy")
SparseCategoricalCrossentropy = partial(KerasLoss, "sparse_categorical_crossentropy")
MeanSquaredError = partial(KerasLoss, "mean_squared_error")
MeanAbsoluteError = partial(KerasLoss, "mean_absolute_error")
MeanAbsolutePercentageError = partial(KerasLoss, "mean_absolute_percentage_error")
MeanSquaredLogarithmicError = partial(KerasLoss, "mean_squared_logarithmic_error")
Huber = partial(KerasLoss, "huber")
LogCosh = partial(KerasLoss, "log_cosh")
Hinge = partial(KerasLoss, "hinge")
SquaredHinge = partial(KerasLoss, "squared_hinge")
CategoricalHinge = partial(KerasLoss, "categorical_hinge")
KLDivergence = partial(KerasLoss, "kl_divergence")
Poisson = partial(KerasLoss, "poisson")
CosineSimilarity = partial(KerasLoss, "cosine_similarity")
Dice = partial(KerasLoss, "dice")
Tversky = partial(KerasLoss, "tversky")

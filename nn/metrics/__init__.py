"""Metrics under Keras's names; ``get`` finds one by name. Imports its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn import checks
from nn.losses.named import NAMED as _LOSSES
from nn.losses.named import SHORT as _SHORT
from nn.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from nn.metrics.base import Mean, Metric
from nn.metrics.confusion import (
    ConfusionMatrix,
    F1Score,
    FalseNegatives,
    FalsePositives,
    FBetaScore,
    MeanIoU,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from nn.metrics.curves import AUC
from nn.metrics.regression import LossMetric, MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "ConfusionMatrix",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "LossMetric",
    "Mean",
    "MeanAbsoluteError",
    "MeanIoU",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "get",
]

_NAMED: dict[str, Callable[..., Metric]] = {
    "accuracy": Accuracy,
    "acc": Accuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "precision": Precision,
    "recall": Recall,
    "f1_score": F1Score,
    "f1": F1Score,
    "auc": AUC,
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "rmse": RootMeanSquaredError,
    "root_mean_squared_error": RootMeanSquaredError,
    "mae": MeanAbsoluteError,
    "mean_absolute_error": MeanAbsoluteError,
    "r2": R2Score,
    "r2_score": R2Score,
}


def get(metric: Any) -> Metric:
    """A metric by name, reported under it; a ``Metric`` as it is; a function of (y_true, y_pred) as the mean of it.

    Raises:
        ValueError: the name is unknown; the text lists those there are.
        TypeError: it is none of these.

    >>> get("accuracy")
    Accuracy('accuracy')
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if metric in _NAMED:
            return _NAMED[metric](name=metric)
        loss = _SHORT.get(metric, metric)
        if loss in _LOSSES:
            return LossMetric(loss, name=metric)
        names = list(dict.fromkeys([*_NAMED, *_LOSSES, *_SHORT]))
        fix = checks.close_to(metric, names) or "Correct the name, or pass a function."
        raise ValueError(f"metric: expected one of {', '.join(names)}; got {metric!r}. {fix}")
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if callable(metric):
        return Mean(metric)
    raise TypeError(f"metric: expected a name, a Metric or a function; got {type(metric).__name__}. Pass one of these.")

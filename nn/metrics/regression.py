"""Metrics of numbers predicted: squared and absolute errors, R². Imports ``metrics.base`` and ``losses``."""

from __future__ import annotations

import math
from typing import Any

from autograd import no_grad
from nn.losses.named import get as get_loss
from nn.metrics.base import Mean, Metric, fitted, host, on_host, same_shape, spread


def squared_error(y: Any, p: Any) -> Any:
    """(p - y)², element by element."""
    y, p = same_shape("mean_squared_error", y, p)
    d = p - fitted(y, p)
    return d * d


def absolute_error(y: Any, p: Any) -> Any:
    """|p - y|, element by element."""
    y, p = same_shape("mean_absolute_error", y, p)
    return abs(p - fitted(y, p))


class MeanSquaredError(Mean):
    """Mean of (p - y)².

    >>> import numpy as np
    >>> MeanSquaredError()(np.array([0.0, 1.0]), np.array([0.5, 1.0]))
    0.125
    """

    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(squared_error, name)


class RootMeanSquaredError(Mean):
    """√ of the mean of (p - y)²."""

    def __init__(self, name: str = "root_mean_squared_error") -> None:
        super().__init__(squared_error, name)

    def value(self) -> Any:
        return math.sqrt(super().value())


class MeanAbsoluteError(Mean):
    """Mean of |p - y|."""

    def __init__(self, name: str = "mean_absolute_error") -> None:
        super().__init__(absolute_error, name)


class LossMetric(Mean):
    """The mean over samples of a loss of ``nn.losses``, by its name."""

    def __init__(self, loss: str, name: str | None = None, **options: Any) -> None:
        function = get_loss(loss, reduction="none", **options)
        sign = -1.0 if loss == "cosine_similarity" else 1.0

        def per_sample(y: Any, p: Any) -> Any:
            with no_grad():
                return sign * function(p, y)

        super().__init__(per_sample, name or loss)


class R2Score(Metric):
    """1 - Σ(y - p)²/Σ(y - mean y)²: 1 for exact predictions, 0 for those no better than the mean.

    Args:
        class_aggregation: over the last axis: ``"uniform_average"``, ``"variance_weighted_average"``, or None for one
            number each.
        num_regressors: how many variables the prediction is made from, for the adjusted R²; 0 for the plain one.

    >>> import numpy as np
    >>> R2Score()(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    0.5
    """

    sums = ("count", "total", "squares", "residual", "origin")

    def __init__(
        self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0, name: str = "r2_score"
    ) -> None:
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                "class_aggregation: expected None, 'uniform_average' or 'variance_weighted_average'; "
                f"got {class_aggregation!r}. Choose one."
            )
        self.aggregation = class_aggregation
        self.num_regressors = num_regressors
        super().__init__(name)

    def start(self) -> None:
        self.samples = 0
        # Sums around the first sample: Σy² - (Σy)²/n of numbers far from 0 would cancel.
        self.origin: Any = None
        self.count: Any = 0.0
        self.total: Any = 0.0
        self.squares: Any = 0.0
        self.residual: Any = 0.0

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "samples": self.samples}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.samples = state["samples"]

    def update(self, y: Any, p: Any, weight: Any) -> None:
        y, p = same_shape(self.name, y, p)
        if p.ndim == 1:
            y, p = y[:, None], p[:, None]
        y, p = y.astype("float64"), p.astype("float64")
        if self.origin is None:
            self.origin = y[:1]
        w = 1.0 if weight is None else spread(weight, p)
        around = y - self.origin
        self.samples += y.size  # entries, not rows: so Keras adjusts
        self.count = self.count + (w * (around * 0 + 1)).sum(axis=0)
        self.total = self.total + (w * around).sum(axis=0)
        self.squares = self.squares + (w * around * around).sum(axis=0)
        self.residual = self.residual + (w * (y - p) ** 2).sum(axis=0)

    def value(self) -> Any:
        if not self.samples:
            return 0.0
        count, total, squares, residual = [host.asarray(on_host(getattr(self, name))) for name in self.sums[:4]]
        spread_ = squares - total * total / count
        flat = spread_ == 0
        scores = host.where(flat, 0.0, 1 - residual / host.where(flat, 1.0, spread_))
        if self.aggregation is None:
            return scores
        if self.aggregation == "uniform_average":
            score = float(scores.mean())
        else:
            score = float((scores * spread_).sum() / spread_.sum())
        if self.num_regressors:
            k = self.num_regressors
            score = 1 - (1 - score) * (self.samples - 1) / (self.samples - k - 1)
        return score

"""The area under a curve of hits and misses. Imports ``metrics.base``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import backends
from nn.metrics.base import Metric, host, on_host, ratios, same_shape, spread


class AUC(Metric):
    """The area under a curve, from counts at evenly spaced thresholds, as Keras approximates it.

    Args:
        num_thresholds: how many; more come closer to the exact area.
        curve: ``"ROC"``, hits over false alarms, or ``"PR"``, precision over recall.
        summation_method: ``"interpolation"`` (trapezoids; for PR, Davis and Goadrich 2006), ``"minoring"``,
            ``"majoring"``: the lower or the higher end of each step.
        multi_label: one area for each entry of the last axis, then their mean.

    >>> import numpy as np
    >>> AUC()(np.array([0, 0, 1, 1]), np.array([0.0, 0.5, 0.3, 0.9]))
    0.75
    """

    sums = ("positive", "negative")

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        multi_label: bool = False,
        name: str | None = None,
    ) -> None:
        if num_thresholds < 2:
            raise ValueError(f"num_thresholds: expected 2 or more; got {num_thresholds}. Choose more.")
        if curve not in ("ROC", "PR"):
            raise ValueError(f"curve: expected 'ROC' or 'PR'; got {curve!r}. Choose one.")
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(
                f"summation_method: expected 'interpolation', 'minoring' or 'majoring'; got {summation_method!r}."
            )
        self.curve = curve
        self.method = summation_method
        self.multi_label = multi_label
        inner = [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]
        self.thresholds = [-1e-7, *inner, 1 + 1e-7]
        super().__init__(name)

    def start(self) -> None:
        # Weight of positives and of negatives between one threshold and the next.
        self.positive: Any = 0.0
        self.negative: Any = 0.0

    def update(self, y: Any, p: Any, weight: Any) -> None:
        y, p = same_shape(self.name, y, p)
        backend = backends.of(p)
        w = np.broadcast_to(1.0 if weight is None else spread(weight, p.astype("float64")), p.shape)
        if not hasattr(w, "dtype") or backends.of(w) is not backend:
            w = backend.xp.ones(p.shape)
        labels = p.shape[-1] if self.multi_label else 1
        true = (y != 0).reshape(-1, labels)
        places = backend.xp.searchsorted(backend.asarray(self.thresholds, dtype=p.dtype), p.reshape(-1), side="left")
        # One histogram for all labels: each has its own stretch of bins.
        n = len(self.thresholds) + 1
        bins = (places.reshape(-1, labels) + backend.xp.arange(labels) * n).reshape(-1)
        w = w.reshape(-1, labels).astype("float64")
        self.positive = self.positive + backend.xp.bincount(bins, (w * true).reshape(-1), minlength=n * labels)
        self.negative = self.negative + backend.xp.bincount(bins, (w * ~true).reshape(-1), minlength=n * labels)

    def value(self) -> Any:
        if isinstance(self.positive, float):
            return 0.0
        n = len(self.thresholds) + 1
        positive, negative = [host.asarray(on_host(x)).reshape(-1, n) for x in (self.positive, self.negative)]
        areas = [self._area(p, q) for p, q in zip(positive, negative, strict=True)]
        return sum(areas) / len(areas)

    def _area(self, positive: Any, negative: Any) -> float:
        # p > threshold i holds for everything in the bins behind i.
        tp, fp = [host.cumsum(x[::-1])[::-1][1:] for x in (positive, negative)]
        total, others = positive.sum(), negative.sum()
        recall = ratios(tp, total + host.zeros_like(tp))
        if self.curve == "ROC":
            x, y = ratios(fp, others + host.zeros_like(fp)), recall
        elif self.method == "interpolation":
            return _precision_recall_area(tp, fp, total)
        else:
            x, y = recall, ratios(tp, tp + fp)
        high, low = y[:-1], y[1:]
        heights = {
            "interpolation": (high + low) / 2,
            "minoring": host.minimum(high, low),
            "majoring": host.maximum(high, low),
        }
        return float(((x[:-1] - x[1:]) * heights[self.method]).sum())


def _precision_recall_area(tp: Any, fp: Any, total: Any) -> float:
    """Between two points tp grows linearly with p = tp + fp; precision over recall has a logarithm as its integral."""
    said = tp + fp
    hits, steps = tp[:-1] - tp[1:], said[:-1] - said[1:]
    slope = ratios(hits, host.maximum(steps, 0))
    intercept = tp[1:] - slope * said[1:]
    both = (said[:-1] > 0) & (said[1:] > 0)
    growth = host.where(both, said[:-1] / host.where(both, said[1:], 1), 1)
    area = slope * (hits + intercept * host.log(growth))
    return float(ratios(area, total + host.zeros_like(area)).sum())

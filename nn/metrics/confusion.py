"""Metrics of counted hits and misses: precision, recall, F-scores, the confusion matrix.

Imports ``metrics.base``.
"""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import backends
from nn.losses.base import spread
from nn.metrics.base import Metric, fitted, host, on_host, plain, ratio, ratios, same_shape


class _Counts(Metric):
    """Counts of y and (p > threshold), over all elements, for one threshold or several."""

    sums = ("tp", "fp", "fn", "tn")

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
    ) -> None:
        self.several = isinstance(thresholds, (list, tuple))
        limits = thresholds if self.several else [0.5 if thresholds is None else thresholds]
        for limit in limits:
            if not 0 <= limit <= 1:
                raise ValueError(
                    f"thresholds: expected numbers from 0 to 1; got {limit}. Predictions are probabilities."
                )
        self.thresholds = [float(limit) for limit in limits]
        self.top_k = top_k
        self.class_id = class_id
        self.given = thresholds is not None
        super().__init__(name)

    def start(self) -> None:
        self.tp = self.fp = self.fn = self.tn = 0.0

    def update(self, y: Any, p: Any, weight: Any) -> None:
        y, p = same_shape(self.name, y, p)
        xp = backends.of(p).xp
        allowed = None
        if self.top_k is not None:
            # Keras lets the k greatest of each row stand, and takes them all where no threshold was given.
            places = xp.argsort(-p, axis=-1)[..., : self.top_k]
            allowed = xp.zeros(p.shape, dtype=bool)
            xp.put_along_axis(allowed, places, True, axis=-1)
        if self.class_id is not None:
            y, p = y[..., self.class_id], p[..., self.class_id]
            allowed = None if allowed is None else allowed[..., self.class_id]
        w = None if weight is None else np.broadcast_to(spread(weight, p.astype("float64")), p.shape)
        true = y != 0
        limits = self.thresholds if self.given or allowed is None else [-float("inf")]
        found = []
        for limit in limits:
            said = p > limit
            if allowed is not None:
                said = said & allowed
            cells = (said & true, said & ~true, ~said & true, ~said & ~true)
            found.append([xp.count_nonzero(c) if w is None else (w * c).sum() for c in cells])
        columns = [
            column[0] if not self.several else xp.stack([xp.asarray(x, dtype="float64") for x in column])
            for column in zip(*found)
        ]
        self.tp, self.fp, self.fn, self.tn = [
            a + b for a, b in zip((self.tp, self.fp, self.fn, self.tn), columns, strict=True)
        ]


class Precision(_Counts):
    """The share of positives among what was said to be positive: tp/(tp + fp); 0 where nothing was.

    Args:
        thresholds: p above it is said to be positive (0.5); for several, an array of results.
        top_k: only the k greatest entries of each row can be said to be positive.
        class_id: look at this entry of the last axis alone.

    >>> import numpy as np
    >>> Precision()(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.7, 0.1]))
    0.6666666666666666
    """

    def value(self) -> Any:
        return _of(self, ratios(self.tp, _added(self.tp, self.fp)))


class Recall(_Counts):
    """The share of the positives that was said to be positive: tp/(tp + fn); arguments as of ``Precision``.

    >>> import numpy as np
    >>> Recall()(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.1, 0.1]))
    0.3333333333333333
    """

    def value(self) -> Any:
        return _of(self, ratios(self.tp, _added(self.tp, self.fn)))


class TruePositives(_Counts):
    """How many positives were said to be positive."""

    def value(self) -> Any:
        return _of(self, self.tp)


class FalsePositives(_Counts):
    """How many negatives were said to be positive."""

    def value(self) -> Any:
        return _of(self, self.fp)


class FalseNegatives(_Counts):
    """How many positives were said to be negative."""

    def value(self) -> Any:
        return _of(self, self.fn)


class TrueNegatives(_Counts):
    """How many negatives were said to be negative."""

    def value(self) -> Any:
        return _of(self, self.tn)


def _added(a: Any, b: Any) -> Any:
    return on_host(a) + on_host(b)


def _of(metric: _Counts, x: Any) -> Any:
    return on_host(x) if metric.several else plain(x)


class FBetaScore(Metric):
    """(1 + β²)·precision·recall/(β²·precision + recall), per class: y one-hot or 0 and 1, p (n, classes).

    Args:
        average: None for one number per class, ``"macro"`` for their mean, ``"weighted"`` for the mean weighted by
            how often each occurs, ``"micro"`` to count over all classes at once.
        beta: how many times recall counts.
        threshold: p above it is said to be positive; without one, the greatest entry of each row is.
    """

    sums = ("tp", "fp", "fn")

    def __init__(
        self, average: str | None = None, beta: float = 1.0, threshold: float | None = None, name: str | None = None
    ) -> None:
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"average: expected None, 'micro', 'macro' or 'weighted'; got {average!r}. Choose one.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        super().__init__(name)

    def start(self) -> None:
        self.tp: Any = 0.0
        self.fp: Any = 0.0
        self.fn: Any = 0.0

    def update(self, y: Any, p: Any, weight: Any) -> None:
        y, p = same_shape(self.name, y, p)
        if p.ndim == 1:
            y, p = y[:, None], p[:, None]
        if self.threshold is None and p.shape[-1] > 1:
            said = (p >= p.max(axis=-1, keepdims=True)) & (abs(p) > 1e-9)
        else:
            said = p > (0.5 if self.threshold is None else self.threshold)
        true = y != 0
        w = 1.0 if weight is None else spread(weight, p.astype("float64"))
        axes = tuple(range(p.ndim - 1))
        self.tp = self.tp + (w * (said & true)).sum(axis=axes)
        self.fp = self.fp + (w * (said & ~true)).sum(axis=axes)
        self.fn = self.fn + (w * (~said & true)).sum(axis=axes)

    def value(self) -> Any:
        tp, fp, fn = [host.asarray(on_host(x), dtype="float64") for x in (self.tp, self.fp, self.fn)]
        if self.average == "micro":
            tp, fp, fn = tp.sum(), fp.sum(), fn.sum()
        b = self.beta**2
        # precision and recall put in: (1 + β²)·tp/((1 + β²)·tp + β²·fn + fp)
        score = ratios((1 + b) * tp, (1 + b) * tp + b * fn + fp)
        if self.average == "macro":
            return float(score.mean())
        if self.average == "weighted":
            often = tp + fn
            return ratio(float((score * often).sum()), float(often.sum()))
        return plain(score) if self.average == "micro" else score


class F1Score(FBetaScore):
    """2·precision·recall/(precision + recall), per class; see ``FBetaScore``.

    >>> import numpy as np
    >>> F1Score(average="micro", threshold=0.5)(np.array([0, 1, 1, 1]), np.array([0.9, 0.8, 0.7, 0.1]))
    0.6666666666666666
    """

    def __init__(self, average: str | None = None, threshold: float | None = None, name: str | None = None) -> None:
        super().__init__(average, 1.0, threshold, name)


class ConfusionMatrix(Metric):
    """How often label i was predicted as j: an array (classes, classes) with row i, column j.

    Labels and predictions are integers, or one-hot or probabilities, of which the greatest entry counts.

    >>> import numpy as np
    >>> ConfusionMatrix(2)(np.array([0, 1, 1]), np.array([0, 1, 0]))
    array([[1., 0.],
           [1., 1.]])
    """

    sums = ("matrix",)

    def __init__(self, num_classes: int, name: str | None = None) -> None:
        self.num_classes = num_classes
        super().__init__(name)

    def start(self) -> None:
        self.matrix: Any = 0.0

    def update(self, y: Any, p: Any, weight: Any) -> None:
        n, xp = self.num_classes, backends.of(p).xp
        if p.ndim > 1 and p.shape[-1] == n and p.dtype.kind == "f":
            y = y.argmax(axis=-1) if y.shape == p.shape else y
            p = p.argmax(axis=-1)
        y, p = y.reshape(-1).astype("int64"), p.reshape(-1).astype("int64")
        if y.shape != p.shape:
            raise ValueError(
                f"{self.name}: expected as many labels as predictions; got {y.shape[0]} and {p.shape[0]}. Reshape one."
            )
        low, high = int(min(y.min(), p.min())), int(max(y.max(), p.max()))
        if low < 0 or high >= n:
            raise ValueError(f"{self.name}: expected classes 0 to {n - 1}; got {low} to {high}. Raise num_classes.")
        w = None if weight is None else fitted(weight, xp.zeros(1)).reshape(-1)
        self.matrix = self.matrix + xp.bincount(y * n + p, w, minlength=n * n).reshape(n, n)

    def value(self) -> Any:
        return host.zeros((self.num_classes,) * 2) + host.asarray(on_host(self.matrix))


class MeanIoU(ConfusionMatrix):
    """The mean over classes of intersection over union: tp/(tp + fp + fn) of those that occur."""

    def value(self) -> Any:
        matrix = super().value()
        hits = host.diagonal(matrix)
        union = matrix.sum(axis=0) + matrix.sum(axis=1) - hits
        return ratio(float(ratios(hits, union).sum()), float((union != 0).sum()))

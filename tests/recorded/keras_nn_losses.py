"""Losses and metrics for record_keras_nn.py."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from recording import Recording, grid, rng_for
from recording_keras import record_call


def one(rec: Recording, name: str, cls: str, y_true: np.ndarray, y_pred: np.ndarray, **options: Any) -> None:
    made = getattr(keras.losses, cls)(**options)
    fn = lambda y_true, y_pred: made(y_true, y_pred)
    inputs = {"y_true": y_true, "y_pred": y_pred}
    record_call(rec, f"loss/{name}", fn, inputs, constant=("y_true",), cls=cls, **options)


def losses(rec: Recording) -> None:
    stream = rng_for("keras losses")
    p, bits = grid(stream, (5, 3), 0.1, 0.9), (grid(stream, (5, 3)) > 0).astype("float64")
    for reduction in ("none", "sum", "sum_over_batch_size"):
        one(rec, f"binary_crossentropy/{reduction}", "BinaryCrossentropy", bits, p, reduction=reduction)
    ends = np.array([[0.0], [0.0], [1.0], [1.0], [1e-9]])
    truth = np.array([[0.0], [1.0], [0.0], [1.0], [1.0]])
    one(rec, "binary_crossentropy/ends", "BinaryCrossentropy", truth, ends, reduction="none")
    one(rec, "binary_crossentropy/smoothing", "BinaryCrossentropy", bits, p, label_smoothing=0.2)
    logits = grid(stream, (5, 3), -4, 4)
    one(rec, "binary_crossentropy/logits", "BinaryCrossentropy", bits, logits, from_logits=True, label_smoothing=0.1)
    one(rec, "binary_focal_crossentropy", "BinaryFocalCrossentropy", bits, p, apply_class_balancing=True, alpha=0.3)
    one(rec, "binary_focal_crossentropy/gamma", "BinaryFocalCrossentropy", bits, logits, gamma=1.5, from_logits=True)

    labels = np.array([0, 2, 1, 1, 3])
    hot = np.eye(4)[labels]
    scores = grid(stream, (5, 4), -3, 3)
    raw = grid(stream, (5, 4), 0.1, 1)
    soft = raw / raw.sum(1, keepdims=True)
    for kind, values, from_logits in (
        ("probabilities", soft, False),
        ("unnormalised", raw, False),
        ("logits", scores, True),
    ):
        one(rec, f"categorical_crossentropy/{kind}", "CategoricalCrossentropy", hot, values, from_logits=from_logits)
        one(
            rec,
            f"categorical_crossentropy/{kind}/smoothing",
            "CategoricalCrossentropy",
            hot,
            values,
            from_logits=from_logits,
            label_smoothing=0.1,
        )
        one(
            rec,
            f"sparse_categorical_crossentropy/{kind}",
            "SparseCategoricalCrossentropy",
            labels,
            values,
            from_logits=from_logits,
        )
    one(
        rec,
        "categorical_crossentropy/zeros",
        "CategoricalCrossentropy",
        hot,
        np.eye(4)[[0, 1, 1, 0, 3]],
        reduction="none",
    )
    one(
        rec,
        "sparse_categorical_crossentropy/ignore",
        "SparseCategoricalCrossentropy",
        np.array([0, -1, 1, -1, 3]),
        scores,
        from_logits=True,
        ignore_class=-1,
    )
    one(rec, "categorical_focal_crossentropy", "CategoricalFocalCrossentropy", hot, soft, alpha=0.4, gamma=1.5)

    a, b = grid(stream, (4, 3)), grid(stream, (4, 3))
    one(rec, "mean_squared_error", "MeanSquaredError", a, b)
    one(rec, "mean_squared_error/none", "MeanSquaredError", a, b, reduction="none")
    one(rec, "mean_absolute_error", "MeanAbsoluteError", a, b)
    one(rec, "mean_absolute_percentage_error", "MeanAbsolutePercentageError", a, b)
    one(rec, "mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", np.abs(a), np.abs(b))
    one(rec, "huber", "Huber", a, b, delta=1.5)
    one(rec, "log_cosh", "LogCosh", a, b)
    one(rec, "log_cosh/far", "LogCosh", np.zeros((1, 4)), np.array([[-800.0, -30.0, 30.0, 800.0]]), reduction="none")
    signs = np.where(a > 0, 1.0, -1.0)
    one(rec, "hinge", "Hinge", signs, b)
    one(rec, "hinge/bits", "Hinge", (a > 0).astype("float64"), b)
    one(rec, "squared_hinge", "SquaredHinge", signs, b)
    one(rec, "categorical_hinge", "CategoricalHinge", hot, scores)
    one(rec, "poisson", "Poisson", np.floor(np.abs(a) * 2), np.abs(b) + 0.25)
    one(rec, "kl_divergence", "KLDivergence", soft, soft[::-1].copy())
    one(rec, "kl_divergence/zeros", "KLDivergence", np.eye(4)[labels], soft)
    one(rec, "cosine_similarity", "CosineSimilarity", a, b)
    one(rec, "cosine_similarity/zero", "CosineSimilarity", a, b * (np.arange(4) > 0)[:, None], reduction="none")
    one(rec, "dice", "Dice", bits, p)
    one(rec, "tversky", "Tversky", bits, p, alpha=0.3, beta=0.7)
    weighting(rec, bits, p)


def weighting(rec: Recording, bits: np.ndarray, p: np.ndarray) -> None:
    """sample_weight in each reduction; a mean divides by the number of samples, not by the sum of the weights."""
    weight = np.array([0.5, 1.0, 2.0, 0.0, 3.0])
    for reduction in ("none", "sum", "sum_over_batch_size", "mean_with_sample_weight"):
        made = keras.losses.BinaryCrossentropy(reduction=reduction)
        record_call(
            rec,
            f"loss/weighted/{reduction}",
            lambda y_true, y_pred, sample_weight, made=made: made(y_true, y_pred, sample_weight=sample_weight),
            {"y_true": bits, "y_pred": p, "sample_weight": weight},
            constant=("y_true", "sample_weight"),
            cls="BinaryCrossentropy",
            reduction=reduction,
        )


def metrics(rec: Recording) -> None:
    """Each metric sees two batches; `after_one` and `out` are its results after the first and after both."""
    stream = rng_for("keras metrics")
    p = grid(stream, (12, 1), 0.0625, 0.9375)
    bits = (stream.random((12, 1)) < 0.3 + 0.5 * p).astype("float64")
    many, hot = grid(stream, (12, 4), 0.1, 1), np.eye(4)[stream.integers(0, 4, 12)]
    many = np.float32(many / many.sum(1, keepdims=True)).astype("float64")
    labels = hot.argmax(1)
    sets = (stream.random((12, 4)) < 0.4).astype("float64")
    guesses = grid(stream, (12, 4), 0.0625, 0.9375)
    a, b = grid(stream, (12, 2)), grid(stream, (12, 2))
    tied = np.round(p * 4) / 4
    rows: list[tuple[str, str, np.ndarray, np.ndarray, dict[str, Any]]] = [
        ("binary_accuracy", "BinaryAccuracy", bits, p, {}),
        ("binary_accuracy/threshold", "BinaryAccuracy", bits, p, {"threshold": 0.3}),
        ("binary_accuracy/wide", "BinaryAccuracy", sets, guesses, {}),
        ("categorical_accuracy", "CategoricalAccuracy", hot, many, {}),
        ("sparse_categorical_accuracy", "SparseCategoricalAccuracy", labels, many, {}),
        ("top_k_categorical_accuracy", "TopKCategoricalAccuracy", hot, many, {"k": 2}),
        ("sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy", labels, many, {"k": 3}),
        ("precision", "Precision", bits, p, {}),
        ("precision/thresholds", "Precision", bits, p, {"thresholds": [0.2, 0.5, 0.8]}),
        ("precision/class", "Precision", sets, guesses, {"class_id": 2}),
        ("precision/top_k", "Precision", sets, guesses, {"top_k": 2}),
        ("recall", "Recall", bits, p, {}),
        ("recall/thresholds", "Recall", bits, p, {"thresholds": [0.2, 0.5, 0.8]}),
        ("true_positives", "TruePositives", bits, p, {}),
        ("true_negatives", "TrueNegatives", bits, p, {}),
        ("false_positives", "FalsePositives", bits, p, {}),
        ("false_negatives", "FalseNegatives", bits, p, {}),
        *[(f"f1/{m or 'none'}", "F1Score", hot, many, {"average": m}) for m in (None, "micro", "macro", "weighted")],
        ("f1/threshold", "F1Score", sets, guesses, {"average": "macro", "threshold": 0.5}),
        ("fbeta", "FBetaScore", sets, guesses, {"average": "micro", "beta": 2.0, "threshold": 0.4}),
        ("auc", "AUC", bits, p, {}),
        ("auc/tied", "AUC", bits, tied, {"num_thresholds": 5}),
        ("auc/pr", "AUC", bits, p, {"curve": "PR"}),
        ("auc/minoring", "AUC", bits, p, {"summation_method": "minoring"}),
        ("auc/majoring", "AUC", bits, p, {"summation_method": "majoring"}),
        ("auc/multi_label", "AUC", sets, guesses, {"multi_label": True}),
        ("mean_squared_error", "MeanSquaredError", a, b, {}),
        ("root_mean_squared_error", "RootMeanSquaredError", a, b, {}),
        ("mean_absolute_error", "MeanAbsoluteError", a, b, {}),
        ("mean_absolute_percentage_error", "MeanAbsolutePercentageError", a, b, {}),
        ("r2_score", "R2Score", a, b, {}),
        ("r2_score/none", "R2Score", a, b, {"class_aggregation": None}),
        ("r2_score/adjusted", "R2Score", a, b, {"num_regressors": 2}),
        ("cosine_similarity", "CosineSimilarity", a, b, {}),
        ("binary_crossentropy", "BinaryCrossentropy", bits, p, {}),
        ("kl_divergence", "KLDivergence", many, many[::-1].copy(), {}),
        ("mean_io_u", "MeanIoU", labels, many.argmax(1), {"num_classes": 4}),
    ]
    weight = stream.integers(0, 5, 12) / 2
    for name, cls, y_true, y_pred, options in rows:
        for weighted in (False, True):
            full = f"metric/{name}" + ("/weighted" if weighted else "")
            made = getattr(keras.metrics, cls)(**options)
            rec.case(full, cls=cls, batches=[7, 5], **options)
            if not weighted:
                rec.put(f"{full}/in/y_true", y_true)
                rec.put(f"{full}/in/y_pred", y_pred)
            for part in (slice(0, 7), slice(7, 12)):
                extra = {"sample_weight": weight[part]} if weighted else {}
                # TensorFlow ranks float32 only; the values are such that both hold them.
                seen = y_pred.astype("float32") if cls.endswith("TopKCategoricalAccuracy") else y_pred
                made.update_state(y_true[part], seen[part], **extra)
                if part.start == 0:
                    rec.put(f"{full}/after_one", np.asarray(made.result()))
            rec.put(f"{full}/out", np.asarray(made.result()))
    rec.put("metric/sample_weight", weight)

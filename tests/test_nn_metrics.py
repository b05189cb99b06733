"""Metrics: Keras's recorded values batch by batch, scikit-learn's on random data, choices by shape, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from nn import metrics
from tests.helpers import to_numpy

RECORDED = np.load(Path(__file__).parent / "recorded" / "keras_nn.npz")
CASES: dict[str, Any] = json.loads(str(RECORDED["about"]))["cases"]
METRICS = [name for name in CASES if name.startswith("metric/")]
LOSSES = {
    "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
    "CosineSimilarity": "cosine_similarity",
    "BinaryCrossentropy": "binary_crossentropy",
    "KLDivergence": "kl_divergence",
}


def make(case: str) -> metrics.Metric:
    options = {key: value for key, value in CASES[case].items() if key not in ("cls", "batches")}
    cls = CASES[case]["cls"]
    return metrics.LossMetric(LOSSES[cls]) if cls in LOSSES else getattr(metrics, cls)(**options)


@pytest.mark.parametrize("case", METRICS)
def test_agrees_with_keras_after_each_batch(case: str, backend: Any) -> None:
    inputs = case if f"{case}/in/y_true" in RECORDED.files else case.removesuffix("/weighted")
    y, p = RECORDED[f"{inputs}/in/y_true"], RECORDED[f"{inputs}/in/y_pred"]
    weight = RECORDED["metric/sample_weight"] if inputs != case else None
    metric = make(case)
    start = 0
    for size, part in zip(CASES[case]["batches"], ("after_one", "out")):
        batch = [None if a is None else backend.asarray(a[start : start + size]) for a in (y, p, weight)]
        metric.update_state(*batch)
        start += size
        np.testing.assert_allclose(to_numpy(metric.result()), RECORDED[f"{case}/{part}"], rtol=1e-6, atol=1e-6)
    state = metric.get_state()
    before = to_numpy(metric.result())
    metric.reset_state()
    metric.set_state(state)
    np.testing.assert_array_equal(to_numpy(metric.result()), before)
    # And goes on from there, where the predictions are.
    other = make(case)
    other.update_state(*batch)
    kept = other.get_state()
    other.update_state(*batch)
    metric.set_state(kept)
    metric.update_state(*batch)
    np.testing.assert_allclose(to_numpy(metric.result()), to_numpy(other.result()), rtol=1e-12)


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_agrees_with_scikit_learn(seed: int, classes: int) -> None:
    sk = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, classes, 40), rng.random((40, classes)).astype("float32")
    said = p.argmax(axis=-1)
    one_hot = np.eye(classes, dtype="float32")[y]
    weight = rng.random(40)
    labels = list(range(classes))
    assert metrics.get("accuracy")(y, p) == pytest.approx(sk.accuracy_score(y, said))
    assert metrics.get("accuracy")(one_hot, p, weight) == pytest.approx(
        sk.accuracy_score(y, said, sample_weight=weight)
    )
    np.testing.assert_array_equal(metrics.ConfusionMatrix(classes)(y, p), sk.confusion_matrix(y, said, labels=labels))
    for average in ("micro", "macro", "weighted"):
        expected = sk.f1_score(y, said, average=average, labels=labels, sample_weight=weight, zero_division=0)
        assert metrics.F1Score(average)(one_hot, p, weight) == pytest.approx(expected)
    top = sk.top_k_accuracy_score(y, p, k=2, labels=labels) if classes > 2 else 1.0
    assert metrics.SparseTopKCategoricalAccuracy(k=2)(y, p) == pytest.approx(top)
    bit, score = (y > 0).astype(int), p[:, 0]
    assert metrics.Precision()(bit, score) == pytest.approx(sk.precision_score(bit, score > 0.5, zero_division=0))
    assert metrics.Recall()(bit, score) == pytest.approx(sk.recall_score(bit, score > 0.5, zero_division=0))
    target = rng.normal(1e6, 1, 40)
    guess = target + rng.normal(0, 1, 40)
    assert metrics.R2Score()(target, guess) == pytest.approx(sk.r2_score(target, guess), rel=1e-6)
    assert metrics.get("mae")(target, guess) == pytest.approx(sk.mean_absolute_error(target, guess))
    assert metrics.get("rmse")(target, guess) == pytest.approx(sk.root_mean_squared_error(target, guess))
    if 0 < bit.sum() < len(bit):
        exact = sk.roc_auc_score(bit, score)
        assert metrics.AUC(num_thresholds=20_000)(bit, score) == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize(
    "y, p, kind",
    [((4,), (4, 1), "binary"), ((4, 1), (4, 1), "binary"), ((4,), (4,), "binary"), ((4,), (4, 3), "sparse")]
    + [((4, 1), (4, 3), "sparse"), ((4, 3), (4, 3), "categorical"), ((4, 5), (4, 5, 3), "sparse")],
)
def test_accuracy_is_chosen_by_the_shapes(y: Any, p: Any, kind: str) -> None:
    from nn.metrics.accuracy import kind_by_shapes

    assert kind_by_shapes(np.zeros(y), np.zeros(p)) == kind


def test_names_functions_and_losses_are_metrics() -> None:
    y, p = np.array([0.0, 1.0]), np.array([0.25, 1.0])
    assert metrics.get("mse")(y, p) == pytest.approx(0.03125)
    assert metrics.get("huber")(y, p) == pytest.approx(0.015625)
    assert metrics.get(lambda y, p: abs(y - p))(y, p) == pytest.approx(0.125)
    assert metrics.get(metrics.AUC).name == "auc"
    assert metrics.get("acc").name == "acc"


@pytest.mark.parametrize(
    "wrong, error, text",
    [
        (lambda: metrics.get("acuracy"), ValueError, "expected one of accuracy.*got 'acuracy'"),
        (lambda: metrics.get(3), TypeError, "expected a name, a Metric or a function; got int"),
        (
            lambda: metrics.MeanSquaredError()(np.zeros(3), np.zeros(4)),
            ValueError,
            r"shape of y_pred, \(4,\); got \(3,\)",
        ),
        (
            lambda: metrics.ConfusionMatrix(2)(np.array([0, 5]), np.array([0, 1])),
            ValueError,
            "classes 0 to 1; got 0 to 5",
        ),
        (
            lambda: metrics.SparseCategoricalAccuracy()(np.zeros((3, 2)), np.zeros((3, 4))),
            ValueError,
            "one integer label",
        ),
        (lambda: metrics.AUC(curve="roc"), ValueError, "expected 'ROC' or 'PR'"),
        (lambda: metrics.AUC(num_thresholds=1), ValueError, "2 or more"),
        (lambda: metrics.AUC(summation_method="x"), ValueError, "interpolation"),
        (lambda: metrics.F1Score(average="mean"), ValueError, "average: expected None, 'micro'"),
        (lambda: metrics.Precision(thresholds=1.5), ValueError, "numbers from 0 to 1; got 1.5"),
        (lambda: metrics.R2Score("mean"), ValueError, "uniform_average"),
        (lambda: metrics.Metric(), NotImplementedError, r"expected a method start"),
    ],
)
def test_errors_say_what_to_do(wrong: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        wrong()


def test_nothing_seen_is_zero() -> None:
    for metric in (metrics.Accuracy(), metrics.Precision(), metrics.AUC(), metrics.R2Score(), metrics.F1Score("macro")):
        assert metric.result() == 0.0

"""``nn.sklearn``: scikit-learn's own checks of estimators, and what users do with them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_wine, make_multilabel_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nn
from nn.sklearn import NeuralClassifier, NeuralRegressor
from tests.helpers import to_numpy

ROOT = Path(__file__).resolve().parent.parent
BOTH = [NeuralClassifier, NeuralRegressor]


@parametrize_with_checks([NeuralClassifier(random_state=0), NeuralRegressor(random_state=0)])
def test_scikit_learns_checks_of_estimators(estimator: Any, check: Any) -> None:
    check(estimator)


def wine() -> tuple[Any, Any]:
    x, y = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(x), y


def data_for(kind: Any) -> tuple[Any, Any]:
    x, y = wine()
    return (x, y) if kind is NeuralClassifier else (x[:, 1:], x[:, 0])


# Seeds, going on, pickles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_the_same_random_state_gives_the_same_numbers(kind: Any) -> None:
    x, y = data_for(kind)
    found = [kind(max_iter=5, batch_size=50, random_state=s).fit(x, y).predict(x) for s in (0, 0, 1)]
    np.testing.assert_array_equal(found[0], found[1])
    first = [to_numpy(kind(max_iter=1, random_state=s).fit(x, y).model_.parameters()[0]) for s in (0, 1)]
    assert (first[0] != first[1]).any()


@pytest.mark.parametrize("kind", BOTH)
def test_the_programs_own_random_numbers_are_left_alone(kind: Any) -> None:
    x, y = data_for(kind)

    def drawn(train: bool) -> list[Any]:
        nn.set_random_seed(7)
        nn.Linear(2, 2)
        if train:
            kind(max_iter=3, random_state=0).fit(x, y).partial_fit(x, y)
        return [to_numpy(nn.Linear(2, 2).weight), np.random.random(3)]

    for with_training, without in zip(drawn(True), drawn(False), strict=True):
        np.testing.assert_array_equal(with_training, without)


@pytest.mark.parametrize("kind", BOTH)
def test_a_pickled_estimator_predicts_and_trains_on_as_the_first(kind: Any) -> None:
    x, y = data_for(kind)
    model = kind(max_iter=4, batch_size=64, random_state=0).fit(x, y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict(x), copied.predict(x))
    for each in (model, copied):
        each.partial_fit(x, y).partial_fit(x, y)
    for a, b in zip(model.model_.parameters(), copied.model_.parameters(), strict=True):
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
    assert (model.n_iter_, len(model.loss_curve_)) == (6, 6)


@pytest.mark.parametrize("kind", BOTH)
def test_partial_fits_are_passes_of_one_training(kind: Any) -> None:
    x, y = data_for(kind)
    options = {"batch_size": 64, "random_state": 3}
    whole = kind(max_iter=5, tol=0.0, n_iter_no_change=100, **options).fit(x, y)
    parts = kind(**options)
    for _ in range(5):
        parts.partial_fit(x, y)
    np.testing.assert_allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-12)
    assert parts.n_iter_ == whole.n_iter_ == 5


def test_partial_fit_is_told_all_classes_first() -> None:
    x, y = wine()
    model = NeuralClassifier(random_state=0, learning_rate=0.02)
    model.partial_fit(x[y < 2], y[y < 2], classes=[0, 1, 2])
    for _ in range(60):
        model.partial_fit(x, y)
    assert model.score(x, y) > 0.95
    with pytest.raises(ValueError, match=r"labels among the classes \[0, 1, 2\]; got \[7\]. Name all classes"):
        model.partial_fit(x[:2], [7, 0])


def test_warm_starts_go_on() -> None:
    x, y = wine()
    model = NeuralClassifier(max_iter=3, warm_start=True, random_state=0).fit(x, y)
    kept, before = model.model_, model.loss_curve_[-1]
    model.fit(x, y)
    assert model.model_ is kept and model.loss_curve_[0] < before
    assert clone(model).set_params(warm_start=False).fit(x, y).loss_curve_[0] > before


# Weights, stopping ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BOTH)
def test_a_weight_of_two_is_the_sample_twice(kind: Any) -> None:
    x, y = data_for(kind)
    x, y = x[::3], y[::3]
    count = np.random.default_rng(0).integers(0, 4, len(x))
    options = {"max_iter": 30, "tol": 0.0, "random_state": 0}
    weighted = kind(**options).fit(x, y, sample_weight=count)
    repeated = kind(**options).fit(np.repeat(x, count, axis=0), np.repeat(y, count))
    predict = "predict_proba" if kind is NeuralClassifier else "predict"
    np.testing.assert_allclose(getattr(weighted, predict)(x), getattr(repeated, predict)(x), rtol=1e-6)


def test_class_weights_move_the_decision() -> None:
    stream = np.random.default_rng(0)
    x = np.concatenate([stream.normal(0, 1, (180, 2)), stream.normal(1, 1, (20, 2))])
    y = np.array(["many"] * 180 + ["few"] * 20)
    plain = NeuralClassifier(random_state=0, max_iter=100).fit(x, y)
    balanced = NeuralClassifier(random_state=0, max_iter=100, class_weight="balanced").fit(x, y)
    assert (balanced.predict(x) == "few").sum() > (plain.predict(x) == "few").sum() + 20
    np.testing.assert_array_equal(plain.classes_, ["few", "many"])


@pytest.mark.parametrize("kind", BOTH)
def test_early_stopping_keeps_the_best_weights(kind: Any) -> None:
    x, y = data_for(kind)
    model = kind(
        random_state=0,
        early_stopping=True,
        learning_rate=0.05,
        max_iter=400,
        n_iter_no_change=5,
        validation_fraction=0.3,
    ).fit(x, y)
    curve = model.validation_loss_curve_
    assert model.n_iter_ == len(curve) < 400
    assert len(curve) - 1 - int(np.argmin(curve)) <= 400
    assert min(curve[-5:]) > min(curve) - 1e-4


def test_training_ends_when_the_loss_no_longer_falls() -> None:
    x, y = wine()
    model = NeuralClassifier(random_state=0, learning_rate=0.05, max_iter=5000, tol=1e-3).fit(x, y)
    assert model.n_iter_ < 300 and model.loss_curve_[-1] < 0.05


# Use -----------------------------------------------------------------------------------------------------------


def test_pipelines_grids_and_cross_validation() -> None:
    x, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), NeuralClassifier(max_iter=60, learning_rate=0.01, random_state=0))
    assert cross_val_score(model, x, y, cv=3).min() > 0.9
    grid = GridSearchCV(model, {"neuralclassifier__hidden_layer_sizes": [(1,), (16,)]}, cv=3).fit(x, y)
    assert grid.best_params_["neuralclassifier__hidden_layer_sizes"] == (16,)


def test_digits_and_diabetes_are_learned() -> None:
    x, y = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(x / 16, y, random_state=0)
    model = NeuralClassifier(random_state=0, learning_rate=0.003, batch_size=64, max_iter=30).fit(train_x, train_y)
    assert model.score(test_x, test_y) > 0.96
    np.testing.assert_allclose(model.predict_proba(test_x).sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(test_x)), model.predict_proba(test_x), rtol=1e-9)
    x, y = load_diabetes(return_X_y=True)
    x, y = StandardScaler().fit_transform(x), (y - y.mean()) / y.std()
    regression = NeuralRegressor(16, random_state=0, early_stopping=True, learning_rate=0.01, weight_decay=0.1)
    assert cross_val_score(regression, x, y, cv=3).mean() > 0.4


def test_several_targets_and_other_losses() -> None:
    x, _ = wine()
    target = x[:, :2] * 2 + 1
    model = NeuralRegressor(loss="huber", learning_rate=0.02, max_iter=300, random_state=0).fit(x, target)
    assert model.predict(x).shape == target.shape and model.score(x, target) > 0.95
    assert NeuralRegressor(max_iter=1).fit(x, target[:, :1]).predict(x).shape == (len(x), 1)


def test_a_network_of_ones_own() -> None:
    x, y = wine()

    def network(features: int, outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(features, 12), nn.Tanh(), nn.Linear(12, outputs))

    made = NeuralClassifier(module=network, learning_rate=0.02, max_iter=60, random_state=0).fit(x, y)
    assert made.score(x, y) > 0.95 and isinstance(made.model_.layers[1], nn.Tanh)
    start = network(13, 3)
    before = to_numpy(start.parameters()[0]).copy()
    copied = NeuralClassifier(module=start, optimizer=nn.optimizers.SGD(0.1), max_iter=60, random_state=0).fit(x, y)
    assert copied.score(x, y) > 0.95 and copied.model_ is not start
    np.testing.assert_array_equal(to_numpy(start.parameters()[0]), before)
    linear = NeuralClassifier(hidden_layer_sizes=(), learning_rate=0.05, random_state=0).fit(x, y)
    assert len(linear.model_) == 1 and linear.score(x, y) > 0.95


def test_floats_keep_their_precision() -> None:
    x, y = wine()
    for dtype in ("float32", "float64"):
        model = NeuralClassifier(max_iter=2).fit(x.astype(dtype), y)
        assert {str(p.dtype) for p in model.model_.parameters()} == {dtype}
        assert model.predict_proba(x.astype(dtype)).dtype == dtype


def test_training_on_another_backend_gives_numpy_arrays() -> None:
    x, y = wine()
    model = NeuralClassifier(learning_rate=0.02, max_iter=40, device="strict", random_state=0).fit(x, y)
    assert len(NeuralClassifier(max_iter=1, device="cpu").fit(x, y).predict(x)) == len(x)
    assert model.model_.parameters()[0].backend.name == "strict"
    assert type(model.predict_proba(x)) is np.ndarray and type(model.predict(x)) is np.ndarray
    assert model.score(x, y) > 0.95
    again = clone(model).fit(x, y)
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))


def test_import_nn_does_not_load_scikit_learn() -> None:
    program = "import sys, nn; print('sklearn' in sys.modules); nn.sklearn; print('sklearn' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]


def test_without_scikit_learn_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['sklearn'] = None; import nn; nn.sklearn"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert "ModuleNotFoundError: nn.sklearn: expected scikit-learn" in ran.stderr and "pip install" in ran.stderr
    with pytest.raises(AttributeError, match="has no attribute 'scikit'"):
        _ = nn.scikit  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_layer_sizes": (4, 0)}, r"positive whole numbers; got \(4, 0\)"),
        ({"max_iter": 0}, "max_iter: expected a positive whole number; got 0"),
        ({"batch_size": -1}, "'auto' or a positive whole number; got -1"),
        ({"optimizer": "adem"}, "one of sgd, adam.*got 'adem'"),
        ({"activation": "rely"}, "activation: expected one of.*got 'rely'"),
    ],
)
def test_errors_say_what_came_and_what_to_do(options: dict[str, Any], words: str) -> None:
    x, y = wine()
    with pytest.raises(ValueError, match=words):
        NeuralClassifier(**options).fit(x, y)


def several_labels() -> tuple[Any, Any]:
    return make_multilabel_classification(300, 10, n_classes=4, random_state=0)


def test_several_labels_per_sample() -> None:
    X, y = several_labels()
    model = NeuralClassifier(random_state=0, learning_rate=0.01, max_iter=500).fit(X[:200], y[:200])
    probabilities = model.predict_proba(X[200:])
    assert probabilities.shape == (100, 4) and not np.allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X[200:]), probabilities > 0.5)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X[200:])), probabilities, rtol=1e-6)
    theirs = MLPClassifier((64,), random_state=0, learning_rate_init=0.01, max_iter=1000).fit(X[:200], y[:200])
    found, expected = (f1_score(y[200:], m.predict(X[200:]), average="micro") for m in (model, theirs))
    assert found > expected - 0.05
    all_right = (model.predict(X[200:]) == y[200:]).all(axis=1).mean()
    assert model.score(X[200:], y[200:]) == pytest.approx(all_right)
    assert model.classes_.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_several_labels_are_a_sigmoid_for_each() -> None:
    X, y = several_labels()
    network = NeuralClassifier(hidden_layer_sizes=(), optimizer=nn.optimizers.SGD(0.1), max_iter=1, shuffle=False)
    network.fit(X, y)
    weight, bias = (to_numpy(p) for p in network.model_.parameters())
    logits = X @ weight.T + bias
    np.testing.assert_allclose(network.predict_proba(X), 1 / (1 + np.exp(-logits)), rtol=1e-6)


def test_several_labels_in_pieces_sparse_and_weighted() -> None:
    X, y = several_labels()
    model = NeuralClassifier(random_state=0)
    for _ in range(3):
        model.partial_fit(X, scipy.sparse.csr_matrix(y))
    other = NeuralClassifier(random_state=0, max_iter=3, tol=-1.0, n_iter_no_change=10).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), rtol=1e-6)
    stopped = NeuralClassifier(random_state=0, early_stopping=True, max_iter=20).fit(X, y, np.ones(300))
    assert len(stopped.validation_loss_curve_) == stopped.n_iter_
    with pytest.raises(ValueError, match=r"expected marks of shape \(n, 4\), a column for each label; got \(300, 3\)"):
        model.partial_fit(X, y[:, :3])
    with pytest.raises(ValueError, match="expected class_weight=None beside marks"):
        NeuralClassifier(class_weight="balanced").fit(X, y)

"""What is said of wrong arguments: what was expected, what came, and what to do. All were silent, or raw errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn import callbacks, checks, optimizers, schedule

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 4)).astype("float32"), RNG.integers(0, 3, 40)


def compiled(**options: Any) -> Any:
    model = nn.Sequential([nn.Dense(8, input_shape=(4,)), nn.Dense(3, activation="softmax")])
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **options})
    return model


def fit(x: Any = X, y: Any = Y, **options: Any) -> Any:
    return compiled().fit(x, y, verbose=0, **options)


def sgd() -> Any:
    return nn.optim.SGD([nn.parameter(1.0)], lr=0.1, momentum=0.9)


FIT = [
    ({"epochs": -1}, ValueError, "fit: expected epochs to be a whole number of 0 or more; got -1"),
    ({"epochs": 2.5}, ValueError, "expected epochs .*; got 2.5"),
    ({"epochs": "3"}, ValueError, "expected epochs .*; got '3'"),
    ({"initial_epoch": -5}, ValueError, "expected initial_epoch .*; got -5"),
    ({"batch_size": "32"}, ValueError, "expected batch_size to be a whole number of 1 or more; got '32'"),
    ({"batch_size": "a"}, ValueError, "expected batch_size to be a whole number of 1 or more; got 'a'"),
    ({"steps_per_epoch": 0}, ValueError, "expected steps_per_epoch to be a whole number of 1 or more; got 0"),
    ({"steps_per_epoch": "5"}, ValueError, "expected steps_per_epoch .*; got '5'"),
    ({"validation_steps": -1, "validation_split": 0.5}, ValueError, "expected validation_steps .*; got -1"),
    ({"validation_freq": 0, "validation_split": 0.5}, ValueError, "expected validation_freq .*; got 0"),
    ({"validation_split": "0.2"}, TypeError, "Pass it as a number: validation_split=0.2"),
    ({"validation_split": -0.5}, ValueError, "validation_split to be a number from 0 to below 1; got -0.5"),
    ({"validation_data": X}, ValueError, r"expected validation_data as \(x, y\).*got ndarray without y"),
    ({"validation_data": (X, Y[:3])}, ValueError, "arrays of one length, .*; got x 40, y 3"),
    (
        {"validation_data": (X[:, :2], Y)},
        ValueError,
        r"expected x of shape \(n, 4\), .*; got \(40, 2\)",
    ),
    ({"sample_weight": np.ones(30)}, ValueError, "got x 40, y 40, sample_weight 30"),
    ({"sample_weight": "a"}, TypeError, "sample_weight: expected numbers; got dtype <U1"),
    ({"class_weight": {"a": 1.0}}, ValueError, "expected each label to be a whole number of 0 or more; got 'a'"),
    ({"class_weight": {0: "x"}}, TypeError, "expected the weight of 0 to be a number of 0 or more; got 'x'"),
    ({"class_weight": {-1: 1.0}}, ValueError, "expected each label .*; got -1"),
    ({"class_weight": [1.0, 2.0]}, TypeError, r"got list. Pass dict\(enumerate\(weights\)\)"),
    ({"class_weight": "balanced"}, TypeError, "got 'balanced'. Work them out"),
    ({"callbacks": [callbacks.EarlyStopping]}, TypeError, r"got the class EarlyStopping. Make one: EarlyStopping\(\)"),
    ({"x": None}, TypeError, r"fit: expected x to be arrays; got None. Pass fit\(x, y\)"),
    ({"x": X[:, :3]}, ValueError, r"expected x of shape \(n, 4\), as input_shape says; got \(40, 3\)"),
    ({"x": X.astype(object)}, TypeError, r"x: expected numbers; got dtype object. Where it .*astype\('float32'\)"),
    ({"y": Y[:30]}, ValueError, "got x 40, y 30"),
    ({"y": np.array(["cat", "dog"])[Y % 2]}, TypeError, "y: expected numbers; got dtype <U3.*return_inverse"),
    ({"y": np.eye(3)[Y]}, ValueError, "one column per class. Use categorical_crossentropy"),
]


@pytest.mark.parametrize("options, kind, text", FIT, ids=[text[:40] for _, _, text in FIT])
def test_fit(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        fit(**options)


COMPILE = [
    ({"loss": []}, ValueError, "compile: expected a loss; got an empty list"),
    ({"loss": ["mse", "mse"]}, ValueError, "given 2 losses; the model gives one output"),
    ({"loss": {"a": "mse"}}, ValueError, "given losses for a; the model gives one output"),
    ({"loss": "binary_crossentropi"}, ValueError, "Did you mean 'binary_crossentropy'"),
    ({"loss": "MSE"}, ValueError, "got 'MSE'. Did you mean 'mse'"),
    ({"loss": "categorical_crossentropy"}, ValueError, "integers, use sparse_categorical_crossentropy"),
    ({"loss_weights": "a"}, TypeError, "compile: expected loss_weights to be a number; got 'a'"),
    ({"metrics": ["acuracy"]}, ValueError, "got 'acuracy'. Did you mean 'accuracy'"),
    ({"metrics": {"out": ["accuracy"]}}, ValueError, "the output 'out' .*; the model gives no such output"),
    ({"optimizer": "adm"}, ValueError, "got 'adm'. Did you mean 'adam'"),
    ({"optimizer": nn.optim.Adam}, TypeError, r"Make one: nn.optim.Adam\(model.parameters\(\)\)"),
]


@pytest.mark.parametrize("options, kind, text", COMPILE, ids=[text[:40] for _, _, text in COMPILE])
def test_compile(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        compiled(**options).fit(X, Y, verbose=0)


def test_one_output_may_stand_in_a_list() -> None:
    """``loss=[one]`` and ``metrics=[[one]]`` are the one output's, and ``loss_weights`` count for it, as in Keras."""

    def run(**options: Any) -> Any:
        nn.set_random_seed(0)
        return compiled(**options).fit(X, Y, verbose=0, shuffle=False).history

    plain = run(metrics=["accuracy"])
    assert run(loss=["sparse_categorical_crossentropy"], metrics=[["accuracy"]]) == plain
    for weights in (0.5, [0.5]):
        nn.set_random_seed(0)
        model = compiled(loss_weights=weights, optimizer=optimizers.SGD(0.0))
        nn.set_random_seed(0)
        whole = compiled(optimizer=optimizers.SGD(0.0))
        assert model.evaluate(X, Y, verbose=0) == pytest.approx(whole.evaluate(X, Y, verbose=0) / 2)


def test_an_optimisers_class_is_the_optimiser_with_its_defaults() -> None:
    assert repr(compiled(optimizer=optimizers.Adam)._compiled.recipe) == repr(optimizers.Adam())


PREDICT = [
    (X[0], ValueError, r"expected x of shape \(n, 4\), .*; got \(4,\). Pass x\[None\] for a single sample"),
    (X[:, :3], ValueError, r"expected x of shape \(n, 4\)"),
    (np.array([["a"] * 4]), TypeError, "x: expected numbers; got dtype <U1"),
]


@pytest.mark.parametrize("x, kind, text", PREDICT, ids=[text[:40] for _, _, text in PREDICT])
def test_predict(x: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        compiled().predict(x, verbose=0)


def test_single_numbers_are_columns_where_the_model_takes_them() -> None:
    model = nn.Sequential([nn.Dense(2, input_shape=(1,))])
    np.testing.assert_array_equal(model.predict(X[:, 0], verbose=0), model.predict(X[:, :1], verbose=0))


MADE = [
    (lambda: nn.Dense("16"), ValueError, "Dense: expected units to be a positive integer; got '16'"),
    (lambda: nn.Dense(2.5), ValueError, "expected units to be a positive integer; got 2.5"),
    (lambda: nn.Dense(2, input_shape=()), ValueError, r"expected input_shape to have a size; got \(\)"),
    (lambda: nn.Dense(2, input_shape=(-1,)), ValueError, "each size in input_shape to be a whole number .*; got -1"),
    (lambda: nn.Dense(2, activation="rellu"), ValueError, "got 'rellu'. Did you mean 'relu'"),
    (lambda: nn.Dense(2, kernel_initializer="he_norm"), ValueError, "Did you mean 'he_normal'"),
    (lambda: nn.Dense(2)(nn.Input((4,))), TypeError, "got the layer Input. Layers are put in a row"),
    (lambda: nn.Dropout("0.5"), TypeError, "expected the probability to be a number from 0 to 1; got '0.5'"),
    (lambda: nn.Dropout(None), TypeError, "expected the probability .*; got None"),
    (lambda: nn.Input("4"), ValueError, "Input: expected each size in shape to be a whole number .*; got '4'"),
    (lambda: nn.LayerNorm("4"), ValueError, "expected each of normalized_shape to be a positive integer; got '4'"),
    (lambda: nn.BatchNorm1d(4, momentum=5), ValueError, "expected momentum to be a number from 0 to 1; got 5"),
    (lambda: nn.LSTM(16), TypeError, r"Keras's LSTM\(16\) is nn.LSTM\(features, 16, return_sequences=False"),
    (lambda: nn.Sequential([]).build((4,)), ValueError, r"a shape that begins with None.*got \(4,\)"),
    (lambda: nn.Sequential({"a.b": nn.ReLU()}), ValueError, "without a dot, for each layer; got 'a.b'"),
    (lambda: nn.Dense(2, input_shape=(3,)).set_weights([1]), ValueError, "set_weights: expected 2 arrays"),
    (
        lambda: nn.Dense(2, input_shape=(3,)).set_weights([np.ones((2, 3)), np.ones(2)]),
        ValueError,
        r"expected weight from an array of shape \(3, 2\); got \(2, 3\)",
    ),
    (lambda: nn.utils.to_categorical([0, 3], 3), IndexError, "expected labels from 0 to 2; got 3"),
    (lambda: nn.data.random_split([1, 2, 3], [1, 1]), ValueError, r"lengths that sum up to 3.*got \[1, 1\]"),
    (lambda: nn.data.TensorDataset(X, Y[:3]), ValueError, r"arrays of one length; got \[3, 40\]"),
    (lambda: callbacks.EarlyStopping(patience=-1), ValueError, "patience to be a whole number of 0 or more; got -1"),
    (lambda: callbacks.EarlyStopping(patience="3"), ValueError, "patience .*; got '3'"),
    (lambda: callbacks.EarlyStopping(min_delta="a"), TypeError, "min_delta to be a number; got 'a'"),
    (lambda: callbacks.ReduceLROnPlateau(patience=1.5), ValueError, "patience .*; got 1.5"),
    (lambda: callbacks.ModelCheckpoint("best.keras"), ValueError, "got 'best.keras'. Rename it: best.npz"),
]  # fmt: skip


@pytest.mark.parametrize("call, kind, text", MADE, ids=[text[:40] for _, _, text in MADE])
def test_layers_data_and_callbacks(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


OPTIMIZERS = ["SGD", "Adam", "AdamW", "Nadam", "Adamax", "RMSprop", "Adagrad", "Adadelta", "Lion", "Lamb"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_hyperparameters_of_optimisers(name: str) -> None:
    make = getattr(optimizers, name)
    for options, kind, text in (
        (
            {"learning_rate": "0.1"},
            TypeError,
            "a number of 0 or more; got '0.1'.*learning_rate=0.1",
        ),
        ({"learning_rate": None}, TypeError, "expected learning_rate .*; got None"),
        ({"learning_rate": [0.1]}, TypeError, "expected learning_rate .*; got list"),
        ({"learning_rate": -1}, ValueError, "expected learning_rate .*; got -1"),
        ({"learning_rate": float("nan")}, ValueError, "expected learning_rate .*; got nan"),
        ({"learning_rate": lambda: 0.1}, TypeError, "a function of the step; got a function of 0 parameters"),
        ({"learning_rate": lambda step: "a"}, TypeError, r"expected learning_rate\(0\) to be a number"),
        ({"weight_decay": -1}, ValueError, "expected weight_decay to be a number of 0 or more; got -1"),
        ({"weight_decay": "a"}, TypeError, "expected weight_decay .*; got 'a'"),
        ({"clipnorm": 0}, ValueError, "expected clipnorm to be a number above 0; got 0"),
        ({"clipvalue": "a"}, TypeError, "expected clipvalue .*; got 'a'"),
        ({"ema_momentum": 2}, ValueError, "expected ema_momentum to be a number from 0 to below 1; got 2"),
        ({"ema_overwrite_frequency": 0}, ValueError, "expected ema_overwrite_frequency to be a whole number"),
        ({"use_ema": "yes"}, TypeError, "expected use_ema to be True or False; got 'yes'"),
        ({"lr": 0.1}, TypeError, "got lr. Did you mean learning_rate"),
        ({"clip_norm": 1.0}, TypeError, "got clip_norm. Did you mean 'clipnorm'"),
    ):
        with pytest.raises(kind, match=f"{name}: .*{text}"):
            make(**options)
    assert repr(make(name="mine")) == repr(make())


OPTIONS = [
    (lambda: optimizers.SGD(momentum=2), ValueError, "SGD: expected momentum to be a number from 0 to 1; got 2"),
    (lambda: optimizers.SGD(momentum="a"), TypeError, "expected momentum .*; got 'a'"),
    (lambda: optimizers.Adam(beta_1=1.0), ValueError, "Adam: expected beta_1 to be a number from 0 to below 1; got 1"),
    (lambda: optimizers.AdamW(beta_2="a"), TypeError, "AdamW: expected beta_2 .*; got 'a'"),
    (lambda: optimizers.Adam(epsilon=-1), ValueError, "expected epsilon to be a number of 0 or more; got -1"),
    (lambda: optimizers.RMSprop(rho=3), ValueError, "expected rho to be a number from 0 to 1; got 3"),
]


@pytest.mark.parametrize("call, kind, text", OPTIONS, ids=[text[:40] for _, _, text in OPTIONS])
def test_options_of_optimisers(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


SCHEDULES = [
    (lambda: schedule.StepLR(sgd(), 0), ValueError, "StepLR: expected step_size to be a whole number .*; got 0"),
    (lambda: schedule.StepLR(sgd(), "3"), ValueError, "expected step_size .*; got '3'"),
    (lambda: schedule.StepLR(sgd(), 3, "a"), TypeError, "expected gamma to be a number of 0 or more; got 'a'"),
    (lambda: schedule.StepLR(compiled(), 3), TypeError, "expected an optimiser of nn.optim.*got Sequential"),
    (lambda: schedule.CosineAnnealingLR(sgd(), 0), ValueError, "expected T_max to be a number above 0; got 0"),
    # These two went on for ever.
    (lambda: schedule.CosineAnnealingWarmRestarts(sgd(), 0), ValueError, "expected T_0 to be a whole number"),
    (lambda: schedule.CosineAnnealingWarmRestarts(sgd(), 5, 0), ValueError, "expected T_mult to be a whole number"),
    (lambda: schedule.LinearLR(sgd(), total_iters=0), ValueError, "expected total_iters .*; got 0"),
    (lambda: schedule.PolynomialLR(sgd(), 0), ValueError, "expected total_iters .*; got 0"),
    (lambda: schedule.ExponentialLR(sgd(), -1), ValueError, "expected gamma .*; got -1"),
    (lambda: schedule.MultiStepLR(sgd(), 5), TypeError, r"to be a list of steps; got 5. Pass \[5\]"),
    (lambda: schedule.MultiStepLR(sgd(), ["a"]), ValueError, "expected each of milestones .*; got 'a'"),
    (lambda: schedule.OneCycleLR(sgd(), "1", 10), TypeError, "got '1'. Pass it as a number: max_lr=1"),
    (lambda: schedule.OneCycleLR(sgd(), 1.0, 0), ValueError, "expected total_steps .*; got 0"),
    (lambda: schedule.OneCycleLR(sgd(), 1.0), ValueError, "expected epochs .*; got None"),
    (lambda: schedule.OneCycleLR(sgd(), 1.0, 9, pct_start=3), ValueError, "expected pct_start .* from 0 to 1; got 3"),
    (lambda: schedule.CyclicLR(sgd(), 0.1, 1.0, 0), ValueError, "expected step_size_up .*; got 0"),
    (lambda: schedule.LambdaLR(sgd(), 3), TypeError, "expected a function of the step, or one for each group; got int"),
    (lambda: schedule.LambdaLR(sgd(), []), TypeError, "got 0 for 1 groups"),
    (lambda: schedule.LambdaLR(sgd(), lambda t: "a"), TypeError, r"expected factor\(0\) to be a number; got 'a'"),
    (lambda: schedule.ChainedScheduler([]), TypeError, "expected a list of schedules; got none"),
    (lambda: schedule.ReduceLROnPlateau(sgd(), factor="a"), TypeError, "expected factor .*; got 'a'"),
    (lambda: schedule.ReduceLROnPlateau(sgd(), patience=-1), ValueError, "expected patience .*; got -1"),
    (lambda: schedule.ReduceLROnPlateau(sgd()).step("a"), TypeError, "expected metric to be a number; got 'a'"),
    (lambda: schedule.StepLR(sgd(), 3).load_state_dict({}), ValueError, "got an empty dict. Pass a schedule's state"),
    (lambda: optimizers.schedules.ExponentialDecay("0.1", 9, 0.9), TypeError, "initial_learning_rate .*; got '0.1'"),
    (lambda: optimizers.schedules.ExponentialDecay(0.1, "9", 0.9), TypeError, "expected decay_steps .*; got '9'"),
    (lambda: optimizers.schedules.PolynomialDecay(-0.1, 9), ValueError, "expected initial_learning_rate .*; got -0.1"),
    (lambda: optimizers.schedules.CosineDecay(0.1, 9, alpha=2), ValueError, "alpha to be a number from 0 to 1"),
    (lambda: optimizers.schedules.PiecewiseConstantDecay([5, 1], [1, 2, 3]), ValueError, r"got \[5, 1\]. Sort"),
    (lambda: optimizers.schedules.PiecewiseConstantDecay(["a"], [1, 2]), TypeError, "each of boundaries .*; got 'a'"),
]  # fmt: skip


@pytest.mark.parametrize("call, kind, text", SCHEDULES, ids=[text[:40] for _, _, text in SCHEDULES])
def test_schedules(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_files(tmp_path: Path) -> None:
    model = compiled()
    for call, kind, text in (
        (lambda: model.save(tmp_path / "m.keras"), ValueError, "save_model: .*; got 'm.keras'. Rename it: m.npz"),
        (lambda: model.save(None), TypeError, "save_model: expected a path; got NoneType. Pass 'model.npz'"),
        (lambda: model.save_weights("w.h5"), ValueError, "save_weights: .*; got 'w.h5'. Rename it: w.npz"),
        (lambda: nn.load_model(3), TypeError, "load_model: expected a path; got int"),
        (lambda: nn.load_model("m.keras"), ValueError, "load_model: .*Hand its weights over: nn.load_keras_weights"),
        (lambda: nn.load_model(tmp_path / "none.npz"), ValueError, "load_model: expected a file .*; there is none"),
    ):
        with pytest.raises(kind, match=text):
            call()


def test_numbers_of_every_kind_are_numbers() -> None:
    for value in (1, 0.5, np.float32(0.5), np.int64(1), np.array(0.5), nn.parameter(0.5)):
        checks.number("x", "y", value, checks.SHARE)
    for wrong in (True, None, "0.5", 1j, [0.5], np.ones(1), nn.parameter([0.5])):
        with pytest.raises(TypeError, match="x: expected y to be a number from 0 to 1; got"):
            checks.number("x", "y", wrong, checks.SHARE)
    checks.whole("x", "y", np.int32(3))
    with pytest.raises(ValueError, match="from 1 to 3; got 4"):
        checks.whole("x", "y", 4, 1, 3)


PYTORCH = [
    (lambda w: nn.optim.SGD(w, lr="0.1"), TypeError, "SGD: expected lr to be a number of 0 or more; got '0.1'.*lr=0.1"),
    (lambda w: nn.optim.SGD(w, lr=None), TypeError, "expected lr .*; got None"),
    (lambda w: nn.optim.Adam(w, lr=-1), ValueError, "Adam: expected lr to be a number of 0 or more; got -1"),
    (lambda w: nn.optim.Adam(w, betas=0.9), ValueError, r"expected two betas on \[0, 1\); got 0.9. Pass a pair"),
    (lambda w: nn.optim.Adam(w, betas=("a", 0.9)), TypeError, "each of betas .*; got 'a'"),
    (lambda w: nn.optim.RMSprop(w, alpha=2), ValueError, "expected alpha to be a number from 0 to 1; got 2"),
    (lambda w: nn.optim.Adadelta(w, rho=2), ValueError, "expected rho .* from 0 to 1; got 2"),
    (lambda w: nn.optim.SGD(w, momentum="x"), TypeError, "expected momentum .*; got 'x'"),
    (lambda w: nn.optim.AdamW(w, eps="x"), TypeError, "expected eps .*; got 'x'"),
    (lambda w: nn.optim.SGD([{"params": w, "lr": "a"}]), TypeError, "expected lr .*; got 'a'"),
    (lambda w: nn.optim.SGD([{"lr": 1}]), ValueError, "expected groups as dicts with 'params' .*; got lr"),
    (lambda w: nn.optim.SGD([{"params": w}, w[0]]), ValueError, "groups as dicts .*; got Tensor"),
]


@pytest.mark.parametrize("call, kind, text", PYTORCH, ids=[text[:40] for _, _, text in PYTORCH])
def test_hyperparameters_under_pytorchs_names(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call([nn.parameter([1.0])])

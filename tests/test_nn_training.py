"""Training: Keras's recorded weighting and optimisers, the plain loop, data in all forms, predictions, errors."""

from __future__ import annotations

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backends
import nn
from autograd import no_grad, tensor
from nn import optimizers
from tests.helpers import to_numpy

RECORDED = np.load(Path(__file__).parent / "recorded" / "keras_nn.npz")
CASES: dict[str, Any] = json.loads(str(RECORDED["about"]))["cases"]
FITS = [name for name in CASES if name.startswith("fit/")]
STEPS = [name for name in CASES if name.startswith("optimiser/") and not name.endswith("/ema")]
NAMES = ("kernel1", "bias1", "kernel2", "bias2")


def small_net() -> nn.Sequential:
    """The recorded 2-4-3 network, compiled."""
    model = nn.Sequential([nn.Dense(4, activation="tanh", input_shape=(2,)), nn.Dense(3, activation="softmax")])
    model.to("float64")
    nn.load_keras_weights(model, [RECORDED[f"fit/start/{name}"] for name in NAMES])
    model.compile(
        optimizers.SGD(0.25),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=[nn.metrics.SparseCategoricalAccuracy(name="weighted_accuracy")],
    )
    return model


@pytest.mark.parametrize("case", FITS)
def test_fit_weighs_splits_and_reports_as_keras_does(case: str, backend: Any) -> None:
    given = dict(CASES[case])
    given.pop("optimizer")
    if given.pop("sample_weight", False):
        given["sample_weight"] = RECORDED["fit/sample_weight"]
    if "class_weight" in given:
        given["class_weight"] = {int(label): weight for label, weight in given["class_weight"].items()}
    if case == "fit/everything":
        # Keras refuses both, so it was given their product, with which it weighs the validation as well.
        table = np.array([given["class_weight"][label] for label in range(3)])
        given["sample_weight"] = given["sample_weight"] * table[RECORDED["fit/y"].reshape(-1)]
        del given["class_weight"]
    if "validation_data" in given:
        given["validation_data"] = tuple(RECORDED[f"fit/{name}"] for name in given["validation_data"])
    model = small_net()
    history = model.fit(RECORDED["fit/x"], RECORDED["fit/y"], verbose=0, **given)
    names = [name.rsplit("/", 1)[1] for name in RECORDED.files if name.startswith(f"{case}/history/")]
    assert sorted(history.history) == sorted(names)
    for name in names:
        np.testing.assert_allclose(history.history[name], RECORDED[f"{case}/history/{name}"], rtol=1e-6, err_msg=name)
    for parameter, name in zip(model.parameters(), NAMES, strict=True):
        np.testing.assert_allclose(to_numpy(parameter).T, RECORDED[f"{case}/end/{name}"], rtol=1e-6, err_msg=name)
    if case == "fit/plain":
        x, y, w = (RECORDED[f"fit/{name}"] for name in ("x", "y", "sample_weight"))
        np.testing.assert_allclose(model.evaluate(x, y, 4, verbose=0), RECORDED["fit/plain/evaluate"], rtol=1e-6)
        weighted = model.evaluate(x, y, 4, verbose=0, sample_weight=w)
        np.testing.assert_allclose(weighted, RECORDED["fit/plain/evaluate_weighted"], rtol=1e-6)
        assert model.evaluate(x, y, 4, verbose=0, return_dict=True).keys() == {"loss", "accuracy", "weighted_accuracy"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", STEPS)
def test_named_optimisers_step_as_keras_does(case: str, dtype: str) -> None:
    options = {key: value for key, value in CASES[case].items() if value is not None}
    make = getattr(optimizers, options.pop("cls"))
    for name in ("use_ema", "ema_momentum", "source"):
        options.pop(name, None)
    recipe = make(**options)
    prefix = case + ("/float32" if dtype == "float32" else "")
    start = "optimiser/start"
    grads = "optimiser/gradients"
    params = [tensor(RECORDED[f"{start}/{n}"].astype(dtype), requires_grad=True) for n in ("w", "b")]
    optimizer = recipe.bind(params)
    before = recipe.before_step(optimizer)
    for step in range(5):
        for p, n in zip(params, ("w", "b")):
            p.grad = tensor(RECORDED[f"{grads}/{n}"][step].astype(dtype))
        if before is not None:
            before()
        optimizer.step()
        for p, n in zip(params, ("w", "b")):
            assert str(p.dtype) == dtype
            np.testing.assert_allclose(
                p.data, RECORDED[f"{prefix}/{n}"][step], rtol=2e-6 if dtype == "float64" else 2e-5, atol=1e-6
            )


def test_a_learning_rate_may_be_a_function_of_the_step() -> None:
    model = nn.Sequential([nn.Dense(1, input_shape=(1,))])
    model.compile(optimizers.SGD(lambda step: 0.1 / (1 + step)), "mse")
    rates: list[float] = []
    keep = nn.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: rates.append(model.optimizer.lr))
    model.fit(np.ones((6, 1)), np.ones(6), batch_size=2, epochs=2, verbose=0, callbacks=[keep])
    assert rates == [0.1 / (1 + step) for step in range(6)]


def digits() -> Any:
    sk = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    x, y = sk.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order] / 16, y[order]
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


def dense() -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def test_the_plain_loop_learns_digits() -> None:
    (x, y), (test_x, test_y) = digits()
    nn.set_random_seed(1)
    model = dense()
    optimizer = nn.optim.Adam(model.parameters(), lr=3e-3)
    schedule = nn.schedule.CosineAnnealingLR(optimizer, 25)
    loss_of = nn.CrossEntropyLoss()
    batches = nn.data.Batches((x.astype("float32"), y), batch_size=64, shuffle=True, seed=0)
    for _ in range(25):
        for images, labels in batches:
            optimizer.zero_grad()
            loss_of(model(images), labels).backward()
            optimizer.step()
        schedule.step()
    with no_grad():
        right = to_numpy(model.eval()(test_x.astype("float32"))).argmax(axis=1) == test_y
    assert right.mean() >= 0.97


def test_fit_learns_digits() -> None:
    (x, y), (test_x, test_y) = digits()
    nn.set_random_seed(1)
    model = dense()
    model.compile(optimizers.Adam(3e-3), nn.CrossEntropyLoss(), metrics=["accuracy"])
    rate = nn.callbacks.LearningRateScheduler(lambda epoch, lr: 3e-3 * 0.5 * (1 + np.cos(np.pi * epoch / 25)))
    history = model.fit(x, y, epochs=25, batch_size=64, verbose=0, validation_split=0.1, callbacks=[rate])
    assert history.history["loss"][-1] < history.history["loss"][0] / 10
    assert model.evaluate(test_x, test_y, verbose=0)[1] >= 0.97
    assert model.predict(test_x, verbose=0).argmax(axis=1).shape == test_y.shape


# Data in all forms -------------------------------------------------------------------------------------------------

X = np.random.default_rng(0).normal(size=(10, 3))
Y = X @ np.array([1.0, -2.0, 0.5])


def linear_model() -> nn.Sequential:
    nn.set_random_seed(3)
    model = nn.Sequential([nn.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    return model


class Rows:
    """A dataset of samples."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, i: int) -> Any:
        return X[i], Y[i]


class Exchanged:
    """An array that is only known by DLPack."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


class Converted:
    """An array that is only known by ``__array__``."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


def batches_of_four() -> Any:
    return ((X[i : i + 4], Y[i : i + 4, None]) for i in (0, 4, 8))


FORMS = {
    "lists": lambda: (X.tolist(), Y.tolist()),
    "tensors": lambda: (tensor(X), tensor(Y)),
    "dlpack": lambda: (Exchanged(X), Exchanged(Y)),
    "__array__": lambda: (Converted(X), Converted(Y)),
    "column": lambda: (X, Y[:, None]),
    "float32": lambda: (X.astype("float32"), Y.astype("float32")),
    "a dataset": lambda: (Rows(),),
    "a list of batches": lambda: (nn.data.Batches(lambda: batches_of_four()),),
    "Batches": lambda: (nn.data.Batches((X, Y), batch_size=4),),
    "Batches ahead": lambda: (nn.data.Batches((X, Y), batch_size=4, prefetch=2),),
    "a function": lambda: (batches_of_four,),
}


@pytest.mark.parametrize("form", FORMS)
def test_data_of_every_form_train_alike(form: str, backend: Any) -> None:
    expected = linear_model()
    losses = expected.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"]
    model = linear_model()
    given = FORMS[form]()
    size = None if form in ("a list of batches", "Batches", "Batches ahead", "a function") else 4
    history = model.fit(*given, batch_size=size, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-6)
    for ours, theirs in zip(model.parameters(), expected.parameters()):
        np.testing.assert_allclose(to_numpy(ours), to_numpy(theirs), rtol=1e-6)
        assert ours.backend is backend and str(ours.dtype) == "float32"


def test_predict_takes_what_fit_takes(backend: Any) -> None:
    model = linear_model()
    expected = to_numpy(model.predict(X, verbose=0))
    assert expected.shape == (10, 1) and expected.dtype == "float32"
    forms = (X.tolist(), tensor(X), Rows(), batches_of_four, batches_of_four(), nn.data.Batches((X, Y), batch_size=3))
    for form in forms:
        found = model.predict(form, verbose=0)
        assert backends.of(found) is backend
        np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-6)
    assert len(model.predict(X, batch_size=2, steps=3, verbose=0)) == 6


def test_a_generator_trains_as_long_as_it_lasts(backend: Any) -> None:
    model = linear_model()
    with pytest.warns(UserWarning, match="the iterable has none left"):
        history = model.fit(batches_of_four(), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 1
    with pytest.warns(UserWarning, match="expected 2 batches per epoch; the data ended after 1 of epoch 2"):
        history = model.fit(batches_of_four(), epochs=4, steps_per_epoch=2, verbose=0)
    assert history.epoch == [0, 1]

    def endless() -> Any:
        while True:
            yield from batches_of_four()

    assert len(linear_model().fit(endless(), epochs=4, steps_per_epoch=2, verbose=0).epoch) == 4


class Frame:
    """As much of a data frame as is looked at."""

    def __init__(self, **columns: Any) -> None:
        self.columns = list(columns)
        self.dtypes = [np.asarray(column).dtype for column in columns.values()]
        self.values = list(columns.values())

    def to_numpy(self) -> Any:
        return np.array(self.values, dtype=object if any(d.kind in "UO" for d in self.dtypes) else "float64").T


def test_what_has_columns_is_an_array() -> None:
    model, expected = linear_model(), linear_model()
    model.fit(Frame(a=X[:, 0], b=X[:, 1], c=X[:, 2]), Y, batch_size=4, shuffle=False, verbose=0)
    expected.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_array_equal(to_numpy(model.parameters()[0]), to_numpy(expected.parameters()[0]))
    with pytest.raises(TypeError, match="expected numbers; got dtype object in the columns name"):
        model.fit(Frame(a=X[:, 0], name=["x"] * 10), Y, verbose=0)


def test_frames_are_arrays() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    model, expected = linear_model(), linear_model()
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    model.fit(frame, pandas.Series(Y), batch_size=4, shuffle=False, verbose=0)
    expected.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_array_equal(to_numpy(model.parameters()[0]), to_numpy(expected.parameters()[0]))
    with pytest.raises(TypeError, match="dtype object in the columns name"):
        model.fit(frame.assign(name="x"), Y, verbose=0)
    # dtypes that may lack values, mixed ones, and ones that do
    nullable = pandas.DataFrame({"a": [1.5, None], "b": [1, 2], "c": [True, False]}).astype(
        {"a": "Float32", "b": "Int64", "c": "boolean"}
    )
    array = nn.nest.as_array(nullable)
    assert array.dtype.kind == "f"
    np.testing.assert_array_equal(array, [[1.5, 1, 1], [np.nan, 2, 0]])
    assert nn.nest.as_array(pandas.Series([1, 2], dtype="Int8")).dtype == "int8"


class TwoHeads(nn.Model):
    """Two inputs in a dict, two outputs."""

    def __init__(self) -> None:
        self.body = nn.Linear(3, 4)
        self.value = nn.Linear(4, 1)
        self.kind = nn.Linear(4, 2, activation="softmax")

    def forward(self, inputs: Any) -> Any:
        h = self.body(inputs["x"]) * inputs["scale"]
        return {"value": self.value(h), "kind": self.kind(h)}


def test_nested_inputs_and_outputs(backend: Any) -> None:
    nn.set_random_seed(0)
    model = TwoHeads()
    kinds = (Y > 0).astype("int64")
    losses = {"value": "mse", "kind": "sparse_categorical_crossentropy"}
    model.compile("adam", losses, metrics={"kind": ["accuracy"]}, loss_weights={"value": 0.5, "kind": 1.0})
    inputs = {"x": X, "scale": np.ones((10, 1))}
    history = model.fit(inputs, {"value": Y[:, None], "kind": kinds}, epochs=3, batch_size=4, verbose=0)
    assert sorted(history.history) == ["kind_accuracy", "loss"]
    loss, accuracy = model.evaluate(inputs, {"value": Y[:, None], "kind": kinds}, verbose=0)
    out = to_numpy(model.predict(inputs, batch_size=4, verbose=0))
    assert out["value"].shape == (10, 1) and out["kind"].shape == (10, 2)
    picked = out["kind"][np.arange(10), kinds]
    expected = 0.5 * np.mean((out["value"][:, 0] - Y) ** 2) - np.mean(np.log(picked))
    assert loss == pytest.approx(expected, rel=1e-5)
    assert accuracy == pytest.approx(np.mean(out["kind"].argmax(axis=1) == kinds))


def test_a_model_that_waits_for_its_inputs_size_is_built_by_the_data(backend: Any) -> None:
    for data in ((X, Y), (Rows(),)):
        model = nn.Sequential([nn.Dense(4, activation="relu"), nn.Dense(1)])
        model.compile("adam", "mse")
        model.fit(*data, verbose=0)
        assert [tuple(p.shape) for p in model.parameters()] == [(4, 3), (4,), (1, 4), (1,)]
        assert all(p.backend is backend for p in model.parameters())
    waiting = nn.Sequential([nn.Dense(1)])
    waiting.compile("adam", "mse")
    with pytest.raises(ValueError, match="expected a built model beside a generator"):
        waiting.fit(batches_of_four(), verbose=0)


def test_shuffling_follows_the_seed() -> None:
    runs = []
    for seed in (5, 5, 6):
        model = linear_model()
        nn.set_random_seed(seed)
        runs.append(model.fit(X, Y, batch_size=2, epochs=2, verbose=0).history["loss"])
    assert runs[0] == runs[1] != runs[2]


def test_modes_are_given_back() -> None:
    seen: list[bool] = []

    class Watch(nn.Module):
        def forward(self, x: Any) -> Any:
            seen.append(self.training)
            return x

    model = nn.Sequential([Watch(), nn.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    model.eval()
    model.fit(X, Y, batch_size=10, verbose=0, validation_data=(X, Y))
    model.predict(X, verbose=0)
    assert seen[-3:] == [True, False, False] and not model.training


def test_train_on_batch_is_one_step_of_fit() -> None:
    one, other = linear_model(), linear_model()
    loss = one.train_on_batch(X, Y)
    history = other.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    assert loss == pytest.approx(history.history["loss"][0])
    np.testing.assert_array_equal(one.parameters()[0].data, other.parameters()[0].data)


def test_an_optimiser_of_ones_own() -> None:
    model = linear_model()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    model.compile(optimizer, nn.MSELoss())
    losses = model.fit(X, Y[:, None], epochs=20, batch_size=5, verbose=0).history["loss"]
    assert model.optimizer is optimizer and losses[-1] < losses[0] / 5
    model.compile("sgd", lambda out, y: ((out - y) ** 2).mean())
    expected = np.mean((model.predict(X, verbose=0)[:, 0] - Y) ** 2)
    assert model.evaluate(X, Y[:, None], verbose=0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "wrong, error, text",
    [
        (lambda m: nn.Sequential([nn.Dense(1)]).fit(X, Y), ValueError, "expected a compiled model"),
        (lambda m: m.compile("adem", "mse"), ValueError, "expected one of sgd, adam.*got 'adem'"),
        (lambda m: m.compile(3, "mse"), TypeError, "expected a name, one of nn.optimizers"),
        (lambda m: m.compile("sgd", "mse", metrics=["mae", "mae"]), ValueError, "different names.*mae"),
        (lambda m: m.fit(X, Y[:5]), ValueError, "arrays of one length.*got x 10 and y 5|got x 10, y 5"),
        (lambda m: m.fit(X), ValueError, "expected targets beside the inputs"),
        (lambda m: m.fit(X, Y, verbose=3), ValueError, "'auto', 0, 1 or 2; got 3"),
        (lambda m: m.fit(X, Y, batch_size=0), ValueError, "batch_size to be a whole number of 1 or more; got 0"),
        (
            lambda m: m.fit(X, Y, validation_split=1.5),
            ValueError,
            "a number from 0 to below 1; got 1.5",
        ),
        (lambda m: m.fit(X, Y, validation_split=0.1, validation_data=(X, Y)), ValueError, "got both"),
        (lambda m: m.fit(Rows(), validation_split=0.1), ValueError, "Split the data yourself"),
        (lambda m: m.fit(X, Y, callbacks=[print]), TypeError, "objects of nn.callbacks.Callback"),
        (lambda m: m.fit(X[:, :2], Y, verbose=0), ValueError, "3"),
        (lambda m: m.fit(batches_of_four(), batch_size=4), ValueError, "expected None beside an iterable"),
        (lambda m: m.fit(7, None), TypeError, "expected arrays, a dataset, an iterable or a function; got int"),
        (lambda m: m.fit(np.array(["a"]), Y), TypeError, "expected numbers; got dtype <U1"),
        (lambda m: m.fit([(X, Y, Y, Y)].__iter__(), verbose=0), ValueError, "got a tuple of 4"),
        (lambda m: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ValueError, "got several"),
    ],
)
def test_errors_say_what_to_do(wrong: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        wrong(linear_model())


def test_weights_beside_a_function_that_takes_none() -> None:
    model = linear_model()
    model.compile("sgd", lambda out, y: ((out - y) ** 2).mean())
    with pytest.raises(TypeError, match="a loss that takes weights"):
        model.fit(X, Y[:, None], sample_weight=np.ones(10), verbose=0)


def test_no_step_waits_for_the_device(device_backend: Any) -> None:
    """Per step, nothing is copied to the host: only at an epoch's end."""
    from tests.strict_array import counts

    if device_backend.name != "strict":
        pytest.skip("the strict backend counts copies")
    model = linear_model()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=5, verbose=0)

    def waits(size: int) -> tuple[int, int]:
        before = counts.host_syncs, counts.uploads
        model.fit(X, Y, batch_size=size, verbose=0, shuffle=False)
        return counts.host_syncs - before[0], counts.uploads - before[1]

    assert waits(1) == waits(5)


def test_a_trained_model_is_freed_at_once() -> None:
    gc.disable()
    try:
        model = linear_model()
        batches = nn.data.Batches((X, Y), batch_size=4, prefetch=2)
        history = model.fit(
            batches, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[nn.callbacks.TerminateOnNaN()]
        )
        gone = weakref.ref(model)
        del model
        assert gone() is None and len(history.epoch) == 2
    finally:
        gc.enable()

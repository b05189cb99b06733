"""Whole models in files: made again alike, trained on alike; nothing unknown is made, nothing is executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from nn import checkpoint
from nn.saving import FileError
from tests.helpers import to_numpy

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("int64")


class Skipping(nn.Model):
    """A layer of one's own, made from another one and a number."""

    def __init__(self, inner: nn.Module, factor: float = 1.0) -> None:
        self.inner = inner
        self.factor = factor

    def forward(self, x: Any) -> Any:
        return x + self.factor * self.inner(x)


MODELS = {
    "dense": lambda: nn.Sequential(
        [nn.Dense(5, activation="relu", input_shape=(4,)), nn.Dense(1, activation="sigmoid")]
    ),
    "linear": lambda: nn.Sequential(nn.Linear(4, 6, bias=False), nn.Tanh(), nn.Linear(6, 1)),
    "options": lambda: nn.Sequential(
        nn.Dense(6, activation=nn.functional.gelu, kernel_initializer=nn.init.Normal(0.0, 0.1), input_shape=(4,)),
        nn.LayerNorm(6),
        nn.Dropout(0.25),
        nn.LeakyReLU(0.3),
        nn.Dense(1, use_bias=False),
    ),
    "batch norm": lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)),
    "input": lambda: nn.Sequential([nn.layers.Input(shape=(4,)), nn.Dense(2), nn.Dense(1)]),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), nn.Linear(2, 1)),
    "float64": lambda: nn.Sequential(nn.Linear(4, 1)).to("float64"),
    "NumPy's numbers": lambda: nn.Sequential(nn.Linear(4, np.arange(3).max() + 1), nn.Dropout(np.float32(0.5))),
    "own": lambda: nn.Sequential(Skipping(nn.Linear(4, 4), factor=0.5), nn.Linear(4, 1)),
    "own alone": lambda: Skipping(nn.Linear(4, 4)),
}


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_made_again(name: str, suffix: str, backend: Any, tmp_path: Path) -> None:
    if suffix == "safetensors":
        pytest.importorskip("safetensors", reason="safetensors is not installed")
    nn.set_random_seed(0)
    model = MODELS[name]()
    model(backend.asarray(X))  # moves batch norm's statistics
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    again = nn.load_model(path, custom=[Skipping])
    assert type(again) is type(model) and repr(again) == repr(model)
    assert [n for n, _ in again.named_parameters()] == [n for n, _ in model.named_parameters()]
    for key, value in model.state_dict().items():
        assert again.state_dict()[key].dtype == value.dtype
        np.testing.assert_array_equal(to_numpy(again.state_dict()[key]), to_numpy(value))
    x = backend.asarray(X.astype(str(model.parameters()[0].dtype)))
    np.testing.assert_array_equal(to_numpy(again.eval()(x)), to_numpy(model.eval()(x)))


def test_training_goes_on_as_if_the_model_had_stayed(tmp_path: Path) -> None:
    nn.set_random_seed(0)
    model = nn.Sequential([nn.Dense(5, activation="tanh"), nn.Dense(1, activation="sigmoid")])
    model.compile(nn.optimizers.Adam(0.01, clipnorm=1.0), "binary_crossentropy", metrics=["accuracy", "auc"])
    model.fit(X, Y, epochs=2, batch_size=4, verbose=0)
    model.save(tmp_path / "model.npz")
    again = nn.load_model(tmp_path / "model.npz")
    assert again.metrics_names == ["loss", "accuracy", "auc"]
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    for trained in (model, again):
        trained.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    for ours, theirs in zip(again.parameters(), model.parameters()):
        np.testing.assert_array_equal(ours.data, theirs.data)


def test_the_checkpoints_of_a_training_are_models(tmp_path: Path) -> None:
    model = nn.Sequential([nn.Dense(1, activation="sigmoid", input_shape=(4,))])
    model.compile("adam", "binary_crossentropy")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=nn.callbacks.ModelCheckpoint(tmp_path / "{epoch}.npz"))
    again = nn.load_model(tmp_path / "2.npz")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_what_is_no_name_is_compiled_again(tmp_path: Path) -> None:
    model = nn.Sequential([nn.Dense(1, input_shape=(4,))])
    model.compile("adam", lambda y, p: ((p - y) ** 2).mean())
    model.save(tmp_path / "model.npz")
    with pytest.raises(ValueError, match="expected a compiled model"):
        nn.load_model(tmp_path / "model.npz").fit(X, Y)


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss([1.0, 2.0])])
@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_loss_of_this_package_is_kept_with_its_arguments(loss: Any, suffix: str, tmp_path: Path) -> None:
    model = nn.Sequential([nn.Dense(2, input_shape=(4,))])
    model.compile("adam", loss)
    labels = np.arange(len(X)) % 2
    model.fit(X, labels, verbose=0)
    model.save(tmp_path / f"model.{suffix}")
    again = nn.load_model(tmp_path / f"model.{suffix}")
    assert again.evaluate(X, labels, verbose=0) == model.evaluate(X, labels, verbose=0)
    assert again.fit(X, labels, verbose=0, shuffle=False).history == model.fit(
        X, labels, verbose=0, shuffle=False
    ).history  # fmt: skip


def test_weights_and_models_are_not_taken_for_one_another(tmp_path: Path) -> None:
    model = nn.Sequential([nn.Dense(2, input_shape=(4,))])
    model.save(tmp_path / "model.npz")
    with pytest.raises(
        FileError, match=r"load_weights: expected weights; .* holds a whole model.*nn.load_model\(path\)"
    ):
        nn.load_weights(model, tmp_path / "model.npz")
    nn.save_weights(model, tmp_path / "weights.npz")
    with pytest.raises(FileError, match=r"it holds arrays alone. .* nn.load_weights\(model, path\)"):
        nn.load_model(tmp_path / "weights.npz")


@pytest.mark.parametrize("layer", [lambda: nn.Dense(1, activation=lambda x: x, input_shape=(4,)), lambda: lambda x: x])
def test_functions_of_ones_own_cant_be_kept(layer: Any, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"expected layers made from numbers, names and layers; got <function.*in Sequential.0"
    ):
        nn.Sequential([layer()]).save(tmp_path / "model.npz")
    assert not list(tmp_path.iterdir())


def test_only_known_classes_are_made(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    nn.Sequential(Skipping(nn.Linear(4, 4))).save(path)
    with pytest.raises(FileError, match="expected layers of nn, or classes given as custom; got 'Skipping'"):
        nn.load_model(path)
    tree = checkpoint.read(path)
    for name in ("os.system", "eval", "Backend", "type", "__import__"):
        tree["architecture"]["layer"] = name
        checkpoint.write(path, tree)
        with pytest.raises(FileError, match="expected layers of nn"):
            nn.load_model(path)


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    nn.Sequential([nn.Dense(2, input_shape=(4,))]).save(path)
    tree = checkpoint.read(path)
    for change in ({"kind": "other"}, {"weights": {}}, {"architecture": 3}, {"dtypes": None}):
        checkpoint.write(path, {**tree, **change})
        with pytest.raises(FileError, match=r"load_model: expected .* to hold a model"):
            nn.load_model(path)
    checkpoint.write(path, {"epoch": 3})
    with pytest.raises(FileError, match="to hold a model"):
        nn.load_model(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(FileError, match="load_model: expected"):
        nn.load_model(path)


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_a_changed_file_is_told_or_gives_the_same_model(ending: str, tmp_path: Path) -> None:
    nn.set_random_seed(0)
    model = nn.Sequential([nn.Dense(4, activation="relu", input_shape=(4,)), nn.BatchNorm1d(4), nn.Dense(1)])
    model.compile(nn.optimizers.Adam(nn.optimizers.schedules.CosineDecay(0.1, 10)), "mse", ["mae"])
    model.fit(X, Y, verbose=0)
    path = tmp_path / f"model{ending}"
    model.save(path)
    whole, expected = path.read_bytes(), model.predict(X, verbose=0)
    stream = np.random.default_rng(0)
    told = 0
    for kind in np.repeat(["cut", "flip", "noise"], 25):
        data, at = bytearray(whole), int(stream.integers(len(whole)))
        if kind == "cut":
            del data[at:]
        elif kind == "flip":
            data[at] ^= 1 << int(stream.integers(8))
        else:
            data[at : at + 8] = stream.bytes(8)
        path.write_bytes(bytes(data))
        try:
            again = nn.load_model(path)
        except FileError:
            told += 1
        else:
            np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
            assert again.optimizer.lr == model.optimizer.lr
    assert told > 50

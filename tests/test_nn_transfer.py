"""Transfer learning: freezing, a new head, weights that match by name, what is said of those that don't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import backends
import nn
from tests.helpers import to_numpy

RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 3.0, size=(40, 4)).astype("float32")


def base() -> nn.Sequential:
    return nn.Sequential([nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 5)])


def copied(module: nn.Module) -> dict[str, np.ndarray]:
    return {k: to_numpy(v).copy() for k, v in module.state_dict().items()}


@pytest.mark.parametrize(
    "optimizer", ["sgd", "adam", nn.optimizers.AdamW(0.1, weight_decay=0.5), nn.optimizers.SGD(0.1, weight_decay=0.5)]
)
def test_frozen_layers_stay_and_the_new_head_learns(optimizer: Any) -> None:
    nn.set_random_seed(0)
    model = base()
    model(X)
    before = copied(model)
    model.freeze()
    model[-1] = nn.Linear(8, 2)
    assert all(p.grad is None for p in model.parameters())
    head = to_numpy(model[-1].weight).copy()
    model.compile(optimizer, nn.CrossEntropyLoss())
    model.fit(X, (X[:, 0] > 2).astype(int), epochs=3, verbose=0)
    after = copied(model)
    for name in before:
        if not name.startswith("3."):
            np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    assert (after["3.weight"] != head).any()
    assert [p.requires_grad for p in model.parameters()] == [False] * 4 + [True] * 2


def test_frozen_batch_norms_normalise_by_what_they_know(backend: backends.Backend) -> None:
    layers: list[Any] = [nn.BatchNorm1d(4), nn.InstanceNorm1d(4, affine=True, track_running_stats=True)]
    for layer in layers:
        shape = (6, 4) if type(layer) is nn.BatchNorm1d else (6, 4, 3)
        x = backend.asarray(RNG.normal(2.0, 3.0, size=shape).astype("float32"))
        layer.to(backend.name)
        layer(x)
        seen = copied(layer)
        known = to_numpy(layer.eval()(x))
        layer.train().freeze()
        np.testing.assert_array_equal(to_numpy(layer(x)), known)
        for name, value in copied(layer).items():
            np.testing.assert_array_equal(value, seen[name])
        layer.unfreeze()
        layer(x)
        assert (copied(layer)["running_mean"] != seen["running_mean"]).any()


def test_layers_replaced_after_compile_are_noticed() -> None:
    model = base()
    model.compile("adam", nn.CrossEntropyLoss())
    y = np.zeros(40, int)
    model.fit(X, y, verbose=0)
    model[3] = nn.Linear(8, 2)
    for call in (lambda: model.fit(X, y, verbose=0), lambda: model.train_on_batch(X, y)):
        with pytest.raises(ValueError, match=r"new ones: 3.weight, 3.bias. Call compile\(\) again"):
            call()
    model.compile("adam", nn.CrossEntropyLoss())
    model.fit(X, y, verbose=0)


def test_a_head_is_taken_off_and_another_put_on() -> None:
    model = nn.Sequential([nn.Dense(6, input_shape=(4,)), nn.ReLU(), nn.Dense(3)])
    head = model.pop()
    assert isinstance(head, nn.Dense) and model.output_shape == (6,)
    model.add(nn.Dense(1))
    assert model.output_shape == (1,) and model(X).shape == (40, 1)
    model[-1] = nn.Linear(6, 2)
    assert model.output_shape == (2,)
    with pytest.raises(TypeError, match="expected a layer or a function; got int"):
        model[0] = 3
    with pytest.raises(IndexError, match="expected a layer to take off; got an empty model"):
        nn.Sequential().pop()


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_weights_that_match_are_loaded_and_the_others_reported(
    ending: str, tmp_path: Path, backend: backends.Backend
) -> None:
    nn.set_random_seed(0)
    old = base()
    path = tmp_path / f"old{ending}"
    nn.save_weights(old, path)
    nn.set_random_seed(1)
    new = nn.Sequential([nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2), nn.Linear(2, 2)])
    kept = copied(new)
    report = nn.load_weights(new, path, strict=False)
    assert report
    assert report.missing == ["4.weight", "4.bias"]
    assert report.unexpected == []
    assert report.mismatched == [("3.weight", (2, 8), (5, 8)), ("3.bias", (2,), (5,))]
    assert str(report).splitlines() == [
        "missing: 4.weight",
        "missing: 4.bias",
        "3.weight: expected shape (2, 8), got (5, 8)",
        "3.bias: expected shape (2,), got (5,)",
    ]
    for name, value in copied(new).items():
        same = copied(old)[name] if name[0] in "01" else kept[name]
        np.testing.assert_array_equal(value, same, err_msg=name)
    with pytest.raises(KeyError, match=r"missing 4.weight, 4.bias.*strict=False"):
        nn.load_weights(new, path)
    assert not nn.load_weights(base(), path)


def test_features_learned_for_one_task_serve_another() -> None:
    """A frozen network that knows digits, with a new head, tells odd from even better than a random one."""
    images, labels = load_digits(return_X_y=True)
    images, odd = (images / 16).astype("float32"), labels % 2

    def network() -> nn.Sequential:
        return nn.Sequential(
            [nn.Dense(64, activation="relu", input_shape=(64,)), nn.Dense(32, activation="relu"), nn.Dense(10)]
        )

    nn.set_random_seed(0)
    source = network()
    random = copied(source)
    source.compile("adam", nn.CrossEntropyLoss())
    source.fit(images[:1200], labels[:1200], epochs=20, verbose=0)
    scores = []
    for state in (copied(source), random):
        nn.set_random_seed(1)
        model = network()
        model.load_state_dict(state)
        model.freeze()
        model[-1] = nn.Dense(2)
        model.compile(nn.optimizers.Adam(0.02), nn.CrossEntropyLoss(), metrics=["accuracy"])
        model.fit(images[1200:1240], odd[1200:1240], epochs=40, verbose=0)
        scores.append(model.evaluate(images[1240:], odd[1240:], verbose=0)[1])
    assert scores[0] > 0.85 and scores[0] > scores[1] + 0.05

"""PyTorch's and Keras's names for what models do; L-BFGS in fit; trained models pickled and copied."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor
from tests.nn_recorded import KERAS, close


def test_lbfgs_in_fit_is_its_own_loop() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")

    def made() -> Any:
        nn.set_random_seed(0)
        return nn.Sequential([nn.Dense(1, input_shape=(3,))])

    model = made()
    model.compile(nn.optim.LBFGS(model.parameters(), max_iter=3, line_search_fn="strong_wolfe"), "mse", ["mae"])
    history = model.fit(x, y, epochs=4, batch_size=20, shuffle=False, verbose=0)
    plain = made()
    optimizer = nn.optim.LBFGS(plain.parameters(), max_iter=3, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(plain(x), y)
        loss.backward()
        return loss

    losses = [float(optimizer.step(closure)) for _ in range(4)]
    np.testing.assert_allclose(history.history["loss"], losses, rtol=1e-6)
    np.testing.assert_array_equal(model.parameters()[0].data, plain.parameters()[0].data)
    assert history.history["mae"][-1] < 5e-3
    assert abs(model.train_on_batch(x, y)[0]) < 1e-6


def test_keras_and_pytorch_names_do_what_they_do_there(tmp_path: Any) -> None:
    x, y = np.ones((5, 2), "float32"), np.zeros((5, 1), "float32")
    nn.set_random_seed(0)
    model = nn.Sequential([nn.Dense(3, activation="relu", input_shape=(2,)), nn.BatchNorm1d(3), nn.Dense(1)])
    model.compile("sgd", "mse", ["mae"])
    assert model.count_params() == 2 * 3 + 3 + 4 * 3 + 1 + 3 + 1
    assert model.test_on_batch(x, y) == model.evaluate(x, y, verbose=0)
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x, verbose=0))
    model.save_weights(tmp_path / "w.npz")
    before = {k: v.copy() for k, v in model.state_dict().items()}
    model.fit(x, y, verbose=0)
    assert not model.load_weights(tmp_path / "w.npz")
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert model.get_submodule("1") is model.layers[1] is model.get_layer(index=1)
    named = nn.Sequential([nn.Dense(3, input_shape=2, name="hidden"), nn.Dense(1)])
    assert named.get_layer("hidden") is named.layers[0]
    assert "0 (Dense, 'hidden')" in str(named.summary(print_fn=None))
    named.save(tmp_path / "named.npz")
    assert nn.load_model(tmp_path / "named.npz").get_layer("hidden").input_shape == (2,)
    with pytest.raises(ValueError, match="expected one of the names hidden; got 'other'"):
        named.get_layer("other")
    with pytest.raises(ValueError, match="expected an index below 2; got 2"):
        named.get_layer(index=2)
    named.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"expected parameters to train; got 4, all frozen. Call unfreeze\(\)"):
        named.freeze().fit(x, y, verbose=0)
    assert model.get_parameter("2.bias") is dict(model.named_parameters())["2.bias"]
    with pytest.raises(AttributeError, match="get_submodule: expected a path among '', '0', '1', '2'; got '7'"):
        model.get_submodule("7")
    assert not any(p.requires_grad for p in model.requires_grad_(False).parameters())
    assert all(p.requires_grad for p in model.requires_grad_().parameters())
    assert str(model.double().parameters()[0].dtype) == "float64" == str(model.cpu().parameters()[0].dtype)
    assert str(model.half().parameters()[0].dtype) == "float16"
    for wrong, words in (
        ("int32", "a dtype of real numbers.*got int32"),
        (3, r"a device \('cuda'\) or a Tensor; got int"),
    ):
        with pytest.raises(TypeError, match=words):
            model.to(wrong)
    vector = nn.utils.parameters_to_vector(model.parameters())
    nn.utils.vector_to_parameters(vector.detach() * 2, model.parameters())
    np.testing.assert_array_equal(nn.utils.parameters_to_vector(model.parameters()).detach().numpy(), vector.data * 2)
    with pytest.raises(ValueError, match="expected a vector of 19; got shape"):
        nn.utils.vector_to_parameters(np.zeros(3), model.parameters())
    assert nn.optim.lr_scheduler.StepLR is nn.schedule.StepLR

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList([nn.Linear(2, 2)])
            self.parts.append(nn.Linear(2, 1))
            self.named = nn.ModuleDict({"a": nn.Linear(1, 1)})
            self.register_buffer("scale", np.ones(2, "float32"))
            self.register_parameter("shift", nn.parameter([0.0]))

        def forward(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

    net = Net()
    names = [
        "parts.0.weight",
        "parts.0.bias",
        "parts.1.weight",
        "parts.1.bias",
        "named.a.weight",
        "named.a.bias",
        "shift",
    ]
    assert [name for name, _ in net.named_parameters()] == names
    assert [name for name, _ in net.named_buffers()] == ["scale"]
    assert [name for name, _ in copy.deepcopy(net).named_buffers()] == ["scale"] and not Net.buffers


def test_a_trained_model_can_be_pickled_and_trained_on() -> None:
    def made() -> Any:
        nn.set_random_seed(0)
        model = nn.Sequential([nn.Dense(8, activation="relu", input_shape=(2,)), nn.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        return model

    x = np.random.default_rng(0).normal(size=(16, 2))
    model = made()
    model.fit(x, x.sum(axis=1), epochs=2, verbose=0, shuffle=False)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        copied.fit(x, x.sum(axis=1), epochs=2, verbose=0, shuffle=False)
        whole = made()
        whole.fit(x, x.sum(axis=1), epochs=4, verbose=0, shuffle=False)
        for p, q in zip(copied.parameters(), whole.parameters()):
            np.testing.assert_array_equal(p.data, q.data)


@pytest.mark.parametrize("case", KERAS.names("loss/"))
def test_kerass_loss_objects_are_called_in_its_order(case: str) -> None:
    options = dict(KERAS.cases[case])
    loss = getattr(nn.losses, options.pop("cls"))(**options)
    given = KERAS.part(case, "in")
    weights = [given["sample_weight"]] if "sample_weight" in given else []
    close(loss(given["y_true"], given["y_pred"], *weights), KERAS.arrays[f"{case}/out"], 2e-6, case)


def test_a_loss_object_of_kerass_in_compile() -> None:
    x, y = np.random.default_rng(0).normal(size=(12, 2)), np.arange(12) % 2

    def fitted(loss: Any) -> Any:
        nn.set_random_seed(0)
        model = nn.Sequential([nn.Dense(1, input_shape=(2,), kernel_initializer=nn.initializers.HeNormal())])
        model.compile("adam", loss)
        return model.fit(x, y, verbose=0).history["loss"]

    by_name = fitted(nn.losses.get("binary_crossentropy", from_logits=True, label_smoothing=0.1))
    assert fitted(nn.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)) == by_name
    with pytest.raises(TypeError, match="binary_crossentropy: expected options among reduction, from_logits"):
        nn.losses.BinaryCrossentropy(logits=True)


@pytest.mark.parametrize("name", [n for n in nn.initializers.__all__ if n not in ("get", "Initializer", "Constant")])
def test_initialisers_under_kerass_names(name: str) -> None:
    make = getattr(nn.initializers, name)
    spelled = "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))
    nn.set_random_seed(0)
    found = make()((6, 4), "float32")
    nn.set_random_seed(0)
    if name == "VarianceScaling":
        spelled = "lecun_normal"
    np.testing.assert_array_equal(found, nn.init.get(spelled)((6, 4), "float32"))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_a_copy_clips_averages_and_follows_its_schedule_itself(copied: Any) -> None:
    rate = nn.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    x, y = np.ones((8, 2), "float32"), np.full((8, 1), 9, "float32")

    def trained() -> Any:
        nn.set_random_seed(0)
        model = nn.Sequential([nn.Dense(1, input_shape=(2,))])
        model.compile(nn.optimizers.SGD(rate, clipnorm=0.5, use_ema=True, weight_decay=0.25), "mse")
        model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
        return model

    model, expected = trained(), trained()
    other = copied(model)
    other.fit(x, y, batch_size=4, shuffle=False, epochs=2, verbose=0)
    for held, first in zip(model.parameters(), expected.parameters(), strict=True):
        np.testing.assert_array_equal(held.data, first.data)  # the original is left alone
    model.fit(x, y, batch_size=4, shuffle=False, epochs=2, verbose=0)
    assert other.optimizer.lr == model.optimizer.lr == 0.1 * 0.5**5
    for one, two in zip(other.parameters(), model.parameters(), strict=True):
        np.testing.assert_array_equal(one.data, two.data)

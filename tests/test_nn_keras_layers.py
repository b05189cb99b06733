"""Keras's own layers, penalties and constraints against values recorded from Keras: alone, and in training."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
from autograd import Tensor, check_grads, no_grad
from tests.helpers import to_numpy
from tests.nn_recorded import Recording, close, place
from tests.recorded.keras_rows import CONSTRAINTS, FITS, LAYERS, PENALTIES

RECORDED = Recording("keras_layers")


def made(expression: str, module: Any = nn.layers) -> Any:
    return eval(expression, {**vars(module), "L1L2": nn.regularizers.L1L2})


def turned(kernel: np.ndarray) -> np.ndarray:
    """Keras's kernel in this package's layout."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def test_the_file_holds_every_row() -> None:
    rows = [f"layer/{n}" for n in LAYERS] + [f"penalty/{n}" for n in PENALTIES]
    rows += [f"constraint/{n}" for n in CONSTRAINTS] + [f"fit/{n}" for n in FITS]
    assert set(RECORDED.cases) == set(rows), "run tests/recorded/record_keras_layers.py"


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_kerass(name: str, backend: backends.Backend) -> None:
    case = f"layer/{name}"
    layer = made(LAYERS[name][0])
    inputs = RECORDED.part(case, "in")
    shape = layer.build_for(inputs["x"].shape[1:])
    expected, cotangent = RECORDED.get(f"{case}/out"), RECORDED.get(f"{case}/cotangent")
    assert expected is not None and cotangent is not None
    assert shape == expected.shape[1:]
    layer.to("float64")
    with no_grad():
        if "kernel" in inputs:
            layer.weight[...] = place(turned(inputs["kernel"]), "float64")
        if "bias" in inputs:
            layer.bias[...] = place(inputs["bias"], "float64")
    x = Tensor(place(inputs["x"], "float64"), requires_grad=True)
    # Keras has these two in float32 alone.
    tolerance = 1e-6 if name in ("max_pooling3d", "average_pooling3d") else 1e-12
    out = layer(x)
    close(out, expected, tolerance, name)
    anp.sum(out * place(cotangent, "float64")).backward()
    grads = RECORDED.part(case, "grad")
    close(x.grad, grads["x"], tolerance, f"{name}: gradient for x")
    if "kernel" in grads:
        close(layer.weight.grad, turned(grads["kernel"]), 1e-12, f"{name}: gradient for the kernel")
    if "bias" in grads:
        close(layer.bias.grad, grads["bias"], 1e-12, f"{name}: gradient for the bias")


@pytest.mark.parametrize("name", [n for n in LAYERS if "global" not in n])
def test_channels_may_come_first(name: str) -> None:
    # A softmax is over the last axis, whatever that is.
    expression, shape = LAYERS[name][0].replace("softmax", "tanh"), LAYERS[name][1]
    last = made(expression)
    more = "data_format='channels_first')" if expression.endswith("()") else ", data_format='channels_first')"
    first = made(expression[:-1] + more)
    last.build_for(shape[1:])
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    first.build_for(np.moveaxis(x, -1, 1).shape[1:])
    first.load_state_dict(last.state_dict())
    one, other = last(x), first(np.moveaxis(x, -1, 1))
    assert to_numpy(one).dtype == to_numpy(other).dtype == "float32"
    np.testing.assert_allclose(np.moveaxis(to_numpy(one), -1, 1), to_numpy(other), atol=1e-6)
    assert first.build_for(np.moveaxis(x, -1, 1).shape[1:]) == to_numpy(other).shape[1:]


@pytest.mark.parametrize("name", ["conv1d/causal", "conv2d/same", "conv2d_transpose/same", "average_pooling2d/same"])
def test_layers_have_true_derivatives_of_two_orders(name: str) -> None:
    layer = made(LAYERS[name][0])
    layer.build_for(LAYERS[name][1][1:])
    layer.to("float64")
    check_grads(lambda x: layer(x) ** 2, order=2)(np.random.default_rng(0).normal(size=LAYERS[name][1]))


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_are_kerass(name: str, backend: backends.Backend) -> None:
    x = Tensor(place(RECORDED.part(f"penalty/{name}", "in")["x"], "float64"), requires_grad=True)
    value = made(PENALTIES[name], nn.regularizers)(x)
    # Keras holds the factors 0.01 in float32.
    expected = RECORDED.get(f"penalty/{name}/out")
    assert expected is not None
    close(value, expected, 1e-6 if "orthogonal" in name else 1e-7, name)
    value.backward()
    close(x.grad, RECORDED.part(f"penalty/{name}", "grad")["x"], 1e-6 if "orthogonal" in name else 1e-7, name)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints_are_kerass(name: str, backend: backends.Backend) -> None:
    w = place(RECORDED.part(f"constraint/{name}", "in")["w"], "float64")
    expected = RECORDED.get(f"constraint/{name}/out")
    assert expected is not None
    close(made(CONSTRAINTS[name], nn.constraints)(w), expected, 1e-7, name)


def trained(name: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """The model of a recorded fit, with its starting weights, and its data."""
    part = f"fit/{name}"
    x, y = RECORDED.arrays[f"{part}/x"], RECORDED.arrays[f"{part}/y"]
    model = nn.Sequential([nn.Input(x.shape[1:]), *map(made, FITS[name])]).to("float64")
    nn.load_keras_weights(model, list(RECORDED.part(part, "start").values()))
    return model, x, y


@pytest.mark.parametrize("name", FITS)
def test_training_with_penalties_and_constraints_is_kerass(name: str, backend: backends.Backend) -> None:
    model, x, y = trained(name)
    model.compile(nn.optimizers.SGD(0.1), "mse")
    recorded = RECORDED.arrays
    np.testing.assert_allclose(model.evaluate(x, y, 5, verbose=0), recorded[f"fit/{name}/before"], rtol=1e-6)
    history = model.fit(x, y, batch_size=5, epochs=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(history.history["loss"], recorded[f"fit/{name}/losses"], rtol=1e-6)
    for (path, found), end in zip(
        model.state_dict().items(), RECORDED.part(f"fit/{name}", "end").values(), strict=True
    ):
        close(found, turned(end) if end.ndim > 1 else end, 1e-6, path)


@pytest.mark.parametrize("name", FITS)
def test_a_loop_of_ones_own_is_fit(name: str) -> None:
    model, x, y = trained(name)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        for start in range(0, 12, 5):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x[start : start + 5]), y[start : start + 5]) + sum(model.losses)
            loss.backward()
            optimizer.step()
            nn.constraints.apply(model)
    for (path, found), end in zip(
        model.state_dict().items(), RECORDED.part(f"fit/{name}", "end").values(), strict=True
    ):
        close(found, turned(end) if end.ndim > 1 else end, 1e-6, path)


def test_accumulated_penalties_count_once() -> None:
    def run(**options: Any) -> Any:
        model, x, y = trained("l1_l2")
        model.compile(nn.optimizers.SGD(0.1), "mse")
        model.fit(x, y, epochs=3, shuffle=False, verbose=0, **options)
        return model.state_dict()

    for one, other in zip(run(batch_size=12).values(), run(batch_size=3, accumulate_steps=4).values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    model, x, y = trained("l1_l2")
    model.compile("sgd", nn.MSELoss(reduction="sum"))
    with pytest.raises(ValueError, match="expected a loss that is a mean beside accumulate_steps and penalties"):
        model.fit(x, y, accumulate_steps=2, verbose=0)


def test_an_optimiser_of_ones_own_and_its_average_respect_constraints() -> None:
    for make in (lambda m: nn.optim.Adam(m.parameters(), lr=0.5), lambda m: nn.optimizers.Adam(0.5, weight_decay=0.1)):
        model = nn.Sequential([nn.Dense(3, kernel_constraint="non_neg", bias_constraint="non_neg", input_shape=(4,))])
        model.compile(make(model), "mse")
        x = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
        model.fit(x, -np.ones((20, 3), "float32"), epochs=3, verbose=0)
        for p in model.parameters():
            assert (to_numpy(p) >= 0).all()


class Sparse(nn.Module):
    """A layer that adds to the loss itself, as Keras's tutorials write it."""

    def forward(self, x: Any) -> Any:
        self.add_loss(0.5 * anp.mean(anp.absolute(x)))
        return x


def test_what_a_layer_adds_to_the_loss_is_forgotten_at_the_next_call() -> None:
    model = nn.Sequential([nn.Dense(2, kernel_initializer="ones", input_shape=(2,)), Sparse()])
    x = np.ones((4, 2), "float32")
    for _ in range(3):
        model(x)
        assert [float(loss) for loss in model.losses] == [1.0]
    model.compile("sgd", "mse")
    assert model.evaluate(x, np.full((4, 2), 2.0), verbose=0) == pytest.approx(1.0)
    other = nn.Sequential([nn.Dense(2, input_shape=(2,))])
    other(x)
    assert other.losses == []


def test_a_model_with_penalties_is_copied_pickled_and_saved(tmp_path: Path) -> None:
    model = nn.Sequential(
        [
            nn.layers.Conv2D(2, 3, kernel_regularizer=nn.regularizers.L2(0.1), input_shape=(6, 6, 1), name="first"),
            nn.layers.MaxPooling2D(2),
            nn.Flatten(),
            nn.Dense(2, kernel_constraint=nn.constraints.MaxNorm(0.5), activity_regularizer="l1"),
        ]
    )
    model.compile("sgd", "mse")
    x, y = np.ones((3, 6, 6, 1), "float32"), np.ones((3, 2), "float32")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.npz")
    loaded = nn.load_model(tmp_path / "model.npz")
    assert repr(loaded) == repr(model) and loaded.get_layer("first") is loaded.layers[0]
    for other in (loaded, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-6)
        assert repr(other.layers[3].kernel_constraint) == "MaxNorm(max_value=0.5, axis=0)"
        other.compile("sgd", "mse")
        other.fit(x, y, verbose=0)
        lengths = np.linalg.norm(to_numpy(other.layers[3].weight), axis=1)
        assert (lengths <= 0.5 + 1e-6).all()


def test_functions_of_ones_own_see_kerass_layout() -> None:
    seen = []

    def penalty(kernel: Any) -> Any:
        seen.append(kernel.shape)
        return anp.sum(kernel[..., 0] ** 2)

    layer = nn.layers.Conv2D(5, (2, 3), kernel_regularizer=penalty, input_shape=(8, 8, 4))
    (value,) = nn.Sequential([layer]).losses
    assert seen == [(2, 3, 4, 5)]
    close(value, np.array(np.sum(to_numpy(layer.weight)[0] ** 2)), 1e-5, "the first filter's")


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda: nn.layers.Conv2D("8", 3), ValueError, "expected filters to be a whole number .*; got '8'"),
        (lambda: nn.layers.Conv2D(8, 3, data_format="NHWC"), ValueError, "data_format 'channels_last'.*got 'NHWC'"),
        (lambda: nn.layers.Conv2D(8, 3, padding="full"), ValueError, "one of 'valid', 'same'; got 'full'"),
        (lambda: nn.layers.Conv2D(8, 3, input_shape=(28, 28)), ValueError, r"3 sizes, \(…, channels\); got \(28, 28\)"),
        (lambda: nn.layers.Conv2D(8, 3)(np.zeros((2, 28, 28))), ValueError, r"got \(2, 28, 28\).*x\[..., None\]"),
        (lambda: nn.layers.MaxPooling2D("2"), ValueError, "expected pool_size to be an integer of at least 1"),
        (lambda: nn.layers.MaxPooling2D()(np.zeros((2, 4))), ValueError, r"\(n, 2 more axes, channels\); got \(2, 4\)"),
        (lambda: nn.Dense(2, kernel_regularizer="l3"), ValueError, "expected one of l1, l2, l1_l2.*got 'l3'"),
        (lambda: nn.Dense(2, kernel_regularizer=0.01), TypeError, "expected a name, a function or None; got float"),
        (lambda: nn.regularizers.L2("0.1"), TypeError, "expected l2 to be a number of 0 or more.*l2=0.1"),
        (lambda: nn.regularizers.L1(-1), ValueError, "expected l1 to be a number of 0 or more; got -1"),
        (lambda: nn.Dense(2, kernel_constraint="maxnorn"), ValueError, "got 'maxnorn'. Did you mean 'max_norm'"),
        (lambda: nn.constraints.MaxNorm(-1), ValueError, "expected max_value to be a number of 0 or more; got -1"),
        (lambda: nn.regularizers.OrthogonalRegularizer(mode="both"), ValueError, "'rows' or 'columns'; got 'both'"),
        (lambda: nn.regularizers.OrthogonalRegularizer()(np.ones(3)), ValueError, r"expected a matrix; got \(3,\)"),
    ],
)  # fmt: skip
def test_errors_say_what_was_expected(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()

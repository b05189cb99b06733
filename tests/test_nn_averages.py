"""Moving averages of weights: Keras's recorded ones, the plain mean, in fit, in evaluation, over a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import tensor
from nn import optim, optimizers
from tests.helpers import to_numpy
from tests.nn_recorded import KERAS


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_average_is_kerass(dtype: str, backend: Any) -> None:
    case = "optimiser/sgd/ema"
    options = {k: v for k, v in KERAS.cases[case].items() if v is not None}
    recipe = getattr(optimizers, options.pop("cls"))(**options)
    params = [
        tensor(KERAS.arrays[f"optimiser/start/{n}"].astype(dtype), requires_grad=True, device=backend.name)
        for n in ("w", "b")
    ]
    optimizer = recipe.bind(params)
    average = recipe.average_of(optimizer)
    after = recipe.after_step(average)
    assert average is not None and after is not None
    for step in range(5):
        for p, n in zip(params, ("w", "b")):
            p.grad = tensor(KERAS.arrays[f"optimiser/gradients/{n}"][step].astype(dtype), device=backend.name)
        optimizer.step()
        after()
    prefix = case + ("/float32" if dtype == "float32" else "")
    with average.swapped():
        for p, n in zip(params, ("w", "b")):
            assert str(p.dtype) == dtype
            np.testing.assert_allclose(to_numpy(p), KERAS.arrays[f"{prefix}/average/{n}"], rtol=1e-5, atol=1e-6)
    for p, n in zip(params, ("w", "b")):
        np.testing.assert_allclose(to_numpy(p), KERAS.arrays[f"{prefix}/{n}"][-1], rtol=1e-5, atol=1e-6)


def test_without_a_decay_it_is_the_mean_of_all(backend: Any) -> None:
    w = tensor([0.0, 0.0], requires_grad=True, device=backend.name)
    average = optim.WeightAverage([w], decay=None)
    seen = []
    for step in range(5):
        w.data = w.data + float(step)
        seen.append(to_numpy(w).copy())
        average.update()
    average.apply()
    np.testing.assert_allclose(to_numpy(w), np.mean(seen, axis=0))


def test_swapping_leaves_the_optimisers_buffers_where_they_are() -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Adam([w], lr=0.1)
    w.grad = tensor([1.0, 1.0])
    optimizer.step()
    average = optim.WeightAverage([w], 0.5)
    array = w.data
    with average.swapped():
        assert w.data is array
    optimizer.step()
    assert w.data is array


def test_a_state_goes_on_and_another_is_refused() -> None:
    w, v = tensor([1.0], requires_grad=True), tensor([1.0, 2.0], requires_grad=True)
    one, other = optim.WeightAverage([w], 0.5), optim.WeightAverage([w], 0.5)
    one.update()
    w.data = w.data * 3
    other.load_state_dict(one.state_dict())
    for average in (one, other):
        average.update()
        assert to_numpy(average.averages[0]).tolist() == [2.0]
    with pytest.raises(ValueError, match=r"expected averages of shapes \[\(2,\)\]; got \[\(1,\)\]"):
        optim.WeightAverage([v], 0.5).load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match=r"expected a decay on \[0, 1\), or None for the plain mean; got 1"):
        optim.WeightAverage([w], 1)


def data() -> tuple[Any, Any]:
    x = np.random.default_rng(0).normal(size=(32, 3))
    return x, x.sum(axis=1)


def fitted(folder: Path | None = None, stop_after: int = 0, **options: Any) -> tuple[Any, list[Any], list[Any]]:
    """A model after three epochs, the weights after each step, and the averages that follow."""
    nn.set_random_seed(3)
    model = nn.Sequential([nn.Dense(4, activation="tanh", input_shape=(3,)), nn.Dropout(0.1), nn.Dense(1)])
    model.compile(optimizers.Adam(0.05, use_ema=True, ema_momentum=0.8, **options), "mse")
    weights: list[Any] = []
    losses: list[Any] = []

    def note(batch: int, logs: Any) -> None:
        weights.append([p.data.copy() for p in model.parameters()])
        losses.append(logs["loss"])
        if len(weights) == stop_after:
            raise KeyboardInterrupt

    callbacks: list[Any] = [nn.callbacks.LambdaCallback(on_train_batch_end=note)]
    if folder is not None:
        callbacks.append(nn.callbacks.BackupAndRestore(folder, save_freq=1))
    model.fit(*data(), epochs=3, batch_size=8, verbose=0, callbacks=callbacks)
    return model, weights, losses


def averaged(weights: list[Any], decay: float) -> list[Any]:
    average = weights[0]
    for step in weights[1:]:
        average = [a * decay + w * (1 - decay) for a, w in zip(average, step)]
    return average


def test_fit_ends_with_the_average() -> None:
    model, weights, _ = fitted()
    for p, expected in zip(model.parameters(), averaged(weights, 0.8)):
        np.testing.assert_allclose(p.data, expected, rtol=1e-6, atol=1e-7)


def test_weights_become_their_average_every_so_often() -> None:
    model, weights, _ = fitted(ema_overwrite_frequency=3)
    _, plain, _ = fitted()
    np.testing.assert_array_equal(weights[1][0], plain[1][0])
    # The third step leaves the average of the first three.
    for found, expected in zip(weights[2], averaged(plain[:3], 0.8)):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    average = model._compiled.average
    assert average.updates == 12
    for p, held in zip(model.parameters(), average.averages):
        np.testing.assert_array_equal(p.data, held)


def test_the_average_goes_on_after_a_restart(tmp_path: Path) -> None:
    whole, _, _ = fitted()
    for stop in (5, 8):
        with pytest.raises(KeyboardInterrupt):
            fitted(tmp_path, stop_after=stop if stop == 5 else stop - 4)
    again, _, _ = fitted(tmp_path)
    for p, expected in zip(again.parameters(), whole.parameters()):
        np.testing.assert_array_equal(p.data, expected.data)


def test_a_checkpoint_without_an_average_is_refused(tmp_path: Path) -> None:
    back_up = nn.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    for use_ema in (False, True):
        nn.set_random_seed(0)
        model = nn.Sequential([nn.Dense(1, input_shape=(3,))])
        model.compile(optimizers.SGD(0.1, use_ema=use_ema), "mse")
        before = [p.data.copy() for p in model.parameters()]
        if not use_ema:
            model.fit(*data(), verbose=0, callbacks=[back_up])
    with pytest.raises(ValueError, match="a training with the same use_ema as now"):
        model.fit(*data(), verbose=0, callbacks=[back_up])
    for p, value in zip(model.parameters(), before):
        np.testing.assert_array_equal(p.data, value)


def test_validation_with_the_average() -> None:
    nn.set_random_seed(0)
    model = nn.Sequential([nn.Dense(1, input_shape=(3,))])
    model.compile(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    x, y = data()
    with_average: list[float] = []
    trained: list[Any] = []

    def note(epoch: int, logs: Any) -> None:
        trained.append(model.parameters()[0].data.copy())
        average = model._compiled.average
        with average.swapped():
            with_average.append(float(((model(x.astype("float32")).detach().numpy()[:, 0] - y) ** 2).mean()))

    callbacks = [nn.callbacks.SwapEMAWeights(), nn.callbacks.LambdaCallback(on_epoch_end=note)]
    history = model.fit(x, y, epochs=3, batch_size=8, verbose=0, validation_data=(x, y), callbacks=callbacks)
    np.testing.assert_allclose(history.history["val_loss"], with_average, rtol=1e-5)
    plain = nn.Sequential([nn.Dense(1, input_shape=(3,))])
    plain.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"expected an optimiser that keeps an average.*use_ema=True"):
        plain.evaluate(x, y, verbose=0, callbacks=[nn.callbacks.SwapEMAWeights()])

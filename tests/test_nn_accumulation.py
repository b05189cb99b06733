"""Gradients gathered over batches: in ``fit`` and in the plain loop, against the large batch; interruptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backends
import nn
from nn.recipe import steps_taken
from tests.helpers import to_numpy

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 4)), RNG.integers(0, 3, 50)
WEIGHT = RNG.uniform(0.1, 2.0, 50)


def network(dtype: str = "float64") -> nn.Sequential:
    nn.set_random_seed(0)
    return nn.Sequential([nn.Dense(8, activation="tanh", input_shape=(4,)), nn.Dense(3)]).to(dtype)


def trained(loss: Any, batch: int, optimizer: Any = "adam", **options: Any) -> tuple[list[np.ndarray], Any]:
    model = network()
    model.compile(optimizer, loss)
    history = model.fit(X, Y, batch_size=batch, epochs=3, verbose=0, shuffle=False, **options)
    return [to_numpy(p) for p in model.parameters()], history


LOSSES: list[Any] = [
    nn.CrossEntropyLoss(),
    nn.CrossEntropyLoss(reduction="sum"),
    nn.losses.get("sparse_categorical_crossentropy", from_logits=True),
]


@pytest.mark.parametrize("loss", LOSSES, ids=["mean", "sum", "named"])
@pytest.mark.parametrize(("batch", "steps"), [(5, 2), (5, 4), (3, 5), (50, 3)])
def test_gathered_batches_are_the_large_batch(loss: Any, batch: int, steps: int, backend: backends.Backend) -> None:
    """50 samples: the last group, and its last batch, are smaller than the others."""
    small, history = trained(loss, batch, accumulate_steps=steps)
    large, wanted = trained(loss, batch * steps)
    for a, b in zip(small, large, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    if loss.reduction == "mean":
        np.testing.assert_allclose(history.history["loss"][-1], wanted.history["loss"][-1], rtol=0.02)


@pytest.mark.parametrize("reduction", ["mean", "sum", "mean_with_sample_weight"])
def test_weights_of_samples_count(reduction: str) -> None:
    loss = nn.losses.get("sparse_categorical_crossentropy", from_logits=True, reduction=reduction)
    small, _ = trained(loss, 4, accumulate_steps=3, sample_weight=WEIGHT)
    large, _ = trained(loss, 12, sample_weight=WEIGHT)
    for a, b in zip(small, large, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_clipping_and_rates_see_the_gathered_gradient() -> None:
    def recipe() -> Any:
        return nn.optimizers.SGD(lambda step: 0.1 / (1 + step), momentum=0.9, global_clipnorm=0.01)

    small, _ = trained(nn.CrossEntropyLoss(), 5, recipe(), accumulate_steps=2)
    large, _ = trained(nn.CrossEntropyLoss(), 10, recipe())
    for a, b in zip(small, large, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_updates_are_as_many_as_groups() -> None:
    model = network()
    model.compile("sgd", nn.CrossEntropyLoss())
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, accumulate_steps=4)
    assert steps_taken(model.optimizer) == 2 * 3


def test_the_plain_loop_does_it_too(backend: backends.Backend) -> None:
    models = [network(), network()]
    x, y = backend.asarray(X[:40]), backend.asarray(Y[:40])
    loss_of = nn.CrossEntropyLoss()
    for model, parts in zip(models, (1, 4), strict=True):
        optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(5):
            optimizer.zero_grad()
            size = 40 // parts
            for start in range(0, 40, size):
                (loss_of(model(x[start : start + size]), y[start : start + size]) / parts).backward()
            optimizer.step()
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-10, atol=1e-13)


def test_float32_stays_float32() -> None:
    model = network("float32")
    model.compile("adam", nn.CrossEntropyLoss())
    model.fit(X, Y, batch_size=5, verbose=0, accumulate_steps=3, sample_weight=WEIGHT)
    assert {str(p.dtype) for p in model.parameters()} == {"float32"}
    assert {str(p.grad.dtype) for p in model.parameters()} == {"float32"}


class Interrupt(nn.callbacks.Callback):
    def __init__(self, at: int) -> None:
        self.left = at

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("at", [1, 4, 7, 9, 12, 17])
def test_an_interrupted_training_ends_with_the_same_weights(at: int, tmp_path: Path) -> None:
    def run(*callbacks: Any) -> list[np.ndarray]:
        model = network()
        model.compile("adam", nn.CrossEntropyLoss())
        backup = nn.callbacks.BackupAndRestore(tmp_path, save_freq=2, delete_checkpoint=False)
        model.fit(
            X,
            Y,
            batch_size=5,
            epochs=2,
            verbose=0,
            accumulate_steps=3,
            callbacks=[backup, *callbacks] if callbacks else [],
        )
        return [to_numpy(p).copy() for p in model.parameters()]

    whole = run()
    with pytest.raises(KeyboardInterrupt):
        run(Interrupt(at))
    resumed = run(nn.callbacks.Callback())
    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [0, 1.5, True])
def test_steps_are_whole_numbers(steps: Any) -> None:
    with pytest.raises(ValueError, match=f"accumulate_steps to be a whole number above 0; got {steps}"):
        trained(nn.CrossEntropyLoss(), 5, accumulate_steps=steps)


def test_what_can_not_be_gathered_is_refused() -> None:
    model = network()
    model.compile(nn.optim.LBFGS(model.parameters()), nn.CrossEntropyLoss())
    with pytest.raises(ValueError, match="got LBFGS, which asks for the loss again"):
        model.fit(X, Y, verbose=0, accumulate_steps=2)
    mixed = network()
    mixed.compile("sgd", [nn.CrossEntropyLoss(), nn.CrossEntropyLoss(reduction="sum")])
    with pytest.raises(ValueError, match=r"losses of one reduction.*got mean, sum"):
        mixed.fit(X, Y, verbose=0, accumulate_steps=2)

"""Parameters in 16 bits: steps are those of float32, rounded; state, averages and clipping don't overflow or vanish."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, tensor
from nn import optim
from tests.helpers import to_numpy

KINDS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.01, "momentum": 0.9},
    "Adam": {"lr": 0.001},
    "AdamW": {"lr": 0.001, "weight_decay": 0.1},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "RMSprop": {"lr": 0.001},
    "Adagrad": {},
    "Adadelta": {"lr": 1.0},
    "Lion": {"lr": 1e-4},
    "LAMB": {"lr": 0.001},
}


def pair(dtype: str, device: str) -> list[Tensor]:
    stream = np.random.default_rng(0)
    arrays = [stream.integers(-64, 64, shape) / 64 for shape in ((3, 2), (4,))]
    return [tensor(a.astype("float16").astype(dtype), requires_grad=True, device=device) for a in arrays]


def gradients(step: int, dtype: str, device: str) -> list[Tensor]:
    stream = np.random.default_rng(100 + step)
    # Small enough for their squares to vanish in float16.
    arrays = [(stream.integers(-64, 64, shape) / 64e3).astype("float16") for shape in ((3, 2), (4,))]
    return [tensor(a.astype(dtype), device=device) for a in arrays]


def step(optimizer: optim.Optimizer, params: list[Tensor], at: int) -> None:
    for p, g in zip(params, gradients(at, str(params[0].dtype), params[0].backend.name)):
        p.grad = g
    optimizer.step()


@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_those_of_float32_rounded(kind: str, backend: Any) -> None:
    assert set(KINDS) == {
        n
        for n in optim.__all__
        if isinstance(getattr(optim, n), type) and issubclass(getattr(optim, n), optim.Optimizer)
    } - {"Optimizer", "LBFGS"}
    wide, small = pair("float32", backend.name), pair("float16", backend.name)
    a, b = (getattr(optim, kind)(params, **KINDS[kind]) for params in (wide, small))
    for at in range(8):
        step(a, wide, at)
        step(b, small, at)
        for p, q in zip(wide, small):
            assert str(q.dtype) == "float16"
            np.testing.assert_array_equal(to_numpy(q), to_numpy(p).astype("float16"), err_msg=f"step {at + 1}")


def test_steps_too_small_for_16_bits_add_up() -> None:
    w = tensor(np.ones(3, "float16"), requires_grad=True)
    optimizer = optim.SGD([w], lr=1e-4)
    for _ in range(100):
        w.grad = tensor(np.ones(3, "float16"))
        optimizer.step()
    np.testing.assert_allclose(w.data, 0.99, atol=5e-4)


def test_what_is_written_into_a_parameter_counts() -> None:
    w = tensor(np.ones(2, "float16"), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.5)
    w.grad = tensor(np.ones(2, "float16"))
    optimizer.step()
    module = nn.Module()
    module.w = w  # type: ignore[attr-defined]
    module.load_state_dict({"w": np.array([4.0, 8.0])})
    optimizer.step()
    assert w.data.tolist() == [3.5, 7.5]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), None])
def test_a_copy_and_a_loaded_state_go_on_alike(copied: Any) -> None:
    params = pair("float16", "numpy")
    optimizer = optim.Adam(params, lr=1e-5)
    for at in range(3):
        step(optimizer, params, at)
    if copied is None:
        others = [tensor(p.data.copy(), requires_grad=True) for p in params]
        other: optim.Optimizer = optim.Adam(others, lr=1e-5)
        other.load_state_dict(optimizer.state_dict())
    else:
        others, other = copied((params, optimizer))
    for at in range(3, 60):
        step(optimizer, params, at)
        step(other, others, at)
    for p, q in zip(params, others):
        np.testing.assert_array_equal(q.data, p.data)


def test_averages_and_norms() -> None:
    w = tensor(np.full(4, 300.0, "float16"), requires_grad=True)
    w.grad = tensor(np.full(4, 300.0, "float16"))
    assert optim.clip_grad_norm_(w, 600.0) == 600.0  # 300² is no float16
    w.data = np.zeros(4, "float16")
    average = optim.WeightAverage([w], decay=0.9999)
    average.update()
    w.data = np.ones(4, "float16")
    for _ in range(1000):
        average.update()
    average.apply()
    assert str(w.dtype) == "float16"
    np.testing.assert_allclose(w.data, 1 - 0.9999**1000, rtol=1e-3)


def test_a_model_in_float16_learns(backend: Any) -> None:
    nn.set_random_seed(0)
    model = nn.Sequential(nn.Linear(3, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 1)).to("float16")
    model.compile(nn.optimizers.Adam(0.01), "mse")
    x = np.random.default_rng(0).normal(size=(64, 3))
    history = model.fit(x, x.sum(axis=1), epochs=20, batch_size=16, verbose=0)
    assert {str(p.dtype) for p in model.parameters()} == {"float16"}
    assert history.history["loss"][-1] < history.history["loss"][0] / 20


def test_lbfgs_in_float16() -> None:
    w = tensor(np.array([3.0, -4.0], "float16"), requires_grad=True)
    optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = ((w - 1.0) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    np.testing.assert_allclose(w.data, 1.0, atol=2e-3)
    assert str(w.dtype) == "float16"

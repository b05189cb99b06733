"""Schedules: thirty steps of each against PyTorch's rates and momenta."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import tensor
from nn import optim, optimizers, schedule

RECORDED = np.load(Path(__file__).parent / "recorded" / "torch_nn.npz")
CASES: dict[str, Any] = json.loads(str(RECORDED["about"]))["cases"]
NAMES = [name for name in CASES if name.startswith("schedule/")]


def make(case: str) -> tuple[optim.Optimizer, Any]:
    options = dict(CASES[case])
    optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=options.pop("start"), momentum=0.9)
    kind = getattr(schedule, options.pop("cls"))
    if kind is schedule.SequentialLR:
        (first, a), (then, b) = *options["first"].items(), *options["then"].items()
        makers = [lambda o: getattr(schedule, first)(o, **a), lambda o: getattr(schedule, then)(o, **b)]
        return optimizer, kind(optimizer, makers, [a["total_iters"]])
    return optimizer, kind(optimizer, **options)


@pytest.mark.parametrize("case", NAMES)
def test_thirty_steps_agree_with_pytorch(case: str) -> None:
    optimizer, rates = make(case)
    found, momenta = [], []
    for metric in RECORDED["schedule/plateau/metric"]:
        found.append(optimizer.lr)
        assert rates.get_last_lr() == [optimizer.lr]
        momenta.append(optimizer.groups[0]["momentum"])
        rates.step(float(metric)) if "plateau" in case else rates.step()
    np.testing.assert_allclose(found, RECORDED[f"{case}/rates"], rtol=1e-12)
    if f"{case}/momenta" in RECORDED.files:
        np.testing.assert_allclose(momenta, RECORDED[f"{case}/momenta"], rtol=1e-12)


@pytest.mark.parametrize("case", NAMES)
def test_a_loaded_state_goes_on_alike(case: str) -> None:
    optimizer, rates = make(case)
    metrics = [float(m) for m in RECORDED["schedule/plateau/metric"]]
    for metric in metrics[:11]:
        rates.step(metric) if "plateau" in case else rates.step()
    other_optimizer, other = make(case)
    other_optimizer.lr = optimizer.lr
    other.load_state_dict(json.loads(json.dumps(rates.state_dict())))
    for metric in metrics[11:25]:
        for r in (rates, other):
            r.step(metric) if "plateau" in case else r.step()
    assert math.isclose(optimizer.lr, other_optimizer.lr)


def test_bad_input_says_what_was_expected() -> None:
    optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=1.0)
    with pytest.raises(ValueError, match="expected anneal_strategy 'cos' or 'linear'; got 'sin'"):
        schedule.OneCycleLR(optimizer, 1.0, 10, anneal_strategy="sin")
    with pytest.raises(ValueError, match="expected factor to be a number above 0 to below 1; got 2"):
        schedule.ReduceLROnPlateau(optimizer, factor=2)
    with pytest.raises(ValueError, match="expected at most 2 steps"):
        cycle = schedule.OneCycleLR(optimizer, 1.0, 2, pct_start=0.9)
        for _ in range(3):
            cycle.step()


KERAS = np.load(Path(__file__).parent / "recorded" / "keras_nn.npz")
RATES: dict[str, Any] = {k: v for k, v in json.loads(str(KERAS["about"]))["cases"].items() if k.startswith("schedule/")}


def keras_schedule(case: str) -> Any:
    options = dict(RATES[case])
    return getattr(optimizers.schedules, options.pop("cls"))(**options)


@pytest.mark.parametrize("case", RATES)
def test_functions_of_the_step_are_kerass(case: str) -> None:
    found = [keras_schedule(case)(step) for step in range(30)]
    # Keras computes in float32.
    np.testing.assert_allclose(found, KERAS[f"{case}/rates"], rtol=2e-6, atol=1e-9)


def test_every_schedule_of_keras_is_recorded() -> None:
    assert {case["cls"] for case in RATES.values()} == set(optimizers.schedules.NAMED)


@pytest.mark.parametrize("case", RATES)
def test_a_model_keeps_its_rate_in_a_file(case: str, tmp_path: Path) -> None:
    model = nn.Sequential([nn.Dense(1, input_shape=(1,))])
    model.compile(optimizers.SGD(keras_schedule(case)), "mse")
    x = np.arange(8.0)[:, None] / 8
    model.fit(x, x, epochs=2, batch_size=2, verbose=0, shuffle=False)
    model.save(tmp_path / "model.npz")
    loaded = nn.load_model(tmp_path / "model.npz")
    for one in (model, loaded):
        one.fit(x, x, epochs=1, batch_size=2, verbose=0, shuffle=False)
        # Four steps of an epoch, three epochs: the last one was step 11.
        assert one.optimizer.lr == keras_schedule(case)(11)
    np.testing.assert_array_equal(loaded.parameters()[0].data, model.parameters()[0].data)


def test_schedules_follow_one_another_as_objects_or_as_functions() -> None:
    def rates(as_objects: bool) -> list[float]:
        optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=1.0)
        parts: list[Any] = [
            lambda o: schedule.LinearLR(o, 0.1, total_iters=3),
            lambda o: schedule.ExponentialLR(o, 0.5),
        ]
        given = [make(optimizer) for make in parts] if as_objects else parts
        both = schedule.SequentialLR(optimizer, given, milestones=[3])
        found = []
        for _ in range(6):
            found.append(optimizer.lr)
            both.step()
        return found

    assert rates(True) == rates(False)
    np.testing.assert_allclose(rates(True), [0.1, 0.4, 0.7, 1.0, 0.5, 0.25])
    one, other = (optim.SGD([tensor([1.0], requires_grad=True)], lr=1.0) for _ in range(2))
    with pytest.raises(ValueError, match="expected schedules over one optimiser; got several"):
        schedule.SequentialLR(one, [schedule.ExponentialLR(other, 0.5)], milestones=[])


def test_a_schedule_steps_by_batch_in_fit() -> None:
    model = nn.Sequential([nn.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    seen = []
    cycle = schedule.OneCycleLR(model.optimizer, max_lr=0.1, total_steps=6)
    expected = [cycle.rate(0.01, t) for t in range(6)]
    watch = nn.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: seen.append(model.optimizer.lr))
    each = nn.callbacks.LearningRateScheduler(cycle, every="batch")
    x = np.arange(5.0)[:, None]
    model.fit(x, x, batch_size=2, epochs=2, verbose=0, callbacks=[watch, each])
    with pytest.raises(ValueError, match="OneCycleLR: expected at most 6 steps"):
        cycle.step()
    np.testing.assert_allclose(seen, expected)
    with pytest.raises(TypeError, match="counts steps with every='batch'; got function"):
        nn.callbacks.LearningRateScheduler(lambda epoch: 0.1, every="batch")
    with pytest.raises(ValueError, match="expected every='epoch' or 'batch'; got 'step'"):
        nn.callbacks.LearningRateScheduler(cycle, every="step")
    with pytest.raises(ValueError, match="expected decay_steps to be a number above 0; got 0"):
        optimizers.schedules.CosineDecay(0.1, 0)
    with pytest.raises(ValueError, match="one value more than boundaries; got 1 values and 1 boundaries"):
        optimizers.schedules.PiecewiseConstantDecay([1], [0.1])


def test_one_cycle_takes_a_step_after_each_of_its_batches() -> None:
    optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=1.0, momentum=0.9)
    cycle = schedule.OneCycleLR(optimizer, 1.0, total_steps=10)
    for _ in range(10):
        last = optimizer.lr
        cycle.step()
    assert math.isclose(last, 1 / 25 / 1e4, rel_tol=1e-9) and optimizer.lr == last

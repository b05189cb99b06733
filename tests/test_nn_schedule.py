"""Schedules: thirty steps of each against PyTorch's rates and momenta."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import tensor
from nn import optim, schedule

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
    with pytest.raises(ValueError, match="expected a factor between 0 and 1; got 2"):
        schedule.ReduceLROnPlateau(optimizer, factor=2)
    with pytest.raises(ValueError, match="expected at most 2 steps"):
        cycle = schedule.OneCycleLR(optimizer, 1.0, 2, pct_start=0.9)
        for _ in range(3):
            cycle.step()


def test_one_cycle_takes_a_step_after_each_of_its_batches() -> None:
    optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=1.0, momentum=0.9)
    cycle = schedule.OneCycleLR(optimizer, 1.0, total_steps=10)
    for _ in range(10):
        last = optimizer.lr
        cycle.step()
    assert math.isclose(last, 1 / 25 / 1e4, rel_tol=1e-9) and optimizer.lr == last

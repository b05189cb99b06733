"""Optimisers: five steps of each against PyTorch's (Lion's and LAMB's against their papers'), buffers, groups, state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, tensor
from nn import optim

RECORDED = np.load(Path(__file__).parent / "recorded" / "torch_nn.npz")
CASES: dict[str, Any] = json.loads(str(RECORDED["about"]))["cases"]
NAMES = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "NAdam", "radam": "RAdam", "adamax": "Adamax"}
NAMES |= {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "lion": "Lion", "lamb": "LAMB"}
STEPS = [name for name in CASES if name.startswith("optimiser/") and "lbfgs" not in name]


def make(case: str, params: list[Tensor]) -> optim.Optimizer:
    options = dict(CASES[case])
    kind = NAMES[case.split("/")[1]]
    for key in ("cls", "source", "module"):
        options.pop(key, None)
    if "b1" in options:
        options["betas"] = (options.pop("b1"), options.pop("b2"))
        options["weight_decay"] = options.pop("decay")
    return getattr(optim, kind)(params, **options)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", STEPS)
def test_five_steps_agree_with_the_recorded_ones(case: str, dtype: str, backend: Any) -> None:
    prefix = case + ("/float32" if dtype == "float32" else "")
    names = [name for name in ("w", "b") if f"{prefix}/{name}" in RECORDED.files]
    if not names:
        pytest.skip("recorded in float64 only")
    special = case.rsplit("/", 1)[-1]
    params, gradients = [], []
    for name in names:
        start = RECORDED[f"optimiser/start/{name}"].astype(dtype)
        grads = RECORDED[f"optimiser/gradients/{name}"].astype(dtype)
        if special == "from_zero":
            start = np.zeros_like(start)
        if special == "zero_gradient":
            grads = np.zeros_like(grads)
        params.append(tensor(start, requires_grad=True, device=backend.name))
        gradients.append(grads)
    optimizer = make(case, params)
    for step in range(5):
        for p, grads in zip(params, gradients, strict=True):
            p.grad = tensor(grads[step], device=backend.name)
        optimizer.step()
        for name, p in zip(names, params, strict=True):
            assert str(p.dtype) == dtype
            # PyTorch keeps NAdam's product of momenta as a float32 number, in float64 runs too.
            close = {"rtol": 1e-8, "atol": 1e-9} if "nadam" in case else {"rtol": 1e-10, "atol": 1e-12}
            tolerance = close if dtype == "float64" else {"rtol": 2e-5, "atol": 1e-6}
            found = p.backend.to_numpy(p.data)
            np.testing.assert_allclose(found, RECORDED[f"{prefix}/{name}"][step], err_msg=f"step {step + 1}", **tolerance)

"""Gradients of gradients through every layer and loss that has a recorded row, against central differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import nn
from autograd import Tensor, gradients, no_grad
from tests.helpers import to_numpy
from tests.nn_recorded import Recording
from tests.recorded.nn_rows import ROWS
from tests.test_nn_steps import _ours, called, floats, total

STEPS = Recording("torch_steps")


def steepness(row: Any, layer: Any, inputs: dict[str, Any], leaves: list[Tensor], cotangents: list[Any]) -> Any:
    """Half the sum of the squares of all gradients; None where they are constants."""
    slopes = gradients(total(row, floats(called(layer, row, inputs)), cotangents), leaves, create_graph=True)
    parts = [anp.sum(g * g) / 2 for g in slopes if g.requires_grad]
    return sum(parts[1:], parts[0]) if parts else None


@pytest.mark.parametrize("name", ROWS)
def test_gradients_have_gradients(name: str) -> None:
    row = ROWS[name]
    layer = eval(row.ours, dict(vars(nn)))  # a row of ours
    layer.train(row.training)
    given = STEPS.part(name, "in")
    ends = STEPS.part(name, "end")
    inputs = {k: Tensor(v.copy(), requires_grad=True) if k in ends else v for k, v in given.items()}
    if not all(module.is_built() for module in layer.modules()):
        layer(*inputs.values())
    layer.to("float64")
    layer.load_state_dict({_ours(k, row): v for k, v in STEPS.part(name, "start").items()}, strict=False)
    leaves = [*layer.parameters(), *[x for x in inputs.values() if isinstance(x, Tensor)]]
    cotangents = [c for i in range(3) if (c := STEPS.get(f"{name}/cotangent{i}")) is not None]
    half = steepness(row, layer, inputs, leaves, cotangents)
    if half is None:
        # Linear in what is varied, as some losses are; layers are seen through squares, and never are.
        assert row.loss
        return
    found = gradients(half, leaves, allow_unused=True)
    stream = np.random.default_rng(0)
    way = [stream.normal(size=p.shape) for p in leaves]
    slope = sum(float(np.sum(to_numpy(g) * v)) for g, v in zip(found, way, strict=True) if g is not None)
    start = [to_numpy(p).copy() for p in leaves]
    errors = []
    for h in (1e-4, 1e-5, 1e-6):  # rounding asks for a wide one, curvature for a narrow one
        values = []
        for sign in (1, -1):
            with no_grad():
                for p, at, v in zip(leaves, start, way, strict=True):
                    p[...] = at + sign * h * v
            values.append(float(steepness(row, layer, inputs, leaves, cotangents)))
        errors.append(abs((values[0] - values[1]) / (2 * h) - slope))
    assert min(errors) < 1e-6 * (abs(slope) + 1e-2), f"off by {min(errors):.1e} of {slope:.1e}"

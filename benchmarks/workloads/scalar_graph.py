"""Graphs of Python floats: micrograd's demo network 2-16-16-1 on two moons, loss and backward pass number by number.

Once with Python's cycle collector at work, as it is in every program, and once with it switched off: micrograd's graphs
are cycles, ours are not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

LAYERS = (2, 16, 16, 1)
DECAY = 1e-4
WEIGHTS = sum(a * b for a, b in pairwise(LAYERS))

work = Workload(
    "scalar_graph",
    "micrograd's demo network 2-16-16-1 on numbers",
    size="points",
    sizes={"small": (10,), "medium": (100,), "large": (1_000,)},
    variants=("collector on", "collector off"),
    flops=lambda case: 6 * WEIGHTS * case.size,
    dtype="float64",
    rtol=1e-9,
    collector=lambda case: case.variant == "collector on",
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    angle = math.pi * rng.random(case.size)
    side = np.arange(case.size) % 2
    moons = np.stack([np.cos(angle) * (1 - 2 * side) + side, np.sin(angle) * (1 - 2 * side) + side / 2], axis=1)
    return {
        "points": (moons + 0.1 * rng.standard_normal(moons.shape)).tolist(),
        "labels": (2 * side - 1).tolist(),
        "weights": [rng.uniform(-1, 1, (b, a)).tolist() for a, b in pairwise(LAYERS)],
    }


def scores(points: Sequence[Sequence[Any]], weights: Any, biases: Any) -> list[Any]:
    """The network's outputs, as micrograd's demo computes them: a neuron is a sum of products, then a ReLU."""
    out = []
    for values in points:
        for place, (matrix, bias) in enumerate(zip(weights, biases)):
            sums = [sum((w * x for w, x in zip(row, values)), b) for row, b in zip(matrix, bias)]
            values = sums if place == len(weights) - 1 else [s.relu() for s in sums]
        out.append(values[0])
    return out


def loss_of(outputs: list[Any], labels: Sequence[int], parameters: list[Any]) -> Any:
    """The demo's loss: max-margin, and the squares of all parameters."""
    losses = [(1 + -label * score).relu() for label, score in zip(labels, outputs)]
    return sum(losses) * (1.0 / len(losses)) + DECAY * sum(p * p for p in parameters)


@work.peer("xpgrad", devices=("cpu",))
def xpgrad(data: Data, case: Case) -> Step:
    from autograd import scalar

    weights = [[[scalar(w) for w in row] for row in matrix] for matrix in data["weights"]]
    biases = [[scalar(0.0) for _ in matrix] for matrix in data["weights"]]
    parameters = [w for matrix, bias in zip(weights, biases) for row, b in zip(matrix, bias) for w in [*row, b]]

    def step() -> Any:
        for parameter in parameters:
            parameter.grad = None
        loss = loss_of(scores(data["points"], weights, biases), data["labels"], parameters)
        loss.backward()
        return loss.item(), [parameter.grad for parameter in parameters]

    return step


@work.peer("micrograd", devices=("cpu",), note="its demo wraps every input in a Value")
def micrograd(data: Data, case: Case) -> Step:
    from micrograd.engine import Value

    weights = [[[Value(w) for w in row] for row in matrix] for matrix in data["weights"]]
    biases = [[Value(0.0) for _ in matrix] for matrix in data["weights"]]
    parameters = [w for matrix, bias in zip(weights, biases) for row, b in zip(matrix, bias) for w in [*row, b]]

    def step() -> Any:
        for parameter in parameters:
            parameter.grad = 0
        points = [list(map(Value, point)) for point in data["points"]]
        loss = loss_of(scores(points, weights, biases), data["labels"], parameters)
        loss.backward()
        return loss.data, [float(parameter.grad) for parameter in parameters]

    return step

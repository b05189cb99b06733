"""A chain of n small operations and its backward pass: the cost per operation must not grow with the graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

WIDTH = 10
FACTOR = -1.0  # exact in every dtype, however often

work = Workload(
    "chain",
    "a chain of products by a number, and its gradient",
    size="operations",
    sizes={"small": (1_000, 10_000), "medium": (100_000,), "large": (1_000_000,)},
    flops=lambda case: 2 * WIDTH * case.size,
)


@work.data
def data(case: Case) -> Data:
    return {"x": np.random.default_rng(0).standard_normal(WIDTH, dtype=np.float32), "g": np.ones(WIDTH, np.float32)}


# On a GPU an operation takes as long as its launch: a million would take minutes.
@work.peer("xpgrad", largest_on_gpu=100_000)
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    x, g = Tensor(put(data["x"]), requires_grad=True), Tensor(put(data["g"]))

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(case.size):
            y = y * FACTOR
        y.backward(g)
        return y, x.grad

    return step


# A hundred thousand tell the ratio; with a million, this one case would take minutes.
@work.peer("torch", largest=100_000)
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    x, g = torch.tensor(data["x"], device=device, requires_grad=True), torch.tensor(data["g"], device=device)

    def step() -> Any:
        x.grad = None
        y = x
        for _ in range(case.size):
            y = y * FACTOR
        y.backward(g)
        return y, x.grad

    return step


@work.peer("hips", dtype="float64", devices=("cpu",), largest=100_000, note="in float64")
def hips(data: Data, case: Case) -> Step:
    from autograd import make_vjp

    x, g = data["x"].astype("float64"), data["g"].astype("float64")

    def chain(x: Any) -> Any:
        for _ in range(case.size):
            x = x * FACTOR
        return x

    def step() -> Any:
        pull, y = make_vjp(chain)(x)
        return y, pull(g)

    return step

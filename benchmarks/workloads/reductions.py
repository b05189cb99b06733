"""Reductions of a matrix of rows of 256, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

COLUMNS = 256
FLOPS = {"sum": 1, "mean of columns": 1, "max of rows": 2, "variance of rows": 7, "softmax": 9, "logsumexp": 6}

work = Workload(
    "reductions",
    f"reductions of rows of {COLUMNS}, forward and backward",
    size="elements",
    sizes={"small": (1_024, 10_240), "medium": (102_400,), "large": (1_024_000, 10_240_000)},
    variants=tuple(FLOPS),
    flops=lambda case: FLOPS[case.variant] * case.size,
    # x is read, its gradient written; only the softmax has a result and a cotangent of that size.
    bytes=lambda case: 4 * case.size * (4 if case.variant == "softmax" else 2),
)


def result_shape(case: Case) -> tuple[int, ...]:
    """The shape of what the variant computes."""
    rows = case.size // COLUMNS
    return {"sum": (), "mean of columns": (COLUMNS,), "softmax": (rows, COLUMNS)}.get(case.variant, (rows,))


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    return {
        "x": rng.standard_normal((case.size // COLUMNS, COLUMNS), dtype=np.float32),
        "g": np.asarray(rng.standard_normal(result_shape(case)), dtype=np.float32),
    }


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import autograd.numpy as anp
    import backends
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    x, g = Tensor(put(data["x"]), requires_grad=True), Tensor(put(data["g"]))
    function = {
        "sum": lambda x: x.sum(),
        "mean of columns": lambda x: x.mean(axis=0),
        "max of rows": lambda x: x.max(axis=1),
        "variance of rows": lambda x: x.var(axis=1),
        "softmax": lambda x: x.softmax(axis=-1),
        "logsumexp": lambda x: anp.logsumexp(x, axis=-1),
    }[case.variant]

    def step() -> Any:
        x.grad = None
        out = function(x)
        out.backward(g)
        return out, x.grad

    return step


@work.peer("torch")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    x, g = torch.tensor(data["x"], device=device, requires_grad=True), torch.tensor(data["g"], device=device)
    function = {
        "sum": lambda x: x.sum(),
        "mean of columns": lambda x: x.mean(0),
        "max of rows": lambda x: x.amax(1),
        "variance of rows": lambda x: x.var(1, correction=0),
        "softmax": lambda x: x.softmax(-1),
        "logsumexp": lambda x: x.logsumexp(-1),
    }[case.variant]

    def step() -> Any:
        x.grad = None
        out = function(x)
        out.backward(g)
        return out, x.grad

    return step


@work.peer("jax", note="compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax

    place = jax.devices(case.device)[0]
    x, g = (jax.device_put(data[name], place) for name in ("x", "g"))
    function = {
        "sum": lambda x: x.sum(),
        "mean of columns": lambda x: x.mean(0),
        "max of rows": lambda x: x.max(1),
        "variance of rows": lambda x: x.var(1),
        "softmax": lambda x: jax.nn.softmax(x, -1),
        "logsumexp": lambda x: jax.nn.logsumexp(x, -1),
    }[case.variant]

    @jax.jit
    def step(x: Any, g: Any) -> Any:
        out, pull = jax.vjp(function, x)
        return out, pull(g)

    return lambda: step(x, g)

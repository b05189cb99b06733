"""A gradient of a gradient, element by element: of Σ (d/dx Σ x·tanh(x))², as a gradient penalty needs it."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

work = Workload(
    "second_order",
    "gradient of the squared gradient of x·tanh(x)",
    size="elements",
    sizes={"small": (100, 1_000), "medium": (10_000, 100_000), "large": (1_000_000,)},
    # First: tanh, product, and their rules: 7; squared and differentiated again: 15 more.
    flops=lambda case: 22 * case.size,
    # x is read and a gradient written; everything between could stay in registers.
    bytes=lambda case: 4 * 2 * case.size,
)


@work.data
def data(case: Case) -> Data:
    return {"x": np.random.default_rng(0).standard_normal(case.size, dtype=np.float32)}


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor

    x = Tensor(backends.get(case.backend).asarray(data["x"]), requires_grad=True)

    def step() -> Any:
        x.grad = None
        (x * x.tanh()).sum().backward(create_graph=True)
        first, x.grad = x.grad, None
        (first * first).sum().backward()
        return x.grad

    return step


@work.peer("torch")
def torch(data: Data, case: Case) -> Step:
    import torch

    x = torch.tensor(data["x"], device="cuda" if case.device == "gpu" else "cpu", requires_grad=True)

    def step() -> Any:
        (first,) = torch.autograd.grad((x * x.tanh()).sum(), x, create_graph=True)
        return torch.autograd.grad((first * first).sum(), x)

    return step


@work.peer("jax", note="compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    x = jax.device_put(data["x"], jax.devices(case.device)[0])
    first = jax.grad(lambda x: (x * jnp.tanh(x)).sum())
    second = jax.jit(jax.grad(lambda x: jnp.square(first(x)).sum()))
    return lambda: second(x)


@work.peer("hips", devices=("cpu",), dtype="float64", note="in float64")
def hips(data: Data, case: Case) -> Step:
    import autograd.numpy as np
    from autograd import grad

    x = data["x"].astype("float64")
    first = grad(lambda x: np.sum(x * np.tanh(x)))
    second = grad(lambda x: np.sum(first(x) ** 2))
    return lambda: second(x)

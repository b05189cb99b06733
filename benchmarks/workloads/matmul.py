"""The product of two square matrices, alone and with both of its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

work = Workload(
    "matmul",
    "a product of square matrices",
    size="rows",
    sizes={"small": (16, 64), "medium": (256, 512), "large": (1_024, 2_048, 4_096)},
    variants=("forward", "and backward"),
    flops=lambda case: 2 * case.size**3 * (3 if case.variant == "and backward" else 1),
    # Two are read and one is written; with gradients, the cotangent is read as well, and two more are written.
    bytes=lambda case: 4 * case.size**2 * (6 if case.variant == "and backward" else 3),
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal((case.size, case.size), dtype=np.float32) for name in ("a", "b", "g")}


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    backward = case.variant == "and backward"
    a, b = (Tensor(put(data[name]), requires_grad=backward) for name in ("a", "b"))
    g = Tensor(put(data["g"]))

    def both() -> Any:
        a.grad = b.grad = None
        out = a @ b
        out.backward(g)
        return out, a.grad, b.grad

    return both if backward else lambda: a @ b


@work.peer("numpy", variants=("forward",), devices=("cpu",))
def numpy(data: Data, case: Case) -> Step:
    a, b = data["a"], data["b"]
    return lambda: a @ b


@work.peer("torch")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    backward = case.variant == "and backward"
    a, b = (torch.tensor(data[name], device=device, requires_grad=backward) for name in ("a", "b"))
    g = torch.tensor(data["g"], device=device)

    def both() -> Any:
        a.grad = b.grad = None
        out = a @ b
        out.backward(g)
        return out, a.grad, b.grad

    return both if backward else lambda: a @ b


@work.peer("jax", note="compiled with jax.jit, the product among the results")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    a, b, g = (jax.device_put(data[name], place) for name in ("a", "b", "g"))

    @jax.jit
    def both(a: Any, b: Any, g: Any) -> Any:
        # The product is a result as well: its gradients don't need it, and a compiler would leave it out.
        out, pull = jax.vjp(jnp.matmul, a, b)
        return out, *pull(g)

    forward = jax.jit(jnp.matmul)
    return (lambda: both(a, b, g)) if case.variant == "and backward" else lambda: forward(a, b)

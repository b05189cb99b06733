"""A Hessian-vector product: the loss of a tanh network 64-n-n-1 on 128 samples, its curvature along one direction.

Each library goes the way that is quickest for it: JAX forward over reverse, the others twice backward. PyTorch's
forward mode, either way round, is slower at each of these sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

INPUTS, SAMPLES = 64, 128

work = Workload(
    "hvp",
    "Hessian-vector product of 64-n-n-1 with tanh, 128 samples",
    size="units",
    sizes={"small": (16,), "medium": (128,), "large": (1_024,)},
    # A product forward and two for its derivative, as many for its input's gradient, two for the derivative of its
    # weights' gradient; of these, the first layer, whose input is given, needs one, none and one beside the first.
    flops=lambda case: 2 * SAMPLES * case.size * (3 * INPUTS + 8 * case.size),
    # Weights, directions and results.
    bytes=lambda case: 4 * 3 * case.size * (INPUTS + case.size + 1),
    rtol=1e-3,
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    n = case.size
    shapes = ((INPUTS, n), (n, n), (n, 1))
    return {
        "x": rng.standard_normal((SAMPLES, INPUTS), dtype=np.float32),
        "y": rng.standard_normal((SAMPLES, 1), dtype=np.float32),
        "weights": [(rng.standard_normal(s) / s[0] ** 0.5).astype(np.float32) for s in shapes],
        "directions": [rng.standard_normal(s, dtype=np.float32) for s in shapes],
    }


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import autograd.numpy as anp
    import backends
    from autograd import hvp

    put = backends.get(case.backend).asarray
    x, y = put(data["x"]), put(data["y"])
    weights, directions = ([put(value) for value in data[name]] for name in ("weights", "directions"))

    def loss(weights: list[Any]) -> Any:
        a, b, c = weights
        return ((anp.tanh(anp.tanh(x @ a) @ b) @ c - y) ** 2).mean()

    product = hvp(loss)
    return lambda: product(weights, directions)


@work.peer("torch", note="twice backward, which is quicker than its forward mode here")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    x, y = torch.tensor(data["x"], device=device), torch.tensor(data["y"], device=device)
    weights = [torch.tensor(value, device=device, requires_grad=True) for value in data["weights"]]
    directions = [torch.tensor(value, device=device) for value in data["directions"]]

    def step() -> Any:
        a, b, c = weights
        loss = ((torch.tanh(torch.tanh(x @ a) @ b) @ c - y) ** 2).mean()
        grads = torch.autograd.grad(loss, weights, create_graph=True)
        return torch.autograd.grad(grads, weights, directions)

    return step


@work.peer("jax", note="forward over reverse, compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x, y = jax.device_put(data["x"], place), jax.device_put(data["y"], place)
    weights, directions = ([jax.device_put(v, place) for v in data[name]] for name in ("weights", "directions"))

    def loss(weights: list[Any]) -> Any:
        a, b, c = weights
        return ((jnp.tanh(jnp.tanh(x @ a) @ b) @ c - y) ** 2).mean()

    product = jax.jit(lambda w, v: jax.jvp(jax.grad(loss), (w,), (v,))[1])
    return lambda: product(weights, directions)


@work.peer("hips", devices=("cpu",), dtype="float64", note="twice backward, in float64")
def hips(data: Data, case: Case) -> Step:
    import autograd.numpy as np
    from autograd import grad

    x, y = data["x"], data["y"]
    weights = [value.astype("float64") for value in data["weights"]]
    directions = [value.astype("float64") for value in data["directions"]]

    def loss(weights: list[Any]) -> Any:
        a, b, c = weights
        return np.mean((np.dot(np.tanh(np.dot(np.tanh(np.dot(x, a)), b)), c) - y) ** 2)

    def along(weights: list[Any]) -> Any:
        return sum(np.sum(g * v) for g, v in zip(grad(loss)(weights), directions))

    product = grad(along)
    return lambda: product(weights)

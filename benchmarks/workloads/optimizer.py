"""One step of an optimiser on parameters shaped as those of 784-n-n-10, their gradients being there already.

With NumPy alone, and with the extra `jit`, which compiles the step. 512 units make 669,706 parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload
from benchmarks.workloads.dense import BETA1, BETA2, EPSILON, RATE, parameters, shapes


def is_adam(case: Case) -> bool:
    """Whether the variant is Adam's, not SGD's."""
    return case.variant.startswith("Adam")


work = Workload(
    "optimizer",
    "optimiser step on the parameters of 784-n-n-10",
    size="units",
    sizes={"small": (32, 128), "medium": (512,), "large": (2_048,)},
    variants=tuple(f"{rule}, {how}" for rule in ("Adam", "SGD with momentum") for how in ("plain", "with jit")),
    flops=lambda case: parameters(case.size) * (12 if is_adam(case) else 4),
    # Parameter, gradient and each moment are read; all but the gradient are written.
    bytes=lambda case: 4 * parameters(case.size) * (7 if is_adam(case) else 5),
    checked_calls=3,
    rtol=1e-5,
    jit=lambda case: case.variant.endswith("with jit"),
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes(case.size)]
    return {"weights": weights, "grads": [rng.standard_normal(w.shape, dtype=np.float32) for w in weights]}


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor
    from nn import optim

    put = backends.get(case.backend).asarray
    weights = [Tensor(put(value.copy()), requires_grad=True) for value in data["weights"]]
    if is_adam(case):
        optimizer: Any = optim.Adam(weights, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
    else:
        optimizer = optim.SGD(weights, lr=RATE, momentum=BETA1)
    for weight, grad in zip(weights, data["grads"]):
        weight.grad = Tensor(put(grad))

    def step() -> Any:
        optimizer.step()
        return weights

    return step


@work.peer("torch", note="fused")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    weights = [torch.tensor(value, device=device, requires_grad=True) for value in data["weights"]]
    if is_adam(case):
        optimizer: Any = torch.optim.Adam(weights, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON, fused=True)
    else:
        optimizer = torch.optim.SGD(weights, lr=RATE, momentum=BETA1, fused=True)
    for weight, grad in zip(weights, data["grads"]):
        weight.grad = torch.tensor(grad, device=device)

    def step() -> Any:
        optimizer.step()
        return weights

    return step


@work.peer("jax", note="compiled with jax.jit, memory reused")
def jax(data: Data, case: Case) -> Step:
    from functools import partial

    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    # Copies: memory that is given away must not be NumPy's.
    weights = [jnp.array(jax.device_put(value, place)) for value in data["weights"]]
    grads = [jax.device_put(value, place) for value in data["grads"]]
    zeros = [[jnp.zeros_like(w) for w in weights] for _ in range(2)]

    @partial(jax.jit, donate_argnums=0)
    def adam(state: Any, grads: Any) -> Any:
        weights, first, second, t = state
        t = t + 1
        first = [BETA1 * m + (1 - BETA1) * g for m, g in zip(first, grads)]
        second = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(second, grads)]
        a, b = 1 - BETA1**t, 1 - BETA2**t
        weights = [w - RATE * (m / a) / (jnp.sqrt(v / b) + EPSILON) for w, m, v in zip(weights, first, second)]
        return weights, first, second, t

    @partial(jax.jit, donate_argnums=0)
    def momentum(state: Any, grads: Any) -> Any:
        weights, first = state
        first = [BETA1 * m + g for m, g in zip(first, grads)]
        return [w - RATE * m for w, m in zip(weights, first)], first

    update = adam if is_adam(case) else momentum
    state = jax.device_put((weights, *zeros, jnp.float32(0)) if is_adam(case) else (weights, zeros[0]), place)

    def step() -> Any:
        nonlocal state
        state = update(state, grads)
        return state[0]

    return step

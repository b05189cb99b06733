"""A training step of a dense network on 28×28 images: 784-n-n-10, batch 128, cross entropy, Adam.

With NumPy alone, and with the extra `jit`, which compiles the optimiser's step. PyTorch runs eagerly with its fused
Adam, JAX compiles the whole step and reuses the parameters' memory.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

INPUTS, CLASSES, BATCH = 784, 10, 128
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def shapes(width: int) -> list[tuple[int, ...]]:
    """Weights (in × out) and biases of the three layers."""
    sizes = (INPUTS, width, width, CLASSES)
    return [shape for a, b in pairwise(sizes) for shape in ((a, b), (b,))]


def parameters(width: int) -> int:
    """How many numbers are trained."""
    return sum(int(np.prod(shape)) for shape in shapes(width))


work = Workload(
    "dense",
    "training step of 784-n-n-10, batch 128, Adam",
    size="units",
    sizes={"small": (32, 128), "medium": (512,), "large": (1_024, 2_048, 4_096)},
    # A product forward, two backward (one for the first layer); Adam does about 12 operations for each parameter.
    flops=lambda case: BATCH * (6 * parameters(case.size) - 2 * INPUTS * case.size) + 12 * parameters(case.size),
    # Weights are read forward and backward, two moments are read and all three written: a gradient need not be.
    bytes=lambda case: 4 * parameters(case.size) * 7,
    checked_calls=3,
    rtol=2e-3,
    variants=("plain", "with jit"),
    jit=lambda case: case.variant == "with jit",
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    weights = [
        (rng.standard_normal(shape) * (2 / shape[0]) ** 0.5 if len(shape) == 2 else np.zeros(shape)).astype(np.float32)
        for shape in shapes(case.size)
    ]
    return {
        "x": rng.random((BATCH, INPUTS), dtype=np.float32),
        "y": rng.integers(0, CLASSES, BATCH),
        "weights": weights,
    }


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor
    from nn import functional as F
    from nn import optim

    put = backends.get(case.backend).asarray
    x, y = Tensor(put(data["x"])), put(data["y"])
    # The linear layer holds its weight transposed, as PyTorch's does.
    weights = [Tensor(put(value.T.copy()), requires_grad=True) for value in data["weights"]]
    optimizer = optim.Adam(weights, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)

    def step() -> Any:
        optimizer.zero_grad()
        h = F.relu(F.linear(x, weights[0], weights[1]))
        h = F.relu(F.linear(h, weights[2], weights[3]))
        loss = F.cross_entropy(F.linear(h, weights[4], weights[5]), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


@work.peer("torch", note="eager, fused Adam")
def torch(data: Data, case: Case) -> Step:
    import torch
    from torch.nn import functional as F

    device = "cuda" if case.device == "gpu" else "cpu"
    x, y = torch.tensor(data["x"], device=device), torch.tensor(data["y"], device=device)
    values = (np.ascontiguousarray(value.T) for value in data["weights"])
    weights = [torch.tensor(value, device=device, requires_grad=True) for value in values]
    optimizer = torch.optim.Adam(weights, lr=RATE, betas=(BETA1, BETA2), eps=EPSILON, fused=True)

    def step() -> Any:
        optimizer.zero_grad()
        h = F.relu(F.linear(x, weights[0], weights[1]))
        h = F.relu(F.linear(h, weights[2], weights[3]))
        loss = F.cross_entropy(F.linear(h, weights[4], weights[5]), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


@work.peer("jax", note="compiled with jax.jit, memory reused")
def jax(data: Data, case: Case) -> Step:
    from functools import partial

    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x, y = jax.device_put(data["x"], place), jax.device_put(data["y"].astype(np.int32), place)
    weights = [jax.device_put(value, place) for value in data["weights"]]

    def loss_of(weights: list[Any]) -> Any:
        h = jax.nn.relu(x @ weights[0] + weights[1])
        h = jax.nn.relu(h @ weights[2] + weights[3])
        logits = h @ weights[4] + weights[5]
        return (jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, y[:, None], -1)[:, 0]).mean()

    @partial(jax.jit, donate_argnums=0)
    def update(state: Any) -> Any:
        weights, first, second, t = state
        loss, grads = jax.value_and_grad(loss_of)(weights)
        t = t + 1
        first = [BETA1 * m + (1 - BETA1) * g for m, g in zip(first, grads)]
        second = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(second, grads)]
        a, b = 1 - BETA1**t, 1 - BETA2**t
        weights = [w - RATE * (m / a) / (jnp.sqrt(v / b) + EPSILON) for w, m, v in zip(weights, first, second)]
        return (weights, first, second, t), loss

    zeros = [[jnp.zeros_like(w) for w in weights] for _ in range(2)]
    # Fresh copies: the state's memory is given away at each step.
    state = jax.device_put(([jnp.array(w) for w in weights], *zeros, jnp.float32(0)), place)

    def step() -> Any:
        nonlocal state
        state, loss = update(state)
        return loss

    return step

"""The reference document's network, 1-10-1 with ReLU, sigmoid and cross entropy: loss and gradients of one batch.

``op by op`` writes the document's formulas with elementary operations, ``fused`` uses each library's own linear layer
and cross entropy. JAX and tinygrad compile the whole step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

HIDDEN = 10

work = Workload(
    "network",
    "the document's 1-10-1 network, loss and gradients",
    size="samples",
    sizes={"small": (10,), "medium": (100, 1_000), "large": (10_000, 100_000)},
    variants=("op by op", "fused"),
    # Two products forward; backward their weights' gradients and one input's.
    flops=lambda case: case.size * HIDDEN * (2 + 2 + 2 + 2 + 2),
    # Inputs and labels are read; the hidden layer of some samples at a time need not leave the processor.
    bytes=lambda case: 4 * case.size * (1 + 1),
)

NAMES = ("W1", "b1", "Wy", "by")


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    out = {"x": rng.random((case.size, 1)), "y": rng.integers(0, 2, (case.size, 1))}
    shapes = {"W1": (1, HIDDEN), "b1": (HIDDEN,), "Wy": (HIDDEN, 1), "by": (1,)}
    out |= {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return {name: value.astype(np.float32) for name, value in out.items()}


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    x, y = Tensor(put(data["x"])), Tensor(put(data["y"]))
    parameters = [Tensor(put(data[name]), requires_grad=True) for name in NAMES]
    W1, b1, Wy, by = parameters

    def step() -> Any:
        for parameter in parameters:
            parameter.grad = None
        h = (x @ W1 + b1).relu()
        p = (h @ Wy + by).sigmoid()
        loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
        loss.backward()
        return loss, [parameter.grad for parameter in parameters]

    return step if case.variant == "op by op" else _xpgrad_fused(x, y, parameters)


def _xpgrad_fused(x: Any, y: Any, parameters: list[Any]) -> Step:
    from nn import functional as F

    W1, b1, Wy, by = parameters
    # The linear layer holds its weight transposed, as PyTorch's does.
    V1, Vy = (W.detach().T.copy().requires_grad_() for W in (W1, Wy))

    def step() -> Any:
        for parameter in (V1, b1, Vy, by):
            parameter.grad = None
        h = F.relu(F.linear(x, V1, b1))
        loss = F.binary_cross_entropy_with_logits(F.linear(h, Vy, by), y)
        loss.backward()
        return loss, [V1.grad.T, b1.grad, Vy.grad.T, by.grad]

    return step


@work.peer("torch")
def torch(data: Data, case: Case) -> Step:
    import torch
    from torch.nn import functional as F

    device = "cuda" if case.device == "gpu" else "cpu"
    x, y = torch.tensor(data["x"], device=device), torch.tensor(data["y"], device=device)
    parameters = [torch.tensor(data[name], device=device, requires_grad=True) for name in NAMES]
    W1, b1, Wy, by = parameters
    V1, Vy = (W.detach().T.contiguous().requires_grad_() for W in (W1, Wy))

    def step() -> Any:
        for parameter in parameters:
            parameter.grad = None
        h = torch.relu(x @ W1 + b1)
        p = torch.sigmoid(h @ Wy + by)
        loss = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
        loss.backward()
        return loss, [parameter.grad for parameter in parameters]

    def fused() -> Any:
        for parameter in (V1, b1, Vy, by):
            parameter.grad = None
        h = F.relu(F.linear(x, V1, b1))
        loss = F.binary_cross_entropy_with_logits(F.linear(h, Vy, by), y)
        loss.backward()
        return loss, [V1.grad.T, b1.grad, Vy.grad.T, by.grad]

    return step if case.variant == "op by op" else fused


@work.peer("jax", note="compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x, y = (jax.device_put(data[name], place) for name in ("x", "y"))
    parameters = [jax.device_put(data[name], place) for name in NAMES]

    def loss(parameters: list[Any], x: Any, y: Any) -> Any:
        W1, b1, Wy, by = parameters
        z = jax.nn.relu(x @ W1 + b1) @ Wy + by
        if case.variant == "fused":
            return jnp.mean(jax.nn.softplus(z) - y * z)
        p = jax.nn.sigmoid(z)
        return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)).mean()

    compiled = jax.jit(jax.value_and_grad(loss))
    return lambda: compiled(parameters, x, y)


@work.peer("hips", variants=("op by op",), devices=("cpu",), dtype="float64", note="gradients in float64")
def hips(data: Data, case: Case) -> Step:
    import autograd.numpy as np
    from autograd import value_and_grad

    x, y = data["x"], data["y"]
    parameters = [data[name].astype("float64") for name in NAMES]

    def loss(parameters: list[Any]) -> Any:
        W1, b1, Wy, by = parameters
        h = np.maximum(np.dot(x, W1) + b1, 0)
        p = 1 / (1 + np.exp(-(np.dot(h, Wy) + by)))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    both = value_and_grad(loss)
    return lambda: both(parameters)


@work.peer("tinygrad", variants=("op by op",), devices=("cpu",), note="compiled with TinyJit")
def tinygrad(data: Data, case: Case) -> Step:
    from tinygrad import Tensor, TinyJit

    x, y = Tensor(data["x"]).realize(), Tensor(data["y"]).realize()
    parameters = [Tensor(data[name]).realize() for name in NAMES]

    def step() -> Any:
        W1, b1, Wy, by = parameters
        p = ((x @ W1 + b1).relu() @ Wy + by).sigmoid()
        loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
        return [value.realize() for value in (loss, *loss.gradient(*parameters))]

    return TinyJit(step)

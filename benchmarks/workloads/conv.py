"""A convolutional network on 28×28 images: 16 and 32 channels of 3×3, each halved by max pooling, then 10 classes.

Loss and gradients of one batch, without an optimiser; with NumPy alone, and with the extra `jit`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

SIDE, FIRST, SECOND, CLASSES = 28, 16, 32, 10
FLAT = SECOND * (SIDE // 4) ** 2
SHAPES = {
    "w1": (FIRST, 1, 3, 3),
    "b1": (FIRST,),
    "w2": (SECOND, FIRST, 3, 3),
    "b2": (SECOND,),
    "w3": (CLASSES, FLAT),
    "b3": (CLASSES,),
}
# Multiply-adds of one image forward: two convolutions that keep the size, and the last layer.
PRODUCTS = (9 * FIRST * SIDE**2, 9 * FIRST * SECOND * (SIDE // 2) ** 2, FLAT * CLASSES)

work = Workload(
    "conv",
    "convolutional network 1×28×28, 16 and 32 channels, loss and gradients",
    size="images",
    sizes={"small": (8,), "medium": (64,), "large": (256,)},
    # A product forward and two backward, one for the first layer.
    flops=lambda case: case.size * 2 * (2 * PRODUCTS[0] + 3 * PRODUCTS[1] + 3 * PRODUCTS[2]),
    # Each layer's result is written once and read once, forward and, as a gradient, backward.
    bytes=lambda case: 4 * case.size * 4 * (FIRST * SIDE**2 + SECOND * (SIDE // 2) ** 2),
    rtol=1e-3,
    variants=("plain", "with jit"),
    jit=lambda case: case.variant == "with jit",
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    weights = {
        name: rng.standard_normal(shape, dtype=np.float32) * np.float32(np.prod(shape[1:]) ** -0.5)
        for name, shape in SHAPES.items()
    }
    return {
        "x": rng.random((case.size, 1, SIDE, SIDE), dtype=np.float32),
        "y": rng.integers(0, CLASSES, case.size),
        "weights": list(weights.values()),
    }


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor
    from nn import functional as F

    put = backends.get(case.backend).asarray
    x, y = Tensor(put(data["x"])), put(data["y"])
    weights = [Tensor(put(value), requires_grad=True) for value in data["weights"]]
    w1, b1, w2, b2, w3, b3 = weights

    def step() -> Any:
        for weight in weights:
            weight.grad = None
        h = F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=1)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, w2, b2, padding=1)), 2)
        loss = F.cross_entropy(h.reshape(len(h), -1) @ w3.T + b3, y)
        loss.backward()
        return loss, [weight.grad for weight in weights]

    return step


@work.peer("torch", note="eager")
def torch(data: Data, case: Case) -> Step:
    import torch
    from torch.nn import functional as F

    device = "cuda" if case.device == "gpu" else "cpu"
    x, y = torch.tensor(data["x"], device=device), torch.tensor(data["y"], device=device)
    weights = [torch.tensor(value, device=device, requires_grad=True) for value in data["weights"]]
    w1, b1, w2, b2, w3, b3 = weights

    def step() -> Any:
        for weight in weights:
            weight.grad = None
        h = F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=1)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, w2, b2, padding=1)), 2)
        loss = F.cross_entropy(F.linear(h.flatten(1), w3, b3), y)
        loss.backward()
        return loss, [weight.grad for weight in weights]

    return step


@work.peer("jax", note="compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x, y = jax.device_put(data["x"], place), jax.device_put(data["y"].astype(np.int32), place)
    weights = [jax.device_put(value, place) for value in data["weights"]]

    def conv(x: Any, w: Any, b: Any) -> Any:
        out = jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return out + b[:, None, None]

    def pool(x: Any) -> Any:
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss_of(weights: list[Any], x: Any, y: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = weights
        h = pool(jax.nn.relu(conv(pool(jax.nn.relu(conv(x, w1, b1))), w2, b2)))
        logits = h.reshape(len(h), -1) @ w3.T + b3
        return (jax.nn.logsumexp(logits, -1) - jnp.take_along_axis(logits, y[:, None], -1)[:, 0]).mean()

    compiled = jax.jit(jax.value_and_grad(loss_of))
    return lambda: compiled(weights, x, y)

"""An LSTM of 64 units over sequences of 32 numbers a step, batch 32: outputs and gradients.

With NumPy alone, and with the extra `jit`. Gates stand in PyTorch's order (input, forget, cell, output) in the weights
that everyone is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

UNITS, INPUTS, BATCH = 64, 32, 32

work = Workload(
    "recurrent",
    "LSTM of 64 units, batch 32, outputs and gradients",
    size="steps",
    sizes={"small": (10,), "medium": (50,), "large": (200,)},
    # Two products a step forward; backward both gradients of one, the weights' of the other. 12 for a gate's rest.
    flops=lambda case: case.size * BATCH * 4 * UNITS * (2 * (2 * INPUTS + 3 * UNITS) + 12),
    # Inputs are read; gates, cells and outputs are written once and read once; their gradients likewise.
    bytes=lambda case: 4 * case.size * BATCH * (INPUTS + 4 * 6 * UNITS),
    rtol=1e-3,
    variants=("plain", "with jit"),
    jit=lambda case: case.variant == "with jit",
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    shapes = {
        "weight_ih": (4 * UNITS, INPUTS),
        "weight_hh": (4 * UNITS, UNITS),
        "bias_ih": (4 * UNITS,),
        "bias_hh": (4 * UNITS,),
    }
    weights = {name: rng.uniform(-0.125, 0.125, shape).astype(np.float32) for name, shape in shapes.items()}
    return {"x": rng.standard_normal((BATCH, case.size, INPUTS), dtype=np.float32), **weights}


WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    import nn
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    with backends.use(case.backend):
        layer = nn.LSTM(INPUTS, UNITS, batch_first=True)
    layer.load_state_dict({f"{name}_l0": data[name] for name in WEIGHTS})
    weights = [dict(layer.named_parameters())[f"{name}_l0"] for name in WEIGHTS]
    x = Tensor(put(data["x"]))

    def step() -> Any:
        layer.zero_grad()
        out, _ = layer(x)
        loss = (out * out).mean()
        loss.backward()
        return loss, [weight.grad for weight in weights]

    return step


@work.peer("torch", note="eager, batch first")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    layer = torch.nn.LSTM(INPUTS, UNITS, batch_first=True).to(device)
    layer.load_state_dict({f"{name}_l0": torch.tensor(data[name]) for name in WEIGHTS})
    weights = [getattr(layer, f"{name}_l0") for name in WEIGHTS]
    x = torch.tensor(data["x"], device=device)

    def step() -> Any:
        layer.zero_grad()
        loss = layer(x)[0].square().mean()
        loss.backward()
        return loss, [weight.grad for weight in weights]

    return step


@work.peer("jax", note="jax.lax.scan, compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x = jax.device_put(data["x"], place)
    weights = [jax.device_put(data[name], place) for name in WEIGHTS]

    def loss_of(weights: list[Any], x: Any) -> Any:
        weight_ih, weight_hh, bias_ih, bias_hh = weights

        def cell(state: Any, x: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(x + h @ weight_hh.T, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((BATCH, UNITS), jnp.float32)
        inputs = jnp.swapaxes(x, 0, 1) @ weight_ih.T + bias_ih + bias_hh
        _, out = jax.lax.scan(cell, (zeros, zeros), inputs)
        return jnp.square(out).mean()

    compiled = jax.jit(jax.value_and_grad(loss_of))
    return lambda: compiled(weights, x)

"""Element-wise functions forward and backward: memory-bound at large sizes, all overhead at small ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

# Operations counted as one each, forward and backward, transcendental functions too.
FLOPS = {"exp": 2, "tanh": 4, "gelu": 22}
ROOT = math.sqrt(2 / math.pi)

work = Workload(
    "elementwise",
    "element-wise functions, forward and backward",
    size="elements",
    sizes={"small": (100, 1_000), "medium": (10_000, 100_000), "large": (1_000_000, 10_000_000)},
    variants=tuple(FLOPS),
    flops=lambda case: FLOPS[case.variant] * case.size,
    # x and the cotangent are read, the result and the gradient written; who goes twice over them reads x again.
    bytes=lambda case: 4 * 4 * case.size,
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(case.size, dtype=np.float32) for name in ("x", "g")}


def gelu(x: Any, tanh: Callable[[Any], Any]) -> Any:
    """The tanh approximation of GELU, written out: eight operations for a library to fuse or not."""
    return 0.5 * x * (1 + tanh(ROOT * (x + 0.044715 * x * x * x)))


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    x, g = Tensor(put(data["x"]), requires_grad=True), Tensor(put(data["g"]))
    function = {
        "exp": lambda x: x.exp(),
        "tanh": lambda x: x.tanh(),
        "gelu": lambda x: gelu(x, lambda z: z.tanh()),
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
    function = {"exp": torch.exp, "tanh": torch.tanh, "gelu": lambda x: gelu(x, torch.tanh)}[case.variant]

    def step() -> Any:
        x.grad = None
        out = function(x)
        out.backward(g)
        return out, x.grad

    return step


@work.peer("jax", note="compiled with jax.jit")
def jax(data: Data, case: Case) -> Step:
    import jax
    import jax.numpy as jnp

    place = jax.devices(case.device)[0]
    x, g = (jax.device_put(data[name], place) for name in ("x", "g"))
    function = {"exp": jnp.exp, "tanh": jnp.tanh, "gelu": lambda x: gelu(x, jnp.tanh)}[case.variant]

    @jax.jit
    def step(x: Any, g: Any) -> Any:
        out, pull = jax.vjp(function, x)
        return out, pull(g)

    return lambda: step(x, g)


@work.peer("hips", devices=("cpu",), dtype="float64", largest=1_000_000, note="in float64")
def hips(data: Data, case: Case) -> Step:
    import autograd.numpy as np
    from autograd import make_vjp

    x, g = data["x"].astype("float64"), data["g"].astype("float64")
    function = {"exp": np.exp, "tanh": np.tanh, "gelu": lambda x: gelu(x, np.tanh)}[case.variant]

    def step() -> Any:
        pull, out = make_vjp(function)(x)
        return out, pull(g)

    return step

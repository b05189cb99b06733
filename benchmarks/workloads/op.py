"""Engine overhead: what one small addition costs with a gradient to be recorded, without, and with its backward pass.

The arrays hold ten numbers, so that nearly all of the time is the library's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

work = Workload(
    "op",
    "one addition",
    size="elements",
    sizes={"small": (10,), "medium": (1_000,), "large": (100_000,)},
    variants=("recorded", "not recorded", "and backward"),
    flops=lambda case: case.size * (2 if case.variant == "and backward" else 1),
    bytes=lambda case: 4 * case.size * (5 if case.variant == "and backward" else 3),
)


@work.data
def data(case: Case) -> Data:
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(case.size, dtype=np.float32) for name in ("a", "b", "g")}


@work.peer("xpgrad")
def xpgrad(data: Data, case: Case) -> Step:
    import backends
    from autograd import Tensor

    put = backends.get(case.backend).asarray
    a = Tensor(put(data["a"]), requires_grad=case.variant != "not recorded")
    b, g = Tensor(put(data["b"])), Tensor(put(data["g"]))

    def backward() -> Any:
        a.grad = None
        (a + b).backward(g)
        return a.grad

    return backward if case.variant == "and backward" else lambda: a + b


@work.peer("numpy", variants=("not recorded",), devices=("cpu",))
def numpy(data: Data, case: Case) -> Step:
    a, b = data["a"], data["b"]
    return lambda: a + b


@work.peer("torch")
def torch(data: Data, case: Case) -> Step:
    import torch

    device = "cuda" if case.device == "gpu" else "cpu"
    a = torch.tensor(data["a"], device=device, requires_grad=case.variant != "not recorded")
    b, g = torch.tensor(data["b"], device=device), torch.tensor(data["g"], device=device)

    def backward() -> Any:
        a.grad = None
        (a + b).backward(g)
        return a.grad

    return backward if case.variant == "and backward" else lambda: a + b


@work.peer("jax", note="recorded with jax.vjp, not compiled")
def jax(data: Data, case: Case) -> Step:
    import jax

    place = jax.devices(case.device)[0]
    a, b, g = (jax.device_put(data[name], place) for name in ("a", "b", "g"))

    def recorded() -> Any:
        out, _ = jax.vjp(lambda x: x + b, a)
        return out

    def backward() -> Any:
        _, pull = jax.vjp(lambda x: x + b, a)
        return pull(g)

    return {"recorded": recorded, "not recorded": lambda: a + b, "and backward": backward}[case.variant]


@work.peer("hips", variants=("and backward",), devices=("cpu",), dtype="float64", note="gradients in float64")
def hips(data: Data, case: Case) -> Step:
    from autograd import make_vjp

    a, b, g = data["a"], data["b"], data["g"].astype(np.float64)

    def backward() -> Any:
        pull, _ = make_vjp(lambda x: x + b)(a)
        return pull(g)

    return backward


@work.peer("tinygrad", variants=("not recorded",), devices=("cpu",))
def tinygrad(data: Data, case: Case) -> Step:
    from tinygrad import Tensor

    a, b = Tensor(data["a"]).realize(), Tensor(data["b"]).realize()
    return lambda: (a + b).realize()

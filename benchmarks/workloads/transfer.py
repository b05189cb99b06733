"""Copies between the host's memory and the GPU's, one way and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workload import Case, Data, Step, Workload

work = Workload(
    "transfer",
    "copies between host and GPU",
    size="bytes",
    sizes={"small": (4_096, 65_536), "medium": (1_048_576,), "large": (16_777_216, 268_435_456)},
    variants=("to the GPU", "to the host"),
    bytes=lambda case: case.size,
    bounded=False,
)


@work.data
def data(case: Case) -> Data:
    return {"x": np.random.default_rng(0).standard_normal(case.size // 4, dtype=np.float32)}


@work.peer("xpgrad", devices=("gpu",))
def xpgrad(data: Data, case: Case) -> Step:
    from autograd import Tensor

    here = Tensor(data["x"])
    there = here.to(case.backend)
    return (lambda: here.to(case.backend)) if case.variant == "to the GPU" else lambda: there.cpu()


@work.peer("torch", devices=("gpu",))
def torch(data: Data, case: Case) -> Step:
    import torch

    here = torch.from_numpy(data["x"])
    there = here.cuda()
    return (lambda: here.cuda()) if case.variant == "to the GPU" else lambda: there.cpu()


@work.peer("jax", devices=("gpu",))
def jax(data: Data, case: Case) -> Step:
    import jax

    place = jax.devices("gpu")[0]
    there = jax.device_put(data["x"], place)

    def back() -> Any:
        # An array remembers its copy on the host: a new one has to be asked for.
        # NumPy sees that one in place; a copy of it would be a second one.
        return np.asarray(jax.device_put(there, jax.devices("cpu")[0]))

    return (lambda: jax.device_put(data["x"], place)) if case.variant == "to the GPU" else back

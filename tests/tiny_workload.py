"""A workload of microseconds, and hosts that need no other process, for the tests of the benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import hosts
from benchmarks.workload import Case, Workload

tiny = Workload("tiny", "a sum of squares", size="elements", sizes={"small": (4,), "medium": (8, 16)}, rtol=1e-6)
tiny.bytes = lambda case: 4 * case.size
tiny.flops = lambda case: 2 * case.size


@tiny.data
def _data(case: Case) -> dict[str, Any]:
    return {"x": np.arange(case.size, dtype=np.float32)}


@tiny.peer("xpgrad")
def _xpgrad(data: dict[str, Any], case: Case) -> Any:
    return lambda: (data["x"] ** 2).sum()


@tiny.peer("numpy")
def _numpy(data: dict[str, Any], case: Case) -> Any:
    return lambda: np.dot(data["x"], data["x"])


@tiny.peer("micrograd")
def _wrong(data: dict[str, Any], case: Case) -> Any:
    return lambda: np.float32(-1)


@tiny.peer("jax")
def _absent(data: dict[str, Any], case: Case) -> Any:
    raise ModuleNotFoundError("No module named 'jax'")


class Here(hosts.Hosts):
    """Every contender in this process, whatever library it stands for."""

    def __init__(self) -> None:
        super().__init__({})

    def of(self, peer: str, jit: bool = True) -> hosts.Host:
        return self._local

"""How long the first import takes in a fresh interpreter, whose own start is not counted."""

from __future__ import annotations

from benchmarks.workload import Case, Data, Workload

PROGRAM = """
import json, time
start = time.perf_counter()
import {module}
print(json.dumps({{"value": time.perf_counter() - start}}))
"""

work = Workload(
    "import_time",
    "import in a fresh interpreter",
    size="imports",
    sizes={"small": (1,)},
    variants=("autograd", "nn"),
    kind="process",
)

# What each library's users import.
MODULES = {"numpy": "numpy", "torch": "torch", "jax": "jax", "hips": "autograd.numpy, autograd", "keras": "keras"}


@work.peer("xpgrad", devices=("cpu",))
def xpgrad(data: Data, case: Case) -> str:
    return PROGRAM.format(module=case.variant)


def _add(peer: str) -> None:
    @work.peer(peer, devices=("cpu",))
    def other(data: Data, case: Case) -> str:
        return PROGRAM.format(module=MODULES[peer])


for _name in MODULES:
    _add(_name)

"""How long the first import takes in a fresh interpreter, whose own start is not counted."""

from __future__ import annotations

from benchmarks.workload import Case, Data, Workload

PROGRAM = """
import json, time
start = time.perf_counter()
import {module}
print(json.dumps({{"value": time.perf_counter() - start}}))
"""

# What users of each library import for the same purpose: gradients of array programs, and neural networks.
MODULES = {
    "autograd": {"xpgrad": "autograd", "numpy": "numpy", "hips": "autograd.numpy, autograd", "jax": "jax"},
    "nn": {"xpgrad": "nn", "torch": "torch", "keras": "keras", "tinygrad": "tinygrad"},
}

work = Workload(
    "import_time",
    "import in a fresh interpreter",
    size="import",
    sizes={"small": (1,)},
    variants=tuple(MODULES),
    kind="process",
    rounds=9,
)


def _add(peer: str) -> None:
    @work.peer(peer, devices=("cpu",), variants=[variant for variant in MODULES if peer in MODULES[variant]])
    def program(data: Data, case: Case) -> str:
        return PROGRAM.format(module=MODULES[case.variant][peer])


for _name in dict.fromkeys(peer for variant in MODULES.values() for peer in variant):
    _add(_name)

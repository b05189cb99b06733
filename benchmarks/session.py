"""Prepares and times contenders in the process it runs in. The same code serves here and in worker processes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from benchmarks import environment
from benchmarks.adapters import ADAPTERS, Adapter, leaves
from benchmarks.check import digest
from benchmarks.workload import Case, discover


@dataclass
class _Prepared:
    step: Callable[[], Any]
    adapter: Adapter
    case: Case
    collector: bool


class Session:
    """Answers requests: dicts of plain data in, dicts of plain data out, so that a pipe can carry both."""

    def __init__(self) -> None:
        self._adapters: dict[str, Adapter] = {}
        self._prepared: dict[int, _Prepared] = {}
        self._next = 0

    def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One of ``describe``, ``prepare``, ``run`` and ``release`` with its arguments."""
        if do not in ("describe", "prepare", "run", "release"):
            raise ValueError(f"request: expected describe, prepare, run or release; got {do!r}. Correct it.")
        return getattr(self, do)(**arguments)

    def describe(self, peer: str) -> dict[str, Any]:
        """The devices that a library can use in this process."""
        return {"devices": list(self._adapter(peer).devices())}

    def prepare(self, workload: str, peer: str, case: dict[str, Any]) -> dict[str, Any]:
        """Make a step, call it as often as results are compared and a last time with the clock running."""
        work = discover()[workload]
        adapter = self._adapter(peer)
        setting = Case(**case)
        step = work.contenders[peer].make(work.inputs(setting), setting)
        digests = []
        for _ in range(work.checked_calls):
            digests += [digest(adapter.to_numpy(leaf)) for leaf in leaves(step())]
        slot, self._next = self._next, self._next + 1
        self._prepared[slot] = _Prepared(step, adapter, setting, work.collector(setting))
        # What libraries keep forever must not make the cycle collector slower for whoever is timed.
        gc.collect()
        gc.freeze()
        return {"slot": slot, "digests": digests, "seconds": self.run(slot, 1)["seconds"]}

    def run(self, slot: int, times: int, warm: int = 0) -> dict[str, Any]:
        """Seconds that ``times`` steps took together, after ``warm`` steps without the clock."""
        prepared = self._prepared[slot]
        step, adapter, backend = prepared.step, prepared.adapter, prepared.case.backend
        value = None
        for _ in repeat(None, warm):
            value = step()
        adapter.synchronize(value, backend)
        # Another contender's garbage is not this one's to collect.
        gc.collect()
        gc.enable() if prepared.collector else gc.disable()
        try:
            start = time.perf_counter()
            for _ in repeat(None, times):
                value = step()
            adapter.synchronize(value, backend)
            return {"seconds": time.perf_counter() - start}
        finally:
            gc.enable()

    def release(self) -> dict[str, Any]:
        """Forget everything prepared."""
        self._prepared.clear()
        gc.unfreeze()
        gc.collect()
        for adapter in self._adapters.values():
            try:
                adapter.release()
            except Exception:  # a GPU that has failed has nothing to give back, and said so when it failed
                pass
        return {}

    def _adapter(self, peer: str) -> Adapter:
        if peer not in self._adapters:
            self._adapters[peer] = ADAPTERS.get(peer, Adapter)(environment.threads())
        return self._adapters[peer]

"""What the machine can do at most: its rate of matrix products and its copy bandwidth.

Imports ``backends`` and ``environment``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import backends
from benchmarks import environment

PRODUCT = 2048
COPIED = 2**25  # elements: 128 MiB of float32, beyond any cache


# A device that is done sooner gets several steps at once: starting them and waiting for them are not its rate.
LONG = 0.005


def best(step: Callable[[], object], synchronize: Callable[[], None], rounds: int = 5) -> float:
    """The shortest of some runs, after two to warm up, in seconds per step."""
    for _ in range(2):  # the first loads kernels
        first = _run(step, synchronize, 1)
    times = max(1, round(LONG / max(first, 1e-9)))
    return min(_run(step, synchronize, times) for _ in range(rounds)) / times


def _run(step: Callable[[], object], synchronize: Callable[[], None], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        step()
    synchronize()
    return time.perf_counter() - start


def measure(backend_name: str, product: int = PRODUCT, copied: int = COPIED) -> dict[str, float]:
    """``flops`` per second of a float32 product of square matrices, ``bytes`` per second of a copy, read and written.

    >>> sorted(measure("numpy", product=16, copied=1024))
    ['bytes', 'flops']
    """
    backend = backends.get(backend_name)
    found = _rates(backend, product, copied)
    backend.release_memory()
    return found


def _rates(backend: backends.Backend, product: int, copied: int) -> dict[str, float]:
    xp = backend.xp
    a = xp.ones((product, product), dtype="float32")
    source = xp.ones(copied, dtype="float32")
    target = xp.zeros_like(source)
    backend.synchronize()
    return {
        "flops": 2 * product**3 / best(lambda: a @ a, backend.synchronize),
        "bytes": 2 * 4 * copied / _copying(backend, target, source),
    }


def _copying(backend: backends.Backend, target: Any, source: Any) -> float:
    """Seconds to copy an array: by one thread, or by as many as every library gets, where a processor is quicker so."""
    copy = backend.xp.copyto
    one = best(lambda: copy(target, source), backend.synchronize)
    threads = environment.threads() if backend.device_type == "cpu" else 1
    if threads == 1:
        return one
    # NumPy copies with a single thread, which has not all of the memory's bandwidth.
    cuts = [len(source) * i // threads for i in range(threads + 1)]
    parts = [(target[a:b], source[a:b]) for a, b in pairwise(cuts)]
    with ThreadPoolExecutor(threads) as pool:
        return min(one, best(lambda: list(pool.map(lambda part: copy(*part), parts)), backend.synchronize))


def ideal(peaks: dict[str, float] | None, flops: float | None, moved: float | None) -> float | None:
    """Seconds that the work takes at the peaks: the longer of computing and moving, as they overlap.

    Williams, Waterman, Patterson: Roofline, CACM 2009.

    >>> ideal({"flops": 100.0, "bytes": 10.0}, 200.0, 50.0)
    5.0
    """
    if not peaks or (flops is None and moved is None):
        return None
    return max((flops or 0.0) / peaks["flops"], (moved or 0.0) / peaks["bytes"])

"""What the machine can do at most: its rate of matrix products and its copy bandwidth. Imports ``backends``."""

from __future__ import annotations

import time
from collections.abc import Callable

import backends

PRODUCT = 2048
COPIED = 2**25  # elements: 128 MiB of float32, beyond any cache


def best(step: Callable[[], object], synchronize: Callable[[], None], rounds: int = 5) -> float:
    """The shortest of some runs, after one to warm up, in seconds."""
    taken = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        step()
        synchronize()
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def measure(backend_name: str, product: int = PRODUCT, copied: int = COPIED) -> dict[str, float]:
    """``flops`` per second of a float32 product of square matrices, ``bytes`` per second of a copy, read and written.

    >>> sorted(measure("numpy", product=16, copied=1024))
    ['bytes', 'flops']
    """
    backend = backends.get(backend_name)
    xp = backend.xp
    a = xp.ones((product, product), dtype="float32")
    source = xp.ones(copied, dtype="float32")
    target = xp.zeros_like(source)
    return {
        "flops": 2 * product**3 / best(lambda: a @ a, backend.synchronize),
        "bytes": 2 * 4 * copied / best(lambda: xp.copyto(target, source), backend.synchronize),
    }


def ideal(peaks: dict[str, float] | None, flops: float | None, moved: float | None) -> float | None:
    """Seconds that the work takes at the peaks: the longer of computing and moving, as they overlap.

    Williams, Waterman, Patterson: Roofline, CACM 2009.

    >>> ideal({"flops": 100.0, "bytes": 10.0}, 200.0, 50.0)
    5.0
    """
    if not peaks or (flops is None and moved is None):
        return None
    return max((flops or 0.0) / peaks["flops"], (moved or 0.0) / peaks["bytes"])

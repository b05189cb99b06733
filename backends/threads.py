"""A pool of threads for kernels that release the GIL. Imports nothing of this project.

Our own, and not Numba's, whose threads do not survive a fork. It is made at first use, again after a fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from typing import Any

# Fewer elements than this are done before another thread has woken up.
CHUNK = 65_536
_lock = threading.Lock()
_pool: tuple[int, Any] | None = None


def workers() -> int:
    """How many threads share the work: ``XPGRAD_NUM_THREADS``, else ``OMP_NUM_THREADS``, else the cores we may use."""
    for name in ("XPGRAD_NUM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return int(value)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def split(size: int, run: Callable[[int, int], object], chunk: int = CHUNK) -> None:
    """Call ``run(start, stop)`` on pieces of ``range(size)``, side by side where that pays; waits for all.

    Args:
        chunk: how many make a piece that is worth waking a thread for.
    """
    count = min(workers(), size // chunk)
    if count < 2:
        run(0, size)
        return
    global _pool
    with _lock:
        if _pool is None or _pool[0] != os.getpid():
            # Loaded here: it brings logging along, a tenth of the time that importing autograd takes.
            futures = import_module("concurrent.futures")
            _pool = os.getpid(), futures.ThreadPoolExecutor(workers(), thread_name_prefix="xpgrad")
        pool = _pool[1]
    bounds = [size * i // count for i in range(count + 1)]
    # A thread forgets its last piece when it gets around to it: it must not keep the arrays alive until then.
    job = [run]

    def piece(start: int, stop: int) -> None:
        job[0](start, stop)

    waiting = [pool.submit(piece, start, stop) for start, stop in pairwise(bounds[1:])]
    try:
        run(bounds[0], bounds[1])
        for future, (start, stop) in zip(waiting, pairwise(bounds[1:]), strict=True):
            # What no thread has begun by now, on a busy machine, is done here.
            if future.cancel():
                run(start, stop)
            else:
                future.result()
    finally:
        job.clear()

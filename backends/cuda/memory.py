"""The most memory that arrays held on the GPU at once. Imports ``backends.base``; CuPy's ``cuda`` is handed in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from backends.base import Peak


@contextlib.contextmanager
def peak_memory(cuda: Any) -> Iterator[Peak]:
    """See ``Backend.peak_memory``. CuPy's pool keeps no such number; it tells of each block that it hands out.

    Hooks are this thread's alone. A block counts as the pool rounds it, to 512 bytes, as PyTorch's does. What is freed
    in the block but was there before counts as negative, so that only what comes on top of the start is told.
    """
    peak = Peak()
    held = 0

    class Hook(cuda.MemoryHook):
        name = "xpgrad.peak_memory"

        def malloc_postprocess(self, *, mem_size: int, mem_ptr: int, **more: Any) -> None:
            nonlocal held
            if mem_ptr:  # 0 where the GPU had no room
                held += mem_size
                peak.bytes = max(peak.bytes, held)

        def free_postprocess(self, *, mem_size: int, **more: Any) -> None:
            nonlocal held
            held -= mem_size

    with Hook():
        yield peak

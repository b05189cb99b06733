"""Memory that NumPy's arrays have left is kept for the next ones. Imports nothing of this project.

The C library hands a freed array of more than some 100 KB back to the system at once, and the next array of that size
has its every page mapped and zeroed again: a quarter of the time of a training step on arrays of megabytes. glibc can
be told to keep freed memory; other C libraries are left alone.
"""

from __future__ import annotations

import ctypes
import os
import sys

# glibc's malloc.h: M_TRIM_THRESHOLD is how much may stay free at the end of the heap; blocks from M_MMAP_THRESHOLD on
# are mapped one by one, and go back to the system when freed. 32 MiB is the most that the latter can be.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT, MAPPED = 256 << 20, 32 << 20
# Whoever has set one of these has decided already.
SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")


def keep_freed_memory(kept: int = KEPT, mapped: int = MAPPED) -> bool:
    """Let the process keep up to ``kept`` bytes of freed blocks smaller than ``mapped``; whether that was possible.

    Importing the NumPy backend does so, unless ``XPGRAD_KEEP_MEMORY=0`` or one of glibc's own settings is in the
    environment. ``kept`` is what a process that has finished its work may hold more than it needs.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
        ctypes.CDLL(None).gnu_get_libc_version  # noqa: B018 - other libraries' mallopt has other parameters, or does nothing
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, mapped) and mallopt(M_TRIM_THRESHOLD, kept))


def keep_as_set() -> bool:
    """``keep_freed_memory()``, unless the environment says otherwise."""
    if os.environ.get("XPGRAD_KEEP_MEMORY") == "0" or any([name in os.environ for name in SETTINGS]):
        return False
    return keep_freed_memory()

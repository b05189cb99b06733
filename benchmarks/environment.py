"""The conditions of measuring: pinned threads, and what machine, versions and commit a result comes from."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

CGROUP = Path("/sys/fs/cgroup/cpu.max")
THREADS = "XPGRAD_BENCHMARK_THREADS"
_POOLS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
_FIXED = {
    # OpenBLAS's threads spin after a product and take the cores from the next library's turn.
    "OPENBLAS_THREAD_TIMEOUT": "4",
    # JAX would take three quarters of the GPU's memory at its first call, and leave the others the rest.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # Products on GPUs are float32 for everyone; this would round CuPy's to TF32 where a user has set it to 1.
    "CUPY_TF32": "0",
    # The extra `jit` is at work where it is installed; variants without it have processes of their own.
    "XPGRAD_JIT": "1",
}


def usable_cores() -> int:
    """The processors that this process may run on, or the time of how many it may use in a container.

    >>> usable_cores() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, quota(CGROUP) or cores)


def quota(file: Path) -> int | None:
    """How many processors' time a container may use; None without a limit.

    `docker run --cpus 2` shows all processors, and stops whoever uses more than two for the rest of every 100 ms. The
    format is that of Linux's cgroup v2, `cpu.max`: the quota or "max", and the period.
    """
    try:
        allowed, period = file.read_text(encoding="utf-8").split()
        return max(1, int(allowed) // int(period))
    except (OSError, ValueError):
        return None


def pinned(threads: int) -> dict[str, str]:
    """The environment variables under which everything is measured.

    >>> pinned(2)["OMP_NUM_THREADS"]
    '2'
    """
    return {THREADS: str(threads), **dict.fromkeys(_POOLS, str(threads)), **_FIXED}


def threads() -> int:
    """How many threads every library may use here."""
    return int(os.environ.get(THREADS, usable_cores()))


def pin(count: int) -> None:
    """Set the environment of :func:`pinned`, starting this program again if it was not set.

    NumPy and OpenMP read these variables once, when they load: setting them later would do nothing.
    """
    wanted = pinned(count)
    if any(os.environ.get(key) != value for key, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    limit_cores(count)


def limit_cores(count: int) -> None:
    """Keep this process on ``count`` cores where the system can: it also limits libraries without a variable for it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def version(*distributions: str) -> str | None:
    """The version of the first of these distributions that is installed.

    >>> version("no-such-distribution") is None
    True
    """
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """What the results depend on and a reader would ask for."""
    return {
        "processor": processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "memory": memory(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "gpus": gpus(),
    }


def memory() -> int | None:
    """Bytes of main memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, AttributeError, OSError):
        return None


def gpus() -> list[str]:
    """The GPUs that NVIDIA's driver lists, with its version."""
    return _lines(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"])


def commit() -> str | None:
    """The commit of this checkout, with ``+`` where tracked files were changed since."""
    head = _lines(["git", "-C", str(ROOT), "rev-parse", "HEAD"])
    if not head:
        return None
    changed = _lines(["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"])
    return head[0] + ("+" if changed else "")


def recorded(names: Iterable[str] = (THREADS, *_POOLS, *_FIXED, "CUDA_VISIBLE_DEVICES")) -> dict[str, str]:
    """The environment variables that matter, as they are."""
    return {name: os.environ[name] for name in names if name in os.environ}


def _lines(command: list[str]) -> list[str]:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in ran.stdout.splitlines() if line.strip()]

"""Whether there is an NVIDIA GPU to compute on, and what to install where not. Imports ``backends.base``."""

from __future__ import annotations

import ctypes
import importlib.util
import os
from typing import Any

from backends.base import BackendError


def load_cupy() -> Any:
    """The module ``cupy``, with a GPU to run on.

    Raises:
        BackendError: one of the two is missing.
    """
    driver = driver_version()
    if importlib.util.find_spec("cupy") is None:
        if driver is None:
            raise BackendError(
                "cupy: expected CuPy and an NVIDIA GPU; this machine has no CuPy installed and no NVIDIA driver. "
                "Use the backend 'numpy' here. On a machine with an NVIDIA GPU: pip install 'xpgrad[cuda13]', "
                "or 'xpgrad[cuda12]' where nvidia-smi names CUDA 12."
            )
        raise BackendError(
            f"cupy: expected CuPy; it is not installed (the NVIDIA driver for CUDA {_text(driver)} is). "
            f"Install it: {_install(driver)}"
        )
    try:
        import cupy
    except ImportError as error:
        raise BackendError(
            f"cupy: expected CuPy to load; importing it raised {type(error).__name__}: {_first_line(error)} "
            f"Reinstall it: {_install(driver)}"
        ) from error
    if cupy.cuda.is_available():
        return cupy
    have = f"CuPy {cupy.__version__} is installed"
    if driver is None:
        raise BackendError(
            f"cupy: expected an NVIDIA GPU; {have}, but no NVIDIA driver was found. "
            "Install the driver (nvidia.com/drivers), or use the backend 'numpy'."
        )
    built = _built_for(cupy)
    if built is not None and driver // 1000 < built // 1000:
        raise BackendError(
            f"cupy: expected a driver for CUDA {built // 1000}; {have} for that version, "
            f"but the NVIDIA driver goes up to CUDA {_text(driver)}. Update the driver, or replace CuPy: "
            f"pip uninstall cupy-cuda{built // 1000}x, then {_install(driver)}"
        )
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    raise BackendError(
        f"cupy: expected an NVIDIA GPU; {have} and so is the driver for CUDA {_text(driver)}, but it shows no GPU"
        + ("" if hidden is None else f" (CUDA_VISIBLE_DEVICES={hidden!r})")
        + ". Check what nvidia-smi lists, or use the backend 'numpy'."
    )


def driver_version() -> int | None:
    """The newest CUDA version that the NVIDIA driver runs, as 1000·major + 10·minor; None without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        version = ctypes.c_int()
        return version.value if driver.cuDriverGetVersion(ctypes.byref(version)) == 0 and version.value else None
    except (OSError, AttributeError):
        return None


def _built_for(cupy: Any) -> int | None:
    try:
        return int(cupy.cuda.runtime.runtimeGetVersion())
    except Exception:  # CuPy raises an error of its own; not knowing only makes the advice less exact.
        return None


def _install(driver: int | None) -> str:
    return f"pip install 'xpgrad[{'cuda12' if driver is not None and driver < 13000 else 'cuda13'}]'"


def _text(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip(" =")]
    return (lines[0] if lines else "no text").rstrip(".") + "."

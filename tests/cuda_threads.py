"""Kernels of ``backends/cuda`` as a backend calls them, with their CUDA C run on this CPU or on a GPU."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import backends
from tests.cuda_on_cpu import COMPILER, compiled
from tests.helpers import to_numpy
from tests.strict_array import DEVICE, StrictArray
from tests.strict_backend import StrictBackend


class ThreadsBackend(StrictBackend):
    """The strict backend with the CUDA C of ``modules`` for its kernels; it is not registered."""

    name = "threads"

    def __init__(self, *modules: ModuleType) -> None:
        super().__init__()
        self.libraries = {module.SOURCE: compiled(module.SOURCE, module.KERNELS) for module in modules}

    def launch(self, source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
        assert threads == args[-1] > 0, "as many threads as have work, which the kernel is told last"
        assert DEVICE.entered, "the device of the operands is the current one where a kernel is launched"
        raw = [a._a if isinstance(a, StrictArray) else a for a in args]
        # One block more than needed is run, as nothing says that there are no threads too many.
        self.libraries[source].launch(kernel, threads + 128, raw, "backwards")


class Kernels:
    """What modules of ``backends/cuda`` put into a backend's ``KERNELS``, called with ndarrays and giving them."""

    def __init__(self, backend: Any, *modules: ModuleType) -> None:
        self.backend = backend
        self.table = {name: kernel for module in modules for name, kernel in module.kernels(backend).items()}

    def _put(self, x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple([self._put(part) for part in x])
        return self.backend.asarray(x) if isinstance(x, np.ndarray) else x

    def __call__(self, kernel: str, *operands: Any, **options: Any) -> Any:
        """The kernel's result or tuple of results; it must take the operands, and give contiguous arrays."""
        found = self.table[kernel](*[self._put(x) for x in operands], **options)
        assert found is not NotImplemented
        parts = found if isinstance(found, tuple) else (found,)
        assert all(part.flags.c_contiguous for part in parts)
        return tuple([to_numpy(part) for part in parts]) if isinstance(found, tuple) else to_numpy(found)

    def declines(self, kernel: str, *operands: Any, **options: Any) -> bool:
        return self.table[kernel](*[self._put(x) for x in operands], **options) is NotImplemented


def kernels_on(place: str, *modules: ModuleType) -> Kernels:
    """The kernels on CuPy (a GPU), or by the CPU's threads in turn; a skip says what is missing."""
    if place == "threads":
        if COMPILER is None:
            pytest.skip("no C++ compiler (g++ or clang++) is installed")
        return Kernels(ThreadsBackend(*modules), *modules)
    try:
        return Kernels(backends.get(place), *modules)
    except backends.BackendError as missing:
        pytest.skip(str(missing))


def launches_of(backend: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernels that the backend launches from now on, without their dtypes."""
    launched: list[str] = []
    plain = backend.launch

    def launch(source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
        launched.append(kernel.rpartition("_")[0])
        plain(source, kernel, threads, args)

    monkeypatch.setattr(backend, "launch", launch)
    return launched

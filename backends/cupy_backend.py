"""CuPy: arrays on NVIDIA GPUs. Imports ``backends.base`` and ``backends.cuda``; CuPy itself when a backend is made."""

from __future__ import annotations

import contextlib
import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backends.base import Array, Backend, BackendError, Peak, in_its_dtype
from backends.cuda import convolution, memory, pooling, recurrent, rows, scatter, staging
from backends.cuda.driver import load_cupy
from backends.cuda.philox import SOURCE, PhiloxStream

_THREADS = 128
OPTIONS = ("--fmad=false",)


class CupyBackend(Backend):
    """Arrays of CuPy on the current CUDA device.

    Args:
        xp: the array namespace, where it is not CuPy itself but one that behaves as CuPy does (the tests have one).

    Raises:
        BackendError: CuPy or a usable GPU is missing; the text says which, and what to install.
    """

    name = "cupy"
    device_type = "cuda"
    # A kernel is compiled once, and kept on disk; launching ten in its place costs every step.
    compile_from = 1
    prints = True
    xp: Any = None

    def __init__(self, xp: Any = None) -> None:
        self.xp = load_cupy() if xp is None else xp
        self.array_types = (self.xp.ndarray,)
        self.KERNELS = {
            "matmul": matmul,
            **convolution.kernels(self),
            **pooling.kernels(self),
            **recurrent.kernels(self),
            **rows.kernels(self),
        }
        self._specials: dict[str, Callable[..., Array]] = {}
        self._stager = staging.Stager(self.xp)

    # Data in and out ---------------------------------------------------------------------------------

    def asarray(self, data: Any, dtype: Any = None, device: str | None = None) -> Array:
        xp = self.xp
        on_device = isinstance(data, xp.ndarray)
        if on_device and device in (None, self.device_type, self.name):
            return data if dtype is None or data.dtype == dtype else self._beside(data, data.astype, dtype)
        with self._on(device):
            return xp.asarray(data, dtype=dtype)

    def stage(self, array: Any, device: str | None = None) -> Array:
        xp = self.xp
        if isinstance(array, xp.ndarray):
            return self.asarray(array, device=device)
        array = np.asarray(array)
        large = array.nbytes >= staging.SMALL and not array.dtype.hasobject
        with self._on(device):
            return self._put(array) if large else xp.asarray(array)

    def _put(self, array: np.ndarray) -> Array:
        return self._stager.put(array)

    def copy(self, array: Array) -> Array:
        return self._beside(array, array.copy)

    def one(self, array: Array) -> Array:
        return self._beside(array, self.xp.ones, array.shape, array.dtype)

    def to_numpy(self, array: Array) -> np.ndarray:
        return array.get()

    def device(self, array: Array) -> str:
        return f"{self.device_type}:{array.device.id}"

    def _on(self, device: str | None) -> Any:
        if device in (None, self.device_type, self.name):
            return contextlib.nullcontext()
        count = self.device_count()
        match = re.fullmatch(re.escape(self.device_type) + r":(\d+)", device)
        if match is None or int(match[1]) >= count:
            last = f"{self.device_type}:{count - 1}"
            raise BackendError(
                f"device: expected {self.device_type!r} or one of '{self.device_type}:0' to {last!r}; got {device!r}. "
                "Correct the name; CUDA_VISIBLE_DEVICES says which GPUs this process sees."
            )
        return self.xp.cuda.Device(int(match[1]))

    def _beside(self, array: Array, function: Callable[..., Array], *args: Any) -> Array:
        """The call made on the device of ``array``: CuPy allocates on the current one, wherever the operand is."""
        with array.device:
            return function(*args)

    def device_count(self) -> int:
        """How many devices this process sees."""
        return self.xp.cuda.runtime.getDeviceCount()

    def launch(self, source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
        """Run a kernel of CUDA C: arrays by their address, so they must be contiguous; numbers as NumPy scalars."""
        launch(source, kernel, threads, args)

    # What libraries do differently ---------------------------------------------------------------------

    def add_at(self, target: Array, index: Any, values: Any) -> None:
        scatter.add_at(self.xp, self.launch, target, index, values)

    def as_strided(self, x: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        # cupy.lib.stride_tricks.as_strided leaves `base` empty, so its result would pass for an array of its own.
        view = x.view()
        view._set_shape_and_strides(tuple(shape), tuple(strides), True, True)
        return view

    def special(self, name: str) -> Callable[..., Array]:
        found = self._specials.get(name)
        if found is None:
            found = self._specials[name] = self._bind_special(name)
        return found

    def _bind_special(self, name: str) -> Callable[..., Array]:
        function = getattr(self._special_functions(), name, None)
        if function is None:
            raise BackendError(
                f"{name}: expected a special function that cupyx.scipy.special has; it has none of this name. "
                "Compute it on NumPy: move the operands with .cpu()."
            )
        if isinstance(function, self.xp.ufunc):
            return in_its_dtype(function)
        # A Python function of CuPy's, such as polygamma, wants arrays where SciPy takes numbers.
        return in_its_dtype(lambda *args: function(*self._all_arrays(args)))

    def _all_arrays(self, args: tuple[Any, ...]) -> list[Array]:
        floats = [a.dtype for a in args if hasattr(a, "dtype")]
        return [a if hasattr(a, "dtype") else self.xp.full((), a, *floats[-1:]) for a in args]

    def _special_functions(self) -> Any:
        import cupyx.scipy.special

        return cupyx.scipy.special

    def solver(self, name: str) -> Callable[..., Array] | None:
        return getattr(self._solvers(), name, None)

    def _solvers(self) -> Any:
        import cupyx.scipy.linalg

        return cupyx.scipy.linalg

    def compile(self, formula: Any, arrays: int, writes: tuple[int, ...]) -> Callable[..., None] | None:
        try:
            source = formula.update_kernel(arrays, writes)
        except TypeError:  # float16, bfloat16, or a function that CUDA C has not
            return None
        kinds = [p.dtype.type for p in formula.parameters[arrays:]]

        def run(pieces: Sequence[Sequence[Array]], numbers: Sequence[float]) -> None:
            typed = [kind(number) for kind, number in zip(kinds, numbers, strict=True)]
            for values in pieces:
                flat = [a if a.flags.c_contiguous else a.copy() for a in values]
                n = flat[0].size
                if n:
                    with flat[0].device:
                        self.launch(source, formula.name, n, (*flat, *typed, np.int64(n)))
                for k in writes:
                    if flat[k] is not values[k]:
                        values[k][...] = flat[k]

        return run

    def elementwise(self, formula: Any) -> Callable[..., Any] | None:
        try:
            inputs, outputs, operation, prelude = formula.elementwise_kernel()
        except TypeError:
            return None
        return self.xp.ElementwiseKernel(inputs, outputs, operation, formula.name, preamble=prelude, options=OPTIONS)

    def generator(self, seed: Any = None) -> CupyStream:
        return CupyStream(seed)

    # Measuring -----------------------------------------------------------------------------------------

    def synchronize(self) -> None:
        self.xp.cuda.Device().synchronize()

    def stamp(self) -> Any:
        event = self.xp.cuda.Event()
        event.record()
        return event

    def seconds(self, start: Any, end: Any) -> float:
        end.synchronize()
        return self.xp.cuda.get_elapsed_time(start, end) / 1000

    def memory(self) -> int:
        return self.xp.get_default_memory_pool().used_bytes()

    def peak_memory(self) -> contextlib.AbstractContextManager[Peak]:
        return memory.peak_memory(self.xp.cuda)

    def release_memory(self) -> None:
        self.xp.get_default_memory_pool().free_all_blocks()


def matmul(a: Array, b: Array) -> Array:
    """``a @ b``, as one 2-D product where ``b`` is one matrix or vector for the whole batch.

    CuPy uses tensor cores and reads transposed operands as they lie in 2-D products only. It computes batched
    float16 in float32, and can't compute batched bfloat16: that is done in float32 here.
    """
    if a.ndim > 2 and 0 < b.ndim <= 2:
        rows = math.prod(a.shape[:-1])
        return (a.reshape(rows, a.shape[-1]) @ b).reshape(a.shape[:-1] + b.shape[1:])
    if (a.ndim > 2 or b.ndim > 2) and "bfloat16" in (a.dtype.name, b.dtype.name):
        dtype = np.promote_types(a.dtype, b.dtype)
        wide = np.promote_types(dtype, np.float32)
        return (a.astype(wide) @ b.astype(wide)).astype(dtype)
    return a @ b


class CupyStream(PhiloxStream):
    """Philox on the current device: the same numbers on every GPU."""

    def run(self, kernel: str, first: int, blocks: int, shape: tuple[int, ...], dtype: str, *options: Any) -> Array:
        import cupy

        out = cupy.empty(shape, dtype)
        if blocks:
            launch(SOURCE, kernel, blocks, (np.uint64(self.key), np.uint64(first), np.uint64(out.size), out, *options))
        return out


def launch(source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
    """Run ``kernel`` of ``source`` on the current device and stream, in ``threads`` threads and some more."""
    _compiled(source, kernel)((-(-threads // _THREADS),), (_THREADS,), args)


@functools.cache
def _compiled(source: str, kernel: str) -> Any:
    import cupy

    # Without fused multiply-adds, an update is to the bit what it is as separate calls.
    return cupy.RawKernel(source, kernel, options=OPTIONS)

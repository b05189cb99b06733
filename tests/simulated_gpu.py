"""A GPU that isn't there: the strict arrays, with a clock on which the device computes while the host goes on.

The folder ``gpu_stand_in`` holds a ``cupy`` and a ``torch`` over it: a process with that folder on its path takes the
very code paths that it would with CuPy and a GPU, ``python -m benchmarks`` from one end to the other. Kernels are
computed by NumPy at once, but the time that takes is hidden from ``time.perf_counter``. What the clock shows instead is
a launch on the host, and on the device a queue in which each kernel takes as long as its bytes and operations do. So
whoever reads the clock without waiting for the device sees launches only: of a step of a millisecond, microseconds.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd.emit_cuda import TYPES
from backends.cuda import convolution, pooling, recurrent, rows, scatter
from backends.cuda.philox import KERNELS
from tests import strict_array
from tests.cuda_functions import FUNCTIONS
from tests.cuda_on_cpu import compiled
from tests.strict_array import MemoryHook, StrictArray, counts
from tests.strict_kernels import draw, run_kernel
from tests.strict_namespace import StrictUfunc, special, xp

# Seconds that a launch costs the host, and a kernel the device at least; bytes and operations a second. It is a slow
# GPU, since every step of a turn of so many milliseconds has to be computed here.
LAUNCH, LATENCY = 50e-6, 20e-6
BANDWIDTH, RATE, BUS = 1e11, 5e11, 1e10

MODELLED = frozenset([scatter.SOURCE, convolution.SOURCE, pooling.SOURCE, recurrent.SOURCE, *rows.SOURCES.values()])

_real = time.perf_counter


class Gpu:
    """The clock and the device's queue, of which only the end matters."""

    def __init__(self) -> None:
        self.hidden = 0.0
        self.ahead = 0.0
        self.done_at = 0.0
        self.kernels = 0
        self.inside = False

    def now(self) -> float:
        """What a program on this machine reads from its clock."""
        return _real() - self.hidden + self.ahead

    def start(self, moved: float, operations: float = 0.0) -> None:
        """Queue a kernel."""
        self.kernels += 1
        self.ahead += LAUNCH
        self.done_at = max(self.done_at, self.now()) + LATENCY + max(moved / BANDWIDTH, operations / RATE)

    def wait(self, until: float | None = None) -> None:
        """What the host does when it synchronises: the clock goes on to the end of the queue, or to a mark in it."""
        self.ahead += max((self.done_at if until is None else until) - self.now(), 0.0)

    def copy(self, size: int) -> None:
        """A copy from or to pageable memory, for which the host waits."""
        self.ahead += LAUNCH + size / BUS


gpu = Gpu()


class Event:
    """CUDA's, with CuPy's parameters."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.time = 0.0

    def record(self, stream: Any = None) -> None:
        self.time = max(gpu.done_at, gpu.now())

    def synchronize(self) -> None:
        gpu.wait(self.time)


class RawKernel:
    """A kernel of CUDA C: by its model in NumPy, which is faster, or (an optimiser's update) as C++ on the CPU."""

    def __init__(self, code: str, name: str, options: tuple[str, ...] = ()) -> None:
        self.code, self.name = code, name

    def __call__(self, grid: tuple[int, ...], block: tuple[int, ...], args: tuple[Any, ...]) -> None:
        start = _real()
        arrays = [a for a in args if isinstance(a, StrictArray)]
        if self.name in KERNELS:
            key, first, n, out, *options = args
            out._a[...] = draw(self.name, int(key), int(first), int(n), *options).reshape(out.shape)
        elif self.code in MODELLED:
            run_kernel(self.name, args)
        else:
            values = [a._a if isinstance(a, StrictArray) else a for a in args]
            compiled(self.code, (self.name,)).launch(self.name, grid[0] * block[0], values, block=block[0])
        gpu.hidden += _real() - start
        gpu.start(sum(a.nbytes for a in arrays))


class ElementwiseKernel:
    """CuPy's, as far as it is asked here: the operation as C++ on the CPU, element after element."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        operation: str,
        name: str = "kernel",
        *,
        preamble: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        inputs, outputs = ([p.split() for p in params.split(", ")] for params in (in_params, out_params))
        self.name = name
        self.inputs, self.outputs = ([np.dtype(dtype) for dtype, _ in params] for params in (inputs, outputs))
        arguments = [f"const {TYPES[dtype]}* {x}_" for dtype, x in inputs] + [
            f"{TYPES[dtype]}* {x}_" for dtype, x in outputs
        ]
        lines = [f"const {TYPES[dtype]} &{x} = {x}_[i];" for dtype, x in inputs]
        lines += [f"{TYPES[dtype]} &{x} = {x}_[i];" for dtype, x in outputs]
        self.code = (
            f"{FUNCTIONS}{preamble}\n"
            + f'extern "C" __global__ void {name}({", ".join([*arguments, "long long n"])}) {{\n'
            "long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;\nif (i >= n) return;\n"
            + "\n".join([*lines, operation])
            + "}\n"
        )

    def __call__(self, *args: StrictArray) -> Any:
        start = _real()
        assert [a.dtype for a in args] == self.inputs
        shape = np.broadcast_shapes(*[a.shape for a in args])
        arrays = [np.ascontiguousarray(np.broadcast_to(a._a, shape)) for a in args]
        out = [np.empty(shape, dtype) for dtype in self.outputs]
        if out[0].size:
            size = out[0].size
            compiled(self.code, (self.name,)).launch(self.name, size, (*arrays, *out, np.int64(size)))
        gpu.hidden += _real() - start
        gpu.start(sum(a.nbytes for a in (*args, *out)))
        made = [StrictArray(a) for a in out]
        return made[0] if len(made) == 1 else tuple(made)


def _on_the_device(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function as the host sees it: the launch, and a kernel queued for what it wrote."""

    @functools.wraps(function, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        if gpu.inside:
            return function(*args, **kwargs)
        start, waits, uploads = _real(), counts.host_syncs, counts.uploads
        gpu.inside = True
        try:
            out = function(*args, **kwargs)
        finally:
            gpu.inside = False
            gpu.hidden += _real() - start
        written = _written(name, out, args, kwargs)
        if counts.uploads > uploads:
            gpu.copy(written)
        elif written:
            gpu.start(2 * written, _operations(args) if name in ("matmul", "__matmul__") else 0.0)
        if counts.host_syncs > waits:
            gpu.wait()
            gpu.copy(out.nbytes if isinstance(out, np.ndarray) else 8)
        return out

    return call


def _written(name: str, out: Any, args: Any, kwargs: Any) -> int:
    if name in ("__setitem__", "fill", "set", "copyto", "at", "put_along_axis"):
        return next(a.nbytes for a in args if isinstance(a, StrictArray))
    found = out if isinstance(out, (list, tuple)) else (out,)
    given = kwargs.get("out") is not None or name.startswith("__i")
    fresh = [a for a in found if isinstance(a, StrictArray) and (given or (a.base is None and not _among(a, args)))]
    return sum(a.nbytes for a in fresh)


def _among(array: StrictArray, args: Any) -> bool:
    return any(array is a for a in args)


def _operations(args: Any) -> float:
    a, b = args[:2]
    return 2.0 * a.size * (b.shape[-1] if b.ndim > 1 else 1)


_HOSTS = frozenset(["__init__", "__del__", "__array_ufunc__", "__array_function__", "_cell", "__len__", "__iter__"])


def install() -> None:
    """Put the clock and the queue behind ``time.perf_counter`` and the strict arrays, for the rest of this process."""
    if time.perf_counter is not _real:
        return
    time.perf_counter = gpu.now
    for name, function in list(vars(StrictArray).items()):
        if callable(function) and name not in _HOSTS and not isinstance(function, type):
            setattr(StrictArray, name, _on_the_device(function, name))
    for name in ("__call__", "reduce", "accumulate", "reduceat", "outer", "at"):
        setattr(StrictUfunc, name, _on_the_device(getattr(StrictUfunc, name), name))
    for space in (xp, xp.linalg, xp.fft, special):
        for name, function in list(vars(space).items()):
            if callable(function) and not isinstance(function, (type, StrictUfunc)) and name not in _ASKS:
                setattr(space, name, _on_the_device(function, name))
    device = type(strict_array.DEVICE)
    device.synchronize = _on_the_device(device.synchronize, "synchronize")  # type: ignore[method-assign]
    pool = Pool()
    vars(xp).update(
        copyto=_on_the_device(_copyto, "copyto"),
        get_default_memory_pool=lambda: pool,
        RawKernel=RawKernel,
        ElementwiseKernel=ElementwiseKernel,
        cuda=SimpleNamespace(
            Device=lambda number=0: strict_array.DEVICE,
            Event=Event,
            MemoryHook=MemoryHook,
            get_elapsed_time=lambda start, end: (end.time - start.time) * 1000,
            is_available=lambda: True,
            runtime=SimpleNamespace(getDeviceCount=lambda: 1, runtimeGetVersion=lambda: 13000),
        ),
    )


# They look at dtypes and shapes on the host, or take memory from the pool.
_ASKS = frozenset(
    ["result_type", "can_cast", "promote_types", "issubdtype", "finfo", "iinfo", "dtype", "shape", "ndim", "empty",
     "empty_like"]
)  # fmt: skip


def _copyto(dst: StrictArray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    assert where is None
    np.copyto(dst._a, src._a if isinstance(src, StrictArray) else src, casting=casting)


class Pool:
    """CuPy's pool as far as it is asked here: what arrays hold, and that it was told to give back the rest."""

    def __init__(self) -> None:
        self.given_back = 0

    def used_bytes(self) -> int:
        return 0

    def free_all_blocks(self, stream: Any = None) -> None:
        self.given_back += 1

"""What an array library must supply to carry gradients. Imports nothing of this project.

A backend is one object. It holds its array namespace ``xp`` and only what truly differs between
libraries: how data comes in and goes out, scatter-add, random streams, window views, special functions,
synchronisation and memory statistics. Everything else is written against ``xp``.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

Array = Any


class BackendError(RuntimeError):
    """A backend can't be used here; the text says which one, why, and what to install."""


class Peak:
    """What ``Backend.peak_memory`` counted, in ``bytes``."""

    def __init__(self) -> None:
        self.bytes = 0

    def __repr__(self) -> str:
        return f"Peak(bytes={self.bytes})"


def declines(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a kernel in ``KERNELS`` that is for some operands only: for others it returns ``NotImplemented``."""
    kernel.declines = True  # type: ignore[attr-defined]
    return kernel


def bound(backend: Backend, *functions: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Kernels that take their backend first and may decline, as a part of its ``KERNELS``."""
    return {function.__name__: declines(functools.partial(function, backend)) for function in functions}


class Backend:
    """An array library as the engine sees it; subclass it in one file and register it (see the guide).

    Attributes:
        name: what ``backends.get(name)`` is called with.
        device_type: the first half of a device string, ``"cpu"`` or ``"cuda"``.
        array_types: the types whose values belong to this backend; each is one entry in the dispatch table.
        owns_memory: False where values are immutable objects (Python floats), so that nothing needs copying.
        compile_from: so many elements pay for ``compile``; None where that is left to the caller.
        prints: whether ``elementwise`` makes kernels.
        piece: so many elements of a few arrays stay in the processor's caches, through all calls of a long formula;
            None where formulas don't run in pieces.
        KERNELS: from a primitive's name to a faster implementation, called as the primitive's forward is,
            without ``xp``. It is looked up once per primitive, when the first call of it is bound. One decorated with
            ``declines`` may answer ``NotImplemented``: then the forward itself runs.
    """

    name: str = ""
    device_type: str = "cpu"
    array_types: tuple[type, ...] = ()
    owns_memory: bool = True
    compile_from: int | None = None
    prints: bool = False
    piece: int | None = None
    KERNELS: Mapping[str, Callable[..., Any]] = {}

    @property
    def xp(self) -> Any:
        """The array namespace (``numpy``, ``cupy``, …) handed to every forward."""
        raise NotImplementedError

    def adopts(self, kind: type) -> bool:
        """Whether values of a type that nobody named belong to this backend; asked once for each type."""
        return False

    # Data in and out ---------------------------------------------------------------------------------

    def asarray(self, data: Any, dtype: Any = None, device: str | None = None) -> Array:
        """``data`` as an array of this backend by NumPy's dtype rules, without a copy where none is needed."""
        return self.xp.asarray(data, dtype=dtype)

    def stage(self, array: Any, device: str | None = None) -> Array:
        """``array`` from the host on the device, with its transfer started but not waited for.

        The result can be used at once on the stream that is current in the calling thread: the device waits for the
        copy where it has to, the host doesn't. What is written into ``array`` later doesn't show, where the memory is
        another. Here it is ``asarray``; a GPU's backend copies from pinned memory, beside what it computes.
        """
        return self.asarray(array, device=device)

    def copy(self, array: Array) -> Array:
        """A fresh array with the same values that shares no memory."""
        return self.xp.array(array, copy=True)

    def to_numpy(self, array: Array) -> Any:
        """The values as a ``numpy.ndarray`` on the host; copies only where the memory is elsewhere."""
        raise NotImplementedError

    def device(self, array: Array) -> str:
        """Where the array lives: ``"cpu"`` or ``"cuda:0"``."""
        return self.device_type

    def one(self, array: Array) -> Array:
        """The number 1 in the shape (of one element), dtype and device of ``array``: where a backward pass starts."""
        return self.xp.ones(array.shape, dtype=array.dtype)

    def writable(self, value: Array) -> Array:
        """``value`` as an array that can be written into (NumPy's scalars become 0-d arrays)."""
        return value

    # What libraries do differently ---------------------------------------------------------------------

    def add_at(self, target: Array, index: Any, values: Any) -> None:
        """``target[index] += values`` in place, where repeated indices add up (NumPy's ``add.at``)."""
        raise NotImplementedError

    def windows(self, x: Array, window: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Array:
        """A read-only view of sliding windows over the last ``n = len(window)`` axes.

        Shape ``x.shape[:-n] + out + window`` with ``out_i = (size_i - dilation_i·(window_i - 1) - 1) // stride_i + 1``.
        """
        n = len(window)
        lead, size = x.shape[: x.ndim - n], x.shape[x.ndim - n :]
        out = tuple((s - d * (w - 1) - 1) // k + 1 for s, w, k, d in zip(size, window, stride, dilation, strict=True))
        if min(out, default=1) < 1:
            raise ValueError(
                f"windows: expected a window of {window}, dilated by {dilation}, to fit into the last {n} axes; "
                f"got axes of size {size}. Pad the input, or use a smaller window or dilation."
            )
        step = x.strides[x.ndim - n :]
        strides = (
            x.strides[: x.ndim - n]
            + tuple(s * k for s, k in zip(step, stride, strict=True))
            + tuple(s * d for s, d in zip(step, dilation, strict=True))
        )
        return self.as_strided(x, lead + out + tuple(window), strides)

    def as_strided(self, x: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        """A view of ``x`` with this shape and these strides in bytes."""
        return self.xp.lib.stride_tricks.as_strided(x, shape, strides)

    def special(self, name: str) -> Callable[..., Array]:
        """The special function ``name`` (``erf``, ``gammaln``, …, SciPy's names).

        The result has the dtype of the widest floating argument: float32 stays float32, float16 stays float16.
        """
        raise NotImplementedError

    def solver(self, name: str) -> Callable[..., Array] | None:
        """The function of ``scipy.linalg`` of this name, for single matrices; None where the backend has none.

        What asks for one has a formula of its own to fall back on, which may cost more.
        """
        return None

    def compile(self, formula: Any, arrays: int, writes: tuple[int, ...]) -> Callable[..., None] | None:
        """A kernel ``run(pieces, numbers)`` of an element-wise formula (``autograd.emit.Formula``), or None: none here.

        The formula's first ``arrays`` parameters are elements of flat arrays, the others numbers; its results replace
        the arrays that ``writes`` names, in place. A piece is a list of such arrays; all take the same numbers.
        """
        return None

    def elementwise(self, formula: Any) -> Callable[..., Any] | None:
        """A kernel of an element-wise formula (``autograd.emit.Formula``), or None: none here.

        It is called with an array for each of the formula's parameters, of its dtype and of any shapes that broadcast,
        and returns a new array of the shape they broadcast to for each of its results: one, or a tuple of several.
        """
        return None

    def generator(self, seed: Any = None) -> RandomStream:
        """A random stream of this backend; the same seed gives the same numbers, run after run."""
        raise NotImplementedError

    def legacy_generator(self, seed: Any = None) -> RandomStream:
        """The stream behind ``numpy.random``'s older functions (``seed``, ``randn``, ``RandomState``), for programs
        that count on its very numbers; without a seed, the library's global one where it has one.
        """
        return self.generator(seed)

    # Measuring -----------------------------------------------------------------------------------------

    def synchronize(self) -> None:
        """Wait until all work queued on the device is done."""

    def stamp(self) -> Any:
        """A mark in the device's work, for ``seconds``: here the host's clock, on a GPU an event in its stream."""
        return time.perf_counter()

    def seconds(self, start: Any, end: Any) -> float:
        """The time the device took between two stamps; waits for the second."""
        return end - start

    def memory(self) -> int:
        """Bytes of device memory now held by arrays, where the library tells; 0 otherwise."""
        return 0

    def peak_memory(self) -> contextlib.AbstractContextManager[Peak]:
        """How much more memory than at its start a ``with`` block held at its worst: ``.bytes``, after it.

        On the host Python's ``tracemalloc`` counts, which slows the block. A GPU's backend counts what its pool handed
        to arrays, whatever the pool itself holds.

        >>> from backends import get
        >>> with get("numpy").peak_memory() as peak:
        ...     a = get("numpy").xp.ones(1_000_000)
        >>> 8_000_000 <= peak.bytes < 8_100_000
        True
        """
        return _traced_peak()

    def release_memory(self) -> None:
        """Give memory that is free, but kept for later arrays, back to the device: other libraries may need it."""

    def __repr__(self) -> str:
        return f"<backend {self.name}>"

    def __reduce__(self) -> Any:
        # The registry imports this module, so it is looked up here, not imported.
        return sys.modules[__package__].get, (self.name,)


# The blocks that are watched on the host now, and what was held at their start.
_WATCHED: list[tuple[Peak, int]] = []


@contextlib.contextmanager
def _traced_peak() -> Iterator[Peak]:
    tracemalloc = import_module("tracemalloc")  # few need it, and importing the project should not wait for it
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    _note_peaks(tracemalloc)  # of the blocks around this one, before the peak they share is set back
    peak = Peak()
    watched = peak, tracemalloc.get_traced_memory()[0]
    _WATCHED.append(watched)
    try:
        yield peak
    finally:
        _note_peaks(tracemalloc)
        _WATCHED.remove(watched)
        if not running:
            tracemalloc.stop()


def _note_peaks(tracemalloc: Any) -> None:
    most = tracemalloc.get_traced_memory()[1]
    for peak, before in _WATCHED:
        peak.bytes = max(peak.bytes, most - before)
    tracemalloc.reset_peak()


class RandomStream:
    """A seeded stream of random numbers on one backend; what ``Backend.generator`` returns.

    Every method takes the shape first and, for floats, the dtype, so float32 numbers are drawn as float32.
    A stream is copied and pickled by its state; several threads may draw from one.
    """

    # The library's own generator, with the methods of NumPy's, where there is one: it has more distributions.
    native: Any = None

    # Every stream there is: whoever has to draw the same numbers again sets back those that moved.
    live: weakref.WeakSet[RandomStream] = weakref.WeakSet()

    def __new__(cls, *args: Any, **kwargs: Any) -> RandomStream:
        stream = super().__new__(cls)
        RandomStream.live.add(stream)
        return stream

    def __init__(self, seed: Any = None) -> None:
        raise NotImplementedError

    def random(self, shape: tuple[int, ...], dtype: Any = "float64") -> Array:
        """Uniform on [0, 1)."""
        raise NotImplementedError

    def standard_normal(self, shape: tuple[int, ...], dtype: Any = "float64") -> Array:
        """Gaussian with mean 0 and variance 1."""
        raise NotImplementedError

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: Any = "int64") -> Array:
        """Integers on [low, high)."""
        raise NotImplementedError

    def permutation(self, n: int) -> Array:
        """The numbers 0 … n-1 in random order."""
        raise NotImplementedError

    def get_state(self) -> Any:
        """The state as plain data (dicts, lists, integers, strings, bytes), enough to go on from here."""
        raise NotImplementedError

    def set_state(self, state: Any) -> None:
        """Go on from a state that ``get_state`` gave."""
        raise NotImplementedError

    def mark(self) -> Any:
        """Where the stream stands, as cheaply as may be told: for ``moved_from`` and ``back_to`` in this process."""
        return self.get_state()

    def moved_from(self, mark: Any) -> bool:
        """Whether numbers were drawn since."""
        return self.get_state() != mark

    def back_to(self, mark: Any) -> None:
        """Go on from there."""
        self.set_state(mark)

    def __reduce__(self) -> Any:
        return _restored, (type(self), self.get_state())


def _restored(kind: type[RandomStream], state: Any) -> RandomStream:
    stream = kind(0)
    stream.set_state(state)
    return stream


# Bits of a uniform number that the narrow floating types hold: rounding a float32 to them could give 1.
NARROW = {"float16": 11, "bfloat16": 8}


def in_its_dtype(function: Callable[..., Array]) -> Callable[..., Array]:
    """``function`` with its result in the dtype of the widest floating argument, which is at least computed in float32.

    Special functions of SciPy and CuPy know no bfloat16, and answer float16 with float32 or float64.
    """

    def apply(*args: Any) -> Array:
        floats = [a.dtype for a in args if hasattr(a, "dtype") and (a.dtype.kind == "f" or a.dtype.name == "bfloat16")]
        if not floats:
            return function(*args)
        widest = max(floats, key=lambda dtype: dtype.itemsize)
        if widest.itemsize < 4:
            args = tuple([a.astype("float32") if getattr(a, "dtype", None) in floats else a for a in args])
        out = function(*args)
        return out if out.dtype == widest or out.dtype.kind == "c" else out.astype(widest)

    return apply

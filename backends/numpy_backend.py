"""NumPy on the CPU. Imports ``backends.base``, ``heap``, ``numpy_kernels``; SciPy once a special function needs it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from backends.base import NARROW, Backend, RandomStream, in_its_dtype
from backends.heap import keep_as_set
from backends.jit import has_numba
from backends.numba_kernels import compile_loop
from backends.numpy_elementwise import SMALL, erf
from backends.numpy_kernels import KERNELS

keep_as_set()


class NumpyBackend(Backend):
    """Arrays in main memory. A NumPy scalar counts as a 0-d array: rewrapping would cost a third of an add."""

    name = "numpy"
    array_types = (np.ndarray, *{np.dtype(code).type for code in np.typecodes["All"] if code not in "SUVO"})
    xp = np
    KERNELS = KERNELS
    piece = 16_384

    def adopts(self, kind: type) -> bool:
        # A scalar of a dtype that another package adds to NumPy's, such as ml_dtypes' bfloat16.
        return issubclass(kind, np.generic) and not issubclass(kind, (np.flexible, np.object_))

    def to_numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def copy(self, array: Any) -> Any:
        return array.copy()

    def one(self, array: Any) -> Any:
        return np.ones(array.shape, array.dtype) if array.ndim else array.dtype.type(1)

    def writable(self, value: Any) -> np.ndarray:
        return value if isinstance(value, np.ndarray) else np.array(value)

    def add_at(self, target: np.ndarray, index: Any, values: Any) -> None:
        if target.dtype.itemsize == 2 and target.dtype.kind not in "iu":
            # Halves are summed in float32 and rounded once: in float16, 2048 + 1 is 2048.
            total = target.astype(np.float32)
            self.add_at(total, index, values)
            target[...] = total.astype(target.dtype)
            return
        if target.ndim > 1 and np.size(values) >= _MANY and target.flags.c_contiguous:
            # NumPy's loop over one flat index is five times as fast as the one over several, or over rows.
            places = flat_places(target.shape, index, np.size(values))
            if places is not None:
                np.add.at(target.reshape(-1), places.reshape(-1), np.broadcast_to(values, places.shape).reshape(-1))
                return
        if target.ndim == 1 and np.ndim(values) == 1:
            # NumPy (2.4 still) reads past the end of values that an index of more dimensions broadcasts.
            for places in index if isinstance(index, tuple) else (index,):
                if np.ndim(places) > 1:
                    values = np.broadcast_to(values, np.shape(places))
        np.add.at(target, index, values)

    def as_strided(self, x: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
        return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)

    def special(self, name: str) -> Callable[..., Any]:
        return _special(name)

    def solver(self, name: str) -> Callable[..., Any] | None:
        try:
            import scipy.linalg
        except ImportError:
            return None
        return getattr(scipy.linalg, name, None)

    def compile(self, formula: Any, arrays: int, writes: tuple[int, ...]) -> Callable[..., None] | None:
        return compile_loop(formula, arrays, writes) if has_numba() else None

    def generator(self, seed: Any = None) -> NumpyStream:
        return NumpyStream(seed)

    def legacy_generator(self, seed: Any = None) -> NumpyLegacyStream:
        return NumpyLegacyStream(seed)


# So many values pay for working out where they go.
_MANY = 256


def flat_places(shape: tuple[int, ...], index: Any, count: int) -> np.ndarray | None:
    """Where in flat memory ``index`` points to, in an array of ``shape``; None where that costs more than it saves.

    Raises:
        IndexError: an index out of range.
    """
    entries = index if isinstance(index, tuple) else (index,)
    while entries and entries[-1] is Ellipsis:
        entries = entries[:-1]
    axis = len(entries) - 1
    last = entries[-1] if entries else None
    whole = all([isinstance(entry, slice) and entry == slice(None) for entry in entries[:-1]])
    if whole and isinstance(last, np.ndarray) and last.dtype.kind in "iu":
        size = shape[axis]
        places = last.astype(np.intp)
        if places.size and not -size <= places.min() <= places.max() < size:
            raise IndexError(
                f"add_at: expected indices from {-size} to {size - 1} on axis {axis}; got others. "
                "Correct the indices, or clip them."
            )
        places += (places < 0) * size
        inner, outer = math.prod(shape[axis + 1 :]), math.prod(shape[:axis])
        if inner > 1:
            places = (places * inner)[..., None] + np.arange(inner)
        if outer > 1:
            steps = np.arange(0, outer * size * inner, size * inner)
            places = steps.reshape((-1,) + (1,) * places.ndim) + places
        return places.reshape(shape[:axis] + last.shape + shape[axis + 1 :])
    total = math.prod(shape)
    return np.arange(total).reshape(shape)[index] if total <= 8 * count else None


@functools.cache
def _special(name: str) -> Callable[..., Any]:
    function = _everywhere(name)
    if name != "erf":
        return function
    return lambda x: erf(x) if x.size > SMALL and x.dtype.char == "f" else function(x)


def _everywhere(name: str) -> Callable[..., Any]:
    try:
        import scipy.special
    except ImportError:
        if name in _WITHOUT_SCIPY:
            return in_its_dtype(_WITHOUT_SCIPY[name])
        raise ImportError(
            f"{name}: expected SciPy for this special function on NumPy arrays; it is not installed. "
            "Install it with: pip install 'xpgrad[scipy]'"
        ) from None
    return in_its_dtype(getattr(scipy.special, name))


def _by_element(function: Callable[[float], float]) -> Callable[[Any], Any]:
    ufunc = np.frompyfunc(function, 1, 1)

    def apply(x: Any) -> Any:
        x = np.asarray(x)
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
        return np.asarray(ufunc(x), dtype=dtype)[()]

    return apply


def _lgamma(x: float) -> float:
    return math.inf if x <= 0 and x == math.floor(x) else math.lgamma(x)


# What networks need without SciPy, element by element through the C library: exact, some 100 ns an element.
_WITHOUT_SCIPY: dict[str, Callable[[Any], Any]] = {
    "erf": _by_element(math.erf),
    "erfc": _by_element(math.erfc),
    "gammaln": _by_element(_lgamma),
}


class NumpyStream(RandomStream):
    """NumPy's ``Generator`` over PCG64."""

    def __init__(self, seed: Any = None) -> None:
        self.rng = np.random.default_rng(seed)

    @property
    def native(self) -> Any:
        return self.rng

    def random(self, shape: tuple[int, ...], dtype: Any = "float64") -> Any:
        dtype = np.dtype(dtype)
        if dtype.itemsize < 4:
            bits = NARROW[dtype.name]
            return (self.rng.integers(0, 1 << bits, shape, np.uint16) * np.float32(0.5**bits)).astype(dtype)
        return self.rng.random(shape, dtype)

    def standard_normal(self, shape: tuple[int, ...], dtype: Any = "float64") -> Any:
        dtype = np.dtype(dtype)
        if dtype.itemsize < 4:
            return self.rng.standard_normal(shape, np.float32).astype(dtype)
        return self.rng.standard_normal(shape, dtype)

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: Any = "int64") -> Any:
        return self.rng.integers(low, high, shape, dtype=dtype)

    def permutation(self, n: int) -> Any:
        return self.rng.permutation(n)

    def get_state(self) -> Any:
        return self.rng.bit_generator.state

    def set_state(self, state: Any) -> None:
        self.rng.bit_generator.state = state


class NumpyLegacyStream(RandomStream):
    """A ``RandomState`` over MT19937; without a seed, the one behind ``numpy.random.seed`` and ``randn``."""

    def __init__(self, seed: Any = None) -> None:
        self.native: Any = np.random.mtrand._rand if seed is None else np.random.RandomState(seed)

    def random(self, shape: tuple[int, ...], dtype: Any = "float64") -> Any:
        dtype = np.dtype(dtype)
        if dtype.itemsize < 8:  # so many bits that rounding can't give 1
            bits = NARROW.get(dtype.name, 24)
            return (self.native.randint(0, 1 << bits, shape, np.uint32) * np.float32(0.5**bits)).astype(dtype)
        return self.native.random_sample(shape)

    def standard_normal(self, shape: tuple[int, ...], dtype: Any = "float64") -> Any:
        out = self.native.standard_normal(shape)
        return out if dtype == "float64" else np.asarray(out).astype(dtype)

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: Any = "int64") -> Any:
        return self.native.randint(low, high, shape, dtype)

    def permutation(self, n: int) -> Any:
        return self.native.permutation(n)

    def get_state(self) -> Any:
        state = self.native.get_state(legacy=False)
        inner = state["state"]
        return {**state, "state": {"key": inner["key"].tolist(), "pos": int(inner["pos"])}}

    def set_state(self, state: Any) -> None:
        self.native.set_state(state)

    # Its 624 words as a list, as get_state has them, take longer than a small operation.

    def mark(self) -> Any:
        return self.native.get_state()

    def moved_from(self, mark: Any) -> bool:
        now = self.native.get_state()
        return now[2:] != mark[2:] or not np.array_equal(now[1], mark[1])

    def back_to(self, mark: Any) -> None:
        self.native.set_state(mark)

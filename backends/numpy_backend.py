"""NumPy on the CPU. Imports ``backends.base`` and ``numpy_kernels``; SciPy when a special function first needs it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from backends.base import NARROW, Backend, RandomStream, in_its_dtype
from backends.numpy_kernels import KERNELS


class NumpyBackend(Backend):
    """Arrays in main memory. A NumPy scalar counts as a 0-d array: rewrapping would cost a third of an add."""

    name = "numpy"
    array_types = (np.ndarray, *{np.dtype(code).type for code in np.typecodes["All"] if code not in "SUVO"})
    xp = np
    KERNELS = KERNELS

    def to_numpy(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def copy(self, array: Any) -> Any:
        return array.copy()

    def one(self, array: Any) -> Any:
        return np.ones(array.shape, array.dtype) if array.ndim else array.dtype.type(1)

    def writable(self, value: Any) -> np.ndarray:
        return value if isinstance(value, np.ndarray) else np.array(value)

    def add_at(self, target: np.ndarray, index: Any, values: Any) -> None:
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

    def generator(self, seed: Any = None) -> NumpyStream:
        return NumpyStream(seed)


@functools.cache
def _special(name: str) -> Callable[..., Any]:
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

"""Python floats as a backend: ``xp`` is a thin namespace over ``math``. Imports only ``backends.base``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from backends.base import Backend, RandomStream


def _sign(x: float) -> float:
    return x if x != x else float((x > 0) - (x < 0))


def _cbrt(x: float) -> float:
    return math.copysign(abs(x) ** (1 / 3), x)


def _logaddexp(a: float, b: float) -> float:
    if a != a or b != b:
        return math.nan
    high, low = (a, b) if a > b else (b, a)
    return high if high == low == -math.inf or high == math.inf else high + math.log1p(math.exp(low - high))


def _logaddexp2(a: float, b: float) -> float:
    if a != a or b != b:
        return math.nan
    high, low = (a, b) if a > b else (b, a)
    if high == low == -math.inf or high == math.inf:
        return high
    return high + math.log1p(2.0 ** (low - high)) / math.log(2)


def _maximum(a: float, b: float) -> float:
    return float(a if a != a or a >= b else b)


def _minimum(a: float, b: float) -> float:
    return float(a if a != a or a <= b else b)


def _fmax(a: float, b: float) -> float:
    return float(b if a != a else a if b != b or a >= b else b)


def _fmin(a: float, b: float) -> float:
    return float(b if a != a else a if b != b or a <= b else b)


def _rint(x: float) -> float:
    return float(round(x))


def _power(a: float, b: float) -> float:
    out = a**b
    if isinstance(out, complex) and not isinstance(a, complex) and not isinstance(b, complex):
        raise ValueError("no real power")
    return out


def _identity(x: Any, *args: Any, **kwargs: Any) -> Any:
    return x


# NumPy's names over Python floats, as far as a function of single numbers goes.
FUNCTIONS: dict[str, Any] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "true_divide": operator.truediv, "floor_divide": operator.floordiv, "remainder": operator.mod,
    "mod": operator.mod, "fmod": math.fmod, "power": _power, "negative": operator.neg, "positive": operator.pos,
    "absolute": abs, "abs": abs, "fabs": math.fabs, "sign": _sign, "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x, "sqrt": math.sqrt, "cbrt": _cbrt,
    "exp": math.exp, "exp2": lambda x: 2.0**x, "expm1": math.expm1, "log": math.log, "log2": math.log2,
    "log10": math.log10, "log1p": math.log1p, "logaddexp": _logaddexp, "logaddexp2": _logaddexp2,
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "arcsin": math.asin, "arccos": math.acos,
    "arctan": math.atan, "arctan2": math.atan2, "hypot": math.hypot, "sinh": math.sinh, "cosh": math.cosh,
    "tanh": math.tanh, "arcsinh": math.asinh, "arccosh": math.acosh, "arctanh": math.atanh,
    "degrees": math.degrees, "radians": math.radians, "deg2rad": math.radians, "rad2deg": math.degrees,
    "sinc": lambda x: 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x),
    "floor": lambda x: float(math.floor(x)), "ceil": lambda x: float(math.ceil(x)),
    "trunc": lambda x: float(math.trunc(x)), "rint": _rint, "round": lambda x, decimals=0: float(round(x, decimals)),
    "maximum": _maximum, "minimum": _minimum, "fmax": _fmax, "fmin": _fmin, "copysign": math.copysign,
    "heaviside": lambda x, h: float(x > 0 if x != 0 else h),
    "where": lambda c, a, b: float(a if c else b), "clip": lambda x, low, high: _minimum(_maximum(x, low), high),
    "isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite, "signbit": lambda x: math.copysign(1, x) < 0,
    "greater": operator.gt, "greater_equal": operator.ge, "less": operator.lt, "less_equal": operator.le,
    "equal": operator.eq, "not_equal": operator.ne, "logical_and": lambda a, b: bool(a) and bool(b),
    "logical_or": lambda a, b: bool(a) or bool(b), "logical_not": operator.not_,
    "logical_xor": lambda a, b: bool(a) != bool(b),
    "real": _identity, "conj": _identity, "conjugate": _identity, "imag": lambda x: 0.0,
    "zeros_like": lambda x, **_: 0.0, "ones_like": lambda x, **_: 1.0, "full_like": lambda x, v, **_: float(v),
    "nextafter": math.nextafter, "asarray": lambda x, dtype=None: float(x),
    "ldexp": math.ldexp, "pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan,
}  # fmt: skip


class ScalarBackend(Backend):
    """Plain Python floats; a graph of them is a graph like any other. Values are immutable, so nothing is copied."""

    name = "scalar"
    array_types = (float, int, bool, complex)
    owns_memory = False
    xp = SimpleNamespace(**FUNCTIONS)
    KERNELS = {
        name: FUNCTIONS[name]
        for name in ("add", "subtract", "multiply", "divide", "negative", "power", "exp", "log", "tanh", "sin", "cos")
    }

    def asarray(self, data: Any, dtype: Any = None, device: str | None = None) -> float:
        came = getattr(getattr(data, "dtype", None), "name", type(data).__name__)
        if getattr(data, "shape", ()) == () and not isinstance(data, (list, tuple)):
            if isinstance(data, (str, bytes, bytearray)) or came.startswith(("str", "bytes")):
                raise TypeError(f"scalar: expected one real number; got text, {data!r}. Convert it first: float(x).")
            if came.startswith("complex"):
                raise TypeError(
                    f"scalar: expected one real number; got {came}. Take its .real, or use tensor(...), which has "
                    "complex arrays."
                )
            try:
                return float(data)
            except (TypeError, ValueError):
                pass
        raise TypeError(f"scalar: expected one real number; got {type(data).__name__}. Use tensor(...) for arrays.")

    def copy(self, array: float) -> float:
        return array

    def one(self, array: float) -> float:
        return 1.0

    def to_numpy(self, array: float) -> Any:
        return np.asarray(array)

    def add_at(self, target: Any, index: Any, values: Any) -> None:
        raise TypeError("add_at: expected an array; a Python float has no elements. Use tensor(...) for arrays.")

    def special(self, name: str) -> Callable[..., float]:
        if name == "erf":
            return math.erf
        if name == "erfc":
            return math.erfc
        if name == "gammaln":
            return math.lgamma
        try:
            import scipy.special
        except ImportError:
            raise ImportError(
                f"{name}: expected SciPy for this special function on Python floats; it is not installed. "
                "Install it with: pip install 'xpgrad[scipy]'"
            ) from None
        function = getattr(scipy.special, name)
        return lambda *args: float(function(*args))

    def generator(self, seed: Any = None) -> ScalarStream:
        return ScalarStream(seed)


class ScalarStream(RandomStream):
    """Python's ``random.Random``; the shape is always ``()``."""

    def __init__(self, seed: Any = None) -> None:
        import random

        self.rng = random.Random(seed)

    def random(self, shape: tuple[int, ...] = (), dtype: Any = "float64") -> float:
        return self.rng.random()

    def standard_normal(self, shape: tuple[int, ...] = (), dtype: Any = "float64") -> float:
        return self.rng.gauss(0.0, 1.0)

    def integers(self, low: int, high: int, shape: tuple[int, ...] = (), dtype: Any = "int64") -> int:
        return self.rng.randrange(low, high)

    def permutation(self, n: int) -> list[int]:
        order = list(range(n))
        self.rng.shuffle(order)
        return order

    def get_state(self) -> Any:
        version, internal, gauss = self.rng.getstate()
        return [version, list(internal), gauss]

    def set_state(self, state: Any) -> None:
        version, internal, gauss = state
        self.rng.setstate((version, tuple(internal), gauss))

"""Faster ways, in NumPy, to compute element-wise primitives of large arrays than their formulas. Imports only NumPy.

Times are of a million float32 elements on one core.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Up to this many elements, overhead outweighs what these save.
SMALL = 4096
NUMBERS = frozenset({int, float, bool})
# The integers of the same width, to choose between floats bit by bit.
BITS = {"e": np.int16, "f": np.int32, "d": np.int64}


def where(condition: Any, a: Any, b: Any, /) -> Any:
    """``numpy.where`` (3600 µs where the condition is random, 480 where it is not) without a branch: 340, 130."""
    if condition.__class__ is not np.ndarray or condition.size <= SMALL or condition.dtype.char != "?":
        return np.where(condition, a, b)
    arrays = [x for x in (a, b) if x.__class__ not in NUMBERS]
    char = arrays[0].dtype.char if arrays else ""
    if char not in BITS or any(x.dtype.char != char or x.shape != condition.shape for x in arrays):
        return np.where(condition, a, b)
    dtype = arrays[0].dtype
    count, few = np.count_nonzero(condition), condition.size >> 6
    if count <= few:
        out = b.copy() if b.__class__ not in NUMBERS else np.full(condition.shape, b, dtype)
        np.copyto(out, a, where=condition)
        return out
    bits = BITS[char]
    first, second = [np.asarray(x, dtype).view(bits) for x in (a, b)]
    mask = condition.view(np.int8).astype(bits)
    if second.ndim == 0 and not second:  # b is 0: a's bits where the condition holds
        np.negative(mask, out=mask)
        mask &= first
        return mask.view(dtype)
    if first.ndim == 0 and not first:
        mask -= 1
        mask &= second
        return mask.view(dtype)
    np.negative(mask, out=mask)
    mask &= first ^ second
    mask ^= second
    return mask.view(dtype)


def _is_large(x: Any) -> bool:
    return x.__class__ is np.ndarray and x.size > SMALL and x.dtype.char in BITS


def maximum(a: Any, b: Any, /) -> Any:
    """``numpy.maximum``, with a number (300 µs) as a clip from one side (75)."""
    if b.__class__ in NUMBERS and _is_large(a) and b == b:
        return a.clip(b, np.inf)
    return np.maximum(a, b)


def minimum(a: Any, b: Any, /) -> Any:
    """``numpy.minimum``, as ``maximum``."""
    if b.__class__ in NUMBERS and _is_large(a) and b == b:
        return a.clip(-np.inf, b)
    return np.minimum(a, b)


def clip(x: Any, low: Any, high: Any, /) -> Any:
    """``minimum(maximum(x, low), high)`` (600 µs) as one ``clip`` (75) where the bounds are numbers."""
    if low.__class__ in NUMBERS and high.__class__ in NUMBERS and _is_large(x):
        return x.clip(low, high)
    if low is not None:
        x = maximum(x, low)
    if high is not None:
        return minimum(x, high)
    return x if low is not None else np.positive(x)


def sigmoid(x: Any, /) -> Any:
    """``1/(1 + exp(-x))`` of a large array in one piece of memory; the exponential may overflow to ∞: that gives 0."""
    if x.dtype.kind in "biu":
        x = x.astype(np.float64)
    with np.errstate(over="ignore"):
        out = np.negative(x)
        if out.__class__ is not np.ndarray:
            return 1 / (1 + np.exp(out))
        np.exp(out, out=out)
        out += 1
        return np.divide(1, out, out=out)


# erf(x)/x = P(x²)/Q(x²) for |x| ≤ 3.92, to 1.9e-8; fitted by tests/recorded/fit_erf.py.
_EDGE = 3.92
_P = [1.12837915, 0.190406535, 0.0527487497, 0.00376562497, 0.00028488368, 2.0500961e-06]
_Q = [1.0, 0.502076139, 0.114109156, 0.0149692318, 0.00116253894, 3.80918588e-05]
_BLOCK = 32768


def erf(x: np.ndarray) -> np.ndarray:
    """erf of a large float32 array, to 4e-7, in 1.4 ms (SciPy: 9.6 ms); computed in blocks that stay in the cache."""
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    square, divisor = np.empty(_BLOCK, flat.dtype), np.empty(_BLOCK, flat.dtype)
    p, q = [np.float32(c) for c in _P], [np.float32(c) for c in _Q]
    for start in range(0, flat.size, _BLOCK):
        part = out[start : start + _BLOCK]
        s, d = square[: part.size], divisor[: part.size]
        inside = flat[start : start + _BLOCK].clip(-_EDGE, _EDGE)
        np.multiply(inside, inside, out=s)
        np.multiply(s, p[-1], out=part)
        np.multiply(s, q[-1], out=d)
        for above, below in zip(p[-2:0:-1], q[-2:0:-1], strict=True):
            part += above
            part *= s
            d += below
            d *= s
        part += p[0]
        d += q[0]
        part *= inside
        part /= d
        part.clip(-1, 1, out=part)
    return out.reshape(x.shape)


ELEMENTWISE: dict[str, Any] = {"where": where, "maximum": maximum, "minimum": minimum, "clip": clip}

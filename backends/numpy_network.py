"""What transformers are made of, in NumPy: GELU, softmax, norms, their derivatives. Imports ``backends.base``, ``jit``.

Each takes what the primitive or formula of its name takes; ``…_back`` are rules. Large arrays of GELU go through in
blocks that stay in the cache. Times are of float32 on one core.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from backends.base import declines
from backends.jit import LARGE, compiled, over_elements, same_kind
from backends.threads import CHUNK, split

# Up to this many elements, overhead outweighs what blocks save.
SMALL = 4096
BLOCK = 32_768
ROOT_2_OVER_PI, CUBIC = math.sqrt(2 / math.pi), 0.044715


def in_blocks(run: Callable[..., None], rooms: int, *arrays: np.ndarray) -> np.ndarray:
    """A new array as the first, filled by ``run(out, *arrays, *rooms)`` on flat pieces; rooms are scratch memory."""
    out = np.empty_like(arrays[0])
    flat = [x.reshape(-1) for x in (out, *arrays)]
    scratch = np.empty((rooms, min(BLOCK, out.size)), out.dtype)
    for start in range(0, out.size, BLOCK):
        pieces = [x[start : start + BLOCK] for x in flat]
        run(*pieces, *[room[: pieces[0].size] for room in scratch])
    return out


# GELU -----------------------------------------------------------------------------------------------------------

# Φ(x) = (1 + tanh(x·p(x²)))/2 to 2.9e-8 for |x| ≤ 5.5; fitted by tests/recorded/fit_gelu.py.
_EDGE = 5.5
_P = [0.797884941, 0.0363330845, -3.2594944e-05, -5.53062087e-05, 3.96474747e-06, -1.32263607e-07, 1.75617886e-09]


def _twice_normal(x: np.ndarray, out: np.ndarray, square: np.ndarray) -> None:
    """out = 2·Φ(x), the distribution function of the normal distribution; square = x²."""
    np.multiply(x, x, square)
    inside = np.minimum(square, _EDGE * _EDGE)
    np.multiply(inside, _P[-1], out)
    for c in _P[-2:0:-1]:
        out += c
        out *= inside
    out += _P[0]
    out *= x
    np.tanh(out, out)
    out += 1


def _gelu(out: np.ndarray, x: np.ndarray, square: np.ndarray) -> None:
    _twice_normal(x, out, square)
    out *= x
    out *= 0.5


def _gelu_back(out: np.ndarray, g: np.ndarray, x: np.ndarray, square: np.ndarray) -> None:
    _twice_normal(x, out, square)
    square *= -0.5
    np.exp(square, square)
    square *= x
    square *= ROOT_2_OVER_PI
    out += square
    out *= g
    out *= 0.5


def _large(name: str, formula: Callable[..., None], chars: str, *arrays: Any) -> Any:
    """Large arrays of one shape and one dtype among ``chars``: by the compiled loop, else by the formula in blocks."""
    x = arrays[-1]
    if x.size <= SMALL:
        return NotImplemented
    out = over_elements(name, *arrays)
    if out is not None:
        return out
    char = x.dtype.char
    if char not in chars or any([a.dtype.char != char or a.shape != x.shape for a in arrays]):
        return NotImplemented
    with np.errstate(all="ignore"):
        return in_blocks(formula, 1, *map(np.ascontiguousarray, arrays))


@declines
def gelu(x: Any, /) -> Any:
    """0.55 ms for 262,144 elements; by erf, 1.3 ms."""
    return _large("gelu", _gelu, "f", x)


def gelu_back(g: Any, x: Any) -> Any:
    """0.8 ms for 262,144 elements; by the formula, 2 ms."""
    return _large("gelu_back", _gelu_back, "f", g, x)


def _tanh_part(x: np.ndarray, out: np.ndarray, square: np.ndarray) -> None:
    """out = 1 + tanh(√(2/π)·(x + c·x³)), square = c·x²."""
    np.multiply(x, CUBIC, square)
    square *= x
    np.multiply(square, ROOT_2_OVER_PI, out)
    out += ROOT_2_OVER_PI
    out *= x
    np.tanh(out, out)
    out += 1


def _gelu_tanh(out: np.ndarray, x: np.ndarray, square: np.ndarray) -> None:
    _tanh_part(x, out, square)
    out *= x
    out *= 0.5


def _gelu_tanh_back(out: np.ndarray, g: np.ndarray, x: np.ndarray, square: np.ndarray) -> None:
    # With u = 1 + t: u/2 + (√(2/π)/2)·x·(1 - t²)·(1 + 3c·x²), and 1 - t² = u·(2 - u).
    _tanh_part(x, out, square)
    square *= 3
    square += 1
    square *= x
    square *= ROOT_2_OVER_PI
    square *= 2 - out
    square += 1
    out *= square
    out *= g
    out *= 0.5


@declines
def gelu_tanh(x: Any, /) -> Any:
    """The formula in blocks."""
    return _large("gelu_tanh", _gelu_tanh, "fd", x)


def gelu_tanh_back(g: Any, x: Any) -> Any:
    """The rule in blocks."""
    return _large("gelu_tanh_back", _gelu_tanh_back, "fd", g, x)


def _by_rows(loop: Callable[..., None], n: int, out: np.ndarray, *arrays: np.ndarray) -> np.ndarray:
    """out, filled by ``loop(*arrays, out)`` on rows of n."""
    rows = [x.reshape(-1, n) for x in (*arrays, out)]
    split(len(rows[0]), lambda start, stop: loop(*[x[start:stop] for x in rows]), CHUNK // n + 1)
    return out


# Softmax --------------------------------------------------------------------------------------------------------

# No row's greatest entry has to be taken away where e^x is far from overflow, nor from 0 in any row's sum.
_HIGHEST, _LOWEST = 60.0, 1e-20


@declines
def softmax(x: Any, /, *, axis: int) -> Any:
    """131,072 elements in rows of 64: 190 µs; with every row's maximum (217 µs alone) 420."""
    if x.size <= SMALL:
        return NotImplemented
    if axis == x.ndim - 1 and x.size >= LARGE and same_kind("f", x):
        loop = compiled("softmax")
        if loop is not None:
            return _by_rows(loop, x.shape[-1], np.empty(x.shape, x.dtype), x)
    if x.dtype.char in "fd" and x.max() <= _HIGHEST:
        e = np.exp(x)
        norm = np.add.reduce(e, axis, keepdims=True)
        if norm.min() >= _LOWEST:
            e /= norm
            return e
    return NotImplemented


def softmax_back(g: Any, out: Any, axis: int) -> Any:
    """``out·(g - Σ g·out)``, with sums of products by BLAS where the axis is the last."""
    if out.size <= SMALL or axis != out.ndim - 1 or not same_kind("fd", out, g):
        return NotImplemented
    loop = compiled("softmax_back") if out.size >= LARGE else None
    if loop is not None:
        return _by_rows(loop, out.shape[-1], np.empty(out.shape, out.dtype), g, out)
    result = g - np.vecdot(g, out)[..., None]
    result *= out
    return result


@declines
def logsumexp(x: Any, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """A million elements in rows of 256: 0.9 ms; with every row's maximum 1.5."""
    if x.size > SMALL and x.dtype.char in "fd" and x.max() <= _HIGHEST:
        sums: Any = np.exp(x).sum(axis, keepdims=keepdims)
        if sums.min() >= _LOWEST:
            return np.log(sums)
    return NotImplemented


def logsumexp_back(g: Any, x: Any, out: Any, axis: tuple[int, ...]) -> Any:
    """``g·exp(x - out)`` in one piece of memory."""
    if x.size <= SMALL or not g.dtype is out.dtype is x.dtype:
        return NotImplemented
    shape = [1 if i in axis else n for i, n in enumerate(x.shape)]
    # Where all are -inf the forward subtracted 0.
    result = x - np.where(out == -np.inf, out.dtype.type(0), out).reshape(shape)
    np.exp(result, result)
    result *= g.reshape(shape)
    return result


# Norms ----------------------------------------------------------------------------------------------------------


def _rows(x: np.ndarray, axis: tuple[int, ...]) -> np.ndarray | None:
    """x as a matrix with ``axis``, its last axes, as columns; None where these are other axes."""
    first = x.ndim - len(axis)
    if axis != tuple(range(first, x.ndim)) or not x.size:
        return None
    return x.reshape(-1, math.prod(x.shape[first:]))


@declines
def normalize(x: Any, /, *, axis: tuple[int, ...], epsilon: float, centre: bool) -> Any:
    """65,536 elements in rows of 128: 80 µs; by the formula, 170."""
    rows = _rows(x, axis) if x.__class__ is np.ndarray and same_kind("fd", x) else None
    if rows is None:
        return NotImplemented
    n = rows.shape[1]
    loop = compiled("normalize") if x.size >= LARGE else None
    if loop is not None:
        out, scale = np.empty(rows.shape, x.dtype), np.empty(len(rows), x.dtype)
        small = x.dtype.type(epsilon)
        split(
            len(rows),
            lambda start, stop: loop(rows[start:stop], small, centre, out[start:stop], scale[start:stop]),
            CHUNK // n + 1,
        )
        return out.reshape(x.shape), scale.reshape(*x.shape[: x.ndim - len(axis)], *[1] * len(axis))
    if centre:
        out = rows - np.add.reduce(rows, 1, keepdims=True) / n
        scale = np.vecdot(out, out)[:, None]
    else:
        scale = np.vecdot(rows, rows)[:, None]
    scale /= n
    scale += epsilon
    np.sqrt(scale, scale)
    np.divide(1, scale, scale)
    if centre:
        out *= scale
    else:
        out = rows * scale
    return out.reshape(x.shape), scale.reshape(*x.shape[: x.ndim - len(axis)], *[1] * len(axis))


def normalize_back(g: Any, out: Any, scale: Any, axis: tuple[int, ...], centre: bool) -> Any:
    """65,536 elements in rows of 128: 110 µs; by the formula, 250. Where the scale has no cotangent of its own."""
    of_out, of_scale = g
    if of_scale is not None or out.__class__ is not np.ndarray or not same_kind("fd", out, of_out):
        return NotImplemented
    rows = _rows(out, axis)
    if rows is None:
        return NotImplemented
    of_rows = of_out.reshape(rows.shape)
    n = rows.shape[1]
    loop = compiled("normalize_back") if out.size >= LARGE else None
    if loop is not None:
        result, scales = np.empty(rows.shape, out.dtype), scale.reshape(-1)
        split(
            len(rows),
            lambda start, stop: loop(
                of_rows[start:stop], rows[start:stop], scales[start:stop], centre, result[start:stop]
            ),
            CHUNK // n + 1,
        )
        return result.reshape(out.shape)
    result = rows * (np.vecdot(of_rows, rows)[:, None] / -n)
    result += of_rows
    if centre:
        result -= np.add.reduce(of_rows, 1, keepdims=True) / n
    result *= scale.reshape(-1, 1)
    return result.reshape(out.shape)


NETWORK: dict[str, Any] = {
    "gelu": gelu,
    "gelu_back": gelu_back,
    "gelu_tanh": gelu_tanh,
    "gelu_tanh_back": gelu_tanh_back,
    "softmax": softmax,
    "softmax_back": softmax_back,
    "logsumexp": logsumexp,
    "logsumexp_back": logsumexp_back,
    "normalize": normalize,
    "normalize_back": normalize_back,
}

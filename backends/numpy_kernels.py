"""Faster ways, in NumPy, for some primitives than their formulas, on small arrays above all; gathers all kernels.

Each takes a primitive's operands and options and gives what its forward gives. Times are of float32 arrays of
10 to 100 elements on one core, where most of an operation is its overhead.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from backends import numpy_elementwise as large
from backends.jit import over_elements
from backends.numpy_convolution import CONVOLUTION
from backends.numpy_network import NETWORK
from backends.numpy_pooling import POOLING
from backends.numpy_recurrent import RECURRENT

# The characters of float16 and bfloat16, which add up in float32 and are rounded once.
_NARROW = frozenset("eE")
# Up to this many elements it costs less to fill memory than that the next operation reads it with stride 0.
SMALL = 4096

# Called by position, which is what costs least and what NumPy's type hints don't know.
add_reduce: Any = np.add.reduce
max_reduce: Any = np.maximum.reduce
min_reduce: Any = np.minimum.reduce


def broadcast_to(x: Any, /, *, shape: tuple[int, ...]) -> np.ndarray:
    """``numpy.broadcast_to`` (2.1 µs) where one element fills the shape, as the gradient of a sum does: 0.3 µs."""
    if x.size != 1 or x.ndim > len(shape):
        return np.broadcast_to(x, shape)
    out = np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    if out.size <= SMALL:
        return out.copy()
    out.flags.writeable = False
    return out


def diagonal(x: Any, /, *, offset: int, axis1: int, axis2: int) -> np.ndarray:
    """``x.diagonal``, as writable as ``x`` is: NumPy hands its view out read-only."""
    out = x.diagonal(offset, axis1, axis2)
    if x.flags.writeable:
        out.flags.writeable = True
    return out


def tril(x: Any, /, *, k: int) -> np.ndarray:
    """``numpy.tril`` selects with ``where``; copying what stays takes half the time of it (200 by 300: 17 µs of 35)."""
    out = np.zeros_like(x)
    np.copyto(out, x, where=np.tri(x.shape[-2], x.shape[-1], k, bool))
    return out


def triu(x: Any, /, *, k: int) -> np.ndarray:
    """``numpy.triu``, as ``tril``."""
    out = np.zeros_like(x)
    np.copyto(out, x, where=~np.tri(x.shape[-2], x.shape[-1], k - 1, bool))
    return out


def argsort(x: Any, /, *, axis: int, descending: bool) -> np.ndarray:
    """The stable order (200 by 300: 1690 µs) by NumPy's fast unstable one (340 µs), rows with equal elements again."""
    if descending:
        return x.shape[axis] - 1 - np.flip(argsort(np.flip(x, axis), axis=axis, descending=False), axis)
    if x.size <= SMALL or x.dtype.kind != "f":
        return x.argsort(axis, kind="stable")
    order = x.argsort(axis)
    values = np.moveaxis(gather(x, order, axis), axis, -1)
    redo = (values[..., 1:] == values[..., :-1]).any(-1) | np.isnan(values[..., -1])
    if redo.any():
        np.moveaxis(order, axis, -1)[redo] = np.moveaxis(x, axis, -1)[redo].argsort(-1, kind="stable")
    return order


def gather(x: Any, order: Any, axis: int) -> np.ndarray:
    """``numpy.take_along_axis`` for valid indices, 0 and up: a third of its time in flat memory."""
    step = 1
    places: Any = 0
    for i in reversed(range(x.ndim)):
        if i == axis:
            places = places + (order * step if step > 1 else order)
        elif x.shape[i] > 1:
            places = places + np.arange(0, x.shape[i] * step, step).reshape((-1,) + (1,) * (x.ndim - 1 - i))
        step *= x.shape[i]
    return x.reshape(-1).take(places)


def sort(x: Any, /, *, axis: int, descending: bool) -> tuple[np.ndarray, np.ndarray]:
    """The sorted elements and their order."""
    order = argsort(x, axis=axis, descending=descending)
    return gather(x, order, axis), order


def matmul(a: Any, b: Any, /) -> Any:
    """``a.dot(b)`` of two matrices (0.3 µs) is ``a @ b`` (0.75 µs)."""
    if a.ndim == b.ndim == 2:
        return a.dot(b)
    out = a @ b
    # NumPy multiplies dtypes that other packages add, such as bfloat16, as float32, and leaves it at that.
    return out.astype(a.dtype) if a.dtype.kind == "V" and a.dtype == b.dtype else out


def linear(x: Any, weight: Any, bias: Any, /) -> Any:
    """``x · weightᵀ + bias``, the bias added in place."""
    # One product for all leading axes: a stack of small ones costs more.
    out = (
        x.dot(weight.T) if x.ndim < 3 else x.reshape(-1, x.shape[-1]).dot(weight.T).reshape(*x.shape[:-1], len(weight))
    )
    if bias is None:
        return out
    if out.ndim and bias.dtype is out.dtype:
        out += bias
        return out
    return out + bias


def sigmoid_cross_entropy(x: Any, y: Any, /) -> Any:
    """``max(x, 0) - x·y + log(1 + exp(-|x|))`` in one buffer beside the result's."""
    e = np.abs(x)
    if not e.ndim or e.dtype.kind != "f" or getattr(y, "shape", None) != x.shape or y.dtype is not x.dtype:
        return np.maximum(x, 0) - x * y + np.log1p(np.exp(-e))
    np.negative(e, e)
    np.exp(e, e)
    np.log1p(e, e)
    e -= x * y
    e += np.maximum(x, _ZERO.get(x.dtype.char, 0))
    return e


def sum(x: Any, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """``x.sum`` without its Python frames; 16-bit floats add up in float32 and are rounded once."""
    if x.dtype.char in _NARROW:
        return add_reduce(x, axis, np.float32, None, keepdims).astype(x.dtype)
    return add_reduce(x, axis, None, None, keepdims)


def mean(x: Any, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """``x.mean`` (3.2 µs) without its Python frames: 1.3 µs. Integers average in float64, 16-bit floats in float32."""
    dtype = x.dtype
    if x.size and (dtype.char == "f" or dtype.char == "d"):
        out = add_reduce(x, axis, None, None, keepdims)
        return out / (x.size // out.size)
    out = x.mean(axis, np.float32 if dtype.char in _NARROW else None, None, keepdims=keepdims)
    return out if dtype.char not in _NARROW else out.astype(dtype)


def spread_mean(g: Any, x_spec: Any, axis: tuple[int, ...]) -> Any:
    """The cotangent of a mean of all elements, of a few: one number everywhere."""
    shape = x_spec.shape
    n = math.prod(shape)
    if g.size != 1 or not 0 < n <= SMALL or g.dtype.itemsize < 4 or len(axis) != len(shape):
        return NotImplemented
    out = np.empty(shape, g.dtype)
    out.fill((g / n).item())
    return out


def max(x: Any, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """``x.max`` without its Python frames."""
    return max_reduce(x, axis, None, None, keepdims)


def min(x: Any, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """``x.min`` without its Python frames."""
    return min_reduce(x, axis, None, None, keepdims)


def var(x: Any, /, *, axis: tuple[int, ...], keepdims: bool, correction: float) -> Any:
    """``x.var`` (7.1 µs) without its Python frames: 3.4 µs, in the same order of operations."""
    if x.size and (x.dtype.char == "f" or x.dtype.char == "d"):
        total = add_reduce(x, axis, None, None, True)
        n = x.size // total.size
        if n > correction:
            deviation = np.subtract(x, total / n)
            return add_reduce(deviation * deviation, axis, None, None, keepdims) / (n - correction)
    if x.dtype.char in _NARROW:
        return x.var(axis, np.float32, None, correction, keepdims=keepdims).astype(x.dtype)
    return x.var(axis, None, None, correction, keepdims=keepdims)


def std(x: Any, /, *, axis: tuple[int, ...], keepdims: bool, correction: float) -> Any:
    """``x.std`` without its Python frames."""
    if x.dtype.char in _NARROW:
        return x.std(axis, np.float32, None, correction, keepdims=keepdims).astype(x.dtype)
    return np.sqrt(var(x, axis=axis, keepdims=keepdims, correction=correction))


def cumlogsumexp(x: Any, /, *, axis: int) -> Any:
    """One pass instead of log2(n)."""
    if x.dtype.char in _NARROW:
        return np.logaddexp.accumulate(x.astype(np.float32), axis).astype(x.dtype)
    return np.logaddexp.accumulate(x, axis)


def unbroadcast(x: Any, /, *, shape: tuple[int, ...]) -> Any:
    """The sum over the axes that broadcasting ``shape`` to ``x.shape`` added or stretched."""
    lead = x.ndim - len(shape)
    if lead == 1 and x.shape[1:] == shape and x.dtype.char not in _NARROW:
        return add_reduce(x)
    axes = (*range(lead), *[i + lead for i, n in enumerate(shape) if n == 1 != x.shape[i + lead]])
    return sum(x, axis=axes, keepdims=False).reshape(shape)


def gate(g: Any, x: Any, /) -> Any:
    """``g * (x > 0)`` for x ≥ 0: a product with booleans casts them one by one, so small arrays go through the sign."""
    if x.size <= SMALL:
        return g * np.sign(x)
    out = over_elements("gate", g, x)
    return g * (x > 0) if out is None else out


# Numbers in the operand's own dtype: NumPy takes 0.2 µs to fit a Python number to an array.
_ZERO = {char: np.zeros((), char) for char in "efd"}
_ONE = {char: np.ones((), char) for char in "efd"}
# exp(x) of anything above overflows the dtype; e/(e + 1) is 1 long before.
_HIGHEST = {char: np.array(value, char) for char, value in (("e", 10.0), ("f", 88.0), ("d", 709.0))}


def relu(x: Any, /) -> Any:
    """``max(x, 0)``."""
    if x.size > SMALL:
        return large.maximum(x, 0)
    return np.maximum(x, _ZERO.get(x.dtype.char, 0))


def sigmoid(x: Any, /) -> Any:
    """``1 / (1 + exp(-x))``, where a formula without overflow needs ``numpy.where``, which costs 4 ns an element."""
    char = x.dtype.char
    if char not in _HIGHEST or x.size > SMALL:
        return large.sigmoid(x)
    e = np.exp(np.minimum(x, _HIGHEST[char]))
    return e / (e + _ONE[char])


# The operators themselves come without the frame of the forward that spells them.
KERNELS: dict[str, Any] = {
    **large.ELEMENTWISE,
    **CONVOLUTION,
    **NETWORK,
    **POOLING,
    **RECURRENT,
    "broadcast_to": broadcast_to,
    "diagonal": diagonal,
    "tril": tril,
    "triu": triu,
    "argsort": argsort,
    "sort": sort,
    "linear": linear,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "matmul": matmul,
    "sum": sum,
    "mean": mean,
    "spread_mean": spread_mean,
    "max": max,
    "min": min,
    "var": var,
    "std": std,
    "cumlogsumexp": cumlogsumexp,
    "unbroadcast": unbroadcast,
    "gate": gate,
    "sigmoid": sigmoid,
    "relu": relu,
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "spacing": np.spacing,
}

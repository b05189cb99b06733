"""The kernels of ``backends/cuda`` in NumPy: what the strict backend runs, and what the GPU must equal."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from autograd.ops import network, reduce
from backends.cuda import rows
from backends.cuda.philox import KERNELS, PhiloxStream
from backends.cuda.scatter import CHUNK
from tests.strict_array import StrictArray
from tests.strict_windows import MODELS, run_model

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox(key: int, low: Any, high: Any) -> np.ndarray:
    """Philox4x32-10 of many counters at once: an array of shape (n, 4) of 32-bit words, as uint64."""
    low, high = np.atleast_1d(np.asarray(low, np.uint64)), np.atleast_1d(np.asarray(high, np.uint64))
    low, high = np.broadcast_arrays(low, high)
    a, b, c, d = low & LOW, low >> HALF, high & LOW, high >> HALF
    k, l = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (q >> HALF) ^ b ^ np.uint64(k), q & LOW, (p >> HALF) ^ d ^ np.uint64(l), p & LOW
        k, l = (k + 0x9E3779B9) & 0xFFFFFFFF, (l + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([a, b, c, d], axis=1)


def _of_53_bits(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    return ((high >> np.uint64(5)) * 67108864.0 + (low >> np.uint64(6))) / 9007199254740992.0


def _high_half(word: np.ndarray, span: int) -> np.ndarray:
    """The upper 64 bits of ``word * span``."""
    a, b = word >> HALF, word & LOW
    c, d = np.uint64(span >> 32), np.uint64(span & 0xFFFFFFFF)
    middle = a * d + (b * d >> HALF)
    return a * c + (middle >> HALF) + ((middle & LOW) + b * c >> HALF)


def draw(kernel: str, key: int, first: int, n: int, *options: Any) -> np.ndarray:
    """The first ``n`` numbers that ``kernel`` makes from the blocks beginning with ``first``."""
    per_block, dtype = KERNELS[kernel]
    counters = (np.arange(-(-n // per_block), dtype=np.uint64) + np.uint64(first)).astype(np.uint64)
    w = philox(key, counters, 0)
    if kernel in ("words", "integers"):
        out = (w[:, 1::2] << HALF) | w[:, ::2]
        if kernel == "integers":
            start, span = (int(option) for option in options)
            out = (out if span == 0 else _high_half(out, span)) + np.uint64(start)
    elif kernel == "uniform32":
        bits = int(options[0])
        out = (w >> np.uint64(32 - bits)).astype(np.float32) / np.float32(2**bits)
    elif kernel == "uniform64":
        out = _of_53_bits(w[:, ::2], w[:, 1::2])
    elif kernel == "normal32":
        u = w.astype(np.float32)
        radius = np.sqrt(np.float32(-2) * np.log(u[:, ::2] * np.float32(2.3283064e-10) + np.float32(1.1641532e-10)))
        angle = u[:, 1::2].astype(np.float64) * (np.pi * 2.0**-31)
        out = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    else:
        radius = np.sqrt(-2.0 * np.log(_of_53_bits(w[:, 0], w[:, 1]) + 2.0**-53))
        angle = 2.0 * np.pi * _of_53_bits(w[:, 2], w[:, 3])
        out = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return out.reshape(-1)[:n].astype(dtype)


def chunk_sums(n: int, inner: int, rows: np.ndarray, order: np.ndarray, values: np.ndarray, sums: np.ndarray) -> None:
    """``chunk_sums`` of ``backends/cuda/scatter.py``."""
    heads = _chunks(rows)
    sums.reshape(n, inner)[heads] = np.add.reduceat(values.reshape(-1, inner)[order], heads, axis=0)


def add_chunks(n: int, inner: int, rows: np.ndarray, sums: np.ndarray, target: np.ndarray) -> None:
    """``add_chunks`` of ``backends/cuda/scatter.py``."""
    heads = _chunks(rows)
    np.add.at(target.reshape(-1, inner), rows[heads], sums.reshape(n, inner)[heads])


def _chunks(rows: np.ndarray) -> np.ndarray:
    """Where a row begins, and every CHUNK-th position."""
    changes = np.concatenate([[True], rows[1:] != rows[:-1]])
    return np.flatnonzero(changes | (np.arange(len(rows)) % CHUNK == 0))


# The kernels of ``backends/cuda/rows.py`` are the formulas of matrices; what each row has one of comes as a column.
ROWS: dict[str, Any] = {
    "softmax": lambda x: network.softmax.primitive.forward(np, x, axis=1),
    "softmax_back": lambda g, p: network.softmax_back.formula(g, p, 1),
    "log_softmax": lambda x: network.log_softmax.primitive.forward(np, x, axis=1),
    "log_softmax_back": lambda g, out: network.log_softmax_back.formula(g, out, 1),
    "logsumexp": lambda x: reduce.logsumexp.primitive.forward(np, x, axis=(1,), keepdims=True),
    "logsumexp_back": lambda g, x, out: reduce.logsumexp_back.formula(g, x, out, (1,)),
    "cross_entropy": lambda x, labels: network.softmax_cross_entropy.primitive.forward(
        np, x, labels[:, 0] % x.shape[1]
    ),
    "cross_entropy_back": lambda g, p, labels: network.softmax_cross_entropy_back.formula(
        (g[:, 0], None), p, labels[:, 0] % p.shape[1]
    ),
    "soft_cross_entropy": lambda x, y: network.soft_cross_entropy.primitive.forward(np, x, y),
    "soft_cross_entropy_back": lambda g, logs, y: network.soft_cross_entropy_back.formula((g[:, 0], None), logs, y),
    "normalize": lambda centre, epsilon, x: network.normalize.primitive.forward(
        np, x, axis=(1,), epsilon=epsilon, centre=centre == 1
    ),
    "normalize_back": lambda centre, g, out, scale: network.normalize_back.formula(
        (g, None), out, scale, (1,), centre == 1
    ),
}


def over_rows(kernel: str, count: int, n: int, *args: Any) -> None:
    """A kernel of ``backends/cuda/rows.py``: what it returns is written into the last arguments."""
    name, lanes, dtype, *label = re.fullmatch(r"(\w+)_(warp|block)_(float\d+)(?:_(int\d+))?", kernel).groups()  # type: ignore[union-attr]
    assert kernel in rows.KERNELS[f"{lanes}_{dtype}"]
    kinds = {a.dtype.name for a in args if isinstance(a, np.ndarray)}
    assert kinds == {dtype, *label} - {None}, f"{kernel} was given {kinds}"
    given = [a.reshape(count, -1) if isinstance(a, np.ndarray) else a for a in args]
    assert all(a.shape[1] in (1, n) for a in given if isinstance(a, np.ndarray)), "one for each row, or each element"
    outputs = 2 if name in ("cross_entropy", "soft_cross_entropy", "normalize") else 1
    with np.errstate(all="ignore"):
        found = ROWS[name](*given[:-outputs])
    for out, value in zip(given[-outputs:], found if outputs > 1 else (found,), strict=True):
        assert value.dtype == out.dtype
        out[...] = value.reshape(out.shape)


def run_kernel(kernel: str, args: tuple[Any, ...]) -> None:
    """A kernel that works on its arguments, run by NumPy."""
    if kernel in MODELS:
        return run_model(kernel, tuple([a._a if isinstance(a, StrictArray) else a for a in args]))
    raw = [a._a if isinstance(a, StrictArray) else a.item() for a in args]
    assert all(a.flags.c_contiguous for a in raw if isinstance(a, np.ndarray)), "a kernel takes addresses, not strides"
    scatter = {"chunk_sums": chunk_sums, "add_chunks": add_chunks}.get(kernel.rpartition("_")[0])
    if scatter is None:
        over_rows(kernel, *raw)
    else:
        scatter(*raw)


class StrictStream(PhiloxStream):
    """The GPU's stream, its kernels run by NumPy."""

    def run(self, kernel: str, first: int, blocks: int, shape: tuple[int, ...], dtype: str, *options: Any) -> Any:
        n = int(np.prod(shape, dtype=np.int64))
        return StrictArray(draw(kernel, self.key, first, n, *options).reshape(shape))

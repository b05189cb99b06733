"""The kernels of ``backends/cuda`` in NumPy: what the strict backend runs, and what the GPU must equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.cuda.philox import KERNELS, PhiloxStream
from backends.cuda.scatter import CHUNK
from tests.strict_array import StrictArray

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


def run_kernel(kernel: str, args: tuple[Any, ...]) -> None:
    """A kernel that works on its arguments, run by NumPy."""
    raw = [a._a if isinstance(a, StrictArray) else int(a) for a in args]
    assert all(a.flags.c_contiguous for a in raw if isinstance(a, np.ndarray)), "a kernel takes addresses, not strides"
    {"chunk_sums": chunk_sums, "add_chunks": add_chunks}[kernel.rpartition("_")[0]](*raw)


class StrictStream(PhiloxStream):
    """The GPU's stream, its kernels run by NumPy."""

    def run(self, kernel: str, first: int, blocks: int, shape: tuple[int, ...], dtype: str, *options: Any) -> Any:
        n = int(np.prod(shape, dtype=np.int64))
        return StrictArray(draw(kernel, self.key, first, n, *options).reshape(shape))

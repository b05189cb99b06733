"""Adding into places named by index arrays, in a fixed order. Imports nothing of this project, and no CuPy.

Atomics add in whatever order the threads arrive, so a sum of floats would differ in its last bits from run to run.
Here the places are sorted (stably), and each one's values are summed in the order they were given: first in chunks, so
that one place named a hundred thousand times does not keep a single thread busy, then chunk by chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any

SOURCE = r"""
typedef unsigned long long u64;
typedef long long i64;
#define CHUNK 64

__device__ inline u64 thread_index() { return (u64)blockIdx.x * blockDim.x + threadIdx.x; }

// A chunk begins where the row changes and at every CHUNK-th position; its sum is left at its first position.
template <typename T>
__device__ inline void chunk_sums(u64 n, u64 inner, const i64* rows, const i64* order, const T* values, T* sums) {
    u64 p = thread_index() / inner, column = thread_index() % inner;
    if (p >= n || (p % CHUNK && rows[p - 1] == rows[p])) return;
    T sum = 0;
    u64 q = p;
    do {
        sum += values[(u64)order[q] * inner + column];
        ++q;
    } while (q < n && q % CHUNK && rows[q] == rows[p]);
    sums[p * inner + column] = sum;
}

template <typename T>
__device__ inline void add_chunks(u64 n, u64 inner, const i64* rows, const T* sums, T* target) {
    u64 p = thread_index() / inner, column = thread_index() % inner;
    if (p >= n || (p && rows[p - 1] == rows[p])) return;
    T sum = 0;
    for (u64 q = p; q < n && rows[q] == rows[p]; q = (q / CHUNK + 1) * CHUNK) sum += sums[q * inner + column];
    target[(u64)rows[p] * inner + column] += sum;
}

#define INSTANCES(T, suffix)                                                                                    \
    extern "C" __global__ void chunk_sums_##suffix(u64 n, u64 inner, const i64* rows, const i64* order,         \
                                                   const T* values, T* sums) {                                  \
        chunk_sums<T>(n, inner, rows, order, values, sums);                                                     \
    }                                                                                                           \
    extern "C" __global__ void add_chunks_##suffix(u64 n, u64 inner, const i64* rows, const T* sums, T* target) { \
        add_chunks<T>(n, inner, rows, sums, target);                                                            \
    }
INSTANCES(float, float32)
INSTANCES(double, float64)
"""
KERNELS = ("chunk_sums_float32", "add_chunks_float32", "chunk_sums_float64", "add_chunks_float64")
CHUNK = 64

# Where index arrays are added up by CuPy itself: integer atomics give one result in any order.
_EXACT = frozenset(["int32", "int64", "uint32", "uint64"])
Launch = Callable[[str, str, int, tuple[Any, ...]], None]


def add_at(xp: Any, launch: Launch, target: Array, index: Any, values: Any) -> None:
    """``target[index] += values`` with repeated indices adding up, the same to the bit on every run.

    Args:
        xp: the array namespace.
        launch: runs a kernel: ``launch(source, kernel, threads, arguments)``.
    """
    dtype = target.dtype
    if isinstance(values, xp.ndarray):
        values = values.astype(dtype, copy=False)
    if not _names_places(index) or dtype.name in _EXACT:
        xp.add.at(target, index, values)
    elif dtype.itemsize < 4:
        # Halves are summed in float32 and rounded once: in float16, 2048 + 1 is 2048.
        wide = "int32" if dtype.kind in "biu" else "float32"
        total = target.astype(wide)
        add_at(xp, launch, total, index, values)
        target[...] = total.astype(dtype)
    else:
        _add_rows(xp, launch, target, index, values)


def _add_rows(xp: Any, launch: Launch, target: Array, index: Any, values: Any) -> None:
    lead = _axes_named(index, target.ndim)
    rest = target.shape[lead:]
    if rest and isinstance(index, tuple) and index[-1] is Ellipsis:
        index = index[:-1]
    places = xp.arange(math.prod(target.shape[:lead])).reshape(target.shape[:lead])[index]
    n, inner = places.size, math.prod(rest)
    if n * inner == 0:
        return
    if not isinstance(values, xp.ndarray):
        values = xp.full((), values, target.dtype)
    values = xp.ascontiguousarray(xp.broadcast_to(values, places.shape + rest)).reshape(n * inner)
    whole = xp.ascontiguousarray(target)
    flat = whole.reshape(target.size)
    if target.dtype.kind == "c":
        part = f"float{target.dtype.itemsize * 4}"
        values, flat, inner = values.view(part), flat.view(part), 2 * inner
    places = places.reshape(n)
    order = places.argsort()
    rows = places[order]
    sums = xp.empty((n * inner,), flat.dtype)
    sizes = (np.uint64(n), np.uint64(inner))
    launch(SOURCE, f"chunk_sums_{flat.dtype.name}", n * inner, (*sizes, rows, order, values, sums))
    launch(SOURCE, f"add_chunks_{flat.dtype.name}", n * inner, (*sizes, rows, sums, flat))
    if whole is not target:
        target[...] = whole


def _entries(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _is_array(entry: Any) -> bool:
    return entry is not None and entry is not Ellipsis and not isinstance(entry, (slice, int, np.integer))


def _is_mask(entry: Any) -> bool:
    dtype = np.asarray(entry).dtype if isinstance(entry, list) else getattr(entry, "dtype", None)
    return dtype is not None and dtype.kind == "b"


def _names_places(index: Any) -> bool:
    """Whether ``index`` may name one place twice: not with slices, integers and a single mask."""
    arrays = [entry for entry in _entries(index) if _is_array(entry)]
    return len(arrays) > 1 or (len(arrays) == 1 and not _is_mask(arrays[0]))


def _axes_named(index: Any, ndim: int) -> int:
    """How many of the first axes ``index`` speaks of; all of them where its ellipsis is not at its end."""
    entries = _entries(index)
    if any(entry is Ellipsis for entry in entries[:-1]):
        return ndim
    axes = 0
    for entry in entries:
        if _is_mask(entry):
            axes += np.ndim(entry) if isinstance(entry, list) else entry.ndim
        elif entry is not None and entry is not Ellipsis:
            axes += 1
    return axes

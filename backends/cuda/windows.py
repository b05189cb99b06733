"""Sliding windows over the last three axes, for CUDA C, and whether operands are such that a kernel takes them.

Imports ``backends.base``, and no CuPy. Fewer axes are three with ones in front. All counts are 64 bits wide: a matrix
of windows has more than 2³¹ elements soon. A kernel's ``n`` says how many threads have work.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backends.base import Array

Sizes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]

AXES = 3
FIELDS = ("size", "out", "window", "stride", "low", "dilation")
DTYPES = {"float32": "float", "float64": "double"}

PRELUDE = r"""
typedef long long i64;
typedef unsigned long long u64;

__device__ inline i64 thread_index() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }
"""
SOURCE = (
    PRELUDE
    + r"""
// Windows over images of `size`, with `low` places of padding before each axis: `out` of them, of `window` entries.
struct Windows { i64 size[3], out[3], window[3], stride[3], low[3], dilation[3]; };

__device__ inline i64 volume(const i64* n) { return n[0] * n[1] * n[2]; }

// Where element j of an array (lead, n[0], n[1], n[2]) lies.
struct Place { i64 lead, at[3]; };

__device__ inline Place place(u64 j, const i64* n) {
    Place p;
    for (int axis = 2; axis >= 0; --axis) {
        p.at[axis] = (i64)(j % (u64)n[axis]);
        j /= (u64)n[axis];
    }
    p.lead = (i64)j;
    return p;
}

// Calls visit(k, offset in the image, or -1 in the padding) for the entries k from `first` to before `last` of the
// window at a place of the output.
template <typename Visit>
__device__ inline void each_entry(const Windows& w, const i64* at, i64 first, i64 last, Visit visit) {
    Place p = {0, {0, 0, 0}};
    if (first) p = place(first, w.window);
    i64 a = p.at[0], b = p.at[1], c = p.at[2];
    i64 i = at[0] * w.stride[0] - w.low[0] + a * w.dilation[0];
    i64 from_j = at[1] * w.stride[1] - w.low[1], j = from_j + b * w.dilation[1];
    i64 from_l = at[2] * w.stride[2] - w.low[2], l = from_l + c * w.dilation[2];
    for (i64 k = first; k < last; ++k) {
        bool inside = i >= 0 && i < w.size[0] && j >= 0 && j < w.size[1] && l >= 0 && l < w.size[2];
        visit(k, inside ? (i * w.size[1] + j) * w.size[2] + l : -1);
        l += w.dilation[2];
        if (++c < w.window[2]) continue;
        c = 0, l = from_l, j += w.dilation[1];
        if (++b < w.window[1]) continue;
        b = 0, j = from_j, i += w.dilation[0];
    }
}

// Along one axis: the first and the last window that may hold an entry, `at` places behind the padding's first.
__device__ inline i64 first_window(const Windows& w, int axis, i64 at) {
    i64 past = at - (w.window[axis] - 1) * w.dilation[axis];
    return past <= 0 ? 0 : (past + w.stride[axis] - 1) / w.stride[axis];
}

__device__ inline i64 last_window(const Windows& w, int axis, i64 at) {
    i64 last = at / w.stride[axis];
    return last < w.out[axis] ? last : w.out[axis] - 1;
}

// Which entry of a window lies `from` places behind its first, along one axis; -1 where that is between two.
__device__ inline i64 entry(i64 from, i64 dilation) {
    if (dilation == 1) return from;
    return from % dilation ? -1 : from / dilation;
}

// Calls visit(k, which window) for each window whose entry k is the place `at` of the image, from the lowest k to the
// highest: in the order in which the formulas add.
template <typename Visit>
__device__ inline void each_window(const Windows& w, const i64* at, Visit visit) {
    i64 i = at[0] + w.low[0], j = at[1] + w.low[1], l = at[2] + w.low[2];
    i64 p0 = first_window(w, 0, i), q0 = first_window(w, 1, j), r0 = first_window(w, 2, l);
    for (i64 p = last_window(w, 0, i); p >= p0; --p) {
        i64 a = entry(i - p * w.stride[0], w.dilation[0]);
        if (a < 0) continue;
        for (i64 q = last_window(w, 1, j); q >= q0; --q) {
            i64 b = entry(j - q * w.stride[1], w.dilation[1]);
            if (b < 0) continue;
            for (i64 r = last_window(w, 2, l); r >= r0; --r) {
                i64 c = entry(l - r * w.stride[2], w.dilation[2]);
                if (c < 0) continue;
                visit((a * w.window[1] + b) * w.window[2] + c, (p * w.out[1] + q) * w.out[2] + r);
            }
        }
    }
}
"""
)
_NUMBERS = ", ".join(f"i64 {field}{axis}" for field in FIELDS for axis in range(AXES))
_BRACES = ", ".join("{" + ", ".join(f"{field}{axis}" for axis in range(AXES)) + "}" for field in FIELDS)


def instance(kernel: str, suffix: str, types: Sequence[str], parameters: str, windows: bool = True) -> str:
    """CUDA C of ``kernel_suffix``, which calls the template ``kernel`` for these types, with ``Windows`` in front.

    ``parameters`` says what follows, each by a type and a name, and ``n``.
    """
    names = ", ".join([parameter.split()[-1].lstrip("*") for parameter in parameters.split(", ")])
    given = f"{_NUMBERS}, {parameters}" if windows else parameters
    before = f"    Windows w = {{{_BRACES}}};\n" if windows else ""
    call = f"{kernel}<{', '.join(types)}>({'w, ' if windows else ''}{names}, n)"
    return f'extern "C" __global__ void {kernel}_{suffix}({given}, i64 n) {{\n{before}    {call};\n}}\n'


class Windows(NamedTuple):
    """How many windows there are along each axis, and the numbers that a kernel is handed in front of its arrays."""

    out: Sizes
    numbers: tuple[np.int64, ...]


@functools.lru_cache(maxsize=1024)
def windows_of(size: Sizes, window: Sizes, stride: Sizes, padding: Pads, dilation: Sizes) -> Windows | None:
    """The windows over axes of ``size``; None where the kernels have none such."""
    n = len(size)
    if not (0 < n <= AXES and n == len(window) == len(stride) == len(padding) == len(dilation)):
        return None
    if min(map(min, padding)) < 0 or min(*size, *window, *stride, *dilation) < 1:
        return None
    out = tuple(
        [
            (m + low + high - d * (k - 1) - 1) // s + 1
            for m, k, s, (low, high), d in zip(size, window, stride, padding, dilation, strict=True)
        ]
    )
    if min(out) < 1:
        return None
    ones, zeros = (1,) * (AXES - n), (0,) * (AXES - n)
    lows = tuple([low for low, _ in padding])
    fields = (*ones, *size, *ones, *out, *ones, *window, *ones, *stride, *zeros, *lows, *ones, *dilation)
    return Windows(out, tuple([np.int64(number) for number in fields]))


def are_made_for(*arrays: Array) -> bool:
    """Whether these are arrays of one dtype that kernels are written for, on one device, none of them empty."""
    first = arrays[0]
    dtype, device = first.dtype, first.device
    return dtype.char in "fd" and all([a.dtype == dtype and a.size > 0 and a.device == device for a in arrays])


def split_shape(shape: Sizes, n: int) -> tuple[Sizes, Sizes]:
    """The axes in front, and the last ``n``."""
    return shape[: len(shape) - n], shape[len(shape) - n :]


def count(shape: Sizes) -> np.int64:
    """How many elements, as a kernel takes it."""
    return np.int64(math.prod(shape))

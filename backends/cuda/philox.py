"""Random streams by counting: the CUDA source of Philox4x32-10 and the stream over it. Imports only ``backends.base``.

Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Block number n of a stream is a function of
the key and n alone. So the state of a stream is two integers kept on the host: saving it waits for nothing, and the
numbers don't depend on the size of the GPU. CuPy's own generators keep megabytes of state on the device, by default
one entry per thread of this GPU, so another GPU draws other numbers from the same seed.
"""

from __future__ import annotations

import operator
import threading
from typing import Any

import numpy as np

from backends.base import NARROW, Array, RandomStream

# One thread makes one block of four words. The launch covers all blocks; `n` numbers are written.
SOURCE = r"""
typedef unsigned int u32;
typedef unsigned long long u64;

struct Block { u32 w[4]; };

__device__ inline Block philox(u64 key, u64 low, u64 high) {
    u32 a = (u32)low, b = (u32)(low >> 32), c = (u32)high, d = (u32)(high >> 32);
    u32 k = (u32)key, l = (u32)(key >> 32);
    for (int round = 0; round < 10; ++round) {
        u64 p = 0xD2511F53ull * a, q = 0xCD9E8D57ull * c;
        a = (u32)(q >> 32) ^ b ^ k;
        b = (u32)q;
        c = (u32)(p >> 32) ^ d ^ l;
        d = (u32)p;
        k += 0x9E3779B9u;
        l += 0xBB67AE85u;
    }
    Block block = {{a, b, c, d}};
    return block;
}

__device__ inline u64 thread_index() { return (u64)blockIdx.x * blockDim.x + threadIdx.x; }

__device__ inline double of_53_bits(u32 high, u32 low) {
    return ((double)(high >> 5) * 67108864.0 + (double)(low >> 6)) / 9007199254740992.0;
}

extern "C" __global__ void words(u64 key, u64 first, u64 n, u64* out) {
    u64 i = thread_index();
    Block r = philox(key, first + i, 0);
    for (u64 j = 0; j < 2; ++j)
        if (2 * i + j < n) out[2 * i + j] = ((u64)r.w[2 * j + 1] << 32) | r.w[2 * j];
}

extern "C" __global__ void uniform32(u64 key, u64 first, u64 n, float* out, int bits) {
    u64 i = thread_index();
    Block r = philox(key, first + i, 0);
    for (u64 j = 0; j < 4; ++j)
        if (4 * i + j < n) out[4 * i + j] = (float)(r.w[j] >> (32 - bits)) / (float)(1u << bits);
}

extern "C" __global__ void uniform64(u64 key, u64 first, u64 n, double* out) {
    u64 i = thread_index();
    Block r = philox(key, first + i, 0);
    for (u64 j = 0; j < 2; ++j)
        if (2 * i + j < n) out[2 * i + j] = of_53_bits(r.w[2 * j], r.w[2 * j + 1]);
}

extern "C" __global__ void normal32(u64 key, u64 first, u64 n, float* out) {
    u64 i = thread_index();
    Block r = philox(key, first + i, 0);
    for (u64 j = 0; j < 4; j += 2) {
        // Half a step above zero, so that the logarithm is finite.
        float radius = sqrtf(-2.0f * logf((float)r.w[j] * 2.3283064e-10f + 1.1641532e-10f));
        float sine, cosine;
        sincospif((float)r.w[j + 1] * 4.6566129e-10f, &sine, &cosine);
        if (4 * i + j < n) out[4 * i + j] = radius * cosine;
        if (4 * i + j + 1 < n) out[4 * i + j + 1] = radius * sine;
    }
}

extern "C" __global__ void normal64(u64 key, u64 first, u64 n, double* out) {
    u64 i = thread_index();
    Block r = philox(key, first + i, 0);
    double radius = sqrt(-2.0 * log(of_53_bits(r.w[0], r.w[1]) + 1.1102230246251565e-16));
    double sine, cosine;
    sincospi(2.0 * of_53_bits(r.w[2], r.w[3]), &sine, &cosine);
    if (2 * i < n) out[2 * i] = radius * cosine;
    if (2 * i + 1 < n) out[2 * i + 1] = radius * sine;
}

extern "C" __global__ void integers(u64 key, u64 first, u64 n, u64* out, u64 low, u64 span) {
    u64 i = thread_index();
    Block r = philox(key, first + i, 0);
    for (u64 j = 0; j < 2; ++j) {
        u64 word = ((u64)r.w[2 * j + 1] << 32) | r.w[2 * j];
        // The high half of word * span is uniform on [0, span); a span of 2**64 arrives as 0.
        if (2 * i + j < n) out[2 * i + j] = low + (span == 0 ? word : __umul64hi(word, span));
    }
}
"""

# kernel -> (numbers made from one block, dtype of the buffer it writes)
KERNELS = {
    "words": (2, "uint64"),
    "uniform32": (4, "float32"),
    "uniform64": (2, "float64"),
    "normal32": (4, "float32"),
    "normal64": (2, "float64"),
    "integers": (2, "uint64"),
}
_64_BITS = 2**64 - 1


class PhiloxStream(RandomStream):
    """A stream whose state is a key and a counter. A backend adds how a kernel is launched (``run``).

    Integers are the high half of a 64-bit product: a range of r numbers is uneven by less than r / 2**64.
    """

    def __init__(self, seed: Any = None) -> None:
        self.key = int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
        self.counter = 0
        self._lock = threading.Lock()

    def run(self, kernel: str, first: int, blocks: int, shape: tuple[int, ...], dtype: str, *options: Any) -> Array:
        """A new array of this shape, filled by ``kernel`` from ``blocks`` blocks beginning with block ``first``."""
        raise NotImplementedError

    def _draw(self, kernel: str, shape: Any, *options: Any) -> Array:
        # Python's integers: the counter below does not fit NumPy's.
        shape = tuple([operator.index(size) for size in (shape if hasattr(shape, "__len__") else (shape,))])
        per_block, dtype = KERNELS[kernel]
        n = 1
        for size in shape:
            n *= size
        blocks = -(-n // per_block)
        with self._lock:
            first = self.counter
            self.counter = (first + blocks) & _64_BITS
        return self.run(kernel, first, blocks, shape, dtype, *options)

    def random(self, shape: tuple[int, ...], dtype: Any = "float64") -> Array:
        dtype = _floating(dtype, "random")
        if dtype.itemsize == 8:
            return self._draw("uniform64", shape)
        return self._draw("uniform32", shape, np.int32(NARROW.get(dtype.name, 24))).astype(dtype, copy=False)

    def standard_normal(self, shape: tuple[int, ...], dtype: Any = "float64") -> Array:
        dtype = _floating(dtype, "standard_normal")
        return self._draw("normal64" if dtype.itemsize == 8 else "normal32", shape).astype(dtype, copy=False)

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: Any = "int64") -> Array:
        dtype = np.dtype(dtype)
        low, high = int(low), int(high)
        bounds = np.iinfo(dtype)
        if not bounds.min <= low < high <= bounds.max + 1:
            raise ValueError(
                f"integers: expected low < high within {dtype.name}; got low={low}, high={high}. "
                "The numbers drawn are below high."
            )
        span = (high - low) & _64_BITS
        out = self._draw("integers", shape, np.uint64(low & _64_BITS), np.uint64(span))
        return out.view("int64").astype(dtype, copy=False) if dtype.kind == "i" else out.astype(dtype, copy=False)

    def permutation(self, n: int) -> Array:
        # Two equal keys of 64 bits among n have probability n²/2**65, and sorting still gives a permutation.
        return self._draw("words", (n,)).argsort()

    def get_state(self) -> dict[str, Any]:
        with self._lock:
            return {"generator": "philox4x32-10", "key": self.key, "counter": self.counter}

    def set_state(self, state: dict[str, Any]) -> None:
        if state.get("generator") != "philox4x32-10":
            raise ValueError(
                f"set_state: expected a state of the generator 'philox4x32-10'; got {state.get('generator')!r}. "
                "A state belongs to the backend it was taken from."
            )
        with self._lock:
            self.key, self.counter = int(state["key"]), int(state["counter"])


def _floating(dtype: Any, name: str) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if dtype.name not in NARROW and dtype.name not in ("float32", "float64"):
        raise TypeError(
            f"{name}: expected dtype float64, float32, float16 or bfloat16; got {dtype.name}. "
            "Draw in one of these and cast."
        )
    return dtype

"""The CUDA sources, held against NumPy without a GPU: compiled by NVRTC, and run by the C++ compiler's CPU code."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backends
from backends.cuda import philox, scatter
from backends.cuda.philox import KERNELS
from backends.cupy_backend import OPTIONS
from tests.helpers import to_numpy
from tests.strict_kernels import add_chunks, chunk_sums, draw
from tests.strict_kernels import philox as philox_in_numpy

SOURCES = {"philox": (philox.SOURCE, tuple(KERNELS)), "scatter": (scatter.SOURCE, scatter.KERNELS)}


def cubin(source: str, architecture: str) -> bytes:
    """``source`` compiled as CuPy's RawKernel compiles it."""
    if importlib.util.find_spec("cupy") is None:
        pytest.skip("CuPy is not installed: pip install cupy-cuda13x nvidia-cuda-nvrtc nvidia-cuda-runtime")
    compiler = importlib.import_module("cupy.cuda.compiler")
    core = importlib.import_module("cupy._core.core")
    if not hasattr(compiler, "_NVRTCProgram"):
        pytest.skip("this CuPy has no compiler for CUDA C")
    options = (
        *core.assemble_cupy_compiler_options(OPTIONS),
        "-ftz=true",
        "--device-as-default-execution-space",
        f"-arch={architecture}",
    )
    try:
        program = compiler._NVRTCProgram(source, "source.cu", method="cubin")
        return program.compile(options)[0]
    except RuntimeError as error:
        if "libnvrtc" in str(error) or "nvrtc" in type(error).__module__:
            pytest.skip(f"NVRTC is not installed: {error}")
        raise


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_source_compiles(name: str, architecture: str) -> None:
    source, kernels = SOURCES[name]
    binary = cubin(source, architecture)
    assert binary[:4] == b"\x7fELF"
    for kernel in kernels:
        assert f".text.{kernel}".encode() in binary, f"{kernel} was not compiled"


def test_a_mistake_in_a_source_is_found() -> None:
    with pytest.raises(Exception, match="no_such_variable"):
        cubin(philox.SOURCE + "__global__ void wrong() { no_such_variable = 1; }", "sm_90")


# Known answers ------------------------------------------------------------------------------------------------

# Random123's known-answer tests for philox4x32-10 (kat_vectors): counter, key, words.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_in_numpy_gives_the_known_answers(counter: Any, key: Any, words: Any) -> None:
    a, b, c, d = counter
    got = philox_in_numpy(key[0] | key[1] << 32, a | b << 32, c | d << 32)
    assert [int(word) for word in got[0]] == list(words)


# The sources as C++ --------------------------------------------------------------------------------------------

SHIM = r"""
#include <cmath>
#include <cstring>
struct Dim { unsigned x; };
static Dim blockIdx, blockDim, threadIdx;
#define __device__ static
#define __global__
static unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
static void sincospif(float x, float* s, float* c) { *s = (float)sin(x * M_PI); *c = (float)cos(x * M_PI); }
static void sincospi(double x, double* s, double* c) { *s = sin(x * M_PI); *c = cos(x * M_PI); }
"""
LAUNCH = r"""
extern "C" void philox_block(u64 key, u64 low, u64 high, u32* out) {
    Block r = philox(key, low, high);
    for (int i = 0; i < 4; ++i) out[i] = r.w[i];
}
extern "C" void launch(const char* name, unsigned grid, unsigned threads, u64 key, u64 first, u64 n, void* out,
                       u64 p, u64 q) {
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < grid; ++blockIdx.x)
        for (threadIdx.x = 0; threadIdx.x < threads; ++threadIdx.x) switch (name[0] * 100 + name[7]) {
            case 'w' * 100: words(key, first, n, (u64*)out); break;
            case 'u' * 100 + '3': uniform32(key, first, n, (float*)out, (int)p); break;
            case 'u' * 100 + '6': uniform64(key, first, n, (double*)out); break;
            case 'n' * 100 + '2': normal32(key, first, n, (float*)out); break;
            case 'n' * 100 + '4': normal64(key, first, n, (double*)out); break;
            case 'i' * 100 + 's': integers(key, first, n, (u64*)out, p, q); break;
        }
}
"""


def built(source: str, folder: Path) -> ctypes.CDLL:
    """The source as a library of this CPU."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler (g++ or clang++) is installed")
    (folder / "source.cpp").write_text(SHIM + source, encoding="utf-8")
    command = [compiler, "-O1", "-w", "-shared", "-fPIC", "source.cpp", "-o", "source.so"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=120)
    return ctypes.CDLL(str(folder / "source.so"))


@pytest.fixture(scope="module")
def on_the_cpu(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return built(philox.SOURCE + LAUNCH, tmp_path_factory.mktemp("philox"))


def launch(library: ctypes.CDLL, kernel: str, key: int, first: int, n: int, *options: int) -> np.ndarray:
    per_block, dtype = KERNELS[kernel]
    out = np.full(n + 8, 77, dtype)  # what a kernel writes past its end shows
    blocks = -(-n // per_block)
    u64 = ctypes.c_uint64
    p, q = (*options, 0, 0)[:2]
    # One thread block more than needed, as when the count is rounded up.
    library.launch(
        kernel.ljust(8, "\0").encode(), -(-blocks // 128) + 1, 128, u64(key), u64(first), u64(n),
        out.ctypes.data_as(ctypes.c_void_p), u64(p), u64(q),
    )  # fmt: skip
    assert (out[n:] == 77).all()
    return out[:n]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_source_gives_the_known_answers(on_the_cpu: ctypes.CDLL, counter: Any, key: Any, words: Any) -> None:
    a, b, c, d = counter
    out = (ctypes.c_uint32 * 4)()
    u64 = ctypes.c_uint64
    on_the_cpu.philox_block(u64(key[0] | key[1] << 32), u64(a | b << 32), u64(c | d << 32), out)
    assert tuple(out) == words


CALLS = [
    ("words", ()), ("uniform32", (24,)), ("uniform32", (11,)), ("uniform64", ()), ("normal32", ()), ("normal64", ()),
    ("integers", (5, 1000)), ("integers", (2**64 - 7, 2**63 + 11)), ("integers", (0, 0)),
]  # fmt: skip


def compare(kernel: str, got: np.ndarray, expected: np.ndarray) -> None:
    """Integers and uniforms are equal to the bit; logarithms and sines differ in their last bits."""
    assert got.dtype == expected.dtype
    if kernel == "normal32":
        # Where the cosine is close to 0 its float32 argument is off by half a step, 2e-7 of a turn.
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=4e-6)
    elif kernel == "normal64":
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("kernel", "options"), CALLS)
@pytest.mark.parametrize("n", [1, 3, 1021])
def test_the_source_draws_what_numpy_draws(
    on_the_cpu: ctypes.CDLL, kernel: str, options: tuple[int, ...], n: int
) -> None:
    key, first = 0x0123456789ABCDEF, 2**32 - 100  # the counter carries over into its second word
    compare(kernel, launch(on_the_cpu, kernel, key, first, n, *options), draw(kernel, key, first, n, *options))


LAUNCH_SCATTER = r"""
extern "C" void launch(const char* name, u64 threads, u64 n, u64 inner, const i64* rows, const i64* order,
                       const void* values, void* sums, void* target) {
    blockDim.x = 128;
    unsigned grid = (unsigned)((threads + 127) / 128);
    for (blockIdx.x = 0; blockIdx.x < grid; ++blockIdx.x)
        for (threadIdx.x = 0; threadIdx.x < 128; ++threadIdx.x) {
            if (!strcmp(name, "chunk_sums_float32"))
                chunk_sums_float32(n, inner, rows, order, (const float*)values, (float*)sums);
            if (!strcmp(name, "add_chunks_float32"))
                add_chunks_float32(n, inner, rows, (const float*)sums, (float*)target);
            if (!strcmp(name, "chunk_sums_float64"))
                chunk_sums_float64(n, inner, rows, order, (const double*)values, (double*)sums);
            if (!strcmp(name, "add_chunks_float64"))
                add_chunks_float64(n, inner, rows, (const double*)sums, (double*)target);
        }
}
"""


@pytest.fixture(scope="module")
def scatter_on_the_cpu(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return built(scatter.SOURCE + LAUNCH_SCATTER, tmp_path_factory.mktemp("scatter"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("n", "inner", "places"), [(1, 1, 1), (64, 1, 1), (65, 3, 2), (1000, 1, 3), (500, 7, 40)])
def test_the_source_adds_what_numpy_adds(
    scatter_on_the_cpu: ctypes.CDLL, dtype: str, n: int, inner: int, places: int
) -> None:
    rng = np.random.default_rng(n)
    index = rng.integers(0, places, n)
    order = np.argsort(index, kind="stable")
    rows = index[order]
    values = rng.integers(-8, 9, (n, inner)).astype(dtype)  # sums of small integers are exact in any order
    target = rng.integers(-8, 9, (places, inner)).astype(dtype)
    expected = target.copy()
    np.add.at(expected, index, values)
    by_numpy = target.copy()

    sums, model = np.full((n, inner), np.nan, dtype), np.full((n, inner), np.nan, dtype)
    u64 = ctypes.c_uint64
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (rows, order, values, sums, target)]
    for kernel in ("chunk_sums", "add_chunks"):
        name = f"{kernel}_{dtype}".encode()
        scatter_on_the_cpu.launch(name, u64(n * inner), u64(n), u64(inner), *pointers)
    chunk_sums(n, inner, rows, order, values, model)
    add_chunks(n, inner, rows, model, by_numpy)

    np.testing.assert_array_equal(target, expected)
    np.testing.assert_array_equal(by_numpy, expected)
    np.testing.assert_array_equal(sums, model)  # the same places hold partial sums, the others are left alone


@pytest.mark.gpu
@pytest.mark.parametrize(("kernel", "options"), CALLS)
def test_the_gpu_draws_what_numpy_draws(kernel: str, options: tuple[int, ...]) -> None:
    try:
        stream = backends.get("cupy").generator(5)
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    per_block, dtype = KERNELS[kernel]
    typed = [np.int32(option) if kernel == "uniform32" else np.uint64(option) for option in options]
    got = stream.run(kernel, 2**32 - 100, -(-1021 // per_block), (1021,), dtype, *typed)  # type: ignore[attr-defined]
    compare(kernel, to_numpy(got), draw(kernel, stream.key, 2**32 - 100, 1021, *options))  # type: ignore[attr-defined]

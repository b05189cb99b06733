"""The CUDA sources, held against NumPy without a GPU: compiled by NVRTC, and run by the C++ compiler's CPU code."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
import pytest

import backends
from backends.cuda import convolution, philox, pooling, recurrent, rows, scatter
from backends.cuda.philox import KERNELS
from backends.cupy_backend import OPTIONS
from tests.cuda_on_cpu import compiled, needs_compiler
from tests.helpers import to_numpy
from tests.strict_kernels import add_chunks, chunk_sums, draw
from tests.strict_kernels import philox as philox_in_numpy

SOURCES = {
    "philox": (philox.SOURCE, tuple(KERNELS)),
    "scatter": (scatter.SOURCE, scatter.KERNELS),
    "pooling": (pooling.SOURCE, pooling.KERNELS),
    "convolution": (convolution.SOURCE, convolution.KERNELS),
    "recurrent": (recurrent.SOURCE, recurrent.KERNELS),
    **{f"rows_{group}": (source, rows.KERNELS[group]) for group, source in rows.SOURCES.items()},
}


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

ONE_BLOCK = r"""
extern "C" __global__ void philox_block(u64 key, u64 low, u64 high, u32* out) {
    Block r = philox(key, low, high);
    for (int i = 0; i < 4; ++i) out[i] = r.w[i];
}
"""


def launch(kernel: str, key: int, first: int, n: int, *options: int) -> np.ndarray:
    per_block, dtype = KERNELS[kernel]
    out = np.full(n, 77, dtype)
    typed = [np.int32(option) if kernel == "uniform32" else np.uint64(option) for option in options]
    # One thread block more than needed, as when the count is rounded up.
    args = (np.uint64(key), np.uint64(first), np.uint64(n), out, *typed)
    compiled(philox.SOURCE, tuple(KERNELS)).launch(kernel, -(-n // per_block) + 128, args)
    return out


@needs_compiler
@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_the_source_gives_the_known_answers(counter: Any, key: Any, words: Any) -> None:
    a, b, c, d = counter
    out = np.zeros(4, np.uint32)
    numbers = [np.uint64(low | high << 32) for low, high in (key, (a, b), (c, d))]
    compiled(philox.SOURCE + ONE_BLOCK, ("philox_block",)).launch("philox_block", 1, (*numbers, out), block=1)
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


@needs_compiler
@pytest.mark.parametrize(("kernel", "options"), CALLS)
@pytest.mark.parametrize("n", [1, 3, 1021])
def test_the_source_draws_what_numpy_draws(kernel: str, options: tuple[int, ...], n: int) -> None:
    key, first = 0x0123456789ABCDEF, 2**32 - 100  # the counter carries over into its second word
    compare(kernel, launch(kernel, key, first, n, *options), draw(kernel, key, first, n, *options))


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("n", "inner", "places"), [(1, 1, 1), (64, 1, 1), (65, 3, 2), (1000, 1, 3), (500, 7, 40)])
def test_the_source_adds_what_numpy_adds(dtype: str, n: int, inner: int, places: int) -> None:
    rng = np.random.default_rng(n)
    index = rng.integers(0, places, n)
    order = np.argsort(index, kind="stable")
    places_of = index[order]
    values = rng.integers(-8, 9, (n, inner)).astype(dtype)  # sums of small integers are exact in any order
    target = rng.integers(-8, 9, (places, inner)).astype(dtype)
    expected = target.copy()
    np.add.at(expected, index, values)
    by_numpy = target.copy()

    sums, model = np.full((n, inner), np.nan, dtype), np.full((n, inner), np.nan, dtype)
    kernels, sizes = compiled(scatter.SOURCE, scatter.KERNELS), (np.uint64(n), np.uint64(inner))
    kernels.launch(f"chunk_sums_{dtype}", n * inner, (*sizes, places_of, order, values, sums))
    kernels.launch(f"add_chunks_{dtype}", n * inner, (*sizes, places_of, sums, target))
    chunk_sums(n, inner, places_of, order, values, model)
    add_chunks(n, inner, places_of, model, by_numpy)

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

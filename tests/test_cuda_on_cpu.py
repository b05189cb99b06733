"""The CPU that stands for a GPU: blocks and warps that wait for one another, and the mistakes it finds."""

from __future__ import annotations

import numpy as np
import pytest

from backends.cuda import rows
from tests.cuda_on_cpu import ORDERS, compiled, needs_compiler

pytestmark = needs_compiler

SOURCE = r"""
extern "C" __global__ void turned(const float* x, float* out, int wait) {
    __shared__ float kept[64];
    kept[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
    if (wait) __syncthreads();
    out[blockIdx.x * blockDim.x + threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
}
extern "C" __global__ void exchanged(const double* x, double* down, double* across, double* first) {
    unsigned i = threadIdx.x;
    down[i] = __shfl_down_sync(0xffffffffu, x[i], 3);
    across[i] = __shfl_xor_sync(0xffffffffu, x[i], 5);
    first[i] = __shfl_sync(0xffffffffu, x[i], 2, 8);
}
extern "C" __global__ void through_a_warp(int* out) {
    __shared__ int kept[64];
    unsigned i = threadIdx.x;
    for (int round = 0; round < 3; ++round) {
        kept[i] = i + 100 * round;
        __syncwarp();
        out[i] = kept[i ^ 1];
        __syncwarp();
    }
}
extern "C" __global__ void of_some(unsigned mask, int source, int* out) {
    if (mask >> threadIdx.x & 1) out[threadIdx.x] = __shfl_sync(mask, (int)threadIdx.x * 10, source);
}
extern "C" __global__ void left_alone() { if (threadIdx.x) __shfl_sync(0xffffffffu, 1, 0); }
extern "C" __global__ void apart() {
    if (threadIdx.x < 31) __syncwarp();
    else __syncthreads();
}
extern "C" __global__ void without(int* out) {
    if (threadIdx.x > 3) return;
    __syncthreads();
    out[threadIdx.x] = 1;
}
extern "C" __global__ void beside(int* out, long long place) { if (threadIdx.x == 0) out[place] = 1; }
extern "C" __global__ void added(const float* x, float* out, long long place) { out[place] = x[place] + 1; }
extern "C" __global__ void copied(const float* x, float* out, long long place) { out[0] = x[place]; }
"""
NAMES = (
    "turned", "exchanged", "through_a_warp", "of_some", "left_alone", "apart", "without", "beside", "added",
    "copied",
)  # fmt: skip


@pytest.fixture(params=ORDERS)
def order(request: pytest.FixtureRequest) -> str:
    return request.param


def test_threads_wait_for_their_block(order: str) -> None:
    x = np.arange(128, dtype="float32")
    out = np.zeros_like(x)
    compiled(SOURCE, NAMES).launch("turned", 128, (x, out, np.int32(1)), order, block=64)
    np.testing.assert_array_equal(out, x.reshape(2, 64)[:, ::-1].reshape(-1))


def test_a_missing_barrier_shows() -> None:
    x, found = np.arange(128, dtype="float32"), []
    for order in ORDERS:
        out = np.zeros_like(x)
        compiled(SOURCE, NAMES).launch("turned", 128, (x, out, np.int32(0)), order, block=64)
        found.append(out)
    assert (found[0] != found[1]).any() and (found[0] != found[2]).any()


def test_lanes_exchange_what_cuda_says(order: str) -> None:
    x = np.arange(64) * 1.5
    down, across, first = np.zeros(64), np.zeros(64), np.zeros(64)
    compiled(SOURCE, NAMES).launch("exchanged", 64, (x, down, across, first), order, block=64)
    i = np.arange(64)
    np.testing.assert_array_equal(down, x[np.where(i % 32 < 29, i + 3, i)])
    np.testing.assert_array_equal(across, x[i ^ 5])
    np.testing.assert_array_equal(first, x[i // 8 * 8 + 2])


def test_warps_wait_for_themselves(order: str) -> None:
    out = np.zeros(64, "int32")
    compiled(SOURCE, NAMES).launch("through_a_warp", 64, (out,), order, block=64)
    np.testing.assert_array_equal(out, (np.arange(64) ^ 1) + 200)


def test_a_mask_names_who_takes_part(order: str) -> None:
    out = np.zeros(32, "int32")
    compiled(SOURCE, NAMES).launch("of_some", 32, (np.uint32(0b10110), np.int32(2), out), order, block=32)
    np.testing.assert_array_equal(out[:6], [0, 20, 20, 0, 20, 0])
    with pytest.raises(RuntimeError, match=r"of_some: a shuffle reads from a lane outside its mask \(block 0\)"):
        compiled(SOURCE, NAMES).launch("of_some", 32, (np.uint32(6), np.int32(0), out), order, block=32)


def test_waiting_for_ever_is_an_error(order: str) -> None:
    kernels = compiled(SOURCE, NAMES)
    with pytest.raises(RuntimeError, match="left_alone: a warp's mask names a thread that has returned"):
        kernels.launch("left_alone", 32, (), order, block=32)
    with pytest.raises(RuntimeError, match="apart: some threads wait for a warp, others for the block, for ever"):
        kernels.launch("apart", 64, (), order, block=64)
    out = np.zeros(8, "int32")
    kernels.launch(
        "without", 8, (out,), order, block=8
    )  # the next launch is served, and who has returned is not missed
    assert out.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_memory_beside_an_array_is_watched() -> None:
    kernels = compiled(SOURCE, NAMES)
    out = np.zeros(3, "int32")
    for place in (-1, 3):
        with pytest.raises(RuntimeError, match=r"beside: wrote beside an array of shape \(3,\)"):
            kernels.launch("beside", 1, (out, np.int64(place)))
    kernels.launch("beside", 1, (out, np.int64(2)))
    assert out.tolist() == [0, 0, 1]
    x, found = np.ones(3, "float32"), np.zeros(1, "float32")
    kernels.launch("copied", 1, (x, found, np.int64(3)))
    assert np.isnan(found[0])
    # NaN that is made of what is read beside one array is seen beside another.
    with pytest.raises(RuntimeError, match=r"added: wrote beside an array of shape \(3,\)"):
        kernels.launch("added", 1, (x, x.copy(), np.int64(3)))


def test_what_a_gpu_would_misread_is_an_error() -> None:
    kernels = compiled(SOURCE, NAMES)
    out, x = np.zeros(4, "float32"), np.zeros((2, 4), "float32")
    assert kernels.parameters["copied"] == ["float32[]", "float32[]=", "int64"]
    for args, message in (
        ((x, out), r"copied: expected 3 arguments \(float32\[\], float32\[\]=, int64\); got 2"),
        ((x.astype("float64"), out, np.int64(0)), r"copied: expected float32\[\]; got float64\[\]"),
        ((x, out, np.int32(0)), "copied: expected int64; got int32"),
        ((x, np.float32(0), np.int64(0)), r"copied: expected float32\[\]=; got float32"),
        ((x.T, out, np.int64(0)), r"copied: expected contiguous arrays, as it knows no strides; got strides \(4, 16\)"),
    ):
        with pytest.raises(TypeError, match=message):
            kernels.launch("copied", 1, args)


def test_what_does_not_compile_says_so() -> None:
    with pytest.raises(RuntimeError, match="no_such_variable"):
        compiled("__global__ void wrong() { no_such_variable = 1; }", ("wrong",))


@pytest.mark.parametrize("barrier", [0, 1])
def test_each_barrier_of_the_rows_is_needed(barrier: int) -> None:
    """Without one, sums over a block depend on the order of its threads."""
    parts = rows.SOURCES["block_float64"].split("__syncthreads();")
    assert len(parts) == 3
    source = "__syncthreads();".join(parts[: barrier + 1]) + "__syncthreads();".join(parts[barrier + 1 :])
    rng, results = np.random.default_rng(0), []
    x, g = rng.normal(size=(3, 900)), rng.normal(size=(3, 900))
    for order in ORDERS:
        out = np.empty_like(x)
        args = (np.uint64(3), np.uint64(900), np.int32(1), g, x, np.ones(3), out)
        compiled(source, ("normalize_back_block_float64",)).launch("normalize_back_block_float64", 384, args, order)
        results.append(out)
    assert any((result != results[0]).any() for result in results)

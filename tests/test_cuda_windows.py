"""Pooling and convolution in CUDA C, run as C++ on this CPU, against the formulas."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
from autograd import gradients, tensor
from autograd.ops import conv, pool
from backends.cuda import convolution, pooling
from backends.cuda.windows import are_made_for, windows_of
from tests.cuda_on_cpu import compiled, needs_compiler
from tests.cuda_threads import Kernels, kernels_on, launches_of
from tests.helpers import to_numpy

DTYPES = ("float32", "float64")
NEAR: dict[str, dict[str, float]] = {"float32": {"rtol": 2e-5, "atol": 2e-5}, "float64": {"rtol": 1e-12, "atol": 1e-12}}


@pytest.fixture(scope="module", params=["threads", pytest.param("cupy", marks=pytest.mark.gpu)])
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return kernels_on(request.param, pooling, convolution)


def formula(function: Any, *operands: Any, **options: Any) -> Any:
    with np.errstate(all="ignore"):
        return function.primitive.forward(np, *operands, **options)


def same(got: np.ndarray, expected: np.ndarray, **tolerance: float) -> None:
    assert got.dtype == expected.dtype and got.shape == expected.shape
    if tolerance:
        np.testing.assert_allclose(got, expected, **tolerance)
    else:
        np.testing.assert_array_equal(got, expected)


class Frame:
    """Windows over one to three axes, at random: with padding before and behind, gaps, overlaps, places left over."""

    def __init__(self, data: st.DataObject) -> None:
        n = data.draw(st.integers(1, 3))

        def sizes(low: int, high: int) -> tuple[int, ...]:
            return tuple(data.draw(st.lists(st.integers(low, high), min_size=n, max_size=n)))

        self.window, self.stride, self.dilation = sizes(1, 3), sizes(1, 3), sizes(1, 2)
        self.padding = tuple(zip(sizes(0, 2), sizes(0, 2), strict=True))
        reach = [d * (k - 1) + 1 - a - b for k, d, (a, b) in zip(self.window, self.dilation, self.padding, strict=True)]
        self.size = tuple([max(1, r) + more for r, more in zip(reach, sizes(0, 4), strict=True)])
        self.out = conv.output_size(self.size, self.window, self.stride, self.padding, self.dilation)
        self.rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        self.dtype = data.draw(st.sampled_from(DTYPES))
        self.order = data.draw(st.sampled_from(["C", "F", "reversed"]))

    @property
    def options(self) -> dict[str, Any]:
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    def draw(self, *shape: int, awkward: bool = False) -> np.ndarray:
        """Random numbers in some order in memory; or of a few values, with NaN and infinities among them."""
        x = self.rng.normal(size=shape).astype(self.dtype)
        if awkward:
            x = np.round(x)
            some = self.rng.random(shape)
            x[some < 0.3] = -np.inf
            x[some < 0.1] = np.nan
            x[some < 0.05] = np.inf
        if self.order == "reversed":
            return x[..., ::-1]
        return np.asfortranarray(x) if self.order == "F" else x


# Pooling ----------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_max_pooling_is_the_formulas_to_the_bit(kernels: Kernels, data: st.DataObject) -> None:
    frame = Frame(data)
    options = {"window": frame.window, **frame.options}
    x = frame.draw(2, 3, *frame.size, awkward=data.draw(st.booleans()))
    best, index = kernels("max_pool", x, **options)
    for got, expected in zip((best, index), formula(pool.max_pool, x, **options), strict=True):
        same(got, expected)
    g, t = frame.draw(2, 3, *frame.out), frame.draw(2, 3, *frame.size)
    got = kernels("unpool_pick", g, index, size=frame.size, **options)
    same(got, formula(pool.unpool_pick, g, index, size=frame.size, **options))
    same(kernels("pool_pick", t, index, **options), formula(pool.pool_pick, t, index, **options))


@given(data=st.data())
def test_sums_over_windows_are_the_formulas_to_the_bit(kernels: Kernels, data: st.DataObject) -> None:
    frame = Frame(data)
    options = {"window": frame.window, **frame.options}
    awkward = data.draw(st.booleans())
    x, g = frame.draw(3, *frame.size, awkward=awkward), frame.draw(3, *frame.out, awkward=awkward)
    with np.errstate(invalid="ignore"):
        same(kernels("pool_sum", x, **options), formula(pool.pool_sum, x, **options))
        got = kernels("unpool_sum", g, size=frame.size, **options)
        same(got, formula(pool.unpool_sum, g, size=frame.size, **options))


SQUARE: dict[str, Any] = {"window": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


def test_a_place_that_no_window_picked_gets_nothing_of_what_is_not_finite(kernels: Kernels) -> None:
    x = np.arange(16.0, dtype="float32").reshape(4, 4)
    _, index = kernels("max_pool", x, **SQUARE)
    g = np.array([[np.inf, np.nan], [-np.inf, 1]], "float32")
    got = kernels("unpool_pick", g, index, size=(4, 4), **SQUARE)
    expected = np.zeros((4, 4), "float32")
    expected[1::2, 1::2] = g
    same(got, expected)
    same(kernels("pool_pick", got, index, **SQUARE), g)


@pytest.mark.parametrize(("window", "narrow"), [((127,), "int8"), ((128,), "int32"), ((300,), "int32")])
def test_an_index_is_as_wide_as_the_formulas(kernels: Kernels, window: Any, narrow: str) -> None:
    options: Any = {"window": window, "stride": (40,), "padding": ((3, 4),), "dilation": (1,)}
    x = np.random.default_rng(0).normal(size=(2, 500))
    best, index = kernels("max_pool", x, **options)
    assert index.dtype == narrow
    for got, expected in zip((best, index), formula(pool.max_pool, x, **options), strict=True):
        same(got, expected)
    got = kernels("unpool_pick", best, index, size=(500,), **options)
    same(got, formula(pool.unpool_pick, best, index, size=(500,), **options))


# Convolution ------------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_convolutions_are_the_formulas(kernels: Kernels, data: st.DataObject) -> None:
    frame = Frame(data)
    batch, groups, ins, outs = (data.draw(st.integers(1, 3)) for _ in range(4))
    options = {**frame.options, "groups": groups}
    x, weight = frame.draw(batch, groups * ins, *frame.size), frame.draw(groups * outs, ins, *frame.window)
    bias = frame.draw(groups * outs) if data.draw(st.booleans()) else None
    near = NEAR[frame.dtype]
    y = formula(conv.conv, x, weight, bias, **options)
    same(kernels("conv", x, weight, bias, **options), y, **near)
    g = frame.draw(*y.shape)
    got = kernels("conv_input", g, weight, size=frame.size, **options)
    same(got, formula(conv.conv_input, g, weight, size=frame.size, **options), **near)
    got = kernels("conv_weight", g, x, window=frame.window, **options)
    same(got, formula(conv.conv_weight, g, x, window=frame.window, **options), **near)


@given(data=st.data())
def test_windows_are_cut_and_added_as_the_formula_does_to_the_bit(kernels: Kernels, data: st.DataObject) -> None:
    """With a product by 1 there is nothing to round but the sums."""
    frame = Frame(data)
    options = {**frame.options, "groups": 1}
    places = math.prod(frame.window)
    unit = np.eye(places, dtype=frame.dtype).reshape(places, 1, *frame.window)
    x = frame.draw(2, 1, *frame.size)
    y = kernels("conv", x, unit, None, **options)
    same(y, formula(conv.conv, x, unit, None, **options))
    g = frame.draw(*y.shape)
    got = kernels("conv_input", g, unit, size=frame.size, **options)
    same(got, formula(conv.conv_input, g, unit, size=frame.size, **options))


@pytest.mark.parametrize(
    ("size", "window"), [((40,), (33,)), ((100,), (96,)), ((9, 12), (7, 11)), ((4, 5, 6), (4, 4, 5))]
)
def test_windows_of_many_entries_are_cut_in_pieces(kernels: Kernels, size: Any, window: Any) -> None:
    n = len(size)
    options: Any = {"stride": (1,) * n, "padding": ((1, 0),) * n, "dilation": (1,) * n, "groups": 1}
    assert math.prod(window) > convolution.PIECE
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 2, *size)), rng.normal(size=(3, 2, *window))
    y = formula(conv.conv, x, weight, None, **options)
    same(kernels("conv", x, weight, None, **options), y, **NEAR["float64"])
    got = kernels("conv_input", y, weight, size=size, **options)
    same(got, formula(conv.conv_input, y, weight, size=size, **options), rtol=1e-10, atol=1e-9)
    got = kernels("conv_weight", y, x, window=window, **options)
    same(got, formula(conv.conv_weight, y, x, window=window, **options), rtol=1e-10, atol=1e-9)


# What they are for ------------------------------------------------------------------------------------------------


def test_a_step_takes_so_many_launches(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight, bias = [np.ones(shape, "float32") for shape in ((2, 3, 4, 4), (5, 3, 3, 3), (5,))]
    options: Any = {"stride": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    launched = launches_of(kernels.backend, monkeypatch)
    y = kernels("conv", x, weight, bias, **options)
    best, index = kernels("max_pool", y, **SQUARE)
    g = kernels("unpool_pick", best, index, size=(4, 4), **SQUARE)
    kernels("conv_input", g, weight, size=(4, 4), **options)
    kernels("conv_weight", g, x, window=(3, 3), **options)
    assert launched == ["columns", "spread", "max_pool_int8", "unpool_pick_int8", "fold", "columns"]


def test_a_network_s_step_runs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the strict backend, with gradients as on NumPy, and with second derivatives by the formulas."""
    launched = launches_of(backends.get("strict"), monkeypatch)
    rng = np.random.default_rng(0)
    given = [rng.normal(size=shape) for shape in ((2, 3, 6, 6), (4, 3, 3, 3), (4,))]
    found = []
    for place in ("numpy", "strict"):
        x, weight, bias = leaves = [tensor(backends.get(place).asarray(a), requires_grad=True) for a in given]
        y = anp.max_pool2d(anp.tanh(anp.conv2d(x, weight, bias, padding=1)), 2)
        loss = (anp.avg_pool2d(y, 2, stride=1) ** 2).sum()
        first = gradients(loss, leaves, create_graph=True)
        found.append([*first, *gradients(sum((g**2).sum() for g in first), leaves)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-10, atol=1e-10)
    assert {"columns", "spread", "fold", "max_pool_int8", "pool_sum"} < set(launched)


@pytest.mark.parametrize("dtype", ["float16", "int32", "complex64", "bool"])
def test_other_dtypes_are_the_formulas(kernels: Kernels, dtype: str) -> None:
    x = np.ones((2, 3, 4, 4), dtype)
    index = np.zeros((2, 3, 2, 2), "int8")
    for name in ("max_pool", "pool_sum"):
        assert kernels.declines(name, x, **SQUARE)
    assert kernels.declines("pool_pick", x, index, **SQUARE)
    assert kernels.declines("unpool_pick", x[..., :2, :2], index, size=(4, 4), **SQUARE)
    assert kernels.declines("unpool_sum", x[..., :2, :2], size=(4, 4), **SQUARE)
    options: Any = {"stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1}
    weight = np.ones((5, 3, 2, 2), dtype)
    assert kernels.declines("conv", x, weight, None, **options)
    assert kernels.declines("conv_input", np.ones((2, 5, 3, 3), dtype), weight, size=(4, 4), **options)
    assert kernels.declines("conv_weight", np.ones((2, 5, 3, 3), dtype), x, window=(2, 2), **options)


def test_what_does_not_belong_together_is_the_formulas_to_refuse(kernels: Kernels) -> None:
    x, y, index = np.ones((2, 3, 4, 4)), np.ones((2, 3, 2, 2)), np.zeros((2, 3, 2, 2), "int8")
    assert not kernels.declines("pool_pick", x, index, **SQUARE)
    for change in (index[:1], index[..., :1], index.astype("int64")):
        assert kernels.declines("pool_pick", x, change, **SQUARE)
        assert kernels.declines("unpool_pick", y, change, size=(4, 4), **SQUARE)
    assert kernels.declines("unpool_pick", y, index, size=(6, 4), **SQUARE)
    assert kernels.declines("unpool_sum", y, size=(6, 4), **SQUARE)
    assert kernels.declines("max_pool", x[:0], **SQUARE) and kernels.declines("pool_sum", x[:, :, :1], **SQUARE)
    assert kernels.declines("max_pool", x[0, 0, 0], **SQUARE)
    options: Any = {"stride": (1, 1), "padding": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1}
    weight, bias, out = np.ones((5, 3, 2, 2)), np.ones(5), np.ones((2, 5, 3, 3))
    assert not kernels.declines("conv", x, weight, bias, **options)
    for change in (
        (x[:, :2], weight, bias), (x, weight, bias[:4]), (x, weight.astype("float32"), bias), (x[0], weight, bias),
        (x, weight, bias.astype("float32")), (x[:0], weight, bias), (x[..., :1], weight, bias),
    ):  # fmt: skip
        assert kernels.declines("conv", *change, **options)
    assert kernels.declines("conv", x, np.ones((5, 1, 2, 2)), bias, **options | {"groups": 3})
    assert not kernels.declines("conv_input", out, weight, size=(4, 4), **options)
    assert kernels.declines("conv_input", out, weight, size=(5, 4), **options)
    assert kernels.declines("conv_input", out[:, :4], weight, size=(4, 4), **options)
    assert not kernels.declines("conv_weight", out, x, window=(2, 2), **options)
    assert kernels.declines("conv_weight", out, x, window=(3, 2), **options)
    assert kernels.declines("conv_weight", out[:1], x, window=(2, 2), **options)


def test_windows_that_kernels_have_not_got() -> None:
    pads = ((0, 0),)
    assert windows_of((5,), (2,), (1,), pads, (1,)) is not None
    assert windows_of((), (), (), (), ()) is None
    assert windows_of((5,) * 4, (2,) * 4, (1,) * 4, pads * 4, (1,) * 4) is None
    assert windows_of((5,), (2,), (1,), ((-1, 0),), (1,)) is None
    assert windows_of((5,), (6,), (1,), pads, (1,)) is None
    assert windows_of((0,), (2,), (1,), ((1, 1),), (1,)) is None


def test_arrays_of_several_devices_are_not_a_kernels() -> None:
    def array(device: int, size: int = 3, dtype: str = "float32") -> Any:
        return SimpleNamespace(dtype=np.dtype(dtype), size=size, device=device)

    assert are_made_for(array(0), array(0)) and are_made_for(array(1, dtype="float64"))
    assert not are_made_for(array(0), array(1))
    assert not are_made_for(array(0), array(0, size=0))
    assert not are_made_for(array(0), array(0, dtype="float64"))
    assert not are_made_for(array(0, dtype="float16"))


FAR = r"""
extern "C" __global__ void far_pool_sum(i64 first, const float* x, float* out) {
    Windows w = {{1, 1, 2}, {1, 1, 1}, {1, 1, 2}, {1, 1, 2}, {0, 0, 0}, {1, 1, 1}};
    blockIdx.x += (unsigned)(first / 128);
    pool_sum<float>(w, x - 2 * first, out - first, first + 128);
    blockIdx.x -= (unsigned)(first / 128);
}
"""


@needs_compiler
def test_threads_beyond_two_to_the_32nd_find_their_elements() -> None:
    """A block far out, with the addresses shifted so that what it reads and writes is there."""
    x, out = np.arange(256.0, dtype="float32"), np.zeros(128, "float32")
    far = compiled(pooling.SOURCE + FAR, ("far_pool_sum",))
    far.launch("far_pool_sum", 128, (np.int64(2**33), x, out))
    same(out, x[::2] + x[1::2])

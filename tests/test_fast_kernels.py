"""NumPy's kernels for networks against the formulas, with compiled loops and without: values, dtypes, NaN, memory."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
import scipy.special

import autograd.numpy as anp
from autograd import gradients, tensor
from autograd.ops import activations, conv, network, pool, recurrent, reduce
from backends import heap, jit, numpy_convolution, numpy_kernels, threads

TOLERANCE = {"float32": {"rtol": 2e-6, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-12}}
DTYPES = tuple(TOLERANCE)


@pytest.fixture(params=[True, False], ids=["jit", "plain"])
def loops(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether compiled loops are used."""
    if not request.param:
        with jit.without_jit():
            yield False
        return
    if not jit.has_numba():
        pytest.skip("the extra jit is not installed: pip install 'xpgrad[jit]'")
    yield True


def draw(*shape: int, dtype: str = "float32", seed: int = 0, scale: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype(dtype)


def formula(function: Any, *operands: Any, **options: Any) -> Any:
    with np.errstate(all="ignore"):
        return function.primitive.forward(np, *operands, **options)


def same(got: Any, expected: Any, dtype: str, **tolerance: Any) -> None:
    assert type(got) is type(expected)
    for a, b in zip(got, expected, strict=True) if isinstance(got, tuple) else [(got, expected)]:
        assert a.dtype == b.dtype == dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, **(tolerance or TOLERANCE[dtype]))


# GELU -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [5000, 40_000, 100_000])
def test_gelu_is_the_normal_distributions(size: int, loops: bool) -> None:
    x = draw(size, scale=3)
    x[:4] = [0.0, -0.0, 40.0, -40.0]
    exact = x.astype("float64")
    phi = np.exp(-(exact**2) / 2) / math.sqrt(2 * math.pi)
    out = activations.gelu(x)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, exact * scipy.special.ndtr(exact), rtol=1e-6, atol=5e-7)
    g = draw(size, seed=1)
    back = activations.gelu_back(g, x)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, g * (scipy.special.ndtr(exact) + exact * phi), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_approximate_gelu_is_its_formula(dtype: str, loops: bool) -> None:
    x, g = draw(300, 200, dtype=dtype), draw(300, 200, dtype=dtype, seed=1)
    same(activations.gelu_tanh(x), formula(activations.gelu_tanh, x), dtype)
    # Far to the left, the last bit of tanh counts x² times.
    rough = {"float32": 2e-5, "float64": 1e-12}[dtype]
    same(activations.gelu_tanh_back(g, x), activations.gelu_tanh_back.formula(g, x), dtype, rtol=1e-5, atol=rough)
    same(activations.gelu_tanh(x.T), np.ascontiguousarray(activations.gelu_tanh(x).T), dtype)


@pytest.mark.parametrize("function", [activations.gelu, activations.gelu_tanh])
def test_gelus_of_what_is_not_finite_are_the_formulas(function: Any, loops: bool) -> None:
    x = draw(20_000)
    x[:3] = [np.nan, np.inf, -np.inf]
    got, expected = function(x), formula(function, x)
    np.testing.assert_array_equal(got[:3], expected[:3])
    assert np.isfinite(got[3:]).all()


# Rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3, 4), (400, 64), (3, 7, 1000), (1, 30_000)])
def test_softmax_and_its_rule_are_the_formulas(shape: tuple[int, ...], dtype: str, loops: bool) -> None:
    last = len(shape) - 1
    for scale, shift in ((1.0, 0.0), (5.0, 200.0), (5.0, -200.0), (50.0, 0.0)):
        x = draw(*shape, dtype=dtype, scale=scale) + np.dtype(dtype).type(shift)
        for axis in (last, 0):
            same(network.softmax(x, axis=axis), formula(network.softmax, x, axis=axis), dtype)
    p, g = network.softmax(draw(*shape, dtype=dtype), axis=last), draw(*shape, dtype=dtype, seed=1)
    for axis in (last, 0):
        same(network.softmax_back(g, p, axis), network.softmax_back.formula(g, p, axis), dtype, rtol=1e-5, atol=1e-6)


def test_masked_rows_and_nan_are_softmaxs_formula(loops: bool) -> None:
    x = draw(400, 64)
    x[0, 10:] = x[1, :] = -np.inf
    x[2, 5], x[3, 6], x[4, :] = np.nan, np.inf, -1e30
    x[5, 0] = -np.float32(np.nan)
    with np.errstate(invalid="ignore"):
        got = network.softmax(x, axis=1)
    same(got, formula(network.softmax, x, axis=1), "float32")
    assert (got[0, 10:] == 0).all() and np.isnan(got[1:4]).all() and np.isnan(got[5]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [(0,), (1,), (0, 1)])
def test_logsumexp_and_its_rule_are_the_formulas(axis: tuple[int, ...], dtype: str) -> None:
    for scale, shift in ((1.0, 0.0), (5.0, 200.0), (5.0, -200.0), (50.0, 0.0)):
        x = draw(90, 60, dtype=dtype, scale=scale) + np.dtype(dtype).type(shift)
        for keepdims in (True, False):
            out = reduce.logsumexp(x, axis=axis, keepdims=keepdims)
            same(np.asarray(out), np.asarray(formula(reduce.logsumexp, x, axis=axis, keepdims=keepdims)), dtype)
            g = np.asarray(np.float64(1.5) + out * 0, dtype=dtype)
            got = reduce.logsumexp_back(g, x, np.asarray(out), axis)
            expected = reduce.logsumexp_back.formula(g, x, np.asarray(out), axis)
            same(got, expected, dtype, rtol=1e-5, atol=1e-7)
    x[:, 3] = x[5] = -np.inf
    out = reduce.logsumexp(x, axis=axis, keepdims=False)
    same(np.asarray(out), np.asarray(formula(reduce.logsumexp, x, axis=axis, keepdims=False)), dtype)
    back = reduce.logsumexp_back(np.ones_like(out), x, np.asarray(out), axis)
    assert not np.isnan(back).any() and not back[:, 3].any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize(
    ("shape", "axis"), [((4, 6), (1,)), ((300, 128), (1,)), ((40, 5, 100), (1, 2)), ((9, 999), (0,))]
)
def test_norms_and_their_rules_are_the_formulas(
    shape: tuple[int, ...], axis: tuple[int, ...], centre: bool, dtype: str, loops: bool
) -> None:
    x = draw(*shape, dtype=dtype) + 3
    options = {"axis": axis, "epsilon": 1e-5, "centre": centre}
    found = network.normalize(x, **options)
    same(found, formula(network.normalize, x, **options), dtype, rtol=1e-5, atol=2e-6)
    g = draw(*shape, dtype=dtype, seed=1)
    for cotangents in ((g, None), (g, found[1])):
        got = network.normalize_back(cotangents, *found, axis, centre)
        same(got, network.normalize_back.formula(cotangents, *found, axis, centre), dtype, rtol=1e-4, atol=5e-6)


# Images -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_convolutions_are_the_formulas(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    n = 1 + seed % 3
    batch, channels, outs = rng.integers(1, 7), rng.integers(1, 4), rng.integers(1, 9)
    window, dilation, size = (tuple(map(int, rng.integers(*span, n))) for span in ((1, 4), (1, 3), (5, 9)))
    stride = (1,) * n if seed % 2 else tuple(map(int, rng.integers(1, 3, n)))
    padding = tuple((int(a), int(b)) for a, b in rng.integers(0, 3, (n, 2)))
    # One image at a time, a few, all.
    monkeypatch.setattr(numpy_convolution, "ROOM", int(rng.choice([1, 5000, 1 << 20])))
    x, weight = rng.normal(size=(batch, channels, *size)), rng.normal(size=(outs, channels, *window))
    x = np.asfortranarray(x) if seed % 5 == 0 else x
    bias = None if seed % 4 == 0 else rng.normal(size=outs)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 1}
    expected = formula(conv.conv, x, weight, bias, **options)
    got = numpy_convolution.conv(x, weight, bias, **options)
    same(got, expected, "float64")
    assert got.flags.c_contiguous
    y = rng.normal(size=expected.shape)
    got = numpy_convolution.conv_weight(y, x, window=window, **options)
    same(got, formula(conv.conv_weight, y, x, window=window, **options), "float64")
    assert numpy_convolution.conv_weight(y, x, window=window, **options) is not NotImplemented
    same(
        conv.conv_input(y, weight, size=size, **options),
        formula(conv.conv_input, y, weight, size=size, **options),
        "float64",
    )


def test_the_input_of_a_padded_convolution_is_a_convolution() -> None:
    y, weight = draw(5, 4, 6, 7), draw(4, 3, 3, 3)
    options: Any = {"size": (6, 7), "stride": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    expected = formula(conv.conv_input, y, weight, **options)
    same(numpy_convolution.conv_input(y, weight, **options), expected, "float32", rtol=1e-5, atol=1e-5)
    for change in ({"stride": (2, 2)}, {"padding": ((3, 3),) * 2}, {"groups": 2}):
        assert numpy_convolution.conv_input(y, weight, **options | change) is NotImplemented


def test_convolution_kernels_leave_other_operands_to_the_formula() -> None:
    x, weight = draw(2, 4, 5, 5), draw(4, 4, 3, 3)
    options: Any = {"stride": (1, 1), "padding": ((1, 1),) * 2, "dilation": (1, 1), "groups": 1}
    for a, b, c, change in (
        (x.astype("float16"), weight.astype("float16"), None, {}),
        (x, weight.astype("float64"), None, {}),
        (x, weight, np.zeros(4), {}),
        (x, weight[:, :2], None, {"groups": 2}),
        (x[:0], weight, None, {}),
    ):
        assert numpy_convolution.conv(a, b, c, **options | change) is NotImplemented
        assert conv.conv(a, b, c, **options | change).shape == (len(a), 4, 5, 5)


@pytest.mark.parametrize("stride", [1, 2])
def test_an_empty_batch_is_convolved_to_an_empty_batch(stride: int) -> None:
    x, weight, bias = [tensor(np.ones(shape), requires_grad=True) for shape in ((0, 4, 5, 5), (2, 4, 3, 3), (2,))]
    out = anp.conv2d(x, weight, bias, stride=stride)
    assert out.shape == (0, 2, 3 // stride + stride // 2, 3 // stride + stride // 2)
    found = gradients(out.sum(), [x, weight, bias])
    assert [g.shape for g in found] == [x.shape, weight.shape, bias.shape]
    assert not any(g.numpy().any() for g in found)


WINDOWS: Any = {"window": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 160, 120), (40, 3, 14, 28), (100, 2, 9, 16)])
def test_max_pooling_is_the_formulas(shape: tuple[int, ...], dtype: str, loops: bool) -> None:
    x = np.round(draw(*shape, dtype=dtype))  # with ties
    x[0, ..., 0, :4] = [np.nan, 1, -np.inf, -np.inf]
    x[0, ..., 1, :4] = [2, np.nan, -np.inf, -np.inf]
    x[0, ..., 1, 5] = np.nan
    x[0, ..., 0, 6] = np.inf
    expected = formula(pool.max_pool, x, **WINDOWS)
    best, index = pool.max_pool(x, **WINDOWS)
    same(best, expected[0], dtype)
    assert index.dtype == expected[1].dtype
    np.testing.assert_array_equal(index, expected[1])
    g = draw(*best.shape, dtype=dtype, seed=1)
    options = {"size": shape[-2:], **WINDOWS}
    same(pool.unpool_pick(g, index, **options), formula(pool.unpool_pick, g, index, **options), dtype)


def test_gates_keep_what_is_not_finite(loops: bool) -> None:
    g, x = draw(20_000), np.maximum(draw(20_000, seed=1), 0)
    g[:6], x[:6] = [np.nan, np.inf, -1, np.nan, np.inf, -1], [0, 0, 0, 1, 1, 1]
    with np.errstate(invalid="ignore"):
        got, expected = numpy_kernels.gate(g, x), g * (x > 0)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got[2:]), np.signbit(expected[2:]))


# Recurrence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(1, 3, 2), (7, 5, 3), (12, 20, 24)])
def test_the_lstm_and_its_rule_are_the_formulas(sizes: tuple[int, int, int], dtype: str, loops: bool) -> None:
    steps, batch, n = sizes
    x, h, c = draw(steps, batch, 4 * n, dtype=dtype), draw(batch, n, dtype=dtype), draw(batch, n, dtype=dtype, seed=1)
    weight = draw(4 * n, n, dtype=dtype, scale=0.3)
    found = recurrent.lstm(x, h, c, weight)
    same(found, formula(recurrent.lstm, x, h, c, weight), dtype)
    assert found[2].shape == (steps, 4, batch, n)
    g, more = draw(steps, batch, n, dtype=dtype, seed=2), draw(steps, batch, n, dtype=dtype, seed=3)
    turned = np.ascontiguousarray(g.swapaxes(0, 1)).swapaxes(0, 1)
    for cotangents in ((g, None, None), (None, g, None), (turned, more, None), (g, None, found[2])):
        got = recurrent.lstm_back(cotangents, *found, h, c, weight)
        expected = recurrent.lstm_back.formula(cotangents, *found, h, c, weight)
        same(got, expected, dtype, rtol=1e-4, atol={"float32": 5e-5, "float64": 1e-11}[dtype])


def test_mixed_dtypes_give_the_inputs_dtype(loops: bool) -> None:
    x, h = draw(3, 2, 8), draw(2, 2, dtype="float64")
    found = recurrent.lstm(x, h, h, draw(8, 2))
    same(found, formula(recurrent.lstm, x, h, h, draw(8, 2)), "float32")


# Compiled loops, threads, memory --------------------------------------------------------------------------------


def test_nothing_is_compiled_where_numba_is_missing_or_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    with jit.without_jit():
        assert jit.compiled("gelu") is None
        assert jit.over_elements("gelu", draw(jit.LARGE)) is None
    monkeypatch.setattr(jit, "has_numba", lambda: False)
    assert jit.compiled("gelu") is None
    x = draw(20_000)
    np.testing.assert_allclose(activations.gelu(x), formula(activations.gelu, x), atol=1e-6)


def test_small_arrays_do_not_load_numba() -> None:
    code = (
        "import sys, numpy as np, autograd; from autograd.ops.activations import gelu; gelu(np.ones(9000, 'float32'));"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_compiled_exponentials_are_exact_to_rounding() -> None:
    pytest.importorskip("numba", reason="the extra jit is not installed")
    from backends import numba_loops

    x = np.concatenate([np.linspace(-87, 0, 20_001), np.linspace(0, 87, 5001)]).astype("float32")
    got = np.array([numba_loops.exp(v) for v in x])
    np.testing.assert_allclose(got, np.exp(x.astype("float64")), rtol=2e-7)
    x = np.linspace(-12, 12, 20_000, dtype="float32")
    got = np.array([numba_loops.tanh(v) for v in x])
    np.testing.assert_allclose(got, np.tanh(x.astype("float64")), rtol=2e-7)
    for value, e, t in ((-np.inf, 0.0, -1.0), (np.nan, np.nan, np.nan), (-200.0, 0.0, -1.0), (0.0, 1.0, 0.0)):
        np.testing.assert_equal((numba_loops.exp(np.float32(value)), numba_loops.tanh(np.float32(value))), (e, t))
    assert numba_loops.tanh(np.float32(np.inf)) == 1


def test_pieces_that_no_thread_has_begun_are_done_by_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setenv("XPGRAD_NUM_THREADS", "3")
    monkeypatch.setattr(threads, "_pool", None)
    release, caller, done = threading.Event(), threading.get_ident(), []

    def run(start: int, stop: int) -> None:
        done.append((start, stop, threading.get_ident() == caller))

    threads.split(30, run, 10)
    pool = threads._pool[1]  # type: ignore[index]
    blocked = [pool.submit(release.wait) for _ in range(3)]
    done.clear()
    threads.split(30, run, 10)  # would never end if it waited for the pool
    assert sorted(done) == [(0, 10, True), (10, 20, True), (20, 30, True)]
    release.set()
    assert all(future.result() for future in blocked)
    pool.shutdown()


def test_a_thread_that_is_slow_to_forget_keeps_nothing_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """A pool whose threads still hold what they were given."""

        def __init__(self) -> None:
            self.held: list[Any] = []

        def submit(self, *call: Any) -> Future[None]:
            self.held.append(call)
            future: Future[None] = Future()
            future.set_running_or_notify_cancel()
            future.set_result(call[0](*call[1:]))
            return future

    monkeypatch.setenv("XPGRAD_NUM_THREADS", "2")
    pool = Slow()
    monkeypatch.setattr(threads, "_pool", (os.getpid(), pool))
    array = np.zeros(20)
    gone = weakref.ref(array)

    def make(array: np.ndarray) -> Any:
        return lambda start, stop: array[start:stop].fill(1)

    threads.split(20, make(array), 10)
    assert array.all() and pool.held
    del array
    assert gone() is None


def test_an_error_in_a_piece_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPGRAD_NUM_THREADS", "2")

    def run(start: int, stop: int) -> None:
        if start:
            raise ValueError("the second piece")

    with pytest.raises(ValueError, match="the second piece"):
        threads.split(20, run, 10)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc only")
def test_freed_memory_is_kept_unless_the_environment_says_otherwise() -> None:
    code = (
        "import resource, numpy as np, autograd\n"
        "def step(): return [np.ones(1 << 20, 'float32') for _ in range(8)]\n"
        "step(), step()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(10): step()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
    )

    def faults(**settings: str) -> int:
        env = {k: v for k, v in os.environ.items() if k not in (*heap.SETTINGS, "XPGRAD_KEEP_MEMORY")}
        run = subprocess.run(
            [sys.executable, "-c", code], env=env | settings, check=True, capture_output=True, text=True
        )
        return int(run.stdout)

    if not heap.keep_freed_memory():
        pytest.skip("the C library is not glibc")
    kept = faults()
    assert kept < 100
    assert faults(XPGRAD_KEEP_MEMORY="0") > 10 * max(kept, 10)
    assert faults(MALLOC_TOP_PAD_="131072") > 10 * max(kept, 10)

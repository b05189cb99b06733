"""The kernels of rows against the formulas: the CUDA C as it is, run on this CPU in three orders, and on a GPU."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import autograd.numpy as anp
import backends
from autograd import gradients, hvp, tensor
from autograd.ops import network, reduce
from backends.cuda import rows
from tests.conftest import usable
from tests.cuda_on_cpu import ORDERS, compiled, needs_compiler
from tests.helpers import to_numpy
from tests.strict_array import DEVICE, StrictArray

DTYPES = ("float32", "float64")
TOLERANCE = {"float32": {"rtol": 2e-5, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 2e-12}}
WIDTHS = [1, 2, 10, 31, 32, 33, 127, 129, 512, 513, 1000, 5000]
Arrays = tuple[np.ndarray, ...]


class Launches:
    """Runs kernels of rows on the CPU, in every order, and notes their names and numbers of threads."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []

    def __call__(self, source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
        group = next(group for group, text in rows.SOURCES.items() if text == source)
        kernels = compiled(source, rows.KERNELS[group])
        given = [a._a if isinstance(a, StrictArray) else a for a in args]
        written = [a for a, p in zip(given, kernels.parameters[kernel], strict=True) if p.endswith("=")]
        assert written
        found = []
        for order in ORDERS:
            for a in written:
                a[...] = 77  # shows where nothing is written
            kernels.launch(kernel, threads, given, order)
            found.append([a.tobytes() for a in written])
        assert found[0] == found[1] == found[2], f"{kernel} depends on the order of its threads"
        self.made.append((kernel, threads))


@pytest.fixture(params=[pytest.param("cpu", marks=needs_compiler), pytest.param("cupy", marks=pytest.mark.gpu)])
def gpu(request: pytest.FixtureRequest) -> Iterator[backends.Backend]:
    """CuPy's backend on a GPU, and over strict arrays with the CUDA C run on the CPU."""
    if request.param == "cupy":
        yield usable("cupy")
        return
    backend: Any = backends.get("strict")
    backend.launch = Launches()
    try:
        yield backend
    finally:
        del backend.launch


def launches(gpu: Any) -> list[tuple[str, int]]:
    if not isinstance(gpu.launch, Launches):
        pytest.skip("launches are counted on the CPU")
    return gpu.launch.made


def kernel(gpu: Any, name: str, *args: Any, **options: Any) -> Any:
    """What the kernel of this name answers, as NumPy arrays."""

    def put(a: Any) -> Any:
        if isinstance(a, tuple) and any(isinstance(part, np.ndarray) for part in a):
            return tuple(map(put, a))
        if not isinstance(a, (np.ndarray, np.generic)):
            return a
        a = np.asarray(a)
        # Uploading makes an array contiguous: one with other strides is made there.
        order = np.argsort([-abs(stride) for stride in a.strides], kind="stable")
        moved = gpu.asarray(np.array(a.transpose(order), order="C"))
        return moved.transpose(*np.argsort(order).tolist()) if a.ndim else moved

    return to_numpy(gpu.KERNELS[name](*map(put, args), **options))


def formula(name: str, *args: Any, **options: Any) -> Any:
    """What the formula gives."""
    module = reduce if name.startswith("logsumexp") else network
    function = getattr(module, name)
    with np.errstate(all="ignore"):
        if name.endswith("_back"):
            return function.formula(*args, **options)
        return function.primitive.forward(np, *args, **options)


def widened(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(widened, value))
    return value.astype("float64") if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def check(gpu: Any, name: str, *args: Any, **options: Any) -> Any:
    """The kernel gives what the formula gives in float64, in its own dtype and the formula's shapes."""
    got, expected = kernel(gpu, name, *args, **options), formula(name, *map(widened, args), **options)
    assert got is not NotImplemented
    (dtype,) = {a.dtype.name for a in _leaves(args) if a.dtype.kind == "f"}
    found, wanted = [value if isinstance(value, tuple) else (value,) for value in (got, expected)]
    for a, b in zip(found, wanted, strict=True):
        assert type(a) is np.ndarray and a.dtype == dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, **TOLERANCE[dtype], err_msg=name)
    return got


def _leaves(value: Any) -> list[np.ndarray]:
    if isinstance(value, tuple):
        return [leaf for part in value for leaf in _leaves(part)]
    return [value] if isinstance(value, np.ndarray) else []


def check_all(gpu: Any, x: np.ndarray, g: np.ndarray, labels: np.ndarray) -> None:
    """Every kernel over the last axis, ``g`` standing for whatever cotangent."""
    last = x.ndim - 1
    p = check(gpu, "softmax", x, axis=last)
    check(gpu, "softmax_back", g, p, last)
    logs = check(gpu, "log_softmax", x, axis=last)
    check(gpu, "log_softmax_back", g, logs, last)
    out = check(gpu, "logsumexp", x, axis=(last,), keepdims=False)
    check(gpu, "logsumexp", x, axis=(last,), keepdims=True)
    check(gpu, "logsumexp_back", g[..., 0], x, out, (last,))
    check(gpu, "logsumexp_back", g[..., :1], x, out, (last,))
    _, p = check(gpu, "softmax_cross_entropy", x, labels)
    check(gpu, "softmax_cross_entropy_back", (g[..., 0], None), p, labels)
    y = np.where(g > 0, g, 0).astype(g.dtype)
    _, logs = check(gpu, "soft_cross_entropy", x, y)
    check(gpu, "soft_cross_entropy_back", (g[..., 0], None), logs, y)
    for centre in (True, False):
        out, scale = check(gpu, "normalize", x, axis=(last,), epsilon=1e-3, centre=centre)
        check(gpu, "normalize_back", (g, None), out, scale, (last,), centre)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", WIDTHS)
def test_rows_of_any_width(gpu: Any, n: int, dtype: str) -> None:
    rng = np.random.default_rng(n)
    x, g = (rng.normal(size=(5, n)).astype(dtype) * 3 for _ in range(2))
    check_all(gpu, x, g, rng.integers(0, n, 5))


@st.composite
def operands(draw: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x and g of one shape and dtype, in any layout, and labels."""
    lead = draw(st.lists(st.integers(1, 4), max_size=3))
    n = draw(st.one_of(st.integers(1, 70), st.sampled_from([500, 520, 700])))
    dtype, rng = draw(st.sampled_from(DTYPES)), np.random.default_rng(draw(st.integers(0, 2**32)))
    # Far from 0, a mean in float32 has lost the digits that a norm is made of.
    far = 300.0 if dtype == "float64" else 0.0
    scale, shift = draw(st.sampled_from([(1.0, 0.0), (30.0, 0.0), (1.0, far), (0.0, 5.0)]))
    shape = (*lead, n)
    axes = draw(st.permutations(range(len(shape))))
    arrays = []
    for factor, offset in ((scale, shift), (1.0, 0.0)):
        a = rng.normal(size=[shape[i] for i in axes]) * factor + offset
        arrays.append(a.astype(dtype).transpose(np.argsort(axes)))
    labels = np.asarray(
        rng.integers(0, n, lead), draw(st.sampled_from(["int64", "int32", "uint8" if n < 256 else "int16"]))
    )
    return arrays[0], arrays[1], labels


@settings(max_examples=40)
@given(operands())
def test_rows_of_any_shape_and_layout(gpu: Any, arrays: Arrays) -> None:
    check_all(gpu, *arrays)


@settings(max_examples=40)
@given(operands(), st.data())
def test_rows_over_several_axes(gpu: Any, arrays: Arrays, data: Any) -> None:
    x, g, _ = arrays
    axis = tuple(range(data.draw(st.integers(0, x.ndim - 1)), x.ndim))
    for keepdims in (True, False):
        out = check(gpu, "logsumexp", x, axis=axis, keepdims=keepdims)
        check(gpu, "logsumexp_back", out * 0 + 1.5, x, out, axis)
    out, scale = check(gpu, "normalize", x, axis=axis, epsilon=1e-3, centre=True)
    check(gpu, "normalize_back", (g, None), out, scale, axis, True)


INF, NAN = np.inf, np.nan
AWKWARD = {
    "all -inf": [-INF] * 4, "one not -inf": [-INF, 2.0, -INF, -INF], "+inf": [1.0, INF, 2.0, -3.0],
    "two +inf": [INF, 1.0, INF, 0.0], "both": [INF, -INF, 0.0, 1.0], "NaN": [1.0, NAN, 2.0, 0.0],
    "NaN first": [NAN, 3.0, 1.0, 0.0], "NaN last": [3.0, 1.0, 0.0, NAN], "NaN among -inf": [-INF, NAN, -INF, -INF],
    "NaN and +inf": [INF, NAN, 0.0, 1.0], "all NaN": [NAN] * 4, "all +inf": [INF] * 4, "equal": [2.5] * 4,
    "zeros": [0.0, -0.0, 0.0, -0.0], "far apart": [1e30, -1e30, 0.0, 1.0], "largest": [3e38, 3e38, 3e38, 0.0],
    "-largest": [-3e38, -3e38, -3e38, -3e38],
}  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", AWKWARD)
def test_what_is_not_finite_is_the_formulas(gpu: Any, name: str, dtype: str, wide: bool) -> None:
    """In each row's own dtype, for what overflows differs; a wide row holds the values apart, among -inf."""
    row = np.array(AWKWARD[name], dtype)
    if wide:
        row = np.insert(np.full(596, -INF, dtype), [0, 100, 300, 596], row)
    x = np.stack([row, np.linspace(-1, 1, row.size).astype(dtype)])
    g = np.ones_like(x)
    g[:, 1] = [0.0, -2.0]
    labels = np.array([1, 1])
    same = {"rtol": 1e-5, "atol": 1e-6, "err_msg": name}

    def both(kernel_name: str, *args: Any, **options: Any) -> Any:
        got, wanted = kernel(gpu, kernel_name, *args, **options), formula(kernel_name, *args, **options)
        for a, b in zip(_leaves((got,)), _leaves((wanted,)), strict=True):
            assert a.dtype == dtype and a.shape == b.shape
            np.testing.assert_allclose(a, b, **same)
        return wanted

    p = both("softmax", x, axis=1)
    both("softmax_back", g, p, 1)
    logs = both("log_softmax", x, axis=1)
    both("log_softmax_back", g, logs, 1)
    out = both("logsumexp", x, axis=(1,), keepdims=True)
    both("logsumexp_back", g[:, :1], x, out, (1,))
    both("logsumexp_back", g[:, 1:2], x, out, (1,))
    _, p = both("softmax_cross_entropy", x, labels)
    both("softmax_cross_entropy_back", (g[:, 1], None), p, labels)
    y = np.abs(g)
    for target in (y, np.where(np.isneginf(x), 0, y).astype(dtype)):
        _, logs = both("soft_cross_entropy", x, target)
        both("soft_cross_entropy_back", (g[:, 1], None), logs, target)
    for centre in (True, False):
        out, scale = both("normalize", x, axis=(1,), epsilon=1e-5, centre=centre)
        both("normalize_back", (g, None), out, scale, (1,), centre)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"])
def test_labels_out_of_range_wrap_within_their_row(gpu: Any, kind: str) -> None:
    """As indices do in CuPy; nothing beside the arrays is read or written, which the CPU would notice."""
    x = np.random.default_rng(0).normal(size=(4, 6))
    limits = np.iinfo(kind)
    labels = np.array([limits.min, -1 if limits.min else 7, 6, limits.max], kind)
    if kind == "uint64":
        labels[3] = 2**63 - 1
    wrapped = labels.astype("int64") % 6
    loss, p = kernel(gpu, "softmax_cross_entropy", x, labels)
    expected, _ = formula("softmax_cross_entropy", x, wrapped)
    np.testing.assert_allclose(loss, expected, rtol=1e-13)
    xp = gpu.xp
    by_formula = network.softmax_cross_entropy.primitive.forward(xp, gpu.asarray(x), gpu.asarray(labels))
    np.testing.assert_allclose(loss, to_numpy(by_formula[0]), rtol=1e-13)
    g = np.arange(1.0, 5.0)
    got = kernel(gpu, "softmax_cross_entropy_back", (g, None), p, labels)
    np.testing.assert_allclose(got, formula("softmax_cross_entropy_back", (g, None), p, wrapped), rtol=1e-12)


# Who computes ---------------------------------------------------------------------------------------------------


def test_each_is_one_launch_for_a_warp_or_a_block_a_row(gpu: Any) -> None:
    made = launches(gpu)
    for shape, group, threads in (((7, 512), "warp", 32 * 7), ((2, 3, 513), "block", 128 * 6)):
        x = np.random.default_rng(0).normal(size=shape).astype("float32")
        labels, last, group = np.zeros(shape[:-1], "int32"), x.ndim - 1, f"{group}_float32"
        names = []
        for name, args, options in (
            ("softmax", (x,), {"axis": last}), ("softmax_back", (x, x, last), {}),
            ("log_softmax", (x,), {"axis": last}), ("log_softmax_back", (x, x, last), {}),
            ("logsumexp", (x,), {"axis": (last,), "keepdims": False}),
            ("logsumexp_back", (x[..., 0], x, x[..., 0], (last,)), {}),
            ("soft_cross_entropy", (x, x), {}), ("soft_cross_entropy_back", ((x[..., 0], None), x, x), {}),
            ("softmax_cross_entropy", (x, labels), {}),
            ("softmax_cross_entropy_back", ((x[..., 0], None), x, labels), {}),
            ("normalize", (x,), {"axis": (last,), "epsilon": 1e-5, "centre": False}),
            ("normalize_back", ((x, None), x, x[..., 0], (last,), True), {}),
        ):  # fmt: skip
            made.clear()
            kernel(gpu, name, *args, **options)
            (one,) = made
            label = "_int32" if "softmax_cross" in name else ""
            assert one == (f"{name.removeprefix('softmax_') if label else name}_{group}{label}", threads)
            names.append(one[0])
        assert set(names) == {name for name in rows.KERNELS[group] if not name.endswith("int64")}


def test_what_the_kernels_are_not_made_for_is_declined(gpu: Any) -> None:
    x = np.ones((4, 6), "float32")
    y, labels = x.astype("float64"), np.zeros(4, "int64")
    norm = {"epsilon": 1e-5, "centre": True}
    for name, args, options in (
        *[("softmax", (x.astype(kind),), {"axis": 1}) for kind in ("float16", "complex64", "int32")],
        ("softmax", (x,), {"axis": 0}),
        ("softmax", (x[:0],), {"axis": 1}),
        ("softmax", (x[:, :0],), {"axis": 1}),
        ("softmax_back", (y, x, 1), {}),
        ("softmax_back", (x[:1], x, 1), {}),
        ("softmax_back", (1.0, x, 1), {}),
        ("softmax_back", (x, x, 0), {}),
        ("log_softmax", (x,), {"axis": 0}),
        ("log_softmax_back", (y, x, 1), {}),
        ("log_softmax_back", (x, x, 0), {}),
        ("logsumexp", (x,), {"axis": (0,), "keepdims": True}),
        ("logsumexp", (x.astype("complex128"),), {"axis": (1,), "keepdims": True}),
        ("logsumexp_back", (x[0, 0], x, x[:, 0], (1,)), {}),
        ("logsumexp_back", (y[:, 0], x, x[:, 0], (1,)), {}),
        ("softmax_cross_entropy", (x, y[:, 0]), {}),
        ("softmax_cross_entropy", (x, labels[:1]), {}),
        ("softmax_cross_entropy", (x, 1), {}),
        ("softmax_cross_entropy", (x, labels > 0), {}),
        ("softmax_cross_entropy_back", ((None, x), x, labels), {}),
        ("softmax_cross_entropy_back", ((x[:, 0], x), x, labels), {}),
        ("soft_cross_entropy", (x, y), {}),
        ("soft_cross_entropy", (x, x[:1]), {}),
        ("soft_cross_entropy", (x, 1.0), {}),
        ("soft_cross_entropy_back", ((None, x), x, x), {}),
        ("soft_cross_entropy_back", ((x[:, 0], x), x, x), {}),
        ("soft_cross_entropy_back", ((x[:, 0], None), x, y), {}),
        ("normalize", (x,), {"axis": (0,), **norm}),
        ("normalize", (x,), {"axis": (1, 0), **norm}),
        ("normalize", (x.astype("float16"),), {"axis": (1,), **norm}),
        ("normalize_back", ((x, x[:, :1]), x, x[:, :1], (1,), True), {}),
        ("normalize_back", ((None, x[:, :1]), x, x[:, :1], (1,), True), {}),
        ("normalize_back", ((x, None), x, x[:1, 0], (0,), True), {}),
        ("normalize_back", ((x, None), x, y[:, :1], (1,), True), {}),
    ):  # fmt: skip
        assert kernel(gpu, name, *args, **options) is NotImplemented, (name, options)
        assert gpu.KERNELS[name].declines


def test_few_rows_that_are_very_wide_are_left_to_calls(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "WIDE", 600)
    monkeypatch.setattr(rows, "FEW", 3)
    for count, n, taken in ((2, 600, True), (2, 601, False), (3, 601, True)):
        got = kernel(gpu, "softmax", np.zeros((count, n)), axis=1)
        assert (got is not NotImplemented) is taken


@needs_compiler
def test_arrays_are_made_and_kernels_launched_on_the_operands_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """CuPy allocates and launches on the current device, which need not be the array's."""
    backend: Any = backends.get("strict")
    entered: list[int] = []

    @contextlib.contextmanager
    def current() -> Iterator[None]:
        entered.append(1)
        yield
        entered.pop()

    class Elsewhere(StrictArray):
        __slots__ = ()
        device = property(lambda self: current())

    def there(function: Any) -> Any:
        def call(*args: Any) -> Any:
            assert entered, "not on the array's device"
            return function(*args)

        return call

    assert Elsewhere(np.zeros(1)).device is not DEVICE
    monkeypatch.setattr(backend, "launch", there(lambda *args: None), raising=False)
    for name in ("empty", "ascontiguousarray"):
        monkeypatch.setattr(backend.xp, name, there(getattr(backend.xp, name)))
    x, rest = Elsewhere(np.zeros((4, 3)).T), Elsewhere(np.zeros((3, 1)))
    labels = Elsewhere(np.zeros(3, "uint8"))
    for name, args, options in (
        ("softmax", (x,), {"axis": 1}), ("softmax_back", (x, x, 1), {}),
        ("log_softmax", (x,), {"axis": 1}), ("log_softmax_back", (x, x, 1), {}),
        ("logsumexp", (x,), {"axis": (1,), "keepdims": False}), ("logsumexp_back", (rest, x, rest, (1,)), {}),
        ("softmax_cross_entropy", (x, labels), {}), ("softmax_cross_entropy_back", ((rest, None), x, labels), {}),
        ("soft_cross_entropy", (x, x), {}), ("soft_cross_entropy_back", ((rest, None), x, x), {}),
        ("normalize", (x,), {"axis": (1,), "epsilon": 0.1, "centre": True}),
        ("normalize_back", ((x, None), x, rest, (1,), True), {}),
    ):  # fmt: skip
        assert backend.KERNELS[name](*args, **options) is not NotImplemented
    assert not entered


# As the engine calls them ---------------------------------------------------------------------------------------


def _loss(x: Any, scale: Any, labels: Any) -> Any:
    """Passes through every kernel once."""
    y = anp.layer_norm(x, x.shape[-1:]) * scale
    y = y + anp.softmax(anp.rms_norm(y, y.shape[-1:])) + anp.log_softmax(y)
    soft = anp.cross_entropy(y, anp.softmax(x))
    return anp.mean(anp.cross_entropy(y, labels)) + anp.mean(soft) + anp.mean(anp.logsumexp(y, axis=-1))


@pytest.mark.parametrize("n", [10, 600])
def test_gradients_and_their_derivatives_are_numpys(gpu: Any, n: int) -> None:
    rng = np.random.default_rng(0)
    values, labels = (rng.normal(size=(4, n)), rng.normal(size=n)), rng.integers(0, n, 4)
    direction = rng.normal(size=(4, n))
    found = []
    for place in (gpu, backends.get("numpy")):
        x, scale = (tensor(place.asarray(v), requires_grad=True) for v in values)
        target = place.asarray(labels)
        first = gradients(_loss(x, scale, target), [x, scale])
        of_x = functools.partial(_loss, scale=scale.detach(), labels=target)
        second = hvp(of_x)(x.detach(), tensor(place.asarray(direction)))
        found.append([to_numpy(v) for v in (*first, second)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    if isinstance(gpu.launch, Launches):
        group = f"{'warp' if n <= rows.NARROW else 'block'}_float64"
        used = {name for name, _ in launches(gpu)}
        assert used == {name for name in rows.KERNELS[group] if not name.endswith("int32")}

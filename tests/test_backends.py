"""The registry of backends, and every method of every backend against NumPy and SciPy."""

from __future__ import annotations

import copy
import pickle
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import backends
from autograd import tensor
from backends import Backend, BackendError, RandomStream
from tests.helpers import to_numpy

try:
    import ml_dtypes
except ImportError:
    BFLOAT16: list[Any] = []
else:
    BFLOAT16 = [np.dtype(ml_dtypes.bfloat16)]
FLOATS = [np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64), *BFLOAT16]

# The registry -------------------------------------------------------------------------------------------------


def test_get_gives_one_backend_per_name() -> None:
    assert backends.get("numpy") is backends.get("numpy")
    assert backends.get("numpy").name == "numpy" and backends.get("scalar").name == "scalar"


def test_get_of_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BackendError, match=r"get: expected one of the backends 'numpy', 'scalar', 'cupy'.*got 'jax'"):
        backends.get("jax")


def test_of_knows_arrays_by_their_type(backend: Backend) -> None:
    x = backend.asarray([1.0, 2.0])
    assert backends.of(x) is backend
    assert backends.of(x[0]) is backend


def test_of_knows_subclasses_and_numbers() -> None:
    class Named(np.ndarray):
        pass

    assert backends.of(np.ones(2).view(Named)).name == "numpy"
    for value in (np.float32(1), np.int8(1), np.bool_(True), np.complex64(1)):
        assert backends.of(value).name == "numpy"
    for number in (1, 1.5, True, 1j):
        assert backends.of(number).name == "scalar"


def test_of_a_stranger_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"of: expected an array of one of the backends .*; got builtins.list. Convert"):
        backends.of([1.0])


def test_available_names_what_works_here() -> None:
    found = backends.available()
    assert {"numpy", "scalar", "strict"} <= set(found)
    for name in backends.names():
        if name in found:
            assert backends.get(name).name == name
        else:
            with pytest.raises(BackendError):
                backends.get(name)


def test_a_broken_backend_is_known_but_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends._BUILT_IN, "absent", ("no_such_module_here", "X", "no_such_module_here"))
    assert "absent" in backends.names()
    assert "absent" not in backends.available()


def test_use_as_a_call_and_as_a_context_manager() -> None:
    assert backends.default().name == "numpy"
    with backends.use("strict") as inside:
        assert inside.name == "strict" and backends.default() is inside
        with backends.use("scalar"):
            assert backends.default().name == "scalar"
        assert backends.default() is inside
    assert backends.default().name == "numpy"
    called = backends.use("strict")
    assert backends.default().name == "strict"
    with called:
        assert backends.default().name == "strict"
    assert backends.default().name == "numpy"
    with called:
        assert backends.default().name == "strict"
    assert backends.default().name == "numpy"


def test_use_of_an_unknown_name_changes_nothing() -> None:
    with pytest.raises(BackendError, match="got 'nothing'"):
        backends.use("nothing")
    assert backends.default().name == "numpy"


def test_use_is_left_when_the_block_raises() -> None:
    with pytest.raises(ZeroDivisionError), backends.use("strict"):
        1 / 0
    assert backends.default().name == "numpy"


def test_the_default_belongs_to_the_context() -> None:
    seen: dict[str, str] = {}
    ready, done = threading.Event(), threading.Event()

    def work() -> None:
        seen["at the start"] = backends.default().name
        backends.use("scalar")
        ready.set()
        done.wait(10)
        seen["at the end"] = backends.default().name

    thread = threading.Thread(target=work)
    with backends.use("strict"):
        thread.start()
        assert ready.wait(10)
        assert backends.default().name == "strict"
        done.set()
        thread.join(10)
    fresh = not getattr(sys.flags, "thread_inherit_context", False)
    assert seen == {"at the start": "numpy" if fresh else "strict", "at the end": "scalar"}


def test_a_backend_is_made_once_however_many_threads_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Slow(Backend):
        name = "slow"

        def __init__(self) -> None:
            made.append(1)
            threading.Event().wait(0.05)

    class Point:
        @staticmethod
        def load() -> type:
            return Slow

    monkeypatch.setattr(backends, "_entry_points", lambda: {"slow": Point})
    found: list[Backend] = []
    threads = [threading.Thread(target=lambda: found.append(backends.get("slow"))) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    finally:
        backends._loaded.pop("slow", None)
    assert len(made) == 1 and len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    ("device", "name"), [("cpu", "numpy"), ("scalar", "scalar"), ("strict", "strict"), ("strict:0", "strict")]
)
def test_for_device(device: str, name: str) -> None:
    assert backends.for_device(device).name == name


def test_for_device_refuses_what_nothing_serves() -> None:
    with pytest.raises(BackendError, match="device: expected 'cpu', 'cuda', 'cuda:N' or a backend's name; got 'tpu'"):
        backends.for_device("tpu")


@pytest.mark.parametrize("name", ["numpy", "scalar", "strict"])
def test_a_backend_is_pickled_by_its_name(name: str) -> None:
    backend = backends.get(name)
    assert pickle.loads(pickle.dumps(backend)) is backend
    assert copy.deepcopy(backend) is backend
    assert repr(backend) == f"<backend {name}>"


# A backend of somebody else -----------------------------------------------------------------------------------

# The whole of a third party's backend: arrays in decibels' clothing, that is, an ndarray of a type of its own.
MODULE = '''
"""Arrays that refuse to hold a number that is not finite."""

import numpy as np

from backends.numpy_backend import NumpyBackend


class Finite(np.ndarray):
    def __array_wrap__(self, out, context=None, return_scalar=False):
        if not np.all(np.isfinite(out)):
            raise FloatingPointError("not finite")
        return np.asarray(out).view(Finite)


class FiniteBackend(NumpyBackend):
    name = "finite"
    device_type = "finite"
    array_types = (Finite,)

    def asarray(self, data, dtype=None, device=None):
        return np.asarray(data, dtype=dtype).view(Finite)
'''


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "finite_backend.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    info = tmp_path / "finite_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: finite-backend\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[xpgrad.backends]\nfinite = finite_backend:FiniteBackend\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    known = dict(backends.BY_TYPE)
    yield "finite"
    backends._loaded.pop("finite", None)
    for kind in set(backends.BY_TYPE) - set(known):
        del backends.BY_TYPE[kind]
    sys.modules.pop("finite_backend", None)


def test_a_distribution_adds_a_backend_by_an_entry_point(distribution: str) -> None:
    assert distribution in backends.names() and distribution in backends.available()
    with backends.use(distribution) as backend:
        x = tensor([1.0, 2.0], requires_grad=True)
        assert x.backend is backend and x.device == "finite"
        y = (x * x).sum()
        y.backward()
        assert x.grad is not None and x.grad.backend is backend
        np.testing.assert_array_equal(to_numpy(x.grad), [2.0, 4.0])
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="not finite"):
            x / (x - x)


# What a backend does: data in and out -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [([1.0, 2.0], "float64"), ([1, 2], "int64"), ([True, False], "bool"), ([1j], "complex128"), (2.5, "float64")],
)
def test_asarray_follows_numpys_dtypes(backend: Backend, data: Any, dtype: str) -> None:
    x = backend.asarray(data)
    assert type(x) in backend.array_types and x.dtype == dtype and x.shape == np.shape(data)
    np.testing.assert_array_equal(backend.to_numpy(x), data)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_asarray_to_a_dtype(backend: Backend, dtype: Any) -> None:
    x = backend.asarray([[1.5, 2.0]], dtype=dtype)
    assert x.dtype == dtype
    assert backend.asarray(x) is x and backend.asarray(x, dtype=dtype) is x
    assert backend.asarray(x, dtype="float64").dtype == "float64"
    assert backend.asarray(np.ones(3, dtype)).dtype == dtype


def test_asarray_and_device(backend: Backend) -> None:
    x = backend.asarray([1.0], device=backend.device_type)
    where = backend.device(x)
    assert where.split(":")[0] == backend.device_type
    assert backend.asarray(x, device=where) is x
    assert backend.device(backend.asarray([1.0], device=where)) == where


def test_asarray_refuses_a_device_that_is_not_there(device_backend: Backend) -> None:
    kind = device_backend.device_type
    for device in (f"{kind}:99", f"{kind}:x", "cpu"):
        with pytest.raises(BackendError, match=f"device: expected '{kind}' or one of '{kind}:0' to .*; got '{device}'"):
            device_backend.asarray([1.0], device=device)


def test_copy_shares_nothing(backend: Backend) -> None:
    x = backend.asarray([[1.0, 2.0], [3.0, 4.0]])
    for source in (x, x.T, x[1:], x[0, 0]):
        y = backend.copy(source)
        before = to_numpy(y).copy()
        x += 1
        assert not is_view(y) and y.dtype == x.dtype
        np.testing.assert_array_equal(to_numpy(y), before)


def test_to_numpy_gives_ndarrays(backend: Backend) -> None:
    x = backend.asarray(np.arange(6.0, dtype="float32").reshape(2, 3))
    for array in (x, x.T, x[0], x[0, 0], x.sum()):
        host = backend.to_numpy(array)
        assert type(host) is np.ndarray and host.dtype == "float32" and host.shape == array.shape


def test_writable_gives_an_array_to_write_into(backend: Backend) -> None:
    x = backend.writable(backend.asarray([1.0, 2.0]).sum())
    x[...] = 5.0
    assert x.shape == () and float(x) == 5.0


def is_view(array: Any) -> bool:
    return getattr(array, "base", None) is not None


def test_views_know_whose_memory_they_look_at(backend: Backend) -> None:
    x = backend.xp.zeros((4, 4))
    assert not is_view(x)
    views = [x[1:], x.T, x[0], x.reshape(16), x[None], backend.as_strided(x, (2, 2), (8, 8))]
    for view in views:
        assert is_view(view)
        x += 1
        np.testing.assert_array_equal(to_numpy(view), to_numpy(x)[0, 0])
    for fresh in (x + 1, x.copy(), backend.copy(x[1:]), x.sum(axis=0)):
        assert not is_view(fresh)


# What a backend does: scatter-add -----------------------------------------------------------------------------

DTYPES = [*FLOATS, *map(np.dtype, ["complex64", "complex128", "int8", "uint8", "int32", "int64", "bool"])]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_add_at_adds_up_repeated_indices(backend: Backend, dtype: Any) -> None:
    start = (np.arange(6) % 3).reshape(3, 2).astype(dtype)
    values = np.arange(1, 9).reshape(4, 2).astype(dtype)
    index = np.array([0, 2, 0, -1])
    expected = start.copy()
    np.add.at(expected, index, values)
    target = backend.asarray(start.copy())
    backend.add_at(target, backend.asarray(index), backend.asarray(values))
    assert target.dtype == dtype
    np.testing.assert_array_equal(to_numpy(target), expected)


def test_add_at_of_float16_does_not_stop_at_2048(device_backend: Backend) -> None:
    # 2048 + 1 is 2048 in float16: added one by one, the sum of 5000 ones would stay there.
    target = device_backend.asarray(np.zeros(2, np.float16))
    device_backend.add_at(
        target, device_backend.asarray(np.zeros(5000, int)), device_backend.asarray(np.ones(5000, np.float16))
    )
    np.testing.assert_array_equal(to_numpy(target), np.array([5000, 0], np.float16))


KEYS = [
    lambda a: (slice(1, None), a([0, 0, 1])),
    lambda a: (a([[0], [1]]), slice(None), a([0, 2, 2])),
    lambda a: (Ellipsis, 0),
    lambda a: 1,
    lambda a: slice(None, None, -1),
    lambda a: a([True, False]),
    lambda a: (None, a([1, 1]), Ellipsis),
    lambda a: (0, 1, 2),
]


@pytest.mark.parametrize("key", range(len(KEYS)))
@pytest.mark.parametrize("dtype", ["float32", "complex64", "float16"])
def test_add_at_with_every_kind_of_index(backend: Backend, key: int, dtype: str) -> None:
    rng = np.random.default_rng(key)
    start = rng.integers(-4, 4, (2, 3, 3)).astype(dtype)
    expected = start.copy()
    index = KEYS[key](np.asarray)
    values = rng.integers(-4, 4, expected[index].shape).astype(dtype)
    np.add.at(expected, index, values)
    target = backend.asarray(start.copy())
    backend.add_at(target, KEYS[key](backend.asarray), backend.asarray(values))
    np.testing.assert_array_equal(to_numpy(target), expected)
    backend.add_at(target, KEYS[key](backend.asarray), 1.0)
    np.add.at(expected, index, 1.0)
    np.testing.assert_array_equal(to_numpy(target), expected)


# What a backend does: windows ---------------------------------------------------------------------------------


@given(data=st.data())
def test_windows_against_their_definition(backend: Backend, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    small = st.integers(1, 3)
    window, stride, dilation = (tuple(data.draw(small) for _ in range(n)) for _ in range(3))
    size = tuple((w - 1) * d + 1 + data.draw(st.integers(0, 3)) for w, d in zip(window, dilation))
    lead = data.draw(st.sampled_from([(), (2,), (2, 1)]))
    host = np.arange(np.prod(lead + size), dtype=np.float32).reshape(lead + size)
    x = backend.asarray(host)
    if data.draw(st.booleans()):  # a view that is not contiguous
        x, host = x[..., ::-1], host[..., ::-1]
    got = backend.windows(x, window, stride, dilation)
    out = tuple((s - d * (w - 1) - 1) // k + 1 for s, w, k, d in zip(size, window, stride, dilation))
    expected = np.empty((*lead, *out, *window), np.float32)
    for place in np.ndindex(*out):
        for offset in np.ndindex(*window):
            at = tuple(p * k + o * d for p, k, o, d in zip(place, stride, offset, dilation))
            expected[(..., *place, *offset)] = host[(..., *at)]
    assert got.shape == expected.shape and is_view(got)
    np.testing.assert_array_equal(to_numpy(got), expected)


def test_windows_larger_than_the_input_are_refused(backend: Backend) -> None:
    with pytest.raises(ValueError, match=r"windows: expected a window of \(3,\), dilated by \(2,\), to fit .*\(4,\)"):
        backend.windows(backend.xp.ones((1, 4)), (3,), (1,), (2,))


def test_as_strided_looks_at_the_same_memory(backend: Backend) -> None:
    x = backend.xp.zeros((4,))
    view = backend.as_strided(x, (3, 2), (8, 8))
    x[1] = 7.0
    np.testing.assert_array_equal(to_numpy(view), [[0, 7], [7, 0], [0, 0]])


# What a backend does: special functions -----------------------------------------------------------------------

SPECIAL = ["erf", "erfc", "gammaln", "digamma", "expit", "erfinv", "logit", "ndtr", "log_ndtr", "i0", "i1", "gamma"]


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_keep_the_dtype(backend: Backend, name: str, dtype: Any) -> None:
    x = np.array([0.125, 0.25, 0.5, 0.75], dtype)
    got = backend.special(name)(backend.asarray(x))
    assert got.dtype == dtype
    expected = getattr(scipy.special, name)(x.astype("float64"))
    rtol = {"float64": 1e-12, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1e-2}[dtype.name]
    np.testing.assert_allclose(to_numpy(got).astype("float64"), expected, rtol=rtol)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_special_functions_of_two_arguments(backend: Backend, dtype: str) -> None:
    x, y = np.array([0.0, 1.0, 2.5], dtype), np.array([0.5, 2.0, 3.0], dtype)
    for name in ("xlogy", "xlog1py", "gammainc", "zeta", "betaln"):
        first = x if name.startswith("xl") else x + 1.5
        got = backend.special(name)(backend.asarray(first), backend.asarray(y))
        expected = getattr(scipy.special, name)(first.astype("float64"), y.astype("float64"))
        assert got.dtype == dtype
        np.testing.assert_allclose(to_numpy(got).astype("float64"), expected, rtol=3e-3 if dtype == "float16" else 1e-5)
    got = backend.special("polygamma")(1, backend.asarray(y))
    assert got.dtype == dtype
    np.testing.assert_allclose(to_numpy(got).astype("float64"), scipy.special.polygamma(1, y), rtol=3e-3)


def test_a_special_function_that_cupy_lacks_is_named(device_backend: Backend) -> None:
    with pytest.raises(BackendError, match=r"wofz: expected a special function that cupyx.scipy.special has"):
        device_backend.special("wofz")


def test_without_scipy_networks_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from backends import numpy_backend

    numpy_backend._special.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    numpy = backends.get("numpy")
    x = np.linspace(-3, 3, 13, dtype=np.float32)
    try:
        for name, function in (("erf", scipy.special.erf), ("erfc", scipy.special.erfc)):
            got = numpy.special(name)(x)
            assert got.dtype == np.float32
            np.testing.assert_allclose(got, function(x), rtol=1e-6)
        poles = numpy.special("gammaln")(np.array([-2.0, 0.0, 0.5, 3.0]))
        np.testing.assert_allclose(poles, [np.inf, np.inf, np.log(np.pi) / 2, np.log(2.0)])
        with pytest.raises(ImportError, match=r"erfinv: expected SciPy .* pip install 'xpgrad\[scipy\]'"):
            numpy.special("erfinv")
    finally:
        numpy_backend._special.cache_clear()


# What a backend does: random streams --------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_streams_keep_the_dtype_and_the_bounds(backend: Backend, dtype: Any) -> None:
    stream = backend.generator(1)
    uniform = stream.random((20_000,), dtype)
    normal = stream.standard_normal((4, 5000), dtype)
    assert type(uniform) in backend.array_types and uniform.dtype == normal.dtype == dtype
    u, z = to_numpy(uniform).astype("float64"), to_numpy(normal).astype("float64")
    assert u.min() >= 0 and u.max() < 1 and np.isfinite(z).all() and z.shape == (4, 5000)
    # Means and variances of 20,000 numbers, five standard errors wide.
    half_step = {"float16": 2.0**-12, "bfloat16": 2.0**-9}.get(dtype.name, 0.0)
    assert abs(u.mean() + half_step - 0.5) < 5 * np.sqrt(1 / 12 / 20_000)
    assert abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / 20_000)
    assert abs(z.mean()) < 5 / np.sqrt(20_000) and abs(z.var() - 1) < 5 * np.sqrt(2 / 20_000)


def test_streams_are_uniform_and_normal(backend: Backend) -> None:
    stats = pytest.importorskip("scipy.stats")
    stream = backend.generator(2)
    for dtype in ("float32", "float64"):
        assert stats.kstest(to_numpy(stream.random((20_000,), dtype)), "uniform").pvalue > 1e-3
        assert stats.kstest(to_numpy(stream.standard_normal((20_000,), dtype)), "norm").pvalue > 1e-3
    counts = np.bincount(to_numpy(stream.integers(0, 10, (20_000,))), minlength=10)
    assert stats.chisquare(counts).pvalue > 1e-3


def draws(stream: RandomStream) -> list[Any]:
    """Some of everything; odd sizes, so that numbers left over from a block would show."""
    return to_numpy(
        [
            stream.random((3,), "float32"),
            stream.standard_normal((5,), "float32"),
            stream.integers(-3, 9, (7,)),
            stream.permutation(6),
            stream.random((2, 2)),
            stream.standard_normal((1,)),
        ]
    )


def same(a: list[Any], b: list[Any]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b))


def test_the_same_seed_gives_the_same_numbers(backend: Backend) -> None:
    assert same(draws(backend.generator(7)), draws(backend.generator(7)))
    assert not same(draws(backend.generator(7)), draws(backend.generator(8)))
    assert not same(draws(backend.generator()), draws(backend.generator()))
    stream = backend.generator(7)
    assert not same(draws(stream), draws(stream))


def test_a_state_is_plain_data_and_goes_on_from_there(backend: Backend) -> None:
    import json

    stream = backend.generator(3)
    draws(stream)
    state = json.loads(json.dumps(stream.get_state()))
    expected = draws(stream)
    other = backend.generator(99)
    other.set_state(state)
    assert same(draws(other), expected)
    stream.set_state(state)
    assert same(draws(stream), expected)


def test_streams_are_copied_and_pickled_by_their_state(backend: Backend) -> None:
    stream = backend.generator(3)
    draws(stream)
    copies = [pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream)]
    expected = draws(stream)
    for other in copies:
        assert type(other) is type(stream) and same(draws(other), expected)


def test_a_state_of_another_backend_is_refused(device_backend: Backend) -> None:
    state = backends.get("numpy").generator(0).get_state()
    with pytest.raises(ValueError, match="set_state: expected a state of the generator 'philox4x32-10'; got None"):
        device_backend.generator(0).set_state(state)


def test_permutation_holds_every_number_once(backend: Backend) -> None:
    stream = backend.generator(5)
    for n in (0, 1, 100):
        np.testing.assert_array_equal(np.sort(to_numpy(stream.permutation(n))), np.arange(n))


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [(0, 2, "int64"), (-5, 5, "int32"), (0, 256, "uint8"), (-(2**63), 2**63, "int64"), (2**63, 2**64, "uint64")],
)
def test_integers_stay_within_their_bounds(backend: Backend, low: int, high: int, dtype: str) -> None:
    out = backend.generator(0).integers(low, high, (2000,), dtype)
    assert out.dtype == dtype
    values = [int(v) for v in to_numpy(out)]
    assert low <= min(values) and max(values) < high
    # 2000 draws reach the outer hundredths of the range.
    assert min(values) < low + (high - low) / 100 + 1 and max(values) > high - (high - low) / 100 - 2


@pytest.mark.parametrize(("low", "high", "dtype"), [(3, 3, "int64"), (0, 300, "uint8"), (-1, 5, "uint8")])
def test_integers_refuse_an_empty_or_too_wide_range(backend: Backend, low: int, high: int, dtype: str) -> None:
    with pytest.raises(ValueError):
        backend.generator(0).integers(low, high, (2,), dtype)


def test_shapes_of_draws(backend: Backend) -> None:
    stream = backend.generator(0)
    for shape in [(), (0,), (2, 0, 3), (1,), (2, 3, 4)]:
        assert np.shape(to_numpy(stream.random(shape))) == shape
        assert np.shape(to_numpy(stream.standard_normal(shape, "float32"))) == shape
        assert np.shape(to_numpy(stream.integers(0, 9, shape))) == shape


def test_a_dtype_that_is_not_floating_is_refused(device_backend: Backend) -> None:
    stream = device_backend.generator(0)
    with pytest.raises(TypeError, match="random: expected dtype float64, float32, float16 or bfloat16; got int64"):
        stream.random((2,), "int64")
    with pytest.raises(TypeError, match=r"standard_normal: expected dtype .*; got complex64"):
        stream.standard_normal((2,), "complex64")


def test_threads_draw_different_numbers_from_one_stream(backend: Backend) -> None:
    stream = backend.generator(0)
    found: list[Any] = []

    def work() -> None:
        for _ in range(20):
            found.append(to_numpy(stream.random((8,))))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({float(x) for x in np.concatenate(found)}) == 640


def test_scalar_streams() -> None:
    scalar = backends.get("scalar")
    a, b = scalar.generator(4), scalar.generator(4)
    assert [a.random(), a.standard_normal(), a.integers(0, 9)] == [b.random(), b.standard_normal(), b.integers(0, 9)]
    state = a.get_state()
    expected = a.random()
    b.set_state(state)
    assert b.random() == expected and sorted(a.permutation(5)) == [0, 1, 2, 3, 4]
    assert copy.deepcopy(b).random() == b.random()


# What a backend does: the rest --------------------------------------------------------------------------------


def test_synchronize_and_memory(backend: Backend) -> None:
    backend.synchronize()
    assert isinstance(backend.memory(), int) and backend.memory() >= 0


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (3,)), ((2, 5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
        ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (6, 3, 4)), ((3,), (5, 3, 4)), ((3,), (3,)), ((0, 2, 3), (3, 4)),
        ((5, 2, 0), (0, 4)),
    ],
)  # fmt: skip
def test_matmul_as_each_device_computes_it(device_backend: Backend, a: Any, b: Any, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-4, 5, shape).astype(dtype) for shape in (a, b))  # exact in every dtype
    kernel = device_backend.KERNELS["matmul"]
    got = kernel(device_backend.asarray(x), device_backend.asarray(y))
    expected = np.matmul(x.astype("float64"), y.astype("float64"))
    assert got.dtype == dtype and got.shape == expected.shape
    np.testing.assert_array_equal(to_numpy(got).astype("float64"), expected)


def test_scalar_backend_converts_or_refuses() -> None:
    scalar = backends.get("scalar")
    assert scalar.asarray(np.float32(1.5)) == 1.5 and scalar.copy(2.0) == 2.0
    assert to_numpy(2.5) == np.asarray(2.5) and scalar.device(1.0) == "cpu"
    for data in ([1.0], "x", None):
        with pytest.raises(TypeError, match=r"scalar: expected one real number; got .*Use tensor"):
            scalar.asarray(data)
    with pytest.raises(TypeError, match="add_at: expected an array"):
        scalar.add_at(1.0, 0, 1.0)
    assert scalar.special("erf")(0.5) == pytest.approx(scipy.special.erf(0.5))
    assert scalar.special("expit")(0.5) == pytest.approx(scipy.special.expit(0.5))


@given(x=st.floats(-5, 5), y=st.floats(-5, 5))
def test_scalar_functions_are_numpys(x: float, y: float) -> None:
    xp = backends.get("scalar").xp
    domain = {"arcsin": abs(x) <= 1, "arccos": abs(x) <= 1, "arctanh": abs(x) < 1, "arccosh": x >= 1}
    one = ["sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh", "exp", "exp2", "expm1", "cbrt", "sinc"]
    one += ["sign", "square", "floor", "ceil", "trunc", "rint", "absolute", "fabs", "degrees", "radians", "negative"]
    one += [name for name, inside in domain.items() if inside]
    one += ["log", "log2", "log10", "sqrt", "reciprocal"] if x > 0 else []
    for name in one:
        assert getattr(xp, name)(x) == pytest.approx(float(getattr(np, name)(x)), rel=1e-12, abs=1e-300), name
    two = ["add", "subtract", "multiply", "arctan2", "hypot", "maximum", "minimum", "fmax", "fmin", "copysign"]
    two += ["logaddexp", "logaddexp2", "greater", "less_equal", "equal"] + (
        ["divide", "fmod", "remainder"] if y else []
    )
    for name in two:
        with np.errstate(all="ignore"):
            expected = float(getattr(np, name)(x, y))
        if np.isfinite(expected):
            assert getattr(xp, name)(x, y) == pytest.approx(expected, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "logaddexp"])
@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 1.0])
@pytest.mark.parametrize("y", [np.nan, np.inf, -np.inf, 1.0])
def test_scalar_functions_at_infinity_and_nan(name: str, x: float, y: float) -> None:
    got = getattr(backends.get("scalar").xp, name)(float(x), float(y))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    np.testing.assert_array_equal(got, expected)

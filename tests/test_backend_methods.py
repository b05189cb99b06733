"""What a backend does, on every backend, against NumPy and SciPy."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import backends
from backends import Backend, BackendError
from tests.helpers import FLOATS, to_numpy

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


def test_staged_arrays_are_on_the_device(backend: Backend) -> None:
    host = np.arange(6, dtype="float32").reshape(2, 3)
    for source in (host, host.T, host[:, 1:], host[:0], host[0, 0], np.float64(2), host > 2):
        x = backend.stage(source)
        assert type(x) in backend.array_types and x.dtype == source.dtype and x.shape == source.shape
        np.testing.assert_array_equal(backend.to_numpy(x), source)
    where = backend.device(backend.stage(host))
    assert backend.device(backend.stage(host, device=where)) == where
    x = backend.asarray(host)
    assert backend.stage(x) is x


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


@given(data=st.data())
def test_add_at_with_any_index(backend: Backend, data: st.DataObject) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))
    dtype = data.draw(st.sampled_from(["float64", "float32", "float16", "complex128", "complex64", "int64", "int16"]))
    key = data.draw(
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(min_dims=0, max_dims=2))
        | hnp.basic_indices(shape, allow_newaxis=True)
        | hnp.arrays(bool, shape)
        | hnp.arrays(bool, shape[:1])
    )
    if data.draw(st.booleans()) and not isinstance(key, np.ndarray):
        entries = key if isinstance(key, tuple) else (key,)
        if Ellipsis not in [entry for entry in entries if not isinstance(entry, np.ndarray)]:
            key = (*entries, Ellipsis)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    expected = rng.integers(-4, 5, shape).astype(dtype)
    places = np.arange(expected.size).reshape(shape)[key]
    values = rng.integers(-4, 5, data.draw(st.sampled_from([places.shape, places.shape[1:], ()]))).astype(dtype)
    target = backend.asarray(expected.copy())
    for place, value in zip(np.ravel(places), np.broadcast_to(values, places.shape).ravel()):
        expected.reshape(-1)[place] += value
    ours = tuple(backend.asarray(k) if isinstance(k, np.ndarray) else k for k in key) if isinstance(key, tuple) else key
    backend.add_at(target, backend.asarray(key) if isinstance(key, np.ndarray) else ours, backend.asarray(values))
    assert target.dtype == dtype
    np.testing.assert_array_equal(to_numpy(target), expected)


def test_add_at_broadcasts_values_over_an_index_of_two_dimensions(backend: Backend) -> None:
    # numpy.add.at itself gives 1103 here: it reads on behind the two values.
    values = backend.asarray([1.0, 2.0, 100.0, 1000.0])[:2]
    index = backend.asarray([[0, 0], [0, 0]])
    for key in (index, (index,), (Ellipsis, index), (index, Ellipsis), (None, index)):
        target = backend.asarray([0.0])
        backend.add_at(target, key, values)
        assert to_numpy(target).tolist() == [6.0]


def test_add_at_into_a_view(backend: Backend) -> None:
    whole = backend.asarray(np.zeros((3, 4), np.float32))
    backend.add_at(whole.T[1:], backend.asarray([0, 0, 2]), backend.asarray(np.ones((3, 3), np.float32)))
    expected = np.zeros((3, 4), np.float32)
    expected[:, 1], expected[:, 3] = 2, 1
    np.testing.assert_array_equal(to_numpy(whole), expected)


def test_add_at_gives_the_same_bits_every_time(backend: Backend) -> None:
    rng = np.random.default_rng(0)
    index = backend.asarray(rng.integers(0, 5, 5000))
    values = backend.asarray(rng.standard_normal((5000, 3)).astype(np.float32))
    results = []
    for _ in range(3):
        target = backend.asarray(np.zeros((5, 3), np.float32))
        backend.add_at(target, index, values)
        results.append(to_numpy(target).copy())
    assert all(np.array_equal(result, results[0]) for result in results)
    exact = np.zeros((5, 3))
    np.add.at(exact, to_numpy(index), to_numpy(values).astype("float64"))
    np.testing.assert_allclose(results[0], exact, rtol=1e-4, atol=1e-4)


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

"""Creation functions, ranges, dtypes and constants: NumPy's values, the right backend, gradients, errors."""

from __future__ import annotations

import inspect
import io
from typing import Any

import numpy as np
import pytest

import backends
from autograd import Tensor, scalar, tensor
from autograd.numpy import creation, polynomials, ranges, types
from tests.helpers import to_numpy
from tests.test_numpy_reductions import check_gradient

NAMES = {name: getattr(m, name) for m in (creation, ranges, polynomials, types) for name in m.__all__}
X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def same(ours: Any, theirs: Any) -> None:
    got, expected = to_numpy(ours), np.asarray(theirs)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(got, expected, rtol=1e-14)


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("array", ([[1, 2], [3, 4]],), {}),
    ("array", ([1.0, 2.0],), {"dtype": "float32", "ndmin": 3}),
    ("array", (3,), {}),
    ("asarray", ([1, 2.5],), {}),
    ("asarray", ([1, 2],), {"dtype": complex}),
    ("zeros", ((2, 3),), {}),
    ("zeros", (4,), {"dtype": "int8"}),
    ("ones", ((2, 3), "float32"), {}),
    ("full", ((2, 2), 7), {}),
    ("full", (3, [1.0, 2.0, 3.0]), {"dtype": "float32"}),
    ("full", ((), 2.5), {}),
    ("eye", (3,), {}),
    ("eye", (2, 4, -1), {"dtype": "float32"}),
    ("identity", (3,), {}),
    ("tri", (3, 4, 1), {}),
    ("zeros_like", (X,), {}),
    ("ones_like", (X,), {"dtype": "int64"}),
    ("full_like", (X, 3), {}),
    ("full_like", (X, 2.5), {"shape": (2,), "dtype": "float32"}),
    ("zeros_like", (X,), {"shape": (1, 2)}),
    ("arange", (5,), {}),
    ("arange", (1, 2, 0.25), {}),
    ("arange", (5, 1, -2), {"dtype": "float32"}),
    ("linspace", (0, 1, 5), {}),
    ("linspace", (0.0, 1.0), {"num": 4, "endpoint": False, "dtype": "float32"}),
    ("logspace", (0, 2, 5), {}),
    ("logspace", (0, 2, 5), {"base": 2.0, "endpoint": False}),
    ("geomspace", (1, 1000, 4), {}),
    ("geomspace", (-8.0, -1.0), {"num": 4, "endpoint": False}),
    ("geomspace", (1, 1j), {"num": 3}),
    ("vander", (np.array([1.0, 2.0, 3.0]),), {"N": 4}),
    ("vander", (np.array([1.0, 2.0, 3.0]),), {"increasing": True}),
    ("polyval", (np.array([1.0, 0.0, -2.0]), X), {}),
    ("hanning", (5,), {}),
    ("ascontiguousarray", (X.T,), {}),
    ("asfortranarray", (X,), {}),
    ("copy", (X,), {}),
    ("indices", ((2, 3),), {}),
    ("fromfunction", (lambda i, j: i - 2 * j, (2, 3)), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=[f"{i}-{c[0]}" for i, c in enumerate(CALLS)])
def test_value(name: str, args: Any, options: dict[str, Any], backend: backends.Backend) -> None:
    """NumPy's values and dtypes, as plain arrays of the default backend."""
    if name not in NAMES:
        pytest.skip(f"{name} lives in another module")
    given = [backend.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
    out = NAMES[name](*given, **options)
    assert backends.of(out) is backend
    same(out, getattr(np, name)(*args, **options))


QUESTIONS = ["shape", "ndim", "size", "isscalar", "can_cast"]


@pytest.mark.parametrize("name", [*creation.__all__, *ranges.__all__, *polynomials.__all__, *QUESTIONS])
def test_signature_is_numpys(name: str) -> None:
    """Every parameter of NumPy's is there, in its order; ours has ``device`` where NumPy's lacks it."""
    try:
        expected = [p for p in inspect.signature(getattr(np, name)).parameters if p not in ("ndmax", "start_or_stop")]
    except ValueError:
        pytest.skip("NumPy tells no signature of it")
    ours = [p for p in inspect.signature(NAMES[name]).parameters if p in expected]
    assert [p for p in expected if p not in ("device", "like")] == [p for p in ours if p not in ("device", "like")]
    assert set(expected) <= set(ours)


# Devices and backends ---------------------------------------------------------------------------------------


def test_device_chooses_the_backend() -> None:
    for make in (
        lambda d: creation.zeros((2, 3), device=d),
        lambda d: creation.ones(3, device=d),
        lambda d: creation.full((2,), 1.5, device=d),
        lambda d: creation.eye(2, device=d),
        lambda d: creation.empty(2, device=d),
        lambda d: creation.array([1.0, 2.0], device=d),
        lambda d: creation.asarray(X, device=d),
        lambda d: ranges.arange(3, device=d),
        lambda d: ranges.linspace(0, 1, 3, device=d),
        lambda d: creation.zeros_like(X, device=d),
        lambda d: creation.full_like(X, 2.0, device=d),
    ):
        for device in ("strict", "strict:0"):
            assert backends.of(make(device)).name == "strict"
        assert backends.of(make("cpu")).name == "numpy"
    with pytest.raises(backends.BackendError, match="device: expected 'cpu', 'cuda'"):
        creation.zeros(2, device="tpu")


def test_data_stays_where_it_is() -> None:
    there = backends.get("strict").asarray(X)
    assert creation.asarray(there) is there
    assert backends.of(creation.array(there)).name == "strict"
    assert backends.of(creation.zeros_like(there)).name == "strict"
    assert backends.of(creation.zeros(2, like=there)).name == "strict"
    assert creation.asarray(X) is X
    assert creation.array(X) is not X


def test_scalar_default_is_refused() -> None:
    with backends.use("scalar"), pytest.raises(backends.BackendError, match="zeros: expected a backend of arrays"):
        creation.zeros(3)


def test_likeness_of_a_scalar_graph() -> None:
    x = scalar(2.0)
    assert creation.zeros_like(x).item() == 0.0
    assert creation.ones_like(x).item() == 1.0
    assert creation.full_like(x, 3.0).item() == 3.0


# Tensors ----------------------------------------------------------------------------------------------------


def test_a_tensor_gives_tensors(backend: backends.Backend) -> None:
    t = Tensor(backend.asarray(X), requires_grad=True)
    for out in (creation.zeros_like(t), creation.ones_like(t), creation.empty_like(t), creation.full_like(t, 3.0)):
        assert isinstance(out, Tensor) and not out.requires_grad
        assert out.shape == t.shape and out.backend is backend
    assert creation.asarray(t) is t
    assert creation.array(t) is not t and creation.array(t).requires_grad
    assert creation.array(t, ndmin=4).shape == (1, 1, 2, 3)
    with pytest.raises(ValueError, match="array: expected data that needs no copy"):
        creation.array([t, t], copy=False)


def test_nested_lists_of_tensors_are_stacked(backend: backends.Backend) -> None:
    a = Tensor(backend.asarray(np.array(1.0)), requires_grad=True)
    b = Tensor(backend.asarray(np.array(2.0)), requires_grad=True)
    x = creation.array([[a, 1.0], [b, a]], dtype="float32")
    assert x.dtype == np.float32
    np.testing.assert_array_equal(to_numpy(x), [[1, 1], [2, 1]])
    x.backward(backend.asarray(np.array([[1, 2], [3, 4]], np.float32)))
    assert (to_numpy(a.grad), to_numpy(b.grad)) == (5.0, 3.0)
    assert a.grad.dtype == np.float64
    with pytest.raises(ValueError, match="expected the entries of a list to have one shape"):
        creation.array([a, [b, b]])


def test_moves_are_differentiable() -> None:
    t = Tensor(X.copy(), requires_grad=True)
    there = creation.asarray(t, device="strict")
    assert there.backend.name == "strict"
    (there * 2).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), np.full((2, 3), 2.0))


GRADIENTS: dict[str, Any] = {
    "array": lambda x: creation.array([[x[0] * x[1], x[2]], [1.0, x[0]]]),
    "full": lambda x: creation.full((2, 3), x * x),
    "full_like": lambda x: creation.full_like(np.ones((4, 3)), x * x),
    "linspace": lambda x: ranges.linspace(x[0] ** 2, x[1], 5),
    "linspace-axis": lambda x: ranges.linspace(x * x, 2.0, 4, axis=1, endpoint=False),
    "linspace-step": lambda x: ranges.linspace(1.0, x[0] ** 2, 5, retstep=True)[1],
    "logspace": lambda x: ranges.logspace(x[0], x[1], 4, base=x[2] + 2),
    "geomspace": lambda x: ranges.geomspace(x[0] ** 2, x[1] + 3, 4),
    "vander": lambda x: polynomials.vander(x * x, 4),
    "polyval": lambda x: polynomials.polyval(x, x * x),
    "copy": lambda x: creation.copy(x) ** 2,
    "contiguous": lambda x: creation.ascontiguousarray(x) ** 2,
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name: str) -> None:
    check_gradient(GRADIENTS[name], np.array([0.75, -1.5, 1.25]))


@pytest.mark.parametrize("name", ["linspace", "logspace", "geomspace"])
@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize("num", [0, 1, 2, 7])
def test_ranges_of_tensors(name: str, endpoint: bool, num: int, backend: backends.Backend) -> None:
    """With Tensors as ends the values are NumPy's too, and in float32 stay float32."""
    start, stop = np.array([1.0, 2.0], np.float32), np.array([3.0, 2.5], np.float32)
    out = NAMES[name](Tensor(backend.asarray(start)), Tensor(backend.asarray(stop)), num, endpoint)
    expected = getattr(np, name)(start, stop, num, endpoint)
    assert isinstance(out, Tensor) and out.dtype == np.float32
    np.testing.assert_allclose(to_numpy(out), expected, rtol=2e-6)
    if endpoint and num > 1 and name == "linspace":
        np.testing.assert_array_equal(to_numpy(out)[[0, -1]], [start, stop])


def test_vander_at_zero_has_no_nan() -> None:
    t = Tensor(np.array([0.0, 2.0]), requires_grad=True)
    out = polynomials.vander(t, 3)
    out.backward(np.ones((2, 3)))
    np.testing.assert_array_equal(t.grad.data, [1.0, 5.0])


# dtypes, constants, predicates ------------------------------------------------------------------------------


def test_names_are_numpys_own() -> None:
    for name in (
        "float32",
        "complex64",
        "bool_",
        "bool",
        "int8",
        "dtype",
        "ndarray",
        "errstate",
        "finfo",
        "s_",
        "newaxis",
    ):
        assert getattr(types, name) is getattr(np, name)
    assert (types.pi, types.e, types.inf) == (np.pi, np.e, np.inf) and np.isnan(types.nan)
    assert set(types.__all__) <= set(dir(types))


def test_questions_about_tensors(backend: backends.Backend) -> None:
    t = Tensor(backend.asarray(X.astype(np.float32)), requires_grad=True)
    assert (types.shape(t), types.ndim(t), types.size(t), types.size(t, 1), types.size(t, (0, -1))) == (
        (2, 3),
        2,
        6,
        3,
        6,
    )
    assert types.shape([[t, t]]) == (1, 2, 2, 3)
    assert types.result_type(t, 2.0) == np.float32
    assert types.result_type(t, np.float64) == np.float64
    assert types.can_cast(t, "float64") and not types.can_cast(t, "int64")
    assert not types.isscalar(t) and types.isscalar(2.0)
    assert types.issubdtype(t.dtype, types.floating)


def test_namespace_info() -> None:
    info = types.__array_namespace_info__()
    assert info.default_device() == "cpu" and "cpu" in info.devices() and "strict" in info.devices()
    assert info.default_dtypes() == np.__array_namespace_info__().default_dtypes()
    assert info.capabilities() == np.__array_namespace_info__().capabilities()
    for kind in (None, "bool", "real floating", ("signed integer", "complex floating")):
        assert info.dtypes(kind=kind) == np.__array_namespace_info__().dtypes(kind=kind)
    with backends.use("strict"):
        assert info.default_device() == "strict"


def test_what_would_cut_a_gradient_is_refused() -> None:
    t = Tensor(X.copy(), requires_grad=True)
    with pytest.raises(TypeError, match="polyadd: expected no Tensor that requires a gradient"):
        types.polyadd(t[0], X[1])
    out = types.polyadd(t[0].detach(), X[1])
    assert isinstance(out, Tensor)
    np.testing.assert_array_equal(out.data, np.polyadd(X[0], X[1]))
    assert types.shares_memory(t, t.data)


def test_files_and_text(backend: backends.Backend) -> None:
    t = Tensor(backend.asarray(X), requires_grad=True)
    assert types.array2string(t) == np.array2string(X)
    file = io.BytesIO()
    types.save(file, t)
    file.seek(0)
    np.testing.assert_array_equal(types.load(file), X)
    read = types.loadtxt(io.StringIO("1 2\n3 4"))
    assert backends.of(read) is backend
    np.testing.assert_array_equal(to_numpy(read), [[1, 2], [3, 4]])


def test_dlpack() -> None:
    torch = pytest.importorskip("torch")
    source = torch.arange(3.0)
    out = creation.from_dlpack(source)
    out[0] = 5.0
    assert source[0] == 5.0  # the same memory
    t = tensor([1.0, 2.0])
    assert creation.from_dlpack(t) is t.data
    assert creation.from_dlpack(t, copy=True) is not t.data


# Errors -----------------------------------------------------------------------------------------------------

ERRORS = [
    (lambda: ranges.arange(), TypeError, "arange: expected where to stop; got nothing"),
    (lambda: ranges.linspace(0, 1, -1), ValueError, "linspace: expected a num of 0 or more; got -1"),
    (lambda: ranges.geomspace(0, 1), ValueError, "geomspace: expected ends other than 0"),
    (lambda: polynomials.vander(X), ValueError, r"vander: expected a vector; got shape \(2, 3\)"),
    (lambda: polynomials.polyval(X, X), ValueError, r"polyval: expected a vector of coefficients; got shape \(2, 3\)"),
    (lambda: creation.asarray_chkfinite([1.0, np.nan]), ValueError, "asarray_chkfinite: expected finite numbers"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[text[:30] for _, _, text in ERRORS])
def test_error(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()

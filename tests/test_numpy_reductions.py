"""Reductions, scans and statistics against NumPy and SciPy: signatures, values, dtypes, gradients, errors."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd.numpy as anp
import backends
from autograd import GraphError, Tensor, scalar, tensor
from autograd.numpy import covariance, extrema, quantiles, reductions, scans, statistics
from autograd.ops import arithmetic
from tests.helpers import to_numpy

MODULES = (reductions, extrema, scans, statistics, covariance, quantiles)
NAMES = {name: getattr(module, name) for module in MODULES for name in module.__all__}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4, 2))
LINE = np.array([3.0, -1.0, 4.0, 1.5, -5.0, 9.0, 2.5])
HOLES = np.array([[3.0, np.nan, 4.0, 1.5], [np.nan, np.nan, np.nan, np.nan], [1.0, 2.0, np.nan, -3.0]])
ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.5, -2.0, 4.0], [0.0, 0.0, 0.0]])


def make(backend: backends.Backend, value: Any) -> Any:
    return backend.asarray(value) if isinstance(value, np.ndarray) else value


def quiet(function: Any, *args: Any, **kwargs: Any) -> Any:
    """NumPy's answer without its warnings about what is asked for here on purpose."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


# Signatures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(NAMES))
def test_signature_is_numpys(name: str) -> None:
    """Parameters by name, order and kind; defaults too, but for NumPy's private marker of absence."""
    theirs = getattr(np, name, None)
    if theirs is None:
        # The last two came with NumPy 2.1.
        assert name in ("logsumexp", "cumlogsumexp", "cumulative_sum", "cumulative_prod")
        return
    ours = inspect.signature(NAMES[name]).parameters
    expected = inspect.signature(theirs).parameters
    # Deprecated spellings are left out.
    assert [(p.name, p.kind) for p in ours.values()] == [
        (p.name, p.kind) for p in expected.values() if p.name not in ("interpolation", "bias_", "ddof_")
        and not (name == "corrcoef" and p.name in ("bias", "ddof"))
    ]  # fmt: skip
    for p in expected.values():
        if p.name in ours and p.default is not np._NoValue and p.default is not p.empty:
            assert ours[p.name].default == p.default, p.name


# Values -----------------------------------------------------------------------------------------------------

AXES = [{}, {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": (2, 1), "keepdims": True}, {"axis": ()}]
PLAIN = ["sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin", "any", "all", "count_nonzero", "ptp"]
NANS = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"]
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *[(name, (X,), axes) for name in PLAIN for axes in AXES if not (name == "ptp" and axes.get("axis") == ())],
    *[(n, (HOLES,), {"axis": a}) for n in NANS for a in (None, 0, 1)],
    *[(n, (HOLES,), {"axis": a}) for n in ("nanmedian", "nancumsum", "nancumprod") for a in (None, 0, 1)],
    *[(n, (X,), o) for n in ("argmax", "argmin") for o in ({}, {"axis": 1}, {"axis": -1, "keepdims": True})],
    ("nanargmax", (HOLES[::2],), {"axis": 1}),
    ("nanargmin", (HOLES[::2],), {"axis": 1}),
    ("var", (X,), {"axis": 1, "ddof": 1}),
    ("var", (X,), {"axis": 1, "correction": 0.5}),
    ("std", (X,), {"axis": (0, 1), "ddof": 1.5, "keepdims": True}),
    ("nanvar", (HOLES,), {"axis": 1, "ddof": 1}),
    ("sum", (X,), {"axis": 1, "initial": 2.0}),
    ("sum", (X,), {"axis": 1, "where": X > 0}),
    ("prod", (X,), {"axis": 1, "where": X > 0, "initial": 3.0}),
    ("max", (X,), {"axis": 1, "where": X > 0, "initial": 0.25}),
    ("min", (X,), {"initial": -0.5}),
    ("max", (np.zeros((0, 3)),), {"axis": 0, "initial": 7.0}),
    ("mean", (X,), {"axis": 1, "where": X[:, :, :1] > -1}),
    ("var", (X,), {"axis": 0, "where": X > -1, "ddof": 1}),
    ("std", (X,), {"axis": 0, "mean": X.mean(0, keepdims=True)}),
    ("any", (X > 2,), {"axis": 1, "where": X < 1}),
    ("all", (X > -2,), {"axis": 1, "where": X < 1}),
    *[(n, (X,), {"axis": a}) for n in ("cumsum", "cumprod") for a in (None, 0, -1)],
    ("cumsum", (np.array(3.0),), {}),
    ("cumulative_sum", (X,), {"axis": 1, "include_initial": True}),
    ("cumulative_prod", (LINE,), {"include_initial": True}),
    ("diff", (X,), {}),
    ("diff", (X,), {"n": 2, "axis": 1}),
    ("diff", (LINE,), {"prepend": 1.0, "append": LINE[:2]}),
    ("diff", (X,), {"axis": 0, "prepend": X[:1]}),
    ("diff", (LINE > 1,), {}),
    ("diff", (LINE[:2],), {"n": 5}),
    ("ediff1d", (X,), {"to_begin": np.array([1.0, 2.0]), "to_end": 5.0}),
    ("gradient", (X, 0.5), {"axis": 1}),
    ("gradient", (X[..., 0], 0.5, np.array([0.0, 1.0, 3.0, 3.5])), {"edge_order": 1}),
    ("gradient", (LINE, np.array([0.0, 1.0, 3.0, 3.5, 7.0, 8.0, 10.0])), {"edge_order": 2}),
    ("gradient", (LINE, 0.25), {"edge_order": 2}),
    ("gradient", (X[..., 0],), {}),
    ("trapezoid", (X,), {"axis": 1}),
    ("trapezoid", (X, np.array([0.0, 1.0, 3.0, 3.5])), {"axis": 1}),
    ("trapezoid", (X, X * X), {"axis": 0}),
    ("trapezoid", (LINE,), {"dx": 0.5}),
    ("unwrap", (X * 5,), {"axis": 0}),
    ("unwrap", (LINE,), {"period": 4.0, "discont": 3.0}),
    ("average", (X,), {}),
    ("average", (X,), {"axis": 1, "weights": np.array([1.0, 2.0, 0.5, 3.0])}),
    ("average", (X,), {"axis": (2, 0), "weights": np.abs(X[:, 0, :]).T, "keepdims": True}),
    ("average", (X,), {"weights": np.abs(X)}),
    ("average", (X,), {"axis": 1, "weights": np.array([1.0, 2.0, 0.5, 3.0]), "returned": True}),
    ("average", (X,), {"axis": 1, "returned": True}),
    ("cov", (X[..., 0],), {}),
    ("cov", (X[..., 0], X[..., 1]), {"rowvar": False, "bias": True}),
    ("cov", (LINE,), {}),
    ("cov", (X[..., 0],), {"fweights": np.array([1, 2, 1, 3]), "aweights": np.array([0.5, 1.0, 2.0, 1.0])}),
    ("corrcoef", (X[..., 0],), {}),
    ("corrcoef", (X[..., 0], X[..., 1]), {"rowvar": False}),
    ("corrcoef", (X[..., 0] + 1j * X[..., 1],), {}),
    ("median", (X,), {"axis": 1}),
    ("median", (X,), {"axis": (0, 2), "keepdims": True}),
    ("median", (LINE,), {}),
    ("median", (HOLES,), {"axis": 1}),
    *[(n, (X,), {"axis": a}) for n in ("mean", "median") for a in (None, (1, 0))],
    ("percentile", (X, [10, 50.0, 99]), {"axis": 1}),
    ("nanpercentile", (HOLES, 30), {"axis": 1}),
]  # fmt: skip
METHODS = [*quantiles._CONTINUOUS, *quantiles._DISCRETE]
FRACTIONS = np.array([[0.0, 0.1, 0.25], [0.5, 0.83, 1.0]])
CALLS = [call for call in CALLS if hasattr(np, call[0])]
CALLS += [("quantile", (LINE, FRACTIONS), {"method": method}) for method in METHODS]
CALLS += [("quantile", (X, 0.3), {"method": method, "axis": (0, 2), "keepdims": True}) for method in METHODS]
CALLS += [("nanquantile", (HOLES, FRACTIONS), {"method": method, "axis": 1}) for method in METHODS]
WEIGHTS = np.array([1.0, 0.0, 2.0, 1.0, 0.5, 0.0, 3.0])
CALLS += [
    ("quantile", (LINE, FRACTIONS), {"method": "inverted_cdf", "weights": WEIGHTS}),
    ("quantile", (X, 0.4), {"method": "inverted_cdf", "weights": np.arange(4.0), "axis": 1}),
    ("nanquantile", (HOLES, 0.4), {"method": "inverted_cdf", "weights": np.abs(X[:, :, 0]), "axis": 1}),
    ("quantile", (HOLES, 0.4), {"axis": 1}),
]
IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(CALLS)]


def check_equal(ours: Any, theirs: Any, rtol: float) -> None:
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            check_equal(a, b, rtol)
        return
    got, expected = to_numpy(ours), np.asarray(theirs)
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=IDS)
def test_value(name: str, args: tuple[Any, ...], options: dict[str, Any], backend: backends.Backend) -> None:
    """Plain arrays give plain arrays equal to NumPy's, with its dtype and shape; Tensors give Tensors."""
    expected = quiet(getattr(np, name), *args, **options)
    plain = [make(backend, a) for a in args]
    keywords = {key: make(backend, value) for key, value in options.items()}
    ours = quiet(NAMES[name], *plain, **keywords)
    assert not any(isinstance(o, Tensor) for o in (ours if isinstance(ours, tuple) else (ours,)))
    check_equal(ours, expected, 1e-13)
    first = Tensor(plain[0])
    recorded = quiet(NAMES[name], first, *plain[1:], **keywords)
    assert isinstance(recorded[0] if isinstance(recorded, tuple) else recorded, Tensor)
    check_equal(recorded, expected, 1e-13)


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=IDS)
def test_float32_stays(name: str, args: tuple[Any, ...], options: dict[str, Any], backend: backends.Backend) -> None:
    """In float32 too the dtype is NumPy's, which is float32 but for ``cov`` and ``corrcoef``; so is the gradient's."""

    def narrow(value: Any) -> Any:
        return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == np.float64 else value

    args, options = tuple(narrow(a) for a in args), {key: narrow(value) for key, value in options.items()}
    expected = quiet(getattr(np, name), *args, **options)
    x = tensor(make(backend, args[0]))
    if x.dtype.kind == "f":
        x.requires_grad_()
    keywords = {key: make(backend, value) for key, value in options.items()}
    out = quiet(NAMES[name], x, *[make(backend, a) for a in args[1:]], **keywords)
    tolerance = 2e-3 if name in ("quantile", "nanquantile", "percentile", "nanpercentile") else 2e-5
    check_equal(out, expected, tolerance)
    for o in out if isinstance(out, tuple) else (out,):
        if o.requires_grad:
            quiet(o.backward, backend.asarray(np.ones(o.shape, o.dtype)))
    if x.grad is not None:
        assert x.grad.dtype == np.float32


@pytest.mark.parametrize("name", [*PLAIN, *NANS, "cumsum", "cumprod", "median", "nanmedian", "argmax", "diff"])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "bool"])
def test_integers(name: str, dtype: str, backend: backends.Backend) -> None:
    if dtype == "bool" and name in ("ptp", "median", "nanmedian"):
        pytest.skip("NumPy subtracts no booleans")
    x = np.array([[3, 0, 1], [2, 5, 1]]).astype(dtype)
    check_equal(NAMES[name](Tensor(backend.asarray(x)), axis=1), getattr(np, name)(x, axis=1), 1e-14)
    check_equal(NAMES[name](backend.asarray(x)), getattr(np, name)(x), 1e-14)


def test_float16_is_rounded_once(backend: backends.Backend) -> None:
    """10,000 terms of 1/3 in float16: adding up in float16 would stop at about 1024."""
    x = np.full(10_000, 1 / 3, np.float16)
    exact = x.astype(np.float64)
    t = Tensor(backend.asarray(x), requires_grad=True)
    assert to_numpy(reductions.sum(t)) == np.float16(exact.sum())
    assert to_numpy(statistics.mean(t)) == np.float16(exact.mean())
    assert to_numpy(scans.cumsum(t))[-1] == np.float16(exact.sum())
    y = np.tile(np.array([1.0, 2.0], np.float16), 5000)
    assert to_numpy(statistics.var(Tensor(backend.asarray(y)))) == np.float16(0.25)
    assert to_numpy(statistics.std(Tensor(backend.asarray(y)))) == np.float16(0.5)
    zeros = Tensor(backend.asarray(np.zeros(4096, np.float16)))
    assert to_numpy(reductions.logsumexp(zeros)) == np.float16(np.log(4096))
    # The count does not fit float16, whose largest number is 65504.
    big = Tensor(backend.asarray(np.zeros(70_000, np.float16)), requires_grad=True)
    statistics.mean(big).backward(backend.asarray(np.float16(7000.0)))
    np.testing.assert_allclose(to_numpy(big.grad)[:2], 0.1, rtol=1e-3)
    big.zero_grad_()
    extrema.max(big).backward(backend.asarray(np.float16(7000.0)))
    np.testing.assert_allclose(to_numpy(big.grad)[:2], 0.1, rtol=1e-3)


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=4, max_side=4), elements=st.floats(-9, 9, width=16)),
    st.data(),
)
def test_any_axes(x: np.ndarray, data: st.DataObject) -> None:
    """Random shapes and axes: NumPy's value, and the gradient of a sum of squares of the result."""
    axis = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1), hnp.valid_tuple_axes(x.ndim, min_size=1)))
    keepdims = data.draw(st.booleans())
    for name in ("sum", "mean", "prod", "var", "std", "max", "min", "median"):
        t = Tensor(x, requires_grad=True)
        out = NAMES[name](t, axis, keepdims=keepdims)
        expected = getattr(np, name)(x, axis, keepdims=keepdims)
        np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
        out.backward(np.ones_like(expected))
        assert t.grad.shape == x.shape
        if name in ("sum", "mean", "max", "min", "median"):  # adding 1 to all elements adds as much to the result
            share = t.grad.data.sum(axis=axis, keepdims=keepdims)
            np.testing.assert_allclose(share, x.size / expected.size if name == "sum" else 1, rtol=1e-12)
        if name in ("var", "std"):
            np.testing.assert_allclose(t.grad.data.sum(axis=axis), 0, atol=1e-12)


# logsumexp --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}])
@pytest.mark.parametrize("b", [None, X * X, np.sign(X)], ids=["plain", "positive", "signed"])
def test_logsumexp(options: dict[str, Any], b: Any, backend: backends.Backend) -> None:
    x = make(backend, X * 300)
    factors = None if b is None else make(backend, b)
    expected = quiet(scipy.special.logsumexp, X * 300, b=b, return_sign=True, **options)
    check_equal(reductions.logsumexp(x, b=factors, return_sign=True, **options), tuple(expected), 1e-12)
    plain = quiet(reductions.logsumexp, x, b=factors, **options)
    check_equal(plain, quiet(scipy.special.logsumexp, X * 300, b=b, **options), 1e-12)
    recorded = quiet(reductions.logsumexp, Tensor(x, requires_grad=True), b=factors, **options)
    np.testing.assert_array_equal(to_numpy(recorded), to_numpy(plain))


def test_logsumexp_of_nothing(backend: backends.Backend) -> None:
    """Rows of -inf give -inf and gradient 0; a row with +inf gives +inf."""
    x = Tensor(backend.asarray(np.array([[-np.inf, -np.inf], [0.0, -np.inf], [1000.0, 1000.0]])), requires_grad=True)
    out = reductions.logsumexp(x, axis=1)
    np.testing.assert_array_equal(to_numpy(out), [-np.inf, 0.0, 1000 + np.log(2)])
    out.backward(backend.asarray(np.ones(3)), create_graph=True)
    first = x.grad
    np.testing.assert_allclose(to_numpy(first), [[0, 0], [1, 0], [0.5, 0.5]], rtol=1e-12)
    x.zero_grad_()
    first.backward(backend.asarray(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])))
    np.testing.assert_allclose(to_numpy(x.grad), [[0, 0], [0, 0], [-0.25, 0.25]])
    assert to_numpy(reductions.logsumexp(backend.asarray(np.array([np.inf, 1.0])))) == np.inf


def test_cumlogsumexp(backend: backends.Backend) -> None:
    x = np.array([[-np.inf, -800.0, 700.0, 699.0, -np.inf], [1.0, 2.0, -3.0, 0.5, 4.0]])
    expected = np.logaddexp.accumulate(x, axis=1)
    t = Tensor(backend.asarray(x), requires_grad=True)
    out = scans.cumlogsumexp(t, axis=1)
    np.testing.assert_allclose(to_numpy(out), expected, rtol=1e-14)
    g = np.array([[1.0, -2.0, 0.5, 1.0, 3.0]] * 2)
    out.backward(backend.asarray(g))
    # d out_k / d x_i = exp(x_i - out_k) for i <= k
    exponents = x[:, None, :] - np.where(np.isinf(expected), 0, expected)[:, :, None]
    jacobian = np.exp(np.where(np.tril(np.ones((5, 5), bool)), exponents, -np.inf))
    np.testing.assert_allclose(to_numpy(t.grad), np.einsum("rk,rki->ri", g, jacobian), rtol=1e-12)


# Gradients --------------------------------------------------------------------------------------------------


def numeric(function: Any, x: np.ndarray, v: np.ndarray, step: float = 1e-6) -> float:
    """The derivative of ``function`` at ``x`` along ``v``, by a central difference."""
    return (function(x + step * v) - function(x - step * v)) / (2 * step)


def check_gradient(function: Any, x: np.ndarray, second: bool = True) -> None:
    """First and second derivatives of ``function(x)``, weighted at random, against central differences."""
    rng = np.random.default_rng(1)
    sample = to_numpy(function(Tensor(x)))
    if isinstance(sample, (tuple, list)):
        sample = sample[0]
    w = rng.standard_normal(sample.shape)
    v, u = rng.standard_normal((2, *x.shape))

    def loss(value: Any) -> Any:
        out = function(value)
        return reductions.sum((out[0] if isinstance(out, tuple) else out) * w)

    def first(value: np.ndarray, record: bool = False) -> tuple[Tensor, Any]:
        t = Tensor(value, requires_grad=True)
        loss(t).backward(create_graph=record)
        return t, t.grad

    np.testing.assert_allclose(np.sum(first(x)[1].data * v), numeric(loss, x, v), rtol=2e-6, atol=2e-7)
    if not second:
        return
    t, g = first(x, record=True)
    projected = reductions.sum(g * u)
    t.zero_grad_()
    if projected.requires_grad:
        projected.backward()
    mine = 0.0 if t.grad is None else np.sum(t.grad.data * v)
    np.testing.assert_allclose(mine, numeric(lambda z: np.sum(first(z)[1].data * u), x, v), rtol=2e-5, atol=2e-6)


COORDINATES = np.array([0.0, 1.0, 3.0, 3.5])


def holed(x: Any) -> Any:
    """``x`` with NaN where ``HOLES`` has them, the row without numbers left out."""
    return arithmetic.where(np.isnan(HOLES[::2, :, None]), np.nan, x[::2])


GRADIENTS: dict[str, Any] = {
    "nansum": lambda x: reductions.nansum(holed(x), axis=1),
    "nanprod": lambda x: reductions.nanprod(holed(x), axis=1),
    "nanmax": lambda x: extrema.nanmax(holed(x), axis=1),
    "nanvar": lambda x: statistics.nanvar(holed(x), axis=1),
    "nanmean": lambda x: statistics.nanmean(holed(x), axis=1),
    "nanstd": lambda x: statistics.nanstd(holed(x), axis=1),
    "var-where": lambda x: statistics.var(x, axis=1, where=X > -1),
    "std-mean": lambda x: statistics.std(x, axis=1, mean=statistics.mean(x, 1, keepdims=True)),
    "max-where": lambda x: extrema.max(x, axis=1, where=X > 0, initial=0.1),
    "ptp": lambda x: extrema.ptp(x, axis=1) ** 2,
    "cumulative_sum": lambda x: scans.cumulative_sum(x * x, axis=1, include_initial=True),
    "cumulative_prod": lambda x: scans.cumulative_prod(x, axis=1, include_initial=True),
    "diff": lambda x: scans.diff(x * x, n=2, axis=1, prepend=0.0, append=x),
    "ediff1d": lambda x: scans.ediff1d(x * x, to_begin=x[0, 0]),
    "gradient": lambda x: scans.gradient(x * x, 0.5, COORDINATES, 2.0, edge_order=1),
    "gradient-edges": lambda x: scans.gradient(x * x, COORDINATES, axis=1, edge_order=2),
    "gradient-spacing": lambda x: scans.gradient(np.arange(4.0) ** 2, scans.cumsum(1 + x[0, :, 0] ** 2)),
    "trapezoid": lambda x: scans.trapezoid(x * x, scans.cumsum(x, axis=1), axis=1),
    "unwrap": lambda x: scans.unwrap(x * 5, axis=1),
    "average": lambda x: covariance.average(x, axis=1, weights=1 + x[0, :, 0] ** 2),
    "cov": lambda x: covariance.cov(x[..., 0], x[..., 1]),
    "cov-weighted": lambda x: covariance.cov(x[..., 0], aweights=1 + x[0, :, 1] ** 2),
    "corrcoef": lambda x: covariance.corrcoef(x[..., 0]),
    "median": lambda x: quantiles.median(x * x, axis=(1, 2)),
    "nanmedian": lambda x: quantiles.nanmedian(holed(x), axis=1),
    "logsumexp-b": lambda x: reductions.logsumexp(x, b=1 + x * x, axis=1),
    "logsumexp-sign": lambda x: reductions.logsumexp(x, b=x, axis=1, return_sign=True),
}
for _method in METHODS:
    GRADIENTS[f"quantile-{_method}"] = lambda x, m=_method: quantiles.quantile(x * x, FRACTIONS, axis=1, method=m)
    GRADIENTS[f"nanquantile-{_method}"] = lambda x, m=_method: quantiles.nanquantile(holed(x), 0.3, axis=1, method=m)
for _method in quantiles._CONTINUOUS:  # by q
    GRADIENTS[f"quantile-q-{_method}"] = lambda x, m=_method: quantiles.quantile(
        LINE, 0.55 + 0.01 * (x[0, 0] ** 2), method=m
    )


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name: str) -> None:
    check_gradient(GRADIENTS[name], X)


@pytest.mark.parametrize("function", [reductions.prod, scans.cumprod], ids=["prod", "cumprod"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_products_with_zeros(function: Any, axis: Any) -> None:
    """No, one, two and only zeros in a row: products are polynomials, so differences are exact to rounding."""
    check_gradient(lambda x: function(x, axis=axis), ZEROS)


def test_third_derivative_of_a_product_with_zeros() -> None:
    """d³(xyz)/dx dy dz = 1, also where all three are 0."""
    x = Tensor(np.zeros(3), requires_grad=True)
    y = reductions.prod(x)
    for i in range(3):
        x.zero_grad_()
        y.backward(create_graph=True)
        y = x.grad[i]
    assert float(y.detach()) == 1.0
    x.zero_grad_()
    z = scans.cumprod(x)[2]
    for i in range(3):
        x.zero_grad_()
        z.backward(create_graph=True)
        z = x.grad[i]
    assert float(z.detach()) == 1.0


def test_ties_share_evenly(backend: backends.Backend) -> None:
    x = Tensor(backend.asarray(np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])), requires_grad=True)
    extrema.max(x, axis=1).backward(backend.asarray(np.array([1.0, 6.0])))
    np.testing.assert_array_equal(to_numpy(x.grad), [[0, 0.5, 0.5], [2, 2, 2]])
    x.zero_grad_()
    extrema.min(x).backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [[1, 0, 0], [0, 0, 0]])


def test_nan_maximum_has_gradient_zero(backend: backends.Backend) -> None:
    x = Tensor(backend.asarray(np.array([1.0, np.nan])), requires_grad=True)
    out = extrema.max(x)
    out.backward()
    assert np.isnan(to_numpy(out))
    np.testing.assert_array_equal(to_numpy(x.grad), [0, 0])


def test_std_of_constants(backend: backends.Backend) -> None:
    """0 with gradient 0, to second order; a variance's second derivative there is what it is anywhere."""
    x = Tensor(backend.asarray(np.full((2, 4), 0.1)), requires_grad=True)
    for function in (statistics.std, statistics.nanstd):
        x.zero_grad_()
        function(x, axis=1).backward(backend.asarray(np.ones(2)), create_graph=True)
        np.testing.assert_allclose(to_numpy(x.grad), 0, atol=1e-9)
    x = Tensor(backend.asarray(np.ones((2, 4))), requires_grad=True)
    statistics.std(x, axis=1).backward(backend.asarray(np.ones(2)), create_graph=True)
    first = x.grad
    np.testing.assert_array_equal(to_numpy(first), np.zeros((2, 4)))
    x.zero_grad_()
    first.backward(backend.asarray(np.ones((2, 4))))
    np.testing.assert_array_equal(to_numpy(x.grad), np.zeros((2, 4)))


def test_all_nan_slice_has_gradient_zero() -> None:
    x = Tensor(HOLES.copy(), requires_grad=True)
    extrema.nanmax(x, axis=1).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad.data, [[0, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]])


# Scalar graphs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["sum", "prod", "mean", "max", "min", "nansum", "nanmax", "nanmean", "median", "logsumexp", "nanmedian"]
)
def test_scalar_graph_is_its_own_reduction(name: str) -> None:
    x = scalar(2.5)
    out = NAMES[name](x)
    out.backward()
    assert (out.item(), x.grad.item()) == (2.5, 1.0)


def test_scalar_graph_elsewhere() -> None:
    x = scalar(2.5)
    for function in (statistics.var, statistics.std):
        x.zero_grad_()
        out = function(x)
        out.backward()
        assert (out.item(), x.grad.item()) == (0.0, 0.0)
    assert quantiles.quantile(x, 0.25).item() == 2.5
    assert bool(reductions.any(x)) and extrema.argmax(x).item() == 0 and reductions.count_nonzero(x).item() == 1
    with pytest.raises(TypeError, match="cumsum: expected an array to go along; got a Tensor of a scalar graph"):
        scans.cumsum(x)


# Errors -----------------------------------------------------------------------------------------------------

T = Tensor(X, requires_grad=True)
ERRORS = [
    (lambda: reductions.sum(T, axis=3), np.exceptions.AxisError, "axis 3 is out of bounds for array of dimension 3"),
    (lambda: reductions.sum(T, out=np.zeros(())), TypeError, "sum: expected no out= with Tensors"),
    (lambda: statistics.mean(T, out=np.zeros(())), TypeError, "mean: expected no out= with Tensors"),
    (lambda: scans.cumsum(T, out=np.zeros(24)), TypeError, "cumsum: expected no out= with Tensors"),
    (lambda: quantiles.quantile(T, 0.5, out=np.zeros(())), TypeError, "quantile: expected no out= with Tensors"),
    (lambda: extrema.max(np.zeros((0, 2)), axis=0), ValueError, "max: expected at least one element .* initial="),
    (lambda: extrema.max(T, where=X > 0), ValueError, "max: expected initial= along with where="),
    (lambda: statistics.var(T, ddof=1, correction=1), ValueError, "var: expected ddof or correction; got both"),
    (lambda: covariance.average(T, weights=np.ones(4)), TypeError, "average: expected an axis"),
    (lambda: covariance.average(T, axis=1, weights=np.ones(3)), ValueError, "average: expected weights of shape"),
    (lambda: covariance.average(T, axis=1, weights=np.zeros(4)), ZeroDivisionError, "expected weights that don't add"),
    (lambda: covariance.cov(T), ValueError, "cov: expected m of at most two dimensions; got 3"),
    (lambda: covariance.cov(X[0], fweights=[0.5, 1.0]), TypeError, "cov: expected whole numbers as fweights"),
    (lambda: covariance.cov(X[0], aweights=[-0.5, 1.0]), ValueError, "cov: expected aweights of 0 or more"),
    (lambda: quantiles.quantile(T, 1.5), ValueError, r"quantile: expected q from 0 to 1; got 1\.5"),
    (lambda: quantiles.percentile(T, [5, 120]), ValueError, "percentile: expected q from 0 to 100; got"),
    (lambda: quantiles.quantile(T, 0.5, method="best"), ValueError, "quantile: expected one of the methods linear"),
    (lambda: quantiles.quantile(T, 0.5, weights=X), ValueError, "expected method='inverted_cdf' with weights"),
    (lambda: quantiles.quantile(X + 1j, 0.5), TypeError, "quantile: expected real numbers"),
    (lambda: quantiles.quantile(np.zeros(0), 0.5), ValueError, "quantile: expected at least one element"),
    (lambda: scans.diff(T, n=-1), ValueError, "diff: expected n of 0 or more; got -1"),
    (lambda: scans.diff(3.0), ValueError, "diff: expected at least one dimension"),
    (lambda: scans.gradient(T, 1.0, 2.0), TypeError, "gradient: expected no spacing, one, or one for each of 3 axes"),
    (lambda: scans.gradient(np.ones(1)), ValueError, "gradient: expected at least 2 samples along axis 0"),
    (lambda: scans.gradient(np.ones(4), np.ones(3)), ValueError, "gradient: expected coordinates for the 4 samples"),
    (lambda: scans.gradient(np.ones(4), edge_order=3), ValueError, "gradient: expected an edge_order of 1 or 2"),
    (lambda: scans.cumulative_sum(T), ValueError, "cumulative_sum: expected an axis for 3 dimensions"),
    (lambda: scans.cumlogsumexp(X + 1j), TypeError, "cumlogsumexp: expected real numbers"),
    (lambda: extrema.argmax(T).backward(), GraphError, "was not recorded"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[text[:30] for _, _, text in ERRORS])
def test_error(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_out_of_plain_arrays() -> None:
    for name in ("sum", "mean", "max", "var", "cumsum", "median", "nanmax", "any", "argmax"):
        kind = {"any": bool, "argmax": np.int64}.get(name, float)
        out = np.empty(X.shape if name == "cumsum" else (3, 2), kind)
        assert NAMES[name](X, axis=1, out=out) is out
        np.testing.assert_array_equal(out, getattr(np, name)(X, axis=1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "nansum", "nanmean", "average", "cumsum"])
def test_16_bits_are_summed_in_32(name: str, dtype: str) -> None:
    kind = "float16" if dtype == "float16" else pytest.importorskip("ml_dtypes").bfloat16
    x = np.abs(np.random.default_rng(0).standard_normal(6000)).astype(kind)
    exact = float(np.ravel(getattr(anp, name)(x.astype(float)))[-1])
    for a in (x, Tensor(x)):  # in 16 bits the sum would stop growing
        out = getattr(anp, name)(a)
        assert out.dtype == kind
        assert float(np.ravel(np.asarray(out))[-1]) == pytest.approx(exact, rel=0.01)

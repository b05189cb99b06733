"""NumPy's kernels for large arrays against the formulas: values, dtypes, NaN, infinities, signs of 0, own memory."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import scipy.special

import backends
from autograd.ops import activations, arithmetic, elementwise, special
from backends import numpy_elementwise

LARGE = numpy_elementwise.SMALL + 100
DTYPES = ("float64", "float32", "float16")


def awkward(dtype: str, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).normal(scale=3, size=(LARGE, 2)).astype(dtype)
    x[:7, 0] = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0]
    return x


def same(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.dtype == expected.dtype and got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


CONDITIONS = {
    "random": lambda x: x > 0,
    "rare": lambda x: x > 8,
    "frequent": lambda x: x < 8,
    "never": lambda x: np.zeros(x.shape, bool),
    "always": lambda x: np.ones(x.shape, bool),
    "transposed": lambda x: np.asfortranarray(x > 0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", CONDITIONS)
def test_where_chooses_as_numpys(kind: str, dtype: str) -> None:
    a, b = awkward(dtype), awkward(dtype, 1)
    condition = CONDITIONS[kind](np.nan_to_num(a))
    for first, second in (
        (a, b),
        (a, 0),
        (0, b),
        (a, 0.0),
        (-0.0, b),
        (a, -0.0),
        (np.inf, b),
        (a, 1),
        (a[::-1], b),
        (a, a),
    ):
        got = arithmetic.where(condition, first, second)
        same(got, np.where(condition, first, second))
        assert not any(np.shares_memory(got, x) for x in (a, b))
    for first, second in ((a, b[:1]), (a[:, :1], b), (a, np.float64(2.0)), (1.0, 2.0), (a, b.astype("complex128"))):
        got, expected = arithmetic.where(condition, first, second), np.where(condition, first, second)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extrema_and_clip_are_numpys(dtype: str) -> None:
    x = awkward(dtype)
    for bound in (0, 1.5, -2, np.inf, -np.inf, np.nan):
        np.testing.assert_array_equal(elementwise.maximum(x, bound), np.maximum(x, bound))
        np.testing.assert_array_equal(elementwise.minimum(x, bound), np.minimum(x, bound))
    for low, high in ((0, 1), (None, 1), (-0.5, None), (None, None), (2, 1), (x - 1, x + 1)):
        got = elementwise.clip(x, low, high)
        expected = x if low is None else np.maximum(x, low)
        expected = expected if high is None else np.minimum(expected, high)
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == dtype and not np.shares_memory(got, x)
    np.testing.assert_array_equal(activations.relu(x), np.maximum(x, 0))


@pytest.mark.parametrize("dtype", [*DTYPES, "int64", "uint8", "bool", "complex128"])
@pytest.mark.parametrize("size", [1, 10, LARGE])
def test_sigmoid(size: int, dtype: str) -> None:
    x = (np.random.default_rng(0).normal(scale=30, size=size)).astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = elementwise.sigmoid(x)
    wide = x.astype("complex128" if dtype == "complex128" else "float64")
    expected = scipy.special.expit(wide) if dtype != "complex128" else 1 / (1 + np.exp(-wide))
    assert got.dtype == (dtype if np.dtype(dtype).kind in "fc" else "float64")
    rtol = {"float16": 3e-3, "float32": 3e-6}.get(dtype, 1e-13)
    # Below the smallest normal number of the dtype, 0 will do.
    smallest = float(np.finfo(dtype).tiny) if dtype in DTYPES else 0
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=smallest)


def test_erf_of_float32() -> None:
    x = np.concatenate(
        [awkward("float32").ravel(), np.linspace(-1e-3, 1e-3, 501, dtype="float32"), np.float32([4, 9, -9])]
    )
    got = special.erf(x)
    exact = scipy.special.erf(x.astype("float64"))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, exact, rtol=5e-7)
    np.testing.assert_array_equal(np.signbit(got)[~np.isnan(x)], np.signbit(x)[~np.isnan(x)])
    assert np.nanmax(np.abs(got)) == 1.0
    turned = np.asfortranarray(x[: 2 * LARGE].reshape(LARGE, 2))
    same(special.erf(turned), special.erf(np.ascontiguousarray(turned)))
    assert backends.get("numpy").special("erf")(x.astype("float64")).dtype == np.float64


def test_kernels_work_on_read_only_and_strided_arrays() -> None:
    x: Any = np.nan_to_num(awkward("float32"), posinf=9, neginf=-9)
    x.flags.writeable = False
    strided = np.repeat(x, 2, axis=0)[::2]
    for function in (elementwise.sigmoid, activations.relu, activations.gelu, activations.elu):
        options = {"alpha": 1.0} if function is activations.elu else {}
        np.testing.assert_allclose(function(x, **options), function(strided, **options), rtol=1e-6)
    np.testing.assert_array_equal(arithmetic.where(strided > 0, strided, 0), np.where(x > 0, x, 0))

"""Indexing, selection, sorting, interpolation and counts of ``autograd.numpy``: against NumPy on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import Tensor, check_grads, gradients, tensor
from tests.helpers import to_numpy
from tests.numpy_calls import Call, check_float32, check_plain, check_tensors

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
B = A[::-1] * 1.5 + 0.25
V = np.array([1.5, -0.75, 2.5, 0.25])
R = np.array([-1.0, 0.5, 1.25, 3.0])
W = np.array([0.5, 2.0])
T = np.sin(np.arange(24.0)).reshape(2, 3, 4)
X = np.array([[-0.25, 0.75], [1.0, 2.5]])
I = np.array([2, 0, -1])
M = np.array([[True, False, True], [False, True, True]])
ALONG = np.array([[2, 0, 0, -1], [1, 1, 2, 0]])
COUNTED = np.array([3, 0, 3, 1])


def _put(arr: np.ndarray, indices: np.ndarray, values: Any, axis: int | None) -> np.ndarray:
    arr = arr.copy()
    np.put_along_axis(arr, indices, values, axis)
    return arr


CALLS = [
    Call("take", (A, I)),
    Call("take", (T, np.array([[0, 2], [2, 2]]), 1), label="axis"),
    Call("take", (A, 1, 0), label="one"),
    Call("take", (A, np.array([7, -9]), 1), {"mode": "wrap"}, label="wrap"),
    Call("take", (A, np.array([7, -9]), 1), {"mode": "clip"}, label="clip"),
    Call("take_along_axis", (A, ALONG, 1)),
    Call("take_along_axis", (T, ALONG[:1, :2, None], 1), label="broadcast"),
    Call("take_along_axis", (A, np.array([5, 0, 5]), None), label="flattened"),
    Call("compress", (np.array([True, False, True]), A, 1)),
    Call("compress", (np.array([False, True, True]), A), label="flattened"),
    Call("extract", (M, A)),
    Call("select", ([M, ~M[:, :1]], [A, B]), label="two"),
    Call("select", ([A > 0, A < -1], [A, B], 9.0), label="default"),
    Call("choose", (np.array([[1, 0, 1], [0, 0, 1]]), [A, B])),
    Call("choose", (np.array([5, -1, 0]), [A, B]), {"mode": "wrap"}, label="wrap"),
    Call("choose", (np.array([5, -1, 0]), [A, B]), {"mode": "clip"}, label="clip"),
    Call("sort", (A,)),
    Call("sort", (T, 0), label="axis"),
    Call("sort", (T, None), label="flattened"),
    Call("sort", (A, -1), {"descending": True}, lambda x, axis, descending: -np.sort(-x, axis), label="descending"),
    Call("partition", (np.sort(T, 1)[:, ::-1], [0, 1], 1), label="two places"),
    Call("unique", (T,)),
    Call("union1d", (A, V + 0.1)),
    Call("setdiff1d", (A, V + 0.1)),
    Call("setdiff1d", (A, V + 0.1, True), label="assumed unique"),
    Call("setxor1d", (A, V + 0.1)),
    Call("interp", (X, R, V)),
    Call("interp", (np.array([-3.0, 0.0, 9.0]), R, V, -1.0, 2.0), label="outside"),
    Call("interp", (X - 7.1, R[::-1], V[::-1]), {"period": 5.0}, label="periodic"),
    Call("interp", (X, R[:1], V[:1]), label="one point"),
    *[Call("convolve", (V, W, mode), label=mode) for mode in ("full", "same", "valid")],
    *[Call("convolve", (W, A[0], mode), label=f"{mode}, short first") for mode in ("full", "same", "valid")],
    *[Call("correlate", (V, W, mode), label=mode) for mode in ("full", "same", "valid")],
    *[Call("correlate", (W, A[0], mode), label=f"{mode}, short first") for mode in ("full", "same", "valid")],
    *[Call("correlate", (W, V, mode), label=f"{mode}, even and short first") for mode in ("full", "same", "valid")],
    Call("bincount", (COUNTED, V)),
    Call("bincount", (COUNTED, V, 7), label="longer"),
    Call("apply_along_axis", (lambda v: v[::-1] * v[0], 1, T), label="as many"),
    Call("apply_along_axis", (lambda v: (v * v).sum(), 0, T), label="a number each"),
]
WITHOUT = [
    Call("argsort", (A,), derivative=False),
    Call("argsort", (T, None), {"stable": True}, derivative=False, label="flattened, stable"),
    Call("argpartition", (np.sort(T, 1)[:, ::-1], [0, 1], 1), derivative=False),
    Call("lexsort", ((V, np.array([1.0, 0.0, 1.0, 0.0])),), derivative=False),
    Call("lexsort", (A,), derivative=False, label="rows"),
    Call("searchsorted", (R, A), derivative=False),
    Call("searchsorted", (R, R, "right"), derivative=False, label="right"),
    Call("searchsorted", (R[::-1], A, "left", np.array([3, 2, 1, 0])), derivative=False, label="sorter"),
    Call("isin", (A, B), derivative=False),
    Call("isin", (A, A[0], False, True), derivative=False, label="inverted"),
    Call("nonzero", (A * M,), derivative=False),
    Call("argwhere", (A * M,), derivative=False),
    Call("flatnonzero", (A * M,), derivative=False),
    Call("digitize", (A, R), derivative=False),
    Call("digitize", (R, R, True), derivative=False, label="right"),
    Call("histogram", (A, 3), derivative=False),
    Call("histogram_bin_edges", (A, 3), derivative=False),
]


@pytest.mark.parametrize("call", CALLS + WITHOUT, ids=lambda call: call.id)
def test_plain_arrays_give_what_numpy_gives(call: Call, backend: backends.Backend) -> None:
    check_plain(call, backend)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_tensors_give_the_same_and_are_differentiated(call: Call, backend: backends.Backend) -> None:
    check_tensors(call, backend)


@pytest.mark.parametrize("call", WITHOUT, ids=lambda call: call.id)
def test_integers_come_as_tensors_without_a_gradient(call: Call, backend: backends.Backend) -> None:
    check_tensors(call, backend)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_float32_stays_float32(call: Call, backend: backends.Backend) -> None:
    check_float32(call, backend)


# x[…] and x[…] = v -----------------------------------------------------------------------------------------

KEYS: dict[str, tuple[Any, bool]] = {  # the key, and whether the result is a view
    "integer": (1, True),
    "negative": (-1, True),
    "slice": (slice(None, None, -2), True),
    "ellipsis": ((..., 1), True),
    "new axes": ((None, slice(1), None, ..., -1), True),
    "one element": ((1, 2, 3), True),
    "nothing": ((), True),
    "numpy integer": ((np.int64(1), np.int32(-1)), True),
    "list": ([1, 0, 1], False),
    "empty list": ([], False),
    "list of booleans": ([True, False], False),
    "array": (np.array([[0, 1], [1, 1]]), False),
    "unsigned array": ((slice(None), np.array([2, 2], np.uint8)), False),
    "0-d array": (np.array(1), False),
    "crossed": ((np.array([[0], [1]]), np.array([2, 0, 2])), False),
    "apart": ((np.array([0, 1, 1]), slice(1, 3), np.array([0, 3, -1])), False),
    "integer and array": ((1, [0, 2, 2]), False),
    "mask": (T > 0, False),
    "mask of rows": (np.array([False, True]), False),
    "mask and slice": ((slice(None), np.array([True, False, True]), slice(1, None)), False),
    "true": (True, False),
}


def keyed(key: Any, function: Callable[[np.ndarray], Any]) -> Any:
    if isinstance(key, tuple):
        return tuple([keyed(entry, function) for entry in key])
    return function(key) if isinstance(key, np.ndarray) else key


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("wrapped", [False, True], ids=["arrays", "tensors"])
def test_getitem(name: str, wrapped: bool, backend: backends.Backend) -> None:
    key, is_view = KEYS[name]
    ours = keyed(key, (lambda i: Tensor(backend.asarray(i))) if wrapped else backend.asarray)
    x = tensor(backend.asarray(T), requires_grad=True)
    found = x[ours]
    np.testing.assert_array_equal(to_numpy(found), T[key])
    (g,) = gradients([(found * found).sum()], [x], create_graph=True)
    expected = np.zeros_like(T)
    np.add.at(expected, key, 2 * T[key])
    np.testing.assert_allclose(to_numpy(g), expected)
    (h,) = gradients([(g * g).sum()], [x])
    twice = np.zeros_like(T)
    np.add.at(twice, key, 4 * expected[key])
    np.testing.assert_allclose(to_numpy(h), twice)
    plain = tensor(backend.asarray(T))
    part = plain[ours]
    part += 1
    assert bool((to_numpy(plain) != T).any()) == is_view


@pytest.mark.parametrize("name", KEYS)
def test_setitem(name: str, backend: backends.Backend) -> None:
    key, _ = KEYS[name]
    ours = keyed(key, backend.asarray)
    if T[key].size != np.unique(np.arange(24).reshape(T.shape)[key]).size:
        value = np.array(1.5)  # which of several values stays is left open, so they are all the same
    else:
        value = np.cos(np.arange(float(T[key].size))).reshape(T[key].shape)
    x = tensor(backend.asarray(T), requires_grad=True)
    v = tensor(backend.asarray(value), requires_grad=True)
    h = x * 1
    h[ours] = v
    expected = T.copy()
    expected[key] = value
    np.testing.assert_array_equal(to_numpy(h), expected)
    gx, gv = gradients([(h * h).sum() / 2], [x, v])
    kept = T.copy()
    kept[key] = 0
    np.testing.assert_allclose(to_numpy(gx), kept)
    if value.ndim:
        np.testing.assert_allclose(to_numpy(gv), value)


def test_an_index_that_is_changed_later_does_not_reach_the_graph(backend: backends.Backend) -> None:
    for make in (backend.asarray, lambda i: tensor(backend.asarray(i)), lambda i: i.tolist()):
        uses: list[Callable[[Any, Any], Any]] = [
            lambda x, i: x[i],
            lambda x, i: x[i, ...],
            lambda x, i: anp.take(x, i, 0),
        ]
        for use in uses:
            x = tensor(backend.asarray(V), requires_grad=True)
            index = make(np.array([0, 2]))
            found = use(x, index)
            index[0] = 3
            found.sum().backward()
            np.testing.assert_array_equal(to_numpy(x.grad), [1.0, 0.0, 1.0, 0.0])


def test_indices_along_an_axis_are_kept_or_watched(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(V), requires_grad=True)
    index = backend.asarray(np.array([0, 2]))
    found = anp.take_along_axis(x, index, 0)
    index[0] = 3
    found.sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [1.0, 0.0, 1.0, 0.0])
    watched = tensor(backend.asarray(np.array([0, 2])))
    found = anp.take_along_axis(x, watched, 0)
    watched[0] = 3
    with pytest.raises(RuntimeError, match="take_along_axis as they were; setitem changed one of them"):
        found.sum().backward()


def test_put_along_axis_writes_in_place_and_is_differentiated_in_both(backend: backends.Backend) -> None:
    for axis, indices in [(1, np.array([[2], [0]])), (0, np.array([[1, 0, 1]])), (None, np.array([4, 1]))]:
        value = np.array(5.0) if axis is not None else np.array([7.0, 8.0])
        x = tensor(backend.asarray(A), requires_grad=True)
        v = tensor(backend.asarray(value), requires_grad=True)
        h = x * 1
        assert anp.put_along_axis(h, backend.asarray(indices), v, axis) is None
        np.testing.assert_array_equal(to_numpy(h), _put(A, indices, value, axis))
        gx, gv = gradients([h.sum()], [x, v])
        np.testing.assert_array_equal(to_numpy(gx), _put(np.ones_like(A), indices, 0.0, axis))
        assert to_numpy(gv).sum() == indices.size
    plain = backend.asarray(A.copy())
    anp.put_along_axis(plain, backend.asarray(np.array([[2], [0]])), backend.asarray(np.array([[5.0]])), 1)
    np.testing.assert_array_equal(to_numpy(plain), _put(A, np.array([[2], [0]]), 5.0, 1))


WRITES: dict[str, Callable[[Any, Any, Any], None]] = {
    "put": lambda np_, x, v: np_.put(x, [4, -1, 0], v),
    "put-wrap": lambda np_, x, v: np_.put(x, [7, -8, 2], v, mode="wrap"),
    "put-clip": lambda np_, x, v: np_.put(x, [17, -18, 2], v, mode="clip"),
    "putmask": lambda np_, x, v: np_.putmask(x, M.tolist(), v),
    "place": lambda np_, x, v: np_.place(x, M.tolist(), v),
    "copyto": lambda np_, x, v: np_.copyto(x, v[:1]),
    "copyto-where": lambda np_, x, v: np_.copyto(x, v[1:], where=M.tolist()),
}


@pytest.mark.parametrize("name", WRITES)
def test_writes_in_place_are_differentiated_in_both(name: str, backend: backends.Backend) -> None:
    expected = A.copy()
    WRITES[name](np, expected, 7 + W)
    x = tensor(backend.asarray(A), requires_grad=True)
    v = tensor(backend.asarray(7 + W), requires_grad=True)
    h = x * 1
    WRITES[name](anp, h, v)
    np.testing.assert_array_equal(to_numpy(h), expected)
    gx, gv = gradients([(h * h).sum() / 2], [x, v])
    np.testing.assert_array_equal(to_numpy(gx), np.where(expected == A, A, 0))
    np.testing.assert_array_equal(to_numpy(gv), [(expected == w).sum() * w for w in 7 + W])
    if backend.name == "numpy":
        plain = A.copy()
        WRITES[name](anp, plain, 7 + W)
        np.testing.assert_array_equal(plain, expected)
        with pytest.raises(TypeError, match="expected the array written to be a Tensor, since a value is one"):
            WRITES[name](anp, plain, v)


def test_repeated_indices_add_up_in_every_dtype(backend: backends.Backend) -> None:
    index = np.array([1, 0, 1, 1])
    for dtype in ("float16", "float32", "float64", "complex64", "complex128"):
        x = tensor(backend.asarray(A.astype(dtype)), requires_grad=True)
        g = to_numpy(gradients([x[backend.asarray(index)].sum().real], [x])[0])
        assert str(g.dtype) == dtype
        np.testing.assert_array_equal(g, np.repeat([[1.0], [3.0]], 3, 1))


RNG = np.random.default_rng(11)
LARGE: dict[str, Any] = {
    "rows": RNG.integers(-40, 40, 100),
    "columns": (slice(None), RNG.integers(-30, 30, (5, 7))),
    "columns before an ellipsis": (slice(None), RNG.integers(0, 30, 9), ...),
    "cells": (RNG.integers(0, 40, 600), RNG.integers(-30, 30, 600)),
    "rows of a slice": (slice(3, 35, 2), RNG.integers(0, 30, 40)),
    "masked rows and columns": (RNG.random(40) < 0.5, slice(None)),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_gathers_add_up_as_numpys(name: str, backend: backends.Backend) -> None:
    array = RNG.normal(size=(40, 30))
    x = tensor(backend.asarray(array), requires_grad=True)
    found = x[keyed(LARGE[name], backend.asarray)]
    np.testing.assert_array_equal(to_numpy(found), array[LARGE[name]])
    (g,) = gradients([(found * found).sum()], [x])
    expected = np.zeros_like(array)
    np.add.at(expected, LARGE[name], 2 * array[LARGE[name]])
    np.testing.assert_allclose(to_numpy(g), expected)


def test_adding_beyond_the_end_is_an_error() -> None:
    with pytest.raises(IndexError, match="add_at: expected indices from -4 to 3 on axis 0"):
        backends.get("numpy").add_at(np.zeros((4, 300)), np.array([4]), np.ones((1, 300)))


# Sorting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "complex128"])
def test_large_sorts_are_stable_with_ties_and_nan(dtype: str, axis: int, backend: backends.Backend) -> None:
    array = RNG.normal(size=(90, 80)).astype(dtype) * 5
    array[:40] = np.round(array[:40])
    if array.dtype.kind != "i":
        array[50:60, 20:30][RNG.random((10, 10)) < 0.3] = np.nan
    x = tensor(backend.asarray(array))
    order = np.argsort(array, axis, kind="stable")
    np.testing.assert_array_equal(to_numpy(anp.argsort(x, axis)), order)
    np.testing.assert_array_equal(to_numpy(anp.sort(x, axis)), np.sort(array, axis))
    falling = to_numpy(anp.argsort(x, axis, descending=True))
    assert (np.sort(falling, axis) == np.sort(order, axis)).all()
    np.testing.assert_array_equal(np.take_along_axis(array, falling, axis), np.flip(np.sort(array, axis), axis))


def test_equal_elements_keep_their_order_and_their_gradients(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(np.array([1.0, 0.0, 1.0, 0.0])), requires_grad=True)
    weights = backend.asarray(np.array([1.0, 2.0, 3.0, 4.0]))
    for descending, expected in ((False, [3.0, 1.0, 4.0, 2.0]), (True, [1.0, 3.0, 2.0, 4.0])):
        (g,) = gradients([(anp.sort(x, descending=descending) * weights).sum()], [x])
        np.testing.assert_array_equal(to_numpy(g), expected)


def test_nan_sorts_last(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(np.array([np.nan, 2.0, 1.0])), requires_grad=True)
    np.testing.assert_array_equal(to_numpy(anp.sort(x)), [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(to_numpy(anp.argsort(x)), [2, 1, 0])


def test_unique_and_its_kin(backend: backends.Backend) -> None:
    array = np.array([[2.0, 1.0], [2.0, 3.0]])
    x = tensor(backend.asarray(array), requires_grad=True)
    values, index, inverse, counts = anp.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for ours, theirs in zip((values, index, inverse, counts), np.unique(array, True, True, True)):
        np.testing.assert_array_equal(to_numpy(ours), theirs)
    (g,) = gradients([(values * backend.asarray(np.array([1.0, 10.0, 100.0]))).sum()], [x])
    np.testing.assert_array_equal(to_numpy(g), [[10.0, 1.0], [0.0, 100.0]])
    everything = anp.unique_all(x)
    np.testing.assert_array_equal(to_numpy(everything.values), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(to_numpy(everything.counts), [1, 2, 1])
    assert everything.values.requires_grad and not everything.counts.requires_grad
    np.testing.assert_array_equal(to_numpy(anp.unique_counts(x).counts), [1, 2, 1])
    np.testing.assert_array_equal(to_numpy(anp.unique_inverse(x).inverse_indices), [[1, 0], [1, 2]])
    np.testing.assert_array_equal(np.sort(to_numpy(anp.unique_values(x))), [1.0, 2.0, 3.0])
    assert anp.unique_values(x).requires_grad
    rows = anp.unique(tensor(np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]]), requires_grad=True), axis=0)
    np.testing.assert_array_equal(to_numpy(rows), [[0.0, 1.0], [1.0, 2.0]])


def test_sets_with_common_elements_give_their_gradient_to_the_first(backend: backends.Backend) -> None:
    for name in ("union1d", "intersect1d", "setdiff1d", "setxor1d"):
        a = tensor(backend.asarray(A), requires_grad=True)
        v = tensor(backend.asarray(V), requires_grad=True)
        found = getattr(anp, name)(a, v)
        wanted = getattr(np, name)(A, V)
        np.testing.assert_array_equal(to_numpy(found), wanted)
        ga, gv = gradients([(found * found).sum() / 2], [a, v], allow_unused=True)
        got = [to_numpy(ga).ravel(), to_numpy(gv) if gv is not None else []]
        np.testing.assert_array_equal(np.sort(np.concatenate(got)[np.concatenate(got) != 0]), wanted)
    values, first, second = anp.intersect1d(a, v, return_indices=True)
    for ours, theirs in zip((values, first, second), np.intersect1d(A, V, return_indices=True)):
        np.testing.assert_array_equal(to_numpy(ours), theirs)


def test_where_of_a_condition_alone_is_nonzero(backend: backends.Backend) -> None:
    for found in (anp.where(tensor(backend.asarray(M))), anp.nonzero(tensor(backend.asarray(M)))):
        assert all(isinstance(places, Tensor) for places in found)
        np.testing.assert_array_equal(to_numpy(found), np.nonzero(M))


# Sampled functions and counts ------------------------------------------------------------------------------


def test_interp_at_the_points_and_between_two_in_one_place(backend: backends.Backend) -> None:
    points, values = np.array([0.0, 1.0, 1.0, 2.0]), np.array([0.0, 1.0, 5.0, 6.0])
    x = tensor(backend.asarray(np.array([0.0, 1.0, 2.0, 1.5])), requires_grad=True)
    f = tensor(backend.asarray(values), requires_grad=True)
    p = tensor(backend.asarray(points), requires_grad=True)
    out = anp.interp(x, p, f)
    np.testing.assert_allclose(to_numpy(out), np.interp(to_numpy(x), points, values))
    grads = [to_numpy(g) for g in gradients([out.sum()], [x, p, f])]
    assert all(np.isfinite(g).all() for g in grads)
    np.testing.assert_allclose(grads[0], [1.0, 1.0, 1.0, 1.0])


def test_interp_far_outside_has_no_slope(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(np.array([-np.inf, np.inf, 9.0])), requires_grad=True)
    p = tensor(backend.asarray(R), requires_grad=True)
    gx, gp = gradients([anp.interp(x, p, backend.asarray(V)).sum()], [x, p])
    np.testing.assert_array_equal(to_numpy(gx), [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(to_numpy(gp), np.zeros(4))


def test_convolution_of_complex_vectors(backend: backends.Backend) -> None:
    a, v = V + 1j * R, W - 2j
    for mode in ("full", "same", "valid"):
        for first, second in ((a, v), (v, a)):
            ours = [tensor(backend.asarray(x), requires_grad=True) for x in (first, second)]
            np.testing.assert_allclose(to_numpy(anp.convolve(*ours, mode)), np.convolve(first, second, mode))
            np.testing.assert_allclose(to_numpy(anp.correlate(*ours, mode)), np.correlate(first, second, mode))


def test_histogram_counts_weights_and_is_differentiated_in_them(backend: backends.Backend) -> None:
    for bins, window, density in ((3, None, None), (4, (-1.0, 1.0), True), (np.array([-1.0, 0.5, 2.0]), None, True)):
        edges = backend.asarray(bins) if isinstance(bins, np.ndarray) else bins
        weights = tensor(backend.asarray(B), requires_grad=True)
        counts, found = anp.histogram(backend.asarray(A), edges, window, density, weights)
        wanted, borders = np.histogram(A, bins, window, density, B)
        np.testing.assert_allclose(to_numpy(counts), wanted)
        np.testing.assert_allclose(to_numpy(found), borders)
        assert counts.requires_grad and not found.requires_grad
    (g,) = gradients([anp.histogram(backend.asarray(A), 2, (-1.0, 1.0), weights=weights)[0].sum()], [weights])
    np.testing.assert_array_equal(to_numpy(g), ((A >= -1) & (A <= 1)).astype(float))


# Errors ----------------------------------------------------------------------------------------------------

t = tensor(A)
ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: t[2], IndexError, r"getitem: expected an index from -2 to 1 on axis 0 of x, which is \(2, 3\); got 2"),
    (
        lambda: t[..., -4],
        IndexError,
        r"getitem: expected an index from -3 to 2 on axis 1 of x, which is \(2, 3\); got -4",
    ),
    (lambda: t[:0][0], IndexError, "getitem: expected no integer index, since there is nothing on axis 0"),
    (lambda: t[0, 0, 0], IndexError, r"getitem: expected at most 2 indices, as x is \(2, 3\); got 3"),
    (
        lambda: t[np.array([0, 5])],
        IndexError,
        r"getitem: expected indices from -2 to 1 on axis 0 of x, which is \(2, 3\); got 5",
    ),
    (
        lambda: t[np.array([0.0])],
        IndexError,
        "getitem: expected integers or booleans as an index; got an array of float64",
    ),
    (lambda: t[1.5], IndexError, "getitem: expected integers, slices, None, ... or arrays of integers"),
    (lambda: t["a"], IndexError, "getitem: expected integers, slices, None, ... or arrays of integers"),
    (lambda: t[np.array([True])], IndexError, "getitem: boolean index did not match"),
    (lambda: anp.take(t, [0.5]), TypeError, "take: expected integer indices; got float64"),
    (lambda: anp.take(t, [9]), IndexError, "getitem: expected indices from -6 to 5 on axis 0"),
    (lambda: anp.take(t, [0], mode="no"), ValueError, "take: expected mode 'raise', 'wrap' or 'clip'; got 'no'"),
    (lambda: anp.take(t, [0], out=np.empty(1)), TypeError, "take: expected no out= with Tensors"),
    (lambda: anp.take_along_axis(t, [0], 1), ValueError, r"take_along_axis: expected indices of as many axes as x"),
    (lambda: anp.put_along_axis(t, [0], 1.0, 1), ValueError, "put_along_axis: expected indices of as many axes as arr"),
    (
        lambda: anp.put_along_axis(A, [[0], [0]], t, 1),
        TypeError,
        "put_along_axis: expected the array written to be a Tensor",
    ),
    (lambda: anp.put(t, [6], 1.0), IndexError, "put: expected indices from -6 to 5; got others"),
    (lambda: anp.put(t, [0], 1.0, mode="no"), ValueError, "put: expected mode 'raise', 'wrap' or 'clip'; got 'no'"),
    (lambda: anp.compress(M, t), ValueError, r"compress: expected a vector as the condition; got shape \(2, 3\)"),
    (lambda: anp.select([M], [t, t]), ValueError, "select: expected as many choices as conditions"),
    (lambda: anp.select([A], [t]), TypeError, "select: expected boolean conditions; got float64"),
    (lambda: anp.choose([0, 5, 0], [t, t]), ValueError, "choose: expected integers from 0 to 1"),
    (
        lambda: anp.apply_along_axis(lambda v: v, 0, t[:, :0]),
        ValueError,
        "apply_along_axis: expected at least one slice",
    ),
    (lambda: anp.sort(t, kind="bogo"), ValueError, "sort: expected a kind among 'quicksort'"),
    (lambda: anp.sort(t, order="name"), TypeError, "sort: expected no order="),
    (lambda: anp.sort(t, 2), np.exceptions.AxisError, "axis 2 is out of bounds"),
    (lambda: anp.partition(t, 3), ValueError, "partition: expected kth from -3 to 2 on axis 1; got 3"),
    (lambda: anp.partition(t, 0, kind="x"), ValueError, "partition: expected kind='introselect'"),
    (lambda: anp.lexsort([]), TypeError, "lexsort: expected at least one key"),
    (lambda: anp.searchsorted(t, 1.0), ValueError, r"searchsorted: expected a sorted vector; got shape \(2, 3\)"),
    (lambda: anp.searchsorted(t[0], 1.0, "middle"), ValueError, "searchsorted: expected side 'left' or 'right'"),
    (lambda: anp.interp(t, [0.0, 1.0], [1.0]), ValueError, "interp: expected xp and fp to be vectors of one length"),
    (lambda: anp.interp(t, [0.0], [1.0], period=0), ValueError, "interp: expected a period other than 0"),
    (lambda: anp.interp(t * 1j, [0.0], [1.0]), TypeError, "interp: expected real x and xp; got complex"),
    (lambda: anp.convolve(t, t), ValueError, r"convolve: expected two vectors; a is \(2, 3\), v is \(2, 3\)"),
    (
        lambda: anp.convolve(t[0], t[0], "some"),
        ValueError,
        "convolve: expected mode 'full', 'same' or 'valid'; got 'some'",
    ),
    (lambda: anp.convolve(t[0], t[0, :0]), ValueError, "convolve: expected vectors of at least one element"),
    (lambda: anp.bincount([0, 1], t), ValueError, "bincount: expected two vectors of one length"),
    (lambda: anp.bincount([0, -1], t[0, :2]), ValueError, "bincount: expected integers of 0 or more; got -1"),
    (lambda: anp.bincount([0.5], t[0, :1]), TypeError, "bincount: expected integer indices; got float64"),
    (lambda: anp.histogram(A, weights=t[0]), ValueError, "histogram: expected a weight for each"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[text[:40] for _, _, text in ERRORS])
def test_errors_say_what_was_expected_and_what_came(call: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(
    ("key", "value", "kind", "text"),
    [
        (5, 1.0, IndexError, r"setitem: expected an index from -2 to 1 on axis 0 of x, which is \(2, 3\); got 5"),
        ((0, 0, 0), 1.0, IndexError, r"setitem: expected at most 2 indices, as x is \(2, 3\); got 3"),
        ([0, -7], 1.0, IndexError, "setitem: expected indices from -2 to 1 on axis 0 .* got -7"),
        ("a", 1.0, IndexError, "expected integers, slices, None, ... or arrays of integers or booleans as an index"),
        (
            0,
            np.zeros(2),
            ValueError,
            r"setitem: expected a value that broadcasts to \(3,\), .* got one of shape \(2,\)",
        ),
        (
            [0],
            np.zeros(2),
            ValueError,
            r"setitem: expected a value that broadcasts to \(1, 3\), .* got one of shape \(2,\)",
        ),
        (0, 1j, TypeError, "setitem: expected values that fit x's dtype float64; got complex ones"),
    ],
)
def test_errors_of_a_write_say_what_was_expected(
    key: Any, value: Any, kind: type[Exception], text: str, recorded: bool
) -> None:
    x = tensor(A, requires_grad=recorded) * 1
    with pytest.raises(kind, match=text):
        x[key] = value
    np.testing.assert_array_equal(to_numpy(x), A)


# Any shape -------------------------------------------------------------------------------------------------


@hypothesis.given(arrays.array_shapes(min_dims=1, max_dims=3, max_side=5), st.data())
@hypothesis.settings(max_examples=80)
def test_basic_indices_of_any_kind(shape: tuple[int, ...], data: st.DataObject) -> None:
    key = data.draw(arrays.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    x = tensor(array, requires_grad=True)
    found = x[key]
    np.testing.assert_array_equal(to_numpy(found), array[key])
    (g,) = gradients([(found * found).sum() / 2], [x])
    expected = np.zeros(shape)
    expected[key] = array[key]
    np.testing.assert_array_equal(to_numpy(g), expected)


@hypothesis.given(arrays.array_shapes(min_dims=1, max_dims=3, max_side=4), st.data())
@hypothesis.settings(max_examples=80)
def test_integer_indices_of_any_kind(shape: tuple[int, ...], data: st.DataObject) -> None:
    key = data.draw(arrays.integer_array_indices(shape))
    array = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    x = tensor(array, requires_grad=True)
    found = x[key]
    np.testing.assert_array_equal(to_numpy(found), array[key])
    (g,) = gradients([(found * found).sum() / 2], [x])
    expected = np.zeros(shape)
    np.add.at(expected, key, array[key])
    np.testing.assert_array_equal(to_numpy(g), expected)


@hypothesis.given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=5), elements=st.integers(-3, 3)))
@hypothesis.settings(max_examples=40)
def test_sorting_is_undone_by_its_gradient(array: np.ndarray) -> None:
    x = tensor(array, requires_grad=True)
    ordered = anp.sort(x)
    np.testing.assert_array_equal(to_numpy(ordered), np.sort(array))
    (g,) = gradients([(ordered * ordered).sum() / 2], [x])
    np.testing.assert_array_equal(to_numpy(g), array)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int64", "complex64"])
def test_sort_complex_is_numpys(dtype: str, backend: backends.Backend) -> None:
    values = np.array([[3, 1, 2], [0, 5, -4]]).astype(dtype)
    x = tensor(backend.asarray(values), requires_grad=values.dtype.kind in "fc")
    out = anp.sort_complex(x)
    assert out.dtype == np.sort_complex(values).dtype
    np.testing.assert_array_equal(to_numpy(out), np.sort_complex(values))
    if x.requires_grad:
        (out.real * backend.asarray(np.array([[1.0, 2, 3], [4, 5, 6]], np.dtype(dtype).char.lower()))).sum().backward()
        assert x.grad.dtype == values.dtype
        np.testing.assert_array_equal(to_numpy(x.grad), [[3, 1, 2], [5, 6, 4]])


def test_piecewise_shows_each_function_its_own_elements() -> None:
    values = np.array([[-2.0, 4.0], [0.25, -1.0]])
    functions = [lambda t: t**2, lambda t, scale=1.0: scale * np.sqrt(t)]
    conditions = [values < 0, values > 0]
    for function in (np.piecewise, anp.piecewise):
        x = tensor(values, requires_grad=True)
        out = function(x, [x < 0, x > 0], functions)
        np.testing.assert_array_equal(out.detach().numpy(), np.piecewise(values, conditions, functions))
        out.sum().backward()  # no NaN from the root of what is negative
        np.testing.assert_allclose(x.grad.numpy(), [[-4.0, 0.25], [1.0, -2.0]])
        out = function(x, [x < 0], [-1.0, lambda t: t])
        np.testing.assert_array_equal(out.detach().numpy(), [[-1.0, 4.0], [0.25, -1.0]])
        np.testing.assert_array_equal(function(x, x > 1, [3.0]).detach().numpy(), [[0.0, 3.0], [0.0, 0.0]])
    assert type(anp.piecewise(values, conditions, [0.0, 1.0])) is np.ndarray
    check_grads(lambda t: anp.piecewise(t, [t < 0, t > 0], functions), order=2)(values)
    with pytest.raises(ValueError, match=r"piecewise: expected 1 or 2 functions .*; got 3\. Give one"):
        anp.piecewise(tensor(values), [values > 0], [1.0, 2.0, 3.0])


def test_choose_gives_a_tensor_for_a_tensor() -> None:
    assert anp.choose(tensor([0, 1]), [1, 2]).__class__ is tensor(1.0).__class__

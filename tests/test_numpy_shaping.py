"""Shapes, joining, splitting, borders, diagonals of ``autograd.numpy``: against NumPy on every backend."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import gradients, scalar, tensor
from autograd.numpy import (
    diagonals,
    editing,
    grids,
    indexing,
    joining,
    padding,
    sets,
    shaping,
    signals,
    sorting,
    turning,
    writing,
)
from tests.helpers import to_numpy
from tests.numpy_calls import Call, check_float32, check_plain, check_tensors

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
B = A[::-1] * 1.5 + 0.25
V = np.array([1.5, -0.75, 2.5])
W = np.array([0.5, 2.0])
T = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
S = np.array(1.25)

SHAPES = [
    Call("reshape", (A, (3, 2))),
    Call("reshape", (A, -1), label="flat"),
    Call("reshape", (T, (4, 6)), {"order": "F"}, label="first axis fastest"),
    Call("reshape", (np.asfortranarray(A), (3, 2)), {"order": "A"}, label="as it lies"),
    Call("reshape", (A.T, [2, 3]), {"copy": True}, label="copied"),
    Call("ravel", (A,)),
    Call("ravel", (T, "F"), label="first axis fastest"),
    Call("ravel", (A.T, "K"), label="as it lies"),
    Call("transpose", (T,)),
    Call("transpose", (T, (1, -1, 0)), label="axes"),
    Call("permute_dims", (T, (1, 2, 0))),
    Call("matrix_transpose", (T,)),
    Call("swapaxes", (T, 0, -1)),
    Call("moveaxis", (T, 0, -1)),
    Call("moveaxis", (T, [0, 1], [-1, 0]), label="two"),
    Call("rollaxis", (T, 2)),
    Call("rollaxis", (T, 0, 3), label="to the end"),
    Call("squeeze", (A[:, None, :, None],)),
    Call("squeeze", (A[:, None, :, None], -1), label="axis"),
    Call("expand_dims", (A, 1)),
    Call("expand_dims", (A, (0, -1)), label="two"),
    Call("atleast_1d", (S,)),
    Call("atleast_1d", (S, V), label="two"),
    Call("atleast_2d", (V,)),
    Call("atleast_3d", (V,)),
    Call("atleast_3d", (A,), label="matrix"),
    Call("broadcast_to", (V, (2, 3))),
    Call("broadcast_arrays", (V, A, A[:, :1])),
    Call("flip", (T,)),
    Call("flip", (T, (0, 2)), label="axes"),
    Call("flipud", (A,)),
    Call("fliplr", (A,)),
    *[Call("rot90", (T, k), label=str(k)) for k in (0, 1, 2, 3, -1)],
    Call("rot90", (T, 1, (2, 0)), label="axes"),
    Call("roll", (A, 1)),
    Call("roll", (T, (1, 2), (0, -1)), label="axes"),
    Call("roll", (T, 1, (0, 1)), label="one shift, two axes"),
    Call("roll", (V, (1, 1), 0), label="two shifts, one axis"),
    Call("tril", (A, 1)),
    Call("tril", (V,), label="vector"),
    Call("triu", (T, -1)),
    Call("diag", (V, -1)),
    Call("diag", (A, 1), label="of a matrix"),
    Call("diagflat", (A, 1)),
    Call("diagonal", (A,)),
    Call("diagonal", (T, -1, 2, 0), label="axes"),
    Call("trace", (A,)),
    Call("trace", (T, 1, 0, -1), label="axes"),
    Call("meshgrid", (V, W)),
    Call("meshgrid", (V, W, S), {"indexing": "ij", "copy": False}, label="ij"),
    Call("meshgrid", (V, W), {"sparse": True}, label="sparse"),
]
JOINS = [
    Call("concatenate", ([A, B],)),
    Call("concatenate", ((A, V[None]), -2), label="axis"),
    Call("concatenate", ([A, V], None), label="flattened"),
    Call("concatenate", (T, 1), label="array of arrays"),
    Call("concatenate", ([A, B],), {"dtype": "float32"}, label="dtype"),
    Call("concat", ([A, B],), {"axis": 1}),
    Call("stack", ([A, B],)),
    Call("stack", ((A, B, A), -1), label="last"),
    Call("vstack", ([V, A],)),
    Call("row_stack", ([V, A],), reference=np.vstack),
    Call("hstack", ([V, W],)),
    Call("hstack", ([A, B[:, :1]],), label="matrices"),
    Call("dstack", ([V, V],)),
    Call("dstack", ([A, B],), label="matrices"),
    Call("column_stack", ([W, A],)),
    Call("block", ([[A, W[:, None]], [V, S]],)),
    Call("block", ([V, W],), label="one list"),
    Call("append", (A, V)),
    Call("append", (A, B[:1], 0), label="axis"),
    Call("unstack", (T,), {"axis": 1}, reference=lambda x, axis: tuple(np.moveaxis(x, axis, 0))),
    Call("split", (T, 2, 2)),
    Call("split", (V, [1, 2]), label="indices"),
    Call("array_split", (V, 2)),
    Call("hsplit", (A, 3)),
    Call("hsplit", (V, [1]), label="vector"),
    Call("vsplit", (A, 2)),
    Call("dsplit", (T, [1, 3])),
]
EDITS = [
    Call("tile", (V, 2)),
    Call("tile", (A, (2, 1, 2)), label="more axes"),
    Call("tile", (A, 1), label="once"),
    Call("repeat", (A, 2)),
    Call("repeat", (A, 3, 1), label="axis"),
    Call("repeat", (A, [0, 2, 1], -1), label="counts"),
    Call("repeat", (A, np.array([2, 1]), 0), label="array of counts"),
    Call("resize", (A, (2, 5))),
    Call("resize", (A, 4), label="shorter"),
    Call("delete", (A, 1, 1)),
    Call("delete", (A, [0, -1]), label="flattened"),
    Call("delete", (T, slice(None, None, 2), 2), label="slice"),
    Call("delete", (V, np.array([True, False, True])), label="mask"),
    Call("insert", (V, 1, W), label="several at one place"),
    Call("insert", (A, 1, W, 1), label="column"),
    Call("insert", (A, [0, 2, 2], S, 1), label="number"),
    Call("insert", (A, [0, -1], B[:, :2], 1), label="columns"),
    Call("insert", (A, slice(0, 2), V[:2]), label="flattened, slice"),
    Call("insert", (T, -1, A[None], 2), label="layer"),
]
BORDERS = [
    *[
        Call("pad", (T, 2, mode), label=mode)
        for mode in ("constant", "edge", "linear_ramp", "maximum", "mean", "minimum")
    ],
    *[
        Call("pad", (T, ((1, 0), (2, 1), (0, 3)), mode), label=f"{mode}, pairs")
        for mode in ("reflect", "symmetric", "wrap")
    ],
    *[Call("pad", (A, 7, mode), label=f"{mode}, wider than the array") for mode in ("reflect", "symmetric", "wrap")],
    *[
        Call("pad", (A, (5, 4), mode), {"reflect_type": "odd"}, label=f"{mode}, odd")
        for mode in ("reflect", "symmetric")
    ],
    Call("pad", (V, (1, 2)), {"constant_values": (3.0, -1.0)}, label="values"),
    Call("pad", (A, 1), {"constant_values": ((1.0, 2.0), (3.0, 4.0))}, label="values per axis"),
    Call("pad", (A, (2, 1), "linear_ramp"), {"end_values": 3.0}, label="ramp to a value"),
    Call("pad", (T, 1, "mean"), {"stat_length": 2}, label="mean of two"),
    Call("pad", (T, 1, "maximum"), {"stat_length": ((1, 1), (2, 1), (3, 9))}, label="maximum of some"),
    Call("pad", (A[:1], 2, "reflect"), label="one element to mirror"),
]
CALLS = SHAPES + JOINS + EDITS + BORDERS


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_plain_arrays_give_what_numpy_gives(call: Call, backend: backends.Backend) -> None:
    check_plain(call, backend)


@pytest.mark.parametrize("call", [c for c in CALLS if "dtype" not in c.options], ids=lambda call: call.id)
def test_tensors_give_the_same_and_are_differentiated(call: Call, backend: backends.Backend) -> None:
    check_tensors(call, backend)


@pytest.mark.parametrize("call", [c for c in CALLS if "dtype" not in c.options], ids=lambda call: call.id)
def test_float32_stays_float32(call: Call, backend: backends.Backend) -> None:
    check_float32(call, backend)


# Signatures ------------------------------------------------------------------------------------------------

PUBLIC = [
    (name, getattr(module, name))
    for module in (
        shaping,
        turning,
        diagonals,
        joining,
        editing,
        padding,
        grids,
        indexing,
        sorting,
        sets,
        signals,
        writing,
    )
    for name in module.__all__
]
# What is ours beyond NumPy's signature, and what NumPy's grew after 2.0.
MORE = {"sort": ["descending"], "argsort": ["descending"]}
LATER = {"unique": ["sorted"], "trim_zeros": ["axis"]}


@pytest.mark.parametrize(("name", "function"), PUBLIC, ids=lambda value: value if isinstance(value, str) else "")
def test_signatures_are_numpys(name: str, function: Callable[..., Any]) -> None:
    theirs = getattr(np, name, None)
    if theirs is None:
        assert name in ("make_diagonal", "row_stack", "unstack")  # gone from NumPy, and not yet in NumPy 2.0
        return
    try:
        wanted = inspect.signature(theirs).parameters
    except ValueError:
        pytest.skip("this version of NumPy tells no signature of it")
    found = inspect.signature(function).parameters
    skipped = {*MORE.get(name, ()), *[p for p in LATER.get(name, ()) if p not in wanted]}
    assert [p for p in found if p not in skipped] == [p for p in wanted if p != "newshape"]
    for parameter in wanted.values():
        if parameter.name in found and name != "reshape":
            assert found[parameter.name].default == parameter.default, parameter
            assert found[parameter.name].kind == parameter.kind, parameter


def test_every_function_is_in_the_namespace() -> None:
    assert [name for name, function in PUBLIC if getattr(anp, name, None) is not function] == []


# Views -----------------------------------------------------------------------------------------------------

VIEWS: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda x: anp.reshape(x, (3, 2)),
    "ravel": anp.ravel,
    "transpose": anp.transpose,
    "swapaxes": lambda x: anp.swapaxes(x, 0, 1),
    "moveaxis": lambda x: anp.moveaxis(x, 0, 1),
    "expand_dims": lambda x: anp.expand_dims(x, 1),
    "squeeze": lambda x: anp.squeeze(anp.expand_dims(x, 0), 0),
    "flip": anp.flip,
    "rot90": anp.rot90,
    "diagonal": anp.diagonal,
    "split": lambda x: anp.split(x, 3, 1)[1],
    "unstack": lambda x: anp.unstack(x)[1],
    "matrix_transpose": anp.matrix_transpose,
    "atleast_3d": anp.atleast_3d,
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_into_a_view_is_seen_and_differentiated_through_its_base(name: str, backend: backends.Backend) -> None:
    view = VIEWS[name]
    x = tensor(backend.asarray(A), requires_grad=True)
    factor = tensor(backend.asarray(np.array(3.0)), requires_grad=True)
    h = x * 1
    part = view(h)
    part *= factor
    expected = A.copy()
    # NumPy's own diagonal is read-only, though it is a view.
    np.lib.stride_tricks.as_strided(view(expected), view(expected).shape, view(expected).strides, writeable=True)[
        ...
    ] = 3 * view(A)
    np.testing.assert_array_equal(to_numpy(h), expected)
    (h * h).sum().backward()
    scale = np.where(expected == A, 1.0, 3.0)
    np.testing.assert_allclose(to_numpy(x.grad), 2 * expected * scale)
    np.testing.assert_allclose(to_numpy(factor.grad), (2 * 3.0 * view(A) ** 2).sum())


@pytest.mark.parametrize("name", ["broadcast_to", "broadcast_arrays", "meshgrid"])
def test_a_broadcast_view_is_not_written_into(name: str, backend: backends.Backend) -> None:
    x = tensor(backend.asarray(V[:1]), requires_grad=True) * 1
    view = {
        "broadcast_to": lambda: anp.broadcast_to(x, (2, 3)),
        "broadcast_arrays": lambda: anp.broadcast_arrays(x, backend.asarray(A))[0],
        "meshgrid": lambda: anp.meshgrid(x, backend.asarray(W), copy=False)[0],
    }[name]()
    with pytest.raises(ValueError, match="broadcast"):
        view[0] = 1.0
    with pytest.raises(ValueError, match="broadcast"):
        view += 1.0
    np.testing.assert_array_equal(to_numpy(x), V[:1])


def test_a_broadcast_view_shows_later_writes_and_their_gradient(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(V[:1]), requires_grad=True)
    h = x * 1
    spread = anp.broadcast_to(h, (3,))
    h *= 2
    np.testing.assert_array_equal(to_numpy(spread), [3.0, 3.0, 3.0])
    spread.sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [6.0])


@pytest.mark.parametrize("name", ["tile", "repeat", "flatten", "resize", "diag", "block"])
def test_what_numpy_copies_is_a_copy(name: str, backend: backends.Backend) -> None:
    x = tensor(backend.asarray(A))
    copied = {
        "tile": lambda: anp.tile(x, 1),
        "repeat": lambda: anp.repeat(x, 1, axis=0),
        "flatten": lambda: shaping.flatten(x),
        "resize": lambda: anp.resize(x, (2, 3)),
        "diag": lambda: anp.diag(x),
        "block": lambda: anp.block(x),
    }[name]()
    copied += 1
    np.testing.assert_array_equal(to_numpy(x), A)


def test_fill_diagonal_writes_in_place_and_is_differentiated_in_both(backend: backends.Backend) -> None:
    for shape, wrap in [((3, 3), False), ((5, 2), False), ((5, 2), True), ((2, 4), False), ((2, 2, 2), False)]:
        array = np.arange(float(np.prod(shape))).reshape(shape)
        expected = array.copy()
        np.fill_diagonal(expected, W, wrap=wrap)
        x = tensor(backend.asarray(array), requires_grad=True)
        values = tensor(backend.asarray(W), requires_grad=True)
        h = x * 1
        anp.fill_diagonal(h, values, wrap)
        np.testing.assert_array_equal(to_numpy(h), expected)
        h.sum().backward()
        kept = np.ones(shape)
        np.fill_diagonal(kept, 0.0, wrap=wrap)
        np.testing.assert_array_equal(to_numpy(x.grad), kept)
        assert to_numpy(values.grad).sum() == kept.size - kept.sum()
    plain = A.copy()
    anp.fill_diagonal(plain, 7.0)
    np.testing.assert_array_equal(plain, [[7.0, -1.25, 2.0], [1.5, 7.0, -0.5]])


def test_trim_zeros(backend: backends.Backend) -> None:
    array = np.array([0.0, 0.0, 1.5, 0.0, 2.0, 0.0])
    for x, trim in ((array, "fb"), (array, "f"), (array, "B"), (np.zeros(3), "fb"), (np.zeros(3), "b")):
        t = tensor(backend.asarray(x), requires_grad=True)
        np.testing.assert_array_equal(to_numpy(anp.trim_zeros(t, trim)), np.trim_zeros(x, trim))
    (g,) = gradients([anp.trim_zeros(t := tensor(array, requires_grad=True)).sum()], [t])
    np.testing.assert_array_equal(to_numpy(g), [0.0, 0.0, 1.0, 1.0, 1.0, 0.0])
    x = np.zeros((3, 4))
    x[1, 1:3] = 1.0
    np.testing.assert_array_equal(to_numpy(anp.trim_zeros(backend.asarray(x))), [[1.0, 1.0]])


# Operands --------------------------------------------------------------------------------------------------


def test_lists_may_hold_tensors_numbers_and_arrays() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    joined = anp.concatenate([x, [3.0], np.array([4.0])])
    np.testing.assert_array_equal(to_numpy(joined), [1.0, 2.0, 3.0, 4.0])
    rows = anp.vstack([x, [x[0], 5.0]])
    (joined.sum() + (rows * rows).sum()).backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [1 + 2 + 2, 1 + 4])


def test_operands_of_two_backends_are_refused(device_backend: backends.Backend) -> None:
    x = tensor(device_backend.asarray(A))
    with pytest.raises(TypeError, match=r"expected all operands on one backend; got .* and"):
        anp.concatenate([x, A])


def test_mixed_dtypes_join_in_the_common_one_and_gradients_come_back_in_each_ones_own(
    backend: backends.Backend,
) -> None:
    a = tensor(backend.asarray(A.astype("float32")), requires_grad=True)
    b = tensor(backend.asarray(B), requires_grad=True)
    joined = anp.concatenate([a, b])
    assert str(joined.dtype) == "float64"
    ga, gb = gradients([(joined * joined).sum()], [a, b])
    assert (str(ga.dtype), str(gb.dtype)) == ("float32", "float64")


def test_joining_in_another_dtype_casts_and_the_gradient_casts_back(backend: backends.Backend) -> None:
    a = tensor(backend.asarray(A), requires_grad=True)
    for joined in (anp.concatenate([a, a], dtype="float32"), anp.hstack([a, a], dtype=np.float32)):
        assert str(joined.dtype) == "float32"
        (g,) = gradients([joined.sum()], [a])
        assert str(g.dtype) == "float64"
        np.testing.assert_array_equal(to_numpy(g), np.full((2, 3), 2.0))


def test_complex_and_real_operands_join(backend: backends.Backend) -> None:
    a = tensor(backend.asarray(A), requires_grad=True)
    b = tensor(backend.asarray(B + 1j * A), requires_grad=True)
    ga, gb = gradients([anp.stack([a, b]).sum().real], [a, b])
    assert (str(ga.dtype), str(gb.dtype)) == ("float64", "complex128")


# Errors ----------------------------------------------------------------------------------------------------

t = tensor(A)
ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: anp.reshape(scalar(2.0), 1), TypeError, r"reshape: expected arrays; got Python numbers \(2.0\)"),
    (lambda: anp.reshape(t, (4, 2)), ValueError, r"reshape: expected a shape of 6 elements, as x's \(2, 3\) has; got"),
    (lambda: anp.reshape(t, (3, 2), order="K"), ValueError, "reshape: expected an order among 'C', 'F', 'A'; got 'K'"),
    (
        lambda: anp.reshape(t.T, -1, copy=False),
        ValueError,
        "reshape: expected a shape and order that memory of strides",
    ),
    (lambda: anp.transpose(t, (0,)), ValueError, r"transpose: expected 2 axes, as a is \(2, 3\); got \(0,\)"),
    (lambda: anp.transpose(t, (0, 0)), ValueError, "axes: expected each axis once"),
    (lambda: anp.matrix_transpose(tensor(V)), ValueError, r"at least two axes; got shape \(3,\)"),
    (lambda: anp.moveaxis(t, [0, 1], 0), ValueError, "moveaxis: expected as many destinations as sources"),
    (lambda: anp.squeeze(t, 0), ValueError, r"squeeze: expected axes of size 1; axis 0 of shape \(2, 3\) is not"),
    (lambda: anp.expand_dims(t, 5), np.exceptions.AxisError, "axis 5 is out of bounds"),
    (
        lambda: anp.broadcast_to(t, (4, 3)),
        ValueError,
        r"expected a shape that x's \(2, 3\) broadcasts to; got \(4, 3\)",
    ),
    (lambda: anp.rot90(t, axes=(0,)), ValueError, "rot90: expected two axes"),
    (lambda: anp.roll(t, (1, 2, 3), (0, 1)), ValueError, "roll: expected one shift per axis"),
    (lambda: anp.diagonal(tensor(V)), ValueError, "diagonal: expected at least two axes"),
    (lambda: anp.diagonal(t, 0, 1, -1), ValueError, "diagonal: expected two different axes"),
    (lambda: anp.diag(tensor(T)), ValueError, "diag: expected a vector or a matrix"),
    (lambda: anp.tril(tensor(1.0)), ValueError, "tril: expected at least one axis"),
    (lambda: anp.fill_diagonal(tensor(V), 0), ValueError, "fill_diagonal: expected a matrix"),
    (lambda: anp.concatenate([]), ValueError, "concatenate: expected at least one array; got none"),
    (lambda: anp.concatenate(3.0), TypeError, "concatenate: expected a list or tuple of arrays; got float"),
    (lambda: anp.concatenate([t, tensor(V)]), ValueError, r"as many axes; got shapes \(2, 3\), \(3,\)"),
    (lambda: anp.concatenate([t, t.T]), ValueError, r"agree on every axis but 0; got \(2, 3\), \(3, 2\)"),
    (lambda: anp.concatenate([t, t], out=np.empty((4, 3))), TypeError, "concatenate: expected no out= with Tensors"),
    (lambda: anp.concatenate([t, t], dtype="int64"), TypeError, "expected a dtype that float64 casts to with casting"),
    (lambda: anp.stack([t, t.T]), ValueError, r"stack: expected arrays of one shape; got \(2, 3\), \(3, 2\)"),
    (lambda: anp.unstack(tensor(1.0)), ValueError, "unstack: expected at least one axis"),
    (lambda: anp.block([[t], t]), ValueError, "block: expected lists nested to one depth"),
    (lambda: anp.block([[], [t]]), ValueError, "block: expected a block in every list"),
    (lambda: anp.block([(t, t)]), TypeError, "block: expected lists of blocks; got a tuple"),
    (lambda: anp.split(t, 2, 1), ValueError, "split: expected sections that divide the axis of size 3; got 2"),
    (lambda: anp.split(t, 0), ValueError, "split: expected one section at least; got 0"),
    (lambda: anp.vsplit(tensor(V), 3), ValueError, "vsplit: expected 2 axes at least"),
    (lambda: anp.repeat(t, [1, 2], 1), ValueError, "repeat: expected one count, or one for each of 3 elements; got 2"),
    (lambda: anp.repeat(t, -1), ValueError, "repeat: expected a count of 0 or more; got -1"),
    (lambda: anp.resize(t, (-1,)), ValueError, "resize: expected sizes of 0 or more"),
    (lambda: anp.insert(t, 9, 0.0, 0), IndexError, "insert: expected a place from -2 to 2 on axis 0; got 9"),
    (lambda: anp.trim_zeros(t, "x"), ValueError, "trim_zeros: expected trim among 'f', 'b' and 'fb'; got 'x'"),
    (lambda: anp.pad(t, 1, "median"), ValueError, "pad: expected one of the modes constant, edge"),
    (lambda: anp.pad(t, 1, "edge", constant_values=1), ValueError, "pad: expected no keywords with mode='edge'"),
    (lambda: anp.pad(t, ((1, 2), (3, 4), (5, 6))), ValueError, "a number, a pair, or a pair for each of 2 axes"),
    (lambda: anp.pad(t, -1), ValueError, "pad: expected widths of 0 or more"),
    (lambda: anp.pad(t, 0.5), TypeError, "pad: expected integers as pad_width"),
    (lambda: anp.pad(t[:0], 1, "edge"), ValueError, "pad: expected mode='constant' for the empty axis 0; got 'edge'"),
    (lambda: anp.meshgrid(t, indexing="yx"), ValueError, "meshgrid: expected indexing 'xy' or 'ij'"),
    (lambda: anp.ix_(A), ValueError, r"ix_: expected vectors; got shape \(2, 3\)"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[text[:40] for _, _, text in ERRORS])
def test_errors_say_what_was_expected_and_what_came(call: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


# Any shape -------------------------------------------------------------------------------------------------


@hypothesis.given(st.data(), arrays.array_shapes(min_dims=1, max_dims=3, max_side=4))
@hypothesis.settings(max_examples=60)
def test_pad_of_any_widths(data: st.DataObject, shape: tuple[int, ...]) -> None:
    x = np.arange(1.0, 1 + np.prod(shape)).reshape(shape) ** 1.5
    widths = data.draw(st.tuples(*[st.tuples(st.integers(0, 9), st.integers(0, 9)) for _ in shape]))
    mode = data.draw(
        st.sampled_from(["constant", "edge", "linear_ramp", "maximum", "mean", "reflect", "symmetric", "wrap"])
    )
    options = {}
    if mode in ("reflect", "symmetric"):
        options["reflect_type"] = data.draw(st.sampled_from(["even", "odd"]))
    padded = anp.pad(tensor(x, requires_grad=True), widths, mode, **options)
    np.testing.assert_allclose(to_numpy(padded), np.pad(x, widths, mode, **options), rtol=1e-12)


@hypothesis.given(arrays.array_shapes(max_dims=3, max_side=4), st.data())
@hypothesis.settings(max_examples=40)
def test_what_is_split_joins_again(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = data.draw(st.integers(1, 5))
    x = tensor(np.arange(float(np.prod(shape))).reshape(shape), requires_grad=True)
    again = anp.concatenate(anp.array_split(x, parts, axis), axis)
    np.testing.assert_array_equal(to_numpy(again), to_numpy(x))
    (g,) = gradients([(again * again).sum()], [x])
    np.testing.assert_array_equal(to_numpy(g), 2 * to_numpy(x))


@hypothesis.given(arrays.array_shapes(min_dims=2, max_dims=4, max_side=4), st.integers(-4, 4), st.data())
@hypothesis.settings(max_examples=40)
def test_placing_a_diagonal_undoes_reading_it(shape: tuple[int, ...], offset: int, data: st.DataObject) -> None:
    axis1, axis2 = data.draw(st.permutations(range(len(shape))))[:2]
    x = tensor(np.arange(1.0, 1 + np.prod(shape)).reshape(shape), requires_grad=True)
    found = anp.diagonal(x, offset, axis1, axis2)
    (g,) = gradients([(found * found).sum() / 2], [x])
    np.testing.assert_array_equal(np.diagonal(to_numpy(g), offset, axis1, axis2), to_numpy(found))
    assert np.count_nonzero(to_numpy(g)) == found.size


@hypothesis.given(arrays.array_shapes(min_dims=0, max_dims=3, max_side=3), st.lists(st.integers(0, 3), max_size=4))
@hypothesis.settings(max_examples=40)
def test_tile_of_any_shape(shape: tuple[int, ...], reps: list[int]) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)
    np.testing.assert_array_equal(to_numpy(anp.tile(tensor(x), reps)), np.tile(x, reps))

"""NumPy's dispatch, DLPack, the array API's namespace, pickling and copying of Tensors; what is refused, and why."""

from __future__ import annotations

import copy
import gc
import importlib.util
import math
import operator
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
import scipy.special

import autograd.numpy as anp
import backends
from autograd import GraphError, Tensor, check_grads, no_grad, scalar, tensor
from tests.helpers import to_numpy
from tests.strict_array import StrictArray

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])


def leaf(x: Any = X) -> Tensor:
    return tensor(np.asarray(x), requires_grad=True)


# NumPy's functions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.sin(x), lambda x: np.add(x, X), lambda x: np.add(X, x), lambda x: X + x, lambda x: X @ x.T,
        lambda x: X**2 * x, lambda x: np.float64(2) * x, lambda x: np.sum(x, axis=0), lambda x: np.mean(x),
        lambda x: np.concatenate([x, x]), lambda x: np.stack([x, X]), lambda x: np.where(X > 0, x, 0),
        lambda x: np.clip(x, 0, 1), lambda x: np.linalg.norm(x), lambda x: np.fft.fft(x).real, lambda x: np.dot(x, X.T),
        lambda x: np.matmul(x, X.T), lambda x: np.einsum("ij,ij->i", x, X), lambda x: np.transpose(x),
        lambda x: np.sinc(x), lambda x: np.add.reduce(x), lambda x: np.add.reduce(x, axis=None, keepdims=True),
        lambda x: np.multiply.reduce(x, 1), lambda x: np.maximum.reduce(x), lambda x: np.add.accumulate(x),
        lambda x: np.multiply.accumulate(x, axis=1), lambda x: np.multiply.outer(X[0], x),
        lambda x: np.linalg.det(x @ X.T), lambda x: np.reshape(x, (3, 2)), lambda x: np.broadcast_to(x, (2, 2, 3)),
        lambda x: np.unwrap(3 * x, axis=0), lambda x: np.copy(x), lambda x: np.cumsum(x), lambda x: np.sort(x, axis=0),
        lambda x: np.exp(x, dtype="float32"), lambda x: np.subtract.outer(x, X), lambda x: np.real(x),
        lambda x: scipy.special.expit(x), lambda x: scipy.special.erf(x),
    ],
)  # fmt: skip
def test_numpys_functions_give_recorded_tensors(call: Any) -> None:
    x = leaf()
    out = call(x)
    assert isinstance(out, Tensor) and out.requires_grad
    np.testing.assert_allclose(out.detach().numpy(), call(X), rtol=1e-6 if out.dtype == np.float32 else 1e-13)
    out.sum().backward()
    slope = np.array([(call(X + 1e-6 * e) - call(X - 1e-6 * e)).sum() / 2e-6 for e in np.eye(6).reshape(6, 2, 3)])
    tolerance = 1e-6 if out.dtype == np.float64 else 5e-1
    np.testing.assert_allclose(x.grad.numpy().ravel(), slope, rtol=tolerance, atol=tolerance)


def test_results_without_derivative_and_several_results() -> None:
    x = leaf()
    assert (x < X).tolist() == np.zeros((2, 3), bool).tolist() and not np.less(X, x).requires_grad
    assert np.argmax(x, axis=1).tolist() == X.argmax(axis=1).tolist()
    assert np.isnan(x).tolist() == np.isnan(X).tolist()
    quotient, rest = np.divmod(x, 0.4)
    assert isinstance(rest, Tensor) and rest.requires_grad
    np.testing.assert_allclose(rest.detach().numpy(), X % 0.4)
    q, r = np.linalg.qr(x)
    np.testing.assert_allclose((q @ r).detach().numpy(), X, atol=1e-14)
    assert np.allclose(x, X) is True and np.array_equal(x, X) is True


def test_questions_are_answered_about_the_array() -> None:
    x = leaf(X.astype("float32"))
    assert np.shape(x) == (2, 3) and np.ndim(x) == 2 and np.size(x) == 6
    assert np.result_type(x, 1.0) == np.float32
    assert np.shares_memory(x, x.data) and not np.shares_memory(x, X)
    assert np.array2string(x).startswith("[[")
    assert isinstance(np.zeros_like(x), (Tensor, np.ndarray)) and np.zeros_like(x).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: np.is_busday(x), "numpy.is_busday"),
        (lambda x: np.multiply.at(x, 0, 1.0), "multiply.at"),
        (lambda x: np.subtract.reduce(x), "subtract.reduce"), (lambda x: np.add.reduceat(x, [0]), "add.reduceat"),
        (lambda x: scipy.special.struve(1, x), "struve"),
    ],
)  # fmt: skip
def test_unknown_functions_are_refused_and_not_converted(call: Any, name: str) -> None:
    with pytest.raises(
        TypeError, match=rf"^{name}: expected a function that autograd\.numpy has, since a Tensor was given"
    ):
        call(leaf([1.0, 2.0]))


class Stranger:
    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> str:
        return "ufunc"

    def __array_function__(self, *args: Any, **kwargs: Any) -> str:
        return "function"

    def __radd__(self, other: Any) -> str:
        return "radd"


def test_strangers_get_their_turn() -> None:
    x = leaf()
    assert np.add(x, Stranger()) == "ufunc" and np.concatenate([x, Stranger()]) == "function"
    assert x + Stranger() == "radd"
    with pytest.raises(TypeError, match="unsupported operand"):
        x + "a"
    assert (x == "a") is False and (x != object()) is True
    with pytest.raises(TypeError):
        np.add(x, object())


# Writing into arrays ---------------------------------------------------------------------------------------


def test_an_array_is_rebound_where_a_gradient_is_needed_and_written_where_not() -> None:
    x, array = leaf(), X.copy()
    kept = array
    array -= x
    assert isinstance(array, Tensor) and np.array_equal(kept, X)
    array.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), -np.ones((2, 3)))
    for quiet in (tensor(X), x.detach()):
        array = kept = X.copy()
        array += quiet
        assert array is kept and np.array_equal(kept, 2 * X)
    with no_grad():
        array = kept = X.copy()
        array *= x
    assert array is kept and np.array_equal(kept, X * X)
    whole = np.array([1, 2])
    with pytest.raises(
        TypeError, match=r"add: expected an array that holds float64; got out= of int64\. Cast it first"
    ):
        whole += tensor([0.5, 0.5])


def test_out_of_ufuncs() -> None:
    x, target = leaf(), np.zeros((2, 3))
    with pytest.raises(
        GraphError, match="exp: expected a Tensor as out=, since the result needs a gradient; got ndarray"
    ):
        np.exp(x, out=target)
    assert not target.any()
    assert np.exp(tensor(X), out=target) is target and np.array_equal(target, np.exp(X))
    h = x * 1
    assert np.exp(x, out=h) is h
    h.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp(X))
    with pytest.raises(TypeError, match="divmod: expected one array as out= with Tensors; got 2"):
        np.divmod(tensor(X), 2.0, out=(target, target))


# Conversion ------------------------------------------------------------------------------------------------


def test_asarray_shares_memory_and_cuts_no_gradient() -> None:
    t = tensor(X)
    assert np.shares_memory(np.asarray(t), t.data) and np.asarray(t, dtype="float32").dtype == np.float32
    assert not np.shares_memory(np.array(t), t.data)
    assert np.asarray(scalar(2.0, requires_grad=False)) == 2.0
    np.testing.assert_array_equal(np.array([t, t]), np.array([X, X]))
    for call in (np.asarray, np.array, lambda x: np.array([x, x]), lambda x: np.testing.assert_array_equal(x, X)):
        with pytest.raises(GraphError, match=r"numpy\.asarray: expected a Tensor without a gradient; .* x\.detach\(\)"):
            call(leaf())


def test_asarray_moves_nothing(device_backend: backends.Backend) -> None:
    t = Tensor(device_backend.asarray(X))
    with pytest.raises(
        TypeError, match=r"numpy\.asarray: expected a Tensor in main memory; got one on .* Use x\.cpu\(\)"
    ):
        np.asarray(t)
    with pytest.raises(TypeError, match="expected all operands on one backend"):
        X + t


def test_device_arrays_and_tensors_combine_from_both_sides(device_backend: backends.Backend) -> None:
    array = device_backend.asarray(X)
    x = Tensor(device_backend.asarray(X), requires_grad=True)
    for out in (array + x, x + array, array * x, array @ x.T, np.sin(x), np.sum(x), np.add(array, x), array - x):
        assert isinstance(out, Tensor) and out.requires_grad and out.backend is device_backend
    assert isinstance(array < x, Tensor)


def test_the_array_apis_namespace() -> None:
    xp = leaf().__array_namespace__()
    assert xp is anp and leaf().__array_namespace__(api_version="2024.12") is anp
    with pytest.raises(ValueError, match=r"__array_namespace__: expected a version among .*; got '2030.12'"):
        leaf().__array_namespace__(api_version="2030.12")


def test_dlpack_shares_memory_both_ways() -> None:
    t = tensor(X)
    shared = np.from_dlpack(t.data)
    assert np.shares_memory(shared, t.data)
    array = np.from_dlpack(t)  # type: ignore[arg-type]
    assert np.shares_memory(array, t.data) and t.__dlpack_device__() == (1, 0)
    with pytest.raises(BufferError, match=r"__dlpack__: expected a Tensor without a gradient; .* Share x\.detach\(\)"):
        np.from_dlpack(leaf())  # type: ignore[arg-type]
    with pytest.raises(BufferError, match=r"expected a Tensor over an array; got a Python float"):
        scalar(1.0, requires_grad=False).__dlpack__()
    total = t.sum()
    assert float(np.from_dlpack(total)) == X.sum()  # type: ignore[arg-type]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_dlpack_with_pytorch() -> None:
    torch = importlib.import_module("torch")
    t = tensor(X)
    theirs = torch.from_dlpack(t)
    theirs[0, 0] = 7.0
    assert t.tolist()[0][0] == 7.0
    assert Tensor(np.from_dlpack(torch.ones(3))).dtype == np.float32


# Pickling and copying --------------------------------------------------------------------------------------


WAYS = [
    lambda t: pickle.loads(pickle.dumps(t)),
    lambda t: pickle.loads(pickle.dumps(t, protocol=2)),
    copy.deepcopy,
    copy.copy,
    lambda t: copy.deepcopy({"a": [t]})["a"][0],
]


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_a_leaf_of_its_own(way: Any) -> None:
    x = leaf()
    x.name = "weights"
    result = x * 2
    for t in (x, result, tensor(X), tensor([1, 2]), result.sum(), scalar(2.0), scalar(2.0, requires_grad=False)):
        other = way(t)
        assert type(other) is Tensor and other.is_leaf and other.grad is None
        assert (other.requires_grad, other.name, other.dtype) == (t.requires_grad, t.name, t.dtype)
        np.testing.assert_array_equal(to_numpy(other.detach()), to_numpy(t.detach()))
        if hasattr(t.data, "base"):
            assert not np.shares_memory(other.data, t.data)
    twin = way(x)
    (twin * 3).sum().backward()
    assert x.grad is None and twin.grad.tolist() == [[3.0] * 3] * 2


def test_a_copied_view_takes_only_its_own_elements() -> None:
    x = tensor(np.zeros(1_000_000))
    assert len(pickle.dumps(x[:3])) < 2000


def test_identity_is_kept_inside_a_structure() -> None:
    x = leaf()
    for way in (copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))):
        a, b = way([x, x])
        assert a is b and a is not x


@pytest.mark.parametrize(("start", "depth"), [(lambda: scalar(1.0), 1_000_000), (leaf, 100_000)])
def test_depth_is_no_obstacle(start: Any, depth: int) -> None:
    x = y = start()
    for _ in range(depth):
        y = y + 1.0
    for other in (copy.deepcopy(y), copy.copy(y), pickle.loads(pickle.dumps(y))):
        np.testing.assert_allclose(to_numpy(other.detach()), to_numpy(x.detach()) + depth)
        assert other.is_leaf
    gone = weakref.ref(y)
    gc.disable()
    try:
        del y
        assert gone() is None
    finally:
        gc.enable()
    assert x.grad is None


def test_device_arrays_are_pickled(device_backend: backends.Backend) -> None:
    x = Tensor(device_backend.asarray(X), requires_grad=True)
    for way in WAYS:
        other = way(x)
        assert other.backend is device_backend and other.requires_grad
        np.testing.assert_array_equal(to_numpy(other.detach()), X)


# The rest of Python's protocols ----------------------------------------------------------------------------


def test_tensors_hash_by_identity() -> None:
    a, b = tensor(1.0), tensor(1.0)
    assert len({a, b, a}) == 2 and hash(a) == hash(a) and {a: 1}[a] == 1


def test_round_and_divmod() -> None:
    x = leaf()
    assert np.array_equal(round(x).detach().numpy(), np.round(X))
    assert np.array_equal(round(x, 1).detach().numpy(), np.round(X, 1))
    for ours, theirs in zip(divmod(x, 0.4), divmod(X, 0.4), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs)
    for ours, theirs in zip(divmod(0.4, x), divmod(0.4, X), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs)


def test_the_strict_array_is_the_device_array_meant_here(device_backend: backends.Backend) -> None:
    assert StrictArray in backends.get("strict").array_types


def test_lengths_iteration_and_membership() -> None:
    x = leaf()
    assert len(x) == len(X) and all(np.array_equal(row.detach().numpy(), r) for row, r in zip(x, X, strict=True))
    assert all(isinstance(row, Tensor) and row.requires_grad for row in x)
    assert [row.tolist() for row in reversed(x)] == X[::-1].tolist()
    assert float(X[0, 1]) in x and 1e9 not in x
    first, *_ = x
    first.sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [[1] * X.shape[1]] + [[0] * X.shape[1]] * (len(X) - 1))
    for call, name in ((len, "len"), (list, "iter")):
        with pytest.raises(TypeError, match=f"^{name}: expected at least one axis; got a 0-d Tensor"):
            call(tensor(1.0))


@pytest.mark.parametrize("make", [tensor, scalar, lambda x: tensor([x]), lambda x: tensor(x, requires_grad=True)])
def test_one_number_is_a_number_to_python(make: Any) -> None:
    x = make(2.5)
    assert (float(x), int(x), complex(x), bool(x), bool(x * 0)) == (2.5, 2, 2.5 + 0j, True, False)
    assert f"{x:.2f} {x:8.1e}|" == "2.50  2.5e+00|" and f"{x}" == str(x) == repr(x)
    assert math.sqrt(x) == math.sqrt(2.5) and (math.floor(x), math.ceil(x)) == (2, 3)


def test_indices_are_integers() -> None:
    assert [10, 20, 30][tensor(1)] == 20 and list(range(tensor(2))) == [0, 1] and operator.index(tensor(5)) == 5
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        operator.index(tensor(1.0))
    for call in (float, int, complex, lambda x: f"{x:.1f}"):
        with pytest.raises(ValueError, match=r"item: expected one element; got shape \(2, 3\)\. Index it first"):
            call(leaf())
    with pytest.raises(ValueError, match=r"bool: expected one element; got shape \(2, 3\)"):
        bool(leaf())


def test_a_repr_shows_data_dtype_device_and_operation(device_backend: backends.Backend) -> None:
    x = tensor(np.array([1.0, 2.0], np.float32), requires_grad=True)
    assert repr(x) == "Tensor([1., 2.], dtype=float32, requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], dtype=float32, op=multiply)"
    assert repr(scalar(1.5) + 1) == "Tensor(2.5, op=add)"
    there = Tensor(device_backend.asarray(np.array([1.0, 2.0])))
    assert f"device={there.device!r}" in repr(there) and "dtype=float64" in repr(there)


def test_strangers_are_left_to_python() -> None:
    class Stranger:
        def __radd__(self, other: Any) -> str:
            return "theirs"

        def __matmul__(self, other: Any) -> Any:
            return NotImplemented

    x = leaf()
    assert x + Stranger() == "theirs" and (x == "a") is False and (x != "a") is True
    for use in (lambda: x + "a", lambda: x @ object(), lambda: Stranger() @ x, lambda: x < "a", lambda: object() ** x):
        with pytest.raises(TypeError, match=r"unsupported operand|not supported"):
            use()


# Ufuncs' methods, and functions of NumPy's submodules ----------------------------------------------------------------


def test_methods_of_ufuncs() -> None:
    values = np.array([[2.0, 5.0, 5.0, 1.0], [3.0, -1.0, 4.0, 6.0]])
    x = tensor(values, requires_grad=True)
    for name in ("add", "multiply", "maximum", "minimum"):
        for method, options in (("reduce", {"axis": 1}), ("accumulate", {"axis": 1}), ("accumulate", {})):
            wanted = getattr(getattr(np, name), method)(values, **options)
            for namespace in (np, anp):  # ours have a ufunc's attributes, too
                function = getattr(getattr(namespace, name), method)
                out = function(x, **options)
                assert out.__class__ is Tensor and out.requires_grad
                np.testing.assert_array_equal(out.detach().numpy(), wanted)
                assert isinstance(function(values, **options), np.ndarray)
    assert anp.add.nin == 2 and anp.multiply.identity == 1
    np.testing.assert_array_equal(anp.subtract.outer(x[0], [1.0, 2.0]).detach().numpy(), values[0][:, None] - [1, 2])
    # Each element's gradient comes from the places where it is the largest so far; ties share.
    y = tensor([2.0, 5.0, 1.0, 7.0], requires_grad=True)
    np.maximum.accumulate(y).backward(tensor([1.0, 10.0, 100.0, 1000.0]))
    assert y.grad.tolist() == [1.0, 110.0, 0.0, 1000.0]
    check_grads(lambda t: np.minimum.accumulate(t, axis=1), order=2)(values + np.arange(4) / 8)


def test_add_at_adds_repeated_places_up() -> None:
    values = tensor([1.0, 2.0, 4.0], requires_grad=True)
    x = tensor([10.0, 20.0], requires_grad=True)
    target = x * 1.0
    np.add.at(target, [0, 0, 1], values)
    np.subtract.at(target, ([1],), 1.0)
    assert target.tolist() == [13.0, 23.0]
    (target * tensor([1.0, 3.0])).sum().backward()
    assert values.grad.tolist() == [1.0, 1.0, 3.0] and x.grad.tolist() == [1.0, 3.0]
    with pytest.raises(GraphError, match="expected a Tensor that may be written; got a leaf"):
        np.add.at(x, [0], 1.0)
    with pytest.raises(TypeError, match=r"add\.at: expected a function that autograd\.numpy has"):
        np.add.at(np.ones(2), [0], values[0])


def test_sliding_windows() -> None:
    view = np.lib.stride_tricks.sliding_window_view
    values = np.arange(20.0).reshape(4, 5) ** 2
    x = tensor(values, requires_grad=True)
    for size, axis in (((2, 3), None), (2, 1), ((3,), (0,)), ((2, 2), (1, 0))):
        out = view(x, size, axis)
        np.testing.assert_array_equal(out.detach().numpy(), view(values, size, axis))
        check_grads(lambda t, size=size, axis=axis: view(t, size, axis) ** 2, order=2)(x)
    np.testing.assert_array_equal(anp.sliding_window_view(values, 2, 0), view(values, 2, 0))


def test_ufuncs_of_scipy_special() -> None:
    x = tensor([0.5, 1.5], requires_grad=True)
    for name, args in (("gammaln", (x,)), ("jv", (2, x)), ("xlogy", (x, x)), ("kve", (1, x))):
        out = getattr(scipy.special, name)(*args)
        assert out.requires_grad
        plain = [a.detach().numpy() if a is x else a for a in args]
        np.testing.assert_allclose(out.detach().numpy(), getattr(scipy.special, name)(*plain), rtol=1e-14)

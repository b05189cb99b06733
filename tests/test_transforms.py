"""grad, value_and_grad, elementwise_grad, vjp, jvp, hvp, jacobian, hessian, gradients: values, forms, errors."""

from __future__ import annotations

import collections
import copy
import inspect
import pickle
import re
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
from autograd import (
    GraphError,
    Tensor,
    elementwise_grad,
    grad,
    gradients,
    hessian,
    hessian_vector_product,
    hvp,
    jacobian,
    jvp,
    make_vjp,
    no_grad,
    scalar,
    stop_gradient,
    tensor,
    value_and_grad,
    vjp,
)
from tests.helpers import to_numpy

Point = collections.namedtuple("Point", "x y")


def cubic(x: Any) -> Any:
    return (x**3).sum()


def product(a: Any, b: Any) -> Any:
    """A product of two arrays, summed."""
    return (a * b * b).sum()


def array(backend: backends.Backend, *values: Any, dtype: Any = "float64") -> Any:
    return backend.asarray(np.array(values), dtype=dtype)


def is_plain(x: Any, backend: backends.Backend) -> bool:
    return not isinstance(x, Tensor) and backends.of(x) is backend


# Values and the forms of arguments ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_plain_arrays_give_plain_arrays_of_their_dtype(backend: backends.Backend, dtype: str) -> None:
    x = array(backend, 1.0, 2.0, dtype=dtype)
    gradient = grad(cubic)(x)
    value, again = value_and_grad(cubic)(x)
    out, pullback = vjp(lambda x: x * x, x)
    _, tangent = jvp(lambda x: x * x, (x,), (x,))
    block = jacobian(lambda x: x * x)(x)
    matrix = hessian(cubic)(x)
    (pulled,) = pullback(x)
    for result in (gradient, value, again, out, pulled, tangent, block, matrix):
        assert is_plain(result, backend) and result.dtype == dtype
    np.testing.assert_array_equal(to_numpy(gradient), [3, 12])
    np.testing.assert_array_equal(to_numpy(again), [3, 12])
    assert float(value) == 9
    np.testing.assert_array_equal(to_numpy(pulled), [2, 8])
    np.testing.assert_array_equal(to_numpy(tangent), [2, 8])
    np.testing.assert_array_equal(to_numpy(block), [[2, 0], [0, 4]])
    np.testing.assert_array_equal(to_numpy(matrix), [[6, 0], [0, 12]])


def test_tensors_give_tensors(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0])
    for result in (grad(cubic)(x), value_and_grad(cubic)(x)[0], vjp(cubic, x)[0], jvp(cubic, (x,), (x,))[1]):
        assert isinstance(result, Tensor) and not result.requires_grad
    assert isinstance(jvp(cubic, (to_plain(x),), (x,))[1], Tensor)
    np.testing.assert_array_equal(to_numpy(jacobian(lambda x: x * x)(x)), [[2, 0], [0, 4]])


def to_plain(x: Tensor) -> Any:
    return x.data


def test_python_floats_give_numpy_floats_as_in_hips_autograd() -> None:
    for f in (lambda x: x * x, lambda x: anp.exp(x) * 0 + x * x, lambda x: x**2):
        slope = grad(f)(3.0)
        assert type(slope) is np.float64 and slope == 6.0
        value, slope = value_and_grad(f)(3.0)
        assert type(value) is np.float64 and value == 9.0
        out, tangent = jvp(f, (3.0,), (1.0,))
        assert type(tangent) is np.float64 and tangent == 6.0
        assert type(jacobian(f)(3.0)) is np.float64
    assert type(grad(lambda x: abs(x * x))(3.0 + 0j)) is np.complex128


def test_a_python_float_beside_float32_arrays_stays_weak() -> None:
    x = np.float32([1, 2])
    value, slope = value_and_grad(lambda x, c: (x * c).sum(), 1)(x, 0.5)
    assert value.dtype == slope.dtype == np.float32


def test_argnums(backend: backends.Backend) -> None:
    a, b = array(backend, 1.0, 2.0), array(backend, 3.0, -1.0)
    ga, gb = [9, 1], [6, -4]
    np.testing.assert_array_equal(to_numpy(grad(product)(a, b)), ga)
    np.testing.assert_array_equal(to_numpy(grad(product, 1)(a, b)), gb)
    np.testing.assert_array_equal(to_numpy(grad(product, -1)(a, b)), gb)
    for transform in (grad(product, (1, 0)), grad(product, argnums=[1, 0])):
        result = transform(a, b)
        assert type(result) is tuple
        np.testing.assert_array_equal(to_numpy(result[0]), gb)
        np.testing.assert_array_equal(to_numpy(result[1]), ga)
    blocks = jacobian(lambda a, b: a * b, (0, 1))(a, b)
    np.testing.assert_array_equal(to_numpy(blocks[0]), np.diag([3, -1]))
    np.testing.assert_array_equal(to_numpy(blocks[1]), np.diag([1, 2]))
    rows = hessian(product, (0, 1))(a, b)
    np.testing.assert_array_equal(to_numpy(rows[0][1]), np.diag([6, -2]))
    np.testing.assert_array_equal(to_numpy(rows[1][1]), np.diag([2, 4]))


def test_keyword_arguments_pass_through() -> None:
    assert grad(lambda x, *, n: x**n)(2.0, n=3) == 12.0


def test_nested_arguments_and_results() -> None:
    params = {"w": [np.array([1.0, 2.0]), 3.0], "p": Point(np.array(4.0), (5.0,)), "none": None}

    def f(p: Any) -> Any:
        return (p["w"][0] * p["w"][1]).sum() + p["p"].x * p["p"].y[0] ** 2

    result = grad(f)(params)
    assert set(result) == {"w", "p", "none"} and result["none"] is None
    assert type(result["w"]) is list and type(result["p"]) is Point and type(result["p"].y) is tuple
    np.testing.assert_array_equal(result["w"][0], [3.0, 3.0])
    assert (result["w"][1], result["p"].x, result["p"].y[0]) == (3.0, 25.0, 40.0)

    out, tangent = jvp(lambda p: {"a": p["w"] * 2, "b": [p["w"].sum()]}, ({"w": np.ones(2)},), ({"w": np.ones(2)},))
    assert set(out) == set(tangent) == {"a", "b"} and tangent["b"] == [2.0]
    out, pullback = vjp(lambda p: {"a": p["w"] * 2, "b": [p["w"].sum()]}, {"w": np.ones(2)})
    ((pulled),) = pullback({"a": np.array([1.0, 0.0]), "b": [10.0]})
    np.testing.assert_array_equal(pulled["w"], [12.0, 10.0])
    blocks = jacobian(lambda p: {"a": p["w"] * p["v"]})({"w": np.array([1.0, 2.0]), "v": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(blocks["a"]["w"], np.diag([3.0, 4.0]))
    np.testing.assert_array_equal(blocks["a"]["v"], np.diag([1.0, 2.0]))


def test_dicts_are_matched_by_key_not_by_order() -> None:
    def f(p: Any) -> Any:
        return (p["a"] * p["b"] ** 2).sum()

    _, tangent = jvp(f, ({"a": 2.0, "b": 3.0},), ({"b": 1.0, "a": 0.0},))
    assert tangent == 12.0
    assert jvp(f, (collections.OrderedDict(b=3.0, a=2.0),), (collections.OrderedDict(a=0.0, b=1.0),))[1] == 12.0


def test_deep_nests_need_no_recursion() -> None:
    nest: Any = 2.0
    for _ in range(5000):
        nest = [nest]

    def inside(x: Any) -> Any:
        while isinstance(x, list):
            x = x[0]
        return x

    assert inside(grad(lambda x: inside(x) ** 2)(nest)) == 4.0


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
def test_results_independent_of_the_argument_have_gradient_zero(backend: backends.Backend) -> None:
    x = array(backend, 1.0, 2.0)
    for f in (lambda x: 3.0, lambda x: array(backend, 3.0), lambda x: (x > 0).sum(), lambda x: stop_gradient(x).sum()):
        np.testing.assert_array_equal(to_numpy(grad(f)(x)), [0, 0])
    np.testing.assert_array_equal(to_numpy(grad(lambda x, y: y.sum())(x, x)), [0, 0])
    np.testing.assert_array_equal(to_numpy(jacobian(lambda x: array(backend, 3.0, 4.0, 5.0))(x)), np.zeros((3, 2)))
    assert float(jvp(lambda x: 3.0, (x,), (x,))[1]) == 0
    np.testing.assert_array_equal(to_numpy(elementwise_grad(lambda x: 3.0)(x)), [0, 0])


def test_a_result_independent_of_the_argument_is_warned_of_where_the_call_is() -> None:
    x = np.array([1.0, 2.0])
    constant = np.ones(2)
    calls: list[Callable[[], Any]] = [
        lambda: grad(lambda x: 3.0)(2.0),
        lambda: grad(lambda x: anp.sum(constant))(x),
        lambda: grad(lambda x: float(x.shape[0]))(x),
        lambda: grad(lambda x: anp.argmax(x) * 1.0)(x),
        lambda: grad(lambda x, y: y**2)(2.0, 3.0),
        lambda: value_and_grad(lambda x: 1.0)(2.0),
        lambda: elementwise_grad(lambda x: constant)(x),
        lambda: jacobian(lambda x: constant)(x),
        lambda: hessian(lambda x: 3.0)(x),
        lambda: make_vjp(lambda x: constant)(x),
    ]
    for call in calls:
        with pytest.warns(UserWarning, match=r"^Output seems independent of input\. \w+ gives zeros") as caught:
            call()
        assert caught[0].filename == __file__
    # Not of what depends in part, nor of a derivative that is constant. (Warnings are errors here.)
    assert grad(lambda x, y: y**2, (0, 1))(2.0, 3.0) == (0.0, 6.0)
    assert grad(lambda d: d["a"] ** 2)({"a": 1.0, "b": 2.0}) == {"a": 2.0, "b": 0.0}
    assert grad(grad(lambda x: 2 * x))(3.0) == 0 and not hessian(lambda x: anp.sum(x))(x).any()
    assert grad(lambda d: 3.0)({}) == {}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            grad(lambda x: 3.0)(2.0)
    assert len(seen) == 1


def test_has_aux() -> None:
    x = np.array([1.0, 2.0])

    def f(x: Any) -> Any:
        return (x * x).sum(), {"double": x * 2, "text": "aux", "count": 3}

    gradient, aux = grad(f, has_aux=True)(x)
    np.testing.assert_array_equal(gradient, [2.0, 4.0])
    assert type(aux["double"]) is np.ndarray and aux["text"] == "aux" and aux["count"] == 3
    (value, aux), gradient = value_and_grad(f, has_aux=True)(x)
    assert value == 5.0 and aux["double"][1] == 4.0
    value, pullback, aux = vjp(f, x, has_aux=True)
    np.testing.assert_array_equal(pullback(1.0)[0], [2.0, 4.0])
    value, tangent, aux = jvp(f, (x,), (x,), has_aux=True)
    assert tangent == 10.0 and aux["text"] == "aux"
    block, aux = jacobian(lambda x: (x * x, x.sum()), has_aux=True)(x)
    np.testing.assert_array_equal(block, [[2, 0], [0, 4]])
    assert aux == 3.0


def test_elementwise_grad_and_hvp(backend: backends.Backend) -> None:
    x = array(backend, 1.0, 2.0)
    np.testing.assert_allclose(to_numpy(elementwise_grad(anp.tanh)(x)), 1 - np.tanh([1.0, 2.0]) ** 2)
    np.testing.assert_allclose(to_numpy(elementwise_grad(elementwise_grad(anp.exp))(x)), np.exp([1.0, 2.0]))
    v = array(backend, 1.0, -1.0)
    np.testing.assert_array_equal(to_numpy(hvp(cubic)(x, v)), [6, -12])
    assert hessian_vector_product is hvp
    a, b = hvp(product, (0, 1))(x, x, (v, v))
    np.testing.assert_array_equal(to_numpy(a), [2, -4])
    np.testing.assert_array_equal(to_numpy(b), [4, -8])


@given(st.integers(0, 4), st.integers(1, 4))
def test_jacobian_is_the_same_forwards_and_backwards(m: int, n: int) -> None:
    rng = np.random.default_rng(m * 10 + n)
    weight, x = rng.standard_normal((m, n)), rng.standard_normal(n)

    def f(x: Any) -> Any:
        return anp.tanh(weight @ x)

    expected = (1 - np.tanh(weight @ x) ** 2)[:, None] * weight
    np.testing.assert_allclose(jacobian(f)(x), expected, atol=1e-14)


def test_jacobian_has_the_result_s_and_then_the_argument_s_shape() -> None:
    x = np.arange(6.0).reshape(2, 3) / 3
    assert jacobian(lambda x: x.T @ x)(x).shape == (3, 3, 2, 3)
    assert jacobian(lambda x: (x * x)[0, :2])(x).shape == (2, 2, 3)
    assert jacobian(lambda x: (x * x).sum())(x).shape == (2, 3)
    assert jacobian(lambda x: anp.stack([x, x, x]))(np.array(1.0)).shape == (3,)
    assert hessian(lambda x: (x * x).sum(axis=0))(x).shape == (3, 2, 3, 2, 3)
    assert jacobian(lambda x: x * x)(np.zeros((0, 2))).shape == (0, 2, 0, 2)


def test_jacobians_of_complex_functions() -> None:
    z = np.array([1.0 + 2.0j, -0.5j])
    np.testing.assert_allclose(jacobian(lambda z: z**3)(z), np.diag(3 * z**2))
    x = np.array([0.5, 1.5])
    np.testing.assert_allclose(jacobian(lambda x: (1 + 2j) * x**2)(x), np.diag((1 + 2j) * 2 * x))
    # A real result of a complex argument: ∂/∂Re − i·∂/∂Im.
    np.testing.assert_allclose(jacobian(lambda z: anp.abs(z) ** 2)(z), np.diag(2 * z.conj()))


def test_complex_gradient_follows_hips_autograd_and_jax() -> None:
    z = np.array([1.0 + 2.0j, -0.5j])
    np.testing.assert_allclose(grad(lambda z: (z * z.conj()).real.sum())(z), 2 * z.conj())


def test_several_results_and_integer_results() -> None:
    x = np.array([3.0, 1.0, 2.0])
    (order, ordered), pullback = vjp(lambda x: (anp.argsort(x), anp.sort(x)), x)
    np.testing.assert_array_equal(order, [1, 2, 0])
    np.testing.assert_array_equal(pullback((np.zeros(3), np.array([10.0, 20.0, 30.0])))[0], [30.0, 10.0, 20.0])
    _, (none, tangent) = jvp(lambda x: (anp.argsort(x), anp.sort(x)), (x,), (np.array([1.0, 2.0, 3.0]),))
    np.testing.assert_array_equal(tangent, [2.0, 3.0, 1.0])
    np.testing.assert_array_equal(none, [0, 0, 0])


def test_pullback_may_be_called_again_and_results_are_its_caller_s_own() -> None:
    x = np.array([1.0, 2.0])
    _, pullback = vjp(lambda a, b: a + b, x, x)
    g = np.array([1.0, 1.0])
    first, second = pullback(g)
    first += 100
    assert second is not first and (second == 1).all() and (g == 1).all()
    np.testing.assert_array_equal(pullback(g)[0], [1.0, 1.0])
    gradient = grad(lambda x: x.sum())(x)
    gradient += 1  # neither a read-only broadcast view
    np.testing.assert_array_equal(gradient, [2.0, 2.0])


def test_arguments_are_not_written_into() -> None:
    x = np.array([1.0, 2.0])

    def f(x: Any) -> Any:
        x += 1
        return x.sum()

    with pytest.raises(GraphError, match=r"add: expected a Tensor that may be written; got a leaf|copy"):
        grad(f)(x)
    np.testing.assert_array_equal(x, [1.0, 2.0])
    t = tensor([1.0, 2.0], requires_grad=True)
    grad(f)(t)  # an identity node, with memory of its own
    np.testing.assert_array_equal(t.detach().numpy(), [1.0, 2.0])


def test_a_write_between_vjp_and_its_pullback_is_noticed() -> None:
    x = tensor([1.0, 2.0])
    _, pullback = vjp(lambda x: x * x, x)
    x += 1
    with pytest.raises(GraphError, match="in place since"):
        pullback(np.ones(2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_jvp_through_writes_and_views(backend: backends.Backend, dtype: str) -> None:
    def f(x: Any) -> Any:
        h = x * 2
        h[0] = x[1] * x[1]
        h += 1
        view = h[1:]
        view *= x[1:]
        h.T[...] = h * 3
        return h

    x, v = array(backend, 1.0, 2.0, 3.0, dtype=dtype), array(backend, 1.0, 10.0, 100.0, dtype=dtype)
    out, tangent = jvp(f, (x,), (v,))
    np.testing.assert_array_equal(to_numpy(out), [15, 30, 63])
    # 3·(x₁² + 1), 3·(2x₁ + 1)·x₁, 3·(2x₂ + 1)·x₂
    np.testing.assert_array_equal(to_numpy(tangent), [3 * 40, 3 * 90, 3 * 1300])
    assert out.dtype == tangent.dtype == dtype
    g = array(backend, 1.0, 1.0, 1.0, dtype=dtype)
    (pulled,) = vjp(f, x)[1](g)
    np.testing.assert_array_equal(to_numpy(pulled), [0, 3 * 13, 3 * 13])


def test_jvp_raises_where_a_value_it_needs_was_written_over() -> None:
    def f(x: Any) -> Any:
        h = x * 2
        y = h * x
        h += 1
        return y

    with pytest.raises(GraphError, match="multiply as they were; add changed one of them in place since"):
        jvp(f, (np.ones(2),), (np.ones(2),))

    def fine(x: Any) -> Any:
        h = x * 2
        y = h + x  # its derivative needs no values
        h += 1
        return y

    np.testing.assert_array_equal(jvp(fine, (np.ones(2),), (np.ones(2),))[1], [3.0, 3.0])


def test_scalar_graphs_transform_too() -> None:
    def f(a: Any) -> Any:
        return a * a * a

    a = scalar(2.0, requires_grad=False)
    assert grad(f)(a).item() == 12.0
    assert jvp(f, (a,), (1.0,))[1].item() == 12.0
    assert grad(grad(f))(a).item() == 12.0
    assert hvp(f)(a, 1.0).item() == 12.0
    assert jacobian(f)(a).item() == 12.0
    (slope,) = gradients(f(x := scalar(2.0)), x)
    assert slope.item() == 12.0


def test_stop_gradient() -> None:
    assert grad(lambda x: x * stop_gradient(x * 2))(3.0) == 6.0
    assert stop_gradient({"a": [1.0, "text", None]}) == {"a": [1.0, "text", None]}
    x = tensor([1.0], requires_grad=True)
    assert not stop_gradient([x])[0].requires_grad


# gradients, as PyTorch's autograd.grad ---------------------------------------------------------------------------


def test_gradients_leave_grad_alone_and_reach_intermediate_results(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 3
    y = (h * h).sum()
    gx, gh = gradients(y, [x, h], retain_graph=True)
    np.testing.assert_array_equal(to_numpy(gx), [18, 36])
    np.testing.assert_array_equal(to_numpy(gh), [6, 12])
    assert x.grad is None and not gx.requires_grad
    (again,) = gradients(y, x)
    np.testing.assert_array_equal(to_numpy(again), [18, 36])
    with pytest.raises(GraphError, match="freed by an earlier backward"):
        gradients(y, x)


def test_gradients_of_several_outputs_with_cotangents() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    (g,) = gradients([x * 2, x * x], [x], [tensor([1.0, 1.0]), np.array([1.0, 10.0])])
    np.testing.assert_array_equal(g.numpy(), [4.0, 42.0])
    (g,) = gradients((x * x).sum(), x, create_graph=True)
    (second,) = gradients(g, x, grad_outputs=tensor([1.0, 1.0]))
    np.testing.assert_array_equal(second.numpy(), [2.0, 2.0])
    a, b = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    ga, gb = gradients((a + b).sum(), [a, b])
    ga += 1
    assert gb.item() == 1.0


def test_gradients_errors() -> None:
    x, y = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    with pytest.raises(GraphError, match=r"expected every input to be used; no output depends on inputs\[1\]"):
        gradients(x * 2, [x, y])
    assert gradients(x * 2, [x, y], allow_unused=True)[1] is None
    with pytest.raises(GraphError, match=r"inputs\[0\] does not"):
        gradients(x * 2, tensor([1.0]))
    with pytest.raises(TypeError, match=r"expected inputs to be Tensors; inputs\[0\] is ndarray"):
        gradients(x * 2, [np.ones(1)])
    with pytest.raises(ValueError, match="expected one grad_output per output, 2; got 1"):
        gradients([x, x], [x], [None])
    with pytest.raises(ValueError, match=re.escape("expected a gradient of the output's shape (1,); got (2,)")):
        gradients(x * 2, x, np.ones(2))
    with pytest.raises(GraphError, match="expected one element, or a gradient of shape"):
        gradients(tensor([1.0, 2.0], requires_grad=True) * 2, x)


# Errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: grad(lambda x: x * 2)(np.ones(2)),
            TypeError,
            "grad: expected a function that returns one real number; got shape (2,)",
        ),
        (
            lambda: value_and_grad(lambda x: x * 2)(np.ones(2)),
            TypeError,
            "value_and_grad: expected a function that returns one real",
        ),
        (
            lambda: grad(lambda x: (x, x))(1.0),
            TypeError,
            "grad: expected a function that returns one real number; got a nest of 2",
        ),
        (lambda: grad(lambda x: None)(1.0), TypeError, "expected a function that returns one real number; got nothing"),
        (lambda: grad(lambda x: x * 1j)(1.0), TypeError, "got a complex one"),
        (lambda: grad(cubic)(3), TypeError, "grad: expected a float or complex argument to differentiate; got int"),
        (
            lambda: grad(cubic)(np.arange(3)),
            TypeError,
            "grad: expected a float or complex argument to differentiate; got int64",
        ),
        (lambda: jvp(cubic, (np.arange(3),), (np.arange(3),)), TypeError, "jvp: expected a float or complex argument"),
        (
            lambda: grad(cubic)({"a": "text"}),
            TypeError,
            "expected arrays, Tensors or numbers, or lists, tuples and dicts",
        ),
        (
            lambda: grad(cubic, 1)(1.0),
            TypeError,
            "grad: expected at least 2 positional arguments, to differentiate number 1; got 1",
        ),
        (lambda: grad(cubic, 1.0), TypeError, "expected argnum to be an integer or a tuple of them; got 1.0"),
        (lambda: grad(3.0), TypeError, "grad: expected a function; got float"),
        (lambda: grad(cubic, has_aux=True)(1.0), TypeError, "grad: expected the function to return (result, aux)"),
        (
            lambda: elementwise_grad(lambda x: x * 1j)(1.0),
            TypeError,
            "elementwise_grad: expected real results; got a complex one",
        ),
        (
            lambda: vjp(lambda x: x * 2, np.ones(2))[1](np.ones(3)),
            ValueError,
            "vjp: expected a cotangent of shape (2,); got (3,)",
        ),
        (lambda: vjp(lambda x: [x], 1.0)[1](1.0), TypeError, "expected a cotangent of structure [*]; got *"),
        (lambda: vjp(lambda x: x, 1.0)[1](1j), TypeError, "expected a real cotangent for a real array; got complex"),
        (lambda: jvp(cubic, (np.ones(2),), (1.0,)), ValueError, "jvp: expected a tangent of shape (2,); got ()"),
        (lambda: jvp(cubic, (1.0, 1.0), (1.0,)), TypeError, "jvp: expected a tangent of structure [*, *]; got [*]"),
        (
            lambda: jvp(cubic, 1.0, 1.0),
            TypeError,
            "jvp: expected a tuple of primals and one of tangents; got float and float",
        ),
        (lambda: hvp(cubic)(), TypeError, "hvp: expected the function's arguments and, after them, a vector"),
        (lambda: hvp(cubic)(np.ones(2), np.ones(3)), ValueError, "hvp: expected a vector of shape (2,); got (3,)"),
    ],
)
def test_errors_say_what_was_expected(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


# Transformed functions as objects --------------------------------------------------------------------------------


@grad
def decorated(x: Any) -> Any:
    """Its own documentation."""
    return x**3


class Model:
    """A transform as a method."""

    @value_and_grad
    def never(self, x: Any) -> Any:
        return x

    slope = staticmethod(grad(cubic))


def test_transformed_functions_wear_the_function_s_name() -> None:
    transformed = grad(product, 1)
    assert transformed.__name__ == "grad_of_product"
    assert transformed.__doc__ == product.__doc__
    assert list(inspect.signature(transformed).parameters) == ["a", "b"]
    assert transformed.__wrapped__ is product
    assert repr(transformed).startswith("<grad of <function product")
    assert Model().slope(2.0) == 12.0


@pytest.mark.parametrize("make", [grad, value_and_grad, elementwise_grad, hvp, jacobian, hessian])
def test_transformed_functions_are_picklable(make: Any) -> None:
    f = make(product, 1)
    again = pickle.loads(pickle.dumps(f))
    args = (2.0, 3.0, 1.0)[: 3 if make is hvp else 2]
    assert repr(again(*args)) == repr(f(*args))
    assert copy.deepcopy(f)(*args) is not None


def test_a_decorated_function_is_pickled_by_its_name() -> None:
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert decorated(2.0) == 12.0


def test_transformed_functions_run_in_threads_at_once() -> None:
    f = value_and_grad(lambda x: (anp.tanh(x) * x).sum())
    points = [np.full(50, 0.1 * i) for i in range(16)]
    expected = [f(x) for x in points]
    found: list[Any] = [None] * len(points)

    def work(i: int) -> None:
        for _ in range(50):
            found[i] = f(points[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(points))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for (a, b), (c, d) in zip(found, expected):
        assert a == c and (b == d).all()


def test_inside_no_grad_a_transform_still_works_and_records_nothing_outside() -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    with no_grad():
        gradient = grad(lambda x: (x * w * x).sum())(tensor([1.0, 1.0]))
        value, tangent = jvp(lambda x: (x * w).sum(), (w,), (w,))
    assert not gradient.requires_grad and not value.requires_grad and not tangent.requires_grad
    np.testing.assert_array_equal(gradient.numpy(), [2.0, 4.0])

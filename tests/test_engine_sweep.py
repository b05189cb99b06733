"""What a backward sweep does with what rules and hooks return, with errors half-way, and with leaves that changed."""

from __future__ import annotations

import math
import re
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import GraphError, Tensor, grad, graph, memory_report, scalar, tensor
from autograd.graph import counter
from autograd.primitive import PRIMITIVES, elementwise, primitive

pytestmark = pytest.mark.usefixtures("throwaway")


def made(define: Callable[..., Any], rule: Callable[..., Any]) -> Callable[..., Any]:
    @define
    def twice(xp: Any, x: Any, /) -> Any:
        return x * 2

    twice.vjp(x=rule)
    return twice


# What rules return --------------------------------------------------------------------------------------------------

RETURNED: dict[str, tuple[Callable[..., Any], list[float]]] = {
    "a float": (lambda g: 0.5, [0.5, 0.5, 0.5]),
    "an int": (lambda g: 2, [2, 2, 2]),
    "a bool": (lambda g: True, [1, 1, 1]),
    "NumPy's scalar": (lambda g: np.float32(2), [2, 2, 2]),
    "one number for all": (lambda g: g.sum(), [3, 3, 3]),
    "something broadcast": (lambda g: np.ones((2, 3)), [2, 2, 2]),
    "integers": (lambda g: np.array([1, 2, 3]), [1, 2, 3]),
    "a complex array": (lambda g: g * 1j, [0, 0, 0]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("define", [primitive, elementwise])
@pytest.mark.parametrize("name", RETURNED)
def test_what_a_rule_returns_is_fitted_to_the_operand(name: str, define: Any, dtype: str) -> None:
    rule, expected = RETURNED[name]
    function = made(define, rule)
    for create_graph in (False, True):
        x = tensor([1.0, 2.0, 3.0], dtype=dtype, requires_grad=True)
        function(x).sum().backward(create_graph=create_graph)
        assert type(x.grad) is Tensor and x.grad.shape == (3,) and x.grad.dtype == dtype
        np.testing.assert_array_equal(x.grad.detach().numpy(), expected)
    through = grad(lambda x: function(x).sum())(np.array([1.0, 2.0, 3.0], dtype))
    assert through.dtype == dtype
    np.testing.assert_array_equal(through, expected)


@pytest.mark.parametrize("define", [primitive, elementwise])
def test_a_rule_that_returns_none_contributes_nothing(define: Any) -> None:
    function = made(define, lambda g: None)
    for create_graph in (False, True):
        x = tensor([1.0, 2.0], requires_grad=True)
        (function(x) + x * 3).sum().backward(create_graph=create_graph)
        np.testing.assert_array_equal(x.grad.detach().numpy(), [3, 3])
        y = scalar(2.0)
        (function(y) + y * 3).backward(create_graph=create_graph)
        assert y.grad.item() == 3.0
    assert grad(function)(1.0) == 0


@pytest.mark.parametrize("define", [primitive, elementwise])
@pytest.mark.parametrize("rule", [lambda g: 2, lambda g: np.float32(2), lambda g: 2 + 1j, lambda g: np.ones(2)])
def test_a_scalar_graph_gets_floats(rule: Any, define: Any) -> None:
    x = scalar(3.0)
    made(define, rule)(x).backward()
    assert x.grad._data.__class__ is float and x.grad.item() == 2.0


@pytest.mark.parametrize("define", [primitive, elementwise])
@pytest.mark.parametrize(
    ("rule", "error", "text"),
    [
        (lambda g: [1.0, 2.0], TypeError, "expected a cotangent of shape (2,) and dtype float64; got list. Return an"),
        (lambda g: "a", TypeError, "expected a cotangent of shape (2,) and dtype float64; got str. Return an array"),
        (lambda g: np.ones(7), ValueError, "unbroadcast: cannot reshape array of size 7 into shape (2,)"),
    ],
)
def test_a_rule_that_returns_something_else_is_told(rule: Any, error: Any, text: str, define: Any) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    for call in (
        made(define, rule)(x).sum().backward,
        lambda: made(define, rule)(x).sum().backward(create_graph=True),
    ):
        with pytest.raises(error, match=re.escape(f"backward of twice: {text}")):
            call()
        del PRIMITIVES["twice"]
    assert x.grad is None


def test_a_forward_of_another_shape_than_an_elementwise_one_has() -> None:
    @elementwise
    def widened(xp: Any, x: Any, /) -> Any:
        return x * np.array([[1.0], [2.0]])

    widened.vjp(x=lambda g: g * np.array([[1.0], [2.0]]))
    x = tensor([1.0, 2.0], requires_grad=True)
    widened(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 3])


def test_floats_that_come_of_arrays_keep_their_checks() -> None:
    @primitive
    def energy(xp: Any, x: Any, /) -> Any:
        return float((x * x).sum())

    energy.vjp(x=lambda g, x: x * (2 * g))
    x = tensor([1.0, 2.0], dtype="float32", requires_grad=True)
    energy(x).backward()
    assert x.grad.dtype == "float32"
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4])
    h = x * 1
    loss = energy(h)
    h += 1
    with pytest.raises(GraphError, match="the values saved by energy as they were; add changed one of them"):
        loss.backward()


def test_moving_to_floats_and_back_keeps_the_dtype() -> None:
    x = tensor(np.float32(3), requires_grad=True)
    (x.to("scalar") * 2.0).backward()
    assert x.grad.dtype == "float32" and x.grad.item() == 2.0


@pytest.mark.parametrize(("out", "name"), [(3, "int"), (None, "NoneType"), (1j, "complex"), ([1.0], "list")])
def test_a_forward_that_returns_no_array_is_told(out: Any, name: str) -> None:
    @primitive
    def odd(xp: Any, x: Any, /) -> Any:
        return out

    odd.vjp(x=lambda g: g)
    with pytest.raises(TypeError, match=f"odd: expected its forward to return an array or a float; got {name}. Conv"):
        odd(tensor([1.0], requires_grad=True))


def test_a_number_for_an_array_needs_an_array_beside_it() -> None:
    @elementwise
    def exponential(xp: Any, x: Any, /) -> Any:
        return math.exp(x)

    exponential.vjp(x=lambda g, out: g * out)
    with pytest.raises(TypeError, match=r"backward of exponential: expected a cotangent of shape \(\) and dtype float"):
        exponential(tensor(0.0, requires_grad=True)).backward()


# Hooks and retained gradients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("on_leaf", [False, True])
@pytest.mark.parametrize("made", [2, 2.0, np.float32(2), np.full(2, 2.0), np.full(2, 2, "float32")])
def test_what_a_hook_returns_is_fitted(made: Any, on_leaf: bool, create_graph: bool) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 1.0
    (x if on_leaf else h).register_hook(lambda g: made)
    h.sum().backward(create_graph=create_graph)
    assert type(x.grad) is Tensor and x.grad.dtype == "float64"
    np.testing.assert_array_equal(x.grad.detach().numpy(), [2, 2])


def test_a_hook_that_returns_something_else_is_told() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda g: "gradient")
    with pytest.raises(TypeError, match=r"backward: expected a cotangent of shape \(2,\) and dtype float64; got str"):
        (x * 2).sum().backward()
    assert x.grad is None


@pytest.mark.parametrize("on_leaf", [False, True])
def test_an_error_half_way_leaves_retained_gradients_as_they_were(on_leaf: bool) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 1.0
    kept = (h * 2).retain_grad()
    y = kept.sum()

    def fail(g: Any) -> None:
        raise KeyError("hook")

    handle = (x if on_leaf else h).register_hook(fail)
    with pytest.raises(KeyError):
        y.backward(retain_graph=True)
    assert kept.grad is None and x.grad is None
    handle.remove()
    y.backward()
    np.testing.assert_array_equal(kept.grad.numpy(), [1, 1])
    np.testing.assert_array_equal(x.grad.numpy(), [2, 2])


def test_retained_gradients_add_up_as_those_of_leaves_do() -> None:
    # PyTorch 2.13: y.grad is [2, 2] after both, and [4, 8] below.
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2).retain_grad()
    loss = y.sum()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_array_equal(y.grad.numpy(), [2, 2])


def test_a_retained_gradient_that_is_asked_for_is_given_once() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2).retain_grad()
    (y * y).sum().backward(inputs=[y])
    np.testing.assert_array_equal(y.grad.numpy(), [4, 8])
    assert x.grad is None


def test_inputs_must_name_something() -> None:
    x = tensor([1.0], requires_grad=True)
    with pytest.raises(GraphError, match="expected at least one Tensor in inputs; got none"):
        (x * 2).backward(inputs=[])
    assert x.grad is None


# Leaves that changed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", [lambda x: x.exp(), lambda x: x + 1, lambda x: x * 2, lambda x: x.sum()])
@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (1,), ()])
def test_a_leaf_whose_data_took_another_shape_does_not_get_an_old_gradient(use: Any, shape: Any) -> None:
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    hook = []
    x.register_hook(hook.append)
    y = use(x).sum()
    x.data = np.ones(shape)
    with pytest.raises(GraphError, match=r"expected a leaf of the shape it was recorded with, \(3,\); its data"):
        y.backward()
    assert x.grad is None
    hook.clear()
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(shape, 2.0))
    assert len(hook) == 1  # it stays with the Tensor


def test_a_leaf_switched_off_and_on_gets_the_gradients_of_both_its_lives() -> None:
    # PyTorch 2.13: x.grad is [9].
    x = tensor([1.0], requires_grad=True)
    y = x * 2
    for factor in (3, 4):
        x.requires_grad_(False)
        x.requires_grad_(True)
        y = y + x * factor
    y.backward(retain_graph=True)
    np.testing.assert_array_equal(x.grad.numpy(), [9])
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [18])


@pytest.mark.parametrize("first", [True, False])
def test_gradients_that_cannot_be_added_leave_all_as_they_were(first: bool) -> None:
    x, w = (tensor(np.ones(3), requires_grad=True) for _ in range(2))
    (x * w).sum().backward()
    x.data = np.ones((2, 2))
    total = x.sum() * w.sum() if first else w.sum() * x.sum()
    with pytest.raises(ValueError, match="expected shapes that broadcast"):
        total.backward()
    for grad_ in (x.grad, w.grad):
        np.testing.assert_array_equal(grad_.numpy(), np.ones(3))


# The machinery ------------------------------------------------------------------------------------------------------


def test_memory_that_runs_out_while_outputs_are_collected_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    x = tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
    a, b = anp.linalg.eigh(x)

    def full(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(graph._Part, "__add__", full)
    with pytest.raises(MemoryError):
        (a * b).sum().backward()
    assert x.grad is None


@pytest.mark.parametrize("gil", [False, True])
def test_numbers_rise_in_every_thread_and_none_is_given_twice(gil: bool) -> None:
    count = counter(gil)
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append([count() for _ in range(2_000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(numbers == sorted(numbers) for numbers in found)
    assert sorted(number for numbers in found for number in numbers) == list(range(8_000))


@pytest.mark.skipif(not graph.COUNTS_REFERENCES, reason="reference counts prove nothing here")
def test_one_name_counts_as_the_engine_thinks() -> None:
    g = object()
    assert sys.getrefcount(g) == graph.SOLE
    other = g
    assert sys.getrefcount(g) > graph.SOLE
    del other


def test_the_predicted_peak_counts_what_a_step_holds_while_it_adds() -> None:
    import tracemalloc

    n = 50_000
    x = tensor(np.full(n, 0.5), requires_grad=True)

    def loss() -> Any:
        h, s = (x * 0.1).exp(), x.sin()
        return h.mean() + s.mean() + s.mean()

    loss().backward()
    x.zero_grad_()
    predicted = memory_report(loss()).peak
    tracemalloc.start()
    try:
        out = loss()
        tracemalloc.reset_peak()
        out.backward()
        measured = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert predicted == pytest.approx(measured, abs=n)  # an eighth of an array

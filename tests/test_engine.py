"""The engine's promises: memory, depth, threads, what backward leaves behind, hooks, errors."""

from __future__ import annotations

import contextvars
import copy
import gc
import math
import pickle
import re
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
from autograd import (
    GraphError,
    Tensor,
    check_grads,
    enable_grad,
    grad,
    gradients,
    hessian,
    hvp,
    is_grad_enabled,
    jacobian,
    jvp,
    no_grad,
    scalar,
    set_grad_enabled,
    stop_gradient,
    tensor,
    value_and_grad,
    vjp,
)
from autograd.primitive import Primitive, elementwise, of, primitive
from tests.helpers import to_numpy


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Without the cycle collector, so that only what reference counts free is freed."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# Memory ------------------------------------------------------------------------------------------------------------


def _program(backend: backends.Backend) -> tuple[Tensor, Tensor, list[weakref.ref[Any]]]:
    """A graph with views, writes, several outputs and saved values; and weak references to what is inside."""
    x = tensor([[2.0, 0.5], [0.5, 1.0]], requires_grad=True)
    h = x * 3
    view = h[0]
    view *= x[1]
    values = anp.sort(h, axis=0)
    e = anp.exp(values) @ x
    loss = (e * e).sum()
    inside = [h, view, values, e]
    refs = [weakref.ref(t) for t in inside] + [weakref.ref(t.grad_fn) for t in inside]
    return x, loss, refs


def test_a_graph_is_freed_with_its_last_tensor(backend: backends.Backend, no_collector: None) -> None:
    x, loss, refs = _program(backend)
    assert any(ref() is not None for ref in refs)
    del loss
    assert [ref() for ref in refs] == [None] * len(refs)
    assert x.requires_grad


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_graph_is_freed_after_backward(backend: backends.Backend, no_collector: None, create_graph: bool) -> None:
    x, loss, refs = _program(backend)
    loss.backward(create_graph=create_graph)
    del loss
    x.grad = None
    assert [ref() for ref in refs] == [None] * len(refs)


def test_transforms_leave_nothing_behind(no_collector: None) -> None:
    refs: list[weakref.ref[Any]] = []

    def f(x: Any) -> Any:
        h = anp.tanh(x * 2)
        if isinstance(h, Tensor) and h.requires_grad:
            refs.append(weakref.ref(h))
            refs.append(weakref.ref(h.grad_fn))
        return (h * h).sum()

    x = np.ones(3)
    calls = [
        lambda: grad(f)(x),
        lambda: value_and_grad(lambda x: (f(x), x * 2), has_aux=True)(x),
        lambda: vjp(f, x)[1](1.0),
        lambda: jvp(f, (x,), (x,)),
        lambda: jvp(grad(f), (x,), (x,)),
        lambda: hvp(f)(x, x),
        lambda: jacobian(f)(x),
        lambda: hessian(f)(x),
        lambda: check_grads(f)(x),
    ]
    for call in calls:
        call()
        assert refs and [ref() for ref in refs] == [None] * len(refs)
        refs.clear()


def test_a_failed_operation_leaves_nothing_behind(no_collector: None) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    ref = weakref.ref(h.grad_fn)
    try:
        h @ tensor([[1.0, 2.0, 3.0]])
    except ValueError:
        pass
    del h
    assert ref() is None


def test_a_value_lives_only_where_a_rule_asked_for_it(no_collector: None) -> None:
    x = tensor(np.ones(4), requires_grad=True)
    a = x + 1  # add keeps nothing
    b = anp.exp(a)  # exp keeps its result
    c = b * 2  # the product with a number keeps the number
    kept = {name: weakref.ref(t.data) for name, t in {"a": a, "b": b, "c": c}.items()}
    out = c.sum()
    del a, b, c
    assert {name: ref() is not None for name, ref in kept.items()} == {"a": False, "b": True, "c": False}
    out.backward()
    assert kept["b"]() is None


def test_saved_values_are_dropped_by_backward_unless_retained(no_collector: None) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = anp.exp(x)
    ref = weakref.ref(h.data)
    y = (h * h).sum()
    del h
    y.backward(retain_graph=True)
    assert ref() is not None
    y.backward()
    assert ref() is None
    np.testing.assert_allclose(x.grad.numpy(), 2 * 2 * np.exp([2.0, 4.0]))
    message = (
        "backward: expected the values saved by sum; they were freed by an earlier backward. "
        "Pass retain_graph=True to the first backward, or compute the result again."
    )
    with pytest.raises(GraphError, match=re.escape(message)):
        y.backward()


# Depth -------------------------------------------------------------------------------------------------------------


def test_a_chain_of_a_million_scalars() -> None:
    x = scalar(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    assert y.item() == 1_000_001.0
    for again in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y), copy.copy(y)):
        assert again.item() == 1_000_001.0
    y.backward()
    assert x.grad.item() == 1.0
    del y, again


def test_a_chain_of_a_hundred_thousand_arrays() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    assert (pickle.loads(pickle.dumps(y)).detach().numpy() == [1.0, 2.0]).all()
    assert (copy.deepcopy(y).detach().numpy() == [1.0, 2.0]).all()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])


def test_a_deep_chain_in_forward_mode_and_recorded() -> None:
    def f(x: Any) -> Any:
        for _ in range(20_000):
            x = x * 1.0
        return (x * x).sum()

    x = np.ones(2)
    assert jvp(f, (x,), (x,))[1] == 4.0
    np.testing.assert_array_equal(grad(lambda x: grad(f)(x).sum())(x), [2.0, 2.0])


def test_a_deep_chain_of_writes_and_views() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    for _ in range(10_000):
        y[0] *= 1.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])
    del y


# Accumulation ------------------------------------------------------------------------------------------------------


def test_two_gradients_are_never_one_array(backend: backends.Backend) -> None:
    a, b = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0], requires_grad=True)
    (a + b).sum().backward()
    a.grad += 1
    np.testing.assert_array_equal(to_numpy(b.grad), [1, 1])
    a.grad = b.grad = None
    g = tensor([1.0, 1.0])
    (a + b).backward(g)
    a.grad += 1
    np.testing.assert_array_equal(to_numpy(b.grad), [1, 1])
    np.testing.assert_array_equal(to_numpy(g), [1, 1])


def test_gradients_accumulate_until_forgotten(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        (x * x).sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [6, 12])
    kept = x.grad
    x.zero_grad_()
    (x * x).sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [2, 4])
    np.testing.assert_array_equal(to_numpy(kept), [6, 12])


def test_a_gradient_given_by_the_user_is_not_written_into() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    mine = tensor([10.0, 20.0])
    x.grad = mine
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [12.0, 24.0])
    np.testing.assert_array_equal(mine.numpy(), [10.0, 20.0])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_sharing_of_intermediate_results_adds_up(picks: list[int], random: Any) -> None:
    values = np.array([0.5, -1.5])
    x = tensor(values, requires_grad=True)
    ours, slopes = [x], [np.ones(2)]  # every entry is (slope) · x
    for pick in picks:
        i, j = random.randrange(len(ours)), random.randrange(len(ours))
        scale = float(pick - 2)
        ours.append(ours[i] * scale + ours[j])
        slopes.append(slopes[i] * scale + slopes[j])
    ours[-1].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), slopes[-1])


def test_backward_of_a_leaf_and_of_the_same_result_twice() -> None:
    x = tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1.0
    y = x * 3
    (y + y).backward()
    assert x.grad.item() == 7.0


def test_backward_towards_some_inputs_only(backend: backends.Backend) -> None:
    x, w = tensor([1.0, 2.0], requires_grad=True), tensor([3.0, 4.0], requires_grad=True)
    h = x * w
    (h * h).sum().backward(inputs=[x, h])
    np.testing.assert_array_equal(to_numpy(x.grad), [18, 64])
    np.testing.assert_array_equal(to_numpy(h.grad), [6, 16])
    assert w.grad is None


def test_create_graph_makes_gradients_that_can_be_differentiated(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    (x**3).sum().backward(create_graph=True)
    first = x.grad
    assert first.requires_grad
    x.grad = None
    (first * first).sum().backward()
    np.testing.assert_allclose(to_numpy(x.grad), [36, 288])  # d/dx 9x⁴


# Failure ------------------------------------------------------------------------------------------------------------


def test_an_exception_half_way_leaves_every_grad_as_it_was(throwaway: None) -> None:
    @primitive
    def explosive(xp: Any, x: Any, /) -> Any:
        return x * 1

    def fail(g: Any) -> Any:
        raise ArithmeticError("no")

    explosive.vjp(x=fail)
    x, y = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    (x * y).sum().backward()
    loss = (y * 5).sum() + (x * 2).sum() + explosive(x).sum()
    with pytest.raises(ArithmeticError, match="backward of explosive: no"):
        loss.backward()
    assert (x.grad.item(), y.grad.item()) == (1.0, 1.0)

    bad = (y * 5).sum() + (x * 2).sum()
    x.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bad.backward()
    assert (x.grad.item(), y.grad.item()) == (1.0, 1.0)


def test_a_missing_derivative_is_an_error_only_where_it_is_needed(throwaway: None) -> None:
    @primitive
    def half_known(xp: Any, a: Any, b: Any, /) -> Any:
        return a * b

    half_known.vjp(a=lambda g, b: g * b)
    a, b = tensor([1.0], requires_grad=True), tensor([2.0], requires_grad=True)
    half_known(a, np.array([2.0])).backward()
    assert a.grad.item() == 2.0
    message = "half_known: expected a derivative with respect to b; none is defined. Keep b out of the gradient with"
    with pytest.raises(NotImplementedError, match=re.escape(message)):
        half_known(a, b).backward()
    with pytest.raises(NotImplementedError, match=re.escape(message)):
        jvp(half_known, (np.ones(1), np.ones(1)), (np.ones(1), np.ones(1)))


def test_rules_are_checked_when_they_are_stated(throwaway: None) -> None:
    with pytest.raises(ValueError, match=r"don't use themselves; got g\. Rename"):

        @primitive(name="bad")
        def taken(xp: Any, g: Any, /) -> Any:
            return g

    @primitive
    def fine(xp: Any, x: Any, /) -> Any:
        return x

    with pytest.raises(ValueError, match=r"fine.vjp: expected one of the operands \('x',\); got 'y'"):
        fine.vjp(y=lambda g: g)
    with pytest.raises(ValueError, match=r"fine.vjp: expected rule parameters among .*; got 'z'"):
        fine.vjp(x=lambda g, z: g)
    with pytest.raises(ValueError, match="expected a new name; 'fine' is taken"):
        Primitive(lambda xp, x: x, name="fine")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: tensor([1, 2], requires_grad=True),
            TypeError,
            "requires_grad: expected a float or complex dtype; got int64. Cast it first",
        ),
        (lambda: tensor([True]).requires_grad_(), TypeError, "expected a float or complex dtype; got bool"),
        (lambda: tensor([1.0]).backward(), GraphError, "expected a Tensor computed from one that requires a gradient"),
        (
            lambda: (tensor([1.0, 2.0], requires_grad=True) * 1).backward(),
            GraphError,
            "expected one element, or a gradient of shape (2,)",
        ),
        (
            lambda: (tensor([1.0], requires_grad=True) * 1).backward(np.ones(2)),
            ValueError,
            "expected a gradient of the output's shape (1,); got (2,)",
        ),
        (
            lambda: tensor([1.0], requires_grad=True).sum().backward(inputs=[tensor([1.0])]),
            GraphError,
            "expected inputs to be Tensors that require a gradient",
        ),
        (
            lambda: (tensor([1.0], requires_grad=True) * 2).requires_grad_(False),
            GraphError,
            "expected a leaf to switch off",
        ),
        (lambda: tensor([1.0]).register_hook(print), GraphError, "expected a Tensor that requires a gradient"),
        (lambda: tensor([1.0]).retain_grad(), GraphError, "expected a Tensor that requires a gradient"),
        (lambda: setattr(tensor([1.0]), "grad", tensor([1.0, 2.0])), ValueError, "grad: expected shape (1,); got (2,)"),
        (
            lambda: bool(tensor([1.0, 2.0]) > 1),
            ValueError,
            "bool: expected one element; got shape (2,). Say which is meant, with .any() or .all()",
        ),
        (lambda: bool(tensor([])), ValueError, "bool: expected one element; got shape (0,)"),
        (lambda: tensor(["a"]), TypeError, "tensor: expected numbers; got list (<U1). Encode it as numbers first."),
        (lambda: tensor({"a": 1}), TypeError, "tensor: expected numbers; got dict (object)"),
        (lambda: tensor(["a"], dtype=float), ValueError, "tensor: expected numbers; got list (could not convert"),
        (
            lambda: tensor([[1, 2], [3]]),
            ValueError,
            "tensor: expected lists of one length on each axis; got different ones. Pad or cut them.",
        ),
        (
            lambda: tensor([1.0], True),
            TypeError,
            "tensor: expected a dtype such as 'float32'; got True. Did you mean requires_grad=True?",
        ),
        (
            lambda: tensor([1.0], "flot32"),
            TypeError,
            "expected a dtype such as 'float32'; got 'flot32'. Correct its name.",
        ),
    ],
)
def test_errors_say_what_was_expected(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_a_number_is_not_taken_out_of_a_differentiated_function_unless_it_is_said() -> None:
    def by_math(x: Any) -> Any:
        return math.exp(x)

    def by_writing(x: Any) -> Any:
        out = np.zeros(3)
        out[0] = x[0] * 2
        return out.sum()

    with pytest.raises(GraphError, match=r"float: expected a Tensor without a gradient; .* Use autograd.numpy's"):
        grad(by_math)(1.0)
    with pytest.raises(GraphError, match="float: expected a Tensor without a gradient"):
        hessian(lambda x: float(x[0]) * x[1])(np.ones(2))
    with pytest.raises(GraphError, match="complex: expected a Tensor without a gradient"):
        grad(lambda x: complex(x).real)(1.0)
    with pytest.raises(ValueError) as caught:  # NumPy's own, over ours
        grad(by_writing)(np.ones(3))
    assert isinstance(caught.value.__cause__, GraphError)
    assert grad(lambda x: x * x.item())(3.0) == 3.0
    assert grad(lambda x: x * float(stop_gradient(x)))(3.0) == 3.0
    x = tensor(2.0, requires_grad=True)
    assert float(x * 2) == 4.0 and math.sqrt(x * 2) == 2.0  # outside, as after every training step


def test_a_write_after_saving_names_both_operations() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    y = (h * h).sum()
    h -= 1
    with pytest.raises(GraphError) as caught:
        y.backward()
    assert "the values saved by multiply as they were; subtract changed one of them in place since" in str(caught.value)
    assert x.grad is None


# Hooks --------------------------------------------------------------------------------------------------------------


def test_hooks_see_and_replace_gradients(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 3
    seen = []
    leaf = x.register_hook(lambda g: seen.append(to_numpy(g)))
    with h.register_hook(lambda g: g * 10):
        (h * h).sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [180, 360])
    np.testing.assert_array_equal(seen[0], [180, 360])
    leaf.remove()
    leaf.remove()
    (x * 3).sum().backward()
    assert len(seen) == 1


def test_a_hook_runs_once_with_the_whole_gradient() -> None:
    x = tensor([1.0], requires_grad=True)
    h = x * 2
    seen: list[float] = []
    h.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: seen.append(g.item()))
    (h + h * h + h).sum().backward()
    assert seen == [6.0, 12.0]


def test_hooks_under_create_graph_are_recorded() -> None:
    x = tensor([2.0], requires_grad=True)
    h = x * 1
    handle = h.register_hook(lambda g: g * g)
    (g,) = gradients((h**3).sum(), x, create_graph=True)
    assert g.item() == 144.0  # (3x²)²
    handle.remove()
    (second,) = gradients(g.sum(), x)
    assert second.item() == 288.0  # 36x³


def test_retain_grad_keeps_the_gradient_of_an_intermediate_result(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = (x * 3).retain_grad()
    other = h + 1
    (h * other).sum().backward()
    np.testing.assert_array_equal(to_numpy(h.grad), [7, 13])
    h.grad += 1
    np.testing.assert_array_equal(to_numpy(x.grad), [21, 39])


# Modes and threads --------------------------------------------------------------------------------------------------


def test_modes_belong_to_their_context() -> None:
    x = tensor([1.0], requires_grad=True)
    with no_grad():
        assert not is_grad_enabled() and not (x * 2).requires_grad
        with enable_grad():
            assert (x * 2).requires_grad
        found: list[bool] = []
        thread = threading.Thread(target=lambda: found.append(is_grad_enabled()))
        thread.start()
        thread.join()
        assert found == [True]
        assert not contextvars.copy_context().run(is_grad_enabled)
        assert contextvars.Context().run(is_grad_enabled)
    assert is_grad_enabled()
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert is_grad_enabled()
    set_grad_enabled(False)
    assert not is_grad_enabled()
    set_grad_enabled(True)
    assert is_grad_enabled()


@pytest.mark.parametrize("mode", [no_grad(), set_grad_enabled(True)])
def test_modes_are_decorators_and_can_be_used_again(mode: Any) -> None:
    wanted = not isinstance(mode, no_grad)

    @mode
    def inside() -> bool:
        """Says."""
        return is_grad_enabled()

    assert inside() == inside() == wanted and inside.__doc__ == "Says." and is_grad_enabled()


def test_a_generator_keeps_its_caller_s_mode() -> None:
    def numbers() -> Iterator[bool]:
        with no_grad():
            inner = is_grad_enabled()
        yield inner
        yield is_grad_enabled()

    produced = numbers()
    assert next(produced) is False
    assert is_grad_enabled()
    assert next(produced) is True


def test_threads_lose_no_gradient_on_shared_leaves() -> None:
    x = tensor(np.zeros(64), requires_grad=True)
    rounds, count = 60, 8
    barrier = threading.Barrier(count)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            barrier.wait()
            for _ in range(rounds):
                (anp.exp(x) * 2 + x).sum().backward()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    np.testing.assert_array_equal(x.grad.numpy(), np.full(64, 3.0 * rounds * count))


def test_threads_may_sweep_one_graph_at_once() -> None:
    x = tensor(np.ones(16), requires_grad=True)
    y = (anp.exp(x) * x).sum()
    found: list[Any] = []

    def work() -> None:
        for _ in range(50):
            found.append(gradients(y, x, retain_graph=True)[0].numpy())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200 and all((g == found[0]).all() for g in found)


# The same numbers, run after run ------------------------------------------------------------------------------------


def test_the_same_program_gives_the_same_bits(backend: backends.Backend) -> None:
    def program() -> Any:
        stream = backend.generator(7)
        x = Tensor(stream.standard_normal((8, 8), "float32"), requires_grad=True)
        h = anp.tanh(x @ x.T)
        parts = [h[i] * (i + 1) for i in range(8)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        (total * h).sum().backward()
        return to_numpy(x.grad)

    first = program()
    assert all((program() == first).all() for _ in range(3))


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 60))
@settings(max_examples=60, deadline=None)
def test_a_node_runs_once_after_all_its_consumers_whatever_the_order_they_were_made_in(seed, count):
    # Wide and narrow, with results used at once, much later, several times, or never.
    rng = np.random.default_rng(seed)
    x = tensor(rng.uniform(0.5, 1.5, 3), requires_grad=True)
    made, slopes, calls = [x], [np.ones(3)], []  # beside each value its derivative by x, by hand
    for i in range(count):
        j, k = (int(n) for n in rng.integers(0, len(made), 2))
        a, b = made[j], made[k]
        if rng.random() < 0.5:
            out, slope = a + b, slopes[j] + slopes[k]
        else:
            out, slope = 0.5 * a * b, 0.5 * (slopes[j] * b.detach().numpy() + a.detach().numpy() * slopes[k])
        out.register_hook(lambda g, i=i: calls.append(i))
        made.append(out)
        slopes.append(slope)
    chosen = rng.integers(1, len(made), int(rng.integers(1, count + 1)))
    total, expected = made[chosen[0]], slopes[chosen[0]]
    for n in chosen[1:]:
        total, expected = total + made[n], expected + slopes[n]
    total.sum().backward()
    assert len(calls) == len(set(calls)) and calls == sorted(calls, reverse=True)
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-9)


def test_a_pattern_that_is_used_often_is_recorded_in_the_call_itself_and_nothing_else_changes():
    @elementwise
    def hot_product(xp, a, b, /):
        return a * b

    hot_product.vjp(a=lambda g, b: g * b, b=lambda g, a: g * a)
    product = of(hot_product)
    x, y = tensor([2.0, 3.0], requires_grad=True), tensor([5.0, 7.0], requires_grad=True)
    constant = tensor([1.0, 2.0])

    def everything() -> list[Any]:
        found: list[Any] = []
        for a, b in ((x, y), (x, constant), (constant, y), (scalar(2.0), scalar(3.0)), (x, 2.0)):
            out = hot_product(a, b)
            found.append(gradients(out.sum(), [t for t in (a, b) if getattr(t, "requires_grad", False)]))
        with no_grad():
            found += [hot_product(x, y).requires_grad, hot_product(x, y)]
        found.append(grad(grad(lambda t: hot_product(t, t)))(3.0))
        found.append(jvp(lambda t: hot_product(t, y.data), (x.data,), (y.data,)))
        found.append(hot_product(x.data, y.data))
        with pytest.raises(ValueError, match="hot_product: expected shapes that broadcast"):
            hot_product(x, tensor([1.0, 2.0, 3.0]))
        return found

    before = everything()
    assert product._inlined is None
    threads = [threading.Thread(target=lambda: [hot_product(x, y) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert product._inlined is product.plan((2, 2))
    assert str(everything()) == str(before)

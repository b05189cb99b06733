"""Depth, threads and freeing, for what is recorded by more than primitives: checkpoints, own rules, forward mode."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import Tensor, checkpoint, custom_vjp, grad, hessian, hvp, jacobian, jvp, scalar, tensor, vjp
from autograd.extend import defvjp, primitive


@custom_vjp
def doubled(x: Any) -> Any:
    return x * 2.0


doubled.defvjp(lambda x: (x * 2.0, None), lambda _, g: (g * 2.0,))


@primitive
def shifted(x: Any) -> Any:
    return x + 1.0


defvjp(shifted, lambda ans, x: lambda g: g)

# One step, and what n of them make of the derivative.
STEPS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "checkpoint": (checkpoint(lambda x: x * 1.0), 1.0),
    "custom_vjp": (lambda x: doubled(x) / 2.0, 1.0),
    "primitive": (shifted, 1.0),
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("start", [lambda: scalar(1.0), lambda: tensor([1.0], requires_grad=True)])
@pytest.mark.parametrize("name", STEPS)
def test_chains_of_calls_are_swept_copied_and_freed(name: str, start: Any, no_collector: None) -> None:
    step, slope = STEPS[name]
    x = y = start()
    for _ in range(4_000):  # a recursion would end at a thousand
        y = step(y)
    for other in (pickle.loads(pickle.dumps(y)), copy.deepcopy(y)):
        assert other.is_leaf and float(other) == float(y)
    (y * 1.0).sum().backward()
    assert float(x.grad) == slope
    refs = [weakref.ref(y), weakref.ref(y.grad_fn)]
    del y
    assert [ref() for ref in refs] == [None, None]


MANY = [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


def added(count: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        for _ in range(count):
            x = x + 1.0
        return x

    return f


@pytest.mark.parametrize("count", MANY)
def test_many_steps_inside_a_checkpoint(count: int, no_collector: None) -> None:
    x = scalar(1.0)
    y = checkpoint(added(count))(x)
    assert y.item() == count + 1
    y.backward()
    assert x.grad.item() == 1.0


@pytest.mark.parametrize("count", MANY)
def test_many_steps_forwards(count: int, no_collector: None) -> None:
    value, tangent = jvp(added(count), (scalar(1.0, requires_grad=False),), (2.0,))
    assert float(value) == count + 1 and float(tangent) == 2.0


def test_deep_programs_have_second_derivatives(no_collector: None) -> None:
    def f(x: Any) -> Any:
        for _ in range(5_000):
            x = x * 1.0
        return (x * x * x).sum()

    x, v = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    np.testing.assert_array_equal(hessian(f)(x), np.diag([6.0, 12.0]))
    np.testing.assert_array_equal(hvp(f)(x, v), [6.0, -12.0])
    np.testing.assert_array_equal(jvp(grad(checkpoint(f)), (x,), (v,))[1], [6.0, -12.0])


def test_nested_checkpoints_are_no_deeper_than_their_nesting() -> None:
    f = lambda x: x * 2.0
    for _ in range(20):
        f = checkpoint(f)
    assert grad(f)(1.0) == 2.0


def test_calls_leave_nothing_behind(no_collector: None) -> None:
    refs: list[weakref.ref[Any]] = []

    def f(x: Any) -> Any:
        h = shifted(doubled(checkpoint(anp.tanh)(x * 2)))
        if isinstance(h, Tensor) and h.requires_grad:
            refs.append(weakref.ref(h))
            refs.append(weakref.ref(h.grad_fn))
        return (h * h).sum()

    x = np.ones(3)
    calls = [
        lambda: grad(f)(x),
        lambda: vjp(f, x)[1](1.0),
        lambda: jvp(f, (x,), (x,)),
        lambda: jvp(grad(f), (x,), (x,)),
        lambda: hvp(f)(x, x),
        lambda: jacobian(f)(x),
        lambda: hessian(f)(x),
        lambda: grad(checkpoint(f))(x),
    ]
    for number, call in enumerate(calls):
        call()
        assert refs and [ref() for ref in refs] == [None] * len(refs), number
        refs.clear()


def smooth(x: Any) -> Any:
    return (doubled(checkpoint(lambda x: anp.tanh(x) * x)(x)) ** 2).sum()


@pytest.mark.parametrize(
    "transformed",
    [
        lambda x: grad(smooth)(x),
        lambda x: hessian(smooth)(x),
        lambda x: jvp(smooth, (x,), (x,))[1],
        lambda x: jvp(grad(smooth), (x,), (x,))[1],
        lambda x: hvp(smooth)(x, x),
        lambda x: vjp(smooth, x)[1](1.0)[0],
    ],
    ids=["grad", "hessian", "jvp", "jvp of grad", "hvp", "vjp"],
)
def test_transforms_of_calls_run_in_threads_at_once(transformed: Callable[[Any], Any]) -> None:
    points = [np.full(8, 0.1 * i) for i in range(8)]
    expected = [transformed(x) for x in points]
    found: list[Any] = [None] * len(points)
    failed: list[BaseException] = []
    together = threading.Barrier(len(points))

    def work(i: int) -> None:
        try:
            together.wait()
            for _ in range(10):
                found[i] = transformed(points[i])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(points))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_threads_lose_no_gradient_that_calls_send_to_a_shared_leaf() -> None:
    w = tensor(np.zeros(4), requires_grad=True)

    def work() -> None:
        for _ in range(50):
            shifted(doubled(checkpoint(lambda x: x * w)(np.ones(4)))).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(w.grad.numpy(), np.full(4, 600.0))

"""Transforms inside transforms: every mode over every other, closures over outer variables, no confusion."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
from autograd import (
    Tensor,
    checkpoint,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    scalar,
    tensor,
    value_and_grad,
    vjp,
)
from tests.helpers import to_numpy


def forward(f: Any) -> Any:
    """The derivative of a function of one number, in forward mode."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


def pulled(f: Any) -> Any:
    """The same, by vjp."""
    return lambda x: vjp(f, x)[1](1.0)[0]


DERIVATIVES = {"grad": grad, "jvp": forward, "vjp": pulled, "jacobian": jacobian}


@pytest.mark.parametrize("names", list(itertools.product(DERIVATIVES, repeat=3)), ids="-".join)
def test_every_mode_over_every_other(names: tuple[str, ...]) -> None:
    f = lambda x: anp.exp(anp.sin(x)) * x
    third = f
    for name in names:
        third = DERIVATIVES[name](third)
    x = 0.7
    s, c, e = math.sin(x), math.cos(x), math.exp(math.sin(x))
    # u = e^sin x: u' = u·c, u'' = u(c² − s), u''' = u(c³ − 3sc − c); (ux)''' = u'''x + 3u''
    expected = e * ((c**3 - 3 * s * c - c) * x + 3 * (c * c - s))
    result = third(x)
    assert type(result) is np.float64
    assert abs(result - expected) < 1e-12


@pytest.mark.parametrize("outer", DERIVATIVES.values(), ids=DERIVATIVES)
@pytest.mark.parametrize("inner", DERIVATIVES.values(), ids=DERIVATIVES)
def test_perturbations_are_not_confused(outer: Any, inner: Any) -> None:
    # d/dx [x · d/dy (x + y)] = d/dx x = 1, not 2 (Siskind and Pearlmutter 2005, "Perturbation confusion").
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(2.0) == 1.0
    # d/dx [x · d/dy (x·y)] = d/dx x² = 2x
    assert outer(lambda x: x * inner(lambda y: x * y)(5.0))(3.0) == 6.0
    # d/dx d/dy (x·y²) at y = x: the inner derivative is 2xy, at y = x 2x², and its slope 4x
    assert outer(lambda x: inner(lambda y: x * y * y)(x))(3.0) == 12.0
    # The inner function ignores its argument.
    assert outer(lambda x: inner(lambda y: x * x)(x) + x)(3.0) == 1.0


def test_the_amazing_bug() -> None:
    # Manzyuk et al. 2019, "Perturbation confusion in forward automatic differentiation of higher-order functions":
    # s(f)(x) = y ↦ f(x + y); D(s(f)) is differentiated through a closure that outlives the inner derivative.
    def offset(u: Any) -> Any:
        return lambda f: lambda x: f(x + u)

    def closure_derivative(u: Any) -> Any:
        # D at 0 of u ↦ offset(u), applied to a function and a point afterwards.
        return lambda f: lambda x: jvp(lambda v: offset(v)(f)(x), (u,), (1.0,))[1]

    d = closure_derivative(0.0)
    assert abs(d(d(anp.exp))(1.0) - math.e) < 1e-12


def test_a_closure_over_an_outer_tensor_makes_the_result_a_tensor(backend: backends.Backend) -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    x = backend.asarray(np.array([3.0, 4.0]))
    gradient = grad(lambda x: (w * x * x).sum())(x)
    assert isinstance(gradient, Tensor) and gradient.requires_grad
    gradient.sum().backward()
    np.testing.assert_array_equal(to_numpy(w.grad), [6, 8])
    w.grad = None
    value, tangent = jvp(lambda x: (w * x * x).sum(), (x,), (x,))
    assert value.requires_grad and tangent.requires_grad
    tangent.backward()
    np.testing.assert_array_equal(to_numpy(w.grad), [18, 32])


def test_a_recorded_argument_is_differentiated_through(backend: backends.Backend) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * x
    value, slope = value_and_grad(lambda h: (h**3).sum())(h)
    (slope.sum() + value).backward()
    # d/dx [3h² + h³] with h = x²: (6h + 3h²)·2x
    np.testing.assert_array_equal(to_numpy(x.grad), [(6 + 3) * 2, (24 + 48) * 4])
    x.grad = None
    out, pullback = vjp(lambda a: a * a, x)
    (g,) = pullback(tensor([1.0, 1.0]))
    (g * out).sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [6, 24])


def test_a_recorded_cotangent_or_tangent_is_differentiated_through() -> None:
    g = tensor([1.0, 2.0], requires_grad=True)
    x = np.array([3.0, 4.0])
    (pulled_back,) = vjp(lambda x: x * x, x)[1](g)
    (pulled_back * pulled_back).sum().backward()
    np.testing.assert_array_equal(g.grad.numpy(), [2 * 36.0, 4 * 64.0])
    g.grad = None
    tangent = jvp(lambda x: x * x, (x,), (g,))[1]
    (tangent * tangent).sum().backward()
    np.testing.assert_array_equal(g.grad.numpy(), [2 * 36.0, 4 * 64.0])


def test_inner_results_stay_plain_where_nobody_outside_differentiates() -> None:
    seen = []

    def f(x: Any) -> Any:
        inner = grad(lambda y: (y * y).sum())(np.array([1.0, 2.0]))  # closes over nothing
        seen.append(inner)
        return (x * inner).sum()

    np.testing.assert_array_equal(grad(f)(np.array([5.0, 6.0])), [2.0, 4.0])
    assert type(seen[0]) is np.ndarray


def test_a_leaf_made_inside_gets_its_own_gradient() -> None:
    def f(x: Any) -> Any:
        w = tensor([2.0, 3.0], requires_grad=True)
        loss = (w * w * 2).sum()
        loss.backward()
        return (x * w.grad).sum()

    gradient = grad(f)(np.array([1.0, 1.0]))
    assert type(gradient) is np.ndarray  # the leaf is gone: nobody can ask for its gradient any more
    np.testing.assert_array_equal(gradient, [8.0, 12.0])
    kept = tensor([2.0, 3.0])
    assert isinstance(grad(lambda x: (x * kept.requires_grad_()).sum())(np.ones(2)), Tensor)


def test_backward_inside_a_transform_leaves_the_outer_graph_intact() -> None:
    def f(x: Any) -> Any:
        y = (x**3).sum()
        (slope,) = gradients(y, x, create_graph=True)
        return (slope * slope).sum()

    np.testing.assert_allclose(grad(f)(np.array([1.0, 2.0])), [36.0, 288.0])  # (3x²)² → 36x³


def test_hessian_agrees_with_every_combination(backend: backends.Backend) -> None:
    x = backend.asarray(np.array([0.5, -0.25, 1.5]))
    f = lambda x: (anp.tanh(x) * x[::-1] * x).sum()
    expected = to_numpy(hessian(f)(x))
    np.testing.assert_allclose(expected, expected.T, atol=1e-14)
    for matrix in (
        jacobian(grad(f)),
        jacobian(lambda x: jvp(grad(f), (x,), (x,))[0]),
        lambda x: np.stack([to_numpy(hvp(f)(x, backend.asarray(e))) for e in np.eye(3)]),
        lambda x: np.stack([to_numpy(jvp(grad(f), (x,), (backend.asarray(e),))[1]) for e in np.eye(3)]),
        lambda x: np.stack(
            [to_numpy(grad(lambda x, e=e: jvp(f, (x,), (backend.asarray(e),))[1])(x)) for e in np.eye(3)]
        ),
    ):
        np.testing.assert_allclose(to_numpy(matrix(x)), expected, atol=1e-12)


def test_deep_nesting() -> None:
    f = lambda x: x**8
    for _ in range(8):
        f = grad(f)
    assert f(2.0) == math.factorial(8)


def test_float32_stays_float32_in_every_nest(backend: backends.Backend) -> None:
    x = backend.asarray(np.array([0.5, 1.5]), dtype="float32")
    f = lambda x: (anp.exp(x) * x).sum()
    for result in (
        grad(lambda x: (grad(f)(x) ** 2).sum())(x),
        jvp(grad(f), (x,), (x,))[1],
        grad(lambda x: jvp(f, (x,), (x,))[1])(x),
        jvp(lambda x: jvp(f, (x,), (x,))[1], (x,), (x,))[1],
        hvp(f)(x, x),
        hessian(f)(x),
    ):
        assert result.dtype == "float32" and backends.of(result) is backend


def test_writes_into_views_under_nested_transforms() -> None:
    def f(x: Any) -> Any:
        h = x * 1
        h[:2] *= x[1:]
        h[-1] = (x * x).sum()
        return (h * h).sum()

    def g(x: Any) -> Any:
        return (x[0] * x[1]) ** 2 + (x[1] * x[2]) ** 2 + (x * x).sum() ** 2

    x = np.array([0.5, 1.5, -2.0])
    np.testing.assert_allclose(grad(f)(x), grad(g)(x))
    np.testing.assert_allclose(hessian(f)(x), hessian(g)(x))
    np.testing.assert_allclose(jvp(grad(f), (x,), (x,))[1], jvp(grad(g), (x,), (x,))[1])


def test_no_grad_inside_a_transformed_function_stops_the_gradient() -> None:
    def f(x: Any) -> Any:
        with no_grad():
            scale = (x * x).sum()
        return (x * scale).sum()

    np.testing.assert_array_equal(grad(f)(np.array([1.0, 2.0])), [5.0, 5.0])


def test_scalars_nest() -> None:
    a = scalar(2.0)
    slope = grad(lambda x: x * x * a)(3.0)
    assert slope.item() == 12.0
    slope.backward()
    assert a.grad.item() == 6.0


# Random programs ----------------------------------------------------------------------------------------------------

STEPS = (anp.sin, anp.tanh, lambda x: x * x, lambda x: anp.exp(-x * x), lambda x: x * 0.5 + 1, checkpoint(anp.sin))


def program(random: Any, depth: int = 3) -> Any:
    """A function of two arrays that transforms a smaller such function inside, over its own variables and closures."""
    steps = [random.choice(STEPS) for _ in range(4)]
    kind = random.choice(["plain", "grad", "jvp", "vjp", "write", "checkpoint"]) if depth else "plain"
    inner = program(random, depth - 1) if kind != "plain" else None

    def f(x: Any, y: Any) -> Any:
        a = x
        for step in steps:
            a = step(a) + 0.3 * y
        if kind == "grad":
            return a + grad(lambda z: (inner(z, a) * z).sum())(x)
        if kind == "jvp":
            return a * jvp(lambda z: inner(z, y) + a, (a,), (x,))[1]
        if kind == "vjp":
            return a + vjp(lambda z: inner(z, x), y)[1](a)[0]
        if kind == "write":
            h = a * 1
            h[:1] *= y[:1]
            h += inner(h * 1, y)
            return h
        if kind == "checkpoint":
            return a + checkpoint(lambda z: inner(z, a))(y)
        return a * y

    return f


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(0, 10**6))
def test_random_programs_agree_with_differences_in_every_mode(random: Any, seed: int) -> None:
    f = program(random)
    rng = np.random.default_rng(seed)
    x, y, v, g = rng.standard_normal((4, 3)) * 0.5

    def at(x: Any) -> Any:
        return to_numpy(f(tensor(x), tensor(y)))

    h = 1e-5
    slope = (at(x + h * v) - at(x - h * v)) / (2 * h)
    close = {"rtol": 1e-4, "atol": 1e-4 * max(1.0, float(abs(slope).max()))}
    np.testing.assert_allclose(jvp(lambda x: f(x, y), (x,), (v,))[1], slope, **close)
    pulled_back = vjp(lambda x: f(x, y), x)[1](g)[0]
    np.testing.assert_allclose((pulled_back * v).sum(), (slope * g).sum(), **close)
    forward_over_reverse = jvp(lambda x: vjp(lambda x: f(x, y), x)[1](g)[0], (x,), (v,))[1]
    reverse_over_forward = grad(lambda x: (jvp(lambda x: f(x, y), (x,), (v,))[1] * g).sum())(x)
    np.testing.assert_allclose(forward_over_reverse, reverse_over_forward, rtol=1e-7, atol=1e-9)

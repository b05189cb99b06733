"""Programs of nested transforms, written over ``np`` and ``t`` alone, so that JAX and this project run the same text.

Each takes the array namespace and the transforms (``grad``, ``jvp``, ``vjp``, ``jacobian``, ``hessian``,
``checkpoint``, ``custom_vjp``) and returns a dict of arrays.
"""

from __future__ import annotations

from typing import Any

import numpy

_RNG = numpy.random.default_rng(20261124)
X = _RNG.integers(-96, 96, (4, 3)) / 64
W1 = _RNG.integers(-96, 96, (3, 5)) / 64
W2 = _RNG.integers(-96, 96, (5, 2)) / 64
V = _RNG.integers(-96, 96, (4, 3)) / 64
Y = _RNG.integers(-96, 96, (4, 2)) / 64
P = {"first": W1, "second": [W2, numpy.array([0.25, -0.5])]}


def _network(np: Any, p: Any, x: Any) -> Any:
    second, bias = p["second"]
    return np.tanh(x @ p["first"]) @ second + bias


def _loss(np: Any, p: Any, x: Any) -> Any:
    difference = _network(np, p, x) - Y
    return np.mean(difference * difference) + 0.1 * np.sum(np.exp(-(p["first"] ** 2)))


def _flat(tree: Any) -> dict[str, Any]:
    return {"first": tree["first"], "second": tree["second"][0], "bias": tree["second"][1]}


def gradients_of_nested_parameters(np: Any, t: Any) -> dict[str, Any]:
    return _flat(t.grad(lambda p: _loss(np, p, X))(P))


def hessian_vector_product_forward_over_reverse(np: Any, t: Any) -> dict[str, Any]:
    return _flat(t.jvp(t.grad(lambda p: _loss(np, p, X)), (P,), (P,))[1])


def hessian_vector_product_reverse_over_forward(np: Any, t: Any) -> dict[str, Any]:
    return _flat(t.grad(lambda p: t.jvp(lambda q: _loss(np, q, X), (p,), (P,))[1])(P))


def jacobian_and_hessian_of_the_input(np: Any, t: Any) -> dict[str, Any]:
    f = lambda x: np.sum(np.tanh(_network(np, P, x)), axis=1)
    return {"jacobian": t.jacobian(f)(X), "hessian": t.hessian(f)(X)}


def pullback_of_several_results(np: Any, t: Any) -> dict[str, Any]:
    (a, b), pullback = t.vjp(lambda x, v: (np.sin(x) * v, np.sum(x / (2 + v * v))), X, V)
    gx, gv = pullback((V, 3.0 * np.ones(())))
    return {"a": a, "b": b, "x": gx, "v": gv}


def third_order_directional(np: Any, t: Any) -> dict[str, Any]:
    along = lambda f: lambda x: t.jvp(f, (x,), (V,))[1]
    return {"third": along(along(along(lambda x: np.log(1 + np.exp(_network(np, P, x))))))(X)}


def gradient_penalty(np: Any, t: Any) -> dict[str, Any]:
    """∂/∂p of the squared norm of the gradient with respect to the input (Gulrajani et al. 2017)."""

    def penalty(p: Any) -> Any:
        slope = t.grad(lambda x: np.sum(_network(np, p, x)))(X)
        return np.mean((np.sqrt(np.sum(slope**2, axis=1)) - 1) ** 2)

    return _flat(t.grad(penalty)(P))


def two_steps_of_meta_learning(np: Any, t: Any) -> dict[str, Any]:
    """The gradient through two steps of gradient descent (Finn et al. 2017)."""

    def adapted(w: Any) -> Any:
        for _ in range(2):
            w = w - 0.1 * t.grad(lambda w: np.sum((np.tanh(X @ w) - 0.5) ** 2))(w)
        return w

    return {"w": t.grad(lambda w: np.sum(np.tanh(V @ adapted(w)) ** 2))(W1)}


def implicit_fixed_point_with_a_custom_vjp(np: Any, t: Any) -> dict[str, Any]:
    """Newton's square root of a, whose derivative is stated, to second order."""

    def iterate(a: Any) -> Any:
        x = a
        for _ in range(30):
            x = 0.5 * (x + a / x)
        return x

    root = t.custom_vjp(iterate)

    def fwd(a: Any) -> Any:
        x = root(a)
        return x, x

    root.defvjp(fwd, lambda x, g: (g / (2 * x),))
    f = lambda a: np.sum(root(a) * a)
    a = np.array([0.5, 2.0, 7.0])
    return {"first": t.grad(f)(a), "second": t.grad(lambda a: np.sum(t.grad(f)(a)))(a)}


def checkpoints_inside_a_hessian(np: Any, t: Any) -> dict[str, Any]:
    block = t.checkpoint(lambda x: np.sin(x) * np.exp(-x * x))
    return {"hessian": t.hessian(lambda x: np.sum(block(block(x)) ** 2))(X[0])}


def indexing_and_selection(np: Any, t: Any) -> dict[str, Any]:
    def f(x: Any) -> Any:
        y = np.where(x > 0, x**3, np.sin(x))
        z = np.concatenate([y[:, ::-1], y[1:, :]], axis=0)
        return np.max(z, axis=1) * np.sort(z[:, 0])

    _, tangent = t.jvp(f, (X,), (V,))
    return {"jacobian": t.jacobian(f)(X), "tangent": tangent}


PROGRAMS = [
    gradients_of_nested_parameters,
    hessian_vector_product_forward_over_reverse,
    hessian_vector_product_reverse_over_forward,
    jacobian_and_hessian_of_the_input,
    pullback_of_several_results,
    third_order_directional,
    gradient_penalty,
    two_steps_of_meta_learning,
    implicit_fixed_point_with_a_custom_vjp,
    checkpoints_inside_a_hessian,
    indexing_and_selection,
]

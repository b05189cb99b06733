"""Descent on nests of arrays, as HIPS autograd's examples call it. Imports ``misc.flatten``, ``autograd.numpy``.

``nn.optim`` has the optimisers for training. These take ``grad(x, i)``, a start, and ``callback(x, i, gradient)``, and
return where they ended; x is nested as the start.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from autograd.misc.flatten import flatten

__all__ = ["adam", "rmsprop", "sgd", "unflatten_optimizer"]

Gradient = Callable[[Any, int], Any]
Callback = Callable[[Any, int, Any], None] | None


def unflatten_optimizer(optimize: Callable[..., Any]) -> Callable[..., Any]:
    """An optimiser of vectors as one of nested lists, tuples and dicts of arrays."""

    @functools.wraps(optimize)
    def nested(grad: Gradient, x0: Any, callback: Callback = None, *args: Any, **kwargs: Any) -> Any:
        start, unflatten = flatten(x0)

        def flat_grad(x: Any, i: int) -> Any:
            return flatten(grad(unflatten(x), i))[0]

        def flat_callback(x: Any, i: int, g: Any) -> None:
            if callback is not None:
                callback(unflatten(x), i, unflatten(g))

        return unflatten(optimize(flat_grad, start, None if callback is None else flat_callback, *args, **kwargs))

    return nested


@unflatten_optimizer
def sgd(
    grad: Gradient,
    x: Any,
    callback: Callback = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Gradient descent with momentum: v ← m·v - (1 - m)·g; x ← x + rate·v.

    >>> round(float(sgd(lambda x, i: 2 * (x - 3), np.array(0.0))), 4)
    3.0
    """
    velocity = np.zeros(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        if callback is not None:
            callback(x, i, g)
        velocity = mass * velocity - (1.0 - mass) * g
        x = x + step_size * velocity
    return x


@unflatten_optimizer
def rmsprop(
    grad: Gradient,
    x: Any,
    callback: Callback = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """a ← γ·a + (1 - γ)·g²; x ← x - rate·g/(√a + ε), from a = 1 (Tieleman, Hinton, "Neural networks for machine
    learning", lecture 6.5, 2012).

    >>> abs(float(rmsprop(lambda x, i: 2 * (x - 3), np.array(0.0))) - 3) < 0.1
    True
    """
    average = np.ones(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        if callback is not None:
            callback(x, i, g)
        average = gamma * average + (1 - gamma) * g**2
        x = x - step_size * g / (np.sqrt(average) + eps)
    return x


@unflatten_optimizer
def adam(
    grad: Gradient,
    x: Any,
    callback: Callback = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """m ← b1·m + (1 - b1)·g; v ← b2·v + (1 - b2)·g²; x ← x - rate·m̂/(√v̂ + ε) (Kingma, Ba, "Adam", 2015).

    >>> abs(float(adam(lambda x, i: 2 * (x - 3), np.array(0.0), num_iters=500, step_size=0.1)) - 3) < 0.01
    True
    """
    m, v = np.zeros(len(x)), np.zeros(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        if callback is not None:
            callback(x, i, g)
        m = (1 - b1) * g + b1 * m
        v = (1 - b2) * g**2 + b2 * v
        x = x - step_size * (m / (1 - b1 ** (i + 1))) / (np.sqrt(v / (1 - b2 ** (i + 1))) + eps)
    return x

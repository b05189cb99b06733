"""Fixed points of iterations, with the gradient of the fixed point itself. Imports ``custom``, ``products``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.custom import custom_vjp
from autograd.products import vjp

__all__ = ["fixed_point"]


def fixed_point(
    f: Callable[[Any], Callable[[Any], Any]], a: Any, x0: Any, distance: Callable[[Any, Any], Any], tol: float
) -> Any:
    """The x with x = f(a)(x), found by iterating from ``x0``; differentiable in ``a``.

    The gradient is that of the fixed point, not of the iteration: with ``w = g + (∂F/∂x)ᵀ·w``, iterated likewise, it
    is ``(∂F/∂a)ᵀ·w`` for F = f(a)(x) (B. Christianson, "Reverse accumulation and attractive fixed points", 1994).
    Nothing is kept of the steps on the way.

    Args:
        f: gives, for a parameter (an array or a nest of them), the function that is iterated.
        a: the parameter.
        x0: where to start; it has no gradient.
        distance: of two x, a number.
        tol: iterate until the distance of one x from the next is less.

    >>> newton = lambda a: lambda x: 0.5 * (x + a / x)
    >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-10)
    >>> from autograd import grad
    >>> round(float(root(2.0)), 6), round(float(grad(root)(2.0)), 6)
    (1.414214, 0.353553)
    """
    return _fixed(f, a, x0, distance, tol)


def _iterated(f: Any, a: Any, x0: Any, distance: Any, tol: float) -> Any:
    step = f(a)
    x, before = step(x0), x0
    while distance(x, before) > tol:
        x, before = step(x), x
    return x


def _forward(f: Any, a: Any, x0: Any, distance: Any, tol: float) -> tuple[Any, Any]:
    x = _fixed(f, a, x0, distance, tol)  # recorded as one step, where a gradient of the gradient is wanted
    return x, (a, x)


def _backward(f: Any, distance: Any, tol: float, residuals: Any, g: Any) -> tuple[Any, ...]:
    a, x = residuals
    w = fixed_point(_adjoint_step(f), (a, x, g), g, distance, tol)
    _, pull = vjp(lambda a: f(a)(x), a)
    return (*pull(w), None)


def _adjoint_step(f: Any) -> Callable[[Any], Callable[[Any], Any]]:
    def of_parameters(parameters: Any) -> Callable[[Any], Any]:
        a, x, g = parameters
        _, pull = vjp(lambda x: f(a)(x), x)
        return lambda w: g + pull(w)[0]

    return of_parameters


_fixed = custom_vjp(_iterated, nondiff_argnums=(0, 3, 4))
_fixed.defvjp(_forward, _backward)

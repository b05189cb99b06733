"""``minimize``: SciPy's optimisers over nested arrays and modules. Imports ``minimizing.limits`` and ``problem``.

SciPy sees one flat float64 vector and, of the function, its value, its gradient and products with its Hessian, which
are derived, not estimated. That vector is all that crosses to a device and back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import autograd.numpy as np  # noqa: F401 - for the examples
from nn.minimizing.forms import Nest, Parameters, Varied
from nn.minimizing.limits import bounds_of, constraints_of
from nn.minimizing.problem import Problem
from nn.module import Module

# What each method of scipy.optimize.minimize makes use of.
FIRST_ORDER = ("CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP")
WITH_PRODUCTS = ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr")
WITH_HESSIANS = ("dogleg", "trust-exact")
WITHOUT = ("Nelder-Mead", "Powell", "COBYLA", "COBYQA")
METHODS = FIRST_ORDER + WITH_PRODUCTS + WITH_HESSIANS + WITHOUT
BOUNDED = ("L-BFGS-B", "TNC", "SLSQP", "trust-constr", "Nelder-Mead", "Powell", "COBYLA", "COBYQA")
CONSTRAINED = ("SLSQP", "trust-constr", "COBYLA", "COBYQA")


def minimize(
    f: Callable[..., Any],
    x0: Any,
    args: tuple[Any, ...] = (),
    method: str | None = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """``scipy.optimize.minimize`` of ``f(x, *args)``, with gradients and Hessian-vector products by differentiation.

    Args:
        f: gives one number (a Tensor of one element) from x, written with ``autograd.numpy``, operators or modules.
        x0: where to start, and the form of x: an array, a Tensor, a list of numbers, or tuples, lists and dicts of
            them. ``f`` gets the same form, of Tensors. Or a Module: ``f`` gets the module itself, and its parameters
            (frozen ones aside) are what is varied; they end at the minimum.
        args: further arguments of ``f``.
        method: one of SciPy's. "L-BFGS-B", "BFGS", "CG", "TNC", "SLSQP" use gradients; "Newton-CG", "trust-ncg",
            "trust-krylov", "trust-constr" products with the Hessian as well; "dogleg" and "trust-exact" the Hessian.
            By default L-BFGS-B, or SLSQP with constraints.
        bounds: ``(low, high)`` for all of x, each a number or None; or x0's form with a pair ``(low, high)`` of
            numbers, arrays or Nones, or None, in each array's place; for a module a dict from parameters' names to such
            pairs; for a single array also SciPy's pair for each entry; or a ``scipy.optimize.Bounds`` of the flat
            vector.
        constraints: SciPy's: dicts ``{"type": "eq" or "ineq", "fun": …}`` and ``NonlinearConstraint``, whose functions
            get x in its form and whose Jacobians and curvature are derived; a ``LinearConstraint`` is of the flat
            vector.
        tol, options: SciPy's.
        callback: called after each iteration with x in its form, or, where its parameter is called
            ``intermediate_result``, with SciPy's result so far.

    Returns:
        SciPy's ``OptimizeResult``; ``x`` (and ``jac``, where it is the gradient) have x0's form: arrays where it had
        arrays, Tensors where it had Tensors, the module where it was one, whose ``jac`` is a dict by names.

    Raises:
        ImportError: SciPy is not installed.
        TypeError: x0 holds complex numbers, or something that is no array.
        ValueError: the method is unknown or can't do what is asked, bounds don't fit, or ``f`` gives no single number.
        GraphError: ``f``'s result does not depend on x by operations that record.

    The mathematics of the methods: Nocedal, Wright, "Numerical Optimization" (2006).

    >>> found = minimize(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, [-1.2, 1.0], method="trust-ncg")
    >>> np.round(found.x, 4)
    array([1., 1.])
    >>> found = minimize(lambda p: (p["a"] - 3) ** 2 + p["b"].sum() ** 2, {"a": 0.0, "b": np.ones(2)}, bounds=(None, 2))
    >>> float(found.x["a"])
    2.0
    """
    scipy = _scipy()
    name = _method(method, bool(constraints))
    for given, allowed, what in ((bounds, BOUNDED, "bounds"), (constraints, CONSTRAINED, "constraints")):
        if given is not None and not (isinstance(given, (tuple, list, dict)) and not given) and name not in allowed:
            raise ValueError(
                f"minimize: expected a method that knows {what} ({', '.join(allowed)}); got {name!r}. Choose another, "
                f"or leave the {what} out."
            )
    varied = Parameters(x0) if isinstance(x0, Module) else Nest(x0)
    problem = Problem(f, varied, args)
    derived: dict[str, Any] = {}
    if name in WITHOUT:
        derived["fun"] = problem.value
    else:
        derived |= {"fun": problem.value_and_gradient, "jac": True}
    if name in WITH_PRODUCTS:
        derived["hessp"] = problem.product
    elif name in WITH_HESSIANS:
        derived["hess"] = problem.hessian
    start = varied.start
    try:
        found = scipy.minimize(
            x0=start,
            method=name,
            bounds=bounds_of(scipy, varied, bounds),
            constraints=constraints_of(scipy, varied, constraints, name),
            tol=tol,
            callback=None if callback is None else _callback(varied, callback),
            options=None if options is None else dict(options),
            **derived,
        )
    except BaseException:
        varied.give(start)  # a module is as it was
        raise
    jac = found.get("jac")
    if name not in WITHOUT and getattr(jac, "shape", None) == start.shape:
        found["jac"] = varied.form(jac)
    found["x"] = varied.give(found["x"])
    return found


def _scipy() -> Any:
    try:
        import scipy.optimize
    except ImportError:
        raise ImportError(
            "minimize: expected SciPy, whose optimisers it runs; it is not installed. "
            "Install it with: pip install 'xpgrad[scipy]'."
        ) from None
    return scipy.optimize


def _method(method: str | None, constrained: bool) -> str:
    if method is None:
        return "SLSQP" if constrained else "L-BFGS-B"
    known = {name.lower(): name for name in METHODS}
    if not isinstance(method, str) or method.lower() not in known:
        raise ValueError(f"minimize: expected a method among {', '.join(METHODS)}; got {method!r}. Correct the name.")
    return known[method.lower()]


def _callback(varied: Varied, callback: Callable[..., Any]) -> Callable[..., Any]:
    if list(inspect.signature(callback).parameters) == ["intermediate_result"]:

        def with_result(intermediate_result: Any) -> Any:
            shown = type(intermediate_result)(intermediate_result)
            shown["x"] = varied.give(intermediate_result["x"])
            return callback(intermediate_result=shown)

        return with_result

    def with_x(flat: Any, *state: Any) -> Any:
        return callback(varied.give(flat), *state)

    return with_x

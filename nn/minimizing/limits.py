"""Bounds and constraints as SciPy takes them. Imports ``minimizing.forms`` and ``minimizing.problem``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import backends
from nn import nest
from nn.minimizing.forms import Varied, misfit
from nn.minimizing.problem import Function
from nn.nest import HOST


def bounds_of(scipy: Any, varied: Varied, bounds: Any) -> Any:
    if bounds is None or isinstance(bounds, scipy.Bounds):
        return bounds
    pair = isinstance(bounds, (tuple, list)) and len(bounds) == 2
    if pair and all([side is None or _is_number(side) for side in bounds]):
        pairs = [tuple(bounds)] * len(varied.sizes)
    else:
        pairs = varied.pairs(bounds)
    sides = [
        _sides(pair, shape, size, name)
        for pair, shape, size, name in zip(pairs, varied.shapes, varied.sizes, varied.names, strict=True)
    ]
    return scipy.Bounds(*[HOST.xp.concatenate([side[i] for side in sides]) for i in (0, 1)])


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float)) or (hasattr(x, "shape") and x.shape == ())


def _sides(pair: Any, shape: tuple[int, ...], size: int, name: str) -> list[Any]:
    """(low, high) as flat arrays of an array's size."""
    if pair is None:
        pair = (None, None)
    entries = list(pair) if isinstance(pair, (tuple, list)) else None
    if entries is not None and len(shape) == 1 and len(entries) == size and all(map(_is_pair, entries)):
        entries = [list(column) for column in zip(*entries, strict=True)]  # SciPy's: a pair for each entry
        entries = [[fill if v is None else v for v in side] for side, fill in zip(entries, (-HOST.xp.inf, HOST.xp.inf))]
    if entries is None or len(entries) != 2:
        raise misfit(f"a pair (low, high) for {name}", pair)
    out = []
    for side, fill in zip(entries, (-HOST.xp.inf, HOST.xp.inf), strict=True):
        value = fill if side is None else nest.as_array(side, "minimize: bounds")
        value = value if side is None else backends.of(value).to_numpy(value)
        try:
            out.append(HOST.xp.broadcast_to(HOST.xp.asarray(value, dtype="float64"), shape).reshape(-1))
        except ValueError:
            raise misfit(f"bounds that broadcast to {name}'s shape {shape}", value) from None
    return out


def _is_pair(x: Any) -> bool:
    return isinstance(x, (tuple, list)) and len(x) == 2 and all([v is None or _is_number(v) for v in x])


def constraints_of(scipy: Any, varied: Varied, constraints: Any, name: str) -> Any:
    if isinstance(constraints, (Mapping, scipy.LinearConstraint, scipy.NonlinearConstraint)):
        constraints = [constraints]
    return [_constraint(scipy, varied, constraint, name == "trust-constr") for constraint in constraints]


def _constraint(scipy: Any, varied: Varied, constraint: Any, curved: bool) -> Any:
    if isinstance(constraint, Mapping):
        function = Function(constraint["fun"], varied, tuple(constraint.get("args", ())))
        jacobian = constraint["jac"] if callable(constraint.get("jac")) else function.jacobian
        if not curved:
            return {**constraint, "fun": function.value, "jac": jacobian, "args": ()}
        top = 0.0 if constraint["type"] == "eq" else HOST.xp.inf
        return scipy.NonlinearConstraint(function.value, 0.0, top, jac=jacobian, hess=function.curvature)
    if isinstance(constraint, scipy.NonlinearConstraint):
        function = Function(constraint.fun, varied, ())
        return scipy.NonlinearConstraint(
            function.value,
            constraint.lb,
            constraint.ub,
            jac=constraint.jac if callable(constraint.jac) else function.jacobian,
            # BFGS is what SciPy puts where nothing was said.
            hess=function.curvature if isinstance(constraint.hess, scipy.BFGS) else constraint.hess,
            keep_feasible=constraint.keep_feasible,
        )
    return constraint

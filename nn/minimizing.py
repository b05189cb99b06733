"""``minimize``: SciPy's optimisers over nested arrays and modules. Imports ``nn.module``, ``nn.nest``, ``autograd``.

SciPy sees one flat float64 vector and, of the function, its value, its gradient and products with its Hessian, which
are derived, not estimated. That vector is all that crosses to a device and back.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import autograd.numpy as np
import backends
from autograd import GraphError, Tensor, gradients, no_grad
from nn import nest
from nn.module import Module
from nn.nest import HOST

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
    varied = _Module(x0) if isinstance(x0, Module) else _Nest(x0)
    problem = _Problem(f, varied, args)
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
            bounds=_bounds(scipy, varied, bounds),
            constraints=_constraints(scipy, varied, constraints, name),
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


# The flat vector and the form it stands for ----------------------------------------------------------------------


class _Varied:
    """Arrays of one backend that SciPy sees as one vector."""

    def __init__(self, arrays: list[Any], names: list[str]) -> None:
        for array, name in zip(arrays, names, strict=True):
            if array.dtype.kind not in "f" and array.dtype.name != "bfloat16":
                raise TypeError(
                    f"minimize: expected real floats to vary; got {array.dtype} in {name}. "
                    "Split complex numbers into real and imaginary parts."
                )
        if not sum([array.size for array in arrays]):
            raise ValueError("minimize: expected numbers to vary; got none in x0. Pass arrays, or unfreeze the module.")
        self.names = names
        self.backend = backends.of(arrays[0])
        if any([backends.of(array) is not self.backend for array in arrays]):
            raise ValueError("minimize: expected x0 on one backend; got several. Move its arrays to one.")
        self.shapes = [tuple(array.shape) for array in arrays]
        self.dtypes = [array.dtype for array in arrays]
        self.sizes = [int(array.size) for array in arrays]
        # What crosses: float64 where any array is that wide.
        self.wide = HOST.xp.result_type(*self.dtypes) if "bfloat16" not in map(str, self.dtypes) else "float32"
        self.start = self.fetched(arrays)

    def fetched(self, arrays: Sequence[Any]) -> Any:
        """Arrays (as ``self.shapes``, or others) as one float64 vector on the host: one transfer."""
        xp = self.backend.xp
        flat = xp.concatenate([xp.asarray(array).astype(self.wide).reshape(-1) for array in arrays])
        return HOST.xp.asarray(self.backend.to_numpy(flat), dtype="float64")

    def sent(self, flat: Any) -> list[Any]:
        """The arrays that a vector stands for: one transfer."""
        whole = self.backend.asarray(HOST.xp.asarray(flat, dtype=self.wide))
        pieces, at = [], 0
        for shape, dtype, size in zip(self.shapes, self.dtypes, self.sizes, strict=True):
            pieces.append(whole[at : at + size].reshape(shape).astype(dtype))
            at += size
        return pieces

    def leaves(self, flat: Any) -> tuple[Any, list[Tensor]]:
        """What ``f`` is called with, and the Tensors in it that are varied."""
        raise NotImplementedError

    def form(self, flat: Any) -> Any:
        """A vector in x0's form."""
        raise NotImplementedError

    def give(self, flat: Any) -> Any:
        """The result in x0's form."""
        return self.form(flat)

    def pairs(self, bounds: Any) -> list[Any]:
        """What stands for each array in ``bounds``, which has x0's form."""
        raise NotImplementedError


class _Nest(_Varied):
    def __init__(self, x0: Any) -> None:
        self.given, self.plan = nest.flatten(x0)
        arrays = []
        for leaf in self.given:
            array = nest.as_array(leaf, "minimize: x0")
            if array.dtype.kind in "biu":
                array = array.astype("float64")
            arrays.append(backends.of(array).writable(array))
        super().__init__(arrays, [f"x0's array {i}" for i in range(len(arrays))])

    def leaves(self, flat: Any) -> tuple[Any, list[Tensor]]:
        tensors = [Tensor(piece, requires_grad=True) for piece in self.sent(flat)]
        return nest.build(self.plan, list(tensors)), tensors

    def form(self, flat: Any) -> Any:
        pieces: list[Any] = []
        for piece, given in zip(self.sent(flat), self.given, strict=True):
            if isinstance(given, Tensor):
                piece = Tensor(piece, requires_grad=given.requires_grad)
            elif isinstance(given, (int, float)) and not hasattr(given, "dtype"):
                piece = float(piece)
            pieces.append(piece)
        return nest.build(self.plan, pieces)

    def pairs(self, bounds: Any) -> list[Any]:
        if self.plan == 0:
            return [bounds]
        pairs: list[Any] = []

        def walk(plan: Any, part: Any, where: str) -> None:
            if plan is None:
                return
            if isinstance(plan, int):
                pairs.append(part)
            elif part is None:
                walk(plan, [None] * len(plan) if not isinstance(plan, Mapping) else dict.fromkeys(plan), where)
            elif isinstance(plan, Mapping):
                if not isinstance(part, Mapping) or set(part) - set(plan):
                    raise _misfit(f"a dict with keys among {', '.join(map(str, plan))}{where}", part)
                for key, entry in plan.items():
                    walk(entry, part.get(key), f"{where} at {key!r}")
            else:
                if not isinstance(part, (list, tuple)) or len(part) != len(plan):
                    raise _misfit(f"{len(plan)} entries{where}", part)
                for i, (entry, value) in enumerate(zip(plan, part, strict=True)):
                    walk(entry, value, f"{where} at {i}")

        walk(self.plan, bounds, "")
        return pairs


class _Module(_Varied):
    def __init__(self, module: Module) -> None:
        module.check_built("minimize")
        self.module = module
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        if not named:
            raise ValueError("minimize: expected parameters to vary; got a module that has none, or all are frozen.")
        self.parameters = [p for _, p in named]
        super().__init__([p.data for p in self.parameters], [name for name, _ in named])

    def _write(self, flat: Any) -> None:
        with no_grad():
            for parameter, piece in zip(self.parameters, self.sent(flat), strict=True):
                parameter[...] = piece

    def leaves(self, flat: Any) -> tuple[Any, list[Tensor]]:
        self._write(flat)
        return self.module, self.parameters

    def form(self, flat: Any) -> Any:
        return dict(zip(self.names, self.sent(flat), strict=True))

    def give(self, flat: Any) -> Any:
        self._write(flat)
        return self.module

    def pairs(self, bounds: Any) -> list[Any]:
        if not isinstance(bounds, Mapping) or set(bounds) - set(self.names):
            raise _misfit(f"a dict with names among {', '.join(self.names)}", bounds)
        return [bounds.get(name) for name in self.names]


# What SciPy calls ---------------------------------------------------------------------------------------------------


class _Problem:
    """Value, gradient, and products with the Hessian at a vector; what was recorded for the last one is kept."""

    def __init__(self, f: Callable[..., Any], varied: _Varied, args: tuple[Any, ...]) -> None:
        self.f, self.varied, self.args = f, varied, args
        self.at: Any = None
        self.recorded: tuple[list[Tensor], list[Any]] | None = None

    def _result(self, flat: Any) -> tuple[Any, list[Tensor]]:
        x, leaves = self.varied.leaves(flat)
        out = self.f(x, *self.args)
        size = getattr(out, "size", None)
        if callable(size) or (size is not None and size != 1):
            raise ValueError(
                f"minimize: expected f to give one number; got shape {tuple(out.shape)}. Sum or average it."
            )
        return out, leaves

    def _slopes(self, flat: Any, record: bool) -> tuple[Any, list[Tensor], list[Any]]:
        out, leaves = self._result(flat)
        if not isinstance(out, Tensor) or not out.requires_grad:
            raise GraphError(
                "minimize: expected f's result to depend on its argument by operations that record; it does not. "
                "Compute with what f is called with, by autograd.numpy, operators or modules."
            )
        slopes = gradients(np.reshape(out, ()), leaves, create_graph=record, allow_unused=True)
        return out, leaves, list(slopes)

    def value(self, flat: Any) -> float:
        with no_grad():
            out, _ = self._result(flat)
        return float(out)

    def value_and_gradient(self, flat: Any) -> tuple[float, Any]:
        self.recorded = None  # a module's parameters are about to be overwritten
        out, leaves, slopes = self._slopes(flat, record=False)
        # The value goes ahead of the gradient: one transfer for both.
        both = self.varied.fetched([out.data, *self._filled(leaves, slopes)])
        return float(both[0]), both[1:]

    def _filled(self, leaves: list[Tensor], slopes: list[Any]) -> list[Any]:
        xp = self.varied.backend.xp
        return [xp.zeros_like(p.data) if g is None else g.data for p, g in zip(leaves, slopes, strict=True)]

    def product(self, flat: Any, vector: Any) -> Any:
        if self.recorded is None or not HOST.xp.array_equal(flat, self.at):
            self.recorded = None
            _, leaves, slopes = self._slopes(flat, record=True)
            self.recorded, self.at = (leaves, slopes), HOST.xp.array(flat)
        leaves, slopes = self.recorded
        pieces = self.varied.sent(vector)
        # A gradient that is constant has no graph, and a Hessian of zeros.
        curved = [(g, v) for g, v in zip(slopes, pieces, strict=True) if g is not None and g.requires_grad]
        if not curved:
            return HOST.xp.zeros_like(vector)
        found = gradients([g for g, _ in curved], leaves, [v for _, v in curved], retain_graph=True, allow_unused=True)
        return self.varied.fetched(self._filled(leaves, list(found)))

    def hessian(self, flat: Any) -> Any:
        columns = [self.product(flat, row) for row in HOST.xp.eye(len(flat))]
        return HOST.xp.stack(columns, axis=1)


# Bounds, constraints, callbacks -----------------------------------------------------------------------------------


def _misfit(expected: str, got: Any) -> ValueError:
    return ValueError(
        f"minimize: expected bounds of x0's form: {expected}; got {got!r}. Put a pair (low, high), or None, in each "
        "array's place, or give one pair of numbers for all."
    )


def _bounds(scipy: Any, varied: _Varied, bounds: Any) -> Any:
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
        raise _misfit(f"a pair (low, high) for {name}", pair)
    out = []
    for side, fill in zip(entries, (-HOST.xp.inf, HOST.xp.inf), strict=True):
        value = fill if side is None else nest.as_array(side, "minimize: bounds")
        value = value if side is None else backends.of(value).to_numpy(value)
        try:
            out.append(HOST.xp.broadcast_to(HOST.xp.asarray(value, dtype="float64"), shape).reshape(-1))
        except ValueError:
            raise _misfit(f"bounds that broadcast to {name}'s shape {shape}", value) from None
    return out


def _is_pair(x: Any) -> bool:
    return isinstance(x, (tuple, list)) and len(x) == 2 and all([v is None or _is_number(v) for v in x])


def _constraints(scipy: Any, varied: _Varied, constraints: Any, name: str) -> Any:
    if isinstance(constraints, (Mapping, scipy.LinearConstraint, scipy.NonlinearConstraint)):
        constraints = [constraints]
    return [_constraint(scipy, varied, constraint, name == "trust-constr") for constraint in constraints]


def _constraint(scipy: Any, varied: _Varied, constraint: Any, curved: bool) -> Any:
    if isinstance(constraint, Mapping):
        function = _Function(constraint["fun"], varied, tuple(constraint.get("args", ())))
        jacobian = constraint["jac"] if callable(constraint.get("jac")) else function.jacobian
        if not curved:
            return {**constraint, "fun": function.value, "jac": jacobian, "args": ()}
        top = 0.0 if constraint["type"] == "eq" else HOST.xp.inf
        return scipy.NonlinearConstraint(function.value, 0.0, top, jac=jacobian, hess=function.curvature)
    if isinstance(constraint, scipy.NonlinearConstraint):
        function = _Function(constraint.fun, varied, ())
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


class _Function:
    """A constraint's function of the flat vector, its Jacobian, row by row, and the curvature along multipliers."""

    def __init__(self, f: Callable[..., Any], varied: _Varied, args: tuple[Any, ...]) -> None:
        self.f, self.varied, self.args = f, varied, args

    def value(self, flat: Any) -> Any:
        with no_grad():
            x, _ = self.varied.leaves(flat)
            out = self.f(x, *self.args)
        return HOST.xp.atleast_1d(self.varied.fetched([out.data if isinstance(out, Tensor) else out]))

    def jacobian(self, flat: Any) -> Any:
        x, leaves = self.varied.leaves(flat)
        out = np.reshape(self.f(x, *self.args), (-1,))
        xp, rows = self.varied.backend.xp, []
        for i in range(out.shape[0]):
            found = gradients(out[i], leaves, retain_graph=True, allow_unused=True)
            rows.append(
                self.varied.fetched([xp.zeros_like(p.data) if g is None else g.data for p, g in zip(leaves, found)])
            )
        return HOST.xp.stack(rows)

    def curvature(self, flat: Any, multipliers: Any) -> Any:
        """Σ vᵢ·∇²cᵢ, as a matrix."""

        def weighted(x: Any) -> Any:
            out = np.reshape(self.f(x, *self.args), (-1,))
            return np.sum(out * self.varied.backend.asarray(multipliers, dtype=out.dtype))

        return _Problem(weighted, self.varied, ()).hessian(flat)


def _callback(varied: _Varied, callback: Callable[..., Any]) -> Callable[..., Any]:
    if list(inspect.signature(callback).parameters) == ["intermediate_result"]:

        def with_result(intermediate_result: Any) -> Any:
            shown = type(intermediate_result)(intermediate_result)
            shown["x"] = varied.give(intermediate_result["x"])
            return callback(intermediate_result=shown)

        return with_result

    def with_x(flat: Any, *state: Any) -> Any:
        return callback(varied.give(flat), *state)

    return with_x

"""How an operation is defined: ``@primitive``, ``@elementwise``, and its rules.

Imports ``calling``, ``plan``, ``failures``, ``graph``, ``mode``, ``backends``.

    @elementwise
    def divide(xp, a, b, /):
        return a / b

    divide.vjp(a=lambda g, b: g / b, b=lambda g, b, out: -g * out / b)

The forward is handed the array namespace of its operands; a rule sees operators and other primitives, which run
on plain arrays and on Tensors alike, so that one rule serves every order. A rule's parameters say exactly what the
graph keeps for it: the cotangent ``g``, an operand, an option, ``out``, a residual, ``x_spec`` (shape and dtype of
``x``), ``needs`` and ``specs`` (one entry per operand, for joint rules).
"""

from __future__ import annotations

import functools
import inspect
import operator as operators
import threading
from collections.abc import Callable, Iterable
from typing import Any

import backends
from autograd.calling import CALL_NAMES, write_call, write_record
from autograd.failures import WEAK, explained
from autograd.mode import get_mode
from autograd.plan import (
    ACTIVE,
    CONSTANT,
    PLAIN,
    RUNTIME,
    TAKEN,
    Plan,
    Spec,
    compile_source,
    printer,
    rule_parameters,
)
from autograd.tables import is_table, values_of

Rule = Callable[..., Any]
PRIMITIVES: dict[str, Primitive] = {}
# What rules and the code around them call their own: the cotangent, tangents, and how a node keeps things.
RESERVED = TAKEN.union(("specs", "t", "tangents", "written", "xs"))
# After so many uses a pattern of operands is written into the call itself.
HOT = 64
_LOCK = threading.Lock()


class Primitive:
    """One differentiable operation; made by ``@primitive`` or ``@elementwise``, called as a plain function.

    Attributes:
        name: what it is called in graphs and errors.
        forward: ``forward(xp, *operands, **options)``.
        operands: the names of the array operands; empty for a variadic one (``*xs``).
        options: the names of the keyword options.
        residuals: names of further, constant values the forward returns behind its outputs for the rules.
        outputs: names of the outputs, ``("out",)`` for one.
        rules: operand name -> rule; None where it has no derivative; absent where asking is an error.
        elementwise: whether the forward and rules are formulas a kernel can be printed from.
        view: whether the output may share its operand's memory, so that writes to one are seen by the other.
    """

    # Set while somebody observes (``autograd.observe``): ``around(primitive, forward)`` is bound in forward's place.
    around: Callable[..., Any] | None = None

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        elementwise: bool = False,
        view: bool = False,
        linear: str = "",
        multilinear: str = "",
        joint: str = "",
        residuals: str = "",
        outputs: str = "out",
        name: str | None = None,
    ) -> None:
        code = forward.__code__
        self.forward = forward
        self.name = name or forward.__name__
        self.variadic = bool(code.co_flags & inspect.CO_VARARGS)
        self.operands = code.co_varnames[1 : code.co_argcount]
        self.options = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.residuals = tuple(residuals.split())
        self.outputs = tuple(outputs.split())
        self.elementwise = elementwise
        self.view = view
        self.linear = frozenset(linear.split())
        self.multilinear = frozenset(multilinear.split())
        self.joint = frozenset(joint.split())
        self.rules: dict[str, Rule | None] = {}
        self.joint_rule: Rule | None = None
        self.constant_outputs: frozenset[str] = frozenset()
        self.jvps: dict[str, Rule] = {}
        self.joint_jvp: Rule | None = None
        self.hint: Callable[..., str | None] | None = None
        # From the operands' types to the forward that serves them, and from the pattern of operands (a number in base
        # 3) to the code that wraps and records the result. Plain dicts: a subclass with ``__missing__`` is slower.
        self.table: dict[Any, Callable[..., Any]] = {}
        self.records: dict[int, Callable[..., Any]] = {}
        self._generated: list[tuple[Callable[..., Any], bool, bool]] = []
        self._inlined: Plan | None = None
        self._plans: dict[tuple[tuple[int, ...], bool], Plan | None] = {}
        taken = self._taken()
        if taken:
            raise ValueError(
                f"{self.name}: expected names that rules and the code generated for them don't use themselves; "
                f"got {', '.join(sorted(taken))}. Rename it, e.g. to x."
            )
        if self.name in PRIMITIVES:
            raise ValueError(f"primitive: expected a new name; {self.name!r} is taken. Rename one of the two.")
        PRIMITIVES[self.name] = self

    def _taken(self) -> frozenset[str]:
        """Names of operands, options, residuals and outputs that generated code uses for something else."""
        arguments = {*self.operands, *self.options, *self.residuals}
        taken = RESERVED.intersection(arguments) | RESERVED.intersection(self.outputs)
        for name in (*self.operands, *self.outputs):
            taken |= arguments.intersection((f"{name}_", f"e_{name}", f"w_{name}"))
        taken |= {name for name in arguments if name == "out" or name[:5] in ("edge_", "rule_")}
        return taken

    # Defining the derivatives --------------------------------------------------------------------------

    def vjp(self, /, **rules: Rule | None) -> None:
        """State the rule of each operand by keyword: ``g`` to the operand's cotangent; None for no derivative.

        What a rule returns may still be broadcast, and of another dtype: it is fitted to the operand. A number stands
        for an array of it, None for no contribution this time.
        """
        for operand, rule in rules.items():
            if operand not in self.operands:
                raise ValueError(
                    f"{self.name}.vjp: expected one of the operands {self.operands}; got {operand!r}. Correct the name."
                )
            if rule is not None:
                self._check_parameters(rule)
            self.rules[operand] = rule

    def vjp_all(self, rule: Rule, constant: str = "") -> None:
        """State one joint rule that returns a cotangent (or None) per operand, for shared work or ``*xs``."""
        self._check_parameters(rule)
        self.joint_rule = rule
        for operand in constant.split():
            self.rules[operand] = None

    def jvp(self, /, **rules: Rule) -> None:
        """State a forward rule ``(t, …) -> tangent of the output`` of one operand where the default falls short."""
        for operand, rule in rules.items():
            if operand not in self.operands:
                raise ValueError(
                    f"{self.name}.jvp: expected one of the operands {self.operands}; got {operand!r}. Correct the name."
                )
            self.jvps[operand] = rule

    def jvp_all(self, rule: Rule) -> None:
        """State one forward rule ``(tangents, …) -> tangent(s)`` for all operands; missing tangents are None."""
        self.joint_jvp = rule

    def constant_output(self, *names: str) -> None:
        """Say that these outputs (indices, counts) carry no gradient."""
        self.constant_outputs = frozenset(names)

    def explains(self, hint: Callable[..., str | None]) -> Callable[..., str | None]:
        """Decorator: ``hint(*operands, **options)`` words the error when the forward has failed (None: as it was)."""
        self.hint = hint
        return hint

    def _check_parameters(self, rule: Rule) -> None:
        known = {"g", "needs", "specs", *self.operands, *self.options, *self.residuals, *self.outputs}
        known |= {f"{operand}_spec" for operand in self.operands} | ({"xs"} if self.variadic else set())
        for name in rule_parameters(rule):
            if name not in known:
                raise ValueError(
                    f"{self.name}.vjp: expected rule parameters among {sorted(known)}; got {name!r}. "
                    "A rule names exactly what the graph is to keep for it."
                )

    # Asked by plans ------------------------------------------------------------------------------------

    @functools.cached_property
    def tested(self) -> bool:
        """Whether this project's tests hold the rules to what they should return; others' are checked at each call."""
        return str(self.forward.__module__).partition(".")[0] in ("autograd", "nn")

    @property
    def keeps_shape(self) -> bool:
        """Whether the output, and the operand's cotangent, certainly have the one operand's shape."""
        return self.elementwise and self.tested and len(self.operands) == 1 and len(self.outputs) == 1

    @property
    def keeps_floats(self) -> bool:
        """Whether an output that is a Python float certainly came of floats only, and so do the cotangents."""
        return self.elementwise and self.tested

    @property
    def kept_outputs(self) -> tuple[str, ...]:
        return self.outputs

    def names(self, count: int) -> tuple[str, ...]:
        return ("xs",) if self.variadic else self.operands

    def is_constant(self, i: int) -> bool:
        """Whether operand ``i`` is declared to have no derivative."""
        return not self.variadic and self.rules.get(self.operands[i], self) is None

    def rule(self, i: int) -> Rule:
        rule = self.rules.get(self.operands[i])
        if rule is not None:
            return rule
        name, operand = self.name, self.operands[i]

        def missing(g: Any) -> Any:
            raise NotImplementedError(
                f"{name}: expected a derivative with respect to {operand}; none is defined. "
                f"Keep {operand} out of the gradient with .detach(), or state one: {name}.vjp({operand}=…)."
            )

        return missing

    def differentiable_output(self, i: int, dtype: Any) -> bool:
        return self.outputs[i] not in self.constant_outputs and getattr(dtype, "kind", "f") not in "iub"

    # Calling ---------------------------------------------------------------------------------------------

    def function(self) -> Callable[..., Any]:
        """The primitive as a plain function: for fixed arity, generated straight-line code."""
        if self.variadic:
            function: Callable[..., Any] = functools.partial(self._call_variadic)
            function.__name__ = self.name
        else:
            function = self._compiled(_FIRST_CALL)
        function.__doc__ = self.forward.__doc__
        for name in ("vjp", "vjp_all", "jvp", "jvp_all", "explains", "constant_output"):
            setattr(function, name, getattr(self, name))
        function.primitive = self  # type: ignore[attr-defined]
        return function

    def operator(self, reflected: bool = False) -> Callable[..., Any]:
        """The primitive as a Tensor's operator method: ``NotImplemented`` for strangers."""
        function = self._compiled(write_call(self, True, reflected), stranger=self._stranger)
        self._generated.append((function, True, reflected))
        return function

    def write_out(self) -> Callable[..., Any]:
        """Give the function its own straight-line code, at its first call: compiling all would slow the import."""
        self.call.__code__ = self._compiled(self.source).__code__
        self._generated.append((self.call, False, False))
        return self.call

    @functools.cached_property
    def source(self) -> str:
        """The code of a call, as generated."""
        return write_call(self, operator=False, reflected=False)

    def _compiled(self, source: str, **names: Any) -> Callable[..., Any]:
        names |= {
            "bind": self.bind_new,
            "explain": self.explain,
            "finish": self.finish,
            "plan": None,
            "primitive": self,
        }
        names |= {"records": self.records, "Spec": Spec, "table": self.table, "write_record": self.write_record}
        function = compile_source(source, names)
        function.__module__ = self.forward.__module__
        function.__name__ = function.__qualname__ = self.name
        return function

    def _inline(self, plan: Plan) -> None:
        """Write the code of a call again with what ``plan`` records in it, which spares that pattern a call."""
        with _LOCK:
            if self._inlined is not None:
                return
            self._inlined = plan
            for function, operator, reflected in self._generated:
                names: dict[str, Any] = {"stranger": None} if operator else {}
                written = self._compiled(write_call(self, operator, reflected, plan), **names)
                cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
                cells["plan"].cell_contents = plan
                function.__code__ = written.__code__

    def _stranger(self, *operands: Any) -> Any:
        """An operator met a type no backend knows: lists, tuples and tables become arrays, the rest is not ours."""
        fitted = as_operands(*operands)
        if any(a is not b for a, b in zip(fitted, operands, strict=True)):
            return self.call(*fitted)
        if all(o.__class__ is RUNTIME["Tensor"] or o.__class__ in backends.BY_TYPE for o in operands):
            return self.call(*operands)  # known types that don't mix: the table says why
        return NotImplemented

    @functools.cached_property
    def call(self) -> Callable[..., Any]:
        return self.function()

    def bind(self, types: Iterable[type]) -> Callable[..., Any]:
        """The forward for operands of these types: the backend's kernel, or the formula in its namespace.

        Raises:
            TypeError: a type no backend knows, or types of two backends.
        """
        found: dict[str, backends.Backend] = {}
        for kind in (types := tuple(types)):
            if kind not in WEAK:
                backend = backends.BY_TYPE.get(kind) or self._backend_of(kind)
                found[backend.name] = backend
        if len(found) > 1:
            raise TypeError(
                f"{self.name}: expected all operands on one backend; got {' and '.join(sorted(found))}. "
                "Nothing is moved silently: move one with .to(device), or make both with the same backend."
            )
        backend = next(iter(found.values())) if found else backends.get("scalar")
        kernel, formula = backend.KERNELS.get(self.name), functools.partial(self.forward, backend.xp)
        if not found and complex in types:
            return _of_reals(kernel or formula)
        if kernel is None:
            return printer().forward(self, formula) if backend.prints and self.elementwise else formula
        return _unless_declined(kernel, formula) if getattr(kernel, "declines", False) else kernel

    def bind_new(self, types: Any) -> Callable[..., Any]:
        """The forward for a type, or a tuple of types, that ``table`` does not know yet."""
        try:
            forward = self.bind(types if isinstance(types, tuple) else (types,))
        except TypeError as error:
            raise error from None  # the look-up that failed is no part of the story
        if Primitive.around is not None:
            forward = Primitive.around(self, forward)
        self.table[types] = forward
        return forward

    def write_record(self, code: int) -> Callable[..., Any]:
        """What follows the forward for a pattern of operands that ``records`` does not know yet, generated."""
        kinds = tuple((code // 3**i) % 3 for i in range(len(self.operands)))
        plan = self.plan(kinds)
        record = compile_source(
            write_record(self, plan, kinds), {"plan": plan, "finish": self.finish, "Spec": Spec, "primitive": self}
        )
        self.records[code] = record if plan is None else self._counted(code, plan, record)
        return record

    def _counted(self, code: int, plan: Plan, record: Callable[..., Any]) -> Callable[..., Any]:
        """``record``, which makes ``plan`` the inlined one where it is the first to be used ``HOT`` times."""
        left = HOT

        def counted(*operands: Any) -> Any:
            nonlocal left
            left -= 1
            if left <= 0:
                self.records[code] = record
                self._inline(plan)
            return record(*operands)

        return counted

    def _backend_of(self, kind: type) -> backends.Backend:
        try:
            return backends.of_type(kind)
        except TypeError:
            raise TypeError(
                f"{self.name}: expected arrays, Tensors or numbers; got {_full_name(kind)}. "
                "Convert it first, e.g. with autograd.tensor(x)."
            ) from None

    def _call_variadic(self, *xs: Any, **options: Any) -> Any:
        cls = RUNTIME["Tensor"]
        kinds = tuple([(CONSTANT if x._edge is None else ACTIVE) if x.__class__ is cls else PLAIN for x in xs])
        values = tuple([x._data if kind else x for x, kind in zip(xs, kinds, strict=True)])
        types = tuple([value.__class__ for value in values])
        forward = self.table.get(types) or self.bind_new(types)
        try:
            out = forward(*values, **options)
        except Exception as error:
            raise self.explain(error, values, options) from error
        if not any(kinds):
            return self._visible(out)
        plan = self.plan(kinds) if ACTIVE in kinds else None
        return self.finish(plan, xs, values, out, options)

    def _visible(self, out: Any) -> Any:
        if not self.residuals:
            return out
        return out[0] if len(self.outputs) == 1 else out[: len(self.outputs)]

    def plan(self, kinds: tuple[int, ...], full: bool = False) -> Plan | None:
        """The plan for a pattern of operands; None where nothing is to be recorded."""
        key = kinds, full
        if key not in self._plans:
            active = any(kind == ACTIVE and not self.is_constant(i) for i, kind in enumerate(kinds))
            self._plans[key] = Plan(self, kinds, full) if active else None
        return self._plans[key]

    def finish(self, plan: Plan | None, tensors: Any, values: Any, out: Any, options: dict[str, Any]) -> Any:
        """Wrap a forward's result as Tensors and, as the mode says, record it: the long way, for every case."""
        residuals: tuple[Any, ...] = ()
        if self.residuals:
            count = len(self.outputs)
            residuals = tuple(out[count:])
            out = out[0] if count == 1 else tuple(out[:count])
        mode = get_mode()
        if plan is not None and mode is not None:
            plan = (self.plan(plan.kinds, full=True) if mode.full else plan) if mode.grad else None
        cls = RUNTIME["Tensor"]
        if plan is None:
            result: Any = tuple([cls._wrap(o) for o in out]) if len(self.outputs) > 1 else cls._wrap(out)
        else:
            result = plan.attach(tensors, values, out, residuals, options)
        if self.view and tensors[0].__class__ is cls:
            result._link(tensors[0], self, options)
        if plan is not None and mode is not None:
            for watcher in mode.watchers:
                watcher.recorded(self, tensors, result, options)
        return result

    def explain(self, error: Exception, values: tuple[Any, ...], options: dict[str, Any]) -> Exception:
        """The forward's error with the operation's name, what came, and what to do."""
        return explained(self, error, values, options)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def _full_name(kind: type) -> str:
    """``torch.Tensor``, ``str``: a class of another library could be taken for ours."""
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


# What stands in for a primitive's code until it is first called; it closes over what that code closes over.
_FIRST_CALL = """\
def call(*operands, **options):
    {names}
    return primitive.write_out()(*operands, **options)
""".format(names=", ".join(CALL_NAMES))


def _unless_declined(kernel: Callable[..., Any], formula: Callable[..., Any]) -> Callable[..., Any]:
    def forward(*operands: Any, **options: Any) -> Any:
        out = kernel(*operands, **options)
        return formula(*operands, **options) if out is NotImplemented else out

    return forward


def as_operands(*operands: Any) -> tuple[Any, ...]:
    """Operands with lists, tuples, ranges and tables of pandas as arrays for the Tensors; strangers as they are."""
    like = [backends.of(x._data) for x in operands if x.__class__ is RUNTIME["Tensor"]]
    backend = next((backend for backend in like if backend.owns_memory), backends.default())
    return tuple([_operand(x, backend) for x in operands])


def _operand(x: Any, backend: backends.Backend) -> Any:
    if isinstance(x, (list, tuple, range)):
        return backend.asarray(list(x) if isinstance(x, range) else x)
    return values_of(x) if is_table(x) else x


def _of_reals(forward: Callable[..., Any]) -> Callable[..., Any]:
    """``forward`` of Python numbers with a complex one among them: a graph of floats has none, but may compare."""

    def real(*operands: Any, **options: Any) -> Any:
        out = forward(*operands, **options)
        if out.__class__ is complex:
            raise TypeError("a complex result")
        return out

    return real


def primitive(forward: Callable[..., Any] | None = None, /, **properties: Any) -> Any:
    """Decorator: make ``forward(xp, *operands, **options)`` a differentiable operation (see ``Primitive``).

    Keywords: ``linear``, ``multilinear``, ``joint`` (operands in which it is linear: the jvp is the operation
    itself), ``residuals``, ``outputs``, ``view``, ``name``.
    """
    if forward is None:
        return lambda f: primitive(f, **properties)
    return Primitive(forward, **properties).call


def elementwise(forward: Callable[..., Any] | None = None, /, **properties: Any) -> Any:
    """Decorator: a primitive whose forward and rules are element-wise formulas, which kernels can be printed from."""
    return primitive(forward, elementwise=True, **properties)


def of(function: Callable[..., Any]) -> Primitive:
    """The primitive behind a function that ``@primitive`` or ``@elementwise`` made."""
    return operators.attrgetter("primitive")(function)

"""Plans: the straight-line code of one primitive for one pattern of operands. Imports ``graph``, ``mode``, ``formula``.

A primitive's call, and what it records, depend only on which operands are Tensors and which of those need a
gradient. So for each such pattern the few lines that do it are written out once as Python source and compiled,
as ``dataclasses`` does: no loop over operands, no look-up of rules, remains in a call. Print
``primitive.source`` or ``plan.source`` to read them.
"""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable
from heapq import heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.formula import expression
from autograd.graph import ArrayNode, GraphError, Node, Pick, ScalarNode, freed_error, next_seq, written_error
from autograd.mode import get_mode

if TYPE_CHECKING:
    from autograd.primitive import Primitive

# What generated code may name. ``dispatch_on`` adds ``Tensor`` when its class is made, and ``backward`` adds ``fit``.
RUNTIME: dict[str, Any] = {
    "ArrayNode": ArrayNode,
    "ScalarNode": ScalarNode,
    "new": object.__new__,
    "next_seq": next_seq,
    "get_mode": get_mode,
    "heappush": heappush,
    "freed_error": freed_error,
    "written_error": written_error,
}

# What generated code calls its own: no operand, option, residual or output of a primitive may be called so.
TAKEN = frozenset(RUNTIME).union([
    "after", "backward", "bind", "call", "cls", "d", "deliver", "edge", "edges", "error", "explain", "finish", "fit",
    "float", "forward", "g", "grads", "kind", "needs", "new", "node", "pending", "plan", "primitive",
    "received", "record", "records", "retain", "rule", "saved", "Spec", "stack", "stranger", "table", "tensor",
    "Tensor", "write_record", "writes", "zip"
])  # fmt: skip

# What an operand is: a plain value, a Tensor that needs no gradient, a Tensor that does.
PLAIN, CONSTANT, ACTIVE = 0, 1, 2


class Spec(NamedTuple):
    """The shape and dtype of an operand that is itself not kept, or of an output."""

    shape: tuple[int, ...]
    dtype: Any

    @classmethod
    def of(cls, value: Any) -> Spec:
        return cls(getattr(value, "shape", ()), getattr(value, "dtype", type(value)))

    @classmethod
    def of_output(cls, value: Any, name: str) -> Spec:
        """What a forward returned, which must be something to differentiate."""
        if value.__class__ is float:
            return cls((), float)
        if not hasattr(value, "dtype"):
            raise TypeError(
                f"{name}: expected its forward to return an array or a float; got {type(value).__name__}. "
                "Convert the result, e.g. with xp.asarray."
            )
        return cls(value.shape, value.dtype)


def dispatch_on(cls: type) -> type:
    """Class decorator: instances of ``cls`` are what primitives record. Nothing below that class imports it."""
    RUNTIME["Tensor"] = cls
    return cls


def compile_source(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """The function that ``source`` defines, with ``names`` in its closure; the same source is compiled once."""
    return _maker(source, tuple(names))(**names)


@functools.cache
def _maker(source: str, names: tuple[str, ...]) -> Callable[..., Any]:
    function = source[len("def ") : source.index("(")]
    body = source.replace("\n", "\n    ")
    scope: dict[str, Any] = {}
    exec(f"def make({', '.join(names)}):\n    {body}\n    return {function}\n", RUNTIME, scope)
    return scope["make"]


class Plan:
    """How one primitive is recorded and differentiated for one pattern of operands.

    Attributes:
        name, outputs: the primitive's name and number of outputs.
        active: the positions of the operands that need a gradient, as the node's edges are ordered.
        full: whether everything is kept, for a forward sweep.
        slots: the names of what ``node.saved`` holds.
        watched: those among them whose memory must not be written before the backward sweep.
        backward: ``backward(g, saved, edges)`` gives one cotangent per edge.
        deliver: ``deliver(node, g, pending, retain)``, the same as a whole step of an everyday sweep.
        printed: the same where the backend prints kernels: rules of several operations are one.
        of_floats: the plan of a node whose values are all Python floats; None where no ScalarNode holds them.
        freed, after: whether, and the plan by which, a ScalarNode's saved values are no longer to be had.
        attach: ``attach(tensors, values, out, residuals, **options)`` makes the recorded Tensor(s).
    """

    after: Plan
    __slots__ = ("__dict__", "deliver")  # what every step looks up is found fastest in a slot

    def __init__(self, primitive: Primitive, kinds: tuple[int, ...], full: bool) -> None:
        self.primitive = primitive
        self.name = primitive.name
        self.outputs = len(primitive.outputs)
        self.kinds = kinds
        self.active = tuple(i for i, kind in enumerate(kinds) if kind == ACTIVE and not primitive.is_constant(i))
        self.full = full
        self.slots = self._slots()
        self.freed = self.prints = False
        self.deliver = self._write_deliver(floats=False)
        self.attach: Callable[..., Any] = self._write_attach()

    @property
    def fits_scalar_node(self) -> bool:
        """Whether a ``ScalarNode`` can hold what is recorded of floats."""
        return self.primitive.keeps_floats and len(self.active) <= 2 and len(self.slots) <= 2 and not self.full

    @functools.cached_property
    def printed(self) -> Plan:
        if not self.primitive.elementwise:
            return self
        plan = copy.copy(self)
        plan.__dict__.pop("backward", None)
        plan.prints = True
        plan.deliver = plan._write_deliver(floats=False)
        return plan

    @functools.cached_property
    def of_floats(self) -> Plan | None:
        if not self.fits_scalar_node:
            return None
        after = copy.copy(self)
        after.freed = True
        after.deliver = _deliver_freed
        plan = copy.copy(self)
        plan.after = after
        plan.deliver = plan._write_deliver(floats=True)
        after.printed, plan.printed = after, plan  # floats need no kernel
        return plan

    # What is kept --------------------------------------------------------------------------------------

    def _slots(self) -> tuple[str, ...]:
        p = self.primitive
        wanted: dict[str, None] = {}
        for rule, _ in self._rules():
            for name in rule_parameters(rule):
                if name not in ("g", "needs") and not self._is_edge_spec(name):
                    wanted[name] = None
        self.watched = frozenset(wanted).intersection((*p.names(len(self.kinds)), *p.outputs))
        if self.full:
            # Writes to what only a forward sweep reads are noted apart: backward may run all the same.
            everything = (*p.names(len(self.kinds)), *p.options, *p.residuals, *p.kept_outputs, "written")
            wanted.update(dict.fromkeys(everything))
        return tuple(wanted)

    def _rules(self) -> list[tuple[Callable[..., Any], int]]:
        p = self.primitive
        if p.joint_rule is not None:
            return [(p.joint_rule, -1)]
        return [(p.rule(i), i) for i in self.active]

    def _is_edge_spec(self, name: str) -> bool:
        """Whether ``x_spec`` is to be had from x's own edge, which stores shape and dtype anyway."""
        p = self.primitive
        return name.endswith("_spec") and not p.variadic and p.operands.index(name[:-5]) in self.active

    # The code ------------------------------------------------------------------------------------------

    @functools.cached_property
    def backward(self) -> Callable[..., Any]:
        names, calls = self._calls()
        lines = ["def backward(g, saved, edges):", *self._unpack("edges"), *self._grads(calls), "    return grads"]
        return compile_source("\n".join(lines), names)

    def _unpack(self, edges: str) -> list[str]:
        lines = [f"    ({', '.join(self.slots)},) = saved"] if self.slots else []
        if not self.primitive.variadic:
            lines.append(f"    ({''.join(f'edge_{place}, ' for place in range(len(self.active)))}) = {edges}")
        return [*lines, f"    g = g.slots({self.outputs})"] if self.outputs > 1 else lines

    def _grads(self, calls: list[str]) -> list[str]:
        """The lines that compute all edges' cotangents."""
        if self.primitive.joint_rule is None:
            return [f"    grads = ({''.join(f'{call}, ' for call in calls)})"]
        lines = [f"    grads = {calls[0]}"]
        if len(self.active) < len(self.kinds):
            lines.append(f"    grads = ({''.join(f'grads[{i}], ' for i in self.active)})")
        return lines

    def _calls(self) -> tuple[dict[str, Any], list[str]]:
        """The rules by name, and the expression of each edge's cotangent (or the one of the joint rule)."""
        p = self.primitive
        if p.joint_rule is not None:
            needs = str(tuple(i in self.active for i in range(len(self.kinds))))
            arguments = ", ".join(needs if n == "needs" else n for n in rule_parameters(p.joint_rule))
            return {"rule": p.joint_rule}, [f"rule({arguments})"]
        names: dict[str, Any] = {}
        calls = []
        for rule, i in self._rules():
            parameters = rule_parameters(rule)
            text = expression(rule, parameters)
            if self.prints:
                printed = printer().rule(f"{self.name}_vjp_{p.operands[i]}", rule, text)
                rule, text = (rule, text) if printed is None else (printed, None)
            if text is None:
                names[f"rule_{i}"] = rule
                text = f"rule_{i}({', '.join(self._argument(name) for name in parameters)})"
            calls.append(text)
        return names, calls

    def _fitting(self, rule: str) -> list[str]:
        """The lines that fit a cotangent ``d`` to its edge; a node's slots are read faster than an array's own."""
        p = self.primitive
        if rule == "g" and self.outputs == 1:  # which fits the node
            misfits = "node.dtype is not edge.dtype or node.shape != edge.shape"
        elif not p.tested:
            return [f"d = fit(d, edge, {'g' if self.outputs == 1 else 'None'})"]
        elif not self.fits_scalar_node:  # a float, or an array of any shape
            misfits = "d.__class__ is not float and (d.dtype is not edge.dtype or d.shape != edge.shape)"
        elif p.keeps_shape:
            misfits = "d.dtype is not edge.dtype"
        else:  # an array of g's shape, which is the node's
            misfits = "d.dtype is not edge.dtype or node.shape != edge.shape"
        return [f"if {misfits}:", "    d = fit(d, edge)"]

    def _write_deliver(self, floats: bool) -> Callable[..., Any]:
        """``graph.deliver`` for this pattern in an everyday sweep; ``floats`` for a ScalarNode: nothing to fit."""
        p = self.primitive
        names, calls = self._calls()
        lines = ["def deliver(node, g, pending, retain):"]
        if floats:
            lines += [f"    {slot} = node.saved_{place}" for place, slot in enumerate(self.slots)]
            lines += [f"    edge_{place} = node.edge_{place}" for place in range(len(self.active))]
        else:
            lines += ["    saved = node.saved", "    if saved is None:", "        raise freed_error(node)"]
            lines += self._check_writes()
            lines += self._unpack("node.edges")
        lines.append("    received = pending.received")
        if p.joint_rule is not None or len(calls) > 4:  # many edges take a loop, not as many copies of the code
            lines += [*self._grads(calls), "    for edge, d in zip(node.edges, grads):"]
            lines += ["        if d is not None:", *self._hand_on("edge", "d", floats, indent=12)]
        else:
            for place, call in enumerate(calls):
                lines.append(f"    d = {call}")
                certain = not call.startswith("rule_")  # an expression is something, a rule may give None
                if not certain:
                    lines.append("    if d is not None:")
                lines += self._hand_on(f"edge_{place}", call, floats, indent=4 if certain else 8)
        if floats:
            names["after"] = self.after
            lines += ["    if not retain:", "        node.plan = after"]
        else:
            lines += ["    if not retain:", "        node.saved = None"]
        self.source = "\n".join(lines)
        return compile_source(self.source, names)

    def _check_writes(self) -> list[str]:
        """The lines that raise where saved memory was written to since."""
        p = self.primitive
        if p.variadic or len(self.kept_tensors) > 3:
            lines = ["for writes in node.writes:", "    if writes:", "        raise written_error(node, writes)"]
        elif self.kept_tensors:  # a few names take less time than a loop
            lists = [f"w_{name}" for name in self.kept_tensors]
            lines = [f"({', '.join(lists)},) = node.writes", f"if {' or '.join(lists)}:"]
            lines.append(f"    raise written_error(node, {' or '.join(lists)})")
        else:
            lines = []
        return ["    " + line for line in lines]

    @property
    def kept_tensors(self) -> tuple[str, ...]:
        """The names of those Tensors, operands and outputs, whose memory is watched, as ``node.writes`` has them."""
        p = self.primitive
        operands = [x for x, kind in zip(p.operands, self.kinds) if kind != PLAIN]
        return tuple([name for name in (*operands, *p.outputs) if name in self.watched])

    def _hand_on(self, edge: str, call: str, floats: bool, indent: int) -> list[str]:
        """The lines that hand ``d``, which ``call`` gave, on to an edge (see ``Pending.receive``)."""
        lines = [
            *([] if floats else self._fitting(call)),
            "if edge in received:",
            "    received[edge] += d" if floats else "    pending.add(edge, d)",
            "else:",
            "    received[edge] = d",
            "    if edge.plan is not None:",
            "        stack = pending.stack",
            "        if not stack or edge.seq > stack[-1].seq:",
            "            stack.append(edge)",
            "        else:",
            "            heappush(pending.heap, (-edge.seq, edge))",
        ]
        return [" " * indent + re.sub(r"\bedge\b", edge, line) for line in lines]

    def _argument(self, name: str) -> str:
        if self._is_edge_spec(name):
            return f"edge_{self.active.index(self.primitive.operands.index(name[:-5]))}"
        return name

    def _write_attach(self) -> Callable[..., Any]:
        """``attach`` for any arity; the common fixed-arity call inlines the same steps (see ``write_record``)."""
        p, active, slots, kinds, several = self.primitive, self.active, self.slots, self.kinds, self.outputs > 1
        # One array from any number of operands, of which nothing but shapes is kept: concatenate and its like.
        lean = p.variadic and not (several or self.full or p.residuals or self.watched)

        def attach(tensors: Any, values: Any, out: Any, residuals: Any, options: dict[str, Any]) -> Any:
            cls = RUNTIME["Tensor"]
            node: Any = new_node(self)
            node.edges = tuple([tensors[i]._edge for i in active])
            if lean and out.__class__ is not float:
                node.saved = tuple([options[s] if s != "specs" else [Spec.of(v) for v in values] for s in slots])
                node.writes = ()
                node.shape = out.shape
                node.dtype = out.dtype
                return cls._wrap(out, node)
            outs = out if several else (out,)
            results = tuple([cls._wrap(value) for value in outs])
            known = dict(options)
            known.update(zip(p.residuals, residuals, strict=True))
            known.update(zip(p.outputs, outs, strict=True))
            if p.variadic:
                known["xs"] = tuple(values)
                known["specs"] = tuple([Spec.of(value) for value in values]) if "specs" in slots else None
                sources = [("xs", tensor) for tensor, kind in zip(tensors, kinds, strict=True) if kind != PLAIN]
            else:
                for name, value in zip(p.operands, values, strict=True):
                    known[name] = value
                    if name + "_spec" in slots:
                        known[name + "_spec"] = Spec.of(value)
                if "specs" in slots:
                    known["specs"] = tuple([Spec.of(value) for value in values])
                sources = [(p.operands[i], tensors[i]) for i, kind in enumerate(kinds) if kind != PLAIN]
            sources += zip(p.outputs, results, strict=True)
            writes = [tensor._watch() for name, tensor in sources if name in self.watched]
            if self.full:
                known["written"] = tuple([(name, tensor._watch()) for name, tensor in sources if name in slots])
            node.saved = tuple([known[name] for name in slots])
            node.writes = tuple(writes)
            if several:
                node.shape = node.dtype = None
                for i, result in enumerate(results):
                    spec = Spec.of(result._data)
                    result._edge = Pick(node, i, *spec) if p.differentiable_output(i, spec.dtype) else None
                return results
            if out.__class__ is float and self.of_floats is not None:
                node = _scalar_node(self.of_floats, node.edges, node.saved)
            else:
                node.shape, node.dtype = Spec.of_output(out, p.name)
            results[0]._edge = node
            return results[0]

        return attach

    # A recorded backward pass --------------------------------------------------------------------------

    def wrap(self, node: Node) -> tuple[Any, ...]:
        """The node's saved values as the recorded backward sees them: operands on their edges, outputs on the node."""
        p, cls = self.primitive, RUNTIME["Tensor"]
        wrapped = []
        for name, value in zip(self.slots, node.saved, strict=True):
            if name == "xs" and p.variadic:
                wrapped.append(tuple([self._on_edge(node, i, v) for i, v in enumerate(value)]))
            elif not p.variadic and name in p.operands:
                wrapped.append(self._on_edge(node, p.operands.index(name), value))
            elif name in p.outputs:
                i = p.outputs.index(name)
                spec = Spec.of(value)
                if self.outputs == 1:
                    wrapped.append(cls._wrap(value, node))
                elif p.differentiable_output(i, spec.dtype):
                    wrapped.append(cls._wrap(value, Pick(node, i, *spec)))
                else:
                    wrapped.append(value)
            else:
                wrapped.append(value)
        return tuple(wrapped)

    def _on_edge(self, node: Node, i: int, value: Any) -> Any:
        if i in self.active:
            return RUNTIME["Tensor"]._wrap(value, node.edges[self.active.index(i)])
        return value

    def explain_backward(self, error: Exception, saved: Any) -> Exception:
        if isinstance(error, (GraphError, MemoryError, NotImplementedError)):
            return error
        kept = ", ".join(f"{n}={_brief(v)}" for n, v in zip(self.slots, saved or (), strict=False))
        text = f"backward of {self.name}: {str(error).removeprefix('backward: ')}" + (f" (with {kept})" if kept else "")
        return _same_kind(error, text)


def printer() -> Any:
    """What makes one kernel of several operations. Few programs need it, and importing the project does not wait."""
    import autograd.kernels as kernels

    return kernels


def new_node(plan: Plan) -> ArrayNode:
    node = ArrayNode()
    node.plan = plan
    node.seq = next_seq()
    node.note = None
    return node


def rule_parameters(rule: Callable[..., Any]) -> tuple[str, ...]:
    """The parameter names of a rule, which say exactly what the graph keeps for it."""
    code = getattr(rule, "__code__", None)
    if code is None:  # a partial or another callable object
        return tuple(inspect.signature(rule).parameters)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _scalar_node(plan: Plan, edges: tuple[Any, ...], saved: tuple[Any, ...]) -> ScalarNode:
    node = ScalarNode()
    node.plan = plan
    for place, edge in enumerate(edges):
        setattr(node, f"edge_{place}", edge)
    for place, value in enumerate(saved):
        setattr(node, f"saved_{place}", value)
    node.seq = next_seq()
    node.note = None
    return node


def _deliver_freed(node: Any, g: Any, pending: Any, retain: bool) -> None:
    raise freed_error(node)


def _brief(value: Any) -> str:
    if isinstance(value, (int, float, complex, str, bool, type(None))):
        return repr(value)
    shape = getattr(value, "shape", None)
    return (
        f"{getattr(value, 'dtype', type(value).__name__)}{list(shape)}" if shape is not None else type(value).__name__
    )


def _same_kind(error: Exception, text: str) -> Exception:
    """A new error of the same class with another text; the class itself where it takes no plain text."""
    try:
        return type(error)(text)
    except Exception:
        return RuntimeError(text)

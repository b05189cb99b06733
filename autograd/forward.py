"""Forward mode: a graph swept from tangents of its inputs to those of its outputs. Imports ``backward``, ``graph``.

The function is recorded once in the mode that keeps everything (``mode.full``), and its graph swept in the order in
which it was made. There are no levels: a nested sweep knows its own inputs by their edges, and stops at older ones.

One derivative is written once, so most tangents come from what is there already:

- an element-wise operation: its vjp rule, for the tangent in place of the cotangent (the Jacobian is diagonal);
- ``linear``, ``multilinear``, ``joint`` operands: the operation itself, applied to the tangents;
- anything else: the vjp rule is linear in ``g``, and its transpose is the jvp. It is recorded at ``g`` = 0 and swept.

A stated ``.jvp`` comes before all of these.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import backends
from autograd.backward import fit, is_tensor, propagate
from autograd.graph import Leaf, Pick, ancestors, freed_error, written_error
from autograd.mode import enable_grad
from autograd.ops import arithmetic, shape
from autograd.plan import RUNTIME, Plan, Spec, rule_parameters


def forward_order(roots: Iterable[Any], oldest: int = -1) -> list[Any]:
    """What a forward sweep towards ``roots`` visits, oldest first."""
    return sorted(ancestors(roots, oldest), key=attrgetter("seq"))


def push(order: Sequence[Any], roots: Sequence[Any], tangents: Mapping[Any, Any], record: bool) -> list[Any]:
    """The tangents of ``roots`` (None where independent), given those of the inputs by edge.

    Args:
        order: ``forward_order(roots, …)``, which several sweeps may share.
        roots: edges of the outputs.
        tangents: edge -> tangent, in that edge's shape and dtype; raw, or (with ``record``) Tensors.
        record: whether the sweep itself is recorded, so that what it computes can be differentiated.
    """
    known = dict(tangents)
    uses: dict[Any, int] = {}
    for node in order:
        for edge in node.edges:
            uses[edge] = uses.get(edge, 0) + 1
    for root in roots:
        uses[root] = uses.get(root, 0) + 1
    with enable_grad():
        for node in order:
            edges = node.edges
            if node not in known and edges:
                incoming: list[Any] = [known.get(edge) for edge in edges]
                if any([t is not None for t in incoming]):
                    if node.__class__ is Pick:
                        known[node] = fit_tangent(incoming[0][node.index], node.shape, node.dtype)
                    else:
                        known[node] = _step(node, incoming, record)
            for edge in edges:
                uses[edge] -= 1
                if not uses[edge]:
                    known.pop(edge, None)
    return [known.get(root) for root in roots]


def fit_tangent(t: Any, size: tuple[int, ...], dtype: Any, out: Any = None) -> Any:
    """``t`` broadcast to an output's shape and cast to its dtype; ``out``, the output, tells where its array lives."""
    if t is None or dtype is float:
        return t
    if t.__class__ is float or t.dtype is float:  # a scalar graph's tangent on its way into arrays
        t = arithmetic.add(_zero_like(out), t)
    if t.shape != size:
        t = shape.broadcast_to(t, shape=size)
    if t.dtype != dtype:
        if t.dtype.kind == "c" and dtype.kind != "c":
            t = arithmetic.real(t)
        if t.dtype != dtype:
            t = arithmetic.astype(t, dtype=dtype)
    return t


def _step(node: Any, incoming: list[Any], record: bool) -> Any:
    """The tangent of one node's output; a tuple of them where it has several."""
    if node.saved is None:
        raise freed_error(node)
    plan = node.plan
    if plan.outputs == 1 and getattr(node.dtype, "kind", "f") in "biu":
        return None
    saved = plan.wrap(node) if record else node.saved
    if not getattr(plan, "full", False):  # recorded outside the full mode, or not by a primitive
        stated = plan.push(incoming, saved) if plan.primitive is None else None
        if stated is None:
            return _transposed(node, saved, incoming, record)
        return fit_tangent(stated, node.shape, node.dtype, saved[0])
    values = dict(zip(plan.slots, saved))
    p = plan.primitive
    tangents = [None] * len(plan.kinds)
    for i, t in zip(plan.active, incoming):
        tangents[i] = t
    out = None
    rest = None
    if p.joint_jvp is not None:
        _check_unwritten(node, _names(p.joint_jvp), values)
        out = p.joint_jvp(*[_argument(name, values, "tangents", tuple(tangents)) for name in _names(p.joint_jvp)])
    else:
        rest = list(incoming)
        if p.joint:
            out = _joint(node, tangents, values)
            covered = [i for i in plan.active if p.variadic or p.operands[i] in p.joint]
            rest = [None if i in covered else t for i, t in zip(plan.active, incoming)]
        for place, (i, t) in enumerate(zip(plan.active, rest)):
            if t is None:
                continue
            term = _operand_rule(plan, i)
            if term is not None:
                out = _plus(out, term(node, t, values))
                rest[place] = None
    if rest is not None and any([t is not None for t in rest]):
        out = _plus(out, _transposed(node, saved, rest, record))
    if plan.outputs > 1:
        return out
    return fit_tangent(out, node.shape, node.dtype, values["out"])


def _plus(a: Any, b: Any) -> Any:
    """Sum of two contributions; outputs of an operation with several are added one by one."""
    if a is None or b is None:
        return b if a is None else a
    if a.__class__ is tuple or a.__class__ is list:
        return tuple([_plus(x, y) for x, y in zip(a, b)])
    return a + b


Term = Callable[[Any, Any, dict[str, Any]], Any]


@functools.cache
def _operand_rule(plan: Plan, i: int) -> Term | None:
    """How a tangent of operand ``i`` alone goes through the operation; None where the vjp has to be transposed."""
    p = plan.primitive
    if p.variadic:
        return None
    operand = p.operands[i]
    rule = p.jvps.get(operand)
    if rule is not None:
        return _stated(rule, p.elementwise)
    if operand in p.linear or operand in p.multilinear:
        return _itself(p, operand)
    rule = p.rules.get(operand)
    if p.elementwise and rule is not None and p.joint_rule is None and len(p.outputs) == 1:
        return _diagonal(rule)
    return None


def _stated(rule: Callable[..., Any], elementwise: bool) -> Term:
    names = _names(rule)

    def term(node: Any, t: Any, values: dict[str, Any]) -> Any:
        _check_unwritten(node, names, values)
        # Broadcast, but not cast: a stated rule may be one that takes complex tangents to real ones.
        if elementwise and t.__class__ is not float and t.dtype is not float and t.shape != node.shape:
            t = shape.broadcast_to(t, shape=node.shape)
        return rule(*[_argument(name, values, "t", t) for name in names])

    return term


def _itself(p: Any, operand: str) -> Term:
    others = tuple(name for name in p.operands if name != operand)

    def term(node: Any, t: Any, values: dict[str, Any]) -> Any:
        _check_unwritten(node, others, values)
        operands = [t if name == operand else values[name] for name in p.operands]
        return p.call(*operands, **{name: values[name] for name in p.options})

    return term


def _diagonal(rule: Callable[..., Any]) -> Term:
    names = _names(rule)

    def term(node: Any, t: Any, values: dict[str, Any]) -> Any:
        _check_unwritten(node, names, values)
        t = fit_tangent(t, node.shape, node.dtype, values["out"])
        return rule(*[_argument(name, values, "g", t) for name in names])

    return term


def _joint(node: Any, tangents: list[Any], values: dict[str, Any]) -> Any:
    """An operation that is linear in several operands together, applied to their tangents; what is missing is 0."""
    p = node.plan.primitive
    if p.variadic:
        operands = [_zero_like(x) if t is None else t for t, x in zip(tangents, values["xs"])]
    else:
        _check_unwritten(node, [name for name in p.operands if name not in p.joint], values)
        operands = [
            values[name] if name not in p.joint else _zero_like(values[name]) if t is None else t
            for t, name in zip(tangents, p.operands)
        ]
    return p.call(*operands, **{name: values[name] for name in p.options})


def _zero_like(x: Any) -> Any:
    if is_tensor(x):
        x = x._data
    if x is None or x.__class__ in (bool, int, float, complex):
        return x if x is None else 0
    return backends.of(x).xp.zeros_like(x)


@functools.cache
def _names(rule: Callable[..., Any]) -> tuple[str, ...]:
    return rule_parameters(rule)


def _argument(name: str, values: dict[str, Any], given: str, t: Any) -> Any:
    if name == given:
        return t
    if name in values:
        return values[name]
    if name == "specs":
        return tuple([Spec.of(x) for x in values["xs"]]) if "xs" in values else values[name]
    return Spec.of(values[name[: -len("_spec")]])


def _check_unwritten(node: Any, names: Iterable[str], values: dict[str, Any]) -> None:
    for name, writes in values["written"]:
        if writes and name in names:
            raise written_error(node, writes)


# The transpose of a vjp ------------------------------------------------------------------------------------


class Slots:
    """Cotangents of an operation's outputs, as ``plan.backward`` takes them where there are several."""

    __slots__ = ("_grads",)

    def __init__(self, grads: tuple[Any, ...]) -> None:
        self._grads = grads

    def slots(self, count: int) -> tuple[Any, ...]:
        """One entry per output."""
        return self._grads


def _transposed(node: Any, saved: Any, incoming: list[Any], record: bool) -> Any:
    """A node's tangent(s) by transposing its vjp: ``g -> Jᵀg`` is recorded at 0, and swept with the tangents."""
    for writes in node.writes:
        if writes:
            raise written_error(node, writes)
    plan = node.plan
    raw = next(t for t in incoming if t is not None)
    backend = backends.of(raw._data if is_tensor(raw) else raw)
    if plan.outputs == 1:
        variables = [_variable(backend, node.shape, node.dtype)]
        g: Any = variables[0]
    else:
        variables = [None if spec is None else _variable(backend, *spec) for spec in output_specs(plan, node.saved)]
        g = Slots(tuple(variables))
    grads = plan.backward(g, saved, node.edges)
    outputs, tangents = [], []
    for grad, edge, t in zip(grads, node.edges, incoming):
        if t is None or not is_tensor(grad) or grad._edge is None:
            continue
        if grad.dtype is not edge.dtype or grad.shape != edge.shape:
            grad = fit(grad, edge)
        outputs.append(grad)
        tangents.append(t)
    inputs = [v._edge for v in variables if v is not None]
    found = (
        propagate(outputs, tangents, inputs=inputs, retain=True, record=record, oldest=inputs[0].seq) if outputs else {}
    )
    results = [None if v is None else found.get(v._edge) for v in variables]
    return results[0] if plan.outputs == 1 else tuple(results)


def output_specs(plan: Any, saved: Any) -> list[Spec | None]:
    """Shape and dtype of each of several outputs; None for one that carries no gradient."""
    own = getattr(plan, "output_specs", None)
    if own is not None:
        return own
    p = plan.primitive
    values = dict(zip(plan.slots, saved))
    specs = [Spec.of(values[name]) for name in p.outputs]
    return [spec if p.differentiable_output(i, spec.dtype) else None for i, spec in enumerate(specs)]


def _variable(backend: Any, size: tuple[int, ...], dtype: Any) -> Any:
    """A fresh leaf that holds 0."""
    tensor = RUNTIME["Tensor"]._wrap(0.0 if dtype is float else backend.xp.zeros(size, dtype=dtype))
    tensor._edge = Leaf(tensor, size, dtype, inner=True)
    return tensor

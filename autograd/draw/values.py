"""Values and gradients for the boxes: what somebody holds, what is computed again. Imports ``collect``, ``graph``."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from typing import Any

import backends
from autograd.backward import RAW, is_tensor
from autograd.draw.box import SMALL, norm_of, quiet, state_of, text_of
from autograd.draw.collect import Collected
from autograd.graph import Leaf, Node, Pick, sweep
from autograd.mode import switch
from autograd.observe import cotangents, nobody
from autograd.plan import RUNTIME
from autograd.record import record_lines

# Operations are evaluated again, where their values were not kept, if they make at most about so many numbers.
REPLAY = 1 << 18


class keep_small(record_lines):
    """Records lines, and keeps a copy of every result that is small enough to be written out.

    Attributes:
        values: by edge, what the operation gave.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[Any, Any] = {}

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        super().recorded(primitive, tensors, result, options)
        for tensor in result if isinstance(result, tuple) else (result,):
            edge, value = tensor._edge, tensor._data
            if isinstance(edge, Node) and getattr(value, "size", 1) <= SMALL:
                self.values[edge] = backends.of(value).copy(value)  # a later write in place is not this one's


def fill(graph: Collected, values: bool | str, seen: dict[Any, Any]) -> None:
    """Write values, gradients and their states into the boxes of a graph; ``seen`` are values noted while it ran."""
    known = _known(graph) | {edge: value for edge, value in seen.items() if edge in graph.place}
    received: dict[Any, Any] = {}
    size = sum(s for box in graph.boxes for _, _, s in box.saved)
    if values is True or size <= 1 << 30:
        if not graph.freed:
            received = _gradients(graph.outputs)
        if sum(math.prod(e.shape or ()) + 100 for e in graph.edges) <= REPLAY:
            _replay(graph, known, received)
    for edge in graph.edges:
        box = graph.boxes[graph.place[edge]]
        tensor = edge.tensor() if edge.__class__ is Leaf else graph.tensors.get(edge)
        if edge in known:
            value = known[edge]
            box.value, box.device = text_of(value), backends.of(value).device(value)
            box.state = state_of(value)
        g = received.get(edge)
        own = tensor.grad if tensor is not None else None
        if own is not None:
            g = own
        g = getattr(g, "_data", g)
        if g.__class__ is list:  # several outputs have a gradient each: one norm, and the worst state
            box.norm = math.hypot(*map(norm_of, g))
            states = {state_of(x, gradient=True) for x in g}
            box.state = next((state for state in ("nan", "inf") if state in states), box.state)
            if states == {"zero"}:
                box.state = "zero"
        elif g is not None:
            box.grad, box.norm = text_of(g), norm_of(g)
            box.state = state_of(g, gradient=True) or box.state
            if box.state == "zero" and box.is_output:
                box.state = ""
        elif received and edge not in received and not graph.freed:
            box.state = box.state or "cut"


def _known(graph: Collected) -> dict[Any, Any]:
    """The values that somebody holds: the user's Tensors, leaves, and what rules asked the graph to keep."""
    known: dict[Any, Any] = {}
    for edge in graph.edges:
        if edge.__class__ is Leaf:
            tensor = edge.tensor()
            if tensor is not None:
                known[edge] = tensor._data
        elif edge.saved is not None and edge.plan.primitive is not None:
            p = edge.plan.primitive
            for slot, value in zip(edge.plan.slots, edge.saved):
                if slot in p.outputs and len(p.outputs) == 1:
                    known[edge] = value
                elif not p.variadic and slot in p.operands and p.operands.index(slot) in edge.plan.active:
                    source = edge.edges[edge.plan.active.index(p.operands.index(slot))]
                    if source.__class__ is not Pick:
                        known.setdefault(source, value)
    for edge, tensor in graph.tensors.items():
        if edge in graph.place and edge.__class__ is not Pick:
            known[edge] = tensor._data
    return known


def _replay(graph: Collected, known: dict[Any, Any], received: dict[Any, Any]) -> None:
    """Evaluate a small graph again where nobody kept the values; after a backward, differentiate that again.

    It counts only if it gives the values that are known, after a backward the output's own: leaves may have been
    written to since.
    """
    if any(writes for edge in graph.edges if isinstance(edge, Node) for writes in edge.writes):
        return
    cls = RUNTIME["Tensor"]
    again: dict[Any, Any] = {}
    computed: set[Any] = set()
    with nobody(), switch(grad=True, full=False), quiet():
        for edge in graph.edges:
            made: Any = _evaluate(edge, again) if isinstance(edge, Node) else None
            if is_tensor(made):
                if edge in known and not _equal(made._data, known[edge]):
                    return
                computed.add(edge)
            elif edge in known:
                made = cls._wrap(known[edge])
                with contextlib.suppress(TypeError):
                    made.requires_grad_()
            if is_tensor(made):
                again[edge] = made
        roots = [t._edge for t in graph.outputs]
        if graph.freed and not computed.issuperset(roots):
            return
        for edge, tensor in again.items():
            known.setdefault(edge, tensor._data)
        if graph.freed:
            back = _gradients([again[r] for r in roots])
            for edge, tensor in again.items():
                if tensor._edge in back:
                    received.setdefault(edge, back[tensor._edge])


# Options that no rule asks for, so that the graph does not keep them, but the output shows.
_FROM_OUTPUT: dict[str, Any] = {
    "keepdims": lambda node: bool(node.edges) and len(node.shape) == len(node.edges[0].shape or ()),
    "shape": lambda node: node.shape,
    "dtype": lambda node: node.dtype,
    "axis": lambda node: None,  # right where the output is a scalar; else its shape will tell that it was not
}


def _evaluate(node: Any, again: dict[Any, Any]) -> Any:
    """The node's operation on what stands in for its operands; None where one of them, or an option, is not known."""
    p = node.plan.primitive
    if p is None or p.variadic or len(p.outputs) != 1:
        return None
    saved = dict(zip(node.plan.slots, node.saved)) if node.saved is not None else {}
    for option in p.options:
        if option not in saved:
            if option not in _FROM_OUTPUT:
                return None
            saved[option] = _FROM_OUTPUT[option](node)
    operands = []
    for i, name in enumerate(p.operands):
        if i in node.plan.active:
            value = again.get(node.edges[node.plan.active.index(i)])
        else:
            value = saved.get(name)
        if value is None:
            return None
        operands.append(value)
    try:
        made = p.call(*operands, **{option: saved[option] for option in p.options})
        return made if getattr(made, "shape", None) == node.shape else None
    except Exception:  # an operation that fails again has no value to show
        return None


def _equal(a: Any, b: Any) -> bool:
    same = a == b
    return bool(same) if isinstance(same, bool) else bool(same.all()) or bool(((a != a) & (b != b)).any())


class _Received:
    """Watches a backward sweep: what arrived at every node, and at every leaf."""

    def __init__(self) -> None:
        self.found: dict[Any, Any] = {}

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        """Called after every recorded operation."""

    def sweeping(self, node: Any, g: Any) -> None:
        """Called before every step of a backward sweep."""

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        """Called after every step of a backward sweep."""
        given = cotangents(g)
        self.found[node] = given[0] if len(given) == 1 and given[0] is g else given


def _gradients(outputs: Iterable[Any]) -> dict[Any, Any]:
    """The gradient of (the sum of) the outputs at every node; nothing is freed, accumulated or told to hooks."""
    outputs = list(outputs)
    watch = _Received()
    cotangents = [
        1.0 if t._data.__class__ is float else backends.of(t._data).xp.ones(t.shape, dtype=t.dtype) for t in outputs
    ]
    try:
        with nobody(), switch(watchers=(watch,)), quiet():
            leaves = sweep([t._edge for t in outputs], cotangents, RAW, retain=True, hooks=False)
    except Exception:  # a graph that can't be swept (written to since, no rule) is drawn without gradients
        return {}
    watch.found.update(leaves)
    return watch.found

"""What a drawing shows of a graph: a ``Box`` per operation, leaf and constant. Imports ``graph``, ``backward``."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import backends
from autograd import lines
from autograd.backward import RAW, is_tensor
from autograd.graph import Leaf, Node, Pick, ancestors, sweep
from autograd.mode import switch
from autograd.observe import nobody
from autograd.plan import RUNTIME

# Up to this many elements a Tensor's values are written out.
SMALL = 6
# Operations are evaluated again, where their values were not kept, if they make at most about so many numbers.
REPLAY = 1 << 18


class Box:
    """One thing in a drawing: all text, no arrays.

    Attributes:
        id: ``"n7"``: the seventh in the order of creation, so equal programs give equal ids.
        kind: ``"op"``, ``"leaf"``, ``"constant"``.
        op, name: the operation, and the user's name for its result.
        state: ``""``, ``"nan"``, ``"inf"``, ``"zero"`` or ``"cut"``: the gradient's (or the value's NaN or infinity).
        inputs: (index of another box, label) per operand that has one.
        saved: (index of another box or -1 for its own output, label, bytes).
    """

    __slots__ = (
        "device", "dtype", "grad", "id", "inputs", "is_output", "kind", "line", "name", "norm", "op", "path", "saved",
        "shape", "state", "value",
    )  # fmt: skip

    def __init__(self, kind: str, op: str) -> None:
        self.id = ""
        self.kind = kind
        self.op = op
        self.name: str | None = None
        self.shape: tuple[int, ...] | None = None
        self.dtype = ""
        self.device = ""
        self.value: str | None = None
        self.grad: str | None = None
        self.norm: float | None = None
        self.state = ""
        self.path = ""
        self.line: Any = None
        self.is_output = False
        self.inputs: list[tuple[int, str]] = []
        self.saved: list[tuple[int, str, int]] = []


def number(value: Any) -> str:
    """A number with four significant digits, as short as it goes."""
    if isinstance(value, complex):
        return f"{value:.4g}"
    if isinstance(value, (bool, int)):
        return str(value)
    return f"{float(value):.4g}"


def text_of(value: Any) -> str | None:
    """The values of a small array, None where there are too many to read."""
    if getattr(value, "size", 1) > SMALL:
        return None
    array = backends.of(value).to_numpy(value)
    return _nested(array.tolist())


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_nested, value)) + "]"
    return number(value)


def state_of(value: Any, gradient: bool = False) -> str:
    """``"nan"`` or ``"inf"`` where an array holds one; for a gradient also ``"zero"`` where it is nothing but zeros."""
    if isinstance(value, (float, int, complex)):
        z = complex(value)
        if z != z:
            return "nan"
        if math.isinf(z.real) or math.isinf(z.imag):
            return "inf"
        return "zero" if gradient and z == 0 else ""
    if getattr(value.dtype, "kind", "f") in "iub" or value.size == 0:
        return ""
    xp = backends.of(value).xp
    if bool(xp.isfinite(value).all()):
        return "zero" if gradient and not bool((value != 0).any()) else ""
    return "nan" if bool(xp.isnan(value).any()) else "inf"


def norm_of(value: Any) -> float:
    """The Euclidean norm, NaN or infinite where an element is."""
    if isinstance(value, (float, int, complex)):
        return abs(value)
    xp = backends.of(value).xp
    with _quiet():
        wide = xp.abs(value)
        if wide.dtype.itemsize < 4 or wide.dtype.kind != "f":
            wide = wide.astype("float32")
        return float(xp.sqrt((wide * wide).sum()))


def _quiet() -> Any:
    """NumPy's warnings off: what is drawn may well be infinite."""
    return backends.get("numpy").xp.errstate(all="ignore")


def real_edge(edge: Any) -> Any:
    """The node behind a pick, everything else as it is."""
    return edge.edges[0] if edge.__class__ is Pick else edge


class Collected:
    """The boxes of a graph, oldest first, with what was found out about each edge."""

    def __init__(self, outputs: list[Any], values: bool | str, sight: lines.Sight) -> None:
        self.boxes: list[Box] = []
        self.place: dict[Any, int] = {}
        roots = [t._edge for t in outputs]
        found = {real_edge(e): None for e in ancestors(roots)}
        self.edges = sorted(found, key=attrgetter("seq"))
        self.outputs = outputs
        self.names, self.tensors, self.paths = sight.names, dict(sight.tensors), sight.paths
        for t in outputs:
            self.tensors[t._edge] = t
        self._owners: dict[int, str] | None = None
        self.freed = any(isinstance(e, Node) and e.saved is None for e in self.edges)
        self.device = outputs[0].device
        for edge in self.edges:
            self._add(edge)
        for root in roots:
            self.boxes[self.place[real_edge(root)]].is_output = True
        known = {box.path for box in self.boxes if box.kind == "op" and box.path}
        if known:
            for box in self.boxes:  # what was recorded counts; a leaf stands where it is used
                box.path = box.path if box.path in known else ""
        elif any(box.path for box in self.boxes):
            infer_paths(self.boxes)
        if values:
            self._fill(values)
        for i, box in enumerate(self.boxes):
            box.id = f"n{i}"

    # Structure -----------------------------------------------------------------------------------------------

    def _add(self, edge: Any) -> None:
        if isinstance(edge, Node):
            box = Box("op", edge.plan.name)
            box.inputs = [(self.place[real_edge(e)], f"[{e.index}]" if e.__class__ is Pick else "") for e in edge.edges]
            if edge.saved is not None:
                self._saved(edge, box)
        else:
            box = Box("leaf", "")
        if edge.shape is not None:
            box.shape, box.dtype = tuple(edge.shape), getattr(edge.dtype, "name", "float")
        note = edge.note
        box.name = self.names.get(edge)
        if note is not None:
            box.name = note.name or box.name
            box.line, box.path = note.line, note.path or ""
        if not box.path and edge.__class__ is Leaf:
            box.path = self.paths.get(edge, "")
            if box.path and box.name and box.name.startswith(box.path + "."):
                box.name = box.name[len(box.path) + 1 :]
        box.device = self.boxes[box.inputs[0][0]].device if box.inputs else self.device
        self.place[edge] = len(self.boxes)
        self.boxes.append(box)

    def _saved(self, node: Any, box: Box) -> None:
        """Dotted edges to what the node keeps: its operands, constants, its own output."""
        p = node.plan.primitive
        if p is None:  # a call of a Python function: it keeps its arguments
            return
        for slot, value in zip(node.plan.slots, node.saved):
            entries = [(slot, value)]
            if slot == "xs" and p.variadic:
                entries = [(f"xs[{i}]", x) for i, x in enumerate(value)]
            for name, x in entries:
                if not hasattr(x, "nbytes") and not isinstance(x, (float, int)):
                    continue
                if slot in p.options or slot.endswith("_spec") or slot in ("needs", "specs", "written"):
                    continue
                size = getattr(x, "nbytes", 8)
                if slot in p.outputs or slot in p.residuals:
                    box.saved.append((-1, slot, size))
                    continue
                i = int(name[3:-1]) if slot == "xs" and p.variadic else p.operands.index(slot)
                if i in node.plan.active:
                    target = self.place[real_edge(node.edges[node.plan.active.index(i)])]
                    box.saved.append((target, name, size))
                else:
                    box.saved.append((self._constant(name, x), name, size))

    def _constant(self, name: str, value: Any) -> int:
        key = ("constant", id(value))
        if key in self.place and hasattr(value, "nbytes"):
            return self.place[key]
        box = Box("constant", "constant")
        box.shape = tuple(getattr(value, "shape", ()))
        box.dtype = getattr(getattr(value, "dtype", None), "name", "float")
        box.device = backends.of(value).device(value)
        box.value = text_of(value)
        source = self._shares(value)
        if source is not None:
            box.op, box.state = "cut", "cut"
            box.name = f"{source} without its history"
        self.place[key] = len(self.boxes)
        self.boxes.append(box)
        return self.place[key]

    def _shares(self, value: Any) -> str | None:
        """The name of a recorded Tensor in sight over whose memory a constant lies: there a path was cut."""
        if not hasattr(value, "base"):
            return None
        if self._owners is None:
            self._owners = {}
            for edge in self.edges:
                t = edge.tensor() if edge.__class__ is Leaf else self.tensors.get(edge)
                if t is not None and hasattr(t._data, "base"):
                    name = self.names.get(edge) or (edge.note and edge.note.name)
                    for owner in (t._data, t._data.base):
                        if owner is not None:
                            self._owners[id(owner)] = name or "a recorded Tensor"
        return self._owners.get(id(value)) or (None if value.base is None else self._owners.get(id(value.base)))

    # Values and gradients --------------------------------------------------------------------------------------

    def _fill(self, values: bool | str) -> None:
        known = self._known()
        received: dict[Any, Any] = {}
        size = sum(s for box in self.boxes for _, _, s in box.saved)
        if values is True or size <= 1 << 30:
            if not self.freed:
                received = _gradients(self.outputs)
            if sum(math.prod(e.shape or ()) + 100 for e in self.edges) <= REPLAY:
                self._replay(known, received)
        for edge in self.edges:
            box = self.boxes[self.place[edge]]
            tensor = edge.tensor() if edge.__class__ is Leaf else self.tensors.get(edge)
            if edge in known:
                value = known[edge]
                box.value, box.device = text_of(value), backends.of(value).device(value)
                box.state = state_of(value)
            g = received.get(edge)
            own = tensor.grad if tensor is not None else None
            if own is not None:
                g = own
            g = getattr(g, "_data", g)
            if g is not None:
                box.grad, box.norm = text_of(g), norm_of(g)
                box.state = state_of(g, gradient=True) or box.state
                if box.state == "zero" and box.is_output:
                    box.state = ""
            elif received and edge not in received and not self.freed:
                box.state = box.state or "cut"

    def _known(self) -> dict[Any, Any]:
        """The values that somebody holds: the user's Tensors, leaves, and what rules asked the graph to keep."""
        known: dict[Any, Any] = {}
        for edge in self.edges:
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
        for edge, tensor in self.tensors.items():
            if edge in self.place and edge.__class__ is not Pick:
                known[edge] = tensor._data
        return known

    def _replay(self, known: dict[Any, Any], received: dict[Any, Any]) -> None:
        """Evaluate a small graph again where nobody kept the values; after a backward, differentiate that again.

        It counts only if it gives the values that are known, after a backward the output's own: leaves may have been
        written to since.
        """
        if any(writes for edge in self.edges if isinstance(edge, Node) for writes in edge.writes):
            return
        cls = RUNTIME["Tensor"]
        again: dict[Any, Any] = {}
        computed: set[Any] = set()
        with nobody(), switch(grad=True, full=False), _quiet():
            for edge in self.edges:
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
            roots = [t._edge for t in self.outputs]
            if self.freed and not computed.issuperset(roots):
                return
            for edge, tensor in again.items():
                known.setdefault(edge, tensor._data)
            if self.freed:
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
        self.found[node] = None if hasattr(g, "grads") else g  # several outputs have no one gradient


def _gradients(outputs: Iterable[Any]) -> dict[Any, Any]:
    """The gradient of (the sum of) the outputs at every node; nothing is freed, accumulated or told to hooks."""
    outputs = list(outputs)
    watch = _Received()
    cotangents = [
        1.0 if t._data.__class__ is float else backends.of(t._data).xp.ones(t.shape, dtype=t.dtype) for t in outputs
    ]
    try:
        with nobody(), switch(watchers=(watch,)), _quiet():
            leaves = sweep([t._edge for t in outputs], cotangents, RAW, retain=True, hooks=False)
    except Exception:  # a graph that can't be swept (written to since, no rule) is drawn without gradients
        return {}
    watch.found.update(leaves)
    return watch.found


def infer_paths(boxes: list[Box]) -> None:
    """Put operations into modules where only parameters say which: an operation on a parameter is in its module.

    One between others is in the innermost module that holds what lies before and after it, or two of its operands.
    """
    consumers: list[list[int]] = [[] for _ in boxes]
    for i, box in enumerate(boxes):
        for j, _ in box.inputs:
            consumers[j].append(i)
    fixed = [box.path if box.kind == "leaf" else "" for box in boxes]
    for i, box in enumerate(boxes):
        if box.kind == "op":
            fixed[i] = max([fixed[j] for j, _ in box.inputs if boxes[j].kind == "leaf"], key=len, default="")
    ahead = list(fixed)  # the module of the nearest operation before, and of the nearest one after, that is in one
    behind = list(fixed)
    for i, box in enumerate(boxes):
        if box.kind == "op" and not fixed[i]:
            ahead[i] = next((ahead[j] for j in sorted((j for j, _ in box.inputs), reverse=True) if ahead[j]), "")
    for i in range(len(boxes) - 1, -1, -1):
        if boxes[i].kind == "op" and not fixed[i]:
            behind[i] = next((behind[j] for j in consumers[i] if behind[j]), "")
    for i, box in enumerate(boxes):
        if box.kind == "op" and not fixed[i]:
            before = [ahead[j] for j, _ in box.inputs]
            after = [behind[j] for j in consumers[i]]
            pairs = [_shared(a, b) for k, a in enumerate(before) for b in (*before[:k], *after)]
            box.path = max(pairs, key=len, default="")
        elif box.kind == "op":
            box.path = fixed[i]


def _shared(a: str, b: str) -> str:
    """The path of the innermost module that holds both."""
    parts = []
    for x, y in zip(a.split("."), b.split(".")):
        if x != y:
            break
        parts.append(x)
    return ".".join(parts)

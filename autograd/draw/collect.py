"""The graph as boxes: operations, leaves, and the constants that are kept. Imports ``box``, ``paths``, ``graph``."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import backends
from autograd import lines
from autograd.draw.box import Box, shape_text, text_of
from autograd.draw.paths import infer_paths
from autograd.graph import Leaf, Node, Pick, ancestors


def real_edge(edge: Any) -> Any:
    """The node behind a pick, everything else as it is."""
    return edge.edges[0] if edge.__class__ is Pick else edge


class Collected:
    """The boxes of a graph, oldest first, with what was found out about each edge."""

    def __init__(self, outputs: list[Any], sight: lines.Sight) -> None:
        self.boxes: list[Box] = []
        self.place: dict[Any, int] = {}
        roots = [t._edge for t in outputs]
        reached = ancestors(roots)
        found = {real_edge(e): None for e in reached}
        self.picks: dict[Any, list[Any]] = {}  # of an operation with several outputs, those that are used
        for e in sorted((e for e in reached if e.__class__ is Pick), key=attrgetter("index")):
            self.picks.setdefault(e.edges[0], []).append(e)
        self.edges = sorted(found, key=attrgetter("seq"))
        self.outputs = outputs
        self.names, self.tensors, self.paths = sight.names, dict(sight.tensors), sight.paths
        self.constants = sight.constants
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
        elif edge in self.picks:
            specs = dict.fromkeys(f"{shape_text(e.shape)} {e.dtype}".strip() for e in self.picks[edge])
            box.dtype = ", ".join(specs)
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
        box.name = self.constants.get(id(value))
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

"""Groups of boxes, and the edges that folding puts together. Imports ``box``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograd.draw.box import Box


class Group:
    """Boxes (by index) and groups that fold into one.

    Attributes:
        id: ``"g3"``: the third from the outside inwards.
        title: the module's path, or what the operations inside are.
        repeat: how many equal blocks it stands for; its children are those of the first.
        count, bytes: the operations inside one of them, and what those keep.
        what: of a module, the names of its operations.
    """

    __slots__ = ("bytes", "children", "count", "depth", "id", "kind", "parent", "repeat", "title", "what")

    def __init__(self, title: str, kind: str, parent: Group | None) -> None:
        self.id = ""
        self.title = title
        self.kind = kind
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: list[Any] = []
        self.repeat = 1
        self.count = 0
        self.bytes = 0
        self.what = ""

    def boxes(self) -> list[int]:
        """The boxes inside, at any depth, in order."""
        out: list[int] = []
        stack: list[Any] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, Group):
                stack.extend(reversed(item.children))
            else:
                out.append(item)
        return out

    def groups(self) -> list[Group]:
        """The groups inside, at any depth, itself first."""
        out = [self]
        for group in out:
            out.extend(child for child in group.children if isinstance(child, Group))
        return out


class Edge:
    """What is drawn between two visible things: one edge, or many that folding put together."""

    __slots__ = ("bytes", "count", "kind", "label", "norm", "source", "state", "target")

    def __init__(self, source: Any, target: Any, kind: str) -> None:
        self.source = source
        self.target = target
        self.kind = kind
        self.count = 0
        self.bytes = 0
        self.label = ""
        self.norm: float | None = None
        self.state = ""


def tree(boxes: list[Box]) -> Group:
    """The groups that module paths make."""
    root = Group("", "root", None)
    known: dict[str, Group] = {"": root}
    paths = {box.path for box in boxes}
    # "blocks.0.norm" is the module norm in blocks.0; a part of a path that no box and no branch stands on is no group.
    branches = Counter(".".join(p.split(".")[:k]) for p in paths if p for k in range(1, p.count(".") + 2))
    for i, box in enumerate(boxes):
        path = box.path
        if path not in known:
            parts = path.split(".")
            above = root
            for k in range(1, len(parts) + 1):
                prefix = ".".join(parts[:k])
                group = known.get(prefix)
                if group is None:
                    if k < len(parts) and prefix not in paths and branches[prefix] == 1:
                        continue
                    group = known[prefix] = Group(prefix, "module", above)
                    above.children.append(group)
                above = group
        known[path].children.append(i)
    return root


def common(groups: list[Group]) -> Group:
    """The deepest group that holds all of them."""
    first = groups[0]
    for group in groups[1:]:
        a, b = first, group
        while a is not b:
            if a.depth >= b.depth and a.parent is not None:
                a = a.parent
            elif b.parent is not None:
                b = b.parent
        first = a
    return first


def outside(group: Group) -> Group:
    """The nearest group around that does not repeat, nor lies in one that does."""
    best, at = group, group
    while at.parent is not None:
        if at.repeat > 1:
            best = at.parent
        at = at.parent
    return best


def summary(boxes: list[Box]) -> str:
    """What operations a stretch is made of, the most frequent first."""
    counts = Counter(box.op for box in boxes if box.kind == "op")
    parts = [op if n == 1 else f"{op} ×{n}" for op, n in counts.most_common(3)]
    return ", ".join(parts) + (", …" if len(counts) > 3 else "")

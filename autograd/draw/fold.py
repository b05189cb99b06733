"""Folding a large graph until a person can read it: modules, repeated blocks, runs. Imports ``group``, ``repeats``.

A ``Group`` holds boxes and groups. Groups come from module paths, from blocks that repeat (one is shown, ``× 24``
is written on it), and, where even that leaves too much, from cutting the operations into runs. A ``Scene`` says which
groups are open and what is then to be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from autograd.draw.box import Box
from autograd.draw.group import Edge, Group, common, outside, summary, tree
from autograd.draw.repeats import Repeats

# Into so many runs a list of operations is cut that is too long to be read.
PIECES = 16
# Of several states behind one edge, the last of these is shown.
_ORDER = ("", "zero", "cut", "inf", "nan")


class Scene:
    """Boxes in groups, some of them folded."""

    def __init__(self, boxes: list[Box], fold: bool, depth: int | None, max_nodes: int) -> None:
        self.boxes = boxes
        self.root = tree(boxes)
        self.repeats = Repeats(boxes, self.root)
        if fold:
            self.repeats.fold_modules()
            self.repeats.fold_loops()
        self._adopt()
        self.max_nodes = max_nodes
        if fold:
            self._cut_runs()
        self._number()
        self.folded = self._choose(depth, fold)

    # Leaves and constants -----------------------------------------------------------------------------------------

    def _adopt(self) -> None:
        """Leaves and constants without a module of their own go where they are used: into the deepest common group."""
        holder = {c: group for group in self.root.groups() for c in group.children if not isinstance(c, Group)}
        loose = [i for i, box in enumerate(self.boxes) if box.kind != "op" and not box.path and i in holder]
        users: dict[int, list[int]] = {i: [] for i in loose}
        for i, box in enumerate(self.boxes):
            for j in {*(j for j, _ in box.inputs), *(j for j, _, _ in box.saved if j >= 0)}:
                if j in users:
                    users[j].append(i)
        self.uses = {leaf: len(consumers) for leaf, consumers in users.items()}
        self.root.children = [c for c in self.root.children if isinstance(c, Group) or c not in users]
        first: dict[Any, int] = {}  # of the leaves that turns use in the same places, the drawn turn's
        position: dict[int, float] = {}
        for leaf, consumers in users.items():
            places = tuple(sorted({self.repeats.resolve(i) for i in consumers}))
            turns = {tuple(sorted(self.repeats.all_turns(i).items())) for i in consumers}
            group = common([holder[i] for i in places]) if places else self.root
            if len(turns) > 1:
                group = outside(group)
            elif turns and (turn := turns.pop()):
                self.repeats.turns[leaf] = dict(turn)
                drawn = first.setdefault((places, self.repeats.signatures[leaf]), leaf)
                if drawn != leaf:
                    self.repeats.alias[leaf] = drawn
                    continue
            group.children.append(leaf)
            position[leaf] = (places[0] if places else leaf) - 0.5
        self._sort(position)

    def _sort(self, position: dict[int, float]) -> None:
        """Put every group's children in order: leaves just before what uses them first."""
        place: dict[Any, float] = {}
        for group in reversed(self.root.groups()):
            for child in group.children:
                if not isinstance(child, Group):
                    place[child] = position.get(child, child)
            group.children.sort(key=lambda c: place[id(c)] if isinstance(c, Group) else place[c])
            ops = [place[id(c)] if isinstance(c, Group) else place[c] for c in group.children]
            place[id(group)] = min(ops, default=0)

    # Runs ---------------------------------------------------------------------------------------------------------

    def _cut_runs(self) -> None:
        """Cut what is still too long to be read into runs of operations, and those into runs again."""
        pieces = min(PIECES, max(2, self.max_nodes // 3))
        work = self.root.groups()
        while work:
            group = work.pop()
            if len(group.children) <= max(self.max_nodes, 8):
                continue
            # What is used all over stays outside of the runs.
            shared = [c for c in group.children if not isinstance(c, Group) and self.uses.get(c, 0) > pieces // 2]
            cut: list[Any] = shared[: pieces - 1]
            children = [c for c in group.children if isinstance(c, Group) or c not in cut]
            size = -(-len(children) // pieces)
            for start in range(0, len(children), size):
                run = Group("", "run", group)
                run.children = children[start : start + size]
                cut.append(run)
                work.append(run)
            group.children = cut
        for group in self.root.groups():
            for child in group.children:
                if isinstance(child, Group):
                    child.parent, child.depth = group, group.depth + 1
        for group in self.root.groups():
            if group.kind == "run":
                group.title = summary([self.boxes[b] for b in group.boxes()])

    def _number(self) -> None:
        groups = self.root.groups()
        for i, group in enumerate(groups):
            group.id = f"g{i}"
            if group.kind == "module":
                group.what = summary([self.boxes[b] for b in group.boxes()])
        for group in reversed(groups):
            for child in group.children:
                if isinstance(child, Group):
                    group.count += child.count * child.repeat
                    group.bytes += child.bytes * child.repeat
                else:
                    group.count += self.boxes[child].kind == "op"
                    group.bytes += sum(size for _, _, size in self.boxes[child].saved)

    def _choose(self, depth: int | None, fold: bool) -> set[int]:
        """Which groups are folded: those deeper than ``depth``, and as many more as it takes to stay readable."""
        seen: Counter[int] = Counter()  # how many boxes and groups stand at each depth
        for group in self.root.groups():
            seen[group.depth] += sum(not isinstance(c, Group) for c in group.children)
            if group.parent is not None:
                seen[-1 - group.depth] += 1
        deepest = max((g.depth for g in self.root.groups()), default=0)
        chosen = deepest if depth is None else min(depth, deepest)
        if fold:
            while chosen > 0 and sum(seen[d] for d in range(chosen + 1)) + seen[-2 - chosen] > self.max_nodes:
                chosen -= 1
        return {id(g) for g in self.root.groups() if g.depth > chosen}

    # What is to be seen -------------------------------------------------------------------------------------------

    def visible(self) -> tuple[dict[int, Any], list[Edge]]:
        """(box -> the box or folded group seen in its place, the edges between what is seen)."""
        rep: dict[int, Any] = {}
        stack: list[tuple[Group, Any]] = [(self.root, None)]
        while stack:
            group, shown = stack.pop()
            if shown is None and id(group) in self.folded:
                shown = group
            for child in group.children:
                if isinstance(child, Group):
                    stack.append((child, shown))
                else:
                    rep[child] = child if shown is None else shown
        return rep, self.edges_between(rep.__getitem__)

    def edges_between(self, seen_as: Callable[[int], Any]) -> list[Edge]:
        """The edges between what ``seen_as`` gives for the drawn boxes, put together where they coincide."""
        edges: dict[tuple[Any, Any, str], Edge] = {}
        for i, box in enumerate(self.boxes):
            for j, label in box.inputs:
                self._join(edges, seen_as, j, i, "flow", label, 0)
            for j, label, size in box.saved:
                if j >= 0 and (box.shape != () or self.boxes[j].kind == "constant"):
                    self._join(edges, seen_as, j, i, "saved", label, size)
        return list(edges.values())

    def _join(
        self, edges: dict[Any, Edge], seen_as: Callable[[int], Any], j: int, i: int, kind: str, label: str, size: int
    ) -> None:
        if j in self.repeats.turns and i in self.repeats.turns:
            a, b = self.repeats.all_turns(j), self.repeats.all_turns(i)
            if any(a[group] != b[group] for group in a if group in b):
                return  # from one turn to the next
        source, target = seen_as(self.repeats.resolve(j)), seen_as(self.repeats.resolve(i))
        if source == target or (kind == "saved" and (isinstance(source, Group) or isinstance(target, Group))):
            return  # what a folded group keeps is written on it
        edge = edges.get((source, target, kind))
        if edge is None:
            edge = edges[source, target, kind] = Edge(source, target, kind)
        edge.count += 1
        edge.bytes += size
        edge.label = label if edge.count == 1 else ""
        box = self.boxes[j]
        if box.norm is not None and not (edge.norm is not None and edge.norm >= box.norm):
            edge.norm = box.norm
        if edge.count == 1 or box.state in ("nan", "inf"):
            edge.state = max(edge.state, box.state, key=_ORDER.index)
        elif edge.state != box.state and edge.state in ("zero", "cut"):
            edge.state = ""  # where only some of them are without a gradient, the edge has one

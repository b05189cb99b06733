"""Folding a large graph until a person can read it: modules, repeated blocks, runs of operations. Imports ``collect``.

A ``Group`` holds boxes and groups. Groups come from module paths, from blocks that repeat (one is shown, ``× 24``
is written on it), and, where even that leaves too much, from cutting the operations into runs. A ``Scene`` says which
groups are open and what is then to be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from autograd.draw.collect import Box

# A repetition is folded from this many turns, and where that hides at least this many operations.
TURNS, HIDDEN = 3, 6
# Blocks of at most this many operations are looked for where no module path tells.
LONGEST = 2000
# Into so many runs a list of operations is cut that is too long to be read.
PIECES = 16
# Of several states behind one edge, the last of these is shown.
_ORDER = ("", "zero", "cut", "inf", "nan")


class Group:
    """Boxes (by index) and groups that fold into one.

    Attributes:
        id: ``"g3"``: the third from the outside inwards.
        title: the module's path, or what the operations inside are.
        repeat: how many equal blocks it stands for; its children are those of the first.
        count, bytes: the operations inside one of them, and what those keep.
    """

    __slots__ = ("bytes", "children", "count", "depth", "id", "kind", "parent", "repeat", "title")

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


class Scene:
    """Boxes in groups, some of them folded."""

    def __init__(self, boxes: list[Box], fold: bool, depth: int | None, max_nodes: int) -> None:
        self.boxes = boxes
        self.alias: dict[int, int] = {}
        self.turns: dict[int, dict[int, int]] = {}
        self.signatures = [(b.kind, b.op, b.shape, b.dtype, len(b.inputs)) for b in boxes]
        self.root = _tree(boxes)
        if fold:
            self._fold_groups()
            self._fold_runs()
        self._adopt()
        self.max_nodes = max_nodes
        if fold:
            self._cut_runs()
        self._number()
        self.folded = self._choose(depth, fold)

    # Repeated modules -------------------------------------------------------------------------------------------

    def _signature(self, group: Group, known: dict[int, Any]) -> Any:
        parts = []
        for child in group.children:
            parts.append(known[id(child)] if isinstance(child, Group) else self.signatures[child])
        return hash(tuple(parts))

    def _fold_groups(self) -> None:
        """Neighbouring modules that are alike become one that repeats; only the first is looked into further."""
        known: dict[int, Any] = {}
        for group in reversed(self.root.groups()):
            known[id(group)] = self._signature(group, known)
        work = [self.root]
        while work:
            group = work.pop()
            out: list[Any] = []
            children, i = group.children, 0
            while i < len(children):
                child = children[i]
                j = i + 1
                if isinstance(child, Group):
                    alike = known[id(child)]
                    while j < len(children) and isinstance(children[j], Group) and known[id(children[j])] == alike:
                        j += 1
                    blocks = [c.boxes() for c in children[i:j]]
                    blocks = blocks[: self._unbroken(blocks)]
                    j = i + len(blocks)
                    if len(blocks) >= TURNS and (len(blocks) - 1) * len(blocks[0]) >= 2 * HIDDEN:
                        child.title = f"{child.title} … {children[j - 1].title.rpartition('.')[2]}"
                        self._repeat(child, blocks)
                        child.repeat = len(blocks)
                    else:
                        j = i + 1
                out.append(child)
                if isinstance(child, Group):
                    work.append(child)
                i = j
            group.children = out

    def _unbroken(self, blocks: list[list[int]]) -> int:
        """How many turns use nothing that was computed from them outside: folded, that would go in circles."""
        inside = {box for block in blocks for box in block}
        first = min((box for box in blocks[0] if self.boxes[box].kind == "op"), default=-1)
        for turn, block in enumerate(blocks):
            for box in block:
                if any(j > first and j not in inside and self.boxes[j].kind == "op" for j, _ in self.boxes[box].inputs):
                    return turn
        return len(blocks)

    def _repeat(self, group: Group, blocks: list[list[int]]) -> None:
        """Note that ``blocks`` are turns of one block, of which the first is drawn."""
        for turn, block in enumerate(blocks):
            for box, template in zip(block, blocks[0]):
                if turn:
                    self.alias[box] = template
                self.turns.setdefault(box, {})[id(group)] = turn

    # Repeated runs of operations --------------------------------------------------------------------------------

    def _fold_runs(self) -> None:
        """Operations that repeat without a module around them (a loop in the user's program) become one block, too."""
        work = self.root.groups()
        while work:
            group = work.pop()
            boxes = [c for c in group.children if not isinstance(c, Group) and self.boxes[c].kind == "op"]
            if len(boxes) < TURNS + HIDDEN:
                continue
            runs = self._runs(boxes)
            if not runs:
                continue
            made: dict[int, Group] = {}
            hidden: set[int] = set()
            for start, period, turns in runs:
                blocks = [boxes[start + k * period : start + (k + 1) * period] for k in range(turns)]
                inner = Group(self._summary(blocks[0]), "loop", group)
                inner.children = list(blocks[0])
                inner.repeat = turns
                self._repeat(inner, blocks)
                made[blocks[0][0]] = inner
                hidden.update(box for block in blocks for box in block)
                work.append(inner)
            children: list[Any] = []
            for child in group.children:
                if child in made:
                    children.append(made[child])
                elif isinstance(child, Group) or child not in hidden:
                    children.append(child)
            group.children = children

    def _runs(self, boxes: list[int]) -> list[tuple[int, int, int]]:
        """(start, period, turns) of what repeats in a list of operations, longest first where they compete."""
        n = len(boxes)
        at = {box: i for i, box in enumerate(boxes)}
        kinds: dict[Any, int] = {}
        signs = [kinds.setdefault(self.signatures[box], len(kinds)) for box in boxes]
        following = [n] * n
        last: dict[int, int] = {}
        for i in range(n - 1, -1, -1):
            following[i] = last.get(signs[i], n)
            last[signs[i]] = i
        runs, i, budget = [], 0, 60 * n
        while i < n:
            best, j = (0, 0, 0), following[i]
            for _ in range(12):
                period = j - i
                if j >= n or period > LONGEST or budget <= 0:
                    break
                k = 0
                while j + k < n and signs[i + k] == signs[j + k]:
                    k += 1
                budget -= k + 1
                turns = min(k // period + 1, self._equal_inside(boxes, at, i, period, k // period + 1))
                if turns >= TURNS and (turns - 1) * period >= HIDDEN and turns * period > best[0]:
                    best = (turns * period, period, turns)
                j = following[j]
            if best[0]:
                runs.append((i, best[1], best[2]))
                i += best[0]
            else:
                i += 1
        return runs

    def _equal_inside(self, boxes: list[int], at: dict[int, int], start: int, period: int, turns: int) -> int:
        """How many turns, from the first on, are wired alike inside."""

        def wiring(turn: int) -> list[Any]:
            first = start + turn * period
            inside = range(first, first + period)
            return [
                [at[j] - first if at.get(j, -1) in inside else None for j, _ in self.boxes[box].inputs]
                for box in boxes[first : first + period]
            ]

        if turns < TURNS:
            return turns
        model = wiring(0)
        for turn in range(1, turns):
            if wiring(turn) != model:
                return turn
        return turns

    def _summary(self, boxes: list[int]) -> str:
        counts = Counter(self.boxes[b].op for b in boxes if self.boxes[b].kind == "op")
        parts = [op if n == 1 else f"{op} ×{n}" for op, n in counts.most_common(3)]
        return ", ".join(parts) + (", …" if len(counts) > 3 else "")

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
            places = tuple(sorted({self.resolve(i) for i in consumers}))
            turns = {tuple(sorted(self.all_turns(i).items())) for i in consumers}
            group = _common([holder[i] for i in places]) if places else self.root
            if len(turns) > 1:
                group = _outside(group)
            elif turns and (turn := turns.pop()):
                self.turns[leaf] = dict(turn)
                drawn = first.setdefault((places, self.signatures[leaf]), leaf)
                if drawn != leaf:
                    self.alias[leaf] = drawn
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

    def resolve(self, box: int) -> int:
        """The box that is drawn for it: itself, or the one of the drawn turn."""
        while box in self.alias:
            box = self.alias[box]
        return box

    def all_turns(self, box: int) -> dict[int, int]:
        """In which turn of which repetition a box lies, inner ones after outer ones."""
        found = dict(self.turns.get(box, ()))
        while box in self.alias:
            box = self.alias[box]
            for group, turn in self.turns.get(box, {}).items():
                found.setdefault(group, turn)
        return found

    # Runs ---------------------------------------------------------------------------------------------------------

    def _cut_runs(self) -> None:
        """Cut what is still too long to be read into runs of operations, and those into runs again."""
        for group in self.root.groups():
            while len(group.children) > max(self.max_nodes, 8):
                # What is used all over stays outside of the runs.
                shared = [c for c in group.children if not isinstance(c, Group) and self.uses.get(c, 0) > PIECES // 2]
                cut: list[Any] = shared[:PIECES]
                children = [c for c in group.children if isinstance(c, Group) or c not in cut]
                size = -(-len(children) // PIECES)
                for start in range(0, len(children), size):
                    part = children[start : start + size]
                    if len(part) == 1:
                        cut.append(part[0])
                        continue
                    run = Group("", "run", group)
                    run.children = part
                    cut.append(run)
                group.children = cut
        for group in self.root.groups():
            for child in group.children:
                if isinstance(child, Group):
                    child.parent, child.depth = group, group.depth + 1
        for group in self.root.groups():
            if group.kind == "run":
                group.title = self._summary(group.boxes())

    def _number(self) -> None:
        groups = self.root.groups()
        for i, group in enumerate(groups):
            group.id = f"g{i}"
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
        if j in self.turns and i in self.turns:
            a, b = self.all_turns(j), self.all_turns(i)
            if any(a[group] != b[group] for group in a if group in b):
                return  # from one turn to the next
        source, target = seen_as(self.resolve(j)), seen_as(self.resolve(i))
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


def _tree(boxes: list[Box]) -> Group:
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


def _common(groups: list[Group]) -> Group:
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


def _outside(group: Group) -> Group:
    """The nearest group around that does not repeat, nor lies in one that does."""
    best, at = group, group
    while at.parent is not None:
        if at.repeat > 1:
            best = at.parent
        at = at.parent
    return best

"""Blocks that repeat: modules that are alike, loops of the user's program. Imports ``group``, ``box``."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from autograd.draw.box import Box
from autograd.draw.group import Group, summary

# A repetition is folded from this many turns, and where that hides at least this many operations.
TURNS, HIDDEN = 3, 6
# Blocks of at most this many operations are looked for where no module path tells.
LONGEST = 2000
# So many modules and operations in turn are seen to repeat: Linear, Norm, ReLU, Dropout and the like.
PERIOD = 8


class Repeats:
    """Which boxes are turns of a block of which another turn is drawn.

    Attributes:
        alias: from a box to the one of the drawn turn, where it is not drawn itself.
        turns: by box, the turn it belongs to, by the id of the repeating group.
        signatures: by box, what makes two alike.
    """

    def __init__(self, boxes: list[Box], root: Group) -> None:
        self.boxes = boxes
        self.root = root
        self.alias: dict[int, int] = {}
        self.turns: dict[int, dict[int, int]] = {}
        self.signatures = [(b.kind, b.op, b.shape, b.dtype, len(b.inputs)) for b in boxes]

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

    # Repeated modules -------------------------------------------------------------------------------------------

    def _signatures(self) -> dict[int, Any]:
        """By group, what makes two alike."""
        known: dict[int, Any] = {}
        for group in reversed(self.root.groups()):
            parts = [known[id(c)] if isinstance(c, Group) else self._kind(c) for c in group.children]
            known[id(group)] = hash(tuple(parts))
        return known

    def _kind(self, box: int) -> Any:
        # Not how many inputs it has: of a module's turns, the first may be given a constant.
        return self.signatures[box][:4]

    def fold_modules(self) -> None:
        """Neighbouring modules that are alike become one that repeats, and so do two and more in turn.

        Only the first turn is looked into further.
        """
        known = self._signatures()
        work = [self.root]
        while work:
            group = work.pop()
            steps, holders = self._steps(group)
            if any(isinstance(c, Group) for c in steps):
                self._fold_steps(group, steps, holders, known)
            work.extend(c for c in group.children if isinstance(c, Group))

    def _steps(self, group: Group) -> tuple[list[Any], list[Group]]:
        """(what a group does, in order; which group holds it): its operations, and the modules in it that have some.

        A list of modules is no step of its own: what its modules do may take turns with what stands around it.
        """
        steps = []
        stack = [(child, group) for child in group.children]
        while stack:
            child, holder = stack.pop()
            if isinstance(child, Group) and all(isinstance(c, Group) for c in child.children):
                stack.extend((c, child) for c in child.children)
                continue
            boxes = child.boxes() if isinstance(child, Group) else [child]
            first = min((box for box in boxes if self.boxes[box].kind == "op"), default=-1)
            if first >= 0:
                steps.append((first, child, holder))
        steps.sort(key=lambda step: step[0])
        return [child for _, child, _ in steps], [holder for _, _, holder in steps]

    def _fold_steps(self, group: Group, steps: list[Any], holders: list[Group], known: dict[int, Any]) -> None:
        signs = [known[id(c)] if isinstance(c, Group) else self._kind(c) for c in steps]
        modules = [i for i, c in enumerate(steps) if isinstance(c, Group)]
        i = 0
        while i < len(steps):
            found: tuple[int, list[list[int]]] = (0, [])
            following = next((m for m in modules[bisect_left(modules, i) :][:1]), len(steps))
            for period in range(following - i + 1, PERIOD + 1):  # operations alone are left to fold_loops
                turns = 1
                while signs[i : i + period] == signs[i + turns * period : i + (turns + 1) * period]:
                    turns += 1
                if turns < TURNS:
                    continue
                blocks = [self._boxes(steps[i + k * period : i + (k + 1) * period]) for k in range(turns)]
                blocks = blocks[: self._alike(blocks)]
                blocks = blocks[: self._unbroken(blocks)]
                hides = len(blocks) >= TURNS and (len(blocks) - 1) * len(blocks[0]) >= 2 * HIDDEN
                if hides and len(blocks) * period > found[0] * len(found[1]):
                    found = (period, blocks)
            period, blocks = found
            if not period:
                i += 1
                continue
            end = i + period * len(blocks)
            places = {id(holder): holder for holder in holders[i:end]}
            place = holders[i] if len(places) == 1 else group
            repeated = self._together(place, steps[i : i + period], steps[end - period : end])
            self._repeat(repeated, blocks)
            repeated.repeat = len(blocks)
            gone = {id(c) if isinstance(c, Group) else c for c in steps[i:end]}
            for holder in places.values():
                holder.children = [c for c in holder.children if (id(c) if isinstance(c, Group) else c) not in gone]
            place.children.append(repeated)  # Scene puts children in order
            for holder in places.values():
                self._drop_if_empty(holder)
            i = end

    @staticmethod
    def _drop_if_empty(group: Group) -> None:
        while not group.children and group.parent is not None:
            group.parent.children = [c for c in group.parent.children if c is not group]
            group = group.parent

    def _together(self, group: Group, first: list[Any], last: list[Any]) -> Group:
        """The group that stands for all turns: the one module of the first turn, or a new group around its parts."""
        names = [c.title for c in first if isinstance(c, Group)]
        ending = next(c.title for c in reversed(last) if isinstance(c, Group))
        heading = f"{names[0]} … {ending.rpartition('.')[2]}"
        if len(first) == 1:
            first[0].title = heading
            return first[0]
        around = Group(heading, "module", group)
        around.children = list(first)
        for child in first:
            if isinstance(child, Group):
                child.parent = around
        below = [around]
        for outer in below:
            for inner in outer.children:
                if isinstance(inner, Group):
                    inner.depth = outer.depth + 1
                    below.append(inner)
        return around

    def _boxes(self, steps: list[Any]) -> list[int]:
        return [box for c in steps for box in (c.boxes() if isinstance(c, Group) else (c,))]

    def _alike(self, blocks: list[list[int]]) -> int:
        """How many turns, from the first on, are wired alike inside; what comes in from outside may differ."""

        def wiring(block: list[int]) -> list[Any]:
            at = {box: i for i, box in enumerate(block)}
            return [[at[j] for j, _ in self.boxes[box].inputs if j in at] for box in block]

        model = wiring(blocks[0])
        return next((turn for turn, block in enumerate(blocks) if wiring(block) != model), len(blocks))

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

    def fold_loops(self) -> None:
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
                inner = Group(summary([self.boxes[b] for b in blocks[0]]), "loop", group)
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

"""Blocks that repeat: modules that are alike, loops of the user's program. Imports ``group``, ``box``."""

from __future__ import annotations

from typing import Any

from autograd.draw.box import Box
from autograd.draw.group import Group, summary

# A repetition is folded from this many turns, and where that hides at least this many operations.
TURNS, HIDDEN = 3, 6
# Blocks of at most this many operations are looked for where no module path tells.
LONGEST = 2000


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

    def _signature(self, group: Group, known: dict[int, Any]) -> Any:
        parts = []
        for child in group.children:
            parts.append(known[id(child)] if isinstance(child, Group) else self.signatures[child])
        return hash(tuple(parts))

    def fold_modules(self) -> None:
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

"""Which module an operation belongs to, where only parameters say. Imports ``box``."""

from __future__ import annotations

from autograd.draw.box import Box


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

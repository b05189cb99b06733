"""A scene as one self-contained HTML page that lays itself out. Imports ``fold``, ``dot``; reads ``page.html``."""

from __future__ import annotations

import math
from typing import Any

from autograd.draw.dot import COLOURS, FILLS, MARKS, contents, rows, title
from autograd.draw.fold import Scene
from autograd.draw.group import Group

# A group with more inside than this many boxes, all told, shows its numbers and does not open.
EMBEDDED = 20_000


def to_html(scene: Scene, view: str) -> str:
    """The page, with the scene as data in it."""
    import json
    from pathlib import Path

    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    data = json.dumps(_data(scene, view), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # "</script>" inside a string would end the script.
    return page.replace("/*DATA*/null", data.replace("</", "<\\/"))


def _data(scene: Scene, view: str) -> dict[str, Any]:
    boxes = scene.boxes
    drawn = scene.root.boxes()
    kept = set(drawn[:EMBEDDED]) if len(drawn) > EMBEDDED else set(drawn)
    groups: list[dict[str, Any]] = []
    where: dict[int, str] = {}  # where what is not embedded has gone
    stack: list[tuple[Group, str | None]] = [(scene.root, None)]
    while stack:
        group, parent = stack.pop()
        inside = [c for c in group.children if isinstance(c, Group) or c in kept]
        for child in group.children:
            if not isinstance(child, Group) and child not in kept:
                where[child] = group.id
        groups.append(
            {
                "id": group.id,
                "parent": parent,
                "title": title(group) or "operations",
                "notes": contents(group),
                "open": id(group) not in scene.folded,
                "repeat": group.repeat,
                "children": [c.id if isinstance(c, Group) else boxes[c].id for c in inside],
            }
        )
        stack.extend((c, group.id) for c in reversed(group.children) if isinstance(c, Group))
    nodes = []
    for i in drawn:
        if i in kept:
            box = boxes[i]
            nodes.append(
                {
                    "id": box.id,
                    "kind": "output" if box.is_output else box.kind,
                    "rows": rows(box),
                    "state": box.state,
                    "op": box.op,
                    "path": box.path,
                    "line": getattr(box.line, "text", box.line) or "",
                    "norm": box.norm if box.norm is not None and math.isfinite(box.norm) else None,
                    "saved": [[name, size] for _, name, size in box.saved],
                }
            )
    edges: dict[tuple[str, str, str], list[Any]] = {}
    for e in scene.edges_between(lambda box: boxes[box].id if box in kept else where[box]):
        norm = e.norm if e.norm is not None and math.isfinite(e.norm) else None
        edges[e.source, e.target, e.kind] = [e.source, e.target, e.kind, e.label, e.bytes, norm, e.state]
    return {
        "view": view,
        "groups": groups,
        "nodes": nodes,
        "edges": list(edges.values()),
        "colours": COLOURS,
        "marks": MARKS,
        "fills": FILLS,
        "max": scene.max_nodes,
    }

"""A scene as text: Graphviz's DOT and Mermaid. Imports ``fold``, ``box``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from autograd.draw.box import Box, shape_text
from autograd.draw.fold import Scene
from autograd.draw.group import Edge, Group
from autograd.show import bytes_text

# Okabe and Ito's palette: told apart by people with any of the usual kinds of colour blindness. Each state is also
# written out, so that nothing depends on colour alone.
COLOURS = {"nan": "#D55E00", "inf": "#CC79A7", "zero": "#F0E442", "cut": "#56B4E9"}
MARKS = {"nan": "NaN", "inf": "infinite", "zero": "zero gradient", "cut": "no gradient: cut"}
FILLS = {"leaf": "#DDEBF7", "constant": "#F2F2F2", "op": "#FFFFFF", "output": "#E2F0D9"}
FONT = "Helvetica,Arial,sans-serif"
LIMIT = 44
SPACE = "\u00a0\u00a0"  # keeps an edge's words off the edge


def short(text: str, limit: int = LIMIT) -> str:
    """``text``, with its middle left out where it is longer than ``limit``."""
    return text if len(text) <= limit else f"{text[: limit // 2 - 1]}…{text[-(limit // 2 - 1) :]}"


def spec(box: Box) -> str:
    """``(32, 10) float32``, with the device where it is not the CPU."""
    parts = []
    if box.shape:
        parts.append(shape_text(box.shape))
    if box.dtype:
        parts.append(box.dtype)
    if box.device and box.device != "cpu":
        parts.append(box.device)
    return " ".join(parts)


def rows(box: Box) -> list[str]:
    """The lines of text in a box, its heading first."""
    head = box.name if box.kind != "op" else box.op if box.name is None else f"{box.name} = {box.op}"
    if head is None:
        head = "constant" if box.kind == "constant" else "cut" if box.kind == "cut" else "leaf"
    lines = [short(head), spec(box)]
    numbers = []
    if box.value is not None:
        numbers.append(f"value {short(box.value)}")
    if box.grad is not None:
        numbers.append(f"grad {short(box.grad)}")
    elif box.norm is not None:
        numbers.append(f"‖grad‖ {box.norm:.3g}")
    if len("  │  ".join(numbers)) <= LIMIT:
        numbers = ["  │  ".join(numbers)] if numbers else []
    lines += numbers
    if box.state:
        lines.append(MARKS[box.state])
    own = sum(size for j, _, size in box.saved if j < 0)
    if own and box.shape != ():
        names = ", ".join(name for j, name, _ in box.saved if j < 0)
        lines.append(f"keeps {names}: {bytes_text(own)}")
    if box.line is not None:
        lines.append(short(str(box.line)))
    return [line for line in lines if line]


def title(group: Group) -> str:
    """A group's heading: its name, how often it repeats."""
    name, above = group.title, group.parent
    if above is not None and above.kind == "module" and name.startswith(above.title + "."):
        name = name[len(above.title) + 1 :]  # the frame around says the rest
        if name[0].isdigit():
            name = f"{above.title.rpartition('.')[2]}.{name}"
    name = short(name)
    return f"{name}  × {group.repeat}" if group.repeat > 1 else name


def contents(group: Group) -> list[str]:
    """What a folded group says below its heading: a module's operations, and ``24 operations, keeps 4.0 KiB``."""
    count = group.count * group.repeat
    text = f"{count:,} operation{'s' * (count != 1)}"
    text = f"{text}, keeps {bytes_text(group.bytes * group.repeat)}" if group.bytes else text
    return [group.what, text] if group.what else [text]


def width(norm: float | None, largest: float) -> float:
    """An edge's width for a gradient's norm: from 0.6 to 3 over six decades below the largest."""
    # Not wider: the tip of a thick arrow would stand in the words of the box that it points at.
    if norm is None or norm != norm or not largest or not math.isfinite(norm):
        return 1.0 if norm is None else 3.0
    if norm == 0:
        return 0.6
    return round(0.6 + 2.4 * max(0.0, 1 + math.log10(norm / largest) / 6), 2)


def largest_norm(edges: list[Edge]) -> float:
    """The largest finite gradient in the picture."""
    return max((e.norm for e in edges if e.norm is not None and math.isfinite(e.norm)), default=0.0)


class Writer:
    """What DOT and Mermaid share: what is seen, under which names, and in which direction edges point."""

    def __init__(self, scene: Scene, view: str) -> None:
        self.scene = scene
        self.view = view
        self.rep, self.edges = scene.visible()
        self.shown = {x if isinstance(x, int) else id(x) for x in self.rep.values()}

    def name(self, item: Any) -> str:
        """The id of a visible box or group in the text."""
        return item.id if isinstance(item, Group) else self.scene.boxes[item].id

    def arrows(self) -> list[tuple[Any, Any, Edge, str]]:
        """(from, to, edge, "forward" or "backward" or "saved") of every arrow in this view."""
        out = []
        for e in self.edges:
            if e.kind == "saved":
                if self.view == "backward":
                    out.append((e.target, e.source, e, "saved"))
                elif self.view == "both" or self.scene.boxes[e.source].kind == "constant":
                    out.append((e.source, e.target, e, "saved"))
                continue
            if self.view in ("forward", "both"):
                out.append((e.source, e.target, e, "forward"))
            if self.view in ("backward", "both"):
                out.append((e.target, e.source, e, "backward"))
        return out


def to_dot(
    scene: Scene,
    view: str,
    direction: str,
    sides: Mapping[str, str] = MappingProxyType({}),
    wide: Collection[str] = (),
) -> str:
    """The scene as DOT text.

    ``sides`` tells of groups whose heading stands at the right or in the middle, ``wide`` of those that need room.
    """
    w = Writer(scene, view)
    out = [
        "digraph autograd {",
        f'  graph [rankdir={direction}, fontname="{FONT}", fontsize=11, nodesep=0.35, ranksep=0.35, compound=true]',
        f'  node [shape=plain, fontname="{FONT}", fontsize=10]',
        f'  edge [fontname="{FONT}", fontsize=8, arrowsize=0.6, color="#555555"]',
    ]
    if len(w.edges) > 150:
        out.append("  graph [nslimit=1, mclimit=0.5]  // dot's search for a layout would take minutes")
    _dot_group(w, scene.root, out, sides, wide)
    largest = largest_norm(w.edges)
    for source, target, edge, kind in w.arrows():
        out.append(f"  {w.name(source)} -> {w.name(target)} [{_dot_edge(edge, kind, view, largest)}]")
    out.append("}")
    return "\n".join(out) + "\n"


def _dot_group(w: Writer, root: Group, out: list[str], sides: Mapping[str, str], wide: Collection[str]) -> None:
    # Iterative: the end of a cluster waits on the stack as text.
    stack: list[Any] = [*reversed(root.children)]
    depth = 1
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            depth -= 1
            out.append("  " * depth + "}")
        elif not isinstance(item, Group):
            out.append("  " * depth + f"{w.name(item)} [label=<{_table(w.scene.boxes[item])}>]")
        elif id(item) in w.scene.folded:
            out.append("  " * depth + f"{item.id} [label=<{_group_table(item)}>]")
        else:
            pad = "  " * depth
            style = "dashed" if item.repeat > 1 else "solid"
            out.append(f"{pad}subgraph cluster_{item.id} {{")
            # Wide enough for the heading to stand beside the edge that enters in the middle, not under it.
            heading, side = title(item), sides.get(item.id, "l")
            room = "\u00a0" * max(len(heading), (46 if item.id in wide else 26) - len(heading))
            heading = (
                room + heading
                if side == "r"
                else heading + room
                if side == "l"
                else heading.center(len(heading + room), "\u00a0")
            )
            out.append(
                f'{pad}  graph [label={_quoted(heading)}, style="rounded,{style}", color="#888888", '
                f'fontcolor="#333333", labeljust={side}, penwidth={1.6 if item.repeat > 1 else 1.0}]'
            )
            depth += 1
            stack.append("end")
            stack.extend(reversed(item.children))


def _escaped(text: str) -> str:
    import html

    return html.escape(text, quote=False)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _cell(text: str, bold: bool = False, colour: str = "") -> str:
    body = _escaped(text)
    if bold:
        return f'<tr><td cellpadding="4"><b>{body}</b></td></tr>'
    body = f'<font point-size="8.5">{body}</font>'
    if colour:  # a table in the cell is as wide as its words: a row in colour would stand out of round corners
        frame = '<table border="0" cellborder="0" cellspacing="0" cellpadding="2" bgcolor'
        body = f'{frame}="{colour}"><tr><td>{body}</td></tr></table>'
    return f"<tr><td>{body}</td></tr>"


def _table(box: Box) -> str:
    fill = FILLS["output" if box.is_output else box.kind]
    style = {"leaf": ' style="rounded"', "constant": ' style="dashed"'}.get(box.kind, "")
    border = 2 if box.state else 1
    colour = COLOURS.get(box.state, "#666666")
    lines = rows(box)
    cells = _cell(lines[0], bold=True)
    for line in lines[1:]:
        cells += _cell(line, colour=COLOURS[box.state] if box.state and line == MARKS[box.state] else "")
    return (
        f'<table border="{border}" cellborder="0" cellspacing="0" cellpadding="3" color="{colour}" '
        f'bgcolor="{fill}"{style}>{cells}</table>'
    )


def _group_table(group: Group) -> str:
    cells = _cell(f"▸ {title(group) or 'operations'}", bold=True)
    cells += "".join([_cell(line) for line in contents(group)])
    return (
        '<table border="1" cellborder="0" cellspacing="0" cellpadding="5" color="#444444" bgcolor="#FFF8E1" '
        f'style="rounded">{cells}</table>'
    )


def _dot_edge(edge: Edge, kind: str, view: str, largest: float) -> str:
    if kind == "saved":
        size = bytes_text(edge.bytes)
        label = SPACE + (f"{edge.label} {size}" if edge.label else size)
        # In the backward view all edges run downwards, so that a constant stands below what keeps it.
        ends = "dir=back, arrowtail=odot" if view == "backward" else "arrowhead=odot"
        return f'style=dotted, {ends}, color="#777777", fontcolor="#555555", label={_quoted(label)}'
    label = edge.label if edge.count == 1 else ""
    if kind == "backward" and isinstance(edge.source, Group):  # no box says it
        norm = f"‖grad‖ {'≤ ' * (edge.count > 1)}{edge.norm:.3g}" if edge.norm is not None else ""
        label = f"{label} {MARKS.get(edge.state, norm)}".strip()
    parts = [f"label={_quoted(SPACE + label)}"] if label else []
    if kind == "backward":
        # An edge that is coloured must be thick enough for the colour to be seen.
        thick = width(edge.norm, largest)
        parts.append(f"penwidth={max(thick, 2.0) if edge.state else thick}")
        colour = COLOURS.get(edge.state, "#0072B2" if view == "both" else "#333333")
        if edge.state == "zero":
            colour = f"#666666:{colour}:{colour}:#666666"  # yellow between two lines: alone it is lost on white
            parts[-1] = "penwidth=1.2"
        parts.append(f'color="{colour}"')
        if edge.state == "cut":
            parts.append("style=dashed")
        if view == "both":
            parts.append("constraint=false")
    return ", ".join(parts)


# Mermaid -------------------------------------------------------------------------------------------------------


def to_mermaid(scene: Scene, view: str, direction: str) -> str:
    """The scene as a Mermaid flowchart."""
    w = Writer(scene, view)
    out = [f"graph {'TD' if direction == 'TB' else direction}"]
    stack: list[Any] = [*reversed(scene.root.children)]
    depth = 1
    states: dict[str, list[str]] = {}
    while stack:
        item = stack.pop()
        pad = "    " * depth
        if isinstance(item, str):
            depth -= 1
            out.append("    " * depth + "end")
        elif not isinstance(item, Group):
            box = scene.boxes[item]
            left, right = {"leaf": ("(", ")"), "constant": ("[/", "/]")}.get(box.kind, ("[", "]"))
            out.append(f"{pad}{w.name(item)}{left}{_mermaid_text(rows(box))}{right}")
            if box.state:
                states.setdefault(box.state, []).append(w.name(item))
        elif id(item) in scene.folded:
            out.append(f"{pad}{item.id}[[{_mermaid_text([title(item), *contents(item)])}]]")
        else:
            out.append(f"{pad}subgraph {item.id}[{_mermaid_text([title(item)])}]")
            depth += 1
            stack.append("end")
            stack.extend(reversed(item.children))
    for source, target, edge, kind in w.arrows():
        a, b = w.name(source), w.name(target)
        if kind == "saved":
            label = f"{edge.label} {bytes_text(edge.bytes)}".strip()
            if w.view == "backward":
                a, b = b, a
            out.append(f"    {a} -. {_mermaid_text([label])} .-> {b}")
        elif edge.label:
            out.append(f"    {a} -->|{_mermaid_text([edge.label])}| {b}")
        else:
            out.append(f"    {a} --> {b}")
    for state, names in states.items():
        out.append(f"    classDef {state} stroke:{COLOURS[state]},stroke-width:3px")
        out.append(f"    class {','.join(names)} {state}")
    return "\n".join(out) + "\n"


def _mermaid_text(lines: list[str]) -> str:
    text = "<br/>".join(_escaped(line) for line in lines if line)
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'  # "#35;" is Mermaid's way to write "#"

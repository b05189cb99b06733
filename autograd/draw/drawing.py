"""What ``draw`` makes: a ``Drawing``. Imports ``collect``, ``fold``, ``dot``, ``page``, ``values``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd import lines
from autograd.backward import is_tensor
from autograd.draw import headings
from autograd.draw.collect import Collected
from autograd.draw.dot import to_dot, to_mermaid
from autograd.draw.fold import Scene
from autograd.draw.page import to_html
from autograd.draw.values import fill, keep_small
from autograd.graph import GraphError

if TYPE_CHECKING:
    from pathlib import Path

_VIEWS = ("backward", "forward", "both")
_RENDERED = ("svg", "png", "pdf")


class Drawing:
    """A drawn graph: shows itself in a notebook, and saves itself in whatever form the file's ending names.

    Attributes:
        view: ``"backward"``, ``"forward"`` or ``"both"``.
        dot: the picture in Graphviz's language.
    """

    def __init__(self, scene: Scene, view: str, direction: str) -> None:
        self.scene = scene
        self.view = view
        self.direction = direction

    @property
    def dot(self) -> str:
        """The picture as DOT text; needs no program."""
        return to_dot(self.scene, self.view, self.direction)

    def mermaid(self) -> str:
        """The picture as a Mermaid flowchart, for Markdown pages; needs no program."""
        return to_mermaid(self.scene, self.view, self.direction)

    def html(self) -> str:
        """One self-contained page: pan, zoom, search, hover for details, click a group to open or fold it."""
        return to_html(self.scene, self.view)

    def svg(self) -> str:
        """The picture as SVG text.

        Raises:
            RuntimeError: Graphviz's program ``dot`` is not installed; the text says how to install it.
        """
        return self._render("svg").decode("utf-8")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to ``path``: a ``.svg``, ``.png``, ``.pdf``, ``.html``, ``.dot`` or ``.mmd``.

        Raises:
            ValueError: another ending.
            RuntimeError: ``.svg``, ``.png`` or ``.pdf``, and Graphviz's program ``dot`` is not installed.
        """
        from pathlib import Path

        target = Path(path)
        kind = target.suffix.lower().lstrip(".")
        texts: dict[str, Callable[[], str]] = {
            "html": self.html, "dot": lambda: self.dot, "gv": lambda: self.dot, "mmd": self.mermaid,
        }  # fmt: skip
        if kind in texts:
            target.write_text(texts[kind](), encoding="utf-8")
        elif kind in _RENDERED:
            target.write_bytes(self._render(kind))
        else:
            raise ValueError(
                f"save: expected a file ending in .svg, .png, .pdf, .html, .dot or .mmd; got {target.name!r}. "
                "Rename it to the form you want."
            )
        return target

    def _render(self, kind: str) -> bytes:
        text = self.dot
        # dot lays edges over headings: where it did, these move, and frames that are too narrow for it become wider.
        wide: set[str] = set()
        for _ in range(3 if "subgraph cluster_" in text else 0):
            layout = self._layout(text)
            moved, narrow = headings.sides(layout)
            changed = not narrow <= wide and len(layout.get("edges", ())) <= 150
            wide |= narrow
            text = to_dot(self.scene, self.view, self.direction, moved, wide)
            if not changed:
                break
        return self._run(text, kind)

    def _layout(self, text: str) -> dict[str, Any]:
        import json

        import graphviz

        try:
            return json.loads(self._run(text, "json"))
        except graphviz.CalledProcessError:  # a dot that can't say where things lie
            return {}

    def _run(self, text: str, kind: str) -> bytes:
        import graphviz

        try:
            return graphviz.Source(text).pipe(format=kind)
        except graphviz.ExecutableNotFound:
            raise RuntimeError(
                "draw: expected Graphviz's program `dot` for SVG, PNG and PDF; it is not on the PATH. Install it "
                "(Debian, Ubuntu: apt-get install graphviz; macOS: brew install graphviz; Windows: winget install "
                "graphviz; conda install graphviz), or use .html(), .mermaid() or .dot, which need no program."
            ) from None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            return {"image/svg+xml": self._repr_svg_(), "text/plain": repr(self)}
        except RuntimeError as error:
            return {"text/markdown": f"```mermaid\n{self.mermaid()}```\n", "text/plain": f"{self!r}\n{error}"}

    def _repr_svg_(self) -> str:
        svg = self.svg()
        # Fitted to the cell: never wider than it, and never larger than drawn.
        return svg.replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)

    def __repr__(self) -> str:
        rep, edges = self.scene.visible()
        shown = len({x if isinstance(x, int) else id(x) for x in rep.values()})
        total = sum(box.kind == "op" for box in self.scene.boxes)
        return f"<Drawing ({self.view}) of {total:,} operations: {shown} nodes, {len(edges)} edges>"


def drawn(
    output: Any, view: str, depth: int | None, fold: bool, values: bool | str, max_nodes: int, direction: str
) -> Drawing:
    """See ``draw``."""
    if view not in _VIEWS:
        raise ValueError(f"draw: expected view to be one of {', '.join(map(repr, _VIEWS))}; got {view!r}. Correct it.")
    if direction not in ("TB", "LR"):
        raise ValueError(f"draw: expected direction to be 'TB' or 'LR'; got {direction!r}. Correct it.")
    if max_nodes < 1 or (depth is not None and depth < 0):
        name, value, least = ("max_nodes", max_nodes, 1) if max_nodes < 1 else ("depth", depth, 0)
        raise ValueError(f"draw: expected {name} to be {least} or more; got {value}. Correct it.")
    sight = lines.tensors_in_sight(lines.user_frame())
    seen: dict[Any, Any] = {}
    if callable(output) and not is_tensor(output):
        kept = keep_small()
        with kept:
            output = output()
        seen = kept.values
    outputs = list(output) if isinstance(output, (list, tuple)) else [output]
    if not outputs:
        raise GraphError("draw: expected a Tensor, or several; got an empty list. Give it the outputs to draw.")
    for x in outputs:
        if not is_tensor(x) or x._edge is None:
            raise GraphError(
                "draw: expected a Tensor computed from one that requires a gradient; got "
                f"{'one that was not recorded' if is_tensor(x) else type(x).__name__}. "
                "Give an input requires_grad=True, and compute outside no_grad()."
            )
    found = Collected(outputs, sight)
    if values:
        fill(found, values, seen)
    return Drawing(Scene(found.boxes, fold, depth, max_nodes), view, direction)

"""``memory_report``: what a graph keeps, the peak of backward, places for checkpoints. Imports ``graph``, ``show``.

The peak is found by playing the backward sweep through with sizes in the place of arrays: what is kept is dropped as
the sweep passes, cotangents come and go. How much a rule takes beside what it returns is measured once for each kind
of step, by running that rule on arrays of its shapes.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from autograd.backward import is_tensor
from autograd.graph import Node, Pick, ancestors
from autograd.memory.kept import Kept
from autograd.memory.play import play
from autograd.memory.step import measure_all
from autograd.memory.suggest import Suggestion, suggest
from autograd.show import bytes_text

__all__ = ["MemoryReport", "memory_report"]


class MemoryReport:
    """What ``memory_report`` found; prints as a table.

    Attributes:
        kept: bytes that the graph keeps; not counted are leaves' own memory (parameters), and inputs that the program
            holds, too.
        peak: the most bytes that ``backward`` will hold at a time: what is left of ``kept``, gradients, and what
            rules take in between.
        gradients: bytes of the leaves' gradients, which stay.
        by_op, by_path, by_line: ``kept`` by operation, module and source line, largest first.
        suggestions: the best few places for ``checkpoint``.
    """

    def __init__(self) -> None:
        self.kept = 0
        self.peak = 0
        self.gradients = 0
        self.operations = 0
        self.scalars = 0
        self.has_lines = False
        self.by_op: dict[str, int] = {}
        self.by_path: dict[str, int] = {}
        self.by_line: dict[str, int] = {}
        self.suggestions: list[Suggestion] = []

    def __repr__(self) -> str:
        lines = [
            f"The graph of {self.operations:,} operations keeps {bytes_text(self.kept)}; backward will peak at "
            f"{bytes_text(self.peak)} and leave gradients of {bytes_text(self.gradients)}."
        ]
        for title, table in (("operation", self.by_op), ("module", self.by_path), ("line", self.by_line)):
            if table:
                lines += ["", f"{'kept':>12}  by {title}"]
                lines += [f"{bytes_text(count):>12}  {name}" for name, count in list(table.items())[:10]]
        if self.scalars:
            lines += ["", f"{self.scalars:,} of the operations gave Python floats, whose few bytes are not counted."]
        if not self.has_lines:
            lines += ["", "Run the forward pass inside `with autograd.record_lines():` for lines and modules."]
        if self.suggestions:
            lines += ["", "Places for checkpoint:", *[f"  {s!r}" for s in self.suggestions]]
        return "\n".join(lines)


def memory_report(loss: Any) -> MemoryReport:
    """The bytes that the graph of ``loss`` keeps, and what ``loss.backward()`` will peak at.

    Nothing is run but one step of backward for each kind of operation and shape, on the CPU. Run the forward pass
    inside ``record_lines()`` to have the bytes by source line and module, too.

    >>> import numpy as np
    >>> from autograd import tensor
    >>> W = tensor(np.ones((100, 100)), requires_grad=True)
    >>> loss = (W @ W).tanh().sum()
    >>> report = memory_report(loss)
    >>> report.by_op
    {'tanh': 80000}
    >>> report.kept, report.gradients
    (80000, 80000)
    """
    if not is_tensor(loss) or not isinstance(loss._edge, (Node, Pick)):
        raise TypeError(
            "memory_report: expected a Tensor computed from one that requires a gradient; got "
            f"{type(loss).__name__ if not is_tensor(loss) else 'one without a graph'}. Give it a loss before backward."
        )
    edges = sorted(ancestors([loss._edge]), key=attrgetter("seq"))
    nodes = [e for e in edges if isinstance(e, Node)]
    if any(node.saved is None for node in nodes):
        raise ValueError(
            "memory_report: expected a graph that still keeps its values; a backward has freed it. "
            "Ask before backward, or pass it retain_graph=True."
        )
    graph = Kept(edges, nodes)
    report = MemoryReport()
    report.operations = len(nodes)
    report.scalars = sum(node.dtype is float for node in nodes)
    report.has_lines = any(node.note is not None and node.note.line is not None for node in nodes)
    report.kept = sum(graph.sizes[b] for b in graph.users)
    report.by_op, report.by_path, report.by_line = (
        graph.table(lambda node: node.plan.name),
        graph.table(lambda node: node.note.path if node.note is not None else None),
        graph.table(lambda node: getattr(node.note.line, "text", node.note.line) if node.note is not None else None),
    )
    steps = measure_all(edges)
    report.peak, report.gradients = play(graph, loss._edge, steps)
    report.suggestions = suggest(graph, loss._edge, steps, report.peak)
    return report

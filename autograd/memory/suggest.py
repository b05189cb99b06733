"""Where ``checkpoint`` would lower the peak of backward most. Imports ``graph``, ``kept``, ``play``."""

from __future__ import annotations

import itertools
import math
from operator import attrgetter
from typing import Any

from autograd.graph import Node
from autograd.memory.kept import Kept, bytes_of, real_node
from autograd.memory.play import play
from autograd.memory.step import Step
from autograd.show import bytes_text

# Of so many stretches, those that save most, the peak is worked out.
PLAYED = 12


class Suggestion:
    """A stretch of the graph that ``checkpoint`` could compute again.

    Attributes:
        what: the module, or the first and the last operation.
        saves: bytes fewer kept.
        peak: what backward would peak at with it.
        operations, share: how many operations run once more, and their part of all results computed.
    """

    def __init__(self, what: str, saves: int, peak: int, operations: int, share: float) -> None:
        self.what, self.saves, self.peak, self.operations, self.share = what, saves, peak, operations, share

    def __repr__(self) -> str:
        return (
            f"checkpoint({self.what}): keeps {bytes_text(self.saves)} less, backward peaks at {bytes_text(self.peak)}; "
            f"computes {self.operations:,} operations again ({self.share:.0%} of the forward pass)"
        )


def suggest(graph: Kept, root: Any, steps: dict[Any, Step], top: int) -> list[Suggestion]:
    """The three stretches whose checkpoint lowers the peak, ``top`` now, most, each with what it costs."""
    kept = sum(graph.sizes[b] for b in graph.users)
    work = sum(bytes_of(node) for node in graph.nodes) or 1
    candidates = []
    for what, nodes in _stretches(graph):
        inside = set(nodes)
        buffers = {b for node in nodes for b in graph.of[node]}
        used_outside = {b for b in buffers if any(user not in inside for user in graph.users[b])}
        # What comes in from outside is kept as the arguments: a buffer that is kept anyway, or one more.
        arriving = {
            e for node in nodes for e in node.edges if real_node(e) not in inside and isinstance(real_node(e), Node)
        }
        arguments = {graph.buffer[e] for e in arriving if e in graph.buffer}
        more = sum(bytes_of(e) for e in arriving if e not in graph.buffer)
        dropped = frozenset(buffers - used_outside - graph.outside - graph.constants - arguments)
        saves = sum(graph.sizes[b] for b in dropped) - more
        if saves > kept * 0.05:
            candidates.append((saves, more, what, nodes, dropped))
    candidates.sort(key=lambda c: -c[0])
    found = []
    for saves, more, what, nodes, dropped in candidates[:PLAYED]:
        peak, _ = play(graph, root, steps, dropped, max(nodes, key=attrgetter("seq")))
        cost = sum(bytes_of(node) for node in nodes) / work
        found.append(Suggestion(what, saves, peak + more, len(nodes), cost))
    found.sort(key=lambda s: (s.peak, -s.saves))
    return [s for s in found if s.peak < top][:3]


def _stretches(graph: Kept) -> list[tuple[str, list[Any]]]:
    """Modules, where paths are known; else stretches between places that a single value passes."""
    by_path: dict[str, list[Any]] = {}
    for node in graph.nodes:
        path = node.note.path if node.note is not None else None
        parts = path.split(".") if path else []
        for k in range(1, len(parts) + 1):
            by_path.setdefault(".".join(parts[:k]), []).append(node)
    if by_path:
        return [(path, nodes) for path, nodes in by_path.items() if 2 <= len(nodes) < len(graph.nodes)][:200]
    place = {node: i for i, node in enumerate(graph.nodes)}
    last = list(range(len(graph.nodes)))
    for node in graph.nodes:
        for e in node.edges:
            if (source := real_node(e)) in place:
                last[place[source]] = max(last[place[source]], place[node])
    cuts, open_until, crossing = [0], [0] * (len(graph.nodes) + 1), 0
    for i in range(len(graph.nodes)):
        crossing -= open_until[i]
        if last[i] > i:
            crossing += 1
            open_until[last[i]] += 1
        if crossing == 1:
            cuts.append(i + 1)
    cuts.append(len(graph.nodes))
    count = min(max(2, math.isqrt(len(cuts))), 24)
    chosen = sorted({cuts[round(k * (len(cuts) - 1) / count)] for k in range(count + 1)})
    out = []
    for a, b in itertools.pairwise(chosen):
        if b - a >= 2:
            out.append((f"from {_say(graph.nodes[a])} to {_say(graph.nodes[b - 1])}", graph.nodes[a:b]))
    for a, b in zip(chosen, chosen[2:]):
        out.append((f"from {_say(graph.nodes[a])} to {_say(graph.nodes[b - 1])}", graph.nodes[a:b]))
    return [stretch for stretch in out if len(stretch[1]) < len(graph.nodes)]


def _say(node: Any) -> str:
    line = node.note.line if node.note is not None else None
    return f"{node.plan.name} (operation {node.seq})" if line is None else f"{node.plan.name} at {line}"

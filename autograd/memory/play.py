"""The backward sweep played through with sizes in the place of arrays. Imports ``graph``, ``kept``, ``step``."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from autograd.graph import Pick, ancestors
from autograd.memory.kept import Kept, bytes_of
from autograd.memory.step import Step


class _Buffers:
    """Buffers of cotangents, by number: how large, and how many refer to each; and all bytes that live now."""

    def __init__(self, live: int) -> None:
        self.live = self.peak = live
        self.sizes: list[int] = []
        self.counts: list[int] = []

    def new(self, size: int) -> int:
        self.sizes.append(size)
        self.counts.append(0)
        self.take(size)
        return len(self.sizes) - 1

    def take(self, size: int) -> None:
        self.live += size
        self.peak = max(self.peak, self.live)

    def hold(self, buffer: int) -> int:
        self.counts[buffer] += 1
        return buffer

    def release(self, buffer: int) -> None:
        self.counts[buffer] -= 1
        if not self.counts[buffer]:
            self.live -= self.sizes[buffer]


def play(
    graph: Kept, root: Any, steps: dict[Any, Step], dropped: frozenset[int] = frozenset(), again: Any = None
) -> tuple[int, int]:
    """(the most bytes at a time, the leaves' gradients) of a backward sweep, in the order of ``graph.sweep``.

    ``dropped`` buffers are not kept, but made again when the sweep enters the node ``again``. A cotangent is a list of
    buffers: one, or for a node with several outputs one for each that arrived.
    """
    left = {b: len(users) for b, users in graph.users.items() if b not in dropped}
    buffers = _Buffers(sum(graph.sizes[b] for b in left))
    summed: set[Any] = set()  # those whose sum is an array of its own, which is added to in place
    pending = {root: [buffers.hold(buffers.new(bytes_of(root)))]}
    for node in sorted(ancestors([root]), key=attrgetter("seq"), reverse=True):
        if not node.edges or node not in pending:
            continue
        g = pending.pop(node)
        if node.__class__ is Pick:
            outs = [buffers.hold(g[0])]
        else:
            if node is again:
                left.update({b: len(graph.users[b]) for b in dropped})
                buffers.take(sum(graph.sizes[b] for b in dropped))
            step = steps[node]
            buffers.peak = max(buffers.peak, buffers.live + step.transient)
            outs = []
            for size, share in zip(step.fresh, step.shares):
                outs.append(buffers.hold(buffers.new(size) if share is None else g[0] if share < 0 else outs[share]))
        for edge, buffer in zip(node.edges, outs):
            if edge not in pending:
                pending[edge] = [buffer]
            elif edge.shape is None:  # several outputs: each cotangent for itself
                pending[edge].append(buffer)
            else:
                if edge not in summed:  # the first sum is a new array; while it is made, all three are there
                    total = buffers.hold(buffers.new(bytes_of(edge)))
                    buffers.release(pending[edge][0])
                    pending[edge] = [total]
                    summed.add(edge)
                buffers.release(buffer)
        # The step holds what the node saved, and its cotangent, to its end.
        for b in graph.of[node] if node.__class__ is not Pick else ():
            if b in left:
                left[b] -= 1
                if not left[b] and b not in graph.outside:
                    buffers.live -= graph.sizes[b]
        for buffer in g:
            buffers.release(buffer)
    for edge, (buffer,) in pending.items():  # what several leaves would share is copied
        if buffers.counts[buffer] > 1:
            buffers.counts[buffer] -= 1
            buffers.take(bytes_of(edge))
    return buffers.peak, sum(bytes_of(edge) for edge in pending)

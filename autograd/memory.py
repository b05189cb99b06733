"""``memory_report``: what a graph keeps, the peak of backward, places for checkpoints. Imports ``graph``, ``backward``.

The peak is found by playing the backward sweep through with sizes in the place of arrays: what is kept is dropped as
the sweep passes, cotangents come and go. How much a rule takes beside what it returns is measured once for each kind
of step, by running that rule on arrays of its shapes.
"""

from __future__ import annotations

import itertools
import math
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import backends
from autograd.backward import fit, is_tensor
from autograd.graph import COUNTS_REFERENCES, Leaf, Node, Pick, ancestors, consumers
from autograd.graph import _Part as Part
from autograd.mode import switch
from autograd.show import bytes_text

__all__ = ["MemoryReport", "memory_report"]


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


class MemoryReport:
    """What ``memory_report`` found; prints as a table.

    Attributes:
        kept: bytes that live only because the graph keeps them; leaves' own memory (parameters) not counted.
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
        if not self.by_line:
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
    graph = _Kept(edges, nodes)
    report = MemoryReport()
    report.operations = len(nodes)
    report.kept = sum(graph.sizes[b] for b in graph.users)
    report.by_op, report.by_path, report.by_line = (
        graph.table(lambda node: node.plan.name),
        graph.table(lambda node: node.note.path if node.note is not None else None),
        graph.table(lambda node: getattr(node.note.line, "text", node.note.line) if node.note is not None else None),
    )
    steps = {node: graph.step(node) for node in nodes}
    report.peak, report.gradients = graph.play(loss._edge, steps)
    report.suggestions = graph.suggest(loss._edge, steps, report)
    return report


class _Step:
    """What one kind of backward step does: bytes taken in between, and of every cotangent it returns.

    ``fresh[i]`` is the size of a cotangent's own new buffer; ``shares[i]`` tells which earlier one it lies in: -1 the
    cotangent that arrived, i an earlier one's, None its own.
    """

    __slots__ = ("fresh", "shares", "transient")

    def __init__(self, transient: int, fresh: list[int], shares: list[int | None]) -> None:
        self.transient, self.fresh, self.shares = transient, fresh, shares


def _owner(value: Any) -> Any:
    """The array that owns the memory ``value`` lies in."""
    while True:
        base = getattr(value, "base", None)
        if base is None or not hasattr(base, "nbytes"):
            return value
        value = base


def _arrays(value: Any) -> Iterable[Any]:
    """The arrays in what a node saved, Tensors' included."""
    stack = [value]
    while stack:
        x = stack.pop()
        if is_tensor(x):
            x = x._data
        if isinstance(x, (list, tuple)):
            stack.extend(x)
        elif isinstance(x, dict):
            stack.extend(x.values())
        elif hasattr(x, "nbytes") and hasattr(x, "dtype"):
            yield x


class _Kept:
    """The buffers a graph keeps: which nodes keep each, and how large it is."""

    def __init__(self, edges: list[Any], nodes: list[Any]) -> None:
        self.edges, self.nodes = edges, nodes
        own = set()
        for edge in edges:
            if edge.__class__ is Leaf and (tensor := edge.tensor()) is not None and hasattr(tensor._data, "nbytes"):
                own.add(id(_owner(tensor._data)))
        self.sizes: dict[int, int] = {}
        self.users: dict[int, list[Any]] = {}
        self.of: dict[Any, set[int]] = {}
        owners: dict[int, Any] = {}
        held: Counter[int] = Counter()  # references that are the graph's own: saved arrays, and views' bases
        for node in nodes:
            mine = self.of[node] = set()
            for x in _arrays(node.saved):
                owner = _owner(x)
                key = id(owner)
                held[key] += 1
                if key in own:
                    continue
                mine.add(key)
                owners[key] = owner
                self.sizes[key] = owner.nbytes
        self.constants: set[int] = set()  # buffers of operands that no gradient goes to: a checkpoint keeps them, too
        self.buffer = self._buffers()
        for node, keys in self.of.items():
            for key in keys:
                self.users.setdefault(key, []).append(node)
        # What the user's program holds, too, is not freed by backward. `owners` and getrefcount's argument are two.
        self.outside = set()
        if COUNTS_REFERENCES:
            for key in self.users:
                if sys.getrefcount(owners[key]) - 2 > held[key]:
                    self.outside.add(key)
        self.measured: dict[Any, _Step] = {}

    def _buffers(self) -> dict[Any, int]:
        """The kept buffer of every edge whose value is kept, by whomever."""
        found: dict[Any, int] = {}
        for node in self.nodes:
            p = node.plan.primitive
            if p is None or p.variadic:
                continue
            for slot, x in zip(node.plan.slots, node.saved):
                key = id(_owner(x))
                if key not in self.sizes:
                    continue
                if slot in p.outputs and len(p.outputs) == 1:
                    found[node] = key
                elif slot in p.operands and p.operands.index(slot) in node.plan.active:
                    found[node.edges[node.plan.active.index(p.operands.index(slot))]] = key
                elif slot in p.operands:
                    self.constants.add(key)
        return found

    def table(self, key: Any) -> dict[str, int]:
        """Kept bytes by ``key(node)``, largest first; a buffer counts where it was first kept."""
        total: Counter[str] = Counter()
        for buffer, users in self.users.items():
            name = key(users[0])
            if name:
                total[str(name)] += self.sizes[buffer]
        return dict(total.most_common())

    # One step -------------------------------------------------------------------------------------------------

    def step(self, node: Any) -> _Step:
        """What the node's backward step takes and gives, measured once for each plan and shapes."""
        key = (
            node.plan if node.plan.primitive is None else id(node.plan),
            node.shape,
            tuple((e.shape, str(e.dtype)) for e in node.edges),
            tuple(_sign(x) for x in node.saved) if isinstance(node.saved, tuple) else None,
        )
        found = self.measured.get(key)
        if found is None:
            found = self.measured[key] = _measure(node)
        return found

    # The sweep, played through ----------------------------------------------------------------------------------

    def play(
        self,
        root: Any,
        steps: dict[Any, _Step],
        dropped: frozenset[int] = frozenset(),
        again: Any = None,
    ) -> tuple[int, int]:
        """(the most bytes at a time, the leaves' gradients) of a backward sweep, as ``graph.sweep`` would do it.

        ``dropped`` buffers are not kept, but made again when the sweep enters the node ``again``.
        """
        left = {b: len(users) for b, users in self.users.items() if b not in dropped}
        live = sum(self.sizes[b] for b in left)
        peak = live
        shared, _ = consumers([root], None, -1)
        if root in shared:
            shared[root] -= 1
        counts: dict[int, int] = {}  # references to a cotangent's buffer
        sizes: dict[int, int] = {}
        next_id = 0
        pending: dict[Any, int] = {}
        found: dict[Any, int] = {}
        summed: set[Any] = set()  # those whose sum is an array of its own, which is added to in place

        def new(count: int) -> int:
            nonlocal next_id, live
            next_id += 1
            sizes[next_id], counts[next_id] = count, 0
            live += count
            return next_id

        def release(buffer: int) -> None:
            nonlocal live
            counts[buffer] -= 1
            if not counts[buffer]:
                live -= sizes.pop(buffer)
                del counts[buffer]

        first = new(_bytes(root))
        counts[first] = 1
        ready = [(root, first)]
        while ready:
            node, g = ready.pop()
            if node.__class__ is Pick:
                outs = [g]
                counts[g] += 1
            else:
                if node is again:
                    left.update({b: len(self.users[b]) for b in dropped})
                    live += sum(self.sizes[b] for b in dropped)
                step = steps[node]
                peak = max(peak, live + step.transient)
                outs = []
                for i in range(len(node.edges)):
                    share = step.shares[i]
                    buffer = new(step.fresh[i]) if share is None else g if share < 0 else outs[share]
                    counts[buffer] += 1
                    outs.append(buffer)
                peak = max(peak, live)
                for b in self.of[node]:
                    if b in left:
                        left[b] -= 1
                        if not left[b] and b not in self.outside:
                            live -= self.sizes[b]
            release(g)
            for edge, buffer in zip(node.edges, outs):
                if edge.edges and edge not in shared:
                    ready.append((edge, buffer))
                    continue
                store = pending if edge.edges else found
                if edge in store:
                    # The first sum is a new array; while it is made, all three are there.
                    if edge not in summed:
                        total = new(_bytes(edge))
                        counts[total] = 1
                        peak = max(peak, live)
                        release(store[edge])
                        store[edge] = total
                        summed.add(edge)
                    release(buffer)
                else:
                    store[edge] = buffer
                if store is pending:
                    shared[edge] -= 1
                    if not shared[edge]:
                        ready.append((edge, pending.pop(edge)))
        copies = 0
        for edge, buffer in found.items():  # what several leaves would share is copied
            if counts.get(buffer, 0) > 1:
                copies += _bytes(edge)
                counts[buffer] -= 1
        peak = max(peak, live + copies)
        return peak, sum(_bytes(e) for e in found)

    # Where to put checkpoints -------------------------------------------------------------------------------------

    def suggest(self, root: Any, steps: dict[Any, _Step], report: MemoryReport) -> list[Suggestion]:
        """The three stretches whose checkpoint lowers the peak most, each with what it costs."""
        work = sum(_bytes(node) for node in self.nodes) or 1
        found = []
        for what, nodes in self._stretches():
            inside = set(nodes)
            used_outside = {b for node in self.nodes if node not in inside for b in self.of[node]}
            # What comes in from outside is kept as the arguments: a buffer that is kept anyway, or one more.
            arriving = {
                e for node in nodes for e in node.edges if _node(e) not in inside and isinstance(_node(e), Node)
            }
            arguments = {self.buffer[e] for e in arriving if e in self.buffer}
            more = sum(_bytes(e) for e in arriving if e not in self.buffer)
            needed = used_outside | self.outside | self.constants | arguments
            dropped = frozenset(b for node in nodes for b in self.of[node]) - needed
            saves = sum(self.sizes[b] for b in dropped) - more
            if saves <= report.kept * 0.05:
                continue
            peak, _ = self.play(root, steps, dropped, max(nodes, key=attrgetter("seq")))
            peak += more
            cost = sum(_bytes(node) for node in nodes) / work
            found.append(Suggestion(what, saves, peak, len(nodes), cost))
        found.sort(key=lambda s: (s.peak, -s.saves))
        return [s for s in found if s.peak < report.peak][:3]

    def _stretches(self) -> list[tuple[str, list[Any]]]:
        """Modules, where paths are known; else stretches between places that a single value passes."""
        by_path: dict[str, list[Any]] = {}
        for node in self.nodes:
            path = node.note.path if node.note is not None else None
            parts = path.split(".") if path else []
            for k in range(1, len(parts) + 1):
                by_path.setdefault(".".join(parts[:k]), []).append(node)
        if by_path:
            return [(path, nodes) for path, nodes in by_path.items() if 2 <= len(nodes) < len(self.nodes)][:200]
        place = {node: i for i, node in enumerate(self.nodes)}
        last = list(range(len(self.nodes)))
        for node in self.nodes:
            for e in node.edges:
                if (source := _node(e)) in place:
                    last[place[source]] = max(last[place[source]], place[node])
        cuts, open_until, crossing = [0], [0] * (len(self.nodes) + 1), 0
        for i in range(len(self.nodes)):
            crossing -= open_until[i]
            if last[i] > i:
                crossing += 1
                open_until[last[i]] += 1
            if crossing == 1:
                cuts.append(i + 1)
        cuts.append(len(self.nodes))
        count = max(2, math.isqrt(len(cuts)))
        chosen = sorted({cuts[round(k * (len(cuts) - 1) / count)] for k in range(count + 1)})
        out = []
        for a, b in itertools.pairwise(chosen):
            if b - a >= 2:
                out.append((f"from {_say(self.nodes[a])} to {_say(self.nodes[b - 1])}", self.nodes[a:b]))
        for a, b in zip(chosen, chosen[2:]):
            out.append((f"from {_say(self.nodes[a])} to {_say(self.nodes[b - 1])}", self.nodes[a:b]))
        return [stretch for stretch in out if len(stretch[1]) < len(self.nodes)]


def _node(edge: Any) -> Any:
    return edge.edges[0] if edge.__class__ is Pick else edge


def _say(node: Any) -> str:
    line = node.note.line if node.note is not None else None
    return f"{node.plan.name} (operation {node.seq})" if line is None else f"{node.plan.name} at {line}"


def _bytes(edge: Any) -> int:
    if edge.shape is None:
        return 0
    return math.prod(edge.shape) * getattr(edge.dtype, "itemsize", 8) if edge.dtype is not float else 0


def _sign(value: Any) -> Any:
    """What of a saved value decides how much memory a rule takes."""
    if hasattr(value, "dtype"):
        return (tuple(value.shape), str(value.dtype), getattr(value, "strides", None))
    if isinstance(value, (tuple, list)):
        return tuple(_sign(x) for x in value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value


def _stand_in(value: Any) -> Any:
    """A saved value on the host: itself where it is there, else an array of its shape and dtype."""
    host = backends.get("numpy")
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(_stand_in(x) for x in value)
    if not hasattr(value, "nbytes") or backends.of(value) is host:
        return value
    if value.dtype.kind in "biu":
        return backends.of(value).to_numpy(value)
    return host.xp.ones(value.shape, dtype=str(value.dtype))


def _measure(node: Any) -> _Step:
    """Run one step of backward on the host, and see what it allocates."""
    count = len(node.edges)
    if node.shape is not None and node.dtype is float:
        return _Step(0, [0] * count, [None] * count)
    xp = backends.get("numpy").xp
    if node.shape is None:
        g: Any = _ones_for_outputs(node, xp)
    else:
        g = xp.ones(node.shape, dtype=str(node.dtype))
    saved = tuple(_stand_in(x) for x in node.saved) if node.plan.primitive is not None else node.saved
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start(1)
    try:
        with switch(grad=False, watchers=()), xp.errstate(all="ignore"):
            node.plan.backward(g, saved, node.edges)  # what is made once (tables, plans) is made now
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            grads = [
                fit(x, e) if x is not None and (x.dtype != e.dtype or x.shape != e.shape) else x
                for x, e in zip(node.plan.backward(g, saved, node.edges), node.edges)
            ]
            peak = tracemalloc.get_traced_memory()[1] - before
    except Exception:  # a rule that can't run on the host gives what its shapes say
        return _Step(0, [_bytes(e) for e in node.edges], [None] * count)
    finally:
        if not running:
            tracemalloc.stop()
    fresh: list[int] = []
    shares: list[int | None] = []
    seen: dict[int, int] = {id(_owner(g)): -1}
    keep = {id(_owner(x)) for x in _arrays(saved)}
    for i, grad in enumerate(grads):
        owner = _owner(grad) if grad is not None else None
        if owner is None or id(owner) in keep:
            fresh.append(0)
            shares.append(None)
        elif id(owner) in seen:
            fresh.append(0)
            shares.append(seen[id(owner)])
        else:
            seen[id(owner)] = i
            fresh.append(getattr(owner, "nbytes", 0))
            shares.append(None)
    return _Step(max(0, peak), fresh, shares)


def _ones_for_outputs(node: Any, xp: Any) -> Any:
    """A cotangent for every output of a node with several, of the shapes that its saved outputs or operands show."""
    specs = getattr(node.plan, "output_specs", None)
    if specs is None:
        known = dict(zip(node.plan.slots, node.saved))
        p = node.plan.primitive
        specs = [known[name] for name in p.outputs if name in known]
    part = Part(0, xp.ones(specs[0].shape, dtype=str(specs[0].dtype)))
    for i, spec in enumerate(specs[1:], 1):
        part.grads[i] = xp.ones(spec.shape, dtype=str(spec.dtype))
    return part

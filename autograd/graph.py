"""The recorded graph: Node, Leaf, Pick, and the backward sweep. Imports ``autograd.mode`` only.

Edges point to Nodes or Leaves, never to Tensors, and always to older ones: nothing is a cycle, so a graph is
freed the moment its last Tensor goes, and a value lives only where a rule asked for it.
"""

from __future__ import annotations

import itertools
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

from autograd.mode import get_mode

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


def counter(gil: bool) -> Callable[[], int]:
    """A function that counts 0, 1, 2, …: no thread is given a number twice, or a lower one than before."""
    count = itertools.count().__next__
    if gil:
        return count
    lock = threading.Lock()

    def locked() -> int:
        with lock:
            return count()

    return locked


next_seq = counter(HAS_GIL)


class GraphError(RuntimeError):
    """The graph can't give the gradient asked for; the text says why and what to do."""


class Note:
    """What only some nodes carry: a name, hooks, a Tensor that wants its gradient, where it was called."""

    __slots__ = ("hooks", "line", "name", "path", "retain")

    def __init__(self) -> None:
        self.name: str | None = None
        self.hooks: dict[int, Callable[[Any], Any]] | None = None
        self.retain: weakref.ref[Any] | None = None
        self.line: str | None = None
        self.path: str | None = None


class Leaf:
    """Where a gradient ends: a Tensor the user asked gradients for (or, ``inner``, a transform), held weakly."""

    __slots__ = ("__weakref__", "dtype", "inner", "note", "plan", "seq", "shape", "tensor")
    edges: tuple[Any, ...] = ()

    def __init__(self, tensor: Any, shape: tuple[int, ...], dtype: Any, inner: bool = False) -> None:
        self.inner = inner
        self.tensor = weakref.ref(tensor)
        self.shape = shape
        self.dtype = dtype
        self.seq = next_seq()
        self.note: Note | None = None
        self.plan = None  # a sweep ends here


class FormerLeaf(Leaf):
    """A leaf whose Tensor's data took another shape since: there is nowhere to put its gradient."""

    __slots__ = ()


class Node:
    """One recorded operation.

    Attributes:
        plan: the primitive's rules for this pattern of operands (see ``autograd.plan``).
        edges: one per operand that needs a gradient, in order.
        saved: what the rules asked to keep, ``None`` once freed.
        writes: the version lists of the saved Tensors; one that is not empty tells of a write since.
        shape, dtype: the output's; every arriving cotangent is fitted to them.
        seq: consumers have higher numbers than what they consume.
    """

    __slots__ = ("__weakref__", "note", "plan", "seq")
    plan: Any
    edges: Any
    saved: Any
    writes: Any
    shape: Any
    dtype: Any
    seq: int
    note: Note | None


class ArrayNode(Node):
    """A node as it usually is."""

    __slots__ = ("dtype", "edges", "saved", "shape", "writes")


class ScalarNode(Node):
    """A node of up to two edges and two saved values, all floats: it holds them itself, since graphs have so many.

    Floats are immutable, so there is no write to watch for, and nothing to fit. Freeing it changes its plan.
    """

    __slots__ = ("edge_0", "edge_1", "saved_0", "saved_1")
    edge_0: Any
    edge_1: Any
    shape: tuple[int, ...] = ()
    dtype: Any = float
    writes: tuple[list[str], ...] = ()

    @property
    def edges(self) -> tuple[Any, ...]:
        return (self.edge_0, self.edge_1) if len(self.plan.active) == 2 else (self.edge_0,)

    @property
    def saved(self) -> tuple[Any, ...] | None:
        if self.plan.freed:
            return None
        return tuple([getattr(self, f"saved_{i}") for i in range(len(self.plan.slots))])

    @saved.setter
    def saved(self, value: None) -> None:
        self.plan = self.plan.after


class Pick:
    """One output of a node that has several; it hands its cotangent to that node's place ``index``."""

    __slots__ = ("__weakref__", "dtype", "edges", "index", "note", "seq", "shape")
    plan: Any  # how its cotangent is handed on, the same for all; set below
    saved = None

    def __init__(self, node: Node, index: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.edges = (node,)
        self.index = index
        self.shape = shape
        self.dtype = dtype
        self.seq = next_seq()
        self.note: Note | None = None


Edge = Node | Leaf | Pick


def note_of(edge: Any) -> Note:
    """The edge's note, made when first asked for."""
    if edge.note is None:
        edge.note = Note()
    return edge.note


def ancestors(roots: Iterable[Any], oldest: int = -1, stop: Collection[Any] = ()) -> list[Any]:
    """Every edge reachable from ``roots``, roots first, each once, without recursion; none older than ``oldest``.

    Those in ``stop`` are reached however old they are, and not gone past.
    """
    seen = dict.fromkeys(roots)
    order = list(seen)
    for node in order:
        if node in stop:
            continue
        for edge in node.edges:
            if edge not in seen and (edge.seq >= oldest or edge in stop):
                seen[edge] = None
                order.append(edge)
    return order


def on_the_way(roots: Sequence[Any], inputs: Sequence[Any], oldest: int, stop: Collection[Any] = ()) -> set[Any]:
    """The edges between ``roots`` and ``inputs``, both included; none older than ``oldest`` (see ``ancestors``)."""
    wanted = set(inputs)
    way: set[Any] = set()
    # Oldest first, since a node is on the way where one of its (always older) edges is.
    for edge in sorted(ancestors(roots, oldest, stop), key=attrgetter("seq")):
        if edge in wanted or any(e in way for e in edge.edges):
            way.add(edge)
    return way


class Pending:
    """Cotangents on their way in one sweep.

    A node's consumers are all younger than it. So what the youngest of the waiting nodes has received is complete,
    and that is all the order a sweep needs. Most nodes arrive as the youngest of all: they wait on ``stack``; the
    others on ``heap``. The code that plans generate for a step (``Plan.deliver``) does what ``receive`` says.

    Attributes:
        received: what each edge has received so far; in the end, what leaves have.
    """

    __slots__ = ("_owned", "_recorded", "heap", "received", "stack")

    def __init__(self, recorded: bool) -> None:
        self.received: dict[Any, Any] = {}
        self.stack: list[Any] = []
        self.heap: list[tuple[int, Any]] = []
        self._recorded = recorded
        self._owned: set[Any] = set()  # whose sum is the engine's own array, and may be added to in place

    def receive(self, edge: Any, g: Any) -> None:
        """Take a cotangent that fits ``edge``."""
        if edge in self.received:
            self.add(edge, g)
        else:
            self.received[edge] = g
            if edge.plan is not None:
                if not self.stack or edge.seq > self.stack[-1].seq:
                    self.stack.append(edge)
                else:
                    heappush(self.heap, (-edge.seq, edge))

    def add(self, edge: Any, g: Any) -> None:
        """Take one more cotangent for an edge that has received some."""
        received = self.received
        if edge in self._owned:
            received[edge] += g
        else:
            received[edge] = received[edge] + g
            if not self._recorded:
                self._owned.add(edge)


_NOTHING: frozenset[Any] = frozenset()


class Sweep:
    """One backward pass: the functions that touch cotangents, raw or recorded.

    ``fit(grad, edge, g)`` un-broadcasts and casts a cotangent to its edge (see ``backward.fit``); ``wrap`` turns a
    node's saved values into Tensors where the pass itself is recorded. ``printed``: rules run as kernels of a backend
    that prints them.
    """

    __slots__ = ("fit", "printed", "wrap")

    def __init__(
        self,
        fit: Callable[[Any, Any, Any], Any],
        wrap: Callable[[Any], tuple[Any, ...]] | None = None,
        printed: bool = False,
    ) -> None:
        self.fit = fit
        self.wrap = wrap
        self.printed = printed


def sweep(
    roots: Sequence[Any],
    cotangents: Sequence[Any],
    how: Sweep,
    *,
    inputs: Sequence[Any] | None = None,
    retain: bool = False,
    oldest: int = -1,
    cut: bool = False,
    hooks: bool = True,
) -> dict[Any, Any]:
    """Propagate ``cotangents`` of ``roots`` backwards; returns the cotangent of every leaf (or of ``inputs``) reached.

    Every node runs once, after all that consume it. With ``cut`` nothing goes past ``inputs``: each gets what reaches
    it directly, not through another. Without ``hooks`` nobody else learns of the pass: no hook runs, no Tensor
    retains.
    """
    mode = get_mode()
    watchers = mode.watchers if mode is not None else ()
    way: set[Any] | None = None
    wanted = stop = _NOTHING
    if inputs is not None:
        wanted = frozenset(inputs)
        if cut:
            stop = wanted
        way = on_the_way(roots, inputs, oldest, stop)
    everyday, printed = way is None and how.wrap is None and not watchers, how.printed
    found: dict[Any, Any] = {}  # of inputs that are nodes
    retained: list[tuple[Any, Any, Any]] = []  # Tensors that keep their gradient: set when all has gone well
    pending = Pending(recorded=how.wrap is not None)
    for root, g in zip(roots, cotangents, strict=True):
        if way is None or root in way:
            pending.receive(root, g)
    stack, heap, received = pending.stack, pending.heap, pending.received
    while stack or heap:
        if heap and (not stack or -heap[0][0] > stack[-1].seq):
            node = heappop(heap)[1]
        else:
            node = stack.pop()
        g = received.pop(node)
        if node.note is not None and hooks:
            g = _notify(node, g, how.fit, retained)
        try:
            if everyday:
                step = node.plan.printed.deliver if printed else node.plan.deliver
                step(node, g, pending, retain)
            else:
                if node in wanted:
                    found[node] = g
                if node not in stop and (way is None or any(edge in way for edge in node.edges)):
                    deliver(node, g, pending, retain, how, watchers, way)
        except GraphError:
            raise
        except Exception as error:
            raise node.plan.explain_backward(error, node.saved) from error
    g = None
    for edge in received:
        if edge.note is not None and hooks:
            received[edge] = _notify(edge, received[edge], how.fit, retained)
    received.update(found)
    for edge, tensor, g in retained:
        if edge not in received:
            tensor._retain(g)
    return received


def deliver(
    node: Any,
    g: Any,
    pending: Pending,
    retain: bool,
    how: Sweep,
    watchers: tuple[Any, ...] = (),
    way: Collection[Any] | None = None,
) -> None:
    """One step of a sweep: hand ``g``, the cotangent of ``node``, on to its edges, as the node's plan says.

    ``Plan.deliver`` is this for an everyday sweep, written out for one pattern of operands.
    """
    edges = node.edges
    if node.__class__ is Pick:
        _Hand.deliver(node, g, pending, retain)
        return
    saved = node.saved
    if saved is None:
        raise freed_error(node)
    for writes in node.writes:
        if writes:
            raise written_error(node, writes)
    if how.wrap is not None:
        saved = how.wrap(node)
    for watcher in watchers:
        watcher.sweeping(node, g)
    plan = node.plan.printed if how.printed else node.plan
    grads = plan.backward(g, saved, edges)
    for watcher in watchers:
        watcher.swept(node, g, grads)
    saved = None
    if not retain:
        node.saved = None
    for edge, grad in zip(edges, grads):
        if grad is not None and (way is None or edge in way):
            pending.receive(edge, how.fit(grad, edge, g))


class _Part:
    """Cotangents of some outputs of a node with several, on their way to it."""

    __slots__ = ("dtype", "grads", "shape")

    def __init__(self, index: int, g: Any) -> None:
        self.grads = {index: g}
        self.shape = self.dtype = None  # as the node has them: nothing to fit

    def __add__(self, other: _Part) -> _Part:
        for index, g in other.grads.items():
            self.grads[index] = self.grads[index] + g if index in self.grads else g
        return self

    __iadd__ = __add__

    def slots(self, count: int) -> tuple[Any, ...]:
        return tuple([self.grads.get(i) for i in range(count)])


class _Hand:
    """What stands where a Pick has a plan."""

    printed: Any

    @staticmethod
    def deliver(pick: Pick, g: Any, pending: Pending, retain: bool) -> None:
        pending.receive(pick.edges[0], _Part(pick.index, g))

    @staticmethod
    def explain_backward(error: Exception, saved: Any) -> Exception:
        return error


Pick.plan = _Hand.printed = _Hand


def _notify(node: Any, g: Any, fit: Callable[[Any, Any, Any], Any], retained: list[tuple[Any, Any, Any]]) -> Any:
    """Run the hooks of an edge on its cotangent; returns what they make of it."""
    note = node.note
    if note.hooks:
        for hook in tuple(note.hooks.values()):
            changed = hook(g)
            if changed is not None:
                g = fit(changed, node, g)
    if note.retain is not None:
        tensor = note.retain()
        if tensor is not None:
            retained.append((node, tensor, g))
    return g


def freed_error(node: Node) -> GraphError:
    return GraphError(
        f"backward: expected the values saved by {describe(node)}; they were freed by an earlier backward. "
        "Pass retain_graph=True to the first backward, or compute the result again."
    )


def written_error(node: Node, writes: list[str]) -> GraphError:
    return GraphError(
        f"backward: expected the values saved by {describe(node)} as they were; "
        f"{writes[0]} changed one of them in place since. "
        f"Write to a copy (x = x.copy()), or compute {node.plan.name} after the write. "
        "Source lines are shown inside autograd.detect_anomaly()."
    )


def describe(node: Any) -> str:
    """An edge in words, with its source line when that was recorded: ``exp (at demo.py:12)``."""
    text = node.plan.name if isinstance(node, Node) else type(node).__name__.lower()
    line = node.note.line if node.note is not None else None
    return f"{text} (at {line})" if line else text


# Whether an array that only one name refers to is seen by nobody else. Views refer to what they view, so this
# includes them. Without the GIL reference counts are split between threads and prove nothing.
COUNTS_REFERENCES = sys.implementation.name == "cpython" and HAS_GIL


def _count_of_one_name() -> int:
    name = object()
    return sys.getrefcount(name) if COUNTS_REFERENCES else 0


# What getrefcount says of such an array: its argument counts until Python 3.13, and is borrowed from 3.14 on.
SOLE = _count_of_one_name()

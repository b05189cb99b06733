"""The recorded graph: Node, Leaf, Pick, and the backward sweep. Imports ``autograd.mode`` only.

Edges point to Nodes or Leaves, never to Tensors, and always to older ones: nothing is a cycle, so a graph is
freed the moment its last Tensor goes, and a value lives only where a rule asked for it.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any

from autograd.mode import get_mode

next_seq = itertools.count().__next__


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

    __slots__ = ("__weakref__", "dtype", "inner", "note", "seq", "shape", "tensor")
    edges: tuple[Any, ...] = ()

    def __init__(self, tensor: Any, shape: tuple[int, ...], dtype: Any, inner: bool = False) -> None:
        self.inner = inner
        self.tensor = weakref.ref(tensor)
        self.shape = shape
        self.dtype = dtype
        self.seq = next_seq()
        self.note: Note | None = None


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

    __slots__ = ("__weakref__", "dtype", "edges", "note", "plan", "saved", "seq", "shape", "writes")
    plan: Any
    edges: tuple[Any, ...]
    saved: Any
    writes: tuple[list[str], ...]
    shape: Any
    dtype: Any
    seq: int
    note: Note | None


class ScalarNode(Node):
    """A node whose output is a Python float: immutable, so there is no write to watch for, and nothing to fit."""

    __slots__ = ()
    shape: tuple[int, ...] = ()
    dtype: Any = float
    writes: tuple[list[str], ...] = ()


class Pick:
    """One output of a node that has several; it hands its cotangent to that node's place ``index``."""

    __slots__ = ("__weakref__", "dtype", "edges", "index", "note", "seq", "shape")

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


def consumers(
    roots: Sequence[Any], inputs: Sequence[Any] | None, oldest: int, stop: Collection[Any] = ()
) -> tuple[dict[Any, int], set[Any] | None]:
    """How many cotangents each node will receive that receives several; and, towards ``inputs``, the nodes on the way.

    A node with one consumer is ready when that has run: only the others, few in most graphs, are counted.
    """
    shared: dict[Any, int] = {}
    if inputs is None:
        seen = set(roots)
        stack = list(seen)
        while stack:  # depth first: what was made together lies together in memory
            for edge in stack.pop().edges:
                if edge.edges:
                    if edge in seen:
                        shared[edge] = shared.get(edge, 1) + 1
                    else:
                        seen.add(edge)
                        stack.append(edge)
        # A root's own cotangent counts as one more, taken off where the sweep starts.
        return shared, None
    wanted = set(inputs)
    on_way: set[Any] = set()
    # Oldest first, since a node is on the way where one of its (always older) edges is.
    for node in sorted(ancestors(roots, oldest, stop), key=attrgetter("seq")):
        if node in wanted or any(edge in on_way for edge in node.edges):
            on_way.add(node)
    once = set(roots)
    for node in on_way.difference(stop):
        for edge in node.edges:
            if edge in on_way:
                if edge in once:
                    shared[edge] = shared.get(edge, 1) + 1
                else:
                    once.add(edge)
    return shared, on_way


class Sweep:
    """One backward pass: the functions that touch cotangents, raw or recorded.

    ``fit`` un-broadcasts and casts a cotangent to its edge; ``wrap`` turns a node's saved values into Tensors
    where the pass itself is recorded.
    """

    __slots__ = ("fit", "wrap")

    def __init__(self, fit: Callable[[Any, Any], Any], wrap: Callable[[Any], tuple[Any, ...]] | None = None) -> None:
        self.fit = fit
        self.wrap = wrap


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

    Consumers are counted first, then ready nodes run: every node once, after all that consume it. With ``cut``
    nothing goes past ``inputs``: each gets what reaches it directly, not through another. Without ``hooks`` nobody
    else learns of the pass: no hook runs, no Tensor retains.
    """
    wanted = frozenset(inputs) if inputs is not None else None
    stop = wanted if cut and wanted is not None else frozenset()
    shared, on_way = consumers(roots, inputs, oldest, stop)
    fit, wrap = how.fit, how.wrap
    mode = get_mode()
    watchers = mode.watchers if mode is not None else ()
    found: dict[Any, Any] = {}  # what leaves have received: nothing waits for them, so they are not counted
    pending: dict[Any, Any] = {}  # what nodes with several consumers have received so far
    owned: set[Any] = set()  # those whose sum is the engine's own array, and may be added to in place
    for root, g in zip(roots, cotangents, strict=True):
        store = pending if root.edges else found
        store[root] = store[root] + g if root in store else g
    ready = []
    for root in list(pending):
        if on_way is not None and root not in on_way:
            del pending[root]
        elif root not in shared:
            ready.append((root, pending.pop(root)))
        else:
            shared[root] -= 1
    while ready:
        node, g = ready.pop()
        while node is not None:
            edges = node.edges
            if g is not None:
                if node.note is not None and hooks:
                    g = _notify(node, g, fit)
                if wanted is not None and node in wanted:
                    found[node] = g
            if on_way is not None and (node in stop or not any(edge in on_way for edge in edges)):
                break
            if g is None:
                grads: Any = (None,) * len(edges)
            elif node.__class__ is Pick:
                grads = (_Part(node.index, g),)
            else:
                saved = node.saved
                if saved is None:
                    raise freed_error(node)
                for writes in node.writes:
                    if writes:
                        raise written_error(node, writes)
                try:
                    if watchers:
                        grads = _watched(watchers, node, g, saved if wrap is None else wrap(node), edges)
                    else:
                        grads = node.plan.backward(g, saved if wrap is None else wrap(node), edges)
                except Exception as error:
                    raise node.plan.explain_backward(error, saved) from error
                saved = None
                if not retain:
                    node.saved = None
            node = g = None
            for edge, grad in zip(edges, grads):
                if (
                    grad.__class__ is not float  # which has nothing to fit
                    and grad is not None
                    and (grad.dtype is not edge.dtype or grad.shape != edge.shape)
                ):
                    grad = fit(grad, edge)
                if on_way is not None and edge not in on_way:
                    continue
                if not edge.edges:
                    store = found
                elif edge in shared:
                    store = pending
                else:
                    if node is not None:
                        ready.append((node, g))
                    node, g = edge, grad  # the next to run, without a turn on the stack
                    continue
                if grad is not None:
                    if edge in owned:
                        store[edge] += grad
                    elif edge not in store:
                        store[edge] = grad
                    else:
                        store[edge] = store[edge] + grad
                        if wrap is None:
                            owned.add(edge)
                if store is pending:
                    shared[edge] -= 1
                    if not shared[edge]:
                        ready.append((edge, pending.pop(edge, None)))
            grad = grads = None  # hold no array longer than its turn
    for edge in found:
        if edge.note is not None and not edge.edges and hooks:
            found[edge] = _notify(edge, found[edge], fit)
    return found


def _watched(watchers: tuple[Any, ...], node: Any, g: Any, saved: Any, edges: tuple[Any, ...]) -> Any:
    for watcher in watchers:
        watcher.sweeping(node, g)
    grads = node.plan.backward(g, saved, edges)
    for watcher in watchers:
        watcher.swept(node, g, grads)
    return grads


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


def _notify(node: Any, g: Any, fit: Callable[[Any, Any], Any]) -> Any:
    note = node.note
    if note.hooks:
        for hook in tuple(note.hooks.values()):
            changed = hook(g)
            if changed is not None:
                g = fit(changed, node)
    if note.retain is not None:
        tensor = note.retain()
        if tensor is not None:
            tensor._retain(g)
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
COUNTS_REFERENCES = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()

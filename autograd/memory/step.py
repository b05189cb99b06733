"""What one step of backward takes and gives, measured by running it. Imports ``graph``, ``backward``, ``kept``."""

from __future__ import annotations

from typing import Any

import backends
from autograd.backward import fit
from autograd.graph import Node, Pick
from autograd.graph import _Part as Part
from autograd.memory.kept import arrays_in, bytes_of, owner_of
from autograd.mode import switch
from autograd.observe import nobody


class Step:
    """What one kind of backward step does: bytes taken in between, and of every cotangent it returns.

    ``fresh[i]`` is the size of a cotangent's own new buffer; ``shares[i]`` tells which earlier one it lies in: -1 the
    cotangent that arrived, i an earlier one's, None its own.
    """

    __slots__ = ("fresh", "shares", "transient")

    def __init__(self, transient: int, fresh: list[int], shares: list[int | None]) -> None:
        self.transient, self.fresh, self.shares = transient, fresh, shares


def measure_all(edges: list[Any]) -> dict[Any, Step]:
    """What each node's backward step takes and gives, measured once for each plan and shapes."""
    arriving: dict[Any, dict[int, Any]] = {}  # of nodes with several outputs, those that a cotangent comes to
    for edge in edges:
        if edge.__class__ is Pick:
            arriving.setdefault(edge.edges[0], {})[edge.index] = edge
    measured: dict[Any, Step] = {}
    steps: dict[Any, Step] = {}
    for node in edges:
        if isinstance(node, Node):
            picks = arriving.get(node, {})
            key = (
                id(node.plan),
                node.shape,
                tuple(sorted(picks)),
                tuple([(e.shape, str(e.dtype)) for e in node.edges]),
                tuple([_sign(x) for x in node.saved]) if node.plan.primitive is not None else None,
            )
            if key not in measured:
                measured[key] = measure(node, picks)
            steps[node] = measured[key]
    return steps


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


def measure(node: Any, picks: dict[int, Any]) -> Step:
    """Run one step of backward on the host, and see what it allocates."""
    count = len(node.edges)
    if node.shape is not None and node.dtype is float:
        return Step(0, [0] * count, [None] * count)
    xp = backends.get("numpy").xp
    if node.shape is None:
        g: Any = _ones_for_outputs(picks, xp)
    else:
        g = xp.ones(node.shape, dtype=str(node.dtype))
    saved = tuple(_stand_in(x) for x in node.saved) if node.plan.primitive is not None else node.saved
    import tracemalloc

    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start(1)
    try:
        with nobody(), switch(grad=False), xp.errstate(all="ignore"):
            node.plan.backward(g, saved, node.edges)  # what is made once (tables, plans) is made now
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            grads = [
                fit(x, e) if x is not None and (x.dtype != e.dtype or x.shape != e.shape) else x
                for x, e in zip(node.plan.backward(g, saved, node.edges), node.edges)
            ]
            peak = tracemalloc.get_traced_memory()[1] - before
    except Exception:  # a rule that can't run on the host gives what its shapes say
        return Step(0, [bytes_of(e) for e in node.edges], [None] * count)
    finally:
        if not running:
            tracemalloc.stop()
    fresh: list[int] = []
    shares: list[int | None] = []
    seen: dict[int, int] = {id(owner_of(g)): -1}
    keep = {id(owner_of(x)) for x in arrays_in(saved)}
    for i, grad in enumerate(grads):
        owner = owner_of(grad) if grad is not None else None
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
    return Step(max(0, peak), fresh, shares)


def _ones_for_outputs(picks: dict[int, Any], xp: Any) -> Any:
    """A cotangent for every output that one comes to."""
    (first, pick), *others = sorted(picks.items())
    part = Part(first, xp.ones(pick.shape, dtype=str(pick.dtype)))
    for i, pick in others:
        part.grads[i] = xp.ones(pick.shape, dtype=str(pick.dtype))
    return part

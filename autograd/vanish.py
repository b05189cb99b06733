"""Where a gradient becomes zero on its way from a loss to a Tensor. Imports ``backward``, ``graph``, ``observe``."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import backends
from autograd.anomaly import range_of
from autograd.backward import RAW
from autograd.graph import Node, ancestors, describe, sweep
from autograd.mode import switch
from autograd.observe import cotangents, nobody

_STEPS = {"floor", "ceil", "trunc", "rint", "round", "fix", "sign", "floor_divide", "heaviside"}


class _Zeros:
    """Watches a backward sweep: the steps that are given a gradient, and towards which edges they pass zeros on."""

    def __init__(self) -> None:
        self.found: dict[Any, set[Any]] = {}

    def sweeping(self, node: Any, g: Any) -> None:
        """Called before every step of a backward sweep."""

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        """Called after every recorded operation."""

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        """Called after every step of a backward sweep."""
        if any(not is_zero(x) for x in cotangents(g)):
            self.found[node] = {e for e, x in zip(node.edges, grads) if x is None or is_zero(x)}


def is_zero(value: Any) -> bool:
    """Whether an array holds nothing but zeros."""
    value = getattr(value, "_data", value)
    return not value if isinstance(value, (float, complex)) else not bool((value != 0).any())


def vanishing(x: Any, loss: Any) -> list[Any]:
    """The nodes between ``loss`` and ``x`` that are given a gradient and pass zeros on, newest first.

    Empty where a gradient arrives, or where the graph can't be swept (freed, written to since). Changes nothing.
    """
    on_way = {x._edge}
    for edge in sorted(ancestors([loss._edge]), key=attrgetter("seq")):
        if any(e in on_way for e in edge.edges):
            on_way.add(edge)
    watch = _Zeros()
    data = loss._data
    one = 1.0 if data.__class__ is float else backends.of(data).xp.ones(loss.shape, dtype=loss.dtype)
    try:
        with nobody(), switch(watchers=(watch,)), backends.get("numpy").xp.errstate(all="ignore"):
            found = sweep([loss._edge], [one], RAW, inputs=[x._edge], retain=True, hooks=False)
    except Exception:  # what can't be swept has no zeros to show; backward itself will say why
        return []
    if x._edge not in found or not is_zero(found[x._edge]):
        return []
    ways = {n: [e for e in n.edges if e in on_way] for n in watch.found}
    ends = [n for n, edges in ways.items() if edges and all(e in watch.found[n] for e in edges)]
    return sorted(ends, key=lambda node: -node.seq)


def reason(node: Node) -> str:
    """Why a step passes zeros on, and what to do about it."""
    name = node.plan.name
    line = getattr(node.note, "line", None)
    where = describe(node) if line is None else f"{name} (at {line.text})"
    if name == "view_update":
        where = where.replace(name, "a write into it", 1)
        return f"{where} replaced the values that came from it. Write into a copy, or keep the ones from before."
    if name in _STEPS:
        return f"{where} is flat: its derivative is zero wherever there is one. Use a smooth operation in its place."
    if name == "multiply":
        return f"{where} multiplies it by zero. Look at the other factor."
    names = getattr(node.plan, "slots", ())
    kept = [f"{n} is {range_of(v)}" for n, v in zip(names, node.saved or ()) if hasattr(v, "dtype")]
    values = f" ({', '.join(kept)})" if kept else ""
    return f"{where} has the slope zero at its values{values}. Bring them to where it has one."

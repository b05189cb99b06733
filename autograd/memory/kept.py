"""Which buffers a graph keeps, and for which nodes. Imports ``graph``, ``backward``."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

from autograd.backward import is_tensor
from autograd.graph import COUNTS_REFERENCES, Leaf, Pick


def owner_of(value: Any) -> Any:
    """The array that owns the memory ``value`` lies in."""
    while True:
        base = getattr(value, "base", None)
        if base is None or not hasattr(base, "nbytes"):
            return value
        value = base


def arrays_in(value: Any) -> Iterable[Any]:
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


class Kept:
    """The buffers a graph keeps: which nodes keep each, and how large it is."""

    def __init__(self, edges: list[Any], nodes: list[Any]) -> None:
        self.edges, self.nodes = edges, nodes
        own = set()
        for edge in edges:
            if edge.__class__ is Leaf and (tensor := edge.tensor()) is not None and hasattr(tensor._data, "nbytes"):
                own.add(id(owner_of(tensor._data)))
        self.sizes: dict[int, int] = {}
        self.users: dict[int, list[Any]] = {}
        self.of: dict[Any, set[int]] = {}
        owners: dict[int, Any] = {}
        held: Counter[int] = Counter()  # references that are the graph's own: saved arrays, and views' bases
        for node in nodes:
            mine = self.of[node] = set()
            for x in arrays_in(node.saved):
                owner = owner_of(x)
                key = id(owner)
                held[key] += 1
                if key in own:
                    continue
                mine.add(key)
                owners[key] = owner
                self.sizes[key] = owner.nbytes
        owner = x = None  # or the last one would seem to be held by somebody else
        self.constants: set[int] = set()  # buffers of operands that no gradient goes to: a checkpoint keeps them, too
        self.buffer = self._buffers()
        for node, keys in self.of.items():
            for key in keys:
                self.users.setdefault(key, []).append(node)
        # What the user's program holds, too, is not freed by backward, and what it brought in (a batch of inputs) is
        # not counted at all. `owners` and getrefcount's argument are two references.
        self.outside = set()
        results = set(self.buffer.values())
        if COUNTS_REFERENCES:
            for key in list(self.users):
                if sys.getrefcount(owners[key]) - 2 > held[key]:
                    self.outside.add(key)
                    for node in self.users.pop(key) if key not in results else ():
                        self.of[node].discard(key)

    def _buffers(self) -> dict[Any, int]:
        """The kept buffer of every edge whose value is kept, by whomever."""
        found: dict[Any, int] = {}
        for node in self.nodes:
            p = node.plan.primitive
            if p is None or p.variadic:
                continue
            for slot, x in zip(node.plan.slots, node.saved):
                key = id(owner_of(x))
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


def real_node(edge: Any) -> Any:
    return edge.edges[0] if edge.__class__ is Pick else edge


def bytes_of(edge: Any) -> int:
    if edge.shape is None:
        return 0
    return math.prod(edge.shape) * getattr(edge.dtype, "itemsize", 8) if edge.dtype is not float else 0

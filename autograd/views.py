"""Views and writes: who shares memory with whom, and how a write is recorded.

Imports ``graph``, ``mode``, ``ops.index``.

Tensors over one memory are a family. It has one list that tells graphs of writes, and knows its members, weakly. Some
are bases, with a gradient of their own; the others are views, which hold their base and the view operations that lead
from it to them. A write through any member is seen by all; in the graph, the member's base goes on from a node that
puts the new value in its place, and every view of that base gets its edge made again from there.
"""

from __future__ import annotations

import weakref
from typing import Any

import backends
from autograd.graph import GraphError, Leaf
from autograd.mode import get_mode
from autograd.ops.index import Steps, replay, view_update
from autograd.plan import ACTIVE, CONSTANT, PLAIN, RUNTIME
from autograd.primitive import as_operands, of


class Family:
    """One memory: the Tensors over it, and the list of writes since a graph last saved a value of it."""

    __slots__ = ("members", "writes")

    def __init__(self, first: Any) -> None:
        self.members = [weakref.ref(first)]
        self.writes: list[str] | None = first._writes

    def add(self, tensor: Any) -> None:
        members = self.members
        if len(members) >= 32 and not len(members) & (len(members) - 1):
            members[:] = [ref for ref in members if ref() is not None]
        members.append(weakref.ref(tensor))

    def alive(self) -> list[Any]:
        return [tensor for tensor in [ref() for ref in self.members] if tensor is not None]


class View:
    """What a view knows: its family, its base, and the steps from there."""

    __slots__ = ("base", "family", "steps")

    def __init__(self, family: Family, base: Any, steps: Steps) -> None:
        self.family = family
        self.base = base
        self.steps = steps


def shares_memory(value: Any, source: Any) -> bool:
    """Whether ``value``, just made from ``source``, is a view of its memory."""
    if value is source:
        return True
    base = getattr(value, "base", None)
    return base is not None and (base is source or base is source.base)


def family_of(tensor: Any) -> Family:
    """The family of a Tensor, founded where it has none yet."""
    family = tensor._family
    if family is None:
        family = tensor._family = Family(tensor)
    return family.family if family.__class__ is View else family


def base_of(tensor: Any) -> Any:
    """The Tensor whose gradient a write to this one changes: its base, or itself."""
    return tensor._family.base if tensor._family.__class__ is View else tensor


def link(tensor: Any, source: Any, steps: Steps | None) -> None:
    """Make ``tensor`` a member of ``source``'s family: a view by ``steps``, or (None, or under no_grad) a base."""
    family = family_of(source)
    mode = get_mode()
    if steps is None or (mode is not None and not mode.grad):
        tensor._family = family
    else:
        if source._family.__class__ is View:
            steps = source._family.steps + steps
        tensor._family = View(family, base_of(source), steps)
    family.add(tensor)


def leave(tensor: Any) -> None:
    """Take ``tensor``, which gets other memory, out of its family; what were its views stand for themselves."""
    mark_written(tensor, "data = …")
    if tensor._family is None:
        return
    family = family_of(tensor)
    family.members[:] = [ref for ref in family.members if ref() is not tensor]
    for member in family.alive():
        if member._family.__class__ is View and member._family.base is tensor:
            member._family = family
    tensor._family = None


def watch(tensor: Any) -> list[str]:
    """The list that tells a graph whether this Tensor's memory was written since now, through whichever member."""
    if tensor._writes is None:
        if tensor._family is None:
            tensor._writes = []
        else:
            family = family_of(tensor)
            if family.writes is None:
                family.writes = []
            tensor._writes = family.writes
    return tensor._writes


def mark_written(tensor: Any, name: str) -> None:
    """Tell every graph that saved a value of this memory that ``name`` wrote to it."""
    if tensor._family is None:
        if tensor._writes is not None:
            tensor._writes.append(name)
            tensor._writes = None
        return
    family = family_of(tensor)
    if family.writes is not None:
        family.writes.append(name)
        family.writes = None
        for member in family.alive():
            member._writes = None


def check_writable(tensor: Any, name: str) -> None:
    """Raise where a recorded write would change a leaf, or a view of one, behind its gradient's back."""
    for member, what in ((tensor, ""), (base_of(tensor), "a view of ")):
        if member._edge.__class__ is Leaf:
            raise GraphError(
                f"{name}: expected a Tensor that may be written; got {what}a leaf that requires a gradient. "
                "Write inside no_grad() (as an optimiser does), to a copy (x.copy()), or not in place."
            )


def memory(tensor: Any) -> Any:
    """The tensor's data as an array that others may share: NumPy's scalars become arrays."""
    data = tensor._data
    if not hasattr(data, "base") or getattr(data, "ndim", None) == 0:
        data = tensor._data = backends.of(data).writable(data)
    return data


def ready(tensor: Any) -> Any:
    """The tensor's memory, as something that can be written into."""
    data = memory(tensor)
    if 0 in data.strides and data.size and any([not step and size > 1 for step, size in zip(data.strides, data.shape)]):
        raise ValueError(
            "write: expected a Tensor whose elements have memory of their own; got a broadcast view of shape "
            f"{tuple(data.shape)}. Write to a copy (x = x.copy()), or before broadcasting."
        )
    return data


def is_recorded(*tensors: Any) -> bool:
    """Whether an operation on these would be recorded now."""
    cls = RUNTIME["Tensor"]
    if not any(t.__class__ is cls and t._edge is not None for t in tensors):
        return False
    mode = get_mode()
    return mode is None or mode.grad


def update(tensor: Any, function: Any, symbol: Any, *operands: Any) -> Any:
    """``tensor ∘= operands`` in place: ``function`` the recorded operation, ``symbol`` the raw in-place one."""
    name = of(function).name
    cls = RUNTIME["Tensor"]
    if any([o.__class__ is not cls and o.__class__ not in backends.BY_TYPE for o in operands]):
        operands = as_operands(tensor, *operands)[1:]
    if not backends.of(tensor._data).owns_memory:
        out = function(tensor, *operands)
        if tensor._edge.__class__ is Leaf and out._edge is None and out._data.__class__ is float:
            # Not recorded: inside no_grad() a leaf changes, as one over an array does. Elsewhere numbers never change.
            tensor.data = out._data
            return tensor
        return out
    if not is_recorded(tensor, *operands):
        data = ready(tensor)
        raws = [o._data if o.__class__ is cls else o for o in operands]
        function.primitive.bind([data.__class__, *[r.__class__ for r in raws]])  # raises on mixed devices
        symbol(data, *raws)
        mark_written(tensor, name)
        return tensor
    check_writable(tensor, name)
    out = function(tensor, *operands)
    write(tensor, out, name)
    return tensor


def write(tensor: Any, out: Any, name: str, steps: Steps = ()) -> None:
    """Put ``out`` (a Tensor or raw value) into ``tensor``, or into its view that ``steps`` select, and record it."""
    cls = RUNTIME["Tensor"]
    before = tensor._data
    data = ready(tensor)
    value = out._data if out.__class__ is cls else out
    edge = out._edge if out.__class__ is cls else None
    place = data
    for step, options in steps:
        place = step.forward(backends.of(data).xp, place, **options)
    if out.__class__ is cls and not steps and value.shape != data.shape:
        raise ValueError(
            f"{name}: expected a result of the written Tensor's shape {data.shape}; got {value.shape}. "
            "An in-place operation can't broadcast its target: use x = x ∘ y instead."
        )
    check_cast(name, value, data)
    if edge is not None and getattr(edge, "saved", None):
        # The operation that made `out` may have saved this very memory: let it keep the old values.
        old = tensor._writes
        copied = [v is data or v is before for v in edge.saved]
        saved = [backends.of(v).copy(v) if v is data else v for v in edge.saved]
        edge.writes = _without(edge.writes, old, copied.count(True))
        if edge.plan.full:
            own = dict(zip(edge.plan.slots, copied))
            saved[-1] = tuple([note for note in saved[-1] if not (note[1] is old and own.get(note[0]))])
        edge.saved = tuple(saved)
    place[...] = value
    mark_written(tensor, name)
    family = tensor._family
    if family.__class__ is View:
        if family.steps is not None:
            _rebase(family.base, family.steps + steps, out, value)
        elif steps:  # a detached Tensor shares the memory, but its history is its own
            _record(tensor, steps, out, value)
        else:
            tensor._edge = edge
    elif steps:
        _rebase(tensor, steps, out, value)
    else:
        tensor._edge = edge
        _renew_views(tensor)


def _without(writes: tuple[list[str], ...], old: Any, count: int) -> tuple[list[str], ...]:
    """The version lists with ``count`` times another for ``old``, which other saved members of the family may share."""
    kept = list(writes)
    for place, w in enumerate(writes):
        if w is old and count:
            count -= 1
            kept[place] = []
    return tuple(kept)


def check_cast(name: str, value: Any, data: Any) -> None:
    """Raise where writing ``value`` into ``data`` would cut its kind of number down (floats to integers, …)."""
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return
    order = "biufc"
    if order.index(_kind(dtype)) > order.index(_kind(data.dtype)):
        raise TypeError(
            f"{name}: expected a result that fits the written Tensor's dtype {data.dtype}; got {dtype}. "
            f"Cast the target first, e.g. x = x.astype({str(dtype)!r})."
        )


def _kind(dtype: Any) -> str:
    return dtype.kind if dtype.kind in "biufc" else "f"


def _rebase(base: Any, steps: Steps, out: Any, value: Any) -> None:
    """Give the written base a node of its own, and its views edges from there."""
    _record(base, steps, out, value)
    _renew_views(base)


def _record(base: Any, steps: Steps, out: Any, value: Any) -> None:
    """Give ``base`` a node of its own: the old value, with ``out`` where the steps lead."""
    cls = RUNTIME["Tensor"]
    kind = PLAIN if out.__class__ is not cls else CONSTANT if out._edge is None else ACTIVE
    p = of(view_update)
    mode = get_mode()
    full = mode is not None and mode.full
    plan = p.plan((CONSTANT if base._edge is None else ACTIVE, kind), full)
    if plan is not None:
        base._edge = plan.attach((base, out), (base._data, value), base._data, (), {"steps": steps})._edge
        for watcher in mode.watchers if mode is not None else ():
            watcher.recorded(p, (base, out), base, {"steps": steps})


def _renew_views(base: Any) -> None:
    """Make the edges of ``base``'s views again from its own."""
    if base._family is None:
        return
    cls = RUNTIME["Tensor"]
    for member in family_of(base).alive():
        if member._family.__class__ is View and member._family.base is base:
            member._edge = replay(cls._wrap(base._data, base._edge), member._family.steps)._edge

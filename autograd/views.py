"""Views and writes: who shares memory with whom, and how a write is recorded. Imports ``graph``, ``mode``, ``ops.index``.

Tensors over one memory are a family: a base, which lists its views weakly, and views, which hold the base and the
view operations that lead from it to them. A write through any of them empties nobody's graph: the base goes on from
a node that puts the new value in its place, and every view's edge is made again from the base's.
"""

from __future__ import annotations

import weakref
from typing import Any

import backends
from autograd.graph import GraphError, Leaf
from autograd.mode import get_mode
from autograd.ops.index import Steps, replay, view_update
from autograd.plan import ACTIVE, CONSTANT, PLAIN, RUNTIME
from autograd.primitive import of


class View:
    """What a view knows: its base, and the steps from there (None where it shares memory but no gradient)."""

    __slots__ = ("base", "steps")

    def __init__(self, base: Any, steps: Steps | None) -> None:
        self.base = base
        self.steps = steps


def shares_memory(value: Any, source: Any) -> bool:
    """Whether ``value``, just made from ``source``, is a view of its memory."""
    if value is source:
        return True
    base = getattr(value, "base", None)
    return base is not None and (base is source or base is source.base)


def link(view: Any, source: Any, steps: Steps | None) -> None:
    """Make ``view`` a member of ``source``'s family."""
    family = source._family
    base = source
    if family.__class__ is View:
        base = family.base
        steps = None if steps is None or family.steps is None else family.steps + steps
    mode = get_mode()
    if mode is not None and not mode.grad:
        steps = None
    view._family = View(base, steps)
    views = base._family
    if views is None:
        views = base._family = []
    elif len(views) >= 32 and not len(views) & (len(views) - 1):
        views[:] = [ref for ref in views if ref() is not None]
    views.append(weakref.ref(view))


def members(tensor: Any) -> list[Any]:
    """The base first, then every view of it that is alive."""
    family = tensor._family
    base = family.base if family.__class__ is View else tensor
    views = [ref() for ref in base._family] if base._family is not None else []
    return [base, *[view for view in views if view is not None]]


def mark_written(tensor: Any, name: str) -> None:
    """Tell every graph that saved a value of this family that ``name`` wrote to it."""
    for member in members(tensor):
        if member._writes is not None:
            member._writes.append(name)
            member._writes = None


def check_writable(tensor: Any, name: str) -> None:
    """Raise where a recorded write would change a leaf, or a view of one, behind its gradient's back."""
    base = members(tensor)[0]
    for member, what in ((tensor, "this"), (base, "a view of")):
        if member._edge.__class__ is Leaf:
            raise GraphError(
                f"{name}: expected a Tensor that may be written; got {what} a leaf that requires a gradient. "
                "Write inside no_grad() (as an optimiser does), to a copy (x.copy()), or not in place."
            )


def ready(tensor: Any) -> Any:
    """The tensor's memory, as something that can be written into."""
    data = tensor._data
    if not hasattr(data, "base") or getattr(data, "ndim", None) == 0:
        data = tensor._data = backends.of(data).writable(data)
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
    if not backends.of(tensor._data).owns_memory:
        return function(tensor, *operands)
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
    """Put ``out`` (a Tensor or raw value) into ``tensor``, or into the view of it that ``steps`` select, and record it."""
    cls = RUNTIME["Tensor"]
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
    _check_cast(name, value, data)
    if edge is not None and getattr(edge, "saved", None):
        # The operation that made `out` may have saved this very memory: let it keep the old values.
        edge.saved = tuple([backends.of(v).copy(v) if v is data else v for v in edge.saved])
        edge.writes = tuple([w for w in edge.writes if w is not tensor._writes])
    place[...] = value
    mark_written(tensor, name)
    family = tensor._family
    if family.__class__ is View:
        if family.steps is None:
            return
        _rebase(family.base, family.steps + steps, out, value)
    elif steps:
        _rebase(tensor, steps, out, value)
    else:
        tensor._edge = edge
        _renew_views(tensor)
    if tensor._family.__class__ is View and not steps:
        pass  # its edge was renewed with the other views'


def _check_cast(name: str, value: Any, data: Any) -> None:
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
    """Give the written base a node of its own: the old value, with ``out`` where the steps lead."""
    cls = RUNTIME["Tensor"]
    kind = PLAIN if out.__class__ is not cls else CONSTANT if out._edge is None else ACTIVE
    p = of(view_update)
    plan = p.plan((CONSTANT if base._edge is None else ACTIVE, kind))
    if plan is not None:
        mode = get_mode()
        if mode is not None and mode.full:
            plan = p.plan(plan.kinds, full=True)
        base._edge = plan.attach((base, out), (base._data, value), base._data, (), {"steps": steps})._edge
    _renew_views(base)


def _renew_views(base: Any) -> None:
    cls = RUNTIME["Tensor"]
    for view in members(base)[1:]:
        steps = view._family.steps
        if steps is not None:
            source = cls._wrap(base._data, base._edge)
            view._edge = replay(source, steps)._edge

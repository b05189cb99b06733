"""``why_no_grad``: where the path from a loss to a Tensor broke, in words. Imports ``record``, ``graph``, ``lines``."""

from __future__ import annotations

from typing import Any

from autograd import lines
from autograd.backward import is_tensor
from autograd.causes import DOORS, FIX, broken_at, cause, named
from autograd.graph import Leaf, Node, ancestors
from autograd.memory.kept import owner_of
from autograd.record import Event, Trail, last_trail
from autograd.vanish import is_zero, reason, vanishing

__all__ = ["why_no_grad"]

_HOW = "Run the forward pass inside `with autograd.record_lines():` and ask again to see at which line."


def why_no_grad(x: Any, loss: Any) -> str:
    """Why ``loss.backward()`` gives ``x`` no gradient: what cut the path between them, and what to do.

    With the forward pass run inside ``record_lines()`` (or ``detect_anomaly()``), it follows ``x`` through every
    operation and names the user's line; without, it tells what the graph still shows.

    Args:
        x: the Tensor whose gradient is missing.
        loss: what ``.backward()`` is called on.

    >>> from autograd import record_lines, tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> with record_lines():
    ...     y = x.detach()
    ...     loss = (tensor(3.0, requires_grad=True) * y).sum()
    >>> print(why_no_grad(x, loss))
    x.detach() gives a Tensor without history (at <doctest autograd.explain.why_no_grad[2]>:2: y = x.detach()), \
and multiply (at ...) goes on with that. Leave the detach() out.
    """
    for value, name in ((x, "x"), (loss, "loss")):
        if not is_tensor(value):
            raise TypeError(
                f"why_no_grad: expected {name} to be a Tensor; got {type(value).__name__}. "
                "Ask about the Tensors that the computation ran with."
            )
    name = x.name or lines.name_of(x, lines.user_frame()) or "x"
    trail = last_trail()
    if x._edge is None:
        return _not_asked(x, name, trail)
    if loss._edge is not None and x._edge in set(ancestors([loss._edge])):
        return _there_is_a_path(x, loss, name)
    shared, copied = _another_leaf(x, loss, name)
    if shared is not None:
        return shared
    if loss._edge is not None and x._edge.__class__ is Leaf and x._edge.seq > loss._edge.seq:
        return (
            f"{name} was made to require a gradient after the loss was computed: the graph does not know it. "
            "Call requires_grad_() first, then compute the loss again."
        )
    if trail is None or (found := _follow(trail, x, loss, name)) is None:
        return _without_trail(x, loss, name, copied)
    text, broken = found
    return text if broken or copied is None else copied


def _not_asked(x: Any, name: str, trail: Trail | None) -> str:
    if getattr(x.dtype, "kind", "f") in "biu":
        return (
            f"{name} has the dtype {x.dtype}, and integers and booleans have no gradient. "
            "Make it of floats: x.astype(float), or tensor(data, dtype=float)."
        )
    made = trail.maker(x._data) if trail is not None else None
    if made is not None:
        why = cause(made, made.inputs[0] if made.inputs else -1, trail)
        return f"{name} does not require a gradient: {why}"
    left = trail.doors.get(trail.tag(x._data, make=False), ()) if trail is not None else ()
    for door in left:
        if door.name in ("detach", "stop_gradient"):
            return f"{name} does not require a gradient: {DOORS[door.name]} ({door.where}). {FIX[door.name]}"
    return (
        f"{name} does not require a gradient: it was made without requires_grad=True, or that was taken back "
        f"(requires_grad_(False), freeze()). Call {name}.requires_grad_() before it is used."
    )


def _another_leaf(x: Any, loss: Any, name: str) -> tuple[str | None, str | None]:
    """Whether the loss was computed from another leaf in the place of x: over its memory, perhaps with its values."""
    if loss._edge is None or not hasattr(x._data, "nbytes"):
        return None, None
    copy = None
    for edge in ancestors([loss._edge]):
        tensor = edge.tensor() if edge.__class__ is Leaf else None
        if tensor is None or not hasattr(tensor._data, "nbytes"):
            continue
        if owner_of(tensor._data) is owner_of(x._data):
            other = _name_of(tensor)
            return (
                f"The loss was computed from another Tensor over the memory of {name}, which requires a gradient of "
                f"its own: {other}, made by detach() or from {name}.data. Compute the loss from {name} itself, or "
                f"read {other}.grad."
            ), None
        if copy is None and _same_values(tensor._data, x._data):
            copy = _name_of(tensor)
    if copy is None:
        return None, None
    return None, (
        f"The loss was computed from another Tensor with the values of {name}, which requires a gradient of its own: "
        f"{copy}, a copy (tensor(data), deepcopy). Compute the loss from {name} itself, or read {copy}.grad."
    )


def _name_of(tensor: Any) -> str:
    return tensor.name or lines.name_of(tensor, lines.user_frame()) or "the other"


def _same_values(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same values, and not one value alone, as fresh biases do."""
    if a.shape != b.shape or a.dtype != b.dtype or type(a) is not type(b) or a.size < 2:
        return False
    return bool((a == b).all()) and bool((a != a.reshape(-1)[0]).any())


def _there_is_a_path(x: Any, loss: Any, name: str) -> str:
    freed = isinstance(loss._edge, Node) and loss._edge.saved is None
    zero = x.grad is not None and is_zero(x.grad)
    if (x.grad is None or zero) and not freed and (ends := vanishing(x, loss)):
        known = all(node.note is not None and node.note.line is not None for node in ends[:3])
        reasons = [*[reason(node) for node in ends[:3]], *([] if known else [_HOW])]
        return f"{name} gets a gradient of zeros only: {' '.join(reasons)}"
    if zero and freed:
        return (
            f"{name} has a gradient of zeros only, and backward has freed the graph. Ask before backward, or call "
            "backward(retain_graph=True), to learn which operation passed zeros on."
        )
    if x.grad is not None:
        return f"{name} has a gradient: the path from the loss is whole, and {name}.grad is set. Nothing is missing."
    if x._edge.__class__ is not Leaf:
        return (
            f"The path from the loss to {name} is whole, but {name} is an intermediate result, whose gradient backward "
            f"passes on and does not keep. Call {name}.retain_grad() before loss.backward(), or use "
            f"autograd.gradients(loss, {name})."
        )
    if freed:
        return (
            f"The path from the loss to {name} is whole, and backward has run; {name}.grad was reset to None since "
            "(zero_grad_), or backward ran for other inputs only. Read it before it is reset."
        )
    return (
        f"The path from the loss to {name} is whole: loss.backward() has not run yet. Call it, then read {name}.grad."
    )


# With a recording -------------------------------------------------------------------------------------------


def _follow(trail: Trail, x: Any, loss: Any, name: str) -> tuple[str, bool] | None:
    """Follow x through what was recorded: (what was found, whether it is where the path broke); None without events."""
    start = trail.tag(x._data, make=False)
    if start < 0 and not trail.events:
        return None
    goal = trail.tag(loss._data, make=False)
    needed = _leads_to(trail, goal)
    alive, dead = {start}, set[int]()
    doors: list[Event] = []
    used: list[Event] = []
    breaks: list[tuple[Event, int]] = []
    for event in trail.events:
        for i, tag in enumerate(event.inputs):
            if tag in alive:
                used.append(event)
                carried = event.recorded and i < len(event.active) and event.active[i]
                if i < len(event.constant) and event.constant[i]:
                    carried = False
                if carried:
                    alive.update(event.outputs)
                elif any(out in needed for out in event.outputs):
                    breaks.append((event, tag))
                else:
                    dead.update(event.outputs)
    for tag in sorted(alive | dead):
        doors.extend(trail.doors.get(tag, ()))
    if breaks:
        texts = [broken_at(event, tag, name, trail) for event, tag in breaks[:3]]
        return " ".join(dict.fromkeys(texts)), True
    return _unbroken(doors, used, name), False


def _unbroken(doors: list[Event], used: list[Event], name: str) -> str:
    """What became of x, where no operation on the way to the loss let it go: the ways out, and the last use."""
    out = [door for door in doors if door.name not in ("detach",)] or doors
    if out:
        door = out[-1]
        return named(
            f"{DOORS[door.name]} ({door.where}), and nothing recorded leads from there to the loss. "
            f"{FIX.get(door.name, 'Go on with the Tensor itself.')}",
            name,
        )
    if not used:
        return (
            f"{name} was never used: no operation since record_lines() began has read it. Compute the loss "
            f"from it, and check that the {name} you ask about is the one you computed with."
        )
    last = used[-1]
    if getattr(last.dtype, "kind", "f") in "biu":
        return (
            f"{last.name} gives {last.dtype} ({last.where}), and integers and booleans have no gradient: as indices, "
            "masks and conditions they only choose. Weigh the values by a soft version of it."
        )
    return (
        f"{name} was used, last by {last.name} ({last.where}), but the loss does not depend on the results. "
        "Compute the loss from them."
    )


def _leads_to(trail: Trail, goal: int) -> set[int]:
    """The tags of everything that the loss was computed from."""
    needed = {goal}
    for event in reversed(trail.events):
        if any(out in needed for out in event.outputs):
            needed.update(event.inputs)
    return needed


# Without ----------------------------------------------------------------------------------------------------


def _without_trail(x: Any, loss: Any, name: str, copied: str | None) -> str:
    if loss._edge is None:
        if getattr(loss.dtype, "kind", "f") in "biu":
            return (
                f"The loss has the dtype {loss.dtype}, and integers and booleans have no gradient. "
                f"Use an operation that stays in floats. {_HOW}"
            )
        return (
            "The loss was not recorded at all: it was computed inside no_grad(), or only from values without history "
            f"(detach(), .data, NumPy arrays, integers). {_HOW}"
        )
    base = getattr(x._data, "base", None)
    mine = {id(x._data), id(base)} - {id(None)}
    for node in ancestors([loss._edge]):
        if not isinstance(node, Node) or node.saved is None or node.plan.primitive is None:
            continue
        p = node.plan.primitive
        for slot, value in zip(node.plan.slots, node.saved):
            if slot not in p.operands or p.operands.index(slot) in node.plan.active:
                continue
            if {id(value), id(getattr(value, "base", None))} & mine:
                line: Any = node.note.line if node.note is not None else None
                where = f" at {line.text}" if line is not None else ""
                return (
                    f"{node.plan.name}{where} uses the values of {name} as a constant: it got them by {name}.detach(), "
                    f"{name}.data or as a raw array, without the history. Give it {name} itself."
                    + ("" if line is not None else f" {_HOW}")
                )
    if copied is not None:
        return copied
    leaves = [e for e in ancestors([loss._edge]) if e.__class__ is Leaf]
    known = [e.note.name for e in leaves if e.note is not None and e.note.name]
    others = f"{len(leaves)} leaves" + (f" ({', '.join(known[:5])})" if known else "")
    return (
        f"The graph of the loss leads to {others}, and not to {name}: {name} was never used, or what was computed from "
        f"it lost its history (detach(), .data, no_grad(), NumPy, integers). {_HOW}"
    )

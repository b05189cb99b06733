"""Why an operation let a gradient go, in words with the user's line. Imports ``record``."""

from __future__ import annotations

import re

from autograd.record import Event, Trail

DOORS = {
    "detach": "x.detach() gives a Tensor without history",
    "data": "x.data is the bare array, without history",
    "numpy": "x.numpy() is a NumPy array, and what NumPy computes is not recorded",
    "__array__": "it was converted to a NumPy array, and what NumPy computes is not recorded",
    "item": "x.item() is a Python number, and what Python computes is not recorded",
    "tolist": "x.tolist() gives Python numbers, and what Python computes is not recorded",
    "__float__": "float(x) is a Python number, and what Python computes is not recorded",
    "__int__": "int(x) is a Python number, and what Python computes is not recorded",
    "__complex__": "complex(x) is a Python number, and what Python computes is not recorded",
    "__index__": "it was used as a Python integer, and what Python computes is not recorded",
    "__bool__": "bool(x) (in an if, a while, an and) only chooses what runs, and choices have no gradient",
    "__dlpack__": "it was handed to another library, and what that computes is not recorded",
    "stop_gradient": "stop_gradient(x) gives the value without history, as it should",
}
FIX = {
    "detach": "Leave the detach() out.",
    "stop_gradient": "Leave it out where the gradient is wanted.",
    "__bool__": "Compute both, and choose with where.",
    "data": "Use x itself.",
    "numpy": "Use the function of autograd.numpy on x itself.",
    "__array__": "Use the function of autograd.numpy on x itself.",
}


def broken_at(event: Event, tag: int, name: str, trail: Trail) -> str:
    return named(cause(event, tag, trail), name)


def cause(event: Event, tag: int, trail: Trail | None) -> str:
    """Why ``event`` did not carry on the gradient of its operand ``tag``."""
    if event.name in DOORS:
        return f"{DOORS[event.name]} ({event.where}). {FIX.get(event.name, 'Go on with the Tensor itself.')}"
    doors = trail.doors.get(tag, []) if trail is not None else []
    constant = any(t == tag and i < len(event.constant) and event.constant[i] for i, t in enumerate(event.inputs))
    if not event.grad:
        return (
            f"{event.name} ran inside no_grad() ({event.where}), so it was not recorded. "
            "Compute it outside, or inside enable_grad()."
        )
    if getattr(event.dtype, "kind", "f") in "biu":
        return (
            f"{event.name} gives {event.dtype} ({event.where}), and integers and booleans have no gradient. "
            "Use an operation that stays in floats, such as where, clip or a soft version of it."
        )
    if constant:
        return (
            f"{event.name} has no derivative with respect to this operand ({event.where}): its gradient is zero "
            "wherever there is one. Use an operation that has one."
        )
    if doors:
        door = doors[0]
        where = "same line" if door.line == event.line else event.where
        return (
            f"{DOORS[door.name]} ({door.where}), and {event.name} ({where}) goes on with that. "
            f"{FIX.get(door.name, 'Go on with the Tensor itself.')}"
        )
    return (
        f"{event.name} ({event.where}) was given its array without its history, as a raw array or a Tensor that "
        "does not require a gradient. Give it the Tensor itself."
    )


def named(text: str, name: str) -> str:
    """The explanation with the user's name for the Tensor in the place of ``x``."""
    # Not in the user's line, which is quoted after a colon.
    head, colon, line = text.partition(": ")
    line, end, tail = line.rpartition(")") if colon else ("", "", "")
    swap = re.compile(r"\bx(?=\.(detach|data|numpy|item|tolist)\b|\)| itself)")
    return swap.sub(name, head) + colon + line + end + swap.sub(name, tail)

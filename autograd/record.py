"""``record_lines``: where operations were called, and what became of every value. Imports ``observe``, ``lines``."""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import Any

from autograd import lines
from autograd.graph import Pick, note_of
from autograd.mode import is_grad_enabled
from autograd.observe import Observer
from autograd.ops.index import view_update
from autograd.plan import RUNTIME
from autograd.primitive import Primitive, of

__all__ = ["record_lines"]

_WRITE = of(view_update)
# A recording remembers at most this many operations; older ones are forgotten.
LIMIT = 100_000
_LAST: ContextVar[Trail | None] = ContextVar("xpgrad_trail", default=None)


class Event:
    """One operation, or one way out of the engine, with the tags of the arrays that went in and came out."""

    __slots__ = ("active", "constant", "dtype", "grad", "inputs", "line", "name", "outputs", "path", "recorded")

    def __init__(self, name: str, inputs: list[int], outputs: list[int], line: Any) -> None:
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.line = line
        self.path = lines.scope.path()
        self.grad = is_grad_enabled()
        self.recorded = False
        self.active: tuple[bool, ...] = ()
        self.constant: tuple[bool, ...] = ()
        self.dtype: Any = None

    @property
    def where(self) -> str:
        """``at train.py:12: y = x.detach()``."""
        return f"at {self.line.text}" if self.line is not None else "at an unknown line"


class Trail:
    """What became of every array while lines were recorded; arrays are known by tags and not kept."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.doors: dict[int, list[Event]] = {}
        self._tags: dict[int, tuple[Any, int]] = {}
        self._made: dict[int, Event] = {}
        self._next = 0

    def tag(self, array: Any, make: bool = True) -> int:
        """The number of an array; -1 for one never met, where none is to be made."""
        key = id(array)
        known = self._tags.get(key)
        if known is not None:
            held = known[0]
            if (held() if held.__class__ is weakref.ref else held) is array:
                return known[1]
        if not make:
            return -1
        self._next += 1
        try:
            held = weakref.ref(array)
        except TypeError:  # NumPy's scalars and Python's floats: small enough to be kept
            held = array
        self._tags[key] = (held, self._next)
        return self._next

    def add(self, event: Event) -> None:
        self.events.append(event)
        for tag in event.outputs:
            self._made[tag] = event
        if len(self.events) > LIMIT:
            self._forget()

    def _forget(self) -> None:
        """Drop the older half: a whole training may run inside one recording."""
        self.events = self.events[len(self.events) // 2 :]
        known = {tag for event in self.events for tag in (*event.inputs, *event.outputs)}
        self._made = {tag: event for tag, event in self._made.items() if tag in known}
        self.doors = {tag: events for tag, events in self.doors.items() if tag in known}
        self._tags = {key: entry for key, entry in self._tags.items() if entry[1] in known}

    def maker(self, array: Any) -> Event | None:
        """The event an array came from."""
        return self._made.get(self.tag(array, make=False))


class record_lines(Observer):
    """Inside, every operation notes the user's line that called it, and the module it belongs to.

    Drawings, reports and errors show them. Reading a frame costs as much as a small operation, so this is off
    otherwise. ``why_no_grad`` reads from the last recording of the context what became of every value.

    >>> from autograd import draw, tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> with record_lines():
    ...     y = (x * x).sum()
    >>> y.grad_fn.note.line
    '<doctest autograd.record.record_lines[2]>:2'
    """

    watches_doors = True

    def __init__(self) -> None:
        self.trail = Trail()
        self._step: Any = None  # the step of backward that is running

    def __enter__(self) -> record_lines:
        super().__enter__()
        self._step = None
        _LAST.set(self.trail)
        return self

    def sweeping(self, node: Any, g: Any) -> None:
        self._step = node

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        self._step = None

    def after(self, primitive: Any, args: Any, options: dict[str, Any], out: Any, began: Any) -> None:
        if self._step is not None:
            return  # what a rule computes is no part of the user's path
        trail = self.trail
        outs = out if out.__class__ is tuple else (out,)
        event = Event(primitive.name, [trail.tag(a) for a in args], [trail.tag(o) for o in outs], lines.user_line(3))
        event.dtype = getattr(outs[0], "dtype", None)
        event.constant = tuple([primitive.is_constant(i) for i in range(len(args))])
        trail.add(event)

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        line, path = None, lines.scope.path()
        results = result if isinstance(result, tuple) else (result,)
        cls = RUNTIME["Tensor"]
        for tensor in results:
            if tensor._edge is None:
                continue
            # A write in place makes no array: what made this one is another operation.
            event = None if primitive is _WRITE else self.trail.maker(tensor._data)
            if event is not None:
                event.recorded = True
                line = event.line
            if not isinstance(primitive, Primitive):
                line = lines.user_line(3)  # where the function was called, not where its last operation was
            elif event is not None and tensors:
                event.active = tuple([t.__class__ is cls and t._edge is not None for t in tensors])
            if line is None:
                line = lines.user_line(3)
            for edge in {tensor._edge, tensor._edge.edges[0] if tensor._edge.__class__ is Pick else tensor._edge}:
                note = note_of(edge)
                note.line = line
                note.path = path or None

    def left(self, door: str, value: Any, out: Any, line: Any) -> None:
        trail = self.trail
        array = out._data if out.__class__ is RUNTIME["Tensor"] else out
        source = trail.tag(value._data)
        event = Event(door, [source], [trail.tag(array)] if hasattr(array, "dtype") else [], line)
        trail.doors.setdefault(source, []).append(event)
        if event.outputs and event.outputs[0] != source:
            trail.add(event)


def last_trail() -> Trail | None:
    """What the last ``record_lines`` of this context recorded."""
    return _LAST.get()

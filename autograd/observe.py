"""Watching operations while they run, at no cost when nobody does. Imports ``primitive``, ``mode``, ``lines``.

An ``Observer`` is told of every forward (also one that is not recorded), of every recorded operation, of every step
of a backward sweep, and of every way a value leaves the engine. Primitives look their forward up in a table; while
somebody observes, the tables hold forwards that report, and afterwards the bare ones again.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

from autograd import lines
from autograd.gradients import stop_gradient
from autograd.mode import EVERYDAY, get_mode, switch
from autograd.plan import RUNTIME
from autograd.primitive import PRIMITIVES, Primitive

_OBSERVERS: ContextVar[tuple[Observer, ...]] = ContextVar("xpgrad_observers", default=())
_LOCK = threading.Lock()
_installed = 0
# Ways out of the engine: what a Tensor's method or property hands out carries no history.
DOORS = (
    "detach", "numpy", "item", "tolist", "data", "__array__", "__dlpack__",
    "__bool__", "__float__", "__int__", "__complex__", "__index__",
)  # fmt: skip


class Observer:
    """Told of what happens in the context that observes; every method may be left out. A context manager."""

    watches_doors = False

    def before(self, primitive: Primitive, args: Any, options: dict[str, Any]) -> Any:
        """Called before a forward; what it returns is given to ``after``."""

    def after(self, primitive: Primitive, args: Any, options: dict[str, Any], out: Any, began: Any) -> None:
        """Called after a forward that raised nothing."""

    def failed(self, primitive: Primitive, began: Any) -> None:
        """Called in the place of ``after`` where the forward raised."""

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        """Called after every recorded operation."""

    def sweeping(self, node: Any, g: Any) -> None:
        """Called before every step of a backward sweep; ``cotangents(g)`` are the arrays that arrived."""

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        """Called after every step of a backward sweep; ``grads`` go to ``node.edges``, None where there is none."""

    def left(self, door: str, value: Any, out: Any, line: Any) -> None:
        """Called when the user's program takes a value out by one of ``DOORS``, or by ``"stop_gradient"``."""

    def __enter__(self) -> Any:
        mode = get_mode() or EVERYDAY
        self._entered: list[tuple[Token[Any], switch]] = getattr(self, "_entered", [])
        change = switch(watchers=(*mode.watchers, self))
        change.__enter__()
        self._entered.append((_OBSERVERS.set((*_OBSERVERS.get(), self)), change))
        _install(1)
        return self

    def __exit__(self, *exc: object) -> None:
        _install(-1)
        token, change = self._entered.pop()
        _OBSERVERS.reset(token)
        change.__exit__()


def cotangents(g: Any) -> list[Any]:
    """The raw arrays that arrived at a step of backward: one, or one for each output that is used."""
    given = g.grads.values() if hasattr(g, "grads") else (g,)
    return [getattr(x, "_data", x) for x in given]


class nobody(switch):
    """Inside, nobody watches: what the engine computes to show something is not the user's."""

    def __init__(self) -> None:
        super().__init__(watchers=())
        self._hidden: list[Token[Any]] = []

    def __enter__(self) -> Any:
        self._hidden.append(_OBSERVERS.set(()))
        return super().__enter__()

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        _OBSERVERS.reset(self._hidden.pop())


def _install(step: int) -> None:
    global _installed
    with _LOCK:
        before, _installed = _installed, _installed + step
        if bool(before) == bool(_installed):
            return
        Primitive.around = staticmethod(_observed) if _installed else None
        for primitive in PRIMITIVES.values():
            primitive.table.clear()
        cls = RUNTIME["Tensor"]
        for name in DOORS:
            if _installed:
                original = getattr(cls, name, None)
                if original is not None:
                    _originals[name] = vars(cls).get(name)
                    setattr(cls, name, _door(name, original))
            elif name in _originals:
                original = _originals.pop(name)
                if original is None:
                    delattr(cls, name)
                else:
                    setattr(cls, name, original)


_originals: dict[str, Any] = {}


def _observed(primitive: Primitive, forward: Callable[..., Any]) -> Callable[..., Any]:
    """``forward`` that tells the observers of its context."""

    def call(*args: Any, **options: Any) -> Any:
        observers = _OBSERVERS.get()
        if not observers:
            return forward(*args, **options)
        began = [observer.before(primitive, args, options) for observer in observers]
        try:
            out = forward(*args, **options)
        except BaseException:
            for observer, start in zip(observers, began):
                observer.failed(primitive, start)
            raise
        for observer, start in zip(observers, began):
            observer.after(primitive, args, options, out, start)
        return out

    return call


def _door(name: str, original: Any) -> Any:
    def tell(tensor: Any, out: Any) -> None:
        if not any(o.watches_doors for o in _OBSERVERS.get()):
            return
        # Only where the user's own line opens it, not the engine's.
        frame, door = sys._getframe(2), name
        if not lines.is_users(frame):
            if name != "detach" or not lines.runs_below(stop_gradient, 3):
                return
            door = "stop_gradient"
        line = lines.user_line(3)
        for observer in _OBSERVERS.get():
            observer.left(door, tensor, out, line)

    if isinstance(original, property):

        def get(self: Any) -> Any:
            out = original.fget(self)  # type: ignore[misc]
            tell(self, out)
            return out

        return property(get, original.fset, doc=original.__doc__)

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        out = original(self, *args, **kwargs)
        tell(self, out)
        return out

    return method

"""The recording mode of a context: on, off, or watched. Imports nothing of this project.

A ContextVar holds it, read only when something is about to be recorded. ``None`` is the everyday mode:
record, save what the rules ask for, watch nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class Mode:
    """What differs from everyday recording.

    Attributes:
        grad: whether operations are recorded at all.
        full: whether a node keeps all its operands, for a forward sweep (jvp), not only what its rules read.
        watchers: objects told of every recorded operation (``recorded``) and every backward step (``sweeping``,
            ``swept``).
    """

    __slots__ = ("full", "grad", "watchers")

    def __init__(self, grad: bool = True, full: bool = False, watchers: tuple[Any, ...] = ()) -> None:
        self.grad = grad
        self.full = full
        self.watchers = watchers

    def replace(self, **changes: Any) -> Mode | None:
        """This mode with some fields changed; ``None`` where that is the everyday mode."""
        mode = Mode(
            changes.get("grad", self.grad), changes.get("full", self.full), changes.get("watchers", self.watchers)
        )
        return None if mode.grad and not mode.full and not mode.watchers else mode


EVERYDAY = Mode()
_MODE: ContextVar[Mode | None] = ContextVar("xpgrad_mode", default=None)
get_mode = _MODE.get
# Whether a transform (grad, jacobian, …) is running the user's function: a number taken out there is a lost gradient.
INSIDE_TRANSFORM: ContextVar[bool] = ContextVar("xpgrad_inside_transform", default=False)


class switch:
    """Change fields of the mode: at once when called, back again at the end of a ``with`` block."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes
        self._tokens: list[Token[Mode | None]] = []

    def __enter__(self) -> Any:
        self._tokens.append(_MODE.set((_MODE.get() or EVERYDAY).replace(**self.changes)))
        return self

    def __exit__(self, *exc: object) -> None:
        _MODE.reset(self._tokens.pop())

    def __call__(self, function: Function) -> Function:
        changes = self.changes

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with switch(**changes):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class no_grad(switch):
    """Record nothing inside: as a context manager or a decorator. Generators keep their caller's mode.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(grad=False)


class enable_grad(switch):
    """Record inside, also within a ``no_grad`` block: as a context manager or a decorator."""

    def __init__(self) -> None:
        super().__init__(grad=True)


class set_grad_enabled(switch):
    """Switch recording on or off from here on, or for one ``with`` block.

    >>> with set_grad_enabled(False):
    ...     is_grad_enabled()
    False
    """

    def __init__(self, enabled: bool) -> None:
        super().__init__(grad=bool(enabled))
        self._first: Token[Mode | None] | None = _MODE.set((_MODE.get() or EVERYDAY).replace(**self.changes))

    def __enter__(self) -> set_grad_enabled:
        if self._first is None:
            return super().__enter__()
        self._tokens.append(self._first)
        self._first = None
        return self

    def __call__(self, function: Function) -> Function:
        if self._first is not None:
            _MODE.reset(self._first)
            self._first = None
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """Whether operations on Tensors that require a gradient are recorded in this context."""
    mode = _MODE.get()
    return mode is None or mode.grad

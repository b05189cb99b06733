"""Functions that are called after a module. Imports nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class RemovableHook:
    """The handle of a hook: ``.remove()`` takes it off; a context manager does so at its end."""

    def __init__(self, module: Any, hook: Callable[..., Any]) -> None:
        self._module = module
        self._hook = hook

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        self._module._hooks = tuple([hook for hook in self._module._hooks if hook is not self._hook])

    def __enter__(self) -> RemovableHook:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

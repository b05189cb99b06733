"""What modules consist of, found by looking at their attributes; parameters and buffers. Imports ``autograd``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import autograd.numpy as np
from autograd import Tensor, tensor


class Parameters(list[Any]):
    """A list of parameters that ``next`` takes one by one: PyTorch's users ask so for the first."""

    _at = 0

    def __next__(self) -> Tensor:
        if self._at >= len(self):
            raise StopIteration
        self._at += 1
        return self[self._at - 1]


class Members:
    """Attributes that are Tensors, modules, and containers of them: walked, named, listed."""

    __slots__ = ()
    buffers: tuple[str, ...]
    check_built: Any
    hold_late: Any

    def members(self) -> Iterator[tuple[str, Any]]:
        """The named attributes that are looked at: Tensors, modules, and containers of them."""
        for name, value in vars(self).items():
            if isinstance(value, (Tensor, Members, list, tuple, dict)):
                yield name, value

    def walk(self, aliases: bool = False) -> Iterator[tuple[str, Any, Any]]:
        """``(path, owner, value)`` of every module and Tensor from this one down, each once, in the attributes' order.

        With ``aliases``, what is reachable by several paths comes once per path; a cycle is still walked once.
        """
        seen: set[int] = set()
        # Ids on the way to an entry, as a linked list: (id, rest).
        stack: list[tuple[str, Members, Any, Any]] = [("", self, self, None)]
        while stack:
            path, owner, value, above = stack.pop()
            if _within(id(value), above) if aliases else id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, Tensor):
                yield path, owner, value
                continue
            if isinstance(value, Members):
                yield path, owner, value
                inside, owner = list(value.members()), value
            elif isinstance(value, dict):
                inside = [(str(key), entry) for key, entry in value.items()]
            else:
                inside = [(str(i), entry) for i, entry in enumerate(value)]
            prefix = path + "." if path else ""
            stack += [
                (prefix + name, owner, entry, (id(value), above))
                for name, entry in reversed(inside)
                if isinstance(entry, (Tensor, Members, list, tuple, dict))
            ]

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """``(path, module)`` of this module (path ``""``) and all below it, each once."""
        return ((path, value) for path, _, value in self.walk() if isinstance(value, Members))

    def modules(self) -> Iterator[Any]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """``(path, module)`` of the modules among this one's own attributes, and in containers there."""
        return (
            (path, value) for path, owner, value in self.walk() if owner is self and path and isinstance(value, Members)
        )

    def children(self) -> Iterator[Any]:
        """The modules among this one's own attributes, and in containers there."""
        return (module for _, module in self.named_children())

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """``(path, Tensor)`` of every parameter, a shared one once: ``"layers.0.weight"``."""
        for path, owner, value in self.walk():
            if isinstance(value, Tensor) and not _is_buffer(path, owner):
                yield path, value

    def parameters(self) -> list[Tensor]:
        """Every parameter, a shared one once; frozen ones included.

        Raises:
            ValueError: a layer has no parameters yet, because it has not seen its input's size.
        """
        self.check_built("parameters")
        for _, module in self.named_modules():
            module.hold_late()
        return Parameters([parameter for _, parameter in self.named_parameters()])

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """``(path, Tensor)`` of every buffer."""
        for path, owner, value in self.walk():
            if isinstance(value, Tensor) and _is_buffer(path, owner):
                yield path, value


def parameter(data: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """A Tensor that requires a gradient, with a copy of ``data``; numbers and lists become float32, as in networks.

    >>> parameter([1, 2])
    Tensor([1., 2.], dtype=float32, requires_grad=True)
    """
    if dtype is None and not hasattr(data, "dtype"):
        dtype = "float32"
    return tensor(data, dtype=dtype, requires_grad=True, device=device)


def buffer(shape: tuple[int, ...], value: float, dtype: Any = "float32") -> Tensor:
    """A Tensor that requires no gradient, filled with ``value``, for a name in ``buffers``."""
    return Tensor(np.full(shape, value, dtype=dtype))


def _is_buffer(path: str, owner: Any) -> bool:
    return bool(owner.buffers) and path.rpartition(".")[2] in owner.buffers


def _within(identity: int, above: Any) -> bool:
    while above is not None:
        if above[0] == identity:
            return True
        above = above[1]
    return False

"""Formulas of several primitives that a backend may have one kernel for. Imports ``autograd.plan`` and ``backends``.

A rule that takes a dozen primitives reads and writes memory a dozen times. Decorated with ``@composed`` it stays the
one formula that it is: Tensors run it, so that it is recorded and has derivatives of every order; plain arrays run the
kernel of its name from the backend's ``KERNELS``, where there is one and it takes them.

>>> from autograd.composed import composed
>>> @composed
... def halved_square(x):
...     return x * x * 0.5
>>> halved_square(3.0)
4.5
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import backends
from autograd.plan import RUNTIME

COMPOSED: dict[str, Composed] = {}


class Composed:
    """A function of operators and primitives, under a name that a backend may know a kernel by.

    A kernel is called as the formula is, by position, and answers ``NotImplemented`` where it is not made for what it
    gets; then the formula runs. None of its arguments is, or holds, a Tensor.

    Attributes:
        name: the formula's name, by which ``KERNELS`` is asked.
        formula: the function itself.
    """

    def __init__(self, formula: Callable[..., Any]) -> None:
        functools.update_wrapper(self, formula)
        self.name = formula.__name__
        self.formula = formula
        self._kernels: dict[type, Callable[..., Any] | None] = {}
        if self.name in COMPOSED:
            raise ValueError(f"composed: expected a new name; {self.name!r} is taken. Rename one of the two.")
        COMPOSED[self.name] = self

    def __call__(self, *args: Any) -> Any:
        kernel = None
        cls = RUNTIME["Tensor"]
        for arg in args:
            for value in arg if arg.__class__ is tuple else (arg,):
                kind = value.__class__
                if kind is cls:
                    return self.formula(*args)
                if kernel is None:
                    kernel = self._kernels[kind] if kind in self._kernels else self._find(kind)
        if kernel is not None:
            out = kernel(*args)
            if out is not NotImplemented:
                return out
        return self.formula(*args)

    def _find(self, kind: type) -> Callable[..., Any] | None:
        backend = backends.BY_TYPE.get(kind)
        kernel = self._kernels[kind] = backend.KERNELS.get(self.name) if backend is not None else None
        return kernel


def composed(formula: Callable[..., Any]) -> Composed:
    """Decorator: plain arrays may run a backend's kernel in place of this formula of primitives.

    The formula takes its arguments by position and returns one value or a tuple of them. A rule may be one: the graph
    keeps for it what its parameters name, as for any other.
    """
    return Composed(formula)

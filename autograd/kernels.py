"""Element-wise formulas of several operations, run as one kernel. Imports ``emit``, ``observe``, ``backends``.

A GPU computes a small operation faster than the host launches it, and reads a large array no faster for a small
operation than for a long formula. So where a backend ``prints`` kernels, the forwards and rules of element-wise
primitives are not called operation by operation: called on symbols, each writes itself down once, and what it wrote
runs from then on. This module is loaded when such a backend is first met.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import backends
from autograd.emit import NUMBERS, Formula, Symbol
from autograd.observe import nobody
from autograd.plan import Spec, rule_parameters
from autograd.primitive import Primitive

# Numbers stand in a kernel as they are: a function that is called with ever new ones would be compiled for each.
MOST = 16
_LITERALS = (*NUMBERS, str, type(None))


class Printed:
    """``function``, which computes element by element, as one kernel for each combination of dtypes and numbers.

    What no kernel is printed for runs as it is: a single operation, float16 and complex numbers, functions that the
    kernels' language has not, Tensors, backends that don't print.

    Args:
        name: what its kernels are called.
        function: called on symbols, it writes the formula down.
        plain: what computes the same by calls of the array library; ``function`` itself where left out.
    """

    __slots__ = ("_found", "_function", "_name", "_plain")

    def __init__(self, name: str, function: Callable[..., Any], plain: Callable[..., Any] | None = None) -> None:
        self._name = name
        self._function = function
        self._plain = plain or function
        self._found: dict[Any, Callable[..., Any]] = {}

    def __call__(self, *args: Any, **options: Any) -> Any:
        key = tuple([_kind(value) for value in (*args, *options, *options.values())])
        found = self._found.get(key)
        if found is None:
            found = self._plain
            if None not in key and len(self._found) < MOST:
                found = self._found[key] = self._kernel(args, options) or found
        return found(*args, **options)

    def _kernel(self, args: tuple[Any, ...], options: dict[str, Any]) -> Callable[..., Any] | None:
        """The kernel for arguments like these; None where there is none, or it would save nothing."""
        owners = {backends.BY_TYPE.get(a.__class__) for a in args if hasattr(a, "dtype")}
        backend = owners.pop() if len(owners) == 1 else None
        if backend is None or not backend.prints:
            return None
        formula = write(self._name, self._function, args, options)
        if formula is None or len(formula.lines) < 2:
            return None
        kernel = backend.elementwise(formula)
        if kernel is None:
            return None
        places = [i for i, a in enumerate(args) if hasattr(a, "dtype")]
        if len(places) == len(args) and not options:
            return kernel
        return lambda *args, **options: kernel(*[args[i] for i in places])


def _kind(value: Any) -> tuple[type, Any] | None:
    """What of an argument a kernel is made for; None where no kernel takes it."""
    if hasattr(value, "dtype"):
        return value.__class__, value.dtype
    return (value.__class__, repr(value)) if isinstance(value, _LITERALS) else None


def forward(primitive: Primitive, plain: Callable[..., Any]) -> Callable[..., Any]:
    """The forward of an element-wise primitive, of which ``plain`` is that by calls of the array library."""
    if not primitive.options:
        formula = write(primitive.name, primitive.call, [Spec((), np.dtype("float32"))] * len(primitive.operands), {})
        if formula is None or len(formula.lines) < 2:
            return plain  # one operation, whatever it is called with: nothing to look up
    return Printed(primitive.name, primitive.call, plain)


def rule(name: str, function: Callable[..., Any], text: str | None) -> Callable[..., Any] | None:
    """A rule of an element-wise primitive; None where it can't be printed, or ``text`` says that it is one operation.

    Args:
        text: the rule as an expression of operators, where it is one (``formula.expression``).
    """
    if (text is not None and text.count("(") < 2) or any(n.endswith("_spec") for n in rule_parameters(function)):
        return None
    return Printed(name, function)


def write(name: str, function: Callable[..., Any], args: Sequence[Any], options: dict[str, Any]) -> Formula | None:
    """The formula of ``function`` for arguments of these dtypes and these very numbers; None where it can't be told."""
    formula = Formula(name if name.isidentifier() and name.isascii() else "formula")
    symbols = [formula.parameter(f"x{i}", a.dtype) if hasattr(a, "dtype") else a for i, a in enumerate(args)]
    try:
        with nobody():  # what is written down is no step of the user's program
            out = function(*symbols, **options)
    except Exception:  # the plain calls say what is wrong with it, if anything is
        return None
    formula.results = out if isinstance(out, tuple) else (out,)
    return formula if all(isinstance(result, Symbol) for result in formula.results) else None

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
from autograd.plan import compile_source, rule_parameters

COMPOSED: dict[str, Callable[..., Any]] = {}


def composed(formula: Callable[..., Any]) -> Any:
    """Decorator: plain arrays may run a backend's kernel in place of this formula of primitives.

    The formula takes its arguments by position and returns one value or a tuple of them. A rule may be one: the graph
    keeps for it what its parameters name, as for any other. The backend is that of the first parameter after ``g``, or
    of ``g`` itself where that is but a ``_spec``. A kernel is called as the formula is and answers ``NotImplemented``
    where it is not made for what it gets; then the formula runs. None of a kernel's arguments is, or (``g`` of several
    outputs) holds, a Tensor.

    Returns:
        a function with the formula's parameters; ``.formula`` is the formula itself.
    """
    name, parameters = formula.__name__, rule_parameters(formula)
    if name in COMPOSED:
        raise ValueError(f"composed: expected a new name; {name!r} is taken. Rename one of the two.")
    table: dict[type, Callable[..., Any]] = {}
    bind = functools.partial(_bind, name, formula, table)
    function = compile_source(_source(name, parameters), {"formula": formula, "table": table, "bind": bind})
    COMPOSED[name] = functools.update_wrapper(function, formula)
    function.formula = formula  # type: ignore[attr-defined]
    return function


def _source(name: str, parameters: tuple[str, ...]) -> str:
    given = ", ".join(parameters)
    beside = parameters[0] == "g" and len(parameters) > 1 and not parameters[1].endswith("_spec")
    first = parameters[1] if beside else parameters[0]
    tests = [f"{parameter}.__class__ is Tensor" for parameter in parameters]
    if parameters[0] == "g":
        tests.append("g.__class__ is tuple and any([part.__class__ is Tensor for part in g])")
    return "\n".join(
        [
            f"def {name}({given}):",
            f"    if {' or '.join(tests)}:",
            f"        return formula({given})",
            "    try:",
            f"        kernel_ = table[{first}.__class__]",
            "    except KeyError:",
            f"        kernel_ = bind({first}.__class__)",
            f"    result_ = kernel_({given})",
            f"    return formula({given}) if result_ is NotImplemented else result_",
        ]
    )


def _bind(name: str, formula: Callable[..., Any], table: dict[type, Callable[..., Any]], kind: type) -> Any:
    """What serves a type of operand not met before: its backend's kernel, or the formula."""
    backend = backends.BY_TYPE.get(kind)
    kernel = table[kind] = formula if backend is None else backend.KERNELS.get(name, formula)
    return kernel

"""What programs import from HIPS autograd's ``core``: ``make_vjp`` and ``make_jvp`` of one argument, and ``extend``'s.

Imports ``differential_operators``, ``extend``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import differential_operators as _operators
from autograd.extend import def_linear, defjvp, defjvp_argnum, defvjp, defvjp_argnum, defvjp_argnums, primitive
from autograd.tracer import getval, isbox

__all__ = [
    "def_linear", "defjvp", "defjvp_argnum", "defvjp", "defvjp_argnum", "defvjp_argnums", "getval", "isbox",
    "make_jvp", "make_vjp", "primitive",
]  # fmt: skip


def make_vjp(fun: Callable[[Any], Any], x: Any) -> tuple[Callable[[Any], Any], Any]:
    """``(pullback, fun(x))``; ``autograd.make_vjp(fun)(x)`` is the same.

    >>> pullback, out = make_vjp(lambda x: x * x, 3.0)
    >>> float(pullback(1.0)), float(out)
    (6.0, 9.0)
    """
    pullback, out = _operators.make_vjp(fun)(x)
    return pullback, out


def make_jvp(fun: Callable[[Any], Any], x: Any) -> Callable[[Any], tuple[Any, Any]]:
    """The function v ↦ ``(fun(x), J·v)``; ``autograd.make_jvp(fun)(x)`` is the same.

    >>> out, tangent = make_jvp(lambda x: x * x, 3.0)(1.0)
    >>> float(out), float(tangent)
    (9.0, 6.0)
    """
    push: Callable[[Any], tuple[Any, Any]] = _operators.make_jvp(fun)(x)
    return push

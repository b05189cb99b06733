"""``unary_to_nary``, with which programs for HIPS autograd make operators of their own. Imports nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["unary_to_nary"]


def unary_to_nary(unary_operator: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: an operator ``(f, x) -> …`` of functions of one argument, for functions of several.

    The result is called ``operator(fun, argnum=0, *args, **kwargs)(*xs)``; with a tuple as ``argnum`` the operator
    sees the tuple of these arguments.

    >>> from autograd.core import make_vjp
    >>> @unary_to_nary
    ... def slope(fun, x):
    ...     return make_vjp(fun, x)[0](1.0)
    >>> float(slope(lambda x, y: x * y**2, 1)(2.0, 3.0))
    12.0
    """

    @functools.wraps(unary_operator)
    def operator(fun: Callable[..., Any], argnum: Any = 0, *options: Any, **keywords: Any) -> Callable[..., Any]:
        if not isinstance(argnum, (int, tuple, list)):
            raise TypeError(f"unary_to_nary: expected argnum to be an integer or a tuple; got {argnum!r}. Correct it.")

        @functools.wraps(fun)
        def of_all(*args: Any, **kwargs: Any) -> Any:
            chosen = [argnum] if isinstance(argnum, int) else list(argnum)

            def of_chosen(x: Any) -> Any:
                full = list(args)
                for i, value in zip(chosen, [x] if isinstance(argnum, int) else x):
                    full[i] = value
                return fun(*full, **kwargs)

            x = args[argnum] if isinstance(argnum, int) else tuple([args[i] for i in chosen])
            return unary_operator(of_chosen, x, *options, **keywords)

        return of_all

    return operator

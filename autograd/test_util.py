"""``check_grads`` as HIPS autograd's tests call it. Imports ``check``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from autograd.check import check_grads as _check_grads

__all__ = ["check_grads", "combo_check"]


def check_grads(f: Callable[..., Any], modes: Sequence[str] = ("fwd", "rev"), order: int = 2) -> Callable[..., None]:
    """``autograd.check_grads`` with this order of arguments: modes are ``"fwd"`` and ``"rev"``.

    >>> check_grads(lambda x: x**3, modes=["rev"], order=2)(2.0)
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)

    def check(*args: Any, **kwargs: Any) -> None:
        _check_grads(lambda *xs: f(*xs, **kwargs), order, modes)(*args)

    return check


def combo_check(
    fun: Callable[..., Any], *args: Any, modes: Sequence[str] = ("fwd", "rev"), order: int = 2
) -> Callable[..., None]:
    """Checks at every combination of lists of arguments: ``combo_check(f)([x1, x2], [y1, y2], axis=[0, 1])``.

    >>> combo_check(lambda x, p: x**p)([2.0, 3.0], p=[2, 3])
    """

    def check(*lists: Sequence[Any], **named: Sequence[Any]) -> None:
        for values in itertools.product(*lists):
            for options in itertools.product(*named.values()):
                check_grads(fun, modes, order)(*values, **dict(zip(named, options)))

    return check

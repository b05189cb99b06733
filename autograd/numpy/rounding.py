"""Rounding, element by element: constant between steps, so derivatives are 0. Imports ``ufuncs`` and ``ops``."""

from __future__ import annotations

import operator
from typing import Any

from autograd.numpy.common import arraylike, hand_over
from autograd.numpy.ufuncs import unary
from autograd.ops import elementwise as _ops

__all__ = ["around", "ceil", "fix", "floor", "rint", "round", "trunc"]


@unary(_ops.floor)
def floor(x: Any, /) -> Any:
    """The largest whole number not above x.

    >>> floor([1.5, -1.5])
    array([ 1., -2.])
    """


@unary(_ops.ceil)
def ceil(x: Any, /) -> Any:
    """The smallest whole number not below x.

    >>> ceil([1.5, -1.5])
    array([ 2., -1.])
    """


@unary(_ops.trunc)
def trunc(x: Any, /) -> Any:
    """The whole number next to x towards 0.

    >>> trunc([1.5, -1.5])
    array([ 1., -1.])
    """


@unary(_ops.rint)
def rint(x: Any, /) -> Any:
    """The nearest whole number, the even one of two.

    >>> rint([1.5, 2.5])
    array([2., 2.])
    """


def fix(x: Any, out: Any = None) -> Any:
    """``trunc`` under its older name.

    >>> fix([1.5, -1.5])
    array([ 1., -1.])
    """
    return trunc(x, out)


def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """``a`` rounded to this many decimals, halves to even.

    >>> round([1.2345, 2.5], 2)
    array([1.23, 2.5 ])
    """
    a = arraylike(a)
    if out is not None:
        return hand_over("round", (a, decimals), out=out)
    return _ops.round(a, decimals=operator.index(decimals))


around = round

"""Choosing between elements: where, piecewise, maximum, minimum, clip. Imports ``ufuncs`` and ``ops``.

Dtypes, broadcasting and errors are as ``autograd.numpy.elementwise`` states them; g stands for the cotangent.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, arraylikes, hand_over, has_tensor, is_tensor, namespace_of, raw
from autograd.numpy.indexing import nonzero
from autograd.numpy.ufuncs import binary
from autograd.ops import arithmetic as _ops
from autograd.ops import elementwise as _more
from autograd.ops import index as _index
from autograd.plan import RUNTIME

__all__ = [
    "clip", "fmax", "fmin", "maximum", "minimum", "piecewise", "where",
]  # fmt: skip


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """x where the condition holds, y elsewhere; each gets g in its places. With the condition alone, ``nonzero``.

    Raises:
        ValueError: only one of x and y is given.

    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.])
    """
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ValueError("where: expected both x and y, or neither; got one. Give the other: where(condition, x, y).")
    return _ops.where(*arraylikes(condition, x, y))


@binary(_more.maximum)
def maximum(x1: Any, x2: Any, /) -> Any:
    """The larger of the two, NaN where one is; it gets g, and both get g/2 where they are equal.

    >>> maximum([1.0, 5.0], 3.0)
    array([3., 5.])
    """


@binary(_more.minimum)
def minimum(x1: Any, x2: Any, /) -> Any:
    """The smaller of the two, NaN where one is; it gets g, and both get g/2 where they are equal.

    >>> minimum([1.0, 5.0], 3.0)
    array([1., 3.])
    """


@binary(_more.fmax)
def fmax(x1: Any, x2: Any, /) -> Any:
    """The larger of the two, passing over NaN; it gets g, and both get g/2 where they are equal.

    >>> fmax([1.0, float("nan")], 3.0)
    array([3., 3.])
    """


@binary(_more.fmin)
def fmin(x1: Any, x2: Any, /) -> Any:
    """The smaller of the two, passing over NaN; it gets g, and both get g/2 where they are equal.

    >>> fmin([1.0, float("nan")], 3.0)
    array([1., 3.])
    """


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """min(max(a, a_min), a_max); g where a is within the bounds (included), to the bound where it is not.

    The bounds are named ``a_min`` and ``a_max``, or, as the array API standard has them, ``min`` and ``max``; None is
    no bound. Bounds may be arrays or Tensors, with derivatives.

    Raises:
        ValueError: a bound is given under both names.

    >>> clip([-1.0, 0.5, 2.0], 0, 1)
    array([0. , 0.5, 1. ])
    """
    if (min is not None and a_min is not None) or (max is not None and a_max is not None):
        raise ValueError("clip: expected each bound once; got a_min with min, or a_max with max. Drop one of the two.")
    low, high = a_min if a_min is not None else min, a_max if a_max is not None else max
    if a.__class__ in (list, tuple, float, int, bool, complex):
        a = arraylike(a, like=low if hasattr(low, "dtype") else high)
    low, high = [bound if bound is None else arraylikes(a, bound)[1] for bound in (low, high)]
    if out is not None:
        return hand_over("clip", (a, low, high), out=out)
    return _more.clip(a, low, high)


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """In the places of each condition, that function of x's elements there; the last condition that holds counts.

    A function sees the elements of its places alone, so that none elsewhere spoils its value or its gradient.

    Args:
        condlist: boolean arrays of x's shape, or one.
        funclist: a function of a vector, or a number, for each; one more is for where no condition holds (else 0).
        args, kw: further arguments of the functions.

    Returns:
        x's shape and dtype.

    Raises:
        ValueError: not as many functions as conditions, or one more.

    >>> from autograd import tensor
    >>> x = tensor([-1.0, 4.0], requires_grad=True)
    >>> piecewise(x, [x < 0, x >= 0], [0.0, lambda t: t**0.5]).sum().backward()
    >>> x.grad
    Tensor([0.  , 0.25], dtype=float64)
    """
    x = arraylike(x)
    conditions = condlist if isinstance(condlist, (list, tuple)) else [condlist]
    if conditions and not hasattr(conditions[0], "shape") and not isinstance(conditions[0], (list, tuple)):
        conditions = [conditions]
    if not has_tensor(x, list(conditions), *[f for f in funclist if not callable(f)]):
        return namespace_of(x).piecewise(x, list(conditions), list(funclist), *args, **kw)
    flags = [raw(arraylike(c, like=x)).astype(bool) for c in conditions]
    if len(funclist) == len(flags) + 1:
        flags.append(~sum(flags[1:], start=flags[0]))
    elif len(funclist) != len(flags):
        raise ValueError(
            f"piecewise: expected {len(flags)} or {len(flags) + 1} functions for as many conditions; got "
            f"{len(funclist)}. Give one for each condition, and one for elsewhere."
        )
    out = namespace_of(x).zeros_like(raw(x))
    for flag, function in zip(flags, funclist):
        value = function(_index.getitem(x, index=(flag,)), *args, **kw) if callable(function) else function
        out = _index.index_update(out, arraylike(value, like=x), index=(flag,))
    return out if is_tensor(out) else RUNTIME["Tensor"]._wrap(out)

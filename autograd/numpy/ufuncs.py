"""What ufuncs share: ``@unary`` and ``@binary`` give a primitive NumPy's signature. Imports ``common``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy

from autograd.numpy.common import COERCED, arraylike, arraylikes, hand_over, has_tensor, unsupported
from autograd.ops.arithmetic import astype
from autograd.tables import is_table

Function = Callable[..., Any]
SEQUENCES = frozenset({list, tuple, range})

# The keywords of every ufunc, and what they are when not given.
DEFAULTS = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True, "signature": None}


def unary(primitive: Function) -> Callable[[Function], Function]:
    """Decorator: the function of one operand that calls ``primitive``; the decorated one gives name and docstring.

    A Tensor or array goes straight to the primitive. ``out``, ``where`` and the other keywords of ufuncs are the
    array library's matter, and an error with Tensors, but for ``dtype``, to which the operands are cast.
    """
    return lambda described: _published(_unary(primitive, described.__name__), described)


def binary(primitive: Function) -> Callable[[Function], Function]:
    """Decorator: ``unary`` for two operands; a Python number beside an array stays weak."""
    return lambda described: _published(_binary(primitive, described.__name__), described)


def _unusual(name: str, primitive: Function, operands: Any, out: Any, keywords: dict[str, Any]) -> Any:
    """A call with keywords: those at their defaults count as not given."""
    for key in keywords:
        if key not in DEFAULTS:
            raise TypeError(f"{name}: expected keywords among out, {', '.join(DEFAULTS)}; got {key}. Correct the name.")
    given = {
        key: value
        for key, value in keywords.items()
        if value is not DEFAULTS[key] and not (isinstance(value, str) and value == DEFAULTS[key])
    }
    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    if out is not None:
        given["out"] = out
    operands = arraylikes(*operands)
    if not given:
        return primitive(*operands)
    if not has_tensor(*operands, *given.values()):
        return hand_over(name, operands, **given)
    if list(given) != ["dtype"]:
        raise unsupported(name, *given)
    dtype = given["dtype"]
    return primitive(*[astype(x, dtype=dtype) if hasattr(x, "dtype") else x for x in operands])


# The functions' globals are those of the module that describes them, so that doctest finds their examples there;
# hence what they use comes in as parameters here.
def _unary(
    primitive: Function,
    name: str,
    coerced: Any = COERCED,
    arraylike: Any = arraylike,
    unusual: Any = _unusual,
    tables: Any = is_table,
) -> Function:
    def call(x: Any, /, out: Any = None, **keywords: Any) -> Any:
        if out is None and not keywords:
            try:
                return primitive(x if x.__class__ not in coerced else arraylike(x))
            except TypeError:
                if not tables(x):
                    raise
                return primitive(arraylike(x))
        return unusual(name, primitive, (x,), out, keywords)

    return call


def _binary(
    primitive: Function,
    name: str,
    coerced: Any = COERCED,
    sequences: Any = SEQUENCES,
    arraylikes: Any = arraylikes,
    unusual: Any = _unusual,
    tables: Any = is_table,
) -> Function:
    def call(a: Any, b: Any, /, out: Any = None, **keywords: Any) -> Any:
        if out is None and not keywords:
            if (a.__class__ not in coerced and b.__class__ not in sequences) or (
                b.__class__ not in coerced and a.__class__ not in sequences
            ):
                try:
                    return primitive(a, b)
                except TypeError:
                    if not tables(a) and not tables(b):
                        raise
            return primitive(*arraylikes(a, b))
        return unusual(name, primitive, (a, b), out, keywords)

    return call


_KEYWORDS = [
    inspect.Parameter("out", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None),
    *[inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=value) for key, value in DEFAULTS.items()],
]


@functools.cache
def _signature(operands: tuple[str, ...], positional: int) -> inspect.Signature:
    """A ufunc's, of which there are few: working out each one's by itself would take a while at import."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    return inspect.Signature(
        [*[inspect.Parameter(x, kinds[i < positional]) for i, x in enumerate(operands)], *_KEYWORDS]
    )


# What ufuncs have as attributes; their methods reach Tensors by NumPy's own dispatch.
ATTRIBUTES = ("accumulate", "at", "identity", "nin", "nout", "outer", "reduce", "reduceat")


def _published(call: Function, described: Function) -> Function:
    """``call`` under the name, docstring and module of the function that describes it, with a ufunc's signature."""
    function: Any = FunctionType(call.__code__, described.__globals__, described.__name__, (None,), call.__closure__)
    function.__doc__ = described.__doc__
    function.__module__ = described.__module__
    function.__qualname__ = described.__qualname__
    code: Any = described.__code__
    function.__signature__ = _signature(code.co_varnames[: code.co_argcount], code.co_posonlyargcount)
    ufunc = getattr(numpy, described.__name__, None)
    if isinstance(ufunc, numpy.ufunc):
        for attribute in ATTRIBUTES:
            setattr(function, attribute, getattr(ufunc, attribute))
    return function

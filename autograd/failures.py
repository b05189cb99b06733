"""The text of an error in an operation's forward: what was expected, what came, and the fix. Imports ``graph``.

An operation words what can be wrong with its own operands (``Primitive.explains``). Here is what any operation can
meet: shapes that don't broadcast, dtypes it is not defined for, numbers outside a domain, None, bare numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd.graph import GraphError

if TYPE_CHECKING:
    from autograd.primitive import Primitive

# Bare numbers and None take the backend of the operands beside them.
WEAK = frozenset({float, int, bool, complex, type(None)})

# So much of an operand's or option's text is shown.
_SHORT = 60
# Python's own words for domain errors of floats, with what was expected instead, and the fix.
_DIVISOR = ("a divisor other than 0", "Test for 0 first, or add a small number to it")
_DOMAIN = ("a value inside the function's domain", "Clip it into the domain first, e.g. with maximum or minimum")
_RANGE = ("a value whose result fits a float", "Scale it down, or clip it, first")
_NUMBERS = {
    "float division by zero": _DIVISOR,
    "division by zero": _DIVISOR,
    "float modulo": _DIVISOR,
    "0.0 cannot be raised to a negative power": ("a base other than 0 for a negative exponent", _DIVISOR[1]),
    "zero to a negative power": ("a base other than 0 for a negative exponent", _DIVISOR[1]),
    "Integers to negative integer powers are not allowed.": (
        "floats, or an exponent of 0 or more, as integers have no negative powers",
        "Cast the base first: x.astype(float)",
    ),
    "math domain error": _DOMAIN,
    "expected a positive input": _DOMAIN,
    "expected a nonnegative input": _DOMAIN,
    "math range error": _RANGE,
    "(34, 'Numerical result out of range')": _RANGE,
    "no real power": (
        "a base of 0 or more for a fractional exponent",
        "Take abs(x) ** p, or a whole exponent; arrays have complex numbers: tensor(x, dtype=complex)",
    ),
}


def explained(primitive: Primitive, error: Exception, values: tuple[Any, ...], options: dict[str, Any]) -> Exception:
    """The forward's error with the operation's name, what came, and what to do, of the same class."""
    if isinstance(error, (MemoryError, GraphError, Warning)):  # a warning that is to be raised is no failure
        return error
    name, text = primitive.name, None
    if primitive.hint is not None:
        try:
            text = primitive.hint(*values, **options)
        except Exception:
            text = None
    # What needs an array fails on a bare number, or on None, with words of Python about an attribute.
    untaken = isinstance(error, (AttributeError, TypeError))
    if text is None and untaken:
        text = _not_taken(values, absent=primitive.elementwise and len(values) <= 2)
    if text is None and str(error).startswith(f"{name}: "):
        return error
    if text is None and (primitive.elementwise or "broadcast" in str(error)):
        text = _not_together(primitive.operands, values)
    if text is None and primitive.elementwise:
        text = _not_defined(primitive.operands, values, error)
    if text is None:
        operands = primitive.operands or tuple(f"xs[{i}]" for i in range(len(values)))
        came = _came(operands, values)
        what = str(error) or type(error).__name__
        if what in _NUMBERS or what.startswith("expected a noninteger or positive integer"):
            expected, fix = _NUMBERS.get(what, _DOMAIN)
            text = f"expected {expected}; {came}. {fix}."
        elif "out of bounds for" in what or "too large to convert" in what:
            text = f"expected a number that fits the array's dtype; {came}. Cast the array first: x.astype(float)."
        else:
            text = f"{what}; {came}"
            text += "".join(f", {key}={value!r}" for key, value in options.items() if _is_short(value))
    kind = TypeError if isinstance(error, AttributeError) else type(error)
    try:
        return kind(f"{name}: {text}")
    except Exception:  # NumPy's own subclasses take other arguments
        return (TypeError if issubclass(kind, TypeError) else ValueError)(f"{name}: {text}")


def _not_taken(values: tuple[Any, ...], absent: bool) -> str | None:
    """In words, what was wrong with Python numbers, or None (``absent``), as operands; None where it is not that."""
    if absent and any(value is None for value in values):
        came = ", ".join("None" if value is None else _describe(value) for value in values[:3])
        return f"expected arrays, Tensors or numbers; got {came}. Find where the None comes from: a missing return?"
    if not all(value.__class__ in WEAK for value in values):
        return None
    came = ", ".join(map(repr, values[:3]))
    if any(value.__class__ is complex for value in values):
        return f"expected real numbers, as graphs of floats hold; got {came}. Make arrays of them with tensor(x)."
    return f"expected arrays; got Python numbers ({came}). Make arrays of them with tensor(x)."


def _not_together(names: Sequence[str], values: tuple[Any, ...]) -> str | None:
    """In words, that operands don't broadcast; None where they do. The array libraries word it in their own ways."""
    shapes = {name: tuple(value.shape) for name, value in zip(names, values) if hasattr(value, "shape")}
    together: tuple[int, ...] | None = ()
    for shape in shapes.values():
        together = None if together is None else broadcast(together, shape)
    if together is not None:
        return None
    came = ", ".join(f"{name} is {shape}" for name, shape in shapes.items())
    return f"expected shapes that broadcast: counted from the last axis, equal sizes or 1; {came}. {_fit(shapes)}"


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape two shapes broadcast to; None where they do not.

    >>> broadcast((2, 1), (3,)), broadcast((2, 3), (2,))
    ((2, 3), None)
    """
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    ends = (1,) * (len(long) - len(short)) + tuple(short)
    if any(m != n and 1 not in (m, n) for m, n in zip(long, ends)):
        return None
    return tuple([n if m == 1 else m for m, n in zip(long, ends)])


def _fit(shapes: dict[str, tuple[int, ...]]) -> str:
    """What to do about shapes that don't broadcast: an axis at the end, where that helps."""
    for name, shape in shapes.items():
        for other in shapes.values():
            if shape and len(shape) < len(other) and broadcast(shape, other) is None:
                added = len(other) - len(shape)
                if broadcast((*shape, *(1,) * added), other) is not None:
                    return f"Add an axis behind: {name}[{', '.join(['...'] + ['None'] * added)}]."
    return "Index, reshape or transpose one of them."


def _not_defined(names: Sequence[str], values: tuple[Any, ...], error: Exception) -> str | None:
    """In words, that the operation is not there for the operands' dtypes."""
    if not isinstance(error, TypeError) or not any(hasattr(value, "dtype") for value in values):
        return None
    kinds = {value.dtype.kind if hasattr(value, "dtype") else type(value).__name__[0] for value in values}
    came = _came(names, values)
    if kinds & set("OSUVMm"):
        return f"expected numbers; {came}. Encode text, dates and objects as numbers first."
    if "c" in kinds:
        return f"expected real operands; {came}. Take the .real or .imag part, or abs(x), first."
    if "f" in kinds:
        return f"expected integers or booleans; {came}. Compare first, e.g. x > 0, or cast: x.astype(int)."
    return f"expected operands of a dtype that it is defined for; {came}. Cast first: x.astype(float)."


def _came(names: Sequence[str], values: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} is {_describe(value)}" for name, value in zip(names, values))


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is None:
        text = repr(value)
        return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
    return f"{tuple(shape)} {value.dtype}"


def _is_short(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float, str, bool, tuple)) and len(repr(value)) <= _SHORT)

"""One thing in a drawing, and numbers as text. Imports ``backends`` only."""

from __future__ import annotations

import math
from typing import Any

import backends

# Up to this many elements a Tensor's values are written out.
SMALL = 6


class Box:
    """One thing in a drawing: all text, no arrays.

    Attributes:
        id: ``"n7"``: the seventh in the order of creation, so equal programs give equal ids.
        kind: ``"op"``, ``"leaf"``, ``"constant"``.
        op, name: the operation, and the user's name for its result.
        state: ``""``, ``"nan"``, ``"inf"``, ``"zero"`` or ``"cut"``: the gradient's (or the value's NaN or infinity).
        inputs: (index of another box, label) per operand that has one.
        saved: (index of another box or -1 for its own output, label, bytes).
    """

    __slots__ = (
        "device", "dtype", "grad", "id", "inputs", "is_output", "kind", "line", "name", "norm", "op", "path", "saved",
        "shape", "state", "value",
    )  # fmt: skip

    def __init__(self, kind: str, op: str) -> None:
        self.id = ""
        self.kind = kind
        self.op = op
        self.name: str | None = None
        self.shape: tuple[int, ...] | None = None
        self.dtype = ""
        self.device = ""
        self.value: str | None = None
        self.grad: str | None = None
        self.norm: float | None = None
        self.state = ""
        self.path = ""
        self.line: Any = None
        self.is_output = False
        self.inputs: list[tuple[int, str]] = []
        self.saved: list[tuple[int, str, int]] = []


def shape_text(shape: tuple[int, ...] | None) -> str:
    """``(32, 10)``; empty for a scalar."""
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})" if shape else ""


def number(value: Any) -> str:
    """A number with four significant digits, as short as it goes."""
    if isinstance(value, complex):
        return f"{value:.4g}"
    if isinstance(value, (bool, int)):
        return str(value)
    return f"{float(value):.4g}"


def text_of(value: Any) -> str | None:
    """The values of a small array, None where there are too many to read."""
    if getattr(value, "size", 1) > SMALL:
        return None
    array = backends.of(value).to_numpy(value)
    return _nested(array.tolist())


def _nested(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_nested, value)) + "]"
    return number(value if value != 0 else abs(value))  # -0 would only puzzle who reads it


def state_of(value: Any, gradient: bool = False) -> str:
    """``"nan"`` or ``"inf"`` where an array holds one; for a gradient also ``"zero"`` where it is nothing but zeros."""
    if isinstance(value, (float, int, complex)):
        z = complex(value)
        if z != z:
            return "nan"
        if math.isinf(z.real) or math.isinf(z.imag):
            return "inf"
        return "zero" if gradient and z == 0 else ""
    if getattr(value.dtype, "kind", "f") in "iub" or value.size == 0:
        return ""
    xp = backends.of(value).xp
    if bool(xp.isfinite(value).all()):
        return "zero" if gradient and not bool((value != 0).any()) else ""
    return "nan" if bool(xp.isnan(value).any()) else "inf"


def norm_of(value: Any) -> float:
    """The Euclidean norm, NaN or infinite where an element is."""
    if isinstance(value, (float, int, complex)):
        return abs(value)
    xp = backends.of(value).xp
    with quiet():
        wide = xp.abs(value)
        if wide.dtype.itemsize < 4 or wide.dtype.kind != "f":
            wide = wide.astype("float32")
        return float(xp.sqrt((wide * wide).sum()))


def quiet() -> Any:
    """NumPy's warnings off: what is drawn may well be infinite."""
    return backends.get("numpy").xp.errstate(all="ignore")

"""``detect_anomaly``: the first operation that made a NaN or an infinity. Imports ``record``, ``lines``, ``graph``."""

from __future__ import annotations

import math
from typing import Any

import backends
from autograd import lines
from autograd.graph import GraphError, Leaf, Pick
from autograd.observe import cotangents
from autograd.primitive import Primitive
from autograd.record import record_lines

__all__ = ["AnomalyError", "detect_anomaly"]


class AnomalyError(GraphError):
    """An operation made a NaN or an infinity; the text names it, its inputs' ranges, and the user's line.

    Attributes:
        op: the operation's name.
        phase: ``"forward"`` or ``"backward"``.
        line: the user's line that called it (a string with the attributes ``code`` and ``text``), or None.
        path: the module it was called in, or an empty string.
    """

    def __init__(self, text: str, op: str = "", phase: str = "", line: Any = None, path: str = "") -> None:
        super().__init__(text)
        self.op, self.phase, self.line, self.path = op, phase, line, path


class detect_anomaly(record_lines):
    """Inside, the first operation, forward or backward, that makes a NaN or an infinity out of finite values raises.

    It records source lines as ``record_lines`` does. Every result is looked at, which waits for the device; NumPy's own
    warnings are off inside. Where it is not used, it costs nothing.

    Args:
        infinite: whether an infinity counts, too, or only NaN.

    Raises:
        AnomalyError: with the operation, its operands' ranges, the source line and the module's path.

    >>> from autograd import tensor
    >>> x = tensor([1.0, -1.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     y = x.log()
    Traceback (most recent call last):
        ...
    autograd.anomaly.AnomalyError: log made NaN (1 of 2 elements) at <doctest autograd.anomaly.detect_anomaly[2]>:2: \
y = x.log(); x is (2,) float64 from -1 to 1
    """

    def __init__(self, infinite: bool = True) -> None:
        super().__init__()
        self.infinite = infinite

    def __enter__(self) -> detect_anomaly:
        # The error names the place: NumPy's warning, which it would follow, only would be in the way.
        self._guards = getattr(self, "_guards", [])
        self._guards.append(backends.get("numpy").xp.errstate(all="ignore"))
        self._guards[-1].__enter__()
        super().__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        self._guards.pop().__exit__(None, None, None)

    def after(self, primitive: Any, args: Any, options: dict[str, Any], out: Any, began: Any) -> None:
        super().after(primitive, args, options, out, began)
        outs = out[: len(primitive.outputs)] if out.__class__ is tuple else (out,)
        for value in outs:
            what = anomaly(value, self.infinite)
            if what and not any(anomaly(a, self.infinite) for a in args):
                names = primitive.operands or [f"xs[{i}]" for i in range(len(args))]
                inputs = ", ".join(f"{n} is {range_of(a)}" for n, a in zip(names, args))
                raise _error(primitive.name, "forward", what, inputs, lines.user_line(), lines.scope.path())

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        super().recorded(primitive, tensors, result, options)
        if isinstance(primitive, Primitive) or any(anomaly(_raw(x), self.infinite) for x in tensors):
            return
        for x in result:  # of a function that was called as a whole, whose constants need not be finite
            what = anomaly(_raw(x), self.infinite)
            if what:
                inputs = ", ".join(f"argument {i} is {range_of(_raw(x))}" for i, x in enumerate(tensors))
                raise _error(primitive.name, "forward", what, inputs, lines.user_line(), lines.scope.path())

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        super().swept(node, g, grads)
        given = cotangents(g)
        if any(anomaly(x, self.infinite) for x in given):
            return
        for edge, grad in zip(node.edges, grads):
            value = _raw(grad)
            what = anomaly(value, self.infinite) if value is not None else ""
            if not what:
                continue
            slots = getattr(node.plan, "slots", ())
            saved = [
                f"{n} is {range_of(v)}" for n, v in zip(slots, node.saved or ()) if hasattr(v, "shape") or _is_number(v)
            ]
            inputs = ", ".join([f"the gradient that arrived is {range_of(given[0])}", *saved])
            note = node.note
            line = note.line if note is not None else None
            path = note.path if note is not None else None
            raise _error(
                node.plan.name, "backward", f"{what} in the gradient of {_towards(edge)}", inputs, line, path or ""
            )


def _towards(edge: Any) -> str:
    if edge.__class__ is Pick:
        edge = edge.edges[0]
    name = edge.note.name if edge.note is not None else None
    if edge.__class__ is Leaf:
        return f"the leaf {name}" if name else f"a leaf of shape {tuple(edge.shape)}"
    return f"{name or 'its operand'}, made by {edge.plan.name}"


def _error(op: str, phase: str, what: str, inputs: str, line: Any, path: str) -> AnomalyError:
    where = f" at {line.text}" if line is not None else ""
    if line is None:
        inputs += ". Its line is not known: run the forward pass inside detect_anomaly(), too"
    module = f" in the module {path}" if path else ""
    name = op if phase == "forward" else f"the backward pass of {op}"
    return AnomalyError(f"{name} made {what}{where}{module}; {inputs}", op, phase, line, path)


def _raw(value: Any) -> Any:
    return getattr(value, "_data", value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, complex)) and not isinstance(value, bool)


def anomaly(value: Any, infinite: bool = True) -> str:
    """What is wrong with a raw value, in words; empty where nothing is."""
    if isinstance(value, (float, complex)) and not hasattr(value, "dtype"):
        z = complex(value)
        if z != z:
            return "NaN"
        return "an infinity" if infinite and (math.isinf(z.real) or math.isinf(z.imag)) else ""
    dtype = getattr(value, "dtype", None)
    if dtype is None or getattr(dtype, "kind", "f") in "biuOSUMm" or not value.size:
        return ""
    xp = backends.of(value).xp
    # A sum of finite numbers may overflow, so it only tells that there is nothing to look for.
    if bool(xp.isfinite(value).all()):
        return ""
    nans, infinities = int(xp.isnan(value).sum()), int(xp.isinf(value).sum())
    count = f"of {value.size:,} elements"
    if nans:
        return f"NaN ({nans:,} {count})"
    return f"an infinity ({infinities:,} {count})" if infinite and infinities else ""


def range_of(value: Any) -> str:
    """``(32, 10) float32 from -1.5 to 3``: what a value is, and between which finite bounds it lies."""
    if value is None or (_is_number(value) and not hasattr(value, "dtype")):
        return repr(value)
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return type(value).__name__
    text = f"{tuple(value.shape)} {dtype}"
    if not value.size or getattr(dtype, "kind", "f") not in "biuf":
        return text
    xp = backends.of(value).xp
    finite = value[xp.isfinite(value)] if getattr(dtype, "kind", "f") == "f" and value.ndim else value
    if not finite.size:
        return f"{text}, no finite element"
    more = "" if finite.size == value.size else f", {value.size - finite.size:,} not finite"
    return f"{text} from {float(finite.min()):.4g} to {float(finite.max()):.4g}{more}"

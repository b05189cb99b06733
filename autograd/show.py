"""How Tensors and numbers of bytes print. Imports ``autograd.graph``."""

from __future__ import annotations

from typing import Any

import numpy

from autograd.graph import Leaf, Node, Pick


def show(tensor: Any) -> str:
    """``Tensor([1., 2.], dtype=float64, op=multiply)``."""
    data = tensor._data
    if data.__class__ in (float, int, bool, complex):
        text, parts = repr(data), []
    else:
        text = numpy.array2string(tensor.backend.to_numpy(data), separator=", ", prefix="Tensor(")
        parts = [f"dtype={data.dtype}"]
        if tensor.device != "cpu":
            parts.append(f"device={tensor.device!r}")
    edge = tensor._edge
    if edge.__class__ is Leaf and parts:
        parts.append("requires_grad=True")
    elif isinstance(edge, Node):
        parts.append(f"op={edge.plan.name}")
    elif edge.__class__ is Pick:
        parts.append(f"op={edge.edges[0].plan.name}[{edge.index}]")
    if tensor.name is not None:
        parts.append(f"name={tensor.name!r}")
    return f"Tensor({', '.join([text, *parts])})"


def bytes_text(count: float) -> str:
    """A number of bytes for people: ``"4.0 KiB"``."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return ""

"""How a Tensor prints: its data, dtype, device, and the operation it came from. Imports ``autograd.graph``."""

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

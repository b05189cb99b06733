"""Shapes: reshape, transpose, broadcasting. Imports ``autograd.primitive`` only."""

from __future__ import annotations

from typing import Any

from autograd.primitive import primitive


@primitive(view=True, linear="x")
def reshape(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    return x.reshape(shape)


reshape.vjp(x=lambda g, x_spec: reshape(g, shape=x_spec.shape))


@primitive(view=True, linear="x")
def transpose(xp: Any, x: Any, /, *, axes: tuple[int, ...]) -> Any:
    return x.transpose(axes)


transpose.vjp(x=lambda g, axes: transpose(g, axes=tuple(sorted(range(len(axes)), key=axes.__getitem__))))


@primitive(view=True, linear="x")
def broadcast_to(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    return xp.broadcast_to(x, shape)


broadcast_to.vjp(x=lambda g: g)  # un-broadcast where it arrives


@reshape.explains
def _reshape_hint(x: Any, *, shape: tuple[int, ...]) -> str:
    return f"expected a shape of {x.size} elements, as x's {tuple(x.shape)} has; got {shape}. At most one entry may be -1"

"""Shapes: reshape, transpose, broadcasting, diagonals, triangles, rolling. Imports ``autograd.primitive`` only."""

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


@primitive(view=True, linear="x")
def broadcast_view(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    """``broadcast_to`` for users, who may write to ``x`` later and see it here: always a view, never a quick copy."""
    return xp.broadcast_to(x, shape)


broadcast_view.vjp(x=lambda g: g)


@primitive(view=True, linear="x")
def diagonal(xp: Any, x: Any, /, *, offset: int, axis1: int, axis2: int) -> Any:
    return x.diagonal(offset, axis1, axis2)


diagonal.vjp(
    x=lambda g, x_spec, offset, axis1, axis2: place_diagonal(
        g, shape=x_spec.shape, offset=offset, axis1=axis1, axis2=axis2
    )
)


@primitive(linear="x")
def place_diagonal(xp: Any, x: Any, /, *, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Zeros of ``shape`` with ``x`` on the diagonal: what ``diagonal`` reads, written."""
    lead = [i for i in range(len(shape)) if i not in (axis1, axis2)]
    rows, columns = shape[axis1], shape[axis2]
    out = xp.zeros((*[shape[i] for i in lead], rows, columns), dtype=x.dtype)
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    if length:
        # The diagonal of a matrix lies in its memory at a constant distance.
        start = offset if offset >= 0 else -offset * columns
        flat = out.reshape((*out.shape[:-2], rows * columns))
        flat[..., start : start + length * (columns + 1) : columns + 1] = x
    places = [*lead, axis1, axis2]
    return out.transpose(sorted(range(len(places)), key=places.__getitem__))


place_diagonal.vjp(x=lambda g, offset, axis1, axis2: diagonal(g, offset=offset, axis1=axis1, axis2=axis2))


@primitive(linear="x")
def tril(xp: Any, x: Any, /, *, k: int) -> Any:
    return xp.tril(x, k)


@primitive(linear="x")
def triu(xp: Any, x: Any, /, *, k: int) -> Any:
    return xp.triu(x, k)


tril.vjp(x=lambda g, k: tril(g, k=k))
triu.vjp(x=lambda g, k: triu(g, k=k))


@primitive(linear="x")
def roll(xp: Any, x: Any, /, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    return xp.roll(x, shift, axis)


roll.vjp(x=lambda g, shift, axis: roll(g, shift=tuple([-s for s in shift]), axis=axis))


@reshape.explains
def _reshape_hint(x: Any, *, shape: tuple[int, ...]) -> str:
    return f"expected a shape of {x.size} elements, as x's {tuple(x.shape)} has; got {shape}. One entry may be -1"


@transpose.explains
def _transpose_hint(x: Any, *, axes: tuple[int, ...]) -> str:
    return (
        f"expected a permutation of the axes 0 … {x.ndim - 1} of x, which is {tuple(x.shape)}; got {axes}. "
        "Name each axis once"
    )


@broadcast_to.explains
@broadcast_view.explains
def _broadcast_hint(x: Any, *, shape: tuple[int, ...]) -> str:
    return (
        f"expected a shape that x's {tuple(x.shape)} broadcasts to; got {shape}. Counted from the last axis, "
        "each size must be equal, or 1 in x: index or reshape it"
    )


@diagonal.explains
def _diagonal_hint(x: Any, *, offset: int, axis1: int, axis2: int) -> str | None:
    if x.ndim < 2:
        return f"expected at least two axes; got x of shape {tuple(x.shape)}. Use diag to make a matrix of a vector"
    if axis1 != axis2:
        return None
    return f"expected two different axes; got axis1={axis1}, axis2={axis2}. Choose another for one"

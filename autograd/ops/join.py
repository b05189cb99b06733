"""Joining arrays: concatenate, stack. Imports ``autograd.primitive`` and ``ops.index``."""

from __future__ import annotations

from typing import Any

from autograd.ops.index import getitem
from autograd.primitive import primitive


@primitive(joint="xs")
def concatenate(xp: Any, *xs: Any, axis: int) -> Any:
    return xp.concatenate(xs, axis)


def _pieces(g: Any, needs: tuple[bool, ...], specs: Any, axis: int) -> list[Any]:
    lead = (slice(None),) * axis
    grads = []
    start = 0
    for need, spec in zip(needs, specs):
        stop = start + spec.shape[axis]
        grads.append(getitem(g, index=(*lead, slice(start, stop), ...)) if need else None)
        start = stop
    return grads


concatenate.vjp_all(_pieces)


@primitive(joint="xs")
def stack(xp: Any, *xs: Any, axis: int) -> Any:
    return xp.stack(xs, axis)


def _layers(g: Any, needs: tuple[bool, ...], axis: int) -> list[Any]:
    lead = (slice(None),) * axis
    return [getitem(g, index=(*lead, i, ...)) if need else None for i, need in enumerate(needs)]


stack.vjp_all(_layers)


@concatenate.explains
def _concatenate_hint(*xs: Any, axis: int) -> str | None:
    if not xs:
        return "expected at least one array; got none. Pass a list of them"
    shapes = [tuple(x.shape) for x in xs]
    if any(len(shape) != len(shapes[0]) for shape in shapes):
        return f"expected arrays of as many axes; got shapes {_listed(shapes)}. Add axes with expand_dims, or use stack"
    rests = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    if len(rests) > 1:
        return (
            f"expected shapes that agree on every axis but {axis}; got {_listed(shapes)}. "
            "Pad or cut them, or choose another axis"
        )
    return None


@stack.explains
def _stack_hint(*xs: Any, axis: int) -> str | None:
    if not xs:
        return "expected at least one array; got none. Pass a list of them"
    shapes = [tuple(x.shape) for x in xs]
    if len(set(shapes)) > 1:
        return f"expected arrays of one shape; got {_listed(shapes)}. Use concatenate to join along an axis they have"
    return None


def _listed(shapes: list[tuple[int, ...]]) -> str:
    shown = ", ".join(map(str, shapes[:8]))
    return f"{shown}, … ({len(shapes)} in all)" if len(shapes) > 8 else shown

"""Reductions. Axes come normalised: a tuple of non-negative integers. Imports ``primitive``, ``ops.shape``."""

from __future__ import annotations

from typing import Any

from autograd.ops.shape import broadcast_to, reshape
from autograd.primitive import primitive


def kept(shape: tuple[int, ...], axis: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` with the reduced axes as 1."""
    return tuple([1 if i in axis else size for i, size in enumerate(shape)])


@primitive(linear="x")
def sum(xp: Any, x: Any, /, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    # float16 adds up in float32 and is rounded once.
    if x.dtype.kind == "f" and x.dtype.itemsize == 2:
        return x.sum(axis=axis, dtype="float32", keepdims=keepdims).astype(x.dtype)
    return x.sum(axis=axis, keepdims=keepdims)


def spread(g: Any, x_spec: Any, axis: tuple[int, ...]) -> Any:
    """``g`` of a reduction over ``axis`` in the shape of its operand again, by broadcasting."""
    if g.shape and len(g.shape) != len(x_spec.shape):
        g = reshape(g, shape=kept(x_spec.shape, axis))
    return broadcast_to(g, shape=x_spec.shape)


sum.vjp(x=spread)

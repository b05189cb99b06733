"""Sorting and searching. Imports ``autograd.primitive`` and ``ops.index``."""

from __future__ import annotations

from typing import Any

from autograd.ops.index import scatter_along, take_along_axis
from autograd.primitive import primitive


# Sorting permutes, so the derivative puts each cotangent back where its element came from. Equal elements keep their
# order, so which of them a cotangent goes to does not depend on the sorting algorithm.
def _unsort(g: Any, order: Any, x_spec: Any, axis: int) -> Any:
    return scatter_along(g, order, axis=axis, shape=x_spec.shape, once=True)


@primitive
def argsort(xp: Any, x: Any, /, *, axis: int, descending: bool) -> Any:
    if not descending:
        return xp.argsort(x, axis=axis, kind="stable")
    # Turned around before and after, so that equal elements still keep their order.
    return x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis=axis, kind="stable"), axis)


argsort.vjp(x=None)


@primitive(residuals="order")
def sort(xp: Any, x: Any, /, *, axis: int, descending: bool) -> Any:
    order = argsort(x, axis=axis, descending=descending)
    return xp.take_along_axis(x, order, axis), order


sort.vjp(x=_unsort)
sort.jvp(x=lambda t, order, axis: take_along_axis(t, order, axis=axis))


@primitive
def argpartition(xp: Any, x: Any, /, *, kth: Any, axis: int) -> Any:
    return xp.argpartition(x, kth, axis)


argpartition.vjp(x=None)


@primitive(residuals="order")
def partition(xp: Any, x: Any, /, *, kth: Any, axis: int) -> Any:
    order = xp.argpartition(x, kth, axis)
    return xp.take_along_axis(x, order, axis), order


partition.vjp(x=_unsort)
partition.jvp(x=lambda t, order, axis: take_along_axis(t, order, axis=axis))


@primitive
def searchsorted(xp: Any, a: Any, v: Any, /, *, side: str) -> Any:
    return xp.searchsorted(a, v, side)


searchsorted.vjp(a=None, v=None)


@primitive
def isin(xp: Any, a: Any, b: Any, /, *, assume_unique: bool, invert: bool) -> Any:
    return xp.isin(a, b, assume_unique, invert)


isin.vjp(a=None, b=None)

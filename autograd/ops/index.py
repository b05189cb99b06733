"""Indexing, and the writes that views and ``x[i] = v`` are recorded as. Imports ``autograd.primitive`` and ``backends``."""

from __future__ import annotations

import math
from typing import Any

import backends
from autograd.primitive import Primitive, primitive

Steps = tuple[tuple[Primitive, dict[str, Any]], ...]


@primitive(view=True, linear="x")
def getitem(xp: Any, x: Any, /, *, index: Any) -> Any:
    return x[index]


getitem.vjp(x=lambda g, x_spec, index: scatter_index(g, index=index, shape=x_spec.shape))


@primitive(linear="x")
def scatter_index(xp: Any, x: Any, /, *, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of ``shape`` with ``x`` added at ``index``; repeated indices add up."""
    out = xp.zeros(shape, dtype=x.dtype)
    if is_basic(index):
        out[index] = x
    else:
        backends.of(out).add_at(out, index, x)
    return out


scatter_index.vjp(x=lambda g, index: getitem(g, index=index))


def is_basic(index: Any) -> bool:
    """Whether an index of slices, integers, ``...`` and None only, which selects each element at most once."""
    entries = index if isinstance(index, tuple) else (index,)
    return all(i is None or i is Ellipsis or isinstance(i, (slice, int)) and not isinstance(i, bool) for i in entries)


@primitive(joint="a b")
def index_update(xp: Any, a: Any, b: Any, /, *, index: Any) -> Any:
    """A copy of ``a`` with ``out[index] = b``."""
    out = xp.array(a, copy=True)
    out[index] = b
    return out


index_update.vjp(
    a=lambda g, index: index_update(g, 0, index=index),
    b=lambda g, index: getitem(g, index=index),
)


def replay(x: Any, steps: Steps) -> Any:
    """The view of ``x`` that these view operations make, one after the other."""
    for step, options in steps:
        x = step.call(x, **options)
    return x


@primitive(joint="a b")
def view_update(xp: Any, a: Any, b: Any, /, *, steps: Steps) -> Any:
    """A copy of ``a`` in which the view that ``steps`` select holds ``b``."""
    out = xp.array(a, copy=True, order="C")
    place = replay(xp.arange(math.prod(out.shape)).reshape(out.shape), steps)
    out.reshape(-1)[place.reshape(-1)] = xp.broadcast_to(xp.asarray(b, dtype=out.dtype), place.shape).reshape(-1)
    return out


view_update.vjp(
    a=lambda g, steps: view_update(g, 0, steps=steps),
    b=lambda g, steps: replay(g, steps),
)

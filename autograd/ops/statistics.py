"""Order statistics: the values at given places of the sorted order. Imports ``primitive`` and ``ops.index``."""

from __future__ import annotations

from typing import Any

from autograd.ops.index import scatter_along, take_along_axis
from autograd.primitive import primitive


@primitive(residuals="indices")
def order_statistics(xp: Any, x: Any, /, *, places: tuple[int, ...], axis: int) -> Any:
    """The elements that sorting would put at ``places`` (ascending, each once) of an axis; NaN sorts last.

    A partition finds them in linear time, and only their own indices are kept, not the whole order.
    """
    order = xp.argpartition(x, places, axis)
    lead = (slice(None),) * axis
    first, step = places[0], places[1] - places[0] if len(places) > 1 else 1
    if places == tuple(range(first, first + step * len(places), step)):
        indices = order[(*lead, slice(first, places[-1] + 1, step))]
    else:
        indices = xp.take(order, xp.asarray(places), axis=axis)
    # A copy, or the slice would hold the whole order in memory.
    indices = xp.array(indices, copy=True)
    return xp.take_along_axis(x, indices, axis), indices


order_statistics.vjp(
    x=lambda g, indices, x_spec, axis: scatter_along(g, indices, axis=axis, shape=x_spec.shape, once=True)
)
order_statistics.jvp(x=lambda t, indices, axis: take_along_axis(t, indices, axis=axis))

"""``pad``: an array with a border. Imports ``common``, ``indexing``, ``turning``, ``ops.{index,join,reduce,shape}``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as _np

from autograd.numpy.common import arraylike, arrays_only, backend_of, has_tensor, namespace_of, raw
from autograd.numpy.indexing import untracked
from autograd.ops import index as _index
from autograd.ops import join as _join
from autograd.ops import reduce as _reduce
from autograd.ops import shape as _shape
from autograd.ops.arithmetic import astype

__all__ = ["pad"]

_KEYWORDS = {
    "constant": {"constant_values"},
    "edge": set(),
    "linear_ramp": {"end_values"},
    "maximum": {"stat_length"},
    "mean": {"stat_length"},
    "minimum": {"stat_length"},
    "reflect": {"reflect_type"},
    "symmetric": {"reflect_type"},
    "wrap": set(),
}


def pad(array: Any, pad_width: Any, mode: str | Callable[..., Any] = "constant", **kwargs: Any) -> Any:
    """``array`` with a border of ``before`` and ``after`` elements on each axis, made axis by axis as in NumPy.

    Args:
        pad_width: ``n``, ``(before, after)``, one such pair per axis, or a dict from axis to either.
        mode: what stands in the border: ``"constant"`` (``constant_values=0``), ``"edge"`` (the outermost element),
            ``"linear_ramp"`` (a straight line to ``end_values=0``), ``"maximum"``, ``"mean"``, ``"minimum"`` (of the
            outer ``stat_length`` elements), ``"reflect"`` (mirrored about the edge), ``"symmetric"`` (mirrored with it;
            both with ``reflect_type="odd"``: 2·edge - mirrored), ``"wrap"`` (the other end). Plain arrays also take
            NumPy's ``"median"``, ``"empty"`` and functions.

    Raises:
        ValueError: another mode, widths that fit no axis, a keyword the mode has no use for.

    >>> pad([1.0, 2.0, 3.0], (2, 1), mode="reflect")
    array([3., 2., 1., 2., 3., 2.])
    """
    x = arraylike(array)
    arrays_only("pad", x)
    if not has_tensor(x, *kwargs.values()):
        return namespace_of(x).pad(x, pad_width, mode, **kwargs)
    if not isinstance(mode, str) or mode not in _KEYWORDS:
        raise ValueError(
            f"pad: expected one of the modes {', '.join(_KEYWORDS)} with Tensors; got {mode!r}. Choose one of them."
        )
    allowed = _KEYWORDS[mode]
    if not set(kwargs) <= allowed:
        raise ValueError(
            f"pad: expected {' and '.join(sorted(allowed)) or 'no keywords'} with mode={mode!r}; "
            f"got {', '.join(sorted(kwargs))}. "
            "Leave the others out."
        )
    if x.dtype.kind in "biu":
        return untracked("pad", x, pad_width, mode, **{name: raw(value) for name, value in kwargs.items()})
    widths = _widths(pad_width, tuple(x.shape))
    if mode == "constant":
        values = kwargs.get("constant_values", 0)
        if not has_tensor(values) and not _np.any(_host(values)):
            # Zeros around it are what a basic write leaves.
            places = tuple([slice(before, before + size) for (before, _), size in zip(widths, x.shape)])
            return _index.scatter_index(
                x, index=(*places, ...), shape=tuple([b + size + a for (b, a), size in zip(widths, x.shape)])
            )
        kwargs["constant_values"] = _pairs(values, x)
    elif mode == "linear_ramp":
        kwargs["end_values"] = _pairs(kwargs.get("end_values", 0), x)
    elif "stat_length" in kwargs and kwargs["stat_length"] is not None:
        kwargs["stat_length"] = _np.broadcast_to(_np.asarray(kwargs["stat_length"]), (len(x.shape), 2)).tolist()
    for axis, (before, after) in enumerate(widths):
        if before or after:
            if not x.shape[axis] and mode != "constant":
                raise ValueError(
                    f"pad: expected mode='constant' for the empty axis {axis}; got {mode!r}. Pad it with constants."
                )
            blocks = _BORDERS[mode](x, axis, before, after, mode, **kwargs)
            x = _join.concatenate(*[block for block in blocks if block is not None], axis=axis)
    return x


def _host(values: Any) -> Any:
    return backend_of(values).to_numpy(values) if hasattr(values, "dtype") else _np.asarray(values)


def _widths(width: Any, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """``(before, after)`` for every axis."""
    n = len(shape)
    if isinstance(width, dict):
        pairs = [(0, 0)] * n
        for axis, value in width.items():
            before, after = (value, value) if isinstance(value, int) else value
            pairs[axis] = (before, after)
        width = pairs
    found = _host(width)
    if found.dtype.kind not in "iu":
        raise TypeError(f"pad: expected integers as pad_width; got {width!r}. Round them.")
    try:
        found = _np.broadcast_to(found, (n, 2)).tolist()
    except ValueError:
        raise ValueError(
            f"pad: expected a number, a pair, or a pair for each of {n} axes; got {width!r}. "
            "Write ((before, after), …)."
        ) from None
    if any(entry < 0 for pair in found for entry in pair):
        raise ValueError(f"pad: expected widths of 0 or more; got {width!r}. Cut with slices instead.")
    return [(before, after) for before, after in found]


def _pairs(values: Any, x: Any) -> Any:
    """Values before and after every axis, as an array of shape ``(n, 2)`` with ``x``'s dtype."""
    values = arraylike(values, like=x)
    values = values if values.dtype == x.dtype else astype(values, dtype=x.dtype)
    return _shape.broadcast_to(values, shape=(len(x.shape), 2))


# What stands before and after: the blocks to join along one axis -------------------------------------------


def _cut(x: Any, axis: int, *bounds: Any) -> Any:
    return _index.getitem(x, index=((slice(None),) * axis + (slice(*bounds), ...)))


def _filled(block: Any, x: Any, axis: int, width: int) -> Any:
    """``block``, of one element along ``axis``, repeated; None for a width of 0, which adds nothing."""
    if not width:
        return None
    return _shape.broadcast_to(block, shape=(*x.shape[:axis], width, *x.shape[axis + 1 :]))


def _constant(x: Any, axis: int, before: int, after: int, mode: str, constant_values: Any) -> list[Any]:
    ends = [_index.getitem(constant_values, index=(axis, i, ...)) for i in (0, 1)]
    return [_filled(ends[0], x, axis, before), x, _filled(ends[1], x, axis, after)]


def _edge(x: Any, axis: int, before: int, after: int, mode: str) -> list[Any]:
    first, last = _cut(x, axis, 1), _cut(x, axis, x.shape[axis] - 1, None)
    return [_filled(first, x, axis, before), x, _filled(last, x, axis, after)]


def _linear_ramp(x: Any, axis: int, before: int, after: int, mode: str, end_values: Any) -> list[Any]:
    blocks: list[Any] = [None, x, None]
    for i, width, edge in ((0, before, _cut(x, axis, 1)), (1, after, _cut(x, axis, x.shape[axis] - 1, None))):
        if width:
            weights = (namespace_of(x).arange(width) / width).astype(x.dtype)
            weights = weights.reshape((width,) + (1,) * (len(x.shape) - 1 - axis))
            end = _index.getitem(end_values, index=(axis, i, ...))
            blocks[2 * i] = end + (edge - end) * (weights[::-1] if i else weights)
    return blocks


def _statistic(x: Any, axis: int, before: int, after: int, mode: str, stat_length: Any = None) -> list[Any]:
    function = {"maximum": _reduce.max, "mean": _reduce.mean, "minimum": _reduce.min}[mode]
    size = x.shape[axis]
    left, right = stat_length[axis] if stat_length is not None else (size, size)
    if min(left, right) < 1:
        raise ValueError(f"pad: expected stat_length of 1 or more; got {stat_length}. Leave it out to take all.")
    first = function(_cut(x, axis, min(left, size)), axis=(axis,), keepdims=True)
    last = function(_cut(x, axis, size - min(right, size), None), axis=(axis,), keepdims=True)
    return [_filled(first, x, axis, before), x, _filled(last, x, axis, after)]


def _mirrored(x: Any, axis: int, before: int, after: int, mode: str, reflect_type: str = "even") -> list[Any]:
    if reflect_type not in ("even", "odd"):
        raise ValueError(f"pad: expected reflect_type 'even' or 'odd'; got {reflect_type!r}. Choose one of them.")
    with_edge = int(mode == "symmetric")
    if x.shape[axis] == 1 and not with_edge:
        return _edge(x, axis, before, after, mode)  # nothing but the edge to mirror: NumPy repeats it
    odd = reflect_type == "odd"
    return [_mirror(x, axis, before, True, with_edge, odd), x, _mirror(x, axis, after, False, with_edge, odd)]


def _mirror(x: Any, axis: int, width: int, left: bool, with_edge: int, odd: bool) -> Any:
    """What stands on one side of ``x``: a mirrored array ends in a mirror's plane again, and is mirrored on there."""
    wider = x
    border: list[Any] = []
    while width:
        size = wider.shape[axis]
        part = min(width, size - 1 + with_edge)
        width -= part
        start = part - with_edge if left else size - 2 + with_edge
        stop = start - part
        block = _cut(wider, axis, start, None if stop < 0 else stop, -1)
        if odd:
            block = 2 * (_cut(wider, axis, 1) if left else _cut(wider, axis, size - 1, None)) - block
        border = [block, *border] if left else [*border, block]
        if width:
            wider = _join.concatenate(*(border + [x] if left else [x, *border]), axis=axis)
    return _join.concatenate(*border, axis=axis) if len(border) > 1 else border[0] if border else None


def _wrapped(x: Any, axis: int, before: int, after: int, mode: str) -> list[Any]:
    size = x.shape[axis]
    left = _cut(x, axis, size - before % size, None) if before % size else None
    right = _cut(x, axis, after % size) if after % size else None
    return [left, *[x] * (before // size), x, *[x] * (after // size), right]


_BORDERS: dict[str, Callable[..., list[Any]]] = {
    "constant": _constant,
    "edge": _edge,
    "linear_ramp": _linear_ramp,
    "maximum": _statistic,
    "mean": _statistic,
    "minimum": _statistic,
    "reflect": _mirrored,
    "symmetric": _mirrored,
    "wrap": _wrapped,
}

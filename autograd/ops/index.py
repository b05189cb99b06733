"""Indexing, and the writes that views and ``x[i] = v`` are recorded as. Imports ``primitive`` and ``backends``."""

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
    if is_basic(index) or selects_once(index):
        out[index] = x
    else:
        backends.of(out).add_at(out, index, x)
    return out


scatter_index.vjp(x=lambda g, index: getitem(g, index=index))


def is_basic(index: Any) -> bool:
    """Whether an index of slices, integers, ``...`` and None only: what it selects is a view."""
    entries = index if isinstance(index, tuple) else (index,)
    return all([_is_basic(i) for i in entries])


def _is_basic(entry: Any) -> bool:
    return entry is None or entry is Ellipsis or (isinstance(entry, (slice, int)) and entry.__class__ is not bool)


def selects_once(index: Any) -> bool:
    """Whether ``index`` names no element twice, as basic indices and boolean masks can't."""
    entries = index if isinstance(index, tuple) else (index,)
    return all([_is_basic(i) or getattr(getattr(i, "dtype", None), "kind", "") == "b" for i in entries])


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


# Along one axis --------------------------------------------------------------------------------------------


@primitive(linear="x")
def take_along_axis(xp: Any, x: Any, indices: Any, /, *, axis: int) -> Any:
    return xp.take_along_axis(x, indices, axis)


take_along_axis.vjp(
    x=lambda g, indices, x_spec, axis: scatter_along(g, indices, axis=axis, shape=x_spec.shape, once=False),
    indices=None,
)


@primitive(linear="x")
def scatter_along(xp: Any, x: Any, indices: Any, /, *, axis: int, shape: tuple[int, ...], once: bool) -> Any:
    """Zeros of ``shape`` with ``x`` added where ``take_along_axis`` would have read it.

    ``once`` says that no place comes twice and none is negative, as in a permutation: that spares the slow adding up.
    """
    out = xp.zeros(shape, dtype=x.dtype)
    # In flat memory one array of integers says it all, and that is the case libraries have made fast.
    places: Any = 0
    step = 1
    for i in reversed(range(len(shape))):
        if i == axis:
            along = indices.astype("int64")
            places = places + (along + (along < 0) * shape[i] if not once else along) * step
        elif shape[i] > 1:
            places = places + (xp.arange(shape[i]) * step).reshape((-1,) + (1,) * (len(shape) - 1 - i))
        step *= shape[i]
    if once:
        out.reshape(-1)[places] = x
    else:
        places = xp.broadcast_to(places, x.shape).reshape(-1)
        backends.of(out).add_at(out.reshape(-1), places, x.reshape(-1))
    return out


scatter_along.vjp(x=lambda g, indices, axis: take_along_axis(g, indices, axis=axis), indices=None)


# Writes through views --------------------------------------------------------------------------------------


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


# Errors ----------------------------------------------------------------------------------------------------


@getitem.explains
def _getitem_hint(x: Any, *, index: Any) -> str | None:
    shape = tuple(x.shape)
    entries = index if isinstance(index, tuple) else (index,)
    taken = [_axes(i) for i in entries]
    if sum(taken) > len(shape):
        return f"expected at most {len(shape)} indices, as x is {shape}; got {sum(taken)}. Add axes with None"
    axis = 0
    for entry, axes in zip(entries, taken, strict=True):
        if entry is Ellipsis:
            axis += len(shape) - sum(taken)
        elif isinstance(entry, int) and not isinstance(entry, bool) and not -shape[axis] <= entry < shape[axis]:
            size = shape[axis]
            where = f"an index from {-size} to {size - 1}" if size else "no integer index, since there is nothing"
            fix = "Choose one of these, or a slice, which may be empty" if size else "Look at its size first"
            return f"expected {where} on axis {axis} of x, which is {shape}; got {entry}. {fix}"
        elif hasattr(entry, "dtype") and entry.dtype.kind not in "biu":
            return f"expected integers or booleans as an index; got an array of {entry.dtype}. Cast it: i.astype(int)"
        elif hasattr(entry, "dtype") and entry.dtype.kind in "iu" and entry.size:
            size, low, high = shape[axis], int(entry.min()), int(entry.max())
            if low < -size or high >= size:
                came = high if high >= size else low
                return (
                    f"expected indices from {-size} to {size - 1} on axis {axis} of x, which is {shape}; got {came}. "
                    "Clip them, or use take(x, i, mode='clip')"
                )
        axis += axes
    return None


def write_error(error: Exception, x: Any, value: Any, index: Any) -> Exception:
    """What to raise where ``x[index] = value`` raised ``error``."""
    text = str(error)
    if ": expected" in text:  # worded already, and under the name of what refused it
        return type(error)(text.replace("index_update: ", "setitem: ", 1))
    try:
        hint = _update_hint(x, value, index=index)
    except Exception:
        hint = None
    return type(error)(f"setitem: {hint or text.removeprefix('index_update: ')}")


@index_update.explains
def _update_hint(a: Any, b: Any, *, index: Any) -> str | None:
    """Words for a write ``a[index] = b`` that failed: the index, or what does not fit there."""
    wrong = _getitem_hint(a, index=index)
    if wrong is not None:
        return wrong
    if (b.__class__ is complex or getattr(b, "dtype", a.dtype).kind == "c") and a.dtype.kind != "c":
        return f"expected values that fit x's dtype {a.dtype}; got complex ones. Take .real, or cast x first"
    selected, given = tuple(a[index].shape), tuple(getattr(b, "shape", ()))
    if any(size not in (1, into) for size, into in zip(given[::-1], selected[::-1])) or len(given) > len(selected):
        return (
            f"expected a value that broadcasts to {selected}, which the index selects; got one of shape {given}. "
            "Reshape it, or give it axes of size 1"
        )
    return None


def _axes(entry: Any) -> int:
    """How many axes an entry of an index uses up."""
    if entry is None or entry is Ellipsis or isinstance(entry, bool):
        return 0
    return entry.ndim if getattr(getattr(entry, "dtype", None), "kind", "") == "b" else 1


@take_along_axis.explains
def _take_along_hint(x: Any, indices: Any, *, axis: int) -> str | None:
    if indices.dtype.kind not in "iu":
        return f"expected integer indices; got {indices.dtype}. Cast them: indices.astype(int)"
    if x.ndim != indices.ndim:
        return (
            f"expected indices of as many axes as x; x is {tuple(x.shape)}, indices {tuple(indices.shape)}. "
            "Add an axis: expand_dims(indices, axis)"
        )
    return None

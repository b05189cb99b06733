"""Writes into arrays: put, place, copyto; on Tensors recorded as ``x[i] = v`` is. Imports ``common``, ``indexing``."""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import (
    arraylike,
    arrays_only,
    hand_over,
    has_tensor,
    is_tensor,
    namespace_of,
    normalize_one,
    raw,
)
from autograd.numpy.indexing import integers, normalize_index
from autograd.ops import index as _index
from autograd.ops import shape as _shape
from autograd.ops.arithmetic import astype
from autograd.ops.arithmetic import where as _where

__all__ = ["copyto", "place", "put", "put_along_axis", "putmask"]


def _written(name: str, target: Any, *values: Any) -> bool:
    """Whether the target is a Tensor; a plain one can't take values that have a gradient."""
    if not is_tensor(target) and has_tensor(*values):
        raise TypeError(
            f"{name}: expected the array written to be a Tensor, since a value is one; got {type(target).__name__}, "
            "which keeps no gradient. Make it a Tensor: tensor(x)."
        )
    if is_tensor(target):
        arrays_only(name, target)
    return is_tensor(target)


def _write(x: Any, places: Any, values: Any) -> None:
    """``x.flat[places] = values``."""
    keys = []
    for size in reversed(x.shape):
        keys.append(places % size)
        places = places // size
    x[tuple(reversed(keys))] = values


def _repeated(values: Any, x: Any, places: Any) -> Any:
    """The flattened ``values`` at ``places``, counted round and round; a number as it is."""
    values = arraylike(values, like=x)
    if not values.shape:
        return values
    flat = _shape.reshape(values, shape=(-1,))
    return flat[places % flat.shape[0]]


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """``a.flat[ind] = v`` in place, ``v`` repeated as often as needed; differentiable in both.

    Args:
        mode: for indices out of range: ``"raise"``, ``"wrap"`` or ``"clip"``.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0, 3.0])
    >>> put(x, [0, -1], [7.0, 8.0])
    >>> x
    Tensor([7., 2., 8.], dtype=float64)
    """
    if not _written("put", a, v):
        return hand_over("put", (a, raw(ind), v), mode=mode)
    xp, size = a.backend.xp, a.size
    places = integers("put", ind, a).reshape(-1)
    if mode == "raise":
        if places.size and not -size <= int(places.min()) <= int(places.max()) < size:
            raise IndexError(f"put: expected indices from {-size} to {size - 1}; got others. Use mode='wrap'.")
    elif mode == "clip":
        places = xp.clip(places, 0, size - 1)
    elif mode != "wrap":
        raise ValueError(f"put: expected mode 'raise', 'wrap' or 'clip'; got {mode!r}. Choose one of them.")
    _write(a, places % max(size, 1), _repeated(v, a, xp.arange(places.shape[0])))
    return None


def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """``a.flat[i] = values.flat[i % values.size]`` in place where ``mask`` is true; differentiable in both.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0, 3.0])
    >>> putmask(x, x > 1, [7.0, 8.0, 9.0])
    >>> x
    Tensor([1., 8., 9.], dtype=float64)
    """
    if not _written("putmask", a, values):
        return hand_over("putmask", (a, raw(mask), values))
    places = a.backend.xp.flatnonzero(raw(arraylike(mask, like=a)))
    _write(a, places, _repeated(values, a, places))
    return None


def place(arr: Any, mask: Any, vals: Any) -> None:
    """The places where ``mask`` is true get ``vals`` one after the other, repeated as needed; differentiable in both.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0, 3.0])
    >>> place(x, x > 1, [7.0, 8.0, 9.0])
    >>> x
    Tensor([1., 7., 8.], dtype=float64)
    """
    if not _written("place", arr, vals):
        return hand_over("place", (arr, raw(mask), vals))
    xp = arr.backend.xp
    places = xp.flatnonzero(raw(arraylike(mask, like=arr)))
    _write(arr, places, _repeated(vals, arr, xp.arange(places.shape[0])))
    return None


def add_at(negative: bool, target: Any, index: Any, values: Any) -> None:
    """``target[index] += values`` (or ``-=``), where repeated indices add up: ``numpy.add.at(tensor, …)``."""
    key = normalize_index(index, target)
    values = arraylike(values, like=target)
    values = _shape.broadcast_to(values, shape=tuple(raw(target)[key].shape))
    update = _index.scatter_index(astype(values, dtype=target.dtype), index=key, shape=tuple(target.shape))
    if negative:
        target -= update
    else:
        target += update


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """``dst[...] = src`` in place, only in the places of ``where``; differentiable in both.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0])
    >>> copyto(x, 5.0, where=[True, False])
    >>> x
    Tensor([5., 2.], dtype=float64)
    """
    if not _written("copyto", dst, src):
        return hand_over("copyto", (dst, src), casting=casting, where=raw(where))
    values = arraylike(src, like=dst)
    dst[...] = values if where is True else _where(raw(arraylike(where, like=dst)), values, dst)
    return None


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """``arr[…, indices[…, i, …], …] = values[…, i, …]`` in place, differentiable in ``arr`` and ``values``.

    Which of several values for one place stays is left open, as it is on a GPU; all of them get its gradient.

    >>> from autograd import tensor
    >>> x = tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> put_along_axis(x, [[1], [0]], 0.0, axis=1)
    >>> x
    Tensor([[1., 0.],
            [0., 4.]], dtype=float64)
    """
    if not _written("put_along_axis", arr, values):
        return namespace_of(arr).put_along_axis(arr, raw(indices), values, axis)
    xp = arr.backend.xp
    places = integers("put_along_axis", indices, arr)
    if axis is None:
        if places.ndim != 1:
            raise ValueError(
                f"put_along_axis: expected a vector of indices with axis=None; got shape {places.shape}. Ravel them."
            )
        _write(arr, places % max(arr.size, 1), values)
        return None
    n = len(arr.shape)
    axis = normalize_one(axis, n)
    if places.ndim != n:
        raise ValueError(
            f"put_along_axis: expected indices of as many axes as arr; arr is {tuple(arr.shape)}, indices "
            f"{tuple(places.shape)}. Add an axis: expand_dims(indices, axis)."
        )
    keys = [xp.arange(size).reshape((-1,) + (1,) * (n - 1 - i)) for i, size in enumerate(arr.shape)]
    keys[axis] = places
    arr[tuple(keys)] = values
    return None

"""Indexing and selection. Imports ``autograd.ops``, ``autograd.plan``."""

from __future__ import annotations

from typing import Any

from autograd.plan import RUNTIME


def normalize_index(key: Any) -> Any:
    """An index with Tensors unwrapped and, where it is basic, an Ellipsis, so that ``x[0]`` is a view on every backend.

    (NumPy alone gives a scalar copy for an index of integers only.)
    """
    cls = RUNTIME["Tensor"]
    if key.__class__ is int or key.__class__ is slice or key is None:
        return (key, Ellipsis)
    if key is Ellipsis:
        return (key,)
    if key.__class__ is not tuple:
        if key.__class__ is cls:
            key = key._data
        return (key, Ellipsis) if key.__class__ is int else key
    basic = True
    entries = []
    for entry in key:
        if entry.__class__ is cls:
            entry = entry._data
        basic = basic and (entry.__class__ is int or entry.__class__ is slice or entry is None)
        entries.append(entry)
    if basic:
        entries.append(Ellipsis)
    return tuple(entries)

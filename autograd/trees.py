"""Nested lists, tuples and dicts: taken apart into leaves and put together again. Imports nothing of this project.

A tree's structure is a flat tuple of entries in the order in which it is walked, so that neither way recurses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

# An entry: None for a leaf, else (how to make the container, its keys or None, how many children follow).
Structure = tuple[Any, ...]
LEAF: Structure = (None,)


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a nest of lists, tuples, named tuples and dicts, and what ``unflatten`` needs to rebuild it.

    Dicts are walked in the order of their sorted keys. ``None`` is a container without leaves, so that an absent
    parameter needs no gradient.

    >>> flatten({"w": [1.0, 2.0], "b": None})[0]
    [1.0, 2.0]
    """
    kind = tree.__class__
    if kind is not tuple and kind is not list and tree is not None and not isinstance(tree, (tuple, list, dict)):
        return [tree], LEAF
    leaves: list[Any] = []
    entries: list[Any] = []
    stack = [tree]
    while stack:
        item = stack.pop()
        if item is None:
            entries.append((type(None), None, 0))
        elif isinstance(item, dict):
            keys = tuple(_ordered(item))
            entries.append((OrderedDict if isinstance(item, OrderedDict) else dict, keys, len(keys)))
            stack.extend([item[key] for key in reversed(keys)])
        elif isinstance(item, (list, tuple)):
            named = isinstance(item, tuple) and hasattr(item, "_fields")
            entries.append((type(item) if named else list if isinstance(item, list) else tuple, None, len(item)))
            stack.extend(reversed(item))
        else:
            entries.append(None)
            leaves.append(item)
    return leaves, tuple(entries)


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves.

    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": None})
    >>> unflatten(structure, ["x", "y"])
    {'b': None, 'w': ['x', 'y']}
    """
    leaves = list(leaves)
    if structure is LEAF:
        return leaves[0]
    built: list[Any] = []
    for entry in reversed(structure):  # children come after their container, so they are there when it is built
        if entry is None:
            built.append(leaves.pop())
            continue
        kind, keys, count = entry
        children = [built.pop() for _ in range(count)]
        if kind is type(None):
            built.append(None)
        elif keys is not None:
            built.append(kind(zip(keys, children)))
        elif hasattr(kind, "_fields"):
            built.append(kind(*children))
        else:
            built.append(kind(children))
    return built.pop()


def leaves_of(tree: Any) -> list[Any]:
    """The leaves alone."""
    return flatten(tree)[0]


def describe(structure: Structure) -> str:
    """A structure in words for an error: ``{'b': None, 'w': [*, *]}``."""
    return repr(unflatten(structure, [_Star()] * sum(entry is None for entry in structure)))


class _Star:
    def __repr__(self) -> str:
        return "*"


def _ordered(keys: Iterable[Any]) -> list[Any]:
    try:
        return sorted(keys)
    except TypeError:  # keys of several types
        return sorted(keys, key=lambda key: (type(key).__name__, repr(key)))

"""Nested tuples, lists and dicts of arrays, taken apart and put together again. Imports ``backends``, ``autograd``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import backends
from autograd import Tensor

HOST = backends.get("numpy")


def is_leaf(x: Any) -> bool:
    """Whether ``x`` counts as one array: all but containers of arrays. A list of numbers, or of lists of them, does."""
    if isinstance(x, Mapping):
        return hasattr(x, "__array__")
    if isinstance(x, (list, tuple)):
        return not x or not any([_holds_arrays(entry) for entry in x])
    return True


def _holds_arrays(x: Any) -> bool:
    if x is None or isinstance(x, Mapping) or hasattr(x, "shape") or hasattr(x, "__dlpack__"):
        return True
    return isinstance(x, (list, tuple)) and any([_holds_arrays(entry) for entry in x])


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves in order, and the plan for ``build``: the tree with each leaf's number in its place.

    >>> flatten({"a": 1.5, "b": (2.5, None)})
    ([1.5, 2.5], {'a': 0, 'b': (1, None)})
    """
    leaves: list[Any] = []
    return leaves, plan(tree, leaves, is_leaf)


def plan(tree: Any, leaves: list[Any], leaf: Callable[[Any], bool]) -> Any:
    """The plan for ``build``; the leaves, which ``leaf`` knows, are appended to ``leaves``."""
    if tree is None:
        return None
    if leaf(tree):
        leaves.append(tree)
        return len(leaves) - 1
    if isinstance(tree, Mapping):
        return {key: plan(value, leaves, leaf) for key, value in tree.items()}
    parts = [plan(value, leaves, leaf) for value in tree]
    return parts if isinstance(tree, list) else type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)


def build(tree: Any, leaves: list[Any]) -> Any:
    """The tree that ``plan`` describes, with ``leaves`` in their places.

    >>> build({"a": 0, "b": (1, None)}, ["x", "y"])
    {'a': 'x', 'b': ('y', None)}
    """
    kind = tree.__class__
    if kind is int:
        return leaves[tree]
    if tree is None:
        return None
    if kind is dict:
        return {key: build(value, leaves) for key, value in tree.items()}
    parts = [build(value, leaves) for value in tree]
    return parts if kind is list else kind(*parts) if hasattr(tree, "_fields") else tuple(parts)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """``function`` of every leaf, in the same structure."""
    leaves, shape = flatten(tree)
    return build(shape, [function(leaf) for leaf in leaves])


def as_array(x: Any, name: str = "data") -> Any:
    """``x`` as an array of a known backend: Tensors, arrays, pandas, anything with DLPack or ``__array__``, lists.

    Raises:
        TypeError: it becomes no array of numbers.

    >>> as_array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if isinstance(x, Tensor):
        return x.detach().data
    kind = type(x)
    if kind in backends.BY_TYPE and backends.BY_TYPE[kind].owns_memory:
        return _numeric(x, x, name)
    try:
        if hasattr(x, "to_numpy"):  # pandas and its kin; a frame of one dtype without a copy
            array = _framed(x)
        elif hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
            array = _exchanged(x)
        else:
            array = HOST.asarray(x)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(
            f"{name}: expected an array, a frame, nested lists of numbers, or an object with __array__ or __dlpack__; "
            f"got {type(x).__name__} ({error}). Convert it with numpy.asarray first."
        ) from None
    return _numeric(array, x, name)


def _framed(x: Any) -> Any:
    array = HOST.asarray(x.to_numpy())
    dtypes = list(x.dtypes) if hasattr(x, "columns") else [getattr(x, "dtype", None)]
    if array.dtype.kind != "O" or not all([getattr(dtype, "kind", "O") in "biuf" for dtype in dtypes]):
        return array
    # pandas's dtypes that may lack values: a missing number is NaN, a missing integer an error.
    common = HOST.xp.result_type(*[getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes])
    return x.to_numpy(dtype=common, na_value=float("nan")) if common.kind == "f" else x.to_numpy(dtype=common)


def _exchanged(x: Any) -> Any:
    # Device type 1 is the host in DLPack; what is elsewhere stays there, in the library that can hold it.
    if x.__dlpack_device__()[0] == 1:
        return HOST.xp.from_dlpack(x)
    try:
        return backends.of(x) and x
    except TypeError:
        return backends.for_device("cuda").xp.from_dlpack(x)


def _numeric(array: Any, given: Any, name: str) -> Any:
    if array.dtype.kind not in "biufc" and array.dtype.name != "bfloat16":
        wrong = ""
        if hasattr(given, "dtypes") and hasattr(given, "columns"):
            named = [str(c) for c, d in zip(given.columns, given.dtypes) if getattr(d, "kind", "O") not in "biufc"]
            wrong = f" in the columns {', '.join(named)}" if named else ""
        fix = "Encode text and dates as numbers first."
        if array.dtype.kind in "US" and not wrong:
            fix = "Encode text as numbers first: labels, numbers = np.unique(text, return_inverse=True)."
        elif array.dtype.kind == "O" and not wrong:
            fix = "Where it holds numbers, convert it: x.astype('float32')."
        raise TypeError(f"{name}: expected numbers; got dtype {array.dtype}{wrong}. {fix}")
    return array


def count(array: Any, name: str) -> int:
    """How many samples ``array`` holds.

    Raises:
        ValueError: it has no axes.
    """
    if not array.shape:
        raise ValueError(
            f"{name}: expected arrays whose first axis counts samples; got a single number. Pass an array."
        )
    return int(array.shape[0])

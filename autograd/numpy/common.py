"""What every subject of the namespace shares: arguments made fit for primitives. Imports ``ops.join``, ``backends``."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from numpy import dtype as _dtype
from numpy.exceptions import AxisError

import backends
from autograd.ops import join as _join
from autograd.plan import RUNTIME
from autograd.tables import is_table, values_of

# Bare numbers and nested sequences: what a public function turns into arrays before it calls a primitive.
NUMBERS = frozenset({float, int, bool, complex})
COERCED = NUMBERS | {list, tuple, range}


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is a Tensor."""
    return x.__class__ is RUNTIME["Tensor"]


def has_tensor(*xs: Any) -> bool:
    """Whether a Tensor is among ``xs``, or inside a list or tuple among them, however deep.

    >>> from autograd import tensor
    >>> has_tensor(1.0, [2.0, [tensor(3.0)]]), has_tensor([1.0])
    (True, False)
    """
    cls = RUNTIME["Tensor"]
    stack = list(xs)
    while stack:
        x = stack.pop()
        if x.__class__ is cls:
            return True
        if x.__class__ is list or x.__class__ is tuple:
            stack.extend(x)
    return False


def raw(x: Any) -> Any:
    """The array inside a Tensor; anything else as it is."""
    return x._data if x.__class__ is RUNTIME["Tensor"] else x


def backend_of(*xs: Any) -> backends.Backend:
    """The backend of the first Tensor or array among ``xs`` (also inside lists), the default one where there is none.

    >>> backend_of(1.0, [2.0])
    <backend numpy>
    """
    cls = RUNTIME["Tensor"]
    stack = list(reversed(xs))
    while stack:
        x = stack.pop()
        if x.__class__ is cls:
            x = x._data
            return backends.of(x)
        if x.__class__ is list or x.__class__ is tuple:
            stack.extend(reversed(x))
        elif x.__class__ not in NUMBERS:
            backend = backends.BY_TYPE.get(x.__class__)
            if backend is not None and backend.owns_memory:
                return backend
    return backends.default()


def namespace_of(*xs: Any) -> Any:
    """The array library (``numpy``, ``cupy``, …) of the first Tensor or array among ``xs``, else the default one's."""
    return backend_of(*xs).xp


def arraylike(x: Any, like: Any = None) -> Any:
    """``x`` as a primitive takes it.

    Tensors, arrays of any backend and NumPy's scalars pass untouched. Bare numbers, lists and tuples become an array
    of ``like``'s backend (the default one without ``like``); a list with Tensors inside is stacked, level by level,
    so that gradients flow into each of them.

    Raises:
        TypeError: no backend knows the type.

    >>> arraylike([1.0, 2.0])
    array([1., 2.])
    >>> from autograd import tensor
    >>> t = tensor(3.0, requires_grad=True)
    >>> arraylike([[1.0, 2.0], [t, 4.0]])
    Tensor([[1., 2.],
            [3., 4.]], dtype=float64, op=stack)
    """
    if x.__class__ is RUNTIME["Tensor"]:
        return x
    if x.__class__ not in COERCED:
        return _known(x)
    if (x.__class__ is list or x.__class__ is tuple) and has_tensor(x):
        return _stacked(x)
    return (backend_of(x) if like is None else backend_of(like)).asarray(list(x) if x.__class__ is range else x)


def arraylikes(*xs: Any) -> tuple[Any, ...]:
    """Operands of one operation: a number beside an array stays a number (and so weak); a list becomes such an array.

    >>> import numpy as np
    >>> arraylikes(np.float32([1, 2]), 0.5, [3, 4])
    (array([1., 2.], dtype=float32), 0.5, array([3, 4]))
    >>> arraylikes(1, 2.0)
    (array(1), array(2.))
    """
    if all([x.__class__ in NUMBERS for x in xs]):
        return tuple([arraylike(x) for x in xs])
    backend = backend_of(*xs)
    return tuple([x if x.__class__ in NUMBERS else _fit(x, backend) for x in xs])


def _fit(x: Any, backend: backends.Backend) -> Any:
    if x.__class__ not in COERCED:
        return x if x.__class__ is RUNTIME["Tensor"] else _known(x)
    if x.__class__ is not range and has_tensor(x):
        return _stacked(x)
    if not backend.owns_memory:
        backend = backends.default()
    return backend.asarray(list(x) if x.__class__ is range else x)


def arrays_only(name: str, *xs: Any) -> None:
    """Raise where a Tensor of a scalar graph, or a bare number beside one, stands for an array.

    Raises:
        TypeError: one does.

    >>> from autograd import scalar
    >>> arrays_only("pad", scalar(2.0))
    Traceback (most recent call last):
        ...
    TypeError: pad: expected an array; got a number of a scalar graph, 2.0. Make an array of it with tensor([…]).
    """
    for x in xs:
        x = raw(x)
        if x.__class__ is float:
            raise TypeError(
                f"{name}: expected an array; got a number of a scalar graph, {x!r}. Make an array of it with "
                "tensor([…])."
            )


def _known(x: Any) -> Any:
    if x.__class__ not in backends.BY_TYPE and is_table(x):
        return values_of(x)
    backends.of(x)
    return x


def _stacked(xs: Any) -> Any:
    """A list or tuple with Tensors inside as one Tensor. The depth of the nesting is a handful of levels."""
    if xs.__class__ is not list and xs.__class__ is not tuple:
        return xs
    backend = backend_of(xs)
    if not backend.owns_memory:
        raise TypeError(
            "arraylike: expected Tensors over arrays inside a list; got Tensors of a scalar graph, which has none. "
            "Build them with tensor(…), or combine them with +, * and math-like functions one by one."
        )
    parts = [_stacked(x) for x in xs]
    parts = [p if p.__class__ not in NUMBERS else backend.asarray(p) for p in parts]
    shapes = {tuple(p.shape) for p in parts}
    if len(shapes) > 1:
        raise ValueError(
            f"arraylike: expected the entries of a list to have one shape; got {sorted(shapes)}. "
            "Broadcast or concatenate them explicitly."
        )
    return _join.stack(*parts, axis=0)


# Axes and dtypes -------------------------------------------------------------------------------------------


def normalize_axis(axis: Any, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """``axis`` (None for all, an integer, or a tuple) as non-negative integers, each once.

    Raises:
        AxisError: an axis outside ``-ndim … ndim-1``.
        ValueError: an axis named twice.

    >>> normalize_axis(None, 3), normalize_axis(-1, 3), normalize_axis((0, -1), 3)
    ((0, 1, 2), (2,), (0, 2))
    >>> normalize_axis(2, 2)
    Traceback (most recent call last):
        ...
    numpy.exceptions.AxisError: axis: axis 2 is out of bounds for array of dimension 2. Choose one from -2 to 1.
    """
    if axis is None:
        return tuple(range(ndim))
    if axis.__class__ is int:
        if 0 <= axis < ndim:
            return (axis,)
        if -ndim <= axis < 0:
            return (axis + ndim,)
        raise outside(axis, ndim, name)
    if not isinstance(axis, (tuple, list)):
        return (normalize_one(axis, ndim, name),)
    axes = tuple([normalize_one(a, ndim, name) for a in axis])
    if len(set(axes)) != len(axes):
        raise ValueError(
            f"{name}: expected each axis once; got {tuple(axis)} for {ndim} dimensions. Drop the repeated one."
        )
    return axes


def normalize_one(axis: Any, ndim: int, name: str = "axis") -> int:
    """One axis as a non-negative integer.

    Raises:
        AxisError: it is outside ``-ndim … ndim-1``.
        TypeError: it is no integer.
    """
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(
            f"{name}: expected an integer, or a tuple of integers for several axes; got {axis!r}. "
            "Convert it first: int(axis)."
        ) from None
    if not -ndim <= axis < ndim:
        raise outside(axis, ndim, name)
    return axis % ndim


def outside(axis: int, ndim: int, name: str = "axis") -> AxisError:
    """The error for an axis that an array hasn't got: NumPy's, with its words and the fix."""
    fix = f"Choose one from {-ndim} to {ndim - 1}." if ndim else "Give the array one first: x[None]."
    return AxisError(f"{name}: axis {axis} is out of bounds for array of dimension {ndim}. {fix}")


def as_dtype(dtype: Any) -> Any:
    """``dtype`` as the array libraries have it: a name, a Python type, NumPy's type or an extension such as bfloat16.

    >>> as_dtype(float), as_dtype("float32")
    (dtype('float64'), dtype('float32'))
    """
    try:
        return _dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: expected a dtype such as 'float32'; got {dtype!r}. Correct its name.") from None


# Integers that name classes and rows --------------------------------------------------------------------


def integers(name: str, labels: Any, other: Any, what: str = "labels") -> Any:
    """Labels, or what else counts rows, as an integer array of ``other``'s backend.

    Raises:
        TypeError: they are floats.
    """
    labels = raw(arraylike(labels, other))
    arrays_only(name, labels)
    if labels.dtype.kind not in "iu":
        fix = "Cast them with .astype('int64')"
        if what == "labels":
            fix += ", or pass probabilities of the prediction's shape where the loss takes them"
        raise TypeError(f"{name}: expected integer {what}; got {labels.dtype}. {fix}.")
    return labels


def check_range(name: str, what: str, values: Any, count: int, fix: str) -> None:
    """Raise IndexError for integers outside 0 … count - 1, where looking does not wait for a device."""
    values = raw(values)
    if backend_of(values).device_type == "cpu" and values.size:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high >= count:
            raise IndexError(f"{name}: expected {what} from 0 to {count - 1}; got {low if low < 0 else high}. {fix}")


# What Tensors don't have -----------------------------------------------------------------------------------

_FIXES = {
    "out": "Assign the result instead: x[...] = {name}(…)",
    "where": "Select with where(condition, {name}(…), other)",
    "initial": "Combine the result with it afterwards",
    "dtype": "Cast first, with x.astype(dtype)",
}


def unsupported(name: str, *given: str) -> TypeError:
    """The error for an argument that has a meaning for plain arrays only.

    >>> raise unsupported("sin", "out")
    Traceback (most recent call last):
        ...
    TypeError: sin: expected no out= with Tensors; got one. Assign the result instead: x[...] = sin(…).
    """
    fix = "; ".join(_FIXES.get(g, f"Leave {g}= out").format(name=name) for g in given)
    return TypeError(f"{name}: expected no {', '.join(g + '=' for g in given)} with Tensors; got one. {fix}.")


def hand_over(name: str, operands: Iterable[Any], /, **keywords: Any) -> Any:
    """The array library's own ``name(*operands, **keywords)``, for plain arrays with unusual arguments.

    ``name`` may be dotted (``linalg.norm``). With a Tensor among the operands or the keywords, the error says which
    of the keywords that is about.

    Raises:
        TypeError: there is a Tensor.
    """
    operands = tuple(operands)
    if has_tensor(*operands, *keywords.values()):
        raise unsupported(name, *([key for key, value in keywords.items() if value is not None] or keywords))
    function = namespace_of(*operands)
    for part in name.split("."):
        function = getattr(function, part)
    return function(*operands, **keywords)

"""How others' code meets a Tensor: NumPy's dispatch, DLPack, the array API, copies. Imports ``autograd.numpy``.

``np.sin(t)`` and ``np.concatenate([t, u])`` call the function of ``autograd.numpy`` that has the same name; one that
it hasn't got is an error, since converting the Tensor would cut the path of its gradient silently.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import backends
from autograd import numpy as namespace
from autograd import scipy
from autograd.graph import GraphError
from autograd.numpy.common import COERCED, arraylike, is_tensor, raw
from autograd.numpy.scans import running
from autograd.numpy.writing import add_at
from autograd.plan import RUNTIME
from autograd.tables import is_table

VERSIONS = (None, "2021.12", "2022.12", "2023.12", "2024.12")

# What a ufunc's methods are called in the namespace. (ufunc.reduce works along axis 0 by default.)
REDUCTIONS = {
    np.add: "sum",
    np.multiply: "prod",
    np.maximum: "max",
    np.minimum: "min",
    np.logical_and: "all",
    np.logical_or: "any",
}
SCANS = {np.add: "cumsum", np.multiply: "cumprod"}

# NumPy's functions that ask an array something and don't compute with it: they are given the array inside.
ASKING = {
    "array2string",
    "array_repr",
    "array_str",
    "can_cast",
    "common_type",
    "may_share_memory",
    "min_scalar_type",
    "ndim",
    "result_type",
    "shape",
    "shares_memory",
    "size",
}


@functools.cache
def _function(function: Callable[..., Any]) -> Callable[..., Any]:
    """The namespace's function for one of NumPy's, by module and name.

    Raises:
        TypeError: there is none.
    """
    module = function.__module__ or "numpy"
    if function is np.lib.stride_tricks.sliding_window_view:
        return namespace.sliding_window_view
    place: Any = namespace
    for part in module.split(".")[1:]:
        place = getattr(place, part, None)
    ours = getattr(place, function.__name__, None)
    if ours is not None and ours is not function:  # which would come back here
        return ours
    if function.__name__ in ASKING:
        return lambda *args, **kwargs: function(*map(_asked, args), **kwargs)
    raise _unknown(f"{module}.{function.__name__}")


def _asked(x: Any) -> Any:
    data = raw(x)
    return np.float64(data) if is_tensor(x) and data.__class__ is float else data


@functools.cache
def _ufunc(ufunc: np.ufunc) -> Callable[..., Any]:
    """The namespace's function for one of NumPy's or SciPy's ufuncs.

    Raises:
        TypeError: there is none.
    """
    name = ufunc.__name__
    if getattr(np, name, None) is ufunc and hasattr(namespace, name):
        return getattr(namespace, name)
    if getattr(sys.modules.get("scipy.special"), name, None) is ufunc:
        ours = getattr(scipy.special, name, None)
        if ours is not None:
            return ours
    raise _unknown(name)


def _unknown(name: str) -> TypeError:
    return TypeError(
        f"{name}: expected a function that autograd.numpy has, since a Tensor was given; it has none of this name. "
        "Give it the value without its gradient, x.detach().numpy(), or define the derivative with custom_vjp."
    )


def _written(result: Any, out: tuple[Any, ...], inputs: tuple[Any, ...], name: str) -> Any:
    """The result of ``np.f(…, out=target)``; ``array -= tensor`` is such a call, with the array as input and target."""
    if len(out) != 1:
        raise TypeError(f"{name}: expected one array as out= with Tensors; got {len(out)}. Leave out= out.")
    target = out[0]
    if is_tensor(target):
        target[...] = result
        return target
    if is_tensor(result) and result.requires_grad:
        if target is inputs[0]:
            return result
        raise GraphError(
            f"{name}: expected a Tensor as out=, since the result needs a gradient; got {type(target).__name__}, which "
            "would cut its path silently. Leave out= out."
        )
    target[...] = _fitting(raw(result), target, name)
    return target


def _fitting(value: Any, target: Any, name: str) -> Any:
    if not np.can_cast(value.dtype, target.dtype, "same_kind"):
        raise TypeError(
            f"{name}: expected an array that holds {value.dtype}; got out= of {target.dtype}. "
            f"Cast it first: x = x.astype({str(value.dtype)!r})."
        )
    return value


class Protocols:
    """Mixed into ``Tensor``."""

    __slots__ = ()
    _data: Any
    _edge: Any
    requires_grad: bool
    backend: backends.Backend
    device: str
    name: str | None

    # Cupy's and NumPy's operators step back for a Tensor's.
    __array_priority__ = 1000
    # So do pandas's (a DataFrame's is 4000): the values of a table beside a Tensor are an array.
    __pandas_priority__ = 5000

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        cls = RUNTIME["Tensor"]
        for x in inputs:
            kind = x.__class__
            known = kind is cls or kind in backends.BY_TYPE or kind in COERCED
            if not known and not is_table(x) and not _is_array(kind):
                return NotImplemented
        if method == "__call__":
            ours = _ufunc(ufunc)
            if not kwargs:
                return ours(*inputs)
            out = kwargs.pop("out", None)
            result = ours(*inputs, **kwargs)
            return result if out is None else _written(result, out, inputs, ufunc.__name__)
        if method in ("reduce", "accumulate"):
            table = REDUCTIONS if method == "reduce" else SCANS
            if ufunc in table:
                kwargs.setdefault("axis", 0)
                return getattr(namespace, table[ufunc])(*inputs, **kwargs)
            if method == "accumulate" and ufunc in (np.maximum, np.minimum) and kwargs.get("out") is None:
                return running(getattr(namespace, ufunc.__name__), inputs[0], kwargs.get("axis", 0))
        elif method == "at" and ufunc in (np.add, np.subtract) and is_tensor(inputs[0]):
            return add_at(ufunc is np.subtract, *inputs)
        elif method == "outer" and not kwargs:
            a, b = inputs
            a, b = arraylike(a), arraylike(b)
            return _ufunc(ufunc)(namespace.reshape(a, (*a.shape, *[1] * b.ndim)), b)
        raise _unknown(f"{ufunc.__name__}.{method}")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        cls = RUNTIME["Tensor"]
        for kind in types:
            if kind is not cls and kind not in backends.BY_TYPE and not _is_array(kind):
                return NotImplemented
        return _function(function)(*args, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """The array itself, for ``np.asarray(t)``.

        Raises:
            GraphError: it requires a gradient, whose path would be cut silently.
            TypeError: it is not in main memory.
        """
        if self._edge is not None:
            raise GraphError(
                "numpy.asarray: expected a Tensor without a gradient; got one that requires it, and the path would be "
                "cut silently. Use x.detach().numpy(), or a function of autograd.numpy; with a frame of pandas on the "
                "left, frame.to_numpy() @ x."
            )
        data = self._data
        if not isinstance(data, (np.ndarray, np.generic, float, int, complex)):
            raise TypeError(
                f"numpy.asarray: expected a Tensor in main memory; got one on {self.device}, and nothing is moved "
                "silently. Use x.cpu() or x.numpy()."
            )
        return np.array(data, dtype=dtype, copy=copy) if copy is not None else np.asarray(data, dtype=dtype)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The namespace of the array API standard: ``autograd.numpy``.

        Raises:
            ValueError: a version of the standard later than 2024.12.
        """
        if api_version not in VERSIONS:
            raise ValueError(
                f"__array_namespace__: expected a version among {', '.join(VERSIONS[1:])}; got {api_version!r}. "
                "Ask for none to get the latest."
            )
        return namespace

    # DLPack ----------------------------------------------------------------------------------------------------

    def __dlpack__(self, **options: Any) -> Any:
        """The memory, shared with another library (``torch.from_dlpack(t)``).

        Raises:
            BufferError: it requires a gradient, which the other library would not see, or has no memory to share.
        """
        if self._edge is not None:
            raise BufferError(
                "__dlpack__: expected a Tensor without a gradient; got one that requires it, and the path would be cut "
                "silently. Share x.detach()."
            )
        return self._shareable().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._shareable().__dlpack_device__()

    def _shareable(self) -> Any:
        if not self.backend.owns_memory:
            raise BufferError(
                "__dlpack__: expected a Tensor over an array; got a Python float. Make an array of it: tensor([x])."
            )
        return self.backend.writable(self._data)

    # Pickling and copying: a leaf with the same value, without its history --------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _restored, (self._data, self.requires_grad, self.name)

    def __copy__(self) -> Any:
        return _restored(self.backend.copy(self._data), self.requires_grad, self.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        out = memo[id(self)] = self.__copy__()
        return out


@functools.cache
def _is_array(kind: type) -> bool:
    try:
        backends.of_type(kind)
    except TypeError:
        return False
    return True


def _restored(data: Any, requires_grad: bool, name: str | None) -> Any:
    out = RUNTIME["Tensor"](data, requires_grad)
    if name is not None:
        out.name = name
    return out

"""Constants, dtypes and what asks about them; NumPy's tools that have no derivative. Imports ``common``, ``backends``.

What is NumPy's own here is NumPy's very object: ``np.float32``, ``np.errstate``, ``np.set_printoptions``, ``np.s_`` …
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy

import backends
from autograd.numpy.common import arraylike, arrays_only, has_tensor, is_tensor, namespace_of, normalize_axis, raw
from autograd.plan import RUNTIME

# Names that are NumPy's own objects, by what they are.
CONSTANTS = ("e", "euler_gamma", "inf", "nan", "newaxis", "pi", "False_", "True_", "little_endian")
DTYPES = (
    "bool", "bool_", "byte", "bytes_", "cdouble", "clongdouble", "complex64", "complex128", "complex256", "csingle",
    "datetime64", "float128", "double", "float16", "float32", "float64", "half", "int8", "int16", "int32", "int64",
    "int_", "intc", "intp", "long", "longdouble", "longlong", "object_", "short", "single", "str_", "timedelta64",
    "ubyte", "uint", "uint8", "uint16", "uint32", "uint64", "uintc", "uintp", "ulong", "ulonglong", "ushort", "void",
)  # fmt: skip
CLASSES = (
    "character", "complexfloating", "dtype", "flexible", "floating", "generic", "inexact", "integer", "ndarray",
    "number", "signedinteger", "ufunc", "unsignedinteger",
)  # fmt: skip
# About dtypes, printing, warnings, iteration and files: nothing that would see a Tensor's gradient.
TOOLS = (
    "base_repr", "binary_repr", "broadcast", "c_", "common_type", "errstate", "exceptions", "finfo",
    "format_float_positional", "format_float_scientific", "get_printoptions", "geterr", "geterrcall", "iinfo",
    "index_exp", "isdtype", "issubdtype", "iterable", "load", "mask_indices", "mgrid", "min_scalar_type", "mintypecode",
    "ndindex", "ogrid", "printoptions", "promote_types", "r_", "s_", "sctypeDict", "set_printoptions", "seterr",
    "seterrcall", "show_config", "show_runtime", "typecodes", "typename", "vectorize",
)  # fmt: skip
# Answers about arrays that have no derivative, Tensors included.
PREDICATES = ("isfortran", "isnat", "may_share_memory", "shares_memory")
# Of plain arrays, on their own backend as far as that has them; a gradient would be cut silently, so it is refused.
PLAIN = (
    "apply_over_axes", "histogram2d", "histogramdd", "packbits", "poly", "polyadd", "polyder", "polydiv",
    "polyfit", "polyint", "polymul", "polysub", "require", "roots", "unpackbits",
)  # fmt: skip
# From files, text and buffers: read by NumPy, then put on the default backend.
READERS = ("frombuffer", "fromfile", "fromiter", "fromregex", "fromstring", "genfromtxt", "loadtxt")
WINDOWS = ("bartlett", "blackman", "hamming", "hanning", "kaiser")
# To files and text, iteration in Python, advice: the values are brought to the host.
WRITERS = (
    "array2string", "array_repr", "array_str", "einsum_path", "ndenumerate", "nditer", "save", "savetxt", "savez",
    "savez_compressed",
)  # fmt: skip

__array_api_version__ = "2024.12"

# NumPy 2.0 lacks a few of them.
globals().update({
    name: getattr(numpy, name) for name in (*CONSTANTS, *DTYPES, *CLASSES, *TOOLS) if hasattr(numpy, name)
})  # fmt: skip


# Of arrays ----------------------------------------------------------------------------------------------------


def shape(a: Any) -> tuple[int, ...]:
    """The sizes of the axes of an array, Tensor, number or nested list. As ``numpy.shape``.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return tuple(arraylike(a).shape)


def ndim(a: Any) -> int:
    """The number of axes of an array, Tensor, number or nested list. As ``numpy.ndim``.

    >>> ndim([[1, 2, 3]])
    2
    """
    return len(arraylike(a).shape)


def size(a: Any, axis: Any = None) -> int:
    """The number of elements, in all or along axes. As ``numpy.size``.

    >>> size([[1, 2, 3]]), size([[1, 2, 3]], axis=1)
    (3, 3)
    """
    sizes = arraylike(a).shape
    out = 1
    for i in normalize_axis(axis, len(sizes)):
        out *= sizes[i]
    return out


def isscalar(element: Any) -> bool:
    """Whether ``element`` is a number or string itself, not an array or Tensor. As ``numpy.isscalar``.

    >>> isscalar(3.1), isscalar([3.1])
    (True, False)
    """
    return numpy.isscalar(element)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype that these arrays, Tensors, numbers and dtypes have together. As ``numpy.result_type``.

    >>> result_type(numpy.float32, 3, "int8")
    dtype('float32')
    """
    return numpy.result_type(*[_kind(x) for x in arrays_and_dtypes])


def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    """Whether a dtype, or an array's, can be cast under a rule. As ``numpy.can_cast``.

    >>> can_cast("float64", "float32"), can_cast("float64", "float32", casting="same_kind")
    (False, True)
    """
    return builtins.bool(numpy.can_cast(_kind(from_), to, casting))  # type: ignore[arg-type]


def _kind(x: Any) -> Any:
    """An array's dtype; numbers and dtypes as they are."""
    return x.dtype if is_tensor(x) or (hasattr(x, "dtype") and hasattr(x, "shape") and not isinstance(x, type)) else x


class ArrayNamespaceInfo:
    """What ``__array_namespace_info__()`` returns: the array API's inspection of this namespace (version 2024.12)."""

    def capabilities(self) -> dict[str, Any]:
        """What the namespace can do: boolean masks, results whose shape depends on data, at most 64 dimensions."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where creation functions put arrays: the default backend's kind of device."""
        return backends.default().device_type

    def devices(self) -> list[str]:
        """The kinds of device that work here."""
        return list(dict.fromkeys(backends.get(name).device_type for name in backends.available()))

    def default_dtypes(self, *, device: str | None = None) -> dict[str, Any]:
        """The dtypes that creation functions choose."""
        return {
            "real floating": numpy.dtype("float64"),
            "complex floating": numpy.dtype("complex128"),
            "integral": numpy.dtype("int64"),
            "indexing": numpy.dtype("int64"),
        }

    def dtypes(self, *, device: str | None = None, kind: Any = None) -> dict[str, Any]:
        """The array API's dtypes by name, of a kind or a tuple of kinds (``"bool"``, ``"real floating"``, …)."""
        names = (
            "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
            "complex64", "complex128",
        )  # fmt: skip
        found = {name: numpy.dtype(name) for name in names}
        return found if kind is None else {name: d for name, d in found.items() if numpy.isdtype(d, kind)}


def __array_namespace_info__() -> ArrayNamespaceInfo:
    """The array API's inspection of this namespace.

    >>> __array_namespace_info__().default_dtypes()["real floating"]
    dtype('float64')
    """
    return ArrayNamespaceInfo()


# NumPy's, around the gradient ---------------------------------------------------------------------------------


def _named(function: Callable[..., Any], name: str, what: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{what} Arguments as for ``numpy.{name}``."
    return function


def _plain(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if any([is_tensor(a) and a.requires_grad for a in (*args, *kwargs.values())]):
            raise TypeError(
                f"{name}: expected no Tensor that requires a gradient, which would be cut silently; got one. "
                "Pass x.detach(), or write it with the functions that are differentiable."
            )
        return _on_values(name)(*args, **kwargs)

    return _named(call, name, "NumPy's function of this name, for plain arrays: a gradient would be cut.")


def _on_values(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        tensors = has_tensor(*args)
        arrays_only(name, *[a for a in args if is_tensor(a)])
        values = [raw(arraylike(a)) if a.__class__ in (list, tuple) and has_tensor(a) else raw(a) for a in args]
        out = getattr(namespace_of(*values), name)(*values, **{key: raw(v) for key, v in kwargs.items()})
        return RUNTIME["Tensor"]._wrap(out) if tensors and hasattr(out, "shape") else out

    return _named(call, name, "The array library's function of this name, on the values of Tensors.")


def _reader(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        out = getattr(numpy, name)(*args, **kwargs)
        backend = backends.default()
        return backend.asarray(out) if backend.owns_memory and out.dtype.kind in "biufc" else out

    return _named(call, name, "What NumPy reads, on the default backend.")


def _writer(name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(numpy, name)(*[_on_host(a) for a in args], **{k: _on_host(v) for k, v in kwargs.items()})

    return _named(call, name, "NumPy's tool of this name, with values brought to the host.")


def _on_host(x: Any) -> Any:
    backend = backends.BY_TYPE.get(raw(x).__class__)
    if backend is None or not (backend.owns_memory or is_tensor(x)):
        return raw(x)
    return backend.to_numpy(raw(x))


for _make, _names in (
    (_on_values, (*PREDICATES, *WINDOWS)),
    (_plain, PLAIN),
    (_reader, READERS),
    (_writer, WRITERS),
):
    globals().update({name: _make(name) for name in _names})

__all__ = [
    "__array_api_version__",
    "__array_namespace_info__",
    "can_cast",
    "isscalar",
    "ndim",
    "result_type",
    "shape",
    "size",
    *[name for name in (*CONSTANTS, *DTYPES, *CLASSES, *TOOLS) if hasattr(numpy, name)],
    *PREDICATES,
    *WINDOWS,
    *PLAIN,
    *READERS,
    *WRITERS,
]

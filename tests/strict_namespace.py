"""The namespace of strict arrays: what CuPy has, with CuPy's parameters and loops, computed by NumPy."""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.special

from tests.strict_array import DEVICE, RECORDED, SCALARS, MemoryHook, StrictArray, counts, raw, wrap

try:
    from ml_dtypes import bfloat16
except ImportError:
    bfloat16 = None


class Namespace:
    """A module of functions; what CuPy has not got is missing here too."""

    def __init__(self, name: str, **members: Any) -> None:
        self.__dict__.update(members)
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}: CuPy {RECORDED['cupy']} has none")

    def __repr__(self) -> str:
        return f"<strict namespace {self.__name__}>"


# Universal functions --------------------------------------------------------------------------------------

_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 2}
_WEAK = {int: np.dtype(np.int64), float: np.dtype(np.float64), complex: np.dtype(np.complex128)}


def _dtypes(chars: str) -> tuple[np.dtype, ...] | None:
    if chars == "!":
        return None
    return tuple(np.dtype(bfloat16) if char == "E" else np.dtype(char) for char in chars)


class _Event:
    """CUDA's event over the host's clock."""

    def __init__(self) -> None:
        self.time = 0.0

    def record(self) -> None:
        self.time = time.perf_counter()

    def synchronize(self) -> None:
        pass


class StrictUfunc:
    """A ufunc with CuPy's loops. Keywords are ``out``, ``dtype`` and ``casting``; ``where`` is refused."""

    def __init__(self, name: str, loops: str, function: Callable[..., Any]) -> None:
        self.__name__ = self.name = name
        self.numpy = function
        self.types = loops.split()
        inputs, _, outputs = self.types[-1].partition("->")
        self.nin, self.nout = len(inputs), len(outputs)
        self._found: dict[Any, tuple[np.dtype, ...]] = {}

    @functools.cached_property
    def loops(self) -> list[tuple[tuple[np.dtype, ...], tuple[np.dtype, ...] | None]]:
        """Inputs and outputs of each loop in CuPy's order; no outputs where CuPy's loop is there to raise."""
        known = [loop for loop in self.types if bfloat16 is not None or "E" not in loop]
        return [tuple(map(_dtypes, loop.split("->"))) for loop in known]  # type: ignore[misc]

    def _resolve(self, key: tuple[Any, ...]) -> tuple[np.dtype, ...]:
        """The dtypes of the outputs of the first loop that takes these inputs (dtypes, or Python's scalar types)."""
        weak = [kind if kind in _WEAK else None for kind in key]
        types = [_WEAK.get(kind) or np.dtype(kind) for kind in key]
        arrays = [_KINDS[t.kind] for t, w in zip(types, weak) if w is None]
        scalars = [_KINDS[t.kind] for t, w in zip(types, weak) if w is not None]
        if not arrays or (scalars and max(arrays) < max(scalars)):
            weak = [None] * len(key)
        for inputs, outputs in self.loops:
            if all(np.can_cast(t, to) or (w is not None and _stays(w, to)) for t, to, w in zip(types, inputs, weak)):
                if outputs is None:
                    break
                return outputs
        raise TypeError(f"Wrong type ({tuple(types)}) of arguments for cupy_{self.name}")

    def __call__(self, *args: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind") -> Any:
        values, key = [], []
        options: dict[str, Any]
        for a in args:
            if a.__class__ is StrictArray:
                a = a._a
                key.append(a.dtype)
            elif a.__class__ in SCALARS:
                key.append(np.dtype(bool) if a.__class__ is bool else a.__class__)
            elif isinstance(a, np.generic):
                key.append(a.dtype)
            elif hasattr(a, "__cupy_override_elementwise_kernel__"):
                given = {"out": out, "dtype": dtype}
                options = {name: value for name, value in given.items() if value is not None}
                return a.__cupy_override_elementwise_kernel__(self, *args, **options)
            else:
                raise TypeError(f"Unsupported type {type(a)}")
            values.append(a)
        if len(values) > self.nin:
            if out is not None:
                raise ValueError("Cannot specify 'out' as both a positional and keyword argument")
            out = args[self.nin :]
            values, key = values[: self.nin], key[: self.nin]
        options = {}
        if out is not None:
            outs = out if isinstance(out, tuple) else (out,)
            if any(o is not None and not isinstance(o, StrictArray) for o in outs):
                raise TypeError("Output arguments type must be cupy.ndarray")
            options["out"] = tuple(o if o is None else o._a for o in outs)
            options["casting"] = casting
        if dtype is not None:
            options["dtype"] = dtype
            outputs: Any = None
        else:
            kinds = tuple(key)
            outputs = self._found.get(kinds)
            if outputs is None:
                outputs = self._found[kinds] = self._resolve(kinds)
        if bfloat16 is not None and bfloat16 in [kind.type for kind in key if not isinstance(kind, type)]:
            # ml_dtypes has fewer loops than CuPy.
            values = [v.astype(np.float32) if getattr(v, "dtype", None) == bfloat16 else v for v in values]
            if "out" in options:
                options["casting"] = "unsafe"
        with np.errstate(all="ignore"):
            result = self.numpy(*values, **options)
        if out is not None:
            return out if not isinstance(out, tuple) else out[0] if len(out) == 1 else out
        if self.nout > 1:
            return tuple(StrictArray(np.asarray(r, t)) for r, t in zip(result, outputs or (None,) * self.nout))
        return StrictArray(np.asarray(result, outputs[0] if outputs is not None else None))

    def reduce(self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        method = {"add": "sum", "multiply": "prod"}.get(self.name)
        if method is None:
            raise NotImplementedError(f"`cupy_{self.name}.reduce` is not supported yet")
        return getattr(array, method)(axis, dtype, out, keepdims)

    def accumulate(self, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        method = {"add": "cumsum", "multiply": "cumprod"}.get(self.name)
        if method is None:
            raise NotImplementedError(f"`cupy_{self.name}.accumulate` is not supported yet")
        return getattr(array, method)(axis, dtype, out)

    def reduceat(self, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        if self.name != "add":
            raise NotImplementedError(f"`cupy_{self.name}.reduceat` is not supported yet")
        return wrap(np.add.reduceat(array._a, indices._a, axis, dtype))

    def outer(self, a: Any, b: Any, **kwargs: Any) -> Any:
        a, b = xp.array(a), xp.array(b)
        return self(a.reshape(a.shape + (1,) * b.ndim), b.reshape((1,) * a.ndim + b.shape), **kwargs)

    def at(self, a: Any, indices: Any, b: Any = None) -> None:
        from tests.strict_array import index

        kinds = _SCATTER.get(self.name)
        if kinds is None:
            raise NotImplementedError(f"`cupy_{self.name}.at` is not supported yet")
        key, arrays = index(indices, a.shape)
        if arrays and a.dtype.name not in kinds and not _is_mask(key):
            raise TypeError(f"cupy.{self.name}.at only supports {', '.join(kinds)} as data type")
        values = b._a if isinstance(b, StrictArray) else np.asarray(b, a.dtype)
        if self.nin > 1:
            # NumPy 2.4 reads beyond values that have fewer axes than the index.
            values = np.broadcast_to(values, a._a[key].shape)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            self.numpy.at(a._a, key, values.astype(a.dtype))  # type: ignore[attr-defined]


_INTEGERS = ("int32", "int64", "uint32", "uint64")
_SCATTER = {
    "add": (*_INTEGERS, "float16", "float32", "float64"),
    "subtract": ("int32", "uint32"),
    "maximum": (*_INTEGERS, "float32", "float64"),
    "minimum": (*_INTEGERS, "float32", "float64"),
    "bitwise_and": _INTEGERS,
    "bitwise_or": _INTEGERS,
    "bitwise_xor": _INTEGERS,
}


def _is_mask(key: Any) -> bool:
    arrays = [k for k in (key if isinstance(key, tuple) else (key,)) if isinstance(k, np.ndarray)]
    return len(arrays) == 1 and arrays[0].dtype.kind == "b"


def _stays(weak: type, dtype: np.dtype) -> bool:
    try:
        return np.result_type(weak(0), dtype) == dtype
    except TypeError:
        return False


# Functions ------------------------------------------------------------------------------------------------

# What takes data from the host or none at all; every other function wants an array first.
_FREE = frozenset([
    "arange", "bartlett",
    "base_repr", "binary_repr", "blackman", "can_cast", "common_type", "einsum", "empty", "eye",
    "frombuffer", "fromiter", "fromstring", "full", "hamming", "hanning",
    "identity", "indices", "isscalar", "kaiser", "linspace", "logspace", "mask_indices", "meshgrid",
    "min_scalar_type", "ones", "result_type", "shape", "tri", "tril_indices",
    "triu_indices", "zeros", "fftfreq", "rfftfreq", "ndim", "size", "broadcast_arrays",
    "diag_indices", "unravel_index", "iscomplexobj", "isrealobj", "lexsort",

])  # fmt: skip
_WAITS = frozenset([
    "nonzero", "flatnonzero", "argwhere", "unique", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "extract", "compress", "trim_zeros", "union1d", "intersect1d", "setdiff1d", "setxor1d",
    "histogram", "bincount", "array_repr", "array_str", "delete", "lexsort",
])  # fmt: skip
_ARRAY_ANSWERS = frozenset(["allclose", "array_equal", "array_equiv", "count_nonzero"])
# They call back with arrays, or hold no function of arrays.
_LEFT_OUT = frozenset([
    "vectorize", "apply_along_axis", "apply_over_axes", "piecewise", "fromfunction", "broadcast", "save",
    "savez", "savez_compressed", "load", "savetxt", "loadtxt", "genfromtxt", "fromfile", "show_config",
    "poly1d", "mgrid", "ogrid", "r_", "c_", "ix_", "copyto", "from_dlpack",
])  # fmt: skip


def _function(name: str, recorded: str | None, function: Callable[..., Any]) -> Callable[..., Any]:
    words = (recorded or "*args **kwargs").split()
    names = frozenset(word.lstrip("*") for word in words)
    any_keyword = any(word.startswith("**") for word in words)
    positional = words[: words.index("*")] if "*" in words else words
    many = any(word.startswith("*") and not word.startswith("**") and word != "*" for word in words)
    limit = None if many else len([word for word in positional if word != "/"])
    free, waits, answers = name in _FREE, name in _WAITS, name in _ARRAY_ANSWERS

    def call(*args: Any, **kwargs: Any) -> Any:
        if limit is not None and len(args) > limit:
            raise TypeError(f"{name}() takes {limit} positional arguments in CuPy but {len(args)} were given")
        if not any_keyword:
            for key in kwargs:
                if key not in names:
                    raise TypeError(f"{name}() got an unexpected keyword argument {key!r} in CuPy")
        sources: list[StrictArray] = []
        values = [raw(a, sources) for a in args]
        options = {key: raw(a, sources) for key, a in kwargs.items()}
        if not free and not _holds_array(args[0] if args else next(iter(kwargs.values()), None)):
            raise TypeError(f"{name}: expected a strict array as the first argument; got {type(args[0]).__name__}")
        if waits:
            counts.host_syncs += 1
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            result = function(*values, **options)
        if kwargs.get("out") is not None:
            return kwargs["out"]
        if answers:
            result = np.asarray(result)
        return wrap(result, *sources)

    call.__name__ = call.__qualname__ = name
    return call


def _holds_array(value: Any) -> bool:
    return isinstance(value, StrictArray) or (
        isinstance(value, (list, tuple)) and any(_holds_array(item) for item in value)
    )


def _array(obj: Any, dtype: Any = None, copy: bool | None = True, order: str = "K", ndmin: int = 0) -> StrictArray:
    if isinstance(obj, StrictArray):
        return wrap(np.array(obj._a, dtype, copy=copy, order=order, ndmin=ndmin), obj)
    if _holds_array(obj):
        obj = raw(obj, [])
    elif obj.__class__ not in SCALARS:
        counts.uploads += 1
    host = np.array(obj, dtype, order=order, ndmin=ndmin)
    if host.dtype.kind not in "biufc" and host.dtype.name != "bfloat16":
        raise ValueError(f"Unsupported dtype {host.dtype}")
    return StrictArray(host)


def _asarray(a: Any, dtype: Any = None, order: str | None = None, *, copy: bool | None = None) -> StrictArray:
    return _array(a, dtype, copy, order or "K")


def _asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> np.ndarray:
    return a.get() if isinstance(a, StrictArray) else np.asarray(a)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if not isinstance(condition, StrictArray):
        raise AttributeError(f"{type(condition).__name__!r} object has no attribute 'astype'")
    if x is None and y is None:
        return xp.nonzero(condition)
    # A ufunc in CuPy: Python numbers are weak, and the result has the loop's dtype.
    return _select(condition.astype(bool), x, y)


def _take(a: Any, indices: Any, axis: Any = None, out: Any = None) -> StrictArray:
    sources = [a]
    if isinstance(indices, StrictArray):
        indices = indices._a
    elif not np.isscalar(indices):
        counts.uploads += 1
        indices = np.asarray(indices, int)
    size = a.size if axis is None else a.shape[axis] if a.ndim else 1
    if size == 0 and np.size(indices):
        raise IndexError("cannot do a non-empty take from an empty axes.")
    result = np.take(a._a, indices, axis, mode="wrap", out=None if out is None else raw(out, sources))
    return StrictArray(np.array(result)) if out is None else out


def _take_along_axis(a: Any, indices: Any, axis: int | None) -> StrictArray:
    flat = a._a.ravel() if axis is None else a._a
    size = flat.shape[0 if axis is None else axis]
    return StrictArray(np.take_along_axis(flat, indices._a % size if size else indices._a, 0 if axis is None else axis))


def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    size = arr.size if axis is None else arr.shape[axis]
    np.put_along_axis(arr._a, indices._a % size if size else indices._a, raw(values, []), axis)


def _matmul(a: Any, b: Any, /, out: Any = None) -> Any:
    for operand in (a, b):
        if not isinstance(operand, StrictArray):
            raise TypeError(f"Unsupported type {type(operand)}")
    if not a.ndim or not b.ndim:
        raise ValueError("Scalar operands are not allowed, use '*' instead")
    names = {a.dtype.name, b.dtype.name}
    if "bfloat16" in names and max(a.ndim, b.ndim) > 2:
        raise TypeError("batched matmul of bfloat16 crashes in CuPy 14")
    dtype = np.promote_types(a.dtype, b.dtype)
    wide = np.dtype(np.float32) if dtype.itemsize < 4 and dtype.kind not in "biu" else dtype
    with np.errstate(all="ignore"):
        result = np.matmul(a._a.astype(wide, copy=False), b._a.astype(wide, copy=False))
    if out is not None:
        out._a[...] = result
        return out
    return StrictArray(np.asarray(result, dtype))


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    """CuPy hands back the array itself where a move or a broadcast has nothing to do; NumPy makes a view of it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        if isinstance(out, StrictArray):
            return _itself(args[0], out)
        if len(out) == 1 or all(isinstance(a, StrictArray) for a in args):
            return type(out)(_itself(a, o) for a, o in zip(args, out))
        return out

    return call


def _itself(a: Any, out: StrictArray) -> StrictArray:
    same = isinstance(a, StrictArray) and out.base is (a if a.base is None else a.base)
    return a if same and out.shape == a.shape and out.strides == a.strides else out


def _as_strided(x: StrictArray, shape: Any = None, strides: Any = None) -> StrictArray:
    # As in CuPy, the result knows nothing of the array whose memory it looks at.
    return StrictArray(np.lib.stride_tricks.as_strided(x._a, shape, strides))


def _from_dlpack(array: Any) -> StrictArray:
    return array.view() if isinstance(array, StrictArray) else _array(np.from_dlpack(array))


# Modules --------------------------------------------------------------------------------------------------


def _members(recorded: dict[str, Any], source: Any) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, parameters in recorded["functions"].items():
        function = getattr(source, name, None)
        if function is not None and name not in _LEFT_OUT:
            members[name] = _function(name, parameters, function)
    for name, loops in recorded["ufuncs"].items():
        function = getattr(source, name, None)
        if function is not None:
            members[name] = StrictUfunc(_canonical(name), loops, function)
    for name in recorded["numpy"].split():
        if hasattr(source, name):
            members[name] = getattr(source, name)
    return members


def _canonical(name: str) -> str:
    return {"pow": "power", "abs": "absolute", "mod": "remainder"}.get(name, name)


_select = StrictUfunc(
    "where", " ".join(f"?{char}{char}->{char}" for char in "?bBhHiIlLqQeEfdFD"), np.where
)  # fmt: skip
_OWN: dict[str, Any] = {
    "array": _array,
    **dict.fromkeys(["asarray", "asanyarray"], _asarray),
    "ascontiguousarray": lambda a, dtype=None: _array(a, dtype, None, "C", 1),
    "asfortranarray": lambda a, dtype=None: _array(a, dtype, None, "F"),
    "asnumpy": _asnumpy,
    "where": _where,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "put_along_axis": _put_along_axis,
    "matmul": _matmul,
    "from_dlpack": _from_dlpack,
}
_REPEATS = ("moveaxis", "broadcast_arrays", "rollaxis", "split", "array_split", "hsplit", "vsplit", "dsplit")
xp = Namespace(
    "strict",
    **{
        **_members(RECORDED["xp"], np),
        **{name: function for name, function in _OWN.items() if name in RECORDED["xp"]["functions"]},
        **{
            name: _unchanged(_function(name, RECORDED["xp"]["functions"][name], getattr(np, name))) for name in _REPEATS
        },
        "ndarray": StrictArray,
        "ufunc": StrictUfunc,
        "linalg": Namespace("strict.linalg", **{**_members(RECORDED["linalg"], np.linalg), "matmul": _matmul}),
        "fft": Namespace("strict.fft", **_members(RECORDED["fft"], np.fft)),
        "lib": Namespace(
            "strict.lib",
            stride_tricks=Namespace(
                "strict.lib.stride_tricks",
                as_strided=_as_strided,
                sliding_window_view=_function(
                    "sliding_window_view",
                    "x window_shape axis * subok writeable",
                    np.lib.stride_tricks.sliding_window_view,
                ),
            ),
        ),
        "cuda": SimpleNamespace(
            Device=lambda number=0: DEVICE,
            runtime=SimpleNamespace(getDeviceCount=lambda: 1),
            Event=_Event,
            MemoryHook=MemoryHook,
            get_elapsed_time=lambda start, end: (end.time - start.time) * 1000,
        ),
        "get_default_memory_pool": lambda: SimpleNamespace(used_bytes=lambda: 0, free_all_blocks=lambda: None),
    },
)
special = Namespace("strict.special", **_members(RECORDED["special"], scipy.special))


def _polygamma(n: StrictArray, x: StrictArray) -> StrictArray:
    if not isinstance(n, StrictArray) or not isinstance(x, StrictArray):
        raise TypeError("polygamma of CuPy broadcasts its arguments, which takes arrays")
    return StrictArray(np.asarray(scipy.special.polygamma(n._a, x._a)))


special.polygamma = _polygamma

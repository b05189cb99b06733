"""``StrictArray``: an ndarray behind CuPy's rules. See ``strict_backend``."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

RECORDED = json.loads((Path(__file__).parent / "recorded" / "cupy_namespace.json").read_text(encoding="utf-8"))
SCALARS = frozenset([bool, int, float, complex])
NOT_IMPLICIT = (
    "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly."
)

# How often the host waited for the device, and how often data was copied to it, since the start.
counts = SimpleNamespace(host_syncs=0, uploads=0)


_COMPARISONS = frozenset(["greater", "greater_equal", "less", "less_equal", "equal", "not_equal"])


class Device:
    """The one device there is; ``entered`` counts the ``with`` blocks that make it the current one."""

    id = 0
    entered = 0

    def __enter__(self) -> Device:
        self.entered += 1
        return self

    def __exit__(self, *exc: object) -> None:
        self.entered -= 1

    def synchronize(self) -> None:
        counts.host_syncs += 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "<strict device 0>"


DEVICE = Device()


class MemoryHook:
    """CuPy's: told of every block that the pool hands out and takes back while it is entered."""

    def __enter__(self) -> MemoryHook:
        HOOKS.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        HOOKS.remove(self)

    def malloc_postprocess(self, **kwargs: Any) -> None: ...

    def free_postprocess(self, **kwargs: Any) -> None: ...


HOOKS: list[MemoryHook] = []


def tell_hooks(event: str, size: int, pointer: int) -> None:
    """Tell the hooks of a block, with CuPy's keywords; the pool rounds to 512 bytes."""
    block = {"device_id": 0, "mem_size": -(-size // 512) * 512, "mem_ptr": pointer, "pmem_id": pointer}
    for hook in HOOKS:
        getattr(hook, event)(**(block | ({"size": size} if event.startswith("malloc") else {})))


class Flags:
    """The three flags CuPy has; ``writeable`` is not one of them."""

    def __init__(self, array: StrictArray) -> None:
        self.c_contiguous = array._a.flags.c_contiguous
        self.f_contiguous = array._a.flags.f_contiguous
        self.owndata = array.base is None

    def __getitem__(self, name: str) -> bool:
        return {"C_CONTIGUOUS": self.c_contiguous, "F_CONTIGUOUS": self.f_contiguous, "OWNDATA": self.owndata}[name]


class StrictArray:
    """An array that CuPy might have made; the values are in ``_a``, which tests and nobody else may read."""

    __slots__ = ("__weakref__", "_a", "base")
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, a: np.ndarray, base: StrictArray | None = None) -> None:
        self._a = a
        self.base = base
        if HOOKS and base is None:
            tell_hooks("malloc_postprocess", a.nbytes, id(a))

    def __del__(self) -> None:
        if HOOKS and self.base is None:
            tell_hooks("free_postprocess", self._a.nbytes, id(self._a))

    # What it is ----------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self._a.shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._a.shape = shape

    dtype = property(lambda self: self._a.dtype)
    ndim = property(lambda self: self._a.ndim)
    size = property(lambda self: self._a.size)
    nbytes = property(lambda self: self._a.nbytes)
    itemsize = property(lambda self: self._a.itemsize)
    strides = property(lambda self: self._a.strides)
    device = property(lambda self: DEVICE)
    flags = property(Flags)
    T = property(lambda self: wrap(self._a.T, self))
    mT = property(lambda self: wrap(self._a.mT, self))

    @property
    def real(self) -> StrictArray:
        return wrap(self._a.real, self) if self._a.dtype.kind == "c" else self

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> StrictArray:
        return wrap(self._a.imag, self) if self._a.dtype.kind == "c" else StrictArray(np.zeros_like(self._a))

    @imag.setter
    def imag(self, value: Any) -> None:
        if self._a.dtype.kind != "c":
            raise TypeError("cupy.ndarray does not have imaginary part to set")
        self.imag[...] = value

    # To the host, which waits --------------------------------------------------------------------------

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray:
        counts.host_syncs += 1
        return self._a.copy(order)

    def item(self) -> Any:
        counts.host_syncs += 1
        return self._a.item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def tobytes(self, order: str = "C") -> bytes:
        return self.get().tobytes(order)

    def __bool__(self) -> bool:
        if self.size > 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous. Use any() or all()")
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get()[()] if self.ndim == 0 else self.get(), spec)

    def __reduce__(self) -> Any:
        return StrictArray, (self.get(),)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(NOT_IMPLICIT)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        if dl_device is None or tuple(dl_device) != (1, 0):
            raise BufferError("expected dl_device=(1, 0), the host; strict arrays have no device memory to hand out")
        return self.get().__dlpack__(max_version=max_version)

    # From the host -------------------------------------------------------------------------------------

    def set(self, arr: Any, stream: Any = None) -> None:
        if not isinstance(arr, np.ndarray) or arr.dtype != self.dtype or arr.shape != self.shape:
            raise TypeError("Only numpy.ndarray of the same shape and dtype can be set to cupy.ndarray")
        counts.uploads += 1
        self._a[...] = arr

    def fill(self, value: Any) -> None:
        value = value._a if isinstance(value, StrictArray) else np.asarray(value, self.dtype)
        if value.shape != ():
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        self._a.fill(value.astype(self.dtype)[()])

    # Elements and views --------------------------------------------------------------------------------

    def __len__(self) -> int:
        if self._a.ndim == 0:
            raise TypeError("len() of unsized object")
        return len(self._a)

    def __iter__(self) -> Any:
        if self._a.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self._a)))

    def __getitem__(self, key: Any) -> StrictArray:
        key, arrays = index(key, self.shape)
        out = self._a[key]
        return (
            StrictArray(np.array(out))
            if arrays
            else wrap(out if isinstance(out, np.ndarray) else self._cell(key), self)
        )

    def _cell(self, key: Any) -> np.ndarray:
        """One element as a view: NumPy gives a scalar, CuPy an array of no dimensions."""
        return self._a[(*key, ...) if isinstance(key, tuple) else (key, ...)]

    def __setitem__(self, key: Any, value: Any) -> None:
        key, arrays = index(key, self.shape)
        if isinstance(value, StrictArray):
            raw = value._a
        elif value.__class__ in SCALARS or isinstance(value, np.generic):
            raw = value
        else:
            raw = np.asarray(value, self.dtype)
            if raw.ndim and not arrays:
                raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
            counts.uploads += 1
        with np.errstate(all="ignore"):
            if isinstance(key, np.ndarray) and key.dtype.kind != "b" and key.ndim == 1:
                # Which of several values for one place stays is undefined in CuPy; here it is not NumPy's.
                raw = np.broadcast_to(np.asarray(raw), key.shape + self.shape[1:])
                key, raw = key[::-1], raw[::-1]
            self._a[key] = raw

    def view(self, dtype: Any = None, type: Any = None) -> StrictArray:
        out = self._a.view() if dtype is None else self._a.view(dtype)
        return StrictArray(out, self if self.base is None else self.base)

    def _set_shape_and_strides(self, shape: Any, strides: Any, c: bool, f: bool) -> None:
        self._a = np.lib.stride_tricks.as_strided(self._a, shape, strides)

    def astype(
        self, dtype: Any, order: str = "K", casting: None = None, subok: None = None, copy: bool = True
    ) -> StrictArray:
        if casting is not None or subok is not None:
            raise TypeError("casting and subok are not supported yet")
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            return wrap(self._a.astype(dtype, order=order, copy=copy), self)

    def __copy__(self) -> StrictArray:
        return StrictArray(self._a.copy())

    def __deepcopy__(self, memo: Any) -> StrictArray:
        return StrictArray(self._a.copy())

    # NumPy's protocols ---------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from tests.strict_namespace import special, xp

        outs = kwargs.get("out", ())
        if outs:
            if len(outs) != 1:
                raise ValueError("The 'out' parameter must have exactly one array value")
            kwargs["out"] = outs[0]
        function = getattr(xp, ufunc.__name__, None) or getattr(special, ufunc.__name__, None)
        if method != "__call__":
            function = getattr(function, method, None)
        if function is None:
            return NotImplemented
        for x in inputs + outs:
            if x.__class__ not in SCALARS and not isinstance(x, (StrictArray, np.ndarray, np.generic)):
                return NotImplemented
        if ufunc.__name__ in _COMPARISONS:
            # NumPy's scalars arrive as arrays of no dimensions here; CuPy takes them back.
            inputs = tuple(x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in inputs)
        return function(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from tests.strict_namespace import xp

        module: Any = xp
        for name in function.__module__.split(".")[1:]:
            module = getattr(module, name, None)
        ours = getattr(module, function.__name__, None)
        if ours is None or not all(issubclass(kind, (StrictArray, np.ndarray)) for kind in types):
            return NotImplemented
        return ours(*args, **kwargs)


# Raw arrays in and out -------------------------------------------------------------------------------------


def root(a: Any) -> Any:
    """The array that owns the memory ``a`` looks at."""
    while True:
        base = getattr(a, "base", None)
        if base is None:
            return a
        a = base


def wrap(value: Any, *sources: StrictArray) -> Any:
    """NumPy's result as CuPy would give it; a view of a source's memory gets that source as its base."""
    if isinstance(value, np.ndarray):
        for source in sources:
            if source._a is value:
                return source
        if value.base is not None:
            memory = root(value)
            for source in sources:
                if root(source._a) is memory:
                    # CuPy has no read-only arrays: its diagonals and broadcasts can be written into.
                    value.flags.writeable = memory.flags.writeable
                    return StrictArray(value, source if source.base is None else source.base)
        return StrictArray(value)
    if isinstance(value, np.generic):
        return StrictArray(np.asarray(value))
    if isinstance(value, tuple):
        items = [wrap(item, *sources) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [wrap(item, *sources) for item in value]
    return value


def raw(value: Any, sources: list[StrictArray]) -> Any:
    """What NumPy is to compute with; ndarrays are refused, and the strict arrays met are appended to ``sources``."""
    if isinstance(value, StrictArray):
        sources.append(value)
        return value._a
    if value.__class__ in SCALARS or value is None:
        return value
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    if isinstance(value, (list, tuple)):
        items = [raw(item, sources) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if hasattr(value, "__array_ufunc__") and not isinstance(value, (np.generic, type)):
        raise TypeError(f"Unsupported type {type(value)}")
    return value


def index(key: Any, shape: tuple[int, ...]) -> tuple[Any, bool]:
    """``key`` for NumPy, integer arrays wrapped around as CuPy wraps them; and whether there are arrays in it."""
    items = list(key) if isinstance(key, tuple) else [key]
    arrays = False
    axes = 0
    for place, item in enumerate(items):
        if item is None or item is Ellipsis:
            continue
        if isinstance(item, (StrictArray, np.ndarray, list, tuple, bool, np.bool_)):
            arrays = True
            if isinstance(item, StrictArray):
                items[place] = item = item._a
            else:
                counts.uploads += 1
                items[place] = item = np.asarray(item)
                if item.size == 0 and item.dtype.kind == "f":
                    items[place] = item = item.astype(np.int32)
            if item.dtype.kind not in "biu":
                raise IndexError(f"arrays used as indices must be of integer or boolean type. (actual: {item.dtype})")
            if item.dtype.kind == "b":
                counts.host_syncs += 1
                axes += item.ndim
                continue
        elif not isinstance(item, (slice, int, np.integer)):
            raise IndexError("only integers, slices, ellipsis, newaxis and integer or boolean arrays are valid indices")
        axes += 1
    if not arrays:
        return key, False
    axis = 0
    for place, item in enumerate(items):
        if item is Ellipsis:
            axis += len(shape) - axes
        elif isinstance(item, np.ndarray) and item.dtype.kind == "b":
            axis += item.ndim
        elif item is not None:
            if isinstance(item, np.ndarray) and axis < len(shape) and shape[axis]:
                items[place] = item % shape[axis]
            axis += 1
    return (tuple(items) if isinstance(key, tuple) else items[0]), True


# Operators and methods ------------------------------------------------------------------------------------


def _defers(x: Any, y: Any) -> bool:
    """Whether ``y``'s own operator comes first (NEP 13)."""
    missing = object()
    ufunc = getattr(y, "__array_ufunc__", missing)
    if ufunc is not missing:
        return ufunc is None
    return getattr(x, "__array_priority__", 0) < getattr(y, "__array_priority__", 0)


def _operator(name: str, numpy_ufunc: Any) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    ufunc: Any = None

    def ours() -> Any:
        nonlocal ufunc
        if ufunc is None:
            from tests.strict_namespace import xp

            ufunc = getattr(xp, name)
        return ufunc

    def forward(self: StrictArray, other: Any) -> Any:
        if other.__class__ is StrictArray or other.__class__ in SCALARS:
            return ours()(self, other)
        return NotImplemented if _defers(self, other) else numpy_ufunc(self, other)

    def reflected(self: StrictArray, other: Any) -> Any:
        if other.__class__ in SCALARS:
            return ours()(other, self)
        return NotImplemented if _defers(self, other) else numpy_ufunc(other, self)

    def in_place(self: StrictArray, other: Any) -> Any:
        return ours()(self, other, out=self)

    return forward, reflected, in_place


def _comparison(name: str, numpy_ufunc: Any) -> Callable[..., Any]:
    forward = _operator(name, numpy_ufunc)[0]

    def compare(self: StrictArray, other: Any) -> Any:
        if isinstance(other, np.ndarray) and other.ndim == 0:
            other = other.item()
        if name in ("equal", "not_equal") and (other is None or type(other).__eq__ is object.__eq__):
            return StrictArray(np.full(self.shape, name == "not_equal"))
        return forward(self, other)

    return compare


def _unary(name: str) -> Callable[..., Any]:
    def apply(self: StrictArray) -> Any:
        from tests.strict_namespace import xp

        return getattr(xp, name)(self)

    return apply


def _method(name: str, allowed: list[str]) -> Callable[..., Any]:
    positional = allowed[: allowed.index("*")] if "*" in allowed else allowed
    limit = None if any(word.startswith("*") and word != "*" for word in allowed) else len(positional)

    def call(self: StrictArray, *args: Any, **kwargs: Any) -> Any:
        if limit is not None and len(args) > limit:
            raise TypeError(f"{name}() takes at most {limit} arguments in CuPy ({len(args)} given)")
        for key in kwargs:
            if key not in allowed:
                raise TypeError(f"{name}() got an unexpected keyword argument {key!r} in CuPy")
        if name == "take":
            from tests.strict_namespace import xp

            return xp.take(self, *args, **kwargs)
        if name in ("nonzero", "compress", "repeat"):
            counts.host_syncs += 1
        sources = [self]
        with np.errstate(all="ignore"):
            out = getattr(self._a, name)(
                *[raw(a, sources) for a in args], **{key: raw(a, sources) for key, a in kwargs.items()}
            )
        return kwargs["out"] if kwargs.get("out") is not None else wrap(out, *sources)

    call.__name__ = name
    return call


def _install() -> None:
    binary = {
        "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
        "mod": "remainder", "pow": "power", "lshift": "left_shift", "rshift": "right_shift", "and": "bitwise_and",
        "or": "bitwise_or", "xor": "bitwise_xor", "matmul": "matmul", "divmod": "divmod",
    }  # fmt: skip
    for name, ufunc in binary.items():
        forward, reflected, in_place = _operator(ufunc, getattr(np, ufunc))
        setattr(StrictArray, f"__{name}__", forward)
        setattr(StrictArray, f"__r{name}__", reflected)
        if name not in ("matmul", "divmod"):
            setattr(StrictArray, f"__i{name}__", in_place)
    comparisons = {
        "lt": "less",
        "le": "less_equal",
        "eq": "equal",
        "ne": "not_equal",
        "gt": "greater",
        "ge": "greater_equal",
    }
    for name, ufunc in comparisons.items():
        setattr(StrictArray, f"__{name}__", _comparison(ufunc, getattr(np, ufunc)))
    for name, ufunc in {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}.items():
        setattr(StrictArray, f"__{name}__", _unary(ufunc))
    for name, allowed in RECORDED["ndarray"].items():
        if allowed != "attribute" and not hasattr(StrictArray, name) and hasattr(np.ndarray, name):
            setattr(StrictArray, name, _method(name, (allowed or "").split()))


_install()

"""The registry of array backends: ``of`` an array, ``get`` by name, ``use`` as default. Imports no other layer."""

from __future__ import annotations

import threading
from contextvars import ContextVar, Token
from importlib import import_module
from typing import Any

from backends.base import Backend, BackendError, RandomStream

__all__ = ["Backend", "BackendError", "RandomStream", "available", "default", "for_device", "get", "names", "of", "use"]


# name -> (module, class, the top-level package whose arrays belong to it). Loaded when first asked for.
_BUILT_IN = {
    "numpy": ("backends.numpy_backend", "NumpyBackend", "numpy"),
    "scalar": ("backends.scalar_backend", "ScalarBackend", "builtins"),
    "cupy": ("backends.cupy_backend", "CupyBackend", "cupy"),
}
_loaded: dict[str, Backend] = {}
BY_TYPE: dict[type, Backend] = {}
_LOADING = threading.RLock()
_DEFAULT: ContextVar[str] = ContextVar("xpgrad_default_backend", default="numpy")


def register(backend: Backend) -> Backend:
    """Make ``backend`` known under its name and its array types dispatch to it; returns it."""
    for kind in backend.array_types:
        BY_TYPE[kind] = backend
    _loaded[backend.name] = backend
    return backend


def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group="xpgrad.backends")}


def get(name: str) -> Backend:
    """The backend of that name, loaded at first use.

    Raises:
        BackendError: the name is unknown, or its library or device is missing; the text says what to install.

    >>> get("numpy")
    <backend numpy>
    """
    if name in _loaded:
        return _loaded[name]
    with _LOADING:
        if name in _loaded:
            return _loaded[name]
        if name in _BUILT_IN:
            module, cls, _ = _BUILT_IN[name]
            return register(getattr(import_module(module), cls)())
        points = _entry_points()
        if name in points:
            return register(points[name].load()())
    raise BackendError(
        f"get: expected one of the backends {', '.join(map(repr, names()))}; got {name!r}. "
        "Install the package that registers it in the entry-point group 'xpgrad.backends', or correct the name."
    )


def names() -> tuple[str, ...]:
    """Every registered name, usable here or not, built-in ones first."""
    return tuple(dict.fromkeys([*_BUILT_IN, *_loaded, *_entry_points()]))


def available() -> tuple[str, ...]:
    """The names of the backends that work on this machine.

    >>> {"numpy", "scalar"} <= set(available())
    True
    """
    found = []
    for name in names():
        try:
            get(name)
        except (BackendError, ImportError):
            continue
        found.append(name)
    return tuple(found)


def of(array: Any) -> Backend:
    """The backend an array belongs to, by its type.

    Raises:
        TypeError: no backend knows the type.

    >>> of(1.5)
    <backend scalar>
    """
    kind = type(array)
    backend = BY_TYPE.get(kind)
    return backend if backend is not None else of_type(kind)


def of_type(kind: type) -> Backend:
    """The backend that arrays of type ``kind`` belong to; a new type is looked for once, then found in one step."""
    for base in kind.__mro__:
        if base in BY_TYPE:
            BY_TYPE[kind] = BY_TYPE[base]
            return BY_TYPE[kind]
    for backend in _loaded.values():
        if backend.adopts(kind):
            BY_TYPE[kind] = backend
            return backend
    packages = {base.__module__.partition(".")[0] for base in kind.__mro__ if base is not object}
    for name, (_, _, package) in _BUILT_IN.items():
        if package in packages and name not in _loaded:
            get(name)
            if kind in BY_TYPE:
                return BY_TYPE[kind]
    raise TypeError(
        f"of: expected an array of one of the backends {', '.join(names())}; "
        f"got {kind.__module__}.{kind.__qualname__}. "
        "Convert it first, e.g. with numpy.asarray(x), or register a backend for its type."
    )


def default() -> Backend:
    """The backend that creation functions use in this context (NumPy unless ``use`` said otherwise)."""
    return get(_DEFAULT.get())


class use:
    """Set the default backend of this context: ``use("cupy")``, or ``with use("cupy"): …`` to set it back after.

    >>> with use("numpy"):
    ...     default()
    <backend numpy>
    """

    def __init__(self, name: str | Backend) -> None:
        self.backend = name if isinstance(name, Backend) else get(name)
        if _loaded.get(self.backend.name) is not self.backend:
            register(self.backend)
        self._token: Token[str] | None = _DEFAULT.set(self.backend.name)

    def __enter__(self) -> Backend:
        if self._token is None:
            self._token = _DEFAULT.set(self.backend.name)
        return self.backend

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            _DEFAULT.reset(self._token)
            self._token = None


def for_device(device: str) -> Backend:
    """The backend that serves a device string: ``"cpu"`` is NumPy, ``"cuda"`` or ``"cuda:1"`` is CuPy.

    A backend's own name serves too, so that ``device="scalar"`` or a third party's name works.

    Raises:
        BackendError: nothing serves the device here.
    """
    if not isinstance(device, str):
        raise BackendError(
            f"device: expected 'cpu', 'cuda', 'cuda:N' or a backend's name; got {device!r}. "
            f"Write it as text{f', e.g. {chr(39)}cuda:{device}{chr(39)}' if type(device) is int else ''}."
        )
    kind = device.partition(":")[0]
    if kind == default().device_type:
        return default()
    for backend in _loaded.values():
        if backend.device_type == kind:
            return backend
    if kind in _loaded or kind in names():  # asking all installed packages for their names takes milliseconds
        return get(kind)
    if kind == "cuda":
        return get("cupy")
    if kind == "cpu":
        return get("numpy")
    raise BackendError(
        f"device: expected 'cpu', 'cuda', 'cuda:N' or a backend's name; got {device!r}. Correct the name."
    )


register(get("numpy"))
register(get("scalar"))

"""Where the user's program stands: source lines, module paths, variable names. Imports ``mode``, ``plan``."""

from __future__ import annotations

import contextlib
import inspect
import linecache
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar, Token
from types import FrameType
from typing import Any, NamedTuple

from autograd.mode import get_mode
from autograd.plan import RUNTIME

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Frames of these files are the engine's, not the user's.
_OURS = tuple(os.path.join(_HERE, name) + os.sep for name in ("autograd", "backends", "nn"))

_SCOPE: ContextVar[tuple[tuple[str, Any], ...]] = ContextVar("xpgrad_scope", default=())


class SourceLine(str):
    """A place in the user's program, ``"train.py:12"``; ``code`` is the text of that line."""

    __slots__ = ("file", "function", "number")
    file: str
    function: str
    number: int

    @property
    def code(self) -> str:
        """The line itself, stripped; empty where its file can't be read."""
        return linecache.getline(self.file, self.number).strip()

    @property
    def text(self) -> str:
        """``train.py:12: y = x.log()``."""
        code = self.code
        return f"{self}: {code}" if code else str(self)


_LINES: dict[tuple[str, int, str], SourceLine] = {}


def _line(file: str, number: int, function: str, shell: Any = None) -> SourceLine:
    key = (file, number, function)
    line = _LINES.get(key)
    if line is None:
        # A notebook's cell is a file with a number for a name; the shell knows which cell it is.
        cells = getattr(getattr(shell, "compile", None), "_filename_map", None) or {}
        if file in cells:
            line = SourceLine(f"cell {cells[file]}, line {number}")
        else:
            line = SourceLine(f"{os.path.basename(file)}:{number}")
        line.file, line.number, line.function = key[0], number, function
        if len(_LINES) > 100_000:
            _LINES.clear()
        _LINES[key] = line
    return line


def user_frame(depth: int = 1) -> FrameType | None:
    """The innermost frame that is not the engine's own."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and not is_users(frame):
        frame = frame.f_back
    return frame


def is_users(frame: FrameType) -> bool:
    """Whether a frame runs the user's code, not the engine's own or what it generated."""
    return not frame.f_code.co_filename.startswith(_OURS) and frame.f_globals is not RUNTIME


def runs_below(function: Any, depth: int = 2) -> bool:
    """Whether the engine's ``function`` is being executed between here and the user's line."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and not is_users(frame):
        if frame.f_code is function.__code__:
            return True
        frame = frame.f_back
    return False


def line_of(frame: FrameType) -> SourceLine:
    """The line that a frame executes."""
    get_shell = frame.f_globals.get("get_ipython")
    shell = get_shell() if get_shell is not None else None
    return _line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, shell)


def user_line(depth: int = 2) -> SourceLine | None:
    """The line of the user's program that is being executed."""
    frame = user_frame(depth)
    return None if frame is None else line_of(frame)


# Module paths ----------------------------------------------------------------------------------------------


class scope:
    """Operations inside belong to the module ``name`` of the one around: their path is ``"encoder.layers.0"``.

    Paths are read by whoever watches (``record_lines``, ``detect_anomaly``, ``profile``, ``draw(function)``). A
    module's call enters it only while somebody does (see ``is_watched``). In the place of a name, a module may be
    given: its name is its path in the module around, by that one's ``named_modules()``; the outermost has none.

    >>> with scope("encoder"), scope("layers.0"):
    ...     scope.path()
    'encoder.layers.0'
    """

    __slots__ = ("_token", "name")

    def __init__(self, name: Any) -> None:
        self.name = name
        self._token: Token[tuple[tuple[str, Any], ...]] | None = None

    def __enter__(self) -> None:
        around, module = _SCOPE.get(), None if isinstance(self.name, str) else self.name
        name = self.name if module is None else _name_in(around, module)
        self._token = _SCOPE.set((*around, (name, module)))

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            _SCOPE.reset(self._token)
            self._token = None

    @staticmethod
    def path() -> str:
        """The path of the module that is being executed; empty outside."""
        return ".".join([name for name, _ in _SCOPE.get() if name])


def _name_in(around: tuple[tuple[str, Any], ...], module: Any) -> str:
    outer = next((m for _, m in reversed(around) if m is not None), None)
    if outer is None:
        return ""
    return next((path for path, m in outer.named_modules() if m is module), type(module).__name__)


def is_watched() -> bool:
    """Whether anybody watches operations in this context, so that a module should say where it is (see ``scope``)."""
    mode = get_mode()
    return mode is not None and bool(mode.watchers)


# Variable names --------------------------------------------------------------------------------------------


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """(what to append to the name, value) of what a container or object of the user's holds."""
    if isinstance(value, dict):
        for key, item in list(value.items())[:1000]:
            yield f"[{key!r}]", item
    elif isinstance(value, (list, tuple)):
        fields = getattr(value, "_fields", None)
        for i, item in enumerate(value[:1000]):
            yield (f".{fields[i]}" if fields else f"[{i}]"), item
    elif hasattr(value, "__dict__"):
        for key, item in list(vars(value).items())[:1000]:
            yield f".{key}", item


def _is_looked_into(value: Any) -> bool:
    kind = type(value)
    if isinstance(value, (dict, list, tuple)):
        return True
    return kind.__module__ not in ("builtins", "types", "functools") and hasattr(value, "__dict__")


class Sight(NamedTuple):
    """What a frame's variables lead to: by edge, the names there, the Tensors, and the paths of their modules.

    Of arrays that are not recorded, plain or in a Tensor, the names by ``id``, which holds while the frame is there.
    """

    names: dict[Any, str]
    tensors: dict[Any, Any]
    paths: dict[Any, str]
    constants: dict[int, str]


def tensors_in_sight(frame: FrameType | None) -> Sight:
    """The Tensors that a frame's variables lead to.

    Looked at: locals, then globals; what lists, dicts and objects hold, three steps deep; and the parameters of
    modules, by the paths that their ``named_parameters()`` gives.
    """
    names: dict[Any, str] = {}
    tensors: dict[Any, Any] = {}
    paths: dict[Any, str] = {}
    constants: dict[int, str] = {}
    if frame is None:
        return Sight(names, tensors, paths, constants)
    cls = RUNTIME["Tensor"]
    level: list[tuple[str, Any]] = []
    for space in (frame.f_locals, frame.f_globals):
        for name, value in list(space.items()):
            if not name.startswith("_") and type(value).__name__ not in ("module", "function", "type"):
                level.append((name, value))
        if frame.f_globals is frame.f_locals:
            break
    _forget(frame)
    seen: set[int] = set()
    modules = []
    for name, value in level:
        if _has_parameters(value) and id(value) not in seen:
            seen.add(id(value))
            with contextlib.suppress(Exception):
                modules.append((name, list(value.named_parameters())))
    # Largest first: what is a part of another has its names from there.
    modules.sort(key=lambda pair: -len(pair[1]))
    known: set[int] = set()
    apart = []
    for name, parameters in modules:
        own = {id(p) for _, p in parameters}
        if not own <= known:
            known |= own
            apart.append((name, parameters))
    for name, parameters in apart:
        prefix = f"{name}." if len(apart) > 1 and name != "self" else ""
        for path, parameter in parameters:
            if parameter.__class__ is cls and parameter._edge is not None:
                names.setdefault(parameter._edge, prefix + path)
                tensors.setdefault(parameter._edge, parameter)
                paths.setdefault(parameter._edge, (prefix + path).rpartition(".")[0])
    for depth in range(4):
        further: list[tuple[str, Any]] = []
        for name, value in level:
            if value.__class__ is cls:
                if value._edge is not None:
                    names.setdefault(value._edge, name)
                    tensors.setdefault(value._edge, value)
                else:
                    constants.setdefault(id(value._data), value.name or name)
            elif hasattr(value, "nbytes"):
                constants.setdefault(id(value), name)
            elif depth < 3 and id(value) not in seen and _is_looked_into(value):
                seen.add(id(value))
                further.extend((name + more, item) for more, item in _members(value))
        level = further[:20_000]
    return Sight(names, tensors, paths, constants)


def name_of(tensor: Any, frame: FrameType | None) -> str | None:
    """The user's name for a Tensor, recorded or not."""
    if frame is None:
        return None
    found = next((name for name, value in frame.f_locals.items() if value is tensor), None)
    if found is None:  # a parameter by its path, with the module's own name before it: model.0.weight
        for name, value in (*frame.f_locals.items(), *frame.f_globals.items()):
            if found is None and not name.startswith("_") and name != "self" and _has_parameters(value):
                with contextlib.suppress(Exception):
                    found = next((f"{name}.{path}" for path, p in value.named_parameters() if p is tensor), None)
    _forget(frame)
    return found or tensors_in_sight(frame).names.get(tensor._edge)


def _forget(frame: FrameType) -> None:
    """Before Python 3.13, a function's frame keeps the copy of its variables that was asked for, and so the values."""
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED and frame.f_trace is None:
        frame.f_locals.clear()


def _has_parameters(value: Any) -> bool:
    return not isinstance(value, type) and callable(getattr(type(value), "named_parameters", None))

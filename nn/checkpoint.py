"""Checkpoints: nested states in one file, whole or not at all, and a folder that keeps the last two.

Imports ``nn.saving``. A file is an npz of plain arrays, one of which holds the rest of the tree as JSON: reading it
executes nothing, and each part carries a checksum.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import backends
from autograd import Tensor
from nn import random
from nn.nest import HOST
from nn.saving import FileError, read_arrays, write_arrays

MARK = "xpgrad checkpoint 1"


def write(path: str | os.PathLike[str], tree: Any, caller: str = "checkpoint") -> None:
    """Write a tree of dicts, lists, numbers, strings, bytes, None and arrays to ``path`` (``.npz``), atomically.

    Raises:
        TypeError: something else is in it; the text says where.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "state.npz")
    ...     write(path, {"epoch": 3, "rates": (0.5, 0.25)})
    ...     read(path)
    {'epoch': 3, 'rates': (0.5, 0.25)}
    """
    arrays: dict[str, Any] = {}
    text = json.dumps({"mark": MARK, "tree": _packed(tree, arrays, "")})
    arrays["tree"] = HOST.xp.frombuffer(text.encode(), dtype="uint8")
    write_arrays(path, arrays, caller)


def read(path: str | os.PathLike[str], caller: str = "checkpoint") -> Any:
    """The tree that ``write`` wrote; arrays come as NumPy's.

    Raises:
        FileError: the file is missing, damaged, or no checkpoint.
    """
    arrays = read_arrays(path, caller)
    if "tree" not in arrays:
        raise FileError(
            f"{caller}: expected {path} to be a model or a checkpoint; it holds arrays alone. Load them into a "
            "model of that form: nn.load_weights(model, path)."
        )
    try:
        text = json.loads(arrays["tree"].tobytes())
        if text["mark"] != MARK:
            raise ValueError(f"marked {text['mark']!r}")
        return _unpacked(text["tree"], arrays)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise FileError(
            f"{caller}: expected {path} to be a checkpoint of this version; got {type(error).__name__}: {error}. "
            "Nothing was changed. Use the file that a checkpoint wrote."
        ) from error


def _packed(tree: Any, arrays: dict[str, Any], path: str) -> Any:
    if tree is None or isinstance(tree, (bool, str)):
        return tree
    if isinstance(tree, (int, float)):
        # NumPy's scalars are numbers, too; JSON wants Python's.
        return int(tree) if isinstance(tree, int) else float(tree)
    if isinstance(tree, Mapping):
        return {"dict": [[_packed(k, arrays, path), _packed(v, arrays, f"{path}.{k}")] for k, v in tree.items()]}
    if isinstance(tree, (list, tuple)):
        return {type(tree).__name__: [_packed(v, arrays, f"{path}[{i}]") for i, v in enumerate(tree)]}
    if isinstance(tree, bytes):
        return {"bytes": tree.hex()}
    data = tree.detach().data if isinstance(tree, Tensor) else tree
    if hasattr(data, "dtype") and hasattr(data, "item"):
        name = f"a{len(arrays)}"
        arrays[name] = HOST.asarray(backends.of(data).to_numpy(data))
        return {"array": name}
    raise TypeError(
        f"checkpoint: expected dicts, lists, numbers, strings, bytes and arrays; got {type(tree).__name__} at "
        f"{path or 'the top'}. Give its state as these."
    )


def _unpacked(tree: Any, arrays: Mapping[str, Any]) -> Any:
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise ValueError("a bare list")
        return tree
    ((kind, value),) = tree.items()
    if kind == "dict":
        return {_unpacked(k, arrays): _unpacked(v, arrays) for k, v in value}
    if kind in ("list", "tuple"):
        parts = [_unpacked(v, arrays) for v in value]
        return parts if kind == "list" else tuple(parts)
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind == "array":
        return arrays[value]
    raise ValueError(f"an entry {kind!r}")


class Folder:
    """A folder with the newest checkpoint, ``checkpoint.npz``, and the one before it, ``previous.npz``.

    A kill at any moment leaves at least one whole file. ``load`` gives the newest that can be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Folder(name)
    ...     folder.save({"epoch": 1})
    ...     folder.save({"epoch": 2})
    ...     folder.load(), read(folder.previous)
    ({'epoch': 2}, {'epoch': 1})
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.newest = self.path / "checkpoint.npz"
        self.previous = self.path / "previous.npz"
        self._next = self.path / "next.npz"

    def save(self, tree: Any) -> None:
        """Make ``tree`` the newest checkpoint."""
        self.path.mkdir(parents=True, exist_ok=True)
        for torn in self.path.glob(f".{self._next.name}.*.part"):  # by a writer that was killed
            torn.unlink(missing_ok=True)
        write(self._next, tree)
        if self.newest.exists():
            os.replace(self.newest, self.previous)
        os.replace(self._next, self.newest)
        _flush(self.path)

    def load(self) -> Any:
        """The newest checkpoint that can be read; None where the folder has none.

        Raises:
            FileError: there are some, and none can be read.
        """
        failures = []
        # A kill between the two renames leaves the newest one, whole, under the first name.
        for path in (self._next, self.newest, self.previous):
            if path.exists():
                try:
                    return read(path)
                except FileError as error:
                    failures.append(error)
        if failures:
            raise FileError(
                f"checkpoint: expected one that can be read in {self.path}; got {len(failures)} damaged: {failures[0]} "
                "Remove the folder to begin anew."
            ) from failures[0]
        return None

    def clear(self) -> None:
        """Remove the checkpoints, and what killed writers left."""
        if not self.path.is_dir():
            return
        for path in (self._next, self.newest, self.previous, *self.path.glob(".*.part")):
            path.unlink(missing_ok=True)


def _flush(folder: Path) -> None:
    """Wait until the folder's entries are on the disk, where the system lets folders be opened."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


# For loops of one's own --------------------------------------------------------------------------------------------


def gather(**parts: Any) -> dict[str, Any]:
    """The state of ``model=…, optimizer=…, schedule=…, epoch=…`` and of the random streams, ready for ``Folder.save``.

    Objects give theirs through ``state_dict`` or ``get_state``; all else is kept as it is.

    >>> import nn
    >>> model = nn.Linear(2, 1)
    >>> sorted(gather(model=model, epoch=3))
    ['epoch', 'model', 'random']
    """
    tree: dict[str, Any] = {}
    for name, part in parts.items():
        give = getattr(part, "state_dict", None) or getattr(part, "get_state", None)
        tree[name] = part if give is None else copied(give())
    return {**tree, "random": random_state()}


def restore(tree: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
    """Put a tree of ``gather`` back into ``model=…, optimizer=…``; returns what was kept as it was (``epoch``, …).

    Raises:
        KeyError: the tree lacks a part.
        ValueError: a part's state does not fit it. Whatever was put back before is as it was.
    """
    for name in parts:
        if name not in tree:
            raise KeyError(
                f"restore: expected the state of {name}; got {', '.join(tree)}. Leave it out, or save it, too."
            )
    before = {name: copied(_give(part)) for name, part in parts.items()}
    done: list[str] = []
    try:
        for name, part in parts.items():
            done.append(name)
            _take(part, tree[name])
    except Exception:
        for name in done:
            _take(parts[name], before[name])
        raise
    if "random" in tree:
        set_random_state(tree["random"])
    return {name: value for name, value in tree.items() if name not in parts and name != "random"}


def _give(part: Any) -> Any:
    return (part.state_dict if hasattr(part, "state_dict") else part.get_state)()


def _take(part: Any, state: Any) -> None:
    (part.load_state_dict if hasattr(part, "load_state_dict") else part.set_state)(state)


def random_state() -> dict[str, Any]:
    """Of the streams of ``nn.random``, and of the older one behind ``numpy.random``'s functions."""
    return {"streams": random.get_state(), "legacy": HOST.legacy_generator().get_state()}


def set_random_state(state: Mapping[str, Any]) -> None:
    """Go on from a state that ``random_state`` gave."""
    random.set_state(state["streams"])
    HOST.legacy_generator().set_state(state["legacy"])


def copied(tree: Any) -> Any:
    """A tree whose arrays share no memory with the one given."""
    if isinstance(tree, Mapping):
        return {key: copied(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)([copied(value) for value in tree])
    if hasattr(tree, "dtype") and hasattr(tree, "reshape"):
        return backends.of(tree).copy(tree)
    return tree

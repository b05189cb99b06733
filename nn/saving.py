"""Weights in files: safetensors, or npz without pickle. Loading executes nothing. Imports ``nn.files``, ``nn.module``.

The names in the file are those of ``state_dict()``, which are PyTorch's for the same architecture, so that files go
both ways. Files are written beside their place and moved there, so that a crash leaves the old one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import backends
from autograd import Tensor
from nn import files
from nn.keras_weights import load_keras_weights as load_keras_weights
from nn.module import Module
from nn.state import LoadReport

FORMATS = {".safetensors": "safetensors", ".npz": "npz"}


class FileError(ValueError):
    """A file that can't be read as weights: missing, damaged, or of another format. Nothing was changed."""


def save_weights(module: Module, path: str | os.PathLike[str]) -> None:
    """Write ``module.state_dict()`` to ``path``: safetensors, or npz where the name ends so.

    Raises:
        ImportError: safetensors is not installed; the text says how to install it.
        ValueError: the name ends in neither, or a layer has no parameters yet.

    >>> import nn, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     save_weights(nn.Linear(2, 1), path)
    ...     sorted(read_arrays(path))
    ['bias', 'weight']
    """
    write_arrays(path, module.state_dict())


def load_weights(module: Module, path: str | os.PathLike[str], strict: bool = True) -> LoadReport:
    """Read ``path`` into the parameters and buffers of the same names; all is checked before anything is written.

    Args:
        path: a file that ``save_weights`` or PyTorch's safetensors wrote.
        strict: as for ``load_state_dict``.

    Raises:
        FileError: the file is missing, damaged, hostile, or of another format.
        KeyError, ValueError: names or shapes differ; see ``load_state_dict``.
        ImportError: safetensors is not installed.
    """
    arrays = read_arrays(path)
    if "tree" in arrays and not any(name == "tree" for name in module.state_dict()):
        raise FileError(
            f"load_weights: expected weights; {path} holds a whole model, or a checkpoint. Read it with "
            "nn.load_model(path) or nn.checkpoint.read(path)."
        )
    return module.load_state_dict(arrays, strict)


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, Any], caller: str = "save_weights") -> None:
    """Write name -> array (of any backend) to a file, atomically."""
    kind = check_format(path, caller)
    path = Path(path)
    plain = {name: _on_host(value) for name, value in arrays.items()}
    if kind == "npz":
        write_atomically(path, lambda file: files.write_npz(file, plain))
    else:
        data = files.write_safetensors(plain)
        write_atomically(path, lambda file: file.write(data))


def read_arrays(path: str | os.PathLike[str], caller: str = "load_weights") -> dict[str, Any]:
    """Name -> NumPy array of everything in a file that ``write_arrays`` or PyTorch's safetensors wrote.

    Raises:
        FileError: the file is missing, damaged, hostile, or of another format.
    """
    kind = check_format(path, caller)
    path = Path(path)
    if not path.is_file():
        raise FileError(f"{caller}: expected a file {path}; there is none. Correct the path.")
    try:
        return files.read_npz(path) if kind == "npz" else files.read_safetensors(path)
    except ImportError:
        raise
    except Exception as error:
        raise FileError(
            f"{caller}: expected {path} to be a {kind} file of arrays; got {type(error).__name__}: {error}. "
            "The file is damaged or of another format; nothing was loaded. Save it anew."
        ) from error


def write_atomically(path: str | os.PathLike[str], write: Callable[[BinaryIO], Any]) -> None:
    """Call ``write(file)`` on a new file beside ``path``, flush it to the disk, and move it to ``path``.

    Whatever happens, ``path`` is the old file or the whole new one.

    Raises:
        FileError: there is no such folder.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileError(f"save: expected a folder {path.parent}; there is none. Make it first, or correct the path.")
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _on_host(value: Any) -> Any:
    value = value.data if isinstance(value, Tensor) else value
    array = backends.of(value).to_numpy(value)
    return array if array.flags.c_contiguous else array.copy(order="C")


def check_format(path: Any, caller: str) -> str:
    """The format that a file's name tells.

    Raises:
        TypeError: it is no path.
        ValueError: the name ends in none of ``FORMATS``.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{caller}: expected a path; got {type(path).__name__}. Pass 'model.npz', say.")
    path = Path(path)
    if path.suffix not in FORMATS:
        fix = f"Rename it: {path.name.split('.')[0] or 'model'}.npz."
        if caller.startswith("load"):
            fix = (
                "Write it with safetensors.torch.save_file(module.state_dict(), path), or hand the state over: "
                "load_state_dict(torch.load(path))."
                if path.suffix in (".pt", ".pth", ".bin")
                else "Hand its weights over: nn.load_keras_weights(model, keras_model.get_weights())."
                if path.suffix in (".keras", ".h5", ".hdf5")
                else "Write it as one of these where it comes from."
            )
        raise ValueError(f"{caller}: expected a name that ends in {' or '.join(FORMATS)}; got {path.name!r}. {fix}")
    return FORMATS[path.suffix]

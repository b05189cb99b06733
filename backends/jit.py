"""Whether loops compiled by Numba (the extra ``jit``) are used, and where they are. Imports ``backends.threads``.

A kernel asks ``compiled(name)`` for a loop of ``backends.numba_loops`` and does without where the answer is None. Numba
is loaded, which takes half a second, when something first asks; what it compiles is kept on disk.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from backends.threads import split

# From so many elements on: fewer would save less than loading what is compiled costs.
LARGE = 16_384
_wanted = os.environ.get("XPGRAD_JIT") != "0"


@functools.cache
def _is_installed() -> bool:
    return importlib.util.find_spec("numba") is not None


def has_numba() -> bool:
    """Whether loops are compiled: Numba is installed, and wanted. It is not loaded to find out."""
    return _wanted and _is_installed()


@contextmanager
def without_jit() -> Iterator[None]:
    """Inside, plain NumPy runs in every thread, as if Numba were missing; ``XPGRAD_JIT=0`` says so for good."""
    global _wanted
    before, _wanted = _wanted, False
    try:
        yield
    finally:
        _wanted = before


def compiled(name: str) -> Callable[..., Any] | None:
    """The loop of this name, or None: Numba is missing or not wanted."""
    return getattr(_loops(), name) if has_numba() else None


@functools.cache
def _loops() -> Any:
    return importlib.import_module("backends.numba_loops")


def over_elements(name: str, *arrays: np.ndarray) -> np.ndarray | None:
    """A new array as the first, each element by the compiled loop of this name; None where that is not to be had.

    It is not where arrays are small, or not contiguous, or of several shapes or dtypes, or not float32.
    """
    first = arrays[0]
    if first.size < LARGE or not same_kind("f", *arrays):
        return None
    loop = compiled(name)
    if loop is None:
        return None
    out = np.empty(first.shape, first.dtype)
    flat = [x.reshape(-1) for x in (*arrays, out)]
    split(first.size, lambda start, stop: loop(*[x[start:stop] for x in flat]))
    return out


def same_kind(chars: str, *arrays: Any) -> bool:
    """Whether all are contiguous arrays of one shape and one dtype, whose character is among ``chars``."""
    first = arrays[0]
    shape, char = first.shape, first.dtype.char
    return char in chars and all(
        [
            x.__class__ is np.ndarray and x.dtype.char == char and x.shape == shape and x.flags.c_contiguous
            for x in arrays
        ]
    )

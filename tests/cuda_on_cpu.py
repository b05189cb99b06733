"""CUDA C on the CPU: a source compiled as C++, and a grid of blocks run as a GPU may run it.

Kernels that wait for one another (``__syncthreads``, ``__syncwarp``, shuffles) get a fiber for each thread of a block;
they run to the next barrier one after the other, in an order that the caller chooses: forwards all threads go from
barrier to barrier together, otherwise a warp hurries ahead as far as it may. What depends on the order is a race.
Parameters are held against what they are given, element types included, which a GPU would silently misread, and memory
around each array is looked at: what is written there is an error, what is read there is NaN or -1.

Not modelled: time, caches, ``-ftz`` (here, subnormal floats are numbers), and a warp's threads at one instruction.
"""

from __future__ import annotations

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

COMPILER = shutil.which("g++") or shutil.which("clang++")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler (g++ or clang++) is installed")
ORDERS = {"forwards": 0, "backwards": 1, "shuffled": 2}

HEADER = Path(__file__).with_suffix(".hpp")

# So many bytes lie on both sides of an array: -1 as integers; as floats NaN that signals, so that NaN computed from it
# is another one, and seen where it is written. A block of threads too many writes within them.
GUARD = 4096
SIGNALS = {"float32": np.uint32(0x7FA00000), "float64": np.uint64(0x7FF4000000000000)}


def _guard(dtype: np.dtype[Any]) -> np.ndarray:
    pattern = np.array(SIGNALS.get(dtype.name, np.uint64(0xFFFFFFFFFFFFFFFF)))
    return np.full(GUARD // pattern.itemsize, pattern).view(np.uint8)


class Kernels:
    """The kernels of one source, to be launched."""

    def __init__(self, library: ctypes.PyDLL, names: Sequence[str], fibered: bool) -> None:
        self._fibered = fibered
        self._run = {}
        # What each kernel takes: "int32" is a number, "float32[]" an array, "float32[]=" one that it writes.
        self.parameters: dict[str, list[str]] = {}
        for name in names:
            run, parameters = library[f"run_{name}"], library[f"parameters_{name}"]
            run.restype = parameters.restype = ctypes.c_char_p
            self._run[name] = run
            self.parameters[name] = parameters().decode().split()

    def launch(self, kernel: str, threads: int, args: Sequence[Any], order: str = "forwards", block: int = 128) -> None:
        """Run as many blocks as ``threads`` need on arrays, which are contiguous, and NumPy's scalars.

        Raises:
            TypeError: what a parameter is given is not what it is.
            RuntimeError: the kernel wrote beside an array, or its threads wait for one another.
        """
        parameters = self.parameters[kernel]
        if len(args) != len(parameters):
            raise TypeError(
                f"{kernel}: expected {len(parameters)} arguments ({', '.join(parameters)}); got {len(args)}"
            )
        places: dict[int, np.ndarray] = {}
        values = [self._value(kernel, p, a, places) for p, a in zip(parameters, args, strict=True)]
        pointers = (ctypes.c_void_p * len(values))(*[value.ctypes.data for value in values])
        run = self._run[kernel]
        error = run(pointers, -(-threads // block), block, ORDERS[order], ctypes.c_bool(self._fibered)).decode()
        if error:
            raise RuntimeError(f"{kernel}: {error}")
        for parameter, array in zip(parameters, args, strict=True):
            if isinstance(array, np.ndarray):
                place, guard = places[id(array)], _guard(array.dtype)
                if (place[:GUARD] != guard).any() or (place[GUARD + array.nbytes :] != guard).any():
                    raise RuntimeError(f"{kernel}: wrote beside an array of shape {array.shape}")
                if parameter.endswith("="):
                    array[...] = place[GUARD : GUARD + array.nbytes].view(array.dtype).reshape(array.shape)

    def _value(self, kernel: str, parameter: str, value: Any, places: dict[int, np.ndarray]) -> np.ndarray:
        """What the kernel's parameter is read from: a number, or the address of a copy between guards."""
        name = f"{value.dtype.name}[]" if isinstance(value, np.ndarray) else value.dtype.name
        if name != parameter.rstrip("=") and not (parameter.startswith("any[]") and name.endswith("[]")):
            raise TypeError(f"{kernel}: expected {parameter}; got {name}")
        if not isinstance(value, np.ndarray):
            return np.array(value)
        if not value.flags.c_contiguous:
            raise TypeError(
                f"{kernel}: expected contiguous arrays, as it knows no strides; got strides {value.strides}"
            )
        if id(value) not in places:
            inside, guard = value.reshape(-1).view(np.uint8), _guard(value.dtype)
            places[id(value)] = np.concatenate([guard, inside, guard])
        return np.array(places[id(value)].ctypes.data + GUARD, np.uint64)


@functools.cache
def compiled(source: str, names: tuple[str, ...]) -> Kernels:
    """The kernels of these names in ``source``."""
    if COMPILER is None:
        raise RuntimeError("no C++ compiler (g++ or clang++) is installed")
    folder = Path(tempfile.mkdtemp(prefix="kernels"))
    try:
        offers = "".join(f"OFFER({name})\n" for name in names)
        text = f'#include "{HEADER}"\n{source}\n{offers}'
        (folder / "k.cpp").write_text(text, encoding="utf-8")
        options = ["-std=c++17", "-O1", "-w", "-ffp-contract=off", "-U_FORTIFY_SOURCE", "-shared", "-fPIC"]
        command = [COMPILER, *options, "k.cpp", "-o", "k.so"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{COMPILER}: {done.stderr[:4000]}")
        # The interpreter's lock is kept: the blocks that run share one set of fibers.
        library = ctypes.PyDLL(str(folder / "k.so"))
    finally:
        shutil.rmtree(folder)
    return Kernels(library, names, re.search(r"__sync|__shfl", source) is not None)

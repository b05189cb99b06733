"""Records what CuPy's namespace holds, for the strict backend: ``python tests/recorded/record_cupy_namespace.py``.

Needs CuPy and ml_dtypes, and no GPU. Of a function the names of its parameters are kept, of a ufunc its loops.
"""

from __future__ import annotations

import inspect
import json
import re
import types
from pathlib import Path
from typing import Any

import cupy
import cupyx.scipy.special
import ml_dtypes
import numpy

HERE = Path(__file__).resolve().parent


def parameters(function: Any) -> str | None:
    """The parameters as one line: names, ``/`` and ``*`` where they stand, ``*args``, ``**kwargs``; None if unknown."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Cython writes the signature into the docstring's first line.
        first = (function.__doc__ or "").split("\n", 1)[0]
        found = re.match(r"[\w.]+\((?:self(?:, )?)?(.*?)\)(?: ->.*)?$", first)
        if found is None:
            return None
        items = [item.split("=")[0].strip() for item in re.split(r",(?![^(]*\))", found[1]) if item.strip()]
        return " ".join(item if item.startswith("*") else item.split(" ")[-1] for item in items)
    words = []
    kinds = [p.kind for p in signature.parameters.values()]
    for number, p in enumerate(signature.parameters.values()):
        if p.kind is p.KEYWORD_ONLY and p.VAR_POSITIONAL not in kinds and p.KEYWORD_ONLY not in kinds[:number]:
            words.append("*")
        words.append({p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + p.name)
        if p.kind is p.POSITIONAL_ONLY and kinds[number + 1 : number + 2] != [p.POSITIONAL_ONLY]:
            words.append("/")
    return " ".join(words)


def computing(ufunc: Any, loop: str) -> str:
    """The loop, its outputs as ``!`` where it only raises, such as the subtraction of booleans."""
    dtypes = [ml_dtypes.bfloat16 if char == "E" else char for char in loop.split("->")[0]]
    host = numpy.zeros(1, numpy.complex128)
    pointer = cupy.cuda.MemoryPointer(cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, 0), 0)
    operands = [cupy.ndarray((1,), dtype, memptr=pointer) for dtype in dtypes]
    try:
        ufunc._ops.guess_routine(ufunc.name, {}, operands, None, None)
    except TypeError:
        return loop.split("->")[0] + "->!"
    return loop


def namespace(module: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"functions": {}, "ufuncs": {}, "numpy": {}}
    for name in sorted(dir(module)):
        value = getattr(module, name)
        if name.startswith("_") or isinstance(value, types.ModuleType):
            continue
        if isinstance(value, cupy.ufunc):
            found["ufuncs"][name] = " ".join(computing(value, loop) for loop in value.types if "V" not in loop)
        elif value is getattr(numpy, name, None):
            found["numpy"][name] = ""
        elif callable(value) and not isinstance(value, type):
            found["functions"][name] = parameters(value)
    found["numpy"] = " ".join(found["numpy"])  # type: ignore[assignment]
    return found


def methods() -> dict[str, str | None]:
    return {
        name: parameters(getattr(cupy.ndarray, name)) if callable(getattr(cupy.ndarray, name)) else "attribute"
        for name in sorted(dir(cupy.ndarray))
        if not name.startswith("_")
    }


def record() -> dict[str, Any]:
    return {
        "cupy": cupy.__version__,
        "xp": namespace(cupy),
        "linalg": namespace(cupy.linalg),
        "fft": namespace(cupy.fft),
        "special": namespace(cupyx.scipy.special),
        "ndarray": methods(),
    }


if __name__ == "__main__":
    text = json.dumps(record(), indent=1, sort_keys=True)
    (HERE / "cupy_namespace.json").write_text(text + "\n", encoding="utf-8")

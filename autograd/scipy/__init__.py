"""SciPy's names that HIPS autograd's programs import: ``special``, ``stats``, ``linalg``, ``integrate``, ``signal``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PARTS = ("integrate", "linalg", "signal", "special", "stats")


def __getattr__(name: str) -> Any:
    """The parts, each loaded when first asked for."""
    if name in _PARTS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}. It has {', '.join(_PARTS)}; SciPy itself has the rest."
    )

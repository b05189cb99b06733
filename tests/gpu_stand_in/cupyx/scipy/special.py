"""Stands for CuPy's special functions: see ``tests/simulated_gpu.py``."""

from tests.strict_namespace import special


def __getattr__(name: str) -> object:
    return getattr(special, name)

"""Stands for CuPy in processes that have this folder on their path: see ``tests/simulated_gpu.py``."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[3]))

from tests.simulated_gpu import install, xp

__version__ = "14.2.0"

install()


def __getattr__(name: str) -> object:
    return getattr(xp, name)

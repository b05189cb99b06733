"""Keeps pytest's doctest collection to the packages: under tests/, only test modules are collected.

Without this, ``--doctest-modules`` would import the scripts that record other libraries' values, and those libraries.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = Path(__file__).parent / "tests"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if TESTS in collection_path.parents and collection_path.suffix == ".py":
        return not collection_path.name.startswith("test_")
    return None


def pytest_configure(config: pytest.Config) -> None:
    # pytest imports the class that a filter names, and would not start without Numba if pyproject.toml named it.
    if find_spec("numba") is not None:
        config.addinivalue_line("filterwarnings", "default::numba.core.errors.NumbaPerformanceWarning")

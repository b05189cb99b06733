"""Keeps pytest's doctest collection to the packages: under tests/, only test modules are collected.

Without this, ``--doctest-modules`` would import the scripts that record other libraries' values, and those libraries.
"""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent / "tests"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if TESTS in collection_path.parents and collection_path.suffix == ".py":
        return not collection_path.name.startswith("test_")
    return None

"""The table of test cases: ``CASES``, one row or more per primitive.

Each module of this folder holds one subject's ``ROWS``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.cases.base import Case

CASES: list[Case] = [
    row
    for module in sorted(info.name for info in iter_modules(__path__) if info.name != "base")
    for row in import_module(f"{__name__}.{module}").ROWS
]

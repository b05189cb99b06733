"""Every row of the table of test cases on every backend; every primitive has a row."""

from __future__ import annotations

import importlib
from pkgutil import walk_packages

import pytest

import autograd
import backends
from autograd.primitive import PRIMITIVES
from tests import checks
from tests.cases import CASES
from tests.cases.base import Case

IDS = [f"{i}-{case.id}" for i, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_case(case: Case, backend: backends.Backend) -> None:
    if case.only and backend.name not in case.only:
        with pytest.raises(backends.BackendError, match=f"{case.primitive}: expected"):
            case.function(*[backend.asarray(x) if hasattr(x, "dtype") else x for x in case.args], **case.options)
        return
    failures = checks.check(case, backend)
    assert not failures, f"{case.id} on {backend.name}:\n" + "\n".join(failures)


def is_for_scalars(case: Case) -> bool:
    """Whether a row is of an element-wise operation on real numbers, with a value of its own for every element."""
    real = all(getattr(x, "dtype", None) is None or x.dtype.kind in "fib" for x in case.args)
    return PRIMITIVES[case.primitive].elementwise and real and "float64" in case.dtypes


@pytest.mark.parametrize("case", [case for case in CASES if is_for_scalars(case)], ids=lambda case: case.id)
def test_case_on_python_floats(case: Case) -> None:
    try:
        checks.check_scalars(case)
    except TypeError as refused:
        if "expected arrays; got Python numbers" not in str(refused):
            raise


def test_every_primitive_has_a_row() -> None:
    for module in walk_packages(autograd.__path__, "autograd."):
        if "ops" in module.name:
            importlib.import_module(module.name)
    own = {name for name, p in PRIMITIVES.items() if p.forward.__module__.split(".")[0] in ("autograd", "nn")}
    missing = own - {case.primitive for case in CASES}
    assert not missing, f"a row in tests/cases is missing for {sorted(missing)}"


def test_rows_name_primitives_that_exist() -> None:
    assert not {case.primitive for case in CASES} - set(PRIMITIVES)

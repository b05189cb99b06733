"""Fixtures that every test may use: one backend after another, primitives to throw away, hypothesis that repeats."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

import backends
from autograd.primitive import PRIMITIVES
from tests.strict_backend import StrictBackend

backends.register(StrictBackend())

hypothesis.settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    # The `backend` fixture holds one backend for all examples of a test, as it should.
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile("search", parent=hypothesis.settings.get_profile("ci"), derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def usable(name: str) -> backends.Backend:
    """The backend, or a skip that says what is missing."""
    try:
        return backends.get(name)
    except backends.BackendError as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def backend(request: pytest.FixtureRequest) -> Iterator[backends.Backend]:
    """Every backend of arrays in turn; while the test runs it is the default."""
    with backends.use(usable(request.param)) as chosen:
        yield chosen


@pytest.fixture(params=["strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def device_backend(request: pytest.FixtureRequest) -> Iterator[backends.Backend]:
    """The backends whose arrays don't mix with NumPy's."""
    with backends.use(usable(request.param)) as chosen:
        yield chosen


@pytest.fixture
def throwaway() -> Iterator[None]:
    """Primitives defined in a test are forgotten after it."""
    before = set(PRIMITIVES)
    yield
    for name in set(PRIMITIVES) - before:
        del PRIMITIVES[name]


@pytest.fixture(scope="module")
def cupy() -> Any:
    """The module, with or without a GPU."""
    if importlib.util.find_spec("cupy") is None:
        pytest.skip("CuPy is not installed")
    module = importlib.import_module("cupy")
    if not hasattr(module, "cuda"):
        pytest.skip("CuPy does not load")
    return module

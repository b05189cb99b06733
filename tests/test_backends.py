"""The registry of backends: names, types, defaults, devices, and backends that others add."""

from __future__ import annotations

import copy
import pickle
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import backends
from autograd import Tensor, tensor
from backends import Backend, BackendError
from tests.helpers import to_numpy


def test_get_gives_one_backend_per_name() -> None:
    assert backends.get("numpy") is backends.get("numpy")
    assert backends.get("numpy").name == "numpy" and backends.get("scalar").name == "scalar"


def test_get_of_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(BackendError, match=r"get: expected one of the backends 'numpy', 'scalar', 'cupy'.*got 'jax'"):
        backends.get("jax")


def test_of_knows_arrays_by_their_type(backend: Backend) -> None:
    x = backend.asarray([1.0, 2.0])
    assert backends.of(x) is backend
    assert backends.of(x[0]) is backend


def test_of_knows_subclasses_and_numbers() -> None:
    class Named(np.ndarray):
        pass

    assert backends.of(np.ones(2).view(Named)).name == "numpy"
    for value in (np.float32(1), np.int8(1), np.bool_(True), np.complex64(1)):
        assert backends.of(value).name == "numpy"
    for number in (1, 1.5, True, 1j):
        assert backends.of(number).name == "scalar"


def test_of_a_stranger_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"of: expected an array of one of the backends .*; got builtins.list. Convert"):
        backends.of([1.0])


def test_available_names_what_works_here() -> None:
    found = backends.available()
    assert {"numpy", "scalar", "strict"} <= set(found)
    for name in backends.names():
        if name in found:
            assert backends.get(name).name == name
        else:
            with pytest.raises(BackendError):
                backends.get(name)


def test_a_broken_backend_is_known_but_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(backends._BUILT_IN, "absent", ("no_such_module_here", "X", "no_such_module_here"))
    assert "absent" in backends.names()
    assert "absent" not in backends.available()


def test_use_as_a_call_and_as_a_context_manager() -> None:
    assert backends.default().name == "numpy"
    with backends.use("strict") as inside:
        assert inside.name == "strict" and backends.default() is inside
        with backends.use("scalar"):
            assert backends.default().name == "scalar"
        assert backends.default() is inside
    assert backends.default().name == "numpy"
    called = backends.use("strict")
    assert backends.default().name == "strict"
    with called:
        assert backends.default().name == "strict"
    assert backends.default().name == "numpy"
    with called:
        assert backends.default().name == "strict"
    assert backends.default().name == "numpy"


def test_use_of_an_unknown_name_changes_nothing() -> None:
    with pytest.raises(BackendError, match="got 'nothing'"):
        backends.use("nothing")
    assert backends.default().name == "numpy"


def test_use_is_left_when_the_block_raises() -> None:
    with pytest.raises(ZeroDivisionError), backends.use("strict"):
        1 / 0
    assert backends.default().name == "numpy"


def test_the_default_belongs_to_the_context() -> None:
    seen: dict[str, str] = {}
    ready, done = threading.Event(), threading.Event()

    def work() -> None:
        seen["at the start"] = backends.default().name
        backends.use("scalar")
        ready.set()
        done.wait(10)
        seen["at the end"] = backends.default().name

    thread = threading.Thread(target=work)
    with backends.use("strict"):
        thread.start()
        assert ready.wait(10)
        assert backends.default().name == "strict"
        done.set()
        thread.join(10)
    fresh = not getattr(sys.flags, "thread_inherit_context", False)
    assert seen == {"at the start": "numpy" if fresh else "strict", "at the end": "scalar"}


def test_a_backend_is_made_once_however_many_threads_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Slow(Backend):
        name = "slow"

        def __init__(self) -> None:
            made.append(1)
            threading.Event().wait(0.05)

    class Point:
        @staticmethod
        def load() -> type:
            return Slow

    monkeypatch.setattr(backends, "_entry_points", lambda: {"slow": Point})
    found: list[Backend] = []
    threads = [threading.Thread(target=lambda: found.append(backends.get("slow"))) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    finally:
        backends._loaded.pop("slow", None)
    assert len(made) == 1 and len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    ("device", "name"), [("cpu", "numpy"), ("scalar", "scalar"), ("strict", "strict"), ("strict:0", "strict")]
)
def test_for_device(device: str, name: str) -> None:
    assert backends.for_device(device).name == name


def test_for_device_refuses_what_nothing_serves() -> None:
    with pytest.raises(BackendError, match="device: expected 'cpu', 'cuda', 'cuda:N' or a backend's name; got 'tpu'"):
        backends.for_device("tpu")
    with pytest.raises(BackendError, match=r"or a backend's name; got 0. Write it as text, e.g. 'cuda:0'."):
        backends.for_device(0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["numpy", "scalar", "strict"])
def test_a_backend_is_pickled_by_its_name(name: str) -> None:
    backend = backends.get(name)
    assert pickle.loads(pickle.dumps(backend)) is backend
    assert copy.deepcopy(backend) is backend
    assert repr(backend) == f"<backend {name}>"


# A backend of somebody else's ---------------------------------------------------------------------------------

# The whole of a third party's backend, in one file: ndarrays of a type of its own.
MODULE = '''
"""Arrays that refuse to hold a number that is not finite."""

import numpy as np

from backends.numpy_backend import NumpyBackend


class Finite(np.ndarray):
    def __array_wrap__(self, out, context=None, return_scalar=False):
        if not np.all(np.isfinite(out)):
            raise FloatingPointError("not finite")
        return np.asarray(out).view(Finite)


class FiniteBackend(NumpyBackend):
    name = "finite"
    device_type = "finite"
    array_types = (Finite,)

    def asarray(self, data, dtype=None, device=None):
        return np.asarray(data, dtype=dtype).view(Finite)
'''


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "finite_backend.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    info = tmp_path / "finite_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: finite-backend\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[xpgrad.backends]\nfinite = finite_backend:FiniteBackend\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    known = dict(backends.BY_TYPE)
    yield "finite"
    backends._loaded.pop("finite", None)
    for kind in set(backends.BY_TYPE) - set(known):
        del backends.BY_TYPE[kind]
    sys.modules.pop("finite_backend", None)


def test_a_distribution_adds_a_backend_by_an_entry_point(distribution: str) -> None:
    assert distribution in backends.names() and distribution in backends.available()
    with backends.use(distribution) as backend:
        x = tensor([1.0, 2.0], requires_grad=True)
        assert x.backend is backend and x.device == "finite"
        y = (x * x).sum()
        y.backward()
        assert x.grad is not None and x.grad.backend is backend
        np.testing.assert_array_equal(to_numpy(x.grad), [2.0, 4.0])
        with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="not finite"):
            x / (x - x)


def test_scalars_of_dtypes_that_other_packages_add_are_numpys() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = Tensor(np.ones(3, ml_dtypes.bfloat16), requires_grad=True)
    total = x.sum()
    assert total.backend is backends.get("numpy") and total.dtype == ml_dtypes.bfloat16
    total.backward()
    assert x.grad.dtype == ml_dtypes.bfloat16
    with pytest.raises(TypeError, match="expected an array of one of the backends"):
        backends.of(np.str_("text"))

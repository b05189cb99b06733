"""CuPy's backend as far as it goes without a GPU: what its absence says, and the strict backend held against CuPy."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import itertools
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backends
from backends import BackendError
from backends.cuda import driver as driver_module
from backends.cuda.driver import load_cupy
from backends.cupy_backend import CupyBackend
from tests.strict_array import RECORDED, StrictArray
from tests.strict_namespace import StrictUfunc, xp

# What the absence of CuPy or of a GPU says ------------------------------------------------------------------


def pretend(
    monkeypatch: pytest.MonkeyPatch, *, driver: int | None, built: int | None = None, gpu: bool = False
) -> types.ModuleType | None:
    """A machine with this driver, and CuPy built for this version of CUDA (None: no CuPy)."""
    monkeypatch.setattr(driver_module, "driver_version", lambda: driver)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if built is None:
        monkeypatch.delitem(sys.modules, "cupy", raising=False)
        monkeypatch.setattr(driver_module.importlib.util, "find_spec", lambda name: None)
        return None
    module: Any = types.ModuleType("cupy")
    module.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
    module.__version__ = "14.2.0"
    module.cuda = types.SimpleNamespace(
        is_available=lambda: gpu, runtime=types.SimpleNamespace(runtimeGetVersion=lambda: built)
    )
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_with_a_gpu_cupy_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    module = pretend(monkeypatch, driver=13000, built=13020, gpu=True)
    assert load_cupy() is module


@pytest.mark.parametrize(
    ("driver", "built", "message"),
    [
        (
            None,
            None,
            r"expected CuPy and an NVIDIA GPU; this machine has no CuPy installed and no NVIDIA driver\..*numpy",
        ),
        (12040, None, r"expected CuPy; it is not installed .* CUDA 12\.4 is\)\. .*pip install 'xpgrad\[cuda12\]'$"),
        (13010, None, r"expected CuPy; it is not installed .* CUDA 13\.1 is\)\. .*pip install 'xpgrad\[cuda13\]'$"),
        (None, 13020, r"expected an NVIDIA GPU; CuPy 14\.2\.0 is installed, but no NVIDIA driver was found"),
        (12080, 13020, r"expected a driver for CUDA 13; .* up to CUDA 12\.8\. .*cupy-cuda13x.*'xpgrad\[cuda12\]'$"),
        (13000, 13020, r"expected an NVIDIA GPU; .*driver for CUDA 13\.0, but it shows no GPU\. Check .*nvidia-smi"),
    ],
)
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, driver: int | None, built: int | None, message: str
) -> None:
    pretend(monkeypatch, driver=driver, built=built)
    with pytest.raises(BackendError, match="^cupy: " + message):
        CupyBackend()


def test_hidden_gpus_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, driver=13000, built=13020)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(BackendError, match=r"shows no GPU \(CUDA_VISIBLE_DEVICES=''\)"):
        CupyBackend()


def test_a_cupy_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cupy.py").write_text("raise ImportError('====\\nlibcublas.so.13: cannot open shared object file\\n')")
    for name in [name for name in sys.modules if name == "cupy" or name.startswith("cupy.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(driver_module, "driver_version", lambda: 13000)
    with pytest.raises(BackendError, match=r"raised ImportError: libcublas.* Reinstall it: .*cuda13"):
        CupyBackend()


def test_the_drivers_version_is_none_or_a_version() -> None:
    version = driver_module.driver_version()
    assert version is None or 9000 < version < 99_000


def test_nothing_loads_cupy_unasked() -> None:
    import subprocess

    code = "import sys, autograd, backends; assert 'cupy' not in sys.modules, 'cupy'"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_where_cupy_has_no_gpu_get_says_so() -> None:
    if importlib.util.find_spec("cupy") is None:
        pytest.skip("CuPy is not installed")
    cupy = importlib.import_module("cupy")
    if cupy.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(BackendError, match="cupy: expected an NVIDIA GPU; CuPy"):
        backends.get("cupy")
    assert "cupy" not in backends.available()


# CuPy's own arrays, over host memory ------------------------------------------------------------------------


def over_host_memory(cupy: Any, host: np.ndarray) -> Any:
    """A CuPy array whose memory is ``host``: good for everything that only looks at shapes and strides."""
    memory = cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, 0)
    return cupy.ndarray(host.shape, host.dtype, memptr=cupy.cuda.MemoryPointer(memory, 0), strides=host.strides)


def on_the_host(array: Any, host: np.ndarray) -> np.ndarray:
    """What a CuPy array over ``host`` shows."""
    offset = array.data.ptr - host.ctypes.data
    return np.ndarray(array.shape, array.dtype, host, offset, array.strides)


def test_as_strided_of_cupy_knows_its_base(cupy: Any) -> None:
    host = np.arange(24.0).reshape(4, 6)
    x = over_host_memory(cupy, host)
    backend = CupyBackend(cupy)
    assert cupy.lib.stride_tricks.as_strided(x, (2, 2), (8, 8)).base is None  # the trap the backend goes round
    view = backend.as_strided(x[1:], (2, 3), (48, 16))
    assert view.base is x and view.shape == (2, 3) and view.strides == (48, 16) and not view.flags.c_contiguous
    np.testing.assert_array_equal(on_the_host(view, host), host[1:3, 0:6:2])


@given(data=st.data())
def test_windows_of_cupy_are_numpys(cupy: Any, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    window, stride, dilation = (tuple(data.draw(st.integers(1, 3)) for _ in range(n)) for _ in range(3))
    size = tuple((w - 1) * d + 1 + data.draw(st.integers(0, 3)) for w, d in zip(window, dilation))
    host = np.arange(2.0 * np.prod(size)).reshape(2, *size)
    got = CupyBackend(cupy).windows(over_host_memory(cupy, host), window, stride, dilation)
    expected = backends.get("numpy").windows(host, window, stride, dilation)
    assert got.strides == expected.strides
    np.testing.assert_array_equal(on_the_host(got, host), expected)


def test_device_of_cupy(cupy: Any) -> None:
    assert CupyBackend(cupy).device(over_host_memory(cupy, np.ones(3))) == "cuda:0"


VIEWS = [
    lambda x: x.T,
    lambda x: x[1:],
    lambda x: x[..., ::-1],
    lambda x: x[None],
    lambda x: x[0],
    lambda x: x[..., -1],
    lambda x: x.reshape(-1),
    lambda x: x.reshape(1, *x.shape),
    lambda x: x.squeeze(),
    lambda x: x.swapaxes(0, -1),
    lambda x: x.view(),
    lambda x: x.ravel(),
    lambda x: x.diagonal(),
    lambda x: x.real,
    lambda x: x[()],
    lambda x: x[..., None],
    lambda x: x.transpose(),
]


@given(steps=st.lists(st.sampled_from(range(len(VIEWS))), max_size=5), dtype=st.sampled_from(["f4", "c8"]))
def test_strict_views_are_cupys(cupy: Any, steps: list[int], dtype: str) -> None:
    host = np.arange(24).reshape(2, 3, 4).astype(dtype)
    theirs, ours = over_host_memory(cupy, host), StrictArray(host)
    first_theirs, first_ours = theirs, ours
    for step in steps:
        try:
            next_theirs = VIEWS[step](theirs)
        except cupy.cuda.runtime.CUDARuntimeError:
            return  # it copies, which needs a GPU
        except (IndexError, ValueError):  # AxisError is both, and NumPy raises one or the other
            with pytest.raises((IndexError, ValueError)):
                VIEWS[step](ours)
            return
        theirs, ours = next_theirs, VIEWS[step](ours)
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        assert (ours.base is None) == (theirs.base is None)
        assert (ours.base is first_ours) == (theirs.base is first_theirs)
        if theirs.size:
            significant = [axis for axis, size in enumerate(theirs.shape) if size > 1]
            assert [ours.strides[axis] for axis in significant] == [theirs.strides[axis] for axis in significant]
            np.testing.assert_array_equal(ours.get(), on_the_host(theirs, host))
        assert ours.flags.c_contiguous == theirs.flags.c_contiguous
        assert ours.flags.f_contiguous == theirs.flags.f_contiguous
        assert ours.flags.owndata == theirs.flags.owndata


@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (3,)])
def test_strict_functions_return_the_array_itself_where_cupys_do(cupy: Any, shape: tuple[int, ...]) -> None:
    host = np.arange(float(np.prod(shape))).reshape(shape)
    calls = [
        lambda xp, a: xp.squeeze(a), lambda xp, a: a.squeeze(), lambda xp, a: xp.broadcast_to(a, a.shape),
        lambda xp, a: a.reshape(a.shape), lambda xp, a: xp.reshape(a, a.shape), lambda xp, a: xp.ravel(a),
        lambda xp, a: a.transpose(), lambda xp, a: xp.moveaxis(a, 0, 0), lambda xp, a: xp.moveaxis(a, 0, -1),
        lambda xp, a: xp.rollaxis(a, 0), lambda xp, a: a[...], lambda xp, a: a[()], lambda xp, a: a.view(),
        lambda xp, a: xp.broadcast_arrays(a, a)[0], lambda xp, a: xp.broadcast_arrays(a, a)[1],
        lambda xp, a: a.swapaxes(0, 0), lambda xp, a: a.real, lambda xp, a: xp.expand_dims(a, 0),
        lambda xp, a: xp.flip(a, 0), lambda xp, a: xp.split(a, 1)[0], lambda xp, a: xp.atleast_1d(a),
    ]  # fmt: skip
    for number, call in enumerate(calls):
        theirs = over_host_memory(cupy, host)
        try:
            expected = call(cupy, theirs)
        except cupy.cuda.runtime.CUDARuntimeError:
            continue  # it asks which device is current, which needs one
        ours = StrictArray(host)
        got = call(xp, ours)
        assert (got is ours) == (expected is theirs), number
        assert (got.base is ours) == (expected.base is theirs), number
        assert got.shape == expected.shape, number


# What the strict namespace was made from --------------------------------------------------------------------


def test_the_recorded_namespace_is_cupys(cupy: Any) -> None:
    if cupy.__version__ != RECORDED["cupy"]:
        pytest.skip(f"recorded from CuPy {RECORDED['cupy']}; {cupy.__version__} is installed")
    recorder = importlib.import_module("tests.recorded.record_cupy_namespace")
    assert recorder.record() == RECORDED


def test_the_strict_namespace_holds_nothing_else() -> None:
    recorded = {name for part in ("functions", "ufuncs") for name in RECORDED["xp"][part]}
    recorded |= set(RECORDED["xp"]["numpy"].split())
    extra = set(vars(xp)) - recorded - {"__name__"}
    assert extra == {"ndarray", "ufunc", "linalg", "fft", "lib", "cuda"}


CHARS = "?bBhHiIlLqQefdFD"


@pytest.mark.parametrize("name", sorted(RECORDED["xp"]["ufuncs"]))
def test_strict_loops_are_the_ones_cupy_picks(cupy: Any, name: str) -> None:
    scalar = importlib.import_module("cupy._core._scalar").CScalar
    theirs, ours = getattr(cupy, name), getattr(xp, name, None)
    if ours is None:
        pytest.skip("NumPy has no function of this name")
    assert isinstance(ours, StrictUfunc) and (ours.nin, ours.nout) == (theirs.nin, theirs.nout)
    kinds: list[Any] = [np.dtype(char) for char in CHARS]
    if theirs.nin == 2:
        kinds += [int, float, complex]
    for key in itertools.product(kinds, repeat=theirs.nin):
        operands = [
            scalar(kind(1)) if isinstance(kind, type) else over_host_memory(cupy, np.ones(2, kind)) for kind in key
        ]
        try:
            op = theirs._ops.guess_routine(theirs.name, {}, operands, None, None)
        except TypeError:
            with pytest.raises(TypeError, match="Wrong type"):
                ours._resolve(key)
            continue
        _, outs = op.resolve_dtypes(operands, [None] * theirs.nout)
        assert tuple(ours._resolve(key)) == tuple(outs), key


@pytest.mark.parametrize("name", sorted(RECORDED["xp"]["ufuncs"]))
def test_strict_ufuncs_compute_in_every_loop(name: str) -> None:
    ufunc = getattr(xp, name, None)
    if ufunc is None:
        pytest.skip("NumPy has no function of this name")
    for inputs, outputs in ufunc.loops:
        if outputs is None:
            with pytest.raises(TypeError, match="Wrong type"):
                ufunc(*[StrictArray(np.ones(2, dtype)) for dtype in inputs])
            continue
        try:
            out = ufunc(*[StrictArray(np.ones(2, dtype)) for dtype in inputs])
        except TypeError:
            assert inputs[0].kind == "c"  # CuPy computes a complex arctan2, NumPy doesn't; here it raises
            continue
        outs = out if isinstance(out, tuple) else (out,)
        assert all(isinstance(o, StrictArray) for o in outs)
        expected = ufunc._resolve(inputs)
        assert tuple(o.dtype for o in outs) == tuple(expected)
        assert len(outs) == len(outputs)


def test_the_record_is_sorted_text() -> None:
    path = Path(__file__).parent / "recorded" / "cupy_namespace.json"
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(RECORDED, indent=1, sort_keys=True) + "\n"

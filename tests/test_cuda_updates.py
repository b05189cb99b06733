"""Optimisers' steps as CUDA kernels: compiled by NVRTC, run as C++ on this CPU, and chosen where they can be."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn.optim as optim
from autograd import tensor
from autograd.emit import Formula
from autograd.fuse import Fused
from backends.cupy_backend import CupyBackend
from tests.cuda_on_cpu import Kernels, compiled, needs_compiler
from tests.helpers import to_numpy
from tests.test_cuda_sources import cubin

KINDS: dict[str, dict[str, Any]] = {
    "SGD": {}, "SGD momentum": {"momentum": 0.9, "nesterov": True}, "Adam": {}, "AdamW": {}, "NAdam": {}, "RAdam": {},
    "Adamax": {}, "RMSprop": {"momentum": 0.9, "centered": True}, "Adagrad": {}, "Adadelta": {}, "Lion": {},
}  # fmt: skip


def step_of(kind: str) -> tuple[Any, int, tuple[float, ...]]:
    """An optimiser's update, how many arrays it takes, and the numbers of its third step."""
    optimizer = getattr(optim, kind.split()[0])([tensor([1.0], requires_grad=True)], **KINDS[kind])
    (group,) = optimizer.groups
    update, names = optimizer.formula(group)
    return update, 2 + len(names), optimizer.numbers(group, 3)


def formula_of(kind: str, dtype: str) -> tuple[Formula, tuple[int, ...]]:
    update, arrays, numbers = step_of(kind)
    writes = (0, *range(2, arrays))
    formula = Fused(update, writes)._formula(np.dtype(dtype), arrays, len(numbers))
    formula.name = re.sub(r"\W", "_", f"{kind}_{dtype}")
    return formula, writes


def source_of(kind: str, dtype: str) -> str:
    formula, writes = formula_of(kind, dtype)
    return formula.update_kernel(step_of(kind)[1], writes)


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_compiles(kind: str, dtype: str, architecture: str) -> None:
    name = formula_of(kind, dtype)[0].name
    assert f".text.{name}".encode() in cubin(source_of(kind, dtype), architecture)


@pytest.fixture(scope="module")
def on_the_cpu() -> Kernels:
    names, found, prelude = [], [], ""
    for kind in KINDS:
        for dtype in ("float32", "float64"):
            prelude, *kernel = source_of(kind, dtype).partition('extern "C" __global__')
            names.append(formula_of(kind, dtype)[0].name)
            found += kernel
    return compiled(prelude + "".join(found), tuple(names))


@needs_compiler
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_what_the_calls_compute(on_the_cpu: Kernels, kind: str, dtype: str) -> None:
    update, arrays, numbers = step_of(kind)
    formula, writes = formula_of(kind, dtype)
    rng = np.random.default_rng(0)
    given = [(rng.uniform(0.1, 0.5, size=133) ** i).astype(dtype) for i in range(arrays)]
    given[0], given[1] = rng.normal(size=133).astype(dtype), rng.normal(size=133).astype(dtype)
    wanted = [a.copy() for a in given]
    Fused(update, writes)(wanted, numbers)  # too few elements for a kernel: array calls
    typed = [p.dtype.type(x) for p, x in zip(formula.parameters[arrays:], numbers, strict=True)]
    on_the_cpu.launch(formula.name, 133, (*given, *typed, np.int64(133)))
    for want, got in zip(wanted, given, strict=True):
        np.testing.assert_allclose(got, want, rtol={"float32": 3e-7, "float64": 1e-15}[dtype], atol=1e-30)


# Chosen, where it can be -----------------------------------------------------------------------------------------


def saxpy(p: Any, g: Any, rate: Any) -> Any:
    return (p - rate * anp.tanh(g),)


class Recording(CupyBackend):
    """CuPy's backend with launches noted, not made."""

    name = "recording"

    def __init__(self) -> None:
        from tests.strict_namespace import xp

        super().__init__(xp)
        self.launched: list[tuple[Any, ...]] = []

    def launch(self, source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
        self.launched.append((source, kernel, threads, args))
        args[0]._a[...] = 5.0


def test_a_kernel_is_launched_on_contiguous_arrays_with_typed_numbers() -> None:
    backend = Recording()
    formula = Fused(saxpy, (0,))._formula(np.dtype("float32"), 2, 1)
    run = backend.compile(formula, 2, (0,))
    assert run is not None
    xp = backend.xp
    p, g = xp.zeros((3, 4), "float32"), xp.ones((3, 4), "float32")
    run([[p, g]], (0.1,))
    ((source, kernel, threads, args),) = backend.launched
    assert kernel == "saxpy" and "void saxpy(float* a0_, const float* a1_, float s0, long long n)" in source
    assert threads == 12 and args[0] is p and args[1] is g
    assert type(args[2]) is np.float32 and type(args[3]) is np.int64 and args[3] == 12
    # RawKernels know no strides: what is not contiguous is copied, and the copy written back.
    strided = xp.zeros((4, 3), "float32").T
    run([[strided, g]], (0.1,))
    assert backend.launched[1][3][0] is not strided
    np.testing.assert_array_equal(to_numpy(strided), np.full((3, 4), 5.0))
    empty = xp.zeros((0,), "float32")
    run([[empty, empty], [p, g], [p, g]], (0.1,))
    assert len(backend.launched) == 4


@pytest.mark.parametrize("dtype", ["float16", "complex64"])
def test_what_cuda_c_has_not_is_left_to_calls(dtype: str) -> None:
    formula = Fused(saxpy, (0,))._formula(np.dtype(dtype), 2, 1)
    assert Recording().compile(formula, 2, (0,)) is None


@pytest.mark.parametrize("kind", ["SGD momentum", "Adam", "RMSprop"])
def test_large_steps_agree_on_every_backend(kind: str, backend: backends.Backend) -> None:
    rng = np.random.default_rng(0)
    start, grads = rng.normal(size=(200, 100)).astype("float32"), rng.normal(size=(3, 200, 100)).astype("float32")
    results = []
    for place in (backend, backends.get("numpy")):
        p = tensor(place.asarray(start), requires_grad=True)
        optimizer = getattr(optim, kind.split()[0])([p], **KINDS[kind])
        for g in grads:
            p.grad = tensor(place.asarray(g))
            optimizer.step()
        results.append(to_numpy(p))
    np.testing.assert_allclose(*results, rtol=1e-6, atol=1e-7)


def test_a_long_formula_runs_in_pieces_and_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piece by piece its arrays stay in the caches; element by element it is the same sum of the same numbers."""
    sizes: list[int] = []

    def heavy_ball(p: Any, g: Any, m: Any, rate: float) -> tuple[Any, ...]:
        sizes.append(p.size)
        m = 0.9 * m + g
        return p - rate * m, m

    backend = backends.get("numpy")
    monkeypatch.setattr(backend, "piece", 100)
    rng = np.random.default_rng(0)
    for n in (0, 1, 100, 101, 350):
        p, g, m = rng.normal(size=(3, n)).astype("float32")
        expected = heavy_ball(p, g, m, 0.5)
        sizes.clear()
        Fused(heavy_ball, (0, 2))([p, g, m], (0.5,))
        np.testing.assert_array_equal(p, expected[0])
        np.testing.assert_array_equal(m, expected[1])
        assert sizes == ([100] * (n // 100) + [n % 100] * (n % 100 > 0) or [0])
    assert backends.get("strict").piece is None  # each call is a launch there

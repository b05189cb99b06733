"""Forwards and rules of several operations as one kernel: which are printed, and that they compute the same."""

from __future__ import annotations

import functools
import importlib
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import grad, tensor
from autograd.emit import EmitError, Formula
from autograd.emit_cuda import PRELUDE
from autograd.kernels import MOST, Printed, forward, write
from autograd.plan import rule_parameters
from autograd.primitive import PRIMITIVES
from tests.helpers import to_numpy
from tests.simulated_gpu import ElementwiseKernel
from tests.strict_backend import StrictArray, StrictBackend
from tests.test_cuda_sources import cubin
from tests.test_emit import ROWS, TOLERANCE, arguments

SIZE = np.linspace(-2, 2, 6, dtype="float32")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the kernels that ran on the strict backend."""
    ran: list[str] = []
    make = StrictBackend.elementwise

    def elementwise(self: StrictBackend, formula: Formula) -> Any:
        kernel = make(self, formula)

        def run(*arrays: Any) -> Any:
            ran.append(formula.name)
            return kernel(*arrays)

        return None if kernel is None else run

    monkeypatch.setattr(StrictBackend, "elementwise", elementwise)
    before = {primitive: dict(primitive.table) for primitive in PRIMITIVES.values()}
    for primitive in PRIMITIVES.values():  # bound anew, and printed anew
        primitive.table.clear()
        for plan in primitive._plans.values():
            if plan is not None:
                monkeypatch.delitem(plan.__dict__, "printed", raising=False)
    yield ran
    for primitive, table in before.items():
        primitive.table.clear()
        primitive.table.update(table)


def of_strict(x: np.ndarray) -> Any:
    return backends.get("strict").asarray(x)


# What is printed -------------------------------------------------------------------------------------------


class Counting:
    """A function of arrays that counts how often it is called as it is, and the kernels that are made of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, function: Any) -> None:
        self.plain = self.made = 0
        make = StrictBackend.elementwise

        def elementwise(backend: StrictBackend, formula: Formula) -> Any:
            self.made += 1
            return make(backend, formula)

        def plain(*args: Any, **options: Any) -> Any:
            self.plain += 1
            return function(*args, **options)

        monkeypatch.setattr(StrictBackend, "elementwise", elementwise)
        self.printed = Printed("counted", function, plain)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return to_numpy(self.printed(*args, **options))


def test_several_operations_are_one_kernel_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    f = Counting(monkeypatch, lambda a, b: a * b + a)
    column, row = SIZE[:, None], SIZE[None, ::2]
    for _ in range(2):
        out = f(of_strict(column), of_strict(row))
        np.testing.assert_allclose(out, column * row + column)
        assert out.shape == (6, 3) and out.dtype == np.float32
    assert (f.made, f.plain) == (1, 0)
    assert f(of_strict(column.astype("float64")), of_strict(row)).dtype == np.float64
    assert (f.made, f.plain) == (2, 0)


def test_no_dimensions_and_no_elements() -> None:
    f = Printed("f", lambda a: a * a + 1)
    for shape in ((), (0, 3)):
        out = f(of_strict(np.full(shape, 2.0)))
        assert out.shape == shape and out.__class__ is StrictArray and (to_numpy(out) == 5).all()


def test_one_operation_is_called_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    f = Counting(monkeypatch, lambda a, b: a * b)
    np.testing.assert_allclose(f(of_strict(SIZE), of_strict(SIZE)), SIZE * SIZE)
    assert (f.made, f.plain) == (0, 1)
    assert forward(PRIMITIVES["multiply"], f.printed._plain) is f.printed._plain
    assert isinstance(forward(PRIMITIVES["silu"], f.printed._plain), Printed)


@pytest.mark.parametrize("x", [SIZE.astype("float16"), SIZE.astype("complex64")])
def test_dtypes_that_cannot_be_printed_run_as_they_are(monkeypatch: pytest.MonkeyPatch, x: np.ndarray) -> None:
    f = Counting(monkeypatch, lambda a: a * a + 1)
    np.testing.assert_allclose(f(of_strict(x)), x * x + 1)
    assert f.plain == 1


def test_other_backends_and_tensors_run_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    f = Counting(monkeypatch, lambda a: a * a + 1)
    np.testing.assert_allclose(f(SIZE), SIZE * SIZE + 1)
    x = tensor(of_strict(SIZE), requires_grad=True)
    y = f.printed(x)
    y.sum().backward()
    assert (f.made, f.plain) == (0, 2) and x.grad is not None
    np.testing.assert_allclose(to_numpy(x.grad), 2 * SIZE)


def test_numbers_stand_in_the_kernel_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    f = Counting(monkeypatch, lambda a, n, *, low: anp.copysign(a * n + low, n))
    a = of_strict(SIZE)
    for n, low in ((1, 0.5), (1.0, 0.5), (0.0, 0.5), (-0.0, 0.5), (-0.0, 1), (float("nan"), 1)):
        before = f.made
        for _ in range(2):
            np.testing.assert_array_equal(f(a, n, low=low), np.copysign(SIZE * n + np.float32(low), n))
        assert f.made == before + 1, "0.0 equals -0.0, and nan not even itself: each is one kernel all the same"
    assert f.plain == 0


def test_ever_new_numbers_are_not_compiled_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    f = Counting(monkeypatch, lambda a, n: a * n + 1)
    for n in range(3 * MOST):
        np.testing.assert_allclose(f(of_strict(SIZE), float(n)), SIZE * n + 1)
    assert (f.made, f.plain) == (MOST, 2 * MOST)
    assert len(f.printed._found) == MOST


def test_names_that_c_has_not_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("σ", "my function"):
        formula = write(name, lambda a: a * a + 1, (SIZE,), {})
        assert formula is not None and formula.name == "formula"


def test_a_mistake_is_told_by_the_function_itself() -> None:
    def wrong(a: Any) -> Any:
        raise ValueError("wrong: expected something else")

    with pytest.raises(ValueError, match="wrong: expected something else"):
        Printed("wrong", wrong)(of_strict(SIZE))


def test_what_is_no_formula_runs_as_it_is() -> None:
    f = Printed("f", lambda a: anp.sum(a) * a + 1)
    np.testing.assert_allclose(to_numpy(f(of_strict(SIZE))), SIZE.sum() * SIZE + 1)


# In gradients ------------------------------------------------------------------------------------------------


def test_a_training_step_runs_them(printed: list[str]) -> None:
    x = tensor(of_strict(SIZE), requires_grad=True)
    anp.silu(anp.tanh(x)).sum().backward()
    assert printed == ["silu", "silu_vjp_x", "tanh_vjp_x"]
    y = tensor(SIZE, requires_grad=True)
    anp.silu(anp.tanh(y)).sum().backward()
    assert x.grad is not None and y.grad is not None
    np.testing.assert_allclose(to_numpy(x.grad), to_numpy(y.grad), rtol=1e-6)
    assert len(printed) == 3


def test_transforms_run_them_and_recorded_sweeps_the_rules_themselves(printed: list[str]) -> None:
    def f(x: Any) -> Any:
        return anp.sum(anp.tanh(x))

    grad(f)(of_strict(SIZE))
    assert printed == ["tanh_vjp_x"]
    second = grad(lambda x: anp.sum(grad(f)(x) ** 2))(of_strict(SIZE))
    t = np.tanh(SIZE)
    np.testing.assert_allclose(to_numpy(second), -4 * t * (1 - t * t) ** 2, rtol=1e-5, atol=1e-6)


def test_a_graph_over_two_backends() -> None:
    x = tensor(of_strict(SIZE), requires_grad=True)
    y = anp.tanh(anp.tanh(x).cpu())
    y.sum().backward()
    t = np.tanh(SIZE)
    assert x.grad is not None
    np.testing.assert_allclose(to_numpy(x.grad), (1 - np.tanh(t) ** 2) * (1 - t * t), rtol=1e-5)


# As CUDA C ---------------------------------------------------------------------------------------------------


@functools.cache
def formulas(dtype: str) -> tuple[tuple[Formula, tuple[Any, ...], Any], ...]:
    """Every forward and rule of the tables' rows that CUDA C can say: the formula, its arrays, the eager result."""
    found = []
    for number, case in enumerate(ROWS):
        if dtype not in case.dtypes:
            continue
        primitive, args, options = PRIMITIVES[case.primitive], arguments(case, dtype), case.options
        with np.errstate(all="ignore"):
            out = primitive.call(*args, **options)
            g = np.linspace(0.5, 1.5, max(np.size(out), 1)).reshape(np.shape(out)).astype(np.asarray(out).dtype)
            known = {"g": g, "out": out, **options, **dict(zip(primitive.operands, args, strict=True))}
            calls = [(primitive.call, args, options)]
            for operand, rule in primitive.rules.items():
                wanted = rule_parameters(rule) if rule is not None else ("",)
                if case.orders and isinstance(known[operand], np.ndarray) and known.keys() >= set(wanted):
                    calls.append((rule, tuple([known[n] for n in wanted]), {}))
            for k, (function, given, named) in enumerate(calls):
                formula = write(f"k{number}_{k}_{case.primitive}", function, given, named)
                try:
                    assert formula is not None
                    formula.elementwise_kernel()
                except (AssertionError, EmitError):
                    continue
                found.append((formula, tuple([a for a in given if hasattr(a, "dtype")]), function(*given, **named)))
    return tuple(found)


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cupys_source_of_them_compiles(cupy: Any, dtype: str, architecture: str) -> None:
    """The very source that CuPy makes of an ElementwiseKernel, of strided and of contiguous arrays."""
    private = importlib.import_module("cupy._core._kernel")
    if not hasattr(private, "_get_elementwise_kernel_code"):
        pytest.skip("this CuPy makes its kernels otherwise")
    headers = importlib.import_module("cupy._core.core")._cupy_header_list
    indexer = importlib.import_module("cupy._core._carray").Indexer
    source = "".join(f"#include <{header}>\n" for header in headers) + PRELUDE
    names = []
    for formula, _, _ in formulas(dtype):
        inputs, outputs, operation, _ = formula.elementwise_kernel()
        kernel = cupy.ElementwiseKernel(inputs, outputs, operation, formula.name)
        dtypes = [symbol.dtype.type for symbol in (*formula.parameters, *formula.results)]
        infos = [private._ArgInfo(1, cupy.ndarray, kind, 2, not k % 2, True) for k, kind in enumerate(dtypes)]
        infos.append(private._ArgInfo(2, indexer, None, 2, True, True))
        types = private._TypeMap(())
        source += private._get_elementwise_kernel_code(tuple(infos), types, kernel.params, operation, kernel.name, "")
        names.append(kernel.name)
    assert len(names) > 150
    binary = cubin(source, architecture)
    for name in names:
        assert f".text.{name}".encode() in binary


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler is installed")
def test_the_simulated_gpus_kernels_are_the_strict_backends() -> None:
    """One runs what is printed as C++, the other as Python; views, broadcasting and several dtypes alike."""
    base = of_strict(np.linspace(-2, 2, 24).reshape(4, 6).astype("float32"))
    for function, args in (
        (lambda a, b: a * b + a, (base[:, ::2], base[0, :3])),
        (lambda a, b: anp.where(b, a * a, a) - 1, (base.T, base.T > 0)),
        (lambda a, b: anp.logaddexp(a, b) * (a > 0), (base[1:2], base.astype("float64"))),
        (lambda a, b: a * b + 1, (base[:0], base[0])),
    ):
        formula = write("f", function, args, {})
        assert formula is not None
        inputs, outputs, operation, preamble = formula.elementwise_kernel()
        got = ElementwiseKernel(inputs, outputs, operation, "f", preamble=preamble)(*args)
        expected = backends.get("strict").elementwise(formula)(*args)
        assert got.dtype == expected.dtype and got.shape == expected.shape
        np.testing.assert_allclose(to_numpy(got), to_numpy(expected), rtol=1e-6)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_they_run_on_the_gpu(dtype: str) -> None:
    try:
        backend = backends.get("cupy")
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    tolerance = 20 * TOLERANCE[dtype]
    for formula, arrays, expected in formulas(dtype):
        kernel = backend.elementwise(formula)
        assert kernel is not None
        got = backend.to_numpy(kernel(*[backend.asarray(a) for a in arrays]))
        np.testing.assert_allclose(got, np.broadcast_to(expected, got.shape), rtol=tolerance, atol=tolerance)

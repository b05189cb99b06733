"""Every element-wise forward and rule, printed as Python and as CUDA C, compiled, run, held against the eager one."""

from __future__ import annotations

import ctypes
import functools
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backends
from autograd.emit import EmitError, Formula, Symbol, forward_of, result_dtype, rule_of
from autograd.emit_cuda import PRELUDE
from autograd.ops import activations, arithmetic, elementwise, special
from autograd.plan import Spec, rule_parameters
from autograd.primitive import PRIMITIVES
from tests.cases import CASES
from tests.cases.base import Case
from tests.cuda_functions import FUNCTIONS
from tests.test_cuda_sources import cubin

ROWS = [case for case in CASES if PRIMITIVES[case.primitive].elementwise]
IDS = [f"{i}-{case.id}" for i, case in enumerate(ROWS)]
TOLERANCE = {"float64": 1e-12, "complex128": 1e-12, "float32": 2e-6, "complex64": 5e-6, "float16": 2e-3}

# What CUDA C has no function for, or (gamma and its kin) none for the derivative; kernels of these are left to CuPy.
NOT_IN_CUDA = {
    "gammasgn", "iv", "ive", "jv", "kv", "kve", "yv",
    "beta", "betainc", "betaln", "digamma", "gamma", "gammainc", "gammaincc", "gammaln", "i0e", "i1e", "log_ndtr",
    "polygamma", "rgamma",
}  # fmt: skip


def arguments(case: Case, dtype: str) -> tuple[Any, ...]:
    return tuple([
        a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind in "fc" else a for a in case.args
    ])  # fmt: skip


def kinds(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([a.dtype if isinstance(a, np.ndarray) else a for a in args])


class Printed:
    """One formula with the values to run it on and the eager result."""

    def __init__(self, formula: Formula, values: list[Any], expected: Any) -> None:
        self.formula = formula
        self.values = values
        self.expected = expected


def printed(case: Case, dtype: str) -> list[Printed]:
    """The forward and the rules of a row's primitive, each with its arguments."""
    primitive = PRIMITIVES[case.primitive]
    args = arguments(case, dtype)
    options = case.options
    with np.errstate(all="ignore"):
        out = primitive.call(*args, **options)
        arrays = [a for a in args if isinstance(a, np.ndarray)]
        found = [Printed(forward_of(primitive, kinds(args), **options), arrays, out)]
        shape = np.shape(out)
        g = np.linspace(0.5, 1.5, max(np.size(out), 1)).reshape(shape).astype(np.asarray(out).dtype)
        known = {"g": g, "out": out, **options, **dict(zip(primitive.operands, args, strict=True))}
        known |= {f"{n}_spec": Spec.of(a) for n, a in zip(primitive.operands, args, strict=True)}
        for operand, rule in primitive.rules.items():
            if rule is None or case.orders == 0 or not isinstance(known[operand], np.ndarray):
                continue
            formula = rule_of(primitive, operand, kinds(args), **options)
            wanted = rule_parameters(rule)
            values = [known[n] for n in wanted if isinstance(known[n], (np.ndarray, np.generic))]
            found.append(Printed(formula, values, rule(*[known[n] for n in wanted])))
    return found


def agree(got: Any, expected: Any, dtype: str, what: str) -> None:
    got, expected = np.broadcast_arrays(got, expected)
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance, err_msg=what)


@pytest.mark.parametrize("case", ROWS, ids=IDS)
def test_printed_python_computes_what_eager_does(case: Case) -> None:
    for dtype in case.dtypes:
        for one in printed(case, dtype):
            source = one.formula.python()
            with np.errstate(all="ignore"):
                got = one.formula.compiled()(*one.values)
            (result,) = one.formula.results
            if isinstance(result, Symbol):
                assert result.dtype == np.asarray(got).dtype == np.asarray(one.expected).dtype, source
            agree(got, one.expected, dtype, source)


# CUDA C ----------------------------------------------------------------------------------------------------


@functools.cache
def kernels(dtype: str) -> tuple[tuple[Printed, ...], set[str]]:
    """Every formula that CUDA C can say, under a name of its own; and the primitives it can't."""
    found, missing = [], set()
    for number, case in enumerate(ROWS):
        if dtype not in case.dtypes:
            continue
        for one in printed(case, dtype):
            one.formula.name = f"k{number}_{one.formula.name}"
            try:
                one.formula.kernel()
            except EmitError:
                missing.add(case.primitive)
            else:
                found.append(one)
    return tuple(found), missing


def source(found: tuple[Printed, ...]) -> str:
    return PRELUDE + "".join(one.formula.kernel() for one in found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_cuda_cannot_say_is_known(dtype: str) -> None:
    assert kernels(dtype)[1] == NOT_IN_CUDA


@pytest.mark.parametrize("architecture", ["sm_80", "sm_90"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_printed_cuda_compiles(dtype: str, architecture: str) -> None:
    found, _ = kernels(dtype)
    binary = cubin(source(found), architecture)
    for one in found:
        assert f".text.{one.formula.name}".encode() in binary


# Where C and NumPy differ in what NaN, infinities and the sign of 0 give.
AWKWARD = (
    "absolute", "sign", "maximum", "minimum", "fmax", "fmin", "remainder", "floor_divide", "fmod", "heaviside",
    "logaddexp", "logaddexp2", "isnan", "isinf", "isfinite", "signbit", "copysign", "sinc", "sigmoid", "rint",
    "logical_xor", "less_equal", "not_equal",
)  # fmt: skip

ON_THE_CPU = """
#define __device__
#define __global__
#define __forceinline__ inline
struct Index { long long x; };
static Index blockIdx = {0}, blockDim = {0}, threadIdx = {0};
static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
"""


def flat(values: list[Any], size: tuple[int, ...]) -> list[np.ndarray]:
    return [np.ascontiguousarray(np.broadcast_to(v, size)) for v in values]


@pytest.fixture(scope="module", params=["float32", "float64"])
def on_the_cpu(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The kernels as CPU code: CUDA C without CUDA is C++."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    found = kernels(request.param)[0]
    awkward = [forward_of(PRIMITIVES[n], [request.param] * len(PRIMITIVES[n].operands)) for n in AWKWARD]
    folder: Path = tmp_path_factory.mktemp("kernels")
    formulas = [*[one.formula for one in found], *awkward]
    text = FUNCTIONS + ON_THE_CPU + PRELUDE + "".join(formula.kernel() + _loop(formula) for formula in formulas)
    (folder / "kernels.cpp").write_text(text, encoding="utf-8")
    command = [compiler, "-O0", "-ffp-contract=off", "-shared", "-fPIC", "-o", "kernels.so", "kernels.cpp"]
    subprocess.run(command, cwd=folder, check=True)
    return request.param, found, awkward, ctypes.CDLL(str(folder / "kernels.so"))


def _loop(formula: Formula) -> str:
    """One thread after the other."""
    count = len(formula.parameters) + len(formula.results)
    header = re.search(r"void (\w+)\(", formula.kernel())
    assert header
    arguments = ", ".join(f"void* a{i}" for i in range(count))
    types = re.findall(r"(const [\w ]+\*|[\w ]+\*) \w+_", formula.kernel().split("{", 1)[0].split("(", 1)[1])
    given = ", ".join(f"({kind.strip()})a{i}" for i, kind in enumerate(types))
    return (
        f'extern "C" void run_{formula.name}({arguments}, long long n) {{\n'
        f"    for (long long i = 0; i < n; ++i) {{ threadIdx.x = i; {formula.name}({given}, n); }}\n}}\n"
    )


def run(library: Any, formula: Formula, values: list[Any]) -> np.ndarray:
    shape = np.broadcast_shapes(*[np.shape(v) for v in values])
    (result,) = formula.results
    out = np.empty(shape, result.dtype if isinstance(result, Symbol) else "float64")
    inputs = flat(values, shape)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*inputs, out)]
    getattr(library, f"run_{formula.name}")(*pointers, ctypes.c_longlong(out.size))
    return out


def test_printed_cuda_computes_what_eager_does(on_the_cpu: Any) -> None:
    dtype, found, _, library = on_the_cpu
    assert len(found) > 150
    for one in found:
        agree(run(library, one.formula, one.values), one.expected, dtype, one.formula.kernel())


def test_printed_cuda_has_numpys_nan_infinities_and_signs(on_the_cpu: Any) -> None:
    dtype, _, awkward, library = on_the_cpu
    values = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, np.inf, -np.inf, np.nan], dtype)
    for formula in awkward:
        primitive = PRIMITIVES[formula.name.removesuffix("_forward")]
        arrays = [values[:, None], values[None]] if len(primitive.operands) == 2 else [values]
        with np.errstate(all="ignore"):
            expected = primitive.call(*arrays)
        got = run(library, formula, arrays)
        agree(got, expected, dtype, formula.kernel())
        # Which of 0 and -0 is the larger, NumPy leaves to the processor.
        if got.dtype.kind == "f" and not {"maximum", "minimum", "fmax", "fmin"} & {
            line.function for line in formula.lines
        }:
            both = ~np.isnan(got)
            np.testing.assert_array_equal(np.signbit(got)[both], np.signbit(expected)[both], err_msg=formula.kernel())


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_printed_cuda_runs_on_the_gpu(dtype: str) -> None:
    try:
        cupy = backends.get("cupy").xp
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    found, _ = kernels(dtype)
    module = cupy.RawModule(code=source(found))
    for one in found:
        shape = np.broadcast_shapes(*[np.shape(v) for v in one.values])
        inputs = [cupy.asarray(v) for v in flat(one.values, shape)]
        (result,) = one.formula.results
        out = cupy.empty(shape, result.dtype if isinstance(result, Symbol) else "float64")
        blocks = -(-out.size // 128)
        module.get_function(one.formula.name)((blocks,), (128,), (*inputs, out, np.int64(out.size)))
        np.testing.assert_allclose(
            out.get(), np.broadcast_to(one.expected, shape), rtol=20 * TOLERANCE[dtype], atol=20 * TOLERANCE[dtype]
        )


# Symbols ---------------------------------------------------------------------------------------------------


def test_promotion_is_numpys() -> None:
    formula = Formula("f")
    x, y, n, b = [formula.parameter(n, d) for n, d in zip("xynb", ("float32", "float64", "int32", "bool"), strict=True)]
    one = {"x": np.float32(1.5), "y": np.float64(2.5), "n": np.int32(2), "b": np.True_}
    for write in (
        lambda x, y, n, b: x + 0.5,
        lambda x, y, n, b: x + y,
        lambda x, y, n, b: n / 2,
        lambda x, y, n, b: n + 1,
        lambda x, y, n, b: n * x,
        lambda x, y, n, b: b + b,
        lambda x, y, n, b: x * b,
        lambda x, y, n, b: x > 0,
        lambda x, y, n, b: 2**x,
        lambda x, y, n, b: -n // 3 + n % 2,
        lambda x, y, n, b: (x < 1) | ~(x == 1.5) & b ^ (n >> 1 > 0),
    ):
        assert write(x, y, n, b).dtype == np.asarray(write(**one)).dtype


def test_literals_are_typed_and_repeated_work_is_written_once() -> None:
    formula = Formula("f")
    x = formula.parameter("x", "float32")
    formula.results = ((x * 0.5 + 1) * (x * 0.5 + 1),)
    assert formula.python() == (
        "def f(x):\n    t1 = x * float32(0.5)\n    t2 = t1 + float32(1)\n    t3 = t2 * t2\n    return t3"
    )
    assert formula.cuda() == "float t1 = x * 0.5f;\nfloat t2 = t1 + 1.0f;\nfloat t3 = t2 * t2;"


def test_casts_are_written() -> None:
    formula = Formula("f")
    x, n = formula.parameter("x", "float32"), formula.parameter("n", "int64")
    formula.results = (x * (x > 0) + n,)
    assert "x * float32(t1)" in formula.python() and "float64(t2) + float64(n)" in formula.python()
    assert "float t2 = x * (float)t1;\ndouble t3 = (double)t2 + (double)n;" in formula.cuda()


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (bool, "bool"), (list, "iter"), (len, "len"), (float, "float"), (int, "int"), (np.asarray, "numpy.asarray"),
        (lambda x: x[0], "getitem"), (np.sum, "numpy.sum"), (lambda x: range(x), "index"),
        (lambda x: 1 if x > 0 else 0, "bool"),
    ],
)  # fmt: skip
def test_a_symbol_has_no_value(use: Any, name: str) -> None:
    x = Formula("f").parameter("x", "float32")
    with pytest.raises(TypeError, match=f"^{name}: expected a value; got the symbol \\w+, which has none"):
        use(x)


def test_ufuncs_and_strangers_are_refused() -> None:
    x = Formula("f").parameter("x", "float32")
    with pytest.raises(TypeError, match="does not support ufuncs"):
        np.sin(x)
    for stranger in (np.ones(2), "a", None):
        with pytest.raises(TypeError):
            x + stranger
    with pytest.raises(TypeError, match="expected all operands on one backend; got emitter and numpy"):
        arithmetic.add(x, np.ones(2))
    with pytest.raises(EmitError, match="expected symbols of one formula; got some of f and g"):
        x + Formula("g").parameter("x", "float32")
    with pytest.raises(AttributeError, match=r"expected an element-wise function; numpy\.sum is none"):
        backends.of(x).xp.sum(x)


def test_errors_say_what_cannot_be_printed() -> None:
    with pytest.raises(EmitError, match="sum: expected an element-wise primitive"):
        forward_of(PRIMITIVES["sum"], ("float32",))
    with pytest.raises(
        EmitError, match=r"where: expected an operand with a rule, one of \['a', 'b'\]; got 'condition'"
    ):
        rule_of(arithmetic.where.primitive, "condition", ("bool", "float32", "float32"))
    with pytest.raises(EmitError, match="expected a function that CUDA C has; got digamma"):
        forward_of(special.digamma.primitive, ("float32",)).cuda()
    with pytest.raises(EmitError, match=r"expected a dtype among .*; got complex64"):
        forward_of(arithmetic.exp.primitive, ("complex64",)).cuda()


def test_the_emitter_is_no_backend_to_choose() -> None:
    assert "emitter" not in backends.names() and "emitter" not in backends.available()


def test_options_and_numbers_stand_in_the_formula() -> None:
    formula = forward_of(activations.leaky_relu.primitive, ("float32",), slope=0.25)
    assert (
        formula.python()
        == "def leaky_relu_forward(x):\n    t1 = float32(0.25) * x\n    t2 = maximum(x, t1)\n    return t2"
    )
    assert result_dtype(elementwise.clip.primitive, ("float16", None, 1)) == np.float16

"""The element-wise functions of ``autograd.numpy`` against NumPy and SciPy: values, dtypes, keywords, errors."""

from __future__ import annotations

import inspect
import math
import re
import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
from autograd import Tensor, scalar, tensor
from autograd.numpy import (
    activations,
    choosing,
    common,
    elementwise,
    logic,
    parts,
    rounding,
    special,
    trigonometry,
    ufuncs,
)
from autograd.plan import rule_parameters
from autograd.primitive import PRIMITIVES
from tests.helpers import to_numpy

MODULES = (choosing, elementwise, logic, parts, rounding, trigonometry)
NAMES = [name for module in MODULES for name in module.__all__]
UFUNCS = [name for name in NAMES if isinstance(getattr(np, name, None), np.ufunc)]
# In the array API standard, not in NumPy's namespace under this name.
OURS = {"astype"}
DTYPES = ("float64", "float32", "float16", "int64", "int8", "uint8", "bool", "complex128", "complex64")
ROOT = Path(__file__).resolve().parent.parent


def sample(dtype: str, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random((2, 3)) < 0.5
    x = rng.uniform(0.2, 0.9, (2, 3))
    if dtype.startswith("complex"):
        return (x + 1j * rng.uniform(0.2, 0.9, (2, 3))).astype(dtype)
    return x.astype(dtype) if dtype.startswith("float") else rng.integers(1, 6, (2, 3)).astype(dtype)


def quietly(function: Any, *args: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **options)


# Names and signatures --------------------------------------------------------------------------------------


def test_no_two_parts_of_the_namespace_share_a_name() -> None:
    source = Path(anp.__file__).read_text(encoding="utf-8")
    star = re.findall(r"^from (autograd\.numpy\.\w+) import \*$", source, re.MULTILINE)
    assert len(star) > 20
    owner: dict[str, Any] = {}
    for module in star:
        part = import_module(module)
        for name in part.__all__:
            value = getattr(part, name)
            assert owner.setdefault(name, value) is value, f"{name} of {module} is another part's name too"
            assert getattr(anp, name) is value


@pytest.mark.parametrize("name", [n for n in NAMES if n not in OURS])
def test_signature_is_numpys(name: str) -> None:
    try:
        theirs = inspect.signature(getattr(np, name))
    except ValueError:
        pytest.skip(f"this NumPy shows no signature of {name}")
    ours = inspect.signature(getattr(anp, name))
    kind = inspect.Parameter.POSITIONAL_ONLY

    def shown(signature: inspect.Signature) -> list[Any]:
        found = []
        for p in signature.parameters.values():
            default = None if repr(p.default) == "<no value>" else p.default
            found.append((p.name if p.kind is not kind else "", p.kind, default))
        return found

    if name in ("frexp", "modf", "divmod"):
        pytest.skip("two results: out= and the other keywords are not offered")
    if name == "clip":
        assert [p for p in ours.parameters if p in theirs.parameters] == list(ours.parameters)
        return
    assert shown(ours) == shown(theirs)


def test_the_array_api_standards_element_wise_functions_are_there() -> None:
    standard = (
        "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or "
        "bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor floor_divide "
        "greater greater_equal hypot imag isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp "
        "logical_and logical_not logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive "
        "pow real reciprocal remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc where astype"
    )
    assert not [name for name in standard.split() if not callable(getattr(anp, name, None))]


def test_every_function_has_an_example() -> None:
    for module in (*MODULES, special, activations):
        for name in module.__all__:
            assert ">>>" in (getattr(module, name).__doc__ or ""), name


# Values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [n for n in UFUNCS if np.__dict__[n].nout == 1])
def test_ufunc_is_numpys_on_arrays_and_tensors(name: str, dtype: str) -> None:
    theirs, ours = getattr(np, name), getattr(anp, name)
    args = [sample(dtype, i) for i in range(theirs.nin)]
    if name in ("ldexp",):
        args[1] = sample("int64", 1).astype("int32")
    if name == "arccosh" and dtype.startswith("float"):
        args[0] = args[0] + 1
    try:
        expected = quietly(theirs, *args)
    except TypeError:
        with pytest.raises((TypeError, ValueError)):
            ours(*args)
        return
    for got in (quietly(ours, *args), quietly(ours, *[tensor(a) for a in args])):
        value = to_numpy(got)
        if name == "float_power" or value.dtype == expected.dtype:
            np.testing.assert_allclose(value, expected, rtol=2e-3 if dtype == "float16" else 2e-6)
        assert value.dtype == expected.dtype, (value.dtype, expected.dtype)


FUNCTIONS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("clip", (sample("float32") * 4 - 2, -0.5, 0.5), {}),
    ("clip", (sample("float64") * 4 - 2, None, 0.5), {}),
    ("clip", (sample("int64"), 2, 4), {}),
    ("clip", (sample("int64"),), {"min": 2}),
    ("clip", (sample("float64"), sample("float64", 1), sample("float64", 2) + 1), {}),
    ("clip", ([1.0, 2.0, 3.0], 2, 2.5), {}),
    ("round", (sample("float64") * 100, 1), {}),
    ("round", (sample("float32") * 100,), {}),
    ("around", (sample("float64") * 100, -1), {}),
    ("round", (sample("int64") * 17, -1), {}),
    ("fix", (sample("float64") * 7 - 3,), {}),
    ("sinc", (np.array([0.0, 0.5, 1.0, -2.5]),), {}),
    ("sinc", (np.float32([0.0, 0.5]),), {}),
    ("angle", (sample("complex128"),), {}),
    ("angle", (sample("complex64"),), {"deg": True}),
    ("angle", (sample("float64") - 0.5,), {}),
    ("real", (sample("complex64"),), {}),
    ("imag", (sample("complex64"),), {}),
    ("imag", (sample("float32"),), {}),
    ("real_if_close", (sample("float64") + 1e-20j,), {}),
    ("real_if_close", (sample("complex128"),), {}),
    ("nan_to_num", (np.array([np.nan, np.inf, -np.inf, 1.0]),), {}),
    ("nan_to_num", (np.float32([np.nan, np.inf, -np.inf, 1.0]),), {"nan": 2.0, "posinf": 3.0}),
    ("nan_to_num", (np.array([complex(np.nan, np.inf), 1j]),), {}),
    ("nan_to_num", (sample("int64"),), {}),
    ("where", (sample("bool"), sample("float32"), 0), {}),
    ("where", (sample("bool"), 1, 2.5), {}),
    ("isclose", (sample("float64"), sample("float64") + 1e-9), {}),
    ("isclose", (np.array([np.nan, 1.0]), np.array([np.nan, 1.1])), {"equal_nan": True, "rtol": 0.2}),
    ("isposinf", (np.array([np.inf, -np.inf, 1.0]),), {}),
    ("isneginf", (np.array([np.inf, -np.inf, 1.0]),), {}),
    ("isreal", (np.array([1.0, 1.0j]),), {}),
    ("iscomplex", (np.array([1.0, 1.0j]),), {}),
    ("divmod", (sample("float64") * 7 - 3, 2), {}),
    ("modf", (np.array([2.5, -2.5, -0.0, np.inf]),), {}),
    ("frexp", (sample("float32"),), {}),
    ("float_power", (sample("int64"), -1), {}),
    ("float_power", (sample("complex64"), 2), {}),
    ("fabs", (sample("int64"),), {}),
    ("unwrap", (np.array([[0.0, 3.0, -3.0, 2.0], [1.0, -2.5, 3.0, 0.0]]),), {}),
    ("unwrap", (np.array([0.0, 3.0, 6.0, 2.5]), 4.0), {"period": 6}),
    ("unwrap", (np.array([0, 3, 6, 2]),), {"period": 6}),
]


@pytest.mark.parametrize(
    ("name", "args", "options"), FUNCTIONS, ids=[f"{i}-{n}" for i, (n, _, _) in enumerate(FUNCTIONS)]
)
def test_function_is_numpys_on_arrays_and_tensors(name: str, args: Any, options: Any) -> None:
    expected = quietly(getattr(np, name), *args, **options)
    inside = [tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    for these in (args, inside):
        got = to_numpy(quietly(getattr(anp, name), *these, **options))
        for a, b in zip(*[x if isinstance(x, tuple) else (x,) for x in (got, expected)], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
            assert np.asarray(a).dtype == np.asarray(b).dtype


@pytest.mark.parametrize("name", ["allclose", "array_equal", "array_equiv", "iscomplexobj", "isrealobj"])
def test_yes_or_no(name: str) -> None:
    x = sample("float64")
    other = [(x,)] if name.startswith("is") else [(x, x), (x, x + 1), (x, x[:1])]
    for args in other:
        expected = getattr(np, name)(*args)
        for these in (args, [tensor(a, requires_grad=True) for a in args]):
            assert getattr(anp, name)(*these) is expected


@pytest.mark.parametrize("name", special.__all__)
def test_special_function_is_scipys(name: str) -> None:
    theirs = getattr(scipy.special, name)
    n = len(inspect.signature(getattr(special, name)).parameters)
    for dtype in ("float64", "float32", "float16"):
        args = [sample(dtype, i) for i in range(n)]
        if name == "polygamma":
            args[0] = 1
        expected = quietly(theirs, *[np.asarray(a, "float64") for a in args])
        for these in (args, [tensor(a) if isinstance(a, np.ndarray) else a for a in args]):
            got = to_numpy(getattr(anp, name)(*these))
            assert got.dtype == dtype
            rtol = {"float64": 1e-11, "float32": 3e-5, "float16": 3e-2}[dtype]
            np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol)


def test_sigmoids_are_exact_far_out() -> None:
    x = np.array([-1000.0, -700.0, -40.0, -5.0, 0.0, 5.0, 40.0, 1000.0])
    for big in (x, np.tile(x, 2000)):
        for dtype in ("float64", "float32"):
            wide = big.astype(dtype)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                np.testing.assert_allclose(
                    anp.expit(wide), scipy.special.expit(wide), rtol=1e-6 if dtype == "float32" else 1e-14
                )
                np.testing.assert_allclose(anp.log_expit(wide), scipy.special.log_expit(wide), rtol=3e-6)
                np.testing.assert_allclose(anp.softplus(wide), -scipy.special.log_expit(-wide), rtol=3e-6)
        assert anp.expit(x)[0] == 0.0 and anp.expit(np.array([-np.inf, np.inf])).tolist() == [0.0, 1.0]


@given(hnp.arrays("float64", (7,), elements=st.floats(-50, 50)))
def test_identities_hold(x: Any) -> None:
    np.testing.assert_allclose(anp.expit(x) + anp.expit(-x), 1, rtol=1e-14)
    np.testing.assert_allclose(anp.softplus(x) - anp.softplus(-x), x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(anp.relu(x) - anp.relu(-x), x)
    np.testing.assert_allclose(anp.hypot(anp.sin(x), anp.cos(x)), 1, rtol=1e-14)
    np.testing.assert_allclose(anp.logaddexp(x, -x), np.logaddexp(x, -x), rtol=1e-14)
    np.testing.assert_allclose(anp.clip(x, -1, 1), np.clip(x, -1, 1))


def test_special_functions_that_networks_need_work_without_scipy() -> None:
    program = """
import sys
sys.modules["scipy"] = sys.modules["scipy.special"] = None
import numpy as np, autograd.numpy as anp
from autograd import tensor
x = tensor(np.array([0.5, 1.5]), requires_grad=True)
y = anp.erf(x) + anp.erfc(x) + anp.expit(x) + anp.gelu(x) + anp.softplus(x) + anp.logit(x / 2) + anp.xlogy(x, x)
y.sum().backward()
print(anp.gammaln(np.array([5.0])), x.grad.dtype)
try:
    anp.digamma(x)
except ImportError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "[3.17805383] float64",
        "digamma: expected SciPy for this special function on NumPy arrays; it is not installed. "
        "Install it with: pip install 'xpgrad[scipy]'",
    ]


# What goes in ----------------------------------------------------------------------------------------------


def test_numbers_and_lists_go_to_the_default_backend(backend: backends.Backend) -> None:
    assert backends.of(anp.exp([1.0, 2.0])) is backend
    assert backends.of(anp.exp(1.0)) is backend
    assert backends.of(anp.add(1.0, [2.0])) is backend
    assert to_numpy(anp.add([1, 2], 3)).dtype == np.int64


def test_lists_of_tensors_are_stacked_and_get_gradients() -> None:
    a, b = tensor(2.0, requires_grad=True), tensor(3.0, requires_grad=True)
    out = anp.square([[a, 1.0], [b, a]])
    assert out.shape == (2, 2)
    out.sum().backward()
    assert (a.grad.item(), b.grad.item()) == (8.0, 6.0)
    a.zero_grad_()
    anp.multiply(np.array([10.0, 20.0]), [a, b]).sum().backward()
    assert a.grad.item() == 10.0
    with pytest.raises(ValueError, match=r"expected the entries of a list to have one shape; got \[\(\), \(2,\)\]"):
        anp.exp([a, tensor([1.0, 2.0])])
    with pytest.raises(TypeError, match="got Tensors of a scalar graph, which has none"):
        anp.exp([scalar(1.0)])


def test_python_numbers_are_weak_and_arrays_are_not() -> None:
    x = np.float32([1.0, 2.0])
    for these in (x, tensor(x)):
        assert anp.add(these, 1.5).dtype == anp.multiply(2, these).dtype == anp.power(these, 2).dtype == np.float32
        assert anp.maximum(these, 0).dtype == anp.where(x > 1, these, 0.0).dtype == np.float32
        assert anp.add(these, np.float64(1.5)).dtype == anp.add(these, [1.5, 2.5]).dtype == np.float64


def test_scalar_graphs_have_the_functions_too() -> None:
    x = scalar(0.5)
    for name in (
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "square", "reciprocal", "sin", "cos",
        "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh", "abs", "sign", "floor",
        "ceil", "trunc", "rint", "round", "sinc", "deg2rad", "rad2deg", "expit", "relu", "erf", "erfc", "gammaln",
        "softplus", "silu", "gelu", "mish", "elu", "logit", "entr", "negative", "positive", "digamma",
    ):  # fmt: skip
        out = getattr(anp, name)(x)
        out.backward()
        theirs = getattr(np, name, None) or getattr(scipy.special, name, None)
        if theirs is not None:
            assert out.item() == pytest.approx(float(theirs(0.5)), rel=1e-12), name
        y = tensor(0.5, requires_grad=True)
        getattr(anp, name)(y).backward()
        assert x.grad.item() == pytest.approx(y.grad.item(), rel=1e-12, abs=1e-15), name
        x.zero_grad_()
    for name in (
        "add",
        "divide",
        "power",
        "hypot",
        "arctan2",
        "maximum",
        "fmin",
        "logaddexp",
        "fmod",
        "copysign",
        "xlogy",
    ):
        a, b = scalar(1.5), scalar(2.5)
        out = getattr(anp, name)(a, b)
        out.backward()
        p, q = tensor(1.5, requires_grad=True), tensor(2.5, requires_grad=True)
        getattr(anp, name)(p, q).backward()
        assert (a.grad.item(), b.grad.item()) == pytest.approx((p.grad.item(), q.grad.item())), name
    assert anp.clip(scalar(3.0), 0, 1).item() == 1.0 and anp.where(True, scalar(1.0), 2.0).item() == 1.0
    with pytest.raises(ZeroDivisionError, match="reciprocal: expected a divisor other than 0"):
        anp.reciprocal(scalar(0.0))
    with pytest.raises(ValueError, match="log: expected a value inside the function's domain"):
        anp.log(scalar(-1.0))


# Keywords and errors -----------------------------------------------------------------------------------------


def test_keywords_of_ufuncs_are_numpys_for_plain_arrays() -> None:
    x, out = sample("float64"), np.zeros((2, 3))
    assert anp.exp(x, out=out) is out and np.array_equal(out, np.exp(x))
    assert anp.exp(x, out) is out and anp.add(x, 1, (out,)) is out
    np.testing.assert_array_equal(anp.sqrt(x, where=x > 0.5, out=out.copy()), np.sqrt(x, where=x > 0.5, out=out.copy()))
    assert anp.add(x, 1, dtype="float32", casting="same_kind").dtype == np.float32
    assert anp.exp(x, where=True, dtype=None, order="K").dtype == np.float64
    assert anp.round(x, 1, out=out) is out and anp.clip(x, 0, 1, out=out) is out


def test_keywords_of_ufuncs_with_tensors() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = anp.exp(x, dtype="float32")
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float64
    for options, message in (
        (
            {"out": np.zeros(2)},
            r"exp: expected no out= with Tensors; got one. Assign the result instead: x\[...\] = exp\(…\).",
        ),
        (
            {"where": np.array([True, False])},
            r"exp: expected no where= .* Select with where\(condition, exp\(…\), other\).",
        ),
        ({"wher": 1}, "exp: expected keywords among out, where, casting, order, dtype, subok, signature; got wher"),
    ):
        with pytest.raises(TypeError, match=message):
            anp.exp(x, **options)
    with pytest.raises(TypeError, match="round: expected no out= with Tensors"):
        anp.round(x, out=np.zeros(2))


def test_errors_say_what_came_and_the_fix() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"exp: expected arrays, Tensors or numbers; got str. Convert it first"):
        anp.exp("a")
    with pytest.raises(ValueError, match=r"add: .*\(2,\).*\(3,\)"):
        anp.add(x, np.ones(3))
    with pytest.raises(ValueError, match="where: expected both x and y, or neither; got one"):
        anp.where(x > 1, x)
    with pytest.raises(ValueError, match="clip: expected each bound once; got a_min with min"):
        anp.clip(x, 0, min=1)
    with pytest.raises(NotImplementedError, match="gammainc: expected a derivative with respect to a; none is defined"):
        anp.gammainc(tensor(1.0, requires_grad=True), 2.0).backward()
    with pytest.raises(ValueError, match="gelu: expected approximate to be 'none' or 'tanh'; got 'erf'"):
        anp.gelu(x, approximate="erf")


def test_where_with_the_condition_alone_is_nonzero() -> None:
    x = tensor([1.0, 0.0, 2.0])
    (found,) = anp.where(x > 0)
    assert found.tolist() == [0, 2]


def test_normalisers() -> None:
    with pytest.raises(np.exceptions.AxisError, match="axis 3 is out of bounds for array of dimension 2"):
        common.normalize_axis((0, 3), 2)
    with pytest.raises(ValueError, match=r"axis: expected each axis once; got \(0, -2\) for 2 dimensions"):
        common.normalize_axis((0, -2), 2)
    assert common.normalize_axis(np.int64(-1), 3) == (2,) and common.normalize_axis((), 3) == ()
    assert common.is_tensor(tensor(1.0)) and not common.is_tensor(1.0)
    assert common.namespace_of(1.0, [tensor(1.0)]) is np


# Several results and edges -----------------------------------------------------------------------------------


def test_frexp_modf_and_divmod_have_derivatives() -> None:
    x = tensor([6.0, -0.75], requires_grad=True)
    mantissa, exponent = anp.frexp(x)
    assert exponent.dtype.kind == "i" and not exponent.requires_grad
    mantissa.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.125, 1.0])
    x.zero_grad_()
    fraction, whole = anp.modf(x)
    (fraction + 10 * whole).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])
    x.zero_grad_()
    quotient, rest = divmod(x, 4.0)
    (quotient + rest).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])
    assert np.array_equal(divmod(7.0, tensor([2.0, 3.0]))[1].numpy(), [1.0, 1.0])


def test_sinc_is_right_at_0_to_the_fourth_order() -> None:
    x = tensor(0.0, requires_grad=True)
    y = anp.sinc(x)
    found = []
    for _ in range(4):
        x.zero_grad_()
        y.backward(create_graph=True)
        y = x.grad
        found.append(y.item())
    # sinc x = 1 - (πx)²/6 + (πx)⁴/120 - …
    assert found == pytest.approx([0, -(math.pi**2) / 3, 0, math.pi**4 / 5], abs=1e-12)


def test_float16_and_float32_stay_so_through_every_elementwise_rule() -> None:
    from tests.cases import CASES

    for case in CASES:
        primitive = PRIMITIVES[case.primitive]
        if not primitive.elementwise or case.orders == 0 or "float16" not in case.dtypes:
            continue
        for dtype in ("float32", "float16"):
            args = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in case.args]
            out = quietly(primitive.call, *args, **case.options)
            known = {"g": out, "out": out, **case.options, **dict(zip(primitive.operands, args, strict=True))}
            for operand, rule in primitive.rules.items():
                if rule is None or not isinstance(known[operand], np.ndarray):
                    continue
                wanted = rule_parameters(rule)
                result = quietly(rule, *[known[n] for n in wanted])
                assert np.asarray(result).dtype == dtype, (case.id, operand)


def test_ufunc_decorators_keep_what_they_decorate() -> None:
    @ufuncs.unary(PRIMITIVES["exp"].call)
    def mine(x: Any, /) -> Any:
        """Doc."""

    assert (mine.__name__, mine.__doc__, mine.__module__) == ("mine", "Doc.", __name__)
    assert isinstance(mine(tensor(1.0)), Tensor)

"""The backend of Python floats: NumPy's functions of single numbers."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import backends
from autograd import no_grad, scalar
from tests.helpers import to_numpy


def test_scalar_streams() -> None:
    scalar = backends.get("scalar")
    a, b = scalar.generator(4), scalar.generator(4)
    assert [a.random(), a.standard_normal(), a.integers(0, 9)] == [b.random(), b.standard_normal(), b.integers(0, 9)]
    state = a.get_state()
    expected = a.random()
    b.set_state(state)
    assert b.random() == expected and sorted(a.permutation(5)) == [0, 1, 2, 3, 4]
    assert copy.deepcopy(b).random() == b.random()


def test_scalar_backend_converts_or_refuses() -> None:
    scalar = backends.get("scalar")
    assert scalar.asarray(np.float32(1.5)) == 1.5 and scalar.copy(2.0) == 2.0
    assert to_numpy(2.5) == np.asarray(2.5) and scalar.device(1.0) == "cpu"
    for data in ([1.0], None):
        with pytest.raises(TypeError, match=r"scalar: expected one real number; got .*Use tensor"):
            scalar.asarray(data)
    with pytest.raises(TypeError, match="add_at: expected an array"):
        scalar.add_at(1.0, 0, 1.0)
    assert scalar.special("erf")(0.5) == pytest.approx(scipy.special.erf(0.5))
    assert scalar.special("expit")(0.5) == pytest.approx(scipy.special.expit(0.5))


@given(x=st.floats(-5, 5), y=st.floats(-5, 5))
def test_scalar_functions_are_numpys(x: float, y: float) -> None:
    xp = backends.get("scalar").xp
    domain = {"arcsin": abs(x) <= 1, "arccos": abs(x) <= 1, "arctanh": abs(x) < 1, "arccosh": x >= 1}
    one = ["sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh", "exp", "exp2", "expm1", "cbrt", "sinc"]
    one += ["sign", "square", "floor", "ceil", "trunc", "rint", "absolute", "fabs", "degrees", "radians", "negative"]
    one += [name for name, inside in domain.items() if inside]
    one += ["log", "log2", "log10", "sqrt", "reciprocal"] if x > 0 else []
    for name in one:
        assert getattr(xp, name)(x) == pytest.approx(float(getattr(np, name)(x)), rel=1e-12, abs=1e-300), name
    two = ["add", "subtract", "multiply", "arctan2", "hypot", "maximum", "minimum", "fmax", "fmin", "copysign"]
    two += ["logaddexp", "logaddexp2", "greater", "less_equal", "equal"] + (
        ["divide", "fmod", "remainder"] if y else []
    )
    for name in two:
        with np.errstate(all="ignore"):
            expected = float(getattr(np, name)(x, y))
        if np.isfinite(expected):
            assert getattr(xp, name)(x, y) == pytest.approx(expected, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "logaddexp"])
@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 1.0])
@pytest.mark.parametrize("y", [np.nan, np.inf, -np.inf, 1.0])
def test_scalar_functions_at_infinity_and_nan(name: str, x: float, y: float) -> None:
    got = getattr(backends.get("scalar").xp, name)(float(x), float(y))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
    np.testing.assert_array_equal(got, expected)


def test_gradient_descent_changes_leaves_and_sums_make_new_numbers() -> None:
    weights = [scalar(1.0), scalar(-2.0)]
    for _ in range(2):
        loss = sum((w * w for w in weights), scalar(0.0))
        for w in weights:
            w.zero_grad_()
        loss.backward(retain_graph=True)
        with no_grad():
            for w in weights:
                w -= 0.25 * w.grad  # w ← w - w/2
    assert [w.item() for w in weights] == [0.25, -0.5] and all(w.is_leaf and w.requires_grad for w in weights)
    weights[0].zero_grad_()
    loss.backward()  # of the values that the loss was computed with
    assert weights[0].grad.item() == 1.0
    total = first = scalar(3.0)
    total += weights[0]
    assert (total.item(), first.item()) == (3.25, 3.0) and total.requires_grad

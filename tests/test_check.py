"""check_grads: passes where derivatives are right, and says which one is wrong where they are not."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import check_grads, custom_vjp, scalar, tensor
from autograd.primitive import primitive


def cube(**rules: Any) -> Any:
    """x³ as a primitive with these rules."""

    @primitive(name="cube_under_test")
    def cubed(xp: Any, x: Any, /) -> Any:
        return x * x * x

    cubed.vjp(x=rules.get("vjp", lambda g, x: g * (3 * x * x)))
    if "jvp" in rules:
        cubed.jvp(x=rules["jvp"])
    return cubed


X = np.array([0.5, -1.5])


def test_right_derivatives_pass(backend: backends.Backend) -> None:
    x = backend.asarray(X)
    check_grads(lambda x: anp.tanh(x) * x)(x)
    check_grads(lambda x: anp.tanh(x) * x, order=3)(x)
    check_grads(anp.exp, modes=["rev"])(x)
    check_grads(anp.exp, modes="fwd")(x)
    check_grads(lambda a, b: (a @ b, {"sum": a.sum()}))(x, x * 2)
    check_grads(lambda p: p["w"] * p["b"][0])({"w": x, "b": [2.0]})


def test_numbers_tensors_float32_and_integers() -> None:
    check_grads(lambda x, n: x**n)(2.0, 3)
    check_grads(lambda x: x * x)(tensor(X))
    check_grads(lambda x: x * x * 0.1)(X.astype("float32"))
    check_grads(lambda x, i: x[i])(X, np.array([1, 0, 1]))
    check_grads(lambda x: x * x)(scalar(2.0))
    check_grads(lambda x: anp.zeros(0) * x.sum())(X)


def test_complex_functions() -> None:
    z = np.array([0.5 + 1.0j, -1.5j])
    check_grads(lambda z: z**3 + z)(z)
    check_grads(lambda z: (anp.abs(z) ** 2).sum())(z)
    check_grads(lambda z: z.conj() * z.real)(z)
    check_grads(lambda x: x * (1 + 2j))(X)


def test_closures_over_recorded_tensors_are_constants() -> None:
    w = tensor(X, requires_grad=True)
    check_grads(lambda x: x * w * w)(X)
    assert w.grad is None


@pytest.mark.parametrize(
    ("rules", "options", "message"),
    [
        (
            {"vjp": lambda g, x: g * (2 * x * x)},
            {"modes": ("vjp",)},
            r"check_grads: cube_under_test: vjp of order 1, argument 0: expected ",
        ),
        (
            {"jvp": lambda t, x: t * x},
            {},
            r"check_grads: cube_under_test: jvp of order 1, argument 0: expected \[.*\] from",
        ),
        ({"jvp": lambda t, x: t * (3 * x * x + 1e-4)}, {}, r"jvp of order 1, argument 0: expected .* \(off by "),
        # Right at first order, but a constant in the rule hides the second.
        (
            {"vjp": lambda g, x: g * (3 * x * x.detach() if hasattr(x, "detach") else 3 * x * x)},
            {"modes": ("vjp",)},
            r"vjp of order 2, of the vjp, argument 0: expected -?[\d.]+ from central differences; got -?[\d.]+ \(off",
        ),
    ],
)
def test_wrong_derivatives_are_named(throwaway: None, rules: Any, options: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_grads(cube(**rules), **options)(X)


def test_an_error_of_second_order_only_passes_at_first(throwaway: None) -> None:
    hidden = cube(vjp=lambda g, x: g * (3 * x * x.detach() if hasattr(x, "detach") else 3 * x * x))
    check_grads(hidden, order=1, modes=("vjp",))(X)


def test_the_wrong_argument_and_result_are_named() -> None:
    f = custom_vjp(lambda a, b: a * b)
    f.defvjp(lambda a, b: (a * b, (a, b)), lambda kept, g: (g * kept[1], g * kept[1]))
    with pytest.raises(AssertionError, match="<lambda>: vjp of order 1, argument 1: expected"):
        check_grads(f, modes=("vjp",))(X, X + 3)
    with pytest.raises(AssertionError, match="vjp of order 1, argument 0, leaf 1: expected"):
        check_grads(lambda pair: f(*pair), modes=("vjp",))([X, X + 3])
    with pytest.raises(AssertionError, match="jvp of order 1, argument 1, result 1: expected"):
        check_grads(lambda a, b: (a, f(a, b)), modes=("jvp",))(X, X + 3)


def test_a_kink_is_pointed_out() -> None:
    with pytest.raises(AssertionError, match="or check at another point: the slopes to both sides differ here"):
        check_grads(lambda x: anp.maximum(x, 0) + anp.maximum(2 * x, 0), order=1)(np.array([1e-9, 1.0]))


def test_a_discontinuous_derivative_of_the_remainder_is_noticed() -> None:
    # The derivative is right at the point, but a step nearby is in no derivative at all.
    step = lambda x: x * x + (abs(x - 0.5) > 2e-5)
    with pytest.raises(AssertionError, match="expected the remainder of the linear approximation to shrink by 4"):
        check_grads(step, modes=("jvp",), order=1)(np.array([0.5]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: check_grads(anp.exp, modes=("up",)),
            ValueError,
            "expected modes among vjp, jvp, rev, fwd; got ('up',)",
        ),
        (lambda: check_grads(anp.exp)(3), TypeError, "check_grads: expected a float or complex argument; got int"),
        (
            lambda: check_grads(lambda: 1.0)(),
            TypeError,
            "check_grads: expected a float or complex argument; got nothing",
        ),
    ],
)
def test_errors_say_what_was_expected(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()

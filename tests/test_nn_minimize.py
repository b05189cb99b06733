"""``nn.minimize``: SciPy's methods over nested arrays and modules, bounds, constraints, what crosses, errors."""

from __future__ import annotations

import sys
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import autograd.numpy as anp
import backends
import nn
from autograd import GraphError, Tensor
from nn.minimizing import call as minimizing
from nn.minimizing.forms import Nest
from nn.minimizing.problem import Problem
from tests.helpers import to_numpy
from tests.strict_backend import StrictBackend


def rosenbrock(x: Any) -> Any:
    return anp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


START = np.array([-1.2, 1.0, 0.8])
DERIVED = [m for m in minimizing.METHODS if m not in minimizing.WITHOUT]


@pytest.mark.parametrize("method", DERIVED)
def test_every_method_finds_rosenbrocks_minimum(method: str, backend: backends.Backend) -> None:
    start = np.array([1.05, 1.1, 1.2]) if method == "dogleg" else START  # dogleg wants a convex neighbourhood
    options = {"maxfun" if method == "TNC" else "maxiter": 2000} if method in ("trust-constr", "CG", "TNC") else {}
    found = nn.minimize(rosenbrock, backend.asarray(start), method=method, options=options)
    assert backends.of(found.x) is backend
    np.testing.assert_allclose(to_numpy(found.x), 1, atol=3e-3 if method in ("TNC", "SLSQP") else 2e-4)
    assert isinstance(found, scipy.optimize.OptimizeResult)
    if method in minimizing.WITH_PRODUCTS and method != "trust-constr":
        assert found.nhev > 0


@pytest.mark.parametrize("method", minimizing.WITHOUT)
def test_methods_without_derivatives_get_the_value_alone(method: str) -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append(x)
        return anp.sum((x - 1) ** 2)

    found = nn.minimize(f, [0.0, 3.0], method=method, tol=1e-6)
    np.testing.assert_allclose(found.x, 1, atol=1e-3)


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "Newton-CG", "trust-ncg"])
def test_scipy_gets_exact_derivatives(method: str) -> None:
    """The same path as SciPy's own with SciPy's own derivatives of this function."""
    found = nn.minimize(rosenbrock, START, method=method)
    second = {"hessp": scipy.optimize.rosen_hess_prod} if method in minimizing.WITH_PRODUCTS else {}
    wanted = scipy.optimize.minimize(scipy.optimize.rosen, START, method=method, jac=scipy.optimize.rosen_der, **second)
    assert (found.nit, found.nfev) == (wanted.nit, wanted.nfev)
    np.testing.assert_allclose(found.x, wanted.x, rtol=1e-7)
    np.testing.assert_allclose(found.jac, wanted.jac, atol=1e-6)


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize("method", ["L-BFGS-B", "trust-ncg"])
def test_x_has_the_form_it_came_in(method: str, backend: backends.Backend) -> None:
    x0 = {
        "a": 0.5,
        "b": [backend.asarray(np.zeros((2, 3))), Tensor(backend.asarray(np.ones(2, "float32")))],
        "c": Pair(backend.asarray(np.zeros(())), None),
        "d": (2,),
    }

    def f(x: Any) -> Any:
        assert isinstance(x["c"], Pair) and x["c"].right is None
        first, second = x["b"]
        assert first.shape == (2, 3) and second.dtype == "float32"
        parts = [(x["a"] - 1) ** 2, anp.sum((first - 2) ** 2), anp.sum((second + 1.0) ** 2), (x["c"].left - 3) ** 2]
        return sum(parts) + anp.sum((x["d"] - 4) ** 2)

    if backend is not backends.get("numpy"):  # bare numbers are NumPy's
        x0["a"], x0["d"] = backend.asarray(np.array(0.5)), backend.asarray(np.array([2.0]))
    found = nn.minimize(f, x0, method=method).x
    assert list(found) == list("abcd") and isinstance(found["c"], Pair) and found["c"].right is None
    assert isinstance(found["a"], float) == (backend is backends.get("numpy"))
    assert isinstance(found["b"][1], Tensor) and found["b"][1].dtype == "float32"
    assert not isinstance(found["b"][0], Tensor)
    for value, wanted in ((found["a"], 1), (found["b"][0], 2), (found["b"][1], -1), (found["c"].left, 3)):
        np.testing.assert_allclose(to_numpy(value), wanted, atol=1e-3)


def test_bounded_least_squares_is_scipys(backend: backends.Backend) -> None:
    stream = np.random.default_rng(0)
    a, b = stream.normal(size=(20, 5)), stream.normal(size=20) * 3
    wanted = scipy.optimize.lsq_linear(a, b, bounds=(-0.3, 0.2), tol=1e-14).x
    assert (np.abs(wanted - 0.2) < 1e-6).any() and (np.abs(wanted + 0.3) < 1e-6).any()
    matrix, right = backend.asarray(a), backend.asarray(b)

    def f(x: Any) -> Any:
        return anp.sum((matrix @ x - right) ** 2)

    for bounds in [(-0.3, 0.2), [(-0.3, 0.2)] * 5, (np.full(5, -0.3), 0.2), scipy.optimize.Bounds(-0.3, 0.2)]:
        found = nn.minimize(f, backend.asarray(np.zeros(5)), bounds=bounds, tol=1e-12)
        np.testing.assert_allclose(to_numpy(found.x), wanted, atol=1e-5)


def test_bounds_have_x0s_form() -> None:
    x0 = {"w": np.zeros((2, 2)), "rest": (np.zeros(2), 0.0)}

    def f(x: Any) -> Any:
        return anp.sum((x["w"] - 5) ** 2) + anp.sum((x["rest"][0] - 5) ** 2) + (x["rest"][1] + 5) ** 2

    bounds = {"w": (None, np.array([[1.0, 2.0], [3.0, 9.0]])), "rest": ([(0, 1), (None, 2)], (-1, None))}
    found = nn.minimize(f, x0, bounds=bounds).x
    np.testing.assert_allclose(found["w"], [[1, 2], [3, 5]], atol=1e-5)
    np.testing.assert_allclose(found["rest"][0], [1, 2], atol=1e-5)
    assert found["rest"][1] == pytest.approx(-1)
    free = nn.minimize(f, x0, bounds={"rest": (None, (None, 0.5))}).x
    np.testing.assert_allclose(free["w"], 5, atol=1e-4)


# SciPy's trust-krylov multiplies vectors that it has not yet filled: whatever lay in that memory before.
@pytest.mark.filterwarnings("ignore:invalid value encountered in multiply:RuntimeWarning")
def test_logistic_regression_is_scikit_learns(backend: backends.Backend) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    wanted = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, y)
    data, sign = backend.asarray(x), backend.asarray(2.0 * y - 1)

    def f(p: Any) -> Any:
        margins = sign * (data @ p["w"] + p["b"])
        return anp.sum(anp.softplus(-margins)) + anp.sum(p["w"] ** 2) / 2

    start = {"w": backend.asarray(np.zeros(30)), "b": backend.asarray(np.zeros(()))}
    for method in ("L-BFGS-B", "trust-krylov", "Newton-CG"):
        found = nn.minimize(f, start, method=method, tol=1e-9).x
        np.testing.assert_allclose(to_numpy(found["w"]), wanted.coef_[0], atol=2e-4)
        np.testing.assert_allclose(to_numpy(found["b"]), wanted.intercept_[0], atol=2e-4)


# Modules -------------------------------------------------------------------------------------------------------


def curve(backend: backends.Backend) -> tuple[Any, Any]:
    x = np.linspace(-2, 2, 40)[:, None]
    return backend.asarray(x), backend.asarray(np.sin(2 * x))


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "trust-ncg"])
def test_a_modules_parameters_are_varied_in_place(method: str, backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    x, y = curve(backend)
    model = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 1)).to("float64")
    parameters = model.parameters()
    found = nn.minimize(lambda net: nn.functional.mse_loss(net(x), y), model, method=method, options={"maxiter": 300})
    assert found.x is model and all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert found.fun < 1e-3
    assert float(nn.functional.mse_loss(model(x), y)) == pytest.approx(found.fun, rel=1e-9)
    assert set(found.jac) == {name for name, _ in model.named_parameters()}
    assert found.jac["0.weight"].shape == (10, 1)
    assert all(p.grad is None for p in parameters)


@pytest.mark.parametrize("method", ["trust-ncg", "trust-constr"])
def test_callbacks_and_constraints_may_touch_a_module_between_products(method: str) -> None:
    """Both write parameters, over what the products with the Hessian had recorded."""
    model = nn.Linear(2, 1).to("float64")
    x, seen = np.eye(2), []
    found = nn.minimize(
        lambda net: anp.sum((net(x) - 2) ** 4 + net.bias**2),
        model,
        method=method,
        callback=lambda net, *state: seen.append(float(anp.sum(net.weight))),
        constraints={"type": "ineq", "fun": below_three} if method == "trust-constr" else (),
    )
    assert found.success and len(seen) > 2
    np.testing.assert_allclose(to_numpy(model(x)), 2, atol=0.05)


def below_three(net: Any) -> Any:
    return 3 - net.weight[0]


def test_frozen_parameters_stay(backend: backends.Backend) -> None:
    nn.set_random_seed(1)
    x, y = curve(backend)
    model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).to("float64")
    model.layers[0].freeze()
    kept, rest = to_numpy(model.layers[0].weight).copy(), to_numpy(model.layers[2].weight).copy()
    found = nn.minimize(lambda net: nn.functional.mse_loss(net(x), y), model, bounds={"2.weight": (-0.25, 0.25)})
    assert set(found.jac) == {"2.weight", "2.bias"}
    np.testing.assert_array_equal(to_numpy(model.layers[0].weight), kept)
    assert (to_numpy(model.layers[2].weight) != rest).any()
    assert np.abs(to_numpy(model.layers[2].weight)).max() <= 0.25


def test_a_module_is_as_it_was_after_an_error() -> None:
    model = nn.Linear(1, 1)
    before = {k: to_numpy(v).copy() for k, v in model.state_dict().items()}
    calls = []

    def f(net: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("stop here")
        return anp.sum(net(np.ones((1, 1), "float32")) ** 2 + net.weight**2)

    with pytest.raises(RuntimeError, match="stop here"):
        nn.minimize(f, model)
    for k, v in model.state_dict().items():
        np.testing.assert_array_equal(to_numpy(v), before[k])


def test_float32_parameters_stay_float32(backend: backends.Backend) -> None:
    model = nn.Linear(2, 1)
    x = backend.asarray(np.eye(2, dtype="float32"))
    nn.minimize(lambda net: anp.sum((net(x) - 1) ** 2), model)
    assert {str(p.dtype) for p in model.parameters()} == {"float32"}
    np.testing.assert_allclose(to_numpy(model(x)), 1, atol=1e-3)


# What crosses, callbacks, constraints ------------------------------------------------------------------------------


def test_only_the_flat_vector_crosses(monkeypatch: pytest.MonkeyPatch) -> None:
    with backends.use("strict") as backend:
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        size = sum(p.size for p in model.parameters())
        x = backend.asarray(np.random.default_rng(0).normal(size=(50, 3)).astype("float32"))
        crossed: list[int] = []
        to_host = StrictBackend.to_numpy

        def counted(self: Any, array: Any) -> Any:
            crossed.append(array.size)
            return to_host(self, array)

        monkeypatch.setattr(StrictBackend, "to_numpy", counted)
        found = nn.minimize(lambda net: anp.mean((net(x) - 1) ** 2), model, method="trust-ncg", options={"maxiter": 5})
    assert set(crossed) == {size, size + 1}  # the vector, or it behind the value
    assert len(crossed) <= 2 * found.nfev + found.nhev + 20


def test_callbacks_see_x_in_its_form() -> None:
    seen: list[Any] = []
    nn.minimize(lambda x: (x["a"] - 1) ** 2, {"a": 0.0}, callback=seen.append)
    assert seen and seen[-1]["a"] == pytest.approx(1.0)

    def stops(intermediate_result: Any) -> None:
        assert isinstance(intermediate_result.x, dict)
        raise StopIteration

    found = nn.minimize(rosenbrock_of, {"x": START}, callback=stops)
    assert found.nit <= 1


def rosenbrock_of(x: Any) -> Any:
    return rosenbrock(x["x"])


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", None])
def test_constraints_get_the_form_and_derived_jacobians(method: str | None) -> None:
    """The point of the unit circle that is nearest to (2, 2), below the diagonal by 0.2 at least."""
    x0 = {"p": np.array([0.9, 0.1])}
    on_circle = {"type": "eq", "fun": lambda x: anp.sum(x["p"] ** 2) - 1}
    below = {"type": "ineq", "fun": lambda x, gap: x["p"][0] - x["p"][1] - gap, "args": (0.2,)}
    found = nn.minimize(
        lambda x: anp.sum((x["p"] - 2) ** 2), x0, method=method, constraints=[on_circle, below], tol=1e-9
    )
    a, b = found.x["p"]
    assert a**2 + b**2 == pytest.approx(1, abs=1e-5) and a - b == pytest.approx(0.2, abs=1e-4)


def test_constraints_as_objects() -> None:
    x0 = (np.array([0.5, 0.5]), 1.0)
    circle = scipy.optimize.NonlinearConstraint(lambda x: anp.sum(x[0] ** 2) + x[1] ** 2, 1.0, 1.0)
    flat = scipy.optimize.LinearConstraint([[1.0, 0.0, 0.0]], 0.1, 0.1)
    found = nn.minimize(lambda x: anp.sum((x[0] - 3) ** 2), x0, method="trust-constr", constraints=[circle, flat])
    assert found.x[0][0] == pytest.approx(0.1, abs=1e-5)
    assert found.x[0][1] == pytest.approx(0.99**0.5, abs=1e-3)


def test_further_arguments_reach_the_function() -> None:
    assert nn.minimize(lambda x, k, shift: k * (x - shift) ** 2, 0.0, args=(2.0, 3.0)).x == pytest.approx(3.0)


def test_a_constant_gradient_has_a_hessian_of_zeros() -> None:
    problem = Problem(lambda x: anp.sum(2 * x[0]) + x[1], Nest([np.zeros(2), 1.0]), ())
    np.testing.assert_array_equal(problem.product(np.zeros(3), np.ones(3)), np.zeros(3))
    mixed = Problem(lambda x: anp.sum(x[0] ** 3) + x[1], Nest([np.ones(2), 1.0]), ())
    np.testing.assert_array_equal(mixed.hessian(np.ones(3)), np.diag([6.0, 6.0, 0.0]))


# Errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: nn.minimize(rosenbrock, START, method="adam"), ValueError, "a method among CG, BFGS.*got 'adam'"),
        (lambda: nn.minimize(rosenbrock, START, method="BFGS", bounds=(0, 1)), ValueError, "knows bounds.*got 'BFGS'"),
        (
            lambda: nn.minimize(rosenbrock, START, method="trust-ncg", constraints={"type": "eq", "fun": anp.sum}),
            ValueError,
            "knows constraints.*got 'trust-ncg'",
        ),
        (lambda: nn.minimize(anp.sum, START + 1j), TypeError, "real floats to vary; got complex128 in x0's array 0"),
        (lambda: nn.minimize(lambda x: x * 2, START), ValueError, r"f to give one number; got shape \(3,\)"),
        (lambda: nn.minimize(lambda x: 1.0, START), GraphError, "to depend on its argument"),
        (lambda: nn.minimize(rosenbrock, START, bounds=[(0, 1)] * 2), ValueError, "bounds of x0's form"),
        (lambda: nn.minimize(rosenbrock, START, bounds=(np.zeros(2), 1)), ValueError, r"x0's array 0's shape \(3,\)"),
        (
            lambda: nn.minimize(lambda x: x["a"] ** 2, {"a": 0.0}, bounds={"b": (0, 1)}),
            ValueError,
            r"a dict with keys among a; got \{'b'",
        ),
        (
            lambda: nn.minimize(lambda x: x[0] ** 2, (0.0, np.ones(2)), bounds=[(0, 1)]),
            ValueError,
            "2 entries; got",
        ),
        (
            lambda: nn.minimize(lambda net: net.weight.sum(), nn.Linear(1, 1), bounds={"w": (0, 1)}),
            ValueError,
            "names among weight, bias; got",
        ),
        (lambda: nn.minimize(lambda net: 0.0, nn.ReLU()), ValueError, "has none, or all are frozen"),
        (lambda: nn.minimize(lambda net: 0.0, nn.Dense(2)), ValueError, "every layer to know its input's size"),
        (lambda: nn.minimize(anp.sum, np.zeros(0)), ValueError, "numbers to vary; got none"),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_without_scipy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"minimize: expected SciPy.*pip install 'xpgrad\[scipy\]'"):
        nn.minimize(rosenbrock, START)

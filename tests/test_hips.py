"""Programs written for HIPS autograd run unchanged: its import lines, its operators, its recorded results."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats

import autograd
import autograd.numpy as anp
import backends
from autograd import (
    GraphError,
    Tensor,
    check_grads,
    deriv,
    grad,
    grad_named,
    holomorphic_grad,
    jvp,
    make_ggnvp,
    make_hvp,
    make_jvp,
    make_vjp,
    multigrad_dict,
    tensor,
)
from autograd.extend import def_linear, defjvp, defvjp, defvjp_argnum, defvjp_argnums, notrace_primitive, primitive
from autograd.misc import flatten
from autograd.misc.flatten import flatten_func
from autograd.scipy import stats
from autograd.scipy.stats import multivariate_normal, norm
from autograd.test_util import check_grads as check_as_hips
from autograd.test_util import combo_check
from autograd.tracer import getval, isbox
from tests.helpers import to_numpy
from tests.recorded.hips_programs import PROGRAMS

RECORDED = np.load(Path(__file__).parent / "recorded" / "hips.npz")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_gives_what_hips_autograd_gives(program: Any) -> None:
    results = program()
    assert set(results) == {n.split("/")[1] for n in RECORDED.files if n.startswith(program.__name__ + "/")}
    for name, value in results.items():
        wanted = RECORDED[f"{program.__name__}/{name}"]
        assert not isinstance(value, Tensor), name
        assert np.asarray(value).dtype == wanted.dtype and np.shape(value) == wanted.shape, name
        np.testing.assert_allclose(value, wanted, rtol=1e-10, atol=1e-12, err_msg=name)


def test_every_operator_of_hips_autograd_is_there() -> None:
    theirs = (
        "checkpoint deriv elementwise_grad grad grad_and_aux grad_named hessian hessian_tensor_product "
        "hessian_vector_product holomorphic_grad jacobian make_ggnvp make_hvp make_jvp make_vjp multigrad_dict "
        "tensor_jacobian_product value_and_grad vector_jacobian_product"
    )
    for name in theirs.split():
        assert name in autograd.__all__ and ">>>" in getattr(autograd, name).__doc__, name
        assert getattr(autograd.differential_operators, name) is getattr(autograd, name)


# The operators ----------------------------------------------------------------------------------------------------


def square(x: Any) -> Any:
    return anp.sum(x**2)


def test_values_can_be_printed_from_inside() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append((isbox(x), getval(x)))
        return x**2

    assert grad(f)(3.0) == 6.0 and seen == [(True, 3.0)] and not isbox(seen[0][1]) and getval(2.0) == 2.0


@pytest.mark.parametrize(
    "operator", [make_vjp, make_jvp, make_hvp, make_ggnvp, deriv, holomorphic_grad, multigrad_dict]
)
def test_operators_are_picklable_where_the_function_is(operator: Any) -> None:
    again = pickle.loads(pickle.dumps(operator(square)))
    assert again.fun is square and type(again) is type(operator(square))


def test_pullbacks_may_be_called_again_and_several_arguments_chosen(backend: backends.Backend) -> None:
    x, y = backend.asarray(np.array([1.0, 2.0])), backend.asarray(np.array([3.0, -1.0]))
    pull, out = make_vjp(lambda a, b: a * b, (0, 1))(x, y)
    for scale in (1.0, 2.0):
        of_x, of_y = pull(backend.asarray(np.array([scale, scale])))
        np.testing.assert_array_equal(to_numpy(of_x), [3 * scale, -scale])
        np.testing.assert_array_equal(to_numpy(of_y), [scale, 2 * scale])
    value, tangent = make_jvp(lambda a, b: a * b, (0, 1))(x, y)((y, x))
    np.testing.assert_array_equal(to_numpy(value), to_numpy(out))
    np.testing.assert_array_equal(to_numpy(tangent), [10.0, 5.0])
    assert isinstance(make_vjp(square)(tensor(x, requires_grad=True))[1], Tensor)


def test_products_of_matrices_with_vectors_are_those_of_the_matrices() -> None:
    rng = np.random.default_rng(0)
    a, x, v = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)
    f = lambda x: anp.tanh(a @ x)
    g = lambda y: anp.sum(anp.exp(y) * y)
    jac, curve = autograd.jacobian(f)(x), autograd.hessian(g)(f(x))
    np.testing.assert_allclose(make_ggnvp(f, g)(x)(v), jac.T @ curve @ jac @ v, rtol=1e-12)
    product, gradient = make_hvp(lambda x: g(f(x)))(x)
    np.testing.assert_allclose(gradient, jac.T @ grad(g)(f(x)), rtol=1e-12)
    np.testing.assert_allclose(product(v), autograd.hessian(lambda x: g(f(x)))(x) @ v, rtol=1e-10)
    np.testing.assert_allclose(deriv(f)(x), jac.sum(1), rtol=1e-12)


def test_multigrad_dict_knows_defaults_and_keywords() -> None:
    def f(a: Any, b: Any = 2.0, *, c: Any = 3.0) -> Any:
        return a * b**2 * c

    assert multigrad_dict(f)(1.0) == {"a": 12.0, "b": 12.0, "c": 4.0}
    assert multigrad_dict(f)(1.0, c=1.0) == {"a": 4.0, "b": 4.0, "c": 4.0}


def test_operators_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="grad_named: expected one of the arguments a, b; got 'c'"):
        grad_named(lambda a, b: a, "c")
    with pytest.warns(UserWarning, match="holomorphic_grad: expected complex arguments; argument 0 is real"):
        holomorphic_grad(lambda x: x**2)(1.0)
    vector, unflatten = flatten([1.0, np.ones(2)])
    with pytest.raises(ValueError, match=r"unflatten: expected a vector of 3 numbers.*got shape \(2,\)"):
        unflatten(vector[:2])


# Primitives of the user's -----------------------------------------------------------------------------------------


def cube() -> Any:
    @primitive
    def cube(x: Any) -> Any:
        assert not isinstance(x, Tensor)
        return x * x * x

    return cube


def test_a_primitive_has_derivatives_of_every_order(backend: backends.Backend) -> None:
    f = cube()
    defvjp(f, lambda ans, x: lambda g: g * 3 * ans / x)
    x = backend.asarray(np.array([1.5, -2.0]))
    second = grad(lambda x: anp.sum(grad(lambda x: anp.sum(f(x)))(x) ** 2))(x)
    np.testing.assert_allclose(to_numpy(second), 36 * np.array([1.5, -2.0]) ** 3, rtol=1e-12)
    t = tensor(x, requires_grad=True)
    out = f(t)
    assert "cube" in repr(out)
    out.sum().backward()
    np.testing.assert_allclose(to_numpy(t.grad), 3 * to_numpy(x) ** 2, rtol=1e-12)
    np.testing.assert_array_equal(to_numpy(f(x)), to_numpy(x) ** 3)
    assert f(tensor(x)).requires_grad is False
    if backend.name == "numpy":
        check_grads(f, order=3)(np.array([1.5, -2.0]))


def test_the_ways_to_state_a_derivative_agree() -> None:
    x, y = np.array([1.5, -2.0]), np.array([0.5, 3.0])
    makers = [lambda ans, a, b: lambda g: g * b, lambda ans, a, b: lambda g: g * a]

    def product() -> Any:
        return primitive(lambda a, b: a * b)

    one, each, together = product(), product(), product()
    defvjp(one, *makers)
    defvjp_argnum(each, lambda argnum, ans, args, kwargs: makers[argnum](ans, *args))
    defvjp_argnums(together, lambda wanted, ans, args, kwargs: lambda g: [makers[i](ans, *args)(g) for i in wanted])
    for f in (one, each, together):
        check_grads(f, order=2)(x, y)
    partly = product()
    defvjp(partly, makers[1], argnums=[1])
    np.testing.assert_array_equal(grad(lambda b: anp.sum(partly(x, b)))(y), x)
    with pytest.raises(NotImplementedError, match=r"expected a vjp for argument 0; defvjp states those of \[1\]"):
        grad(lambda a: anp.sum(partly(a, y)))(x)
    constant = product()
    defvjp(constant, None, makers[1])
    np.testing.assert_array_equal(grad(lambda a: anp.sum(constant(a, y)))(x), [0, 0])


def test_a_stated_jvp_is_used_forwards() -> None:
    f = cube()
    seen = []
    defjvp(f, lambda g, ans, x: (seen.append(1), g * 3 * x**2)[1])
    assert jvp(f, (2.0,), (1.0,)) == (8.0, 12.0) and seen
    second = jvp(lambda x: jvp(f, (x,), (1.0,))[1], (2.0,), (1.0,))
    assert second == (12.0, 12.0)
    with pytest.raises(GraphError, match=r"cube: expected a derivative; none is stated. Call defvjp\(cube"):
        grad(f)(2.0)
    double = primitive(lambda x: 2 * x)
    for state in (lambda: def_linear(double), lambda: defjvp(double, "same")):
        state()
        assert jvp(double, (3.0,), (10.0,)) == (6.0, 20.0)
    with pytest.raises(NotImplementedError, match="expected a jvp for argument 0"):
        defjvp(double, None)
        jvp(double, (3.0,), (10.0,))


def test_primitives_say_what_they_dont_take() -> None:
    f = primitive(lambda x, y=1.0: x * y)
    with pytest.raises(GraphError, match="expected arguments that require a gradient by position; got y="):
        f(1.0, y=tensor(2.0, requires_grad=True))
    with pytest.raises(TypeError, match=r"expected the primitive to return an array; got tuple.*custom_vjp"):
        primitive(lambda x: (x, x))(tensor(2.0, requires_grad=True))
    assert notrace_primitive(np.argmax)(tensor([1.0, 3.0], requires_grad=True)) == 1


# Nests, distributions, checks -------------------------------------------------------------------------------------


def test_flatten_is_differentiable_and_keeps_structure(backend: backends.Backend) -> None:
    nest = {"b": [backend.asarray(np.arange(3.0)), 4.0], "a": (backend.asarray(np.ones((2, 2))),)}
    vector, unflatten = flatten(nest)
    np.testing.assert_array_equal(to_numpy(vector), [1, 1, 1, 1, 0, 1, 2, 4])
    again = unflatten(vector)
    assert type(again["a"]) is tuple and again["a"][0].shape == (2, 2) and again["b"][0].shape == (3,)
    gradient = grad(lambda v: anp.sum(unflatten(v)["b"][0] ** 2))(vector)
    np.testing.assert_array_equal(to_numpy(gradient), [0, 0, 0, 0, 0, 2, 4, 0])
    assert flatten([])[0].shape == (0,) and flatten([])[1](np.zeros(0)) == []
    f, back, start = flatten_func(lambda p, factor: {"x": p["x"] * factor}, {"x": np.array([1.0, 2.0])})
    np.testing.assert_array_equal(f(start, 3.0), [3, 6])
    np.testing.assert_array_equal(back(start)["x"], [1, 2])


@pytest.mark.parametrize("name", norm.__all__)
def test_the_normal_distribution_is_scipys(name: str) -> None:
    x, loc, scale = np.array([-3.0, 0.2, 40.0]), np.array([0.0, 1.0, -0.5]), np.array([1.0, 0.5, 2.0])
    f = getattr(norm, name)
    np.testing.assert_allclose(f(x, loc, scale), getattr(scipy.stats.norm, name)(x, loc, scale), rtol=1e-10)
    check_grads(f, order=2)(x[:2], loc[:2], scale[:2])


SHARES = np.array([0.2, 0.5, 0.3])
# The module and function, its arguments, and which of them it is differentiable in.
DENSITIES: list[tuple[Any, str, tuple[Any, ...], tuple[int, ...]]] = [
    *[(stats.t, n, (np.array([-1.0, 0.3, 2.0]), 2.5, 0.2, 1.5), (0, 1, 2, 3)) for n in ("logpdf", "pdf")],
    *[(stats.t, n, (np.array([-1.0, 0.3, 2.0]), 2.5, 0.2, 1.5), (0, 2, 3)) for n in ("cdf", "logcdf")],
    *[(stats.beta, n, (SHARES, 2.5, 0.7), (0, 1, 2)) for n in ("logpdf", "pdf")],
    (stats.beta, "cdf", (SHARES, 2.5, 0.7), (0,)),
    *[(stats.gamma, n, (SHARES * 4, 2.5), (0, 1)) for n in ("logpdf", "pdf")],
    (stats.gamma, "cdf", (SHARES * 4, 2.5), (0,)),
    *[(stats.chi2, n, (SHARES * 4, 3.5), (0, 1)) for n in ("logpdf", "pdf")],
    (stats.chi2, "cdf", (SHARES * 4, 3.5), (0,)),
    *[(stats.poisson, n, (np.array([0, 2, 5]), SHARES * 4), (1,)) for n in ("logpmf", "pmf", "cdf")],
    *[(stats.dirichlet, n, (SHARES, np.array([2.0, 0.7, 1.5])), (0, 1)) for n in ("logpdf", "pdf")],
]


@pytest.mark.parametrize(
    ("module", "name", "args", "active"), DENSITIES, ids=[f"{d[0].__name__.split('.')[-1]}-{d[1]}" for d in DENSITIES]
)
def test_distributions_are_scipys(module: Any, name: str, args: tuple[Any, ...], active: tuple[int, ...]) -> None:
    f = getattr(module, name)
    theirs = getattr(getattr(scipy.stats, module.__name__.split(".")[-1]), name)
    np.testing.assert_allclose(f(*args), theirs(*args), rtol=1e-11)

    def of_active(*values: Any) -> Any:
        full = list(args)
        for i, value in zip(active, values, strict=True):
            full[i] = value
        return f(*full)

    check_grads(of_active, order=1 if name.endswith("cdf") else 2)(*[args[i] for i in active])


@pytest.mark.parametrize("cov", ["full", "diagonal", "number"])
def test_the_multivariate_normal_distribution_is_scipys(cov: str) -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    mean = rng.normal(size=3)
    c: Any = {"full": root @ root.T + np.eye(3), "diagonal": np.array([0.5, 1.0, 2.0]), "number": 0.7}[cov]
    theirs = scipy.stats.multivariate_normal
    for x in (rng.normal(size=(2, 5, 3)), rng.normal(size=3)):
        for name in ("logpdf", "pdf"):
            found = getattr(multivariate_normal, name)(x, mean, c)
            wanted = getattr(theirs, name)(x, mean, c)
            assert np.shape(found) == np.shape(wanted)
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
        check_grads(multivariate_normal.logpdf, order=2)(x, mean, c)
    np.testing.assert_allclose(multivariate_normal.entropy(mean, c), theirs.entropy(mean, c), rtol=1e-12)
    one = np.array([0.3, 1.2])
    np.testing.assert_allclose(multivariate_normal.logpdf(one, 0.5, 2.0), theirs.logpdf(one, 0.5, 2.0), rtol=1e-12)


def test_the_multivariate_normal_says_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"expected a covariance of shape \(2, 2\).*got \(3, 3\)"):
        multivariate_normal.logpdf(np.zeros(2), np.zeros(2), np.eye(3))
    with pytest.raises(ValueError, match="expected a positive definite covariance; got allow_singular=True"):
        multivariate_normal.logpdf(np.zeros(2), np.zeros(2), np.eye(2), allow_singular=True)


def test_their_check_finds_a_wrong_derivative() -> None:
    wrong = primitive(lambda x: x * x)
    defvjp(wrong, lambda ans, x: lambda g: g * 3 * x)
    with pytest.raises(AssertionError, match="vjp of order 1"):
        check_as_hips(wrong, modes=["rev"], order=1)(2.0)
    check_as_hips(lambda x, axis: anp.sum(anp.sort(x, axis)[0]), order=2)(np.array([[1.0, 3.0], [2.0, -1.0]]), axis=0)
    with pytest.raises(AssertionError):
        combo_check(wrong, modes=["rev"], order=1)([1.0, 2.0])


def test_operators_of_ones_own() -> None:
    from autograd.core import make_jvp as jvp_of_one
    from autograd.core import make_vjp as vjp_of_one
    from autograd.wrap_util import unary_to_nary

    @unary_to_nary
    def scaled_grad(fun: Any, x: Any, scale: float = 1.0) -> Any:
        """Scaled."""
        pull, out = vjp_of_one(fun, x)
        return pull(np.ones_like(out) * scale)

    f = lambda x, y: anp.sum(x * y**2)
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert scaled_grad(f)(x, y).tolist() == [9.0, 16.0] and scaled_grad.__doc__ == "Scaled."
    assert scaled_grad(f, 1, scale=2.0)(x, y).tolist() == [12.0, 32.0]
    both = scaled_grad(lambda x, y: f(x, y), (0, 1))(x, y)
    assert [b.tolist() for b in both] == [[9.0, 16.0], [6.0, 16.0]]
    value, tangent = jvp_of_one(lambda x: x**2, x)(np.array([1.0, 10.0]))
    assert value.tolist() == [1.0, 4.0] and tangent.tolist() == [2.0, 40.0]
    with pytest.raises(TypeError, match=r"unary_to_nary: expected argnum to be an integer or a tuple; got 'x'"):
        scaled_grad(f, "x")


def test_names_that_hips_autograd_has_at_the_top() -> None:
    assert autograd.isinstance is isinstance and autograd.tuple is tuple
    assert autograd.extend.primitive is primitive and autograd.misc.flatten is not None
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'nothing'"):
        autograd.nothing


def test_make_diagonal_undoes_diagonal() -> None:
    x = np.arange(12.0).reshape(2, 3, 2)
    for options in ({}, {"axis1": -1, "axis2": -2}, {"offset": 1, "axis1": 0, "axis2": 2}, {"offset": -2, "axis1": 1}):
        options = {"axis2": 3, **options} if options.get("offset") == -2 else options
        made = anp.make_diagonal(x, **options)
        np.testing.assert_array_equal(np.diagonal(made, **{"axis1": 0, "axis2": 1, **options}), x)
        assert made.sum() == x.sum()
        check_grads(lambda x, options=options: anp.make_diagonal(x, **options), order=2)(x)
    with pytest.raises(ValueError, match="make_diagonal: expected at least one axis"):
        anp.make_diagonal(1.0)

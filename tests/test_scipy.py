"""``autograd.scipy``: values of SciPy's, derivatives against differences, what errors say, and what loads when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.signal
import scipy.special
import scipy.stats

import autograd.numpy as anp
import autograd.scipy
from autograd import GraphError, Tensor, check_grads, grad, hessian, jacobian, tensor
from autograd.misc.fixed_points import fixed_point
from autograd.scipy import integrate, linalg, signal, special, stats

rng = np.random.default_rng(11)
A = rng.standard_normal((4, 4)) / 4 + np.diag([2.0, 3.0, 1.5, 2.5])
B = rng.standard_normal((3, 3)) / 4 + np.eye(3)
Q, V = rng.standard_normal((4, 3)), rng.standard_normal(4)
P = A @ A.T
BANDS = rng.standard_normal((3, 4)) / 4 + np.array([[0.0], [3.0], [0.0]])
X = np.array([0.4, 1.25, 2.5])


# Linear algebra -----------------------------------------------------------------------------------------------------

LINEAR: list[tuple[str, Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = [
    ("triangular", linalg.solve_triangular, scipy.linalg.solve_triangular, (A, Q)),
    ("triangular, vector", linalg.solve_triangular, scipy.linalg.solve_triangular, (A, V)),
    ("banded", lambda ab, b: linalg.solve_banded((1, 1), ab, b), lambda ab, b: scipy.linalg.solve_banded((1, 1), ab, b),
     (BANDS, V)),
    ("sylvester", linalg.solve_sylvester, scipy.linalg.solve_sylvester, (A, B, Q)),
    ("sqrtm", linalg.sqrtm, scipy.linalg.sqrtm, (A,)),
    ("block_diag", linalg.block_diag, scipy.linalg.block_diag, (A, V, B)),
    ("cholesky", lambda x: linalg.cholesky(x @ x.T), lambda x: scipy.linalg.cholesky(x @ x.T), (A,)),
    ("cho_solve", lambda x, b: linalg.cho_solve(linalg.cho_factor(x @ x.T), b),
     lambda x, b: np.linalg.solve(x @ x.T, b), (A, Q)),
    ("cho_solve, lower", lambda x, b: linalg.cho_solve(linalg.cho_factor(x @ x.T, lower=True), b),
     lambda x, b: np.linalg.solve(x @ x.T, b), (A, V)),
    ("solve", linalg.solve, scipy.linalg.solve, (A, V)),
]  # fmt: skip
for _lower in (False, True):
    for _trans in (0, "T", "C"):
        for _unit in (False, True):
            _options = {"lower": _lower, "trans": _trans, "unit_diagonal": _unit}
            LINEAR.append((
                f"triangular {_options}",
                lambda a, b, options=_options: linalg.solve_triangular(a, b, **options),
                lambda a, b, options=_options: scipy.linalg.solve_triangular(a, b, **options),
                (A, Q),
            ))  # fmt: skip


@pytest.mark.parametrize(("name", "ours", "theirs", "args"), LINEAR, ids=lambda x: x if isinstance(x, str) else "")
def test_linear_algebra(name: str, ours: Any, theirs: Any, args: tuple[Any, ...]) -> None:
    out = ours(*args)
    assert type(out) is np.ndarray
    np.testing.assert_allclose(out, theirs(*args), rtol=1e-12, atol=1e-14)
    check_grads(ours, order=2, modes=("vjp", "jvp"))(*args)
    # float32 stays float32, forward and back.
    tensors = [tensor(x, dtype="float32", requires_grad=True) for x in args]
    narrow = ours(*tensors)
    (narrow * narrow).sum().backward()
    assert narrow.dtype == "float32" and all(t.grad is not None and t.grad.dtype == "float32" for t in tensors)


def test_square_roots_of_complex_matrices_and_of_negative_eigenvalues() -> None:
    turned = A + 1j * rng.standard_normal((4, 4)) / 4
    np.testing.assert_allclose(linalg.sqrtm(turned) @ linalg.sqrtm(turned), turned, atol=1e-12)
    check_grads(linalg.sqrtm, order=2)(turned)
    negative = np.array([[-2.0, 1.0], [0.5, 3.0]])
    root = linalg.sqrtm(tensor(negative))
    assert root.dtype == "complex128"
    check_grads(lambda x: anp.abs(linalg.sqrtm(x)), order=1)(negative)
    root, error = linalg.sqrtm(A, disp=False)
    assert error < 1e-14


def test_triangular_matrices_ignore_the_other_half() -> None:
    a = tensor(A, requires_grad=True)
    linalg.solve_triangular(a, V, lower=True, unit_diagonal=True).sum().backward()
    assert not np.triu(a.grad.numpy()).any() and np.count_nonzero(a.grad.numpy()) == 6
    bands = tensor(BANDS, requires_grad=True)
    linalg.solve_banded((1, 1), bands, V).sum().backward()
    assert bands.grad[0, 0].item() == bands.grad[2, -1].item() == 0.0
    # Both corners outside the matrix may hold anything.
    other = BANDS.copy()
    other[0, 0] = other[2, -1] = np.nan
    bands = tensor(other, requires_grad=True)
    linalg.solve_banded((1, 1), bands, V).sum().backward()
    assert np.isfinite(bands.grad.numpy()).all()


ERRORS = [
    (lambda: linalg.solve_triangular(A[:2], V), np.linalg.LinAlgError, "solve_triangular: expected square matrices"),
    (lambda: linalg.solve_triangular(A, V[:2]), ValueError, r"solve_triangular: expected b with as many rows .*Transp"),
    (lambda: linalg.solve_triangular(A * 0, V), np.linalg.LinAlgError, r"solve_triangular: .*diagonal without 0.* Add"),
    (lambda: linalg.solve_triangular(A, V, trans="X"), ValueError, "solve_triangular: expected trans 0, 1, .*'X'"),
    (lambda: linalg.solve_triangular(A.astype("float16"), V), TypeError, "solve_triangular: expected float32, .* Cast"),
    (lambda: linalg.solve_banded((1, 0), BANDS, V), ValueError, r"solve_banded: .*\(2, n\).*ab is \(3, 4\).* Pad"),
    (lambda: linalg.solve_sylvester(A, B, Q.T), ValueError, r"solve_sylvester: expected q of .*\(4, 3\).* Transpose"),
    (lambda: linalg.sqrtm(Q), np.linalg.LinAlgError, "sqrtm: expected square matrices"),
    (lambda: linalg.block_diag(np.ones((2, 2, 2))), ValueError, "block_diag: expected matrices; got shape"),
    (lambda: special.multigammaln(X, 0), ValueError, "multigammaln: expected a dimension d of 1 or more; got 0"),
    (lambda: grad(lambda v: special.jv(v, 2.0))(0.5), NotImplementedError, "jv: expected a derivative .*to v; none"),
    (lambda: signal.convolve(A, V), ValueError, r"convolve: expected as many axes of A as of B.* Name each axis once"),
    (lambda: signal.convolve(Q, Q.T, mode="valid"), ValueError, r"convolve: expected one operand .*mode='full'"),
    (lambda: signal.convolve(V, V, mode="most"), ValueError, "convolve: expected mode 'full', .*'most'. Choose"),
    (lambda: signal.convolve(A, Q, ([0], [0]), ([1], [1])), ValueError, r"convolve: expected dot_axes of equal sizes"),
    (lambda: linalg.expm(tensor(A, requires_grad=True)), GraphError, "expected a Tensor without a gradient"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "error", "text"), ERRORS)
def test_errors(function: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        function()


def test_the_rest_of_scipys_is_there_for_plain_arrays() -> None:
    np.testing.assert_array_equal(linalg.expm(A), scipy.linalg.expm(A))
    assert autograd.scipy.special is special and autograd.scipy.stats is stats
    with pytest.raises(AttributeError, match=r"no attribute 'optimize'.* It has integrate, linalg"):
        autograd.scipy.optimize


def test_nothing_of_it_loads_with_autograd() -> None:
    code = "import sys, autograd; print([m for m in sys.modules if m.startswith(('autograd.scipy.', 'scipy'))])"
    code += "; import autograd.scipy; print('autograd.ops.bessel' in sys.modules); autograd.scipy.linalg.sqrtm"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split("\n")[:2] == ["[]", "False"]


# Special functions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jn", "yn", "jv", "yv", "iv", "ive", "kv", "kve"])
def test_bessel_functions(name: str) -> None:
    function = getattr(special, name)
    for order in (0, 2):
        np.testing.assert_allclose(function(order, X), getattr(scipy.special, name)(order, X), rtol=1e-13)
        check_grads(lambda x, order=order: function(order, x), order=2, modes=("vjp", "jvp"))(X)
    assert function(1, X.astype("float32")).dtype == "float32"


def test_gammas() -> None:
    a = X + 2.0
    np.testing.assert_allclose(special.multigammaln(a, 3), [scipy.special.multigammaln(x, 3) for x in a], rtol=1e-13)
    check_grads(lambda a: special.multigammaln(a, 3), order=2, modes=("vjp", "jvp"))(a)
    assert special.gammasgn(tensor([-0.5, 0.5], requires_grad=True)).tolist() == [-1.0, 1.0]


def test_random_draws_of_a_dirichlet_distribution() -> None:
    alpha = tensor([1.0, 2.0, 3.0], requires_grad=True)
    draws = stats.dirichlet.rvs(alpha, size=500, random_state=3)
    np.testing.assert_array_equal(draws, scipy.stats.dirichlet.rvs([1.0, 2.0, 3.0], size=500, random_state=3))
    assert stats.dirichlet.rvs([1.0, 2.0]).shape == (1, 2)


# Convolution --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("sizes", [((7,), (3,)), ((3,), (7,)), ((6, 5), (2, 3)), ((4, 3, 5), (2, 2, 2))])
def test_convolutions_over_all_axes_are_scipys(mode: str, sizes: Any) -> None:
    a, b = (rng.standard_normal(size) for size in sizes)
    np.testing.assert_allclose(signal.convolve(a, b, mode=mode), scipy.signal.convolve(a, b, mode), atol=1e-13)
    check_grads(lambda a, b: signal.convolve(a, b, mode=mode), order=2, modes=("vjp", "jvp"))(a, b)


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_convolutions_over_some_axes(mode: str) -> None:
    a, b = rng.standard_normal((2, 5, 3, 6)), rng.standard_normal((4, 3, 3, 2))
    function = lambda a, b: signal.convolve(a, b, ([1, 3], [2, 3]), ([2], [1]), mode)
    out = function(a, b)
    for i in range(2):
        for j in range(4):
            wanted = sum(scipy.signal.convolve(a[i, :, k], b[j, k], mode) for k in range(3))
            np.testing.assert_allclose(out[i, j], wanted, atol=1e-13)
    check_grads(function, order=2, modes=("vjp", "jvp"))(a, b)
    np.testing.assert_allclose(signal.convolve(a, b, ([], []), ([2], [1])), np.tensordot(a, b, ([2], [1])), atol=1e-13)
    assert signal.convolve([1, 2], [3, 4]).tolist() == [3, 10, 8]


# Differential equations and fixed points ------------------------------------------------------------------------------

TIMES = np.array([0.0, 0.4, 1.0, 1.3])
TIGHT = {"rtol": 1e-11, "atol": 1e-13}


def swing(y: Any, t: Any, length: Any, weights: Any) -> Any:
    return anp.array([y[1] * length, -anp.sin(y[0]) * weights["pull"] + anp.dot(weights["own"], y) + 0.1 * t])


WEIGHTS = {"pull": 0.7, "own": np.array([0.1, -0.2])}


def test_odeint_is_scipys_on_arrays_and_differentiable_in_everything() -> None:
    start = np.array([1.0, 0.5])
    run = lambda y0, t, length, weights: integrate.odeint(swing, y0, t, (length, weights), **TIGHT)
    plain = run(start, TIMES, 1.2, WEIGHTS)
    assert type(plain) is np.ndarray
    np.testing.assert_array_equal(plain, scipy.integrate.odeint(swing, start, TIMES, (1.2, WEIGHTS), **TIGHT))
    check_grads(run, order=2, modes=("vjp",), atol=1e-4, rtol=1e-4)(start, TIMES, 1.2, WEIGHTS)
    # Against the solution in closed form: y = e^(kt) y0.
    decay = lambda k: integrate.odeint(lambda y, t, k: k * y, [2.0], [0.0, 0.5], (k,), **TIGHT)[1, 0]
    for order, wanted in enumerate([2.0 * np.exp(0.1), np.exp(0.1), 0.5 * np.exp(0.1)]):
        function = decay
        for _ in range(order):
            function = grad(function)
        assert function(0.2) == pytest.approx(wanted, rel=1e-7)
    np.testing.assert_allclose(
        hessian(lambda t: anp.sum(run(start, t, 1.2, WEIGHTS)))(TIMES)[1:, 1:],
        np.diag(np.diag(hessian(lambda t: anp.sum(run(start, t, 1.2, WEIGHTS)))(TIMES)))[1:, 1:],
        atol=1e-8,
    )


def test_odeint_with_tensors() -> None:
    start = tensor([1.0, 0.5], dtype="float32", requires_grad=True)
    out = integrate.odeint(swing, start, TIMES, (1.2, WEIGHTS))
    out.sum().backward()
    assert out.__class__ is Tensor and out.dtype == start.grad.dtype == "float32"
    backwards = integrate.odeint(lambda t, y: -y, tensor([1.0], requires_grad=True), [1.0, 0.0], tfirst=True)
    backwards[1].backward(tensor([1.0]))
    assert backwards[1, 0].item() == pytest.approx(np.e, rel=1e-6)
    k = tensor(0.5, requires_grad=True)
    with pytest.raises(GraphError, match=r"odeint: expected func to depend on y, t and args only; .* Pass that Tensor"):
        integrate.odeint(lambda y, t: k * y, tensor([1.0], requires_grad=True), TIMES)
    with pytest.raises(TypeError, match="odeint: expected no full_output= with Tensors"):
        integrate.odeint(swing, start, TIMES, (1.2, WEIGHTS), full_output=True)


def test_fixed_points_have_the_gradient_of_the_point_not_of_the_steps() -> None:
    newton = lambda a: lambda x: 0.5 * (x + a / x)
    root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: anp.abs(x - y), 1e-13)
    for order, wanted in enumerate([3.0**0.5, 0.5 * 3.0**-0.5, -0.25 * 3.0**-1.5]):
        function = root
        for _ in range(order):
            function = grad(function)
        assert function(3.0) == pytest.approx(wanted, rel=1e-12)
    # x = tanh(W·x + b), with parameters in a dict: dx/db = (1 - D·W)⁻¹·D, D = diag(1 - x²).
    w, b = rng.standard_normal((3, 3)) / 4, rng.standard_normal(3)
    layer = lambda p: lambda x: anp.tanh(anp.dot(p["w"], x) + p["b"])
    apart = lambda x, y: anp.sum(anp.abs(x - y))
    point = lambda b: fixed_point(layer, {"w": w, "b": b}, np.zeros(3), apart, 1e-14)
    d = np.diag(1 - point(b) ** 2)
    np.testing.assert_allclose(jacobian(point)(b), np.linalg.solve(np.eye(3) - d @ w, d), rtol=1e-10)
    found = grad(lambda p: anp.sum(fixed_point(layer, p, np.zeros(3), apart, 1e-14) ** 2))({"w": w, "b": b})
    assert found["w"].shape == (3, 3) and found["b"].shape == (3,)

"""``autograd.numpy.linalg`` against NumPy on every backend; norms at their kinks; equal values; what errors say."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import grad, gradients, hessian, jvp, tensor, vjp
from autograd.numpy import linalg as la
from tests.helpers import to_numpy
from tests.numpy_calls import Call, check_float32, check_plain, check_tensors


@dataclass(frozen=True)
class In(Call):
    """A call of ``linalg.name``."""

    def ours(self, args: Any) -> Any:
        return attrgetter(self.name)(anp.linalg)(*args, **self.options)

    def numpys(self, args: Any) -> Any:
        return (self.reference or getattr(np.linalg, self.name))(*args, **self.options)


S = np.array([[3.0, -1.25, 2.0], [1.5, 4.75, -0.5], [-2.0, 1.0, 5.25]])
STACK = np.stack([S, S.T + 1.5 * np.eye(3)])
D = S @ S.T / 8
TALL = np.array([[0.5, -1.25], [2.0, 1.5], [0.75, -0.5], [1.0, 1.0]])
WIDE = TALL.T[:, :3].copy()
V = np.array([1.5, -0.75, 2.5])
A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
N = np.array([[0.5, -1.25, 2.0, 0.75], [1.5, 0.25, -0.5, -3.0]])
TENSOR = np.arange(36.0).reshape(2, 3, 6) ** 2 / 64 + np.eye(6).reshape(2, 3, 6) * 9
ODD = np.moveaxis(TENSOR, 2, 0)


def of_half(a: Any, upper: bool = False) -> Any:
    """NumPy's function, made one of both triangles: its derivative is that of ours."""
    return np.linalg.cholesky((a + a.T) / 2, upper=upper)


CALLS = [
    In("inv", (STACK,)),
    In("solve", (S, V), label="vector"),
    In("solve", (STACK, STACK[:, :, :2]), label="matrices"),
    In("solve", (STACK, V), label="vector, stack"),
    In("pinv", (TALL,)),
    In("pinv", (np.stack([WIDE, WIDE * 2]),), label="stack"),
    In("pinv", (TALL, 0.5), label="rcond"),
    In("pinv", (TALL,), {"rtol": None}, label="rtol"),
    In("lstsq", (TALL, TALL[:, :1] * 2 + 1), label="matrix"),
    In("lstsq", (TALL, TALL[:, 0] ** 2), label="vector"),
    In("lstsq", (WIDE, V[:2]), label="wide"),
    In("lstsq", (TALL, TALL[:, 0] ** 2, -1), label="rcond"),
    In("tensorsolve", (TENSOR, A)),
    In("tensorsolve", (ODD, A), {"axes": (0,)}, label="axes"),
    In("tensorinv", (TENSOR,)),
    In("tensorinv", (S,), {"ind": 1}, label="one"),
    In("det", (STACK,)),
    In("slogdet", (STACK,), reference=lambda a: np.linalg.slogdet(a)[1]),
    In("cholesky", (D,), reference=of_half),
    In("cholesky", (D,), {"upper": True}, of_half, label="upper"),
    In("qr", (TALL,)),
    In("qr", (WIDE,), label="wide"),
    In("qr", (np.stack([TALL, TALL * 2]), "r"), label="r"),
    In("svd", (TALL,), {"full_matrices": False}),
    In("svd", (STACK,), label="square"),
    In("svd", (WIDE,), {"compute_uv": False}, label="values"),
    In("svdvals", (WIDE,)),
    In("eigh", (D,)),
    In("eigh", (STACK, "U"), label="upper"),
    In("eigvalsh", (STACK,)),
    In("eigvalsh", (S, "U"), label="upper"),
    In("eig", (np.diag([1.0, 2.0, 4.0]) + A[[0, 1, 0]] / 8,)),
    In("eigvals", (np.diag([1.0, 2.0, 4.0]) + A[[0, 1, 0]] / 8,)),
    *[In("matrix_power", (S / 4, n), label=str(n)) for n in (1, 2, 3, 5, 6, -1, -2)],
    In("multi_dot", ([TALL, A, S, V],)),
    In("multi_dot", ([V, S, S.T, A.T],), label="row"),
    In("multi_dot", ([V, S, V],), label="number"),
    In("multi_dot", ([A.T, A],), label="two"),
    In("norm", (A,)),
    In("norm", (STACK,), label="stack"),
    In("norm", (V,), {"keepdims": True}, label="kept"),
    *[In("norm", (N, p), {"axis": 1}, label=f"vector {p}") for p in (None, 1, 2, 3, 0.5, -1, -2.5, np.inf, -np.inf)],
    *[
        In("norm", (N, p), {"keepdims": True}, label=f"matrix {p}")
        for p in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ],
    *[In("norm", (STACK, p, (2, 0)), label=f"axes {p}") for p in ("fro", "nuc", 1, 2, -2, np.inf)],
    In("norm", (N, 1, 0), {"keepdims": True}, label="first axis"),
    In("vector_norm", (STACK,)),
    In("vector_norm", (STACK,), {"axis": (0, 2), "ord": 3, "keepdims": True}, label="axes"),
    In("vector_norm", (N,), {"axis": 1, "ord": np.inf}, label="inf"),
    In("matrix_norm", (STACK,)),
    In("matrix_norm", (STACK,), {"ord": "nuc", "keepdims": True}, label="nuc"),
    In("matrix_norm", (STACK,), {"ord": -np.inf}, label="-inf"),
    *[In("cond", (S, p), label=str(p)) for p in (None, 2, -2, 1, np.inf, "fro")],
    In("cond", (TALL,), label="tall"),
    In("trace", (STACK,), {"offset": 1}),
    In("diagonal", (STACK,), {"offset": -1}),
    In("outer", (V, V)),
    In("cross", (S, V)),
    In("cross", (STACK, STACK[::-1]), {"axis": 1}, label="axis"),
    In("tensordot", (A, S), {"axes": 1}),
    In("vecdot", (A, V)),
    In("matmul", (A, S)),
    In("matrix_transpose", (STACK,)),
]
NO_SINGLE_RESULT = ("slogdet",)


@pytest.mark.parametrize("call", [c for c in CALLS if c.name not in NO_SINGLE_RESULT], ids=lambda call: call.id)
def test_plain_arrays(call: In, backend: backends.Backend) -> None:
    check_plain(call, backend)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_derivatives(call: In, backend: backends.Backend) -> None:
    if call.name in NO_SINGLE_RESULT:
        call = In(call.name, call.args, reference=call.reference)
        object.__setattr__(call, "ours", lambda args: la.slogdet(*args).logabsdet)
    if call.name == "lstsq":  # without the rank, a plain integer
        whole = call
        call = In(call.name, call.args, reference=lambda *a: _without_rank(np.linalg.lstsq(*a)))
        object.__setattr__(call, "ours", lambda args: _without_rank(whole.ours(args)))
    check_tensors(call, backend)


def _without_rank(result: Any) -> Any:
    return result[0], result[1], result[3]


@pytest.mark.parametrize("call", [c for c in CALLS if c.name not in ("lstsq", "slogdet")], ids=lambda call: call.id)
def test_float32_stays(call: In, backend: backends.Backend) -> None:
    check_float32(call, backend)


@pytest.mark.parametrize("name", [name for name in la.__all__ if name[0].islower()])
def test_parameters_are_numpys(name: str) -> None:
    if name in ("matmul", "vecdot"):
        return  # shared with numpy's functions of these names, which are ufuncs
    ours = inspect.signature(getattr(la, name)).parameters
    theirs = inspect.signature(getattr(np.linalg, name)).parameters

    def listed(parameters: Any) -> list[Any]:
        return [(p.name, p.kind, "" if "no value" in repr(p.default) else p.default) for p in parameters.values()]

    assert [entry[:2] for entry in listed(ours)] == [entry[:2] for entry in listed(theirs)]
    for (_, _, default), (key, _, other) in zip(listed(ours), listed(theirs)):
        assert default == other or (name, key) == ("pinv", "rtol")


def test_everything_of_numpys_is_there() -> None:
    assert set(np.linalg.__all__) - {"test"} <= set(la.__all__)


def test_results_have_numpys_names() -> None:
    for name, fields in (
        ("eig", "eigenvalues eigenvectors"),
        ("eigh", "eigenvalues eigenvectors"),
        ("qr", "Q R"),
        ("svd", "U S Vh"),
        ("slogdet", "sign logabsdet"),
    ):
        for arg in (D, tensor(D)):
            result = getattr(la, name)(arg)
            assert result._fields == tuple(fields.split()) == getattr(np.linalg, name)(D)._fields


@pytest.mark.parametrize("tolerance", [{}, {"tol": 0.4}, {"rtol": 0.2}])
def test_matrix_rank(tolerance: Any, backend: backends.Backend) -> None:
    a = np.stack([S, np.outer(V, V), np.diag([1.0, 0.3, 0.0])])
    want = np.linalg.matrix_rank(a, **tolerance)
    np.testing.assert_array_equal(to_numpy(la.matrix_rank(backend.asarray(a), **tolerance)), want)
    np.testing.assert_array_equal(to_numpy(la.matrix_rank(tensor(backend.asarray(a)), **tolerance)), want)
    assert int(la.matrix_rank(backend.asarray(V))) == 1 and int(la.matrix_rank(backend.asarray(V * 0))) == 0


@pytest.mark.parametrize("a", [S + S.T - 8 * np.eye(3), np.stack([D, -D]), S + S.T + 1j * (S - S.T)])
def test_hermitian_promises(a: np.ndarray, backend: backends.Backend) -> None:
    for ours, theirs in zip(la.svd(backend.asarray(a), hermitian=True), np.linalg.svd(a, hermitian=True)):
        np.testing.assert_allclose(to_numpy(ours), theirs, atol=1e-12)
    x = tensor(backend.asarray(a), requires_grad=True)
    s = la.svd(x, compute_uv=False, hermitian=True)
    np.testing.assert_allclose(to_numpy(s), np.linalg.svd(a, compute_uv=False), atol=1e-12)
    (g,) = gradients([(s * s).sum()], [x])
    # Σ s² = Σ |a|², of a Hermitian matrix whose lower triangle alone is read.
    want = 4 * np.tril(a.conj(), -1) + 2 * a.real * np.eye(3)
    np.testing.assert_allclose(to_numpy(g), want, atol=1e-10)
    np.testing.assert_allclose(to_numpy(la.pinv(backend.asarray(a), hermitian=True)), np.linalg.pinv(a), atol=1e-12)


def test_raw_factors_are_numpys() -> None:
    for ours, theirs in zip(la.qr(TALL, "raw"), np.linalg.qr(TALL, "raw")):
        np.testing.assert_array_equal(ours, theirs)


# Where there are kinks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, 1, 2, 3, 0.5, -1, np.inf, -np.inf, 0])
@pytest.mark.parametrize("kind", [float, complex])
def test_vector_norms_of_zero_have_the_gradient_zero(order: Any, kind: type) -> None:
    with np.errstate(divide="ignore"):
        found = grad(lambda x: la.norm(x, order, axis=1).sum())(np.zeros((2, 3), kind))
    np.testing.assert_array_equal(found, np.zeros((2, 3)))


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_matrix_norms_of_zero_have_the_gradient_zero(order: Any) -> None:
    np.testing.assert_array_equal(grad(lambda x: la.norm(x, order))(np.zeros((2, 3))), np.zeros((2, 3)))


def test_zero_elements_and_ties_in_norms() -> None:
    x = np.array([0.0, 3.0, -3.0])
    np.testing.assert_array_equal(grad(lambda x: la.norm(x, np.inf))(x), [0, 0.5, -0.5])
    np.testing.assert_array_equal(grad(lambda x: la.norm(x, 1))(x), [0, 1, -1])
    np.testing.assert_allclose(grad(lambda x: la.norm(x, 0.5))(x), [0, 2, -2])
    np.testing.assert_array_equal(grad(lambda x: la.norm(x, 0))(x), [0, 0, 0])
    np.testing.assert_allclose(grad(lambda x: la.norm(x, 2))(np.diag([2.0, 2.0])), np.eye(2) / 2)
    np.testing.assert_allclose(grad(lambda x: la.norm(x, "nuc"))(np.diag([2.0, 0.0])), np.diag([1.0, 0.0]))


def test_second_derivatives_of_norms_are_finite_at_zero() -> None:
    for order in (None, 2, 1, 3, np.inf):
        assert np.isfinite(hessian(lambda x, order=order: la.norm(x, order))(np.zeros(3))).all()


def test_equal_values_contribute_nothing_and_make_no_nan() -> None:
    for function in (
        lambda a: la.eigh(a).eigenvectors.sum(),
        lambda a: la.svd(a).U.sum() + la.svd(a).Vh.sum(),
        lambda a: la.eig(a).eigenvectors.sum(),
    ):
        np.testing.assert_array_equal(grad(function)(np.eye(3)), np.zeros((3, 3)))
        assert np.isfinite(hessian(function)(np.eye(3))).all()
    # What does not depend on the choice of vectors is right all the same.
    np.testing.assert_allclose(grad(lambda a: la.eigvalsh(a).sum())(np.eye(3)), np.eye(3))
    np.testing.assert_allclose(grad(lambda a: la.svdvals(a).sum())(2 * np.eye(3)), np.eye(3))


def test_singular_values_of_zero_make_no_nan() -> None:
    u = grad(lambda a: la.svd(a, full_matrices=False).U.sum())(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    assert np.isfinite(u).all()


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_det_of_singular_matrices_has_two_derivatives(n: int, rank: int) -> None:
    rng = np.random.default_rng(n)
    a = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, n))
    # Exact, as a polynomial of degree n along a line.
    step = rng.standard_normal((n, n))
    ts = np.linspace(-1, 1, n + 1)
    line = np.polynomial.Polynomial.fit(ts, [np.linalg.det(a + t * step) for t in ts], n, domain=[-1, 1])
    np.testing.assert_allclose((grad(la.det)(a) * step).sum(), line.deriv(1)(0), atol=1e-10)
    bend = np.einsum("ij,ijkl,kl->", step, hessian(la.det)(a), step)
    np.testing.assert_allclose(bend, line.deriv(2)(0), atol=1e-9)


def test_matrix_power_zero_is_the_identity_with_the_gradient_zero() -> None:
    a = S.copy()
    a[0, 0] = np.nan
    out, pull = vjp(lambda a: la.matrix_power(a, 0), a)
    np.testing.assert_array_equal(out, np.eye(3))
    np.testing.assert_array_equal(pull(S)[0], np.zeros((3, 3)))
    np.testing.assert_array_equal(la.matrix_power(np.stack([S, S]), 0), np.linalg.matrix_power(np.stack([S, S]), 0))


def test_the_gradient_of_cholesky_keeps_a_matrix_hermitian() -> None:
    for a in (D, D + 0.1j * (S - S.T)):
        g = grad(lambda a: (np.tril(S) * la.cholesky(a)).real.sum())(a)
        np.testing.assert_allclose(g, g.conj().T, atol=1e-14)
        upper = grad(lambda a: (np.tril(S).T * la.cholesky(a, upper=True)).real.sum())(a)
        np.testing.assert_allclose(upper, g, atol=1e-13)
        tangent = S + S.T + 1j * (S - S.T) if a is not D else S + S.T
        step = 1e-6
        moved = [np.linalg.cholesky(a + sign * step * tangent) for sign in (1, -1)]
        np.testing.assert_allclose(jvp(la.cholesky, (a,), (tangent,))[1], (moved[0] - moved[1]) / (2 * step), atol=1e-8)
        assert abs((g * tangent).sum().real - (np.tril(S) * (moved[0] - moved[1]) / (2 * step)).real.sum()) < 1e-7
    # Of its values, only the triangle of the result is read.
    np.testing.assert_array_equal(la.cholesky(np.tril(D)), np.linalg.cholesky(np.tril(D)))


@pytest.mark.parametrize("name", ["eigvalsh", "eigh"])
def test_the_gradient_lies_in_the_triangle_read(name: str) -> None:
    function = {"eigvalsh": lambda a: (la.eigvalsh(a) ** 2).sum()}.get(
        name, lambda a: (la.eigh(a).eigenvectors ** 2)[0].dot(V)
    )
    g = grad(function)(D)
    np.testing.assert_array_equal(np.triu(g, 1), 0)
    assert np.abs(np.tril(g, -1)).max() > 1e-3
    if name == "eigvalsh":
        np.testing.assert_allclose(grad(lambda a: (la.eigvalsh(a, "U") ** 2).sum())(D), g.T, atol=1e-12)


@hypothesis.given(st.integers(1, 4), st.lists(st.integers(1, 4), min_size=2, max_size=6))
def test_multi_dot_is_the_product(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    xs = [rng.standard_normal(pair) for pair in pairwise(sizes)]
    if len(xs) < 2:
        return
    want = xs[0]
    for x in xs[1:]:
        want = want @ x
    np.testing.assert_allclose(la.multi_dot(xs), want)


def test_slogdet_is_numpys(backend: backends.Backend) -> None:
    for a in (STACK, STACK[:, [1, 0, 2]], STACK + 1j * STACK[::-1]):
        for ours, theirs in zip(la.slogdet(backend.asarray(a)), np.linalg.slogdet(a)):
            np.testing.assert_allclose(to_numpy(ours), theirs, rtol=1e-12)


def test_complex_eigenvalues_of_a_real_matrix() -> None:
    turn = np.array([[1.0, -2.0], [2.0, 1.0]])
    a = tensor(turn, requires_grad=True)
    assert la.eigvals(a).dtype == np.complex128
    (g,) = gradients([(abs(la.eigvals(a)) ** 2).sum()], [a])
    # |λ|² of the pair is the determinant, twice.
    np.testing.assert_allclose(g.data, 2 * turn, atol=1e-12)


# Errors -----------------------------------------------------------------------------------------------------


def _t(x: Any) -> Any:
    return tensor(x, requires_grad=True)


HALF = S.astype("float16")
SINGULAR = np.ones((3, 3))
SQUARE = ("inv", "det", "slogdet", "cholesky", "eigh", "eigvalsh", "eig", "eigvals")
ERRORS = [
    *[
        (
            lambda name=name, wrap=wrap: getattr(la, name)(wrap(HALF)),
            TypeError,
            rf"{name}: expected float32, .*; a is float16\. Cast it first: a\.astype\('float32'\)",
        )
        for name in (*SQUARE, "svdvals", "svd", "qr", "pinv", "cond")
        for wrap in (np.asarray, _t)
    ],
    *[
        (
            lambda name=name, wrap=wrap: getattr(la, name)(wrap(A)),
            la.LinAlgError,
            rf"{name}: expected square matrices, the last two axes equal; a is \(2, 3\)",
        )
        for name in SQUARE
        for wrap in (np.asarray, _t)
    ],
    (lambda: la.matrix_power(A, 2), la.LinAlgError, "matrix_power: expected square matrices"),
    (lambda: la.matrix_power(S, 1.5), TypeError, "matrix_power: expected an integer n; got 1.5"),
    (lambda: la.inv(V), la.LinAlgError, r"inv: expected a matrix, or a stack of them with leading axes; a is \(3,\)"),
    (
        lambda: la.inv(_t(SINGULAR)),
        la.LinAlgError,
        r"inv: expected an invertible matrix; a, \(3, 3\), holds a singular one",
    ),
    (lambda: la.solve(SINGULAR, V), la.LinAlgError, "solve: expected an invertible matrix"),
    (lambda: la.solve(S, V[:2]), ValueError, r"solve: b's only axis \(2\) must equal a's size \(3\)"),
    (
        lambda: la.solve(STACK, A),
        ValueError,
        r"b's second-last axis \(2\) must equal a's size \(3\).*b\[\.\.\., None\]",
    ),
    (lambda: la.solve(STACK, np.stack([S, S, S])), ValueError, "solve: the batch axes must broadcast"),
    (lambda: la.solve(S, V.astype("float16")), TypeError, "solve: .*b is float16"),
    (lambda: la.cholesky(-D), la.LinAlgError, "cholesky: expected a positive definite matrix"),
    (lambda: la.cholesky(_t(-D), upper=True), la.LinAlgError, "cholesky: expected a positive definite matrix"),
    (lambda: la.svd(S * np.nan), la.LinAlgError, "svd: expected finite elements"),
    (lambda: la.eigvals(S * np.nan), la.LinAlgError, "finite|infs or NaNs"),
    (lambda: la.eig(S * np.nan), la.LinAlgError, "eig: expected finite elements"),
    (lambda: la.eigh(S, "X"), ValueError, "eigh: expected UPLO='L' or 'U', the triangle to read; got 'X'"),
    (lambda: la.qr(_t(S), "raw"), ValueError, "qr: expected the mode 'reduced', 'complete' or 'r'"),
    (lambda: la.qr(S, "full"), ValueError, "qr: .*got 'full'"),
    (
        lambda: la.lstsq(TALL, V),
        la.LinAlgError,
        r"lstsq: expected a of \(m, n\) and b of \(m,\) or \(m, k\); a is \(4, 2\)",
    ),
    (lambda: la.pinv(S, 0.1, rtol=0.1), ValueError, "pinv: expected rcond or rtol; got both"),
    (lambda: la.matrix_rank(S, 0.1, rtol=0.1), ValueError, "matrix_rank: expected tol or rtol; got both"),
    (
        lambda: la.norm(_t(V), "fro"),
        ValueError,
        "norm: expected a number, inf or -inf for vectors; got ord='fro' over 1 axes",
    ),
    (lambda: la.norm(A, 3), ValueError, "norm: expected one of 'fro', 'nuc', 1, .* for matrices; got ord=3"),
    (lambda: la.norm(STACK, 2), ValueError, "norm: expected one or two axes; got ord=2 over 3 axes. Use vector_norm"),
    (lambda: la.matrix_norm(V), ValueError, "matrix_norm: expected two axes or more"),
    (lambda: la.vector_norm(V, ord="fro"), ValueError, "vector_norm: expected a number"),
    (lambda: la.multi_dot([S]), ValueError, "multi_dot: expected two arrays or more; got 1"),
    (
        lambda: la.multi_dot([S, V, S]),
        la.LinAlgError,
        r"multi_dot: expected matrices, and vectors only at the ends; array 1 is \(3,\)",
    ),
    (lambda: la.multi_dot([S, TALL]), ValueError, r"a's last axis \(3\) must equal b's second-last \(4\)"),
    (lambda: la.multi_dot([_t(S), S], out=S), TypeError, "multi_dot: expected no out= with Tensors"),
    (lambda: la.tensorsolve(A, V[:2]), la.LinAlgError, "tensorsolve: expected a's first 1 axes"),
    (lambda: la.tensorinv(A, 1), la.LinAlgError, "tensorinv: expected a's first 1 axes to hold as many elements"),
    (lambda: la.tensorinv(S, 0), ValueError, "tensorinv: expected ind of 1 or more"),
    (lambda: la.outer(S, V), ValueError, r"outer: expected two vectors; got shapes \(3, 3\) and \(3,\)"),
    (lambda: la.cross(TALL, TALL), ValueError, r"cross: expected an axis of size 3; got shape \(4, 2\) and axis=-1"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS)
def test_errors(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_a_singular_slogdet_has_no_gradient_and_says_so() -> None:
    result = la.slogdet(_t(SINGULAR * [[1], [1], [1]]))
    with pytest.raises(la.LinAlgError, match="backward of slogdet: inv: expected an invertible matrix"):
        result.logabsdet.backward()

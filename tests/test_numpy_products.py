"""Products of ``autograd.numpy``: against NumPy on every backend; every form of einsum's notation; what errors say."""

from __future__ import annotations

import inspect
import tracemalloc
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import gradients, tensor, vjp
from autograd.numpy import products
from tests.helpers import to_numpy
from tests.numpy_calls import Call, check_float32, check_plain, check_tensors

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5]])
B = A[::-1].T * 1.5 + 0.25
S = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5], [-2.0, 1.0, 0.25]])
V = np.array([1.5, -0.75, 2.5])
W = np.array([0.5, 2.0])
T = np.arange(24.0).reshape(2, 3, 4) / 8 - 1
X = np.array(1.25)
Z = V + 1j * V[::-1]

CALLS = [
    Call("matmul", (A, B)),
    Call("matmul", (T, T[0].T), label="stack"),
    Call("dot", (V, V)),
    Call("dot", (A, B), label="matrices"),
    Call("dot", (T, V[:1].repeat(4)), label="vector"),
    Call("dot", (A, T), label="three axes"),
    Call("dot", (X, A), label="number"),
    Call("vdot", (A, B.T)),
    Call("vecdot", (A, V)),
    Call("vecdot", (T, A.T[:, :1]), {"axis": -2}, label="axis"),
    Call("matvec", (T, T[0, 0]), reference=lambda a, b: np.einsum("...ij,...j->...i", a, b)),
    Call("vecmat", (V, T), reference=lambda a, b: np.einsum("...i,...ij->...j", a, b)),
    Call("inner", (A, V)),
    Call("inner", (T, T[0]), label="stack"),
    Call("inner", (A, X), label="number"),
    Call("outer", (V, W)),
    Call("outer", (A, W), label="flattened"),
    Call("kron", (A, B)),
    Call("kron", (W, T), label="axes missing"),
    Call("kron", (X, A), label="number"),
    Call("cross", (S, V)),
    Call("cross", (B, B[:, ::-1]), {"axis": 0}, label="axis"),
    Call("cross", (B, A, 0, 1, 0), label="axes"),
    Call(
        "cross",
        (A[:, :2], S[:2]),
        reference=lambda a, b: np.cross(np.pad(a, ((0, 0), (0, 1))), b),
        label="two and three elements",
    ),
    Call("cross", (W, V[:2]), reference=lambda a, b: np.asarray(a[0] * b[1] - a[1] * b[0]), label="two elements"),
    Call("tensordot", (A, S, 1)),
    Call("tensordot", (T, T), {"axes": 3}, label="all"),
    Call("tensordot", (A, W), {"axes": 0}, label="none"),
    Call("tensordot", (T, S, ([1], [0])), label="lists"),
    Call("tensordot", (T, T, ((2, 0), (2, 0))), label="pairs"),
    Call("tensordot", (T, A, (-2, -1)), label="numbers"),
]
SUBSCRIPTS: list[tuple[str, tuple[np.ndarray, ...]]] = [
    ("ij,jk->ik", (A, B)),
    ("ij,jk", (A, B)),
    ("ji", (A,)),
    ("ij->", (A,)),
    ("ij->j", (A,)),
    ("ij->ij", (A,)),
    ("ii", (S,)),
    ("ii->i", (S,)),
    ("iij->ij", (np.stack([A[:, :2], A[:, 1:]], axis=1),)),
    ("iii->i", (T[:, :2, :2],)),
    ("i,i", (V, V)),
    ("i,j->ij", (V, W)),
    ("i,i->i", (V, V)),
    ("ij,ij->i", (A, A)),
    ("ij,j->", (A, V)),
    ("ii,ij->j", (S, S)),
    (" i j , j k -> k i ", (A, B)),
    ("...ij,...j->...i", (T, T[:, 0])),
    ("...ij,j...->i...", (T, T[:, 0].T)),
    ("i...->...", (T,)),
    ("...", (T,)),
    ("...ii->...i", (T[:, :, :3],)),
    ("...j,...j", (T, T[0])),
    ("ij,ij->ij", (A, A[:1])),
    ("ij,jk->ik", (A, B[:1])),
    ("ab,bc,cd->ad", (A, B, A)),
    ("ab,bc,cd,de", (A, B, A, S)),
    ("i,ij,j->", (W, A, V)),
    ("abc,ad,be->cde", (T, A, S)),
    ("i,i,i->i", (V, V, V)),
    (",i->i", (X, V)),
    (",", (X, X)),
    ("bij,bjk,bk->bi", (T, T.transpose(0, 2, 1), T[:, :, 0])),
]
CALLS += [Call("einsum", (s, *xs), label=f"{s} {i}") for i, (s, xs) in enumerate(SUBSCRIPTS)]
CALLS += [
    Call("einsum", (A, [0, 1], B, [1, 2], [2, 0]), label="lists"),
    Call("einsum", (T, [..., 3], T, [..., 3]), label="lists, dots"),
    Call("einsum", ("ab,bc,cd->ad", A, B, A), {"optimize": True}, label="optimize"),
    Call("einsum", ("ab,bc,cd->ad", A, B, A), {"optimize": ["einsum_path", (1, 2), (0, 1)]}, label="path"),
    Call("einsum", ("ab,bc,cd->ad", A, B, A), {"optimize": "optimal"}, label="optimal"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_plain_arrays(call: Call, backend: backends.Backend) -> None:
    check_plain(call, backend)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_derivatives(call: Call, backend: backends.Backend) -> None:
    check_tensors(call, backend)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_float32_stays(call: Call, backend: backends.Backend) -> None:
    check_float32(call, backend)


@pytest.mark.parametrize("name", products.__all__)
def test_parameters_are_numpys(name: str) -> None:
    if name in ("matmul", "vecdot", "matvec", "vecmat", "einsum", "dot", "vdot", "inner"):
        return  # ufuncs and built-in functions: NumPy shows no parameters
    ours = inspect.signature(getattr(anp, name)).parameters
    theirs = inspect.signature(getattr(np, name)).parameters
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


@pytest.mark.parametrize("name", ["vdot", "vecdot", "vecmat"])
def test_the_first_operand_is_conjugated(name: str) -> None:
    other = Z if name != "vecmat" else np.outer(Z, Z)
    want = (Z.conj()[:, None] * other.reshape(3, -1)).sum(axis=0)
    out, pull = vjp(getattr(anp, name), Z, other)
    np.testing.assert_allclose(np.ravel(out), want)
    # Re(g · out) along dx in the first operand is Re(g · conj(dx)·other).
    g = np.ones_like(out)
    gz = pull(g)[0]
    dx = np.array([0.5 - 1j, 2j, -1.0])
    change = (dx.conj()[:, None] * other.reshape(3, -1)).sum().real
    np.testing.assert_allclose((gz * dx).sum().real, change)


def test_numbers_and_lists_take_the_backend_of_the_others(backend: backends.Backend) -> None:
    t = tensor(backend.asarray(V), requires_grad=True)
    out = anp.dot([1.0, 2.0, 3.0], t)
    out.backward()
    np.testing.assert_array_equal(to_numpy(t.grad), [1.0, 2.0, 3.0])
    assert isinstance(anp.dot([1.0, 2.0, 3.0], backend.asarray(V)), backend.array_types)


LETTERS = "abcd"


@hypothesis.given(st.data())
def test_einsum_is_numpys_for_random_subscripts(data: st.DataObject) -> None:
    sizes = {letter: data.draw(st.integers(1, 3), letter) for letter in LETTERS}
    terms = data.draw(st.lists(st.text(LETTERS, max_size=3), min_size=1, max_size=4), "terms")
    used = sorted(set("".join(terms)))
    out = "".join(data.draw(st.permutations(used), "order")[: data.draw(st.integers(0, len(used)), "count")])
    rng = np.random.default_rng(0)
    # Some axes of size 1, which broadcast, but not within one operand, where NumPy refuses.
    xs = []
    for term in terms:
        shape = [sizes[i] for i in term]
        if len(set(term)) == len(term) and data.draw(st.booleans(), "stretch"):
            shape = [1 if data.draw(st.booleans(), "one") else n for n in shape]
        xs.append(rng.standard_normal(shape))
    subscripts = f"{','.join(terms)}->{out}"
    want = np.einsum(subscripts, *xs)
    tensors = [tensor(x, requires_grad=True) for x in xs]
    got = anp.einsum(subscripts, *tensors)
    np.testing.assert_allclose(got.data, want, atol=1e-12)
    weights = rng.standard_normal(want.shape)
    grads = gradients([(got * weights).sum()], tensors)
    # It is linear in each operand: ⟨gradient, direction⟩ is the value with the direction in its place.
    for k, g in enumerate(grads):
        direction = rng.standard_normal(xs[k].shape)
        moved = np.einsum(subscripts, *xs[:k], direction, *xs[k + 1 :])
        np.testing.assert_allclose((g.data * direction).sum(), (moved * weights).sum(), atol=1e-10)


def _t(x: Any) -> Any:
    return tensor(np.asarray(x), requires_grad=True)


ERRORS = [
    (
        lambda: anp.matmul(A, S[:2]),
        ValueError,
        r"matmul: a's last axis \(3\) must equal b's second-last \(2\); a is \(2, 3\), b is \(2, 3\)",
    ),
    (lambda: anp.matmul(A, W), ValueError, r"matmul: a's last axis \(3\) must equal b's only \(2\)"),
    (lambda: anp.matmul(X, A), ValueError, r"expected operands of one dimension or more; .* Use \* for a product"),
    (lambda: anp.matmul(T, np.ones((3, 4, 2))), ValueError, r"the batch axes must broadcast; a is \(2, 3, 4\)"),
    (lambda: _t(A) @ _t(A), ValueError, r"matmul: a's last axis \(3\) must equal b's second-last \(2\)"),
    (lambda: anp.vecdot(A, W), ValueError, "vecdot: expected one size along the axis; got 3 and 2"),
    (lambda: anp.cross(np.ones(4), V), ValueError, r"cross: expected vectors of 3 elements \(or 2\)"),
    (lambda: anp.cross(S, S[:2]), ValueError, r"cross: the other axes must broadcast; a is \(3, 3\), b is \(2, 3\)"),
    (
        lambda: anp.tensordot(_t(A), _t(A), 1),
        ValueError,
        r"tensordot: expected the summed axes to agree in size; got \[3\]",
    ),
    (lambda: anp.tensordot(_t(A), _t(A), 3), ValueError, "tensordot: expected axes from 0 to 2"),
    (lambda: anp.einsum(), ValueError, "einsum: expected subscripts and arrays; got nothing"),
    (lambda: anp.einsum("ij,jk", A), ValueError, r"expected one operand per term of 'ij,jk', 2; got 1"),
    (
        lambda: anp.einsum("ij,jk->ik", A, A),
        ValueError,
        r"expected one size for index 'j' of 'ij,jk->ik'; got 3, and 2",
    ),
    (lambda: anp.einsum("ij->ii", A), ValueError, "expected each index once in the result; got 'i' twice"),
    (lambda: anp.einsum("ij->k", A), ValueError, "expected result indices that an operand has; got 'k'"),
    (lambda: anp.einsum("i-j", V), ValueError, "expected letters, ',', '->' and one '...' per operand; got '-'"),
    (lambda: anp.einsum("ijk", A), ValueError, r"expected an operand 0 of 3 axes for 'ijk' .* Drop indices"),
    (lambda: anp.einsum("i", A), ValueError, r"Name all axes, or add '...'"),
    (lambda: anp.einsum("...i->i", A), ValueError, r"expected '...' in the result"),
    (lambda: anp.einsum(A, "no"), ValueError, r"expected lists of '...' and integers from 0 to 51"),
    (lambda: anp.einsum("i->i", _t(V), out=V), TypeError, "einsum: expected no out= with Tensors"),
    (lambda: anp.einsum("i->i", _t(V), dtype="f4"), TypeError, "einsum: expected no dtype= with Tensors"),
    (lambda: anp.dot(_t(V), V, out=V), TypeError, "dot: expected no out= with Tensors"),
    (lambda: anp.matmul(_t(A), B, out=S), TypeError, "matmul: expected no out= with Tensors"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS)
def test_errors(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_out_of_plain_arrays_is_numpys() -> None:
    out = np.empty((2, 2))
    assert anp.matmul(A, B, out=out) is out
    np.testing.assert_array_equal(out, A @ B)
    assert anp.einsum("ij,jk->ik", A, B, out=out) is out
    assert anp.dot(A, B, out=out) is out


@pytest.mark.parametrize("left", [True, False])
def test_a_matrix_shared_by_a_batch_has_its_gradient_in_one_product(left: bool) -> None:
    # Not a product per element of the batch, summed afterwards, which would take 1000 times the matrix's memory.
    x, w = np.ones((1000, 50, 2) if left else (1000, 2, 50)), np.ones((50, 50))
    t = tensor(w, requires_grad=True)
    out = (t @ tensor(x) if left else tensor(x) @ t).sum()
    tracemalloc.start()
    out.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(t.grad.data, 2000.0)
    assert peak < 5 * x.nbytes < 1000 * w.nbytes


def test_einsum_path_is_numpys_advice(backend: backends.Backend) -> None:
    xs = [np.ones((2, 30)), np.ones((30, 4)), np.ones((4, 5))]
    wanted = np.einsum_path("ij,jk,kl->il", *xs, optimize="optimal")
    assert anp.einsum_path("ij,jk,kl->il", *[tensor(backend.asarray(x)) for x in xs], optimize="optimal") == wanted


# Floats of 16 bits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: anp.einsum("ij,jk->ik", a, b),
        lambda a, b: anp.einsum("ij,jk,kl->il", a, b, a),
        lambda a, b: anp.einsum("ij->i", a),
        lambda a, b: anp.einsum("i,i", a[0], b[:, 0]),
        lambda a, b: anp.linalg.norm(a),
        lambda a, b: anp.linalg.norm(a, axis=1),
        lambda a, b: anp.linalg.norm(a[0], 3),
        lambda a, b: anp.linalg.norm(a, "fro"),
        lambda a, b: anp.linalg.norm(a, 1),
        lambda a, b: anp.dot(a[0], b[:, 0]),
        lambda a, b: anp.matmul(a[None], b),
    ],
)
def test_arrays_of_16_bits_give_what_tensors_of_them_give(function: Any, dtype: str) -> None:
    kind = "float16" if dtype == "float16" else pytest.importorskip("ml_dtypes").bfloat16
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 600)) * 4, rng.standard_normal((600, 3))
    plain = function(a.astype(kind), b.astype(kind))
    recorded = function(tensor(a.astype(kind)), tensor(b.astype(kind)))
    assert plain.dtype == recorded.dtype == kind
    np.testing.assert_array_equal(np.asarray(plain), recorded.numpy())
    # Summed in float32, the result is as near as 16 bits allow to that of the same numbers in 64. (What three
    # operands give first is rounded, too.)
    exact = function(a.astype(kind).astype(float), b.astype(kind).astype(float))
    rounding = 2.0**-10 if dtype == "float16" else 2.0**-7
    np.testing.assert_allclose(np.asarray(plain).astype(float), exact, rtol=rounding, atol=rounding * abs(exact).max())

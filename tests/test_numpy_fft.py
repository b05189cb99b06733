"""``autograd.numpy.fft`` against NumPy on every backend; how the transforms pair; what errors say."""

from __future__ import annotations

import inspect
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

import backends
from autograd import grad, gradients, jvp, tensor, vjp
from autograd.numpy import fft
from tests.helpers import to_numpy

RNG = np.random.default_rng(11)
R = RNG.standard_normal((3, 4, 6))
Z = RNG.standard_normal((3, 4, 6)) + 1j * RNG.standard_normal((3, 4, 6))

ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
TWO = ("fft2", "ifft2", "rfft2", "irfft2")
MANY = ("fftn", "ifftn", "rfftn", "irfftn")
REAL_ONLY = ("rfft", "rfft2", "rfftn", "ihfft")
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *[
        (name, args, {"norm": norm})
        for name in ONE
        for args, norm in (
            ((), None),
            ((5,), "ortho"),
            ((7, 1), "forward"),
            ((None, 0), "backward"),
            ((4, -2), None),
            ((1,), None),
        )
    ],
    *[
        (name, (), options)
        for name in TWO
        for options in (
            {},
            {"s": (3, 5)},
            {"axes": (0, 2), "norm": "ortho"},
            {"s": (6, -1), "axes": (1, 0), "norm": "forward"},
        )
    ],
    *[
        (name, (), options)
        for name in MANY
        for options in (
            {},
            {"axes": (2,)},
            {"axes": (0, 2)},
            {"s": (2, 9, 4), "axes": (2, 1, 0)},
            {"s": (3, 4), "axes": (-1, -2), "norm": "ortho"},
        )
    ],
    ("fftn", (), {"axes": (1, 1)}),
    ("ifftn", (), {"axes": (1, 2, 1)}),
    ("fftn", (), {"axes": ()}),
    ("fftshift", (), {}),
    ("fftshift", (), {"axes": 1}),
    ("ifftshift", (), {}),
    ("ifftshift", ((0, 2),), {}),
]
IDS = [f"{name} {args} {options}" for name, args, options in CALLS]


def arrays(name: str) -> list[np.ndarray]:
    return [R] if name in REAL_ONLY else [R, Z]


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=IDS)
def test_plain_arrays(name: str, args: Any, options: Any, backend: backends.Backend) -> None:
    for x in arrays(name):
        for wide in (True, False):
            given = x if wide else x.astype("complex64" if x.dtype.kind == "c" else "float32")
            want = getattr(np.fft, name)(given, *args, **options)
            got = getattr(fft, name)(backend.asarray(given), *args, **options)
            assert isinstance(got, backend.array_types) and got.dtype == want.dtype
            np.testing.assert_allclose(to_numpy(got), want, atol=1e-12 if wide else 1e-4)


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=IDS)
def test_derivatives(name: str, args: Any, options: Any, backend: backends.Backend) -> None:
    """They are linear: along t the change is the transform of t, and Re Σ g·F(t) = Re Σ gradient·t."""

    def function(x: Any) -> Any:
        return getattr(fft, name)(x, *args, **options)

    for x in arrays(name):
        t = RNG.standard_normal(x.shape) + (1j * RNG.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
        change = getattr(np.fft, name)(t, *args, **options)
        out, pull = vjp(function, backend.asarray(x))
        g = RNG.standard_normal(change.shape) + (
            1j * RNG.standard_normal(change.shape) if change.dtype.kind == "c" else 0
        )
        (found,) = pull(backend.asarray(np.asarray(g, dtype=change.dtype)))
        assert found.dtype == x.dtype and found.shape == x.shape
        np.testing.assert_allclose((to_numpy(found) * t).sum().real, (g * change).sum().real, atol=1e-9)
        _, pushed = jvp(function, (backend.asarray(x),), (backend.asarray(t),))
        np.testing.assert_allclose(to_numpy(pushed), change, atol=1e-12)


@pytest.mark.parametrize("name", [*ONE, *TWO, *MANY])
def test_second_order_and_float32(name: str) -> None:
    x = tensor(arrays(name)[0].astype("float32"), requires_grad=True)
    out = getattr(fft, name)(x)
    (g,) = gradients([(abs(out) ** 2).sum()], [x], create_graph=True)
    assert g.dtype == np.float32
    # The energy is quadratic: the Hessian along x itself is its gradient.
    (bent,) = gradients([(g * x.detach()).sum()], [x])
    assert bent.dtype == np.float32
    np.testing.assert_allclose(bent.data, g.data, rtol=1e-3, atol=1e-3 * abs(g.data).max())


@hypothesis.given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.sampled_from(["backward", "ortho", "forward"])
)
def test_there_and_back(rows: int, columns: int, n: int, norm: str) -> None:
    x = np.random.default_rng(n).standard_normal((rows, columns))
    fitted = np.zeros((rows, n))
    fitted[:, : min(n, columns)] = x[:, :n]
    for there, back in ((fft.fft, fft.ifft), (fft.rfft, fft.irfft), (fft.ihfft, fft.hfft)):
        np.testing.assert_allclose(back(there(tensor(x), n, norm=norm), n, norm=norm).data.real, fitted, atol=1e-12)
    # By Parseval the energy of the ortho transform is that of its input, and so is its gradient.
    energy = grad(lambda x: (abs(fft.fft(x, n, norm="ortho")) ** 2).sum())
    want = np.zeros_like(x)
    want[:, :n] = 2 * x[:, :n]
    np.testing.assert_allclose(energy(x), want, atol=1e-12)


def test_imaginary_parts_that_do_not_count_have_the_gradient_zero() -> None:
    z = np.array([1 + 2j, 3 - 1j, 2 + 1j])
    g = grad(lambda z: (fft.irfft(z, 4) ** 2).sum())(z)
    assert g[0].imag == g[2].imag == 0 and g[1].imag != 0


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies(name: str, backend: backends.Backend) -> None:
    for n in (1, 4, 7):
        got = getattr(fft, name)(n, 0.5)
        assert isinstance(got, backend.array_types)
        np.testing.assert_array_equal(to_numpy(got), getattr(np.fft, name)(n, 0.5))
    d = tensor(backend.asarray(np.array(0.5)), requires_grad=True)
    getattr(fft, name)(5, d).sum().backward()
    np.testing.assert_allclose(to_numpy(d.grad), -getattr(np.fft, name)(5, 1.0).sum() / 0.25, atol=1e-12)


def test_everything_of_numpys_is_there_with_its_parameters() -> None:
    assert set(fft.__all__) == {name for name in dir(np.fft) if name in np.fft.__all__ and name != "test"}
    for name in fft.__all__:
        ours = inspect.signature(getattr(fft, name)).parameters
        theirs = inspect.signature(getattr(np.fft, name)).parameters
        assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()], name


def test_out_of_plain_arrays_is_numpys() -> None:
    out = np.empty((3, 4, 6), complex)
    assert fft.fft(R, out=out) is out
    np.testing.assert_array_equal(out, np.fft.fft(R))
    with pytest.raises(TypeError, match="fft: expected no out= with Tensors"):
        fft.fft(tensor(R), out=out)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fft.fft(R, 0), r"fftn: expected one element or more along each axis; got \(0,\) for the axes \(2,\)"),
        (lambda: fft.irfft(Z[..., :1]), r"irfftn: expected one element or more along each axis"),
        (lambda: fft.fft(R, norm="unit"), "fft: expected norm='backward', 'ortho' or 'forward'; got 'unit'"),
        (lambda: fft.fft(np.array(1.0)), "fft: expected an axis or more; got a 0-d array"),
        (lambda: fft.rfft(Z), "rfftn: expected a real array, whose spectrum is symmetric; x is complex128. Use fftn"),
        (lambda: fft.rfft(tensor(Z)), "rfftn: expected a real array"),
        (lambda: fft.fftn(R, (2, 2), (0,)), r"fftn: expected one size per axis; got s=\(2, 2\) for axes=\(0,\)"),
        (lambda: fft.rfftn(R, axes=(0, 0)), r"rfftn: expected each axis once; got axes=\(0, 0\)"),
        (lambda: fft.irfftn(R, axes=()), "irfftn: expected one axis or more"),
        (lambda: fft.fft(R, axis=3), "axis 3 is out of bounds"),
    ],
)
def test_errors(call: Any, text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        call()

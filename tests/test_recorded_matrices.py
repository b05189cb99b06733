"""Linear algebra and Fourier transforms against recorded values: PyTorch's, of two orders, and JAX's, complex."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import gradients, jvp, tensor, vjp
from tests.helpers import to_numpy

RECORDED = Path(__file__).parent / "recorded"
TORCH = np.load(RECORDED / "torch_engine.npz")
JAX = np.load(RECORDED / "jax_complex.npz")
la, fft = anp.linalg, anp.fft


def cases(file: Any, *starts: str) -> list[str]:
    names = json.loads(str(file["about"]))["cases"]
    return [name for name in names if name.startswith(starts)]


def options(file: Any, name: str) -> dict[str, Any]:
    return json.loads(str(file["about"]))["cases"][name]


def parts(file: Any, name: str, part: str) -> dict[str, np.ndarray]:
    """What stands under ``name/part/…``, by the last name; or under ``name/part0``, ``part1``, …."""
    start = f"{name}/{part}"
    return {key[len(start) :].lstrip("/"): file[key] for key in file.files if key.startswith(start)}


def symmetric(a: Any) -> Any:
    return (a + anp.conj(a).mT) / 2


def eigh_free_of_phases(a: Any) -> Any:
    w, v = la.eigh(symmetric(a))
    whole = (v * anp.tanh(w)[..., None, :]) @ anp.conj(v).mT
    return w, abs(v) ** 2, whole


def svd_free_of_phases(a: Any) -> Any:
    u, s, vh = la.svd(a, full_matrices=False)
    return (u * anp.tanh(s)[..., None, :]) @ vh, abs(u) ** 2, abs(vh) ** 2


# By the recorded name, up to its first variant.
TORCH_CALLS: dict[str, Callable[..., Any]] = {
    "linalg/det": la.det,
    "linalg/slogdet": lambda a: la.slogdet(a)[1],
    "linalg/inv": la.inv,
    "linalg/pinv": la.pinv,
    "linalg/solve": la.solve,
    "linalg/solve_triangular": lambda a, b: la.solve(anp.tril(a), b),
    "linalg/cholesky": lambda a: la.cholesky(symmetric(a)),
    "linalg/qr": lambda a: tuple(la.qr(a)),
    "linalg/svdvals": la.svdvals,
    "linalg/svd": svd_free_of_phases,
    "linalg/eigh": eigh_free_of_phases,
    "linalg/eigvalsh": lambda a: la.eigvalsh(symmetric(a)),
    "linalg/lstsq": lambda a, b: la.lstsq(a, b)[0],
    "linalg/matrix_power": la.matrix_power,
    "linalg/multi_dot": lambda a, b, c: la.multi_dot([a, b, c]),
    "linalg/cond": la.cond,
    "linalg/cross": la.cross,
    "linalg/kron": anp.kron,
}
ORDERS = {"inf": np.inf, "-inf": -np.inf}


def torch_call(name: str) -> Callable[..., Any] | None:
    if name.startswith("einsum/"):
        return lambda *xs: anp.einsum(name[len("einsum/") :], *xs)
    kind, _, variant = name.partition("/")[2].partition("/")
    if kind == "matrix_power":
        return lambda a: la.matrix_power(a, int(variant))
    if kind == "matrix_norm":
        order = variant if variant in ("fro", "nuc") else ORDERS.get(variant) or int(variant)
        return lambda a: la.matrix_norm(a, ord=order)
    if kind == "vector_norm":
        if variant == "zero":
            return la.vector_norm
        return lambda x: la.vector_norm(x, ord=ORDERS.get(variant) or float(variant), axis=1)
    return TORCH_CALLS.get(f"linalg/{kind}")


TORCH_NAMES = [name for name in cases(TORCH, "linalg/", "einsum/") if torch_call(name) is not None]


def test_every_recorded_case_is_compared() -> None:
    left_out = {"linalg/matrix_exp"}  # no function of NumPy's
    assert set(cases(TORCH, "linalg/", "einsum/")) - set(TORCH_NAMES) == left_out


@pytest.mark.parametrize("name", TORCH_NAMES)
def test_torch(name: str, backend: backends.Backend) -> None:
    call = torch_call(name)
    assert call is not None
    xs = {key: tensor(backend.asarray(x), requires_grad=True) for key, x in parts(TORCH, name, "in/").items()}
    out = call(*xs.values())
    outs = list(out) if isinstance(out, tuple) else [out]
    recorded = [x for key, x in sorted(parts(TORCH, name, "out").items())]
    cotangents = [x for key, x in sorted(parts(TORCH, name, "cotangent").items())]
    if name.startswith("linalg/qr"):  # the signs of the rows of R are a library's choice
        ours, theirs = (np.sign(np.diagonal(r, 0, -2, -1)) for r in (to_numpy(outs[1]), recorded[1]))
        turn = backend.asarray(ours * theirs)
        outs = [outs[0] * turn[..., None, :], outs[1] * turn[..., :, None]]
    total: Any = 0.0
    for i, (ours, theirs) in enumerate(zip(outs, recorded)):
        np.testing.assert_allclose(to_numpy(ours), theirs, rtol=1e-9, atol=1e-11)
        total = total + ((ours * tensor(backend.asarray(cotangents[i]))).sum() if cotangents else ours)
    second = parts(TORCH, name, "second/")
    grads = gradients([total], list(xs.values()), create_graph=bool(second))
    for (key, theirs), ours in zip(parts(TORCH, name, "grad/").items(), grads):
        np.testing.assert_allclose(to_numpy(ours), theirs, rtol=1e-8, atol=1e-9, err_msg=key)
    if second:
        steep: Any = 0.0
        for g in grads:
            if g.requires_grad:
                steep = steep + (g * g).sum() / 2
        wanted = [xs[key] for key in second]
        for (key, theirs), ours in zip(second.items(), gradients([steep], wanted)):
            scale = np.abs(theirs).max()
            np.testing.assert_allclose(to_numpy(ours), theirs, rtol=1e-7, atol=1e-10 + 1e-8 * scale, err_msg=key)


# JAX --------------------------------------------------------------------------------------------------------


def _sorted_eigenvalues(a: Any) -> Any:
    w = la.eigvals(a)
    return w[np.lexsort((to_numpy(w).imag, to_numpy(w).real))]


def _eig_free_of_scale(a: Any) -> Any:
    w, v = la.eig(a)
    return (v * anp.tanh(w)[..., None, :]) @ la.inv(v)


def _fft_call(kind: str, variant: str) -> Callable[..., Any]:
    function = getattr(fft, kind)
    if variant.startswith("n"):
        return lambda a: function(a, n=int(variant[1:]))
    if variant:
        return lambda a: function(a, norm=variant)
    extra = {"irfft2": {"s": (3, 5)}, "hfft": {"n": 6}}.get(kind, {})
    return lambda a: function(a, **extra)


JAX_CALLS: dict[str, Callable[..., Any]] = {
    "matmul": anp.matmul,
    "matmul/real_left": anp.matmul,
    "vdot": anp.vdot,
    "einsum": lambda a, b: anp.einsum("ij,kj->ik", a, anp.conj(b)),
    "inv": la.inv,
    "det": la.det,
    "logabsdet": lambda a: la.slogdet(a)[1],
    "slogdet/sign": lambda a: la.slogdet(a)[0],
    "solve": la.solve,
    "matrix_power": lambda a: la.matrix_power(a, 3),
    "pinv": la.pinv,
    "cholesky": lambda a: la.cholesky(symmetric(a)),
    "eigvalsh": lambda a: la.eigvalsh(symmetric(a)),
    "eigh": eigh_free_of_phases,
    "svdvals": la.svdvals,
    "svd": lambda a: svd_free_of_phases(a)[:2],
    "qr": lambda a: tuple(la.qr(a)),
    "norm": lambda a: la.norm(a, axis=1),
    "eigvals": _sorted_eigenvalues,
    "eigvals/real_matrix": _sorted_eigenvalues,
    "eig": _eig_free_of_scale,
}
TRANSFORMS = ("fft", "ifft", "rfft", "irfft", "fft2", "ifftn", "rfft2", "irfft2", "hfft", "ihfft", "fftshift")
for _name in cases(JAX, *TRANSFORMS):
    _kind, _, _variant = _name.partition("/")
    JAX_CALLS[_name] = _fft_call(_kind, _variant)


@pytest.mark.parametrize("name", JAX_CALLS)
def test_jax(name: str) -> None:
    call = JAX_CALLS[name]
    xs = list(parts(JAX, name, "in/").values())
    outs = [x for key, x in sorted(parts(JAX, name, "out").items())]
    cotangents = [x for key, x in sorted(parts(JAX, name, "cotangent").items())]
    several = len(outs) > 1
    out, pull = vjp(call, *xs)
    for ours, theirs in zip(out if several else [out], outs):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
    for ours, (key, theirs) in zip(
        pull(tuple(cotangents) if several else cotangents[0]), parts(JAX, name, "grad/").items()
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10, err_msg=key)
    tangents = parts(JAX, name, "tangent/")
    _, pushed = jvp(call, tuple(xs), tuple(tangents.values()))
    want = [x for key, x in sorted(parts(JAX, name, "tangent_out").items())]
    for ours, theirs in zip(pushed if several else [pushed], want):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)

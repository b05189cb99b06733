"""Record JAX's derivatives of complex functions: the convention of this project, in which nothing is conjugated.

Run from the repository root:  python tests/recorded/record_jax_complex.py
Writes tests/recorded/jax_complex.npz; README.md beside it says how the names are built.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ |= {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"}

import jax
import jax.numpy as jnp
import numpy as np
from jax.numpy import fft, linalg
from recording import Recording, grid, rng_for

NAMES = """
abs sqrt exp expm1 log log1p sin cos tan sinh cosh tanh arcsinh arctan square reciprocal negative conj real imag angle
cbrt_of_square
"""


def numbers(name: str, shape: Any, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    stream = rng_for(name)
    return grid(stream, shape, low, high) + 1j * grid(stream, shape, low, high)


def like(a: Any, name: str) -> np.ndarray:
    """Random numbers of a's shape, complex where a is."""
    return numbers(name, a.shape, -1, 1) if jnp.iscomplexobj(a) else grid(rng_for(name), a.shape, -1, 1)


def case(rec: Recording, name: str, fn: Callable[..., Any], *operands: np.ndarray, **options: Any) -> None:
    """Record fn(a, b, ...), its pull-back of a fixed cotangent, and its push-forward of a fixed tangent."""
    rec.case(name, **options)
    several = isinstance(fn(*operands), tuple)
    single = fn if several else lambda *at: (fn(*at),)
    outs, pull = jax.vjp(single, *operands)
    labels = [str(k) for k in range(len(outs))] if several else [""]
    cotangents = tuple(jnp.asarray(like(o, f"{name} cotangent {k}"), o.dtype) for k, o in enumerate(outs))
    tangents = tuple(like(a, f"{name} tangent {k}") for k, a in enumerate(operands))
    grads, pushed = pull(cotangents), jax.jvp(single, operands, tangents)[1]
    check(name, single, operands, grads, cotangents)
    for label, o, c, t in zip(labels, outs, cotangents, pushed):
        rec.put(f"{name}/out{label}", o)
        rec.put(f"{name}/cotangent{label}", c)
        rec.put(f"{name}/tangent_out{label}", t)
    for k, a, g, t in zip("abc", operands, grads, tangents):
        rec.put(f"{name}/in/{k}", a)
        rec.put(f"{name}/grad/{k}", g)
        rec.put(f"{name}/tangent/{k}", t)


def check(name: str, fn: Any, operands: Any, grads: Any, cotangents: Any) -> None:
    """Along a random direction, Re(sum g da) is the change of Re(sum cotangent out): what the convention means."""

    def value(*at: Any) -> float:
        return float(sum(jnp.sum(o * c).real for o, c in zip(fn(*at), cotangents)))

    steps = [like(a, f"{name} check {k}") for k, a in enumerate(operands)]
    slope = float(sum(jnp.sum(g * s).real for g, s in zip(grads, steps)))
    errors = []
    for h in (1e-4, 1e-5, 1e-6):
        ends = [value(*(a + sign * h * s for a, s in zip(operands, steps))) for sign in (1, -1)]
        errors.append(abs((ends[0] - ends[1]) / (2 * h) - slope))
    scale = 1e-3 + abs(slope) + sum(float(jnp.sum(jnp.abs(g * s))) for g, s in zip(grads, steps))
    if not min(errors) <= 1e-6 * scale:
        raise ValueError(f"{name}: off the central difference by {min(errors) / scale:.1e}")


def elementwise(rec: Recording) -> None:
    for name in NAMES.split():
        fn = (lambda a: (a * a) ** (1 / 3)) if name == "cbrt_of_square" else getattr(jnp, name)
        # Off the branch cuts.
        a = numbers(name, (2, 3))
        a = abs(a.real) + 0.25 + 1j * a.imag if name in ("sqrt", "log", "log1p", "arctan", "arcsinh") else a
        case(rec, name, fn, a)
    case(rec, "abs/real_result_squared", lambda a: jnp.abs(a) ** 2, numbers("abs2", (4,)))
    case(rec, "power/integer", lambda a: a**3, numbers("power", (4,)), n=3)
    case(rec, "power/negative", lambda a: a**-2, numbers("power", (4,)), n=-2)
    base = abs(numbers("base", (4,)).real) + 0.5 + 1j * numbers("base", (4,)).imag
    case(rec, "power/complex", lambda a, b: a**b, base, numbers("exponent", (4,)))
    case(rec, "power/real_base", lambda a, b: a**b, abs(base), numbers("exponent", (4,)))
    other = numbers("other", (2, 3))
    for name in ("add", "subtract", "multiply", "divide"):
        fn = getattr(jnp, name)
        case(rec, name, fn, numbers(name, (2, 3)), other)
        case(rec, f"{name}/real_left", fn, numbers(name, (2, 3)).real.copy(), other)
        case(rec, f"{name}/broadcast", fn, numbers(name, (3,)), other)
    mask = np.array([True, False, True])
    case(rec, "where", lambda a, b: jnp.where(mask, a, b), numbers("w", (3,)), other[0].real.copy(), mask=mask.tolist())
    case(rec, "times_i", lambda a: a * 1j, numbers("i", (3,)).real.copy())
    case(rec, "loss", lambda a: jnp.sum(jnp.abs(jnp.exp(a) - 1j) ** 2), numbers("loss", (3,)))


def reductions(rec: Recording) -> None:
    a = numbers("reductions", (3, 4))
    for name in ("sum", "mean", "prod", "cumsum", "cumprod", "var", "std"):
        case(rec, name, lambda a, name=name: getattr(jnp, name)(a, axis=1), a, axis=1)
    zero = a.copy()
    zero[1, 2] = 0
    case(rec, "prod/zero", lambda a: jnp.prod(a, axis=1), zero, axis=1)
    case(rec, "norm", lambda a: linalg.norm(a, axis=1), a, axis=1)
    case(rec, "sort_by_real_part", lambda a: a[jnp.argsort(a[:, 0].real)], a)


def matrices(rec: Recording) -> None:
    square = numbers("square", (3, 3)) + 3 * np.eye(3)
    stack = numbers("stack", (2, 3, 3)) + 3 * np.eye(3)
    hermitian = square + square.conj().T
    definite = square @ square.conj().T
    tall, wide = numbers("tall", (4, 3)), numbers("wide", (3, 4))
    case(rec, "matmul", jnp.matmul, wide, tall)
    case(rec, "matmul/real_left", jnp.matmul, wide.real.copy(), tall)
    case(rec, "vdot", jnp.vdot, wide[0], tall[:, 0])
    case(rec, "einsum", lambda a, b: jnp.einsum("ij,kj->ik", a, jnp.conj(b)), wide, wide[:2], subscripts="ij,kj*->ik")
    case(rec, "inv", linalg.inv, square)
    case(rec, "det", linalg.det, stack)
    case(rec, "logabsdet", lambda a: linalg.slogdet(a)[1], stack)
    case(rec, "slogdet/sign", lambda a: linalg.slogdet(a)[0], stack)
    case(rec, "solve", linalg.solve, square, numbers("rhs", (3, 2)))
    case(rec, "matrix_power", lambda a: linalg.matrix_power(a, 3), square, n=3)
    case(rec, "pinv", linalg.pinv, tall)
    # Of the Hermitian part, so that every element may vary by itself.
    case(rec, "cholesky", lambda a: linalg.cholesky((a + a.conj().mT) / 2), definite)
    case(rec, "eigvalsh", lambda a: linalg.eigvalsh((a + a.conj().mT) / 2), hermitian)

    def eigh_free_of_phases(a: Any) -> Any:
        w, v = linalg.eigh((a + a.conj().mT) / 2)
        return w, jnp.abs(v) ** 2, (v * jnp.tanh(w)) @ v.conj().mT

    case(rec, "eigh", eigh_free_of_phases, hermitian, outputs=["w", "|v|^2", "v tanh(w) v^H"])
    case(rec, "svdvals", lambda a: linalg.svd(a, compute_uv=False), tall)

    def svd_free_of_phases(a: Any) -> Any:
        u, s, vh = linalg.svd(a, full_matrices=False)
        return (u * jnp.tanh(s)) @ vh, jnp.abs(u) ** 2

    case(rec, "svd", svd_free_of_phases, tall, outputs=["u tanh(s) vh", "|u|^2"])
    case(rec, "qr", lambda a: tuple(linalg.qr(a)), tall)

    def sorted_eigenvalues(a: Any) -> Any:
        w = linalg.eigvals(a)
        return w[jnp.lexsort((w.imag, w.real))]

    case(rec, "eigvals", sorted_eigenvalues, square, order="by real part, then by imaginary part")
    case(rec, "eigvals/real_matrix", sorted_eigenvalues, numbers("real", (3, 3)).real.copy(), order="as above")

    def eig_free_of_scale(a: Any) -> Any:
        w, v = jax.lax.linalg.eig(a, compute_left_eigenvectors=False, enable_eigvec_derivs=True)
        return (v * jnp.tanh(w)) @ linalg.inv(v)

    case(rec, "eig", eig_free_of_scale, square, outputs="v tanh(w) v^-1")


def transforms(rec: Recording) -> None:
    a, r = numbers("fft", (2, 6)), numbers("rfft", (2, 6)).real.copy()
    for norm in ("backward", "ortho", "forward"):
        case(rec, f"fft/{norm}", lambda a, norm=norm: fft.fft(a, norm=norm), a, norm=norm)
        case(rec, f"ifft/{norm}", lambda a, norm=norm: fft.ifft(a, norm=norm), a, norm=norm)
        case(rec, f"rfft/{norm}", lambda a, norm=norm: fft.rfft(a, norm=norm), r, norm=norm)
        case(rec, f"irfft/{norm}", lambda a, norm=norm: fft.irfft(a, norm=norm), a, norm=norm)
    for n in (4, 5, 9):
        case(rec, f"fft/n{n}", lambda a, n=n: fft.fft(a, n=n), a, n=n)
        case(rec, f"rfft/n{n}", lambda a, n=n: fft.rfft(a, n=n), r, n=n)
        case(rec, f"irfft/n{n}", lambda a, n=n: fft.irfft(a, n=n), a, n=n)
    case(rec, "fft2", fft.fft2, numbers("fft2", (2, 3, 4)))
    case(rec, "ifftn", fft.ifftn, numbers("ifftn", (2, 3, 2)))
    case(rec, "rfft2", fft.rfft2, numbers("rfft2", (3, 4)).real.copy())
    case(rec, "irfft2", lambda a: fft.irfft2(a, s=(3, 5)), numbers("irfft2", (3, 3)), s=[3, 5])
    case(rec, "hfft", lambda a: fft.hfft(a, n=6), numbers("hfft", (4,)), n=6)
    case(rec, "ihfft", fft.ihfft, r[0])
    case(rec, "fftshift", fft.fftshift, a)


def main() -> None:
    rec = Recording("record_jax_complex.py", ["jax", "jaxlib"])
    elementwise(rec)
    reductions(rec)
    matrices(rec)
    transforms(rec)
    rec.save("jax_complex.npz")


if __name__ == "__main__":
    main()

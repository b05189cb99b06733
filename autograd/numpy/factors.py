"""Factorisations and eigenvalues; part of ``linalg``. Imports ``ops``, ``common`` and ``norms``."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd.numpy.common import arraylike, hand_over, is_tensor, namespace_of, raw
from autograd.numpy.norms import refuse
from autograd.ops import decompose, eigen
from autograd.ops.arithmetic import absolute, sign
from autograd.ops.index import take_along_axis
from autograd.ops.linalg import adjoint

__all__ = [
    "EigResult",
    "EighResult",
    "QRResult",
    "SVDResult",
    "cholesky",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "qr",
    "svd",
    "svdvals",
]


class EigResult(NamedTuple):
    """What ``eig`` returns."""

    eigenvalues: Any
    eigenvectors: Any


class EighResult(NamedTuple):
    """What ``eigh`` returns."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """What ``qr`` returns."""

    Q: Any
    R: Any


class SVDResult(NamedTuple):
    """What ``svd`` returns."""

    U: Any
    S: Any
    Vh: Any


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """The lower-triangular L with ``L·Lᴴ = a``, or with ``upper`` the upper-triangular U with ``Uᴴ·U = a``.

    Args:
        a: Hermitian and positive definite, (…, n, n). Of its values only one triangle is read, the one the result
            has. The gradient is Hermitian, half of it in each triangle, as HIPS autograd, JAX and PyTorch have it:
            a step along it leaves the matrix Hermitian. (That of ``eigh`` lies in the triangle that is read.)

    Raises:
        LinAlgError: not square, or not positive definite.
        TypeError: float16.

    Source: I. Murray, "Differentiation of the Cholesky decomposition", 2016.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]])
    """
    a = arraylike(a)
    if not upper:
        return decompose.cholesky(a)
    refuse("cholesky", a)
    return adjoint(decompose.cholesky(adjoint(a)))


def qr(a: Any, mode: str = "reduced") -> Any:
    """``a = Q·R`` with orthonormal columns in Q and upper-triangular R.

    Args:
        a: (…, m, n). For a gradient the first min(m, n) columns must be independent.
        mode: ``"reduced"`` for Q (…, m, k) and R (…, k, n) with k = min(m, n); ``"complete"`` for Q (…, m, m);
            ``"r"`` for R alone; ``"raw"``, plain arrays only, for LAPACK's own form. The columns that complete mode
            adds are arbitrary within their space; only functions of that space have a meaningful gradient.

    Source: S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions", 2010.

    >>> q, r = qr([[3.0, 1.0], [4.0, 2.0]])
    >>> abs(r[0, 0])
    np.float64(5.0)
    """
    a = arraylike(a)
    if mode == "raw" or mode not in ("reduced", "complete", "r"):
        if is_tensor(a) or mode != "raw":
            raise ValueError(
                f"qr: expected the mode 'reduced', 'complete' or 'r' (or 'raw', without Tensors); got {mode!r}. "
                "Choose one of them."
            )
        return hand_over("linalg.qr", (a,), mode=mode)
    if mode == "r":
        if is_tensor(a):
            return decompose.qr(a, mode="reduced")[1]
        refuse("qr", a, square=False)
        return hand_over("linalg.qr", (a,), mode=mode)
    return QRResult(*decompose.qr(a, mode=mode))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """``a = U·diag(S)·Vh`` with orthonormal columns in U and rows in Vh, S ≥ 0 in descending order.

    Args:
        a: (…, m, n).
        full_matrices: U (…, m, m) and Vh (…, n, n), not (…, m, k) and (…, k, n) with k = min(m, n). What is added
            is arbitrary within its space; only functions of that space have a meaningful gradient.
        compute_uv: False for S alone.
        hermitian: a promise that ``a`` is Hermitian, by which it is made from ``eigh``, and faster.

    Signs (phases, for complex a) of the vectors are arbitrary: take gradients of functions that do not depend on
    them. Equal singular values contribute 0 to the gradients of the vectors, and so do singular values of 0.

    Sources: J. Townsend, 2016; Z.-Q. Wan and S.-X. Zhang, 2019 (complex).

    >>> svd([[3.0, 0.0], [0.0, -4.0]], compute_uv=False)
    array([4., 3.])
    """
    a = arraylike(a)
    if hermitian:
        return _from_eigh(a, compute_uv)
    if not compute_uv:
        return decompose.svdvals(a)
    return SVDResult(*decompose.svd(a, full_matrices=bool(full_matrices)))


def _from_eigh(a: Any, compute_uv: bool) -> Any:
    """Singular values are the sizes of the eigenvalues; their signs go into Vh."""
    w, v = eigen.eigh(a, uplo="L")
    sizes, last = absolute(w), len(w.shape) - 1
    order = namespace_of(a).argsort(raw(sizes), axis=-1)[..., ::-1]
    s = take_along_axis(sizes, order, axis=last)
    if not compute_uv:
        return s
    u = take_along_axis(v, order[..., None, :], axis=last + 1)
    return SVDResult(u, s, adjoint(u * take_along_axis(sign(w), order, axis=last)[..., None, :]))


def svdvals(x: Any, /) -> Any:
    """The singular values of matrices (…, m, n), in descending order.

    >>> svdvals([[3.0, 0.0], [0.0, -4.0]])
    array([4., 3.])
    """
    return decompose.svdvals(arraylike(x))


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues, in ascending order, and eigenvectors (the columns) of Hermitian matrices (…, n, n).

    Args:
        UPLO: the triangle that is read, ``"L"`` or ``"U"``. The gradient lies in it, as in HIPS autograd: it is that
            of this function, which doesn't depend on the other triangle. Its Hermitian part, ``(g + gᴴ)/2``, is what
            JAX gives, which takes both triangles to move (``cholesky`` does so here as well).

    Signs (phases) of the vectors are arbitrary; equal eigenvalues contribute 0 to their gradients.

    Sources: M. B. Giles, 2008; C. Boeddeker et al., 2017 (complex).

    >>> eigh([[2.0, 0.0], [0.0, 1.0]]).eigenvalues
    array([1., 2.])
    """
    return EighResult(*eigen.eigh(arraylike(a), uplo=_triangle("eigh", UPLO)))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of Hermitian matrices (…, n, n), in ascending order; ``UPLO`` as in ``eigh``.

    >>> eigvalsh([[2.0, 0.0], [0.0, 1.0]])
    array([1., 2.])
    """
    return eigen.eigvalsh(arraylike(a), uplo=_triangle("eigvalsh", UPLO))


def _triangle(name: str, uplo: str) -> str:
    if uplo.upper() not in ("L", "U"):
        raise ValueError(f"{name}: expected UPLO='L' or 'U', the triangle to read; got {uplo!r}. Choose one.")
    return uplo.upper()


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors (the columns, of length 1) of square matrices (…, n, n), in no particular order.

    Of a real matrix they are real if all eigenvalues are, as NumPy has it (CuPy's are always complex). Phases of the
    vectors are arbitrary; equal eigenvalues contribute 0 to the gradients of the vectors.

    Source: C. Boeddeker et al., "On the computation of complex-valued gradients", 2017.

    >>> eig([[2.0, 0.0], [0.0, 1.0]]).eigenvalues
    array([2., 1.])
    """
    return EigResult(*eigen.eig(arraylike(a)))


def eigvals(a: Any) -> Any:
    """The eigenvalues of square matrices (…, n, n), in no particular order; see ``eig``.

    >>> eigvals([[2.0, 0.0], [0.0, 1.0]])
    array([2., 1.])
    """
    a = arraylike(a)
    refuse("eigvals", a)
    if is_tensor(a):
        return eigen.eig(a)[0]
    return hand_over("linalg.eigvals", (a,))

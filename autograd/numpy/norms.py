"""Norms of vectors and matrices, condition and rank; part of ``linalg``. Imports ``ops``, ``common``."""

from __future__ import annotations

import math
from typing import Any

from numpy import finfo
from numpy.linalg import LinAlgError

from autograd.numpy.common import arraylike, arrays_only, hand_over, is_tensor, namespace_of, normalize_axis, raw
from autograd.numpy.reducing import is_scalar
from autograd.ops import arithmetic, reduce
from autograd.ops import linalg as _linalg
from autograd.ops import shape as _shape
from autograd.ops.decompose import svdvals
from autograd.ops.scan import accumulator

__all__ = ["cond", "matrix_norm", "matrix_rank", "norm", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors (over one axis) or matrices (over two); by default √Σ|x|² over all elements.

    Args:
        ord: for vectors, p gives ``(Σ|x|ᵖ)^(1/p)``, ±inf the largest and smallest ``|x|``, 0 the number of elements
            that are not 0. For matrices ``"fro"`` is √Σ|x|², ``"nuc"`` the sum of the singular values, ±2 the largest
            and smallest of them, ±1 and ±inf the largest and smallest sum of ``|x|`` over a column, over a row.
        axis: None for all axes; an integer; or two, for matrices.
        keepdims: keep the axes with size 1.

    The gradient of every norm is 0 where the norm is 0, elements that are 0 contribute 0, and several largest
    (or smallest) elements share it evenly.

    Raises:
        ValueError: an ``ord`` that vectors or matrices do not have, or more than two axes with an ``ord``.

    >>> norm([3.0, 4.0]), norm([[3.0, 0.0], [0.0, -4.0]], "nuc")
    (np.float64(5.0), np.float64(7.0))
    """
    x = arraylike(x)
    n = len(x.shape)
    axes = normalize_axis(axis, n)
    if axis is not None or ord is not None:
        _check_order("norm", ord, len(axes))
    if is_scalar(x):
        return arithmetic.absolute(x)
    if not is_tensor(x) and accumulator(x.dtype) is None:  # NumPy's own sums floats of 16 bits in 16 bits
        return hand_over("linalg.norm", (x, ord, axis, keepdims))
    x = _inexact(x)
    if ord is None or len(axes) == 1:
        return _vector(x, 2 if ord is None else ord, axes, keepdims)
    return _matrix(x, ord, axes, keepdims)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm ``(Σ|x|ᵖ)^(1/p)`` with p = ``ord`` over ``axis``: None for all elements, an integer, or several.

    >>> vector_norm([[3.0, 4.0], [6.0, 8.0]], axis=1), vector_norm([[3.0, 4.0]], ord=1)
    (array([ 5., 10.]), np.float64(7.0))
    """
    x = arraylike(x)
    axes = normalize_axis(axis, len(x.shape))
    _check_order("vector_norm", ord, 1)
    if is_scalar(x):
        return arithmetic.absolute(x) if ord != 0 else arithmetic.sign(arithmetic.absolute(x))
    return _vector(_inexact(x), 2 if ord is None else ord, axes, keepdims)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of the matrices in the last two axes; see ``norm`` for ``ord``.

    >>> matrix_norm([[3.0, 0.0], [0.0, -4.0]], ord=2)
    np.float64(4.0)
    """
    x = arraylike(x)
    if len(x.shape) < 2:
        raise ValueError(f"matrix_norm: expected two axes or more; got shape {tuple(x.shape)}. Use vector_norm.")
    _check_order("matrix_norm", ord, 2)
    n = len(x.shape)
    return _matrix(_inexact(x), "fro" if ord is None else ord, (n - 2, n - 1), keepdims)


def _check_order(name: str, ord: Any, axes: int) -> None:
    if axes == 1:
        good = ord is None or (not isinstance(ord, str) and not isinstance(ord, (tuple, list)))
        known = "a number, inf or -inf for vectors"
    elif axes == 2:
        good = ord in (None, "fro", "f", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
        known = "one of 'fro', 'nuc', 1, -1, 2, -2, inf, -inf for matrices"
    else:
        good = ord is None and axes == 0
        known = "one or two axes"
    if not good:
        fix = "Use vector_norm for norms over several axes" if axes > 2 else "Correct ord, or axis"
        raise ValueError(f"{name}: expected {known}; got ord={ord!r} over {axes} axes. {fix}.")


def _inexact(x: Any) -> Any:
    return arithmetic.astype(x, dtype="float64") if x.dtype.kind in "biu" else x


def _vector(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord == 2:
        return _linalg.norm2(x, axis=axes, keepdims=keepdims)
    sizes = arithmetic.absolute(x)
    if ord == math.inf:
        return reduce.max(sizes, axis=axes, keepdims=keepdims)
    if ord == -math.inf:
        return reduce.min(sizes, axis=axes, keepdims=keepdims)
    if ord == 0:
        return reduce.sum(arithmetic.sign(sizes), axis=axes, keepdims=keepdims)
    return _linalg.norm_p(x, p=float(ord), axis=axes, keepdims=keepdims)


def _matrix(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in ("fro", "f"):
        return _linalg.norm2(x, axis=axes, keepdims=keepdims)
    row, column = axes
    if ord in (2, -2, "nuc"):
        n = len(x.shape)
        rest = tuple(i for i in range(n) if i not in axes)
        # The absolute value leaves singular values as they are, and has the slope 0 where they are 0.
        values = arithmetic.absolute(svdvals(_shape.transpose(x, axes=(*rest, row, column))))
        last = (n - 2,)
        if ord == "nuc":
            out = reduce.sum(values, axis=last, keepdims=False)
        else:
            out = (reduce.max if ord == 2 else reduce.min)(values, axis=last, keepdims=False)
    else:
        over = row if abs(ord) == 1 else column
        sums = reduce.sum(arithmetic.absolute(x), axis=(over,), keepdims=True)
        out = (reduce.max if ord > 0 else reduce.min)(sums, axis=axes, keepdims=False)
    return _shape.reshape(out, shape=reduce.kept(x.shape, axes)) if keepdims else out


def cond(x: Any, p: Any = None) -> Any:
    """The condition number: the largest singular value over the smallest, or ``norm(x, p)·norm(x⁻¹, p)``.

    Args:
        x: matrices of shape (…, m, n), square for the other ``p``.
        p: None or 2, -2 (the inverse ratio), or any ``ord`` of matrix norms.

    >>> cond([[2.0, 0.0], [0.0, 0.5]])
    np.float64(4.0)
    """
    x = arraylike(x)
    if p is not None:
        _check_order("cond", p, 2)
    refuse("cond", x, square=p not in (None, 2, -2))
    if not is_tensor(x):
        return hand_over("linalg.cond", (x, p))
    if p in (None, 2, -2):
        s = svdvals(x)
        return arithmetic.divide(s[..., -1], s[..., 0]) if p == -2 else arithmetic.divide(s[..., 0], s[..., -1])
    return arithmetic.multiply(matrix_norm(x, ord=p), matrix_norm(_linalg.inv(x), ord=p))


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """How many singular values exceed ``tol``, or ``rtol`` times the largest; an integer, without a gradient.

    Args:
        A: matrices of shape (…, m, n), or a vector, whose rank is 1 unless it is 0.
        tol: absolute bound.
        rtol: relative bound, by default max(m, n) times the dtype's precision.
        hermitian: a promise that NumPy's function can use; the rank is the same.

    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]])
    np.int64(1)
    """
    x = raw(arraylike(A))
    arrays_only("matrix_rank", x)
    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank: expected tol or rtol; got both. Give one.")
    if len(x.shape) < 2:
        return int((x != 0).any())
    refuse("matrix_rank", x, square=False)
    s = svdvals(x)
    if tol is None:
        rtol = max(x.shape[-2:]) * float(finfo(s.dtype).eps) if rtol is None else raw(rtol)
        tol = s.max(axis=-1, keepdims=True) * (rtol[..., None] if getattr(rtol, "shape", ()) else rtol)
    else:
        tol = raw(tol)
        tol = tol[..., None] if getattr(tol, "shape", ()) else tol
    return namespace_of(x).count_nonzero(s > tol, axis=-1)


def refuse(name: str, x: Any, square: bool = True) -> None:
    """Raise where ``x`` is not a (square) matrix that LAPACK computes with.

    Raises:
        TypeError: float16, and other dtypes it has not.
        LinAlgError: the shape.
    """
    wrong = _linalg.wrong_dtype(x)
    if wrong:
        raise TypeError(f"{name}: {wrong}.")
    wrong = _linalg.wrong_matrix(x, square)
    if wrong:
        raise LinAlgError(f"{name}: {wrong}.")

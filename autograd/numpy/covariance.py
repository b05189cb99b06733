"""Weighted averages, covariances, correlations. Imports ``ops.{reduce,linalg}``, ``statistics``, ``joining``."""

from __future__ import annotations

import warnings
from typing import Any

from numpy import promote_types

from autograd.numpy import joining
from autograd.numpy.common import arraylike, is_tensor, normalize_axis, raw
from autograd.numpy.reducing import cast, holds_nan, single, wrapped
from autograd.numpy.statistics import dropped, mean
from autograd.ops import arithmetic, elementwise, linalg, reduce, shape
from autograd.ops.index import getitem

__all__ = ["average", "corrcoef", "cov"]


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """The weighted average ``Σ w·a / Σ w`` over axes; without weights the mean. As ``numpy.average``.

    Args:
        a: any shape.
        axis: None for all, an integer, or a tuple of integers.
        weights: of ``a``'s shape, or of the shape of its axes ``axis``; differentiable too.
        returned: return ``(average, sum of weights)``.
        keepdims: keep the reduced axes with size 1.

    Raises:
        ZeroDivisionError: weights add up to 0.
        TypeError, ValueError: the weights' shape fits neither ``a`` nor its axes.

    >>> average([1.0, 2.0, 4.0], weights=[1.0, 1.0, 2.0])
    np.float64(2.75)
    """
    a = arraylike(a)
    axes = normalize_axis(axis, len(a.shape))
    if weights is None:
        out = mean(a, axis, keepdims=keepdims)
        if not returned:
            return out
        return out, wrapped(raw(out) * 0 + reduce.count(a, axes), a)
    w = arraylike(weights, like=a)
    size = tuple(a.shape)
    if tuple(w.shape) != size:
        if axis is None:
            raise TypeError(
                f"average: expected an axis, since the weights' shape {tuple(w.shape)} is not a's {size}. Pass axis=."
            )
        expected = tuple([size[i] for i in axes])
        if tuple(w.shape) != expected:
            raise ValueError(
                f"average: expected weights of shape {size} or {expected}, that of the axes {axes}; "
                f"got {tuple(w.shape)}. "
                "Reshape them."
            )
        order = tuple(sorted(range(len(axes)), key=axes.__getitem__))
        w = shape.transpose(w, axes=order)
        w = shape.reshape(w, shape=tuple([n if i in axes else 1 for i, n in enumerate(size)]))
    if not holds_nan(a) and not holds_nan(w):
        a = cast(a, float)
    product = arithmetic.multiply(a, w)
    total = reduce.sum(cast(w, product.dtype), axis=axes, keepdims=True)
    others = tuple([i for i in axes if w.shape[i] == 1 != size[i]])  # along these, weights were broadcast
    if others:
        total = total * float(reduce.count(a, others))
    if bool((raw(total) == 0).any()):
        raise ZeroDivisionError("average: expected weights that don't add up to 0; some do. Check the weights.")
    out = arithmetic.divide(reduce.sum(product, axis=axes, keepdims=True), total)
    kept = tuple(out.shape) if keepdims else dropped(tuple(out.shape), axes)
    out = single(shape.reshape(out, shape=kept))
    if not returned:
        return out
    total = shape.broadcast_to(total, shape=reduce.kept(size, axes))
    total = single(shape.reshape(total, shape=kept))
    return out, total if is_tensor(total) else wrapped(total, out)


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """The covariance matrix ``X·Xᴴ / (n - ddof)`` of centred variables. As ``numpy.cov``.

    Args:
        m: observations, each row a variable (each column with ``rowvar=False``); a vector is one variable.
        y: further variables, in the same form.
        bias: divide by n, not n - 1.
        ddof: what is taken off n, in place of ``bias``'s 0 or 1.
        fweights: how often each observation counts, whole numbers.
        aweights: how much each observation weighs.
        dtype: of the result; at least float64 by default, as in NumPy.

    Raises:
        ValueError: more than two dimensions, ``ddof`` no whole number, or weights of another length.

    >>> cov([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"cov: expected a whole number as ddof; got {ddof}. Round it.")
    x = _variables("m", m, rowvar)
    if y is not None:
        x = joining.concatenate((x, _variables("y", y, rowvar)), axis=0)
    x = cast(x, promote_types(x.dtype, "float64") if dtype is None else dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    w = None
    n = x.shape[1]
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        given = arraylike(given, like=x)
        if len(given.shape) != 1 or given.shape[0] != n:
            raise ValueError(
                f"cov: expected {name} to be a vector, one per observation, {n}; got shape {tuple(given.shape)}. "
                "Reshape it."
            )
        if name == "fweights" and bool((raw(given) != raw(given).round()).any()):
            raise TypeError("cov: expected whole numbers as fweights; got fractions. Pass them as aweights.")
        if bool((raw(given) < 0).any()):
            raise ValueError(f"cov: expected {name} of 0 or more; got negative ones. Correct their sign.")
        w = given if w is None else arithmetic.multiply(w, given)
    if w is None:
        freedom: Any = n - ddof
        x = x - reduce.mean(x, axis=(1,), keepdims=True)
        weighted = x
    else:
        total = reduce.sum(w, axis=(0,), keepdims=False)
        freedom = total - ddof
        if aweights is not None and ddof != 0:
            twice = arithmetic.multiply(w, arraylike(aweights, like=x))
            freedom = total - ddof * reduce.sum(twice, axis=(0,), keepdims=False) / total
        middle = arithmetic.divide(reduce.sum(arithmetic.multiply(x, w), axis=(1,), keepdims=True), total)
        x = arithmetic.subtract(x, middle)
        weighted = arithmetic.multiply(x, w)
    transposed = shape.transpose(weighted, axes=(1, 0))
    out = linalg.matmul(x, arithmetic.conj(transposed) if x.dtype.kind == "c" else transposed)
    if w is None and freedom <= 0:
        warnings.warn("cov: degrees of freedom <= 0; the result is not finite.", RuntimeWarning, stacklevel=2)
        freedom = arraylike(0.0, like=out)
    out = arithmetic.divide(out, freedom)
    return shape.reshape(out, shape=tuple([size for size in out.shape if size != 1]))


def _variables(name: str, values: Any, rowvar: bool) -> Any:
    x = arraylike(values)
    dimensions = len(x.shape)
    if dimensions > 2:
        raise ValueError(f"cov: expected {name} of at most two dimensions; got {dimensions}. Flatten the observations.")
    if dimensions < 2:
        return shape.reshape(x, shape=(1, -1))
    return x if rowvar else shape.transpose(x, axes=(1, 0))


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Pearson's correlation coefficients ``C_ij / sqrt(C_ii·C_jj)`` of variables. As ``numpy.corrcoef``.

    Arguments as for ``cov``. A variable that is constant has none: NaN.

    >>> corrcoef([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if not c.shape:
        return c / c
    spread = arithmetic.sqrt(_real(shape.diagonal(c, offset=0, axis1=0, axis2=1)))
    out = c / getitem(spread, index=(..., None)) / getitem(spread, index=(None, ...))
    # Rounding may have left the interval that the coefficients lie in.
    if out.dtype.kind == "c":
        return elementwise.clip(_real(out), -1, 1) + 1j * elementwise.clip(arithmetic.imag(out), -1, 1)
    return elementwise.clip(out, -1, 1)


def _real(x: Any) -> Any:
    return arithmetic.real(x) if x.dtype.kind == "c" else x

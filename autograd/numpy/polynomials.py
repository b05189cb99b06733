"""Polynomials given by their coefficients, highest power first. Imports ``common``, ``ops.{arithmetic,shape}``."""

from __future__ import annotations

from typing import Any

import backends
from autograd.numpy.common import arraylike, arraylikes, backend_of, is_tensor
from autograd.ops import arithmetic
from autograd.ops import shape as shapes
from autograd.ops.index import getitem

__all__ = ["polyval", "vander"]


def polyval(p: Any, x: Any) -> Any:
    """``p_0·x^(n-1) + … + p_(n-1)`` at every element of ``x``, by Horner's rule. As ``numpy.polyval``; differentiable.

    Args:
        p: a vector of n coefficients.
        x: any shape.

    >>> polyval([1.0, 0.0, -2.0], [1.0, 3.0])
    array([-1.,  7.])
    """
    p, x = arraylikes(p, x)
    if len(p.shape) != 1:
        raise ValueError(
            f"polyval: expected a vector of coefficients; got shape {tuple(p.shape)}. "
            "Evaluate the polynomials one by one."
        )
    out = arithmetic.multiply(x, 0)
    for k in range(p.shape[0]):
        out = arithmetic.add(arithmetic.multiply(out, x), getitem(p, index=(k, ...)))
    return out


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The Vandermonde matrix: each column a power of the vector ``x``. As ``numpy.vander``; differentiable.

    Args:
        x: a vector.
        N: the number of columns; by default as many as ``x`` has elements.
        increasing: powers 0 … N-1 from left to right, instead of from right to left.

    Raises:
        ValueError: ``x`` is not a vector.

    >>> vander([1.0, 2.0, 3.0], 3)
    array([[1., 1., 1.],
           [4., 2., 1.],
           [9., 3., 1.]])
    """
    x = arraylike(x)
    if len(x.shape) != 1:
        raise ValueError(f"vander: expected a vector; got shape {tuple(x.shape)}. Flatten it with ravel().")
    if not is_tensor(x):
        return backends.of(x).xp.vander(x, N, increasing)
    n = x.shape[0] if N is None else N
    powers = backend_of(x).xp.arange(n)
    powers = (powers if increasing else powers[::-1]).astype(x.dtype)
    return arithmetic.power(shapes.reshape(x, shape=(-1, 1)), powers)

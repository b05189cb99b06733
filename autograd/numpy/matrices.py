"""Powers, chains and parts of matrices, for ``linalg``. Imports ``ops``, ``common``, ``diagonals``, ``products``."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from numpy.linalg import LinAlgError

from autograd.numpy import diagonals, products
from autograd.numpy.common import arraylike, arrays_only, hand_over, namespace_of
from autograd.numpy.norms import refuse
from autograd.numpy.products import matmul, vecdot
from autograd.numpy.shaping import matrix_transpose
from autograd.ops import arithmetic
from autograd.ops import linalg as _linalg

__all__ = [
    "cross",
    "diagonal",
    "matmul",
    "matrix_power",
    "matrix_transpose",
    "multi_dot",
    "outer",
    "tensordot",
    "trace",
    "vecdot",
]


def matrix_power(a: Any, n: int) -> Any:
    """``a @ a @ …``, n times, of square matrices (…, m, m); of the inverse for n < 0, the identity for 0.

    >>> matrix_power([[1.0, 1.0], [0.0, 1.0]], 3)
    array([[1., 3.],
           [0., 1.]])
    """
    a = arraylike(a)
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        refuse("matrix_power", a)
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError(f"matrix_power: expected an integer n; got {n!r}. Use eigh for other powers.") from None
    if n == 0:
        # A product over no axis is 0 whatever a holds, and has a gradient of 0.
        eye = namespace_of(a).eye(a.shape[-1], dtype=a.dtype)
        return arithmetic.add(_linalg.matmul(a[..., :, :0], a[..., :0, :]), eye)
    if n < 0:
        a, n = _linalg.inv(a), -n
    if n == 3:
        return _linalg.matmul(_linalg.matmul(a, a), a)
    power = result = None
    while n:
        power = a if power is None else _linalg.matmul(power, power)
        n, bit = divmod(n, 2)
        if bit:
            result = power if result is None else _linalg.matmul(result, power)
    return result


def multi_dot(arrays: Sequence[Any], *, out: Any = None) -> Any:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    Args:
        arrays: matrices; the first may be a vector, a row, and so may the last, a column.

    >>> multi_dot([[[1.0, 2.0]], [[1.0, 0.0], [0.0, 1.0]], [3.0, 4.0]])
    array([11.])
    """
    xs = [arraylike(x, like=tuple(arrays)) for x in arrays]
    if len(xs) < 2:
        raise ValueError(f"multi_dot: expected two arrays or more; got {len(xs)}. A single one is its own product.")
    if out is not None:
        return hand_over("linalg.multi_dot", (xs,), out=out)
    for i, x in enumerate(xs):
        ends = i in (0, len(xs) - 1)
        if len(x.shape) != 2 and not (ends and len(x.shape) == 1):
            raise LinAlgError(
                f"multi_dot: expected matrices, and vectors only at the ends; array {i} is {tuple(x.shape)}. "
                "Use matmul for stacks."
            )
    row, column = len(xs[0].shape) == 1, len(xs[-1].shape) == 1
    if row:
        xs[0] = xs[0][None, :]
    if column:
        xs[-1] = xs[-1][:, None]
    result = _chain(xs)
    if row and column:
        return result[0, 0]
    return result[0, :] if row else result[:, 0] if column else result


def _chain(xs: list[Any]) -> Any:
    """The product in the cheapest order, by dynamic programming (T. H. Cormen et al., "Introduction to Algorithms")."""
    sizes = [x.shape[0] for x in xs] + [xs[-1].shape[-1]]
    n = len(xs)
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    # Longer pieces after the shorter ones they are made of, without recursion.
    wanted = [(0, n - 1)]
    for i, j in wanted:
        if i < j:
            wanted += [(i, split[i, j]), (split[i, j] + 1, j)]
    made = {(i, i): x for i, x in enumerate(xs)}
    for i, j in reversed(wanted):
        if i < j:
            made[i, j] = _linalg.matmul(made[i, split[i, j]], made[split[i, j] + 1, j])
    return made[0, n - 1]


def outer(x1: Any, x2: Any, /) -> Any:
    """The matrix ``x1[i]·x2[j]`` of two vectors.

    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]])
    """
    x1, x2 = arraylike(x1, like=(x1, x2)), arraylike(x2, like=(x1, x2))
    arrays_only("outer", x1, x2)
    if len(x1.shape) != 1 or len(x2.shape) != 1:
        raise ValueError(
            f"outer: expected two vectors; got shapes {tuple(x1.shape)} and {tuple(x2.shape)}. "
            "numpy.outer flattens; for stacks use x1[..., :, None] * x2[..., None, :]."
        )
    return products.outer(x1, x2)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The vector product along an axis of size 3; the other axes broadcast.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    """
    x1, x2 = arraylike(x1, like=(x1, x2)), arraylike(x2, like=(x1, x2))
    for x in (x1, x2):
        if not x.shape or x.shape[axis] != 3:
            raise ValueError(
                f"cross: expected an axis of size 3; got shape {tuple(x.shape)} and axis={axis}. Choose another."
            )
    return products.cross(x1, x2, axis=axis)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """As ``numpy.tensordot``.

    >>> tensordot([1.0, 2.0], [3.0, 4.0], axes=1)
    array(11.)
    """
    return products.tensordot(x1, x2, axes)


# Parts ------------------------------------------------------------------------------------------------------


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals ``x[…, i, i + offset]`` of the matrices in the last two axes; a view.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    return diagonals.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of the matrices in the last two axes.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    np.float64(5.0)
    """
    return diagonals.trace(x, offset, -2, -1, dtype)

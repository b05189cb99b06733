"""Products of vectors, matrices and arrays of more axes. Imports ``ops``, ``common``, ``shaping``, ``subscripts``.

All are linear in each operand, so their derivatives are such products again. None conjugates its operands, but for
``vdot``, ``vecdot`` and ``vecmat``, which conjugate the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.numpy.common import (
    arraylike,
    backend_of,
    hand_over,
    has_tensor,
    normalize_axis,
    normalize_one,
    unsupported,
)
from autograd.numpy.subscripts import LETTERS, cheapest_pair, from_lists, one_contraction, parse
from autograd.ops import arithmetic, join, linalg, reduce
from autograd.ops import shape as _shape
from autograd.ops.einsum import contract

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]


def matmul(x1: Any, x2: Any, /, out: Any = None, **options: Any) -> Any:
    """The matrix product ``x1 @ x2``: ``Σ_k x1[…, i, k]·x2[…, k, j]``, leading axes broadcast.

    Args:
        x1, x2: of shapes (…, m, k) and (…, k, n); a vector stands for a row of x1, a column of x2.
        out, options: NumPy's keywords, for plain arrays only.

    Raises:
        ValueError: the summed axes differ in size, or an operand is a number.

    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    if out is not None or options:
        return hand_over("matmul", _arrays(x1, x2), out=out, **options)
    return linalg.matmul(*_arrays(x1, x2))


def _arrays(*xs: Any) -> list[Any]:
    """Every operand as an array or Tensor; numbers and lists become arrays of the backend of the others."""
    return [arraylike(x, like=xs) for x in xs]


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """The product over a's last axis and b's second-last (or only) one; a number multiplies.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    a, b = _arrays(a, b)
    if out is not None or not has_tensor(a, b):
        return hand_over("dot", (a, b), **({} if out is None else {"out": out}))
    if not a.shape or not b.shape:
        return arithmetic.multiply(a, b)
    if len(b.shape) == 1 or (len(b.shape) == 2 and len(a.shape) <= 2):
        return linalg.matmul(a, b)
    return tensordot(a, b, ((-1,), (-2,)))


def vdot(a: Any, b: Any) -> Any:
    """``Σ conj(a)·b`` over all elements of two arrays of as many.

    >>> vdot([1j, 2.0], [1j, 1.0])
    np.complex128(3+0j)
    """
    a, b = _arrays(a, b)
    if not has_tensor(a, b):
        return hand_over("vdot", (a, b))
    flat = [_shape.reshape(x, shape=(-1,)) for x in (a, b)]
    return linalg.matmul(linalg.plain_conj(flat[0]), flat[1])


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """``Σ conj(x1)·x2`` along one axis; the others broadcast.

    >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    x1, x2 = (_last(x, axis, "vecdot") for x in _arrays(x1, x2))
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(
            f"vecdot: expected one size along the axis; got {x1.shape[-1]} and {x2.shape[-1]}. Choose another axis."
        )
    return linalg.matmul(linalg.plain_conj(x1)[..., None, :], x2[..., :, None])[..., 0, 0]


def matvec(x1: Any, x2: Any, /) -> Any:
    """Matrices times vectors, ``Σ_k x1[…, i, k]·x2[…, k]``; leading axes broadcast.

    >>> matvec([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    x1, x2 = _arrays(x1, x2)
    return linalg.matmul(x1, x2[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Any:
    """Vectors, conjugated, times matrices: ``Σ_k conj(x1[…, k])·x2[…, k, j]``; leading axes broadcast.

    >>> vecmat([1.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
    array([4., 6.])
    """
    x1, x2 = _arrays(x1, x2)
    return linalg.matmul(linalg.plain_conj(x1)[..., None, :], x2)[..., 0, :]


def _last(x: Any, axis: int, name: str) -> Any:
    n = len(x.shape)
    if not n:
        raise ValueError(f"{name}: expected an axis or more; got a 0-d array. Use * for a product with a number.")
    i = normalize_one(axis, n)
    return x if i == n - 1 else _shape.transpose(x, axes=(*range(i), *range(i + 1, n), i))


def inner(a: Any, b: Any, /) -> Any:
    """``Σ_k a[…, k]·b[…, k]`` over both last axes, a's other axes first; a number multiplies.

    >>> inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    a, b = _arrays(a, b)
    if not has_tensor(a, b):
        return hand_over("inner", (a, b))
    if not a.shape or not b.shape:
        return arithmetic.multiply(a, b)
    return tensordot(a, b, ((-1,), (-1,)))


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """The matrix ``a[i]·b[j]`` of two vectors; arrays of more axes are flattened.

    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]])
    """
    a, b = _arrays(a, b)
    if out is not None:
        return hand_over("outer", (a, b), out=out)
    return arithmetic.multiply(_shape.reshape(a, shape=(-1, 1)), _shape.reshape(b, shape=(1, -1)))


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: ``a`` with each element times the whole of ``b`` in its place.

    >>> kron([1.0, 10.0], [1.0, 2.0])
    array([ 1.,  2., 10., 20.])
    """
    a, b = _arrays(a, b)
    n = max(len(a.shape), len(b.shape))
    over = (1,) * (n - len(a.shape)) + tuple(a.shape)
    under = (1,) * (n - len(b.shape)) + tuple(b.shape)
    spread = arithmetic.multiply(
        _shape.reshape(a, shape=tuple([size for i in over for size in (i, 1)])),
        _shape.reshape(b, shape=tuple([size for i in under for size in (1, i)])),
    )
    return _shape.reshape(spread, shape=tuple([i * j for i, j in zip(over, under)]))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The vector product over axes of size 3; a vector of 2 has a third element 0, and two such give that third alone.

    Args:
        axisa, axisb, axisc: where the vectors lie in a, in b and in the result.
        axis: all three at once.

    Raises:
        ValueError: an axis of another size.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _arrays(a, b)
    if not a.shape or not b.shape:
        raise ValueError(f"cross: expected an axis of size 3 in both; got shapes {a.shape} and {b.shape}.")
    a, b = _last(a, axisa, "cross"), _last(b, axisb, "cross")
    sizes = a.shape[-1], b.shape[-1]
    if not {*sizes} <= {2, 3}:
        raise ValueError(
            f"cross: expected vectors of 3 elements (or 2) along axisa and axisb; got {sizes[0]} and {sizes[1]}. "
            "Choose other axes."
        )
    if sizes == (2, 2):
        return arithmetic.subtract(arithmetic.multiply(a[..., 0], b[..., 1]), arithmetic.multiply(a[..., 1], b[..., 0]))
    out = linalg.cross(_three(a), _three(b))
    n = len(out.shape)
    place = normalize_one(axisc, n, "axisc")
    return out if place == n - 1 else _shape.transpose(out, axes=(*range(place), n - 1, *range(place, n - 1)))


def _three(x: Any) -> Any:
    return x if x.shape[-1] == 3 else join.concatenate(x, x[..., :1] * 0, axis=len(x.shape) - 1)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over the last ``axes`` axes of a and the first ones of b, or over two lists of axes.

    The result has a's other axes, then b's.

    Raises:
        ValueError: the axes paired differ in size or number.

    >>> tensordot([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    array(5.)
    """
    a, b = _arrays(a, b)
    if not has_tensor(a, b):
        return hand_over("tensordot", (a, b), axes=axes)
    m, n = len(a.shape), len(b.shape)
    if isinstance(axes, Sequence):
        one, two = axes
        first, second = normalize_axis(_listed(one), m, "axes"), normalize_axis(_listed(two), n, "axes")
    else:
        if not 0 <= axes <= min(m, n):
            raise ValueError(
                f"tensordot: expected axes from 0 to {min(m, n)}, which both operands have; got {axes} for "
                f"{tuple(a.shape)} and {tuple(b.shape)}."
            )
        first, second = tuple(range(m - axes, m)), tuple(range(axes))
    paired = [a.shape[i] for i in first], [b.shape[j] for j in second]
    if paired[0] != paired[1]:
        raise ValueError(
            f"tensordot: expected the summed axes to agree in size; got {paired[0]} of {tuple(a.shape)} "
            f"and {paired[1]} of {tuple(b.shape)}. Choose other axes."
        )
    left, right = list(LETTERS[:m]), list(LETTERS[m : m + n])
    for i, j in zip(first, second):
        right[j] = left[i]
    rows = [left[i] for i in range(m) if i not in first]
    columns = [right[j] for j in range(n) if j not in second]
    return contract(a, b, subscripts=f"{''.join(left)},{''.join(right)}->{''.join(rows + columns)}")


def _listed(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if isinstance(axes, Sequence) else (axes,)


def einsum(*operands: Any, out: Any = None, optimize: Any = False, **options: Any) -> Any:
    """Products summed over indices, in Einstein's notation: ``einsum("ij,jk->ik", a, b)``.

    Args:
        operands: the subscripts and the arrays, or arrays and lists of integers in turn:
            ``einsum(a, [0, 1], b, [1, 2], [0, 2])``. An index twice in one operand takes a diagonal; one missing behind
            the arrow is summed over; without an arrow, those that occur once are kept, in alphabetical order; ``...``
            stands for axes that broadcast.
        out, options: NumPy's other keywords, for plain arrays only.
        optimize: as NumPy has it. With Tensors, products are always formed two at a time as matrix products: in
            the order of a path that ``einsum_path`` gave, otherwise smallest results first.

    Raises:
        ValueError: malformed subscripts, or sizes that do not fit them.

    >>> a = [[1.0, 2.0], [3.0, 4.0]]
    >>> einsum("ij,j->i", a, [1.0, 1.0]), einsum("ii", a)
    (array([3., 7.]), np.float64(5.0))
    """
    if not operands:
        raise ValueError("einsum: expected subscripts and arrays; got nothing. Write e.g. einsum('ij,jk->ik', a, b).")
    if isinstance(operands[0], str):
        subscripts, xs = operands[0], list(operands[1:])
    else:
        subscripts, xs = from_lists(operands)
    xs = _arrays(*xs)
    shapes = tuple([tuple(x.shape) for x in xs])
    terms, result, sizes = parse(subscripts, shapes)
    if not has_tensor(*xs):
        if out is not None:
            options["out"] = out
        return backend_of(*xs).xp.einsum(subscripts, *xs, optimize=optimize, **options)
    if out is not None or options:
        raise unsupported("einsum", *(["out"] if out is not None else []), *options)
    simple = one_contraction(subscripts, shapes)
    if simple is not None:
        return contract(*xs, subscripts=simple)
    pairs = [_simplify(x, term, sizes) for x, term in zip(xs, terms)]
    path_given = isinstance(optimize, Sequence) and not isinstance(optimize, str)
    path = [tuple(step) for step in optimize if not isinstance(step, str)] if path_given else []
    while len(pairs) > 1:
        step = path.pop(0) if path else (0, 1)
        if len(pairs) > 2 and not path_given:
            step = cheapest_pair([term for _, term in pairs], result, sizes)
        chosen = sorted(step, reverse=True)
        x, term = pairs.pop(chosen[0])
        for i in chosen[1:]:
            y, other = pairs.pop(i)
            x, term = _multiply(y, other, x, term, "".join([result, *[t for _, t in pairs]]), result)
        pairs.append((x, term))
    x, term = _sum_out(*pairs[0], result)
    turn = tuple(term.index(i) for i in result)
    return x if turn == tuple(range(len(turn))) else _shape.transpose(x, axes=turn)


def _simplify(x: Any, term: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """Without axes of size 1 that broadcast, and with one axis for an index that occurs several times."""
    kept = [i for i, (index, size) in enumerate(zip(term, x.shape)) if size == sizes[index]]
    if len(kept) < len(term):
        x = _shape.reshape(x, shape=tuple([x.shape[i] for i in kept]))
        term = "".join([term[i] for i in kept])
    for index in dict.fromkeys(term):
        while term.count(index) > 1:
            i = term.index(index)
            j = term.index(index, i + 1)
            x = _shape.diagonal(x, offset=0, axis1=i, axis2=j)
            term = term[:i] + term[i + 1 : j] + term[j + 1 :] + index
    return x, term


def _sum_out(x: Any, term: str, needed: str) -> tuple[Any, str]:
    alone = tuple(i for i, index in enumerate(term) if index not in needed)
    if alone:
        x = reduce.sum(x, axis=alone, keepdims=False)
        term = "".join([index for index in term if index in needed])
    return x, term


def _multiply(a: Any, left: str, b: Any, right: str, rest: str, result: str) -> tuple[Any, str]:
    """The product of two operands, summed over the indices that are in neither ``rest``."""
    a, left = _sum_out(a, left, right + rest)
    b, right = _sum_out(b, right, left + rest)
    made = [i for i in dict.fromkeys(left + right) if i in rest]
    if set(made) == set(result):  # the last product lies as the result does
        made = list(result)
    term = "".join(made)
    return contract(a, b, subscripts=f"{left},{right}->{term}"), term

"""Sums of products over chosen axes: tensordot and einsum. Imports ``ops``, ``common`` and ``subscripts``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.numpy.common import arraylike, arrays_only, backend_of, hand_over, has_tensor, normalize_axis, unsupported
from autograd.numpy.subscripts import LETTERS, cheapest_pair, from_lists, one_contraction, parse
from autograd.ops import reduce
from autograd.ops import shape as _shape
from autograd.ops.einsum import contract
from autograd.ops.scan import accumulator

__all__ = ["einsum", "tensordot"]


def arrays(*xs: Any) -> list[Any]:
    """Every operand as an array or Tensor; numbers and lists become arrays of the backend of the others."""
    return [arraylike(x, like=xs) for x in xs]


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over the last ``axes`` axes of a and the first ones of b, or over two lists of axes.

    The result has a's other axes, then b's.

    Raises:
        ValueError: the axes paired differ in size or number.

    >>> tensordot([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    array(5.)
    """
    a, b = arrays(a, b)
    arrays_only("tensordot", a, b)
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
                f"{tuple(a.shape)} and {tuple(b.shape)}. "
                "Choose fewer."
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
    xs = arrays(*xs)
    shapes = tuple([tuple(x.shape) for x in xs])
    terms, result, sizes = parse(subscripts, shapes)
    # NumPy's own sums floats of 16 bits in 16 bits: those take the way of Tensors, as matmul does.
    narrow = out is None and not options and all([accumulator(x.dtype) is not None for x in xs])
    if not has_tensor(*xs) and not narrow:
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

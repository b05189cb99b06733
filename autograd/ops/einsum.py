"""Contraction of two arrays over named axes, for einsum and tensordot. Imports ``primitive``, ``ops.linalg``."""

from __future__ import annotations

import functools
import math
from typing import Any

from autograd.ops.linalg import matmul
from autograd.primitive import primitive

Order = tuple[int, ...]


@functools.cache
def _layout(subscripts: str) -> tuple[Order, Order, int, int, int, int, Order | None]:
    """The axes for a matrix product: both operands' order; how many are shared, a's, summed, b's; the result's."""
    inputs, out = subscripts.split("->")
    a, b = inputs.split(",")
    shared = [i for i in a if i in b and i in out]
    summed = [i for i in a if i in b and i not in out]
    rows = [i for i in a if i not in b]
    columns = [i for i in b if i not in a]
    made = shared + rows + columns
    turn = tuple(made.index(i) for i in out)
    return (
        tuple(a.index(i) for i in shared + rows + summed),
        tuple(b.index(i) for i in shared + summed + columns),
        len(shared),
        len(rows),
        len(summed),
        len(columns),
        None if turn == tuple(range(len(turn))) else turn,
    )


@primitive(multilinear="a b")
def contract(xp: Any, a: Any, b: Any, /, *, subscripts: str) -> Any:
    """``einsum("ij,jk->ik", a, b)``, where every index has one size and is in two of the three arrays or more, once."""
    order_a, order_b, shared, rows, summed, columns, turn = _layout(subscripts)
    a, b = a.transpose(order_a), b.transpose(order_b)
    batch = a.shape[:shared]
    left, right = a.shape[shared : shared + rows], b.shape[len(b.shape) - columns :]
    if summed:
        inner = math.prod(b.shape[shared : shared + summed])
        a = a.reshape((*batch, math.prod(left), inner))
        b = b.reshape((*batch, inner, math.prod(right)))
        out = matmul(a, b)
    else:
        out = a.reshape((*batch, *left, *(1,) * columns)) * b.reshape((*batch, *(1,) * rows, *right))
    shape = (*batch, *left, *right)
    if out.shape != shape:
        out = out.reshape(shape)
    return out if turn is None else out.transpose(turn)


@functools.cache
def _subscripts_of_a(subscripts: str) -> str:
    inputs, out = subscripts.split("->")
    a, b = inputs.split(",")
    return f"{out},{b}->{a}"


@functools.cache
def _subscripts_of_b(subscripts: str) -> str:
    inputs, out = subscripts.split("->")
    a, b = inputs.split(",")
    return f"{a},{out}->{b}"


contract.vjp(
    a=lambda g, b, subscripts: contract(g, b, subscripts=_subscripts_of_a(subscripts)),
    b=lambda g, a, subscripts: contract(a, g, subscripts=_subscripts_of_b(subscripts)),
)

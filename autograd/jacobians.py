"""Jacobians and Hessians: one recorded evaluation, a sweep per output or per input element. Imports ``transform``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import backends
from autograd.backward import is_tensor
from autograd.inner import Inner, zeros_like
from autograd.ops import join, shape
from autograd.transform import Argnum, Function, Transform
from autograd.trees import unflatten

__all__ = ["hessian", "jacobian"]


class Jacobian(Transform):
    """See ``jacobian``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inner = self.inner(args, kwargs, full=True)
        blocks = _forward_blocks(inner) if _is_forward_better(inner) else _reverse_blocks(inner)
        number = any(inner.numbers)
        rows = []
        for row in blocks:
            row = [inner.give(block, number) for block in row]
            arranged = []
            for structure, count in zip(inner.structures, inner.counts):
                arranged.append(unflatten(structure, row[:count]))
                row = row[count:]
            rows.append(self.arranged(arranged))
        out = unflatten(inner.structure, rows)
        return (out, inner.auxiliary()) if self.has_aux else out


def jacobian(fun: Function, argnum: Argnum = 0, *, argnums: Argnum | None = None, has_aux: bool = False) -> Function:
    """The Jacobian ∂f/∂x of any function, in the shape ``f(x).shape + x.shape``.

    The function is recorded once; then its graph is swept once per element of the result, backwards, or per element
    of the arguments, forwards, whichever are fewer. For complex results of complex arguments the function is taken
    to be holomorphic.

    Args:
        fun: any function of arrays.
        argnum: which positional argument, or a tuple of several (the result is then a tuple); or ``argnums``.
        has_aux: ``fun`` returns ``(result, aux)``; give ``(jacobian, aux)``.

    Returns:
        A function of the same arguments. Where results and arguments are nested, the Jacobian is nested as the
        result is, and inside as the argument is.

    >>> import autograd.numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return Jacobian(fun, argnum if argnums is None else argnums, has_aux)


def hessian(fun: Function, argnum: Argnum = 0) -> Function:
    """The second derivative ∂²f/∂x², in the shape ``f(x).shape + x.shape + x.shape``: the Jacobian of the Jacobian.

    >>> import autograd.numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(jacobian(fun, argnum), argnum)


def _is_forward_better(inner: Inner) -> bool:
    """Whether sweeps from the arguments are fewer, and as right."""
    complex_in = any([_is_complex(x) for x in inner.variables])
    complex_out = any([_is_complex(x) for x in inner.leaves])
    if complex_in != complex_out:
        # A row of a real argument loses the imaginary part; a column of a complex one, half of the derivative.
        return complex_out
    return sum([x.size for x in inner.variables]) < sum([_size(x) for x in inner.leaves])


def _is_complex(x: Any) -> bool:
    return getattr(getattr(x, "dtype", None), "kind", "") == "c"


def _size(x: Any) -> int:
    return getattr(x, "size", 1)


def _reverse_blocks(inner: Inner) -> list[list[Any]]:
    """One row of blocks per result, one block per variable: row by row of the Jacobian."""
    rows = []
    for leaf in inner.leaves:
        places = [k for k, root in enumerate(inner.roots) if root is leaf]
        if not places:
            rows.append([_constant(leaf, x) for x in inner.variables])
            continue
        pulled = []
        for e in _basis(leaf):
            cotangents = [e if k == places[0] else zeros_like(root) for k, root in enumerate(inner.roots)]
            pulled.append(inner.pull(cotangents, retain=True))
        rows.append(
            [
                _stacked(column, leaf, _shape(leaf) + x.shape, x)
                for column, x in zip(_by_variable(pulled, inner), inner.variables)
            ]
        )
    return rows


def _by_variable(pulled: list[list[Any]], inner: Inner) -> list[list[Any]]:
    return [[row[i] for row in pulled] for i in range(len(inner.variables))]


def _forward_blocks(inner: Inner) -> list[list[Any]]:
    """The same, column by column."""
    rows: list[list[Any]] = [[] for _ in inner.leaves]
    for i, x in enumerate(inner.variables):
        pushed = [inner.push([e if k == i else None for k in range(len(inner.variables))]) for e in _basis(x)]
        for row, leaf, columns in zip(rows, inner.leaves, zip(*pushed) if pushed else ([] for _ in inner.leaves)):
            size = _shape(leaf)
            block = _stacked(list(columns), leaf, x.shape + size, leaf)
            n = len(x.shape)
            axes = (*range(n, n + len(size)), *range(n))
            row.append(shape.transpose(block, axes=axes) if size and n else block)
    return rows


def _shape(x: Any) -> tuple[int, ...]:
    return tuple(getattr(x, "shape", ()))


def _basis(x: Any) -> Any:
    """Each unit array of a Tensor's shape, fresh, in C order."""
    for i in range(x.size):
        if not backends.of(x._data).owns_memory:
            yield backends.of(x._data).one(x._data)
            continue
        e = backends.of(x._data).writable(zeros_like(x))
        e.reshape(-1)[i] = 1
        yield e


def _stacked(parts: Sequence[Any], leaf: Any, size: tuple[int, ...], like: Any) -> Any:
    """Equal arrays as one of shape ``size``; Tensors where one of them is."""
    if not parts:
        data = like._data if is_tensor(like) else like
        return backends.of(data).xp.zeros(size, dtype=getattr(data, "dtype", None))
    if any([part.__class__ is float or (is_tensor(part) and part._data.__class__ is float) for part in parts]):
        return parts[0]
    flat = [shape.reshape(part, shape=(1, math.prod(_shape(part)))) for part in parts]
    return shape.reshape(join.concatenate(*flat, axis=0), shape=size)


def _constant(leaf: Any, x: Any) -> Any:
    """The block of a result that does not depend on the argument."""
    data = x._data
    if not backends.of(data).owns_memory:
        return 0.0
    return backends.of(data).xp.zeros(_shape(leaf) + x.shape, dtype=data.dtype)

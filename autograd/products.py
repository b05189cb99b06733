"""Products with Jacobians and Hessians: ``vjp``, ``jvp``, ``hvp``. Imports ``transform``, ``inner``, ``forward``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import backends
from autograd.backward import is_tensor
from autograd.forward import fit_tangent
from autograd.inner import Inner
from autograd.transform import Argnum, Function, Transform, scalar_root
from autograd.trees import Structure, describe, flatten, unflatten

__all__ = ["hessian_vector_product", "hvp", "jvp", "vjp"]


class Pullback:
    """What ``vjp`` returns beside the result: cotangents of the outputs to cotangents of the inputs, repeatedly."""

    def __init__(self, inner: Inner, arranged: Callable[[list[Any]], Any] = tuple) -> None:
        self._inner = inner
        self._arranged = arranged

    def __call__(self, cotangent: Any) -> Any:
        inner = self._inner
        given = same_structure(inner.caller, "cotangent", cotangent, inner.structure)
        given = match(inner.caller, "cotangent", given, inner.leaves)
        roots = {id(root) for root in inner.roots}
        chosen = [g for g, leaf in zip(given, inner.leaves) if id(leaf) in roots]
        return self._arranged(inner.gradient(inner.pull(chosen, retain=True)))


def same_structure(caller: str, what: str, tree: Any, structure: Structure) -> list[Any]:
    """The leaves of ``tree``, which must have this structure.

    Raises:
        TypeError: it has another.
    """
    leaves, came = flatten(tree)
    if came != structure:
        raise TypeError(
            f"{caller}: expected a {what} of structure {describe(structure)}; got {describe(came)}. "
            "Nest lists, tuples and dicts in the same way."
        )
    return leaves


def match(caller: str, what: str, leaves: Sequence[Any], like: Sequence[Any]) -> list[Any]:
    """Cotangents or tangents cast to the dtypes of the arrays in ``like``.

    Raises:
        TypeError: one is complex, and its array real.
        ValueError: one has another shape than its array.
    """
    out = []
    for leaf, x in zip(leaves, like):
        data = x._data if is_tensor(x) else x
        backend = backends.of(data)
        dtype = getattr(data, "dtype", float)
        came = getattr(leaf, "dtype", leaf.__class__)
        if getattr(dtype, "kind", "f") != "c" and getattr(came, "kind", "c" if came is complex else "f") == "c":
            came = "complex" if came is complex else came
            raise TypeError(f"{caller}: expected a real {what} for a real array; got {came}. Take its .real first.")
        if not is_tensor(leaf):
            leaf = backend.asarray(leaf, dtype=dtype)
        shape, wanted = tuple(getattr(leaf, "shape", ())), tuple(getattr(data, "shape", ()))
        if shape != wanted:
            raise ValueError(
                f"{caller}: expected a {what} of shape {wanted}; got {shape}. Broadcast or reshape it first."
            )
        out.append(fit_tangent(leaf, wanted, dtype, data) if is_tensor(leaf) else leaf)
    return out


def vjp(fun: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """``f(*primals)`` and its pullback: the function g ↦ Jᵀg from cotangents of the result to those of the primals.

    The function is evaluated once; the pullback may be called any number of times.

    Args:
        fun: any function of arrays; with ``has_aux`` it returns ``(result, aux)``.
        primals: its arguments, each differentiated.

    Returns:
        ``(result, pullback)``, with ``has_aux`` ``(result, pullback, aux)``. ``pullback(g)`` takes a cotangent of
        the result's structure and gives a tuple with one cotangent per primal.

    Raises:
        TypeError, ValueError: a cotangent of another structure or shape.

    >>> import autograd.numpy as np
    >>> out, pullback = vjp(lambda a, b: a * b, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 40.]), array([ 1., 20.]))
    """
    inner = Inner("vjp", fun, primals, {}, range(len(primals)), has_aux)
    out = inner.result()
    return (out, Pullback(inner), inner.auxiliary()) if has_aux else (out, Pullback(inner))


def jvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> tuple[Any, ...]:
    """``f(*primals)`` and the derivative J·v of the result along the tangents, in one forward sweep.

    Args:
        fun: any function of arrays; with ``has_aux`` it returns ``(result, aux)``.
        primals: a tuple or list of its arguments.
        tangents: one per primal, of the same structure and shapes; cast to the primals' dtypes.

    Returns:
        ``(result, tangent)``, with ``has_aux`` ``(result, tangent, aux)``.

    Raises:
        TypeError, ValueError: primals and tangents differ in structure or shape.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (np.float64(6.0), np.float64(23.0))
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            f"jvp: expected a tuple of primals and one of tangents; got {type(primals).__name__} and "
            f"{type(tangents).__name__}. Write jvp(f, (x,), (v,))."
        )
    structure = flatten(list(primals))[1]
    given = same_structure("jvp", "tangent", list(tangents), structure)
    inner = Inner("jvp", fun, primals, {}, range(len(primals)), has_aux, full=True)
    inner.tensors = inner.tensors or any([is_tensor(t) for t in given])
    pushed = inner.push(match("jvp", "tangent", given, inner.variables))
    number = any(inner.numbers)
    tangent = unflatten(inner.structure, [inner.give(t, number) for t in pushed])
    out = inner.result()
    return (out, tangent, inner.auxiliary()) if has_aux else (out, tangent)


class Hvp(Transform):
    """See ``hvp``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not args:
            raise TypeError(
                f"{self.name}: expected the function's arguments and, after them, a vector; got nothing. "
                "Write hvp(f)(x, v)."
            )
        vector, args = args[-1], args[:-1]
        inner = self.inner(args, kwargs)
        gradient = inner.pull_recorded(scalar_root(inner))
        chosen = self.argnums(args)
        tree = [vector] if isinstance(self.argnum, int) else list(vector)
        structure = flatten([args[i] for i in chosen])[1]
        vectors = same_structure(self.name, "vector", tree, structure)
        cotangents = match(self.name, "vector", vectors, inner.variables)
        return self.arranged(inner.gradient(inner.pull_from(gradient, cotangents)))


def hvp(fun: Function, argnum: Argnum = 0) -> Function:
    """The product H·v of the Hessian of a function with one real result and a vector, as a function ``(*args, v)``.

    The gradient is recorded and swept back with v (H is symmetric): about four evaluations of the function, and no
    matrix.

    Args:
        fun: returns one real number.
        argnum: the argument differentiated, or a tuple of several; v then is a tuple.

    >>> import autograd.numpy as np
    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return Hvp(fun, argnum)


hessian_vector_product = hvp

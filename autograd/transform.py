"""Transforms: ``grad``, ``value_and_grad``, ``elementwise_grad``, ``vjp``, ``jvp``, ``hvp``, ``gradients``.

Imports ``inner``.

Arguments and results may be nested lists, tuples and dicts. Plain arrays in, plain arrays out; Tensors in, Tensors
out. Transformed functions can be transformed again, pickled where the function can, and called from several threads.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Sequence
from sys import getrefcount
from typing import Any

import backends
from autograd.backward import cotangent_for, is_tensor, propagate
from autograd.forward import fit_tangent
from autograd.graph import GraphError
from autograd.inner import Inner, own
from autograd.plan import RUNTIME
from autograd.trees import Structure, describe, flatten, unflatten

__all__ = [
    "elementwise_grad",
    "grad",
    "gradients",
    "hessian_vector_product",
    "hvp",
    "jvp",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]

Function = Callable[..., Any]
Argnum = int | Sequence[int]


class Transform:
    """A transformed function: wears the function's name and documentation, and can be pickled where it can."""

    def __init__(self, fun: Function, argnum: Argnum = 0, has_aux: bool = False) -> None:
        if not callable(fun):
            raise TypeError(
                f"{self.name}: expected a function; got {type(fun).__name__}. Pass the function itself, and its "
                f"arguments to what {self.name} returns: {self.name}(f)(x)."
            )
        if not isinstance(argnum, int) and not (
            isinstance(argnum, (tuple, list)) and all([isinstance(i, int) for i in argnum])
        ):
            raise TypeError(
                f"{self.name}: expected argnum to be an integer or a tuple of them; got {argnum!r}. "
                f"Arguments follow the function's result: {self.name}(f)(x)."
            )
        self.fun = fun
        self.argnum = argnum
        self.has_aux = has_aux
        functools.update_wrapper(self, fun, updated=())
        self.__name__ = f"{self.name}_of_{getattr(fun, '__name__', type(fun).__name__)}"

    @property
    def name(self) -> str:
        """What the transform is called in errors."""
        return type(self).__name__.lower()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        # A decorated function is found under its own name; anything else is made again from its parts.
        module, name = getattr(self, "__module__", None), getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(module) if module else None
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (type(self), self._parts())

    def _parts(self) -> tuple[Any, ...]:
        """What the constructor takes to make this again."""
        return self.fun, self.argnum, self.has_aux

    def __repr__(self) -> str:
        return f"<{self.name} of {self.fun!r}>"

    def argnums(self, args: Sequence[Any]) -> list[int]:
        """The positions differentiated, non-negative.

        Raises:
            TypeError: there are fewer arguments.
        """
        chosen = [self.argnum] if isinstance(self.argnum, int) else list(self.argnum)
        for i in chosen:
            if not -len(args) <= i < len(args):
                raise TypeError(
                    f"{self.name}: expected at least {i + 1 if i >= 0 else -i} positional arguments, to differentiate "
                    f"number {i}; got {len(args)}. Pass that argument by position, or choose another argnum."
                )
        return [i % len(args) for i in chosen]

    def inner(self, args: Sequence[Any], kwargs: dict[str, Any], full: bool = False) -> Inner:
        """The function recorded over fresh variables in place of the chosen arguments."""
        return Inner(self.name, self.fun, args, kwargs, self.argnums(args), self.has_aux, full)

    def arranged(self, values: list[Any]) -> Any:
        """One value per chosen argument: alone for one argnum, a tuple for several."""
        return values[0] if isinstance(self.argnum, int) else tuple(values)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def scalar_root(inner: Inner) -> list[Any]:
    """The cotangent 1 of a function's single real number, as ``Inner.pull`` takes it; empty where it is constant.

    Raises:
        TypeError: the function returned anything else.
    """
    (leaf,) = inner.leaves if len(inner.leaves) == 1 and inner.structure == (None,) else (None,)
    size = getattr(leaf, "size", 1)
    complex_ = getattr(getattr(leaf, "dtype", None), "kind", "") == "c" or leaf.__class__ is complex
    if leaf is None or size != 1 or complex_:
        if leaf is None:
            came = f"a nest of {len(inner.leaves)} values" if inner.leaves else "nothing"
        elif complex_:
            came = "a complex one"
        else:
            came = f"shape {tuple(leaf.shape)}"
        raise TypeError(
            f"{inner.caller}: expected a function that returns one real number; got {came}. "
            "Reduce the result first, e.g. with .sum() or abs(), or use jacobian or elementwise_grad; "
            "return further values with has_aux=True."
        )
    return [backends.of(leaf._data).one(leaf._data)] if inner.roots else []


class Grad(Transform):
    """See ``grad``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inner = self.inner(args, kwargs)
        out = self.arranged(inner.gradient(inner.pull(scalar_root(inner))))
        return (out, inner.auxiliary()) if self.has_aux else out


def grad(fun: Function, argnum: Argnum = 0, *, argnums: Argnum | None = None, has_aux: bool = False) -> Function:
    """The gradient ∂f/∂x of a function with one real result, as a function of the same arguments.

    For complex x it is ∂f/∂Re x − i·∂f/∂Im x (HIPS autograd's and JAX's convention, not conjugated).

    Args:
        fun: returns one real number (an array of one element); with ``has_aux``, a pair of it and anything else.
        argnum: which positional argument, or a tuple of several; ``argnums`` is the same under JAX's name.
        has_aux: give ``(gradient, aux)``.

    Returns:
        A function that gives the gradient in the argument's shape, structure and dtype: NumPy arrays for NumPy
        arrays, NumPy floats for Python floats, Tensors for Tensors; zeros where the result does not depend on it.
        With a tuple of argnums, a tuple.

    Raises:
        TypeError: the result is not one real number, or the argument is an integer.

    >>> import autograd.numpy as np
    >>> grad(lambda x: x**3)(2.0)
    np.float64(12.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    >>> grad(lambda p, x: ((p["w"] * x) ** 2).sum())({"w": 3.0}, np.array([1.0, 2.0]))
    {'w': np.float64(30.0)}
    """
    return Grad(fun, argnum if argnums is None else argnums, has_aux)


class ValueAndGrad(Transform):
    """See ``value_and_grad``."""

    name = "value_and_grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inner = self.inner(args, kwargs)
        out = self.arranged(inner.gradient(inner.pull(scalar_root(inner))))
        value = inner.result()
        return ((value, inner.auxiliary()) if self.has_aux else value), out


def value_and_grad(
    fun: Function, argnum: Argnum = 0, *, argnums: Argnum | None = None, has_aux: bool = False
) -> Function:
    """The value and the gradient together: ``(f(x), ∂f/∂x)``; with ``has_aux`` ``((f(x), aux), ∂f/∂x)``. See ``grad``.

    >>> value_and_grad(lambda x: x**2)(3.0)
    (np.float64(9.0), np.float64(6.0))
    """
    return ValueAndGrad(fun, argnum if argnums is None else argnums, has_aux)


class ElementwiseGrad(Transform):
    """See ``elementwise_grad``."""

    name = "elementwise_grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inner = self.inner(args, kwargs)
        for root in inner.roots:
            if getattr(root.dtype, "kind", "f") == "c":
                raise TypeError(
                    "elementwise_grad: expected real results; got a complex one. Take its real or imaginary part first."
                )
        out = self.arranged(inner.gradient(inner.pull([ones_like(root) for root in inner.roots])))
        return (out, inner.auxiliary()) if self.has_aux else out


def elementwise_grad(
    fun: Function, argnum: Argnum = 0, *, argnums: Argnum | None = None, has_aux: bool = False
) -> Function:
    """The derivative of an element-wise function at every element: the gradient of the result's sum.

    >>> import autograd.numpy as np
    >>> elementwise_grad(lambda x: x**2)(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return ElementwiseGrad(fun, argnum if argnums is None else argnums, has_aux)


def ones_like(x: Any) -> Any:
    """Raw ones in the shape, dtype and place of a Tensor."""
    return backends.of(x._data).xp.ones_like(x._data)


# Products with the Jacobian ------------------------------------------------------------------------------------


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
            raise TypeError(f"{self.name}: expected the function's arguments and, after them, a vector; got nothing.")
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


# Tensors to Tensors --------------------------------------------------------------------------------------------


def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """The gradients of recorded Tensors with respect to others, without touching any ``.grad``.

    Σₖ (∂outputs[k]/∂inputs[i])ᵀ·grad_outputs[k] for every i, as PyTorch's ``autograd.grad`` gives them.

    Args:
        outputs: a Tensor or a sequence of them.
        inputs: a Tensor or a sequence of them, leaves or intermediate results.
        grad_outputs: one cotangent per output, of its shape; None (for all or one) is 1 for a single element.
        retain_graph: keep what the graph saved (default: as ``create_graph``).
        create_graph: record the pass, so that the gradients can be differentiated.
        allow_unused: give None for an input that no output depends on.

    Returns:
        One Tensor per input, always as a tuple.

    Raises:
        GraphError: something was not recorded, was freed, or an input is unused.

    >>> from autograd import tensor
    >>> x = tensor(3.0, requires_grad=True)
    >>> (slope,) = gradients(x**2, x, create_graph=True)
    >>> gradients(slope, x)
    (Tensor(2., dtype=float64),)
    """
    outputs = [outputs] if is_tensor(outputs) else list(outputs)
    inputs = [inputs] if is_tensor(inputs) else list(inputs)
    if grad_outputs is None:
        grad_outputs = [None] * len(outputs)
    elif is_tensor(grad_outputs) or not isinstance(grad_outputs, (list, tuple)):
        grad_outputs = [grad_outputs]
    if len(grad_outputs) != len(outputs):
        raise ValueError(
            f"gradients: expected one grad_output per output, {len(outputs)}; got {len(grad_outputs)}. "
            "Pass None for those that are single elements."
        )
    for name, xs in (("outputs", outputs), ("inputs", inputs)):
        for i, x in enumerate(xs):
            if not is_tensor(x):
                raise TypeError(
                    f"gradients: expected {name} to be Tensors; {name}[{i}] is {type(x).__name__}. "
                    "For functions of arrays use grad or vjp."
                )
    for i, x in enumerate(inputs):
        if x._edge is None:
            raise GraphError(
                f"gradients: expected inputs that require a gradient; inputs[{i}] does not. "
                "Call x.requires_grad_() before computing the outputs."
            )
    cotangents = [cotangent_for(out, g, "gradients") for out, g in zip(outputs, grad_outputs)]
    edges = [x._edge for x in inputs]
    retain = create_graph if retain_graph is None else retain_graph or create_graph
    found = propagate(outputs, cotangents, inputs=list(dict.fromkeys(edges)), retain=retain, record=create_graph)
    del cotangents, grad_outputs
    given: dict[Any, Any] = {}
    while found:
        edge, g = found.popitem()
        if not is_tensor(g):
            references = getrefcount(g)
            g = RUNTIME["Tensor"]._wrap(own(g, references))
        given[edge] = g
    missing = [i for i, edge in enumerate(edges) if edge not in given]
    if missing and not allow_unused:
        raise GraphError(
            f"gradients: expected every input to be used; no output depends on inputs[{missing[0]}]. "
            "Leave it out, or pass allow_unused=True to get None for it."
        )
    return tuple([given.get(edge) for edge in edges])


def stop_gradient(x: Any) -> Any:
    """``x`` as a constant: Tensors (also in lists, tuples and dicts) without their history, the rest as it is.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    leaves, structure = flatten(x)
    return unflatten(structure, [leaf.detach() if is_tensor(leaf) else leaf for leaf in leaves])

"""Transforms of functions: ``grad``, ``value_and_grad``, ``elementwise_grad``, and what they share. Imports ``inner``.

Arguments and results may be nested lists, tuples and dicts. Plain arrays in, plain arrays out; Tensors in, Tensors
out. Transformed functions can be transformed again, pickled where the function can, and called from several threads.
"""

from __future__ import annotations

import functools
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import backends
from autograd.inner import Inner

__all__ = ["elementwise_grad", "grad", "value_and_grad"]

Function = Callable[..., Any]
Argnum = int | Sequence[int]


class Transform:
    """A transformed function: wears the function's name and documentation, and can be pickled where it can."""

    # What is itself a derivative may be constant without a mistake: that of a linear function is.
    derives = True

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
        inner = Inner(self.name, self.fun, args, kwargs, self.argnums(args), self.has_aux, full)
        if inner.leaves and inner.variables and not inner.roots and not getattr(self.fun, "derives", False):
            _warn_independent(self.name)
        return inner

    def arranged(self, values: list[Any]) -> Any:
        """One value per chosen argument: alone for one argnum, a tuple for several."""
        return values[0] if isinstance(self.argnum, int) else tuple(values)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


def _warn_independent(caller: str) -> None:
    """Say, at the line that called the transformed function, that the derivative is 0 throughout: often a mistake.

    The first words are HIPS autograd's, so that a filter written for those fits. Python shows it once per line.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "autograd":
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"Output seems independent of input. {caller} gives zeros. Compute the result from the argument with "
        "autograd.numpy's functions and operators, or ignore this where 0 is meant.",
        stacklevel=level,
    )


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
        arrays, NumPy floats for Python floats, Tensors for Tensors; zeros, with a warning, where the result does not
        depend on it.
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

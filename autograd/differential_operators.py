"""HIPS autograd's further transforms by its names: ``make_vjp``, ``deriv``, ``multigrad_dict``. Imports ``products``.

Those that JAX or PyTorch have under other names are ``vjp``, ``jvp``, ``hvp`` and ``jacobian``; here they are curried,
as programs written for HIPS autograd call them: the operator takes the function, what it gives takes the arguments.
"""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import autograd.numpy as np
from autograd.checkpoint import checkpoint
from autograd.jacobians import hessian, jacobian
from autograd.products import Pullback, hessian_vector_product, jvp
from autograd.transform import Argnum, Function, Transform, elementwise_grad, grad, value_and_grad
from autograd.trees import flatten, unflatten

__all__ = [
    "checkpoint",
    "deriv",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "jacobian",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "multigrad_dict",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
]


class MakeVjp(Transform):
    """See ``make_vjp``."""

    name = "make_vjp"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inner = self.inner(args, kwargs)
        return Pullback(inner, self.arranged), inner.result()


def make_vjp(fun: Function, argnum: Argnum = 0) -> Function:
    """``make_vjp(f)(*args)`` is ``(pullback, f(*args))``; ``pullback(g)`` is Jᵀg for the argument ``argnum``.

    ``vjp(f, *args)`` is the same the other way round, for all arguments.

    >>> pullback, out = make_vjp(lambda x: x * x)(np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))
    array([ 2., 40.])
    """
    return MakeVjp(fun, argnum)


class MakeJvp(Transform):
    """See ``make_jvp``."""

    name = "make_jvp"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        chosen = self.argnums(args)

        def of_chosen(*values: Any) -> Any:
            full = list(args)
            for i, value in zip(chosen, values):
                full[i] = value
            return self.fun(*full, **kwargs)

        def push(v: Any) -> Any:
            return jvp(of_chosen, [args[i] for i in chosen], [v] if isinstance(self.argnum, int) else list(v))

        return push


def make_jvp(fun: Function, argnum: Argnum = 0) -> Function:
    """``make_jvp(f)(*args)`` is the function v ↦ ``(f(*args), J·v)``.

    >>> make_jvp(lambda x: x * x)(np.array([1.0, 2.0]))(np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    """
    return MakeJvp(fun, argnum)


class MakeHvp(Transform):
    """See ``make_hvp``."""

    name = "make_hvp"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return make_vjp(grad(self.fun, self.argnum), self.argnum)(*args, **kwargs)


def make_hvp(fun: Function, argnum: Argnum = 0) -> Function:
    """``make_hvp(f)(*args)`` is ``(v ↦ H·v, gradient)``: the gradient is recorded once, for any number of products.

    >>> product, gradient = make_hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    >>> product(np.array([1.0, 1.0])), gradient
    (array([ 6., 12.]), array([ 3., 12.]))
    """
    return MakeHvp(fun, argnum)


def _half_square(x: Any) -> Any:
    return np.sum(x**2, axis=-1) / 2


class MakeGgnvp(Transform):
    """See ``make_ggnvp``."""

    name = "make_ggnvp"

    def __init__(self, fun: Function, g: Function = _half_square, argnum: int = 0) -> None:
        super().__init__(fun, argnum)
        self.g = g

    def _parts(self) -> tuple[Any, ...]:
        return self.fun, self.g, self.argnum

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        push = make_jvp(self.fun, self.argnum)(*args, **kwargs)
        pull, out = make_vjp(self.fun, self.argnum)(*args, **kwargs)
        curve, _ = make_hvp(self.g)(out)
        return lambda v: pull(curve(push(v)[1]))


def make_ggnvp(f: Function, g: Function = _half_square, f_argnum: int = 0) -> Function:
    """``make_ggnvp(f, g)(*args)`` is v ↦ JᵀHJ·v: J of f, H the Hessian of g at f's value (Schraudolph 2002).

    The generalised Gauss–Newton matrix of g(f(x)); g is half the sum of squares unless given.

    >>> make_ggnvp(lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x)(np.array([1.0, 1.0]))(np.array([1.0, 0.0]))
    array([10., 14.])
    """
    return MakeGgnvp(f, g, f_argnum)


class Deriv(Transform):
    """See ``deriv``."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        chosen = self.argnums(args)
        values = [args[i] for i in chosen]
        leaves, structure = flatten(values)
        ones = unflatten(structure, [np.ones_like(x) if hasattr(x, "dtype") else 1.0 for x in leaves])
        return make_jvp(self.fun, self.argnum)(*args, **kwargs)(self.arranged(ones))[1]


def deriv(fun: Function, argnum: Argnum = 0) -> Function:
    """J·1: the derivative of the result along ones, in one forward sweep; of a function of one number, f′.

    >>> deriv(lambda x: x**3)(2.0)
    np.float64(12.0)
    """
    return Deriv(fun, argnum)


class HolomorphicGrad(Transform):
    """See ``holomorphic_grad``."""

    name = "holomorphic_grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for i in self.argnums(args):
            if not np.iscomplexobj(args[i]):
                warnings.warn(f"holomorphic_grad: expected complex arguments; argument {i} is real.", stacklevel=2)
        return grad(lambda *xs, **ys: np.real(self.fun(*xs, **ys)), self.argnum)(*args, **kwargs)


def holomorphic_grad(fun: Function, argnum: Argnum = 0) -> Function:
    """f′ of a holomorphic function with one complex result: the gradient of its real part.

    >>> holomorphic_grad(lambda z: z**2)(1.0 + 2.0j)
    np.complex128(2+4j)
    """
    return HolomorphicGrad(fun, argnum)


def grad_and_aux(fun: Function, argnum: Argnum = 0) -> Function:
    """The gradient of the first result and the second, untouched, of a function that returns two.

    >>> grad_and_aux(lambda x: (x**2, "seen"))(3.0)
    (np.float64(6.0), 'seen')
    """
    return grad(fun, argnum, has_aux=True)


def grad_named(fun: Function, argname: str) -> Function:
    """``grad`` for the argument of this name.

    Raises:
        ValueError: the function has no such argument.

    >>> grad_named(lambda a, b: a * b**2, "b")(2.0, 3.0)
    np.float64(12.0)
    """
    names = list(inspect.signature(fun).parameters)
    if argname not in names:
        raise ValueError(f"grad_named: expected one of the arguments {', '.join(names)}; got {argname!r}. Correct it.")
    return grad(fun, names.index(argname))


class MultigradDict(Transform):
    """See ``multigrad_dict``."""

    name = "multigrad_dict"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        signature = inspect.signature(self.fun)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()

        def of_dict(values: dict[str, Any]) -> Any:
            again = inspect.BoundArguments(signature, type(bound.arguments)(values))
            return self.fun(*again.args, **again.kwargs)

        return grad(of_dict)(dict(bound.arguments))


def multigrad_dict(fun: Function) -> Function:
    """The gradients for all arguments at once, as a dict by their names; defaults are arguments, too.

    >>> multigrad_dict(lambda a, b=2.0: a * b**2)(3.0)
    {'a': np.float64(4.0), 'b': np.float64(12.0)}
    """
    return MultigradDict(fun)


class TensorJacobianProduct(Transform):
    """See ``tensor_jacobian_product``."""

    name = "tensor_jacobian_product"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        *args, tensor = args  # type: ignore[assignment]
        ndim = np.ndim(tensor)
        return jacobian(lambda *xs, **ys: np.tensordot(tensor, self.fun(*xs, **ys), ndim), self.argnum)(*args, **kwargs)


def tensor_jacobian_product(fun: Function, argnum: Argnum = 0) -> Function:
    """``(*args, tensor)`` to the Jacobian contracted from the left with the tensor, over all of the tensor's axes.

    >>> tensor_jacobian_product(lambda x: x**2)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([ 2., 40.])
    """
    return TensorJacobianProduct(fun, argnum)


vector_jacobian_product = tensor_jacobian_product
hessian_tensor_product = hessian_vector_product

"""Functions of your own with a stated derivative, in HIPS autograd's form: ``primitive``, ``defvjp``, ``defjvp``.

A primitive's function sees plain arrays, so it may call anything. ``custom_vjp`` is the form with residuals, nests and
several results; inside this project, operations are defined by ``autograd.primitive``. Imports ``custom``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from autograd.backward import is_tensor
from autograd.custom import Call, is_active, is_recording
from autograd.graph import GraphError
from autograd.plan import RUNTIME

__all__ = [
    "def_linear", "defjvp", "defjvp_argnum", "defvjp", "defvjp_argnum", "defvjp_argnums", "notrace_primitive",
    "primitive",
]  # fmt: skip


class Extended:
    """See ``primitive``."""

    __name__: str

    def __init__(self, fun: Callable[..., Any], traced: bool = True) -> None:
        self.fun = fun
        self.traced = traced
        # (argnums, ans, args, kwargs) -> g -> one cotangent per argnum
        self.pull: Callable[..., Any] | None = None
        # (argnum, g, ans, args, kwargs) -> tangent of the result
        self.push: Callable[..., Any] | None = None
        functools.update_wrapper(self, fun)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raw = [x._data if is_tensor(x) else x for x in args]
        options = {key: x._data if is_tensor(x) else x for key, x in kwargs.items()}
        for key, x in kwargs.items():
            if self.traced and is_active(x) and is_recording():
                raise GraphError(
                    f"{self.__name__}: expected arguments that require a gradient by position; got {key}=. "
                    "Pass it by position, as its derivative is stated."
                )
        ans = self.fun(*raw, **options)
        if not any([is_tensor(x) for x in (*args, *kwargs.values())]):
            return ans
        active = [i for i, x in enumerate(args) if is_active(x)]
        if not active or not is_recording() or not self.traced:
            return RUNTIME["Tensor"]._wrap(ans) if self.traced and hasattr(ans, "dtype") else ans
        if not hasattr(ans, "dtype") and not isinstance(ans, float):
            raise TypeError(
                f"{self.__name__}: expected the primitive to return an array; got {type(ans).__name__}. "
                "For several results state the derivative with autograd.custom_vjp."
            )
        return _ExtendedCall(self, options).call(args, raw, ans, active)

    def cotangents(self, g: Any, argnums: Sequence[int], ans: Any, args: Sequence[Any], kwargs: Any) -> tuple[Any, ...]:
        """One per argnum, None where there is none."""
        if self.pull is not None:
            return tuple(self.pull(argnums, ans, args, kwargs)(g))
        raise GraphError(
            f"{self.__name__}: expected a derivative; none is stated. Call defvjp({self.__name__}, …), with one "
            "function (ans, *args) -> g -> cotangent for each argument."
        )


class _ExtendedCall(Call):
    """One recorded call."""

    def __init__(self, owner: Extended, options: dict[str, Any]) -> None:
        super().__init__(getattr(owner, "__name__", "primitive"))
        self.owner = owner
        self.options = options

    def call(self, args: Sequence[Any], raw: list[Any], ans: Any, active: list[int]) -> Any:
        self.active = active
        edges = tuple([args[i]._edge for i in active])
        writes = [x._watch() for x in args if is_tensor(x)]
        (out,) = self.record(edges, (ans, raw), writes, [ans], args)
        return out

    def wrap(self, node: Any) -> Any:
        ans, raw = node.saved
        cls = RUNTIME["Tensor"]
        lifted = list(raw)
        for i, edge in zip(self.active, node.edges):
            lifted[i] = cls._wrap(raw[i], edge)
        return cls._wrap(ans, node), lifted

    def push(self, tangents: Sequence[Any], saved: Any) -> Any:
        if self.owner.push is None:
            return None
        ans, args = saved
        out = None
        for i, t in zip(self.active, tangents):
            if t is not None:
                term = self.owner.push(i, t, ans, args, self.options)
                out = term if out is None else out + term
        return out

    def backward(self, g: Any, saved: Any, edges: tuple[Any, ...]) -> tuple[Any, ...]:
        ans, args = saved
        return self.owner.cotangents(g, self.active, ans, args, self.options)


def primitive(fun: Callable[..., Any]) -> Extended:
    """Decorator: ``fun`` as one step of the graph. It is handed plain arrays; ``defvjp`` states its derivative.

    >>> import autograd.numpy as np
    >>> from autograd import grad
    >>> @primitive
    ... def cube(x):
    ...     return x * x * x
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    >>> grad(cube)(2.0), grad(grad(cube))(2.0)
    (np.float64(12.0), np.float64(12.0))
    """
    return Extended(fun)


def notrace_primitive(fun: Callable[..., Any]) -> Extended:
    """Decorator: ``fun`` of the plain values, for what has no derivative; its result is a constant.

    >>> from autograd import tensor
    >>> notrace_primitive(lambda x: x.size)(tensor([1.0, 2.0]))
    2
    """
    return Extended(fun, traced=False)


def defvjp(fun: Extended, *vjps: Callable[..., Any] | None, argnums: Sequence[int] | None = None) -> None:
    """State the reverse derivative: for each argument ``vjp(ans, *args, **kwargs) -> g -> cotangent``.

    None says that an argument has none; ``argnums`` says which arguments the given ones are of.
    """
    makers = dict(zip(range(len(vjps)) if argnums is None else argnums, vjps))

    def pull(wanted: Sequence[int], ans: Any, args: Sequence[Any], kwargs: Any) -> Callable[[Any], Any]:
        for i in wanted:
            if i not in makers:
                raise NotImplementedError(
                    f"{fun.__name__}: expected a vjp for argument {i}; defvjp states those of {sorted(makers)}. Add it."
                )
        chosen = [makers[i] for i in wanted]
        pulled = [None if maker is None else maker(ans, *args, **kwargs) for maker in chosen]
        return lambda g: [None if p is None else p(g) for p in pulled]

    fun.pull = pull


def defvjp_argnum(fun: Extended, vjpmaker: Callable[..., Any]) -> None:
    """State it for all arguments by one function: ``vjpmaker(argnum, ans, args, kwargs) -> g -> cotangent``."""

    def pull(wanted: Sequence[int], ans: Any, args: Sequence[Any], kwargs: Any) -> Callable[[Any], Any]:
        pulled = [vjpmaker(i, ans, args, kwargs) for i in wanted]
        return lambda g: [p(g) for p in pulled]

    fun.pull = pull


def defvjp_argnums(fun: Extended, vjpmaker: Callable[..., Any]) -> None:
    """State it together: ``vjpmaker(argnums, ans, args, kwargs) -> g -> cotangents``, one for each of the argnums."""
    fun.pull = vjpmaker


def defjvp(fun: Extended, *jvps: Callable[..., Any] | str | None, argnums: Sequence[int] | None = None) -> None:
    """State the forward derivative: for each argument ``jvp(g, ans, *args, **kwargs)``, or ``"same"`` where ``fun`` is
    linear in it. Where none is stated, the forward one is what ``defvjp`` states, transposed.

    >>> from autograd import jvp
    >>> double = primitive(lambda x: 2 * x)
    >>> defjvp(double, "same")
    >>> jvp(double, (1.0,), (10.0,))
    (np.float64(2.0), np.float64(20.0))
    """
    makers = dict(zip(range(len(jvps)) if argnums is None else argnums, jvps))

    def push(i: int, g: Any, ans: Any, args: Sequence[Any], kwargs: Any) -> Any:
        maker = makers.get(i)
        if maker is None:
            raise NotImplementedError(f"{fun.__name__}: expected a jvp for argument {i}; defjvp states none. Add it.")
        if callable(maker):
            return maker(g, ans, *args, **kwargs)
        return fun(*args[:i], g, *args[i + 1 :], **kwargs)

    fun.push = push


def defjvp_argnum(fun: Extended, jvpmaker: Callable[..., Any]) -> None:
    """State it for all arguments by one function: ``jvpmaker(argnum, g, ans, args, kwargs)``."""
    fun.push = jvpmaker


def def_linear(fun: Extended) -> None:
    """``fun`` is linear in each of its arguments: its forward derivative is itself, of the tangent.

    >>> from autograd import jvp
    >>> double = primitive(lambda x: 2 * x)
    >>> def_linear(double)
    >>> jvp(double, (1.0,), (10.0,))
    (np.float64(2.0), np.float64(20.0))
    """
    fun.push = lambda i, g, ans, args, kwargs: fun(*args[:i], g, *args[i + 1 :], **kwargs)

"""Ordinary differential equations, differentiable by the adjoint method. Imports ``autograd``'s transforms.

SciPy integrates, in main memory and in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

import autograd.numpy as np
from autograd.custom import custom_vjp, is_active
from autograd.graph import GraphError
from autograd.numpy.common import arraylike, has_tensor, raw
from autograd.plan import RUNTIME
from autograd.products import vjp
from autograd.trees import flatten, unflatten

__all__ = ["odeint"]

# SciPy's options that steer the adjoint equation, too.
_STEERING = ("rtol", "atol", "hmax", "hmin", "mxstep", "mxordn", "mxords")


def odeint(func: Callable[..., Any], y0: Any, t: Any, args: Any = (), **options: Any) -> Any:
    """y at the times ``t``, where dy/dt = func(y, t, \\*args) and y(t[0]) = y0; differentiable in y0, t and args.

    The gradient integrates the adjoint equation da/dt = -aᵀ·∂f/∂y backwards in time (L. S. Pontryagin et al. 1962;
    Chen et al. 2018), between the times asked for, so that memory does not grow with the number of steps; it is as
    exact as ``rtol`` and ``atol`` say. Higher orders integrate further equations.

    Args:
        func: written with ``autograd.numpy``; what it depends on is in ``args``.
        y0: (n,).
        t: (m,), rising or falling.
        args: a tuple of further arguments, arrays or nests of them.
        options: those of ``scipy.integrate.odeint``.

    Returns:
        (m, n), y at each time.

    Raises:
        GraphError: ``func`` closes over a Tensor that requires a gradient, which would be lost.
        ImportError: SciPy is not installed.

    >>> y = odeint(lambda y, t, rate: -rate * y, np.array([1.0]), np.array([0.0, 1.0]), (2.0,))
    >>> round(float(y[1, 0]), 5)
    0.13534
    """
    if not has_tensor(y0, t) and not any([has_tensor(x) for x in flatten(args)[0]]):
        return _integrated(func, y0, t, args, options)
    if options.get("full_output"):
        raise TypeError("odeint: expected no full_output= with Tensors; got it. Ask for it with plain arrays.")
    y0, t = np.atleast_1d(arraylike(y0, like=t)), arraylike(t, like=y0)
    if y0.dtype.kind in "biu":
        y0 = np.astype(y0, "float64")
    return _solve(func, y0, t, tuple(args) if isinstance(args, (tuple, list)) else (args,), options)


def _integrated(func: Callable[..., Any], y0: Any, t: Any, args: Any, options: dict[str, Any]) -> Any:
    """SciPy's own, on plain values; a Tensor for Tensors."""
    try:
        import scipy.integrate
    except ImportError:
        raise ImportError(
            "odeint: expected SciPy to integrate; it is not installed. Install it with: pip install 'xpgrad[scipy]'"
        ) from None
    leaves, structure = flatten(args)
    tensors = has_tensor(y0, t, *leaves)
    plain = unflatten(structure, [raw(x) for x in leaves])

    def slope(*state: Any) -> Any:
        out = func(*state)
        if is_active(out) or any([is_active(x) for x in (out if isinstance(out, (list, tuple)) else ())]):
            raise GraphError(
                "odeint: expected func to depend on y, t and args only; it closes over a Tensor that requires a "
                "gradient, which would be lost. Pass that Tensor in args."
            )
        return raw(out)

    found = scipy.integrate.odeint(slope, raw(y0), raw(t), plain, **options)
    if not tensors:
        return found
    kind = getattr(raw(y0), "dtype", numpy.dtype(float))
    return RUNTIME["Tensor"]._wrap(found.astype(kind, copy=False))


def _forward(func: Any, y0: Any, t: Any, args: Any, options: Any) -> tuple[Any, Any]:
    out = _solve(func, y0, t, args, options)  # recorded as one step, where a gradient of the gradient is wanted
    return out, (out, t, args)


def _backward(func: Any, options: Any, residuals: Any, g: Any) -> tuple[Any, ...]:
    ys, t, args = residuals
    leaves, structure = flatten(args)
    chosen = [i for i, x in enumerate(leaves) if _is_differentiable(x)]
    shapes = [np.shape(leaves[i]) for i in chosen]
    sizes = [int(numpy.prod(shape)) for shape in shapes]
    n, count = ys.shape[1], sum(sizes)

    def unpacked(p: Any) -> Any:
        full, place = list(leaves), 0
        for i, shape, size in zip(chosen, shapes, sizes):
            full[i] = np.reshape(p[place : place + size], shape)
            place += size
        return unflatten(structure, full)

    def slope(y: Any, time: Any, p: Any) -> Any:
        state = (time, y) if options.get("tfirst") else (y, time)
        return np.reshape(np.asarray(func(*state, *unpacked(p))), (n,))

    def augmented(z: Any, time: Any, p: Any) -> Any:
        """d/dt of y, of its adjoint a, and of the gradient of the parameters."""
        out, pull = vjp(lambda y, p: slope(y, time, p), z[:n], p)
        return np.concatenate([out, *pull(-z[n : 2 * n])])

    p = np.concatenate([np.reshape(arraylike(leaves[i], like=ys), (-1,)) for i in chosen] or [np.zeros(0)])
    steering = {name: options[name] for name in _STEERING if numpy.ndim(options.get(name, ())) == 0 and name in options}
    a, of_p, of_t = g[-1], np.zeros(count), []
    for i in range(len(t) - 1, 0, -1):
        of_t.append(np.sum(g[i] * slope(ys[i], t[i], p)))
        start = np.concatenate([ys[i], a, of_p])
        _, end = odeint(augmented, start, np.stack([t[i], t[i - 1]]), (p,), **steering)
        a, of_p = end[n : 2 * n], end[2 * n :]
        if i == 1:  # later starts leave less time
            of_t.append(-np.sum(a * slope(ys[0], t[0], p)))
        a = a + g[i - 1]
    if len(t) == 1:
        of_t.append(np.sum(a * 0.0))
    grads: list[Any] = [0.0] * len(leaves)
    for i, x in zip(chosen, _pieces(of_p, shapes, sizes)):
        grads[i] = x
    return a, np.stack(of_t[::-1]), unflatten(structure, grads)


def _is_differentiable(x: Any) -> bool:
    """Whether an argument is a float, or an array of floats."""
    return isinstance(x, float) or getattr(getattr(raw(x), "dtype", None), "kind", "") == "f"


def _pieces(vector: Any, shapes: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
    """The pieces of a vector in these shapes."""
    ends = numpy.cumsum([0, *sizes])
    return [np.reshape(vector[a:b], shape) for a, b, shape in zip(ends[:-1].tolist(), ends[1:].tolist(), shapes)]


_solve = custom_vjp(_integrated, nondiff_argnums=(0, 4))
_solve.defvjp(_forward, _backward)

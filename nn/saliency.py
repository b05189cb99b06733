"""Which inputs a result rests on: gradients, their integrals, noise, occlusion. Imports ``nn.modes``, ``autograd``.

The model may be any function of a batch. All but ``occlusion`` take its gradients; that asks for its values alone, so
that it explains what can't be differentiated, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import backends
from autograd import GraphError, Tensor, gradients, no_grad
from autograd.numpy.common import backend_of
from nn import nest, random
from nn.inputs import integers
from nn.modes import mode
from nn.nest import HOST

__all__ = ["gradient", "gradient_times_input", "integrated_gradients", "occlusion", "smooth_grad"]


def gradient(f: Callable[..., Any], x: Any, target: Any = None) -> Any:
    """∂f_target(x)/∂x for each sample: how the result moves with each input (Simonyan, Vedaldi, Zisserman 2014).

    Args:
        f: a module or any function from a batch (n, …) to (n,), (n, 1) or (n, outputs). A module is put into
            evaluation for the while. Samples must not depend on one another, as they would in batch norm's training.
        x: (n, …) floats, an array or Tensor.
        target: which output, a number or one integer for each sample; None where there is one output.

    Returns:
        An array of x's shape, dtype and backend; nothing's ``.grad`` is touched.

    Raises:
        ValueError: the result is not one number for each sample, or there are several and no target.
        IndexError: the target is out of range (on a GPU it is not looked for).
        GraphError: f's result does not depend on x by operations that record.

    >>> gradient(lambda x: x[:, 0] * x[:, 1], np.array([[2.0, 3.0]]))
    array([[3., 2.]])
    """
    x = _floats("gradient", x)
    with mode(f, training=False):
        return _slope("gradient", f, x, _chosen(x, target))


def gradient_times_input(f: Callable[..., Any], x: Any, target: Any = None) -> Any:
    """x·∂f_target(x)/∂x: each input's share in a linear f (Shrikumar, Greenside, Kundaje 2017). As ``gradient``.

    >>> gradient_times_input(lambda x: x @ np.array([1.0, -2.0]), np.array([[2.0, 3.0]]))
    array([[ 2., -6.]])
    """
    x = _floats("gradient_times_input", x)
    with mode(f, training=False):
        return x * _slope("gradient_times_input", f, x, _chosen(x, target))


def integrated_gradients(
    f: Callable[..., Any], x: Any, target: Any = None, baseline: Any = 0.0, steps: int = 50, return_error: bool = False
) -> Any:
    """(x - x')·∫₀¹ ∂f_target(x' + α(x - x'))/∂x dα: shares in f(x) - f(x'), which they add up to (completeness).

    The integral is taken by Gauss-Legendre quadrature with ``steps`` nodes, exact for polynomials of degree
    2·steps - 1. Source: Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks" (2017).

    Args:
        f, x, target: as of ``gradient``.
        baseline: x', what stands for no input: a number, or an array that broadcasts to x.
        steps: nodes; f is evaluated on so many batches.
        return_error: whether to give, too, what is missing to completeness for each sample.

    Returns:
        An array of x's shape; with ``return_error`` ``(shares, error)``, the error Σ shares - (f(x) - f(x')) of shape
        (n,).

    >>> x = np.array([[2.0, 3.0]])
    >>> shares, error = integrated_gradients(lambda x: x[:, 0] * x[:, 1] ** 2, x, return_error=True)
    >>> np.round(shares, 6), bool(abs(error[0]) < 1e-12)
    (array([[ 6., 12.]]), True)
    """
    name = "integrated_gradients"
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"{name}: expected steps to be a positive whole number; got {steps!r}. Correct it.")
    x = _floats(name, x)
    start = _baseline(name, x, baseline)
    way, chosen = x - start, _chosen(x, target)
    nodes, weights = HOST.xp.polynomial.legendre.leggauss(steps)
    shares = backend_of(x).xp.zeros_like(x)
    with mode(f, training=False):
        for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
            shares = shares + _slope(name, f, start + way * ((node + 1) / 2), chosen) * (weight / 2)
        shares = shares * way
        if not return_error:
            return shares
        ends = [_value(name, f, at, chosen) for at in (x, start)]
    return shares, shares.reshape(x.shape[0], -1).sum(axis=1) - (ends[0] - ends[1])


def smooth_grad(
    f: Callable[..., Any],
    x: Any,
    target: Any = None,
    samples: int = 50,
    noise: float = 0.15,
    method: Callable[..., Any] = gradient,
    **options: Any,
) -> Any:
    """The mean of ``method`` (``gradient``) over ``samples`` copies of x with Gaussian noise (Smilkov et al. 2017).

    Args:
        f, x, target: as of ``gradient``.
        noise: the deviation, as a share of each sample's greatest less its least entry. It is drawn from the stream
            that ``nn.set_random_seed`` seeds.
        method: any of this module's; ``options`` are its.

    >>> np.round(smooth_grad(lambda x: x @ np.array([1.0, -2.0]), np.array([[2.0, 3.0]])), 9)
    array([[ 1., -2.]])
    """
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"smooth_grad: expected samples to be a positive whole number; got {samples!r}. Correct it.")
    x = _floats("smooth_grad", x)
    backend = backend_of(x)
    axes = tuple(range(1, len(x.shape)))
    spread = noise * (x.max(axis=axes, keepdims=True) - x.min(axis=axes, keepdims=True))
    stream, total = random.stream(backend), backend.xp.zeros_like(x)
    for _ in range(samples):
        drawn = stream.standard_normal(tuple(x.shape), "float32").astype(x.dtype)
        total = total + method(f, x + spread * drawn, target, **options)
    return total / samples


def occlusion(
    f: Callable[..., Any],
    x: Any,
    target: Any = None,
    window: int | tuple[int, ...] = 1,
    stride: int | tuple[int, ...] | None = None,
    baseline: Any = 0.0,
) -> Any:
    """How far f_target falls when a window of the input is replaced by the baseline (Zeiler, Fergus 2014).

    It needs no gradient: f may be anything that gives numbers, a model behind a wall as well as one's own.

    Args:
        f, x, target, baseline: as of ``integrated_gradients``; f's result may be an array.
        window: the size along each of the last axes, or one for the last axis; axes before it are replaced whole, as an
            image's channels are by ``window=(8, 8)``.
        stride: from window to window; by default the windows stand side by side.

    Returns:
        An array of x's shape: the mean fall over the windows that an entry lies in.

    >>> occlusion(lambda x: (x @ np.array([1.0, -2.0]) > 0) * 1.0, np.array([[2.0, 0.5]]))
    array([[1., 0.]])
    """
    x = _floats("occlusion", x)
    start, chosen, xp = _baseline("occlusion", x, baseline), _chosen(x, target), backend_of(x).xp
    sizes = (window,) if isinstance(window, int) else tuple(window)
    steps = sizes if stride is None else (stride,) * len(sizes) if isinstance(stride, int) else tuple(stride)
    first = len(x.shape) - len(sizes)
    if first < 1 or len(steps) != len(sizes) or min(*sizes, *steps, 1) < 1:
        raise ValueError(
            f"occlusion: expected window and stride of 1 or more along last axes of {tuple(x.shape)}, after the "
            f"batch's; got {window} and {stride}. Correct them."
        )
    fall, count = xp.zeros_like(x), xp.zeros_like(x)
    with mode(f, training=False), no_grad():
        whole = _value("occlusion", f, x, chosen)
        shape = (x.shape[0],) + (1,) * (len(x.shape) - 1)
        for at in itertools.product(*[range(0, n, s) for n, s in zip(x.shape[first:], steps, strict=True)]):
            place = (..., *[slice(a, a + w) for a, w in zip(at, sizes, strict=True)])
            hidden = backends.of(x).copy(x)
            hidden[place] = start[place]
            fall[place] += (whole - _value("occlusion", f, hidden, chosen)).reshape(shape)
            count[place] += 1
    return fall / xp.maximum(count, 1)


# What they share ------------------------------------------------------------------------------------------------


def _floats(name: str, x: Any) -> Any:
    """x as an array of floats with a batch axis."""
    x = nest.as_array(x, name)
    if not len(x.shape):
        raise ValueError(f"{name}: expected a batch (n, …); got a single number. Pass x[None].")
    if x.dtype.kind in "biu":
        raise TypeError(
            f"{name}: expected floats, which have gradients; got {x.dtype}. Cast pixels with .astype('float32'); "
            "for token numbers explain the embeddings, handing f what comes after them."
        )
    return x


def _baseline(name: str, x: Any, baseline: Any) -> Any:
    backend = backend_of(x)
    given = baseline.detach().data if isinstance(baseline, Tensor) else baseline
    array = backend.asarray(given, dtype=x.dtype)
    try:
        return backend.xp.broadcast_to(array, x.shape)
    except ValueError:
        raise ValueError(
            f"{name}: expected a baseline that broadcasts to x's shape {tuple(x.shape)}; got {tuple(array.shape)}. "
            "Correct it."
        ) from None


def _chosen(x: Any, target: Any) -> Any:
    """One output number for each sample; None for the only one."""
    if target is None:
        return None
    backend = backend_of(x)
    if isinstance(target, int):
        return backend.asarray([target] * x.shape[0])
    chosen = nest.as_array(target, "target") if not isinstance(target, (list, tuple)) else backend.asarray(target)
    chosen = integers("target", chosen, x)
    if tuple(chosen.shape) != (x.shape[0],):
        raise ValueError(
            f"target: expected a number, or one for each of {x.shape[0]} samples; got shape {tuple(chosen.shape)}. "
            "Correct it."
        )
    return chosen


def _picked(name: str, out: Any, chosen: Any, n: int) -> Any:
    """(n,): each sample's chosen output."""
    shape = tuple(out.shape)
    if shape == (n,) or shape == (n, 1):
        if chosen is not None and shape == (n,):
            raise ValueError(f"{name}: expected no target beside one output per sample; got one. Leave it out.")
        return np.reshape(out, (n,))
    if len(shape) != 2 or shape[0] != n:
        raise ValueError(
            f"{name}: expected f to give (n,) or (n, outputs) for {n} samples; got {shape}. "
            "Wrap it in a function that picks or averages."
        )
    if chosen is None:
        raise ValueError(f"{name}: expected a target beside {shape[1]} outputs; got none. Say which: target=0, …")
    host = backend_of(chosen)
    if host.device_type == "cpu" and chosen.size and not 0 <= int(chosen.min()) <= int(chosen.max()) < shape[1]:
        raise IndexError(f"{name}: expected targets from 0 to {shape[1] - 1}; got others. Correct them.")
    return np.take_along_axis(out, chosen[:, None], axis=1)[:, 0]


def _value(name: str, f: Callable[..., Any], x: Any, chosen: Any) -> Any:
    with no_grad():
        out = f(x)
    out = out.data if isinstance(out, Tensor) else out
    return _picked(name, out if hasattr(out, "shape") else nest.as_array(out), chosen, x.shape[0])


def _slope(name: str, f: Callable[..., Any], x: Any, chosen: Any) -> Any:
    variable = Tensor(x, requires_grad=True)
    out = f(variable)
    if not isinstance(out, Tensor) or not out.requires_grad:
        raise GraphError(
            f"{name}: expected f's result to depend on x by operations that record; it does not. Compute with "
            "autograd.numpy, operators or modules, or use occlusion, which needs no gradient."
        )
    picked = _picked(name, out, chosen, x.shape[0])
    return gradients(np.sum(picked), variable)[0].data

"""Activations as functions, and by name. Imports ``autograd`` and ``nn.random``.

``get`` gives primitives for the common names, so that a layer's call goes straight to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from autograd.numpy.common import backend_of
from autograd.ops import activations as _ops
from autograd.ops import arithmetic as _arithmetic
from autograd.ops import elementwise as _elementwise
from nn import checks, random

Function = Callable[[Any], Any]


def logsigmoid(x: Any) -> Any:
    """log(1/(1 + e^-x)), exact far to the left.

    >>> logsigmoid([0.0])
    array([-0.69314718])
    """
    return np.log_sigmoid(x)


def exponential(x: Any) -> Any:
    """e^x, Keras's name."""
    return np.exp(x)


def softmax(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """e^x over its sum along ``axis`` (PyTorch: ``dim``).

    >>> softmax([[0.0, 0.0]], dim=1)
    array([[0.5, 0.5]])
    """
    return np.softmax(x, axis if dim is None else dim)


def log_softmax(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """log(softmax(x)) along ``axis`` (PyTorch: ``dim``), exact where softmax rounds to 0.

    >>> log_softmax([[0.0, 0.0]], dim=1)
    array([[-0.69314718, -0.69314718]])
    """
    return np.log_softmax(x, axis if dim is None else dim)


def softmin(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """softmax(-x) along ``axis`` (PyTorch: ``dim``).

    >>> softmin([0.0, 0.0])
    array([0.5, 0.5])
    """
    return np.softmax(-np.asarray(x), axis=axis if dim is None else dim)


def glu(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """a·sigmoid(b), a and b the halves of x along ``axis`` (PyTorch: ``dim``) (Dauphin et al. 2017).

    Raises:
        ValueError: the axis has an odd size.

    >>> glu([1.0, 0.0])
    array([0.5])
    """
    x, axis = np.asarray(x), axis if dim is None else dim
    if x.shape[axis] % 2:
        raise ValueError(
            f"glu: expected an even size along axis {axis}; got {x.shape[axis]}. Pad it, or choose another."
        )
    a, b = np.split(x, 2, axis=axis)
    return a * np.sigmoid(b)


def threshold(x: Any, threshold: float, value: float) -> Any:
    """x where x > threshold, value elsewhere.

    >>> threshold([0.5, 2.0], 1.0, -1.0)
    array([-1.,  2.])
    """
    return _ops.threshold(np.asarray(x), threshold=threshold, value=value)


def prelu(x: Any, weight: Any) -> Any:
    """x where x > 0, weight·x elsewhere; ``weight`` has one entry, or one per channel (axis 1) (He et al. 2015).

    >>> prelu([-1.0, 2.0], 0.25)
    array([-0.25,  2.  ])
    """
    x = np.asarray(x)
    if hasattr(weight, "shape") and weight.shape and weight.shape[0] > 1 and len(x.shape) > 2:
        weight = np.reshape(weight, (-1,) + (1,) * (len(x.shape) - 2))
    return _ops.prelu(x, weight)


def linear(x: Any) -> Any:
    """x itself, Keras's name for no activation."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """max(x, 0); with Keras's options slope·(x - threshold) below the threshold, and at most ``max_value``.

    >>> relu([-1.0, 2.0, 8.0], max_value=6.0)
    array([0., 2., 6.])
    """
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return np.relu(x)
    x = np.asarray(x)
    out = x * (x >= threshold) if threshold else np.relu(x)
    if negative_slope:
        out = out - negative_slope * np.relu(threshold - x)
    return out if max_value is None else np.minimum(out, max_value)


def squareplus(x: Any, b: float = 4.0) -> Any:
    """(x + √(x² + b))/2 (Barron 2021).

    >>> squareplus([0.0])
    array([1.])
    """
    x = np.asarray(x)
    return (x + np.sqrt(x * x + b)) / 2


def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)²/4 up to 1, x beyond (Keras).

    >>> sparse_plus([-2.0, 0.0, 3.0])
    array([0.  , 0.25, 3.  ])
    """
    x = np.asarray(x)
    inner = np.clip(x, -1, 1) + 1
    return inner * inner / 4 + np.relu(x - 1)


def sparsemax(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """The nearest point to x among probabilities along ``axis``; far entries are 0 (Martins, Astudillo 2016).

    max(x - τ, 0), τ such that the sum is 1: over the k largest entries, k the most with 1 + k·x_(k) > Σ_(j≤k) x_(j).

    >>> sparsemax([1.0, 0.9, -1.0])
    array([0.55, 0.45, 0.  ])
    """
    x, axis = np.asarray(x), axis if dim is None else dim
    ordered = np.flip(np.sort(x, axis=axis), axis=axis)
    shape = [1] * len(x.shape)
    shape[axis] = -1
    counts = np.reshape(np.astype(backend_of(x).xp.arange(1, x.shape[axis] + 1), x.dtype), shape)
    sums = np.cumsum(ordered, axis=axis)
    support = np.astype(1 + counts * ordered > sums, x.dtype)
    k = np.sum(support, axis=axis, keepdims=True)
    threshold = (np.sum(ordered * support, axis=axis, keepdims=True) - 1) / k
    return np.relu(x - threshold)


def rrelu(x: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Any:
    """x where x > 0, slope·x elsewhere; the slope of each entry is drawn in training, else the middle (Xu et al. 2015).

    >>> rrelu([-24.0, 2.0])
    array([-5.5,  2. ])
    """
    if not 0 <= lower <= upper <= 1:
        raise ValueError(f"rrelu: expected 0 ≤ lower ≤ upper ≤ 1; got {lower} and {upper}. Correct them.")
    x = np.asarray(x)
    if not training:
        return np.leaky_relu(x, (lower + upper) / 2)
    drawn = random.stream(backend_of(x)).random(tuple(x.shape), "float32")
    return _ops.prelu(x, (lower + (upper - lower) * drawn).astype(x.dtype))


NAMED: dict[str, Function] = {
    "relu": _ops.relu,
    "relu6": _ops.relu6,
    "leaky_relu": np.leaky_relu,
    "elu": np.elu,
    "selu": _ops.selu,
    "celu": np.celu,
    "gelu": _ops.gelu,
    "gelu_tanh": _ops.gelu_tanh,
    "silu": _ops.silu,
    "swish": _ops.silu,
    "mish": _ops.mish,
    "softplus": np.softplus,
    "softsign": _ops.softsign,
    "tanh": _arithmetic.tanh,
    "sigmoid": _elementwise.sigmoid,
    "hardtanh": np.hardtanh,
    "hard_tanh": np.hardtanh,
    "hardsigmoid": _ops.hardsigmoid,
    "hard_sigmoid": _ops.hardsigmoid,
    "hardswish": _ops.hardswish,
    "hard_swish": _ops.hardswish,
    "hard_silu": _ops.hardswish,
    "logsigmoid": _ops.log_sigmoid,
    "log_sigmoid": _ops.log_sigmoid,
    "tanhshrink": _ops.tanhshrink,
    "tanh_shrink": _ops.tanhshrink,
    "softshrink": np.softshrink,
    "soft_shrink": np.softshrink,
    "hardshrink": np.hardshrink,
    "hard_shrink": np.hardshrink,
    "softmax": np.softmax,
    "log_softmax": np.log_softmax,
    "softmin": softmin,
    "glu": glu,
    "squareplus": squareplus,
    "sparse_plus": sparse_plus,
    "sparsemax": sparsemax,
    "exponential": exponential,
    "linear": linear,
}


def get(activation: str | Function | None) -> Function | None:
    """An activation by name, or the function itself; None for None and ``"linear"``.

    Raises:
        ValueError: the name is unknown; the text lists those there are.
        TypeError: it is neither a name nor callable.

    >>> get("relu")(np.array([-1.0, 2.0]))
    array([0., 2.])
    >>> get(None) is None, get("linear") is None
    (True, True)
    """
    if activation is None or activation == "linear":
        return None
    if isinstance(activation, str):
        if activation not in NAMED:
            raise ValueError(
                f"activation: expected one of {', '.join(NAMED)}; got {activation!r}. "
                f"{checks.close_to(activation, NAMED) or 'Correct the name, or pass a function.'}"
            )
        return NAMED[activation]
    if isinstance(activation, type):
        activation = activation()
    if not callable(activation):
        raise TypeError(
            f"activation: expected a name, a function or None; got {type(activation).__name__}. "
            f"Names: {', '.join(NAMED)}."
        )
    return activation


def name_of(activation: Function | None) -> str:
    """The first name an activation goes by; ``"linear"`` for None, a function's own name where it has none here.

    >>> name_of(get("swish")), name_of(None)
    ('silu', 'linear')
    """
    if activation is None:
        return "linear"
    for name, function in NAMED.items():
        if function is activation:
            return name
    return getattr(activation, "__name__", None) or repr(activation)

"""The activations of networks, element by element. Imports ``common`` and ``ops``.

Dtypes, broadcasting and errors are as ``autograd.numpy.elementwise`` states them; g stands for the cotangent.
At kinks the slopes are those of docs/subgradients.md.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, normalize_one
from autograd.numpy.special import expit, log_expit
from autograd.ops import activations as _activations
from autograd.ops import network as _network

__all__ = [
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log_sigmoid",
    "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softshrink",
    "softsign", "swish", "tanhshrink",
]  # fmt: skip


def relu(x: Any) -> Any:
    """max(x, 0); g where x > 0 (0 at 0).

    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """
    return _activations.relu(arraylike(x))


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6); g where 0 < x < 6.

    >>> relu6([-1.0, 2.0, 8.0])
    array([0., 2., 6.])
    """
    return _activations.relu6(arraylike(x))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where x > 0, slope·x elsewhere; g and slope·g.

    >>> leaky_relu([-1.0, 2.0])
    array([-0.01,  2.  ])
    """
    return _activations.leaky_relu(arraylike(x), slope=negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, alpha·(e^x - 1) elsewhere (Clevert, Unterthiner, Hochreiter 2016).

    >>> elu([-1.0, 2.0])
    array([-0.63212056,  2.        ])
    """
    return _activations.elu(arraylike(x), alpha=alpha)


def selu(x: Any) -> Any:
    """scale·elu(x, alpha) with the constants of self-normalising networks (Klambauer et al. 2017).

    >>> selu([-1.0, 2.0])
    array([-1.11133074,  2.10140197])
    """
    return _activations.selu(arraylike(x))


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, alpha·(e^(x/alpha) - 1) elsewhere (Barron 2017).

    >>> celu([-1.0, 2.0], alpha=2.0)
    array([-0.78693868,  2.        ])
    """
    return _activations.celu(arraylike(x), alpha=alpha)


def softplus(x: Any, beta: float = 1.0) -> Any:
    """log(1 + e^(beta·x))/beta; g·sigmoid(beta·x).

    >>> softplus([0.0, 1000.0])
    array([6.93147181e-01, 1.00000000e+03])
    """
    return _activations.softplus(arraylike(x), beta=beta)


def silu(x: Any) -> Any:
    """x·sigmoid(x), also called swish (Elfwing, Uchibe, Doya 2018).

    >>> silu([0.0, 2.0])
    array([0.        , 1.76159416])
    """
    return _activations.silu(arraylike(x))


def mish(x: Any) -> Any:
    """x·tanh(softplus(x)) (Misra 2019).

    >>> mish([0.0, 2.0])
    array([0.        , 1.94395896])
    """
    return _activations.mish(arraylike(x))


def gelu(x: Any, approximate: str = "none") -> Any:
    """x·Φ(x) (Hendrycks, Gimpel 2016); with ``approximate="tanh"``, Φ(x) ≈ (1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.

    Raises:
        ValueError: ``approximate`` is neither ``"none"`` nor ``"tanh"``.

    >>> gelu([0.0, 2.0]), gelu([2.0], approximate="tanh")
    (array([0.        , 1.95449974]), array([1.95459769]))
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: expected approximate to be 'none' or 'tanh'; got {approximate!r}. Correct it.")
    x = arraylike(x)
    return _activations.gelu(x) if approximate == "none" else _activations.gelu_tanh(x)


def softsign(x: Any) -> Any:
    """x/(1 + |x|); g/(1 + |x|)².

    >>> softsign([-1.0, 3.0])
    array([-0.5 ,  0.75])
    """
    return _activations.softsign(arraylike(x))


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """min(max(x, min_val), max_val); g strictly between the two.

    >>> hardtanh([-3.0, 0.5])
    array([-1. ,  0.5])
    """
    return _activations.hardtanh(arraylike(x), low=min_val, high=max_val)


def hardsigmoid(x: Any) -> Any:
    """min(max(x + 3, 0), 6)/6; g/6 where |x| < 3.

    >>> hardsigmoid([-4.0, 0.0])
    array([0. , 0.5])
    """
    return _activations.hardsigmoid(arraylike(x))


def hardswish(x: Any) -> Any:
    """x·hardsigmoid(x) (Howard et al. 2019); g·(2x + 3)/6 where |x| < 3, g above.

    >>> hardswish([-4.0, 1.0])
    array([-0.        ,  0.66666667])
    """
    return _activations.hardswish(arraylike(x))


def tanhshrink(x: Any) -> Any:
    """x - tanh x; g·tanh² x.

    >>> tanhshrink([0.0, 1.0])
    array([0.        , 0.23840584])
    """
    return _activations.tanhshrink(arraylike(x))


def softshrink(x: Any, lambd: float = 0.5) -> Any:
    """x moved by lambd towards 0, at most to 0; g where |x| > lambd.

    >>> softshrink([-2.0, 0.3])
    array([-1.5,  0. ])
    """
    return _activations.softshrink(arraylike(x), lambd=lambd)


def hardshrink(x: Any, lambd: float = 0.5) -> Any:
    """x where |x| > lambd, 0 elsewhere; g where |x| > lambd.

    >>> hardshrink([-2.0, 0.3])
    array([-2.,  0.])
    """
    return _activations.hardshrink(arraylike(x), lambd=lambd)


def softmax(x: Any, axis: int = -1) -> Any:
    """e^x over its sum along ``axis``, after the largest is subtracted; out·(g - Σ g·out).

    >>> softmax([0.0, 0.0, 1000.0])
    array([0., 0., 1.])
    """
    x = arraylike(x)
    return _network.softmax(x, axis=normalize_one(axis, len(x.shape)))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)), exact where that underflows; g - softmax(x)·Σ g.

    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    x = arraylike(x)
    return _network.log_softmax(x, axis=normalize_one(axis, len(x.shape)))


sigmoid, swish, log_sigmoid = expit, silu, log_expit

"""What networks end in: the dense layer and cross entropies, each one primitive. Imports ``common``, ``ops.network``.

Losses come element by element or row by row; ``nn.losses`` has them with weights and reductions.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, backend_of, raw
from autograd.ops import network as _network

__all__ = ["binary_cross_entropy", "linear", "sigmoid_cross_entropy", "softmax_cross_entropy"]


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """``x · weightᵀ + bias`` over the last axis, in one step of the graph.

    Args:
        x: (…, in).
        weight: (out, in).
        bias: (out,), or none.

    Returns:
        (…, out).

    Raises:
        ValueError: shapes don't fit each other.

    >>> linear([1.0, 2.0], [[1.0, 1.0], [3.0, 4.0]], [0.5, 0.0])
    array([ 3.5, 11. ])
    """
    x = arraylike(x, weight)
    return _network.linear(x, arraylike(weight, x), None if bias is None else arraylike(bias, x))


def softmax_cross_entropy(x: Any, labels: Any) -> Any:
    """``log Σ_j exp(x_j) - x_label`` for each row of x, safe from overflow; the gradient is softmax(x) less one-hot.

    Args:
        x: logits (…, classes).
        labels: integers (…), from 0 to classes - 1.

    Returns:
        (…), in x's dtype.

    Raises:
        TypeError: labels are no integers.
        ValueError: labels are not one for each row.
        IndexError: a label is out of range (on a GPU it is not looked for).

    >>> softmax_cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [1, 1])
    array([0.69314718, 0.        ])
    """
    x = arraylike(x)
    labels = raw(arraylike(labels, x))
    name = "softmax_cross_entropy"
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integer labels; got {labels.dtype}. Cast them with .astype('int64').")
    if labels.shape != tuple(x.shape[:-1]):
        raise ValueError(
            f"{name}: expected labels of shape {tuple(x.shape[:-1])}, one for each row of x {tuple(x.shape)}; "
            f"got {tuple(labels.shape)}. Reshape them."
        )
    if labels.size and backend_of(labels).device_type == "cpu":
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= x.shape[-1]:
            raise IndexError(
                f"{name}: expected labels from 0 to {x.shape[-1] - 1}, as x has {x.shape[-1]} classes; "
                f"got {low if low < 0 else high}. Correct them, or widen x."
            )
    return _network.softmax_cross_entropy(x, labels)[0]


def sigmoid_cross_entropy(x: Any, y: Any) -> Any:
    """``log(1 + e^x) - x·y``: the cross entropy of sigmoid(x) and the target y, safe from overflow.

    >>> sigmoid_cross_entropy([0.0, 1000.0], [1.0, 1.0])
    array([0.69314718, 0.        ])
    """
    x = arraylike(x, y)
    return _network.sigmoid_cross_entropy(x, arraylike(y, x))


def binary_cross_entropy(p: Any, y: Any, epsilon: float = 1e-7) -> Any:
    """``-(y·log p + (1 - y)·log(1 - p))`` of a probability p, kept epsilon away from 0 and 1; no gradient out there.

    Raises:
        ValueError: epsilon is not in (0, 1/2).

    >>> binary_cross_entropy([0.5, 1.0], [1.0, 1.0])
    array([6.93147181e-01, 1.00000005e-07])
    """
    if not 0 < epsilon < 0.5:
        raise ValueError(f"binary_cross_entropy: expected epsilon between 0 and 1/2; got {epsilon}. Correct it.")
    p = arraylike(p, y)
    return _network.binary_cross_entropy(p, arraylike(y, p), epsilon=epsilon)

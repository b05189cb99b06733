"""What networks are made of: dense layer, embedding, dropout, cross entropies. Imports ``common``, ``ops.network``.

Losses come element by element or row by row; ``nn.losses`` has them with weights and reductions. Norms are in
``normalization``, convolutions and pooling in ``convolution`` and ``pooling``.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy import random
from autograd.numpy.choosing import where
from autograd.numpy.common import (
    COERCED,
    arraylike,
    arrays_only,
    backend_of,
    check_range,
    integers,
    is_tensor,
    normalize_one,
)
from autograd.numpy.indexing import take
from autograd.numpy.parts import astype
from autograd.numpy.shaping import expand_dims, moveaxis
from autograd.ops import network as _network

__all__ = ["binary_cross_entropy", "cross_entropy", "dropout", "embedding", "linear", "sigmoid_cross_entropy"]


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
    if x.__class__ in COERCED or weight.__class__ in COERCED or bias.__class__ in COERCED:
        x = arraylike(x, weight)
        weight, bias = arraylike(weight, x), bias if bias is None else arraylike(bias, x)
    return _network.linear(x, weight, bias)


def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """``weight[indices]``: (…) integers to (…, dim); rows that are looked up several times add their gradients.

    Args:
        indices: integers from 0 to rows - 1, of any shape.
        weight: (rows, dim).
        padding_idx: a row that gets no gradient; negative counts from the end.

    Raises:
        IndexError: an index is out of range (on a GPU it is not looked for).
        TypeError: indices are floats.

    >>> embedding([1, 0, 1], [[1.0, 2.0], [3.0, 4.0]])
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    weight = arraylike(weight, indices)
    arrays_only("embedding", weight)
    indices = integers("embedding", indices, weight, "indices")
    check_range("embedding", "indices", indices, weight.shape[0], "Make the table larger, or correct the indices.")
    out = take(weight, indices, axis=0)
    if padding_idx is None or not is_tensor(out):
        return out
    return where(expand_dims(indices == padding_idx % weight.shape[0], -1), out.detach(), out)


def dropout(x: Any, p: float = 0.5, training: bool = True, stream: Any = None) -> Any:
    """Each entry 0 with probability ``p``, the others times 1/(1 - p) (Srivastava et al. 2014); g likewise.

    Args:
        x: of any shape.
        p: from 0 to 1.
        training: False gives x itself.
        stream: what draws the mask (``Backend.generator(seed)``); by default the one ``autograd.numpy.random.seed``
            seeds, so that the same seed drops the same entries.

    Raises:
        ValueError: p is not in [0, 1].

    >>> dropout([1.0, 1.0], 1.0), dropout([1.0, 2.0], training=False)
    (array([0., 0.]), array([1., 2.]))
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: expected a probability from 0 to 1; got {p}. Correct it.")
    x = arraylike(x)
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0
    return _network.dropout(x, rate=p, stream=random.stream(backend_of(x)) if stream is None else stream)


def cross_entropy(x: Any, target: Any, axis: int = -1) -> Any:
    """``log Σ_j exp(x_j) - x_label``, or ``-Σ_j y_j·log softmax(x)_j``: a loss for each row, safe from overflow.

    The gradient is g·(softmax(x)·Σ_j y_j - y), with the label's one-hot row as y. (Bishop, "Pattern Recognition and
    Machine Learning", 2006, 4.3.)

    Args:
        x: logits (…, classes).
        target: integer labels (…), from 0 to classes - 1; or floats y of x's shape, such as probabilities, which may
            require a gradient, too: -g·log softmax(x).
        axis: where the classes are.

    Returns:
        (…), in x's dtype.

    Raises:
        TypeError: labels are no integers.
        ValueError: there is not one label for each row.
        IndexError: a label is out of range (on a GPU it is not looked for).

    >>> cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [1, 1])
    array([0.69314718, 0.        ])
    >>> cross_entropy([[0.0, 0.0]], [[0.5, 0.5]])
    array([0.69314718])
    """
    x = arraylike(x)
    target = arraylike(target, x)
    axis = normalize_one(axis, len(x.shape))
    if axis != len(x.shape) - 1:
        x = moveaxis(x, axis, -1)
        if len(target.shape) == len(x.shape):
            target = moveaxis(target, axis, -1)
    if target.dtype.kind not in "biu" and target.shape == x.shape:
        return _network.soft_cross_entropy(x, target if target.dtype == x.dtype else astype(target, x.dtype))[0]
    labels = integers("cross_entropy", target, x)
    if labels.shape != tuple(x.shape[:-1]):
        raise ValueError(
            f"cross_entropy: expected labels of shape {tuple(x.shape[:-1])}, one for each row of x {tuple(x.shape)}; "
            f"got {tuple(labels.shape)}. Reshape them."
        )
    check_range("cross_entropy", "labels", labels, x.shape[-1], "Correct them, or widen x.")
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

"""What networks are made of, as primitives whose own rules save time or memory.

Imports ``autograd.composed``, ``arithmetic``, ``elementwise``, ``linalg``, ``reduce``, ``scan``, ``shape``.

Axes come normalised. Formulas: Bishop, "Pattern Recognition and Machine Learning" (2006), 4.3, for softmax and cross
entropy; Ba, Kiros, Hinton, "Layer Normalization" (2016).
"""

from __future__ import annotations

import math
from typing import Any

from autograd.composed import composed
from autograd.ops.arithmetic import equal, exp, log
from autograd.ops.elementwise import clip, sigmoid
from autograd.ops.linalg import matmul
from autograd.ops.reduce import sum as total
from autograd.ops.scan import accumulator
from autograd.ops.shape import reshape
from autograd.primitive import elementwise, primitive

# A dense layer ------------------------------------------------------------------------------------------------


def _rows(x: Any) -> Any:
    """``x`` as a matrix with its last axis as columns: one product for all leading axes."""
    return x if len(x.shape) == 2 else reshape(x, shape=(-1, x.shape[-1]))


@primitive
def linear(xp: Any, x: Any, weight: Any, bias: Any, /) -> Any:
    """``x · weightᵀ + bias``: x (…, in), weight (out, in), bias (out,) or None; gives (…, out)."""
    out = x @ weight.T
    if bias is not None:
        out = out.__iadd__(bias) if out.dtype == bias.dtype and out.ndim else out + bias
    return out


linear.vjp(
    x=lambda g, weight, x_spec: (
        matmul(g, weight) if len(x_spec.shape) < 3 else reshape(matmul(_rows(g), weight), shape=x_spec.shape)
    ),
    weight=lambda g, x: matmul(_rows(g).mT, _rows(x)) if len(x.shape) > 1 else _outer(g, x),
    bias=lambda g: g,  # summed over the leading axes where it arrives
)
linear.jvp(
    x=lambda t, weight: linear(t, weight, None),
    weight=lambda t, x: linear(x, t, None),
    bias=lambda t: t,
)


def _outer(a: Any, b: Any) -> Any:
    return reshape(a, shape=(*a.shape, 1)) * b


@linear.explains
def _linear_hint(x: Any, weight: Any, bias: Any) -> str | None:
    if len(weight.shape) != 2:
        return f"expected a weight of two axes (out, in); got {weight.shape}. Reshape it"
    if x.shape[-1:] != weight.shape[1:]:
        size = x.shape[-1] if x.shape else "none"
        last = weight.shape[1]
        turned = x.shape[-1:] == weight.shape[:1]
        fix = "Transpose weight: weight.T" if turned else f"Make weight of shape (out, {size}), or reshape x"
        came = f"x is {tuple(x.shape)}, weight is {tuple(weight.shape)}"
        return f"x's last axis ({size}) must equal weight's last ({last}); {came}. {fix}"
    if bias is not None and bias.shape != weight.shape[:1]:
        return (
            f"expected a bias of shape ({weight.shape[0]},), as weight has rows; got {bias.shape}. "
            "Give it one entry for each row"
        )
    return None


# The heads of attention ----------------------------------------------------------------------------------------


@primitive(outputs="q k v", linear="x")
def split_heads(xp: Any, x: Any, /, *, heads: int) -> Any:
    """(n, positions, 3·heads·width), side by side, to queries, keys and values (n, heads, positions, width) each."""
    n, positions, width = x.shape
    parts = x.reshape(n, positions, 3, heads, width // (3 * heads)).transpose(2, 0, 3, 1, 4)
    return tuple(xp.ascontiguousarray(parts))


@primitive(joint="q k v")
def join_heads(xp: Any, q: Any, k: Any, v: Any, /, *, heads: int) -> Any:
    """What ``split_heads`` has split, side by side again; 0 for one that is None."""
    parts = (q, k, v)
    like = next(part for part in parts if part is not None)
    n, heads, positions, width = like.shape
    out = xp.empty((n, positions, 3, heads, width), dtype=like.dtype)
    for i, part in enumerate(parts):
        out[:, :, i] = 0 if part is None else part.swapaxes(1, 2)
    return out.reshape(n, positions, 3 * heads * width)


split_heads.vjp(x=lambda g, heads: join_heads(*g, heads=heads))
join_heads.vjp_all(lambda g, heads: split_heads(g, heads=heads))

# Softmax and cross entropy ----------------------------------------------------------------------------------------


def _shifted(xp: Any, x: Any, axis: int) -> Any:
    """``x`` less its greatest entry along ``axis``; a row of -inf stays -inf instead of becoming NaN."""
    top = x.max(axis=axis, keepdims=True)
    return x - xp.where(xp.isinf(top), xp.zeros_like(top), top)


def _total(x: Any, axis: int) -> Any:
    """The sum along ``axis``, which is kept; of 16-bit floats in float32, as a float16 ends at 65504."""
    return x.sum(axis=axis, keepdims=True, dtype=accumulator(x.dtype))


def _shares(e: Any, sums: Any) -> Any:
    """``e / sums`` in e's memory, which is the caller's own, and in its dtype."""
    if e.dtype != sums.dtype:
        return (e / sums).astype(e.dtype)
    e /= sums
    return e


@primitive
def softmax(xp: Any, x: Any, /, *, axis: int) -> Any:
    """``exp(x_i) / Σ_j exp(x_j)`` along ``axis``, safe from overflow."""
    e = xp.exp(x - x.max(axis=axis, keepdims=True))
    return _shares(e, _total(e, axis))


@composed
def softmax_back(g: Any, out: Any, axis: int) -> Any:
    """The cotangent of x."""
    weighted = g * out
    return weighted - out * total(weighted, axis=(axis,), keepdims=True)


softmax.vjp(x=softmax_back)
softmax.jvp(x=lambda t, out, axis: softmax_back(t, out, axis))  # the Jacobian diag(p) - p·pᵀ is symmetric


@primitive
def log_softmax(xp: Any, x: Any, /, *, axis: int) -> Any:
    """``x_i - log Σ_j exp(x_j)`` along ``axis``, safe from overflow."""
    out = _shifted(xp, x, axis)
    return (out - xp.log(_total(xp.exp(out), axis))).astype(out.dtype, copy=False)


@composed
def log_softmax_back(g: Any, out: Any, axis: int) -> Any:
    """The cotangent of x."""
    return g - exp(out) * total(g, axis=(axis,), keepdims=True)


log_softmax.vjp(x=log_softmax_back)
log_softmax.jvp(x=lambda t, out, axis: t - total(exp(out) * t, axis=(axis,), keepdims=True))


@primitive(outputs="loss p")
def softmax_cross_entropy(xp: Any, x: Any, labels: Any, /) -> Any:
    """Per row of ``x`` (…, classes): ``log Σ_j exp(x_j) - x_label``, and the probabilities; integer ``labels`` (…,)."""
    shifted = _shifted(xp, x, -1)
    p = xp.exp(shifted)
    norm = _total(p, -1)
    p = _shares(p, norm)
    picked = xp.take_along_axis(shifted, labels[..., None], axis=-1)
    return (xp.log(norm) - picked)[..., 0].astype(p.dtype, copy=False), p


@primitive(linear="g")
def one_hot_subtract(xp: Any, x: Any, labels: Any, /, *, shape: tuple[int, ...]) -> Any:
    """Minus ``x`` at each row's label, 0 elsewhere: (…,) to (…, classes)."""
    out = xp.zeros(shape, dtype=x.dtype)
    flat = out.reshape(-1)
    rows = xp.arange(math.prod(shape[:-1])) * shape[-1] + labels.reshape(-1)
    flat[rows] = -x.reshape(-1)
    return flat.reshape(shape)


@primitive(linear="x")
def pick_label(xp: Any, x: Any, labels: Any, /) -> Any:
    """Each row's entry at its label: (…, classes) to (…,)."""
    return xp.take_along_axis(x, labels[..., None], axis=-1)[..., 0]


pick_label.vjp(x=lambda g, labels, x_spec: -one_hot_subtract(g, labels, shape=x_spec.shape), labels=None)
one_hot_subtract.vjp(x=lambda g, labels: -pick_label(g, labels), labels=None)


@composed
def softmax_cross_entropy_back(g: Any, p: Any, labels: Any) -> Any:
    """The cotangent of x: of the loss ``g·(p - one_hot(label))``, of the probabilities softmax's."""
    loss, probability = g
    out = None
    if loss is not None:
        out = _outer(loss, 1) * p + one_hot_subtract(loss, labels, shape=p.shape)
    if probability is not None:
        more = softmax_back(probability, p, len(p.shape) - 1)
        out = more if out is None else out + more
    return out


softmax_cross_entropy.vjp(x=softmax_cross_entropy_back, labels=None)
softmax_cross_entropy.jvp(
    x=lambda t, p, labels: (
        total(p * t, axis=(len(p.shape) - 1,), keepdims=False) - pick_label(t, labels),
        softmax_back(t, p, len(p.shape) - 1),
    )
)


@primitive(outputs="loss logs")
def soft_cross_entropy(xp: Any, x: Any, y: Any, /) -> Any:
    """Per row of ``x`` (…, classes): ``-Σ_j y_j·log softmax(x)_j``, and the logarithms; ``y`` of x's shape."""
    logs = _shifted(xp, x, -1)
    logs = (logs - xp.log(_total(xp.exp(logs), -1))).astype(logs.dtype, copy=False)
    # 0·-inf counts as 0: what can't be, and is not said to be, costs nothing.
    terms = y * xp.where(y == 0, xp.zeros_like(logs), logs)
    return -_total(terms, -1)[..., 0].astype(logs.dtype, copy=False), logs


@composed
def soft_cross_entropy_back(g: Any, logs: Any, y: Any) -> Any:
    """The cotangent of x: of the loss ``g·(softmax(x)·Σ_j y_j - y)``, of the logarithms log_softmax's."""
    loss, of_logs = g
    out, last = None, (len(logs.shape) - 1,)
    if loss is not None:
        out = _outer(loss, 1) * (exp(logs) * total(y, axis=last, keepdims=True) - y)
    if of_logs is not None:
        more = log_softmax_back(of_logs, logs, last[0])
        out = more if out is None else out + more
    return out


soft_cross_entropy.vjp(
    x=soft_cross_entropy_back,
    y=lambda g, logs: None if g[0] is None else -_outer(g[0], 1) * logs,
)


@elementwise
def sigmoid_cross_entropy(xp: Any, x: Any, y: Any, /) -> Any:
    """``log(1 + exp(x)) - x·y``: the cross entropy of probability ``sigmoid(x)`` and target ``y``; can't overflow."""
    return xp.maximum(x, 0) - x * y + xp.log1p(xp.exp(-xp.absolute(x)))


sigmoid_cross_entropy.vjp(x=lambda g, x, y: g * (sigmoid(x) - y), y=lambda g, x: -g * x)


@elementwise
def binary_cross_entropy(xp: Any, p: Any, y: Any, /, *, epsilon: float) -> Any:
    """``-(y·log p + (1 - y)·log(1 - p))``, p clipped to [ε, 1 - ε]; no gradient outside, as in Keras."""
    p = xp.minimum(xp.maximum(p, epsilon), 1 - epsilon)
    return -(y * xp.log(p) + (1 - y) * xp.log1p(-p))


def _binary_cross_entropy_p(g: Any, p: Any, y: Any, epsilon: float) -> Any:
    inside = clip(p, epsilon, 1 - epsilon)
    return g * ((inside - y) / (inside - inside * inside)) * equal(inside, p)


def _binary_cross_entropy_y(g: Any, p: Any, epsilon: float) -> Any:
    p = clip(p, epsilon, 1 - epsilon)
    return g * (log(1 - p) - log(p))


binary_cross_entropy.vjp(p=_binary_cross_entropy_p, y=_binary_cross_entropy_y)


# Normalisation ----------------------------------------------------------------------------------------------------


@primitive(outputs="out scale")
def normalize(xp: Any, x: Any, /, *, axis: tuple[int, ...], epsilon: float, centre: bool) -> Any:
    """``(x - mean) / sqrt(var + ε)`` over ``axis`` (without the mean: ``x / sqrt(mean(x²) + ε)``), and 1/sqrt(…).

    16-bit floats are summed in float32. Layer norm, batch norm, group norm and RMS norm are this, on other axes.
    """
    wide = x.astype("float32") if x.dtype.kind not in "fc" or x.dtype.itemsize < 4 else x
    if centre:
        wide = wide - wide.mean(axis=axis, keepdims=True)
    scale = 1 / xp.sqrt(xp.mean(wide * wide, axis=axis, keepdims=True) + epsilon)
    return (wide * scale).astype(x.dtype, copy=False), scale.astype(x.dtype, copy=False)


@composed
def normalize_back(g: Any, out: Any, scale: Any, axis: tuple[int, ...], centre: bool) -> Any:
    """With n = out: dn = s·(g - mean(g) - n·mean(g·n)); ds = -s²·n/N, where N elements are averaged."""
    of_out, of_scale = g
    n = math.prod([out.shape[i] for i in axis])

    def mean(x: Any) -> Any:
        return total(x, axis=axis, keepdims=True) / n

    result = None
    if of_out is not None:
        inner = of_out - out * mean(of_out * out)
        if centre:
            inner = inner - mean(of_out)
        result = inner * scale
    if of_scale is not None:
        more = -(of_scale * scale * scale) * out / n
        result = more if result is None else result + more
    return result


normalize.vjp(x=normalize_back)


# Dropout ------------------------------------------------------------------------------------------------------------


@primitive(linear="x", residuals="mask")
def dropout(xp: Any, x: Any, /, *, rate: float, stream: Any) -> Any:
    """``x`` with each entry 0 with probability ``rate``, the others times 1/(1 - rate); ``stream`` draws the mask."""
    mask = stream.random(x.shape, "float32") >= rate
    return (x * mask * (1 / (1 - rate))).astype(x.dtype, copy=False), mask


dropout.vjp(x=lambda g, mask, rate: g * mask * (1 / (1 - rate)))
dropout.jvp(x=lambda t, mask, rate: t * mask * (1 / (1 - rate)))

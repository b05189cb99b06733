"""The kernels of ``backends/cuda`` for windows and recurrent layers, in NumPy: what the strict backend runs.

Each takes what the kernel takes, with arrays of any shape in memory of that size, and writes where the kernel writes.
What it computes is the formula of the library on images of three axes, and one step written out for the recurrent ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops import conv, pool
from backends.cuda import convolution, pooling, recurrent
from backends.cuda.windows import AXES, FIELDS

NUMBERS = AXES * len(FIELDS)


def _frame(numbers: Any) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]:
    """The size of an image, how many windows it has, and the options of ``autograd.ops.pool``."""
    fields = [tuple(map(int, numbers[at : at + AXES])) for at in range(0, NUMBERS, AXES)]
    size, out, window, stride, low, dilation = fields
    ends = [(o - 1) * s + (k - 1) * d + 1 for o, s, k, d in zip(out, stride, window, dilation, strict=True)]
    pads = tuple([(a, max(0, end - a - n)) for a, end, n in zip(low, ends, size, strict=True)])
    return size, out, {"window": window, "stride": stride, "padding": pads, "dilation": dilation}


def _formula(primitive: Any, *operands: Any, **options: Any) -> Any:
    return primitive.primitive.forward(np, *operands, **options)


# Windows ----------------------------------------------------------------------------------------------------------


def max_pool(*args: Any) -> None:
    size, out, options = _frame(args)
    x, best, index, _ = args[NUMBERS:]
    found = _formula(pool.max_pool, x.reshape(-1, *size), **options)
    best.reshape(-1, *out)[...], index.reshape(-1, *out)[...] = found


def pool_pick(*args: Any) -> None:
    size, out, options = _frame(args)
    x, index, picked, _ = args[NUMBERS:]
    # By the index, and not as the formula does by products: 0 times infinity is NaN.
    picked.reshape(-1, *out)[...] = 0
    full = conv.padded(np, x.reshape(-1, *size), options["padding"])
    for k, (_, where) in enumerate(conv.places(options["window"], out, options["stride"], options["dilation"])):
        np.copyto(picked.reshape(-1, *out), full[(..., *where)], where=index.reshape(-1, *out) == k)


def _inside(full: np.ndarray, size: Any, padding: Any) -> np.ndarray:
    """An image without its padding."""
    return full[(..., *[slice(a, a + n) for n, (a, _) in zip(size, padding, strict=True)])]


def _zeros(lead: tuple[int, ...], size: Any, padding: Any, dtype: Any) -> np.ndarray:
    return np.zeros((*lead, *[a + n + b for n, (a, b) in zip(size, padding, strict=True)]), dtype)


def unpool_pick(*args: Any) -> None:
    size, out, options = _frame(args)
    x, index, result, _ = args[NUMBERS:]
    window, stride, padding, dilation = options.values()
    x, index = x.reshape(-1, *out), index.reshape(-1, *out)
    full = _zeros((len(x),), size, padding, x.dtype)
    for k, (_, where) in enumerate(conv.places(window, out, stride, dilation)):
        full[(..., *where)] += np.where(index == k, x, 0)
    result.reshape(-1, *size)[...] = _inside(full, size, padding)


def pool_sum(*args: Any) -> None:
    size, out, options = _frame(args)
    x, sums, _ = args[NUMBERS:]
    sums.reshape(-1, *out)[...] = _formula(pool.pool_sum, x.reshape(-1, *size), **options)


def unpool_sum(*args: Any) -> None:
    size, out, options = _frame(args)
    x, sums, _ = args[NUMBERS:]
    sums.reshape(-1, *size)[...] = _formula(pool.unpool_sum, x.reshape(-1, *out), size=size, **options)


def columns(*args: Any) -> None:
    size, _, options = _frame(args)
    batch, channels, x, matrix, _ = args[NUMBERS:]
    options["groups"] = 1
    matrix.reshape(-1)[...] = conv._columns(np, x.reshape(batch, channels, *size), **options)[0].reshape(-1)


def fold(*args: Any) -> None:
    size, out, options = _frame(args)
    batch, channels, matrix, x, _ = args[NUMBERS:]
    window, padding = options["window"], options["padding"]
    parts = matrix.reshape(channels, *window, batch, *out)
    full = _zeros((channels, batch), size, padding, x.dtype)
    for at, where in conv.places(window, out, options["stride"], options["dilation"]):
        full[(slice(None), slice(None), *where)] += parts[(slice(None), *at)]
    x.reshape(batch, channels, *size)[...] = _inside(full, size, padding).swapaxes(0, 1)


def spread(batch: int, channels: int, places: int, biased: int, rows: Any, bias: Any, out: Any, n: int) -> None:
    turned = rows.reshape(channels, batch, places).swapaxes(0, 1)
    out.reshape(batch, channels, places)[...] = turned + bias[:, None] if biased else turned


# Recurrent layers -------------------------------------------------------------------------------------------------


def _sigmoid(a: Any) -> Any:
    return np.tanh(a * a.dtype.type(0.5)) * a.dtype.type(0.5) + a.dtype.type(0.5)


def _some(given: int, step: int, *cotangents: Any) -> list[Any]:
    """Those of a step, 0 where none is given."""
    return [part[step] if given >> bit & 1 else 0 for bit, part in enumerate(cotangents)]


def rnn(step: int, relu: int, x: Any, share: Any, out: Any, n: int) -> None:
    a = x[step] + share
    out[step] = np.maximum(a, 0) if relu else np.tanh(a)


def rnn_back(step: int, last: int, relu: int, g: Any, share: Any, out: Any, pre: Any, n: int) -> None:
    pre[step] = (g[step] + (share if step < last else 0)) * (out[step] > 0 if relu else 1 - out[step] * out[step])


def lstm(step: int, units: int, x: Any, share: Any, c0: Any, hidden: Any, cells: Any, gates: Any, n: int) -> None:
    a, b, c, d = np.split(x[step] + share, 4, axis=1)
    i, f, g, o = gates[step] = np.stack([_sigmoid(a), _sigmoid(b), np.tanh(c), _sigmoid(d)])
    cells[step] = f * (cells[step - 1] if step else c0) + i * g
    hidden[step] = o * np.tanh(cells[step])


def lstm_back(
    step: int, last: int, units: int, given: int, of_hidden: Any, of_cells: Any, of_gates: Any, share: Any, c0: Any,
    cells: Any, gates: Any, dc: Any, pre: Any, n: int,
) -> None:  # fmt: skip
    i, f, g, o = gates[step]
    c = np.tanh(cells[step])
    of_h, of_c, more = _some(given, step, of_hidden, of_cells, of_gates)
    of_h = of_h + (share if step < last else np.zeros_like(dc))
    of_c = of_c + (dc if step < last else 0) + of_h * o * (1 - c * c)
    parts = np.stack([of_c * g, of_c * (cells[step - 1] if step else c0), of_c * i, of_h * c]) + more
    parts *= np.stack([i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)])
    pre[step] = np.concatenate(list(parts), axis=1)
    dc[...] = of_c * f


def gru(
    step: int, units: int, x: Any, share: Any, bias: Any, h0: Any, hidden: Any, gates: Any, shares: Any, n: int
) -> None:
    s = share + bias
    r, z = _sigmoid(x[step, :, : 2 * units] + s[:, : 2 * units]).reshape(len(s), 2, units).swapaxes(0, 1)
    shares[step] = s[:, 2 * units :]
    g = np.tanh(x[step, :, 2 * units :] + r * shares[step])
    gates[step] = np.concatenate([r, z, g], axis=1)
    hidden[step] = g + z * ((hidden[step - 1] if step else h0) - g)


def gru_back(
    step: int, last: int, units: int, given: int, of_hidden: Any, of_gates: Any, of_shares: Any, share: Any, h0: Any,
    hidden: Any, gates: Any, shares: Any, kept: Any, pre: Any, ours: Any, n: int,
) -> None:  # fmt: skip
    r, z, g = np.split(gates[step], 3, axis=1)
    of_h, more, of_share = _some(given, step, of_hidden, of_gates, of_shares)
    more_r, more_z, more_g = np.split(more + np.zeros_like(gates[step]), 3, axis=1)
    of_h = of_h + (kept + share if step < last else np.zeros_like(kept))
    in_g = (of_h * (1 - z) + more_g) * (1 - g * g)
    in_z = (of_h * ((hidden[step - 1] if step else h0) - g) + more_z) * z * (1 - z)
    in_r = (in_g * shares[step] + more_r) * r * (1 - r)
    pre[step] = np.concatenate([in_r, in_z, in_g], axis=1)
    ours[step] = np.concatenate([in_r, in_z, in_g * r + of_share], axis=1)
    kept[...] = of_h * z


# By their names ---------------------------------------------------------------------------------------------------

_ALL: tuple[Callable[..., None], ...] = (
    max_pool, pool_pick, unpool_pick, pool_sum, unpool_sum, columns, fold, spread,
    rnn, rnn_back, lstm, lstm_back, gru, gru_back,
)  # fmt: skip
_BY_NAME = {model.__name__: model for model in _ALL}
MODELS = frozenset([*pooling.KERNELS, *convolution.KERNELS, *recurrent.KERNELS])


def run_model(kernel: str, args: tuple[Any, ...]) -> None:
    """A kernel of ``MODELS`` on ndarrays and NumPy's scalars, which must be what its signature in CUDA C says."""
    stem, _, dtype = kernel.rpartition("_")
    name, _, narrow = stem.rpartition("_")
    for a in args:
        if isinstance(a, np.ndarray):
            assert a.flags.c_contiguous, "a kernel takes addresses, not strides"
            assert a.dtype in ((dtype, narrow) if name in _BY_NAME and narrow.startswith("int") else (dtype,)), kernel
        else:
            assert type(a) is np.int64, "a kernel's numbers are 64 bits wide"
    model = _BY_NAME[name if narrow.startswith("int") else stem]
    with np.errstate(all="ignore"):
        model(*[a if isinstance(a, np.ndarray) else int(a) for a in args])

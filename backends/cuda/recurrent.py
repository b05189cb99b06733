"""Recurrent layers with two launches for each step. Imports ``backends.base``, ``backends.cuda.windows``, and no CuPy.

A step of a recurrent layer is a product with the state before and a formula of a few thousand elements: so little that
its time on a GPU is that of the launches. As array calls an LSTM's step takes eleven besides the product, and eight
going back. Here it is one, a thread for each unit of each sequence: it reads the gates' sums, keeps what is in between
in registers, and writes what the derivative needs straight into the memory of all steps. The product is cuBLAS's. Going
back, a thread leaves the cotangents of the gates' sums where the products of the next step, and of the weights, read
them. No thread reads what another one of its launch writes, so each run gives the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import Array, Backend, bound
from backends.cuda.windows import DTYPES, PRELUDE, Sizes, are_made_for, instance

_TEMPLATES = r"""
__device__ inline float bent(float x) { return tanhf(x); }
__device__ inline double bent(double x) { return tanh(x); }

// As the formulas have it: σ(a) = (tanh(a/2) + 1)/2.
template <typename T>
__device__ inline T gate(T a) { return bent(a * (T)0.5) * (T)0.5 + (T)0.5; }

template <typename T>
__device__ inline void rnn(i64 step, i64 relu, const T* x, const T* share, T* out, i64 n) {
    i64 j = thread_index();
    if (j >= n) return;
    T a = x[step * n + j] + share[j];
    out[step * n + j] = relu ? (a < 0 ? (T)0 : a) : bent(a);
}

template <typename T>
__device__ inline void rnn_back(i64 step, i64 last, i64 relu, const T* g, const T* share, const T* out, T* pre,
                                i64 n) {
    i64 j = thread_index();
    if (j >= n) return;
    i64 here = step * n + j;
    T slope = relu ? (T)(out[here] > 0) : 1 - out[here] * out[here];
    pre[here] = (step < last ? g[here] + share[j] : g[here]) * slope;
}

// x and share (batch, 4·units), gates (4, batch, units).
template <typename T>
__device__ inline void lstm(i64 step, i64 units, const T* x, const T* share, const T* c0, T* hidden, T* cells,
                            T* gates, i64 n) {
    i64 j = thread_index();
    if (j >= n) return;
    i64 sum = j / units * 4 * units + j % units, here = step * n + j;
    const T* a = x + step * 4 * n;
    T* to = gates + step * 4 * n + j;
    T i = gate(a[sum] + share[sum]);
    T f = gate(a[sum + units] + share[sum + units]);
    T g = bent(a[sum + 2 * units] + share[sum + 2 * units]);
    T o = gate(a[sum + 3 * units] + share[sum + 3 * units]);
    T c = f * (step ? cells[here - n] : c0[j]) + i * g;
    to[0] = i;
    to[n] = f;
    to[2 * n] = g;
    to[3 * n] = o;
    cells[here] = c;
    hidden[here] = o * bent(c);
}

// share: what the step after has for this one's h; dc: the same for its c, and here for the step before's. A bit of
// `given` says whether there is a cotangent of the hidden states, the cells, the gates.
template <typename T>
__device__ inline void lstm_back(i64 step, i64 last, i64 units, i64 given, const T* of_hidden, const T* of_cells,
                                 const T* of_gates, const T* share, const T* c0, const T* cells, const T* gates,
                                 T* dc, T* pre, i64 n) {
    i64 j = thread_index();
    if (j >= n) return;
    i64 here = step * n + j;
    const T* at = gates + step * 4 * n + j;
    T i = at[0], f = at[n], g = at[2 * n], o = at[3 * n], c = bent(cells[here]);
    T of_h = given & 1 ? of_hidden[here] : (T)0, of_c = given & 2 ? of_cells[here] : (T)0;
    if (step < last) {
        of_h += share[j];
        of_c += dc[j];
    }
    of_c += of_h * (o * (1 - c * c));
    T of_i = of_c * g, of_f = of_c * (step ? cells[here - n] : c0[j]), of_g = of_c * i, of_o = of_h * c;
    if (given & 4) {
        const T* more = of_gates + step * 4 * n + j;
        of_i += more[0];
        of_f += more[n];
        of_g += more[2 * n];
        of_o += more[3 * n];
    }
    T* to = pre + step * 4 * n + j / units * 4 * units + j % units;
    to[0] = of_i * (i * (1 - i));
    to[units] = of_f * (f * (1 - f));
    to[2 * units] = of_g * (1 - g * g);
    to[3 * units] = of_o * (o * (1 - o));
    dc[j] = of_c * f;
}

// x, share and gates (batch, 3·units).
template <typename T>
__device__ inline void gru(i64 step, i64 units, const T* x, const T* share, const T* bias, const T* h0, T* hidden,
                           T* gates, T* shares, i64 n) {
    i64 j = thread_index();
    if (j >= n) return;
    i64 unit = j % units, sum = j / units * 3 * units + unit, here = step * n + j;
    const T* a = x + step * 3 * n + sum;
    T* to = gates + step * 3 * n + sum;
    T r = gate(a[0] + (share[sum] + bias[unit]));
    T z = gate(a[units] + (share[sum + units] + bias[unit + units]));
    T s = share[sum + 2 * units] + bias[unit + 2 * units];
    T g = bent(a[2 * units] + r * s);
    to[0] = r;
    to[units] = z;
    to[2 * units] = g;
    shares[here] = s;
    hidden[here] = g + z * ((step ? hidden[here - n] : h0[j]) - g);
}

// kept: what the step after passes on to this one's h besides share. Bits of `given`: hidden states, gates, shares.
template <typename T>
__device__ inline void gru_back(i64 step, i64 last, i64 units, i64 given, const T* of_hidden, const T* of_gates,
                                const T* of_shares, const T* share, const T* h0, const T* hidden, const T* gates,
                                const T* shares, T* kept, T* pre, T* ours, i64 n) {
    i64 j = thread_index();
    if (j >= n) return;
    i64 sum = step * 3 * n + j / units * 3 * units + j % units, here = step * n + j;
    T r = gates[sum], z = gates[sum + units], g = gates[sum + 2 * units];
    T of_h = given & 1 ? of_hidden[here] : (T)0;
    if (step < last) of_h += kept[j] + share[j];
    T of_g = of_h * (1 - z), of_z = of_h * ((step ? hidden[here - n] : h0[j]) - g);
    if (given & 2) {
        of_g += of_gates[sum + 2 * units];
        of_z += of_gates[sum + units];
    }
    of_g *= 1 - g * g;
    of_z *= z * (1 - z);
    T of_r = of_g * shares[here];
    if (given & 2) of_r += of_gates[sum];
    of_r *= r * (1 - r);
    pre[sum] = ours[sum] = of_r;
    pre[sum + units] = ours[sum + units] = of_z;
    pre[sum + 2 * units] = of_g;
    ours[sum + 2 * units] = given & 4 ? of_g * r + of_shares[here] : of_g * r;
    kept[j] = of_h * z;
}
"""
_PARAMETERS = {
    "rnn": "i64 step, i64 relu, const {0}* x, const {0}* share, {0}* out",
    "rnn_back": "i64 step, i64 last, i64 relu, const {0}* g, const {0}* share, const {0}* out, {0}* pre",
    "lstm": "i64 step, i64 units, const {0}* x, const {0}* share, const {0}* c0, {0}* hidden, {0}* cells, {0}* gates",
    "lstm_back": (
        "i64 step, i64 last, i64 units, i64 given, const {0}* of_hidden, const {0}* of_cells, const {0}* of_gates, "
        "const {0}* share, const {0}* c0, const {0}* cells, const {0}* gates, {0}* dc, {0}* pre"
    ),
    "gru": (
        "i64 step, i64 units, const {0}* x, const {0}* share, const {0}* bias, const {0}* h0, {0}* hidden, "
        "{0}* gates, {0}* shares"
    ),
    "gru_back": (
        "i64 step, i64 last, i64 units, i64 given, const {0}* of_hidden, const {0}* of_gates, const {0}* of_shares, "
        "const {0}* share, const {0}* h0, const {0}* hidden, const {0}* gates, const {0}* shares, "
        "{0}* kept, {0}* pre, {0}* ours"
    ),
}
SOURCE = (
    PRELUDE
    + _TEMPLATES
    + "".join(
        [
            instance(kernel, dtype, (of,), parameters.format(of), windows=False)
            for kernel, parameters in _PARAMETERS.items()
            for dtype, of in DTYPES.items()
        ]
    )
)
KERNELS = tuple([f"{kernel}_{dtype}" for kernel in _PARAMETERS for dtype in DTYPES])


def kernels(backend: Backend) -> dict[str, Any]:
    """What CUDA kernels compute of ``autograd.ops.recurrent``, for a backend that has ``launch``."""
    return bound(backend, rnn, rnn_back, lstm, lstm_back, gru, gru_back)


def _are_made_for(like: Array, *shaped: tuple[Array | None, Sizes]) -> bool:
    """Whether arrays, of which some may be missing, have these shapes, and the dtype and device of ``like``."""
    there = [a for a, _ in shaped if a is not None]
    return all([a is None or a.shape == shape for a, shape in shaped]) and are_made_for(like, *there)


def _weight_gradient(pre: Array, h0: Array, hidden: Array) -> Array:
    """Σ over steps and batch of a cotangent and the state before: two products, so that no state is copied."""
    steps, batch, units = hidden.shape
    rows = pre.reshape(steps * batch, pre.shape[2])
    found = rows[:batch].T @ h0
    if steps > 1:
        found += rows[batch:].T @ hidden[:-1].reshape((steps - 1) * batch, units)
    return found


def _forward(
    backend: Any, kernel: str, x: Array, h0: Array, weight: Array, number: int, given: Any, results: tuple[Array, ...]
) -> tuple[Array, ...]:
    """Step by step the product with the state before, and the kernel: into ``results``, the states first."""
    name, n, turned, h = f"{kernel}_{x.dtype.name}", np.int64(h0.size), weight.T, h0
    for step in range(x.shape[0]):
        args = (np.int64(step), np.int64(number), x, h @ turned, *given, *results, n)
        backend.launch(SOURCE, name, h0.size, args)
        h = results[0][step]
    return results


def _back(
    backend: Any, kernel: str, numbers: tuple[int, ...], g: Any, weight: Array, given: Any, results: tuple[Array, ...]
) -> Array:
    """From the last step on the kernel, and the product of what it left in the last of ``results``, which is returned
    for the first step. What is missing of ``g``, or as a share for the last step, is some array that is not read.
    """
    passed = share = results[-1]
    cotangents = [share if part is None else backend.xp.ascontiguousarray(part) for part in g]
    steps, size = len(passed), passed.shape[1] * weight.shape[1]
    name, rest = f"{kernel}_{weight.dtype.name}", [np.int64(number) for number in (steps - 1, *numbers)]
    for step in reversed(range(steps)):
        args = (np.int64(step), *rest, *cotangents, share, *given, *results, np.int64(size))
        backend.launch(SOURCE, name, size, args)
        share = passed[step] @ weight
    return share


def _which(g: Any) -> int:
    """A bit for each cotangent that is there."""
    return sum([1 << bit for bit, part in enumerate(g) if part is not None])


def rnn(backend: Any, x: Array, h0: Array, weight: Array, /, *, relu: bool) -> Any:
    """2 launches for each step; by the formula 4."""
    state, units = x.shape[1:], x.shape[-1]
    if x.ndim != 3 or not _are_made_for(x, (h0, state), (weight, (units, units))):
        return NotImplemented
    with x.device:
        x, out = backend.xp.ascontiguousarray(x), backend.xp.empty(x.shape, x.dtype)
        return _forward(backend, "rnn", x, h0, weight, relu, (), (out,))[0]


def rnn_back(backend: Any, g: Array, out: Array, h0: Array, weight: Array, relu: bool) -> Any:
    """2 launches for each step; by the formula 3."""
    state, units = out.shape[1:], out.shape[-1]
    if out.ndim != 3 or not _are_made_for(out, (g, out.shape), (h0, state), (weight, (units, units))):
        return NotImplemented
    with out.device:
        out, pre = backend.xp.ascontiguousarray(out), backend.xp.empty(out.shape, out.dtype)
        dh = _back(backend, "rnn_back", (relu,), (g,), weight, (out,), (pre,))
        return pre, dh, _weight_gradient(pre, h0, out)


def lstm(backend: Any, x: Array, h0: Array, c0: Array, weight: Array, /) -> Any:
    """2 launches for each step; by the formula 12."""
    if x.ndim != 3:
        return NotImplemented
    (steps, batch, sums), units = x.shape, x.shape[2] // 4
    state = (batch, units)
    if sums % 4 or not _are_made_for(x, (h0, state), (c0, state), (weight, (sums, units))):
        return NotImplemented
    xp = backend.xp
    with x.device:
        x, c0 = xp.ascontiguousarray(x), xp.ascontiguousarray(c0)
        shapes = ((steps, *state), (steps, *state), (steps, 4, *state))
        results = tuple([xp.empty(shape, x.dtype) for shape in shapes])
        return _forward(backend, "lstm", x, h0, weight, units, (c0,), results)


def lstm_back(
    backend: Any, g: Any, hidden: Array, cells: Array, gates: Array, h0: Array, c0: Array, weight: Array
) -> Any:
    """2 launches for each step; by the formula 9."""
    if hidden.ndim != 3:
        return NotImplemented
    steps, batch, units = hidden.shape
    state, of_gates = (batch, units), (steps, 4, batch, units)
    shaped = ((cells, hidden.shape), (gates, of_gates), (h0, state), (c0, state), (weight, (4 * units, units)))
    cotangents = zip(g, (hidden.shape, hidden.shape, of_gates), strict=True)
    if not _are_made_for(hidden, *shaped, *cotangents):
        return NotImplemented
    xp = backend.xp
    with hidden.device:
        given = [xp.ascontiguousarray(a) for a in (c0, cells, gates)]
        dc, pre = xp.empty(state, hidden.dtype), xp.empty((steps, batch, 4 * units), hidden.dtype)
        dh = _back(backend, "lstm_back", (units, _which(g)), g, weight, given, (dc, pre))
        return pre, dh, dc, _weight_gradient(pre, h0, hidden)


def gru(backend: Any, x: Array, h0: Array, weight: Array, bias: Array, /) -> Any:
    """2 launches for each step; by the formula 17."""
    if x.ndim != 3:
        return NotImplemented
    (steps, batch, sums), units = x.shape, x.shape[2] // 3
    state = (batch, units)
    if sums % 3 or not _are_made_for(x, (h0, state), (weight, (sums, units)), (bias, (sums,))):
        return NotImplemented
    xp = backend.xp
    with x.device:
        x, bias, first = [xp.ascontiguousarray(a) for a in (x, bias, h0)]
        results = tuple([xp.empty(shape, x.dtype) for shape in ((steps, *state), x.shape, (steps, *state))])
        return _forward(backend, "gru", x, h0, weight, units, (bias, first), results)


def gru_back(backend: Any, g: Any, hidden: Array, gates: Array, shares: Array, h0: Array, weight: Array) -> Any:
    """2 launches for each step; by the formula 10."""
    if hidden.ndim != 3:
        return NotImplemented
    steps, batch, units = hidden.shape
    state, of_gates = (batch, units), (steps, batch, 3 * units)
    shaped = ((gates, of_gates), (shares, hidden.shape), (h0, state), (weight, (3 * units, units)))
    cotangents = zip(g, (hidden.shape, of_gates, hidden.shape), strict=True)
    if not _are_made_for(hidden, *shaped, *cotangents):
        return NotImplemented
    xp = backend.xp
    with hidden.device:
        given = [xp.ascontiguousarray(a) for a in (h0, hidden, gates, shares)]
        kept, pre, ours = [xp.empty(shape, hidden.dtype) for shape in (state, of_gates, of_gates)]
        kept += _back(backend, "gru_back", (units, _which(g)), g, weight, given, (kept, pre, ours))
        return pre, kept, _weight_gradient(ours, h0, hidden), ours.sum((0, 1))

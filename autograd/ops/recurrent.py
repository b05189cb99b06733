"""Recurrent layers over a whole sequence, each one primitive.

Imports ``autograd.composed``, ``arithmetic``, ``join``, ``linalg``, ``reduce``, ``shape``.

x holds the inputs' share of the gates, (steps, batch, gates·units): one product for all steps, made before. What the
derivative needs of each step is an output, so that it has derivatives itself. Going back, only the state's share runs
step by step; the weights' gradient is one product for all.
"""

from __future__ import annotations

from typing import Any

from autograd.composed import composed
from autograd.ops.arithmetic import tanh
from autograd.ops.join import concatenate, stack
from autograd.ops.linalg import matmul
from autograd.ops.reduce import sum as total
from autograd.ops.shape import reshape, transpose
from autograd.primitive import primitive

# Shared ------------------------------------------------------------------------------------------------------


def _before(first: Any, states: Any) -> Any:
    """The state before each step."""
    return concatenate(reshape(first, shape=(1, *first.shape)), states[:-1], axis=0)


def _weight_gradient(pre: Any, before: Any) -> Any:
    """Σ over steps and batch: one product."""
    return matmul(reshape(pre, shape=(-1, pre.shape[-1])).mT, reshape(before, shape=(-1, before.shape[-1])))


def _plus(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else a + b


def _step(g: Any, t: int) -> Any:
    return None if g is None else g[t]


# Elman's network -----------------------------------------------------------------------------------------------


@primitive
def rnn(xp: Any, x: Any, h0: Any, weight: Any, /, *, relu: bool) -> Any:
    """``h_t = f(x_t + h_{t-1}·weightᵀ)``, f tanh or relu: x (steps, batch, units) to all h (Elman 1990)."""
    turned = xp.ascontiguousarray(weight.T)
    out = xp.empty(x.shape, dtype=x.dtype)
    h = h0
    for t in range(x.shape[0]):
        h = x[t] + h @ turned
        h = xp.maximum(h, 0) if relu else xp.tanh(h)
        out[t] = h
    return out


@composed
def rnn_back(g: Any, out: Any, h0: Any, weight: Any, relu: bool) -> tuple[Any, Any, Any]:
    """The cotangents of x, h0 and the weight."""
    slope = out > 0 if relu else 1 - out * out
    pre: list[Any] = [None] * out.shape[0]
    back = None
    for t in reversed(range(out.shape[0])):
        pre[t] = _plus(g[t], back) * slope[t]
        back = matmul(pre[t], weight)
    dx = stack(*pre, axis=0)
    return dx, back, _weight_gradient(dx, _before(h0, out))


rnn.vjp_all(rnn_back)

# Long short-term memory ------------------------------------------------------------------------------------------


@primitive(outputs="hidden cells gates")
def lstm(xp: Any, x: Any, h0: Any, c0: Any, weight: Any, /) -> Any:
    """Hidden states, cells (steps, batch, units) and gates i, f, g, o (steps, 4, batch, units).

    With a = x_t + h_{t-1}·weightᵀ cut in four: i, f, o = σ(a), g = tanh(a); c_t = f·c_{t-1} + i·g, h_t = o·tanh(c_t)
    (Hochreiter, Schmidhuber 1997; Gers et al. 2000).
    """
    steps, batch, n = x.shape[0], x.shape[1], h0.shape[-1]
    # σ(a) = (tanh(a/2) + 1)/2: all gates are one tanh, of halves where they are sigmoids.
    half = xp.full((4, 1, 1), 0.5, dtype=x.dtype)
    half[2] = 1
    lift = 1 - half
    lift[2] = 0
    turned = weight.reshape(4, n, n).swapaxes(1, 2) * half
    gates = xp.ascontiguousarray(x.reshape(steps, batch, 4, n).swapaxes(1, 2) * half)
    hidden, cells = xp.empty((steps, batch, n), dtype=x.dtype), xp.empty((steps, batch, n), dtype=x.dtype)
    h, c = h0, c0
    for t in range(steps):
        a = gates[t]
        a += xp.matmul(h, turned)
        xp.tanh(a, out=a)
        a *= half
        a += lift
        c = a[1] * c + a[0] * a[2]
        h = a[3] * xp.tanh(c)
        hidden[t] = h
        cells[t] = c
    return hidden, cells, gates


@composed
def lstm_back(g: Any, hidden: Any, cells: Any, gates: Any, h0: Any, c0: Any, weight: Any) -> tuple[Any, ...]:
    """The cotangents of x, h0, c0 and the weight."""
    of_hidden, of_cells, of_gates = g
    steps, batch, n = hidden.shape
    i, f, new, o = [gates[:, k] for k in range(4)]
    bent = tanh(cells)
    # What a unit of dc_t, and of dh_t, adds to the gates before their nonlinearities.
    by_cell = stack(new * i * (1 - i), _before(c0, cells) * f * (1 - f), i * (1 - new * new), axis=1)
    by_hidden, into_cell = bent * o * (1 - o), o * (1 - bent * bent)
    if of_gates is not None:
        of_gates = of_gates * stack(i * (1 - i), f * (1 - f), 1 - new * new, o * (1 - o), axis=1)
    by_gate = reshape(weight, shape=(4, n, n))
    pre: list[Any] = [None] * steps
    dh = dc = None
    for t in reversed(range(steps)):
        dh = _plus(_step(of_hidden, t), dh)
        dc = _plus(_step(of_cells, t), dc)
        if dh is not None:
            dc = _plus(dh * into_cell[t], dc)
        if dc is None:
            pre[t] = of_gates[t]
        else:
            last = dh * by_hidden[t] if dh is not None else dc * 0
            last = reshape(last, shape=(1, batch, n))
            pre[t] = _plus(concatenate(dc * by_cell[t], last, axis=0), _step(of_gates, t))
            dc = dc * f[t]
        dh = total(matmul(pre[t], by_gate), axis=(0,), keepdims=False)
    dx = reshape(transpose(stack(*pre, axis=0), axes=(0, 2, 1, 3)), shape=(steps, batch, 4 * n))
    return dx, dh, dc, _weight_gradient(dx, _before(h0, hidden))


lstm.vjp_all(lstm_back)

# Gated recurrent unit ----------------------------------------------------------------------------------------------


@primitive(outputs="hidden gates shares")
def gru(xp: Any, x: Any, h0: Any, weight: Any, bias: Any, /) -> Any:
    """Hidden states (steps, batch, units), gates r, z, n (steps, batch, 3·units), and the state's share of n.

    With s = h_{t-1}·weightᵀ + bias: r = σ(x_r + s_r), z = σ(x_z + s_z), n = tanh(x_n + r·s_n),
    h_t = (1 - z)·n + z·h_{t-1} (Cho et al. 2014, with the reset after the product).
    """
    n = h0.shape[-1]
    turned = xp.ascontiguousarray(weight.T)
    gates = xp.empty(x.shape, dtype=x.dtype)
    hidden, shares = xp.empty((*x.shape[:2], n), dtype=x.dtype), xp.empty((*x.shape[:2], n), dtype=x.dtype)
    h = h0
    for t in range(x.shape[0]):
        s = h @ turned + bias
        a = gates[t]
        a[:, : 2 * n] = xp.tanh((x[t, :, : 2 * n] + s[:, : 2 * n]) * 0.5) * 0.5 + 0.5
        shares[t] = s[:, 2 * n :]
        new = xp.tanh(x[t, :, 2 * n :] + a[:, :n] * s[:, 2 * n :])
        a[:, 2 * n :] = new
        h = new + a[:, n : 2 * n] * (h - new)
        hidden[t] = h
    return hidden, gates, shares


@composed
def gru_back(g: Any, hidden: Any, gates: Any, shares: Any, h0: Any, weight: Any) -> tuple[Any, ...]:
    """The cotangents of x, h0, the weight and the bias."""
    of_hidden, of_gates, of_shares = g
    steps, _, n = hidden.shape
    r, z, new = [gates[..., k * n : (k + 1) * n] for k in range(3)]
    before = _before(h0, hidden)
    # What a unit of dh_t adds to z and n before their nonlinearities, and one of the latter to r.
    by_z, by_new, by_r = (before - new) * z * (1 - z), (1 - z) * (1 - new * new), shares * r * (1 - r)
    if of_gates is not None:
        of_gates = of_gates * concatenate(r * (1 - r), z * (1 - z), 1 - new * new, axis=2)
    pre: list[Any] = [None] * steps
    ours: list[Any] = [None] * steps
    dh = None
    for t in reversed(range(steps)):
        dh = _plus(_step(of_hidden, t), dh)
        if dh is None:
            dh = hidden[t] * 0
        extra = _step(of_gates, t)
        in_new, in_z = dh * by_new[t], dh * by_z[t]
        if extra is not None:
            in_new, in_z = in_new + extra[:, 2 * n :], in_z + extra[:, n : 2 * n]
        in_r = in_new * by_r[t]
        if extra is not None:
            in_r = in_r + extra[:, :n]
        pre[t] = concatenate(in_r, in_z, in_new, axis=1)
        ours[t] = concatenate(in_r, in_z, _plus(in_new * r[t], _step(of_shares, t)), axis=1)
        dh = dh * z[t] + matmul(ours[t], weight)
    shared = stack(*ours, axis=0)
    return stack(*pre, axis=0), dh, _weight_gradient(shared, before), total(shared, axis=(0, 1), keepdims=False)


gru.vjp_all(gru_back)

"""Recurrent networks in NumPy: every step into the memory it ends in. Imports ``backends.jit``.

Times are of 50 steps, 32 sequences, 64 units in float32, on one core.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.jit import LARGE, compiled


def _as_dtype(dtype: Any, *arrays: Any) -> list[np.ndarray]:
    return [x if x.dtype is dtype else x.astype(dtype) for x in arrays]


def lstm(x: Any, h0: Any, c0: Any, weight: Any, /) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """1.4 ms; written as the formula 1.9."""
    steps, batch, n = x.shape[0], x.shape[1], h0.shape[-1]
    h, c, weight = _as_dtype(x.dtype, h0, c0, weight)
    # A product for each gate is small enough to wake no thread, and writes each gate in one piece.
    turned = np.ascontiguousarray(weight.reshape(4, n, n).swapaxes(1, 2))
    gates = np.empty((steps, 4, batch, n), x.dtype)
    np.copyto(gates, x.reshape(steps, batch, 4, n).swapaxes(1, 2))
    hidden, cells = np.empty((2, steps, batch, n), x.dtype)
    share, scratch = np.empty((4, batch, n), x.dtype), np.empty((batch, n), x.dtype)
    step = compiled("lstm_step") if x.dtype.char == "f" and x.size >= LARGE else None
    if step is not None:
        shares, c = share.reshape(4, -1), np.ascontiguousarray(c).reshape(-1)
        flat = [x.reshape(steps, -1) for x in (hidden, cells)]
        for a, h_next, c_next, after in zip(gates.reshape(steps, 4, -1), *flat, hidden, strict=True):
            np.matmul(h, turned, out=share)
            step(a, shares, c, c_next, h_next)
            h, c = after, c_next
        return hidden, cells, gates
    for a, first, new, o, h_next, c_next in zip(
        gates, gates[:, :2], gates[:, 2], gates[:, 3], hidden, cells, strict=True
    ):
        a += np.matmul(h, turned, out=share)
        # σ(a) = (tanh(a/2) + 1)/2: all gates are one tanh, of halves where they are sigmoids.
        first *= 0.5
        o *= 0.5
        np.tanh(a, a)
        first *= 0.5
        first += 0.5
        o *= 0.5
        o += 0.5
        i, f = first
        np.multiply(f, c, c_next)
        np.multiply(i, new, scratch)
        c_next += scratch
        np.tanh(c_next, scratch)
        np.multiply(o, scratch, h_next)
        h, c = h_next, c_next
    return hidden, cells, gates


def _compiled_steps_back(
    step: Any, of_hidden: Any, of_cells: Any, cells: Any, gates: Any, c0: Any, by_gate: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cotangents of the gates' sums (steps, 4, batch, units), and of h0 and c0."""
    steps, batch, n = cells.shape
    pre, share = np.empty(gates.shape, gates.dtype), np.empty((4, batch, n), gates.dtype)
    dh, dc = np.zeros((2, batch, n), gates.dtype)
    flat_cells, flat_gates, flat_pre = cells.reshape(steps, -1), gates.reshape(steps, 4, -1), pre.reshape(steps, 4, -1)
    before = [np.ascontiguousarray(c0).reshape(-1), *flat_cells[:-1]]
    flat_dh, flat_dc = dh.reshape(-1), dc.reshape(-1)
    for t in range(steps - 1, -1, -1):
        if of_hidden is not None:
            dh += of_hidden[t]
        if of_cells is not None:
            dc += of_cells[t]
        step(flat_gates[t], before[t], flat_cells[t], flat_dh, flat_dc, flat_pre[t])
        np.add.reduce(np.matmul(pre[t], by_gate, out=share), 0, None, dh)
    return pre, dh, dc


def _steps_back(
    step: Any, of_hidden: Any, of_cells: Any, cells: Any, gates: Any, c0: Any, by_gate: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same without a compiled step."""
    steps, batch, n = cells.shape
    bent = np.tanh(cells)
    i, f, new, o = [gates[:, k] for k in range(4)]
    # What a unit of dc_t, for the last gate of dh_t, adds to the gates' sums; then the cotangents of these.
    pre = np.empty(gates.shape, gates.dtype)
    by_i, by_f, by_new, by_o = [pre[:, k] for k in range(4)]
    for gate, at in ((gates[:, :2], pre[:, :2]), (o, by_o)):
        np.subtract(1, gate, at)
        at *= gate
    by_i *= new
    by_f[0] *= c0
    by_f[1:] *= cells[:-1]
    np.multiply(new, new, by_new)
    np.subtract(1, by_new, by_new)
    by_new *= i
    by_o *= bent
    into_cell = np.multiply(bent, bent, bent)
    np.subtract(1, into_cell, into_cell)
    into_cell *= o
    share, scratch = np.empty((4, batch, n), cells.dtype), np.empty((batch, n), cells.dtype)
    dh, dc = np.zeros((2, batch, n), cells.dtype)
    # Slices come from the loop: ``at[:3] *= dc`` would write the product into its place a second time.
    for t, by_cell, by_hidden, into, keep in zip(
        range(steps - 1, -1, -1), pre[::-1, :3], by_o[::-1], into_cell[::-1], f[::-1], strict=True
    ):
        if of_hidden is not None:
            dh += of_hidden[t]
        if of_cells is not None:
            dc += of_cells[t]
        dc += np.multiply(dh, into, scratch)
        np.multiply(by_cell, dc, by_cell)
        np.multiply(by_hidden, dh, by_hidden)
        dc *= keep
        np.add.reduce(np.matmul(pre[t], by_gate, out=share), 0, None, dh)
    return pre, dh, dc


def lstm_back(g: Any, hidden: Any, cells: Any, gates: Any, h0: Any, c0: Any, weight: Any) -> Any:
    """2 ms; written as the formula 4.7. Where the gates have no cotangent of their own."""
    of_hidden, of_cells, of_gates = g
    arrays = [x for x in (of_hidden, of_cells, hidden, cells, gates, h0, c0, weight) if x is not None]
    char = hidden.dtype.char
    if of_gates is not None or char not in "fd" or any([x.dtype.char != char for x in arrays]):
        return NotImplemented
    steps, batch, n = hidden.shape
    step = compiled("lstm_step_back") if char == "f" and gates.size >= LARGE else None
    back = _steps_back if step is None else _compiled_steps_back
    pre, dh, dc = back(step, of_hidden, of_cells, cells, gates, c0, weight.reshape(4, n, n))
    dx = np.ascontiguousarray(pre.swapaxes(1, 2)).reshape(steps, batch, 4 * n)
    rows = dx.reshape(-1, 4 * n)
    of_weight = rows[:batch].T @ h0
    if steps > 1:
        of_weight += rows[batch:].T @ hidden[:-1].reshape(-1, n)
    return dx, dh, dc, of_weight


RECURRENT: dict[str, Any] = {"lstm": lstm, "lstm_back": lstm_back}

"""Loops of large arrays, compiled by Numba. Loaded by ``backends.jit`` alone.

Arrays are flat or matrices, contiguous, of one dtype. exp and tanh are Cephes' polynomials (Moshier 1992, expf.c and
tanhf.c): without a library of vector functions, Numba's own would run element by element. Loops are kept to a few
arrays each: with many, the compiler gives up proving that none overlaps another, and vectorises nothing.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

f4 = np.float32
LOG2_E, LN2_HIGH, LN2_LOW = f4(1.44269504088896341), f4(0.693359375), f4(-2.12194440e-4)
# Adding 1.5·2^23 rounds a float32 to an integer, and leaves that in the lowest bits.
ROUND = f4(12582912.0)
E0, E1, E2 = f4(1.9875691500e-4), f4(1.3981999507e-3), f4(8.3334519073e-3)
E3, E4, E5 = f4(4.1665795894e-2), f4(1.6666665459e-1), f4(5.0000001201e-1)
T0, T1, T2 = f4(-5.70498872745e-3), f4(2.06390887954e-2), f4(-5.37397155531e-2)
T3, T4 = f4(1.33314422036e-1), f4(-3.33332819422e-1)
ZERO, HALF, ONE, TWO = f4(0), f4(0.5), f4(1), f4(2)
# Below, e^x is no normal float32; above, tanh x is 1.
LOWEST, TANH_EDGE, TANH_SMALL = f4(-87.3), f4(9.1), f4(0.625)


def _compiler(*liberties: str) -> Any:
    """A decorator that compiles with so many liberties; NaN, infinities and signed zeros are never among them."""

    def compile(function: Any) -> Any:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(liberties)}
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # no folder to keep it in
            return numba.njit(**options)(function)

    return compile


element = _compiler("contract")
# Sums may be taken in any order, or nothing vectorises. Not where ROUND is added and taken away again.
row = _compiler("contract", "reassoc")


@intrinsic
def _as_integer(context: Any, x: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), build


@intrinsic
def _as_float(context: Any, x: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), build


# A float32's bits as an integer, and back. Numba hands the first parameter in itself, which type checkers don't know.
_bits: Any = _as_integer
_float: Any = _as_float


@element
def exp(x):
    """e^x of a float32 up to 88; NaN stays NaN."""
    rounded = x * LOG2_E + ROUND
    n = rounded - ROUND
    r = x - n * LN2_HIGH - n * LN2_LOW
    p = ((((E0 * r + E1) * r + E2) * r + E3) * r + E4) * r + E5
    p = p * r * r + r + ONE
    # The exponent of 2^n: the integer in rounded's lowest bits, plus 127, in place.
    scale = _float(np.int32((_bits(rounded) + np.int32(127)) << np.int32(23)))
    return ZERO if x < LOWEST else p * scale


@element
def tanh(x):
    """tanh of a float32; NaN stays NaN."""
    z = x * x
    near = ((((T0 * z + T1) * z + T2) * z + T3) * z + T4) * z * x + x
    size = -x if x < ZERO else x
    size = TANH_EDGE if size > TANH_EDGE else size
    far = ONE - TWO / (exp(size + size) + ONE)
    far = -far if x < ZERO else far
    return near if z < TANH_SMALL * TANH_SMALL else far


# GELU -----------------------------------------------------------------------------------------------------------

EDGE, ROOT_2_OVER_PI, CUBIC, THREE = f4(30.25), f4(0.7978845608028654), f4(0.044715), f4(3)
P0, P1, P2, P3 = f4(0.797884941), f4(0.0363330845), f4(-3.2594944e-05), f4(-5.53062087e-05)
P4, P5, P6 = f4(3.96474747e-06), f4(-1.32263607e-07), f4(1.75617886e-09)


@element
def twice_normal(x):
    """2·Φ(x), as ``backends.numpy_network`` computes it."""
    z = x * x
    z = EDGE if z > EDGE else z
    return ONE + tanh(x * ((((((P6 * z + P5) * z + P4) * z + P3) * z + P2) * z + P1) * z + P0))


@element
def gelu(x, out):
    for i in range(x.size):
        out[i] = twice_normal(x[i]) * x[i] * HALF


@element
def gelu_back(g, x, out):
    for i in range(x.size):
        out[i] = (twice_normal(x[i]) + exp(-HALF * x[i] * x[i]) * x[i] * ROOT_2_OVER_PI) * g[i] * HALF


@element
def gelu_tanh(x, out):
    for i in range(x.size):
        square = CUBIC * x[i] * x[i]
        out[i] = (ONE + tanh(ROOT_2_OVER_PI * x[i] * (ONE + square))) * x[i] * HALF


@element
def gelu_tanh_back(g, x, out):
    for i in range(x.size):
        square = CUBIC * x[i] * x[i]
        u = ONE + tanh(ROOT_2_OVER_PI * x[i] * (ONE + square))
        out[i] = (u + ROOT_2_OVER_PI * x[i] * u * (TWO - u) * (ONE + THREE * square)) * g[i] * HALF


# Rows: softmax and norms ------------------------------------------------------------------------------------------


@row
def softmax(x, out):
    for i in range(x.shape[0]):
        # The greatest as an integer, which orders as the float does: the compiler may not vectorise the float's.
        top = np.int32(-2147483648)
        for j in range(x.shape[1]):
            bits = _bits(x[i, j])
            top = max(top, np.int32(bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF))))
        shift = _float(np.int32(top ^ ((top >> np.int32(31)) & np.int32(0x7FFFFFFF))))
        total = ZERO
        for j in range(x.shape[1]):
            e = exp(x[i, j] - shift)
            out[i, j] = e
            total += e
        scale = ONE / total
        for j in range(x.shape[1]):
            out[i, j] *= scale


@row
def softmax_back(g, p, out):
    for i in range(p.shape[0]):
        total = p.dtype.type(0)
        for j in range(p.shape[1]):
            total += g[i, j] * p[i, j]
        for j in range(p.shape[1]):
            out[i, j] = (g[i, j] - total) * p[i, j]


@row
def normalize(x, epsilon, centre, out, scale):
    one, n = x.dtype.type(1), x.dtype.type(x.shape[1])
    for i in range(x.shape[0]):
        mean = x.dtype.type(0)
        if centre:
            for j in range(x.shape[1]):
                mean += x[i, j]
            mean /= n
        square = x.dtype.type(0)
        for j in range(x.shape[1]):
            square += (x[i, j] - mean) * (x[i, j] - mean)
        s = one / np.sqrt(square / n + epsilon)
        scale[i] = s
        for j in range(x.shape[1]):
            out[i, j] = (x[i, j] - mean) * s


@row
def normalize_back(g, y, scale, centre, out):
    zero, n = y.dtype.type(0), y.dtype.type(y.shape[1])
    for i in range(y.shape[0]):
        along, mean, s = zero, zero, scale[i]
        for j in range(y.shape[1]):
            along += g[i, j] * y[i, j]
            mean += g[i, j]
        along /= n
        mean = mean / n if centre else zero
        for j in range(y.shape[1]):
            out[i, j] = (g[i, j] - mean - y[i, j] * along) * s


# Images -----------------------------------------------------------------------------------------------------------


@element
def gate(a, x, out):
    one, zero = a.dtype.type(1), a.dtype.type(0)
    for i in range(x.size):
        out[i] = a[i] * (one if x[i] > zero else zero)


@element
def max_pool_halves(x, out, index):
    """Windows of 2×2 side by side: x (images, h, 2, w, 2) to out (images, h, w)."""
    for i in range(out.shape[0]):
        for h in range(out.shape[1]):
            for w in range(out.shape[2]):
                best, at = x[i, h, 0, w, 0], np.int32(0)
                # Greater, or the window's first NaN.
                b, c, d = x[i, h, 0, w, 1], x[i, h, 1, w, 0], x[i, h, 1, w, 1]
                found = (best == best) & (not (b <= best))
                best, at = b if found else best, np.int32(1) if found else at
                found = (best == best) & (not (c <= best))
                best, at = c if found else best, np.int32(2) if found else at
                found = (best == best) & (not (d <= best))
                out[i, h, w] = d if found else best
                index[i, h, w] = np.int32(3) if found else at


@element
def unpool_halves(g, index, out):
    """g (images, h, w) to out (images, h, 2, w, 2): where the index names, 0 elsewhere."""
    zero = g.dtype.type(0)
    for i in range(g.shape[0]):
        for h in range(g.shape[1]):
            for w in range(g.shape[2]):
                k, value = index[i, h, w], g[i, h, w]
                out[i, h, 0, w, 0] = value if k == 0 else zero
                out[i, h, 0, w, 1] = value if k == 1 else zero
            for w in range(g.shape[2]):
                k, value = index[i, h, w], g[i, h, w]
                out[i, h, 1, w, 0] = value if k == 2 else zero
                out[i, h, 1, w, 1] = value if k == 3 else zero


# LSTM -------------------------------------------------------------------------------------------------------------


@element
def lstm_step(a, share, c, c_next, h_next):
    """Gates (4, units of the batch) from their sums, and what follows from them."""
    m = c.size
    for k in range(4):
        half = ONE if k == 2 else HALF
        lift = ZERO if k == 2 else HALF
        for j in range(m):
            a[k, j] = tanh((a[k, j] + share[k, j]) * half) * half + lift
    for j in range(m):
        c_next[j] = a[1, j] * c[j] + a[0, j] * a[2, j]
    for j in range(m):
        h_next[j] = a[3, j] * tanh(c_next[j])


@element
def lstm_step_back(a, c_before, c, dh, dc, pre):
    """The cotangents of the sums and, in dc, of the cell before."""
    m = c.size
    for j in range(m):
        t = tanh(c[j])
        dc[j] += dh[j] * a[3, j] * (ONE - t * t)
    for j in range(m):
        pre[3, j] = dh[j] * tanh(c[j]) * a[3, j] * (ONE - a[3, j])
    for j in range(m):
        pre[0, j] = dc[j] * a[2, j] * a[0, j] * (ONE - a[0, j])
    for j in range(m):
        pre[2, j] = dc[j] * a[0, j] * (ONE - a[2, j] * a[2, j])
    for j in range(m):
        pre[1, j] = dc[j] * c_before[j] * a[1, j] * (ONE - a[1, j])
    for j in range(m):
        dc[j] *= a[1, j]

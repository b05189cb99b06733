"""Fits the rational function by which ``backends.numpy_elementwise.erf`` computes float32: prints its coefficients.

erf(x)/x ≈ p(x²)/q(x²) on |x| ≤ 3.92, beyond which erf is ±1 in float32. A linearised least-squares fit (Sanathanan &
Koerner 1963), its weights raised where the relative error is large (Lawson 1961). Run with SciPy 1.17.1, NumPy 2.4.6.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erf

EDGE, DEGREE = 3.92, 5


def fit() -> tuple[float, np.ndarray, np.ndarray]:
    """The largest relative error, and the coefficients of p and q, from the constant one up."""
    square = (np.cos(np.linspace(0, np.pi, 4001)) * 0.5 + 0.5) * EDGE**2
    x = np.sqrt(square)
    target = np.where(x == 0, 2 / np.sqrt(np.pi), erf(x) / np.where(x == 0, 1, x))
    scaled = square / EDGE**2
    powers = np.vander(scaled, DEGREE + 1, increasing=True)
    weight, divisor = np.ones_like(x), np.ones_like(x)
    best = (np.inf, np.empty(0), np.empty(0))
    for _ in range(300):
        matrix = np.concatenate([powers, -target[:, None] * powers[:, 1:]], axis=1)
        row = np.sqrt(weight) / (np.abs(divisor) * target)
        found, *_ = np.linalg.lstsq(matrix * row[:, None], target * row, rcond=None)
        p, q = found[: DEGREE + 1], np.concatenate([[1.0], found[DEGREE + 1 :]])
        divisor = powers @ q
        error = np.abs(powers @ p / divisor / target - 1)
        if error.max() < best[0]:
            best = (float(error.max()), p, q)
        weight = weight * np.sqrt(error)
        weight /= weight.sum()
    scale = EDGE ** -(2.0 * np.arange(DEGREE + 1))
    return best[0], best[1] * scale, best[2] * scale


if __name__ == "__main__":
    error, p, q = fit()
    print(f"relative error {error:.1e}")
    print("P =", [float(f"{c:.9g}") for c in p])
    print("Q =", [float(f"{c:.9g}") for c in q])

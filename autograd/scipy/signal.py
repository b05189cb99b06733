"""``convolve`` with HIPS autograd's arguments. Imports ``autograd.numpy``, ``ops.conv``.

As ``scipy.signal.convolve``, and over chosen axes, with sums over others. For networks see ``conv1d`` to ``conv3d``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import autograd.numpy as np
from autograd.numpy.common import arraylike, normalize_axis
from autograd.ops.conv import conv

__all__ = ["convolve"]

Axes = tuple[Sequence[int], Sequence[int]]


def convolve(A: Any, B: Any, axes: Axes | None = None, dot_axes: Axes = ((), ()), mode: str = "full") -> Any:
    """``out[n] = Σ_k A[n - k]·B[k]`` over pairs of axes.

    Args:
        A, B: arrays.
        axes: the axes of A and of B convolved with one another, pair by pair; all by default.
        dot_axes: pairs of axes that are multiplied and summed over, as ``tensordot`` does.
        mode: ``"full"``, sizes m + n - 1; ``"valid"``, m - n + 1, where they overlap wholly; ``"same"``, the middle
            of ``"full"``, as large as A.

    Returns:
        A's other axes, then B's other axes, then those convolved. Linear in A and in B.

    Raises:
        ValueError: axes that don't pair; ``"valid"`` with A smaller along one axis and B along another.

    >>> convolve([1.0, 2.0, 3.0], [1.0, 1.0])
    array([1., 3., 5., 3.])
    >>> convolve(np.ones((4, 5, 7)), np.ones((2, 4, 3)), axes=([1], [2]), dot_axes=([0], [1]), mode="valid").shape
    (7, 2, 3)
    """
    A, B = arraylike(A, like=(A, B)), arraylike(B, like=(A, B))
    if mode not in ("full", "valid", "same"):
        raise ValueError(f"convolve: expected mode 'full', 'valid' or 'same'; got {mode!r}. Choose one of them.")
    m, n = len(A.shape), len(B.shape)
    summed = _pairs("dot_axes", dot_axes, m, n)
    over = (tuple(range(m)), tuple(range(n))) if axes is None else _pairs("axes", axes, m, n)
    if len(over[0]) != len(over[1]) or set(over[0]) & set(summed[0]) or set(over[1]) & set(summed[1]):
        raise ValueError(
            f"convolve: expected as many axes of A as of B, each in one place; got axes {over} and dot_axes {summed} "
            f"for {tuple(A.shape)} and {tuple(B.shape)}. Name each axis once."
        )
    shared = [A.shape[i] for i in summed[0]]
    if shared != [B.shape[j] for j in summed[1]]:
        raise ValueError(
            f"convolve: expected dot_axes of equal sizes; got {shared} of {tuple(A.shape)} and "
            f"{[B.shape[j] for j in summed[1]]} of {tuple(B.shape)}. Choose other axes."
        )
    if not over[0]:
        return np.tensordot(A, B, axes=summed)
    left = [i for i in range(m) if i not in (*over[0], *summed[0])]
    right = [j for j in range(n) if j not in (*over[1], *summed[1])]
    before, behind = [A.shape[i] for i in left], [B.shape[j] for j in right]
    sizes, windows = tuple([A.shape[i] for i in over[0]]), tuple([B.shape[j] for j in over[1]])
    x = np.reshape(np.transpose(A, (*left, *summed[0], *over[0])), (math.prod(before), math.prod(shared), *sizes))
    y = np.reshape(np.transpose(B, (*right, *summed[1], *over[1])), (math.prod(behind), math.prod(shared), *windows))
    turned = mode == "valid" and all(k >= s for s, k in zip(sizes, windows)) and sizes != windows
    if turned:  # what slides is the smaller one
        x, y, sizes, windows = y, x, windows, sizes
    elif mode == "valid" and any(k > s for s, k in zip(sizes, windows)):
        raise ValueError(
            f"convolve: expected one operand at least as large as the other along each axis; got {sizes} and "
            f"{windows}. Use mode='full', and take what you need."
        )
    out = _convolved(x, y, windows, full=mode != "valid")
    if turned:
        out = np.swapaxes(out, 0, 1)
    if mode == "same":
        out = out[(..., *[slice((k - 1) // 2, (k - 1) // 2 + s) for s, k in zip(sizes, windows)])]
    return np.reshape(out, (*before, *behind, *out.shape[2:]))


def _convolved(x: Any, y: Any, windows: tuple[int, ...], full: bool) -> Any:
    """x (batch, in, …) with y (out, in, …), as (batch, out, …)."""
    if x.shape[:2] == y.shape[:2] == (1, 1) and len(windows) == 1:  # without the matrix of windows
        return np.convolve(x[0, 0], y[0, 0], "full" if full else "valid")[None, None]
    once = (1,) * len(windows)
    padding = tuple([(k - 1, k - 1) if full else (0, 0) for k in windows])
    turned = np.flip(y, axis=tuple(range(2, 2 + len(windows))))
    return conv(x, turned, None, stride=once, padding=padding, dilation=once, groups=1)


def _pairs(name: str, axes: Any, m: int, n: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    first, second = axes
    return normalize_axis(tuple(first), m, name), normalize_axis(tuple(second), n, name)

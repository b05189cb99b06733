"""Discrete convolution of vectors. Imports ``autograd.primitive`` and ``ops.index``."""

from __future__ import annotations

from typing import Any

from autograd.ops.index import getitem, scatter_index
from autograd.primitive import primitive

REVERSED = (slice(None, None, -1),)


@primitive(multilinear="a v")
def convolve(xp: Any, a: Any, v: Any, /, *, mode: str) -> Any:
    return xp.convolve(a, v, mode)


# out_k = Σ_i a_i·v_(k-i), so da_i = Σ_k g_k·v_(k-i): g, put back into the full result, against v reversed.
def _gradient(g: Any, other: Any, size: int, mode: str) -> Any:
    length = other.shape[0]
    short = min(size, length)
    start = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}[mode]
    total = size + length - 1
    if g.shape[0] != total:
        g = scatter_index(g, index=(slice(start, start + g.shape[0]),), shape=(total,))
    return convolve(g, getitem(other, index=REVERSED), mode="valid")


convolve.vjp(
    a=lambda g, v, a_spec, mode: _gradient(g, v, a_spec.shape[0], mode),
    v=lambda g, a, v_spec, mode: _gradient(g, a, v_spec.shape[0], mode),
)


@convolve.explains
def _convolve_hint(a: Any, v: Any, *, mode: str) -> str | None:
    if a.ndim != 1 or v.ndim != 1:
        return f"expected two vectors; a is {tuple(a.shape)}, v is {tuple(v.shape)}. Use conv1d or conv2d for batches"
    if not a.size or not v.size:
        return (
            f"expected vectors of at least one element; a is {tuple(a.shape)}, v is {tuple(v.shape)}. Skip empty ones"
        )
    if mode not in ("full", "same", "valid"):
        return f"expected mode 'full', 'same' or 'valid'; got {mode!r}. Choose one of them"
    return None

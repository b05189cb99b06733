"""Sliding windows over the last axes, and their sum: adjoint to each other. Imports ``ops.conv`` and ``backends``."""

from __future__ import annotations

from typing import Any

import backends
from autograd.ops.conv import Pads, Sizes, padded, places
from autograd.primitive import primitive


@primitive(view=True, linear="x")
def windows(xp: Any, x: Any, /, *, window: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """x (…, *size) to (…, *out, *window), a read-only view."""
    return backends.of(x).windows(x, window, stride, dilation)


@primitive(linear="y")
def unwindows(xp: Any, y: Any, /, *, size: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """y (…, *out, *window) to (…, *size), each entry added where ``windows`` reads it."""
    n = len(size)
    lead, out, window = y.shape[: y.ndim - 2 * n], y.shape[y.ndim - 2 * n : y.ndim - n], y.shape[y.ndim - n :]
    x = xp.zeros((*lead, *size), dtype=y.dtype)
    for at, where in places(window, out, stride, dilation):
        x[(..., *where)] += y[(..., *at)]
    return x


windows.vjp(
    x=lambda g, x_spec, window, stride, dilation: unwindows(
        g, size=x_spec.shape[len(x_spec.shape) - len(window) :], stride=stride, dilation=dilation
    )
)
unwindows.vjp(
    y=lambda g, y_spec, size, stride, dilation: windows(
        g, window=y_spec.shape[len(y_spec.shape) - len(size) :], stride=stride, dilation=dilation
    )
)


@primitive(linear="x")
def pad_zeros(xp: Any, x: Any, /, *, padding: Pads) -> Any:
    """``x`` with zeros around its last axes."""
    out = padded(xp, x, padding)
    return out.copy() if out is x else out


@primitive(linear="x")
def cut(xp: Any, x: Any, /, *, padding: Pads) -> Any:
    """``x`` without the ends of its last axes: what ``pad_zeros`` adds, taken off."""
    size = x.shape[x.ndim - len(padding) :]
    return x[(..., *[slice(low, n - high) for n, (low, high) in zip(size, padding, strict=True)])].copy()


pad_zeros.vjp(x=lambda g, padding: cut(g, padding=padding))
cut.vjp(x=lambda g, padding: pad_zeros(g, padding=padding))

"""Fourier transforms over several axes. Imports ``autograd.primitive`` and ``ops.arithmetic``.

All are linear. The complex ones are symmetric matrices, so each is its own transpose, with the same norm. Those
between real arrays and half spectra are one another's transposes, up to the weight 2 of the frequencies that the half
leaves out, a conjugate, and the norm of the other direction.
"""

from __future__ import annotations

from typing import Any

from autograd.ops.arithmetic import conj
from autograd.ops.reduce import Axes
from autograd.primitive import primitive

# The norm under which the inverse transform scales as this one does.
OTHER_NORM = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


@primitive(linear="x")
def resize(xp: Any, x: Any, /, *, shape: tuple[int, ...]) -> Any:
    """``x`` cut off, or filled up with zeros, at the end of each axis."""
    part = tuple([slice(0, n) for n in shape])
    cut = x[part]
    if cut.shape == shape:
        return xp.array(cut, copy=True)
    out = xp.zeros(shape, dtype=x.dtype)
    out[tuple([slice(0, n) for n in cut.shape])] = cut
    return out


resize.vjp(x=lambda g, x_spec: resize(g, shape=x_spec.shape))


def _fitted(g: Any, shape: tuple[int, ...]) -> Any:
    return g if g.shape == shape else resize(g, shape=shape)


@primitive(linear="x")
def fftn(xp: Any, x: Any, /, *, sizes: Axes, axes: Axes, norm: str) -> Any:
    return xp.fft.fftn(x, sizes, axes, norm)


@primitive(linear="x")
def ifftn(xp: Any, x: Any, /, *, sizes: Axes, axes: Axes, norm: str) -> Any:
    return xp.fft.ifftn(x, sizes, axes, norm)


fftn.vjp(x=lambda g, x_spec, sizes, axes, norm: _fitted(fftn(g, sizes=sizes, axes=axes, norm=norm), x_spec.shape))
ifftn.vjp(x=lambda g, x_spec, sizes, axes, norm: _fitted(ifftn(g, sizes=sizes, axes=axes, norm=norm), x_spec.shape))


@primitive(linear="x")
def weigh(xp: Any, x: Any, /, *, axis: int, n: int, factor: float) -> Any:
    """A half spectrum with the frequencies that occur twice in the whole one of ``n`` times ``factor``."""
    out = xp.array(x, copy=True)
    out[(*(slice(None),) * axis, slice(1, (n + 1) // 2))] *= factor
    return out


weigh.vjp(x=lambda g, axis, n, factor: weigh(g, axis=axis, n=n, factor=factor))


@primitive(linear="x")
def rfftn(xp: Any, x: Any, /, *, sizes: Axes, axes: Axes, norm: str) -> Any:
    return xp.fft.rfftn(x, sizes, axes, norm)


@primitive(linear="x")
def irfftn(xp: Any, x: Any, /, *, sizes: Axes, axes: Axes, norm: str) -> Any:
    # Axis by axis, as NumPy goes: cuFFT's transform over several takes a symmetry for granted that x need not have.
    for n, axis in zip(sizes[:-1], axes[:-1]):
        x = xp.fft.ifft(x, n, axis, norm)
    return xp.fft.irfft(x, sizes[-1], axes[-1], norm)


def _rfftn_vjp(g: Any, x_spec: Any, sizes: Axes, axes: Axes, norm: str) -> Any:
    half = weigh(conj(g), axis=axes[-1], n=sizes[-1], factor=0.5)
    return _fitted(irfftn(half, sizes=sizes, axes=axes, norm=OTHER_NORM[norm]), x_spec.shape)


def _irfftn_vjp(g: Any, x_spec: Any, sizes: Axes, axes: Axes, norm: str) -> Any:
    half = conj(rfftn(g, sizes=sizes, axes=axes, norm=OTHER_NORM[norm]))
    return _fitted(weigh(half, axis=axes[-1], n=sizes[-1], factor=2.0), x_spec.shape)


rfftn.vjp(x=_rfftn_vjp)
irfftn.vjp(x=_irfftn_vjp)


def _hint(x: Any, *, sizes: Axes, axes: Axes, norm: str) -> str | None:
    if min(sizes, default=1) < 1:
        return (
            f"expected one element or more along each axis; got {sizes} for the axes {axes} of {tuple(x.shape)}. "
            "Choose n or s of 1 or more"
        )
    if x.dtype.kind not in "biufc":
        return f"expected a float or complex array; x is {x.dtype}. Cast it first: x.astype('float32')"
    return None


for _function in (fftn, ifftn, irfftn):
    _function.explains(_hint)


@rfftn.explains
def _rfftn_hint(x: Any, *, sizes: Axes, axes: Axes, norm: str) -> str | None:
    if x.dtype.kind == "c":
        return f"expected a real array, whose spectrum is symmetric; x is {x.dtype}. Use fftn, or transform x.real"
    return _hint(x, sizes=sizes, axes=axes, norm=norm)

"""``numpy.fft`` over arrays and Tensors; all of it is linear and differentiable. Imports ``ops``, ``common``.

float32 and complex64 stay in single precision. Every transform takes ``norm``: ``"backward"`` (the default) divides by
the number of points on the way back, ``"forward"`` on the way there, ``"ortho"`` by its root on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import backends
from autograd.numpy.common import arraylike, hand_over, is_tensor, normalize_axis, normalize_one
from autograd.ops import fft as _fft
from autograd.ops import shape as _shape
from autograd.ops.arithmetic import conj

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _norm(name: str, norm: str | None) -> str:
    if norm is None:
        return "backward"
    if norm not in _fft.OTHER_NORM:
        raise ValueError(f"{name}: expected norm='backward', 'ortho' or 'forward'; got {norm!r}. Choose one.")
    return norm


def _one(name: str, transform: Any, a: Any, n: int | None, axis: int, norm: str | None, out: Any, half: bool) -> Any:
    """A transform along one axis; where ``half``, of a half spectrum, whose whole has 2·(m - 1) points by default."""
    a = arraylike(a)
    if out is not None:
        return hand_over(f"fft.{name}", (a, n, axis, norm), out=out)
    if not a.shape:
        raise ValueError(f"{name}: expected an axis or more; got a 0-d array. Give it one: a[None].")
    i = normalize_one(axis, len(a.shape))
    if n is None:
        n = 2 * (a.shape[i] - 1) if half else a.shape[i]
    return transform(a, sizes=(n,), axes=(i,), norm=_norm(name, norm))


def _several(name: str, transform: Any, a: Any, s: Any, axes: Any, norm: str | None, out: Any, half: str = "") -> Any:
    """A transform along several axes; ``half`` says which side is a half spectrum along the last, "in" or "out"."""
    a = arraylike(a)
    if out is not None:
        return hand_over(f"fft.{name}", (a, s, axes, norm), out=out)
    n = len(a.shape)
    if axes is None:
        axes = tuple(range(n)) if s is None else tuple(range(n - len(s), n))
    places = tuple([normalize_one(i, n, "axes") for i in axes])
    if s is not None and len(s) != len(places):
        raise ValueError(
            f"{name}: expected one size per axis; got s={tuple(s)} for axes={tuple(axes)}. Match their lengths."
        )
    given = (-1,) * len(places) if s is None else tuple([-1 if size is None else size for size in s])
    sizes = [a.shape[i] if size == -1 else size for i, size in zip(places, given)]
    if half == "in" and places and s is None:
        sizes[-1] = 2 * (a.shape[places[-1]] - 1)
    norm = _norm(name, norm)
    if not places:
        if half:
            raise ValueError(f"{name}: expected one axis or more; got axes={tuple(axes)}. Name one.")
        return a
    if len(set(places)) == len(places):
        return transform(a, sizes=tuple(sizes), axes=places, norm=norm)
    if half:
        raise ValueError(f"{name}: expected each axis once; got axes={tuple(axes)}. Transform again for a second time.")
    for size, i in zip(reversed(sizes), reversed(places)):  # an axis named twice is transformed twice
        a = transform(a, sizes=(size,), axes=(i,), norm=norm)
    return a


def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """``y_k = Σ_j a_j·exp(-2πi·j·k/n)`` along ``axis``.

    Args:
        n: how many points; the axis is cut off or filled up with zeros at its end. By default its size.
        norm: see the module.
        out: for plain arrays only.

    Raises:
        ValueError: fewer than one point, or an unknown norm.

    >>> fft([1.0, 0.0, 0.0, 0.0])
    array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _one("fft", _fft.fftn, a, n, axis, norm, out, False)


def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """The inverse of ``fft``: ``y_j = Σ_k a_k·exp(2πi·j·k/n) / n``.

    >>> ifft([4.0, 0.0, 0.0, 0.0])
    array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _one("ifft", _fft.ifftn, a, n, axis, norm, out, False)


def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """The first n//2 + 1 elements of ``fft`` of a real array; the others are their conjugates.

    >>> rfft([1.0, 0.0, 0.0, 0.0])
    array([1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _one("rfft", _fft.rfftn, a, n, axis, norm, out, False)


def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """The inverse of ``rfft``, a real array of ``n`` points: 2·(m - 1) of m elements by default.

    The imaginary parts at frequency 0 and, for even n, at n/2 do not count, and have a gradient of 0.

    >>> irfft([1.0, 1.0, 1.0])
    array([1., 0., 0., 0.])
    """
    return _one("irfft", _fft.irfftn, a, n, axis, norm, out, True)


def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """``fft`` of an array with ``a_(n-j) = conj(a_j)``, given its first n//2 + 1 elements; the result is real.

    >>> hfft([1.0, 1.0, 1.0])
    array([4., 0., 0., 0.])
    """
    a = arraylike(a)
    if out is not None:
        return hand_over("fft.hfft", (a, n, axis, norm), out=out)
    return irfft(conj(a), n, axis, _fft.OTHER_NORM[_norm("hfft", norm)])


def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None) -> Any:
    """The inverse of ``hfft``.

    >>> ihfft([4.0, 0.0, 0.0, 0.0])
    array([1.-0.j, 1.-0.j, 1.-0.j])
    """
    a = arraylike(a)
    if out is not None:
        return hand_over("fft.ihfft", (a, n, axis, norm), out=out)
    return conj(rfft(a, n, axis, _fft.OTHER_NORM[_norm("ihfft", norm)]))


def fftn(
    a: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None, out: Any = None
) -> Any:
    """``fft`` along several axes, one after the other.

    Args:
        s: how many points along each, -1 for the axis as it is.
        axes: by default all, or the last ``len(s)``.

    >>> fftn([[1.0, 0.0], [0.0, 0.0]])
    array([[1.+0.j, 1.+0.j],
           [1.+0.j, 1.+0.j]])
    """
    return _several("fftn", _fft.fftn, a, s, axes, norm, out)


def ifftn(
    a: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None, out: Any = None
) -> Any:
    """The inverse of ``fftn``.

    >>> ifftn([[4.0, 0.0], [0.0, 0.0]])
    array([[1.+0.j, 1.+0.j],
           [1.+0.j, 1.+0.j]])
    """
    return _several("ifftn", _fft.ifftn, a, s, axes, norm, out)


def rfftn(
    a: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None, out: Any = None
) -> Any:
    """``fftn`` of a real array, up to frequency n//2 along the last of the axes.

    >>> rfftn([[1.0, 0.0], [0.0, 0.0]]).shape
    (2, 2)
    """
    return _several("rfftn", _fft.rfftn, a, s, axes, norm, out, "out")


def irfftn(
    a: Any, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None, out: Any = None
) -> Any:
    """The inverse of ``rfftn``, a real array; along the last of the axes 2·(m - 1) points of m elements by default.

    >>> irfftn([[4.0, 0.0], [0.0, 0.0]])
    array([[1., 1.],
           [1., 1.]])
    """
    return _several("irfftn", _fft.irfftn, a, s, axes, norm, out, "in")


def fft2(
    a: Any,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = (-2, -1),
    norm: str | None = None,
    out: Any = None,
) -> Any:
    """``fftn`` along the last two axes.

    >>> fft2([[1.0, 0.0]])
    array([[1.+0.j, 1.+0.j]])
    """
    return _several("fft2", _fft.fftn, a, s, axes, norm, out)


def ifft2(
    a: Any,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = (-2, -1),
    norm: str | None = None,
    out: Any = None,
) -> Any:
    """``ifftn`` along the last two axes.

    >>> ifft2([[2.0, 0.0]])
    array([[1.+0.j, 1.+0.j]])
    """
    return _several("ifft2", _fft.ifftn, a, s, axes, norm, out)


def rfft2(
    a: Any,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = (-2, -1),
    norm: str | None = None,
    out: Any = None,
) -> Any:
    """``rfftn`` along the last two axes.

    >>> rfft2([[1.0, 0.0]])
    array([[1.+0.j, 1.+0.j]])
    """
    return _several("rfft2", _fft.rfftn, a, s, axes, norm, out, "out")


def irfft2(
    a: Any,
    s: Sequence[int] | None = None,
    axes: Sequence[int] | None = (-2, -1),
    norm: str | None = None,
    out: Any = None,
) -> Any:
    """``irfftn`` along the last two axes.

    >>> irfft2([[1.0, 1.0]])
    array([[1., 0.]])
    """
    return _several("irfft2", _fft.irfftn, a, s, axes, norm, out, "in")


def fftshift(x: Any, axes: Any = None) -> Any:
    """``x`` turned along ``axes`` (all by default) so that frequency 0 stands in the middle.

    >>> fftshift([0.0, 1.0, -2.0, -1.0])
    array([-2., -1.,  0.,  1.])
    """
    return _turned(x, axes, 0)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of ``fftshift``.

    >>> ifftshift([-2.0, -1.0, 0.0, 1.0])
    array([ 0.,  1., -2., -1.])
    """
    return _turned(x, axes, 1)


def _turned(x: Any, axes: Any, more: int) -> Any:
    x = arraylike(x)
    places = normalize_axis(axes, len(x.shape), "axes")
    shift = tuple([-((x.shape[i]) // 2) if more else x.shape[i] // 2 for i in places])
    return _shape.roll(x, shift=shift, axis=places)


def fftfreq(n: int, d: Any = 1.0, device: Any = None) -> Any:
    """The frequencies that ``fft`` of n points at a distance of ``d`` returns, an array of the default backend.

    >>> fftfreq(4)
    array([ 0.  ,  0.25, -0.5 , -0.25])
    """
    return _frequencies("fftfreq", n, d, device)


def rfftfreq(n: int, d: Any = 1.0, device: Any = None) -> Any:
    """The frequencies that ``rfft`` of n points at a distance of ``d`` returns, an array of the default backend.

    >>> rfftfreq(4)
    array([0.  , 0.25, 0.5 ])
    """
    return _frequencies("rfftfreq", n, d, device)


def _frequencies(name: str, n: int, d: Any, device: Any) -> Any:
    backend = backends.default() if device is None else backends.for_device(device)
    function = getattr(backend.xp.fft, name)
    return function(n) / d if is_tensor(d) else function(n, d)

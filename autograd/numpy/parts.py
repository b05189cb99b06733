"""Signs, real and imaginary parts, mantissas, neighbours, dtypes, element by element. Imports ``ufuncs`` and ``ops``.

Dtypes, broadcasting and errors are as ``autograd.numpy.elementwise`` states them; g stands for the cotangent.
"""

from __future__ import annotations

import math
from typing import Any

from numpy import finfo as _finfo

from autograd.numpy.common import arraylike, as_dtype, hand_over, is_tensor, raw
from autograd.numpy.ufuncs import binary, unary
from autograd.ops import arithmetic as _ops
from autograd.ops import elementwise as _more
from autograd.plan import RUNTIME

__all__ = [
    "abs", "absolute", "angle", "astype", "conj", "conjugate", "copysign", "fabs", "frexp", "heaviside", "imag",
    "ldexp", "modf", "nan_to_num", "nextafter", "real", "real_if_close", "sign", "spacing",
]  # fmt: skip


@unary(_ops.absolute)
def absolute(x: Any, /) -> Any:
    """|x|; g·sign(x), 0 at 0. For complex x, g·conj(x)/|x|.

    >>> absolute([-1.5, 2.0])
    array([1.5, 2. ])
    """


@unary(_more.fabs)
def fabs(x: Any, /) -> Any:
    """|x| of real numbers; g·sign(x), 0 at 0.

    >>> fabs([-1.5, 2.0])
    array([1.5, 2. ])
    """


@unary(_ops.sign)
def sign(x: Any, /) -> Any:
    """-1, 0 or 1; derivative 0. For complex x, x/|x|, whose direction has a derivative.

    >>> sign([-1.5, 0.0, 2.0])
    array([-1.,  0.,  1.])
    """


@binary(_more.copysign)
def copysign(x1: Any, x2: Any, /) -> Any:
    """|x1| with the sign of x2; g·sign(x1)·sign(x2) and 0.

    >>> copysign([1.0, -2.0], -1.0)
    array([-1., -2.])
    """


@binary(_more.heaviside)
def heaviside(x1: Any, x2: Any, /) -> Any:
    """0 for x1 < 0, x2 at 0, 1 for x1 > 0; 0, and g where x1 = 0.

    >>> heaviside([-1.0, 0.0, 1.0], 0.5)
    array([0. , 0.5, 1. ])
    """


@binary(_more.nextafter)
def nextafter(x1: Any, x2: Any, /) -> Any:
    """The number after x1 towards x2; g and 0.

    >>> nextafter(1.0, 2.0) > 1
    np.True_
    """


@unary(_more.spacing)
def spacing(x: Any, /) -> Any:
    """The distance from x to the next number away from 0; derivative 0.

    >>> spacing(1.0)
    np.float64(2.220446049250313e-16)
    """


def real(val: Any) -> Any:
    """The real part; g.

    >>> real([1.0 + 2.0j])
    array([1.])
    """
    return _ops.real(arraylike(val))


def imag(val: Any) -> Any:
    """The imaginary part; -i·g.

    >>> imag([1.0 + 2.0j])
    array([2.])
    """
    return _ops.imag(arraylike(val))


@unary(_ops.conj)
def conj(x: Any, /) -> Any:
    """The complex conjugate; conj(g).

    >>> conj([1.0 + 2.0j])
    array([1.-2.j])
    """


def angle(z: Any, deg: bool = False) -> Any:
    """The argument of a complex number, in (-π, π], or in degrees; -i·g/z, 0 at 0.

    >>> angle([1.0, 1.0j], deg=True)
    array([ 0., 90.])
    """
    out = _more.angle(arraylike(z))
    return out * (180 / math.pi) if deg else out


def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part where every imaginary part is within ``tol`` epsilons of 0, else ``a`` (waits for the device).

    >>> real_if_close([1.0 + 1e-20j])
    array([1.])
    """
    a = arraylike(a)
    if not _ops.is_complex(a):
        return a
    limit = tol * float(_finfo(a.dtype).eps) if tol > 1 else tol
    return _ops.real(a) if bool((_ops.absolute(raw(a).imag) < limit).all()) else a


def frexp(x: Any, /) -> Any:
    """x = mantissa · 2^exponent with ½ ≤ |mantissa| < 1; the mantissa gives g·2^-exponent.

    >>> frexp([8.0, 3.0])
    (array([0.5 , 0.75]), array([4, 2], dtype=int32))
    """
    return _more.frexp(arraylike(x))


@binary(_more.ldexp)
def ldexp(x1: Any, x2: Any, /) -> Any:
    """x1 · 2^x2 for integers x2; g·2^x2.

    >>> ldexp([1.0, 3.0], 2)
    array([ 4., 12.])
    """


def modf(x: Any, /) -> Any:
    """The fractional and the whole part, both with x's sign; g and 0.

    >>> modf([2.5, -2.5])
    (array([ 0.5, -0.5]), array([ 2., -2.]))
    """
    x = arraylike(x)
    if not is_tensor(x):
        return hand_over("modf", (x,))
    fraction = _more.fmod(_ops.where(_more.isinf(x), 0, x), 1)
    return fraction, _more.trunc(x)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """x with numbers for NaN and for the infinities (by default 0 and the dtype's extremes); g where x is finite.

    ``copy=False`` works for plain arrays only.

    >>> nan_to_num([float("nan"), 1.0])
    array([0., 1.])
    """
    x = arraylike(x)
    if not is_tensor(x) or not copy:
        return hand_over("nan_to_num", (x,), copy=copy, nan=nan, posinf=posinf, neginf=neginf)
    if _ops.is_complex(x):
        re, im = [nan_to_num(part, True, nan, posinf, neginf) for part in (_ops.real(x), _ops.imag(x))]
        return re + im * 1j
    if x.dtype is not float and x.dtype.kind != "f":
        return _ops.copy(x)
    largest = float(_finfo(as_dtype(x.dtype)).max)
    posinf, neginf = largest if posinf is None else posinf, -largest if neginf is None else neginf
    return _more.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """x in another dtype; g goes back to x's own (array API standard). Integers and booleans carry no gradient.

    >>> astype([1.7, 2.2], "int64")
    array([1, 2])
    """
    x = arraylike(x)
    target = as_dtype(dtype)
    if not copy and x.dtype == target:
        return x
    if target.kind in "iub" and is_tensor(x):
        return RUNTIME["Tensor"]._wrap(_ops.astype(x._data, dtype=target))
    return _ops.astype(x, dtype=target)


abs, conjugate = absolute, conj

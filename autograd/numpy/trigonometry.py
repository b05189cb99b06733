"""Trigonometric and hyperbolic functions and their inverses, element by element. Imports ``ufuncs`` and ``ops``.

Angles are in radians; dtypes, broadcasting and errors are as ``autograd.numpy.elementwise`` states them; g stands for
the cotangent. At the ends of its domain, where arcsin, arccos and arccosh have an infinite slope, it is taken as 0.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike
from autograd.numpy.ufuncs import binary, unary
from autograd.ops import arithmetic as _basic
from autograd.ops import elementwise as _ops

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan",
    "atan2", "atanh", "cos", "cosh", "deg2rad", "degrees", "hypot", "rad2deg", "radians", "sin", "sinc", "sinh", "tan",
    "tanh",
]  # fmt: skip


@unary(_ops.sin)
def sin(x: Any, /) -> Any:
    """The sine; g·cos x.

    >>> sin([0.0, 1.5707963267948966])
    array([0., 1.])
    """


@unary(_ops.cos)
def cos(x: Any, /) -> Any:
    """The cosine; -g·sin x.

    >>> cos([0.0, 3.141592653589793])
    array([ 1., -1.])
    """


@unary(_ops.tan)
def tan(x: Any, /) -> Any:
    """The tangent; g·(1 + tan² x).

    >>> tan([0.0, 0.7853981633974483])
    array([0., 1.])
    """


@unary(_ops.arcsin)
def arcsin(x: Any, /) -> Any:
    """The inverse of the sine on [-1, 1]; g/√(1 - x²), 0 at ±1.

    >>> arcsin([0.0, 1.0])
    array([0.        , 1.57079633])
    """


@unary(_ops.arccos)
def arccos(x: Any, /) -> Any:
    """The inverse of the cosine on [-1, 1]; -g/√(1 - x²), 0 at ±1.

    >>> arccos([0.0, 1.0])
    array([1.57079633, 0.        ])
    """


@unary(_ops.arctan)
def arctan(x: Any, /) -> Any:
    """The inverse of the tangent; g/(1 + x²).

    >>> arctan([0.0, 1.0])
    array([0.        , 0.78539816])
    """


@binary(_ops.arctan2)
def arctan2(x1: Any, x2: Any, /) -> Any:
    """The angle of the point (x2, x1), in (-π, π]; g·x2/(x1² + x2²) and -g·x1/(x1² + x2²), 0 at the origin.

    >>> arctan2([1.0, -1.0], [0.0, 0.0])
    array([ 1.57079633, -1.57079633])
    """


@binary(_ops.hypot)
def hypot(x1: Any, x2: Any, /) -> Any:
    """√(x1² + x2²) without overflow; g·x1/hypot and g·x2/hypot, 0 at the origin.

    >>> hypot(3.0, 4.0)
    np.float64(5.0)
    """


@unary(_ops.deg2rad)
def deg2rad(x: Any, /) -> Any:
    """x·π/180; g·π/180.

    >>> deg2rad(180.0)
    np.float64(3.141592653589793)
    """


@unary(_ops.rad2deg)
def rad2deg(x: Any, /) -> Any:
    """x·180/π; g·180/π.

    >>> rad2deg(3.141592653589793)
    np.float64(180.0)
    """


def sinc(x: Any) -> Any:
    """sin(πx)/(πx), 1 at 0; g·(cos(πx) - sinc x)/x, by its series near 0, exact to every order.

    >>> sinc([0.0, 0.5])
    array([1.        , 0.63661977])
    """
    return _ops.sinc(arraylike(x))


@unary(_ops.sinh)
def sinh(x: Any, /) -> Any:
    """(e^x - e^-x)/2; g·cosh x.

    >>> sinh([0.0, 1.0])
    array([0.        , 1.17520119])
    """


@unary(_ops.cosh)
def cosh(x: Any, /) -> Any:
    """(e^x + e^-x)/2; g·sinh x.

    >>> cosh([0.0, 1.0])
    array([1.        , 1.54308063])
    """


@unary(_basic.tanh)
def tanh(x: Any, /) -> Any:
    """sinh x / cosh x; g·(1 - tanh² x).

    >>> tanh([0.0, 1.0])
    array([0.        , 0.76159416])
    """


@unary(_ops.arcsinh)
def arcsinh(x: Any, /) -> Any:
    """The inverse of sinh; g/√(x² + 1).

    >>> arcsinh([0.0, 1.0])
    array([0.        , 0.88137359])
    """


@unary(_ops.arccosh)
def arccosh(x: Any, /) -> Any:
    """The inverse of cosh on [1, ∞); g/(√(x - 1)·√(x + 1)), 0 at 1.

    >>> arccosh([1.0, 2.0])
    array([0.        , 1.3169579])
    """


@unary(_ops.arctanh)
def arctanh(x: Any, /) -> Any:
    """The inverse of tanh on (-1, 1); g/(1 - x²).

    >>> arctanh([0.0, 0.5])
    array([0.        , 0.54930614])
    """


acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
radians, degrees = deg2rad, rad2deg

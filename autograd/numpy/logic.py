"""Comparisons, tests, logic and bits: results without a derivative. Imports ``ufuncs`` and ``ops``."""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, arraylikes, hand_over, raw
from autograd.numpy.ufuncs import binary, unary
from autograd.ops import arithmetic as _basic
from autograd.ops import elementwise as _ops

__all__ = [
    "allclose", "array_equal", "array_equiv", "bitwise_and", "bitwise_count", "bitwise_invert", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "equal", "gcd", "greater", "greater_equal",
    "invert", "iscomplex", "iscomplexobj", "isclose", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal",
    "isrealobj", "lcm", "left_shift", "less", "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor",
    "not_equal", "right_shift", "signbit",
]  # fmt: skip

# Comparisons -----------------------------------------------------------------------------------------------


@binary(_basic.equal)
def equal(x1: Any, x2: Any, /) -> Any:
    """Where x1 = x2.

    >>> equal([1, 2], 2)
    array([False,  True])
    """


@binary(_basic.not_equal)
def not_equal(x1: Any, x2: Any, /) -> Any:
    """Where x1 ≠ x2.

    >>> not_equal([1, 2], 2)
    array([ True, False])
    """


@binary(_basic.less)
def less(x1: Any, x2: Any, /) -> Any:
    """Where x1 < x2.

    >>> less([1, 2], 2)
    array([ True, False])
    """


@binary(_basic.less_equal)
def less_equal(x1: Any, x2: Any, /) -> Any:
    """Where x1 ≤ x2.

    >>> less_equal([1, 3], 2)
    array([ True, False])
    """


@binary(_basic.greater)
def greater(x1: Any, x2: Any, /) -> Any:
    """Where x1 > x2.

    >>> greater([1, 3], 2)
    array([False,  True])
    """


@binary(_basic.greater_equal)
def greater_equal(x1: Any, x2: Any, /) -> Any:
    """Where x1 ≥ x2.

    >>> greater_equal([1, 2], 2)
    array([False,  True])
    """


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Where |a - b| ≤ atol + rtol·|b|; NaN is close to NaN with ``equal_nan``.

    >>> isclose([1.0, 2.0], [1.0 + 1e-9, 2.1])
    array([ True, False])
    """
    a, b = arraylikes(a, b)
    return _ops.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether every element is close (waits for the device).

    >>> allclose([1.0, 2.0], [1.0, 2.0 + 1e-9])
    True
    """
    return bool(raw(isclose(a, b, rtol, atol, equal_nan)).all())


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether both have the same shape and elements (waits for the device).

    >>> array_equal([1, 2], [1, 2]), array_equal([1, 2], [[1, 2]])
    (True, False)
    """
    a, b = [raw(arraylike(x)) for x in (a1, a2)]
    return bool(hand_over("array_equal", (a, b), equal_nan=equal_nan))


def array_equiv(a1: Any, a2: Any) -> bool:
    """Whether both have the same elements once broadcast (waits for the device).

    >>> array_equiv([1, 2], [[1, 2], [1, 2]])
    True
    """
    a, b = [raw(arraylike(x)) for x in (a1, a2)]
    return bool(hand_over("array_equiv", (a, b)))


# Tests -----------------------------------------------------------------------------------------------------


@unary(_ops.isnan)
def isnan(x: Any, /) -> Any:
    """Where x is not a number.

    >>> isnan([1.0, float("nan")])
    array([False,  True])
    """


@unary(_ops.isinf)
def isinf(x: Any, /) -> Any:
    """Where x is infinite.

    >>> isinf([1.0, float("-inf")])
    array([False,  True])
    """


@unary(_ops.isfinite)
def isfinite(x: Any, /) -> Any:
    """Where x is neither infinite nor NaN.

    >>> isfinite([1.0, float("nan")])
    array([ True, False])
    """


@unary(_ops.signbit)
def signbit(x: Any, /) -> Any:
    """Where x has a minus sign, -0.0 included.

    >>> signbit([-0.0, 1.0])
    array([ True, False])
    """


def isposinf(x: Any, out: Any = None) -> Any:
    """Where x is +∞.

    >>> isposinf([float("inf"), float("-inf")])
    array([ True, False])
    """
    x = arraylike(x)
    return _basic.equal(x, float("inf")) if out is None else hand_over("isposinf", (x,), out=out)


def isneginf(x: Any, out: Any = None) -> Any:
    """Where x is -∞.

    >>> isneginf([float("inf"), float("-inf")])
    array([False,  True])
    """
    x = arraylike(x)
    return _basic.equal(x, float("-inf")) if out is None else hand_over("isneginf", (x,), out=out)


def isreal(x: Any) -> Any:
    """Where the imaginary part is 0.

    >>> isreal([1.0, 1.0j])
    array([ True, False])
    """
    return _basic.equal(_basic.imag(arraylike(x)), 0)


def iscomplex(x: Any) -> Any:
    """Where the imaginary part is not 0.

    >>> iscomplex([1.0, 1.0j])
    array([False,  True])
    """
    return _basic.not_equal(_basic.imag(arraylike(x)), 0)


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex.

    >>> iscomplexobj([1.0, 1.0j])
    True
    """
    x = raw(arraylike(x))
    return x.__class__ is not float and x.dtype.kind == "c"


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex.

    >>> isrealobj([1.0, 1.0j])
    False
    """
    return not iscomplexobj(x)


# Logic -----------------------------------------------------------------------------------------------------


@binary(_basic.logical_and)
def logical_and(x1: Any, x2: Any, /) -> Any:
    """Where both are true (not 0).

    >>> logical_and([True, False], True)
    array([ True, False])
    """


@binary(_basic.logical_or)
def logical_or(x1: Any, x2: Any, /) -> Any:
    """Where one of both is true.

    >>> logical_or([True, False], False)
    array([ True, False])
    """


@binary(_ops.logical_xor)
def logical_xor(x1: Any, x2: Any, /) -> Any:
    """Where exactly one of both is true.

    >>> logical_xor([True, False], True)
    array([False,  True])
    """


@unary(_ops.logical_not)
def logical_not(x: Any, /) -> Any:
    """Where x is false (0).

    >>> logical_not([True, False])
    array([False,  True])
    """


# Bits and integers -----------------------------------------------------------------------------------------


@binary(_ops.bitwise_and)
def bitwise_and(x1: Any, x2: Any, /) -> Any:
    """The bits set in both.

    >>> bitwise_and([6, 3], 5)
    array([4, 1])
    """


@binary(_ops.bitwise_or)
def bitwise_or(x1: Any, x2: Any, /) -> Any:
    """The bits set in one of both.

    >>> bitwise_or([6, 3], 5)
    array([7, 7])
    """


@binary(_ops.bitwise_xor)
def bitwise_xor(x1: Any, x2: Any, /) -> Any:
    """The bits set in exactly one of both.

    >>> bitwise_xor([6, 3], 5)
    array([3, 6])
    """


@unary(_ops.bitwise_invert)
def invert(x: Any, /) -> Any:
    """Every bit turned over; for booleans, not.

    >>> invert([0, 5])
    array([-1, -6])
    """


@binary(_ops.bitwise_left_shift)
def left_shift(x1: Any, x2: Any, /) -> Any:
    """x1 · 2^x2.

    >>> left_shift([1, 3], 2)
    array([ 4, 12])
    """


@binary(_ops.bitwise_right_shift)
def right_shift(x1: Any, x2: Any, /) -> Any:
    """⌊x1 / 2^x2⌋.

    >>> right_shift([4, 13], 2)
    array([1, 3])
    """


@unary(_ops.bitwise_count)
def bitwise_count(x: Any, /) -> Any:
    """The number of bits set in |x|.

    >>> bitwise_count([7, 8])
    array([3, 1], dtype=uint8)
    """


@binary(_ops.gcd)
def gcd(x1: Any, x2: Any, /) -> Any:
    """The greatest common divisor.

    >>> gcd([12, 18], 8)
    array([4, 2])
    """


@binary(_ops.lcm)
def lcm(x1: Any, x2: Any, /) -> Any:
    """The least common multiple.

    >>> lcm([4, 6], 10)
    array([20, 30])
    """


bitwise_invert = bitwise_not = invert
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift

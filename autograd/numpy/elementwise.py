"""Arithmetic, powers, exponentials and logarithms, element by element. Imports ``ufuncs`` and ``ops``.

Operands broadcast; the result has NumPy's dtype (Python numbers are weak: float32 stays float32). Errors: TypeError
for what no backend knows or for operands of two backends, ValueError for shapes that don't broadcast. g stands for
the cotangent. Names, signatures and conventions are NumPy's.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylikes
from autograd.numpy.ufuncs import binary, unary
from autograd.ops import arithmetic as _ops
from autograd.ops import elementwise as _more

__all__ = [
    "add", "cbrt", "divide", "divmod", "exp", "exp2", "expm1", "float_power", "floor_divide", "fmod", "log",
    "log10", "log1p", "log2", "logaddexp", "logaddexp2", "mod", "multiply", "negative", "positive", "pow", "power",
    "reciprocal", "remainder", "sqrt", "square", "subtract", "true_divide",
]  # fmt: skip

# Arithmetic ------------------------------------------------------------------------------------------------


@binary(_ops.add)
def add(x1: Any, x2: Any, /) -> Any:
    """x1 + x2; both get g.

    >>> add([1.0, 2.0], 3.0)
    array([4., 5.])
    """


@binary(_ops.subtract)
def subtract(x1: Any, x2: Any, /) -> Any:
    """x1 - x2; g and -g.

    >>> subtract([1.0, 2.0], 3.0)
    array([-2., -1.])
    """


@binary(_ops.multiply)
def multiply(x1: Any, x2: Any, /) -> Any:
    """x1 · x2; g·x2 and g·x1.

    >>> multiply([1.0, 2.0], [3.0, 4.0])
    array([3., 8.])
    """


@binary(_ops.divide)
def divide(x1: Any, x2: Any, /) -> Any:
    """x1 / x2; g/x2 and -g·x1/x2².

    >>> divide([1, 3], 2)
    array([0.5, 1.5])
    """


@binary(_ops.floor_divide)
def floor_divide(x1: Any, x2: Any, /) -> Any:
    """⌊x1/x2⌋: constant between the steps, so the derivative is 0.

    >>> floor_divide([7.0, -7.0], 2)
    array([ 3., -4.])
    """


@binary(_ops.remainder)
def remainder(x1: Any, x2: Any, /) -> Any:
    """x1 - ⌊x1/x2⌋·x2, with the sign of x2; g and -g·⌊x1/x2⌋.

    >>> remainder([7.0, -7.0], 2)
    array([1., 1.])
    """


@binary(_more.fmod)
def fmod(x1: Any, x2: Any, /) -> Any:
    """x1 - trunc(x1/x2)·x2, with the sign of x1; g and -g·trunc(x1/x2).

    >>> fmod([7.0, -7.0], 2)
    array([ 1., -1.])
    """


def divmod(x1: Any, x2: Any, /) -> Any:
    """The pair (⌊x1/x2⌋, remainder).

    >>> divmod([7.0, -7.0], 2)
    (array([ 3., -4.]), array([1., 1.]))
    """
    x1, x2 = arraylikes(x1, x2)
    return _ops.floor_divide(x1, x2), _ops.remainder(x1, x2)


@binary(_ops.power)
def power(x1: Any, x2: Any, /) -> Any:
    """x1^x2; g·x2·x1^(x2-1) and g·x1^x2·log x1.

    Where x1 = 0, the first is 0 if x2 < 1 (the slope is infinite), the second is 0. Where x1 < 0, the second is NaN.

    >>> power([1.0, 2.0, 3.0], 2)
    array([1., 4., 9.])
    """


def _in_float64(x1: Any, x2: Any) -> Any:
    wide = "complex128" if _ops.is_complex(x1) or _ops.is_complex(x2) else "float64"
    return _ops.power(*[_ops.astype(x, dtype=wide) if hasattr(x, "dtype") and x.dtype != wide else x for x in (x1, x2)])


@binary(_in_float64)
def float_power(x1: Any, x2: Any, /) -> Any:
    """``power`` computed in float64, or complex128 where an operand is complex.

    >>> float_power([2, 4], -1)
    array([0.5 , 0.25])
    """


@unary(_ops.negative)
def negative(x: Any, /) -> Any:
    """-x; -g.

    >>> negative([1.0, -2.0])
    array([-1.,  2.])
    """


@unary(_ops.positive)
def positive(x: Any, /) -> Any:
    """A copy of x; g.

    >>> positive([1.0, -2.0])
    array([ 1., -2.])
    """


@unary(_ops.reciprocal)
def reciprocal(x: Any, /) -> Any:
    """1/x; -g/x².

    >>> reciprocal([2.0, 4.0])
    array([0.5 , 0.25])
    """


@unary(_ops.square)
def square(x: Any, /) -> Any:
    """x²; 2·g·x.

    >>> square([2.0, -3.0])
    array([4., 9.])
    """


@unary(_ops.sqrt)
def sqrt(x: Any, /) -> Any:
    """√x; g/(2√x), and 0 at 0, where the slope is infinite.

    >>> sqrt([4.0, 9.0])
    array([2., 3.])
    """


@unary(_more.cbrt)
def cbrt(x: Any, /) -> Any:
    """The real cube root; g/(3·x^(2/3)), and 0 at 0, where the slope is infinite.

    >>> cbrt([8.0, -27.0])
    array([ 2., -3.])
    """


# Exponentials and logarithms -------------------------------------------------------------------------------


@unary(_ops.exp)
def exp(x: Any, /) -> Any:
    """e^x; g·e^x.

    >>> exp([0.0, 1.0])
    array([1.        , 2.71828183])
    """


@unary(_more.exp2)
def exp2(x: Any, /) -> Any:
    """2^x; g·2^x·log 2.

    >>> exp2([1.0, 3.0])
    array([2., 8.])
    """


@unary(_more.expm1)
def expm1(x: Any, /) -> Any:
    """e^x - 1, exact for small x; g·e^x.

    >>> expm1([0.0, 1e-10])
    array([0.e+00, 1.e-10])
    """


@unary(_ops.log)
def log(x: Any, /) -> Any:
    """The natural logarithm; g/x.

    >>> log([1.0, 2.71828183])
    array([0., 1.])
    """


@unary(_more.log2)
def log2(x: Any, /) -> Any:
    """log x / log 2; g/(x·log 2).

    >>> log2([2.0, 8.0])
    array([1., 3.])
    """


@unary(_more.log10)
def log10(x: Any, /) -> Any:
    """log x / log 10; g/(x·log 10).

    >>> log10([10.0, 1000.0])
    array([1., 3.])
    """


@unary(_more.log1p)
def log1p(x: Any, /) -> Any:
    """log(1 + x), exact for small x; g/(1 + x).

    >>> log1p([0.0, 1e-10])
    array([0.e+00, 1.e-10])
    """


@binary(_more.logaddexp)
def logaddexp(x1: Any, x2: Any, /) -> Any:
    """log(e^x1 + e^x2) without overflow; g times the shares of the two, one half each where x1 = x2.

    >>> logaddexp([1000.0], [1000.0])
    array([1000.69314718])
    """


@binary(_more.logaddexp2)
def logaddexp2(x1: Any, x2: Any, /) -> Any:
    """log2(2^x1 + 2^x2) without overflow; g times the shares of the two.

    >>> logaddexp2([3.0], [3.0])
    array([4.])
    """


mod, pow, true_divide = remainder, power, divide

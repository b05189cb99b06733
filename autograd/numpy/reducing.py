"""What reductions and scans share: values cast, masked, without NaN, or sent into ``out=``. Imports ``common``."""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import arraylike, as_dtype, hand_over, has_tensor, is_tensor, raw, unsupported
from autograd.ops import arithmetic
from autograd.plan import RUNTIME


class _NoValue:
    """What stands for an argument that was not given where None has a meaning."""

    def __repr__(self) -> str:
        return "<no value>"

    def __reduce__(self) -> str:
        return "NO_VALUE"


NO_VALUE = _NoValue()


def is_scalar(a: Any) -> bool:
    """Whether ``a`` is a Tensor of a scalar graph: a Python float, of which every reduction is itself."""
    return raw(a).__class__ is float


def wrapped(value: Any, like: Any) -> Any:
    """``value`` as a Tensor without a gradient where ``like`` is a Tensor."""
    return RUNTIME["Tensor"]._wrap(value) if is_tensor(like) else value


def single(out: Any) -> Any:
    """A plain result of no dimensions as NumPy's reductions give it, a scalar (``where`` gives an array)."""
    return out if is_tensor(out) or out.shape else out[()]


def masked(a: Any, where: Any, fill: Any) -> Any:
    """``a`` with ``fill`` where the condition ``where`` does not hold."""
    return a if where is True else arithmetic.where(arraylike(where, like=a), a, fill)


def cast(a: Any, dtype: Any) -> Any:
    """``a`` in another dtype; as it is for None or its own."""
    if dtype is None or a.dtype == as_dtype(dtype):
        return a
    return arithmetic.astype(a, dtype=as_dtype(dtype))


def isnan(a: Any) -> Any:
    """Where ``a`` is NaN: the one value that differs from itself, whatever the dtype."""
    return arithmetic.not_equal(a, a)


def holds_nan(a: Any) -> bool:
    """Whether the dtype has NaN at all."""
    return a.dtype.kind not in "biu"


def to_out(name: str, a: Any, options: dict[str, Any]) -> Any:
    """Into ``out=``, which is the array library's business."""
    if has_tensor(a, *options.values()):
        raise unsupported(name, "out")
    return hand_over(name, (arraylike(a),), **{k: v for k, v in options.items() if v is not NO_VALUE and v is not None})


def without_nan(a: Any, fill: Any) -> Any:
    """``a`` with ``fill`` in place of NaN."""
    a = arraylike(a)
    return a if is_scalar(a) or not holds_nan(a) else arithmetic.where(isnan(a), fill, a)

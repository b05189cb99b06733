"""Numbers at regular distances. Imports ``creation``, ``common``, ``ops.{arithmetic,shape}``.

With Tensors as ends, ``linspace``, ``logspace`` and ``geomspace`` are differentiable in them.
"""

from __future__ import annotations

from typing import Any

from autograd.numpy.common import (
    arraylike,
    arraylikes,
    arrays_only,
    backend_of,
    has_tensor,
    is_tensor,
    normalize_one,
    raw,
)
from autograd.numpy.creation import chosen, placed
from autograd.numpy.reducing import cast, holds_nan
from autograd.ops import arithmetic, shape

__all__ = ["arange", "geomspace", "linspace", "logspace"]


def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = None,
    dtype: Any = None,
    *,
    device: str | None = None,
    like: Any = None,
) -> Any:
    """``start, start + step, …`` up to but without ``stop``. As ``numpy.arange``; values of Tensors are taken out.

    One argument alone is ``stop``, as for ``range``.

    >>> arange(3), arange(1.0, 2.0, 0.25)
    (array([0, 1, 2]), array([1.  , 1.25, 1.5 , 1.75]))
    """
    if stop is None:
        if start is None:
            raise TypeError("arange: expected where to stop; got nothing. Write arange(stop) or arange(start, stop).")
        start, stop = 0, start
    ends = [_number(v) for v in (0 if start is None else start, stop, 1 if step is None else step)]
    return placed(chosen("arange", device, like).xp.arange(*ends, dtype=dtype), device)


def _number(x: Any) -> Any:
    x = raw(x)
    return x.item() if hasattr(x, "item") else x


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: str | None = None,
) -> Any:
    """``num`` numbers at equal distances from ``start`` to ``stop``. As ``numpy.linspace``.

    Args:
        start, stop: numbers, arrays or Tensors that broadcast against one another.
        num: how many, 0 or more.
        endpoint: include ``stop`` as the last.
        retstep: return ``(numbers, distance)``.
        dtype: of the result; floating by default.
        axis: where the numbers' axis stands among those of ``start`` and ``stop``.
        device: make it there.

    Raises:
        ValueError: ``num`` is negative.

    >>> linspace(0.0, 1.0, 5)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    >>> from autograd import tensor
    >>> end = tensor(1.0, requires_grad=True)
    >>> linspace(0.0, end, 5).sum().backward()
    >>> end.grad
    Tensor(2.5, dtype=float64)
    """
    num = _how_many("linspace", num)
    if not has_tensor(start, stop):
        backend = chosen("linspace", device, next((x for x in (start, stop) if hasattr(x, "shape")), None))
        start, stop = (backend.asarray(x) if isinstance(x, (list, tuple)) else x for x in (start, stop))
        out = backend.xp.linspace(start, stop, num, endpoint, retstep, dtype, axis)
        return (placed(out[0], device), out[1]) if retstep else placed(out, device)
    start, stop = _floating(start, stop)
    parts = num - 1 if endpoint else num
    share = _shares(start if is_tensor(start) else stop, num, parts)
    share = shape.reshape(share, shape=(-1,) + (1,) * max(_dimensions(start), _dimensions(stop)))
    # Both ends come out exactly.
    out = arithmetic.add(arithmetic.multiply(start, 1 - share), arithmetic.multiply(stop, share))
    out = _led(out if dtype is None else cast(out, dtype), axis)
    if not retstep:
        return out
    return out, arithmetic.subtract(stop, start) / (parts if parts > 0 else float("nan"))


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """``base`` to the powers of ``linspace(start, stop, num)``. As ``numpy.logspace``; differentiable in all three.

    >>> logspace(0.0, 2.0, 3)
    array([  1.,  10., 100.])
    """
    num = _how_many("logspace", num)
    exponents = linspace(start, stop, num, endpoint, axis=axis)
    if getattr(base, "shape", ()):
        lead = normalize_one(axis, len(exponents.shape))
        base = shape.reshape(base, shape=(*base.shape[:lead], 1, *base.shape[lead:]))
    base, exponents = arraylikes(base, exponents)
    out = arithmetic.power(base, exponents)
    return out if dtype is None else cast(out, dtype)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """``num`` numbers at equal ratios from ``start`` to ``stop``: ``start·(stop/start)^t``. As ``numpy.geomspace``.

    Args:
        start, stop: numbers, arrays or Tensors, none of them 0; real ones of one sign. Complex ones give a spiral.

    Raises:
        ValueError: a bare number among the ends is 0, or ``num`` is negative.

    >>> geomspace(1.0, 1000.0, 4)
    array([   1.,   10.,  100., 1000.])
    """
    num = _how_many("geomspace", num)
    if any(isinstance(x, (int, float, complex)) and x == 0 for x in (start, stop)):
        raise ValueError("geomspace: expected ends other than 0, where no ratio leads. Use linspace.")
    start, stop = _floating(start, stop)
    share = _shares(start if hasattr(start, "shape") else stop, num, num - 1 if endpoint else num)
    share = shape.reshape(share, shape=(-1,) + (1,) * max(_dimensions(start), _dimensions(stop)))
    ratio = arithmetic.divide(stop, start)
    out = arithmetic.multiply(start, arithmetic.power(ratio, share))
    if endpoint and num > 1 and not has_tensor(start, stop):
        out[-1] = stop
    return _led(out if dtype is None else cast(out, dtype), axis)


def _how_many(name: str, num: Any) -> int:
    if int(num) < 0:
        raise ValueError(f"{name}: expected a num of 0 or more; got {num}. Correct it.")
    return int(num)


def _dimensions(x: Any) -> int:
    return len(getattr(x, "shape", ()))


def _floating(start: Any, stop: Any) -> tuple[Any, ...]:
    """Both ends as arrays or Tensors of a floating dtype; a number beside one of them stays a number."""
    arrays_only("linspace", *[x for x in (start, stop) if is_tensor(x)])
    ends = arraylikes(start, stop)
    return tuple([e if isinstance(e, (int, float, complex)) or holds_nan(e) else cast(e, float) for e in ends])


def _shares(like: Any, num: int, parts: int) -> Any:
    """0, 1/parts, 2/parts, … in ``like``'s dtype and place."""
    like = raw(arraylike(like))
    dtype = like.real.dtype if hasattr(like, "real") else float
    return (backend_of(like).xp.arange(num, dtype="float64") / max(parts, 1)).astype(dtype)


def _led(out: Any, axis: int) -> Any:
    """``out`` with its first axis at ``axis``."""
    n = len(out.shape)
    axis = normalize_one(axis, n)
    order = list(range(1, n))
    order.insert(axis, 0)
    return out if axis == 0 else shape.transpose(out, axes=tuple(order))

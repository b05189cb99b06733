"""Arrays from data, shapes and other arrays. Imports ``common``, ``ops.{arithmetic,shape,transfer}``, ``backends``.

These functions return plain arrays of the default backend (``backends.use``), or of the one that ``device=`` names:
``"cpu"``, ``"cuda"``, ``"cuda:1"``, or a backend's name. Data that is an array already stays on its backend. With a
Tensor among the arguments they return Tensors; where they copy or place its values, gradients flow through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

import backends
from autograd.numpy.common import NUMBERS, arraylike, arrays_only, as_dtype, backend_of, has_tensor, is_tensor, raw
from autograd.numpy.reducing import cast, wrapped
from autograd.ops import arithmetic
from autograd.ops import shape as shapes
from autograd.ops.transfer import transfer

__all__ = [
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "copy",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "fromfunction",
    "full",
    "full_like",
    "identity",
    "indices",
    "ones",
    "ones_like",
    "tri",
    "zeros",
    "zeros_like",
]


# Where things are made ----------------------------------------------------------------------------------------


def chosen(name: str, device: str | None, like: Any = None) -> backends.Backend:
    """The backend to make arrays on: that of ``device``, of ``like``, or the default one.

    Raises:
        BackendError: it holds no arrays (Python floats), or nothing serves the device.
    """
    if device is not None:
        backend = backends.for_device(device)
    else:
        backend = backend_of(like) if like is not None else backends.default()
    if not backend.owns_memory:
        raise backends.BackendError(
            f"{name}: expected a backend of arrays; {backend.name!r} has single Python floats only. "
            "Pass device='cpu', or choose another default with backends.use(…)."
        )
    return backend


def placed(array: Any, device: str | None) -> Any:
    """``array``, just made by the right backend, on the very device asked for."""
    return array if device is None or ":" not in device else backends.of(array).asarray(array, device=device)


def moved(x: Any, device: str | None) -> Any:
    """A Tensor on another device, differentiably; as it is where it lives there already."""
    if device is None:
        return x
    here = backends.of(x._data)
    there = backends.for_device(device)
    source = here.device(x._data)
    if here is there and (":" not in device or device == source):
        return x
    return transfer(x, source=(here.name, source), target=(there.name, device))


# From data ----------------------------------------------------------------------------------------------------


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str | None = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
    device: str | None = None,
) -> Any:
    """A new array of numbers, nested lists, or another array; Tensors inside lists are stacked. As ``numpy.array``.

    Args:
        object: the data. Gradients flow to a Tensor, and to each of the Tensors in a list.
        dtype: NumPy's rules by default (Python floats are float64).
        copy: False raises where a copy is needed; None copies only then.
        order: the memory's, as in NumPy; Tensors ignore it.
        subok: for NumPy's own subclasses.
        ndmin: put axes of size 1 in front, up to so many.
        like: make it on this array's backend.
        device: make it there.

    Raises:
        ValueError: the entries of a list have different shapes, or ``copy=False`` and it takes one.

    >>> from autograd import tensor
    >>> a, b = tensor(1.0, requires_grad=True), tensor(2.0, requires_grad=True)
    >>> x = array([a, [b][0], 3.0])
    >>> (x * x).sum().backward()
    >>> x.detach(), a.grad, b.grad
    (Tensor([1., 2., 3.], dtype=float64), Tensor(2., dtype=float64), Tensor(4., dtype=float64))
    """
    if has_tensor(object):
        out = moved(cast(arraylike(object), dtype), device)
        if out is object and copy:
            out = arithmetic.copy(out)
        if copy is False and out is not object:
            raise ValueError("array: expected data that needs no copy with copy=False; this does. Pass copy=None.")
        lead = ndmin - len(out.shape)
        return shapes.reshape(out, shape=(1,) * lead + tuple(out.shape)) if lead > 0 else out
    held = _held(object)
    backend = held if held is not None and device is None and like is None else chosen("array", device, like)
    if held is not None and held is not backend:
        object = held.to_numpy(object)
    kept = {"subok": True} if subok else {}
    return placed(backend.xp.array(object, dtype, copy=copy, order=order, ndmin=ndmin, **kept), device)


def _held(x: Any) -> backends.Backend | None:
    """The array backend that ``x`` belongs to already, also as the first of a list; None for numbers and lists."""
    while x.__class__ in (list, tuple) and x:
        x = x[0]
    backend = backends.BY_TYPE.get(x.__class__)
    return backend if backend is not None and backend.owns_memory and x.__class__ not in NUMBERS else None


def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: str | None = None,
    copy: bool | None = None,
    like: Any = None,
) -> Any:
    """``a`` as an array, without a copy where none is needed; arguments as for ``array``. As ``numpy.asarray``.

    A Tensor stays what it is; ``x.detach().numpy()`` takes its values out.

    >>> asarray([1, 2, 3], dtype=float)
    array([1., 2., 3.])
    """
    return array(a, dtype, copy=copy, order=order or "K", like=like, device=device)


asanyarray = asarray


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """``a`` with its elements in C order in memory, at least one dimension. As ``numpy.ascontiguousarray``.

    >>> ascontiguousarray([[1.0, 2.0]]).flags.c_contiguous
    True
    """
    return _in_order("ascontiguousarray", a, dtype, like)


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """``a`` with its elements in Fortran order in memory. As ``numpy.asfortranarray``; a Tensor stays as it is.

    >>> asfortranarray([[1.0, 2.0], [3.0, 4.0]]).flags.f_contiguous
    True
    """
    return _in_order("asfortranarray", a, dtype, like)


def _in_order(name: str, a: Any, dtype: Any, like: Any) -> Any:
    a = asarray(a, dtype, like=like)
    arrays_only(name, a)
    if not is_tensor(a):
        return getattr(backends.of(a).xp, name)(a)
    if name == "asfortranarray" or a._data.flags.c_contiguous:
        return a
    return arithmetic.copy(a)


def asarray_chkfinite(a: Any, dtype: Any = None, order: str | None = None) -> Any:
    """``asarray``, raising where there is NaN or an infinity. As ``numpy.asarray_chkfinite``; waits for the device.

    Raises:
        ValueError: an element is not finite.

    >>> asarray_chkfinite([1.0, 2.0])
    array([1., 2.])
    """
    a = asarray(a, dtype, order)
    arrays_only("asarray_chkfinite", a)
    data = raw(a)
    if data.dtype.kind in "fc" and not bool(backends.of(data).xp.isfinite(data).all()):
        raise ValueError("asarray_chkfinite: expected finite numbers; got NaN or an infinity. See isfinite(a).")
    return a


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """A copy of ``a``; of a Tensor, a recorded one. As ``numpy.copy``.

    >>> copy([1.0, 2.0])
    array([1., 2.])
    """
    return array(a, order=order, subok=subok, copy=True)


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Any:
    """An array over another library's memory (PyTorch, JAX, …), without a copy where the device allows it.

    Args:
        x: an object with ``__dlpack__``; of a Tensor, its values.
        device: where the array is to live; by default where ``x`` does.
        copy: True always copies; False raises where a copy is needed.

    >>> import numpy
    >>> from_dlpack(numpy.arange(3.0))
    array([0., 1., 2.])
    """
    x = raw(x)
    arrays_only("from_dlpack", x)
    # DLPack's numbers: 1 main memory, 2 CUDA, 3 CUDA's pinned main memory, 13 CUDA's managed memory.
    there = device if device is not None else "cuda" if x.__dlpack_device__()[0] in (2, 13) else "cpu"
    backend = chosen("from_dlpack", there)
    here = backends.BY_TYPE.get(x.__class__)
    if here is not None and here is backend:
        return placed(backend.copy(x) if copy else x, device)
    out = backend.xp.from_dlpack(x, **({} if copy is None else {"copy": copy}))
    return placed(out, device)


# From shapes --------------------------------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = None, order: str = "C", *, device: str | None = None, like: Any = None) -> Any:
    """Zeros of a shape, float64 by default. As ``numpy.zeros``.

    >>> zeros((2, 3), dtype="float32")
    array([[0., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    return placed(chosen("zeros", device, like).xp.zeros(shape, dtype=_or_float(dtype), order=order), device)


def ones(shape: Any, dtype: Any = None, order: str = "C", *, device: str | None = None, like: Any = None) -> Any:
    """Ones of a shape, float64 by default. As ``numpy.ones``.

    >>> ones(3)
    array([1., 1., 1.])
    """
    return placed(chosen("ones", device, like).xp.ones(shape, dtype=_or_float(dtype), order=order), device)


def empty(shape: Any, dtype: Any = None, order: str = "C", *, device: str | None = None, like: Any = None) -> Any:
    """Memory of a shape with whatever stands in it, float64 by default. As ``numpy.empty``.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return placed(chosen("empty", device, like).xp.empty(shape, dtype=_or_float(dtype), order=order), device)


def _or_float(dtype: Any) -> Any:
    return float if dtype is None else dtype


def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: str | None = None, like: Any = None
) -> Any:
    """``fill_value`` broadcast to a shape, in memory of its own. As ``numpy.full``; a Tensor gets its gradient summed.

    >>> full((2, 2), 7.0)
    array([[7., 7.],
           [7., 7.]])
    """
    if has_tensor(fill_value):
        value = moved(cast(arraylike(fill_value), dtype), device)
        return arithmetic.copy(shapes.broadcast_to(value, shape=_sizes(shape)))
    held = _held(fill_value)
    backend = held if held is not None and device is None and like is None else chosen("full", device, like)
    if not isinstance(fill_value, (bool, int, float, complex)):
        # Not every library fills with an array.
        value = array(fill_value, dtype, device=device, like=like)
        return backend.copy(backend.xp.broadcast_to(value, _sizes(shape)))
    if dtype is None:
        dtype = numpy.asarray(fill_value).dtype
    return placed(backend.xp.full(shape, fill_value, dtype=dtype, order=order), device)


def _sizes(shape: Any) -> tuple[int, ...]:
    return tuple([int(n) for n in shape]) if hasattr(shape, "__iter__") else (int(shape),)


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = float,
    order: str = "C",
    *,
    device: str | None = None,
    like: Any = None,
) -> Any:
    """``N`` rows and ``M`` columns with ones on the ``k``-th diagonal. As ``numpy.eye``.

    >>> eye(2, 3, k=1)
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """
    return placed(chosen("eye", device, like).xp.eye(N, M, k, dtype=_or_float(dtype), order=order), device)


def identity(n: int, dtype: Any = None, *, like: Any = None) -> Any:
    """The identity matrix. As ``numpy.identity``.

    >>> identity(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return eye(n, dtype=_or_float(dtype), like=like)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = float, *, like: Any = None) -> Any:
    """Ones on and below the ``k``-th diagonal. As ``numpy.tri``.

    >>> tri(2, 3)
    array([[1., 0., 0.],
           [1., 1., 0.]])
    """
    return chosen("tri", None, like).xp.tri(N, M, k, dtype=_or_float(dtype))


def fromfunction(
    function: Callable[..., Any], shape: Any, *, dtype: Any = float, like: Any = None, **kwargs: Any
) -> Any:
    """``function`` called once with the coordinates of every element, an array per axis. As ``numpy.fromfunction``.

    >>> fromfunction(lambda i, j: i + 10 * j, (2, 3))
    array([[ 0., 10., 20.],
           [ 1., 11., 21.]])
    """
    with backends.use(chosen("fromfunction", None, like)):
        grids = indices(shape, dtype)
    return function(*grids, **kwargs)


def indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    """The coordinates of every element of a shape, an array per axis; ``sparse`` keeps them broadcastable.

    As ``numpy.indices``.

    >>> indices((2, 2))[0]
    array([[0, 0],
           [1, 1]])
    """
    backend = chosen("indices", None)
    size = _sizes(dimensions)
    lines = [
        backend.xp.arange(n, dtype=dtype).reshape((1,) * i + (-1,) + (1,) * (len(size) - 1 - i))
        for i, n in enumerate(size)
    ]
    if sparse:
        return tuple(lines)
    if not lines:
        return backend.xp.zeros((0,), dtype=dtype)
    return backend.xp.stack([backend.xp.broadcast_to(line, size) for line in lines])


# Like other arrays --------------------------------------------------------------------------------------------


def zeros_like(
    a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: str | None = None
) -> Any:
    """Zeros in the shape, dtype and place of ``a``; a Tensor without a gradient for a Tensor. As ``numpy.zeros_like``.

    >>> zeros_like([1.0, 2.0])
    array([0., 0.])
    """
    return _like("zeros_like", a, dtype, order, shape, device)


def ones_like(
    a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: str | None = None
) -> Any:
    """Ones in the shape, dtype and place of ``a``; a Tensor without a gradient for a Tensor. As ``numpy.ones_like``.

    >>> ones_like([1, 2])
    array([1, 1])
    """
    return _like("ones_like", a, dtype, order, shape, device)


def empty_like(
    prototype: Any,
    /,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """Memory in the shape, dtype and place of ``prototype``; a Tensor for a Tensor. As ``numpy.empty_like``.

    >>> empty_like([1.0, 2.0]).shape
    (2,)
    """
    return _like("empty_like", prototype, dtype, order, shape, device)


def _like(name: str, a: Any, dtype: Any, order: str, shape: Any, device: str | None) -> Any:
    a = arraylike(a)
    data = raw(a)
    here = backends.of(data)
    if not here.owns_memory:
        return wrapped(here.asarray(0.0 if name != "ones_like" else 1.0), a)
    backend = here if device is None else backends.for_device(device)
    dtype = data.dtype if dtype is None else dtype
    if backend is here and shape is None:
        return wrapped(placed(getattr(here.xp, name)(data, dtype=dtype, order=order), device), a)
    size = data.shape if shape is None else _sizes(shape)
    return wrapped(placed(getattr(backend.xp, name[:-5])(size, dtype=dtype), device), a)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: str | None = None,
) -> Any:
    """``fill_value`` in the shape, dtype and place of ``a``. As ``numpy.full_like``; a Tensor gets its gradient summed.

    >>> full_like([1, 2], 3.7)
    array([3, 3])
    """
    a = arraylike(a)
    if not backends.of(raw(a)).owns_memory:
        return wrapped(float(raw(fill_value)), a)
    size = tuple(a.shape) if shape is None else _sizes(shape)
    dtype = a.dtype if dtype is None else as_dtype(dtype)
    out = full(size, fill_value, dtype, device=device, like=None if device is not None else raw(a))
    return out if is_tensor(out) else wrapped(out, a)

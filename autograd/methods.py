"""A Tensor's methods: NumPy's and PyTorch's names for the functions of ``autograd.numpy``, imported by subject.

A method that only is a function of that namespace is that function: its first argument is the Tensor, and its further
ones are NumPy's (``axis``, not ``dim``). Names with an underscore at the end write in place, as PyTorch's do.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import backends
from autograd import views
from autograd.draw import draw as _draw
from autograd.numpy import (
    activations,
    choosing,
    diagonals,
    editing,
    elementwise,
    extrema,
    indexing,
    joining,
    logic,
    parts,
    products,
    quantiles,
    reductions,
    rounding,
    scans,
    shaping,
    sorting,
    statistics,
    trigonometry,
)
from autograd.numpy.common import as_dtype
from autograd.ops import activations as _activations
from autograd.ops import arithmetic
from autograd.ops import elementwise as _elementwise
from autograd.ops.transfer import transfer
from autograd.plan import RUNTIME
from autograd.primitive import of

if TYPE_CHECKING:
    from autograd.draw.drawing import Drawing


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """The method that puts ``function(self, *operands)`` in the Tensor's own memory and returns the Tensor."""
    name = of(function).name

    def assign(data: Any, *operands: Any) -> None:
        value = function(data, *operands)
        views.check_cast(name, value, data)
        data[...] = value

    def method(self: Any, *operands: Any) -> Any:
        if not self.backend.owns_memory:
            raise TypeError(
                f"{name}_: expected an array to write into; got a Python float, which can't change. "
                f"Use x = x.{name}(…) instead."
            )
        return views.update(self, function, assign, *operands)

    method.__name__ = f"{name}_"
    method.__doc__ = f"``{name}`` in place; returns the Tensor itself."
    return method


class Methods:
    """Mixed into ``Tensor``."""

    __slots__ = ()
    shape: tuple[int, ...]
    ndim: int
    size: int
    dtype: Any
    device: str
    backend: backends.Backend
    _data: Any

    # Element by element --------------------------------------------------------------------------------------

    abs = absolute = parts.absolute
    arccos = acos = trigonometry.arccos
    arccosh = acosh = trigonometry.arccosh
    arcsin = asin = trigonometry.arcsin
    arcsinh = asinh = trigonometry.arcsinh
    arctan = atan = trigonometry.arctan
    arctan2 = atan2 = trigonometry.arctan2
    arctanh = atanh = trigonometry.arctanh
    cbrt = elementwise.cbrt
    ceil = rounding.ceil
    conj = conjugate = parts.conj
    cos = trigonometry.cos
    cosh = trigonometry.cosh
    exp = elementwise.exp
    exp2 = elementwise.exp2
    expm1 = elementwise.expm1
    floor = rounding.floor
    log = elementwise.log
    log10 = elementwise.log10
    log1p = elementwise.log1p
    log2 = elementwise.log2
    neg = negative = elementwise.negative
    pow = elementwise.power
    reciprocal = elementwise.reciprocal
    relu = activations.relu
    rint = rounding.rint
    round = rounding.round
    sigmoid = activations.sigmoid
    sign = parts.sign
    sin = trigonometry.sin
    sinh = trigonometry.sinh
    sqrt = elementwise.sqrt
    square = elementwise.square
    tan = trigonometry.tan
    tanh = trigonometry.tanh
    trunc = rounding.trunc
    add = elementwise.add
    sub = subtract = elementwise.subtract
    mul = multiply = elementwise.multiply
    div = divide = elementwise.divide
    remainder = elementwise.remainder
    fmod = elementwise.fmod
    maximum = choosing.maximum
    minimum = choosing.minimum
    clip = clamp = choosing.clip
    nan_to_num = parts.nan_to_num
    isnan = logic.isnan
    isinf = logic.isinf
    isfinite = logic.isfinite
    isclose = logic.isclose
    allclose = logic.allclose
    logical_and = logic.logical_and
    logical_or = logic.logical_or
    logical_xor = logic.logical_xor
    logical_not = logic.logical_not

    __and__ = of(_elementwise.bitwise_and).operator()
    __rand__ = of(_elementwise.bitwise_and).operator(reflected=True)
    __or__ = of(_elementwise.bitwise_or).operator()
    __ror__ = of(_elementwise.bitwise_or).operator(reflected=True)
    __xor__ = of(_elementwise.bitwise_xor).operator()
    __rxor__ = of(_elementwise.bitwise_xor).operator(reflected=True)
    __lshift__ = of(_elementwise.bitwise_left_shift).operator()
    __rlshift__ = of(_elementwise.bitwise_left_shift).operator(reflected=True)
    __rshift__ = of(_elementwise.bitwise_right_shift).operator()
    __rrshift__ = of(_elementwise.bitwise_right_shift).operator(reflected=True)
    __invert__ = of(_elementwise.bitwise_invert).operator()

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, decimals: builtins.int | None = None) -> Any:
        return rounding.round(self, decimals or 0)

    @property
    def real(self) -> Any:
        """The real part; a copy."""
        return parts.real(self)

    @property
    def imag(self) -> Any:
        """The imaginary part; a copy."""
        return parts.imag(self)

    # Along axes ------------------------------------------------------------------------------------------------

    all = reductions.all
    any = reductions.any
    argmax = extrema.argmax
    argmin = extrema.argmin
    count_nonzero = reductions.count_nonzero
    logsumexp = reductions.logsumexp
    max = extrema.max
    mean = statistics.mean
    median = quantiles.median
    min = extrema.min
    nanmean = statistics.nanmean
    nansum = reductions.nansum
    prod = reductions.prod
    ptp = extrema.ptp
    quantile = quantiles.quantile
    std = statistics.std
    sum = reductions.sum
    var = statistics.var
    cumprod = scans.cumprod
    cumsum = scans.cumsum
    diff = scans.diff

    # Shape and selection ---------------------------------------------------------------------------------------

    argsort = sorting.argsort
    argpartition = sorting.argpartition
    broadcast_to = shaping.broadcast_to
    choose = indexing.choose
    diagonal = diagonals.diagonal
    flatten = shaping.flatten
    moveaxis = movedim = shaping.moveaxis
    nonzero = indexing.nonzero
    ravel = shaping.ravel
    repeat = editing.repeat
    searchsorted = sorting.searchsorted
    split = joining.split
    squeeze = shaping.squeeze
    swapaxes = shaping.swapaxes
    take = indexing.take
    tile = editing.tile
    trace = diagonals.trace
    tril = diagonals.tril
    triu = diagonals.triu
    unsqueeze = shaping.expand_dims

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """The elements in another shape: ``x.reshape(2, 3)`` or ``x.reshape((2, 3))``; one entry may be -1.

        >>> from autograd import tensor
        >>> tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1).shape
        (2, 2)
        """
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape, order)

    def view(self, *shape: Any) -> Any:
        """``reshape`` that never copies.

        Raises:
            ValueError: the elements don't lie in memory as the new shape needs.
        """
        return shaping.reshape(self, shape[0] if len(shape) == 1 else shape, copy=False)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order, reversed by default: ``x.transpose(1, 0)`` or ``x.transpose((1, 0))``."""
        return shaping.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def permute(self, *axes: Any) -> Any:
        """``transpose`` under PyTorch's name."""
        return self.transpose(*axes)

    def expand(self, *shape: Any) -> Any:
        """Broadcast to ``shape``, in which -1 keeps an axis as it is."""
        wanted = tuple(shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)
        have = (1,) * (len(wanted) - self.ndim) + tuple(self.shape)
        sizes = [h if w == -1 else w for w, h in zip(wanted, have, strict=True)]
        return shaping.broadcast_to(self, tuple(sizes))

    def compress(self, condition: Any, axis: Any = None) -> Any:
        """The slices along ``axis`` where the condition holds."""
        return indexing.compress(condition, self, axis)

    def sort(self, axis: builtins.int = -1) -> None:
        """Sort in place along ``axis``, as NumPy's method does; ``autograd.numpy.sort(x)`` gives a sorted copy."""
        self[...] = sorting.sort(self, axis)  # type: ignore[index]

    def partition(self, kth: Any, axis: builtins.int = -1) -> None:
        """Put the ``kth`` smallest at its sorted place, in place, as NumPy's method does."""
        self[...] = sorting.partition(self, kth, axis)  # type: ignore[index]

    @property
    def T(self) -> Any:
        """The axes in reverse order; a view."""
        return shaping.transpose(self)

    @property
    def mT(self) -> Any:
        """The last two axes swapped; a view."""
        return shaping.matrix_transpose(self)

    @property
    def H(self) -> Any:
        """The conjugate transpose of a matrix."""
        return parts.conj(shaping.matrix_transpose(self))

    mH = H

    # Products --------------------------------------------------------------------------------------------------

    dot = products.dot
    inner = products.inner
    matmul = mm = products.matmul
    outer = products.outer
    vdot = products.vdot

    # Networks --------------------------------------------------------------------------------------------------

    def softmax(self, axis: builtins.int = -1) -> Any:
        """e^x over its sum along ``axis``."""
        return activations.softmax(self, axis)

    def log_softmax(self, axis: builtins.int = -1) -> Any:
        """log(e^x over its sum along ``axis``)."""
        return activations.log_softmax(self, axis)

    # In place --------------------------------------------------------------------------------------------------

    abs_ = _in_place(arithmetic.absolute)
    add_ = _in_place(arithmetic.add)
    clip_ = clamp_ = _in_place(_elementwise.clip)
    div_ = _in_place(arithmetic.divide)
    exp_ = _in_place(arithmetic.exp)
    floor_ = _in_place(_elementwise.floor)
    log_ = _in_place(arithmetic.log)
    mul_ = _in_place(arithmetic.multiply)
    neg_ = _in_place(arithmetic.negative)
    pow_ = _in_place(arithmetic.power)
    relu_ = _in_place(_activations.relu)
    sigmoid_ = _in_place(_elementwise.sigmoid)
    sqrt_ = _in_place(arithmetic.sqrt)
    square_ = _in_place(arithmetic.square)
    sub_ = _in_place(arithmetic.subtract)
    tanh_ = _in_place(arithmetic.tanh)

    def copy_(self, source: Any) -> Any:
        """Write the values of ``source``, broadcast; returns the Tensor itself."""
        self[...] = source  # type: ignore[index]
        return self

    def fill_(self, value: Any) -> Any:
        """Write one value everywhere; returns the Tensor itself."""
        return self.copy_(value)

    fill = fill_

    def zero_(self) -> Any:
        """Write zeros; returns the Tensor itself."""
        return self.copy_(0)

    # Seeing it ------------------------------------------------------------------------------------------------

    def draw(self, *args: Any, **options: Any) -> Drawing:
        """``autograd.draw`` of the graph that leads here."""
        return _draw(self, *args, **options)

    # Copies, dtypes, devices -----------------------------------------------------------------------------------

    def copy(self) -> Any:
        """A Tensor of its own memory; the gradient flows through.

        >>> from autograd import tensor
        >>> x = tensor([1.0], requires_grad=True)
        >>> (2 * x.copy()).sum().backward()
        >>> x.grad
        Tensor([2.], dtype=float64)
        """
        return arithmetic.copy(self)

    clone = copy

    def contiguous(self) -> Any:
        """Itself where its elements lie in order without gaps, else a copy for which they do."""
        flags = getattr(self._data, "flags", None)
        return self if flags is None or flags.c_contiguous else shaping.reshape(self.ravel().copy(), self.shape)

    def astype(self, dtype: Any, copy: builtins.bool = True) -> Any:
        """The values in another dtype; the cotangent comes back in this one."""
        return parts.astype(self, dtype, copy=copy)

    def to(self, *where: Any, dtype: Any = None, device: str | None = None) -> Any:
        """On another device and/or in another dtype, itself where it is so already; the gradient flows through.

        Args:
            where: a device (``"cpu"``, ``"cuda"``, ``"cuda:1"``, a backend's name), a dtype, or a Tensor to take both
                from, in any order.
            dtype, device: the same by name.

        Raises:
            BackendError: nothing serves that device here.

        >>> from autograd import tensor
        >>> tensor([1.0, 2.0]).to("float32").to("cpu")
        Tensor([1., 2.], dtype=float32)
        """
        for given in where:
            if given.__class__ is RUNTIME["Tensor"]:
                dtype, device = given.dtype, f"{given.backend.name}"
                if given.backend is self.backend:
                    device = given.device
            elif (found := _dtype_or_none(given)) is not None:
                dtype = found
            else:
                device = given
        out = self if device is None else _moved(self, device)
        if dtype is None or out.dtype == dtype or not hasattr(out._data, "dtype"):
            return out
        return parts.astype(out, dtype)

    def cpu(self) -> Any:
        """In main memory: ``to("cpu")``."""
        return self.to("cpu")

    def cuda(self, device: builtins.int | None = None) -> Any:
        """On a GPU: ``to("cuda")``, or ``to(f"cuda:{device}")``."""
        return self.to("cuda" if device is None else f"cuda:{device}")

    def type_as(self, other: Any) -> Any:
        """In the dtype of ``other``."""
        return self.to(dtype=other.dtype)

    def numel(self) -> builtins.int:
        """The number of elements."""
        return self.size

    def dim(self) -> builtins.int:
        """The number of axes."""
        return self.ndim

    def half(self) -> Any:
        """In float16."""
        return self.to(dtype="float16")

    def double(self) -> Any:
        """In float64."""
        return self.to(dtype="float64")

    def long(self) -> Any:
        """In int64."""
        return self.to(dtype="int64")

    def float(self) -> Any:
        """In float32, as PyTorch has it."""
        return self.to(dtype="float32")

    def int(self) -> Any:
        """In int32, as PyTorch has it."""
        return self.to(dtype="int32")

    def bool(self) -> Any:
        """Where it is not 0."""
        return self.to(dtype="bool")


def _dtype_or_none(given: Any) -> Any:
    try:
        return as_dtype(given)
    except TypeError:
        return None


def _moved(x: Any, device: str) -> Any:
    """``x`` on ``device``, itself where it is there."""
    here, there = x.backend, backends.for_device(device)
    if here is there and device in (here.name, here.device_type, x.device):
        return x
    if not here.owns_memory and device == here.device_type:
        return x
    place = device if device.partition(":")[0] == there.device_type else there.device_type
    return transfer(x, source=(here.name, x.device), target=(there.name, place))

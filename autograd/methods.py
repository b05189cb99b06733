"""A Tensor's methods: NumPy's and PyTorch's names, each one line to the function of the same name. Imports ``autograd.numpy``'s parts."""

from __future__ import annotations

from typing import Any

from autograd.ops import arithmetic, reduce
from autograd.ops import shape as shapes


class Methods:
    """Mixed into ``Tensor``."""

    __slots__ = ()
    shape: tuple[int, ...]
    ndim: int

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(self.ndim)) if axis is None else (axis % self.ndim,)
        return reduce.sum(self, axis=axes, keepdims=keepdims)

    def exp(self) -> Any:
        return arithmetic.exp(self)

    def reshape(self, *shape: Any) -> Any:
        return shapes.reshape(self, shape=shape)

    def copy(self) -> Any:
        return arithmetic.copy(self)

    @property
    def T(self) -> Any:
        return shapes.transpose(self, axes=tuple(reversed(range(self.ndim))))

    @property
    def mT(self) -> Any:
        n = self.ndim
        return shapes.transpose(self, axes=(*range(n - 2), n - 1, n - 2))

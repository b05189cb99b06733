"""Penalties on weights and outputs, under Keras's names: ``Dense(10, kernel_regularizer="l2")``. Imports ``checks``.

A penalty is a function of a weight (or of a layer's output) that gives one number; ``fit`` adds those of all layers to
the loss. In a loop of one's own one adds ``sum(model.losses)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from nn import checks


class Regularizer:
    """The base: a subclass defines ``__call__(self, x)``, which gives one number.

    >>> class Far(Regularizer):
    ...     def __call__(self, x):
    ...         return np.sum(np.maximum(np.absolute(x) - 1, 0))
    >>> Far()(np.array([0.5, -3.0]))
    np.float64(2.0)
    """

    # Whether the axes' order makes no difference, so that a weight need not be turned into Keras's layout.
    elementwise = False

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: expected a method __call__(self, x). Add one.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class L1L2(Regularizer):
    """``l1·Σ|x| + l2·Σx²``.

    >>> L1L2(l1=0.5, l2=0.25)(np.array([1.0, -2.0]))
    np.float64(2.75)
    """

    elementwise = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        for name, value in (("l1", l1), ("l2", l2)):
            checks.number(type(self).__name__, name, value, checks.NOT_NEGATIVE)
        self.l1, self.l2 = float(l1), float(l2)

    def __call__(self, x: Any) -> Any:
        if not self.l1:
            return self.l2 * np.sum(x * x)
        rough = self.l1 * np.sum(np.absolute(x))
        return rough + self.l2 * np.sum(x * x) if self.l2 else rough


class L1(L1L2):
    """``l1·Σ|x|``: drives weights to exactly 0."""

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1, 0.0)


class L2(L1L2):
    """``l2·Σx²``. (PyTorch's ``weight_decay`` of SGD is twice as much: its gradient is λx, this one's 2·l2·x.)"""

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(0.0, l2)


class OrthogonalRegularizer(Regularizer):
    """``factor/2·Σ|xᵢ·xⱼ|/(k(k-1)/2)`` over the pairs of k normalised rows (or columns): keeps them at right angles.

    Args:
        mode: ``"rows"`` or ``"columns"`` of a kernel in Keras's layout (in, out).
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        checks.options("OrthogonalRegularizer", {"factor": factor})
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: expected mode 'rows' or 'columns'; got {mode!r}. Choose one.")
        self.factor, self.mode = factor, mode

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer: expected a matrix; got {tuple(x.shape)}. Use another penalty.")
        axis = 1 if self.mode == "rows" else 0
        unit = x / np.sqrt(np.maximum(np.sum(x * x, axis=axis, keepdims=True), 1e-12))
        products = unit @ unit.T if self.mode == "rows" else unit.T @ unit
        size = x.shape[1 - axis]
        apart = np.absolute(products * (1 - np.eye(size, dtype=products.dtype)))
        return self.factor * 0.5 * np.sum(apart) / max(1.0, size * (size - 1) / 2)


NAMED: dict[str, Callable[[], Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "l1_l2": lambda: L1L2(0.01, 0.01),
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def l1(l1: float = 0.01) -> L1:
    """``L1``, by Keras's short name."""
    return L1(l1)


def l2(l2: float = 0.01) -> L2:
    """``L2``, by Keras's short name."""
    return L2(l2)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """``L1L2``, by Keras's short name: here both are 0.01 by default."""
    return L1L2(l1, l2)


def get(regularizer: Any) -> Callable[[Any], Any] | None:
    """A penalty by name, a function of one array as it is; None for none.

    Raises:
        ValueError: the name is unknown.
        TypeError: it is none of these.

    >>> get("l2")
    L2(l1=0.0, l2=0.01)
    """
    return checks.by_name("regularizer", regularizer, NAMED, str.lower, "nn.regularizers.L2(0.01)")

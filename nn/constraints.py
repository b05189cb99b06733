"""What weights are brought back to after each step, under Keras's names: ``kernel_constraint="max_norm"``.

Imports ``checks``. A constraint is a function of a kernel in Keras's layout, (in, out) or (window…, in, out), that
gives the kernel allowed; ``fit`` applies those of all layers after each step. In a loop of one's own, one calls
``nn.constraints.apply(model)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from nn import checks

# Keras's guard of the division.
EPSILON = 1e-7


class Constraint:
    """The base: a subclass defines ``__call__(self, w)``."""

    def __call__(self, w: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: expected a method __call__(self, w). Add one.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


class MaxNorm(Constraint):
    """Shortens the vectors along ``axis`` to ``max_value``: those of the weights that lead into one unit.

    >>> MaxNorm(2.0)(np.array([[3.0, 0.5], [4.0, 0.0]])).round(3)
    array([[1.2, 0.5],
           [1.6, 0. ]])
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        checks.number("MaxNorm", "max_value", max_value, checks.NOT_NEGATIVE)
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        lengths = _lengths(w, self.axis)
        return w * (np.minimum(lengths, self.max_value) / (EPSILON + lengths))


class NonNeg(Constraint):
    """0 in place of what is negative."""

    def __call__(self, w: Any) -> Any:
        return np.maximum(w, 0)


class UnitNorm(Constraint):
    """Brings the vectors along ``axis`` to length 1."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (EPSILON + _lengths(w, self.axis))


class MinMaxNorm(Constraint):
    """Brings lengths along ``axis`` between two; with ``rate`` below 1, so much of the way at each step."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        for name, value in (("min_value", min_value), ("max_value", max_value)):
            checks.number("MinMaxNorm", name, value, checks.NOT_NEGATIVE)
        checks.number("MinMaxNorm", "rate", rate, checks.SHARE)
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        lengths = _lengths(w, self.axis)
        wanted = np.minimum(np.maximum(lengths, self.min_value), self.max_value)
        return w * ((self.rate * wanted + (1 - self.rate) * lengths) / (EPSILON + lengths))


def _lengths(w: Any, axis: Any) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return np.sqrt(np.sum(w * w, axis=axis, keepdims=True))


# Keras's short names.
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

NAMED: dict[str, Callable[[], Constraint]] = {
    "max_norm": MaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
    "min_max_norm": MinMaxNorm,
}


def get(constraint: Any) -> Callable[[Any], Any] | None:
    """A constraint by name, a function of one array as it is; None for none.

    Raises:
        ValueError: the name is unknown.
        TypeError: it is none of these.

    >>> get("max_norm")
    MaxNorm(max_value=2, axis=0)
    """
    return checks.by_name("constraint", constraint, NAMED, _read, "nn.constraints.MaxNorm(2.0)")


def _read(name: str) -> str:
    """A class's name as its short one; others as they are."""
    return {cls.__name__.lower(): key for key, cls in NAMED.items()}.get(name.lower(), name)


def apply(model: Any) -> None:
    """Bring the constrained parameters of all layers back, in place: for loops of one's own, after each step.

    >>> import nn
    >>> layer = nn.Dense(1, kernel_constraint="non_neg", kernel_initializer=-1.0, input_shape=(2,))
    >>> apply(layer)
    >>> layer.weight.data
    array([[0., 0.]], dtype=float32)
    """
    for layer in model.modules():
        for restrain in layer.constrained():
            restrain()

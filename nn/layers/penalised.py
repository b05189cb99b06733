"""What Keras's layers take beside their formula: penalties and constraints. Imports ``module``, ``regularizers``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from nn import constraints, penalties, regularizers
from nn.module import Module


class Penalised(Module):
    """A layer with ``weight`` and ``bias`` whose kernel, bias and output may be penalised, and the former constrained.

    Penalties and constraints of one's own see the kernel in Keras's layout: (in, out), or (window…, in, out).
    """

    weight: Any
    bias: Any
    kernel_regularizer: Callable[[Any], Any] | None = None
    bias_regularizer: Callable[[Any], Any] | None = None
    activity_regularizer: Callable[[Any], Any] | None = None
    kernel_constraint: Callable[[Any], Any] | None = None
    bias_constraint: Callable[[Any], Any] | None = None

    def penalise(
        self,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
    ) -> None:
        """Take the options; a layer that has none keeps nothing, and pays nothing."""
        given = {
            "kernel_regularizer": regularizers.get(kernel_regularizer),
            "bias_regularizer": regularizers.get(bias_regularizer),
            "activity_regularizer": regularizers.get(activity_regularizer),
            "kernel_constraint": constraints.get(kernel_constraint),
            "bias_constraint": constraints.get(bias_constraint),
        }
        for name, value in given.items():
            if value is not None:
                setattr(self, name, value)
        if any([given[name] is not None for name in ("kernel_regularizer", "bias_regularizer")]):
            penalties.NOTED.used = True
        if given["activity_regularizer"] is not None:
            self._hooks = (*self._hooks, penalise_output)

    def weight_penalties(self) -> list[Any]:
        found = []
        if self.kernel_regularizer is not None:
            kernel = self.weight
            if not getattr(self.kernel_regularizer, "elementwise", False):
                kernel = as_kernel(kernel)
            found.append(self.kernel_regularizer(kernel))
        if self.bias_regularizer is not None and self.bias is not None:
            found.append(self.bias_regularizer(self.bias))
        return found

    def constrained(self) -> list[Callable[[], None]]:
        """Functions that bring the parameters back to where they may be."""
        found: list[Callable[[], None]] = []
        if self.kernel_constraint is not None:
            found.append(functools.partial(_restrain, self, "weight", self.kernel_constraint))
        if self.bias_constraint is not None and self.bias is not None:
            found.append(functools.partial(_restrain, self, "bias", self.bias_constraint))
        return found


def as_kernel(weight: Any) -> Any:
    """A weight (out, in, window…) as Keras lays its kernels out: (window…, in, out)."""
    return np.moveaxis(weight, (1, 0), (-2, -1))


def _restrain(layer: Any, name: str, constraint: Callable[[Any], Any]) -> None:
    values = getattr(layer, name)._data
    if name == "weight":
        values[...] = np.moveaxis(constraint(as_kernel(values)), (-2, -1), (1, 0))
    else:
        values[...] = constraint(values)


def penalise_output(layer: Any, args: Any, out: Any) -> None:
    """A hook: add the penalty on a layer's output to the loss."""
    # Per sample, as Keras has it, so that the strength does not change with the size of batches.
    penalties.add(layer, layer.activity_regularizer(out) / out.shape[0])


class ActivityRegularization(Module):
    """The input itself, whose size is penalised: ``l1·Σ|x| + l2·Σx²`` per sample is added to the loss. Keras's.

    >>> import nn
    >>> model = nn.Sequential([nn.layers.ActivityRegularization(l2=0.5)])
    >>> _ = model(np.array([[1.0, 2.0], [0.0, 0.0]]))
    >>> model.losses
    [np.float64(1.25)]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.activity_regularizer = regularizers.L1L2(l1, l2)

    def forward(self, x: Any) -> Any:
        penalise_output(self, (), x)
        return x

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

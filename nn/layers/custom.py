"""The base of layers that are written as Keras's users write them. Imports ``module``, ``init``, ``regularizers``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import backends
from autograd import Tensor
from nn import checks, constraints, init, penalties, regularizers
from nn.layers.dense import of_input
from nn.layers.penalised import penalise_output
from nn.module import Module, parameter


class Layer(Module):
    """Keras's layer: ``build(self, input_shape)`` makes weights at the first call; ``call(self, x)`` uses them.

    A plain ``nn.Module`` does as well, and is shorter; this one is for layers that come from Keras.

    Args:
        name: for ``model.get_layer(name)``.
        trainable: False freezes its weights.
        dtype: of its weights.
        input_shape, input_dim: of one input, without the batch axis.
        activity_regularizer: a penalty on its output, of ``nn.regularizers``.

    >>> import nn, numpy as np
    >>> class Weighted(nn.layers.Layer):
    ...     def __init__(self, units, **options):
    ...         super().__init__(**options)
    ...         self.units = units
    ...
    ...     def build(self, input_shape):
    ...         self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")
    ...
    ...     def call(self, x):
    ...         return x @ self.w
    >>> Weighted(2)(np.ones((3, 4), "float32")).shape
    (3, 2)
    """

    built: bool = False

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = "float32",
        input_shape: Any = None,
        input_dim: int | None = None,
        activity_regularizer: Any = None,
    ) -> None:
        self.name = name
        self.dtype = dtype
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            self.input_shape = checks.as_shape(type(self).__name__, input_shape, "input_shape")
        if activity_regularizer is not None:
            self.activity_regularizer = regularizers.get(activity_regularizer)
            self._hooks = (*self._hooks, penalise_output)
        if not trainable:
            self.trainable = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for inputs of this shape, whose first entry, None, is the batch; a subclass defines it."""

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "glorot_uniform",
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Tensor:
        """A weight of this shape, to be kept as an attribute: ``self.w = self.add_weight(…)``.

        Args:
            initializer: a name, or one of ``nn.initializers``.
            trainable: False for what is not trained.
            regularizer, constraint: of ``nn.regularizers`` and ``nn.constraints``.
            name: Keras's; the attribute's name is used.
        """
        shape = checks.as_shape("add_weight", shape) if shape != () else ()
        values = init.get("zeros" if initializer is None else initializer)(
            shape, dtype or getattr(self, "dtype", "float32")
        )
        weight = parameter(values)
        if not trainable:
            weight.requires_grad_(False)
        penalty, restraint = regularizers.get(regularizer), constraints.get(constraint)
        if penalty is not None:
            penalties.NOTED.used = True
            self._penalties = [*getattr(self, "_penalties", ()), functools.partial(penalty, weight)]
        if restraint is not None:
            self._restraints = [*getattr(self, "_restraints", ()), functools.partial(_restrain, restraint, weight)]
        return weight

    def weight_penalties(self) -> list[Any]:
        return [penalty() for penalty in getattr(self, "_penalties", ())]

    def constrained(self) -> list[Callable[[], None]]:
        return list(getattr(self, "_restraints", ()))

    def is_built(self) -> bool:
        return self.built or type(self).build is Layer.build

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        if not self.built:
            self.build((None, *shape))
            self.built = True
        after = getattr(self, "compute_output_shape", None)
        return None if after is None else tuple(after((None, *shape)))[1:]

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        if not self.built:
            first: Any = args[0] if args else None
            if hasattr(first, "shape"):
                with backends.use(of_input(first)):
                    self.build((None, *first.shape[1:]))
            self.built = True
            self.hold_late()
        return super().forward(*args, **kwargs)


def _restrain(constraint: Callable[[Any], Any], weight: Tensor) -> None:
    weight._data[...] = constraint(weight._data)

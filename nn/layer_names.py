"""Keras's names for what every layer does under another one. Imports ``nn.keras_weights``, ``autograd``."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import keras_weights


class LayerNames:
    """Keras's names, for every module."""

    __slots__ = ()

    @property
    def weights(self) -> list[Tensor]:
        """Every parameter and buffer."""
        module: Any = self
        return [value for _, _, value in module.walk() if isinstance(value, Tensor)]

    @property
    def trainable_weights(self) -> list[Tensor]:
        """The parameters that are trained."""
        module: Any = self
        return [parameter for _, parameter in module.named_parameters() if parameter.requires_grad]

    @property
    def non_trainable_weights(self) -> list[Tensor]:
        """The parameters that are frozen, and the buffers."""
        return [value for value in self.weights if not value.requires_grad]

    @property
    def trainable_variables(self) -> list[Tensor]:
        """``trainable_weights``."""
        return self.trainable_weights

    @property
    def variables(self) -> list[Tensor]:
        """``weights``."""
        return self.weights

    def count_params(self) -> int:
        """How many numbers the parameters and buffers hold, as ``summary()`` counts them."""
        module: Any = self
        module.check_built("count_params")
        return sum([value.size for value in self.weights])

    def get_weights(self) -> list[Any]:
        """Copies of the weights as NumPy arrays, in Keras's order and layout: kernels are (…, in, out).

        >>> import nn
        >>> [w.shape for w in nn.Dense(2, input_shape=(3,)).get_weights()]
        [(3, 2), (2,)]
        """
        module: Any = self
        return keras_weights.read(module)

    def set_weights(self, weights: Any) -> None:
        """Copy arrays, as ``get_weights`` (or Keras's own) gives them, into the parameters and buffers.

        Raises:
            ValueError: another number of arrays, or a shape that does not fit; nothing was changed.
        """
        module: Any = self
        keras_weights.write(module, weights, "set_weights")

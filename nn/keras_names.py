"""Keras's names for what models do under another one. Imports ``nn.saving`` and ``nn.compiled``."""

from __future__ import annotations

from typing import Any

import backends
from autograd import no_grad
from nn import nest, penalties, saving
from nn.modes import mode
from nn.nest import HOST
from nn.running import size_of

np = HOST.xp


class KerasNames:
    """Keras's names, for models."""

    __slots__ = ()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """The layer of a ``name`` it was given, or the one at ``index``.

        Raises:
            ValueError: there is none.
        """
        module: Any = self
        listed = [layer for path, layer in module.named_modules() if path]
        if index is not None:
            if -len(listed) <= index < len(listed):
                return listed[index]
            raise ValueError(f"get_layer: expected an index below {len(listed)}; got {index}. Correct it.")
        found = [layer for layer in listed if name is not None and getattr(layer, "name", None) == name]
        if not found:
            names = ", ".join([layer.name for layer in listed if getattr(layer, "name", None)]) or "none"
            raise ValueError(
                f"get_layer: expected one of the names {names}; got {name!r}. Name layers: Dense(…, name=…)."
            )
        return found[0]

    @property
    def losses(self) -> list[Any]:
        """The penalties of its layers: on weights, and on what came out of them at the last call.

        ``fit`` adds them to the loss. In a loop of one's own: ``loss = loss_of(model(x), y) + sum(model.losses)``.

        >>> import nn
        >>> model = nn.Sequential([nn.Dense(1, kernel_regularizer="l2", kernel_initializer="ones", input_shape=(3,))])
        >>> [round(float(penalty), 3) for penalty in model.losses]
        [0.03]
        """
        return penalties.of(self)

    def build(self, input_shape: Any) -> None:
        """Make the parameters for inputs of a shape whose first entry, None, is the batch: ``model.build((None, 64))``.

        Raises:
            ValueError: the shape does not begin with None; or layers still don't know their sizes.
        """
        module: Any = self
        shape = tuple(input_shape)
        if not shape or shape[0] is not None:
            raise ValueError(
                f"build: expected a shape that begins with None, the batch axis; got {shape}. "
                "Pass (None, 64) for inputs of 64 numbers."
            )
        if not all([layer.is_built() for layer in module.modules()]):
            integers = any([layer.takes_integers for layer in module.modules()])
            with no_grad(), mode(module, False):
                module(backends.default().asarray(np.zeros((1, *shape[1:]), "int64" if integers else "float32")))
        module.check_built("build")
        if module.input_shape is None:
            module.input_shape = shape[1:]

    def save_weights(self, filepath: Any) -> None:
        """``nn.save_weights(model, filepath)``."""
        module: Any = self
        saving.save_weights(module, filepath)

    def load_weights(self, filepath: Any, strict: bool = True) -> Any:
        """``nn.load_weights(model, filepath)``."""
        module: Any = self
        return saving.load_weights(module, filepath, strict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """``evaluate`` of one batch."""
        model: Any = self
        return model.evaluate(x, y, _samples(x), 0, sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """``predict`` of one batch."""
        model: Any = self
        return model.predict(x, _samples(x), 0)


def _samples(x: Any) -> int:
    return max(1, size_of(nest.map_leaves(nest.as_array, x)))

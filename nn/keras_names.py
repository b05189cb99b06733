"""Keras's names for what models do under another one. Imports ``nn.saving`` and ``nn.compiled``."""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from nn import nest, saving
from nn.compiled import size_of


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

    def count_params(self) -> int:
        """How many numbers the parameters and buffers hold, as ``summary()`` counts them."""
        module: Any = self
        module.check_built("count_params")
        return sum([value.size for _, _, value in module.walk() if isinstance(value, Tensor)])

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

"""Keras's names for what models do under another one. Imports ``nn.saving`` and ``nn.compiled``."""

from __future__ import annotations

from typing import Any

import backends
from autograd import Tensor
from nn import nest, penalties, saving
from nn.compiled import size_of
from nn.nest import HOST

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

    def count_params(self) -> int:
        """How many numbers the parameters and buffers hold, as ``summary()`` counts them."""
        module: Any = self
        module.check_built("count_params")
        return sum([value.size for _, _, value in module.walk() if isinstance(value, Tensor)])

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

    def get_weights(self) -> list[Any]:
        """Copies of all parameters and buffers as NumPy arrays, in the order of ``state_dict()`` and in its layout.

        For ``set_weights`` of a model of the same layers. Keras's own arrays, whose kernels are (in, out), are read by
        ``nn.load_keras_weights``.
        """
        module: Any = self
        return [np.array(backends.of(value).to_numpy(value)) for value in module.state_dict().values()]

    def set_weights(self, weights: Any) -> None:
        """Copy arrays, as ``get_weights`` gave them, into the parameters and buffers.

        Raises:
            ValueError: another number of arrays, or a shape that does not fit; nothing was changed.
        """
        module: Any = self
        own = module.state_dict()
        given = list(weights)
        if len(given) != len(own):
            raise ValueError(
                f"set_weights: expected {len(own)} arrays ({', '.join(own)}); got {len(given)}. Pass what "
                "get_weights() of the same layers gave."
            )
        for (name, held), value in zip(own.items(), given, strict=True):
            if tuple(np.shape(value)) != tuple(held.shape):
                turned = tuple(np.shape(value))[::-1] == tuple(held.shape)
                fix = "Read a Keras model's arrays with nn.load_keras_weights." if turned else "Use the same layers."
                raise ValueError(
                    f"set_weights: expected {name} of shape {tuple(held.shape)}; got {tuple(np.shape(value))}. {fix}"
                )
        module.load_state_dict(dict(zip(own, given, strict=True)))

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

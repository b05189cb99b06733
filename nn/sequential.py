"""Layers one after the other. Imports ``nn.module`` and ``nn.training``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nn.checks import as_shape
from nn.module import Module
from nn.training import Model


class Input(Module):
    """The shape of one input, without the batch axis, as the first entry of a ``Sequential``; not a layer of it.

    >>> import nn
    >>> nn.Sequential([nn.layers.Input(shape=(4,)), nn.layers.Dense(2)])
    Sequential(
      (0): Dense(4, 2)
    )
    """

    def __init__(self, shape: tuple[int, ...] | int) -> None:
        self.input_shape = as_shape("Input", shape)

    def forward(self, x: Any) -> Any:
        return x


class Sequential(Model):
    """``layers[-1](… layers[0](x))``; takes layers, one list of them, or one dict of them by name.

    Parameters are named ``"0.weight"`` (``"name.weight"`` of a dict), as in PyTorch.

    Any function of one argument may stand among the layers. Where the shape of the input is known (``input_shape`` of
    the first layer, ``Linear(in, out)``), layers are built as they are added; else at the first call.

    Raises:
        TypeError: an entry can't be called.

    >>> import nn
    >>> nn.Sequential([nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)])
    Sequential(
      (0): Linear(4, 8)
      (1): ReLU()
      (2): Linear(8, 1)
    )
    """

    def __init__(self, *layers: Any) -> None:
        names: list[str | None] = [None] * len(layers)
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            names, layers = list(layers[0]), tuple(layers[0].values())
        elif len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            layers = tuple(layers[0])
            names = [None] * len(layers)
        self.layers: list[Any] = []
        # Of each layer, where it was given one.
        self._names: list[str | None] = []
        # The shape of one output, as far as it is known.
        self.output_shape: tuple[int, ...] | None = None
        for name, layer in zip(names, layers, strict=True):
            self.add_module(name, layer)

    @property
    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        # What add() put there counts as well.
        if any(self._names):
            return ({self._name(i): layer for i, layer in enumerate(self.layers)},), {}
        return tuple(self.layers), {}

    def _name(self, i: int) -> str:
        return self._names[i] or str(i)

    def __getattr__(self, name: str) -> Any:
        names = vars(self).get("_names", ())
        if name in names:
            return self.layers[names.index(name)]
        raise AttributeError(f"{type(self).__name__}: expected an attribute or a layer's name; got {name!r}.")

    def add(self, layer: Any) -> None:
        """Put one more layer (or any function of one argument) at the end."""
        if isinstance(layer, type) and issubclass(layer, Module):
            raise TypeError(
                f"Sequential: expected layers or functions; got the class {layer.__name__}. "
                f"Make a layer of it: {layer.__name__}()."
            )
        if not callable(layer):
            raise TypeError(
                f"Sequential: expected layers or functions; got {type(layer).__name__}. "
                "Pass layers one by one, or one list of them."
            )
        given = layer.input_shape if isinstance(layer, Module) else None
        if not self.layers and given is not None:
            self.input_shape = self.output_shape = given
        if isinstance(layer, Input):
            return
        self.output_shape = self._after(layer, self.output_shape)
        self.layers.append(layer)
        self._names.append(None)

    def add_module(self, name: str | None, layer: Any) -> None:
        """``add``, under a name: parameters are called ``"name.weight"``, and ``model.name`` is the layer."""
        count = len(self.layers)
        if name is not None and (name in self._names or "." in name or not name):
            raise ValueError(
                f"Sequential: expected a name of its own, without a dot, for each layer; got {name!r}. Change it."
            )
        self.add(layer)
        if len(self.layers) > count:
            self._names[-1] = None if name is None or name == str(count) else name

    def append(self, module: Any) -> Any:
        """``add``, by PyTorch's name; returns itself."""
        self.add(module)
        return self

    def extend(self, sequential: Iterable[Any]) -> Any:
        """``add`` each; returns itself."""
        for module in sequential:
            self.add(module)
        return self

    def insert(self, index: int, module: Any) -> Any:
        """Put a layer before the one at ``index``; returns itself."""
        if not callable(module):
            raise TypeError(f"Sequential: expected a layer or a function; got {type(module).__name__}. Pass a layer.")
        self.layers.insert(index, module)
        self._names.insert(index, None)
        self._resize()
        return self

    def pop(self) -> Any:
        """Take the last layer off, and give it.

        Raises:
            IndexError: there is none.
        """
        if not self.layers:
            raise IndexError("Sequential: expected a layer to take off; got an empty model. Add layers first.")
        last = self.layers.pop()
        self._names.pop()
        self._resize()
        return last

    def _resize(self) -> None:
        """The output's shape, after layers were changed."""
        shape = self.input_shape
        for layer in self.layers:
            shape = self._after(layer, shape)
        self.output_shape = shape

    def _after(self, layer: Any, shape: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if not isinstance(layer, Module):
            return None
        if shape is None:
            return layer.output_shape_alone()
        return layer.build_for(shape)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        out: tuple[int, ...] | None = shape
        for layer in self.layers:
            out = self._after(layer, out)
        self.output_shape = out
        return out

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def members(self) -> Iterator[tuple[str, Any]]:
        for i, layer in enumerate(self.layers):
            if isinstance(layer, Module):
                yield self._name(i), layer
        for name, value in super().members():
            if name not in ("layers", "_names"):
                yield name, value

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def __getitem__(self, i: int | slice) -> Any:
        if not isinstance(i, slice):
            return self.layers[i]
        part = Sequential()
        for name, layer in zip(self._names[i], self.layers[i], strict=True):
            part.add_module(name, layer)
        return part

    def __setitem__(self, i: int, layer: Any) -> None:
        """Put ``layer`` in the place of another: a new head for a trained model, ``model[-1] = nn.Linear(64, 3)``."""
        if not callable(layer):
            raise TypeError(f"Sequential: expected a layer or a function; got {type(layer).__name__}. Pass a layer.")
        self.layers[i] = layer
        self._resize()

"""Layers one after the other. Imports ``nn.module``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nn.module import Module


class Sequential(Module):
    """``layers[-1](… layers[0](x))``; takes layers, or one list of them. Parameters are named ``"0.weight"``, as PyTorch does.

    >>> import nn
    >>> nn.Sequential([nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)])
    Sequential(
      (0): Linear(4, 8)
      (1): ReLU()
      (2): Linear(8, 1)
    )
    """

    def __init__(self, *layers: Any) -> None:
        if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            layers = tuple(layers[0])
        self.layers: list[Any] = []
        for layer in layers:
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Put one more layer (or any function of one argument) at the end."""
        if not callable(layer):
            raise TypeError(
                f"Sequential: expected layers or functions; got {type(layer).__name__}. "
                "Pass layers one by one, or one list of them."
            )
        if isinstance(layer, Module) and self.layers:
            size = getattr(self.layers[-1], "output_size", None)
            if size is not None:
                layer.build_after(size)
        self.layers.append(layer)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def children(self) -> Iterator[tuple[str, Any]]:
        for i, layer in enumerate(self.layers):
            if isinstance(layer, Module):
                yield str(i), layer
        for name, value in super().children():
            if name != "layers":
                yield name, value

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def __getitem__(self, i: int | slice) -> Any:
        return Sequential(*self.layers[i]) if isinstance(i, slice) else self.layers[i]

"""Graphs that the tests of drawing and explaining share.

``python -m tests.graphs`` writes the golden files, and the pictures that README shows, anew; look at them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as onp

import autograd.numpy as np
from autograd import Tensor, draw, scalar, tensor

GOLDEN = Path(__file__).parent / "golden"
PICTURES = Path(__file__).parent.parent / "docs" / "pictures"


def filled(*shape: int, dtype: str = "float32") -> Any:
    """Numbers between -1 and 1 that every machine computes alike: eighths."""
    size = int(onp.prod(shape))
    return ((onp.arange(size) * 7 % 17 - 8) / 8).reshape(shape).astype(dtype)


class Linear:
    """x·W + b, without ``nn``."""

    def __init__(self, fan_in: int, fan_out: int) -> None:
        self.weight = tensor(filled(fan_in, fan_out) / fan_in, requires_grad=True)
        self.bias = tensor(onp.zeros(fan_out, "float32"), requires_grad=True)

    def __call__(self, x: Any) -> Any:
        return x @ self.weight + self.bias


class Block:
    """Attention and a two-layer network, each with the input added."""

    def __init__(self, d: int) -> None:
        self.attention = {name: Linear(d, d) for name in "qkvo"}
        self.mlp = {"up": Linear(d, 4 * d), "down": Linear(4 * d, d)}

    def __call__(self, x: Any) -> Any:
        q, k, v = (self.attention[name](x) for name in "qkv")
        weights = (q @ k.mT * 0.5).softmax()
        x = x + self.attention["o"](weights @ v)
        return x + self.mlp["down"](self.mlp["up"](x).tanh())


class Transformer:
    """A module as ``draw`` knows them: an object with ``named_parameters()``."""

    def __init__(self, blocks: int = 12, d: int = 4) -> None:
        self.embed, self.head = Linear(3, d), Linear(d, 2)
        self.blocks = [Block(d) for _ in range(blocks)]

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        layers = [("embed", self.embed)]
        for i, block in enumerate(self.blocks):
            layers += [(f"blocks.{i}.attention.{name}", layer) for name, layer in block.attention.items()]
            layers += [(f"blocks.{i}.mlp.{name}", layer) for name, layer in block.mlp.items()]
        for path, layer in [*layers, ("head", self.head)]:
            yield f"{path}.weight", layer.weight
            yield f"{path}.bias", layer.bias

    def __call__(self, x: Any) -> Any:
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def scalars(**options: Any) -> Any:
    """tanh(a·b + a): micrograd's kind of drawing."""
    a, b = scalar(2.0), scalar(-0.5)
    c = (a * b + a).tanh()
    return draw(c, **options)


def network(**options: Any) -> Any:
    """The document's 1-10-1 network."""
    x, y = tensor([[0.5]]), 1.0
    W1 = tensor(filled(1, 10, dtype="float64"), requires_grad=True)
    b1 = tensor(onp.zeros(10), requires_grad=True)
    W2 = tensor(filled(10, 1, dtype="float64"), requires_grad=True)
    b2 = tensor(onp.zeros(1), requires_grad=True)
    h = (x @ W1 + b1).sigmoid()
    p = (h @ W2 + b2).sigmoid()
    J = -(y * np.log(p)).sum()
    return draw(J, **options)


def transformer(**options: Any) -> Any:
    """Twelve blocks, which fold to one."""
    model = Transformer()
    x = tensor(filled(2, 5, 3))
    loss = (model(x) ** 2).mean()
    return draw(loss, values=False, **options)


def loop(**options: Any) -> Any:
    """A loop of 24 turns in the user's program, without modules."""
    w = tensor(filled(4, 4, dtype="float64"), requires_grad=True)
    h = w
    for _ in range(24):
        h = (h @ w + 1.0).tanh()
    return draw(h.sum(), values=False, **options)


DRAWINGS: dict[str, Callable[[], Any]] = {
    "scalars": scalars,
    "scalars-forward": lambda: scalars(view="forward", direction="LR"),
    "network": network,
    "network-both": lambda: network(view="both"),
    "transformer": transformer,
    "transformer-depth-1": lambda: transformer(depth=1),
    "loop": loop,
    "loop-unfolded": lambda: loop(fold=False),
}

# README's pictures: these need Graphviz's program `dot`.
SHOWN: dict[str, Callable[[], Any]] = {
    "scalars": DRAWINGS["scalars-forward"],
    "transformer": lambda: transformer(depth=2),
}

if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, make in SHOWN.items():
        make().save(PICTURES / f"{name}.svg")
    for name, make in DRAWINGS.items():
        (GOLDEN / f"{name}.dot").write_text(make().dot, encoding="utf-8")
        (GOLDEN / f"{name}.mmd").write_text(make().mermaid(), encoding="utf-8")

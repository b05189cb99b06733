"""The figures that the README quotes: which measurement each is. Imports nothing of this project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A row of the README's table.

    Attributes:
        text: what was done, in words.
        peer: whom it is a figure against; None where it is the growth of our own cost.
        sizes: the size, or those that a growth is fitted to.
    """

    text: str
    workload: str
    variant: str
    sizes: tuple[int, ...]
    peer: str | None = "torch"


FIGURES = (
    Figure("one addition of 10 numbers, recorded", "op", "recorded", (10,)),
    Figure("the same addition and its gradient", "op", "and backward", (10,)),
    Figure("1-10-1 network, 10 samples, loss and gradients, op by op", "network", "op by op", (10,)),
    Figure("the same network with fused layers and loss", "network", "fused", (10,)),
    Figure(
        "chain of n products and its gradient, n = 10³ … 10⁶", "chain", "", (1_000, 10_000, 100_000, 1_000_000), None
    ),
    Figure("chain of 100,000 products and its gradient", "chain", "", (100_000,)),
    Figure("2-16-16-1 network of Python floats, 100 points", "scalar_graph", "collector on", (100,), "micrograd"),
    Figure("such a network without Python's cycle collector", "scalar_graph", "collector off", (100,), "micrograd"),
    Figure("tanh-GELU of 1,000,000 numbers, written out, and its gradient", "elementwise", "gelu", (1_000_000,)),
    Figure("product of 1,024×1,024 matrices and its gradients", "matmul", "and backward", (1_024,)),
    Figure("784-512-512-10, batch 128, training step with Adam", "dense", "plain", (512,)),
    Figure("784-512-512-10, the same step with the extra `jit`", "dense", "with jit", (512,)),
    Figure("Adam step on 670,000 parameters", "optimizer", "Adam, plain", (512,)),
    Figure("Adam step on 670,000 parameters, with the extra `jit`", "optimizer", "Adam, with jit", (512,)),
    Figure("convolutional net 1×28×28, 16 and 32 channels, batch 64", "conv", "plain", (64,)),
    Figure("the same convolutional net with the extra `jit`", "conv", "with jit", (64,)),
    Figure("two-layer transformer, width 128, 4 heads, 64 tokens, batch 8", "transformer", "plain", (64,)),
    Figure("the same transformer with the extra `jit`", "transformer", "with jit", (64,)),
    Figure("LSTM, 64 units, 50 steps, batch 32", "recurrent", "plain", (50,)),
    Figure("the same LSTM with the extra `jit`", "recurrent", "with jit", (50,)),
    Figure("Hessian-vector product of 64-128-128-1", "hvp", "", (128,)),
    Figure("gradient of a gradient, 10,000 numbers", "second_order", "", (10_000,)),
    Figure("first Adam step, kernels compiled anew", "compile_time", "empty cache", (6,)),
    Figure("the document's program, `fit` per step", "fit", "quiet", (100,), "keras"),
    Figure("the document's program, whole process", "fit_process", "with progress", (100,), "keras"),
    Figure("`import autograd`", "import_time", "autograd", (1,), "numpy"),
    Figure("`import nn`", "import_time", "nn", (1,)),
    Figure("peak memory, 20 ReLU layers of 128", "memory", "", (128,)),
)


def picked(figures: Iterable[Figure] = FIGURES) -> dict[str, tuple[tuple[int, ...], tuple[str, ...]]]:
    """The sizes and variants of each workload that the figures need.

    >>> picked(FIGURES[:2])
    {'op': ((10,), ('recorded', 'and backward'))}
    """
    sizes: dict[str, set[int]] = {}
    variants: dict[str, dict[str, None]] = {}
    for figure in figures:
        sizes.setdefault(figure.workload, set()).update(figure.sizes)
        variants.setdefault(figure.workload, {})[figure.variant] = None
    return {name: (tuple(sorted(sizes[name])), tuple(variants[name])) for name in sizes}

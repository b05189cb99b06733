"""Vectors by number. Imports ``nn.module``, ``nn.init``, ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd import stop_gradient
from nn import init
from nn.inputs import check_range, integers
from nn.layers.dense import check_size
from nn.module import Module, parameter


def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """``weight[indices]``: (…) integers to (…, dim); the row ``padding_idx`` gets no gradient.

    Raises:
        IndexError: an index is out of range (on a GPU it is not looked for).
        TypeError: indices are floats.

    >>> embedding(np.array([1, 0, 1]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    indices = integers("embedding", indices, weight)
    check_range("embedding", "indices", indices, weight.shape[0], "Make the table larger, or correct the indices.")
    out = np.take(weight, indices, axis=0)
    if padding_idx is None:
        return out
    return np.where(np.expand_dims(indices == padding_idx % weight.shape[0], -1), stop_gradient(out), out)


class Embedding(Module):
    """A table of ``num_embeddings`` learned vectors, looked up by integers: (…) to (…, embedding_dim).

    Args:
        padding_idx: a row that starts at 0 and is not trained.
        weight_init: by default Gaussian with variance 1, as PyTorch's.

    >>> Embedding(7, 3)(np.array([[0, 6]])).shape
    (1, 2, 3)
    """

    takes_integers = True

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        weight_init: Any = "gaussian",
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = "float32",
    ) -> None:
        check_size(self, "num_embeddings", num_embeddings)
        check_size(self, "embedding_dim", embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(
                f"Embedding: expected padding_idx to be one of the {num_embeddings} rows; got {padding_idx}. "
                "Correct it."
            )
        self.padding_idx = padding_idx
        if input_shape is not None:
            self.input_shape = tuple(input_shape)
        self.weight = parameter(init.get(weight_init)((num_embeddings, embedding_dim), dtype))
        if padding_idx is not None:
            self.weight.data[padding_idx] = 0

    def forward(self, indices: Any) -> Any:
        return embedding(indices, self.weight, self.padding_idx)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return (*shape, self.weight.shape[1])

    def describe(self) -> str:
        rows, width = self.weight.shape
        return f"{rows}, {width}" + ("" if self.padding_idx is None else f", padding_idx={self.padding_idx}")

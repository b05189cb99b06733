"""Vectors by number. Imports ``nn.module``, ``nn.init``, ``autograd``."""

from __future__ import annotations

from typing import Any

from autograd.numpy.networks import embedding
from nn import init
from nn.layers.dense import check_size
from nn.module import Module, parameter


class Embedding(Module):
    """A table of ``num_embeddings`` learned vectors, looked up by integers: (…) to (…, embedding_dim).

    Args:
        num_embeddings, embedding_dim: rows and their width; Keras's ``input_dim`` and ``output_dim``.
        padding_idx: a row that starts at 0 and is not trained.
        weight_init: by default Gaussian with variance 1, as PyTorch's.

    >>> import autograd.numpy as np
    >>> Embedding(7, 3)(np.array([[0, 6]])).shape
    (1, 2, 3)
    """

    takes_integers = True

    def __init__(
        self,
        num_embeddings: int | None = None,
        embedding_dim: int | None = None,
        padding_idx: int | None = None,
        weight_init: Any = "gaussian",
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = "float32",
        *,
        input_dim: int | None = None,
        output_dim: int | None = None,
    ) -> None:
        num_embeddings = input_dim if num_embeddings is None else num_embeddings
        embedding_dim = output_dim if embedding_dim is None else embedding_dim
        check_size(self, "num_embeddings", num_embeddings)
        check_size(self, "embedding_dim", embedding_dim)
        assert num_embeddings is not None and embedding_dim is not None
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

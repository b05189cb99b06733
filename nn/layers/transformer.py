"""Transformer layers, with PyTorch's parameters and names. Imports ``attention``, ``dense``, ``normalization``."""

from __future__ import annotations

import copy
from typing import Any

import autograd.numpy as np  # noqa: F401 - for the examples
from nn import activations
from nn.layers.attention import MultiHeadAttention
from nn.layers.dense import Linear
from nn.layers.dropout import Dropout
from nn.layers.normalization import LayerNorm
from nn.module import Module


class TransformerEncoderLayer(Module):
    """Self-attention and a two-layer network, each with a residual, a norm, dropout: (n, positions, d_model) to same.

    Args:
        d_model: the width.
        nhead: the number of heads.
        dim_feedforward: the width between the network's two layers.
        dropout: probability with which, in training, attention's weights and both branches' results are set to 0.
        activation: the network's, by name or as a function.
        layer_norm_eps: the norms' ε.
        batch_first: False for (positions, n, d_model), which is PyTorch's default.
        norm_first: whether norms come before each branch, and not after the sum.
        rotary: positional encoding of queries and keys (``nn.RotaryEmbedding``).

    Called with ``src_mask`` (True where a key is hidden, or numbers to add), ``src_key_padding_mask`` (n, positions),
    ``is_causal``; with ``cache`` (or ``use_cache=True`` for the first) it gives ``(result, cache)``, as
    ``MultiHeadAttention`` does.

    >>> TransformerEncoderLayer(8, 2, 16)(np.zeros((3, 5, 8), "float32"), is_causal=True).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = True,
        norm_first: bool = False,
        bias: bool = True,
        rotary: Any = None,
        dtype: Any = "float32",
    ) -> None:
        self.self_attn = MultiHeadAttention(
            d_model, nhead, dropout, bias=bias, batch_first=batch_first, rotary=rotary, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.activation = activations.get(activation)

    def _network(self, x: Any) -> Any:
        inner = self.linear1(x)
        if self.activation is not None:
            inner = self.activation(inner)
        return self.dropout(self.linear2(self.dropout(inner)))

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        cache: Any = None,
        use_cache: bool = False,
    ) -> Any:
        x = src
        caching = use_cache or cache is not None
        out = self.self_attn(
            self.norm1(x) if self.norm_first else x,
            attn_mask=src_mask,
            key_padding_mask=src_key_padding_mask,
            is_causal=is_causal,
            cache=cache,
            use_cache=use_cache,
        )
        attended, cache = out if caching else (out, None)
        x = x + self.dropout(attended)
        if self.norm_first:
            x = x + self._network(self.norm2(x))
        else:
            x = self.norm1(x)
            x = self.norm2(x + self._network(x))
        return (x, cache) if caching else x

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape


class TransformerDecoderLayer(Module):
    """Self-attention, attention to ``memory`` (an encoder's result), and a two-layer network; as the encoder's layer.

    Called with (tgt, memory) and ``tgt_mask``, ``memory_mask``, ``tgt_key_padding_mask``,
    ``memory_key_padding_mask``, ``tgt_is_causal``; arguments as in ``TransformerEncoderLayer``. With ``cache`` (or
    ``use_cache=True`` for the first), which holds the targets seen before, it gives ``(result, cache)``.

    >>> layer = TransformerDecoderLayer(8, 2, 16)
    >>> layer(np.zeros((3, 5, 8), "float32"), np.zeros((3, 7, 8), "float32"), tgt_is_causal=True).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = True,
        norm_first: bool = False,
        bias: bool = True,
        rotary: Any = None,
        dtype: Any = "float32",
    ) -> None:
        options = {"bias": bias, "batch_first": batch_first, "dtype": dtype}
        self.self_attn = MultiHeadAttention(d_model, nhead, dropout, rotary=rotary, **options)
        self.multihead_attn = MultiHeadAttention(d_model, nhead, dropout, **options)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.activation = activations.get(activation)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        cache: Any = None,
        use_cache: bool = False,
    ) -> Any:
        caching = use_cache or cache is not None
        kept = None

        def to_itself(x: Any) -> Any:
            nonlocal kept
            out = self.self_attn(
                x,
                attn_mask=tgt_mask,
                key_padding_mask=tgt_key_padding_mask,
                is_causal=tgt_is_causal,
                cache=cache,
                use_cache=use_cache,
            )
            if caching:
                out, kept = out
            return self.dropout(out)

        def to_memory(x: Any) -> Any:
            return self.dropout(
                self.multihead_attn(x, memory, memory, attn_mask=memory_mask, key_padding_mask=memory_key_padding_mask)
            )

        def network(x: Any) -> Any:
            inner = self.linear1(x)
            if self.activation is not None:
                inner = self.activation(inner)
            return self.dropout(self.linear2(self.dropout(inner)))

        x = tgt
        for norm, branch in ((self.norm1, to_itself), (self.norm2, to_memory), (self.norm3, network)):
            x = x + branch(norm(x)) if self.norm_first else norm(x + branch(x))
        return (x, kept) if caching else x


class _Stack(Module):
    def __init__(self, layer: Any, num_layers: int, norm: Any = None) -> None:
        if num_layers < 1:
            raise ValueError(
                f"{type(self).__name__}: expected one layer or more; got {num_layers}. Correct num_layers."
            )
        self.layers = [copy.deepcopy(layer) for _ in range(num_layers)]
        self.norm = norm

    def _normed(self, x: Any) -> Any:
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder's layer, one after the other, and a last norm if one is given.

    Copies start equal, as PyTorch's do. With ``cache``, a list of one per layer, or ``use_cache=True``, it gives
    ``(result, caches)``, for generation position by position.

    >>> TransformerEncoder(TransformerEncoderLayer(8, 2, 16), 2)(np.zeros((3, 5, 8), "float32")).shape
    (3, 5, 8)
    """

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        cache: Any = None,
        use_cache: bool = False,
    ) -> Any:
        x, caches = src, []
        for i, layer in enumerate(self.layers):
            if use_cache or cache is not None:
                known = None if cache is None else cache[i]
                x, kept = layer(x, mask, src_key_padding_mask, is_causal, cache=known, use_cache=True)
                caches.append(kept)
            else:
                x = layer(x, mask, src_key_padding_mask, is_causal)
        return (self._normed(x), caches) if caches else self._normed(x)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder's layer, one after the other, and a last norm if one is given.

    Called as a layer is; with ``cache``, a list of one per layer, or ``use_cache=True``, it gives ``(result, caches)``.

    >>> decoder = TransformerDecoder(TransformerDecoderLayer(8, 2, 16), 2)
    >>> decoder(np.zeros((3, 5, 8), "float32"), np.zeros((3, 7, 8), "float32")).shape
    (3, 5, 8)
    """

    def forward(
        self, tgt: Any, memory: Any, *masks: Any, cache: Any = None, use_cache: bool = False, **options: Any
    ) -> Any:
        caches = []
        for i, layer in enumerate(self.layers):
            if use_cache or cache is not None:
                known = None if cache is None else cache[i]
                tgt, kept = layer(tgt, memory, *masks, cache=known, use_cache=True, **options)
                caches.append(kept)
            else:
                tgt = layer(tgt, memory, *masks, **options)
        return (self._normed(tgt), caches) if caches else self._normed(tgt)

"""Attention (Vaswani et al., "Attention Is All You Need", 2017). Imports ``dense``, ``shaping``, ``autograd``."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import autograd.numpy as np
from autograd import Tensor
from autograd.numpy.common import backend_of, raw
from autograd.numpy.networks import dropout
from autograd.ops.network import linear, split_heads
from nn import init
from nn.layers.dense import Linear, check_size
from nn.module import Module, parameter


def causal_mask(length: int, total: int | None = None, like: Any = None) -> Any:
    """True where query i of ``length`` may not see key j of ``total``: where j > i + total - length.

    >>> causal_mask(2)
    array([[False,  True],
           [False, False]])
    """
    total = length if total is None else total
    xp = backend_of(like).xp if like is not None else np
    return xp.arange(total)[None, :] > xp.arange(length)[:, None] + (total - length)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """``softmax(query · keyᵀ · scale + mask) · value``: (…, L, E), (…, S, E), (…, S, V) to (…, L, V).

    Args:
        attn_mask: broadcasts to (…, L, S); booleans, True where a key is seen, or floats that are added to the scores.
        dropout_p: probability with which a weight is set to 0.
        is_causal: whether query i sees keys up to i alone, counted from the first, also where L and S differ (as in
            PyTorch; ``causal_mask`` counts from the last, as a cache asks for).
        scale: 1/√E by default.

    A query that sees no key at all gets zeros, as in PyTorch.

    Raises:
        ValueError: shapes don't fit, or both a mask and ``is_causal`` are given.
        TypeError: the mask is of integers.

    >>> scaled_dot_product_attention(np.zeros((1, 2)), np.zeros((2, 2)), np.array([[1.0], [3.0]]))
    array([[2.]])
    """
    if is_causal and attn_mask is not None:
        raise ValueError(
            "scaled_dot_product_attention: expected attn_mask or is_causal; got both. "
            "Put the causal part into the mask."
        )
    mask = None
    if is_causal:
        at = backend_of(query).xp.arange(max(query.shape[-2], key.shape[-2]))
        mask = added_mask(at[None, : key.shape[-2]] > at[: query.shape[-2], None], query.dtype)
    elif attn_mask is not None:
        mask = added_mask(np.logical_not(attn_mask) if attn_mask.dtype == bool else attn_mask, query.dtype)
    out, _ = attend(query, key, value, mask, dropout_p, scale, sees_one=is_causal)
    return out


def added_mask(mask: Any, dtype: Any) -> Any:
    """What is added to scores in ``dtype``: -∞ where a boolean ``mask`` hides a key, 0 elsewhere; floats as given.

    Raises:
        TypeError: the mask is of integers, which may mean either.
    """
    if mask.dtype == bool:
        return np.where(mask, np.asarray(-math.inf, dtype=dtype), np.asarray(0.0, dtype=dtype))
    if mask.dtype.kind in "iu":
        raise TypeError(
            f"attention: expected a mask of booleans, or of floats to add to the scores; got {mask.dtype}. "
            "Compare it with 0 or 1 first: mask == 0."
        )
    return mask if mask.dtype == dtype else np.astype(mask, dtype)


def _without_blind(mask: Any) -> tuple[Any, Any]:
    """``mask`` with the rows that hide every key opened, and where these are, (…, L, 1); None where there are none.

    Their softmax would be 0/0, and one NaN goes into every gradient.
    """
    values = raw(mask)
    backend = backend_of(values)
    blind = values.max(axis=-1, keepdims=True) == -math.inf
    # On a device nobody waits for the answer.
    if backend.device_type == "cpu" and not bool(blind.any()):
        return mask, None
    return np.where(blind, np.asarray(0.0, dtype=mask.dtype), mask), blind


def attend(
    query: Any, key: Any, value: Any, mask: Any, dropout_p: float, scale: float | None, sees_one: bool = False
) -> tuple[Any, Any]:
    """The result, and the weights (…, L, S); ``mask`` is added to the scores. Both are 0 where no key is seen.

    ``sees_one`` says that the mask leaves each query a key, so that nobody need look.
    """
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ValueError(
            "attention: expected query (…, L, E), key (…, S, E) and value (…, S, V); "
            f"got {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}. Correct the shapes."
        )
    # The queries are scaled, not the scores: there are fewer.
    scores = np.matmul(query * (query.shape[-1] ** -0.5 if scale is None else scale), key.mT)
    blind = None
    if mask is not None:
        if not sees_one:
            mask, blind = _without_blind(mask)
        scores = scores + mask
    weights = np.softmax(scores)
    if blind is not None:
        weights = np.where(blind, np.asarray(0.0, dtype=weights.dtype), weights)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return np.matmul(weights, value), weights


class Cache(NamedTuple):
    """Keys and values of the positions seen so far: (n, heads, positions, width) each."""

    key: Any
    value: Any


class MultiHeadAttention(Module):
    """Attention of ``num_heads`` heads between projections, with PyTorch's parameters (in_proj_weight, …).

    Args:
        embed_dim: the width of queries and results, a multiple of ``num_heads``.
        dropout: probability with which, in training, a weight is set to 0.
        bias: whether projections have biases.
        kdim, vdim: the widths of keys and values, where they differ.
        batch_first: whether inputs are (n, positions, width), and not (positions, n, width) as is PyTorch's default.
        rotary: positional encoding of queries and keys (``nn.RotaryEmbedding``).

    Calling it with (query, key, value) gives the result; key and value default to the query. Further arguments:
        attn_mask: (L, S), (n·heads, L, S), or what broadcasts to (n, heads, L, S): booleans, True where a key is
            hidden, or floats to add to the scores. A query that sees no key gets zeros for values and weights.
        key_padding_mask: (n, S), True where a key is padding; or floats to add.
        is_causal: whether a position sees itself and those before alone.
        need_weights: whether the weights come along: ``(result, weights)``, averaged over the heads unless
            ``average_attn_weights=False``.
        cache: None, or what the call before gave as ``(result, cache)``: keys and values of the new positions are put
            behind those seen before. Ask for the first one with ``use_cache=True``.

    Raises:
        ValueError: embed_dim is no multiple of num_heads, or shapes don't fit.

    >>> layer = MultiHeadAttention(8, 2)
    >>> layer(np.zeros((3, 5, 8), "float32"), is_causal=True).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = True,
        rotary: Any = None,
        dtype: Any = "float32",
    ) -> None:
        check_size(self, "embed_dim", embed_dim)
        check_size(self, "num_heads", num_heads)
        if embed_dim % num_heads:
            raise ValueError(
                f"MultiHeadAttention: expected embed_dim ({embed_dim}) to be a multiple of num_heads ({num_heads}). "
                "Choose another number of heads."
            )
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        draw = init.get("xavier_uniform")
        self.in_proj_weight: Tensor | None = None
        if kdim in (None, embed_dim) and vdim in (None, embed_dim):
            self.in_proj_weight = parameter(draw((3 * embed_dim, embed_dim), dtype))
        else:
            self.q_proj_weight = parameter(draw((embed_dim, embed_dim), dtype))
            self.k_proj_weight = parameter(draw((embed_dim, kdim or embed_dim), dtype))
            self.v_proj_weight = parameter(draw((embed_dim, vdim or embed_dim), dtype))
        self.in_proj_bias = parameter(np.zeros((3 * embed_dim,), dtype=dtype)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, bias_init="zeros", dtype=dtype)
        self.rotary = rotary

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Queries, keys and values, (n, heads, positions, width) each, in as few products as there are inputs."""
        e, bias = self.embed_dim, self.in_proj_bias
        if self.in_proj_weight is None:
            found = []
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            for i, (x, weight) in enumerate(zip((query, key, value), weights, strict=True)):
                found.append(linear(x, weight, None if bias is None else bias[i * e : (i + 1) * e]))
        elif key is query and value is query:
            # All heads of all three side by side: one product, one transposition.
            return list(split_heads(linear(query, self.in_proj_weight, bias), heads=self.num_heads))
        else:
            parts = (self.in_proj_weight[:e], None if bias is None else bias[:e])
            rest = (self.in_proj_weight[e:], None if bias is None else bias[e:])
            found = [linear(query, *parts)]
            if value is key:
                both = linear(key, *rest)
                found += [both[..., :e], both[..., e:]]
            else:
                for i, x in enumerate((key, value)):
                    weight, shift = rest
                    part = slice(i * e, (i + 1) * e)
                    found.append(linear(x, weight[part], None if shift is None else shift[part]))
        return [np.swapaxes(np.reshape(x, (*x.shape[:2], self.num_heads, e // self.num_heads)), 1, 2) for x in found]

    def _mask(self, attn_mask: Any, padding: Any, is_causal: bool, shape: tuple[int, ...], like: Any) -> Any:
        """What is added to scores of ``shape`` (n, heads, L, S); None for nothing."""
        n, heads, length, total = shape
        if attn_mask is not None:
            given = tuple(attn_mask.shape)
            if len(given) == 3 and given[0] == n * heads:
                attn_mask = np.reshape(attn_mask, (n, heads, *given[1:]))
            found = attn_mask.shape
            fits = 2 <= len(found) != 3 and all(m in (1, s) for m, s in zip(found[::-1], shape[::-1]))
            if not fits:
                raise ValueError(
                    f"MultiHeadAttention: expected attn_mask of shape {(length, total)} (queries, keys), or of "
                    f"{(n * heads, length, total)} (n·heads, queries, keys); got {given}. Correct it."
                )
        if padding is not None:
            if tuple(padding.shape) != (n, total):
                raise ValueError(
                    f"MultiHeadAttention: expected key_padding_mask of shape {(n, total)}, one entry per key; "
                    f"got {tuple(padding.shape)}. Correct it."
                )
            padding = np.reshape(padding, (n, 1, 1, total))
        masks = [mask for mask in (attn_mask, padding) if mask is not None]
        if is_causal and length > 1:
            masks.append(causal_mask(length, total, like))
        out = None
        for mask in masks:
            mask = added_mask(mask, like.dtype)
            out = mask if out is None else out + mask
        return out

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        attn_mask: Any = None,
        key_padding_mask: Any = None,
        is_causal: bool = False,
        need_weights: bool = False,
        average_attn_weights: bool = True,
        cache: Cache | None = None,
        use_cache: bool = False,
    ) -> Any:
        key = query if key is None else key
        value = key if value is None else value
        if len(query.shape) != 3:
            raise ValueError(
                f"MultiHeadAttention: expected inputs of three axes (n, positions, width); got {tuple(query.shape)}. "
                "Add a batch axis with x[None]."
            )
        if not self.batch_first:
            same = key is query, value is key
            query = np.swapaxes(query, 0, 1)
            key = query if same[0] else np.swapaxes(key, 0, 1)
            value = key if same[1] else np.swapaxes(value, 0, 1)
        q, k, v = self._projected(query, key, value)
        before = 0 if cache is None else cache.key.shape[2]
        if self.rotary is not None:
            q, k = self.rotary(q, start=before), self.rotary(k, start=before)
        if cache is not None:
            k, v = np.concatenate([cache.key, k], axis=2), np.concatenate([cache.value, v], axis=2)
        mask = self._mask(attn_mask, key_padding_mask, is_causal, (*q.shape[:3], k.shape[2]), q)
        # The causal mask alone hides no query's every key, where there are as many keys as queries or more.
        alone = attn_mask is None and key_padding_mask is None and q.shape[2] <= k.shape[2]
        out, weights = attend(q, k, v, mask, self.dropout if self.training else 0.0, None, sees_one=alone)
        out = self.out_proj(np.reshape(np.swapaxes(out, 1, 2), (out.shape[0], out.shape[2], self.embed_dim)))
        result = [out if self.batch_first else np.swapaxes(out, 0, 1)]
        if need_weights:
            result.append(np.mean(weights, axis=1) if average_attn_weights else weights)
        if use_cache or cache is not None:
            result.append(Cache(k, v))
        return result[0] if len(result) == 1 else tuple(result)

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return shape

    def describe(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}"

"""Sequences made token by token by a model that predicts the next one. Imports ``nn.random``, ``autograd``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import autograd.numpy as np
import backends
from autograd import Tensor, no_grad
from nn import nest, random
from nn.modes import mode
from nn.module import Module

__all__ = ["cached_length", "generate", "next_tokens"]


def cached_length(cache: Any) -> int:
    """How many positions a cache of attention's keys and values holds; 0 for None. A cache may be nested.

    A model whose positions are learned or sinusoidal hands it on as their start:
    ``self.positions(x, start=nn.cached_length(cache))``.

    >>> import nn
    >>> layer = nn.MultiHeadAttention(4, 1)
    >>> _, cache = layer(np.zeros((1, 3, 4), "float32"), is_causal=True, use_cache=True)
    >>> cached_length(cache), cached_length(None)
    (3, 0)
    """
    while isinstance(cache, (list, tuple)) and not hasattr(cache, "key"):
        cache = cache[0] if cache else None
    return 0 if cache is None else int(cache.key.shape[-2])


def next_tokens(
    logits: Any, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None, stream: Any = None
) -> Any:
    """One token for each row of logits (n, vocabulary), drawn from their softmax.

    Args:
        temperature: logits are divided by it; 0 takes the greatest.
        top_k: only the so many greatest can be drawn.
        top_p: only the likeliest that together have this probability (Holtzman et al. 2020).
        stream: what draws; by default the one that ``nn.set_random_seed`` seeds.

    Drawn on the logits' device, by the greatest of logits and Gumbel noise (Gumbel 1954).

    >>> next_tokens(np.array([[0.0, 3.0, 1.0]]), temperature=0)
    array([1])
    """
    if temperature < 0:
        raise ValueError(f"generate: expected a temperature of 0 or more; got {temperature}. Correct it.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"generate: expected top_k of 1 or more; got {top_k}. Correct it.")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"generate: expected top_p above 0, up to 1; got {top_p}. Correct it.")
    logits = logits.detach().data if isinstance(logits, Tensor) else logits
    backend = backends.of(logits)
    xp = backend.xp
    if temperature == 0:
        return xp.argmax(logits, axis=-1)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = xp.sort(logits, axis=-1)[:, -top_k][:, None]
        logits = xp.where(logits < least, xp.asarray(-xp.inf, dtype=logits.dtype), logits)
    if top_p is not None and top_p < 1:
        order = xp.argsort(-logits, axis=-1)
        chances = np.softmax(xp.take_along_axis(logits, order, axis=-1))
        # A token goes where those before it have the probability already; the first one stays.
        over = xp.cumsum(chances, axis=-1) - chances >= top_p
        dropped = xp.take_along_axis(over, xp.argsort(order, axis=-1), axis=-1)
        logits = xp.where(dropped, xp.asarray(-xp.inf, dtype=logits.dtype), logits)
    drawn = (stream or random.stream(backend)).random(tuple(logits.shape), "float64")
    return xp.argmax(logits - xp.log(-xp.log(xp.maximum(drawn, 1e-300))), axis=-1)


def generate(
    model: Callable[..., Any],
    prompt: Any,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: int | None = None,
    context: int | None = None,
    use_cache: bool | None = None,
    seed: int | None = None,
    return_logits: bool = False,
) -> Any:
    """``prompt`` and up to ``max_new_tokens`` tokens after it, each drawn from what the model says comes next.

    Args:
        model: from integers (n, positions) to logits (n, positions, vocabulary); a module is put into evaluation for
            the while. A model with a cache takes ``cache`` and ``use_cache`` besides and then gives
            ``(logits, cache)``: it is shown the new tokens alone, and the logits are those of the whole sequence.
        prompt: (positions,) or (n, positions) integers, one token or more.
        temperature, top_k, top_p: as of ``next_tokens``; temperature 0 always takes the likeliest.
        stop: a token after which a row goes on with itself; when all rows have it, generation ends.
        context: the most positions the model takes; beyond, it sees the last ones alone.
        use_cache: whether the model is used with its cache; by default where its ``forward`` takes one.
        seed: of the draws; without one they come from the stream that ``nn.set_random_seed`` seeds.
        return_logits: whether the logits that were drawn from, (n, new tokens, vocabulary), come along.

    Returns:
        The tokens, prompt included, in the prompt's number of axes; or ``(tokens, logits)``.

    Raises:
        ValueError: the prompt is empty, or a number is out of its range.
        TypeError: the prompt is no integers, or the model takes no cache where one is asked for.

    >>> def counts(tokens):  # always predicts the next number
    ...     return np.eye(10)[(tokens + 1) % 10]
    >>> generate(counts, [3], 4, temperature=0)
    array([3, 4, 5, 6, 7])
    """
    tokens = nest.as_array(prompt, "generate: prompt")
    if tokens.dtype.kind not in "iu":
        raise TypeError(f"generate: expected integers as the prompt; got {tokens.dtype}. Encode the text first.")
    single = len(tokens.shape) == 1
    tokens = tokens[None] if single else tokens
    if len(tokens.shape) != 2 or not tokens.shape[1]:
        raise ValueError(
            f"generate: expected a prompt (positions,) or (n, positions) of one token or more; got "
            f"{tuple(tokens.shape)}. Begin with some token."
        )
    if max_new_tokens < 0 or (context is not None and context < 1):
        raise ValueError(
            f"generate: expected max_new_tokens of 0 or more and a context of 1 or more; got {max_new_tokens} and "
            f"{context}. Correct them."
        )
    caching = _takes_cache(model) if use_cache is None else use_cache
    if caching and not _takes_cache(model):
        raise TypeError(
            "generate: expected a model whose forward takes cache and use_cache; this one does not. "
            "Pass use_cache=False."
        )
    backend = backends.of(tokens)
    xp, stream = backend.xp, None if seed is None else backend.generator(seed)
    seen: list[Any] = []
    cache, done, fresh = None, None, tokens
    with mode(model, training=False), no_grad():
        for _ in range(max_new_tokens):
            full = context is not None and tokens.shape[1] > context
            if full:
                # Positions have moved, so that nothing kept is right any more.
                logits, cache = model(tokens[:, -context:]), None  # type: ignore[operator]
            elif caching:
                logits, cache = model(fresh, cache=cache, use_cache=True)
            else:
                logits = model(tokens)
            logits = (logits.data if isinstance(logits, Tensor) else logits)[:, -1]
            if return_logits:
                seen.append(logits)
            fresh = next_tokens(logits, temperature, top_k, top_p, stream)[:, None].astype(tokens.dtype)
            if stop is not None:
                if done is not None:
                    fresh = xp.where(done, xp.asarray(stop, dtype=tokens.dtype), fresh)
                done = fresh == stop if done is None else done | (fresh == stop)
            tokens = xp.concatenate([tokens, fresh], axis=1)
            if done is not None and bool(done.all()):
                break
    out = tokens[0] if single else tokens
    if not return_logits:
        return out
    stacked = xp.stack(seen, axis=1) if seen else None
    return out, (stacked[0] if single and stacked is not None else stacked)


def _takes_cache(model: Any) -> bool:
    called = model.forward if isinstance(model, Module) else model
    try:
        names = inspect.signature(called).parameters
    except (TypeError, ValueError):
        return False
    return {"cache", "use_cache"} <= set(names)

"""Generation: the cached loop and the uncached one, draws, stopping, contexts, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
from nn.generation import next_tokens
from tests.helpers import to_numpy
from tests.nn_recorded import Recording


class Writer(nn.Module):
    """A small GPT, with learned, sinusoidal or rotary positions."""

    def __init__(self, positions: str = "learned", vocabulary: int = 11, width: int = 16) -> None:
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions: Any = {
            "learned": nn.LearnedEncoding(32, width),
            "sinusoidal": nn.SinusoidalEncoding(),
            "rotary": None,
        }[positions]
        rotary = nn.RotaryEmbedding() if positions == "rotary" else None
        block = nn.TransformerEncoderLayer(width, 2, 32, activation="gelu", norm_first=True, rotary=rotary)
        self.blocks = nn.TransformerEncoder(block, 2, norm=nn.LayerNorm(width))
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, index: Any, cache: Any = None, use_cache: bool = False) -> Any:
        x = self.tokens(index)
        if self.positions is not None:
            x = self.positions(x, start=nn.cached_length(cache))
        if not use_cache:
            return self.head(self.blocks(x, is_causal=True))
        out, cache = self.blocks(x, is_causal=True, cache=cache, use_cache=True)
        return self.head(out), cache


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "rotary"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_cached_loop_gives_the_uncached_ones_logits(
    positions: str, temperature: float, backend: backends.Backend
) -> None:
    nn.set_random_seed(0)
    model = Writer(positions).to("float64")
    prompt = backend.asarray(np.array([[1, 2, 3], [4, 5, 6]]))
    found = []
    for cached in (True, False, None):
        found.append(nn.generate(model, prompt, 12, temperature, use_cache=cached, seed=3, return_logits=True))
    for tokens, logits in found[1:]:
        np.testing.assert_array_equal(to_numpy(tokens), to_numpy(found[0][0]))
        np.testing.assert_allclose(to_numpy(logits), to_numpy(found[0][1]), rtol=1e-10, atol=1e-12)
    tokens, logits = found[0]
    assert tokens.shape == (2, 15) and logits.shape == (2, 12, 11) and backends.of(tokens) is backend
    model.eval()
    np.testing.assert_allclose(to_numpy(model(tokens))[:, 2:-1], to_numpy(logits), rtol=1e-9, atol=1e-11)


def test_the_recorded_gpt_says_the_same_with_and_without_a_cache(backend: backends.Backend) -> None:
    """PyTorch's weights, PyTorch's logits: the greedy tokens of the recorded two-layer GPT."""
    recorded = Recording("torch_sequence")
    given = recorded.part("gpt", "in")
    model = Writer().to("float64")
    model.positions = nn.LearnedEncoding(8, 16, dtype="float64")
    index = given.pop("index")
    model.load_state_dict(given)
    wanted = recorded.get("gpt/out")
    assert wanted is not None
    for cached in (True, False):
        for length in (1, 4, 8):
            prompt = backend.asarray(index[:, :length])
            tokens, logits = nn.generate(model, prompt, 1, temperature=0, use_cache=cached, return_logits=True)
            np.testing.assert_allclose(to_numpy(logits)[:, 0], wanted[:, length - 1], rtol=1e-9, atol=1e-10)
            np.testing.assert_array_equal(to_numpy(tokens)[:, -1], wanted[:, length - 1].argmax(-1))


def test_the_model_is_in_evaluation_and_sees_new_tokens_alone() -> None:
    model = Writer()
    seen: list[Any] = []
    model.register_forward_hook(lambda module, args, out: seen.append((args[0].shape[1], module.training)))
    nn.generate(model, [1, 2, 3], 4)
    assert seen == [(3, False), (1, False), (1, False), (1, False)]
    assert model.training


def test_beyond_its_context_a_model_sees_the_last_tokens() -> None:
    nn.set_random_seed(0)
    model = Writer().to("float64")
    found = [nn.generate(model, [1, 2], 12, 0, context=6, use_cache=c, return_logits=True) for c in (True, False)]
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1][-1], to_numpy(model.eval()(found[0][0][None, -7:-1]))[0, -1], rtol=1e-9)
    with pytest.raises(ValueError, match="at most 32 positions; got 33"):
        nn.generate(model, [1], 33, 0)


def counts(tokens: Any) -> Any:
    return backends.of(tokens).xp.eye(10)[(tokens + 1) % 10]


def test_rows_stop_at_their_own_time(backend: backends.Backend) -> None:
    prompt = backend.asarray(np.array([[1], [4]]))
    found = nn.generate(counts, prompt, 20, temperature=0, stop=6)
    np.testing.assert_array_equal(to_numpy(found), [[1, 2, 3, 4, 5, 6], [4, 5, 6, 6, 6, 6]])
    assert nn.generate(counts, [3], 0).tolist() == [3]


# Draws ---------------------------------------------------------------------------------------------------------


def shares(backend: backends.Backend, **options: Any) -> np.ndarray:
    logits = backend.asarray(np.tile(np.log([0.5, 0.3, 0.15, 0.05]), (20_000, 1)))
    found = to_numpy(next_tokens(logits, stream=backend.generator(0), **options))
    return np.bincount(found, minlength=4) / len(found)


def test_tokens_are_drawn_by_their_chances(backend: backends.Backend) -> None:
    chances = np.array([0.5, 0.3, 0.15, 0.05])
    np.testing.assert_allclose(shares(backend), chances, atol=0.015)
    cooled = chances**2 / (chances**2).sum()
    np.testing.assert_allclose(shares(backend, temperature=0.5), cooled, atol=0.015)
    np.testing.assert_allclose(shares(backend, top_k=2), [0.625, 0.375, 0, 0], atol=0.015)
    np.testing.assert_allclose(shares(backend, top_p=0.79), [0.625, 0.375, 0, 0], atol=0.015)
    np.testing.assert_allclose(shares(backend, top_p=0.81), chances * [1, 1, 1, 0] / 0.95, atol=0.015)
    np.testing.assert_array_equal(shares(backend, top_p=0.01), [1, 0, 0, 0])
    np.testing.assert_array_equal(shares(backend, temperature=0), [1, 0, 0, 0])


def test_a_seed_repeats_itself() -> None:
    model = Writer()
    first, second, other = [nn.generate(model, [1], 15, seed=s) for s in (0, 0, 1)]
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    nn.set_random_seed(5)
    drawn = nn.generate(model, [1], 15)
    nn.set_random_seed(5)
    np.testing.assert_array_equal(nn.generate(model, [1], 15), drawn)


def test_a_writer_learns_and_writes_a_sequence() -> None:
    nn.set_random_seed(0)
    model = Writer(vocabulary=5)
    text = np.tile([0, 1, 2, 3, 4], 8)[None, :]
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        logits = model(text[:, :16])
        nn.functional.cross_entropy(anp.reshape(logits, (-1, 5)), text[0, 1:17]).backward()
        optimizer.step()
    np.testing.assert_array_equal(nn.generate(model, [0, 1], 10, temperature=0), text[0, :12])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: nn.generate(counts, [], 3), TypeError, "integers as the prompt; got float64"),
        (lambda: nn.generate(counts, np.zeros((2, 0), int), 3), ValueError, r"one token or more; got \(2, 0\)"),
        (lambda: nn.generate(counts, [1.5], 3), TypeError, "integers as the prompt; got float64"),
        (lambda: nn.generate(counts, [1], -1), ValueError, "max_new_tokens of 0 or more.*got -1"),
        (lambda: nn.generate(counts, [1], 1, context=0), ValueError, "a context of 1 or more.*0"),
        (lambda: nn.generate(counts, [1], 1, use_cache=True), TypeError, "forward takes cache and use_cache"),
        (lambda: nn.generate(counts, [1], 1, temperature=-1), ValueError, "a temperature of 0 or more; got -1"),
        (lambda: nn.generate(counts, [1], 1, top_k=0), ValueError, "top_k of 1 or more; got 0"),
        (lambda: nn.generate(counts, [1], 1, top_p=0), ValueError, "top_p above 0, up to 1; got 0"),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        call()

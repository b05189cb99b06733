"""Attention, transformers, recurrent layers, positions against PyTorch's recorded modules and the papers' formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
import nn.functional as F
from autograd import Tensor
from nn.positional import rotate, sinusoidal
from tests.helpers import to_numpy
from tests.nn_recorded import Recording, close, place

ENGINE, SEQUENCE = Recording("torch_engine"), Recording("torch_sequence")
TOLERANCE = {"float64": 1e-11, "float32": 1e-5}


def repeat(name: str, module: nn.Module, call: Any, dtype: str) -> None:
    """``call(module, **inputs)`` gives the recorded results, and its gradients for inputs and parameters are those."""
    module.to(dtype)
    given = SEQUENCE.part(name, "in")
    weights = {k: given.pop(k) for k in module.state_dict()}
    module.load_state_dict(weights)
    prefix = f"{name}/float32" if dtype == "float32" else name
    grads = SEQUENCE.part(prefix, "grad")
    inputs = {k: Tensor(place(v, dtype), requires_grad=k in grads) for k, v in given.items()}
    outs = call(module, **inputs)
    outs = list(outs) if isinstance(outs, tuple) else [outs]
    loss: Any = 0.0
    for i, out in enumerate(outs):
        number = str(i) if len(outs) > 1 else ""
        expected, cotangent = SEQUENCE.get(f"{prefix}/out{number}"), SEQUENCE.get(f"{name}/cotangent{number}")
        assert expected is not None and cotangent is not None
        assert str(out.dtype) == dtype
        close(out, expected, TOLERANCE[dtype], f"{name}: result {i}")
        loss = loss + anp.sum(out * place(cotangent, dtype))
    loss.backward()
    found = {**{k: t.grad for k, t in inputs.items()}, **{k: p.grad for k, p in module.named_parameters()}}
    for k, wanted in grads.items():
        assert found[k] is not None, f"{name}: no gradient for {k}"
        assert str(found[k].dtype) == dtype
        close(found[k], wanted, TOLERANCE[dtype], f"{name}: gradient for {k}")


def dtypes_of(*names: str) -> list[tuple[str, str]]:
    """Each recorded case in float64, and in float32 where that was recorded."""
    cases = SEQUENCE.names(*names)
    single = [name for name in cases if any(key.startswith(f"{name}/float32/") for key in SEQUENCE.arrays)]
    return [(name, "float64") for name in cases] + [(name, "float32") for name in single]


# Attention ---------------------------------------------------------------------------------------------------

ATTENTION: dict[str, Any] = {
    "self": lambda m, x: m(x),
    "no_bias": lambda m, x: m(x, x, x),
    "weights": lambda m, x: m(x, need_weights=True, average_attn_weights=False),
    "mean_weights": lambda m, x: m(x, need_weights=True),
    "causal": lambda m, x, mask: m(x, attn_mask=mask),
    "padding": lambda m, x, padding: m(x, key_padding_mask=padding),
    "both_masks": lambda m, x, mask, padding: m(x, attn_mask=mask, key_padding_mask=padding),
    "added_mask": lambda m, x, mask: m(x, attn_mask=mask),
    "cross": lambda m, x, memory: m(x, memory),
    "widths": lambda m, q, k, v: m(q, k, v),
}


@pytest.mark.parametrize(("name", "dtype"), dtypes_of("attention/"))
def test_attention_is_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    widths = {"kdim": 3, "vdim": 4} if name.endswith("widths") else {}
    module = nn.MultiHeadAttention(6, 2, bias=not name.endswith("no_bias"), **widths)
    repeat(name, module, ATTENTION[name.split("/")[1]], dtype)


@pytest.mark.parametrize("name", ENGINE.names("attention"))
def test_attention_as_a_function_is_pytorchs(name: str, backend: backends.Backend) -> None:
    inputs = {k: Tensor(place(v, "float64"), requires_grad=True) for k, v in ENGINE.part(name, "in").items()}
    out = F.scaled_dot_product_attention(*inputs.values(), **ENGINE.cases[name])
    wanted, cotangent = ENGINE.get(f"{name}/out"), ENGINE.get(f"{name}/cotangent")
    assert wanted is not None and cotangent is not None
    close(out, wanted, 1e-12, name)
    anp.sum(out * place(cotangent, "float64")).backward()
    for k, gradient in ENGINE.part(name, "grad").items():
        close(inputs[k].grad, gradient, 1e-11, f"{name}: gradient for {k}")


def test_is_causal_is_the_causal_mask(backend: backends.Backend) -> None:
    layer = nn.MultiHeadAttention(6, 2)
    x = place(np.random.default_rng(0).normal(size=(2, 5, 6)), "float32")
    mask = backend.asarray(np.triu(np.ones((5, 5), bool), 1))
    close(layer(x, is_causal=True), to_numpy(layer(x, attn_mask=mask)), 1e-6, "causal")
    seen = F.scaled_dot_product_attention(x, x, x, attn_mask=backend.asarray(~np.triu(np.ones((5, 5), bool), 1)))
    close(F.scaled_dot_product_attention(x, x, x, is_causal=True), to_numpy(seen), 1e-6, "function")


@pytest.mark.parametrize("rotary", [None, nn.RotaryEmbedding(), nn.RotaryEmbedding(halves=True)])
@pytest.mark.parametrize("pieces", [[1] * 6, [3, 1, 2], [4, 2]])
def test_a_cache_gives_what_the_whole_sequence_gives(pieces: list[int], rotary: Any, backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, rotary=rotary)
    stack = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(8)).eval()
    x = place(np.random.default_rng(0).normal(size=(2, 6, 8)), "float32")
    whole = stack(x, is_causal=True)
    parts, cache, start = [], None, 0
    for size in pieces:
        out, cache = stack(x[:, start : start + size], is_causal=True, cache=cache, use_cache=True)
        parts.append(out)
        start += size
    close(anp.concatenate(parts, axis=1), to_numpy(whole), 1e-5, "cached")
    assert cache is not None and cache[0].key.shape == (2, 2, 6, 4)


def test_positions_first_is_the_same_transposed() -> None:
    layer = nn.MultiHeadAttention(6, 2)
    x, memory = np.random.default_rng(0).normal(size=(2, 2, 5, 6)).astype("float32")
    wanted = layer(x, memory)
    layer.batch_first = False
    found = layer(x.swapaxes(0, 1), memory.swapaxes(0, 1))
    close(anp.swapaxes(found, 0, 1), to_numpy(wanted), 1e-6, "positions first")


def test_dropout_hides_weights_in_training_only() -> None:
    nn.set_random_seed(0)
    layer = nn.MultiHeadAttention(4, 1, dropout=0.5)
    x = np.random.default_rng(0).normal(size=(1, 8, 4)).astype("float32")
    _, weights = layer(x, need_weights=True)
    zeros = (to_numpy(weights) == 0).mean()
    assert 0.2 < zeros < 0.8
    _, weights = layer.eval()(x, need_weights=True)
    np.testing.assert_allclose(to_numpy(weights).sum(-1), 1, rtol=1e-5)


# Transformers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "dtype"), dtypes_of("encoder_layer/"))
def test_encoder_layers_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    options = {k: v for k, v in SEQUENCE.cases[name].items() if k in ("dropout", "activation", "norm_first")}

    def call(module: Any, x: Any, mask: Any = None, padding: Any = None) -> Any:
        return module(x, src_mask=mask, src_key_padding_mask=padding)

    repeat(name, nn.TransformerEncoderLayer(6, 2, 8, **options), call, dtype)


@pytest.mark.parametrize(("name", "dtype"), dtypes_of("decoder_layer/"))
def test_decoder_layers_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    options = {k: v for k, v in SEQUENCE.cases[name].items() if k in ("dropout", "norm_first")}
    module = nn.TransformerDecoderLayer(6, 2, 8, **options)
    repeat(name, module, lambda m, x, memory, mask: m(x, memory, tgt_mask=mask), dtype)


class GPT(nn.Module):
    """Token and position embeddings, pre-norm causal blocks, a last norm, and an output layer without bias."""

    def __init__(self) -> None:
        self.tokens = nn.Embedding(11, 16)
        self.positions = nn.Embedding(8, 16)
        block = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, activation="gelu", norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, norm=nn.LayerNorm(16))
        self.head = nn.Linear(16, 11, bias=False)

    def forward(self, index: Any) -> Any:
        x = self.tokens(index) + self.positions(backends.default().xp.arange(index.shape[1]))
        return self.head(self.blocks(x, is_causal=True))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_two_layer_gpt_has_pytorchs_logits_and_gradients(dtype: str, backend: backends.Backend) -> None:
    repeat("gpt", GPT(), lambda m, index: m(index), dtype)


def train(name: str, net: nn.Module, optimiser: Any, loss_of: Any) -> None:
    """Five recorded steps: the losses, and the parameters after the last."""
    net.to("float64")
    net.load_state_dict(SEQUENCE.part(name, "start"))
    data = SEQUENCE.part(name, "in").values()
    optimiser = optimiser(net.parameters())
    losses = []
    for _ in range(5):
        optimiser.zero_grad()
        loss = loss_of(net, *data)
        loss.backward()
        losses.append(float(loss))
        optimiser.step()
    recorded = SEQUENCE.get(f"{name}/losses")
    assert recorded is not None
    np.testing.assert_allclose(losses, recorded, rtol=1e-8)
    for k, value in net.state_dict().items():
        close(value, SEQUENCE.part(name, "end")[k], 1e-7, f"{name}: {k} after five steps")


def test_five_steps_of_a_gpt_are_pytorchs() -> None:
    train(
        "train/gpt",
        GPT(),
        lambda parameters: nn.optim.AdamW(parameters, lr=0.01, weight_decay=0.1),
        lambda net, index, target: F.cross_entropy(anp.reshape(net(index), (-1, 11)), target.reshape(-1)),
    )


# Recurrent layers --------------------------------------------------------------------------------------------

KINDS: dict[str, Any] = {"rnn": nn.SimpleRNN, "gru": nn.GRU, "lstm": nn.LSTM}


def flat(found: Any) -> tuple[Any, ...]:
    out, state = found
    return (out, *state) if isinstance(state, tuple) else (out, state)


@pytest.mark.parametrize(("name", "dtype"), dtypes_of("rnn/", "gru/", "lstm/"))
def test_recurrent_layers_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    given = ("num_layers", "bias", "bidirectional", "batch_first", "nonlinearity")
    options = {k: v for k, v in SEQUENCE.cases[name].items() if k in given}

    def call(module: Any, x: Any, lengths: Any = None, **states: Any) -> Any:
        state = tuple(states.values()) if len(states) > 1 else next(iter(states.values()), None)
        return flat(module(x, state, lengths=lengths))

    repeat(name, KINDS[name.split("/")[0]](2, 3, **options), call, dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_every_recorded_recurrent_layer_is_repeated(kind: str) -> None:
    assert len(SEQUENCE.names(f"{kind}/")) >= 7


@pytest.mark.parametrize("kind", KINDS)
def test_masked_steps_are_as_if_they_were_not_there(kind: str, backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    layer = KINDS[kind](2, 3, num_layers=2, bidirectional=True)
    values = np.random.default_rng(0).normal(size=(2, 5, 2)).astype("float32")
    mask = np.array([[False, True, True, False, True], [True] * 5])
    found = flat(layer(Tensor(backend.asarray(values)), mask=backend.asarray(mask)))
    assert not to_numpy(found[0])[~mask].any()
    for i in range(2):
        alone = flat(layer(backend.asarray(values[i : i + 1, mask[i]])))
        close(to_numpy(found[0])[i, mask[i]], to_numpy(alone[0])[0], 1e-6, f"{kind}: sequence {i}")
        for part, wanted in zip(found[1:], alone[1:], strict=True):
            close(to_numpy(part)[:, i], to_numpy(wanted)[:, 0], 1e-6, f"{kind}: state of sequence {i}")


def test_a_sequence_without_steps_keeps_its_first_state() -> None:
    layer = nn.GRU(2, 3)
    first = np.full((1, 2, 3), 0.5, "float32")
    out, h = layer(np.ones((2, 4, 2), "float32"), first, lengths=[0, 4])
    np.testing.assert_array_equal(to_numpy(h)[0, 0], 0.5)
    assert not to_numpy(out)[0].any() and to_numpy(out)[1].all()


def test_steps_first_and_the_last_state_alone() -> None:
    layer = nn.LSTM(2, 3, bidirectional=True)
    x = np.random.default_rng(0).normal(size=(4, 5, 2)).astype("float32")
    out, (h, _) = layer(x)
    layer.batch_first = False
    close(anp.swapaxes(layer(x.swapaxes(0, 1))[0], 0, 1), to_numpy(out), 1e-6, "steps first")
    layer.batch_first, layer.return_sequences = True, False
    close(layer(x), to_numpy(anp.concatenate([h[0], h[1]], axis=-1)), 1e-6, "last")


class Reader(nn.Module):
    def __init__(self) -> None:
        self.lstm = nn.LSTM(2, 4)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(x)[0][:, -1])


def test_five_steps_of_an_lstm_are_pytorchs() -> None:
    train(
        "train/lstm",
        Reader(),
        lambda parameters: nn.optim.Adam(parameters, lr=0.02),
        lambda net, x, target: F.cross_entropy(net(x), target),
    )


# Positions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SEQUENCE.names("sinusoidal/"))
def test_sinusoids_are_the_papers(name: str, backend: backends.Backend) -> None:
    length, width = SEQUENCE.cases[name]["length"], SEQUENCE.cases[name]["width"]
    wanted = SEQUENCE.get(f"{name}/out")
    assert wanted is not None
    close(sinusoidal(length, width, "float64"), wanted, 1e-14, name)
    zeros = backend.asarray(np.zeros((3, length, width)))
    close(nn.SinusoidalEncoding()(zeros)[1], wanted, 1e-14, name)
    close(nn.SinusoidalEncoding()(zeros[:, :2], start=3)[0], wanted[3:5], 1e-14, f"{name}: from 3")


@pytest.mark.parametrize("name", SEQUENCE.names("rotary/"))
def test_rotations_are_the_papers(name: str, backend: backends.Backend) -> None:
    options = SEQUENCE.cases[name]
    x = place(SEQUENCE.part(name, "in")["x"], "float64")
    wanted = SEQUENCE.get(f"{name}/out")
    assert wanted is not None
    close(rotate(x, options["base"], 0, options["halves"]), wanted, 1e-14, name)
    close(nn.RotaryEmbedding(halves=options["halves"])(x), wanted, 1e-14, name)


def test_rotated_products_depend_on_distances_alone() -> None:
    q, k = np.random.default_rng(0).normal(size=(2, 1, 8))
    near = [float((rotate(q, start=p) * rotate(k, start=p + 3)).sum()) for p in (0, 7, 1000)]
    np.testing.assert_allclose(near, near[0], rtol=1e-10)


def test_learned_positions_learn() -> None:
    layer = nn.LearnedEncoding(6, 4)
    layer(np.zeros((2, 3, 4), "float32"), start=1).sum().backward()
    np.testing.assert_array_equal(to_numpy(layer.weight.grad), np.repeat([0, 2, 2, 2, 0, 0], 4).reshape(6, 4))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.MultiHeadAttention(6, 4), r"embed_dim \(6\) to be a multiple of num_heads \(4\)"),
        (lambda: nn.MultiHeadAttention(6, 2)(np.zeros((5, 6), "float32")), r"three axes.*got \(5, 6\).*x\[None\]"),
        (
            lambda: nn.MultiHeadAttention(6, 2)(
                np.zeros((2, 5, 6), "float32"), key_padding_mask=np.zeros((2, 4), bool)
            ),
            r"key_padding_mask of shape \(2, 5\).*got \(2, 4\)",
        ),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1), 0), "one layer or more; got 0"),
        (lambda: nn.LSTM(2, 3)(np.zeros((4, 2), "float32")), r"x of shape \(n, steps, 2\); got \(4, 2\)"),
        (lambda: nn.GRU(2, 3)(np.zeros((1, 4, 2), "float32"), np.zeros((2, 1, 3))), r"h of shape \(1, 1, 3\)"),
        (lambda: nn.GRU(2, 3)(np.zeros((1, 4, 2), "float32"), lengths=[1, 2]), "one length per sequence"),
        (lambda: nn.GRU(2, 3)(np.zeros((1, 4, 2), "float32"), mask=np.ones((1, 4))), "a mask of booleans"),
        (lambda: nn.SimpleRNN(2, 3, nonlinearity="sin"), "'tanh' or 'relu'; got 'sin'"),
        (lambda: nn.LSTM(2, 0), "hidden_size to be a positive integer"),
        (lambda: nn.LearnedEncoding(4, 2)(np.zeros((5, 2), "float32")), "at most 4 positions; got 5"),
        (lambda: nn.SinusoidalEncoding()(np.zeros((5, 3))), "an even width.*got 3"),
        (
            lambda: F.scaled_dot_product_attention(*[np.zeros((2, 2))] * 3, np.zeros((2, 2)), is_causal=True),
            "attn_mask or is_causal; got both",
        ),
        (
            lambda: F.scaled_dot_product_attention(np.zeros((2, 3)), np.zeros((2, 2)), np.zeros((2, 2))),
            "query.*Correct",
        ),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()

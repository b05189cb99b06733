"""Instance norm, cells, resizing, dropout of channels, residuals: against PyTorch's modules, and their own rules."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
import nn.functional as F
from autograd import Tensor, check_grads, tensor
from tests.helpers import to_numpy
from tests.nn_recorded import Recording, close, place, repeat
from tests.recorded.nn_rows import ROWS
from tests.test_nn_steps import STEPS, floats

SEQUENCE = Recording("torch_sequence")
TOLERANCE = {"float64": 1e-11, "float32": 1e-5}
RECORDED: dict[str, Any] = {
    "instance_norm2d": lambda: nn.InstanceNorm2d(4, affine=True),
    "pixel_shuffle": lambda: nn.PixelShuffle(2),
    "upsample/nearest": lambda: nn.Upsample(scale_factor=2),
    "upsample/bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "group_norm": lambda: nn.GroupNorm(2, 4),
    "rms_norm": lambda: nn.RMSNorm(6, eps=1e-6),
    "rms_norm/default_eps": lambda: nn.RMSNorm(6),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RECORDED)
def test_layers_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    layer = RECORDED[name]().to(dtype)
    if "default_eps" in name:
        layer.eps = float(np.finfo("float64").eps)  # recorded in float64
    layer.load_state_dict({k: v for k, v in SEQUENCE.part(name, "in").items() if k != "x"})
    repeat(SEQUENCE, name, lambda x, **_: layer(x), dtype, TOLERANCE[dtype], **dict(layer.named_parameters()))


@pytest.mark.parametrize(
    ("name", "cell"), [("rnn_cell", nn.RNNCell), ("gru_cell", nn.GRUCell), ("lstm_cell", nn.LSTMCell)]
)
def test_cells_are_pytorchs(name: str, cell: Any, backend: backends.Backend) -> None:
    layer = cell(2, 3).to("float64")
    given = SEQUENCE.part(name, "in")
    layer.load_state_dict({k: given.pop(k) for k in layer.state_dict()})
    inputs = {k: Tensor(place(v, "float64"), requires_grad=True) for k, v in given.items()}
    states = list(inputs.values())[1:]
    found = layer(inputs["x"], tuple(states) if len(states) > 1 else states[0])
    outs = found if isinstance(found, tuple) else (found,)
    loss: Any = 0.0
    for i, out in enumerate(outs):
        end = str(i) if len(outs) > 1 else ""
        wanted, cotangent = SEQUENCE.get(f"{name}/out{end}"), SEQUENCE.get(f"{name}/cotangent{end}")
        assert wanted is not None and cotangent is not None
        close(out, wanted, 1e-12, name)
        loss = loss + anp.sum(out * place(cotangent, "float64"))
    loss.backward()
    gradients = {**{k: v.grad for k, v in inputs.items()}, **{k: p.grad for k, p in layer.named_parameters()}}
    for k, gradient in SEQUENCE.part(name, "grad").items():
        close(gradients[k], gradient, 1e-11, f"{name}: gradient for {k}")


@pytest.mark.parametrize(("cell", "layer"), [(nn.RNNCell, nn.SimpleRNN), (nn.GRUCell, nn.GRU), (nn.LSTMCell, nn.LSTM)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_loop_over_a_cell_is_the_layer(cell: Any, layer: Any, bias: bool) -> None:
    whole, one = layer(2, 3, bias=bias), cell(2, 3, bias=bias)
    one.load_state_dict({k.removesuffix("_l0"): v for k, v in whole.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(4, 5, 2)).astype("float32")
    out, state, outs = whole(x)[0], None, []
    for t in range(5):
        state = one(x[:, t], state)
        outs.append(state[0] if isinstance(state, tuple) else state)
    close(anp.stack(outs, axis=1), to_numpy(out), 1e-6, "cell")


def test_instance_norm_in_evaluation_uses_what_it_saw(backend: backends.Backend) -> None:
    layer = nn.InstanceNorm1d(3, momentum=0.5, track_running_stats=True)
    values = np.random.default_rng(0).normal(2.0, 3.0, size=(4, 3, 6)).astype("float32")
    x = backend.asarray(values)
    out = to_numpy(layer(x))
    np.testing.assert_allclose(out.mean(-1), 0, atol=1e-5)
    np.testing.assert_allclose(to_numpy(layer.running_mean), 0.5 * values.mean((0, 2)), rtol=1e-5)
    np.testing.assert_allclose(to_numpy(layer.running_var), 0.5 + 0.5 * values.var(-1, ddof=1).mean(0), rtol=1e-4)
    mean, var = to_numpy(layer.running_mean)[:, None], to_numpy(layer.running_var)[:, None]
    np.testing.assert_allclose(to_numpy(layer.eval()(x)), (values - mean) / np.sqrt(var + 1e-5), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (nn.Dropout1d(0.5), (40, 50, 3), (2,)),
        (nn.Dropout2d(0.5), (40, 50, 3, 2), (2, 3)),
        (nn.Dropout3d(0.5), (40, 50, 3, 2, 2), (2, 3, 4)),
        (nn.SpatialDropout1D(0.5), (40, 3, 50), (1,)),
        (nn.SpatialDropout2D(0.5), (40, 3, 2, 50), (1, 2)),
        (nn.SpatialDropout3D(0.5), (40, 3, 2, 2, 50), (1, 2, 3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_channels_are_dropped_whole(layer: Any, shape: Any, axes: Any, backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    x = Tensor(backend.asarray(np.ones(shape, "float32")), requires_grad=True)
    out = layer(x)
    values = to_numpy(out)
    assert set(np.unique(values)) == {0.0, 2.0} and values.dtype == np.float32
    assert (values.min(axes) == values.max(axes)).all()
    assert abs((values == 0).mean() - 0.5) < 0.05
    anp.sum(out).backward()
    np.testing.assert_array_equal(to_numpy(x.grad), values)
    assert layer.eval()(x) is x
    layer.train()


def test_alpha_dropout_keeps_mean_and_variance(backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    values = np.random.default_rng(0).normal(size=(400, 200)).astype("float32")
    layer = nn.AlphaDropout(0.2)
    out = to_numpy(layer(backend.asarray(values)))
    assert out.dtype == np.float32
    assert abs(out.mean()) < 0.02 and abs(out.var() - 1) < 0.02
    # What was dropped is one value, SELU's left end made to fit.
    dropped = np.unique(out, return_counts=True)[1].max() / out.size
    assert abs(dropped - 0.2) < 0.01
    assert layer.eval()(values) is values


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("size", [(3, 9), (5, 4), (1, 1)])
def test_resizing_has_derivatives_and_keeps_constants(mode: str, size: tuple[int, int]) -> None:
    x = tensor(np.random.default_rng(0).normal(size=(2, 1, 5, 6)))
    check_grads(lambda x: F.interpolate(x, size, mode=mode), order=2)(x)
    np.testing.assert_allclose(F.interpolate(np.ones((1, 2, 5, 6)), size, mode=mode), 1, rtol=1e-14)


def test_aligned_corners_keep_the_ends() -> None:
    x = np.array([[[0.0, 3.0, 4.0]]])
    found = F.interpolate(x, 5, mode="linear", align_corners=True)
    np.testing.assert_allclose(found, [[[0.0, 1.5, 3.0, 3.5, 4.0]]])
    assert F.interpolate(x, 1, mode="linear", align_corners=True).shape == (1, 1, 1)


def test_a_residual_adds_what_came(backend: backends.Backend) -> None:
    layer = nn.Residual(nn.Linear(4, 4), nn.Tanh())
    x = backend.asarray(np.random.default_rng(0).normal(size=(3, 4)).astype("float32"))
    close(layer(x), to_numpy(x) + to_numpy(anp.tanh(layer.layers[0](x))), 1e-6, "residual")
    wide = nn.Residual(nn.Linear(4, 6), shortcut=nn.Linear(4, 6, bias=False))
    assert [name for name, _ in wide.named_parameters()] == ["layers.0.weight", "layers.0.bias", "shortcut.weight"]
    close(wide(x), to_numpy(wide.layers[0](x)) + to_numpy(wide.shortcut(x)), 1e-6, "with a shortcut")
    model = nn.Sequential(nn.Dense(4, input_shape=(2,)), nn.Residual(nn.Dense(4)), nn.Dense(1))
    assert model(backend.asarray(np.ones((5, 2), "float32"))).shape == (5, 1)


def test_recurrent_layers_stand_in_a_sequence() -> None:
    model = nn.Sequential([nn.LSTM(2, 3, return_state=False), nn.GRU(3, 4, return_sequences=False), nn.Linear(4, 1)])
    assert model(np.ones((5, 6, 2), "float32")).shape == (5, 1)
    last, (h, c) = nn.LSTM(2, 3, return_sequences=False, return_state=True)(np.ones((5, 6, 2), "float32"))
    assert last.shape == (5, 3) and h.shape == c.shape == (1, 5, 3)
    np.testing.assert_array_equal(to_numpy(last), to_numpy(h)[0])


@pytest.mark.parametrize("rotary", [None, nn.RotaryEmbedding()])
def test_a_decoders_cache_gives_what_the_whole_sequence_gives(rotary: Any, backend: backends.Backend) -> None:
    layer = nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0, norm_first=True, rotary=rotary)
    stack = nn.TransformerDecoder(layer, 2, norm=nn.LayerNorm(8))
    stream = np.random.default_rng(0)
    x, memory = place(stream.normal(size=(2, 6, 8)), "float32"), place(stream.normal(size=(2, 3, 8)), "float32")
    whole = stack(x, memory, tgt_is_causal=True)
    parts, cache, start = [], None, 0
    for size in (3, 1, 2):
        piece = x[:, start : start + size]
        out, cache = stack(piece, memory, tgt_is_causal=True, cache=cache, use_cache=True)
        parts.append(out)
        start += size
    close(anp.concatenate(parts, axis=1), to_numpy(whole), 1e-5, "cached")


def test_glu_takes_pytorchs_dim() -> None:
    x = np.random.default_rng(0).normal(size=(4, 6))
    for dim in (0, 1):
        np.testing.assert_array_equal(F.glu(x, dim=dim), F.glu(x, dim))
    assert F.glu(x, dim=0).shape == nn.GLU(dim=0)(x).shape == (2, 6)


def test_randomised_slopes_are_drawn_in_training(backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    layer = nn.RReLU(0.1, 0.5)
    x = Tensor(backend.asarray(np.full((50, 40), -2.0, "float32")), requires_grad=True)
    out = layer(x)
    slopes = to_numpy(out) / -2
    assert out.dtype == "float32" and 0.1 <= slopes.min() < 0.11 and 0.49 < slopes.max() <= 0.5
    assert abs(slopes.mean() - 0.3) < 0.01 and len(np.unique(slopes)) > 1000
    anp.sum(out).backward()
    np.testing.assert_allclose(to_numpy(x.grad), slopes, rtol=1e-6)
    np.testing.assert_allclose(to_numpy(layer.eval()(x)), -0.6, rtol=1e-6)


@pytest.mark.parametrize("axis", [0, -1])
def test_sparsemax_is_the_nearest_distribution(axis: int) -> None:
    x = np.random.default_rng(0).normal(size=(5, 7)) * 2
    found = F.sparsemax(x, axis)
    np.testing.assert_allclose(found.sum(axis), 1, rtol=1e-12)
    assert (found >= 0).all() and (found == 0).any()
    # No other distribution is nearer: the condition for a projection onto a convex set, against random others.
    for other in np.random.default_rng(1).dirichlet(np.ones(x.shape[axis]), size=(20, x.shape[1 + axis])):
        other = other if axis else other.T
        assert (((x - found) * (np.resize(other, x.shape) - found)).sum(axis) < 1e-12).all()
    check_grads(lambda x: F.sparsemax(x, axis), order=2)(tensor(x))


EMPTY: list[tuple[Any, tuple[int, ...]]] = [
    (lambda: nn.Linear(3, 2), (3,)),
    (lambda: nn.Conv1d(3, 2, 2), (3, 5)),
    (lambda: nn.Conv2d(3, 2, 2), (3, 5, 4)),
    (lambda: nn.Conv3d(1, 2, 2), (1, 3, 3, 3)),
    (lambda: nn.ConvTranspose2d(3, 2, 2), (3, 5, 4)),
    (lambda: nn.MaxPool2d(2), (3, 4, 4)),
    (lambda: nn.AvgPool2d(2), (3, 4, 4)),
    (lambda: nn.AdaptiveAvgPool2d(2), (3, 4, 4)),
    (lambda: nn.GlobalAveragePool2d(), (3, 4, 4)),
    (lambda: nn.GlobalMaxPool2d(), (3, 4, 4)),
    (lambda: nn.LayerNorm(3), (3,)),
    (lambda: nn.RMSNorm(3), (3,)),
    (lambda: nn.GroupNorm(3, 3), (3, 4)),
    (lambda: nn.InstanceNorm1d(3), (3, 4)),
    (lambda: nn.BatchNorm1d(3).eval(), (3,)),
    (lambda: nn.Dropout(0.5), (3,)),
    (lambda: nn.Dropout1d(0.5), (3, 4)),
    (lambda: nn.Flatten(), (3, 4)),
    (lambda: nn.Reshape((4, 3)), (3, 4)),
    (lambda: nn.Residual(nn.Linear(3, 3)), (3,)),
    (lambda: nn.SimpleRNN(3, 2, return_state=False), (4, 3)),
    (lambda: nn.GRU(3, 2, return_state=False, bidirectional=True), (4, 3)),
    (lambda: nn.LSTM(3, 2, return_state=False), (4, 3)),
    (lambda: nn.MultiHeadAttention(4, 2), (5, 4)),
    (lambda: nn.TransformerEncoderLayer(4, 2, 8), (5, 4)),
    (lambda: nn.SinusoidalEncoding(), (5, 4)),
    (lambda: nn.LearnedEncoding(5, 4), (5, 4)),
    (lambda: nn.PixelShuffle(2), (4, 3, 3)),
    (lambda: nn.Upsample(scale_factor=2, mode="linear"), (3, 4)),
]


@pytest.mark.parametrize(("make", "shape"), EMPTY)
def test_a_batch_of_nothing_goes_through(make: Any, shape: tuple[int, ...], backend: backends.Backend) -> None:
    layer = make()
    some = layer(backend.asarray(np.ones((2, *shape), "float32")))
    x = Tensor(backend.asarray(np.ones((0, *shape), "float32")), requires_grad=True)
    out = layer(x)
    assert out.shape == (0, *some.shape[1:]) and out.dtype == "float32"
    anp.sum(out).backward()
    assert x.grad is not None and x.grad.shape == x.shape
    for name, p in layer.named_parameters():
        assert p.grad is None or not to_numpy(p.grad).any(), name


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: F.rrelu(np.zeros(2), 0.5, 0.1), "0 ≤ lower ≤ upper ≤ 1; got 0.5 and 0.1"),
        (lambda: nn.InstanceNorm2d(3)(np.zeros((2, 3, 4), "float32")), r"input of 4 axes; got shape \(2, 3, 4\)"),
        (lambda: nn.InstanceNorm1d(3)(np.zeros((2, 3, 1), "float32")), "more than one value per channel"),
        (lambda: F.instance_norm(np.zeros((2, 3, 4)), weight=np.ones(2)), r"as weight has \(2\); got \(2, 3, 4\)"),
        (lambda: nn.Dropout2d(1.5), "Dropout2d: expected the probability to be a number from 0 to 1; got 1.5"),
        (lambda: F.dropout2d(np.zeros((3,))), r"more axes than those of one channel; got shape \(3,\)"),
        (lambda: nn.Residual(), "got none. Pass them one by one"),
        (
            lambda: nn.Residual(nn.Linear(4, 3))(np.zeros((2, 4), "float32")),
            r"shortcut's shape \(2, 4\); got \(2, 3\).*shortcut=…",
        ),
        (lambda: F.pixel_shuffle(np.zeros((1, 3, 2, 2)), 2), "multiple of 2² = 4; got 3"),
        (lambda: F.interpolate(np.zeros((1, 3, 2)), 4, 2), "either size or scale_factor; got both or none"),
        (lambda: F.interpolate(np.zeros((1, 3, 2)), 4, mode="bilinear"), "got 'bilinear' for 1"),
        (lambda: F.interpolate(np.zeros((1, 3, 2)), (4, 4)), r"one for each of 1 axes; got \(4, 4\)"),
        (lambda: F.interpolate(np.zeros((1, 3, 2)), 0), "sizes of 1 or more; got 2 to 0"),
        (lambda: nn.LSTMCell(2, 3)(np.zeros((4, 3), "float32")), r"x of shape \(n, 2\); got \(4, 3\)"),
        (
            lambda: nn.LSTMCell(2, 3)(np.zeros((4, 2), "float32"), (np.zeros((4, 3)), np.zeros((1, 3)))),
            r"h and c of shape \(4, 3\).*got \(4, 3\), \(1, 3\)",
        ),
        (lambda: nn.RNNCell(2, 3, nonlinearity="sin"), "'tanh' or 'relu'; got 'sin'"),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


# Masks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_query_that_sees_no_key_gets_zeros_and_spoils_nothing(need_weights: bool, backend: backends.Backend) -> None:
    """The first sequence is padding alone; softmax would be 0/0 there, and one NaN goes into every gradient."""
    nn.set_random_seed(0)
    layer = nn.MultiHeadAttention(4, 2).to("float64")
    values = np.random.default_rng(0).normal(size=(2, 3, 4))
    padding = backend.asarray(np.array([[True] * 3, [False, False, True]]))
    found = []
    for rows in (slice(0, 2), slice(1, 2)):
        for p in layer.parameters():
            p.zero_grad_()
        x = Tensor(backend.asarray(values[rows]), requires_grad=True)
        out = layer(x, key_padding_mask=padding[rows], need_weights=need_weights)
        out, weights = out if need_weights else (out, None)
        anp.sum((out[-1] - 1) ** 2).backward()
        found.append((to_numpy(out)[-1], to_numpy(x.grad)[-1], [to_numpy(p.grad) for p in layer.parameters()]))
        if rows.start == 0:
            np.testing.assert_array_equal(to_numpy(out)[0], np.broadcast_to(to_numpy(layer.out_proj.bias), (3, 4)))
            assert not to_numpy(x.grad)[0].any()
            if weights is not None:
                assert not to_numpy(weights)[0].any()
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12)
    for a, b in zip(found[0][2], found[1][2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_the_function_gives_zeros_where_nothing_is_seen(backend: backends.Backend) -> None:
    x = backend.asarray(np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32"))
    seen = backend.asarray(np.array([[False] * 3, [True, False, True], [True] * 3]))
    found = to_numpy(F.scaled_dot_product_attention(x, x, x, seen))
    assert not found[:, 0].any() and np.isfinite(found).all() and found[:, 1:].all()


@pytest.mark.parametrize(("queries", "keys"), [(3, 5), (5, 3), (4, 4)])
def test_the_functions_causal_mask_counts_from_the_first_key(
    queries: int, keys: int, backend: backends.Backend
) -> None:
    """As PyTorch's documentation has it: ones(L, S).tril()."""
    stream = np.random.default_rng(0)
    q, k = backend.asarray(stream.normal(size=(queries, 4))), backend.asarray(stream.normal(size=(keys, 4)))
    seen = backend.asarray(np.tril(np.ones((queries, keys), bool)))
    found = F.scaled_dot_product_attention(q, k, k, is_causal=True)
    np.testing.assert_allclose(to_numpy(found), to_numpy(F.scaled_dot_product_attention(q, k, k, seen)), rtol=1e-12)


def test_a_causal_layer_with_more_queries_than_keys_is_finite() -> None:
    layer = nn.MultiHeadAttention(4, 2)
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    out = to_numpy(layer(x, x[:, :3], is_causal=True))
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out[:, :2], np.broadcast_to(to_numpy(layer.out_proj.bias), (2, 2, 4)))


@pytest.mark.parametrize("shape", [(3, 5), (4, 3, 5), (1, 5), (2, 1, 3, 5), (1, 2, 3, 5)])
@pytest.mark.parametrize("kind", [bool, "float64", "float32"])
def test_masks_of_all_shapes_and_kinds_keep_the_dtype(shape: tuple[int, ...], kind: Any) -> None:
    nn.set_random_seed(0)
    layer = nn.MultiHeadAttention(4, 2)
    stream = np.random.default_rng(0)
    x, memory = stream.normal(size=(2, 3, 4)).astype("float32"), stream.normal(size=(2, 5, 4)).astype("float32")
    hidden = stream.random(shape) > 0.6
    hidden[..., 0] = False
    mask = hidden if kind is bool else np.where(hidden, -np.inf, 0.0).astype(kind)
    out, weights = layer(x, memory, attn_mask=mask, need_weights=True, average_attn_weights=False)
    assert out.dtype == weights.dtype == "float32"
    full = np.broadcast_to(hidden.reshape(2, 2, 3, 5) if len(shape) == 3 else hidden, (2, 2, 3, 5))
    np.testing.assert_array_equal(to_numpy(weights) == 0, full)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda layer, x: layer(x, attn_mask=np.zeros((2, 3), bool)),
            ValueError,
            r"attn_mask of shape \(3, 3\) \(queries, keys\), or of \(4, 3, 3\).*got \(2, 3\)",
        ),
        (lambda layer, x: layer(x, attn_mask=np.zeros((2, 3, 3), bool)), ValueError, r"got \(2, 3, 3\)"),
        (lambda layer, x: layer(x, attn_mask=np.zeros((3, 3), int)), TypeError, "got int64. Compare it with 0 or 1"),
        (
            lambda layer, x: layer(x, key_padding_mask=np.zeros((2, 3), int)),
            TypeError,
            "a mask of booleans, or of floats",
        ),
        (lambda layer, x: nn.LSTM(4, 2)(x[:, :0]), ValueError, "LSTM: expected one step or more; got none"),
    ],
)
def test_errors_of_masks_say_what_came(call: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        call(nn.MultiHeadAttention(4, 2), np.zeros((2, 3, 4), "float32"))


# Files and pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not row.loss])
def test_every_layer_can_be_saved_copied_and_summed_up(name: str, tmp_path: Path) -> None:
    row = ROWS[name]
    nn.set_random_seed(0)
    layer = eval(row.ours, dict(vars(nn)))  # a row of ours
    inputs = [v.astype("float32") if v.dtype.kind == "f" else v for v in STEPS.part(name, "in").values()]
    layer(*inputs)
    layer.eval()
    wanted = [to_numpy(out) for out in floats(layer(*inputs))]
    layer.input_shape = inputs[0].shape[1:]
    nn.save_model(layer, tmp_path / "layer.npz")
    loaded = nn.load_model(tmp_path / "layer.npz").eval()
    for other in (loaded, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert type(other) is type(layer) and repr(other) == repr(layer)
        for found, value in zip(floats(other(*inputs)), wanted, strict=True):
            np.testing.assert_array_equal(to_numpy(found), value)
    if len(inputs) == 1:
        summary = layer.summary(print_fn=None)
        assert summary.trained + summary.fixed == sum(value.size for value in layer.state_dict().values())

"""Convolution, pooling, windows and losses against PyTorch's recorded values, to the second order; errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
import nn.functional as F
from autograd import Tensor, check_grads, gradients, tensor
from tests.helpers import to_numpy
from tests.nn_recorded import Recording, close, place

ENGINE = Recording("torch_engine")
TOLERANCE = {"float64": 1e-11, "float32": 1e-5}
WINDOWED = ENGINE.names(
    *[f"{kind}{n}d/" for kind in ("conv", "conv_transpose", "max_pool", "avg_pool") for n in (1, 2, 3)],
    "adaptive_avg_pool2d/",
    "adaptive_max_pool2d/",
    "unfold",
    "fold",
)
# Recorded name -> the call.
CALLS: dict[str, Any] = {
    "cross_entropy": lambda o, **inputs: F.cross_entropy(*inputs.values(), **o),
    "embedding": lambda o, index, weight: F.embedding(index, weight),
    "softmax": lambda o, x: anp.softmax(x, axis=o["dim"]),
    "log_softmax": lambda o, x: anp.log_softmax(x, axis=o["dim"]),
}


def recorded_call(name: str) -> Any:
    options = ENGINE.cases[name]
    function = CALLS.get(name.split("/")[0])
    if function is not None:
        return lambda **inputs: function(options, **inputs)
    function = getattr(anp, name.split("/")[0])
    return lambda **inputs: function(**inputs, **options)


def test_the_recording_has_every_kind() -> None:
    assert len({name.split("/")[0] for name in WINDOWED}) == 16
    assert len(WINDOWED) >= 50


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [*WINDOWED, *ENGINE.names(*[f"{kind}" for kind in CALLS])])
def test_values_and_gradients_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    prefix = f"{name}/float32" if dtype == "float32" and ENGINE.get(f"{name}/float32/out") is not None else name
    wanted = ENGINE.part(prefix, "grad")
    inputs = {k: Tensor(place(v, dtype), requires_grad=k in wanted) for k, v in ENGINE.part(name, "in").items()}
    out = recorded_call(name)(**inputs)
    assert str(out.dtype) == dtype
    close(out, ENGINE.get(f"{prefix}/out"), TOLERANCE[dtype], f"{name}: result")
    cotangent = ENGINE.get(f"{name}/cotangent")
    loss = out if cotangent is None else anp.sum(out * place(cotangent, dtype))
    second = ENGINE.part(name, "second") if dtype == "float64" else {}
    sources = [inputs[k] for k in wanted]
    grads = gradients(loss, sources, create_graph=bool(second))
    for k, g in zip(wanted, grads, strict=True):
        assert str(g.dtype) == dtype
        close(g, wanted[k], TOLERANCE[dtype], f"{name}: gradient for {k}")
    if not second:
        return
    half = 0.0
    for g in grads:
        half = half + anp.sum(g * g) / 2
    if half.requires_grad:
        found = gradients(half, sources, allow_unused=True)
    else:  # linear in everything
        found = [None] * len(sources)
    for k, g in zip(wanted, found, strict=True):
        close(np.zeros(second[k].shape) if g is None else g, second[k], 1e-10, f"{name}: second gradient for {k}")


# Against NumPy -----------------------------------------------------------------------------------------------


@given(
    n=st.integers(1, 9),
    window=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_conv1d_is_its_sum(n: int, window: int, stride: int, padding: int, dilation: int, seed: int) -> None:
    reach = dilation * (window - 1) + 1
    rng = np.random.default_rng(seed)
    x, weight = rng.normal(size=(2, 3, n)), rng.normal(size=(2, 3, window))
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    if n + 2 * padding < reach:
        with pytest.raises(ValueError, match="Pad more"):
            anp.conv1d(x, weight, **options)
        return
    wide = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    count = (n + 2 * padding - reach) // stride + 1
    expected = np.array(
        [
            [
                [(wide[b, :, i * stride : i * stride + reach : dilation] * weight[o]).sum() for i in range(count)]
                for o in range(2)
            ]
            for b in range(2)
        ]
    )
    np.testing.assert_allclose(anp.conv1d(x, weight, **options), expected, rtol=1e-12, atol=1e-12)
    # The transposed convolution is the adjoint: <conv x, y> = <x, convᵀ y>.
    extra = (n + 2 * padding - reach) % stride
    y = rng.normal(size=expected.shape)
    back = anp.conv_transpose1d(y, weight, **options, output_padding=extra)
    np.testing.assert_allclose((expected * y).sum(), (x * back).sum(), rtol=1e-10, atol=1e-10)


@given(n=st.integers(1, 12), window=st.integers(1, 5), stride=st.integers(1, 4))
def test_same_makes_as_many_places_as_strides_fit(n: int, window: int, stride: int) -> None:
    out = anp.conv1d(np.ones((1, 1, n)), np.ones((1, 1, window)), stride=stride, padding="same")
    assert out.shape == (1, 1, -(-n // stride))


@pytest.mark.parametrize(("window", "axis"), [(2, 0), ((2, 3), None), ((3,), -1), ((2, 2), (1, 0)), ((), ())])
def test_sliding_window_view_is_numpys(window: Any, axis: Any, backend: backends.Backend) -> None:
    x = np.arange(20.0).reshape(4, 5)
    expected = np.lib.stride_tricks.sliding_window_view(x, window, axis)
    found = anp.sliding_window_view(backend.asarray(x), window, axis)
    np.testing.assert_array_equal(to_numpy(found), expected)
    if backend.name == "numpy":
        assert np.shares_memory(found, found.base) and not found.flags.writeable
    t = tensor(backend.asarray(x), requires_grad=True)
    weights = np.random.default_rng(0).normal(size=expected.shape)
    (anp.sliding_window_view(t, window, axis) * backend.asarray(weights)).sum().backward()
    places = np.lib.stride_tricks.sliding_window_view(np.arange(20).reshape(4, 5), window, axis)
    wanted = np.bincount(places.ravel(), weights.ravel(), 20).reshape(4, 5)
    np.testing.assert_allclose(to_numpy(t.grad), wanted, rtol=1e-12, atol=1e-12)


def test_a_write_shows_in_windows_seen_before() -> None:
    x = tensor([1.0, 2.0, 3.0], requires_grad=True) * 1.0
    view = anp.sliding_window_view(x, 2)
    x[1] = 10.0
    np.testing.assert_array_equal(to_numpy(view), [[1, 10], [10, 3]])


# One sample, positions, ties ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
def test_one_sample_needs_no_batch_axis(n: int) -> None:
    rng = np.random.default_rng(n)
    x, w = rng.normal(size=(2, *(5,) * n)), rng.normal(size=(2, 2, *(3,) * n))
    for name, rest in [("conv", (w,)), ("conv_transpose", (w,)), ("max_pool", (2,)), ("avg_pool", (2,))]:
        function = getattr(anp, f"{name}{n}d")
        np.testing.assert_array_equal(function(x, *rest), function(x[None], *rest)[0])
    for name in ("adaptive_avg_pool", "adaptive_max_pool"):
        function = getattr(anp, f"{name}{n}d")
        np.testing.assert_array_equal(function(x, 2), function(x[None], 2)[0])


@pytest.mark.parametrize("options", [{}, {"stride": 1}, {"padding": 1, "stride": 2}, {"dilation": 2, "stride": 1}])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_indices_point_to_the_maxima(n: int, options: dict[str, int], backend: backends.Backend) -> None:
    x = backend.asarray(np.random.default_rng(0).normal(size=(2, 3, *(6,) * n)))
    out, index = getattr(anp, f"max_pool{n}d")(x, 2, **options, return_indices=True)
    flat, places = to_numpy(x).reshape(2, 3, -1), to_numpy(index).reshape(2, 3, -1)
    np.testing.assert_array_equal(np.take_along_axis(flat, places, -1).reshape(out.shape), to_numpy(out))


def test_the_first_of_equal_maxima_has_the_gradient(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(np.ones((1, 1, 4))), requires_grad=True)
    anp.max_pool1d(x, 2).sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), [[[1, 0, 1, 0]]])


def test_a_window_with_nan_is_nan(backend: backends.Backend) -> None:
    x = backend.asarray(np.array([[[1.0, np.nan, 3.0, np.nan, 5.0, 4.0]]]))
    np.testing.assert_array_equal(to_numpy(anp.max_pool1d(x, 2)), [[[np.nan, np.nan, 5]]])
    t = tensor(x, requires_grad=True)
    anp.max_pool1d(t, 3).sum().backward()
    np.testing.assert_array_equal(to_numpy(t.grad), [[[0, 1, 0, 1, 0, 0]]])


def test_integers_pool_too(backend: backends.Backend) -> None:
    out = anp.max_pool1d(backend.asarray(np.array([[[-5, -7, -2]]])), 2, padding=1)
    np.testing.assert_array_equal(to_numpy(out), [[[-5, -2]]])


def test_derivatives_of_every_order_with_options() -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(1, 2, 5, 4)), rng.normal(size=(4, 1, 2, 2))
    both = {"order": 2, "modes": ("vjp", "jvp")}
    check_grads(lambda x, w: anp.conv2d(x, w, stride=2, padding="same", groups=2), **both)(x, w)
    check_grads(lambda x, w: anp.conv_transpose2d(x, w, stride=2, output_padding=1), **both)(
        x, rng.normal(size=(2, 1, 2, 2))
    )
    check_grads(lambda x: anp.max_pool2d(x, 2, ceil_mode=True) ** 2, **both)(x)
    check_grads(lambda x: anp.avg_pool2d(x, 3, 2, 1, count_include_pad=False) ** 2, **both)(x)
    check_grads(lambda x: anp.fold(anp.unfold(x, 2), (5, 4), 2) ** 2, **both)(x)


# Norms, embedding, dropout ------------------------------------------------------------------------------------


@pytest.mark.parametrize("order_of", ["float64", "float32", "float16"])
def test_norms_are_their_formulas(order_of: str, backend: backends.Backend) -> None:
    rng = np.random.default_rng(3)
    x, w, b = rng.normal(size=(3, 4, 5)), rng.normal(size=4), rng.normal(size=4)
    put = lambda a: backend.asarray(np.asarray(a, order_of))
    eps = 1e-3

    def normal(x: Any, axes: Any) -> Any:
        return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)

    calls = [
        (anp.layer_norm(put(x[:, 0]), 5, eps=eps), normal(x[:, 0], -1)),
        (anp.layer_norm(put(x), (4, 5), put(x[0]), put(x[1]), eps), normal(x, (1, 2)) * x[0] + x[1]),
        (anp.rms_norm(put(x), 5, eps=eps), x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)),
        (anp.group_norm(put(x), 2, put(w), put(b), eps),
         normal(x.reshape(3, 2, 10), -1).reshape(x.shape) * w[:, None] + b[:, None]),
        (anp.group_norm(put(np.moveaxis(x, 1, -1)), 2, put(w), put(b), eps, axis=-1),
         np.moveaxis(normal(x.reshape(3, 2, 10), -1).reshape(x.shape) * w[:, None] + b[:, None], 1, -1)),
        (anp.batch_norm(put(x), None, None, put(w), put(b), True, eps=eps),
         normal(x, (0, 2)) * w[:, None] + b[:, None]),
        (anp.batch_norm(put(x), put(b), put(w * w), eps=eps), (x - b[:, None]) / np.sqrt(w[:, None] ** 2 + eps)),
    ]  # fmt: skip
    for found, wanted in calls:
        assert str(found.dtype) == order_of and type(found) in backend.array_types
        np.testing.assert_allclose(
            to_numpy(found), wanted, atol={"float64": 1e-12, "float32": 1e-5, "float16": 3e-2}[order_of]
        )


def test_batch_norm_moves_arrays_and_tensors_alike(backend: backends.Backend) -> None:
    x = np.random.default_rng(0).normal(size=(6, 2))
    put = backend.asarray
    plain = [put(np.zeros(2)), put(np.ones(2))]
    boxed = [tensor(put(np.zeros(2))), tensor(put(np.ones(2)))]
    for mean, var in (plain, boxed):
        anp.batch_norm(tensor(put(x), requires_grad=True), mean, var, training=True, momentum=0.5)
        np.testing.assert_allclose(to_numpy(mean), x.mean(0) / 2, rtol=1e-12)
        np.testing.assert_allclose(to_numpy(var), 0.5 + x.var(0, ddof=1) / 2, rtol=1e-12)


def test_derivatives_of_norms_and_losses_of_every_order() -> None:
    rng = np.random.default_rng(4)
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4)
    both = {"order": 2, "modes": ("vjp", "jvp")}
    check_grads(lambda x, w, b: anp.layer_norm(x, 4, w, b), **both)(x, w, b)
    check_grads(lambda x, w: anp.rms_norm(x, 4, w), **both)(x, w)
    check_grads(lambda x, w, b: anp.group_norm(x, 2, w, b), **both)(x, w, b)
    check_grads(lambda x, w, b: anp.batch_norm(x, None, None, w, b, True), **both)(x, w, b)
    check_grads(lambda w: anp.embedding(np.array([[0, 2, 0]]), w) ** 2, **both)(x)
    check_grads(lambda x, y: anp.cross_entropy(x, y), **both)(x, rng.random((3, 4)))
    check_grads(lambda x: anp.cross_entropy(x, np.array([0, 3, 1])), **both)(x)


def test_what_is_impossible_and_not_asked_for_costs_nothing(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(np.array([[0.0, 0.0, -np.inf]])), requires_grad=True)
    loss = anp.cross_entropy(x, backend.asarray(np.array([[0.5, 0.5, 0.0]])))
    loss.sum().backward()
    np.testing.assert_allclose(to_numpy(loss), [np.log(2)])
    np.testing.assert_allclose(to_numpy(x.grad), [[0, 0, 0]], atol=1e-15)


def test_dropout_scales_what_it_keeps_and_repeats_with_its_seed(backend: backends.Backend) -> None:
    x = tensor(backend.asarray(np.ones((50, 40), np.float32)), requires_grad=True)
    anp.random.seed(5)
    out = anp.dropout(x, 0.25)
    out.sum().backward()
    values = to_numpy(out)
    assert set(np.unique(values)) == {0, np.float32(4 / 3)} and abs((values == 0).mean() - 0.25) < 0.05
    np.testing.assert_array_equal(to_numpy(x.grad), values)
    anp.random.seed(5)
    np.testing.assert_array_equal(to_numpy(anp.dropout(x, 0.25)), values)
    first, second = (anp.dropout(x, 0.5, stream=backend.generator(7)) for _ in range(2))
    np.testing.assert_array_equal(to_numpy(first), to_numpy(second))
    assert anp.dropout(x, 0.5, training=False) is x
    np.testing.assert_array_equal(to_numpy(anp.dropout(x, 1.0)), np.zeros(x.shape))


def test_an_embeddings_padding_row_gets_no_gradient(backend: backends.Backend) -> None:
    weight = tensor(backend.asarray(np.arange(6.0).reshape(3, 2)), requires_grad=True)
    out = anp.embedding(backend.asarray(np.array([2, 0, 2, 1])), weight, padding_idx=-1)
    out.sum().backward()
    np.testing.assert_array_equal(to_numpy(out), np.arange(6.0).reshape(3, 2)[[2, 0, 2, 1]])
    np.testing.assert_array_equal(to_numpy(weight.grad), [[1, 1], [1, 1], [0, 0]])


# Network functions -------------------------------------------------------------------------------------------


def test_losses_are_their_formulas(backend: backends.Backend) -> None:
    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
    put = backend.asarray
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    for found in (anp.cross_entropy(put(x), put(labels)), anp.cross_entropy(put(x.T), put(labels), axis=0)):
        np.testing.assert_allclose(to_numpy(found), -np.log(p[np.arange(4), labels]), rtol=1e-12)
    shares = rng.random((4, 3))
    for found in (anp.cross_entropy(put(x), put(shares)), anp.cross_entropy(put(x.T), put(shares.T), axis=0)):
        np.testing.assert_allclose(to_numpy(found), -(shares * np.log(p)).sum(1), rtol=1e-12)
    y, s = rng.random((4, 3)), 1 / (1 + np.exp(-x))
    wanted = -(y * np.log(s) + (1 - y) * np.log(1 - s))
    np.testing.assert_allclose(to_numpy(anp.sigmoid_cross_entropy(put(x), put(y))), wanted, rtol=1e-12)
    np.testing.assert_allclose(to_numpy(anp.binary_cross_entropy(put(s), put(y))), wanted, rtol=1e-12)
    np.testing.assert_allclose(to_numpy(anp.linear(put(x), put(y))), x @ y.T, rtol=1e-12)


X, W = np.ones((1, 2, 5)), np.ones((3, 2, 3))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: anp.conv1d(X[0, 0], W), ValueError, r"conv1d: expected x of shape .*; got \(5,\). Reshape"),
        (lambda: anp.conv1d(X, W[0]), ValueError, r"expected weight of shape \(out, in/groups, 1 axis\); got \(2, 3\)"),
        (lambda: anp.conv1d(X, W[:, :1]), ValueError, r"x's channels \(2\) to be weight's second axis \(1\)"),
        (lambda: anp.conv1d(X, W, groups=2), ValueError, "a multiple of groups"),
        (lambda: anp.conv1d(X, W, np.ones(2)), ValueError, r"expected a bias of shape \(3,\).*got \(2,\)"),
        (lambda: anp.conv1d(X, W, stride=0), ValueError, "expected stride to be an integer of at least 1.*got 0"),
        (lambda: anp.conv1d(X, W, stride=1.5), ValueError, "expected stride to be an integer.*got 1.5"),
        (lambda: anp.conv1d(X, W, padding="SAME"), ValueError, "'same', 'valid' or sizes; got 'SAME'"),
        (lambda: anp.conv1d(X, W, padding=(1, 2)), ValueError, "expected padding"),
        (lambda: anp.conv1d(X, W, dilation=4), ValueError, "to fit into the padded input.*Pad more"),
        (lambda: anp.conv_transpose1d(X, W), ValueError, r"x's channels \(2\) to be weight's first axis \(3\)"),
        (lambda: anp.conv_transpose1d(X, W[:2], output_padding=1), ValueError, "output_padding below the stride"),
        (lambda: anp.conv_transpose1d(X, W[:2], padding=9), ValueError, "at least one place"),
        (lambda: anp.max_pool1d(X, 2, padding=2), ValueError, "at most half the window"),
        (lambda: anp.max_pool1d(X, 6), ValueError, "to fit into the padded input"),
        (lambda: anp.avg_pool1d(X, 2, divisor_override=0), ValueError, "divisor_override"),
        (lambda: anp.fold(X, 3, 2), ValueError, "a multiple of 4"),
        (lambda: anp.sliding_window_view(X, 6, -1), ValueError, "no larger than the axes"),
        (lambda: anp.sliding_window_view(X, (1, 2)), ValueError, "one size per axis"),
        (lambda: anp.sliding_window_view(X, 1, 0, writeable=True), ValueError, "Copy the result"),
        (lambda: anp.linear(X, np.ones((4, 3))), ValueError, r"x's last axis \(5\) must equal weight's last \(3\)"),
        (lambda: anp.cross_entropy(X[0], np.array([0, 5])), IndexError, "labels from 0 to 4.*got 5"),
        (lambda: anp.cross_entropy(X[0], np.array([0])), ValueError, r"labels of shape \(2,\)"),
        (
            lambda: anp.cross_entropy(X[0], np.ones(2)),
            TypeError,
            "expected integer labels; got float64",
        ),
        (lambda: anp.layer_norm(X, 4), ValueError, r"layer_norm: expected an input with the last axes \(4,\)"),
        (lambda: anp.group_norm(X, 3), ValueError, r"group_norm: expected the channels \(axis 1: 2\) to be a multiple"),
        (lambda: anp.batch_norm(X, weight=np.ones(3)), ValueError, r"as many channels \(axis 1\) as weight has \(3\)"),
        (lambda: anp.batch_norm(X[:, :, 0], training=True), ValueError, "more than one value per channel"),
        (lambda: anp.embedding([3], np.ones((3, 2))), IndexError, "embedding: expected indices from 0 to 2; got 3"),
        (
            lambda: anp.embedding([1.0], np.ones((3, 2))),
            TypeError,
            "embedding: expected integer indices; got float64. Cast them",
        ),
        (lambda: anp.dropout(X, 1.5), ValueError, "dropout: expected a probability from 0 to 1; got 1.5"),
        (lambda: anp.binary_cross_entropy(X, X, 0.7), ValueError, "epsilon between 0 and 1/2; got 0.7"),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


# Halves ------------------------------------------------------------------------------------------------------


N, THIRD = 5000, float(np.float16(1 / 3))
HALVES: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
    "softmax": (lambda x: anp.softmax(x, axis=0), (np.zeros((N, 2)),), np.full((N, 2), 1 / N)),
    "log_softmax": (lambda x: anp.log_softmax(x, axis=0), (np.zeros((N, 2)),), np.full((N, 2), -np.log(N))),
    "softmax of many": (anp.softmax, (np.zeros((1, 100_000)),), np.full((1, 100_000), 1e-5)),
    "log_softmax of many": (anp.log_softmax, (np.zeros((1, 100_000)),), np.full((1, 100_000), -np.log(1e5))),
    "labels": (lambda x: anp.cross_entropy(x, [7]), (np.zeros((1, 100_000)),), [np.log(1e5)]),
    "shares": (anp.cross_entropy, (np.zeros((1, 100_000)), np.full((1, 100_000), 1e-5)), [np.log(1e5)]),
    "layer_norm": (lambda x: anp.layer_norm(x, 2 * N), (np.tile([300.0, -300.0], N)[None],), [np.tile([1, -1], N)]),
    "avg_pool": (lambda x: anp.avg_pool1d(x, N), (np.full((1, 1, N), 300.0),), [[[300.0]]]),
    "conv": (anp.conv1d, (np.full((1, 1, N), 1 / 3), np.ones((1, 1, N))), [[[N * THIRD]]]),
    "linear": (anp.linear, (np.full((1, N), 1 / 3), np.ones((1, N))), [[N * THIRD]]),
    "einsum": (lambda x: anp.einsum("ij->j", x), (np.full((N, 2), 1 / 3),), [N * THIRD] * 2),
    "norm": (lambda x: anp.linalg.norm(x, axis=0), (np.full((4, 2), 300.0),), [600.0] * 2),
}


@pytest.mark.parametrize("name", HALVES)
def test_halves_are_summed_in_float32(name: str, backend: backends.Backend) -> None:
    function, args, wanted = HALVES[name]
    out = function(*[tensor(backend.asarray(a.astype(np.float16))) for a in args])
    assert out.dtype == np.float16
    np.testing.assert_allclose(to_numpy(out).astype(float), wanted, rtol=2e-3)


GATHERED: dict[str, tuple[Any, tuple[int, ...], Any]] = {
    "bias": (lambda b: anp.linear(np.ones((N, 2), np.float16), np.zeros((3, 2), np.float16), b), (3,), [N] * 3),
    "weight": (lambda w: anp.linear(np.full((N, 2), 1 / 3, np.float16), w), (3, 2), np.full((3, 2), N * THIRD)),
    "embedding": (lambda w: anp.embedding(np.zeros(N, int), w), (2, 2), [[N, N], [0, 0]]),
    "take": (lambda x: anp.take(x, np.zeros(N, int)), (4,), [N, 0, 0, 0]),
    "rows": (lambda x: x[np.zeros(N, int)], (2, 2), [[N, N], [0, 0]]),
    "filter": (lambda w: anp.conv1d(np.full((1, 1, N), 1 / 3, np.float16), w), (1, 1, 1), [[[N * THIRD]]]),
    "windows": (lambda x: anp.avg_pool1d(x, 3000, 1) * 3000, (1, 1, 5999), None),
}


@pytest.mark.parametrize("name", GATHERED)
def test_gradients_in_halves_are_summed_in_float32(name: str) -> None:
    function, shape, wanted = GATHERED[name]
    x = tensor(np.zeros(shape, np.float16), requires_grad=True)
    function(x).sum().backward()
    assert x.grad.dtype == np.float16
    if wanted is None:
        wanted = np.minimum(np.arange(1, 6000), np.arange(5999, 0, -1)).reshape(shape)
    np.testing.assert_allclose(x.grad.numpy().astype(float), wanted, rtol=2e-3)

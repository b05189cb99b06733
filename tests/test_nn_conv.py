"""Convolution and pooling layers against PyTorch's recorded modules; laziness, shapes, a recorded training, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
import nn
import nn.functional as F
from autograd import Tensor, gradients, tensor
from tests.helpers import to_numpy
from tests.nn_recorded import Recording, close, place, repeat

SEQUENCE = Recording("torch_sequence")
TOLERANCE = {"float64": 1e-11, "float32": 1e-5}
LAYERS: dict[str, Any] = {
    "conv1d": lambda: nn.Conv1d(4, 3, 3, stride=2, padding=1),
    "conv2d": lambda: nn.Conv2d(4, 3, 3, padding=1),
    "conv2d/groups": lambda: nn.Conv2d(4, 6, (3, 2), groups=2, dilation=(1, 2), bias=False),
    "conv2d/reflect": lambda: nn.Conv2d(4, 2, 3, padding=1, padding_mode="reflect"),
    "conv3d": lambda: nn.Conv3d(2, 3, 2, padding=(1, 0, 1)),
    "conv_transpose1d": lambda: nn.ConvTranspose1d(4, 3, 3, stride=2, output_padding=1),
    "conv_transpose2d": lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1),
    "conv_transpose3d": lambda: nn.ConvTranspose3d(2, 2, 2, stride=2),
}


def test_every_recorded_convolution_is_here() -> None:
    assert set(SEQUENCE.names("conv")) == set(LAYERS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    layer = LAYERS[name]().to(dtype)
    layer.load_state_dict({k: v for k, v in SEQUENCE.part(name, "in").items() if k != "x"})
    parameters = dict(layer.named_parameters())
    repeat(SEQUENCE, name, lambda x, **_: layer(x), dtype, TOLERANCE[dtype], **parameters)


POOLS = [
    (nn.MaxPool1d(2), (3, 8)),
    (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (3, 8, 9)),
    (nn.MaxPool3d(2), (1, 4, 4, 4)),
    (nn.AvgPool1d(3, 1), (3, 8)),
    (nn.AvgPool2d(2, padding=1, count_include_pad=False), (3, 8, 9)),
    (nn.AvgPool3d(2, divisor_override=3), (1, 4, 4, 4)),
    (nn.AdaptiveAvgPool1d(3), (3, 8)),
    (nn.AdaptiveAvgPool2d((2, None)), (3, 8, 9)),
    (nn.AdaptiveAvgPool3d(2), (1, 4, 4, 4)),
    (nn.AdaptiveMaxPool1d(3), (3, 8)),
    (nn.AdaptiveMaxPool2d(2), (3, 8, 9)),
    (nn.AdaptiveMaxPool3d(2), (1, 4, 4, 4)),
    (nn.GlobalAveragePool1d(), (3, 8)),
    (nn.GlobalAveragePool2d(keepdims=True), (3, 8, 9)),
    (nn.GlobalAveragePool3d(), (1, 4, 4, 4)),
    (nn.GlobalMaxPool1d(), (3, 8)),
    (nn.GlobalMaxPool2d(), (3, 8, 9)),
    (nn.GlobalMaxPool3d(keepdims=True), (1, 4, 4, 4)),
]


@pytest.mark.parametrize(("layer", "shape"), POOLS, ids=lambda value: type(value).__name__)
def test_pools_know_their_shapes(layer: nn.Module, shape: tuple[int, ...], backend: backends.Backend) -> None:
    x = backend.asarray(np.random.default_rng(0).normal(size=(2, *shape)).astype("float32"))
    out = layer(x)
    assert layer.build_for(shape) == out.shape[1:]
    assert out.dtype == "float32"
    values = to_numpy(x)
    axes = tuple(range(2, values.ndim))
    if "Global" in type(layer).__name__:
        wanted = values.mean(axes, keepdims=layer.keepdims) if "Average" in type(layer).__name__ else None
        wanted = values.max(axes, keepdims=layer.keepdims) if wanted is None else wanted
        np.testing.assert_allclose(to_numpy(out), wanted, rtol=1e-6)


def test_pool_layers_pass_their_options_on() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 9))
    layer = nn.MaxPool2d(3, 2, padding=1, dilation=1, return_indices=True, ceil_mode=True)
    for found, wanted in zip(layer(x), F.max_pool2d(x, 3, 2, 1, 1, True, True), strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(nn.AvgPool2d(3, 2, 1, True, False)(x), F.avg_pool2d(x, 3, 2, 1, True, False))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(None, 6, 3, stride=2, padding="same", groups=2),
        nn.Conv2d(None, 6, (3, 2), padding=(1, 0), dilation=2, activation="relu"),
        nn.Conv2d(None, 6, 3, padding="same", padding_mode="circular"),
        nn.ConvTranspose2d(None, 6, 3, stride=2, padding=1, output_padding=(1, 0), groups=2),
    ],
)
def test_the_first_batch_tells_the_channels(layer: nn.Module) -> None:
    assert not layer.is_built()
    out = layer(np.zeros((2, 4, 9, 8), "float32"))
    assert layer.weight.shape[0 if isinstance(layer, nn.ConvTranspose2d) else 1] in (2, 4)
    assert layer.build_for((4, 9, 8)) == out.shape[1:]
    assert out.dtype == "float32"


def test_a_sequence_finds_its_sizes_from_the_input_shape() -> None:
    model = nn.Sequential(
        [
            nn.Conv2d(None, 4, 3, padding="same", activation="relu", input_shape=(1, 8, 8)),
            nn.MaxPool2d(2),
            nn.Conv2d(None, 8, 3),
            nn.GlobalAveragePool2d(),
            nn.Dense(3),
        ]
    )
    assert model(np.zeros((5, 1, 8, 8), "float32")).shape == (5, 3)
    assert "Conv2d(1, 4, kernel_size=(3, 3), padding='same', activation='relu')" in repr(model)


def test_weights_start_where_pytorchs_do() -> None:
    layer = nn.Conv2d(8, 64, 3)
    for values in (to_numpy(layer.weight), to_numpy(layer.bias)):
        limit = (8 * 9) ** -0.5
        assert np.abs(values).max() <= limit
        assert abs(values.std() - limit / 3**0.5) < 0.25 * limit


def test_five_steps_of_a_convolutional_net_are_pytorchs() -> None:
    name = "train/conv"
    options = SEQUENCE.cases[name]
    net = nn.Sequential(
        [nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4)]
    ).to("float64")
    spelled = {k: k if k in net.state_dict() else f"layers.{k}" for k in SEQUENCE.part(name, "start")}
    net.load_state_dict({spelled[k]: v for k, v in SEQUENCE.part(name, "start").items()}, strict=False)
    x, target = SEQUENCE.part(name, "in").values()
    optimiser = nn.optim.SGD(net.parameters(), lr=options["lr"], momentum=options["momentum"])
    losses = []
    for _ in range(5):
        optimiser.zero_grad()
        loss = F.cross_entropy(net(Tensor(x)), target)
        loss.backward()
        losses.append(float(loss))
        optimiser.step()
    recorded = SEQUENCE.get(f"{name}/losses")
    assert recorded is not None
    np.testing.assert_allclose(losses, recorded, rtol=1e-10)
    after = net.state_dict()
    for k, wanted in SEQUENCE.part(name, "end").items():
        close(after[k if k in after else f"layers.{k}"], wanted, 1e-9, f"{name}: {k} after five steps")


def test_a_gradient_of_a_gradient_goes_through_a_small_net(backend: backends.Backend) -> None:
    layer = nn.Conv2d(1, 2, 2).to("float64")
    x = tensor(place(np.random.default_rng(0).normal(size=(1, 1, 4, 4)), "float64"), requires_grad=True)

    (g,) = gradients(anp.sum(F.max_pool2d(anp.tanh(layer(x)), 2)), [x], create_graph=True)
    anp.sum(g * g).backward()
    assert layer.weight.grad is not None and float(anp.max(anp.abs(layer.weight.grad))) > 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Conv2d(3, 4, 0), "kernel_size to be an integer of at least 1.*got 0"),
        (lambda: nn.Conv2d(3, 0, 2), "out_channels to be a positive integer; got 0"),
        (lambda: nn.Conv2d(3, 4, 2, groups=2), r"in_channels \(3\) to be a multiple of groups \(2\)"),
        (lambda: nn.Conv2d(4, 3, 2, groups=2), r"out_channels \(3\) to be a multiple of groups"),
        (lambda: nn.Conv2d(3, 4, 2, padding="full"), "'same', 'valid' or sizes; got 'full'"),
        (lambda: nn.Conv2d(3, 4, 2, padding_mode="mirror"), "zeros, reflect, replicate, circular; got 'mirror'"),
        (lambda: nn.Conv2d(3, 4, 2)(np.zeros((1, 2, 5, 5), "float32")), r"x's channels \(2\)"),
        (lambda: nn.GlobalMaxPool2d()(np.zeros((1, 2, 5))), r"\(batch, channels, 2 more axes\); got \(1, 2, 5\)"),
    ],
)
def test_errors_say_what_came_and_what_to_do(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()

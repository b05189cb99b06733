"""Layers and activations against PyTorch's and Keras's recorded values and gradients; modes, laziness, errors."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
import nn
import nn.functional as F
from autograd import Tensor, check_grads, no_grad, tensor
from nn import activations, layers
from tests.helpers import to_numpy
from tests.nn_recorded import KERAS, TORCH, close, place, repeat

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def case_id(name: str) -> str:
    return name.partition("/")[2]


# Activations -------------------------------------------------------------------------------------------------

TORCH_ACTIVATIONS = [name for name in TORCH.names("activation/") if not name.startswith("activation/prelu")]
# Recorded name -> (function, class).
ACTIVATIONS: dict[str, tuple[Any, Any]] = {
    "relu": (F.relu, nn.ReLU),
    "relu6": (F.relu6, nn.ReLU6),
    "leaky_relu": (F.leaky_relu, nn.LeakyReLU),
    "elu": (F.elu, nn.ELU),
    "selu": (F.selu, nn.SELU),
    "celu": (F.celu, nn.CELU),
    "gelu": (F.gelu, nn.GELU),
    "gelu_tanh": (F.gelu, nn.GELU),
    "silu": (F.silu, nn.SiLU),
    "mish": (F.mish, nn.Mish),
    "softplus": (F.softplus, nn.Softplus),
    "softsign": (F.softsign, nn.Softsign),
    "tanh": (F.tanh, nn.Tanh),
    "sigmoid": (F.sigmoid, nn.Sigmoid),
    "hardtanh": (F.hardtanh, nn.Hardtanh),
    "hardsigmoid": (F.hardsigmoid, nn.Hardsigmoid),
    "hardswish": (F.hardswish, nn.Hardswish),
    "logsigmoid": (F.logsigmoid, nn.LogSigmoid),
    "tanhshrink": (F.tanhshrink, nn.Tanhshrink),
    "softshrink": (F.softshrink, nn.Softshrink),
    "hardshrink": (F.hardshrink, nn.Hardshrink),
    "threshold": (F.threshold, nn.Threshold),
    "softmax": (F.softmax, nn.Softmax),
    "log_softmax": (F.log_softmax, nn.LogSoftmax),
    "glu": (F.glu, nn.GLU),
}


# Softplus: PyTorch returns x past a threshold, where the two differ by less. Its hardsigmoid has 1/6 in float32.
LOOSER = {"softplus": 2e-9, "hardsigmoid": 1e-7}


def torch_options(name: str) -> dict[str, Any]:
    options = dict(TORCH.cases[name])
    options.pop("threshold" if "softplus" in name else "", None)
    return options


def test_every_recorded_activation_is_here() -> None:
    assert {name.split("/")[1] for name in TORCH_ACTIVATIONS} == set(ACTIVATIONS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("form", [0, 1], ids=["function", "class"])
@pytest.mark.parametrize("name", TORCH_ACTIVATIONS, ids=case_id)
def test_activations_are_pytorchs(name: str, form: int, dtype: str, backend: backends.Backend) -> None:
    function, cls = ACTIVATIONS[name.split("/")[1]]
    options = torch_options(name)
    call = cls(**options) if form else lambda x: function(x, **options)
    tolerance = max(TOLERANCE[dtype], LOOSER.get(name.split("/")[1], 0))
    repeat(TORCH, name, lambda x: call(x), dtype, tolerance)


@pytest.mark.parametrize("name", TORCH.names("activation/prelu"), ids=case_id)
def test_prelu_learns_its_slope(name: str, backend: backends.Backend) -> None:
    layer = nn.PReLU(len(TORCH.part(name, "in")["weight"])).to("float64")
    layer.load_state_dict({"weight": TORCH.part(name, "in")["weight"]})
    repeat(TORCH, name, lambda x, weight: layer(x), "float64", 1e-12, weight=layer.weight)


KERAS_FUNCTIONS = {
    "exponential": activations.exponential,
    "squareplus": F.squareplus,
    "sparse_plus": F.sparse_plus,
    "relu": F.relu,
    "gelu": F.gelu,
    "leaky_relu": F.leaky_relu,
}


@pytest.mark.parametrize("name", KERAS.names("activation/"), ids=case_id)
def test_activations_are_kerass(name: str, backend: backends.Backend) -> None:
    kind = name.split("/")[1]
    options = dict(KERAS.cases[name])
    function = KERAS_FUNCTIONS.get(kind) or activations.get(kind)
    assert function is not None
    if kind == "gelu":
        options["approximate"] = "tanh" if options.get("approximate") else "none"
    if kind == "leaky_relu":
        options.setdefault("negative_slope", 0.2)
    repeat(KERAS, name, lambda x: function(x, **options), "float64", 1e-6)


@pytest.mark.parametrize("name", activations.NAMED)
def test_named_activations_run_in_a_layer_and_keep_float32(name: str) -> None:
    layer = nn.Dense(4, activation=name, input_shape=(3,))
    out = layer(np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3))
    assert out.dtype == "float32" and np.isfinite(to_numpy(out)).all()
    assert activations.get(activations.name_of(layer.activation)) is layer.activation


def test_activation_by_name_function_class_or_layer() -> None:
    x = np.array([[-1.0, 2.0]])
    for spelling in ("relu", F.relu, nn.ReLU, nn.ReLU()):
        found = activations.get(spelling)
        assert found is not None
        np.testing.assert_array_equal(found(x), [[0.0, 2.0]])
    with pytest.raises(ValueError, match="got 'rellu'"):
        activations.get("rellu")
    with pytest.raises(TypeError, match="a name, a function or None; got int"):
        activations.get(3)
    with pytest.raises(ValueError, match="even size along axis -1; got 3"):
        F.glu(np.ones(3))


# Layers of PyTorch ---------------------------------------------------------------------------------------------


def build_torch(name: str) -> nn.Module:
    """The layer that PyTorch's printed module names; Sequential and its entries included."""
    lines = TORCH.cases[name]["module"].split("\n")

    def one(text: str) -> nn.Module:
        cls, arguments = re.fullmatch(r"(\w+)\((.*)\)", text.strip(), re.S).groups()  # type: ignore[union-attr]
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        args = [ast.literal_eval(a) for a in call.args]
        options = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
        known = {
            "BatchNorm1d": {"bias": None},
            "BatchNorm2d": {"bias": None},
            "Dropout": {"inplace": None},
        }.get(cls, {})
        return getattr(nn, cls)(*args, **{str(k): v for k, v in options.items() if k not in known})

    if lines[0] == "Sequential(":
        return nn.Sequential(*[one(line.partition(": ")[2]) for line in lines[1:-1]])
    return one("\n".join(lines))


LAYERS = TORCH.names("layer/")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LAYERS, ids=case_id)
def test_layers_are_pytorchs(name: str, dtype: str, backend: backends.Backend) -> None:
    layer = build_torch(name).to(dtype).train(TORCH.cases[name]["training"])
    inputs, buffers = TORCH.part(name, "in"), TORCH.part(name, "buffer")
    own = dict(layer.named_parameters())
    report = layer.load_state_dict(
        {key: value for key, value in {**inputs, **buffers}.items() if not key.startswith("x")}, strict=False
    )
    assert not report.unexpected and not report.mismatched
    assert set(report.missing) <= {"num_batches_tracked"}

    def call(**given: Any) -> Any:
        return layer(*[value for key, value in given.items() if key.startswith("x")])

    repeat(TORCH, name, call, dtype, TOLERANCE[dtype], **own)
    for key, after in TORCH.part(name, "buffer_after").items():
        close(dict(layer.named_buffers())[key], after, TOLERANCE[dtype], f"{name}: {key} afterwards")
    assert set(own) == {key for key in inputs if not key.startswith("x")}


def test_group_norm_against_its_definition(backend: backends.Backend) -> None:
    x = np.random.default_rng(0).normal(size=(2, 6, 4))
    layer = nn.GroupNorm(3, 6, eps=1e-3).to("float64")
    grouped = x.reshape(2, 3, 8)
    expected = (grouped - grouped.mean(-1, keepdims=True)) / np.sqrt(grouped.var(-1, keepdims=True) + 1e-3)
    close(layer(place(x, "float64")), expected.reshape(x.shape), 1e-12, "group norm")
    last = nn.GroupNorm(3, 6, eps=1e-3, axis=-1).to("float64")
    close(last(place(np.moveaxis(x, 1, -1), "float64")), np.moveaxis(expected.reshape(x.shape), 1, -1), 1e-12, "last")


def test_norms_have_gradients_of_two_orders() -> None:
    x = np.random.default_rng(1).normal(size=(3, 4))
    weight = np.linspace(0.5, 1.5, 4)
    for function in (
        lambda x: F.layer_norm(x, (4,), weight),
        lambda x: F.rms_norm(x, (4,), weight),
        lambda x: F.group_norm(x, 2, weight),
        lambda x: F.batch_norm(x, weight=weight, training=True),
    ):
        check_grads(lambda x, f=function: anp.sum(anp.sin(f(x))), order=2)(x)


@given(
    lead=st.lists(st.integers(0, 3), max_size=3),
    sizes=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    bias=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**31),
)
def test_linear_over_any_leading_axes(
    lead: list[int], sizes: tuple[int, int], bias: bool, dtype: str, seed: int
) -> None:
    layer = nn.Linear(*sizes, bias=bias, dtype=dtype)
    values = np.random.default_rng(seed).normal(size=(*lead, sizes[0])).astype(dtype)
    x = Tensor(values, requires_grad=True)
    out = layer(x)
    weight = to_numpy(layer.weight)
    expected = np.tensordot(values, weight, axes=(-1, 1)) + (to_numpy(layer.bias) if bias else 0)
    close(out, expected, 1e-5 if dtype == "float32" else 1e-12, "x · Wᵀ + b")
    anp.sum(out).backward()
    assert x.grad is not None and layer.weight is not None and layer.weight.grad is not None
    assert x.grad.dtype == layer.weight.grad.dtype == dtype
    close(x.grad, np.broadcast_to(weight.sum(0), values.shape), 1e-5, "gradient for x")
    rows = values.reshape(-1, sizes[0]).sum(0)
    close(layer.weight.grad, np.broadcast_to(rows, weight.shape), 1e-4, "gradient for the weight")


@given(
    shape=st.tuples(st.integers(2, 5), st.integers(2, 6)),
    scale=st.floats(0.1, 100),
    shift=st.floats(-100, 100),
    seed=st.integers(0, 2**31),
)
def test_norms_forget_scale_and_shift(shape: tuple[int, int], scale: float, shift: float, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=shape)
    for norm in (
        lambda x: F.layer_norm(x, (shape[1],), eps=0.0),
        lambda x: F.batch_norm(x, training=True, eps=0.0),
        lambda x: F.group_norm(x, 1, eps=0.0),
    ):
        np.testing.assert_allclose(norm(scale * x + shift), norm(x), atol=1e-6)
    np.testing.assert_allclose(
        F.rms_norm(scale * x, (shape[1],), eps=0.0), F.rms_norm(x, (shape[1],), eps=0.0), atol=1e-9
    )


# Layers of Keras -----------------------------------------------------------------------------------------------

KERAS_LAYERS: dict[str, Any] = {
    "dense": lambda c: nn.Dense(c["units"], c["activation"], c["use_bias"]),
    "batch_normalization": lambda c: nn.BatchNormalization(c["axis"], c["momentum"], c["epsilon"]),
    "layer_normalization": lambda c: nn.LayerNormalization(c["axis"][0], c["epsilon"]),
    "rms_normalization": lambda c: nn.RMSNorm(4, c["epsilon"]),
    "group_normalization": lambda c: nn.GroupNorm(c["groups"], 4, c["epsilon"], axis=c["axis"]),
}
NAMES = {"gamma": "weight", "beta": "bias", "scale": "weight", "kernel": "weight", "bias": "bias"}
STATE = {"moving_mean": "running_mean", "moving_variance": "running_var"}


@pytest.mark.parametrize("name", [n for n in KERAS.names("layer/") if n.split("/")[1] in KERAS_LAYERS], ids=case_id)
def test_layers_are_kerass(name: str, backend: backends.Backend) -> None:
    kind = name.split("/")[1]
    layer = KERAS_LAYERS[kind](KERAS.cases[name]["config"])
    inputs = KERAS.part(name, "in")
    with no_grad():
        layer(place(inputs["x"], "float32"))  # sizes it
    layer.to("float64").train(name.endswith("train"))
    given = {}
    for key, value in inputs.items():
        if key in NAMES:
            with no_grad():
                getattr(layer, NAMES[key])[...] = place(value.T if key == "kernel" else value, "float64")
            given[key] = getattr(layer, NAMES[key])
        elif key in STATE:
            getattr(layer, STATE[key])[...] = place(value, "float64")
    kernel = given.pop("kernel", None)
    grads = KERAS.part(name, "grad")
    x = Tensor(place(inputs["x"], "float64"), requires_grad=True)
    out = layer(x)
    expected, cotangent = KERAS.get(f"{name}/out"), KERAS.get(f"{name}/cotangent")
    assert expected is not None and cotangent is not None
    close(out, expected, 1e-6, name)
    anp.sum(out * place(cotangent, "float64")).backward()
    for key, parameter in {"x": x, **given}.items():
        close(parameter.grad, grads[key], 1e-6, f"{name}: gradient for {key}")
    if kernel is not None:
        close(kernel.grad, grads["kernel"].T, 1e-6, f"{name}: gradient for kernel")
    for key, after in KERAS.part(name, "after").items():
        close(getattr(layer, STATE[key]), after, 1e-6, f"{name}: {key} afterwards")


# Dense ---------------------------------------------------------------------------------------------------------


def test_dense_and_linear_are_one_layer() -> None:
    assert issubclass(nn.Dense, nn.Linear) and nn.layers.Dense is nn.Dense
    assert nn.Dense.forward is nn.Linear.forward
    assert nn.Linear(4, 3).weight.shape == nn.Dense(3, input_shape=(4,)).weight.shape == (3, 4)


def test_dense_is_the_documents_formula(backend: backends.Backend) -> None:
    """h = f(W·x + b), §4.1, for a batch of rows."""
    layer = nn.Dense(3, activation="tanh", input_shape=(2,))
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    w, b = to_numpy(layer.weight), to_numpy(layer.bias)
    close(layer(place(x, "float32")), np.stack([np.tanh(w @ row + b) for row in x]), 1e-6, "f(W·x + b)")


def test_lazy_dense_is_built_on_its_inputs_backend(device_backend: backends.Backend) -> None:
    layer = nn.Dense(3)
    assert layer.weight is None and not layer.is_built()
    x = device_backend.asarray(np.ones((2, 4), "float32"))
    with backends.use("numpy"):
        out = layer(x)
    assert layer.weight is not None and layer.weight.backend is device_backend
    assert out.shape == (2, 3) and layer.in_features == 4


DENSE_ERRORS = [
    (lambda: nn.Linear(4, 0), ValueError, "out_features to be a positive integer; got 0"),
    (lambda: nn.Linear(4.0, 2), ValueError, "in_features to be a positive integer; got 4.0"),  # type: ignore[arg-type]
    (
        lambda: nn.Linear(4, 2)(np.ones((3, 5), "float32")),
        ValueError,
        r"x's last axis \(5\) must equal weight's last \(4\)",
    ),
    (lambda: nn.Dense(2, kernel_initializer="glorot"), ValueError, "expected one of zeros, .*; got 'glorot'"),
    (lambda: nn.Dense(2, activation="rlu"), ValueError, "expected one of relu, .*; got 'rlu'"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "one of the 3 rows; got 3"),
    (lambda: nn.Embedding(3, 2)(np.array([0, 3])), IndexError, "indices from 0 to 2; got 3"),
    (lambda: nn.Embedding(3, 2)(np.array([-1])), IndexError, "indices from 0 to 2; got -1"),
    (lambda: nn.Embedding(3, 2)(np.array([0.0])), TypeError, "integer indices; got float64"),
    (lambda: nn.Dropout(1.5), ValueError, "from 0 to 1; got 1.5"),
    (lambda: nn.GroupNorm(4, 6), ValueError, r"num_channels \(6\) to be a multiple of num_groups \(4\)"),
    (lambda: nn.LayerNorm(3)(np.ones((2, 4), "float32")), ValueError, r"last axes \(3,\); got \(2, 4\)"),
    (lambda: nn.BatchNorm1d(3)(np.ones((2, 4), "float32")), ValueError, "as many channels"),
    (lambda: nn.BatchNorm1d(3)(np.ones((1, 3), "float32")), ValueError, "more than one value per channel"),
    (lambda: nn.BatchNorm2d(3)(np.ones((2, 3), "float32")), ValueError, "an input of 4 axes; got shape"),
    (lambda: nn.LayerNormalization(axis=1), ValueError, "a negative axis"),
    (lambda: nn.Flatten(2, 1)(np.ones((2, 3, 4))), ValueError, "start_dim .2. to come before end_dim .1."),
]


@pytest.mark.parametrize(("call", "kind", "text"), DENSE_ERRORS)
def test_errors_say_what_was_expected(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


# Dropout, batch norm: modes ------------------------------------------------------------------------------------


def test_dropout_keeps_the_mean_and_hides_the_same_entries_in_the_gradient(backend: backends.Backend) -> None:
    nn.set_random_seed(0)
    x = Tensor(place(np.ones((200, 100)), "float32"), requires_grad=True)
    out = nn.Dropout(0.25)(x)
    values = to_numpy(out)
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (values == 0).mean() == pytest.approx(0.25, abs=5 * (0.25 * 0.75 / values.size) ** 0.5)
    anp.sum(out).backward()
    np.testing.assert_array_equal(to_numpy(x.grad), values)


def test_dropout_repeats_with_the_seed_and_is_off_in_evaluation() -> None:
    x = np.ones(50, "float32")
    layer = nn.Dropout(0.5)
    nn.set_random_seed(3)
    first, second = layer(x), layer(x)
    nn.set_random_seed(3)
    np.testing.assert_array_equal(layer(x), first)
    assert (first != second).any()
    assert layer.eval()(x) is x
    assert not nn.Dropout(1.0)(x).any() and nn.Dropout(0.0)(x) is x


def test_batch_norm_of_untracked_statistics_and_of_several_batches() -> None:
    stream = np.random.default_rng(0)
    batches = stream.normal(2.0, 3.0, (40, 64, 5)).astype("float32")
    layer = nn.BatchNorm1d(5, momentum=None)
    for batch in batches:
        layer(batch)
    assert layer.num_batches_tracked is not None and layer.num_batches_tracked.item() == 40
    close(layer.running_mean, batches.mean((0, 1)), 1e-4, "the plain average")
    close(layer.running_var, np.stack([b.var(0, ddof=1) for b in batches]).mean(0), 1e-4, "the average variance")
    out = layer.eval()(batches.reshape(-1, 5))
    assert abs(to_numpy(out).mean()) < 1e-3 and to_numpy(out).std() == pytest.approx(1, abs=1e-2)


def test_batch_norms_state_has_pytorchs_names_and_stays_integer() -> None:
    layer = nn.BatchNorm1d(3)
    assert set(layer.state_dict()) == {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
    layer.to("float64")
    assert layer.num_batches_tracked is not None and layer.num_batches_tracked.dtype == "int64"
    assert layer.running_mean is not None and layer.running_mean.dtype == "float64"
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]


# Shapes --------------------------------------------------------------------------------------------------------


def test_embedding_adds_up_repeated_rows_and_skips_padding(backend: backends.Backend) -> None:
    layer = nn.Embedding(4, 2, padding_idx=-4)
    anp.sum(layer(place(np.array([1, 1, 0, 3]), "int64"))).backward()
    assert layer.weight.grad is not None
    assert to_numpy(layer.weight.grad).tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]
    assert to_numpy(layer.weight)[0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("layer", "shape", "after"),
    [
        (nn.Flatten(), (2, 3, 4), (2, 12)),
        (nn.Flatten(0), (2, 3, 4), (24,)),
        (nn.Flatten(1, 2), (2, 3, 4, 5), (2, 12, 5)),
        (nn.Reshape((4, -1)), (2, 12), (2, 4, 3)),
        (nn.Unflatten(-1, (3, 4)), (2, 12), (2, 3, 4)),
        (nn.Identity(1, a=2), (2, 3), (2, 3)),
        (nn.Flatten(), (0, 3, 4), (0, 12)),
    ],
)
def test_shapes(layer: nn.Module, shape: tuple[int, ...], after: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape), dtype="float64").reshape(shape)
    assert layer(x).shape == after
    np.testing.assert_array_equal(np.ravel(layer(x)), np.ravel(x))
    foreseen = layer.build_for(shape[1:])
    assert foreseen is None or foreseen == after[1:]


@pytest.mark.parametrize("name", sorted(set(layers.__all__)))
def test_every_layer_has_a_repr_and_a_docstring(name: str) -> None:
    cls = getattr(layers, name)
    assert cls.__doc__ and getattr(nn, name) is cls


def test_float64_is_kept_when_asked() -> None:
    model = nn.Sequential(nn.Linear(3, 4, dtype="float64"), nn.LayerNorm(4, dtype="float64"), nn.Tanh())
    x = tensor(np.ones((2, 3)), requires_grad=True)
    out = model(x)
    anp.sum(out).backward()
    assert out.dtype == "float64" and all(p.grad is not None and p.grad.dtype == "float64" for p in model.parameters())

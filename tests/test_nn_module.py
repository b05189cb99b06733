"""Modules: what is found by looking at attributes, state, modes, moving, hooks, Sequential, summary and repr."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd.numpy as anp
import backends
import nn
from autograd import GraphError, Tensor, tensor
from tests.helpers import to_numpy


class Block(nn.Module):
    """Two layers with a way round them."""

    def __init__(self, width: int) -> None:
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: Any) -> Any:
        return x + self.outer(anp.tanh(self.inner(x)))


class Nested(nn.Module):
    """Everything a module may hold."""

    buffers = ("seen", "constants")

    def __init__(self) -> None:
        self.scale = nn.parameter(2.0)
        self.seen = tensor(np.zeros(2, "float32"))
        self.blocks = [Block(2), Block(2)]
        self.pair = (nn.Linear(2, 2, bias=False), nn.parameter([1.0, 2.0]))
        self.by_name = {"first": nn.Linear(2, 1), "deep": [{"w": nn.parameter(3.0)}]}
        self.number, self.text, self.nothing, self.numbers = 3, "x", None, [1, 2, "three"]

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return self.by_name["first"](self.pair[0](x) * self.pair[1]) * self.scale * self.by_name["deep"][0]["w"]


NAMES = [
    "scale",
    "blocks.0.inner.weight",
    "blocks.0.inner.bias",
    "blocks.0.outer.weight",
    "blocks.0.outer.bias",
    "blocks.1.inner.weight",
    "blocks.1.inner.bias",
    "blocks.1.outer.weight",
    "blocks.1.outer.bias",
    "pair.0.weight",
    "pair.1",
    "by_name.first.weight",
    "by_name.first.bias",
    "by_name.deep.0.w",
]


def test_parameters_are_found_wherever_they_are() -> None:
    net = Nested()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_buffers()] == ["seen"]
    assert [id(p) for p in net.parameters()] == [id(p) for _, p in net.named_parameters()]
    assert set(net.state_dict()) == {*NAMES, "seen"}
    assert [path for path, _ in net.named_modules()] == [
        "",
        "blocks.0",
        "blocks.0.inner",
        "blocks.0.outer",
        "blocks.1",
        "blocks.1.inner",
        "blocks.1.outer",
        "pair.0",
        "by_name.first",
    ]


def test_children_are_the_next_level() -> None:
    net = Nested()
    assert [name for name, _ in net.named_children()] == ["blocks.0", "blocks.1", "pair.0", "by_name.first"]
    assert list(net.children()) == [*net.blocks, net.pair[0], net.by_name["first"]]
    assert list(nn.Linear(1, 1).children()) == []


def test_all_of_them_get_gradients(backend: backends.Backend) -> None:
    net = Nested()
    anp.sum(net(backend.asarray(np.ones((3, 2), "float32")))).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.dtype == "float32", name
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_shared_parameters_are_listed_once_and_load_under_any_name() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            self.first = nn.Linear(2, 2, bias=False)
            self.second = nn.Linear(2, 2, bias=False)
            self.second.weight = self.first.weight
            self.third = self.first

    net = Tied()
    assert [name for name, _ in net.named_parameters()] == ["first.weight"]
    assert list(net.state_dict()) == ["first.weight"]
    assert [path for path, _ in net.named_modules()] == ["", "first", "second"]
    for name in ("first.weight", "second.weight", "third.weight"):
        value = np.full((2, 2), float(len(name)), "float32")
        assert not net.load_state_dict({name: value})
        np.testing.assert_array_equal(to_numpy(net.second.weight), value)
    assert not net.load_state_dict(dict.fromkeys(["first.weight", "second.weight", "third.weight"], np.ones((2, 2))))


def test_cycles_are_walked_once() -> None:
    class Child(nn.Module):
        def __init__(self, parent: Any) -> None:
            self.parent = parent
            self.w = nn.parameter(1.0)

    class Parent(nn.Module):
        def __init__(self) -> None:
            self.child = Child(self)
            self.loop: list[Any] = []
            self.loop.append(self.loop)

    net = Parent()
    assert [name for name, _ in net.named_parameters()] == ["child.w"]
    assert repr(net) == "Parent(\n  (child): Child()\n)"
    net.load_state_dict({"child.w": 2.0})
    net.eval().train().freeze().to("float64")
    assert net.child.w.item() == 2.0 and net.child.w.dtype == "float64"


def test_deep_nesting_needs_no_recursion() -> None:
    class Link(nn.Module):
        def __init__(self, inner: Any) -> None:
            self.w = nn.parameter(1.0)
            self.inner = inner

    net: Any = None
    for _ in range(3000):
        net = Link(net)
    assert len(net.parameters()) == 3000
    assert len(net.eval().state_dict()) == 3000
    while net is not None:  # taken apart from the outside: Python frees a chain recursively
        inner, net.inner = net.inner, None
        net = inner


def test_a_module_is_freed_without_the_cycle_collector() -> None:
    gc.disable()
    try:
        net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        anp.sum(net(np.ones((1, 2), "float32"))).backward()
        net.summary((2,), print_fn=None)
        weight = weakref.ref(net.layers[0].weight)
        module = weakref.ref(net)
        del net
        assert weight() is None and module() is None
    finally:
        gc.enable()


# State -------------------------------------------------------------------------------------------------------


def test_state_goes_from_one_to_another(backend: backends.Backend) -> None:
    one, two = Nested(), Nested()
    assert not two.load_state_dict(one.state_dict())
    for a, b in zip(one.state_dict().values(), two.state_dict().values()):
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))
        assert a is not b
    assert not two.load_state_dict({k: to_numpy(v) for k, v in one.state_dict().items()}), "NumPy's arrays"
    assert not two.load_state_dict({k: tensor(v) for k, v in one.state_dict().items()}), "Tensors"
    assert not two.load_state_dict({k: to_numpy(v).tolist() for k, v in one.state_dict().items()}), "lists"


def test_loading_keeps_dtypes_objects_and_gradients() -> None:
    net = nn.Linear(2, 1)
    weight = net.weight
    assert weight is not None
    weight.grad = Tensor(np.ones((1, 2), "float32"))
    net.load_state_dict({"weight": np.zeros((1, 2)), "bias": np.zeros(1, "int64")})
    assert net.weight is weight and weight.dtype == "float32" and weight.requires_grad and weight.grad is not None


def flat(module: nn.Module) -> list[Any]:
    return [to_numpy(v).tolist() for v in module.state_dict().values()]


BAD_STATES = [
    ({"weight": np.zeros((1, 2))}, KeyError, "missing bias, unexpected none. Pass strict=False"),
    ({"weight": np.zeros((1, 2)), "bias": np.zeros(1), "b": 1.0}, KeyError, "missing none, unexpected b"),
    ({"weight": np.zeros((1, 2)), "bias": np.zeros(2)}, ValueError, r"expected bias of shape \(1,\); got \(2,\)"),
    ({"weight": np.zeros((1, 2)), "bias": np.zeros(1, complex)}, ValueError, "bias as float32; got complex128"),
    ({"weight": np.zeros((1, 2)), "bias": ["x"]}, ValueError, "expected bias as float32; got <U1|array for bias"),
    ({"weight": np.zeros((1, 2)), "bias": np.array([None])}, ValueError, "bias as float32; got object"),
]


@pytest.mark.parametrize(("state", "kind", "text"), BAD_STATES)
def test_a_state_that_does_not_fit_changes_nothing(state: Any, kind: type[Exception], text: str) -> None:
    net = nn.Linear(2, 1)
    before = flat(net)
    with pytest.raises(kind, match=text):
        net.load_state_dict(state)
    assert flat(net) == before


class Foreign:
    """Another library's array: a dtype of its own kind, and DLPack."""

    dtype = "foreign.float32"

    def __init__(self, array: Any) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def test_other_libraries_arrays_load() -> None:
    layer = nn.Linear(3, 2)
    weight, bias = np.arange(6, dtype="float32").reshape(2, 3), np.ones(2, "float32")
    assert not layer.load_state_dict({"weight": Foreign(weight), "bias": Foreign(bias)})
    np.testing.assert_array_equal(to_numpy(layer.weight), weight)
    with pytest.raises(ValueError, match=r"load_state_dict: expected an array for bias; got object"):
        layer.load_state_dict({"weight": weight * 2, "bias": object()})
    np.testing.assert_array_equal(to_numpy(layer.weight), weight)


def test_not_strict_loads_what_fits_and_reports_the_rest() -> None:
    net = nn.Linear(2, 1)
    report = net.load_state_dict({"weight": np.zeros((3, 2)), "bias": np.ones(1), "more": 1.0}, strict=False)
    assert report and report.missing == [] and report.unexpected == ["more"]
    assert report.mismatched == [("weight", (1, 2), (3, 2))]
    assert repr(report) == "unexpected: more\nweight: expected shape (1, 2), got (3, 2)"
    assert net.bias is not None and net.bias.item() == 1
    assert repr(net.load_state_dict(net.state_dict())) == "all names and shapes match"


def test_a_loaded_value_is_seen_by_pending_backward_passes() -> None:
    net = nn.Linear(2, 2)
    out = anp.sum(net(Tensor(np.ones((1, 2), "float32"), requires_grad=True)) ** 2)
    net.load_state_dict(net.state_dict())
    with pytest.raises(GraphError, match="setitem"):
        out.backward()


def test_modules_are_copied_and_pickled() -> None:
    net = Nested()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert flat(other) == flat(net)
        assert all(a is not b and b.requires_grad for a, b in zip(net.parameters(), other.parameters()))
        x = np.ones((1, 2), "float32")
        np.testing.assert_array_equal(to_numpy(other(x)), to_numpy(net(x)))


def nests() -> st.SearchStrategy[Any]:
    """Containers, modules and parameters inside one another; some parameters are shared."""
    shared = nn.parameter([5.0])
    leaf = st.one_of(
        st.lists(st.integers(0, 3), max_size=2).map(lambda shape: nn.parameter(np.ones(shape, "float32"))),
        st.just(shared),
        st.sampled_from([3, "text", None]),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            inner.map(Holder),
        ),
        max_leaves=8,
    )


class Holder(nn.Module):
    def __init__(self, held: Any) -> None:
        self.held = held


def expected_names(path: str, value: Any) -> list[str]:
    """The definition, recursively: what ``walk`` does with a stack."""
    if isinstance(value, Tensor):
        return [path]
    if isinstance(value, nn.Module):
        value = vars(value)
    items = enumerate(value) if isinstance(value, (list, tuple)) else value.items() if isinstance(value, dict) else ()
    return [name for key, entry in items for name in expected_names(f"{path}.{key}" if path else str(key), entry)]


@given(nests().map(Holder))
def test_any_nest_is_walked_saved_and_loaded(net: Holder) -> None:
    every = expected_names("", net)
    names = [name for name, _ in net.named_parameters()]
    assert [name for name in every if name in names] == names, "in the order of the attributes"
    parameters = net.parameters()
    assert len({id(p) for p in parameters}) == len(parameters)
    other = copy.deepcopy(net)
    state = {
        name: np.full(value.shape, float(i), "float32") for i, (name, value) in enumerate(net.state_dict().items())
    }
    assert not other.load_state_dict(state)
    assert {name: v.tolist() for name, v in other.state_dict().items()} == {k: v.tolist() for k, v in state.items()}
    repr(net), net.eval()


# Modes, dtypes, devices --------------------------------------------------------------------------------------


def test_train_and_eval_reach_everything() -> None:
    net = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.BatchNorm1d(2)))
    assert net.training and net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())


def test_freeze_and_unfreeze() -> None:
    net = Nested()
    net.blocks[0].freeze()
    assert not net.blocks[0].inner.weight.requires_grad and net.blocks[1].inner.weight.requires_grad
    anp.sum(net(np.ones((1, 2), "float32"))).backward()
    assert net.blocks[0].inner.weight.grad is None and net.blocks[1].inner.weight.grad is not None
    net.unfreeze()
    assert all(p.requires_grad for p in net.parameters()) and not net.seen.requires_grad


def test_to_keeps_the_tensors_and_casts_gradients() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dense(1))
    x = np.random.default_rng(0).normal(size=(4, 2)).astype("float32")
    anp.sum(net(x)).backward()
    before = net.parameters()
    assert net.to("float64") is net
    assert all(a is b for a, b in zip(before, net.parameters()))
    assert all(p.dtype == "float64" and p.grad is not None and p.grad.dtype == "float64" for p in net.parameters())
    net.zero_grad()
    anp.sum(net(x.astype("float64"))).backward()
    assert all(p.grad is not None and p.grad.dtype == "float64" for p in net.parameters())


def test_to_before_the_first_batch_is_remembered() -> None:
    net = nn.Sequential(nn.Dense(2), nn.BatchNormalization(), nn.LayerNormalization()).to("float64")
    out = net(np.random.default_rng(0).normal(size=(4, 3)))
    assert out.dtype == "float64" and all(p.dtype == "float64" for p in net.parameters())


def test_to_another_backend_and_back(device_backend: backends.Backend) -> None:
    with backends.use("numpy"):
        net = Nested()
        before = flat(net)
    parameters = net.parameters()
    net.to(device_backend.name)
    assert all(p.backend is device_backend for p in net.parameters()) and net.seen.backend is device_backend
    anp.sum(net(device_backend.asarray(np.ones((2, 2), "float32")))).backward()
    net.to("numpy")
    assert all(a is b and b.grad.backend.name == "numpy" for a, b in zip(parameters, net.parameters()))
    assert flat(net) == before


# Calls -------------------------------------------------------------------------------------------------------


def test_forward_hooks_see_and_replace() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    shapes = []
    handle = net[0].register_forward_hook(lambda module, args, out: shapes.append(out.shape))
    net(np.ones((4, 2), "float32"))
    with net[1].register_forward_hook(lambda module, args, out: out * 0 + 7):
        assert (to_numpy(net(np.ones((1, 2), "float32"))) == 7).all()
    handle.remove()
    handle.remove()
    assert (to_numpy(net(np.ones((1, 2), "float32"))) != 7).any()
    assert shapes == [(4, 3), (1, 3)]


def test_a_module_without_forward_says_so() -> None:
    with pytest.raises(NotImplementedError, match=r"Module: expected a method forward\(self, x\)"):
        nn.Module()(1.0)


def test_apply_reaches_all() -> None:
    seen: list[str] = []
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert sorted(seen) == ["Linear", "ReLU", "Sequential"]


# Sequential --------------------------------------------------------------------------------------------------


def test_sequential_in_both_spellings() -> None:
    torch = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    keras = nn.Sequential([nn.Dense(3, activation="relu", input_shape=(4,)), nn.Dense(1)])
    assert list(torch.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert list(keras.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    keras.load_state_dict(dict(zip(keras.state_dict(), torch.state_dict().values())))
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(to_numpy(torch(x)), to_numpy(keras(x)))
    assert len(torch) == 3 and list(torch)[1] is torch[1] and list(torch[:2].state_dict()) == ["0.weight", "0.bias"]


def test_shapes_go_through_layers_that_keep_or_change_them() -> None:
    net = nn.Sequential(
        [
            nn.layers.Input(shape=(4, 6)),
            nn.Flatten(),
            nn.Dense(8),
            nn.BatchNormalization(),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Reshape((2, -1)),
            nn.Dense(3),
            nn.LayerNormalization(),
        ]
    )
    assert all(module.is_built() for module in net.modules()) and net.output_shape == (2, 3)
    assert net.state_dict()["1.weight"].shape == (8, 24) and net.state_dict()["6.weight"].shape == (3, 4)
    late = nn.Sequential()
    for layer in (nn.Linear(4, 5), nn.Tanh(), nn.Dense(2), nn.Sequential(nn.Dense(3), nn.Dense(1))):
        late.add(layer)
    assert late.output_shape == (1,) and len(late.parameters()) == 8


def test_unbuilt_layers_are_named_and_built_by_the_first_batch() -> None:
    net = nn.Sequential([nn.Dense(3, activation="relu"), nn.Dense(1)])
    for ask in (net.parameters, net.state_dict, lambda: net.load_state_dict({}), net.freeze):
        with pytest.raises(ValueError, match=r"know its input's size; 0 \(Dense\(\?, 3, act.*\) does not yet"):
            ask()
    assert net(np.ones((2, 5), "float32")).shape == (2, 1)
    assert [tuple(p.shape) for p in net.parameters()] == [(3, 5), (3,), (1, 3), (1,)]


def test_functions_may_stand_among_layers() -> None:
    net = nn.Sequential(nn.Linear(2, 2), anp.tanh, lambda x: x * 2)
    assert net(np.ones((1, 2), "float32")).shape == (1, 2) and len(net.parameters()) == 2
    with pytest.raises(
        TypeError, match=r"expected layers or functions; got the class ReLU. Make a layer of it: ReLU\(\)"
    ):
        nn.Sequential(nn.Linear(2, 2), nn.ReLU)
    with pytest.raises(TypeError, match="expected layers or functions; got str"):
        nn.Sequential("relu")


# Showing -----------------------------------------------------------------------------------------------------


def test_repr_nests() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            self.body = [Block(2), nn.Sequential(nn.Linear(2, 3, bias=False), nn.LeakyReLU(0.2))]
            self.head = nn.Dense(1, activation="sigmoid")

        def describe(self) -> str:
            return "small"

    assert repr(Model()) == (
        "Model(small\n"
        "  (body.0): Block(\n"
        "    (inner): Linear(2, 2)\n"
        "    (outer): Linear(2, 2)\n"
        "  )\n"
        "  (body.1): Sequential(\n"
        "    (0): Linear(2, 3, bias=False)\n"
        "    (1): LeakyReLU(negative_slope=0.2)\n"
        "  )\n"
        "  (head): Dense(?, 1, activation='sigmoid')\n"
        ")"
    )


def test_summary_counts_and_shows_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
    net[0].freeze()
    net[1].eval()
    before = flat(net)
    table = net.summary((4,))
    assert capsys.readouterr().out == f"{table}\n" and repr(table) == "<summary of Sequential: 91 parameters>"
    assert flat(net) == before and net.training and not net[1].training, "a look changes nothing"
    assert [row.output for row in table.rows] == [(None, 8), (None, 8), (None, 8), (None, 8), (None, 2)]
    assert (table.trained, table.fixed, table.nbytes) == (16 + 18, 40 + 16 + 1, 4 * (34 + 56) + 8)
    lines = str(table).split("\n")
    assert lines[2].split() == ["layer", "output", "shape", "parameters", "memory"]
    assert lines[4].split() == ["0", "(Linear)", "(batch,", "8)", "40", "160", "B"]
    assert lines[-1] == "91 parameters, 34 trained; 368 B"
    assert "?" in str(net.summary()), "without a shape there is no run"
    lazy = nn.Sequential([nn.Dense(3)])
    assert lazy.summary().rows[0].built is False and "?" in str(lazy.summary())


def test_summary_of_words_and_of_float64() -> None:
    words = nn.Sequential(nn.Embedding(10, 4, input_shape=(7,)), nn.Flatten(), nn.Dense(2))
    assert [row.output for row in words.summary().rows] == [(None, 7, 4), (None, 28), (None, 2)]
    double = nn.Sequential(nn.Linear(2, 2)).to("float64")
    assert double.summary((2,)).nbytes == 48

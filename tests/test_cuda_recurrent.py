"""Recurrent layers in CUDA C, run as C++ on this CPU, against the formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backends
import nn
from autograd import Tensor, check_grads, gradients
from autograd.ops import recurrent as ops
from backends.cuda import recurrent
from tests.cuda_threads import Kernels, kernels_on, launches_of
from tests.helpers import to_numpy

NEAR: dict[str, dict[str, float]] = {"float32": {"rtol": 2e-4, "atol": 5e-5}, "float64": {"rtol": 1e-10, "atol": 1e-11}}


@pytest.fixture(scope="module", params=["threads", pytest.param("cupy", marks=pytest.mark.gpu)])
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return kernels_on(request.param, recurrent)


def same(got: Any, expected: Any, dtype: str) -> None:
    pairs = zip(got, expected, strict=True) if isinstance(got, tuple) else [(got, expected)]
    for a, b in pairs:
        assert a.dtype == b.dtype == dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, **NEAR[dtype])


class Layer:
    """Operands of some layer, at random: C order, steps and sequences exchanged, or backwards in time."""

    def __init__(self, data: st.DataObject, gates: int) -> None:
        self.steps, self.batch, self.units = (data.draw(st.integers(1, size)) for size in (5, 4, 6))
        self.rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        self.dtype = data.draw(st.sampled_from(["float32", "float64"]))
        self.order = data.draw(st.sampled_from(["C", "batch first", "backwards"]))
        self.x = self.of_steps(gates * self.units)
        self.h, self.c = self.draw(self.batch, self.units), self.draw(self.units, self.batch).T
        self.weight, self.bias = self.draw(gates * self.units, self.units), self.draw(gates * self.units)

    def draw(self, *shape: int) -> np.ndarray:
        return self.rng.normal(scale=0.7, size=shape).astype(self.dtype)

    def of_steps(self, width: int) -> np.ndarray:
        if self.order == "batch first":
            return self.draw(self.batch, self.steps, width).swapaxes(0, 1)
        return self.draw(self.steps, self.batch, width)[:: -1 if self.order == "backwards" else 1]

    def some(self, data: st.DataObject, *parts: np.ndarray) -> tuple[np.ndarray | None, ...]:
        """Cotangents of which not all are there, but one."""
        there = data.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts)).filter(any))
        return tuple([part if given else None for part, given in zip(parts, there, strict=True)])


@given(data=st.data(), relu=st.booleans())
def test_elman_s_network_and_its_rule_are_the_formulas(kernels: Kernels, data: Any, relu: bool) -> None:
    layer = Layer(data, 1)
    given = layer.x, layer.h, layer.weight
    expected = ops.rnn.primitive.forward(np, *given, relu=relu)
    same(kernels("rnn", *given, relu=relu), expected, layer.dtype)
    rest = (layer.of_steps(layer.units), expected, layer.h, layer.weight, relu)
    same(kernels("rnn_back", *rest), ops.rnn_back.formula(*rest), layer.dtype)


@given(data=st.data())
def test_the_lstm_and_its_rule_are_the_formulas(kernels: Kernels, data: Any) -> None:
    layer = Layer(data, 4)
    given = layer.x, layer.h, layer.c, layer.weight
    expected = ops.lstm.primitive.forward(np, *given)
    same(kernels("lstm", *given), expected, layer.dtype)
    steps = [layer.of_steps(layer.units) for _ in range(2)]
    g = layer.some(data, *steps, layer.draw(layer.steps, 4, layer.batch, layer.units))
    rest = (g, *expected, layer.h, layer.c, layer.weight)
    wanted = ops.lstm_back.formula(*rest)
    if g[0] is None and g[1] is None:  # the formula then has no cotangent of c0, or a number's
        wanted = tuple([0 * layer.c if part is None else part for part in wanted])
    same(kernels("lstm_back", *rest), wanted, layer.dtype)


@given(data=st.data())
def test_the_gru_and_its_rule_are_the_formulas(kernels: Kernels, data: Any) -> None:
    layer = Layer(data, 3)
    given = layer.x, layer.h, layer.weight, layer.bias
    expected = ops.gru.primitive.forward(np, *given)
    same(kernels("gru", *given), expected, layer.dtype)
    g = layer.some(data, layer.of_steps(layer.units), layer.of_steps(3 * layer.units), layer.of_steps(layer.units))
    rest = (g, *expected, layer.h, layer.weight)
    same(kernels("gru_back", *rest), ops.gru_back.formula(*rest), layer.dtype)


def test_what_is_not_finite_stays_where_the_formula_has_it(kernels: Kernels) -> None:
    rng = np.random.default_rng(0)
    h, c = np.zeros((2, 3)), np.zeros((2, 3))
    for name, gates, more in (("rnn", 1, ()), ("lstm", 4, (c,)), ("gru", 3, ())):
        x, weight = rng.normal(size=(3, 2, gates * 3)), rng.normal(size=(gates * 3, 3))
        x[1, 0, 0], x[1, 1, 1], x[2, 1, 2], x[0, 1, 0] = np.nan, np.inf, -np.inf, 1e300
        bias = (np.zeros(gates * 3),) if name == "gru" else ()
        for options in ({"relu": True}, {"relu": False}) if name == "rnn" else ({},):
            with np.errstate(all="ignore"):
                expected = getattr(ops, name).primitive.forward(np, x, h, *more, weight, *bias, **options)
            same(kernels(name, x, h, *more, weight, *bias, **options), expected, "float64")


def test_a_step_takes_one_launch_besides_the_product(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    x, h, weight = np.ones((6, 2, 12), "float32"), np.ones((2, 3), "float32"), np.ones((12, 3), "float32")
    launched = launches_of(kernels.backend, monkeypatch)
    found = kernels("lstm", x, h, h, weight)
    kernels("lstm_back", (found[0], None, None), *found, h, h, weight)
    assert launched == ["lstm"] * 6 + ["lstm_back"] * 6


@pytest.mark.parametrize("dtype", ["float16", "complex64"])
def test_other_operands_are_the_formulas(kernels: Kernels, dtype: str) -> None:
    def ones(*shape: int) -> Any:
        return np.ones(shape)

    h, g = ones(2, 3), ones(5, 2, 3)
    lstm = [ones(5, 2, 12), h, h, ones(12, 3)]
    gru = [ones(5, 2, 9), h, ones(9, 3), ones(9)]
    rnn = [g, h, ones(3, 3)]
    lstm_back = [(g, None, None), g, g, ones(5, 4, 2, 3), h, h, ones(12, 3)]
    gru_back = [(g, None, None), g, ones(5, 2, 9), g, h, ones(9, 3)]
    rnn_back = [g, g, h, ones(3, 3)]
    for name, operands, options in (
        ("lstm", lstm, {}), ("gru", gru, {}), ("rnn", rnn, {"relu": True}), ("lstm_back", lstm_back, {}),
        ("gru_back", gru_back, {}), ("rnn_back", [*rnn_back, True], {}),
    ):  # fmt: skip
        assert not kernels.declines(name, *operands, **options)
        for i, operand in enumerate(operands):
            if isinstance(operand, bool):
                continue
            parts = operand if isinstance(operand, tuple) else (operand,)
            for change in (lambda a: a.astype(dtype), lambda a: a.astype("float32"), lambda a: a[:0], lambda a: a[:1]):
                changed: Any = tuple([None if part is None else change(part) for part in parts])
                changed = changed if isinstance(operand, tuple) else changed[0]
                whole = [*operands[:i], changed, *operands[i + 1 :]]
                if whole[0] is changed and not name.endswith("back") and len(changed) == 1:
                    continue  # one step is as good as five
                assert kernels.declines(name, *whole, **options), (name, i)


# In layers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU", "LSTM"])
def test_a_layer_s_step_runs_them(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the strict backend: gradients as on NumPy, and second derivatives by the formulas."""
    launched = launches_of(backends.get("strict"), monkeypatch)
    layer = getattr(nn, kind)(3, 4, num_layers=2, bidirectional=True, dtype="float64")
    state = layer.state_dict()
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    found = []
    for place in ("numpy", "strict"):
        with backends.use(place):
            layer = getattr(nn, kind)(3, 4, num_layers=2, bidirectional=True, dtype="float64")
        layer.load_state_dict(state)
        leaves = [Tensor(backends.get(place).asarray(x), requires_grad=True), *layer.parameters()]
        loss = (layer(leaves[0])[0] ** 2).sum()
        plainly = gradients(loss, leaves, retain_graph=True)
        first = gradients(loss, leaves, create_graph=True)
        found.append([*plainly, *first, *gradients(sum((g**2).sum() for g in first), leaves)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-9, atol=1e-10)
    name = {"SimpleRNN": "rnn"}.get(kind, kind.lower())
    assert {name, f"{name}_back"} <= set(launched)


def test_derivatives_of_every_order_hold_on_a_device() -> None:
    rng = np.random.default_rng(0)
    put = backends.get("strict").asarray
    x, h, weight, bias = [put(rng.normal(size=shape) * 0.5) for shape in ((3, 2, 6), (2, 2), (6, 2), (6,))]
    check_grads(lambda *args: ops.gru(*args)[0], order=2)(x, h, weight, bias)
    x, weight = put(rng.normal(size=(3, 2, 2)) * 0.5), put(rng.normal(size=(2, 2)))
    check_grads(lambda *args: ops.rnn(*args, relu=False), order=2)(x, h, weight)

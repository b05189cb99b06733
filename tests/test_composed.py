"""Formulas that a backend may have a kernel for: who runs what, and that it is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backends
from autograd import gradients, tensor
from autograd.composed import COMPOSED, composed
from autograd.ops import activations, network, reduce
from autograd.plan import Spec, rule_parameters


@pytest.fixture
def thrice(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A formula, and a kernel of it that takes arrays of more than one element and notes what it is called with."""
    calls: list[Any] = []

    def kernel(g: Any, x: Any) -> Any:
        calls.append((g, x))
        return g * 3 if g.size > 1 else NotImplemented

    monkeypatch.setattr(backends.get("numpy"), "KERNELS", {"thrice_back": kernel})

    @composed
    def thrice_back(g: Any, x: Any) -> Any:
        """Three times g."""
        return g + g + g

    yield thrice_back, calls
    del COMPOSED["thrice_back"]


def test_arrays_run_the_kernel_and_tensors_the_formula(thrice: Any) -> None:
    function, calls = thrice
    two = np.array([1.0, 2.0])
    np.testing.assert_array_equal(function(two, two), [3.0, 6.0])
    assert len(calls) == 1
    x = tensor([1.0, 2.0], requires_grad=True)
    for args in ((x, two), (two, x), ((two, x), two)):
        function(*args)
    (grad,) = gradients(function(x, two).sum(), [x])
    np.testing.assert_array_equal(grad, [3.0, 3.0])
    assert len(calls) == 1


def test_the_formula_runs_where_the_kernel_declines_and_where_there_is_none(thrice: Any) -> None:
    function, calls = thrice
    one = np.array([1.0])
    np.testing.assert_array_equal(function(one, one), [3.0])
    assert len(calls) == 1
    assert function(2.0, 1.0) == 6.0 and function(2.0, None) == 6.0
    assert len(calls) == 1


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize(
    ("shape", "axis", "kept"),
    [((3, 4), (0, 1), False), ((3, 4), (0, 1), True), ((5,), (0,), False), ((3, 4), (1,), False), ((1, 4), (1,), True),
     ((), (), False), ((0, 2), (0, 1), False), ((80, 80), (0, 1), False), ((1, 1), (0, 1), True)],
)  # fmt: skip
def test_the_cotangent_of_a_mean(shape: Any, axis: Any, kept: bool, dtype: str) -> None:
    """The kernel for a few elements gives what the formula gives: shape, dtype and every bit."""
    g = np.asarray(np.random.default_rng(0).normal(size=np.ones(shape).sum(axis, keepdims=kept).shape)).astype(dtype)
    for cotangent in (g, g[()]):
        found = reduce.spread_mean(cotangent, Spec(shape, g.dtype), axis)
        wanted = reduce.spread_mean.formula(cotangent, Spec(shape, g.dtype), axis)
        assert found.dtype == wanted.dtype == dtype
        np.testing.assert_array_equal(found, wanted)


def test_it_is_known_by_its_name_and_parameters(thrice: Any) -> None:
    function, _ = thrice
    assert rule_parameters(function) == ("g", "x")
    assert function.__doc__ == "Three times g." and COMPOSED["thrice_back"] is function
    with pytest.raises(ValueError, match=r"expected a new name; 'thrice_back' is taken\. Rename one of the two\."):
        composed(function.formula)


def test_a_forward_that_a_kernel_declines_is_the_formula() -> None:
    x = np.full((8, 1024), 100.0)
    assert getattr(backends.get("numpy").KERNELS["softmax"], "declines", False)
    assert backends.get("numpy").KERNELS["softmax"](x, axis=0) is NotImplemented
    np.testing.assert_allclose(network.softmax(x, axis=0), 1 / 8)


@pytest.mark.parametrize("function", [activations.gelu, activations.gelu_tanh])
def test_a_recorded_backward_is_the_plain_one(function: Any) -> None:
    x = tensor(np.random.default_rng(0).normal(size=(50, 500)).astype("float32"), requires_grad=True)
    (plain,) = gradients(function(x).sum(), [x])
    (recorded,) = gradients(function(x).sum(), [x], create_graph=True)
    assert recorded.requires_grad and not plain.requires_grad
    np.testing.assert_allclose(plain.numpy(), recorded.detach().numpy(), atol=1e-6)
    (second,) = gradients(recorded.sum(), [x])
    h = 1e-4
    exact = [gradients(function(y).sum(), [y])[0].numpy() for y in (double(x, h), double(x, -h))]
    np.testing.assert_allclose(second.numpy(), (exact[0] - exact[1]) / (2 * h), atol=1e-5)


def double(x: Any, shift: float) -> Any:
    return tensor(x.detach().numpy().astype("float64") + shift, requires_grad=True)

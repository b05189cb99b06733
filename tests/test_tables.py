"""Tables of pandas beside Tensors: their values count as an array, whichever side they stand on."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import GraphError, Tensor, grad, scalar, tensor

pd = pytest.importorskip("pandas", reason="pandas is not installed")
VALUES = np.array([1.0, 2.0, 3.0])
TABLES = [pd.Series(VALUES), pd.Index(VALUES), pd.DataFrame({"a": VALUES[:2], "b": VALUES[1:], "c": [5.0, 7.0]})]


@pytest.mark.parametrize("table", TABLES, ids=["Series", "Index", "DataFrame"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "lt", "eq"])
def test_operators(name: str, table: Any) -> None:
    function = getattr(operator, name)
    for needs_gradient in (True, False):
        x = tensor([2.0, 4.0, 0.5], requires_grad=needs_gradient)
        for out, expected in (
            (function(x, table), function(x.detach().numpy(), table.to_numpy())),
            (function(table, x), function(table.to_numpy(), x.detach().numpy())),
        ):
            assert out.__class__ is Tensor
            np.testing.assert_array_equal(out.detach().numpy(), expected)


def test_gradients_pass_tables() -> None:
    series, frame = TABLES[0], TABLES[2]
    w = tensor([1.0, 1.0, 2.0], requires_grad=True)
    ((frame * w).sum() + (w / series).sum() + (w @ frame.T).sum()).backward()
    columns = frame.to_numpy().sum(axis=0)
    np.testing.assert_allclose(w.grad.numpy(), 2 * columns + 1 / VALUES)
    np.testing.assert_allclose(grad(lambda t: (series * t).sum())(3.0), 6.0)
    s = scalar(2.0)
    (series * s).sum().backward()
    assert s.grad.item() == 6.0


def test_functions_take_tables_as_arrays() -> None:
    series, frame = TABLES[0], TABLES[2]
    w = tensor(VALUES, requires_grad=True)
    for out in (np.multiply(series, w), np.multiply(w, series), anp.multiply(series, w), anp.multiply(w, series)):
        np.testing.assert_array_equal(out.detach().numpy(), VALUES**2)
    np.testing.assert_array_equal(np.dot(frame, w).detach().numpy(), frame.to_numpy() @ VALUES)
    np.testing.assert_array_equal(anp.concatenate([w, series]).detach().numpy(), [*VALUES, *VALUES])
    # Plain ones give plain arrays.
    assert anp.sin(series).__class__ is np.ndarray and anp.sum(frame, axis=0).tolist() == [3.0, 5.0, 12.0]
    w = w.detach()
    w += series
    w *= [2.0, 1.0, 1.0]
    assert w.tolist() == [4.0, 4.0, 6.0]


def test_what_tables_of_other_things_say() -> None:
    w = tensor(VALUES, requires_grad=True)
    for function in (lambda: w * pd.Series(["a", "b", "c"]), lambda: anp.sum(pd.DataFrame({"a": [1, "b"]}))):
        with pytest.raises(TypeError, match=r"pandas\.\w+: expected numbers; got \w+\. Choose columns"):
            function()
    # pandas's own @ asks for an array and defers to nobody.
    with pytest.raises(GraphError, match=r"with a frame of pandas on the left, frame\.to_numpy\(\) @ x"):
        TABLES[2] @ w

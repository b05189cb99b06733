"""What any operation says when its forward fails: expected, came, fix, in that order."""

from __future__ import annotations

import inspect
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import scalar, tensor

OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge")
PAIRS = ("maximum", "minimum", "arctan2", "hypot", "logaddexp", "fmod", "copysign", "power", "multiply", "xlogy")


# Python numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("reflected", [False, True])
def test_a_graph_of_floats_refuses_complex_numbers_in_words(name: str, reflected: bool) -> None:
    function, x = getattr(operator, name), scalar(2.0)
    with pytest.raises(TypeError, match=r"\w+: expected real numbers.*; got .*1j.* Make arrays of them with tensor"):
        function(1j, x) if reflected else function(x, 1j)
    with pytest.raises(TypeError, match=r"\w+: expected arrays, Tensors or numbers; got .*None.* missing return"):
        function(None, x) if reflected else function(x, None)


@pytest.mark.parametrize("name", PAIRS)
def test_functions_of_floats_refuse_complex_numbers_in_words(name: str) -> None:
    for args in ((scalar(2.0), 1j), (1j, scalar(2.0))):
        with pytest.raises(TypeError, match=rf"{name}: expected real numbers.*; got .*1j"):
            getattr(anp, name)(*args)


def test_complex_numbers_beside_floats_compare_and_arrays_hold_them() -> None:
    x = scalar(2.0)
    assert x != 1j and x == 2.0 + 0j
    x = tensor(2.0, requires_grad=True)
    (x * 1j).imag.backward()
    assert x.grad.item() == 1.0


def test_lists_beside_floats_are_arrays() -> None:
    x = scalar(2.0)
    out = x * [1.0, 2.0]
    out.sum().backward()
    assert out.tolist() == [2.0, 4.0] and x.grad.item() == 3.0
    assert ([1.0, 2.0] - x).tolist() == [-1.0, 0.0]
    assert (tensor([1.0, 2.0]) * range(2)).tolist() == [0.0, 2.0]


@pytest.mark.parametrize("data", ["2", b"2", np.str_("2"), np.array("2")])
def test_text_is_no_number(data: Any) -> None:
    with pytest.raises(TypeError, match=r"scalar: expected one real number; got text.*2.*float\(x\)"):
        scalar(data)


@pytest.mark.parametrize("data", [1j, np.complex64(2), np.array(2j), tensor(2j)])
def test_complex_numbers_are_not_cut(data: Any) -> None:
    with pytest.raises(TypeError, match=r"scalar: expected one real number; got complex.* Take its \.real"):
        scalar(data)


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda: scalar(1.0) / 0, ZeroDivisionError, r"divide: expected a divisor other than 0; .*b is 0\. Test for 0"),
        (lambda: scalar(0.0) ** -1, ZeroDivisionError, r"power: expected a base other than 0 .*a is 0\.0.*\. Test for"),
        (lambda: scalar(-2.0) ** 0.5, ValueError, r"power: expected a base of 0 or more .*a is -2\.0.* Take abs"),
        (lambda: scalar(-1.0).log(), ValueError, r"log: expected a value inside.*; x is -1\.0\. Clip it"),
        (lambda: scalar(800.0).exp(), OverflowError, r"exp: expected a value whose result fits.*800\.0\. Scale it"),
    ],
)
def test_domains_of_floats(function: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        function()


# NumPy's own, and what writes into files
TOOLS = {
    "common_type",
    "fromfile",
    "show_config",
    "show_runtime",
    "save",
    "savez",
    "savetxt",
    "savez_compressed",
    "typename",
}


@pytest.mark.parametrize("module", ["", "linalg", "fft"])
def test_no_function_of_a_graph_of_floats_fails_on_an_attribute(module: str) -> None:
    namespace = getattr(anp, module) if module else anp
    for name in sorted(namespace.__all__ if module else dir(anp)):
        function = getattr(namespace, name)
        if name.startswith("_") or name in TOOLS or inspect.isclass(function) or not callable(function):
            continue
        for args in ((scalar(0.5),), (scalar(0.5), scalar(0.25)), (scalar(0.5), 0.25), ([scalar(0.5), scalar(0.2)],)):
            try:
                function(*args)
            except (AttributeError, RecursionError) as error:
                if "list" not in str(error) and "upper" not in str(error):  # as of NumPy; a Tensor as UPLO
                    raise AssertionError(f"{name}{args}: {error}") from error
            except Exception:
                pass


def test_norms_of_floats() -> None:
    for norm in (anp.linalg.norm, anp.linalg.vector_norm):
        x = scalar(-3.0)
        out = norm(x)
        out.backward()
        assert (out.item(), x.grad.item()) == (3.0, -1.0)
    with pytest.raises(TypeError, match=r"pinv: expected an array; a is Tensor\(0\.5\)\. Make one, e\.g\. with tensor"):
        anp.linalg.pinv(scalar(0.5))
    with pytest.raises(TypeError, match=r"matmul: expected two arrays; a is 0\.5\. Use \*"):
        scalar(0.5) @ np.ones(2)
    with pytest.raises(TypeError, match=r"pad: expected an array; got a number of a scalar graph, 0\.5\. Make"):
        anp.pad(scalar(0.5), 1)


# Arrays ---------------------------------------------------------------------------------------------------------------

A, B = tensor(np.ones((2, 3)), requires_grad=True), tensor(np.ones((4, 5)), requires_grad=True)
V = tensor(np.arange(3.0), requires_grad=True)
I2 = tensor(np.ones(2))
Z = tensor(np.array([1j, 2.0]), requires_grad=True)
ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    # Broadcasting: with the fix where an axis behind helps.
    (
        lambda: A + tensor(np.ones(4)),
        ValueError,
        r"add: expected shapes that broadcast.*a is \(2, 3\), b is \(4,\)\. In",
    ),
    (lambda: A * I2, ValueError, r"multiply: .*; a is \(2, 3\), b is \(2,\)\. Add an axis behind: b\[\.\.\., None\]"),
    (lambda: anp.where(A > 1, A, I2), ValueError, r"where: expected shapes .* Add an axis behind: b\[\.\.\., None\]"),
    (lambda: anp.isclose(A, tensor(np.ones(4))), ValueError, r"isclose: expected shapes that broadcast.* Index, resh"),
    (lambda: tensor(np.ones((2, 3, 4))) - A, ValueError, r"subtract: .* Add an axis behind: b\[\.\.\., None\]"),
    # Products
    (lambda: A @ B, ValueError, r"matmul: a's last axis \(3\) must equal b's second-last \(4\); .* Reshape or index"),
    (lambda: A @ tensor(np.ones((5, 3))), ValueError, r"matmul: a's last axis .*b is \(5, 3\)\. Transpose b: b\.mT"),
    (lambda: A @ I2, ValueError, r"matmul: a's last axis \(3\) must equal b's only \(2\).* Transpose a: a\.mT"),
    (lambda: tensor(np.ones((2, 2, 3))) @ np.ones((3, 3, 2)), ValueError, r"the batch axes must broadcast; .* Counted"),
    (lambda: anp.cross(A, np.ones((4, 3))), ValueError, r"cross: the other axes must broadcast; .* Counted from the"),
    (lambda: anp.linear(A, B), ValueError, r"linear: x's last axis \(3\) must equal.*\(5\); .* Make weight of shape"),
    (lambda: anp.linear(A, np.ones((3, 5))), ValueError, r"linear: .* Transpose weight: weight\.T"),
    (lambda: anp.linear(A, np.ones((4, 3)), V), ValueError, r"linear: expected a bias of shape \(4,\).* Give it one"),
    # Dtypes
    (lambda: Z // 2, TypeError, r"floor_divide: expected real operands; a is \(2,\) complex128.* Take the \.real"),
    (lambda: anp.cbrt(Z), TypeError, r"cbrt: expected real operands; x is \(2,\) complex128\. Take"),
    (lambda: V & V, TypeError, r"bitwise_and: expected integers or booleans; a is \(3,\) float64.* Compare first"),
    (lambda: V + None, TypeError, r"add: expected arrays, Tensors or numbers; got \(3,\) float64, None\. Find"),
    (lambda: V.astype("foo"), TypeError, r"dtype: expected a dtype such as 'float32'; got 'foo'\. Correct"),
    (lambda: V * np.array(["a", "b", "c"]), TypeError, r"multiply: expected numbers; .*<U1\. Encode text"),
    (
        lambda: tensor(np.uint8([200])) + 300,
        OverflowError,
        r"add: expected a number that fits .*uint8, b is 300\. Cast",
    ),
    (lambda: V * 10**400, OverflowError, r"multiply: expected a number that fits .*b is 1000*…\. Cast the array"),
    (lambda: tensor([1, 2]) ** -1, ValueError, r"power: expected floats, or an exponent of 0 .*\. Cast the base first"),
    # Axes and places
    (
        lambda: V.sum(axis=2),
        np.exceptions.AxisError,
        r"axis: axis 2 is out of bounds .* dimension 1\. Choose one from -1",
    ),
    (lambda: tensor(1.0).sum(axis=0), np.exceptions.AxisError, r"axis 0 .* dimension 0\. Give the array one"),
    (lambda: V.sum(axis="a"), TypeError, r"axis: expected an integer, .*; got 'a'\. Convert it first"),  # type: ignore
    (lambda: anp.delete(V, 9), IndexError, r"delete: expected places from -3 to 2 on axis 0; got 9\. Choose"),
    (
        lambda: anp.insert(V, [9], 1.0),
        IndexError,
        r"insert: expected places from -3 to 2 on axis 0; got \[9\]\. Choose",
    ),
    (lambda: anp.argmax(V[:0]), ValueError, r"argmax: expected at least one element .*\(0,\).* Look at its size"),
    (lambda: V[5], IndexError, r"getitem: expected an index from -3 to 2 on axis 0 .*; got 5\. Choose"),
]


@pytest.mark.parametrize(("function", "error", "text"), ERRORS)
def test_texts(function: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        function()
    assert not re.search(r"ufunc|could not be broadcast|has no attribute", str(caught.value))


def test_numpys_questions_about_dtypes() -> None:
    x = tensor(np.float32([1, 2]))
    assert np.common_type(x) is np.float32 and np.min_scalar_type(x) == np.float32
    assert anp.common_type(x) is np.float32 and anp.array_repr(scalar(0.5)) == "array(0.5)"


def test_a_warning_that_is_to_be_raised_keeps_its_words() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match=r"^overflow encountered in exp$"):
            anp.exp(tensor([1e9]))

"""detect_anomaly: the first operation that makes a NaN or an infinity, forward or backward."""

from __future__ import annotations

import threading
from typing import Any

import numpy as onp
import pytest

import autograd.numpy as np
from autograd import AnomalyError, custom_vjp, detect_anomaly, scalar, tensor
from autograd.lines import scope


def test_forward_names_the_operation_its_inputs_and_the_line() -> None:
    x = tensor([4.0, -1.0, 2.0], requires_grad=True)
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        h = x * 2
        y = h.sqrt()  # the culprit
        y.sum()
    text = str(caught.value)
    assert text.startswith("sqrt made NaN (1 of 3 elements) at test_anomaly.py:")
    assert ": y = h.sqrt()  # the culprit; x is (3,) float64 from -2 to 8" in text
    assert (caught.value.op, caught.value.phase) == ("sqrt", "forward")


def test_an_infinity_and_the_module() -> None:
    x = tensor([1.0, 0.0], requires_grad=True)
    with pytest.raises(AnomalyError) as caught, detect_anomaly(), scope("encoder"), scope("layers.3"):
        1.0 / x
    assert str(caught.value).startswith("divide made an infinity (1 of 2 elements) at test_anomaly.py:")
    assert "in the module encoder.layers.3; a is 1.0, b is (2,) float64 from 0 to 1" in str(caught.value)
    assert caught.value.path == "encoder.layers.3"
    with detect_anomaly(infinite=False):
        1.0 / x  # only NaN counts


def test_operations_that_are_not_recorded_count_too() -> None:
    x = tensor([-1.0])
    with pytest.raises(AnomalyError, match="log made NaN"), detect_anomaly():
        x.log()


def test_backward_names_the_line_of_the_forward_call() -> None:
    x = tensor([1e-30, 0.0], dtype="float32", requires_grad=True)
    x.name = "x"
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        y = x * 1e30  # finite, and so is what follows; but the derivative is 1e60
        (y * 1e30).sum().backward()
    text = str(caught.value)
    assert text.startswith(
        "the backward pass of multiply made an infinity (2 of 2 elements) in the gradient of the leaf"
    )
    assert "at test_anomaly.py:" in text and ": y = x * 1e30  #" in text
    assert "the gradient that arrived is (2,) float32 from 1e+30 to 1e+30" in text
    assert caught.value.phase == "backward"


def test_backward_of_a_graph_recorded_outside_says_how_to_get_its_line() -> None:
    x = tensor([1e-30], dtype="float32", requires_grad=True)
    y = (x * 1e30 * 1e30).sum()
    how = "Its line is not known: run the forward pass inside detect_anomaly"
    with pytest.raises(AnomalyError, match=how), detect_anomaly():
        y.backward()


def test_what_was_not_finite_before_is_not_blamed_on_those_after() -> None:
    x = tensor([onp.nan, 1.0], requires_grad=True)
    with detect_anomaly():
        (x * 2).exp()


def test_custom_functions() -> None:
    @custom_vjp
    def f(x: Any) -> Any:
        return x * 1

    f.defvjp(lambda x: (x * 1, None), lambda _, g: (g * onp.inf,))
    x = tensor([1.0], requires_grad=True)
    with pytest.raises(AnomalyError, match="backward"), detect_anomaly():
        f(x).sum().backward()


def test_scalars() -> None:
    a = scalar(1e308)
    said = r"multiply made an infinity at .* a is 1e\+308, b is 10.0"
    with pytest.raises(AnomalyError, match=said), detect_anomaly():
        a * 10.0
    b = scalar(1e-200)
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        y = b * 1e200  # 1, and so are its values; but its slope takes 1e200 to 1e400
        (y * 1e200).backward()
    assert str(caught.value).startswith("the backward pass of multiply made an infinity in the gradient of a leaf")
    assert "the gradient that arrived is 1e+200, b is 1e+200" in str(caught.value)


def test_every_backend(backend: Any) -> None:
    x = tensor(backend.asarray(onp.array([1.0, -1.0], dtype="float32")), requires_grad=True)
    said = r"log made NaN \(1 of 2 elements\) .* float32 from -1 to 1"
    with pytest.raises(AnomalyError, match=said), detect_anomaly():
        np.log(x)
    small = tensor(backend.asarray(onp.array([1e-30, 0.0], dtype="float32")), requires_grad=True)
    said = r"the backward pass of multiply made an infinity \(2 of 2 elements\) in the gradient of a leaf"
    with pytest.raises(AnomalyError, match=said) as caught, detect_anomaly(), scope("norm"):
        (small * 1e30 * 1e30).sum().backward()
    assert caught.value.phase == "backward" and caught.value.path == "norm"


def test_other_threads_are_not_watched() -> None:
    found: list[Any] = []

    def work() -> None:
        with onp.errstate(all="ignore"):
            found.append(float(tensor([-1.0]).log().data[0]))

    with detect_anomaly():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert onp.isnan(found[0])


def test_a_nested_block_and_an_error_leave_the_outer_one_working() -> None:
    x = tensor([-1.0], requires_grad=True)
    with detect_anomaly():
        with pytest.raises(AnomalyError), detect_anomaly():
            x.log()
        with pytest.raises(AnomalyError):
            x.sqrt()
    with onp.errstate(all="ignore"):
        assert onp.isnan(x.log().data[0])


def test_off_it_leaves_the_calls_as_they_were() -> None:
    from autograd.ops import arithmetic
    from autograd.primitive import of

    x = tensor([1.0])
    x * x
    bare = dict(of(arithmetic.multiply).table)
    with detect_anomaly():
        x * x
    x * x
    again = of(arithmetic.multiply).table
    assert all(getattr(f, "__module__", None) != "autograd.observe" for f in again.values())
    assert set(again) <= set(bare)

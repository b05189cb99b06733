"""why_no_grad: one test per cause, with the sentence and the user's line."""

from __future__ import annotations

import copy
from typing import Any

import numpy as onp
import pytest

import autograd.numpy as np
import nn
from autograd import no_grad, record_lines, scalar, stop_gradient, tensor, why_no_grad


@pytest.fixture(autouse=True)
def forget_recordings() -> None:
    """Each test begins with a recording in which nothing happened."""
    with record_lines():
        pass


def leaf(*values: float) -> Any:
    return tensor(list(values), requires_grad=True)


def test_detach() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        y = (x * 2).detach()
        loss = (w * y).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("x.detach() gives a Tensor without history (at test_explain.py:")
    assert ": y = (x * 2).detach()), and multiply (at test_explain.py:" in text
    assert text.endswith(": loss = (w * y).sum()) goes on with that. Leave the detach() out.")


def test_data() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        y = x.data
        loss = (w * y).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("x.data is the bare array, without history (at test_explain.py:")
    assert text.endswith(" goes on with that. Use x itself.")


def test_no_grad() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        with no_grad():
            y = x.exp()
        loss = (w * y).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("exp ran inside no_grad() (at test_explain.py:")
    assert text.endswith(": y = x.exp()), so it was not recorded. Compute it outside, or inside enable_grad().")


def test_an_integer_operation() -> None:
    x, w = leaf(1.2, 2.7), leaf(3.0, 4.0)
    with record_lines():
        y = x.astype("int64")
        loss = (w * y).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("astype gives int64 (at test_explain.py:")
    assert "and integers and booleans have no gradient. Use an operation that stays in floats" in text


def test_a_comparison() -> None:
    x, w = leaf(1.2, 2.7), leaf(3.0, 4.0)
    with record_lines():
        loss = (w * (x > 2)).sum()
    assert why_no_grad(x, loss).startswith("greater gives bool (at test_explain.py:")


def test_an_operation_without_a_derivative() -> None:
    x, w = leaf(1.2, 2.7), leaf(3.0, 4.0)
    with record_lines():
        loss = np.where(x, w, 0.0).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("where has no derivative with respect to this operand (at test_explain.py:")
    assert "np.where(x, w, 0.0)" in text


def test_conversion_to_numpy() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        y = onp.tanh(x.detach().numpy())
        loss = (w * tensor(y)).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("x.numpy() is a NumPy array, and what NumPy computes is not recorded (at test_explain.py:")
    assert "nothing recorded leads from there to the loss. Use the function of autograd.numpy" in text


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (lambda x: x.item(), "x.item() is a Python number, and what Python computes is not recorded"),
        (lambda x: float(x), "float(x) is a Python number, and what Python computes is not recorded"),
        (lambda x: x.tolist(), "x.tolist() gives Python numbers, and what Python computes is not recorded"),
    ],
)
def test_python_numbers(out: Any, sentence: str) -> None:
    x, w = tensor(1.5, requires_grad=True), leaf(3.0, 4.0)
    with record_lines():
        loss = (w * (out(x) + 1)).sum()
    text = why_no_grad(x, loss)
    assert text.startswith(f"{sentence} (at test_explain.py:")


def test_never_used() -> None:
    x, w = leaf(1.0), leaf(3.0)
    with record_lines():
        loss = (w * w).sum()
    assert why_no_grad(x, loss).startswith("x was never used: no operation since record_lines() began has read it.")


def test_used_for_something_else() -> None:
    x, w = leaf(1.0), leaf(3.0)
    with record_lines():
        x.exp()
        loss = (w * w).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("x was used, last by exp (at test_explain.py:")
    assert text.endswith("but the loss does not depend on the results. Compute the loss from them.")


def test_several_breaks_are_all_told() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        loss = (w * x.detach()).sum() + (w * (x > 0)).sum()
    text = why_no_grad(x, loss)
    assert "x.detach()" in text and "greater gives bool" in text


def test_the_name_is_the_users() -> None:
    weights, w = leaf(1.0), leaf(3.0)
    with record_lines():
        loss = (w * weights.detach()).sum()
    assert why_no_grad(weights, loss).startswith("weights.detach()")
    weights.name = "layer 3"
    assert why_no_grad(weights, loss).startswith("layer 3.detach()")


def test_a_parameters_name_is_its_path_in_its_model() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    loss = model(leaf(1.0, 2.0).astype("float32")).sum()
    text = why_no_grad(model[0].weight, loss)
    assert text.startswith("The path from the loss to model.0.weight is whole: loss.backward() has not run yet.")


def test_nobody_asked() -> None:
    x = tensor([1.0])
    assert why_no_grad(x, (x * leaf(2.0)).sum()) == (
        "x does not require a gradient: it was made without requires_grad=True, or that was taken back "
        "(requires_grad_(False), freeze()). Call x.requires_grad_() before it is used."
    )


def test_stop_gradient() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        y = stop_gradient([x])[0]
        loss = (w * y).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("stop_gradient(x) gives the value without history, as it should (at test_explain.py:")
    assert ": y = stop_gradient([x])[0]), and multiply (at test_explain.py:" in text
    assert text.endswith("goes on with that. Leave it out where the gradient is wanted.")


def test_an_index() -> None:
    x, w = leaf(1.2, 0.7), leaf(3.0, 4.0)
    with record_lines():
        i = x.astype("int64")
        loss = w[i].sum()
    text = why_no_grad(x, loss)
    assert text.startswith("astype gives int64 (at test_explain.py:") and ': i = x.astype("int64")), and' in text
    assert text.endswith(
        "integers and booleans have no gradient: as indices, masks and conditions they only choose. "
        "Weigh the values by a soft version of it."
    )


def test_a_choice_in_python() -> None:
    x, w = leaf(1.2, 0.7), leaf(3.0, 4.0)
    with record_lines():
        loss = w.sum() if x[0] > 0 else x.sum()
    text = why_no_grad(x, loss)
    assert text.startswith("bool(x) (in an if, a while, an and) only chooses what runs, and choices have no gradient")
    assert "(at test_explain.py:" in text and text.endswith("Compute both, and choose with where.")


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (lambda x: complex(x).real, "complex(x) is a Python number, and what Python computes is not recorded"),
        (lambda x: int(x), "int(x) is a Python number, and what Python computes is not recorded"),
        (
            lambda x: float(onp.from_dlpack(x.detach())),
            "it was handed to another library, and what that computes is not recorded",
        ),
    ],
)
def test_other_ways_out(out: Any, sentence: str) -> None:
    x, w = tensor(1.5, requires_grad=True), leaf(3.0, 4.0)
    with record_lines():
        loss = (w * out(x)).sum()
    assert why_no_grad(x, loss).startswith(f"{sentence} (at test_explain.py:")


def test_another_leaf_over_the_same_memory() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = x.detach()
    y.requires_grad_()
    assert why_no_grad(x, (w * y).sum()) == (
        "The loss was computed from another Tensor over the memory of x, which requires a gradient of its own: y, made "
        "by detach() or from x.data. Compute the loss from x itself, or read y.grad."
    )


def test_another_leaf_with_the_same_values() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    for y in (tensor(x.data, requires_grad=True), copy.deepcopy(x)):
        assert why_no_grad(x, (w * y).sum()) == (
            "The loss was computed from another Tensor with the values of x, which requires a gradient of its own: y, "
            "a copy (tensor(data), deepcopy). Compute the loss from x itself, or read y.grad."
        )
    zeros, biases = leaf(0.0, 0.0), leaf(0.0, 0.0)  # alike, as fresh parameters are: no copies
    assert "copy" not in why_no_grad(zeros, (w * biases).sum())


def test_detached_and_asked_about() -> None:
    x, w = leaf(1.0), leaf(3.0)
    with record_lines():
        y = x.detach()
        loss = (w * y).sum()
    text = why_no_grad(y, loss)
    assert text.startswith("y does not require a gradient: x.detach() gives a Tensor without history (at test_explain")
    assert text.endswith(": y = x.detach()). Leave the detach() out.")


def test_the_requirement_was_taken_back() -> None:
    layer = nn.Linear(2, 2).freeze()
    weight = layer.weight
    text = why_no_grad(weight, layer(leaf(1.0, 2.0).astype("float32")).sum())
    assert text.startswith("weight does not require a gradient: it was made without requires_grad=True, or that was")


# Gradients that are there, and zero ------------------------------------------------------------------------------


def test_overwritten_in_place() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record_lines():
        y = x * 2
        y[...] = w
        loss = (w * y).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("x gets a gradient of zeros only: a write into it (at test_explain.py:")
    assert text.endswith(
        ": y[...] = w) replaced the values that came from it. Write into a copy, or keep the ones from before."
    )
    loss.backward(retain_graph=True)
    assert (x.grad.data == 0).all() and why_no_grad(x, loss) == text
    loss.backward()
    assert why_no_grad(x, loss) == (
        "x has a gradient of zeros only, and backward has freed the graph. Ask before backward, or call "
        "backward(retain_graph=True), to learn which operation passed zeros on."
    )


@pytest.mark.parametrize(
    ("f", "sentence"),
    [
        (np.round, "round is flat: its derivative is zero wherever there is one. Use a smooth operation in its place."),
        (np.sign, "sign is flat: its derivative is zero wherever there is one. Use a smooth operation in its place."),
        (lambda x: x * 0.0, "multiply multiplies it by zero. Look at the other factor."),
        (
            lambda x: (x - 5.0).relu(),
            "relu has the slope zero at its values (out is (2,) float64 from 0 to 0). Bring them to where it has one.",
        ),
    ],
)
def test_operations_that_pass_zeros_on(f: Any, sentence: str) -> None:
    x, w = leaf(1.2, 2.7), leaf(3.0, 4.0)
    text = why_no_grad(x, (w * f(x)).sum())
    assert text == (
        f"x gets a gradient of zeros only: {sentence} Run the forward pass inside `with autograd.record_lines():` and "
        "ask again to see at which line."
    )


def test_zeros_on_one_of_two_ways_are_no_loss() -> None:
    x = leaf(1.0, 2.0)
    assert why_no_grad(x, (x * 0.0 + x).sum()).startswith("The path from the loss to x is whole: loss.backward() has")


def test_an_integer_tensor() -> None:
    x = tensor([1, 2])
    text = why_no_grad(x, (x * leaf(2.0)).sum())
    assert text.startswith("x has the dtype int64, and integers and booleans have no gradient. Make it of floats")


def test_a_detached_tensor_itself() -> None:
    x = leaf(1.0)
    with record_lines():
        with no_grad():
            y = x * 2
        loss = (y * leaf(1.0)).sum()
    assert why_no_grad(y, loss).startswith("y does not require a gradient: multiply ran inside no_grad()")


def test_asked_for_too_late() -> None:
    x, w = tensor([1.0]), leaf(2.0)
    loss = (x * w).sum()
    x.requires_grad_()
    assert why_no_grad(x, loss).startswith("x was made to require a gradient after the loss was computed")


def test_the_path_is_whole() -> None:
    x = leaf(1.0)
    h = x * 2
    loss = (h * h).sum()
    assert why_no_grad(x, loss).startswith("The path from the loss to x is whole: loss.backward() has not run yet.")
    assert "h is an intermediate result, whose gradient backward passes on and does not keep. Call h.retain_grad()" in (
        why_no_grad(h, loss)
    )
    loss.backward()
    assert why_no_grad(x, loss).startswith("x has a gradient")
    x.zero_grad_()
    assert "backward has run; x.grad was reset to None since (zero_grad_)" in why_no_grad(x, loss)


def test_without_a_recording_the_graph_still_tells() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    loss = (w * x.detach()).sum()
    text = why_no_grad(x, loss)
    assert text.startswith("multiply uses the values of x as a constant: it got them by x.detach(), x.data or as a raw")
    assert text.endswith(
        "Run the forward pass inside `with autograd.record_lines():` and ask again to see at which line."
    )
    other = (w * 2).sum()
    w.name = "w"
    assert why_no_grad(x, other).startswith("x was never used") or "leads to 1 leaves (w), and not to x" in (
        why_no_grad(x, other)
    )
    with no_grad():
        lost = (x * x).sum()
    assert why_no_grad(x, lost)


def test_scalars() -> None:
    a, b = scalar(2.0), scalar(3.0)
    with record_lines():
        c = float(a.exp()) * b
    assert why_no_grad(a, c).startswith("float(a) is a Python number")
    with record_lines():
        c = a.detach() * b
    assert why_no_grad(a, c).startswith("a.detach() gives a Tensor without history (at test_explain.py:")
    with record_lines(), no_grad():
        c = a * b
    assert why_no_grad(a, c).startswith("multiply ran inside no_grad() (at test_explain.py:")
    assert why_no_grad(a, a * 0.0 * b).startswith(
        "a gets a gradient of zeros only: multiply multiplies it by zero. Look at the other factor."
    )
    with record_lines():
        c = b * b
    assert why_no_grad(a, c).startswith("a was never used: no operation since record_lines() began has read it.")


def test_every_backend(backend: Any) -> None:
    x = tensor(backend.asarray(onp.array([1.0, 2.0])), requires_grad=True)
    w = tensor(backend.asarray(onp.array([1.0, 2.0])), requires_grad=True)
    with record_lines():
        loss = (w * x.detach()).sum()
        flat = (w * (x * 0.0)).sum()
    assert why_no_grad(x, loss).startswith("x.detach() gives a Tensor without history (at test_explain.py:")
    assert why_no_grad(x, flat).startswith("x gets a gradient of zeros only: multiply (at test_explain.py:")


def test_what_is_no_tensor() -> None:
    with pytest.raises(TypeError, match=r"why_no_grad: expected x to be a Tensor; got float\. Ask about the Tensors"):
        why_no_grad(1.0, leaf(1.0))


def test_recording_leaves_nothing_behind() -> None:
    from autograd.primitive import Primitive

    x = leaf(1.0)
    before = type(x).detach, type(x).data
    with record_lines(), record_lines():
        assert type(x).detach is not before[0]
    assert (type(x).detach, type(x).data) == before
    assert Primitive.around is None

"""Optimisers: five steps of each against PyTorch's (Lion's and LAMB's: their papers'), buffers, groups, state."""

from __future__ import annotations

import copy
import json
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, tensor
from nn import optim

RECORDED = np.load(Path(__file__).parent / "recorded" / "torch_nn.npz")
CASES: dict[str, Any] = json.loads(str(RECORDED["about"]))["cases"]
NAMES = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "NAdam", "radam": "RAdam", "adamax": "Adamax"}
NAMES |= {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta", "lion": "Lion", "lamb": "LAMB"}
STEPS = [name for name in CASES if name.startswith("optimiser/") and "lbfgs" not in name]


def make(case: str, params: list[Tensor]) -> optim.Optimizer:
    options = dict(CASES[case])
    kind = NAMES[case.split("/")[1]]
    for key in ("cls", "source", "module"):
        options.pop(key, None)
    if "b1" in options:
        options["betas"] = (options.pop("b1"), options.pop("b2"))
        options["weight_decay"] = options.pop("decay")
    return getattr(optim, kind)(params, **options)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", STEPS)
def test_five_steps_agree_with_the_recorded_ones(case: str, dtype: str, backend: Any) -> None:
    prefix = case + ("/float32" if dtype == "float32" else "")
    names = [name for name in ("w", "b") if f"{prefix}/{name}" in RECORDED.files]
    if not names:
        pytest.skip("recorded in float64 only")
    special = case.rsplit("/", 1)[-1]
    params, gradients = [], []
    for name in names:
        start = RECORDED[f"optimiser/start/{name}"].astype(dtype)
        grads = RECORDED[f"optimiser/gradients/{name}"].astype(dtype)
        if special == "from_zero":
            start = np.zeros_like(start)
        if special == "zero_gradient":
            grads = np.zeros_like(grads)
        params.append(tensor(start, requires_grad=True, device=backend.name))
        gradients.append(grads)
    optimizer = make(case, params)
    for step in range(5):
        for p, grads in zip(params, gradients, strict=True):
            p.grad = tensor(grads[step], device=backend.name)
        optimizer.step()
        for name, p in zip(names, params, strict=True):
            assert str(p.dtype) == dtype
            # PyTorch keeps NAdam's product of momenta as a float32 number, in float64 runs too.
            close = {"rtol": 1e-8, "atol": 1e-9} if "nadam" in case else {"rtol": 1e-10, "atol": 1e-12}
            tolerance = close if dtype == "float64" else {"rtol": 2e-5, "atol": 1e-6}
            found = p.backend.to_numpy(p.data)
            np.testing.assert_allclose(
                found, RECORDED[f"{prefix}/{name}"][step], err_msg=f"step {step + 1}", **tolerance
            )


FUNCTIONS = {
    "quadratic": lambda x, matrix: (x @ matrix @ x) / 2 - x.sum(),
    "rosenbrock": lambda x, matrix: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(),
}


@pytest.mark.parametrize("case", [name for name in CASES if "lbfgs" in name])
def test_lbfgs_agrees_with_pytorch(case: str) -> None:
    options = dict(CASES[case])
    f = FUNCTIONS[case.split("/")[2]]
    x = tensor(options.pop("start"), dtype="float64", requires_grad=True)
    matrix = RECORDED["optimiser/lbfgs/matrix"]
    for key in ("cls", "function"):
        options.pop(key)
    optimizer = optim.LBFGS([x], **options)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = f(x, matrix)
        loss.backward()
        return loss

    for step in range(5):
        before = optimizer.step(closure)
        np.testing.assert_allclose(
            x.data, RECORDED[f"{case}/x"][step], rtol=1e-6, atol=1e-8, err_msg=f"step {step + 1}"
        )
        np.testing.assert_allclose(before.item(), RECORDED[f"{case}/loss_before"][step], rtol=1e-6, atol=1e-10)
        assert optimizer.memory["evaluations"] == RECORDED[f"{case}/evaluations"][step]


def test_lbfgs_goes_on_from_a_loaded_state() -> None:
    def run(x: Tensor, optimizer: optim.LBFGS, steps: int) -> None:
        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = FUNCTIONS["rosenbrock"](x, None)
            loss.backward()
            return loss

        for _ in range(steps):
            optimizer.step(closure)

    x = tensor([-1.2, 1.0, 0.8], requires_grad=True)
    one = optim.LBFGS([x], max_iter=3, line_search_fn="strong_wolfe")
    run(x, one, 2)
    y = tensor(x.data, requires_grad=True)
    other = optim.LBFGS([y], max_iter=3, line_search_fn="strong_wolfe")
    other.load_state_dict(one.state_dict())
    run(x, one, 2)
    run(y, other, 2)
    np.testing.assert_array_equal(x.data, y.data)


def test_parameters_lie_side_by_side_and_survive_a_move() -> None:
    a, b = tensor([1.0, 2.0], requires_grad=True), tensor([[3.0]], requires_grad=True)
    optimizer = optim.Adam([a, b], lr=0.1)
    (a.sum() * b.sum()).backward()
    optimizer.step()
    assert a.data.base is b.data.base
    a.data = a.data.copy()
    optimizer.zero_grad()
    (a.sum() * b.sum()).backward()
    optimizer.step()
    assert a.data.base is b.data.base
    assert optimizer.state_dict()["state"][0]["step"] == 2


def test_a_parameter_without_a_gradient_is_left_alone() -> None:
    a, b = tensor([1.0], requires_grad=True), tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([a, b], lr=0.5, momentum=0.9)
    (3 * a).sum().backward()
    optimizer.step()
    assert a.item() == -0.5
    assert b.item() == 2.0
    assert [s["step"] for s in optimizer.state_dict()["state"]] == [1, 0]


def test_groups_have_options_of_their_own() -> None:
    a, b = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 1.0}], lr=0.1)
    (a + b).sum().backward()
    optimizer.step()
    assert (a.item(), b.item()) == (pytest.approx(0.9), 0.0)
    with pytest.raises(ValueError, match="expected options among lr"):
        optimizer.add_group({"params": [tensor([1.0], requires_grad=True)], "rate": 1.0})
    with pytest.raises(ValueError, match="each parameter once"):
        optimizer.add_group({"params": [a]})


@pytest.mark.parametrize(
    "kind", ["SGD", "Adam", "NAdam", "RMSprop", "Adagrad", "Adadelta", "Lion", "LAMB", "RAdam", "Adamax"]
)
def test_a_loaded_state_goes_on_to_the_same_numbers(kind: str) -> None:
    def train(optimizer: optim.Optimizer, w: Tensor, steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            ((w - 3.0) ** 2).sum().backward()
            optimizer.step()

    make_it = getattr(optim, kind)
    options = {"momentum": 0.9} if kind in ("SGD", "RMSprop") else {}
    w = tensor([1.0, -1.0], requires_grad=True)
    optimizer = make_it([w], lr=0.1, **options)
    train(optimizer, w, 3)
    copy = tensor(w.data, requires_grad=True)
    other = make_it([copy], lr=0.5, **options)
    other.load_state_dict(optimizer.state_dict())
    train(optimizer, w, 3)
    train(other, copy, 3)
    np.testing.assert_array_equal(w.data, copy.data)
    with pytest.raises(ValueError, match="expected the state of"):
        optim.Adamax([copy] * 1).load_state_dict({"kind": "Else", "groups": [{"count": 1}], "state": []})


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "NAdam", "RMSprop", "Adagrad", "Adadelta", "Lion", "SGD"])
def test_a_kernel_agrees_with_array_calls_to_the_bit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="the extra jit is not installed")
    rng = np.random.default_rng(0)
    start, grads = rng.standard_normal(200_000).astype("float32"), rng.standard_normal((3, 200_000)).astype("float32")
    compiled, called = (tensor(start, requires_grad=True) for _ in range(2))
    one, other = (getattr(optim, kind)([x]) for x in (compiled, called))
    for g in grads:
        compiled.grad, called.grad = tensor(g), tensor(g)
        one.step()
        with monkeypatch.context() as patch:
            patch.setattr("autograd.fuse.LARGE", 10**9)
            other.step()
    # A training that goes on from a checkpoint may take the other way.
    np.testing.assert_array_equal(compiled.data, called.data)


def test_clipping() -> None:
    a, b = tensor([3.0, 0.0], requires_grad=True), tensor([4.0], requires_grad=True)
    ((a * a).sum() / 2 + (b * b).sum() / 2).backward()
    assert optim.clip_grad_norm_([a, b], 1.0) == pytest.approx(5.0)
    np.testing.assert_allclose(np.concatenate([a.grad.data, b.grad.data]), [0.6, 0.0, 0.8])
    optim.clip_grad_value_([a, b], 0.7)
    np.testing.assert_allclose(np.concatenate([a.grad.data, b.grad.data]), [0.6, 0.0, 0.7])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: optim.SGD([]), "expected parameters; got none"),
        (lambda: optim.SGD(tensor([1.0], requires_grad=True)), "expected an iterable of Tensors"),
        (
            lambda: optim.SGD(nn.Linear(2, 1)),
            "SGD: expected an iterable of Tensors; got Linear. Pass model.parameters()",
        ),
        (lambda: optim.SGD(nn.Linear(2, 1).parameters), "expected an iterable of Tensors; got method"),
        (lambda: optim.SGD([np.ones(2)]), "expected leaf Tensors; got ndarray"),
        (
            lambda: optim.Adam([tensor([1.0], requires_grad=True)], betas=(1.0, 0.9)),
            r"expected each of betas to be a number from 0 to below 1; got 1",
        ),
        (lambda: optim.LBFGS([tensor([1.0], requires_grad=True)]).step(), "expected a closure"),
    ],
)
def test_bad_input_says_what_was_expected(call: Any, text: str) -> None:
    with pytest.raises((TypeError, ValueError), match=text):
        call()


# Copies, options, clipping ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("kind", ["SGD", "Adam", "LAMB", "RMSprop"])
def test_a_copy_steps_on_as_the_original(kind: str, copied: Any) -> None:
    def step(w: Tensor, optimizer: optim.Optimizer) -> None:
        optimizer.zero_grad()
        (w * w * w).sum().backward()
        optimizer.step()

    w = tensor([1.0, -2.0, 0.5], requires_grad=True)
    optimizer = getattr(optim, kind)([w], lr=0.1)
    step(w, optimizer)
    w2, optimizer2 = copied((w, optimizer))
    for _ in range(3):
        step(w, optimizer)
        step(w2, optimizer2)
    np.testing.assert_array_equal(w2.data, w.data)
    assert optimizer2.groups[0]["params"][0] is w2


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Lion", "LAMB", "LBFGS"])
def test_negative_options_are_refused(kind: str) -> None:
    w = tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match=f"{kind}: expected lr to be a number of 0 or more; got -1"):
        getattr(optim, kind)([w], lr=-1)
    with pytest.raises(ValueError, match=f"{kind}: expected lr to be a number of 0 or more; got nan"):
        getattr(optim, kind)([{"params": [w], "lr": float("nan")}])


def test_gradients_are_forgotten_or_zeroed() -> None:
    a, b = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    optimizer = optim.AdamW([a, b], 0.1, (0.8, 0.9), 1e-6, 0.5)
    assert optimizer.options["betas"] == (0.8, 0.9) and optimizer.options["weight_decay"] == 0.5
    a.grad = tensor([3.0])
    optimizer.zero_grad(set_to_none=False)
    assert a.grad is not None and a.grad.tolist() == [0.0] and b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


def test_a_group_is_added_under_pytorchs_name() -> None:
    a, b = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([a], lr=0.5)
    optimizer.add_param_group({"params": [b], "lr": 0.25})
    for p in (a, b):
        p.grad = tensor([1.0])
    optimizer.step()
    assert (a.item(), b.item()) == (0.5, 0.75)
    with pytest.raises(ValueError, match=r"expected what SGD.state_dict\(\) gives.*got an empty dict"):
        optimizer.load_state_dict({})


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, float("inf")])
def test_norms_of_any_order_are_clipped(norm_type: float) -> None:
    p, q = tensor([1.0, 2.0], requires_grad=True), tensor([[3.0]], requires_grad=True)
    p.grad, q.grad = tensor([3.0, -4.0]), tensor([[12.0]])
    whole = np.linalg.norm([3.0, -4.0, 12.0], norm_type)
    assert math.isclose(optim.clip_grad_norm_((x for x in (p, q)), 0.5, norm_type), whole)
    assert p.grad is not None and q.grad is not None
    found = np.linalg.norm([*p.grad.tolist(), *q.grad.tolist()[0]], norm_type)
    assert math.isclose(found, 0.5)


def test_a_norm_that_is_not_finite_is_told_where_asked_for() -> None:
    p = tensor([1.0], requires_grad=True)
    p.grad = tensor([float("nan")])
    assert math.isnan(optim.clip_grad_norm_(p, 1.0))
    with pytest.raises(ValueError, match="expected gradients of a finite norm; got nan"):
        optim.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)

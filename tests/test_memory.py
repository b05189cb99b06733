"""memory_report: bytes kept by exact count, and the predicted peak of backward against the measured one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as onp
import pytest

import autograd.numpy as np
import nn
from autograd import Tensor, checkpoint, memory_report, record_lines, scalar, tensor
from autograd.lines import scope
from benchmarks.workload import Case, discover

rng = onp.random.default_rng(0)


def weights(*shapes: tuple[int, ...]) -> list[Any]:
    return [tensor(rng.standard_normal(s, dtype="float32") * 0.1, requires_grad=True) for s in shapes]


def dense() -> tuple[Callable[[], Any], list[Any]]:
    p = weights(*[s for _ in range(8) for s in ((128, 128), (128,))])

    def loss() -> Any:
        h = tensor(onp.ones((256, 128), "float32"))
        for W, b in zip(p[::2], p[1::2]):
            h = np.tanh(h @ W + b)
        return (h * h).mean()

    return loss, p


def relu() -> tuple[Callable[[], Any], list[Any]]:
    p = weights(*[(128, 128)] * 10)

    def loss() -> Any:
        h = tensor(onp.ones((512, 128), "float32"))
        for W in p:
            h = (h @ W).relu()
        return h.sum()

    return loss, p


def residual() -> tuple[Callable[[], Any], list[Any]]:
    p = weights(*[s for _ in range(5) for s in ((64, 256), (256, 64))])

    def loss() -> Any:
        h = tensor(onp.ones((512, 64), "float32"))
        for up, down in zip(p[::2], p[1::2]):
            h = h + np.tanh(h @ up) @ down
        return (h * h).sum()

    return loss, p


def attention() -> tuple[Callable[[], Any], list[Any]]:
    p = weights(*[(64, 64)] * 12)

    def loss() -> Any:
        x = tensor(onp.ones((8, 48, 64), "float32"))
        for i in range(0, 12, 4):
            q, k, v = x @ p[i], x @ p[i + 1], x @ p[i + 2]
            x = x + ((q @ k.mT * 0.125).softmax() @ v) @ p[i + 3]
        return (x * x).mean()

    return loss, p


def convolution() -> tuple[Callable[[], Any], list[Any]]:
    p = weights((16, 1, 3, 3), (32, 16, 3, 3), (32 * 12 * 12, 10))

    def loss() -> Any:
        h = np.conv2d(tensor(onp.ones((8, 1, 28, 28), "float32")), p[0]).relu()
        h = np.max_pool2d(np.conv2d(h, p[1]).relu(), 2)
        return (h.reshape(8, -1) @ p[2]).mean()

    return loss, p


def normed() -> tuple[Callable[[], Any], list[Any]]:
    # Norms, dropout and a cross entropy: nodes with several outputs, and residuals.
    first = [nn.Linear(64, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.5)]
    model = nn.Sequential(*first, nn.Linear(256, 128), nn.LayerNorm(128), nn.GELU(), nn.Linear(128, 10))
    labels = onp.arange(512) % 10

    def loss() -> Any:
        return nn.functional.cross_entropy(model(tensor(onp.ones((512, 64), "float32"))), labels)

    return loss, model.parameters()


@pytest.mark.parametrize("make", [dense, relu, residual, attention, convolution, normed])
def test_the_predicted_peak_is_the_measured_one(make: Callable[[], Any]) -> None:
    loss, parameters = make()
    loss().backward()  # plans and tables are made
    parameters = list(parameters)
    for p in parameters:
        p.zero_grad_()
    report = memory_report(loss())
    tracemalloc.start()
    try:
        out = loss()
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        out.backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.kept == pytest.approx(kept, rel=0.1)
    assert report.peak == pytest.approx(peak, rel=0.1)
    assert report.gradients == sum(p.nbytes for p in parameters)


BENCHMARKED = [("dense", 256), ("conv", 32), ("recurrent", 20), ("transformer", 32)]


@pytest.mark.parametrize(("name", "size"), BENCHMARKED)
def test_the_prediction_for_the_benchmarks_networks(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    work = discover()[name]
    case = Case(size, work.variants[0])
    step = work.contenders["xpgrad"].make(work.inputs(case), case)
    step()
    backward, losses = Tensor.backward, []
    with monkeypatch.context() as patch:  # the step stops before its backward pass, whose inputs live outside of it
        patch.setattr(Tensor, "backward", lambda self, *args: losses.append(self))
        step()
        report = memory_report(losses.pop())
        tracemalloc.start()
        try:
            step()
            loss = losses.pop()
            kept = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            backward(loss)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert report.kept == pytest.approx(kept, rel=0.1)
    assert report.peak == pytest.approx(peak, rel=0.1)


def test_inputs_that_the_program_holds_are_not_counted_and_its_results_are() -> None:
    x, W = tensor(onp.ones((64, 32), "float32")), tensor(onp.ones((32, 16), "float32"), requires_grad=True)
    h = np.tanh(x @ W)
    loss = (h * h).sum()
    assert memory_report(loss).by_op == {"tanh": 64 * 16 * 4}  # not the batch of 8 KiB that matmul keeps
    del x
    assert memory_report(loss).by_op == {"tanh": 64 * 16 * 4, "matmul": 64 * 32 * 4}


def test_the_report_changes_nothing() -> None:
    loss, parameters = dense()
    out = loss()
    memory_report(out)
    assert all(p.grad is None for p in parameters)
    out.backward()
    assert all(p.grad is not None for p in parameters)


def test_bytes_by_operation_module_and_line() -> None:
    W = tensor(onp.ones((10, 10)), requires_grad=True)
    with record_lines():
        with scope("first"):
            h = np.tanh(W @ W)
        with scope("second"):
            loss = (h.exp() * h).sum()
    report = memory_report(loss)
    # tanh keeps its result (also an operand of the product), exp its own; matmul keeps W, the leaf's own memory.
    assert report.by_op == {"tanh": 800, "exp": 800}
    assert report.by_path == {"first": 800, "second": 800}
    assert [line.split(": ", 1)[1] for line in report.by_line] == ["h = np.tanh(W @ W)", "loss = (h.exp() * h).sum()"]
    assert report.kept == 1600
    text = repr(report)
    assert "The graph of 5 operations keeps 1.6 KiB" in text and "by module" in text and "by line" in text


def test_without_lines_it_says_how_to_get_them() -> None:
    W = tensor(onp.ones((10, 10)), requires_grad=True)
    assert "Run the forward pass inside `with autograd.record_lines():`" in repr(memory_report((W @ W).sum()))


def test_a_suggested_checkpoint_saves_what_it_says() -> None:
    p = weights(*[(64, 64)] * 8)
    x = onp.ones((1024, 64), "float32")

    def stretch(h: Any, matrices: list[Any]) -> Any:
        for W in matrices:
            h = np.tanh(h @ W)
        return h

    def loss(with_checkpoint: bool) -> Any:
        h = tensor(x)
        for i, name in ((0, "first"), (4, "second")):
            run = checkpoint(stretch) if with_checkpoint and name == "first" else stretch
            with scope(name):
                h = run(h, p[i : i + 4])
        return h.sum()

    with record_lines():
        report = memory_report(loss(False))
    found = {s.what: s for s in report.suggestions}
    assert "second" not in found  # all of it is there anyway when backward begins
    suggestion = found["first"]
    assert suggestion.operations == 8 and 0.4 < suggestion.share < 0.6

    def peak(with_checkpoint: bool) -> tuple[int, int]:
        tracemalloc.start()
        try:
            out = loss(with_checkpoint)
            kept = tracemalloc.get_traced_memory()[0]
            out.backward()
            return kept, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            for W in p:
                W.zero_grad_()

    loss(True).backward()
    before, _ = peak(False)
    after, top = peak(True)
    assert suggestion.saves == pytest.approx(before - after, rel=0.1)
    assert suggestion.peak == pytest.approx(top, rel=0.15)


def test_a_suggestion_for_a_model_saves_what_it_says() -> None:
    model = nn.Sequential(*[nn.TransformerEncoderLayer(32, 4, 128, dropout=0.0) for _ in range(4)])
    x = tensor(onp.random.default_rng(0).standard_normal((8, 48, 32)).astype("float32"))

    def loss(marked: str = "") -> Any:
        h = x
        for path, layer in model.named_children():
            h = (checkpoint(layer) if path == marked else layer)(h)
        return (h * h).mean()

    def measured(marked: str) -> tuple[int, int]:
        loss(marked).backward()  # plans and tables are made
        model.zero_grad()
        tracemalloc.start()
        try:
            out = loss(marked)
            kept = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            out.backward()
            return kept, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            model.zero_grad()

    with record_lines():
        report = memory_report((model(x) ** 2).mean())
    first = report.suggestions[0]
    assert first.what in ("0", "1", "2")  # a whole layer, and not the last, which backward needs at once
    plain, saved = measured(""), measured(first.what)
    assert first.saves == pytest.approx(plain[0] - saved[0], rel=0.05)
    assert first.peak == pytest.approx(saved[1], rel=0.1)
    assert saved[1] < 0.9 * plain[1]
    assert first.share == pytest.approx(0.25, abs=0.05)


def test_scalars() -> None:
    a = scalar(2.0)
    with record_lines():
        b = (a * 3.0).exp()
    report = memory_report(b)
    assert (report.kept, report.peak, report.gradients) == (0, 0, 0)
    assert "2 of the operations gave Python floats, whose few bytes are not counted." in repr(report)
    assert "record_lines" not in repr(report)


def test_every_backend(backend: Any) -> None:
    W = tensor(backend.asarray(onp.ones((32, 32), "float32")), requires_grad=True)
    report = memory_report((W @ W).tanh().sum())
    assert report.by_op == {"tanh": 4096}
    assert report.peak >= 2 * 4096


def test_a_freed_graph_and_other_things() -> None:
    x = tensor([1.0], requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(ValueError, match="memory_report: expected a graph that still keeps its values; a backward has"):
        memory_report(loss)
    with pytest.raises(TypeError, match=r"got one without a graph. Give it a loss before backward"):
        memory_report(tensor([1.0]))

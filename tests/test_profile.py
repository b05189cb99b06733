"""profile and compare: what ran, how long and how large; and where two runs part."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as onp
import pytest

import autograd.numpy as np
import backends
from autograd import compare, no_grad, profile, scalar, tensor
from autograd.lines import scope
from autograd.primitive import elementwise


@elementwise
def sleepy(xp: Any, x: Any, /) -> Any:
    time.sleep(0.02)
    return x * 2


sleepy.vjp(x=lambda g: (time.sleep(0.03), g * 2)[1])


def test_time_and_bytes_forward_and_backward() -> None:
    x = tensor(onp.ones(1000), requires_grad=True)
    with profile() as p:
        for _ in range(3):
            sleepy(x).sum().backward()
    rows = {(r.phase, r.name): r for r in p.rows()}
    forward, backward = rows["forward", "sleepy"], rows["backward", "sleepy"]
    assert (forward.calls, forward.bytes) == (3, 24_000)
    assert (backward.calls, backward.bytes) == (3, 24_000)
    assert forward.seconds >= 0.06 and backward.seconds >= 0.09  # it slept so long, and no clock runs faster
    assert rows["forward", "sum"].bytes == 24
    first, second = p.rows()[:2]
    assert {first.name, second.name} == {"sleepy"} and first.seconds >= second.seconds


def test_by_module_and_line() -> None:
    x = tensor(onp.ones(10), requires_grad=True)
    with profile() as p:
        with scope("encoder"):
            h = np.exp(x)
        h.sum().backward()
    assert {(r.phase, r.name) for r in p.rows("module")} >= {("forward", "encoder"), ("backward", "encoder")}
    lines = [r.name for r in p.rows("line")]
    assert any(line.endswith("h = np.exp(x)") for line in lines)
    with pytest.raises(ValueError, match="rows: expected by to be one of 'op', 'module', 'line'; got 'colour'"):
        p.rows("colour")


def test_what_runs_inside_a_rule_is_counted_once() -> None:
    x = tensor(onp.ones((4, 4)), requires_grad=True)
    with profile() as p:
        ((x + onp.ones(4)) ** 2).sum().backward()
    top = [e for e in p.entries if not e.depth]
    assert {e.phase for e in p.entries if e.depth} <= {"forward"}
    assert sum(r.calls for r in p.rows()) == len(top)


def test_operations_without_a_graph_are_timed_too() -> None:
    x = tensor(onp.ones(10), requires_grad=True)
    with profile() as p, no_grad():
        x.exp()
    assert [(r.phase, r.name, r.calls) for r in p.rows()] == [("forward", "exp", 1)]


def test_the_table() -> None:
    x = tensor(onp.ones(1 << 17), requires_grad=True)
    with profile() as p:
        x.exp()
    text = repr(p)
    assert text.splitlines()[0].split() == ["time", "share", "calls", "new", "bytes", "phase", "op"]
    assert "1.0 MiB  forward   exp" in text and "in 1 calls" in text


def test_chrome_trace(tmp_path: Path) -> None:
    x = tensor(onp.ones(10), requires_grad=True)
    with profile() as p:
        with scope("net"):
            y = sleepy(x)
        y.sum().backward()
    trace = json.loads(p.save(tmp_path / "trace.json").read_text(encoding="utf-8"))
    events = [e for e in trace["traceEvents"] if e["ph"] == "X"]
    assert [(e["cat"], e["name"]) for e in events[:2]] == [("forward", "sleepy"), ("forward", "sum")]
    assert {"ts", "dur", "pid", "tid", "args"} <= set(events[0])
    assert events[0]["args"]["module"] == "net" and events[0]["dur"] >= 20_000
    starts = [e["ts"] for e in events]
    assert starts == sorted(starts) and starts[0] == 0
    assert trace["traceEvents"][0]["args"]["name"] == "numpy"


def test_a_failing_operation_leaves_the_profile_whole() -> None:
    x = tensor(onp.ones((2, 3)), requires_grad=True)
    with profile() as p:
        with pytest.raises(ValueError):
            x @ x
        x.exp()
    assert [(e.name, e.depth) for e in p.entries] == [("exp", 0)]


def test_every_backend(backend: Any) -> None:
    x = tensor(backend.asarray(onp.ones((8, 8), "float32")), requires_grad=True)
    with profile() as p:
        (x @ x).sum().backward()
    rows = {(r.phase, r.name): r for r in p.rows()}
    assert rows["forward", "matmul"].bytes == 256 and rows["forward", "matmul"].seconds > 0
    assert rows["backward", "matmul"].seconds > 0


def test_processor_time_does_not_blame_who_waited() -> None:
    x = tensor(onp.ones(4), requires_grad=True)
    with profile(clock="cpu") as p:
        sleepy(x).sum().backward()
    seconds = {r.phase: r.seconds for r in p.rows() if r.name == "sleepy"}
    assert 0 < seconds["forward"] < 0.015 and 0 < seconds["backward"] < 0.015  # of which it slept 0.02 and 0.03
    with pytest.raises(ValueError, match=r"profile: expected clock to be 'device' or 'cpu'; got 'wall'\. Correct it\."):
        profile("wall")


def test_scalars() -> None:
    a = scalar(0.5)
    with profile() as p:
        (a * 3.0).exp().backward()
    phases = ["backward", "forward"] * 2
    assert [(r.phase, r.name, r.calls) for r in p.rows(sort="name")] == [
        (phase, name, 1) for phase, name in zip(phases, ["exp", "exp", "multiply", "multiply"])
    ]
    assert all(r.seconds > 0 and r.bytes == 0 for r in p.rows())


def test_the_trace_has_the_form_that_its_readers_ask_for(tmp_path: Path) -> None:
    # The Trace Event Format: complete events have a name, a phase X, microseconds, a process and a thread, all of
    # them numbers or strings; metadata names the process.
    x = tensor(onp.ones((4, 4)), requires_grad=True)
    with profile() as p:
        ((x @ x).exp() ** 2).sum().backward()
    trace = json.loads(p.save(tmp_path / "trace.json").read_text(encoding="utf-8"))
    assert set(trace) == {"traceEvents", "displayTimeUnit"} and trace["displayTimeUnit"] in ("ms", "ns")
    kinds = {"name": str, "cat": str, "ts": float, "dur": float, "pid": int, "tid": int, "args": dict}
    complete = [e for e in trace["traceEvents"] if e["ph"] == "X"]
    assert len(complete) == len(p.entries) > 8
    for event in complete:
        assert all(type(event[key]) is kind for key, kind in kinds.items())
        assert event["ts"] >= 0 and event["dur"] >= 0
    # What runs inside lies inside: readers nest by time.
    ends: list[float] = []
    for event in complete:
        while ends and event["ts"] >= ends[-1]:
            ends.pop()
        assert not ends or event["ts"] + event["dur"] <= ends[-1] + 1e-3
        ends.append(event["ts"] + event["dur"])
    assert {e["name"] for e in trace["traceEvents"] if e["ph"] == "M"} == {"process_name"}


def test_on_a_device_time_is_that_between_its_events_and_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    device = backends.get("strict")
    marks, waits = iter(range(1000)), []
    monkeypatch.setattr(type(device), "stamp", lambda self: next(marks), raising=False)
    monkeypatch.setattr(type(device), "seconds", lambda self, start, end: (end - start) / 8, raising=False)
    monkeypatch.setattr(type(device), "synchronize", lambda self: waits.append(len(p.entries)), raising=False)
    x = tensor(device.asarray(onp.ones(4)), requires_grad=True)
    with profile() as p:
        y = x.exp()
        y = y.sin()
        assert waits == []
    assert waits == [2]  # once, at the end
    assert [(e.name, e.start, e.end) for e in p.entries] == [("exp", 0, 0.125), ("sin", 0.25, 0.375)]
    assert [r.seconds for r in p.rows()] == [0.125, 0.125]


# compare -------------------------------------------------------------------------------------------------------


def test_agreement() -> None:
    x = onp.linspace(0.1, 1, 12).reshape(3, 4)
    found = compare(lambda a: np.tanh(a @ a.T).sum(), x, backends=["numpy", "strict"])
    assert found.reference == "numpy float64"
    assert found.first == {"strict float64": None}
    assert found.results["strict float64"] < 1e-14
    assert found.gradients["strict float64"][0] < 1e-13
    names = [s.name for s in found.steps["strict float64"]]
    assert "matmul" in names and "backward of tanh" in names
    assert "agrees in all" in repr(found)


def test_the_first_operation_that_parts_is_named_with_its_line() -> None:
    def f(a: Any) -> Any:
        b = a * 1.0
        c = (b + 1e4) - 1e4  # cancellation
        return (c * c).sum()

    found = compare(f, onp.linspace(0.1, 1, 5), backends=["numpy"], dtypes=["float64", "float32"])
    first = found.first["numpy float32"]
    assert first is not None and first.name == "subtract" and first.parts
    assert first.line.code == "c = (b + 1e4) - 1e4  # cancellation"
    assert first.error > 1e-4 > first.tolerance
    assert "parts at step 3 of" in repr(found) and "subtract at test_profile.py:" in repr(found)


def test_a_part_in_the_backward_pass_only() -> None:
    @elementwise(name="lying_identity")
    def lying(xp: Any, x: Any, /) -> Any:
        return x * 1

    lying.vjp(x=lambda g: g * (1.0 if g.dtype == onp.float64 else 1.1))
    found = compare(lambda a: lying(a).sum(), onp.ones(3), backends=["numpy"], dtypes=["float64", "float32"])
    first = found.first["numpy float32"]
    assert first is not None and first.name == "backward of lying_identity"
    assert first.line.code.startswith("found = compare(lambda a: lying(a).sum()")
    assert found.results["numpy float32"] == 0 and found.gradients["numpy float32"] == [pytest.approx(0.1, rel=1e-5)]


def test_a_different_course() -> None:
    def f(a: Any) -> Any:
        return (a.exp() if a.dtype == onp.float64 else a.sin()).sum()

    found = compare(f, onp.ones(3), backends=["numpy"], dtypes=["float64", "float32"])
    first = found.first["numpy float32"]
    assert first is not None and first.note == "numpy float32 ran sin in its place"


def test_what_can_not_be_compared() -> None:
    with pytest.raises(
        TypeError, match=r"compare: expected a function of Tensors; got ndarray\. Put the computation into"
    ):
        compare(onp.ones(3), onp.ones(3))  # type: ignore[arg-type]
    alone = compare(lambda a: a.sum(), onp.ones(3), backends=["numpy"])
    assert repr(alone).endswith("nothing: there was one run only. Name a second backend, or a second dtype.")


def test_a_backend_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        if name == "cupy":
            raise backends.BackendError("cupy: expected an NVIDIA GPU")
        return real(name)

    real = backends.get
    monkeypatch.setattr(backends, "get", missing)
    found = compare(lambda a: a.sum(), onp.ones(3))
    assert found.missing == {"cupy": "cupy: expected an NVIDIA GPU"} and found.steps == {}
    assert "cupy: not run: cupy: expected an NVIDIA GPU" in repr(found)
    with pytest.raises(backends.BackendError, match="compare: expected a backend that works here; got cupy"):
        compare(lambda a: a.sum(), onp.ones(3), backends=["cupy"])


def test_python_floats_against_arrays() -> None:
    found = compare(lambda a, b: (a * b + a).tanh(), 2.0, -0.5, backends=["scalar", "numpy"])
    assert found.reference == "scalar float" and found.first == {"numpy float64": None}
    assert [s.name for s in found.steps["numpy float64"]][:3] == ["multiply", "add", "tanh"]
    assert found.gradients["numpy float64"] == [pytest.approx(0, abs=1e-15)] * 2


def test_nests_integers_and_numbers() -> None:
    def f(table: Any, i: Any, scale: Any) -> Any:
        return {"out": (table["w"][i] * scale).sum()}

    found = compare(f, {"w": onp.arange(6.0)}, onp.array([0, 2, 2]), 3.0, backends=["numpy", "strict"])
    assert found.first["strict float64"] is None
    assert len(found.gradients["strict float64"]) == 2  # of w and of the scale

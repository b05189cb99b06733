"""What the benchmarks make of two devices, part by part: crossings, verdicts, who takes part, peak memory."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

import backends
from benchmarks import cli, environment, hosts, options, report, roofline, runner
from benchmarks.results import Record, Results
from benchmarks.verdict import gpu_verdict
from benchmarks.workload import Case, discover
from tests.strict_array import HOOKS


def two(cpu: list[float], gpu: list[float], spread: float = 0.01, unit: str = "s") -> Results:
    def record(device: str, size: int, cost: float) -> Record:
        noise = [1 + spread * (i - 4) * (1 if device == "cpu" else -1) for i in range(9)]
        return Record("matmul", "forward", size, device, "xpgrad", [cost * n for n in noise], unit=unit)

    return Results(
        records=[record(device, 10 ** (i + 1), cost) for device, costs in (("cpu", cpu), ("gpu", gpu))
                 for i, cost in enumerate(costs)]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gpu", "at"),
    [
        ([10e-6, 10e-6, 10e-6, 10e-6], 100),  # a tie at 100 has not overtaken, and from there on it has
        ([10e-6, 100e-6, 99e-6, 1000e-6], None),  # a tie at the last size
        ([0.1e-6, 1e-6, 10e-6, 100e-6], 0),
        ([10e-6, 100e-6, 1e-3, 1e-2], None),
    ],
)
def test_a_crossing_is_one_beyond_noise(gpu: list[float], at: float | None) -> None:
    found = two([1e-6, 10e-6, 100e-6, 1000e-6], gpu).crossing("matmul", "forward")
    assert found == (at if not at else pytest.approx(at))


def test_the_verdict_on_the_gpu() -> None:
    cpu = [1e-6, 10e-6, 100e-6, 1000e-6]
    always = "The GPU is faster than the CPU at every size measured: matmul, forward"
    assert gpu_verdict(two(cpu, [1e-7] * 4)) == [always]
    assert gpu_verdict(two(cpu, [20e-6] * 4)) == ["The GPU overtakes the CPU: matmul, forward at 200 rows"]
    assert gpu_verdict(two(cpu, [1.0] * 4)) == ["The GPU overtakes the CPU at no size measured: matmul, forward"]
    assert gpu_verdict(two(cpu, [])) == []


def test_bytes_overtake_nothing_and_have_their_own_axis() -> None:
    pytest.importorskip("matplotlib")
    from benchmarks import plots

    run = two([2e6, 2e7, 2e8], [1e6, 1e7, 1e8], unit="B")
    for record in run.records:
        record.workload, record.variant = "memory", ""
    assert gpu_verdict(run) == [] and report.crossing_lines(discover()["memory"], run) == []
    panel = plots.draw_time(run)
    assert panel is not None and list(panel.axes[0].texts) == []
    axis = panel.axes[0].yaxis
    assert all(text.endswith("iB") for text in map(axis.get_major_formatter(), axis.get_majorticklocs()))


def test_a_gpu_that_fails_leaves_the_cpus_part_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    original = roofline.measure

    def measure(name: str) -> dict[str, float]:
        if name == "strict":
            raise ImportError("libcublas.so.13: cannot open shared object file")
        return original(name, product=16, copied=1024)

    monkeypatch.setattr(roofline, "measure", measure)
    out = io.StringIO()
    arguments = ["op", "--sizes", "small", "--backend", "numpy,strict", "--peers", "none", "--repeat", "6"]
    assert cli.main(options.parse(arguments), Console(file=out, width=200)) == 0
    said = out.getvalue()
    assert (
        "xpgrad left out of everything (on the GPU): ImportError: libcublas.so.13: cannot open shared object file "
        "Nothing is measured on it." in said
    )
    assert "and backward" in said and " gpu " not in said


def test_without_numba_the_gpu_stands_beside_the_plain_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    work = discover()["dense"]
    where = {}
    for number in ("0.68", None):
        monkeypatch.setattr(environment, "version", lambda *names, number=number: number)
        plans = runner.plan(work, work.cases((32,)), {"cpu": "numpy", "gpu": "cupy"}, {"torch": ["cpu", "gpu"]})
        where[number] = {(c.variant, peer) for together in plans for peer, c in together if c.device == "gpu"}
    assert where["0.68"] == {("with jit", "xpgrad"), ("with jit", "torch")}
    assert where[None] == {("plain", "xpgrad"), ("plain", "torch")}


def test_a_million_launches_are_not_waited_for() -> None:
    chain = discover()["chain"]
    assert chain.runs("xpgrad", Case(1_000_000)) and not chain.runs("xpgrad", Case(1_000_000, device="gpu"))
    assert chain.runs("torch", Case(100_000, device="gpu")) and not chain.runs("torch", Case(1_000_000, device="gpu"))


def test_a_quick_device_gets_many_steps_between_two_waits() -> None:
    waits, steps = [], []
    assert roofline.best(lambda: steps.append(1), lambda: waits.append(len(steps))) < 1e-4
    assert waits[:2] == [1, 2] and waits[2] - waits[1] > 100


class Copies:
    """An array namespace that notes how much each thread is given to copy."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(np, name)

    def copyto(self, target: np.ndarray, source: np.ndarray) -> None:
        self.seen.append(source.size)
        np.copyto(target, source)


@pytest.mark.parametrize(("device", "parts"), [("cpu", {1000, 333, 334}), ("cuda", {1000})])
def test_the_bandwidth_is_that_of_all_threads(device: str, parts: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy copies with one thread: where others use more, it would be no peak."""
    monkeypatch.setenv(environment.THREADS, "3")
    xp = Copies()
    backend = SimpleNamespace(xp=xp, device_type=device, synchronize=lambda: None)
    found = roofline._rates(backend, 8, 1000)  # type: ignore[arg-type]
    assert set(xp.seen) == parts and found["bytes"] > 0


def test_the_readme_says_what_the_gpu_is_worth() -> None:
    from benchmarks import readme

    run = two([1e-6, 10e-6, 100e-6, 1000e-6], [20e-6] * 4)
    assert "\n\nThe GPU overtakes the CPU: matmul, forward at 200 rows.\n\n![" in readme.table(run, ["ratios.png"])
    run.records = [record for record in run.records if record.device == "cpu"]
    assert "GPU" not in readme.table(run)


# Peak memory -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def test_peak_memory_of_a_backend(name: str) -> None:
    try:
        backend = backends.get(name)
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    size = 1 << 20
    before = backend.xp.ones(size, "uint8")
    with backend.peak_memory() as nothing:
        pass
    with backend.peak_memory() as peak:
        a = backend.xp.ones(3 * size, "uint8")
        del a
        del before  # was there at the start: it makes room, and is no part of the peak
        b = backend.xp.ones(size // 2, "uint8")
        with backend.peak_memory() as inner:
            c = backend.xp.ones(size, "uint8")
    assert nothing.bytes < 10_000
    assert 3 * size <= peak.bytes < 3.05 * size
    assert size <= inner.bytes < 1.05 * size
    assert 2 * b.size == c.size
    backend.release_memory()


def test_peak_memory_where_the_pool_had_no_room() -> None:
    with backends.get("strict").peak_memory() as peak:
        (hook,) = HOOKS
        hook.malloc_postprocess(device_id=0, size=5, mem_size=512, mem_ptr=0, pmem_id=0)
    assert peak.bytes == 0


@pytest.mark.gpu
@pytest.mark.parametrize("size", [32, 128])
def test_peak_memory_on_a_gpu(size: int) -> None:
    try:
        backends.get("cupy")
    except backends.BackendError as missing:
        pytest.skip(str(missing))
    work, case = discover()["memory"], Case(size, device="gpu", backend="cupy")
    _, found = hosts.run_program(sys.executable, "xpgrad", work.contenders["xpgrad"].make({}, case))
    assert work.bytes is not None and work.bytes(case) <= found["value"] <= 1.25 * work.bytes(case)

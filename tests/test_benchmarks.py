"""The benchmark harness: its statistics, its fairness, its files. No timing is asserted."""

from __future__ import annotations

import doctest
import importlib
import io
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import backends
from benchmarks import check, cli, compare, environment, export, hosts, options, peers, report, results, runner, stats
from benchmarks.results import Failure, Record, Results
from benchmarks.session import Session
from benchmarks.workload import SIZES, Case, Workload, discover

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__main__")
positive = st.floats(1e-9, 1e9)


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    if name == "plots":
        pytest.importorskip("matplotlib")
    module = importlib.import_module("benchmarks" if name == "__init__" else f"benchmarks.{name}")
    assert doctest.testmod(module).failed == 0


# Statistics ------------------------------------------------------------------------------------------------


@given(st.lists(positive, min_size=1, max_size=40), st.floats(0, 1))
def test_quantiles_are_numpys(values: list[float], q: float) -> None:
    assert stats.quantile(values, q) == pytest.approx(np.quantile(values, q), rel=1e-12)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n in (6, 9, 15, 20):
        hits = 0
        for samples in rng.standard_exponential((4000, n)):
            low, high = stats.interval(samples.tolist())
            hits += low <= math.log(2) <= high
        # Four standard errors of 4,000 trials below the 95 % that are promised.
        assert hits / 4000 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 4000)


@pytest.mark.parametrize(
    ("n", "kept"),
    # The cuts of the sign test's 95 % interval, Conover's table A3 (ranks from 1).
    [(1, (1, 1)), (5, (1, 5)), (6, (1, 6)), (9, (2, 8)), (15, (4, 12)), (20, (6, 15)), (30, (10, 21))],
)
def test_the_interval_cuts_as_the_sign_test(n: int, kept: tuple[int, int]) -> None:
    assert stats.interval([float(i) for i in range(1, n + 1)]) == kept


@given(st.lists(st.tuples(positive, st.floats(0.5, 2)), min_size=1, max_size=30), st.floats(0.1, 10))
def test_pairing_removes_what_both_of_a_pair_suffer(pairs: list[tuple[float, float]], ratio: float) -> None:
    ours = [ratio * base * noise for base, noise in pairs]
    theirs = [base * noise for base, noise in pairs]
    found = stats.paired_ratio(ours, theirs)
    assert (found.median, found.low, found.high) == pytest.approx((ratio,) * 3)


def test_samples_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected as many samples on both sides; got 2 and 1\. Pair the samples"):
        stats.paired_ratio([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="expected at least one value; got none"):
        stats.quantile([], 0.5)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.5, 0.9, "faster"), (0.5, 1.0, "tie"), (0.9, 1.1, "tie"), (1.0, 1.2, "tie"), (1.01, 1.2, "slower")],
)
def test_a_ratio_whose_interval_straddles_one_is_a_tie(low: float, high: float, verdict: str) -> None:
    assert stats.Ratio((low + high) / 2, low, high).verdict == verdict
    assert (verdict == "tie") == report.ratio_text(stats.Ratio((low + high) / 2, low, high)).startswith("tie")


@given(st.floats(1e-9, 1e-3), st.floats(1e-12, 1e-6), st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]))
def test_growth_finds_the_power_behind_a_fixed_cost(fixed: float, rate: float, power: float) -> None:
    sizes = [10.0, 100.0, 1e3, 1e4, 1e5]
    fit = stats.growth(sizes, [fixed + rate * n**power for n in sizes])
    assert fit is not None
    # Where the fixed cost is all of it, or nothing of it, only the sum can be known.
    assert [fit(n) for n in sizes] == pytest.approx([fixed + rate * n**power for n in sizes], rel=0.02)
    if rate * 1e4**power > fixed:
        assert fit.power == pytest.approx(power, abs=0.03)


def test_growth_of_few_sizes_is_the_slope() -> None:
    fit = stats.growth([10, 1000], [1e-6, 1e-2])
    assert fit is not None and fit.fixed == 0 and fit.power == pytest.approx(2)
    assert stats.growth([10], [1.0]) is None


@pytest.mark.parametrize(
    ("gpu", "cpu", "at"),
    [
        ([10, 10, 10], [1, 10, 100], None),  # meets, then stays below: see below
        ([5, 5, 5], [1, 2, 3], None),
        ([1, 1, 1], [2, 2, 2], 0.0),
        ([10, 10, 10], [1, 5, 1000], 10 ** (1 + math.log(2) / math.log(200))),
        ([1, 10, 10], [2, 5, 20], 10**1.5),  # faster, slower, faster: what counts is from where on it stays so
    ],
)
def test_the_crossing_is_where_the_gpu_stays_faster(gpu: list[float], cpu: list[float], at: float | None) -> None:
    if cpu == [1, 10, 100]:
        at = 10.0
    found = stats.crossing([1, 10, 100], gpu, cpu)
    assert found == (at if at is None else pytest.approx(at, rel=1e-6))


# Comparing results -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (np.ones(3, np.float32), None),
        (np.ones(3, np.float32) * np.float32(1.00001), None),
        (np.ones(3, np.float32) * np.float32(1.01), r"differs by 9\.9e-03 of its largest element \(allowed: 1e-04\)"),
        (np.ones(3), "is float64 instead of float32"),
        (np.ones((3, 1), np.float32), r"has the shape \(3, 1\) instead of \(3,\)"),
        (np.array([1, 1, np.nan], np.float32), "is not finite"),
    ],
)
def test_wrong_results_are_found(other: np.ndarray, reason: str | None) -> None:
    found = check.difference([check.digest(np.ones(3, np.float32))], [check.digest(other)], 1e-4)
    assert found is None if reason is None else re.search(reason, found or "")


def test_a_difference_anywhere_in_a_large_array_is_found() -> None:
    array = np.zeros(10_000)
    for at in (0, 1, 5_003, 9_999):
        changed = array.copy()
        changed[at] = 1.0
        assert check.difference([check.digest(array)], [check.digest(changed)], 1e-3)


# A workload from one end to the other ----------------------------------------------------------------------

tiny = Workload("tiny", "a sum of squares", size="elements", sizes={"small": (4,), "medium": (8, 16)}, rtol=1e-6)
tiny.bytes = lambda case: 4 * case.size
tiny.flops = lambda case: 2 * case.size


@tiny.data
def _data(case: Case) -> dict[str, Any]:
    return {"x": np.arange(case.size, dtype=np.float32)}


@tiny.peer("xpgrad")
def _xpgrad(data: dict[str, Any], case: Case) -> Any:
    return lambda: (data["x"] ** 2).sum()


@tiny.peer("numpy")
def _numpy(data: dict[str, Any], case: Case) -> Any:
    return lambda: np.dot(data["x"], data["x"])


@tiny.peer("micrograd")
def _wrong(data: dict[str, Any], case: Case) -> Any:
    return lambda: np.float32(-1)


@tiny.peer("jax")
def _absent(data: dict[str, Any], case: Case) -> Any:
    raise ModuleNotFoundError("No module named 'jax'")


class Here(hosts.Hosts):
    """Every contender in this process, whatever library it stands for."""

    def __init__(self) -> None:
        super().__init__({})

    def of(self, peer: str) -> hosts.Host:
        return self._local


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Results:
    monkeypatch.setattr("benchmarks.session.discover", lambda: {"tiny": tiny})
    monkeypatch.setattr("benchmarks.session.ADAPTERS", {})
    found = Results(peaks={"cpu": {"flops": 1e9, "bytes": 1e9}})
    for together in runner.plan(
        tiny, ("small", "medium"), {"cpu": "numpy"}, {"numpy": ["cpu"], "micrograd": ["cpu"], "jax": ["cpu"]}
    ):
        runner.measure(tiny, together, Here(), found, runner.Options(rounds=6, block=1e-4, budget=5))
    return found


def test_a_workload_is_measured_in_turns(measured: Results) -> None:
    assert [(r.peer, r.size, len(r.samples)) for r in measured.records] == [
        (peer, size, 6) for size in (4, 8, 16) for peer in ("xpgrad", "numpy")
    ]
    assert all(sample > 0 for record in measured.records for sample in record.samples)
    assert [record.ideal for record in measured.records if record.peer == "xpgrad"] == [1.6e-8, 3.2e-8, 6.4e-8]
    assert len(list(measured.ratios())) == 3


def test_wrong_and_failing_contenders_are_not_timed(measured: Results) -> None:
    assert {(f.peer, f.size) for f in measured.failures if f.wrong} == {("micrograd", n) for n in (4, 8, 16)}
    assert {f.reason for f in measured.failures if f.peer == "jax"} == {"ModuleNotFoundError: No module named 'jax'"}
    text = "\n".join(report.failures(measured))
    assert "micrograd left out of tiny (4): result 1 differs by" in text
    assert "jax left out of tiny (4; 8; 16): ModuleNotFoundError: No module named 'jax'" in text


def test_the_order_of_turns_alternates(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[int] = []
    original = Session.run

    def run(self: Session, slot: int, times: int, warm: int = 0) -> dict[str, Any]:
        order.append(slot)
        return original(self, slot, times, warm)

    monkeypatch.setattr("benchmarks.session.discover", lambda: {"tiny": tiny})
    monkeypatch.setattr("benchmarks.session.ADAPTERS", {})
    monkeypatch.setattr(Session, "run", run)
    together = [(peer, Case(4)) for peer in ("xpgrad", "numpy")]
    runner.measure(tiny, together, Here(), Results(), runner.Options(rounds=6, block=1e-4))
    assert order[-12:] == [0, 1] * 6


def test_the_collector_is_as_the_workload_says(monkeypatch: pytest.MonkeyPatch) -> None:
    import gc

    seen: list[bool] = []
    work = Workload(
        "seen", "", "n", {"small": (1,)}, variants=("on", "off"), collector=lambda case: case.variant == "on"
    )

    @work.peer("xpgrad")
    def step(data: dict[str, Any], case: Case) -> Any:
        return lambda: seen.append(gc.isenabled())

    monkeypatch.setattr("benchmarks.session.discover", lambda: {"seen": work})
    monkeypatch.setattr("benchmarks.session.ADAPTERS", {})
    session = Session()
    for variant, expected in (("on", True), ("off", False)):
        slot = session.request("prepare", workload="seen", peer="xpgrad", case={"size": 1, "variant": variant})["slot"]
        del seen[:]
        session.request("run", slot=slot, times=3)
        assert seen == [expected] * 3 and gc.isenabled()
    session.request("release")
    with pytest.raises(ValueError, match="expected describe, prepare, run or release; got 'other'"):
        session.request("other")


def test_a_worker_process_gives_the_same_results() -> None:
    case = {"size": 16, "variant": "forward"}
    local, remote = hosts.Local(), hosts.Remote(sys.executable, "numpy")
    try:
        asked = {"workload": "matmul", "peer": "numpy", "case": case}
        here, there = local.request("prepare", **asked), remote.request("prepare", **asked)
        assert check.difference(here["digests"], there["digests"], 1e-6) is None
        assert remote.request("run", slot=there["slot"], times=2)["seconds"] > 0
        with pytest.raises(peers.PeerError, match="KeyError: 'nothing'"):
            remote.request("prepare", workload="nothing", peer="numpy", case=case)
        with pytest.raises(peers.PeerError, match="ModuleNotFoundError"):
            # The worker does not see this folder, or HIPS autograd could not be told from ours.
            remote.request("prepare", workload="op", peer="xpgrad", case={"size": 10, "variant": "recorded"})
    finally:
        remote.close()
        local.close()


def test_a_worker_that_dies_is_reported(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 3\n")
    python.chmod(0o755)
    remote = hosts.Remote(str(python), "torch")
    with pytest.raises(peers.PeerError, match="its process ended during describe; it last said: no such library"):
        remote.request("describe", peer="torch")
    remote.close()


def test_programs_are_run_in_fresh_processes() -> None:
    source = "import json; print('x'); print(json.dumps({'value': 2}))"
    seconds, told = hosts.run_program(sys.executable, "numpy", source)
    assert seconds > 0 and told == {"value": 2}
    with pytest.raises(peers.PeerError, match="its program failed: ZeroDivisionError"):
        hosts.run_program(sys.executable, "numpy", "1/0")
    with pytest.raises(peers.PeerError, match="last line should be a JSON object; it is 'done'"):
        hosts.run_program(sys.executable, "numpy", "print('done')")


# The workloads ---------------------------------------------------------------------------------------------


def test_every_workload_is_found_in_order() -> None:
    from benchmarks import workloads

    files = {path.stem for path in (ROOT / "benchmarks" / "workloads").glob("*.py") if not path.stem.startswith("_")}
    assert list(discover()) == list(workloads.ORDER)
    assert set(discover()) == files
    for name, chosen in options.SETS.items():
        assert set(chosen) <= files, f"the set {name} names what is not there"
        for work, labels in chosen.items():
            assert set(labels or ()) <= set(discover()[work].sizes)


@pytest.mark.parametrize("work", discover().values(), ids=lambda work: work.name)
def test_every_workload_states_its_least_work(work: Workload) -> None:
    assert peers.OURS in work.contenders, f"{work.name} has no function for this project"
    assert set(work.contenders) <= {peers.OURS, *peers.PEERS}
    if work.kind == "step":
        assert work.flops or work.bytes
    for estimate in filter(None, (work.flops, work.bytes)):
        for variant in work.variants:
            values = [estimate(case) for case in work.cases(SIZES) if case.variant == variant]
            assert values[0] > 0 and values == sorted(values)
    for case in work.cases(SIZES):
        there = replace(case, device="gpu")
        assert any(work.runs(peer, case) or work.runs(peer, there) for peer in work.contenders)


def test_sizes_that_a_workload_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="tiny: expected sizes among small, medium; got large"):
        list(tiny.cases(("large",)))
    with pytest.raises(ValueError, match="tiny: expected one function per peer; got a second for 'numpy'"):
        tiny.peer("numpy")(lambda data, case: None)


# Files -----------------------------------------------------------------------------------------------------


def sample_run(scale: float = 1.0, machine_scale: float = 1.0) -> Results:
    rng = np.random.default_rng(0)
    records = []
    for size in (10, 100, 1000):
        for device, peer, cost in (("cpu", "xpgrad", size), ("gpu", "xpgrad", 50), ("cpu", "torch", 2 * size)):
            base = 1e-6 * cost * machine_scale * (scale if peer == "xpgrad" and device == "cpu" else 1)
            noise = 1 + 0.01 * rng.standard_normal(9)
            records.append(
                Record("matmul", "forward", size, device, peer, (base * noise).tolist(), 3, "s", 1e3, 1e2, base / 4)
            )
    return Results(
        {"processor": "P", "cores": 2, "system": "Linux 6", "python": "CPython 3.11", "architecture": "x86_64"},
        {"xpgrad": "0.1", "torch": "2.13"},
        {"OMP_NUM_THREADS": "2"},
        "0123abcd+",
        "2026-01-02T03:04:05+00:00",
        {"cpu": {"flops": 1e11, "bytes": 1e10}, "gpu": {"flops": 1e13, "bytes": 1e12}},
        records,
        [Failure("matmul", "forward", 10, "cpu", "jax", "absent")],
    )


def test_json_round_trip(tmp_path: Path) -> None:
    run = sample_run()
    run.save(tmp_path / "deep" / "run.json")
    again = results.load(tmp_path / "deep" / "run.json")
    assert again.to_json() == run.to_json()
    assert again.machine == run.machine and again.peaks == run.peaks and again.failures == run.failures
    for before, after in zip(run.records, again.records):
        assert before.key == after.key
        assert before.samples == pytest.approx(after.samples, rel=1e-4)
    assert json.loads(run.to_json())["schema"] == results.SCHEMA


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON that --json wrote; got other text"),
        ("[]", "expected a benchmark result of schema 1; got 'list'"),
        ('{"schema": 0}', "expected a benchmark result of schema 1; got 0"),
    ],
)
def test_other_files_are_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        results.load(tmp_path / "f.json")
    assert "f.json" in str(raised.value)
    with pytest.raises(ValueError, match="expected a file of --json; got No such file"):
        results.load(tmp_path / "none.json")


def test_growth_and_crossing_of_a_run() -> None:
    run = sample_run()
    fit = run.growth("matmul", "forward", "xpgrad", "cpu")
    assert fit is not None and fit.power == pytest.approx(1, abs=0.02)
    assert run.crossing("matmul", "forward") == pytest.approx(50, rel=0.05)
    assert run.crossing("matmul", "and backward") is None


def test_compare_sees_what_changed_and_not_the_machine() -> None:
    same = compare.compare(sample_run(), sample_run(machine_scale=1.3))
    assert {change.verdict for change in same if change.new.device == "cpu"} == {"same"}
    assert all(change.drift == pytest.approx(1.3) for change in same if change.new.device == "cpu")
    slower = compare.compare(sample_run(), sample_run(scale=1.5, machine_scale=0.8))
    assert {change.verdict for change in slower if change.new.device == "cpu"} == {"slower"}
    assert {change.verdict for change in compare.compare(sample_run(1.5), sample_run()) if change.drift} >= {"faster"}
    text = compare.describe(slower)
    assert re.match(
        r"slower: matmul, forward, \d+, cpu: 1\.5\d? times the old cost \(1\.\d+–1\.\d+\), after peers'", text[0]
    )
    assert text[-1] == "3 slower, 3 faster, 0 the same within noise"


def test_compare_trusts_no_peer_whose_version_changed() -> None:
    new = sample_run(machine_scale=1.3)
    new.versions["torch"] = "3.0"
    assert {change.drift for change in compare.compare(sample_run(), new)} == {1.0}


def test_markdown_is_a_table_of_what_was_measured() -> None:
    lines = report.markdown(sample_run()).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert rows[0] == "| work | size | on | xpgrad | ÷ torch |"
    assert len({line.count("|") for line in rows}) == 1 and len(rows) == 2 + 6
    assert re.fullmatch(
        r"\| a product of square matrices, forward \| 10 rows \| cpu \| [\d.]+ µs \| \*\*0\.50\*\* \|", rows[2]
    )
    assert lines[-1] == "Versions: xpgrad 0.1, torch 2.13; commit 0123abcd+, 2026-01-02."


def shown(run: Results, width: int) -> str:
    out = io.StringIO()
    report.show(Console(file=out, width=width), discover()["matmul"], run)
    return out.getvalue()


def test_the_table_fits_its_terminal() -> None:
    assert re.search(
        r"forward +10 +cpu +[\d.]+ µs ±\d % +25[.\d]* % +0\.50 \(0\.\d\d–0\.\d\d\)", shown(sample_run(), 120)
    )
    narrow = shown(sample_run(), 60)
    assert "(0." not in narrow and re.search(r"forward +10 +cpu +[\d.]+ µs +25[.\d]* % +0\.50", narrow)
    assert "forward, the GPU overtakes the CPU at 50 rows" in re.sub(r"4\d|5\d", "50", narrow)
    assert "jax left out of matmul (forward 10): absent" in narrow


def test_the_verdict_counts_and_names_the_worst() -> None:
    assert report.verdict(sample_run()) == ["torch (cpu): xpgrad faster in 3, slower in 0, tied in 0"]
    worse = report.verdict(sample_run(scale=4))[0]
    assert re.search(
        r"slower in 3, tied in 0; torch wins most at matmul, forward, \d+: [12]\.\d+ times our speed", worse
    )


def test_pytest_benchmark_export() -> None:
    found = json.loads(export.pytest_benchmark(sample_run()))
    assert len(found["benchmarks"]) == 9 and found["commit_info"] == {
        "id": "0123abcd",
        "time": "2026-01-02T03:04:05+00:00",
        "dirty": True,
        "project": "xpgrad",
    }
    one = found["benchmarks"][0]
    assert one["name"] == "matmul[forward-10-cpu-xpgrad]" and one["group"] == "matmul[forward-10-cpu]"
    numbers = one["stats"]
    samples = np.array(numbers["data"])
    assert numbers["stddev"] == pytest.approx(samples.std(ddof=1)) and numbers["mean"] == pytest.approx(samples.mean())
    assert numbers["iqr"] == pytest.approx(np.quantile(samples, 0.75) - np.quantile(samples, 0.25))
    assert numbers["rounds"] == 9 and numbers["ops"] == pytest.approx(1 / samples.mean())
    assert (
        numbers["min"]
        <= numbers["ld15iqr"]
        <= numbers["q1"]
        <= numbers["median"]
        <= numbers["hd15iqr"]
        <= numbers["max"]
    )


def test_plots_are_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from benchmarks import plots

    paths = plots.plot(sample_run(), tmp_path / "plots")
    assert [path.name for path in paths] == ["time.png", "roofline.png", "ratios.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    panel = plots.draw_time(sample_run())
    assert panel is not None and any("GPU faster" in text.get_text() for text in panel.axes[0].texts)
    assert plots.plot(Results(), tmp_path / "none") == []


# The command line and its surroundings ---------------------------------------------------------------------


def test_threads_are_pinned_alike() -> None:
    pinned = environment.pinned(3)
    assert pinned["OPENBLAS_THREAD_TIMEOUT"] == "4"
    assert {pinned[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"3"}


def test_where_peers_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for peer in peers.PEERS.values():
        monkeypatch.delenv(peer.variable, raising=False)
    numpy, hips = peers.PEERS["numpy"], peers.PEERS["hips"]
    assert peers.interpreter(numpy) == sys.executable
    monkeypatch.setenv("XPGRAD_PEER_NUMPY", "/somewhere/python")
    assert peers.interpreter(numpy) == "/somewhere/python"
    absent = peers.Peer("absent", ("no_such_module",), ("no-such",))
    with pytest.raises(peers.PeerError, match="Run `pip install no-such`, or set XPGRAD_PEER_ABSENT to a Python"):
        peers.interpreter(absent)
    with pytest.raises(peers.PeerError, match="an environment of its own, since it is imported as autograd like this"):
        peers.interpreter(hips)
    assert peers.interpreter(hips, lambda peer: tmp_path / peer.name) == str(tmp_path / "hips")
    peers.own_environment(hips).parent.mkdir(parents=True)
    peers.own_environment(hips).touch()
    assert peers.interpreter(hips) == str(peers.own_environment(hips))
    with pytest.raises(peers.PeerError, match=r"--peers: expected names among numpy, torch.*; got 'tensorflow'"):
        peers.chosen(["tensorflow"])


def test_only_our_processes_see_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), "elsewhere"]))
    assert peers.process_environment("hips")["PYTHONPATH"] == "elsewhere"
    assert peers.process_environment("xpgrad")["PYTHONPATH"].split(os.pathsep) == [str(ROOT), "elsewhere"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "expected workloads among op, network"),
        (["op", "--sizes", "huge"], "--sizes: expected labels among small, medium, large; got 'huge'"),
        (["op", "--peers", "theano"], "--peers: expected names among"),
        (["op", "--backend", "tpu"], "get: expected one of the backends"),
        (["op", "--backend", "numpy,scalar"], "expected one backend per device; got numpy and scalar, both on the cpu"),
        (["--load", "none.json"], "none.json: expected a file of --json"),
    ],
)
def test_wrong_arguments_are_explained(arguments: list[str], message: str) -> None:
    out = io.StringIO()
    assert cli.main(options.parse(arguments), Console(file=out, width=1000)) == 2
    assert message in out.getvalue()


def test_choosing_workloads() -> None:
    def chosen(*arguments: str) -> dict[str, list[str]]:
        return {work.name: sizes for work, sizes in cli.choose(options.parse(arguments))}

    assert chosen("op", "chain") == {"op": list(SIZES), "chain": list(SIZES)}
    assert chosen("fit", "matmul", "--sizes", "large") == {"matmul": ["large"]}
    assert set(chosen()) == set(options.SETS["quick"])
    assert list(chosen("--set", "all")) == list(discover())
    with pytest.raises(SystemExit):
        options.parse(["op", "--set", "all"])


def test_a_saved_run_is_reported_again(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    sample_run().save(old)
    sample_run(scale=2).save(new)
    out = io.StringIO()
    arguments = ["--load", str(new), "--compare", str(old), "--markdown", str(tmp_path / "t.md")]
    arguments += ["--pytest-benchmark", str(tmp_path / "p.json")]
    assert cli.main(options.parse(arguments), Console(file=out, width=120)) == 1
    assert "slower: matmul, forward, 10, cpu: 2.0" in out.getvalue()
    assert (tmp_path / "t.md").read_text(encoding="utf-8").startswith("| work |")
    assert json.loads((tmp_path / "p.json").read_text())["benchmarks"]
    assert cli.main(options.parse(["--load", str(old), "--compare", str(old)]), Console(file=out, width=120)) == 0


def test_the_list_names_every_workload() -> None:
    text = cli.listing()
    assert all(f"\n{name}: " in f"\n{text}" for name in discover())


def test_the_program_runs_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    command = [sys.executable, "-m", "benchmarks", "op", "--sizes", "small", "--peers", "numpy", "--repeat", "2"]
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    ran = subprocess.run(
        [*command, "--backend", "numpy", "--threads", "1", "--budget", "1", "--json", str(path)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    run = results.load(path)
    assert {record.peer for record in run.records} == {"xpgrad", "numpy"} and not run.failures
    # Set before NumPy loaded: the program started itself again.
    assert run.environment["OPENBLAS_THREAD_TIMEOUT"] == "4" and run.environment["OMP_NUM_THREADS"] == "1"
    assert run.versions["numpy"] == np.__version__
    assert "1 threads each" in ran.stdout and "op: one addition" in ran.stdout


def test_without_a_gpu_the_cpu_part_runs_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    original = backends.get

    def get(name: str) -> Any:
        if name == "cupy":
            raise backends.BackendError("cupy: no GPU here.")
        return original(name)

    monkeypatch.setattr(backends, "get", get)
    out = io.StringIO()
    found = cli.choose_backends(SimpleNamespace(backend=None), Console(file=out, width=120))  # type: ignore[arg-type]
    assert found == {"cpu": "numpy"}
    assert "No GPU is used: cupy: no GPU here.\nMeasuring the CPU part." in out.getvalue()


@pytest.mark.gpu
@pytest.mark.skipif("cupy" not in backends.available(), reason="no CUDA GPU with CuPy here")
def test_the_gpu_takes_part(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    command = [sys.executable, "-m", "benchmarks", "matmul", "transfer", "--sizes", "small", "--peers", "none"]
    ran = subprocess.run([*command, "--repeat", "2", "--json", str(path)], cwd=ROOT, timeout=170)
    assert ran.returncode == 0
    run = results.load(path)
    assert {record.device for record in run.records if record.workload == "matmul"} == {"cpu", "gpu"}
    assert "gpu" in run.peaks and run.of("transfer") and not run.failures

"""A run of the benchmarks: with and without the extra `jit`, its time, its files, Ctrl-C, a GPU or a stand-in."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import backends
from benchmarks import check, cli, environment, hosts, options, peers, report, results, runner
from benchmarks.progress import Deadline, Tell
from benchmarks.results import Results
from benchmarks.session import Session
from benchmarks.workload import SIZES, Case, Workload, discover
from benchmarks.workloads import fit
from tests.strict_backend import counts
from tests.tiny_workload import Here, tiny

ROOT = Path(__file__).resolve().parent.parent


def test_the_extra_jit_can_be_done_without() -> None:
    # An optimiser's step on many parameters is compiled where it may be.
    program = (
        "import sys, numpy as np; from autograd import Tensor; from nn import optim\n"
        "w = Tensor(np.ones(100_000, np.float32), requires_grad=True); w.grad = Tensor(np.ones(100_000, np.float32))\n"
        "optim.Adam([w]).step(); print('numba' in sys.modules)"
    )
    for jit, expected in ((True, find_spec("numba") is not None), (False, False)):
        env = peers.process_environment("xpgrad", jit)
        ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == str(expected)


def test_plain_variants_run_without_compiled_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []

    class Asked(Here):
        def of(self, peer: str, jit: bool = True) -> hosts.Host:
            asked.append((peer, jit))
            return self._local

    work = replace(tiny, variants=("plain", "with jit"), jit=lambda case: case.variant == "with jit")
    monkeypatch.setattr("benchmarks.session.discover", lambda: {"tiny": work})
    monkeypatch.setattr("benchmarks.session.ADAPTERS", {})
    monkeypatch.setattr(environment, "version", lambda name: "0.68" if name == "numba" else None)
    found, options_ = Results(), runner.Options(rounds=6, block=1e-4)
    plans = list(runner.plan(work, work.cases((4,)), {"cpu": "numpy", "gpu": "cupy"}, {"numpy": ["cpu"]}))
    # Compiled kernels are the CPU's: without them, the GPU has nothing to say.
    assert [[(peer, case.variant, case.device) for peer, case in together] for together in plans] == [
        [("xpgrad", "plain", "cpu"), ("numpy", "plain", "cpu")],
        [("xpgrad", "with jit", "cpu"), ("numpy", "with jit", "cpu"), ("xpgrad", "with jit", "gpu")],
    ]
    for together in plans:
        runner.measure(work, together[:2], Asked(), found, options_)
    assert asked == [("xpgrad", False), ("numpy", True), ("xpgrad", True), ("numpy", True)]

    # Without the extra the GPU stands beside the CPU's plain variant, and the other is left out.
    monkeypatch.setattr(environment, "version", lambda name: None)
    plans = list(runner.plan(work, work.cases((4,)), {"cpu": "numpy", "gpu": "cupy"}, {"numpy": ["cpu"]}))
    assert [[(peer, case.device) for peer, case in together] for together in plans] == [
        [("xpgrad", "cpu"), ("numpy", "cpu"), ("xpgrad", "gpu")],
        [("xpgrad", "cpu"), ("numpy", "cpu")],
    ]
    missing = Results()
    for together in plans:
        runner.measure(work, together, Here(), missing, options_)
    assert {record.variant for record in missing.records} == {"plain"}
    assert [failure.variant for failure in missing.failures] == ["with jit"]
    assert "expected Numba, which compiles kernels; it is not installed" in missing.failures[0].reason


@pytest.mark.skipif(find_spec("numba") is None, reason="needs Numba")
def test_our_process_without_the_extra_gives_the_same_results() -> None:
    asked = {"workload": "optimizer", "peer": "xpgrad"}
    local, remote = hosts.Local(), hosts.Remote(sys.executable, "xpgrad", jit=False)
    try:
        here = local.request("prepare", **asked, case={"size": 128, "variant": "Adam, with jit"})
        there = remote.request("prepare", **asked, case={"size": 128, "variant": "Adam, plain"})
        assert check.difference(here["digests"], there["digests"], 1e-5) is None
    finally:
        remote.close()
        local.close()


@pytest.mark.skipif(find_spec("numba") is None, reason="needs Numba")
def test_the_first_compiled_step_is_timed_in_a_fresh_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    work = discover()["compile_time"]
    for variant in work.variants:
        source = work.contenders["xpgrad"].make({}, Case(6, variant))
        seconds, told = hosts.run_program(sys.executable, "xpgrad", source)
        assert 0 < told["value"] < seconds and len(told["digests"]) == 6
        assert (tmp_path / "xpgrad" / "benchmarks" / "compiled" / "xpgrad").exists() == (variant == "filled cache")


def test_a_run_keeps_to_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    deadline = Deadline(100.0, lambda: now)
    assert deadline.share(1, 10) == 30 and deadline.share(6, 10) == 100
    now = 60.0
    assert deadline.left == 40 and deadline.share(1, 10) == 12 and deadline.elapsed == 60
    budgets: list[float] = []

    def measure(work: Any, together: Any, hosts: Any, results: Any, given: runner.Options, say: Any) -> None:
        nonlocal now
        budgets.append(given.budget)
        now += 25

    monkeypatch.setattr(runner, "measure", measure)
    found = Results()
    plans = [(tiny, [[("xpgrad", case)] for case in tiny.cases(SIZES)])]
    out = Console(file=io.StringIO(), width=200)
    cli.measure(plans, Here(), found, runner.Options(budget=20.0), deadline, out, Tell(None))
    assert budgets == [20.0, 15.0]
    assert [(f.peer, f.size, f.reason) for f in found.failures] == [
        ("everyone", 16, "its time, 100 s for the run, is over. Give more with --budget.")
    ]


def test_a_case_that_would_take_the_others_time_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 40 s, a chain of 100,000 operations once took 55, and all that came after it went without."""
    monkeypatch.setattr("benchmarks.session.discover", lambda: {"tiny": tiny})
    monkeypatch.setattr("benchmarks.session.ADAPTERS", {})
    monkeypatch.setattr(runner, "SETTLE", 2.0)  # what a step takes, as far as the plan goes
    found, deadline = Results(), Deadline(20.0)
    plans = [(tiny, [[("xpgrad", case)] for case in [*tiny.cases(("small",)), *tiny.cases(("medium",))] * 2])]
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    out = Console(file=io.StringIO(), width=200)
    cli.measure(plans, Here(), found, runner.Options(rounds=6, block=1e-4), deadline, out, Tell(None))
    # Six rounds of 2 s: more than half of the 20. The last cases may run over.
    assert [record.size for record in found.records] == [16, 4, 8, 16]
    assert [(f.peer, f.size) for f in found.failures] == [("everyone", 4), ("everyone", 8)]
    assert found.failures[0].reason == "6 rounds would take 12 s, too much of the run's time. Give more with --budget."


def test_workloads_without_time_are_named_in_a_line() -> None:
    late = "its time, 40 s for the run, is over. Give more with --budget."
    run = Results(records=[results.Record("op", "recorded", 10, "cpu", "xpgrad", [1e-6] * 6)])
    run.failures = [
        results.Failure(work, "", size, "cpu", "everyone", late)
        for work, size in (("op", 1_000), ("chain", 1_000), ("chain", 10_000), ("hvp", 16))
    ]
    run.failures.append(results.Failure("everything", "", 0, "", "keras", "no TensorFlow"))
    assert report.unmeasured(run) == [f"everyone left out of chain, hvp: {late}"]
    out = io.StringIO()
    assert cli.finish(options.parse([]), Console(file=out, width=200), run, None) == 0
    assert out.getvalue().count(late) == 1


def test_what_was_measured_before_ctrl_c_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def measure(plans: Any, hosts: Any, found: Results, *rest: Any) -> None:
        found.records.append(results.Record("op", "recorded", 10, "cpu", "xpgrad", [1e-6] * 6))
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "measure", measure)
    monkeypatch.setattr("benchmarks.roofline.measure", lambda name: {"flops": 1e9, "bytes": 1e9})
    out, path = io.StringIO(), tmp_path / "run.json"
    arguments = options.parse(["op", "--peers", "none", "--backend", "numpy", "--json", str(path)])
    assert cli.main(arguments, Console(file=out, width=120)) == 130
    assert "stopped: what was measured so far is reported" in out.getvalue()
    assert len(results.load(path).records) == 1


def test_files_are_checked_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for option, path, message in (
        ("--json", tmp_path, "--json: expected a file; got the folder"),
        ("--json", tmp_path / "file" / "run.json", "--json: expected a place that can be written"),
        ("--plot", tmp_path / "file" / "plots", "--plot: expected a place that can be written"),
        ("--plot", tmp_path / "file", "--plot: expected a folder; got the file"),
        ("--readme", tmp_path / "file", "expected a file with the lines <!-- benchmarks: begin -->"),
        ("--readme", tmp_path / "none", "No such file"),
    ):
        out = io.StringIO()
        assert cli.main(options.parse(["op", option, str(path)]), Console(file=out, width=1000)) == 2
        assert message in out.getvalue()


def test_a_folder_that_may_not_be_written_is_named_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != closed)  # root may write everywhere
    out = io.StringIO()
    for path in (closed / "run.json", closed / "new" / "run.json"):
        assert cli.main(options.parse(["op", "--json", str(path)]), Console(file=out, width=1000)) == 2
    assert out.getvalue().count(f"--json: expected a place that can be written; {closed} can't be.") == 2


def test_a_file_that_can_not_be_written_in_the_end_loses_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Results(machine={"processor": "P", "cores": 2, "system": "S", "python": "P"})
    found.records.append(results.Record("op", "recorded", 10, "cpu", "xpgrad", [1e-6] * 6))

    def full(self: Results, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Results, "save", full)
    out = io.StringIO()
    arguments = options.parse(["--json", str(tmp_path / "r.json"), "--markdown", str(tmp_path / "r.md")])
    assert cli.finish(arguments, Console(file=out, width=1000), found, None) == 2
    assert f"error: {tmp_path / 'r.json'}: No space left on device. Nothing was written there." in out.getvalue()
    assert "one addition" in (tmp_path / "r.md").read_text(encoding="utf-8")


def interrupted(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Ctrl-C comes when so many cases are measured."""
    count = 0

    def measure(work: Workload, together: Any, hosts: Any, found: Results, *rest: Any) -> None:
        nonlocal count
        if count == after:
            raise KeyboardInterrupt
        count += 1
        case = together[0][1]
        found.records.append(results.Record(work.name, case.variant, case.size, "cpu", "xpgrad", [1e-6] * 6))

    monkeypatch.setattr(runner, "measure", measure)
    monkeypatch.setattr("benchmarks.roofline.measure", lambda name: {"flops": 1e9, "bytes": 1e9})


def test_after_ctrl_c_the_half_done_workload_is_shown_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interrupted(monkeypatch, after=1)
    out, path, readme = io.StringIO(), tmp_path / "run.json", tmp_path / "README.md"
    readme.write_text("<!-- benchmarks: begin -->\nold\n<!-- benchmarks: end -->\n", encoding="utf-8")
    arguments = ["matmul", "op", "--peers", "none", "--backend", "numpy", "--json", str(path), "--readme", str(readme)]
    assert cli.main(options.parse(arguments), Console(file=out, width=120)) == 130
    said = out.getvalue()
    assert "forward    16" in said and said.index("forward    16") < said.index("stopped: what was measured so far")
    assert len(results.load(path).records) == 1
    assert "old" in readme.read_text(encoding="utf-8")  # half a run is not what a README quotes


def test_ctrl_c_before_the_first_result_leaves_old_files_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interrupted(monkeypatch, after=0)
    path, out = tmp_path / "run.json", io.StringIO()
    path.write_text("an older run", encoding="utf-8")
    arguments = options.parse(["op", "--peers", "none", "--backend", "numpy", "--json", str(path)])
    assert cli.main(arguments, Console(file=out, width=120)) == 130
    assert path.read_text(encoding="utf-8") == "an older run" and "Nothing was measured" in out.getvalue()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of process groups are POSIX's")
@pytest.mark.parametrize("which", ["SIGINT", "SIGTERM"])
def test_a_signal_to_the_program_and_its_workers_ends_it_with_its_files(which: str, tmp_path: Path) -> None:
    """As a terminal sends it: every process of the group gets it, workers too."""
    path = tmp_path / "run.json"
    command = [sys.executable, "-u", "-m", "benchmarks", "network", "optimizer", "--sizes", "small", "--repeat", "6"]
    command += ["--peers", "none", "--backend", "numpy", "--json", str(path)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    assert process.stdout is not None
    said = ""
    while "fused" not in said:  # the first table is there, and the next workload at work
        line = process.stdout.readline()
        assert line, said
        said += line
    os.killpg(process.pid, getattr(signal, which))
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said + rest
    assert "stopped: what was measured so far is reported" in rest and "Traceback" not in rest
    assert {record.workload for record in results.load(path).records} >= {"network"}


def test_fit_prints_nothing_among_the_tables(capfd: pytest.CaptureFixture[str]) -> None:
    work = discover()["fit"]
    case = Case(100, "with progress")
    work.contenders["xpgrad"].make(work.inputs(case), case)()
    assert capfd.readouterr().out == ""


def on_gpu() -> list[tuple[Workload, Case]]:
    """Our function of each workload that runs on a GPU, once for every variant."""
    return [
        (work, case)
        for work in discover().values()
        for case in work.cases(("small", "medium"))
        if work.runs("xpgrad", replace(case, device="gpu"))
        and case.size == min(work.numbers(("small", "medium")))
        and work.kind == "step"
    ]


@pytest.mark.parametrize(("work", "case"), on_gpu(), ids=lambda x: x.name if isinstance(x, Workload) else x.variant)
def test_on_a_gpu_our_functions_compute_the_same_without_waiting(
    work: Workload, case: Case, device_backend: backends.Backend
) -> None:
    """Over the strict backend, which refuses what CuPy refuses and counts what waits for the device."""
    session = Session()
    there = replace(case, device="gpu", backend=device_backend.name)
    with backends.use("numpy"):  # what a workload says decides where it runs, not the default
        prepared = session.request("prepare", workload=work.name, peer="xpgrad", case=asdict(there))
        if work.name != "transfer":
            here = session.request("prepare", workload=work.name, peer="xpgrad", case=asdict(case))
            assert check.difference(here["digests"], prepared["digests"], work.rtol) is None
        if device_backend.name != "strict":
            return
        before = counts.host_syncs
        session.run(prepared["slot"], 3)
    # Before and after the clock; `fit` reads loss and metric once an epoch, a copy to the host waits by nature.
    allowed = {"fit": 2 + 3 * 2 * fit.EPOCHS, "transfer": 2 + 3}.get(work.name, 2)
    assert counts.host_syncs - before <= allowed


@pytest.mark.gpu
@pytest.mark.skipif("cupy" not in backends.available(), reason="no CUDA GPU with CuPy here")
def test_the_gpu_takes_part(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    command = [sys.executable, "-m", "benchmarks", "matmul", "transfer", "--sizes", "small", "--peers", "none"]
    ran = subprocess.run([*command, "--repeat", "6", "--json", str(path)], cwd=ROOT, timeout=170)
    assert ran.returncode == 0
    run = results.load(path)
    assert {record.device for record in run.records if record.workload == "matmul"} == {"cpu", "gpu"}
    assert "gpu" in run.peaks and run.of("transfer") and not run.failures

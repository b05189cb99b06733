"""The benchmark harness: its statistics, its fairness, its workloads, its command line. No timing is asserted."""

from __future__ import annotations

import doctest
import importlib
import io
import os
import subprocess
import sys
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import backends
from benchmarks import check, choice, cli, environment, hosts, options, peers, report, results, runner
from benchmarks.progress import Deadline, Tell
from benchmarks.results import Results
from benchmarks.session import Session
from benchmarks.workload import SIZES, Case, Workload, discover
from benchmarks.workloads import fit
from tests.strict_backend import counts

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__main__")


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    if name == "plots":
        pytest.importorskip("matplotlib")
    module = importlib.import_module("benchmarks" if name == "__init__" else f"benchmarks.{name}")
    assert doctest.testmod(module).failed == 0


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

    def of(self, peer: str, jit: bool = True) -> hosts.Host:
        return self._local


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Results:
    monkeypatch.setattr("benchmarks.session.discover", lambda: {"tiny": tiny})
    monkeypatch.setattr("benchmarks.session.ADAPTERS", {})
    found = Results(peaks={"cpu": {"flops": 1e9, "bytes": 1e9}})
    for together in runner.plan(
        tiny,
        tiny.cases(("small", "medium")),
        {"cpu": "numpy"},
        {"numpy": ["cpu"], "micrograd": ["cpu"], "jax": ["cpu"]},
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
        assert set(chosen.picks) <= files, f"the set {name} names what is not there"
        for work_name, pick in chosen.picks.items():
            work = discover()[work_name]
            assert set(pick.variants or ()) <= set(work.variants)
            for size in pick.sizes:
                assert size in SIZES or work.numbers([size]), f"the set {name}: {work_name} has no size {size}"


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


def test_a_contender_takes_part_up_to_its_largest_size() -> None:
    hips = discover()["chain"].contenders["hips"]
    assert discover()["chain"].runs("hips", Case(int(hips.largest)))
    assert not discover()["chain"].runs("hips", Case(int(hips.largest) + 1))


def test_sizes_that_a_workload_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="tiny: expected sizes among small, medium; got large"):
        list(tiny.cases(("large",)))
    with pytest.raises(ValueError, match="tiny: expected one function per peer; got a second for 'numpy'"):
        tiny.peer("numpy")(lambda data, case: None)


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
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in peers.process_environment("xpgrad")
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
    def chosen(*arguments: str) -> dict[str, list[Case]]:
        return {work.name: cases for work, cases in choice.choose(options.parse(arguments))}

    chain = discover()["chain"]
    assert chosen("op", "chain")["chain"] == list(chain.cases(SIZES))
    assert {case.size for case in chosen("fit", "matmul", "--sizes", "large")["matmul"]} == {1_024, 2_048, 4_096}
    assert set(chosen("fit", "matmul", "--sizes", "large")) == {"matmul"}
    assert set(chosen()) == set(options.SETS["quick"].picks)
    assert list(chosen("--set", "all")) == list(discover())
    assert {case.variant for case in chosen("--set", "readme")["fit_process"]} == {"with progress"}
    assert {case.size for case in chosen("--set", "readme", "--sizes", "large")["hvp"]} == {1_024}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["op", "--set", "all"], "expected names of workloads or --set; got both: op and all"),
        (["op", "--repeat", "5"], "--repeat: expected at least 6, which give an interval of 95 %; got 5"),
        (["op", "--threads", "0"], "--threads: expected at least 1; got 0"),
        (["op", "--budget", "-1"], "--budget: expected seconds above 0; got -1"),
    ],
)
def test_options_that_make_no_sense_are_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options.parse(arguments)
    assert message in capsys.readouterr().err


def test_the_list_names_every_workload() -> None:
    text = choice.listing()
    assert all(f"\n{name}: " in f"\n{text}" for name in discover())


def test_the_program_runs_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    command = [sys.executable, "-m", "benchmarks", "op", "--sizes", "small", "--peers", "numpy", "--repeat", "6"]
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_THREAD_TIMEOUT"}
    ran = subprocess.run(
        [*command, "--backend", "numpy", "--threads", "1", "--budget", "60", "--json", str(path)],
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
    assert "1 thread each" in ran.stdout and "op: one addition" in ran.stdout


def test_without_a_gpu_the_cpu_part_runs_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    original = backends.get

    def get(name: str) -> Any:
        if name == "cupy":
            raise backends.BackendError("cupy: no GPU here.")
        return original(name)

    monkeypatch.setattr(backends, "get", get)
    out = io.StringIO()
    found = choice.choose_backends(SimpleNamespace(backend=None), Console(file=out, width=120))  # type: ignore[arg-type]
    assert found == {"cpu": "numpy"}
    assert "No GPU is used: cupy: no GPU here.\nMeasuring the CPU part." in out.getvalue()


# The extra `jit`, time, the GPU ------------------------------------------------------------------------------


def test_the_extra_jit_can_be_done_without() -> None:
    program = "from backends.numba_kernels import has_numba; print(has_numba())"
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

    monkeypatch.setattr(environment, "version", lambda name: None)
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
        ("--plot", tmp_path / "file", "--plot: expected a folder; got the file"),
        ("--readme", tmp_path / "file", "expected a file with the lines <!-- benchmarks: begin -->"),
        ("--readme", tmp_path / "none", "No such file"),
    ):
        out = io.StringIO()
        assert cli.main(options.parse(["op", option, str(path)]), Console(file=out, width=1000)) == 2
        assert message in out.getvalue()


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

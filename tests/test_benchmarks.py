"""The benchmark harness: its statistics, its fairness, its workloads, its command line. No timing is asserted."""

from __future__ import annotations

import doctest
import importlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import backends
from benchmarks import adapters, check, choice, cli, environment, hosts, options, peers, report, results, runner
from benchmarks.results import Results
from benchmarks.session import Session
from benchmarks.workload import SIZES, Case, Workload, discover
from tests.tiny_workload import Here, tiny

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "__main__")


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    if name == "plots":
        pytest.importorskip("matplotlib")
    module = importlib.import_module("benchmarks" if name == "__init__" else f"benchmarks.{name}")
    assert doctest.testmod(module).failed == 0


# A workload from one end to the other ----------------------------------------------------------------------


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


def test_the_product_is_a_result_beside_its_gradients() -> None:
    """Everyone's are compared with ours: who is not asked for the product, such as a compiler, leaves it out."""
    work, case = discover()["matmul"], Case(16, "and backward")
    inputs = work.inputs(case)
    results = work.contenders["xpgrad"].make(inputs, case)()
    a, b, g = (inputs[name] for name in "abg")
    for found, expected in zip(results, (a @ b, g @ b.T, a.T @ g), strict=True):
        assert np.allclose(found.detach().numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "variant", "arrays"),
    # Arrays as large as the size that have to be read or written at least: each operand and result once.
    [("elementwise", "gelu", 4), ("reductions", "softmax", 4), ("reductions", "sum", 2), ("second_order", "", 2)],
)
def test_the_fewest_bytes_are_those_of_operands_and_results(name: str, variant: str, arrays: int) -> None:
    work, case = discover()[name], Case(102_400, variant)
    assert work.bytes is not None and work.bytes(case) == 4 * arrays * case.size


def test_the_fewest_bytes_of_products_are_those_of_operands_and_results() -> None:
    matmul, network = discover()["matmul"].bytes, discover()["network"].bytes
    assert matmul is not None and network is not None
    assert (matmul(Case(64, "forward")), matmul(Case(64, "and backward"))) == (4 * 3 * 64**2, 4 * 6 * 64**2)
    assert network(Case(100)) == 4 * 2 * 100  # of hundred samples, the inputs and the labels


def test_torch_may_pick_the_quickest_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    cudnn, matmul = SimpleNamespace(allow_tf32=True, benchmark=False), SimpleNamespace(allow_tf32=True)
    threads: list[int] = []
    torch = SimpleNamespace(
        set_num_threads=threads.append,
        backends=SimpleNamespace(cudnn=cudnn, cuda=SimpleNamespace(matmul=matmul)),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    adapters.ADAPTERS["torch"](3)
    assert cudnn.benchmark and not cudnn.allow_tf32 and not matmul.allow_tf32 and threads == [3]


def test_jax_copies_from_the_gpu_once() -> None:
    """What lies in the host's memory is seen in place, as PyTorch's and ours is; a second copy would not be its own."""
    jax = pytest.importorskip("jax")
    work, case = discover()["transfer"], Case(4_096, "to the host", "gpu")
    devices = jax.devices
    try:
        jax.devices = lambda kind: devices("cpu")
        array = work.contenders["jax"].make(work.inputs(case), case)()
    finally:
        jax.devices = devices
    assert array.size == 1_024 and not array.flags.owndata


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


def test_no_more_threads_than_a_container_may_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "cpu.max"
    monkeypatch.setattr(environment, "CGROUP", file)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    assert environment.usable_cores() == 64  # no such file: no container, or another system
    for text, cores in (("max 100000", 64), ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1), ("?", 64)):
        file.write_text(text + "\n")
        assert environment.usable_cores() == cores


def test_nobody_rounds_products_on_gpus() -> None:
    assert environment.pinned(1)["CUPY_TF32"] == "0"


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
        (["matmull"], "got 'matmull'. Did you mean 'matmul'?"),
        (["op", "--sizes", "meduim"], "Did you mean 'medium'?"),
        (["op", "--peers", "pytorch"], "got 'pytorch'. Did you mean 'torch'?"),
        (["op", "--peers", "none,torch"], "--peers: expected none to stand alone"),
        (["op", "--backend", "tpu"], "--backend: expected names among numpy, scalar, cupy"),
        (["op", "--backend", "numpy,gpu"], "got 'gpu'. Did you mean 'cupy'?"),
        (
            ["op", "--backend", "scalar"],
            "expected a backend of arrays; got 'scalar', whose values are Python's numbers",
        ),
        (["--load", str(ROOT / "benchmarks" / "results" / "latest.json"), "matmull"], "Did you mean 'matmul'?"),
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
        (["--load", "run.json", "--sizes", "small"], "--load: measures nothing, so it expects no --sizes"),
        (["op", "--peers", ""], "--peers: expected names with commas between them; got none"),
        (["op", "--sizes", ","], "--sizes: expected names with commas between them; got none"),
    ],
)
def test_options_that_make_no_sense_are_explained(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options.parse(arguments)
    assert message in capsys.readouterr().err


def test_a_wrong_peer_is_told_before_a_missing_gpu() -> None:
    out = io.StringIO()
    assert cli.main(options.parse(["op", "--peers", "Torch"]), Console(file=out, width=1000)) == 2
    assert out.getvalue().startswith("error: --peers: expected names among") and "No GPU" not in out.getvalue()


def test_variants_with_commas_are_told_apart() -> None:
    assert "variants: Adam, plain; Adam, with jit; SGD with momentum, plain; SGD" in choice.listing()


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

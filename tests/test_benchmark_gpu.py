"""The benchmarks on a machine with a GPU: rehearsed where there is none, in processes with a stand-in for CuPy.

``tests/simulated_gpu.py`` says what the stand-in is: CuPy's backend runs over it as it is, only time and arrays are not
a GPU's. What is asked here is that nothing is measured without waiting for the device, and that all of it is reported.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import backends
from benchmarks import cli, hosts, options, results, stats
from benchmarks.markdown import markdown
from benchmarks.results import Results
from benchmarks.workload import Case, discover
from tests.simulated_gpu import BANDWIDTH, LATENCY, LAUNCH, RATE

ROOT = Path(__file__).resolve().parent.parent
STAND_IN = ROOT / "tests" / "gpu_stand_in"


def with_a_gpu(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the machine with the simulated GPU."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(ROOT)]), **variables}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", timeout=170
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rehearsal")


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """What the whole program prints, as a user with a GPU and PyTorch runs it; its files lie in ``folder``."""
    pytest.importorskip("matplotlib")
    ran = with_a_gpu(
        *["-m", "benchmarks", "matmul", "transfer", "--sizes", "small,medium", "--backend", "numpy,cupy"],
        *["--peers", "numpy,torch", "--repeat", "6", "--threads", "1"],
        *("--json", str(folder / "run.json"), "--markdown", str(folder / "run.md"), "--plot", str(folder / "plots")),
        *("--pytest-benchmark", str(folder / "history.json")),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def run(told: str, folder: Path) -> Results:
    return results.load(folder / "run.json")


# What is measured ------------------------------------------------------------------------------------------------


def test_both_devices_and_the_peer_on_both_are_measured(run: Results) -> None:
    assert run.failures == []
    assert {(r.workload, r.peer, r.device) for r in run.records} == {
        *(("matmul", peer, device) for peer in ("xpgrad", "torch") for device in ("cpu", "gpu")),
        ("matmul", "numpy", "cpu"),
        *(("transfer", peer, "gpu") for peer in ("xpgrad", "torch")),
    }


def test_no_step_is_shorter_than_the_device_needs_for_it(run: Results) -> None:
    """A clock that is read while the device still computes shows launches: a tenth of this at the largest size."""
    for record in run.of("matmul"):
        if record.device == "gpu":
            products = 3 if record.variant == "and backward" else 1
            least = products * (LATENCY + 2 * record.size**3 / RATE)
            assert min(record.samples) >= least, record.key
            if record.size == 512:
                assert record.summary.median < 2 * least, record.key


def test_the_peaks_are_the_devices_not_the_launches(run: Results) -> None:
    assert run.peaks["gpu"] == pytest.approx({"flops": RATE, "bytes": BANDWIDTH}, rel=0.1)
    largest = run.find("matmul", "forward", 512, "gpu", "xpgrad")
    assert largest is not None and largest.share is not None and 0.5 < largest.share < 1.05


FORGETFUL = """
import sys, time
import cupy
from benchmarks import adapters, roofline
from benchmarks.session import Session

peer, forget = sys.argv[1], sys.argv[2] == "forget"
kind = adapters.ADAPTERS[peer]
if forget:
    kind.synchronize = lambda self, value, backend: None
session = Session()
case = {"size": 512, "variant": "forward", "device": "gpu", "backend": "cupy"}
slot = session.request("prepare", workload="matmul", peer=peer, case=case)["slot"]
print(session.request("run", slot=slot, times=20, warm=1)["seconds"] / 20)
if forget:
    from backends.cupy_backend import CupyBackend
    CupyBackend.synchronize = lambda self: None
print(roofline.measure("cupy", product=512, copied=1 << 20)["flops"])
"""


@pytest.mark.parametrize("peer", ["xpgrad", "torch"])
def test_who_forgets_to_wait_is_caught(peer: str) -> None:
    """The tests above would see it: without the wait, times and peaks are far from the device's."""
    need = LATENCY + 2 * 512**3 / RATE
    for forget in ("wait", "forget"):
        ran = with_a_gpu("-c", FORGETFUL, peer, forget)
        assert ran.returncode == 0, ran.stderr
        seconds, flops = map(float, ran.stdout.split())
        assert (seconds >= need) == (forget == "wait") and (seconds < need / 2) == (forget == "forget")
        assert (flops < 1.1 * RATE) == (forget == "wait")


# Every workload's function on the real backend over the stand-in is measured once: nothing fails for a trivial reason.
ONCE = """
import json, sys
import cupy
from dataclasses import asdict, replace
from benchmarks.session import Session
from benchmarks.workload import discover
from tests.simulated_gpu import gpu

session, out, launches = Session(), {}, {}
for work in discover().values():
    for variant in work.variants:
        size = min(n for sizes in work.sizes.values() for n in sizes)
        case = next(c for c in work.cases((size,), (variant,)))
        case = replace(case, device="gpu", backend="cupy")
        if work.kind == "step" and work.runs("xpgrad", case):
            try:
                slot = session.request("prepare", workload=work.name, peer="xpgrad", case=asdict(case))["slot"]
                before = gpu.kernels
                out[f"{work.name} {variant}"] = session.request("run", slot=slot, times=1)["seconds"]
                launches[f"{work.name} {variant}"] = gpu.kernels - before
            except Exception as error:
                out[f"{work.name} {variant}"] = repr(error)
    session.release()
print(json.dumps([out, launches, cupy.get_default_memory_pool().given_back]))
"""

# So many kernels a step may launch at most at the smallest size: on a GPU that is what small work costs. An LSTM of ten
# steps takes four launches for each; of the transformer's, 36 are products.
LAUNCHES = {
    "op and backward": 2, "network op by op": 31, "network fused": 16, "elementwise exp": 2, "elementwise tanh": 2,
    "elementwise gelu": 23, "reductions softmax": 2, "reductions logsumexp": 2, "dense with jit": 33,
    "conv with jit": 46, "recurrent with jit": 60, "transformer with jit": 118, "optimizer Adam, with jit": 2,
}  # fmt: skip


def test_every_workload_runs_on_the_backend_of_cupy() -> None:
    import shutil

    if shutil.which("g++") is None and shutil.which("clang++") is None:
        pytest.skip("no C++ compiler, which runs the optimisers' kernels here, is installed")
    ran = with_a_gpu("-c", ONCE)
    assert ran.returncode == 0, ran.stderr
    seconds, launches, given_back = json.loads(ran.stdout.splitlines()[-1])
    assert {name: took for name, took in seconds.items() if not isinstance(took, float) or took < LAUNCH} == {}
    works = [work for work in discover().values() if "gpu" in work.contenders["xpgrad"].devices and work.kind == "step"]
    assert {name.split()[0] for name in seconds} == {work.name for work in works}
    assert {name: launches[name] for name, most in LAUNCHES.items() if launches[name] > most} == {}
    assert given_back >= len(works)  # the pool is emptied between workloads: the peers need the memory, too


@pytest.mark.parametrize("peer", ["xpgrad", "torch"])
def test_peak_memory_on_the_gpu_is_what_the_graph_holds(peer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    work = discover()["memory"]
    case = Case(32, device="gpu", backend="cupy")
    _, found = hosts.run_program(sys.executable, peer, work.contenders[peer].make({}, case))
    assert work.bytes is not None
    assert work.bytes(case) <= found["value"] <= 1.25 * work.bytes(case)
    assert found["digests"][0]["dtype"] == "float32"


# What is reported ------------------------------------------------------------------------------------------------


def test_the_terminal_says_where_the_gpu_is_worth_it(told: str, run: Results) -> None:
    assert re.search(r"Measured peak of the gpu: (49\d|50\d) GFLOP/s \(float32 product\), [\d.]+ GB/s \(copy\)", told)
    assert re.search(r"variant +rows +on +xpgrad +of peak +÷ cpu +÷ numpy +÷ torch\n", told)
    assert re.search(r"forward, the GPU overtakes the CPU at \d+ rows", told)
    where = r"at \d+ rows"
    assert re.search(rf"\nThe GPU overtakes the CPU: matmul, forward {where}; matmul, and backward {where}\n", told)
    at = run.crossing("matmul", "forward")
    assert at is not None and 16 < at < 512
    worth = told.partition("\nThe GPU overtakes")[2].partition("\nwrote ")[0]
    assert run.crossing("transfer", "to the GPU") is None and worth and "transfer" not in worth


def test_the_files_have_both_devices(told: str, run: Results, folder: Path) -> None:
    text = (folder / "run.md").read_text(encoding="utf-8")
    assert text == markdown(run)
    assert text.startswith("| work | size | on | xpgrad | ÷ cpu | ÷ numpy | ÷ torch |")
    assert re.search(r"\n- matmul: forward, the GPU overtakes the CPU at \d+ rows\n", text)
    names = [b["name"] for b in json.loads((folder / "history.json").read_text(encoding="utf-8"))["benchmarks"]]
    assert "matmul[forward-512-gpu-xpgrad]" in names and "matmul[forward-512-cpu-torch]" in names


def test_the_plots_mark_the_crossing_and_both_roofs(run: Results, folder: Path) -> None:
    from benchmarks import plots

    assert {path.name for path in (folder / "plots").iterdir()} == {"time.png", "roofline.png", "ratios.png"}
    times = plots.draw_time(run)
    assert times is not None
    panels = {axes.get_title(loc="left"): axes for axes in times.axes}
    at = run.crossing("matmul", "forward")
    assert at is not None
    assert [text.get_text() for text in panels["matmul, forward"].texts] == [f"GPU faster\nfrom {plots.short(at)}"]
    upright = [line for line in panels["matmul, forward"].lines if set(line.get_xdata()) == {at}]
    assert [line.get_linestyle() for line in upright] == [":"]
    labels = {text.get_text() for text in times.legends[0].get_texts()}
    assert labels == {"xpgrad cpu", "xpgrad gpu", "torch cpu", "torch gpu", "numpy cpu"}
    roofs = plots.draw_roofline(run)
    assert roofs is not None
    drawn = [(line.get_linestyle(), max(line.get_ydata())) for line in roofs.axes[0].lines if len(line.get_xdata()) > 9]
    assert drawn == [("-", run.peaks["cpu"]["flops"]), ("--", run.peaks["gpu"]["flops"])]
    # On the roofs, their figures would cover the dots that reach them, and on the higher one the title.
    assert all(text.get_text().isdigit() for text in roofs.axes[0].texts)
    legend = roofs.axes[0].get_legend()
    assert legend is not None
    entries = [text.get_text() for text in legend.get_texts()]
    assert re.fullmatch(r"cpu: [\d.]+ [GT]FLOP/s, [\d.]+ GB/s", entries[0]) and entries[1].startswith("gpu: ")
    listed = roofs.axes[1].texts[0].get_text()
    assert re.search(r"matmul and backward 512: cpu \d+ %, gpu \d+ %", listed)
    ratios = plots.draw_ratios(run)
    assert ratios is not None and [axes.get_title(loc="left") for axes in ratios.axes] == ["cpu", "gpu"]


def test_a_run_with_a_gpu_is_compared(run: Results, folder: Path) -> None:
    run = replace(run, records=[replace(r, samples=list(r.samples)) for r in run.records])
    slower = replace(run, records=[replace(r, samples=list(r.samples)) for r in run.records])
    for record in slower.records:
        if (record.peer, record.device, record.workload) == ("xpgrad", "gpu", "matmul"):
            record.samples[:] = [3 * x for x in record.samples]
    for one in (run, slower):  # what a busy machine did to a few samples is not what is asked here
        for record in one.records:
            record.samples[:] = [stats.median(record.samples) * (1 + i / 1000) for i in range(6)]
    run.save(folder / "steady.json")
    slower.save(folder / "slower.json")
    out = io.StringIO()
    arguments = options.parse(["--load", str(folder / "slower.json"), "--compare", str(folder / "steady.json")])
    assert cli.main(arguments, Console(file=out, width=200)) == 1
    lines = [line for line in out.getvalue().splitlines() if line.startswith("slower: ")]
    assert len(lines) == 8 and all(re.search(r"^slower: matmul, .*, gpu: 3\.0\d times", line) for line in lines)


def test_the_simulated_times_are_medians_worth_reading(run: Results) -> None:
    """The stand-in is fit for its purpose: on it the GPU wins large products and loses small ones, beyond noise."""
    pairs = run.both_devices("matmul", "forward")
    verdicts = [stats.paired_ratio(gpu.samples, cpu.samples).verdict for cpu, gpu in pairs]
    assert verdicts[0] == "slower" and verdicts[-1] == "faster"
    assert np.diff([cpu.size for cpu, _ in pairs]).min() > 0


# The tests marked gpu ---------------------------------------------------------------------------------------------

# Streams that copy beside what computes have a simulation of their own; modules of CUDA C are run as C++ elsewhere.
NOT_SIMULATED = [
    "tests/test_staging.py::test_large_arrays_on_the_gpu",
    "tests/test_emit.py",
    "tests/test_kernels.py::test_they_run_on_the_gpu",
]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tests_for_a_gpu_would_pass_on_one() -> None:
    """``make test-gpu``, rehearsed: thousands of tests that skip without a GPU fail on one for no trivial reason."""
    left_out = [part for name in (*NOT_SIMULATED, "tests/test_benchmark_runs.py::test_the_gpu_takes_part")
                for part in ("--deselect", name)]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(ROOT)]), "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "gpu", "-q", "-p", "no:cacheprovider", *left_out, "tests"],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=850,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-5000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None and int(passed[1]) > 4000, ran.stdout[-500:]


def test_a_gpu_is_also_called_by_its_backends_name() -> None:
    """``device="cupy"`` is ``"cuda"``, where arrays are made as where they are moved."""
    code = (
        "from autograd import tensor\nimport backends, numpy as np\n"
        "x = tensor(np.ones(2), device='cupy')\n"
        "y = tensor(x.data, device='cupy')\n"
        "print(x.device, y.device, y.data is not None, x.to('cupy') is x, x.to('cuda') is x, x.cpu().device)"
    )
    ran = with_a_gpu("-c", code)
    assert ran.stdout.split() == ["cuda:0", "cuda:0", "True", "True", "True", "cpu"], ran.stderr


def test_moving_to_a_backend_by_its_name_looks_at_no_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took three milliseconds, most of a small copy's time."""
    backends.get("strict")

    def entry_points() -> dict[str, object]:
        raise AssertionError("asked")

    monkeypatch.setattr(backends, "_entry_points", entry_points)
    assert backends.for_device("strict").name == "strict"
    assert backends.for_device("cpu").name == "numpy"

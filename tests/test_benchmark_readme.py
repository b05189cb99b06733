"""The README's figures and the guide's words on them are those of the committed results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import figures, options, readme, report, results
from benchmarks.markdown import markdown
from benchmarks.results import Record
from benchmarks.workload import Case, discover
from tests.test_benchmark_reports import sample_run

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "benchmarks" / "results"


def test_the_readme_shows_what_the_committed_results_say() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = readme.shown(text)
    assert pictures and all((ROOT / path).exists() for path in pictures)
    section = readme.table(results.load(COMMITTED / "latest.json"), pictures)
    assert readme.replace_between(text, section) == text, (
        "README.md: run `python -m benchmarks --load benchmarks/results/latest.json --readme README.md`"
    )


def test_the_committed_table_is_that_of_the_committed_results() -> None:
    text = (COMMITTED / "latest.md").read_text(encoding="utf-8")
    assert text == markdown(results.load(COMMITTED / "latest.json"))


def test_the_guide_names_every_clear_win_of_a_peer() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    section = text.partition("## Where peers win, and why\n")[2].partition("\nNothing is said here of GPUs")[0]
    names = {"torch": "PyTorch", "jax": "JAX", "numpy": "NumPy"}
    named: dict[str, set[str]] = {}
    for item in section.split("\n- ")[1:]:
        for name in re.findall(r"JAX|NumPy|PyTorch|[a-z]+grad", item.split("**")[1]):
            named.setdefault(name, set()).update(re.findall(r"`(\w+)`", item))
    assert set(named) >= set(names.values())  # the section is read at all
    for ours, theirs, ratio in results.load(COMMITTED / "latest.json").ratios():
        if ratio.low > 1.5 and ours.device == "cpu":
            name = names.get(theirs.peer, theirs.peer)
            assert ours.workload in named.get(name, ()), f"docs/benchmarks.md: {name} wins {ours.key}"


def test_the_guide_explains_every_workload() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    table = text.partition("## What each workload stands for\n")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])} == set(discover())


# What the project has set itself: workload, variant, size and peer of every figure (None: its own growth).
PROMISED = [
    ("network", "op by op", 10, "torch"),
    ("network", "fused", 10, "torch"),
    ("op", "recorded", 10, "torch"),
    ("op", "and backward", 10, "torch"),
    ("scalar_graph", "collector on", 100, "micrograd"),
    ("scalar_graph", "collector off", 100, "micrograd"),
    ("import_time", "autograd", 1, "numpy"),
    ("memory", "", 128, "torch"),
    *(("chain", "", 10**power, None) for power in (3, 4, 5, 6)),
    ("fit_process", "with progress", 100, "keras"),
    ("fit", "quiet", 100, "keras"),
    ("dense", "with jit", 512, "torch"),
    ("optimizer", "Adam, with jit", 512, "torch"),
    ("conv", "plain", 64, "torch"),
    ("conv", "with jit", 64, "torch"),
    *(("transformer", how, 64, "torch") for how in ("plain", "with jit")),
    *(("recurrent", how, 50, "torch") for how in ("plain", "with jit")),
]


@pytest.mark.parametrize(("workload", "variant", "size", "peer"), PROMISED)
def test_every_promised_figure_is_measured_and_shown(workload: str, variant: str, size: int, peer: str | None) -> None:
    work = discover()[workload]
    assert variant in work.variants and work.numbers([size]) == [size]
    assert peer is None or work.runs(peer, Case(size, variant))
    assert any(
        (f.workload, f.variant, f.peer) == (workload, variant, peer) and size in f.sizes for f in figures.FIGURES
    )


@pytest.mark.parametrize("name", ["figures", "readme"])
def test_the_sets_hold_every_figure(name: str) -> None:
    cases = {
        (work, case.variant, case.size)
        for work, pick in options.SETS[name].picks.items()
        for case in discover()[work].cases(pick.sizes, pick.variants)
    }
    for figure in figures.FIGURES:
        for size in figure.sizes:
            assert (figure.workload, figure.variant, size) in cases, f"the set {name} lacks: {figure.text}"


def test_the_readme_is_written_between_its_marks(tmp_path: Path) -> None:
    run = sample_run()
    run.records = [
        Record("network", "op by op", 10, "cpu", peer, [cost] * 6)
        for peer, cost in (("xpgrad", 1e-5), ("torch", 2e-5), ("jax", 1e-5))
    ] + [Record("import_time", "autograd", 1, "cpu", peer, [c] * 6) for peer, c in (("xpgrad", 3e-1), ("numpy", 2e-1))]
    run.records += [
        Record("chain", "", 10**p, "cpu", "xpgrad", [1e-6 * 10**p * (1 + i / 1e3) for i in range(6)])
        for p in (3, 4, 5, 6)
    ]
    path = tmp_path / "README.md"
    path.write_text(f"# x\n\n{readme.BEGIN}\n![old](old.png)\n{readme.END}\n\nend\n", encoding="utf-8")
    picture = tmp_path / "plots" / "ratios.png"
    readme.update(path, run, [picture, Path("/elsewhere/time.png")])
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# x\n\n{readme.BEGIN}\nThe time of xpgrad ÷") and text.endswith(f"{readme.END}\n\nend\n")
    assert "| 1-10-1 network, 10 samples, loss and gradients, op by op | 10 µs | **0.50** | tie |  |\n" in text
    assert "| `import autograd` | 300 ms |  |  | 1.50 NumPy |\n" in text
    assert "n = 10³ … 10⁶ | grows as n^1.00 |" in text
    assert readme.shown(text) == ["plots/ratios.png"] and "on P, 2 cores" in text and "torch 2.13" in text
    readme.update(path, run)  # without new pictures, those that are there stay
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(ValueError, match="expected a file with the lines <!-- benchmarks: begin -->"):
        readme.replace_between("no marks", "x")


def test_a_busy_machine_is_said_to_be_one() -> None:
    run = sample_run()
    assert report.busy(run) == []
    run.machine["load"] = 1.5
    assert "load 1.5" in report.busy(run)[0] and report.busy(run)[0] in readme.table(run)
    assert report.busy(run)[0].endswith("With --threads 1 they matter less.")
    run.environment["XPGRAD_BENCHMARK_THREADS"] = "1"
    assert report.busy(run)[0].endswith("than on a machine at rest.")


def test_more_threads_than_cores_are_told() -> None:
    run = sample_run()
    assert report.crowded(run) == []
    for threads, said in (("2", []), ("64", ["64 threads share 2 cores: they wait for one another. Ask for fewer."])):
        run.environment["XPGRAD_BENCHMARK_THREADS"] = threads
        assert report.crowded(run) == said


def test_the_guide_tells_the_time_that_the_sets_may_take() -> None:
    text = " ".join((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").split())
    found = re.search(r"The default run may take (\d+) s, `figures` (\d+) minutes, `readme` (\d+);", text)
    assert found is not None
    seconds = [int(found[1]), 60 * int(found[2]), 60 * int(found[3])]
    assert seconds == [options.SETS[name].budget for name in ("quick", "figures", "readme")]


def test_a_growth_that_noise_hides_is_no_figure() -> None:
    run = sample_run()
    chain = next(figure for figure in figures.FIGURES if figure.peer is None)
    costs = [1.0e-4, 1.05e-4, 1.1e-4, 1.9e-4]
    for spread, text in ((1e-4, True), (0.05, False)):
        run.records = [
            Record("chain", "", n, "cpu", "xpgrad", [c * (1 + spread * (i - 4)) for i in range(9)])
            for n, c in zip(chain.sizes, [1e-6 * n for n in chain.sizes] if text else costs)
        ]
        assert bool(readme.rows(run)[0][1].startswith("grows as n^")) == text

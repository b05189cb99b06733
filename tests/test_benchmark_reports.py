"""What the benchmarks report: tables, Markdown, JSON and its reading, comparisons of runs, plots."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import cli, compare, export, options, report, results
from benchmarks.results import Failure, Record, Results
from benchmarks.workload import discover


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
    narrow = shown(sample_run(), 55)
    assert "(0." not in narrow and re.search(r"forward +10 +cpu +[\d.]+ µs +25[.\d]* % +0\.50", narrow)
    assert "%" not in shown(sample_run(), 36)
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


def test_markdown_says_where_the_gpu_overtakes_the_cpu() -> None:
    text = report.markdown(sample_run())
    assert re.search(r"\n\n- matmul: forward, the GPU overtakes the CPU at [45]\d rows\n\nOurs ÷ theirs", text)
    run = sample_run()
    run.records = [record for record in run.records if record.device == "cpu"]
    assert (
        "GPU" not in report.markdown(run)
        and "\n\nOurs" in report.markdown(run)
        and "\n\n\n" not in report.markdown(run)
    )

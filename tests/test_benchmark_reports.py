"""What the benchmarks report: tables, Markdown, JSON and its reading, comparisons of runs, plots."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import cli, compare, export, options, report, results, verdict
from benchmarks.markdown import markdown
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
        ('{"schema": 1, "records": []}', "expected all that --json writes; got other fields: 'failures'"),
        ('{"schema": 1, "records": [{}], "failures": []}', "expected all that --json writes; got other fields"),
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


def test_a_crossing_is_told_to_three_digits() -> None:
    """It is interpolated between two sizes that lie far apart."""
    run = sample_run()
    for record in run.records:
        record.size *= 1234
    at = run.crossing("matmul", "forward")
    assert at is not None and at == float(f"{at:.3g}") and at == pytest.approx(50 * 1234, rel=0.05)


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


def test_compare_trusts_no_peer_that_works_in_another_way_now() -> None:
    """JAX once left the product out of its gradients; doing it costs half as much again, on no slower machine."""
    new = sample_run()
    for record in new.records:
        if record.peer == "torch":
            record.samples, record.note = [1.5 * x for x in record.samples], "gives the product, too"
    assert {change.verdict for change in compare.compare(sample_run(), new)} == {"same"}


def test_a_comparison_says_what_it_leaves_out() -> None:
    old, new = sample_run(), sample_run()
    assert compare.also_changed(old, new) == []
    new.records = [r for r in new.records if r.device == "cpu" and (r.size < 1000 or r.peer != "xpgrad")]
    new.records += [Record("matmul", "and backward", n, "cpu", "xpgrad", [1e-6] * 6) for n in (10, 100)]
    old.records += [Record("renamed", "a", 1, "cpu", "xpgrad", [1e-6] * 6)]
    new.versions = {**old.versions, "torch": "3.0", "jax": "1.0"}
    new.machine["python"] = "CPython 3.12"
    assert compare.also_changed(old, new) == [
        "Other versions: Python CPython 3.11 then, CPython 3.12 now; torch 2.13 then, 3.0 now",
        "Measured only then, and not compared: everything on the gpu; matmul, forward, 1,000, cpu; renamed",
        "Measured only now, and not compared: matmul, and backward",
    ]


def test_the_comparison_is_printed_with_what_it_leaves_out(tmp_path: Path) -> None:
    old = sample_run()
    old.machine = {}  # written by hand
    old.records = [r for r in old.records if r.device == "cpu"]
    sample_run().save(tmp_path / "new.json")
    old.save(tmp_path / "old.json")
    out = io.StringIO()
    arguments = ["--load", str(tmp_path / "new.json"), "--compare", str(tmp_path / "old.json")]
    assert cli.main(options.parse(arguments), Console(file=out, width=400)) == 0
    assert "Measured only now, and not compared: everything on the gpu\n" in out.getvalue()
    assert cli.main(options.parse(["--load", str(tmp_path / "old.json")]), Console(file=out, width=400)) == 0
    assert "?, ? cores, ?, ?" in out.getvalue()


def test_a_run_of_another_machine_is_compared_with_a_word_of_warning(tmp_path: Path) -> None:
    old, new = sample_run(), sample_run(scale=2)
    assert compare.unlike(old, new) == []
    old.machine |= {"processor": "Q", "gpus": ["H100"]}
    new.environment["XPGRAD_BENCHMARK_THREADS"] = "1"
    (line,) = compare.unlike(old, new)
    assert "(processor: Q then, P now; gpus: H100 then, none now; threads: none then, 1 now)" in line
    old.save(tmp_path / "old.json")
    new.save(tmp_path / "new.json")
    out = io.StringIO()
    arguments = ["--load", str(tmp_path / "new.json"), "--compare", str(tmp_path / "old.json")]
    assert cli.main(options.parse(arguments), Console(file=out, width=400)) == 0  # no regression: another machine
    assert line in out.getvalue() and "slower: matmul, forward, 10, cpu" in out.getvalue()


def test_runs_with_nothing_in_common_are_said_to_have_nothing() -> None:
    other = sample_run()
    for record in other.records:
        record.workload = "op"
    assert compare.describe(compare.compare(other, sample_run())) == [
        "Nothing to compare: the two runs have no workload, variant and size in common."
    ]


def test_a_saved_run_says_where_it_was_made_and_is_shown_in_part(tmp_path: Path) -> None:
    run = sample_run()
    run.environment["XPGRAD_BENCHMARK_THREADS"] = "7"
    run.records.append(Record("op", "recorded", 10, "cpu", "xpgrad", [1e-6] * 6))
    run.failures.append(Failure("everything", "", 0, "", "keras", "no TensorFlow"))
    run.save(tmp_path / "run.json")

    def shown(*names: str) -> tuple[int, str]:
        out = io.StringIO()
        arguments = options.parse(["--load", str(tmp_path / "run.json"), *names])
        return cli.main(arguments, Console(file=out, width=200)), out.getvalue()

    status, said = shown()
    assert status == 0 and "P, 2 cores, Linux 6" in said and "7 threads each" in said and "one addition" in said
    assert "keras left out of everything: no TensorFlow" in said
    status, said = shown("matmul")
    assert status == 0 and "a product of square matrices" in said and "one addition" not in said
    status, said = shown("dense")
    assert status == 2 and "expected dense in it; it holds matmul, op. Name what it holds." in said


def test_long_lists_of_what_was_left_out_are_cut() -> None:
    many = [Failure("matmul", "forward", n, "cpu", "torch", "late") for n in range(1, 8)]
    assert report.failures(Results(failures=many)) == [
        "torch left out of matmul (forward 1; forward 2; forward 3; forward 4 and 3 more): late"
    ]
    assert report.failures(Results(failures=many[:5]))[0].endswith("forward 4; forward 5): late")


def test_markdown_is_a_table_of_what_was_measured() -> None:
    lines = markdown(sample_run()).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert rows[0] == "| work | size | on | xpgrad | ÷ cpu | ÷ torch |"
    assert len({line.count("|") for line in rows}) == 1 and len(rows) == 2 + 6
    assert re.fullmatch(
        r"\| a product of square matrices, forward \| 10 rows \| cpu \| [\d.]+ µs \|  \| \*\*0\.50\*\* \|", rows[2]
    )
    assert lines[-1] == "Versions: xpgrad 0.1, torch 2.13; commit 0123abcd+, 2026-01-02."


def test_markdown_lists_every_measurement_that_a_peer_won() -> None:
    assert "Where a peer was faster" not in markdown(sample_run())
    text = markdown(sample_run(scale=4))
    line = re.search(r"Where a peer was faster, and by how much:\n\n- torch \(cpu\): (.*)\n", text)
    assert line is not None
    places = re.findall(r"matmul, forward, ([\d,]+) ([\d.]+)", line[1])
    assert {size for size, _ in places} == {"10", "100", "1,000"}
    assert [float(ratio) for _, ratio in places] == sorted((float(ratio) for _, ratio in places), reverse=True)


def test_markdown_says_how_the_cost_grows_and_how_peers_do_it() -> None:
    run = sample_run()
    for record in run.records:
        record.note = "eager" if record.peer == "torch" else ""
    text = markdown(run)
    found = text.partition("How the cost grows with the size")[2].partition("\n\n")[2].partition("\n\n")[0]
    assert found.splitlines() == [f"- matmul: {line}" for line in report.growth_lines(discover()["matmul"], run)]
    assert re.match(r"- matmul: forward, cpu: .*9\d\d ns · rows\^1.00 \(", found)
    assert "\n\nHow peers do it, where it matters:\n\n- matmul: torch: eager\n\n" in text


def shown(run: Results, width: int) -> str:
    out = io.StringIO()
    report.show(Console(file=out, width=width), discover()["matmul"], run)
    return out.getvalue()


def test_peers_without_room_get_a_table_of_their_own() -> None:
    run = sample_run()
    run.records += [dataclasses.replace(r, peer=p) for r in run.records if r.peer == "torch" for p in ("numpy", "jax")]
    text = shown(run, 55)
    heads = [line.split() for line in text.splitlines() if line.startswith("variant")]
    assert [[word for word in head if word not in "÷ variant rows on"] for head in heads] == [
        ["xpgrad", "cpu", "numpy", "torch"],
        ["xpgrad", "cpu", "jax"],
    ]
    rows = [line.split() for line in text.splitlines() if line.startswith("forward ") and " cpu " in line]
    ratios = [row[row.index("cpu") + 3 :] for row in rows]  # after a time and its unit
    assert [len(row) for row in ratios] == [2, 2, 2, 1, 1, 1]
    assert all(float(ratio) == pytest.approx(0.5, abs=0.02) for row in ratios for ratio in row)


def test_a_line_that_goes_on_stays_indented() -> None:
    run = sample_run()
    run.failures = [Failure("matmul", "forward", 10, "cpu", "jax", "word " * 30)]
    lines = shown(run, 60).partition("jax left out")[2].rstrip().splitlines()
    assert len(lines) > 2 and all(line.startswith("  word") for line in lines[1:])


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
    assert verdict.verdict(sample_run()) == [
        "torch (cpu): xpgrad faster in 3, slower in 0, tied in 0",
        "  faster: matmul",
    ]
    worse = verdict.verdict(sample_run(scale=4))[0]
    assert re.search(
        r"slower in 3, tied in 0; torch wins most at matmul, forward, \d+: [12]\.\d+ times our speed", worse
    )


def test_the_verdict_says_of_which_sizes_it_is_true() -> None:
    def record(variant: str, size: int, peer: str, cost: float) -> Record:
        return Record("matmul", variant, size, "cpu", peer, [cost] * 6)

    # What torch takes where we take 2; of the third variant it does nothing.
    costs = {"forward": (3, 3, 1, 1), "and backward": (3, 1, 3, 2)}
    run = Results()
    for size, place in zip((16, 64, 256, 1_024), range(4)):
        for variant in ("forward", "and backward"):
            run.records.append(record(variant, size, "xpgrad", 2))
            run.records.append(record(variant, size, "torch", costs[variant][place]))
    assert verdict.verdict(run)[1:] == [
        "  faster: matmul, forward up to 64 rows; matmul, and backward at 16 and 256 rows",
        "  slower: matmul, forward from 256 rows; matmul, and backward at 64 rows",
    ]
    alike = [dataclasses.replace(r, variant="and backward") for r in run.records if r.variant == "forward"]
    run.records = [r for r in run.records if r.variant == "forward"] + alike
    assert verdict.verdict(run)[1:] == ["  faster: matmul up to 64 rows", "  slower: matmul from 256 rows"]
    # A variant that the peer has no part in is not spoken of.
    run.records = [r for r in run.records if (r.variant, r.peer) != ("and backward", "torch")]
    assert verdict.verdict(run)[1] == "  faster: matmul, forward up to 64 rows"


def test_the_verdict_on_memory_speaks_of_bytes() -> None:
    run = Results()
    run.records = [
        Record("memory", "", 128, "cpu", peer, [cost] * 6, unit="B") for peer, cost in (("xpgrad", 3e6), ("torch", 2e6))
    ]
    assert verdict.verdict(run)[0].endswith("torch wins most at memory, 128: 1.50 times its bytes")


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


def test_a_gpu_has_its_own_panel_of_ratios() -> None:
    pytest.importorskip("matplotlib")
    from benchmarks import plots

    run = sample_run()
    one = plots.draw_ratios(run)
    assert one is not None and len(one.axes) == 1
    run.records += [dataclasses.replace(r, device="gpu") for r in run.records if r.peer == "torch"]
    two = plots.draw_ratios(run)
    assert two is not None and [axes.get_title(loc="left") for axes in two.axes] == ["cpu", "gpu"]
    assert [label.get_text() for label in two.axes[0].get_yticklabels()] == ["matmul, forward"]
    # Every panel tells its scale: two labels at least, of times and of ratios.
    panel = plots.draw_time(run)
    assert panel is not None
    for axis in (two.axes[0].xaxis, panel.axes[0].yaxis):
        low, high = axis.get_view_interval()
        shown = [axis.get_major_formatter()(value) for value in axis.get_majorticklocs() if low <= value <= high]
        assert len(shown) >= 2 and all(shown)


def test_what_only_the_gpu_does_overtakes_nothing() -> None:
    run = sample_run()
    run.records = [r for r in run.records if (r.peer, r.device) == ("xpgrad", "gpu")]
    assert report.crossing_lines(discover()["matmul"], run) == []


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


def test_the_files_of_a_run_show_the_figures_that_its_json_gives_again(tmp_path: Path) -> None:
    run = sample_run()
    for record in run.records:  # samples of more digits than are kept, which would print as another figure
        record.samples[:] = [1.0250001 if record.peer == "xpgrad" else 1.0 for _ in record.samples]
    arguments = options.parse(["--json", str(tmp_path / "r.json"), "--markdown", str(tmp_path / "r.md")])
    cli.finish(arguments, Console(file=io.StringIO(), width=120), run, None)
    told = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert told == markdown(results.load(tmp_path / "r.json")) != markdown(run)


def test_markdown_says_where_the_gpu_overtakes_the_cpu() -> None:
    text = markdown(sample_run())
    assert re.search(
        r"\n\nWhere the GPU overtakes the CPU:\n\n- matmul: forward, the GPU overtakes the CPU at [45][\d.]+ rows\n\n",
        text,
    )
    run = sample_run()
    run.records = [record for record in run.records if record.device == "cpu"]
    assert "GPU" not in markdown(run) and "\n\nOurs" in markdown(run) and "\n\n\n" not in markdown(run)


def test_two_runs_of_the_same_speed_raise_no_alarm() -> None:
    rng = np.random.default_rng(1)

    def run() -> Results:
        found = sample_run()
        for record in found.records:
            # The processor's mood of the day, and bursts.
            noise = rng.normal(1, 0.02) * (1 + 0.03 * rng.standard_exponential(15))
            record.samples = (record.samples[0] * noise * np.where(rng.random(15) < 0.1, 3, 1)).tolist()
        return found

    runs = [run() for _ in range(60)]
    verdicts = [c.verdict for old, new in zip(runs[::2], runs[1::2]) for c in compare.compare(old, new)]
    assert len(verdicts) == 180 and sum(verdict != "same" for verdict in verdicts) <= 0.05 * len(verdicts)


def curve(costs: list[float], spread: float = 0.01) -> list[Record]:
    sizes = [10 ** (i + 1) for i in range(len(costs))]
    return [
        Record("matmul", "", n, "cpu", "xpgrad", [c * (1 + spread * (i - 4)) for i in range(9)])
        for n, c in zip(sizes, costs)
    ]


@pytest.mark.parametrize(
    ("costs", "spread", "line"),
    [
        ([1e-6, 1e-5, 1e-4, 1e-3], 0.01, "100 ns · rows^1.00 (1.00–1.01)"),
        # Of three sizes the curve is exact, but medians known to 12 % leave its power open between 0 and 4.
        ([1.0e-4, 1.1e-4, 1.9e-4], 0.04, "1.90 times the cost from 10 to 1,000 rows, by a power that noise hides"),
        ([1e-4, 1.05e-4, 0.98e-4, 1.02e-4], 0.02, "no growth beyond noise from 10 to 10,000 rows"),
        ([1e-4, 1e-2, 1e-4, 1e-1], 0.01, "1000 times the cost from 10 to 10,000 rows, along no simple curve"),
        # The steepest curve that is tried: the last size was measured in a slow moment, or memory ends there.
        ([1.31e-4, 1.3e-4, 1.75e-4], 0.01, "1.34 times the cost from 10 to 1,000 rows, along no simple curve"),
    ],
)
def test_growth_is_said_only_where_it_is_seen(costs: list[float], spread: float, line: str) -> None:
    run = Results(records=curve(costs, spread))
    fit = run.growth("matmul", "", "xpgrad", "cpu")
    assert fit is not None and report.growth_line(fit, run.records, "rows") == line

"""The README's table of figures, written between two marks, never typed. Imports ``figures``, ``results``, ``report``.

A test compares what stands in the README with the committed results.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.figures import FIGURES, Figure
from benchmarks.peers import OURS
from benchmarks.report import busy, cost, follows_a_power, power_is_known, versions
from benchmarks.results import Results
from benchmarks.stats import Ratio, paired_ratio
from benchmarks.verdict import gpu_verdict
from benchmarks.wording import ratio_text

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
# Peers with a column; what is measured against another names it.
COLUMNS = {"torch": "÷ PyTorch, eager", "jax": "÷ JAX, compiled"}
NAMES = {"numpy": "NumPy", "keras": "Keras", "micrograd": "micrograd", "hips": "HIPS autograd", "tinygrad": "tinygrad"}


def rows(results: Results) -> list[list[str]]:
    """The cells of every figure that the results hold: what was done, our time, a ratio for each column."""
    out = []
    for figure in FIGURES:
        if figure.peer is None:
            found = _growth(results, figure)
            if found:
                out.append([figure.text, found, "", "", ""])
            continue
        ours = results.find(figure.workload, figure.variant, figure.sizes[0], "cpu", OURS)
        if ours is not None:
            ratios = {other.peer: paired_ratio(ours.samples, other.samples) for other in results.beside(ours)}
            cells = [_cell(ratios.get(peer)) for peer in COLUMNS]
            another = figure.peer if figure.peer in NAMES else ""
            cells.append(f"{_cell(ratios[another])} {NAMES[another]}" if another in ratios else "")
            out.append([figure.text, cost(ours), *cells])
    return out


def _growth(results: Results, figure: Figure) -> str:
    records = results.curves(figure.workload).get((figure.variant, OURS, "cpu"), [])
    if not set(figure.sizes) <= {record.size for record in records}:
        return ""
    fit = results.growth(figure.workload, figure.variant, OURS, "cpu")
    return f"grows as n^{fit.power:.2f}" if fit and follows_a_power(fit) and power_is_known(fit) else ""


def _cell(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    text = ratio_text(ratio, bounds=False)
    return f"**{text}**" if ratio.verdict == "faster" else text


def table(results: Results, pictures: Iterable[str] = ()) -> str:
    """The README's section: a sentence on the conditions, the table, the plots.

    Args:
        pictures: the plots' paths, as the README reaches them.
    """
    machine, threads = results.machine, results.environment.get("XPGRAD_BENCHMARK_THREADS", "?")
    each = "one thread each" if threads == "1" else f"{threads} threads each"
    lines = [
        "The time of xpgrad ÷ the peer's: below 1 (bold) xpgrad is faster, a tie is a difference within noise. Medians "
        f"of alternating runs in float32 on {machine.get('processor')}, {machine.get('cores')} cores, {each}; "
        f"{versions(results)}; commit {(results.commit or 'unknown')[:12]}, {results.date[:10]}. JAX's steps are "
        "compiled but for single additions, which it records as the others do.",
        *busy(results),
        "",
        "| work | xpgrad | " + " | ".join([*COLUMNS.values(), "÷ another"]) + " |",
        "|---|---:|" + "---:|" * (len(COLUMNS) + 1),
        *("| " + " | ".join(cells) + " |" for cells in rows(results)),
        "",
        *(f"{line}." for line in gpu_verdict(results)),
        *([""] if gpu_verdict(results) else []),
        *(f"![{alt}]({path})" for path, alt in _alternatives(pictures)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _alternatives(pictures: Iterable[str]) -> list[tuple[str, str]]:
    texts = {
        "ratios": "Time of xpgrad divided by each peer's, for every workload",
        "time": "Time against size, for CPU and GPU",
        "roofline": "Share of the machine's measured peak",
    }
    return [(path, texts[Path(path).stem]) for path in pictures]


def replace_between(text: str, section: str) -> str:
    """``text`` with ``section`` between the two marks, in the place of what stood there.

    Raises:
        ValueError: the marks are missing.

    >>> replace_between(f"a\\n{BEGIN}\\nold\\n{END}\\nb\\n", "new\\n") == f"a\\n{BEGIN}\\nnew\\n{END}\\nb\\n"
    True
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected a file with the lines {BEGIN} and {END}; it lacks them. Add them.")
    return f"{before}{BEGIN}\n{section}{END}{after}"


def update(path: Path, results: Results, pictures: Sequence[Path] = ()) -> None:
    """Write the section into a file, with those pictures that it can reach, or else those that it shows already."""
    text, folder = path.read_text(encoding="utf-8"), path.resolve().parent
    reached = [p.resolve().relative_to(folder).as_posix() for p in pictures if p.resolve().is_relative_to(folder)]
    section = table(results, reached or shown(text))
    path.write_text(replace_between(text, section), encoding="utf-8")


def shown(text: str) -> list[str]:
    """The pictures between the marks of a text.

    >>> shown(f"![a](a.png) {BEGIN} ![b](ratios.png) {END}")
    ['ratios.png']
    """
    return re.findall(r"!\[[^]]*\]\(([^)]+)\)", text.partition(BEGIN)[2].partition(END)[0])

"""The report as Markdown: every measurement, growth, crossings, what peers won. Imports ``report``, ``verdict``."""

from __future__ import annotations

from benchmarks.peers import OURS, PEERS
from benchmarks.report import (
    against_cpu,
    conditions,
    cost,
    crossing_lines,
    growth_lines,
    notes,
    ratios_of,
    rows_of,
)
from benchmarks.results import Results
from benchmarks.stats import Ratio
from benchmarks.verdict import losses
from benchmarks.wording import ratio_text
from benchmarks.workload import discover


def markdown(results: Results) -> str:
    """A table for the README: one row per case, ours ÷ theirs for each peer, in bold where we are faster."""
    peers = [name for name in PEERS if any(record.peer == name for record in results.records)]
    devices = {record.device for record in results.records}
    works = discover()
    both = any(results.both_devices(name, r.variant) for name in results.workloads() for r in results.of(name))
    head = ["work", "size", *(["on"] if len(devices) > 1 else []), OURS, *(["÷ cpu"] if both else [])]
    head += [f"÷ {peer}" for peer in peers]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join([" --- "] + [" ---: "] * (len(head) - 1)) + "|"]
    for name in results.workloads():
        for row in rows_of(results.of(name)):
            first = row[0]
            ours = next((record for record in row if record.peer == OURS), None)
            found = ratios_of(results, ours) if ours else {}
            cells = [", ".join(filter(None, (works[name].title if name in works else name, first.variant)))]
            cells.append(f"{first.size:,} {works[name].size}" if name in works else f"{first.size:,}")
            if len(devices) > 1:
                cells.append(first.device)
            cells.append(cost(ours) if ours else "–")
            if both:
                against = against_cpu(results, ours)
                cells.append(_bold(against) if against else "")
            cells += [_bold(found[peer]) if peer in found else "" for peer in peers]
            lines.append("| " + " | ".join(cells) + " |")
    for heading, describe in (
        ("Where the GPU overtakes the CPU:", crossing_lines),
        ("How the cost grows with the size (in parentheses, between which powers noise leaves it open):", growth_lines),
        ("How peers do it, where it matters:", notes),
    ):
        said = [f"- {n}: {line}" for n in results.workloads() if n in works for line in describe(works[n], results)]
        if said:
            lines += ["", heading, "", *said]
    won = losses(results)
    if won:
        lines += ["", "Where a peer was faster, and by how much:", "", *(f"- {line}" for line in won)]
    lines += [
        *([""] if lines[-1] else []),
        "Ours ÷ theirs, measured in turns on one machine: below 1 this project is faster. "
        "A tie is a ratio whose interval (95 %) straddles 1.",
        *(f"{line}." for line in conditions(results)[:-1]),
    ]
    lines.append(f"Versions: {conditions(results)[-1]}; commit {results.commit}, {results.date[:10]}.")
    return "\n".join(lines) + "\n"


def _bold(ratio: Ratio) -> str:
    text = ratio_text(ratio, bounds=False)
    return f"**{text}**" if ratio.verdict == "faster" else text

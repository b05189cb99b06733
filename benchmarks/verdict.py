"""What a run comes to, in words: who is faster how often, and what the GPU is worth. Imports ``results``."""

from __future__ import annotations

from benchmarks.peers import OURS
from benchmarks.results import Record, Results
from benchmarks.stats import Ratio
from benchmarks.wording import number
from benchmarks.workload import discover


def gpu_verdict(results: Results) -> list[str]:
    """What the GPU is worth: which work it does faster than the CPU, and from which size on."""
    found: dict[str, list[str]] = {"every": [], "from": [], "none": []}
    works = discover()
    for name in results.workloads():
        for variant in dict.fromkeys(record.variant for record in results.of(name)):
            if results.both_devices(name, variant):
                at, what = results.crossing(name, variant), ", ".join(filter(None, (name, variant)))
                if at:
                    unit = works[name].size if name in works else ""
                    found["from"].append(f"{what} at {at:,.0f} {unit}".rstrip())
                else:
                    found["none" if at is None else "every"].append(what)
    texts = {
        "every": "The GPU is faster than the CPU at every size measured: ",
        "from": "The GPU overtakes the CPU: ",
        "none": "The GPU overtakes the CPU at no size measured: ",
    }
    return [texts[how] + "; ".join(which) for how, which in found.items() if which]


def verdict(results: Results) -> list[str]:
    """For each peer: how often we are faster, tied, slower, and where the peer wins most clearly."""
    tallies: dict[tuple[str, str], list[tuple[Record, Ratio]]] = {}
    for ours, theirs, ratio in results.ratios():
        tallies.setdefault((theirs.peer, ours.device), []).append((ours, ratio))
    lines = []
    for (peer, device), found in sorted(tallies.items()):
        count = {word: sum(ratio.verdict == word for _, ratio in found) for word in ("faster", "slower", "tie")}
        line = f"{peer} ({device}): {OURS} " + ", ".join(
            f"{'tied' if word == 'tie' else word} in {n}" for word, n in count.items()
        )
        worst, ratio = max(found, key=lambda pair: pair[1].median)
        if ratio.verdict == "slower":
            what = "its bytes" if worst.unit == "B" else "our speed"
            line += f"; {peer} wins most at {place(worst)}: {number(ratio.median)} times {what}"
        lines.append(line)
    return lines


def losses(results: Results) -> list[str]:
    """For each peer, every measurement that it won beyond noise, its clearest win first: ours ÷ theirs."""
    found: dict[tuple[str, str], list[tuple[Record, Ratio]]] = {}
    for ours, theirs, ratio in results.ratios():
        if ratio.verdict == "slower":
            found.setdefault((theirs.peer, ours.device), []).append((ours, ratio))
    lines = []
    for (peer, device), pairs in sorted(found.items()):
        pairs.sort(key=lambda pair: -pair[1].median)
        lines.append(f"{peer} ({device}): " + "; ".join(f"{place(r)} {number(ratio.median)}" for r, ratio in pairs))
    return lines


def place(record: Record) -> str:
    """A record's workload, variant and size in words."""
    return ", ".join(part for part in (record.workload, record.variant, f"{record.size:,}") if part)

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
    """For each peer: how often we are faster, tied, slower, where the peer wins most clearly, and which sizes it is."""
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
        for word in ("faster", "slower"):
            where = places(results, found, word)
            lines += [f"  {word}: {'; '.join(where)}"] if where else []
    return lines


def places(results: Results, found: list[tuple[Record, Ratio]], word: str) -> list[str]:
    """The work of which the verdict is ``word``, and at which of its sizes; variants alike are named together."""
    sizes: dict[str, dict[str, list[tuple[int, bool]]]] = {}
    for record, ratio in found:
        variants = sizes.setdefault(record.workload, {})
        variants.setdefault(record.variant, []).append((record.size, ratio.verdict == word))
    out = []
    for name, variants in sizes.items():
        unit = discover()[name].size if name in discover() else ""
        spans = {variant: span(pairs, unit) for variant, pairs in variants.items()}
        every = {record.variant for record in results.of(name)}
        if len(set(spans.values())) == 1 and set(spans) == every:
            spans = {"": next(iter(spans.values()))}
        out += [", ".join(filter(None, (name, form))) + text for form, text in spans.items() if text is not None]
    return out


def span(sizes: list[tuple[int, bool]], unit: str) -> str | None:
    """Of which sizes something is true, in words; empty where of all, None where of none.

    >>> span([(1, True), (10, True), (100, False)], "rows"), span([(1, False), (10, True), (100, True)], "rows")
    (' up to 10 rows', ' from 10 rows')
    >>> span([(1, True), (10, False), (100, True)], "rows"), span([(1, True)], "rows"), span([(1, False)], "rows")
    (' at 1 and 100 rows', '', None)
    """
    flags = [true for _, true in sorted(sizes)]
    chosen = [size for size, true in sorted(sizes) if true]
    if not chosen or all(flags):
        return "" if chosen else None
    if flags == sorted(flags, reverse=True):
        text = f"up to {chosen[-1]:,}" if len(chosen) > 1 else f"at {chosen[0]:,}"
    elif flags == sorted(flags):
        text = f"from {chosen[0]:,}" if len(chosen) > 1 else f"at {chosen[0]:,}"
    else:
        text = "at " + ", ".join(f"{size:,}" for size in chosen[:-1]) + " and " * (len(chosen) > 1) + f"{chosen[-1]:,}"
    return f" {text} {unit}".rstrip()


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

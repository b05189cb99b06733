"""The report for people: tables in the terminal, Markdown. Imports ``results``, ``verdict`` and what they import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from benchmarks.peers import OURS, PEERS
from benchmarks.results import Record, Results
from benchmarks.stats import MOST_POWER, Growth, Ratio, paired_ratio
from benchmarks.verdict import losses
from benchmarks.wording import duration, growth_text, number, rate, ratio_text, three, volume
from benchmarks.workload import Workload, discover

# Processes that wanted a core in the last minute, for each core: more than this and others are at work.
BUSY = 0.3
# A fit that misses a median by more than this describes nothing.
MISFIT = 0.3
# So many places where a contender was left out are listed; the JSON has them all.
NAMED = 4
_STYLE = {"faster": "green", "slower": "red", "tie": "yellow"}


def cost(record: Record) -> str:
    """The median of a record in its unit."""
    return (volume if record.unit == "B" else duration)(record.summary.median)


def spread(record: Record) -> str:
    """Half the distance of the quartiles as a share of the median."""
    summary = record.summary
    return f"±{50 * (summary.q3 - summary.q1) / summary.median:.0f} %"


def growth_line(fit: Growth, records: Sequence[Record], size: str) -> str:
    """How the cost of these records, growing in size, grows: as a formula where one describes it."""
    first, last = records[0], records[-1]
    span = f"from {first.size:,} to {last.size:,} {size}"
    if first.summary.high >= last.summary.low:
        return f"no growth beyond noise {span}"
    if fit.error > MISFIT or not fit.rate or fit.power == MOST_POWER:
        times = last.summary.median / first.summary.median
        return f"{number(times)} times the cost {span}, along no simple curve"
    return growth_text(fit, first.unit, size)


def ratios_of(results: Results, ours: Record) -> dict[str, Ratio]:
    """The ratio of a record of ours to each peer."""
    return {theirs.peer: paired_ratio(ours.samples, theirs.samples) for theirs in results.beside(ours)}


def table(work: Workload, results: Results, bounds: bool = True, peak: bool = True) -> Table:
    """A workload's table: what we take, the share of the machine's peak, and ours ÷ theirs for each peer.

    Args:
        bounds: show the spread of times and the intervals of ratios, which take room.
        peak: show the share of the machine's peak.
    """
    records = results.of(work.name)
    devices = [device for device in ("cpu", "gpu") if any(r.device == device for r in records)]
    peers = [name for name in PEERS if any(r.peer == name for r in records)]
    shares = any(r.share is not None and r.peer == OURS for r in records)
    both = any(results.both_devices(work.name, variant) for variant in {r.variant for r in records})
    out = Table(box=None, pad_edge=False)
    columns = {
        "variant": any(record.variant for record in records),
        work.size: True,
        "on": len(devices) > 1,
        OURS: True,
        "of peak": shares and peak,
        "÷ cpu": both,
        **{f"÷ {peer}": True for peer in peers},
    }
    for name, shown in columns.items():
        if shown:
            out.add_column(name, justify="left" if name in ("variant", "on") else "right", no_wrap=True)
    for row in _rows(records):
        cells = _cells(results, row, peers, bounds)
        out.add_row(*(cell for cell, shown in zip(cells, columns.values()) if shown))
    return out


def _rows(records: Sequence[Record]) -> Iterator[list[Record]]:
    """The records that stand in one row: the same variant, size and device."""
    rows: dict[tuple[str, int, str], list[Record]] = {}
    for record in records:
        rows.setdefault((record.variant, record.size, record.device), []).append(record)
    yield from rows.values()


def _cells(results: Results, row: list[Record], peers: Sequence[str], bounds: bool) -> list[str | Text]:
    first = row[0]
    ours = next((record for record in row if record.peer == OURS), None)
    took = "–" if ours is None else f"{cost(ours)} {spread(ours)}" if bounds else cost(ours)
    share = f"{three(100 * ours.share)} %" if ours and ours.share is not None else ""
    cells: list[str | Text] = [first.variant, f"{first.size:,}", first.device, took, share]
    against = _against_cpu(results, ours)
    cells.append(Text(ratio_text(against, bounds), style=_STYLE[against.verdict]) if against else "")
    found = ratios_of(results, ours) if ours else {}
    for peer in peers:
        theirs = next((record for record in row if record.peer == peer), None)
        if theirs is None:
            cells.append("")
        elif peer in found:
            cells.append(Text(ratio_text(found[peer], bounds), style=_STYLE[found[peer].verdict]))
        else:
            cells.append(cost(theirs))
    return cells


def _against_cpu(results: Results, ours: Record | None) -> Ratio | None:
    """The GPU's time ÷ the CPU's, both ours; None of what is no time on a GPU, or was not measured on the CPU."""
    pairs = results.both_devices(ours.workload, ours.variant) if ours and ours.device == "gpu" else []
    return next((paired_ratio(gpu.samples, cpu.samples) for cpu, gpu in pairs if gpu is ours), None)


def growth_lines(work: Workload, results: Results) -> list[str]:
    """How our cost grows with the size."""
    lines = []
    for (variant, peer, device), records in results.curves(work.name).items():
        fit = results.growth(work.name, variant, peer, device)
        if peer == OURS and fit is not None and len(records) > 2:
            what = f"{variant}, " if variant else ""
            lines.append(f"{what}{device}: {growth_line(fit, records, work.size)}")
    return lines


def crossing_lines(work: Workload, results: Results) -> list[str]:
    """From which size the GPU is worth it."""
    lines = []
    for variant in dict.fromkeys(record.variant for record in results.of(work.name)):
        if results.both_devices(work.name, variant):
            at = results.crossing(work.name, variant)
            what = f"{variant}, " if variant else ""
            lines.append(
                f"{what}the GPU "
                + (
                    "overtakes the CPU at no size measured"
                    if at is None
                    else "is faster at every size measured"
                    if at == 0
                    else f"overtakes the CPU at {at:,.0f} {work.size}"
                )
            )
    return lines


def failures(results: Results) -> list[str]:
    """Who took no part and why, each reason once."""
    reasons: dict[tuple[str, str, str], list[str]] = {}
    for failure in results.failures:
        size = f"{failure.size:,}" if failure.size else ""
        where = " ".join(filter(None, (failure.variant, size, "on the GPU" if failure.device == "gpu" else "")))
        reasons.setdefault((failure.workload, failure.peer, failure.reason), []).append(where)
    lines = []
    for (work, peer, why), places in reasons.items():
        named = [place for place in places if place]
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED + 1 else ""
        at = "; ".join(named[:NAMED] if more else named) + more
        lines.append(f"{peer} left out of {work}{f' ({at})' if at else ''}: {why}")
    return lines


def notes(work: Workload, results: Results) -> list[str]:
    """What is particular about how a peer does this work."""
    found = {record.peer: record.note for record in results.of(work.name) if record.note}
    return [f"{peer}: {note}" for peer, note in found.items()]


def fitting(console: Console, work: Workload, results: Results) -> Table:
    """The fullest of a workload's tables that a console has room for."""
    endless = console.options.update(max_width=10_000)
    for bounds, peak in ((True, True), (False, True), (False, False)):
        found = table(work, results, bounds, peak)
        if Measurement.get(console, endless, found).maximum <= console.width:
            break
    return found


def show(console: Console, work: Workload, results: Results) -> None:
    """Print a workload's table and what follows from it."""
    if results.of(work.name):
        console.print(f"{work.name}: {work.title}", style="bold", highlight=False)
        console.print(fitting(console, work, results))
    for line in growth_lines(work, results) + crossing_lines(work, results):
        console.print(f"  {line}", style="cyan", highlight=False)
    for line in notes(work, results):
        console.print(f"  {line}", style="dim", highlight=False)
    for line in failures(Results(failures=[f for f in results.failures if f.workload == work.name])):
        console.print(f"  {line}", style="red", highlight=False, markup=False)
    console.print()


def conditions(results: Results) -> list[str]:
    """The machine, its peaks and the versions, for the head of a report."""
    machine = results.machine
    lines = ["{processor}, {cores} cores, {system}, {python}".format(**machine)]
    lines += [str(gpu) for gpu in machine.get("gpus", [])]
    for device, peak in results.peaks.items():
        lines.append(
            f"measured peak of the {device}: {rate(peak['flops'], 'FLOP/s')} (float32 product), "
            f"{rate(peak['bytes'], 'B/s')} (copy)"
        )
    lines.append(versions(results))
    return lines


def versions(results: Results) -> str:
    """Every library with its version."""
    return ", ".join(f"{name} {number}" for name, number in results.versions.items() if number)


def busy(results: Results) -> list[str]:
    """A warning where other programs kept the machine busy."""
    load, cores = results.machine.get("load"), results.machine.get("cores")
    if load is None or not cores or load <= BUSY * cores:
        return []
    return [
        f"Other programs kept this machine busy (load {load:.1f}): a library with several threads waits for each of "
        "them, so figures are worse, and less alike, than on a machine at rest."
    ]


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
        for row in _rows(results.of(name)):
            first = row[0]
            ours = next((record for record in row if record.peer == OURS), None)
            found = ratios_of(results, ours) if ours else {}
            cells = [", ".join(filter(None, (works[name].title if name in works else name, first.variant)))]
            cells.append(f"{first.size:,} {works[name].size}" if name in works else f"{first.size:,}")
            if len(devices) > 1:
                cells.append(first.device)
            cells.append(cost(ours) if ours else "–")
            if both:
                against = _against_cpu(results, ours)
                cells.append(_bold(against) if against else "")
            cells += [_bold(found[peer]) if peer in found else "" for peer in peers]
            lines.append("| " + " | ".join(cells) + " |")
    crossings = [
        f"{n}: {line}" for n in results.workloads() if n in works for line in crossing_lines(works[n], results)
    ]
    if crossings:
        lines += ["", *(f"- {line}" for line in crossings)]
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

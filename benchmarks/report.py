"""The report for people: tables in the terminal. Imports ``results``, ``wording`` and what they import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from benchmarks.environment import THREADS
from benchmarks.peers import OURS, PEERS
from benchmarks.results import Record, Results
from benchmarks.stats import MOST_POWER, Growth, Ratio, paired_ratio
from benchmarks.wording import duration, growth_text, number, rate, ratio_text, three, volume
from benchmarks.workload import Workload

# Processes that wanted a core in the last minute, for each core: more than this and others are at work.
BUSY = 0.3
# A fit that misses a median by more than this describes nothing.
MISFIT = 0.3
# A power that may be anything in a range this wide is not known: linear and quadratic growth are this far apart.
UNSURE = 1.0
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
    times = f"{number(last.summary.median / first.summary.median)} times the cost {span}"
    if not follows_a_power(fit):
        return f"{times}, along no simple curve"
    return growth_text(fit, first.unit, size) if power_is_known(fit) else f"{times}, by a power that noise hides"


def follows_a_power(fit: Growth) -> bool:
    """Whether a fit describes what it was fitted to."""
    return fit.error <= MISFIT and fit.rate > 0 and fit.power < MOST_POWER


def power_is_known(fit: Growth) -> bool:
    """Whether noise leaves the power within bounds worth printing."""
    return fit.powers is None or fit.powers[1] - fit.powers[0] < UNSURE


def ratios_of(results: Results, ours: Record) -> dict[str, Ratio]:
    """The ratio of a record of ours to each peer."""
    return {theirs.peer: paired_ratio(ours.samples, theirs.samples) for theirs in results.beside(ours)}


def table(
    work: Workload, results: Results, bounds: bool = True, peak: bool = True, peers: Sequence[str] | None = None
) -> Table:
    """A workload's table: what we take, the share of the machine's peak, and ours ÷ theirs for each peer.

    Args:
        bounds: show the spread of times and the intervals of ratios, which take room.
        peak: show the share of the machine's peak.
        peers: those that get a column; all that took part, unless some are named.
    """
    records = results.of(work.name)
    devices = [device for device in ("cpu", "gpu") if any(r.device == device for r in records)]
    peers = taking_part(work, results) if peers is None else peers
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
    for row in rows_of(records):
        cells = _cells(results, row, peers, bounds)
        out.add_row(*(cell for cell, shown in zip(cells, columns.values()) if shown))
    return out


def rows_of(records: Sequence[Record]) -> Iterator[list[Record]]:
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
    against = against_cpu(results, ours)
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


def against_cpu(results: Results, ours: Record | None) -> Ratio | None:
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


def unmeasured(results: Results) -> list[str]:
    """The workloads of which nothing was measured, by what they lacked."""
    reasons: dict[tuple[str, str], dict[str, None]] = {}
    for failure in results.failures:
        if failure.workload != "everything" and not results.of(failure.workload):
            reasons.setdefault((failure.peer, failure.reason), {})[failure.workload] = None
    return [f"{peer} left out of {', '.join(works)}: {why}" for (peer, why), works in reasons.items()]


def notes(work: Workload, results: Results) -> list[str]:
    """What is particular about how a peer does this work."""
    found = {record.peer: record.note for record in results.of(work.name) if record.note}
    return [f"{peer}: {note}" for peer, note in found.items()]


def taking_part(work: Workload, results: Results) -> list[str]:
    """The peers that a workload was measured with, in the order of their columns."""
    return [name for name in PEERS if any(record.peer == name for record in results.of(work.name))]


def fitting(console: Console, work: Workload, results: Results) -> list[Table]:
    """The fullest of a workload's tables that a console has room for; several, each with some peers, if none fits."""
    endless = console.options.update(max_width=10_000)

    def fits(found: Table) -> bool:
        return Measurement.get(console, endless, found).maximum <= console.width

    for bounds, peak in ((True, True), (False, True), (False, False)):
        found = table(work, results, bounds, peak)
        if fits(found):
            return [found]
    parts: list[list[str]] = [[]]
    for peer in taking_part(work, results):
        if parts[-1] and not fits(table(work, results, False, False, [*parts[-1], peer])):
            parts.append([])
        parts[-1].append(peer)
    return [table(work, results, False, False, part) for part in parts]


def show(console: Console, work: Workload, results: Results) -> None:
    """Print a workload's table and what follows from it."""
    if results.of(work.name):
        console.print(f"{work.name}: {work.title}", style="bold", highlight=False)
        for part in fitting(console, work, results):
            console.print(part)
    for line in growth_lines(work, results) + crossing_lines(work, results):
        console.print(indented(line, "cyan"))
    for line in notes(work, results):
        console.print(indented(line, "dim"))
    for line in failures(Results(failures=[f for f in results.failures if f.workload == work.name])):
        console.print(indented(line, "red"))
    console.print()


def indented(line: str, style: str = "") -> Padding:
    """A line that stays indented where it has to go on in the next."""
    return Padding(Text(line, style), (0, 0, 0, 2), expand=False)


def conditions(results: Results) -> list[str]:
    """The machine, its peaks and the versions, for the head of a report."""
    machine = results.machine
    lines = ["{}, {} cores, {}, {}".format(*(machine.get(k, "?") for k in ("processor", "cores", "system", "python")))]
    lines += [str(gpu) for gpu in machine.get("gpus", [])]
    for device, peak in results.peaks.items():
        lines.append(
            f"Measured peak of the {device}: {rate(peak['flops'], 'FLOP/s')} (float32 product), "
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
    advice = "" if results.environment.get(THREADS) == "1" else " With --threads 1 they matter less."
    return [
        f"Other programs kept this machine busy (load {load:.1f}): a library with several threads waits for each of "
        f"them, so figures are worse, and less alike, than on a machine at rest.{advice}"
    ]


def crowded(results: Results) -> list[str]:
    """A warning where there are more threads than cores."""
    threads, cores = results.environment.get(THREADS, ""), results.machine.get("cores")
    if not threads.isdigit() or not cores or int(threads) <= cores:
        return []
    return [f"{threads} threads share {cores} core{'s' * (cores > 1)}: they wait for one another. Ask for fewer."]

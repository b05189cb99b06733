"""What became slower or faster between two runs, beyond noise. Imports ``results`` and ``stats``."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import stats
from benchmarks.environment import THREADS
from benchmarks.peers import OURS
from benchmarks.results import Record, Results

# Two runs differ by this much though nothing changed: caches, memory layout, the processor's mood.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Change:
    """How a record of ours differs from an older one.

    Attributes:
        ratio: new ÷ old with the interval that the noise of both runs allows, after ``drift`` is taken out.
        drift: what peers of unchanged versions took, new ÷ old: how much of it is the machine.
    """

    old: Record
    new: Record
    ratio: stats.Ratio
    drift: float

    @property
    def verdict(self) -> str:
        """``"slower"`` or ``"faster"`` where the whole interval is beyond the tolerance, else ``"same"``."""
        if self.ratio.low > 1 + TOLERANCE:
            return "slower"
        return "faster" if self.ratio.high < 1 - TOLERANCE else "same"


def compare(old: Results, new: Results) -> list[Change]:
    """The change of every record of ours that both runs have, the worst first.

    Two runs are never on an equally busy machine. Where peers whose version did not change took part in both, doing it
    the same way, their median change in the same case is divided out.
    """
    before = {record.key: record for record in old.records}
    steady = {name for name, number in new.versions.items() if number and old.versions.get(name) == number} - {OURS}
    changes = []
    for record in new.records:
        if record.peer != OURS or record.key not in before:
            continue
        earlier = before[record.key]
        beside = [
            peer.summary.median / before[peer.key].summary.median
            for peer in new.beside(record)
            if peer.peer in steady and peer.key in before and before[peer.key].note == peer.note
        ]
        drift = stats.median(beside) if beside else 1.0
        changes.append(Change(earlier, record, _ratio(earlier, record, drift), drift))
    return sorted(changes, key=lambda change: -change.ratio.median)


def _ratio(old: Record, new: Record, drift: float) -> stats.Ratio:
    """New ÷ old: the samples of two runs are no pairs, so the interval joins the far ends of both."""
    a, b = old.summary, new.summary
    return stats.Ratio(b.median / a.median / drift, b.low / a.high / drift, b.high / a.low / drift)


def unlike(old: Results, new: Results) -> list[str]:
    """What sets the conditions of two runs apart, so that a difference need not be the program's; empty if nothing."""
    lines = []
    for name in ("processor", "cores", "gpus"):
        before, now = (run.machine.get(name) for run in (old, new))
        if before != now:
            lines.append(f"{name}: {_words(before)} then, {_words(now)} now")
    before, now = (run.environment.get(THREADS) for run in (old, new))
    if before != now:
        lines.append(f"threads: {_words(before)} then, {_words(now)} now")
    if lines:
        lines = [
            f"The runs were made under other conditions ({'; '.join(lines)}): what follows may be the machine, and is "
            "no reason for an exit status."
        ]
    return lines


def also_changed(old: Results, new: Results) -> list[str]:
    """What else a reader of a comparison should know: other versions, and what only one of the runs measured."""
    lines = []
    pairs = [("Python", old.machine.get("python"), new.machine.get("python"))]
    pairs += [(name, old.versions[name], number) for name, number in new.versions.items() if old.versions.get(name)]
    moved = [f"{name} {before} then, {now} now" for name, before, now in pairs if before and now and before != now]
    if moved:
        lines.append(f"Other versions: {'; '.join(moved)}")
    for which, run, other in (("then", old, new), ("now", new, old)):
        alone = _alone(run, other)
        if alone:
            lines.append(f"Measured only {which}, and not compared: {'; '.join(alone)}")
    return lines


def _alone(run: Results, other: Results) -> list[str]:
    """What of ours only the first of two runs holds: devices, workloads and variants as a whole, else sizes."""
    there = [record.key for record in other.records if record.peer == OURS]
    out: dict[str, None] = {}
    for key in (record.key for record in run.records if record.peer == OURS):
        here = [k for k in there if k.device == key.device]
        if not here:
            out[f"everything on the {key.device}"] = None
        elif not any(k.workload == key.workload for k in here):
            out[key.workload] = None
        elif not any(k[:2] == key[:2] for k in here):
            out[f"{key.workload}, {key.variant}"] = None
        elif key not in here:
            out[", ".join(filter(None, (key.workload, key.variant, f"{key.size:,}", key.device)))] = None
    return list(out)


def _words(value: object) -> str:
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value or "")) or "none"


def describe(changes: list[Change]) -> list[str]:
    """A line for each change beyond noise, then how many there were."""
    if not changes:
        return ["Nothing to compare: the two runs have no workload, variant and size in common."]
    lines = []
    for change in changes:
        if change.verdict != "same":
            ratio, new = change.ratio, change.new
            where = ", ".join(part for part in (new.workload, new.variant, f"{new.size:,}", new.device) if part)
            drift = f", after peers' drift of {change.drift:.2f} was taken out" if change.drift != 1 else ""
            lines.append(
                f"{change.verdict}: {where}: {ratio.median:.2f} times the old cost "
                f"({ratio.low:.2f}–{ratio.high:.2f}){drift}"
            )
    count = {word: sum(change.verdict == word for change in changes) for word in ("slower", "faster", "same")}
    lines.append(f"{count['slower']} slower, {count['faster']} faster, {count['same']} the same within noise")
    return lines

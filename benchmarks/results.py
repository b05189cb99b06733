"""What a run found: records of samples, ratios between them, growth, crossings; as JSON and back. Imports ``stats``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import stats
from benchmarks.peers import OURS

SCHEMA = 1


class Key(NamedTuple):
    """Which measurement: a workload's variant and size, a device, and who did it."""

    workload: str
    variant: str
    size: int
    device: str
    peer: str


@dataclass
class Record:
    """The samples of one contender, in seconds (or bytes) per step, one per round.

    Attributes:
        ideal: the seconds that the work takes at the machine's measured peaks, where they are known.
    """

    workload: str
    variant: str
    size: int
    device: str
    peer: str
    samples: list[float]
    iterations: int = 1
    unit: str = "s"
    flops: float | None = None
    bytes: float | None = None
    ideal: float | None = None
    note: str = ""

    @property
    def key(self) -> Key:
        """What tells it from the other records of a run."""
        return Key(self.workload, self.variant, self.size, self.device, self.peer)

    @property
    def summary(self) -> stats.Summary:
        """Median and spread."""
        return stats.summarize(self.samples)

    @property
    def share(self) -> float | None:
        """The share of the machine's measured peak that is reached: 1 where no time could be saved."""
        return None if self.ideal is None else self.ideal / self.summary.median


@dataclass
class Failure:
    """A contender that took no part in a measurement, and why."""

    workload: str
    variant: str
    size: int
    device: str
    peer: str
    reason: str
    wrong: bool = False


@dataclass
class Results:
    """A run: where it was made and what was measured."""

    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str | None] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    commit: str | None = None
    date: str = ""
    peaks: dict[str, dict[str, float]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def find(self, workload: str, variant: str, size: int, device: str, peer: str) -> Record | None:
        """One record, or None."""
        wanted = Key(workload, variant, size, device, peer)
        return next((record for record in self.records if record.key == wanted), None)

    def workloads(self) -> list[str]:
        """The names of the workloads measured, in order."""
        return list(dict.fromkeys(record.workload for record in self.records))

    def of(self, workload: str) -> list[Record]:
        """The records of one workload."""
        return [record for record in self.records if record.workload == workload]

    def ratios(self) -> Iterator[tuple[Record, Record, stats.Ratio]]:
        """Every record of this project beside each peer's on the same device, and ours ÷ theirs."""
        for ours in self.records:
            if ours.peer == OURS:
                for theirs in self.beside(ours):
                    yield ours, theirs, stats.paired_ratio(ours.samples, theirs.samples)

    def beside(self, record: Record) -> list[Record]:
        """The other contenders of a record's case, on its device."""
        case = record.key._replace(peer="")
        return [other for other in self.records if other is not record and other.key._replace(peer="") == case]

    def curves(self, workload: str) -> dict[tuple[str, str, str], list[Record]]:
        """The records of a workload by variant, peer and device, each list growing in size."""
        out: dict[tuple[str, str, str], list[Record]] = {}
        for record in self.of(workload):
            out.setdefault((record.variant, record.peer, record.device), []).append(record)
        return {name: sorted(records, key=lambda record: record.size) for name, records in out.items()}

    def growth(self, workload: str, variant: str, peer: str, device: str) -> stats.Growth | None:
        """How a contender's cost grows; None where it was measured at one size only."""
        records = self.curves(workload).get((variant, peer, device), [])
        costs = [r.summary for r in records]
        return stats.growth([r.size for r in records], [c.median for c in costs], [(c.low, c.high) for c in costs])

    def both_devices(self, workload: str, variant: str, peer: str = OURS) -> list[tuple[Record, Record]]:
        """A contender's records of the same size on the CPU and on the GPU, growing in size; of times only."""
        curves = self.curves(workload)
        cpu, gpu = ({r.size: r for r in curves.get((variant, peer, device), [])} for device in ("cpu", "gpu"))
        return [(cpu[size], gpu[size]) for size in sorted(cpu.keys() & gpu.keys()) if cpu[size].unit == "s"]

    def crossing(self, workload: str, variant: str, peer: str = OURS) -> float | None:
        """The size from which the GPU is faster than the CPU beyond noise: 0 where always, None where never.

        Interpolated between two sizes, to three digits. A tie has overtaken nothing: there the GPU counts as just as
        fast.
        """
        sizes, ours, other = [], [], []
        for cpu, gpu in self.both_devices(workload, variant, peer):
            tie = stats.paired_ratio(gpu.samples, cpu.samples).verdict == "tie"
            sizes.append(cpu.size)
            other.append(cpu.summary.median)
            ours.append(cpu.summary.median if tie else gpu.summary.median)
        at = stats.crossing(sizes, ours, other)
        return float(f"{at:.3g}") if at else at

    def to_json(self) -> str:
        """This run as JSON, readable also by people: one record a line."""
        head = {"schema": SCHEMA, **asdict(self)}
        records, failures = head.pop("records"), head.pop("failures")
        text = json.dumps(head, indent=1)[:-2]
        for name, rows in (("records", records), ("failures", failures)):
            lines = ",\n".join("  " + json.dumps(_rounded(row)) for row in rows)
            text += f',\n "{name}": [\n{lines}\n ]'
        return text + "\n}\n"

    def save(self, path: Path) -> None:
        """Write the JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.to_json(), encoding="utf-8")


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    samples = row.get("samples")
    return row if samples is None else {**row, "samples": [float(f"{sample:.5g}") for sample in samples]}


def from_json(text: str) -> Results:
    """The run that :meth:`Results.to_json` wrote.

    Raises:
        ValueError: the text is of something else, or of another version of the format.
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"expected JSON that --json wrote; got other text: {error}. Name such a file.") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        got = found.get("schema") if isinstance(found, dict) else type(found).__name__
        raise ValueError(f"expected a benchmark result of schema {SCHEMA}; got {got!r}. Run the benchmarks again.")
    del found["schema"]
    try:
        found["records"] = [Record(**row) for row in found["records"]]
        found["failures"] = [Failure(**row) for row in found["failures"]]
        return Results(**found)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"expected all that --json writes; got other fields: {error}. Run the benchmarks again."
        ) from None


def load(path: Path) -> Results:
    """The run in a file.

    Raises:
        ValueError: the file is missing or holds something else; the text names it.
    """
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: expected a file of --json; got {error.strerror}. Correct the path.") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None

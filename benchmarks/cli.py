"""The program behind ``python -m benchmarks``: chooses, measures, reports. Imports everything else of this package."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import backends
from benchmarks import environment, peers, report, roofline, runner
from benchmarks.compare import compare, describe
from benchmarks.export import pytest_benchmark
from benchmarks.hosts import Hosts
from benchmarks.options import SETS
from benchmarks.results import Results, load
from benchmarks.workload import SIZES, Workload, discover

# Of what is written to a file or a pipe; a terminal has its own.
WIDTH = 140
# Processes that wanted a core in the last minute, for each core: more than this and others are at work.
BUSY = 0.3

Choice = list[tuple[Workload, list[str]]]


class UsageError(Exception):
    """The command line asks for what is not there; the text says what is."""


def main(arguments: argparse.Namespace, console: Console | None = None) -> int:
    """Run the command line; returns the exit status."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    try:
        if arguments.list:
            console.print(listing(), highlight=False)
            return 0
        old = load(arguments.compare) if arguments.compare else None
        results = load(arguments.load) if arguments.load else run(arguments, console)
        if arguments.load:
            for name in results.workloads():
                if name in discover():
                    report.show(console, discover()[name], results)
        return finish(arguments, console, results, old)
    except (UsageError, ValueError, peers.PeerError, backends.BackendError) as error:
        console.print(f"error: {error}", style="red", markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def listing() -> str:
    """The workloads, their variants, sizes and contenders."""
    lines = []
    for work in discover().values():
        lines.append(f"{work.name}: {work.title}")
        if len(work.variants) > 1:
            lines.append(f"    variants: {', '.join(work.variants)}")
        sizes = (f"{label} {' '.join(f'{n:,}' for n in work.sizes[label])}" for label in SIZES if label in work.sizes)
        lines.append(f"    {work.size}: {', '.join(sizes)}")
        lines.append(f"    peers: {', '.join(name for name in work.contenders if name != peers.OURS)}")
    return "\n".join(lines)


def choose(arguments: argparse.Namespace) -> Choice:
    """The workloads and sizes that the command line asks for."""
    works = discover()
    unknown = [name for name in arguments.names if name not in works]
    if unknown:
        raise UsageError(f"expected workloads among {', '.join(works)}; got {', '.join(unknown)}. Correct the name.")
    for label in arguments.sizes or ():
        if label not in SIZES:
            raise UsageError(f"--sizes: expected labels among {', '.join(SIZES)}; got {label!r}. Correct the label.")
    wanted: Mapping[str, tuple[str, ...] | None] = dict.fromkeys(arguments.names or works)
    if not arguments.names and arguments.set != "all":
        wanted = SETS[arguments.set or "quick"]
    out = []
    for name, labels in wanted.items():
        sizes = [label for label in arguments.sizes or labels or SIZES if works[name].sizes.get(label)]
        if sizes:
            out.append((works[name], sizes))
    return out


def choose_backends(arguments: argparse.Namespace, console: Console) -> dict[str, str]:
    """Our backend for each device, and a word on what is missing."""
    named = arguments.backend
    out: dict[str, str] = {}
    for name in named or ("numpy", "cupy"):
        try:
            backend = backends.get(name)
        except backends.BackendError as error:
            if named:
                raise
            console.print(f"No GPU is used: {error}", style="dim", highlight=False)
            console.print("Measuring the CPU part.\n", style="dim")
            continue
        device = "gpu" if backend.device_type == "cuda" else backend.device_type
        if device in out:
            raise UsageError(
                f"--backend: expected one backend per device; got {out[device]} and {name}, both on the {device}. "
                "Run one after the other, and use --compare."
            )
        out[device] = name
    return out


def choose_peers(arguments: argparse.Namespace, choice: Choice, console: Console) -> dict[str, str]:
    """The interpreter of each peer that takes part in anything chosen."""
    named = [] if arguments.peers == ["none"] else arguments.peers
    useful = {name for work, _ in choice for name in work.contenders}
    out = {}
    for peer in peers.chosen(named if named is not None else peers.PEERS):
        if peer.name not in useful:
            continue

        def make(peer: peers.Peer) -> Path:
            folder = peers.own_environment(peer).parent.parent
            console.print(f"Installing {peer.name} into an environment of its own: {folder}")
            return peers.make_environment(peer)

        try:
            out[peer.name] = peers.interpreter(peer, make if named or arguments.set == "readme" else None)
        except peers.PeerError as error:
            if named:
                raise
            console.print(f"Without {error}", style="dim", highlight=False, markup=False)
    return out


def run(arguments: argparse.Namespace, console: Console) -> Results:
    """Measure what the command line asks for, showing each workload's table as soon as it is there."""
    started = time.perf_counter()
    choice = choose(arguments)
    ours = choose_backends(arguments, console)
    python = choose_peers(arguments, choice, console)
    quick = not arguments.names and arguments.set in (None, "quick")
    base = runner.Options(9, 0.005, 1.5) if quick else runner.Options()
    options = runner.Options(
        base.rounds if arguments.repeat is None else arguments.repeat,
        base.block,
        base.budget if arguments.budget is None else arguments.budget,
    )
    results = Results(
        machine=environment.machine(),
        versions=versions(python),
        environment=environment.recorded(),
        commit=environment.commit(),
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    hosts = Hosts(python)
    try:
        with progress(console) as tell:
            tell("measuring the machine's peaks", 0, 0)
            results.peaks = {device: roofline.measure(name) for device, name in ours.items()}
            devices = {name: device_list(hosts, name, results, tell) for name in python}
            plans = [(work, list(runner.plan(work, sizes, ours, devices))) for work, sizes in choice]
            total, done = sum(len(cases) for _, cases in plans), 0
            for line in report.conditions(results):
                console.print(line, style="dim", highlight=False)
            load = results.machine["load"]
            if load is not None and load > BUSY * environment.usable_cores():
                console.print(
                    f"Other programs keep this machine busy (load {load:.1f}): a library with several threads waits "
                    "for each of them, so figures will be worse, and less alike, than on a machine at rest.",
                    style="yellow",
                    highlight=False,
                )
            console.print(
                f"{environment.threads()} threads each. A ratio is {peers.OURS} ÷ the peer, pair by pair: below 1 "
                f"{peers.OURS} is faster; (low–high) holds the median with 95 %.\n",
                style="dim",
                highlight=False,
            )
            for work, cases in plans:
                if not cases:
                    console.print(f"{work.name}: left out: it needs a device that is not here\n", style="dim")
                for together in cases:
                    case = together[0][1]
                    at = " ".join(part for part in (work.name, case.variant, f"{case.size:,}") if part)

                    def say(text: str, at: str = at, done: int = done) -> None:
                        tell(f"{at}: {text}", done, total)

                    runner.measure(work, together, hosts, results, options, say)
                    done += 1
                if cases:
                    report.show(console, work, results)
    finally:
        hosts.close()
    console.print(f"{len(results.records)} measurements in {time.perf_counter() - started:.0f} s", style="dim")
    return results


def device_list(hosts: Hosts, peer: str, results: Results, tell: Tell) -> list[str]:
    """The devices a peer can use; none where it does not even load, which the report then says."""
    tell(f"loading {peer}", 0, 0)
    try:
        found: list[str] = hosts.of(peer).request("describe", peer=peer)["devices"]
    except peers.PeerError as error:
        results.failures.append(runner.Failure("everything", "", 0, "cpu", peer, str(error)))
        return []
    return found


def versions(python: Mapping[str, str]) -> dict[str, str | None]:
    """The versions of everything that takes part."""
    out = {name: environment.version(name) for name in (peers.OURS, "numpy", "numba", "scipy")}
    out["cupy"] = environment.version("cupy-cuda13x", "cupy-cuda12x", "cupy")
    for name, path in python.items():
        found = peers.versions(path, peers.PEERS[name].distributions)
        out |= {name if i == 0 else distribution: number for i, (distribution, number) in enumerate(found.items())}
    return out


def finish(arguments: argparse.Namespace, console: Console, results: Results, old: Results | None) -> int:
    """The verdict, the files asked for, the comparison; returns the exit status."""
    for line in report.failures(Results(failures=[f for f in results.failures if f.workload == "everything"])):
        console.print(line, style="red", highlight=False, markup=False)
    for line in report.verdict(results):
        console.print(line, highlight=False)
    if arguments.json:
        results.save(arguments.json)
    if arguments.markdown:
        write(arguments.markdown, report.markdown(results))
    if arguments.pytest_benchmark:
        write(arguments.pytest_benchmark, pytest_benchmark(results))
    if arguments.plot:
        from benchmarks.plots import plot

        for path in plot(results, arguments.plot):
            console.print(f"wrote {path}", style="dim", highlight=False)
    status = 1 if any(failure.wrong for failure in results.failures) else 0
    if old is not None:
        changes = compare(old, results)
        for line in describe(changes):
            console.print(line, highlight=False)
        if any(change.verdict == "slower" for change in changes):
            status = 1
    return status


def write(path: Path, text: str) -> None:
    """Write a text file, and the folder it stands in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class Tell:
    """Shows what is being done: a moving line on a terminal, nothing elsewhere."""

    def __init__(self, bar: Progress | None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None) if bar else None

    def __call__(self, text: str, done: int, total: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=text, completed=done, total=total or None, refresh=True)


@contextmanager
def progress(console: Console) -> Iterator[Tell]:
    """A progress line at the bottom of a terminal; tables printed meanwhile stay above it."""
    if not console.is_terminal:
        yield Tell(None)
        return
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    # Drawn between turns only: a thread that draws would take the processor from what is being timed.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bar:
        yield Tell(bar)

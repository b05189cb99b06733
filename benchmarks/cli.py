"""The program behind ``python -m benchmarks``: chooses, measures, reports. Imports everything else of this package."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from rich.console import Console

import backends
from benchmarks import choice, environment, files, peers, report, roofline, runner
from benchmarks.compare import also_changed, compare, describe, unlike
from benchmarks.hosts import Hosts
from benchmarks.options import SETS
from benchmarks.progress import Deadline, Tell, progress
from benchmarks.results import Failure, Results, from_json, load
from benchmarks.verdict import gpu_verdict, verdict
from benchmarks.workload import Case, Workload, discover

# Of what is written to a file or a pipe; a terminal has its own.
WIDTH = 140
# How much more of the time a fresh process per round takes than a step in a running one.
PROCESS_WEIGHT = 6.0

Plans = list[tuple[Workload, list[list[tuple[str, Case]]]]]


def main(arguments: argparse.Namespace, console: Console | None = None) -> int:
    """Run the command line; returns the exit status."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    try:
        if arguments.list:
            console.print(choice.listing(), highlight=False)
            return 0
        files.check(arguments)
        old = load(arguments.compare) if arguments.compare else None
        if arguments.load:
            results, stopped = choice.only(load(arguments.load), arguments), False
            head(console, results)
            for name in results.workloads():
                if name in discover():
                    report.show(console, discover()[name], results)
        else:
            results, stopped = run(arguments, console)
        if stopped:
            # Half a run must not take the place of the README's figures, nor nothing that of an older run's.
            arguments.readme = None
            if not results.records:
                console.print("Nothing was measured, and no file written.")
                return 130
        status = finish(arguments, console, results, old)
        return 130 if stopped else status
    except (choice.UsageError, ValueError, peers.PeerError, backends.BackendError) as error:
        console.print(f"error: {error}", style="red", markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def run(arguments: argparse.Namespace, console: Console) -> tuple[Results, bool]:
    """Measure what the command line asks for, showing each workload's table as soon as it is there.

    Returns:
        The results, and whether Ctrl-C ended the run before all was measured.
    """
    named = choice.named_set(arguments)
    deadline = Deadline(arguments.budget or (SETS[named].budget if named else math.inf))
    chosen = choice.choose(arguments)
    ours = choice.choose_backends(arguments, console)
    python = choice.choose_peers(arguments, chosen, console)
    results = Results(
        machine=environment.machine(),
        versions=choice.versions(python),
        environment=environment.recorded(),
        commit=environment.commit(),
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    hosts, stopped, started = Hosts(python), False, deadline.elapsed
    try:
        with progress(console) as tell:
            tell("measuring the machine's peaks", 0, 0)
            ours = peaks(ours, results)
            devices = {name: device_list(hosts, name, results, tell) for name in python}
            plans = [(work, list(runner.plan(work, cases, ours, devices))) for work, cases in chosen]
            head(console, results)
            base = runner.Options(9, 0.005) if named == "quick" else runner.Options()
            options = base if arguments.repeat is None else replace(base, rounds=arguments.repeat)
            measure(plans, hosts, results, options, deadline, console, tell)
    except KeyboardInterrupt:
        console.print("stopped: what was measured so far is reported")
        stopped = True
    finally:
        hosts.close()
    console.print(f"{len(results.records)} measurements in {deadline.elapsed - started:.0f} s", style="dim")
    return results, stopped


def peaks(ours: dict[str, str], results: Results) -> dict[str, str]:
    """Measure what each device can do at most; returns those of our backends that got so far.

    It is the first that a GPU is asked for: a driver, a library or room on it that is missing shows here.
    """
    working = {}
    for device, name in ours.items():
        try:
            results.peaks[device] = roofline.measure(name)
            working[device] = name
        except Exception as error:
            if device == "cpu":
                raise
            why = f"{peers.reason(error)} Nothing is measured on it."
            results.failures.append(Failure("everything", "", 0, device, peers.OURS, why))
    return working


def head(console: Console, results: Results) -> None:
    """Print the conditions and how ratios are to be read."""
    for line in report.conditions(results):
        console.print(line, style="dim", highlight=False)
    for line in report.busy(results) + report.crowded(results):
        console.print(line, style="yellow", highlight=False)
    for line in report.failures(Results(failures=[f for f in results.failures if f.workload == "everything"])):
        console.print(line, style="red", highlight=False, markup=False)
    count = results.environment.get(environment.THREADS, "?")
    console.print(
        f"{count} thread{'s' if count != '1' else ''} each. A ratio is {peers.OURS} ÷ the peer, pair by pair: below 1 "
        f"{peers.OURS} is faster; (low–high) holds the median with 95 %."
        + (f" ÷ cpu is {peers.OURS} on the GPU ÷ {peers.OURS} on the CPU." if "gpu" in results.peaks else "")
        + "\n",
        style="dim",
        highlight=False,
    )


def measure(
    plans: Plans,
    hosts: Hosts,
    results: Results,
    options: runner.Options,
    deadline: Deadline,
    console: Console,
    tell: Tell,
) -> None:
    """Measure case by case, each within its share of the time; past the deadline, say what is left out."""
    total, done = sum(len(cases) for _, cases in plans), 0
    weights = {work.name: PROCESS_WEIGHT if work.kind == "process" else 1.0 for work, _ in plans}
    weight_left = sum(weights[work.name] * len(cases) for work, cases in plans)
    for work, cases in plans:
        if not cases:
            console.print(f"{work.name}: left out: it needs a GPU, and none is used here\n", style="dim")
            continue
        try:
            for together in cases:
                share = deadline.share(weights[work.name], weight_left)
                weight_left -= weights[work.name]
                measure_case(work, together, hosts, results, options, deadline, share, Place(tell, done, total))
                done += 1
        finally:  # after Ctrl-C as well
            if results.of(work.name):
                report.show(console, work, results)


@dataclass(frozen=True)
class Place:
    """Where a run has got to, for whoever watches it."""

    tell: Tell
    done: int
    total: int


def measure_case(
    work: Workload,
    together: list[tuple[str, Case]],
    hosts: Hosts,
    results: Results,
    options: runner.Options,
    deadline: Deadline,
    share: float,
    place: Place,
) -> None:
    """Measure one case within its share of the time; without any, say that it is left out."""
    case = together[0][1]
    if not share:
        reason = f"its time, {deadline.seconds:g} s for the run, is over. Give more with --budget."
        results.failures.append(Failure(work.name, case.variant, case.size, case.device, "everyone", reason))
        return
    at = " ".join(part for part in (work.name, case.variant, f"{case.size:,}") if part)

    def say(text: str) -> None:
        place.tell(f"{at}: {text}", place.done, place.total)

    # While many are waiting, no case takes more than half of what is left; the last few may run over.
    most = max(share, deadline.left / 2) if share < deadline.left else math.inf
    runner.measure(work, together, hosts, results, replace(options, budget=min(options.budget, share), most=most), say)


def device_list(hosts: Hosts, peer: str, results: Results, tell: Tell) -> list[str]:
    """The devices a peer can use; none where it does not even load, which the report then says."""
    tell(f"loading {peer}", 0, 0)
    try:
        found: list[str] = hosts.of(peer).request("describe", peer=peer)["devices"]
    except peers.PeerError as error:
        results.failures.append(Failure("everything", "", 0, "", peer, str(error)))
        return []
    return found


def finish(arguments: argparse.Namespace, console: Console, results: Results, old: Results | None) -> int:
    """The verdict, the files asked for, the comparison; returns the exit status."""
    results = from_json(results.to_json())  # which rounds: every file shows the figures that the JSON gives again
    for line in report.unmeasured(results):
        console.print(line, style="red", highlight=False, markup=False)
    for line in verdict(results) + gpu_verdict(results):
        console.print(report.indented(line.strip()) if line.startswith(" ") else line, highlight=False)
    status = 1 if any(failure.wrong for failure in results.failures) else 0
    if not files.write(arguments, console, results):
        status = 2
    if old is not None:
        others = unlike(old, results)
        for line in others:
            console.print(line, style="yellow", highlight=False, markup=False)
        for line in also_changed(old, results):
            console.print(line, style="dim", highlight=False, markup=False)
        changes = compare(old, results)
        for line in describe(changes):
            console.print(line, highlight=False)
        if not others and any(change.verdict == "slower" for change in changes):
            status = status or 1
    return status

"""Measures: equal results first, then turns A B A B in rounds. Imports ``hosts``, ``results`` and what they import."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from benchmarks import environment, stats
from benchmarks.check import Digest, difference
from benchmarks.hosts import Host, Hosts, run_program
from benchmarks.peers import OURS, PeerError
from benchmarks.results import Failure, Record, Results
from benchmarks.roofline import ideal
from benchmarks.workload import Case, Contender, Workload

MOST_ITERATIONS = 1_000_000
# So few rounds that their whole range is an interval that holds the median with 95 %.
LEAST_ROUNDS = stats.least(stats.CONFIDENCE)
# Threads of the library that ran before stop spinning within this time.
SETTLE = 0.003


@dataclass(frozen=True)
class Options:
    """How long to measure.

    Attributes:
        rounds: how often each contender gets its turn.
        block: seconds that one turn should take; short steps are repeated until they fill it.
        budget: seconds that all rounds of a case may take together; fewer rounds (but at least six) keep to it.
        most: seconds beyond which a case is left out: six rounds of it would leave no time to others.
    """

    rounds: int = 15
    block: float = 0.02
    budget: float = 20.0
    most: float = math.inf


@dataclass
class _Turn:
    """A contender that is ready, and what it has shown so far."""

    contender: Contender
    case: Case
    take: Callable[[], float]
    digests: list[Digest]
    seconds: float
    iterations: int
    samples: list[float]


def plan(
    work: Workload, cases: Iterable[Case], backends: dict[str, str], peers: Mapping[str, Sequence[str]]
) -> Iterator[list[tuple[str, Case]]]:
    """For each case, who is measured together.

    Args:
        backends: our backend for each device.
        peers: the devices that each peer can use.
    """
    jit = environment.version("numba") is not None
    for case in cases:
        together = []
        for device, backend in backends.items():
            here = replace(case, device=device, backend=backend)
            together += [(name, here) for name in (OURS, *peers) if name == OURS or device in peers[name]]
        together = [(name, here) for name, here in together if work.runs(name, here, jit)]
        if together:
            yield together


def measure(
    work: Workload,
    together: Sequence[tuple[str, Case]],
    hosts: Hosts,
    results: Results,
    options: Options,
    tell: Callable[[str], None] = lambda text: None,
) -> None:
    """Prepare the contenders of one case, compare their results, time those that agree, and add to ``results``.

    Args:
        tell: called with a few words on what is being done.
    """
    turns: list[_Turn] = []
    missing = missing_jit(work, together[0][1])
    if missing:
        results.failures.append(_failure(work, OURS, together[0][1], missing))
        together = [(name, case) for name, case in together if case.device == "gpu"]
    for peer, case in together:
        tell(f"preparing {peer}")
        contender = work.contenders[peer]
        try:
            turn = (_fresh_process if work.kind == "process" else _in_process)(work, contender, case, hosts, options)
        except PeerError as error:
            results.failures.append(_failure(work, peer, case, str(error)))
            continue
        # The first that runs is the measure of the others: this project, or where it fails, the first peer.
        wrong = difference(turns[0].digests, turn.digests, work.rtol, contender.dtype) if turns else None
        if wrong:
            results.failures.append(_failure(work, peer, case, wrong, wrong=True))
        else:
            turns.append(turn)
    if turns:
        _take_turns(work, turns, options, tell, results)
    for turn in turns:
        if turn.samples:
            results.records.append(_record(work, turn, results))
    hosts.release()


def missing_jit(work: Workload, case: Case) -> str | None:
    """Why a case that needs the extra ``jit`` can't be measured here; None where it can."""
    if not work.jit(case) or environment.version("numba"):
        return None
    return "expected Numba, which compiles kernels; it is not installed. Run `pip install numba` (the extra `jit`)."


def _jit(work: Workload, peer: str, case: Case) -> bool:
    """Whether compiled kernels are at work: always, but for our own function where its variant does without."""
    return peer != OURS or work.jit(case) is not False


def _take_turns(
    work: Workload, turns: list[_Turn], options: Options, tell: Callable[[str], None], results: Results
) -> None:
    """Samples for every turn, as many as time allows, one of each per round."""
    once = sum(turn.seconds * turn.iterations + SETTLE for turn in turns)
    most = min(work.rounds or options.rounds, options.rounds)
    least = min(LEAST_ROUNDS, most)
    if least * once > options.most:
        first = turns[0]
        why = f"{least} rounds would take {least * once:.0f} s, too much of the run's time. Give more with --budget."
        results.failures.append(_failure(work, "everyone", first.case, why))
        return
    rounds = max(min(most, math.floor(options.budget / once)), least)
    for number in range(rounds):
        for turn in list(turns):
            tell(f"round {number + 1} of {rounds}: {turn.contender.peer} {turn.case.device}")
            try:
                turn.samples.append(turn.take())
            except PeerError as error:
                results.failures.append(_failure(work, turn.contender.peer, turn.case, str(error)))
                turns.remove(turn)  # its samples would have no partners in the later rounds


def _in_process(work: Workload, contender: Contender, case: Case, hosts: Hosts, options: Options) -> _Turn:
    host = hosts.of(contender.peer, _jit(work, contender.peer, case))
    ready = host.request("prepare", workload=work.name, peer=contender.peer, case=asdict(case))
    slot, seconds = ready["slot"], ready["seconds"]
    seconds, iterations = _calibrate(host, slot, seconds, options.block)
    steps = work.steps(case)
    # What fits in a turn many times warms itself up; a single step is given one without the clock while that is cheap.
    warm = 1 if seconds < 0.25 else 0

    def take() -> float:
        time.sleep(SETTLE)
        taken: float = host.request("run", slot=slot, times=iterations, warm=warm)["seconds"]
        return taken / iterations / steps

    turns = iterations + warm
    return _Turn(contender, case, take, ready["digests"], seconds * turns / iterations, iterations, [])


def _calibrate(host: Host, slot: int, seconds: float, block: float) -> tuple[float, int]:
    """Seconds per step, and how many steps fill a turn. First calls are slow, so the count grows step by step."""
    iterations = 1
    while seconds * iterations < block and iterations < MOST_ITERATIONS:
        iterations = min(MOST_ITERATIONS, 10 * iterations, max(iterations + 1, round(block / max(seconds, 1e-9))))
        seconds = host.request("run", slot=slot, times=iterations, warm=1)["seconds"] / iterations
        if seconds * iterations > 0.8 * block:
            break
    return seconds, iterations


def _fresh_process(work: Workload, contender: Contender, case: Case, hosts: Hosts, options: Options) -> _Turn:
    source = contender.make(work.inputs(case), case)
    python = hosts.interpreters[contender.peer]
    steps, jit = work.steps(case), _jit(work, contender.peer, case)
    # The first run reads files that the others find in memory.
    seconds, first = run_program(python, contender.peer, source, jit=jit)

    def take() -> float:
        wall, told = run_program(python, contender.peer, source, jit=jit)
        value: float = told.get("value", wall)
        return value / steps

    return _Turn(contender, case, take, first.get("digests", []), seconds, 1, [])


def _record(work: Workload, turn: _Turn, results: Results) -> Record:
    case = turn.case
    flops = work.flops(case) if work.flops else None
    least = work.bytes(case) if work.bytes else None
    return Record(
        work.name,
        case.variant,
        case.size,
        case.device,
        turn.contender.peer,
        turn.samples,
        turn.iterations,
        work.unit,
        flops,
        least,
        ideal(results.peaks.get(case.device), flops, least) if work.unit == "s" and work.bounded else None,
        turn.contender.note,
    )


def _failure(work: Workload, peer: str, case: Case, reason: str, wrong: bool = False) -> Failure:
    return Failure(work.name, case.variant, case.size, case.device, peer, reason, wrong)

"""What a command line asks for: workloads and their cases, our backends, the peers. Imports ``options``, ``peers``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

import backends
from benchmarks import environment, peers
from benchmarks.options import SETS, Pick
from benchmarks.peers import meant
from benchmarks.results import Results
from benchmarks.workload import SIZES, Case, Workload, discover

Choice = list[tuple[Workload, list[Case]]]


class UsageError(Exception):
    """The command line asks for what is not there; the text says what is."""


def listing() -> str:
    """The workloads, their variants, sizes and contenders."""
    lines = []
    for work in discover().values():
        lines.append(f"{work.name}: {work.title}")
        if len(work.variants) > 1:
            lines.append(f"    variants: {'; '.join(work.variants)}")
        sizes = (f"{label} {' '.join(f'{n:,}' for n in work.sizes[label])}" for label in SIZES if label in work.sizes)
        lines.append(f"    {work.size}: {'; '.join(sizes)}")
        lines.append(f"    peers: {', '.join(name for name in work.contenders if name != peers.OURS)}")
    return "\n".join(lines)


def choose(arguments: argparse.Namespace) -> Choice:
    """The workloads and cases that the command line asks for."""
    works = discover()
    check_names(arguments.names, works)
    if arguments.peers != ["none"]:
        peers.chosen(arguments.peers or ())  # a wrong name is told before anything else is looked for
    for label in arguments.sizes or ():
        if label not in SIZES:
            raise UsageError(
                f"--sizes: expected labels among {', '.join(SIZES)}; got {label!r}. {meant(label, SIZES, 'the label')}"
            )
    named = named_set(arguments)
    wanted = SETS[named].picks if named else dict.fromkeys(arguments.names or works, Pick())
    out = []
    for name, pick in wanted.items():
        sizes = [size for size in arguments.sizes or pick.sizes if isinstance(size, int) or works[name].sizes.get(size)]
        if sizes:
            out.append((works[name], list(works[name].cases(sizes, pick.variants))))
    if not out:
        lacking = ", ".join(arguments.names or wanted)
        raise UsageError(f"--sizes: expected sizes that {lacking} has (see --list); got {', '.join(arguments.sizes)}.")
    return out


def check_names(names: Sequence[str], known: Iterable[str]) -> None:
    """Whether all names are of workloads."""
    known = tuple(known)
    for name in names:
        if name not in known:
            raise UsageError(
                f"expected workloads among {', '.join(known)}; got {name!r}. {meant(name, known, 'the name')}"
            )


def only(results: Results, arguments: argparse.Namespace) -> Results:
    """A saved run, or of it those workloads that the command line names."""
    names = arguments.names
    check_names(names, dict.fromkeys([*results.workloads(), *discover()]))
    lacking = [name for name in names if name not in results.workloads()]
    if lacking:
        held = ", ".join(results.workloads()) or "nothing"
        raise UsageError(f"{arguments.load}: expected {', '.join(lacking)} in it; it holds {held}. Name what it holds.")
    if not names:
        return results
    kept = (*names, "everything")
    return replace(
        results,
        records=[record for record in results.records if record.workload in kept],
        failures=[failure for failure in results.failures if failure.workload in kept],
    )


def named_set(arguments: argparse.Namespace) -> str | None:
    """The set that the command line asks for, by name or by saying nothing; None for named workloads and for all."""
    return None if arguments.names or arguments.set == "all" else arguments.set or "quick"


def choose_backends(arguments: argparse.Namespace, console: Console) -> dict[str, str]:
    """Our backend for each device, and a word on what is missing."""
    named = arguments.backend
    out: dict[str, str] = {}
    for name in dict.fromkeys(named or ("numpy", "cupy")):
        if name not in backends.names():
            known = backends.names()
            raise UsageError(
                f"--backend: expected names among {', '.join(known)}; got {name!r}. {meant(name, known, 'the name')}"
            )
        try:
            backend = backends.get(name)
        except backends.BackendError as error:
            if named:
                raise
            console.print(f"No GPU is used: {error}", style="dim", highlight=False, markup=False)
            console.print("Measuring the CPU part.\n", style="dim")
            continue
        if not backend.owns_memory:
            raise UsageError(
                f"--backend: expected a backend of arrays; got {name!r}, whose values are Python's numbers. "
                "The workload scalar_graph measures it."
            )
        device = "cpu" if backend.device_type == "cpu" else "gpu"
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
            out[peer.name] = peers.interpreter(peer, make if named or arguments.set in ("readme", "all") else None)
        except peers.PeerError as error:
            if named:
                raise
            console.print(f"Without {error}", style="dim", highlight=False, markup=False)
    return out


def versions(python: Mapping[str, str]) -> dict[str, str | None]:
    """The versions of everything that takes part."""
    out = {name: environment.version(name) for name in (peers.OURS, "numpy", "numba", "scipy")}
    out["cupy"] = environment.version("cupy-cuda13x", "cupy-cuda12x", "cupy")
    for name, path in python.items():
        found = peers.versions(path, peers.PEERS[name].distributions)
        out |= {name if i == 0 else distribution: number for i, (distribution, number) in enumerate(found.items())}
    return out

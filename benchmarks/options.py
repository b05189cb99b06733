"""The command line's options and the named sets. Imports no array library: threads are pinned after this."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.environment import usable_cores
from benchmarks.figures import picked
from benchmarks.stats import CONFIDENCE, least
from benchmarks.workload import SIZES


class Pick(NamedTuple):
    """What a set runs of a workload: sizes by label or number, and variants (None: all)."""

    sizes: tuple[str | int, ...] = SIZES
    variants: tuple[str, ...] | None = None


class Chosen(NamedTuple):
    """A named set, and the seconds it may take unless ``--budget`` says otherwise."""

    picks: dict[str, Pick]
    budget: float


SETS = {
    # What tells a new user in a minute what is faster for their sizes.
    "quick": Chosen(
        {
            "op": Pick(("small",)),
            "network": Pick(("small", "medium")),
            "matmul": Pick(("small", "medium")),
            "elementwise": Pick((100, 10_000, 100_000, 1_000_000), ("exp", "gelu")),
            "dense": Pick(("small", "medium")),
        },
        45.0,
    ),
    # The README's figures, and nothing else.
    "figures": Chosen({name: Pick(*pick) for name, pick in picked().items()}, 420.0),
    # The README's figures and plots.
    "readme": Chosen(
        {
            "op": Pick(("small",)),
            "network": Pick((10, 100, 1_000, 10_000)),
            "scalar_graph": Pick(("medium",)),
            "chain": Pick(),
            "elementwise": Pick((100, 10_000, 100_000, 1_000_000, 10_000_000)),
            "reductions": Pick((1_024, 102_400, 1_024_000)),
            "matmul": Pick((16, 64, 256, 512, 1_024, 2_048)),
            "dense": Pick((32, 128, 512, 1_024, 2_048)),
            "conv": Pick(("small", "medium")),
            "recurrent": Pick(("small", "medium")),
            "transformer": Pick(("small", "medium")),
            "hvp": Pick(),
            "second_order": Pick(),
            "optimizer": Pick((128, 512)),
            "transfer": Pick(),
            "fit": Pick(("small",)),
            "fit_process": Pick(variants=("with progress",)),
            "import_time": Pick(),
            "memory": Pick(("small", "medium")),
            "compile_time": Pick((6,)),  # takes longest: where time runs out, nothing else is lost
        },
        960.0,
    ),
}

EPILOG = """\
examples:
  python -m benchmarks                         what is faster for your sizes, in about a minute
  python -m benchmarks matmul --plot plots     one workload at all its sizes, with plots
  python -m benchmarks --set figures --threads 2     the README's figures on two cores
  python -m benchmarks --set all --json new.json --compare old.json
Peers in another Python: XPGRAD_PEER_KERAS=/path/to/python (XPGRAD_PEER_TORCH, …).
The exit status is 1 where a library's result was wrong, or --compare found something slower on this machine;
2 where an option made no sense or a file could not be written, and 130 after Ctrl-C."""


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def parser() -> argparse.ArgumentParser:
    """The parser of ``python -m benchmarks``."""
    out = argparse.ArgumentParser(
        "python -m benchmarks",
        description="Compare this project's speed on CPU and GPU, and with other libraries.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = out.add_argument
    add("names", nargs="*", metavar="workload", help="workloads to run at every size (default: the set quick)")
    add("--list", action="store_true", help="list workloads, their sizes and who takes part")
    add("--set", choices=[*SETS, "all"], help="a named set instead of names")
    add("--backend", type=_names, metavar="NAMES", help="numpy,cupy (default: those that work here)")
    peers = "numpy,torch,jax,keras,hips,tinygrad,micrograd, or none (default: those installed); naming hips installs it"
    add("--peers", type=_names, metavar="NAMES", help=peers)
    add("--sizes", type=_names, metavar="LABELS", help="small,medium,large")
    add("--repeat", type=int, metavar="N", help="rounds in which each takes its turn (default: 15; quick: 9)")
    budgets = ", ".join(f"{name}: {chosen.budget:g}" for name, chosen in SETS.items())
    add("--budget", type=float, metavar="S", help=f"seconds for the whole run (default: {budgets}; else no limit)")
    add("--threads", type=int, metavar="N", default=usable_cores(), help="for every library (default: %(default)s)")
    add("--json", type=Path, metavar="F", help="write the results")
    add("--load", type=Path, metavar="F", help="report what --json wrote instead of measuring (all or those named)")
    add("--markdown", type=Path, metavar="F", help="write a table of all that was measured")
    add("--readme", type=Path, metavar="F", help="write the README's figures between this file's marks")
    add("--plot", type=Path, metavar="FOLDER", help="write plots (needs matplotlib)")
    add("--compare", type=Path, metavar="OLD.json", help="show what became slower or faster since, beyond noise")
    add("--pytest-benchmark", type=Path, metavar="F", help="write the results in pytest-benchmark's JSON")
    return out


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line.

    >>> parse(["matmul", "--sizes", "small,large"]).sizes
    ['small', 'large']
    """
    command = parser()
    out = command.parse_args(arguments)
    if out.threads < 1:
        command.error(f"--threads: expected at least 1; got {out.threads}")
    fewest = least(CONFIDENCE)
    if out.repeat is not None and out.repeat < fewest:
        command.error(f"--repeat: expected at least {fewest}, which give an interval of 95 %; got {out.repeat}")
    if out.budget is not None and not out.budget > 0:
        command.error(f"--budget: expected seconds above 0; got {out.budget:g}")
    for option in ("backend", "peers", "sizes"):
        if getattr(out, option) == []:
            command.error(f"--{option}: expected names with commas between them; got none")
    measuring = [name for name in ("set", "backend", "peers", "sizes", "repeat", "budget") if getattr(out, name)]
    if out.load and measuring:
        command.error(f"--load: measures nothing, so it expects no --{measuring[0]}; leave one of them out")
    if out.names and out.set:
        command.error(f"expected names of workloads or --set; got both: {' '.join(out.names)} and {out.set}")
    return out

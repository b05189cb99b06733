"""The command line's options and the named sets. Imports ``environment``, and no array library."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environment import usable_cores

# Which sizes of which workloads each set runs; None is every size.
SETS: dict[str, dict[str, tuple[str, ...] | None]] = {
    "quick": {
        "op": ("small",),
        "network": ("small", "medium"),
        "matmul": ("small", "medium"),
        "elementwise": ("small", "medium"),
        "dense": ("small", "medium"),
    },
    "readme": {
        "op": ("small",),
        "network": ("small",),
        "scalar_graph": ("medium",),
        "chain": None,
        "elementwise": None,
        "reductions": ("medium", "large"),
        "matmul": None,
        "dense": ("small", "medium", "large"),
        "conv": ("medium",),
        "recurrent": ("medium",),
        "transformer": ("medium",),
        "hvp": ("medium",),
        "second_order": ("medium",),
        "optimizer": ("medium",),
        "fit": None,
        "fit_process": None,
        "import_time": None,
        "memory": ("medium",),
        "transfer": None,
    },
}

EPILOG = """\
examples:
  python -m benchmarks                         what is faster for your sizes, in about a minute
  python -m benchmarks matmul --plot plots     one workload at all its sizes, with plots
  python -m benchmarks --set all --json new.json --compare old.json
Peers in another Python: XPGRAD_PEER_KERAS=/path/to/python (XPGRAD_PEER_TORCH, …).
The exit status is 1 where a library's result was wrong, or --compare found something slower."""


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
    add("--budget", type=float, metavar="S", help="seconds per case, if five rounds fit in (default: 20; quick: 1.5)")
    add("--threads", type=int, metavar="N", default=usable_cores(), help="for every library (default: %(default)s)")
    add("--json", type=Path, metavar="F", help="write the results")
    add("--load", type=Path, metavar="F", help="report results written by --json instead of measuring")
    add("--markdown", type=Path, metavar="F", help="write a table for a README")
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
    if out.repeat is not None and out.repeat < 1:
        command.error(f"--repeat: expected at least 1; got {out.repeat}")
    if out.names and out.set:
        command.error(f"expected names of workloads or --set; got both: {' '.join(out.names)} and {out.set}")
    return out

"""The libraries to compare with: where they are found, which live together, and HIPS autograd's own environment."""

from __future__ import annotations

import difflib
import importlib.util
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import environment


class PeerError(RuntimeError):
    """A library can't take part; the text says which, why, and what to do."""


def reason(error: Exception) -> str:
    """What went wrong, in a line: our own errors say it themselves, others need their kind beside it.

    >>> reason(KeyError("x")), reason(PeerError("no Clang"))
    ("KeyError: 'x'", 'no Clang')
    """
    return str(error) if isinstance(error, PeerError) else f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Peer:
    """A library.

    Attributes:
        name: what the command line calls it.
        modules: what must be importable.
        distributions: whose version is shown, and what is installed for it.
        apart: it gets a process of its own, since it disturbs others or they it.
        collides: it can't even share an environment with this project.
        variables: environment variables of its process.
    """

    name: str
    modules: tuple[str, ...]
    distributions: tuple[str, ...]
    apart: bool = False
    collides: bool = False
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        """The environment variable that names the interpreter to run this peer with."""
        return f"XPGRAD_PEER_{self.name.upper()}"


OURS = "xpgrad"
PEERS = {
    peer.name: peer
    for peer in (
        Peer("numpy", ("numpy",), ("numpy",)),
        Peer("torch", ("torch",), ("torch",)),
        Peer("jax", ("jax",), ("jax",)),
        # Its functions here are for the CPU: TensorFlow would take whole GPUs for itself, and run there unasked.
        Peer(
            "keras",
            ("keras", "tensorflow"),
            ("keras", "tensorflow"),
            apart=True,
            variables={"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"},
        ),
        Peer("hips", ("autograd",), ("autograd",), apart=True, collides=True),
        Peer("tinygrad", ("tinygrad",), ("tinygrad",), apart=True, variables={"DEV": "CPU"}),
        Peer("micrograd", ("micrograd",), ("micrograd",)),
    )
}


# What people call things that have another name here.
ALSO = {"gpu": "cupy", "cuda": "cupy", "cpu": "numpy", "pytorch": "torch", "tensorflow": "keras", "tf": "keras"}


def meant(got: str, known: Iterable[str], what: str) -> str:
    """The end of an error about a wrong name: which one was probably meant.

    >>> meant("matmull", ["op", "matmul"], "the name"), meant("?", ["op"], "the name")
    ("Did you mean 'matmul'?", 'Correct the name.')
    """
    known = tuple(known)
    close = [ALSO[got.lower()]] if ALSO.get(got.lower()) in known else difflib.get_close_matches(got.lower(), known, 1)
    return f"Did you mean {close[0]!r}?" if close else f"Correct {what}."


def chosen(names: Iterable[str]) -> list[Peer]:
    """The peers of these names.

    Raises:
        PeerError: a name is unknown.

    >>> [peer.name for peer in chosen(["torch"])]
    ['torch']
    """
    out = []
    for name in names:
        if name not in PEERS:
            if name == "none":
                raise PeerError("--peers: expected none to stand alone; got other names beside it. Leave it out.")
            raise PeerError(
                f"--peers: expected names among {', '.join(PEERS)}, or none; got {name!r}. "
                f"{meant(name, PEERS, 'the name')}"
            )
        out.append(PEERS[name])
    return out


def cache_folder() -> Path:
    """Where environments made by this tool are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "xpgrad" / "benchmarks"


def own_environment(peer: Peer) -> Path:
    """The interpreter of the environment made for a peer, whether it exists or not."""
    folder = cache_folder() / f"{peer.name}-py{sys.version_info.major}.{sys.version_info.minor}"
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def interpreter(peer: Peer, make: Callable[[Peer], Path] | None = None) -> str:
    """The Python that has this peer: its variable's, this one, or the environment made for it.

    Args:
        make: makes an environment for a peer that needs one and has none; without it, that is an error.

    Raises:
        PeerError: none has it; the text says what to install or set.
    """
    named = os.environ.get(peer.variable)
    if named:
        return named
    if not peer.collides:
        if all(importlib.util.find_spec(module) for module in peer.modules):
            return sys.executable
        modules, distributions = " and ".join(peer.modules), " ".join(peer.distributions)
        raise PeerError(
            f"{peer.name}: expected {modules} to be installed; got neither that nor {peer.variable}. "
            f"Run `pip install {distributions}`, or set {peer.variable} to a Python that has it."
        )
    path = own_environment(peer)
    if path.exists():
        return str(path)
    if make is not None:
        return str(make(peer))
    raise PeerError(
        f"{peer.name}: expected an environment of its own, since it is imported as {peer.modules[0]} like this "
        f"project; got none. Name it in --peers and it is made, or set {peer.variable} to a Python that has it."
    )


def make_environment(peer: Peer) -> Path:
    """A fresh environment with the peer and the NumPy that is used here.

    Raises:
        PeerError: it could not be installed; the text holds the end of what pip said.
    """
    python = own_environment(peer)
    venv.create(python.parent.parent, with_pip=True, clear=True)
    numpy = f"numpy=={environment.version('numpy')}"
    command = [str(python), "-m", "pip", "install", "--quiet", *peer.distributions, numpy]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        python.unlink()
        said = " ".join(ran.stderr.split())[-300:]
        raise PeerError(
            f"{peer.name}: expected `pip install {' '.join(peer.distributions)}` to succeed; got {said!r}. "
            f"Install it into an environment yourself, and set {peer.variable} to that environment's Python."
        )
    return python


def process_environment(peer_name: str, jit: bool = True) -> dict[str, str]:
    """The environment variables of a process that runs this peer, or this project with or without compiled kernels."""
    env = dict(os.environ)
    if not jit:
        env["XPGRAD_JIT"] = "0"
    # Installed libraries have their bytecode; this folder gets its own at the first import, if that is not forbidden.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    paths = [entry for entry in env.pop("PYTHONPATH", "").split(os.pathsep) if entry]
    root = str(environment.ROOT)
    paths = [entry for entry in paths if Path(entry).resolve() != environment.ROOT]
    if peer_name == OURS:
        paths.insert(0, root)
    if paths:
        env["PYTHONPATH"] = os.pathsep.join(paths)
    return {**env, **(PEERS[peer_name].variables if peer_name in PEERS else {})}


@cache
def versions(python: str, distributions: tuple[str, ...]) -> dict[str, str | None]:
    """Versions of distributions as another interpreter sees them."""
    if python == sys.executable:
        return {name: environment.version(name) for name in distributions}
    program = (
        "import json, sys\nfrom importlib import metadata\nout = {}\n"
        "for name in sys.argv[1:]:\n"
        "    try: out[name] = metadata.version(name)\n"
        "    except metadata.PackageNotFoundError: out[name] = None\n"
        "print(json.dumps(out))"
    )
    try:
        ran = subprocess.run([python, "-c", program, *distributions], capture_output=True, text=True, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        what = distributions[0]
        raise PeerError(f"{what}: expected a working Python at {python}; got {error}. Correct it.") from None
    found: dict[str, Any] = json.loads(ran.stdout)
    return found

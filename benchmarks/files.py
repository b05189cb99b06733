"""The files that a run is asked to write. Imports ``markdown``, ``readme``, ``export``, and ``plots`` if asked for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from benchmarks import readme
from benchmarks.choice import UsageError
from benchmarks.export import pytest_benchmark
from benchmarks.markdown import markdown
from benchmarks.results import Results


def check(arguments: argparse.Namespace) -> None:
    """Whether what is asked for can be written, found out before minutes of measuring."""
    for option in ("json", "markdown", "pytest_benchmark", "readme", "plot"):
        path: Path | None = getattr(arguments, option)
        if path is None:
            continue
        flag = f"--{option.replace('_', '-')}"
        if option == "plot" and path.exists() and not path.is_dir():
            raise UsageError(f"--plot: expected a folder; got the file {path}. Name a folder.")
        if option != "plot" and path.is_dir():
            raise UsageError(f"{flag}: expected a file; got the folder {path}. Name a file in it.")
        there = next(place for place in (path, *path.absolute().parents) if place.exists())
        if not os.access(there, os.W_OK) or (there != path and not there.is_dir()):
            raise UsageError(f"{flag}: expected a place that can be written; {there} can't be. Name another.")
    if arguments.plot is not None and find_spec("matplotlib") is None:
        raise UsageError("--plot: expected matplotlib; it is not installed. Run `pip install matplotlib`.")
    if arguments.readme is not None:
        try:
            readme.replace_between(arguments.readme.read_text(encoding="utf-8"), "")
        except (OSError, ValueError) as error:
            raise UsageError(f"--readme: {arguments.readme}: {getattr(error, 'strerror', None) or error}") from None


def write(arguments: argparse.Namespace, console: Console, results: Results) -> bool:
    """The files asked for, the JSON first; one that can't be written is named, and the others are. Whether all were."""
    pictures: list[Path] = []

    def plot(folder: Path) -> None:
        from benchmarks.plots import plot

        pictures.extend(plot(results, folder))
        for path in pictures:
            console.print(f"wrote {path}", style="dim", highlight=False)

    writers: dict[str, Callable[[Path], object]] = {
        "json": results.save,
        "markdown": lambda path: _write(path, markdown(results)),
        "pytest_benchmark": lambda path: _write(path, pytest_benchmark(results)),
        "plot": plot,
        "readme": lambda path: readme.update(path, results, pictures),
    }
    written = True
    for option, writer in writers.items():
        path = getattr(arguments, option)
        if path is not None:
            try:
                writer(path)
            except OSError as error:
                text = f"error: {path}: {error.strerror or error}. Nothing was written there."
                console.print(text, style="red", markup=False, highlight=False)
                written = False
    return written


def _write(path: Path, text: str) -> None:
    """Write a text file, and the folder it stands in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

"""Shows what is being done, and keeps to a time. Imports nothing of this project."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# A case may take so many times its share of the time that is left: most need less, and leave it to the others.
SLACK = 3.0


class Deadline:
    """A number of seconds, dealt out to the pieces of work that are left.

    >>> Deadline(float("inf")).share(1.0, 10.0)
    inf
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.seconds = seconds
        self._clock = clock
        self._start = clock()

    @property
    def elapsed(self) -> float:
        """Seconds since it was set."""
        return self._clock() - self._start

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(self.seconds - self.elapsed, 0.0)

    def share(self, weight: float, of: float) -> float:
        """Seconds for a piece that weighs ``weight`` of all that is left to do."""
        return min(SLACK * weight / of, 1.0) * self.left


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

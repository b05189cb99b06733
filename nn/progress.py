"""Progress lines as Keras writes them: a bar on a terminal, plain lines elsewhere. Imports nothing of ``nn``."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

WIDTH = 20
# Seconds between two drawings of a bar.
PAUSE = 0.1


class Progress:
    """The lines of one ``fit``, ``evaluate`` or ``predict``.

    Args:
        verbose: 0 for nothing, 1 for a bar, 2 for one line per epoch.
        target: how many batches are to come; None where nobody knows.
        file: where the text goes; ``sys.stdout`` by default. A terminal gets colours and a bar that is drawn anew.
    """

    def __init__(self, verbose: int, target: int | None, file: TextIO | None = None) -> None:
        self.verbose = verbose
        self.target = target
        self.file = file or sys.stdout
        self.terminal = verbose == 1 and bool(getattr(self.file, "isatty", lambda: False)())
        self.drawn = 0
        self.start(None)

    def start(self, title: str | None) -> None:
        """Begin an epoch, with a line that says which."""
        if title is not None and self.verbose:
            self._write(title + "\n")
        self.began = time.perf_counter()
        # A bar alone is drawn on the way; the first time after the first batch.
        self.next = self.began if self.terminal else float("inf")

    def update(self, done: int, values: dict[str, float]) -> None:
        """Draw the bar; called when ``time.perf_counter()`` has passed ``next``."""
        now = time.perf_counter()
        self.next = now + PAUSE
        per_step = (now - self.began) / max(done, 1)
        if self.target is None:
            text = f"{done:>7}/Unknown {_bold(clock(now - self.began))} {pace(per_step)}{listed(values)}"
            shown = len(text) - 8
        else:
            left = clock(per_step * (self.target - done))
            text = (
                f"{_bold(self._counted(done))} {_bar(done, self.target)} {_bold(left)} {pace(per_step)}{listed(values)}"
            )
            shown = len(self._counted(done)) + WIDTH + len(left) + len(pace(per_step) + listed(values)) + 3
        self._draw(text, shown)

    def finish(self, done: int, values: dict[str, float]) -> None:
        """The last line of an epoch."""
        if not self.verbose:
            return
        self.target = self.target or done
        seconds = time.perf_counter() - self.began
        speed = pace(seconds / max(done, 1))
        if self.verbose == 2:
            self._write(f"{self._counted(done)} - {clock(seconds)} - {speed}{listed(values)}\n")
        elif self.terminal:
            spent = clock(seconds)
            text = f"{_bold(self._counted(done))} {_bar(done, self.target)} {_bold(spent)} {speed}{listed(values)}"
            self._draw(text, len(self._counted(done)) + WIDTH + len(spent) + len(speed + listed(values)) + 3)
            self._write("\n")
        else:
            self._write(f"{self._counted(done)} {'━' * WIDTH} {clock(seconds)} {speed}{listed(values)}\n")
        self.drawn = 0

    def note(self, text: str) -> None:
        """A line of a callback's between the others."""
        self._write(("\n" if self.drawn else "") + text + "\n")
        self.drawn = 0

    def _counted(self, done: int) -> str:
        return f"{done:>{len(str(self.target))}}/{self.target}"

    def _draw(self, text: str, shown: int) -> None:
        # The line is written over; what was longer before is blanked.
        self._write("\r" + text + " " * max(self.drawn - shown, 0))
        self.drawn = shown

    def _write(self, text: str) -> None:
        try:
            self.file.write(text)
        except UnicodeEncodeError:
            self.file.write(text.replace("━", "="))
        self.file.flush()


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m"


def _bar(done: int, target: int) -> str:
    full = int(WIDTH * done / target)
    return f"\x1b[32m{'━' * full}\x1b[0m\x1b[37m{'━' * (WIDTH - full)}\x1b[0m"


def clock(seconds: float) -> str:
    """A duration as a bar shows it.

    >>> clock(3.7), clock(75), clock(3700)
    ('4s', '1:15', '1:01:40')
    """
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def pace(seconds: float) -> str:
    """The time of a step.

    >>> pace(2.0), pace(0.0042), pace(0.00009)
    ('2s/step', '4ms/step', '90us/step')
    """
    if seconds >= 1:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def listed(values: dict[str, Any]) -> str:
    """Values by name, small ones with an exponent.

    >>> listed({"loss": 0.5, "accuracy": 0.75, "rate": 1e-5})
    ' - accuracy: 0.7500 - loss: 0.5000 - rate: 1.0000e-05'
    """
    text = ""
    for name in sorted(values):
        value = values[name]
        entries = value.reshape(-1).tolist() if hasattr(value, "reshape") else [value]
        shown = ", ".join([f"{v:.4f}" if abs(v) > 1e-3 or v == 0 else f"{v:.4e}" for v in map(float, entries)])
        text += f" - {name}: {shown}"
    return text

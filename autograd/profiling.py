"""``profile``: time and bytes by operation, module and line, forward and backward. Imports ``observe``, ``lines``."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import backends
from autograd import lines
from autograd.graph import note_of, sweep
from autograd.observe import Observer, cotangents
from autograd.primitive import Primitive
from autograd.show import bytes_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["profile"]


class Entry:
    """One timed operation or step of backward."""

    __slots__ = ("backend", "bytes", "depth", "end", "line", "name", "path", "phase", "start")

    def __init__(self, name: str, phase: str, backend: Any, start: Any, depth: int) -> None:
        self.name, self.phase, self.backend, self.start, self.depth = name, phase, backend, start, depth
        self.end: Any = start
        self.bytes = 0
        self.line: Any = None
        self.path = ""


class Row:
    """One line of the table: calls, seconds and bytes of everything of one name in one phase."""

    __slots__ = ("bytes", "calls", "name", "phase", "seconds")

    def __init__(self, name: str, phase: str) -> None:
        self.name, self.phase, self.calls, self.seconds, self.bytes = name, phase, 0, 0.0, 0


class profile(Observer):
    """Time what runs inside: each operation of the forward pass, each step of the backward pass.

    Time is the device's: on a GPU between events in its stream, so nothing waits until the block ends. Bytes are those
    of new results. Finding the source line is not counted in an operation's time, but in the block's.

    Args:
        clock: ``"device"``, or ``"cpu"``: what this thread took of the processor. Where other programs keep the machine
            busy, that does not blame the operation during which they had it; but it is blind to the library's own
            threads, to waiting, and to a GPU.

    Raises:
        ValueError: there is no such clock.

    >>> from autograd import tensor
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> with profile() as p:
    ...     (x * x).sum().backward()
    >>> [(row.phase, row.name, row.calls) for row in p.rows(sort="name")]
    [('backward', 'multiply', 1), ('forward', 'multiply', 1), ('backward', 'sum', 1), ('forward', 'sum', 1)]
    """

    def __init__(self, clock: str = "device") -> None:
        if clock not in ("device", "cpu"):
            raise ValueError(f"profile: expected clock to be 'device' or 'cpu'; got {clock!r}. Correct it.")
        self.clock = clock
        self.entries: list[Entry] = []
        self._open: list[Entry] = []
        self._first: dict[str, Any] = {}

    # Watching -------------------------------------------------------------------------------------------------

    def _begin(self, name: str, phase: str, value: Any) -> Entry:
        backend = backends.of(value) if value is not None else backends.default()
        start = time.thread_time() if self.clock == "cpu" else backend.stamp()
        self._first.setdefault(backend.name, start)
        entry = Entry(name, phase, backend, start, len(self._open))
        self._open.append(entry)
        return entry

    def _end(self, entry: Entry, results: Any, given: Any) -> None:
        entry.end = time.thread_time() if self.clock == "cpu" else entry.backend.stamp()
        del self._open[entry.depth :]
        known = {id(_owner(a)) for a in given}
        for x in results:
            x = getattr(x, "_data", x)
            owner = _owner(x)
            if hasattr(owner, "nbytes") and id(owner) not in known:
                entry.bytes += x.nbytes
                known.add(id(owner))
        self.entries.append(entry)

    def before(self, primitive: Any, args: Any, options: dict[str, Any]) -> Entry:
        arrays = [a for a in args if hasattr(a, "dtype")]
        return self._begin(primitive.name, "forward", arrays[0] if arrays else args[0] if args else None)

    def after(self, primitive: Any, args: Any, options: dict[str, Any], out: Any, began: Entry) -> None:
        self._end(began, out if out.__class__ is tuple else (out,), args)
        began.line, began.path = lines.user_line(3), lines.scope.path()
        if not began.depth and lines.runs_below(sweep, 3):
            began.phase = "backward"  # between two steps: a cotangent is fitted to its edge

    def failed(self, primitive: Any, began: Entry) -> None:
        del self._open[began.depth :]

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        entry = self.entries[-1] if self.entries else None
        if not isinstance(primitive, Primitive):  # a call of checkpoint or custom_vjp
            line, path = lines.user_line(3), lines.scope.path()
        elif entry is not None and entry.name == primitive.name:
            line, path = entry.line, entry.path
        else:
            return
        for tensor in result if isinstance(result, tuple) else (result,):
            edge = tensor._edge
            if edge is not None:
                edge = edge.edges[0] if hasattr(edge, "index") else edge
                note = note_of(edge)
                note.line, note.path = note.line or line, note.path or path or None

    def sweeping(self, node: Any, g: Any) -> None:
        self._begin(node.plan.name, "backward", cotangents(g)[0])

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        entry = next((e for e in reversed(self._open) if e.phase == "backward"), None)
        if entry is None:
            return
        self._end(entry, [x for x in grads if x is not None], [getattr(g, "_data", g)])
        if node.note is not None:
            entry.line, entry.path = node.note.line, node.note.path or ""

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        if self.clock == "device":
            for backend in {e.backend.name: e.backend for e in self.entries}.values():
                backend.synchronize()
        for entry in self.entries:  # stamps become seconds since the first one of their backend
            first, start = self._first.get(entry.backend.name), entry.start
            if first is not None:
                seconds = _between if self.clock == "cpu" else entry.backend.seconds
                entry.start = seconds(first, start)
                entry.end = entry.start + seconds(start, entry.end)
        self._first = {}

    # What was seen --------------------------------------------------------------------------------------------

    def rows(self, by: str = "op", sort: str = "seconds") -> list[Row]:
        """The measurements summed by ``"op"``, ``"module"`` or ``"line"``, sorted by a column, largest first.

        Operations that run inside another (in a rule, in a custom function) count there only.
        """
        keys = {"op": lambda e: e.name, "module": lambda e: e.path, "line": lambda e: getattr(e.line, "text", e.line)}
        if by not in keys:
            raise ValueError(f"rows: expected by to be one of {', '.join(map(repr, keys))}; got {by!r}. Correct it.")
        found: dict[Any, Row] = {}
        for entry in self.entries:
            if entry.depth:
                continue
            name = keys[by](entry) or _UNKNOWN[by]
            row = found.setdefault((name, entry.phase), Row(name, entry.phase))
            row.calls += 1
            row.seconds += entry.end - entry.start
            row.bytes += entry.bytes
        if sort == "name":
            return sorted(found.values(), key=lambda r: (r.name, r.phase))
        return sorted(found.values(), key=lambda r: (-getattr(r, sort), r.name, r.phase))

    def table(self, by: str = "op", limit: int = 20) -> str:
        """``rows`` as text."""
        rows = self.rows(by)
        total = sum(r.seconds for r in rows) or 1.0
        out = [f"{'time':>10}  {'share':>5}  {'calls':>7}  {'new bytes':>10}  {'phase':<8}  {by}"]
        for r in rows[:limit]:
            out.append(
                f"{_time(r.seconds):>10}  {r.seconds / total:>5.0%}  {r.calls:>7,}  {bytes_text(r.bytes):>10}  "
                f"{r.phase:<8}  {r.name}"
            )
        if len(rows) > limit:
            rest = sum(r.seconds for r in rows[limit:])
            out.append(f"{_time(rest):>10}  {rest / total:>5.0%}  {'':>7}  {'':>10}  {'':<8}  {len(rows) - limit} more")
        out.append(f"{_time(total):>10}  in {sum(r.calls for r in rows):,} calls")
        return "\n".join(out)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a trace in Chrome's JSON form, for chrome://tracing or ui.perfetto.dev; returns the path."""
        names = {name: i for i, name in enumerate(sorted({e.backend.name for e in self.entries}))}
        events: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": i, "args": {"name": name}} for name, i in names.items()
        ]
        for e in sorted(self.entries, key=lambda e: (e.start, -e.end)):
            detail = {"bytes": e.bytes, "line": getattr(e.line, "text", e.line) or "", "module": e.path}
            events.append(
                {
                    "ph": "X", "name": e.name, "cat": e.phase, "pid": names[e.backend.name], "tid": 0,
                    "ts": e.start * 1e6, "dur": (e.end - e.start) * 1e6, "args": detail,
                }
            )  # fmt: skip
        import json
        from pathlib import Path

        target = Path(path)
        target.write_text(json.dumps({"traceEvents": events, "displayTimeUnit": "ns"}), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return self.table()


# What stands where a step of backward has no line or module: its forward ran unobserved.
_UNKNOWN = {
    "op": "(unknown)",
    "module": "(no module)",
    "line": "(not recorded: run the forward pass inside profile() or record_lines(), too)",
}


def _between(start: float, end: float) -> float:
    return end - start


def _owner(value: Any) -> Any:
    base = getattr(value, "base", None)
    return value if base is None else base


def _time(seconds: float) -> str:
    for scale, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= scale:
            return f"{seconds / scale:.2f} {unit}"
    return f"{seconds * 1e6:.1f} µs"

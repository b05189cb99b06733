"""Modules as text: the nested repr and the table of ``summary()``. Imports ``autograd``."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
from autograd import Tensor, no_grad


def tree(module: Any) -> str:
    """``Name(options)`` with the modules inside, each once, one per line."""
    inside: dict[int, list[tuple[str, Any]]] = {}
    for path, owner, value in module.walk():
        if path and not isinstance(value, Tensor):
            inside.setdefault(id(owner), []).append((path, value))

    def lines(path: str, node: Any) -> str:
        head = f"{type(node).__name__}({node.describe()}"
        start = len(path) + 1 if path else 0
        rows = [
            f"\n({below[start:]}): {lines(below, child)}".replace("\n", "\n  ")
            for below, child in inside.get(id(node), ())
        ]
        return head + "".join(rows) + ("\n)" if rows else ")")

    return lines("", module)


class Row:
    """One module: its path and class, its output's shape (None if unknown), and what it holds itself."""

    def __init__(self, path: str, module: Any) -> None:
        own = [(name, value) for name, owner, value in module.walk() if owner is module and isinstance(value, Tensor)]
        self.path = path
        self.kind = type(module).__name__
        self.name = getattr(module, "name", None)
        self.built = module.is_built()
        self.output: Any = None
        self.trained = sum(t.size for name, t in own if name not in module.buffers and t.requires_grad)
        self.fixed = sum(t.size for _, t in own) - self.trained
        self.nbytes = sum(t.nbytes for _, t in own)
        self.tensors = [t for _, t in own]


class Summary:
    """What ``Module.summary`` found: ``rows``, totals, and the table as text.

    Attributes:
        rows: one per module that holds parameters or computes something, in order.
        trained, fixed: numbers in parameters that ask for a gradient, and in the rest (frozen, buffers).
        nbytes: of both together.
    """

    def __init__(self, name: str, rows: list[Row]) -> None:
        tensors = {id(t): t for row in rows for t in row.tensors}.values()
        self.name = name
        self.rows = rows
        self.trained = sum(t.size for t in tensors if t.requires_grad)
        self.fixed = sum(t.size for t in tensors) - self.trained
        self.nbytes = sum(t.nbytes for t in tensors)

    def __str__(self) -> str:
        table = [("layer", "output shape", "parameters", "memory")]
        for row in self.rows:
            count = f"{row.trained + row.fixed:,}" if row.built else "?"
            named = f", {row.name!r}" if isinstance(row.name, str) else ""
            table.append((f"{row.path} ({row.kind}{named})".lstrip(), _shape(row.output), count, _bytes(row.nbytes)))
        widths = [max(len(line[i]) for line in table) for i in range(4)]
        text = [
            "  ".join(
                [line[0].ljust(widths[0]), line[1].ljust(widths[1]), line[2].rjust(widths[2]), line[3].rjust(widths[3])]
            )
            for line in table
        ]
        rule = "─" * len(text[0])
        totals = f"{self.trained + self.fixed:,} parameters, {self.trained:,} trained; {_bytes(self.nbytes)}"
        return "\n".join([self.name, rule, text[0], rule, *text[1:], rule, totals])

    def __repr__(self) -> str:
        return f"<summary of {self.name}: {self.trained + self.fixed:,} parameters>"


def summarize(module: Any, input_shape: tuple[int, ...] | None = None) -> Summary:
    """Run the module once on zeros, in evaluation mode, where the input's shape is known, and tell what came."""
    shape = input_shape or next((m.input_shape for m in module.modules() if m.input_shape is not None), None)
    outputs: dict[int, Any] = {}
    if shape is not None:
        outputs = _observed(module, tuple(shape))
    rows = []
    for path, value in module.named_modules():
        row = Row(path, value)
        below = any(True for p, _, v in value.walk() if p and not isinstance(v, Tensor))
        row.output = outputs.get(id(value))
        if row.tensors or not below:
            rows.append(row)
    return Summary(type(module).__name__, rows)


def _observed(module: Any, shape: tuple[int, ...]) -> dict[int, Any]:
    """The output shape of each module below, batch axis None, in a run on zeros: one row, evaluation mode."""
    outputs: dict[int, Any] = {}

    def note(layer: Any, args: Any, out: Any) -> None:
        if hasattr(out, "shape"):
            outputs[id(layer)] = (None, *out.shape[1:])

    modules = list(module.modules())
    modes = [m.training for m in modules]
    handles = [m.register_forward_hook(note) for m in modules]
    first = next((p for _, p in module.named_parameters()), None)
    leaf = next((m for m in modules if not any(p for p, _, v in m.walk() if p and not isinstance(v, Tensor))), module)
    zeros = Tensor(np.zeros((1, *shape), dtype="float32"))
    if first is not None:
        zeros = zeros.to(first)
    if leaf.takes_integers:
        zeros = zeros.to("int64")
    try:
        with no_grad():
            module.eval()(zeros.data)
    finally:
        for handle in handles:
            handle.remove()
        for m, mode in zip(modules, modes):
            m.training = mode
    return outputs


def _shape(shape: Any) -> str:
    return "?" if shape is None else "(" + ", ".join("batch" if n is None else str(n) for n in shape) + ")"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"

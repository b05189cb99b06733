"""``compare``: one function on several backends or dtypes, and where they part. Imports ``observe``, ``tensor``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import backends as arrays
from autograd import lines
from autograd.backward import is_tensor
from autograd.graph import Pick, note_of
from autograd.observe import Observer
from autograd.tensor import Tensor, scalar
from autograd.trees import flatten, unflatten

__all__ = ["Comparison", "compare"]


class _Run(Observer):
    """What every operation and every step of backward gave, on the host, in order."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.steps: list[tuple[str, list[Any], Any]] = []
        self.results: list[Any] = []
        self.gradients: list[Any] = []
        self._inside = 0

    def after(self, primitive: Any, args: Any, options: dict[str, Any], out: Any, began: Any) -> None:
        if not self._inside:
            outs = out[: len(primitive.outputs)] if out.__class__ is tuple else (out,)
            self.steps.append((primitive.name, [_host(x) for x in outs], lines.user_line(3)))

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        line = lines.user_line(3)
        for tensor in result if isinstance(result, tuple) else (result,):
            edge = tensor._edge.edges[0] if tensor._edge.__class__ is Pick else tensor._edge
            if edge is not None and not self._inside:
                note_of(edge).line = line  # for its step of the backward pass

    def sweeping(self, node: Any, g: Any) -> None:
        self._inside += 1

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        self._inside -= 1
        line = node.note.line if node.note is not None else None
        self.steps.append((f"backward of {node.plan.name}", [_host(x) for x in grads if x is not None], line))


class Difference:
    """One operation as two runs computed it.

    Attributes:
        name, line: the operation, ``"backward of …"`` for its backward step, and the user's line.
        error: the largest difference, relative to the largest value.
        tolerance: what rounding explains.
        note: what is different beside the values (shape), or empty.
    """

    def __init__(self, name: str, line: Any, error: float, tolerance: float, note: str = "") -> None:
        self.name, self.line, self.error, self.tolerance, self.note = name, line, error, tolerance, note

    @property
    def parts(self) -> bool:
        """Whether the difference is more than rounding."""
        return bool(self.note) or not self.error <= self.tolerance

    def __repr__(self) -> str:
        where = f" at {getattr(self.line, 'text', self.line)}" if self.line is not None else ""
        return f"{self.name}{where}: " + (
            self.note or f"relative error {self.error:.2g} (rounding: {self.tolerance:.2g})"
        )


class Comparison:
    """What ``compare`` found; prints as a report.

    Attributes:
        reference: the run the others are compared with, e.g. ``"numpy float64"``.
        steps: by run, a ``Difference`` for every operation, forward and then backward.
        first: by run, the first operation that parts from the reference, or None.
        results, gradients: by run, the largest relative error of the results, and of each argument's gradient.
        missing: by backend, why it could not run here.
    """

    def __init__(self, reference: str) -> None:
        self.reference = reference
        self.steps: dict[str, list[Difference]] = {}
        self.first: dict[str, Difference | None] = {}
        self.results: dict[str, float] = {}
        self.gradients: dict[str, list[float]] = {}
        self.missing: dict[str, str] = {}

    def __repr__(self) -> str:
        out = [f"compared with {self.reference}:"]
        for label, steps in self.steps.items():
            first = self.first[label]
            worst = max(steps, key=lambda s: s.error if s.error == s.error else float("inf"), default=None)
            gradients = ", ".join(f"{g:.2g}" for g in self.gradients[label])
            out.append(f"  {label}: results differ by {self.results[label]:.2g}, gradients by {gradients or 'nothing'}")
            if first is None:
                out.append(f"    agrees in all {len(steps)} steps; largest: {worst!r}")
            else:
                out.append(f"    parts at step {steps.index(first) + 1} of {len(steps)}: {first!r}")
        out += [f"  {name}: not run: {reason}" for name, reason in self.missing.items()]
        if len(out) == 1:
            out.append("  nothing: there was one run only. Name a second backend, or a second dtype.")
        return "\n".join(out)


def compare(
    f: Callable[..., Any],
    *args: Any,
    backends: Sequence[str] = ("numpy", "cupy"),
    dtypes: Sequence[Any] | None = None,
    tolerance: float = 64.0,
) -> Comparison:
    """Run ``f`` and its gradients on several backends, or in several dtypes, and find where they first part.

    The first backend in the first dtype is the reference. Two runs part where the largest difference in an operation's
    result, relative to its largest value, is more than ``tolerance`` times the coarser dtype's epsilon.

    Args:
        f: a function of Tensors that returns a Tensor, or a nest of them.
        args: arrays, numbers or nests of them; floating ones get gradients.
        backends: names; one that can't run here is reported, and left out.
        dtypes: floating dtypes to cast the floating arguments to; by default each keeps its own.
        tolerance: how many epsilons of relative difference rounding may make.

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 30.0])
    >>> compare(lambda x: (x.exp() + 1).log().sum(), x, backends=["numpy"], dtypes=["float64", "float16"])
    compared with numpy float64:
      numpy float16: results differ by inf, gradients by inf
        parts at step 1 of 8: exp at ...: relative error inf (rounding: 0.062)
    """
    if not callable(f):
        raise TypeError(
            f"compare: expected a function of Tensors; got {type(f).__name__}. Put the computation into one: "
            "compare(lambda x: x.exp().sum(), x)."
        )
    runs: list[_Run] = []
    missing: dict[str, str] = {}
    for name in backends:
        try:
            arrays.get(name)
        except (arrays.BackendError, ImportError) as error:
            missing[name] = str(error)
            continue
        for dtype in dtypes or (None,):
            runs.append(_run(f, args, name, dtype))
    if not runs:
        raise arrays.BackendError(
            f"compare: expected a backend that works here; got {', '.join(backends)}. " + " ".join(missing.values())
        )
    found = Comparison(runs[0].label)
    found.missing = missing
    for run in runs[1:]:
        steps = []
        for (name, want, line), (other, got, _) in zip(runs[0].steps, run.steps):
            if name != other:
                steps.append(Difference(name, line, float("inf"), 0.0, f"{run.label} ran {other} in its place"))
                break
            steps.append(_difference(name, line, want, got, tolerance))
        if len(runs[0].steps) != len(run.steps) and not (steps and steps[-1].note):
            note = f"{found.reference} ran {len(runs[0].steps)} steps, {run.label} {len(run.steps)}"
            steps.append(Difference("the end", None, float("inf"), 0.0, note))
        found.steps[run.label] = steps
        found.first[run.label] = next((s for s in steps if s.parts), None)
        pairs = zip(runs[0].results, run.results)
        found.results[run.label] = max((_error(a, b) for a, b in pairs), default=0.0)
        found.gradients[run.label] = [_error(a, b) for a, b in zip(runs[0].gradients, run.gradients)]
    return found


def _run(f: Callable[..., Any], args: Sequence[Any], name: str, dtype: Any) -> _Run:
    backend = arrays.get(name)
    leaves, structure = flatten(list(args))
    inputs = []
    for x in leaves:
        x = x._data if is_tensor(x) else x
        if not (isinstance(x, float) or getattr(getattr(x, "dtype", None), "kind", "") in "fc"):
            known = hasattr(x, "dtype")
            inputs.append(backend.asarray(arrays.of(x).to_numpy(x)) if known and backend.owns_memory else x)
        elif not backend.owns_memory:
            inputs.append(scalar(float(x)))
        else:
            host = arrays.of(x).to_numpy(x)
            inputs.append(Tensor(backend.copy(backend.asarray(host, dtype=dtype)), requires_grad=True))
    floats = [x for x in inputs if is_tensor(x)]
    labels = {str(x.dtype) for x in floats if hasattr(x._data, "dtype")}
    run = _Run(f"{name} {dtype or '/'.join(sorted(labels)) or 'float'}")
    with arrays.use(backend), run, arrays.get("numpy").xp.errstate(all="ignore"):
        out = f(*unflatten(structure, inputs))
        outs = [x for x in flatten(out)[0] if is_tensor(x)]
        for x in outs:
            if x.requires_grad:
                ones = 1.0 if x._data.__class__ is float else backend.xp.ones(x.shape, dtype=x.dtype)
                x.backward(ones, retain_graph=True)
    run.results = [_host(x._data) for x in outs]
    run.gradients = [None if x.grad is None else _host(x.grad._data) for x in floats]
    return run


def _host(value: Any) -> Any:
    value = getattr(value, "_data", value)
    host = arrays.of(value).to_numpy(value)
    return host.copy() if hasattr(host, "copy") else host


def _difference(name: str, line: Any, want: list[Any], got: list[Any], tolerance: float) -> Difference:
    worst, allowed = 0.0, 0.0
    for a, b in zip(want, got):
        if a.shape != b.shape:
            return Difference(name, line, float("inf"), 0.0, f"shape {a.shape} against {b.shape}")
        xp = arrays.get("numpy").xp
        eps = [xp.finfo(x.dtype).eps for x in (a, b) if x.dtype.kind in "fc"]
        allowed = max([allowed, *[tolerance * float(e) for e in eps]])
        worst = max(worst, _error(a, b))
    return Difference(name, line, worst, allowed)


def _error(a: Any, b: Any) -> float:
    """The largest difference relative to the largest value; infinite where only one of the two is finite."""
    if a is None or b is None:
        return 0.0 if a is b else float("inf")
    xp = arrays.get("numpy").xp
    wide = "complex128" if "c" in (a.dtype.kind, b.dtype.kind) else "float64"
    a, b = a.astype(wide), b.astype(wide)
    same = (a == b) | (xp.isnan(a) & xp.isnan(b))
    if not (xp.isfinite(a) & xp.isfinite(b) | same).all():
        return float("inf")
    a, b = xp.where(same, 0, a), xp.where(same, 0, b)
    scale = max(float(xp.abs(a).max(initial=0.0)), 1e-300)
    return float(xp.abs(a - b).max(initial=0.0)) / scale

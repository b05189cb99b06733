"""Reading, writing and moving the Tensors of modules. Imports ``nn.nest`` and ``autograd``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import backends
from autograd import Tensor, no_grad
from autograd.numpy.common import as_dtype
from nn import nest


class LoadReport:
    """What ``load_state_dict`` did not find a place or a value for; false when everything matched."""

    def __init__(
        self,
        missing: list[str],
        unexpected: list[str],
        mismatched: list[tuple[str, tuple[int, ...], tuple[int, ...]]],
    ) -> None:
        self.missing = missing
        self.unexpected = unexpected
        self.mismatched = mismatched

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.mismatched)

    def __repr__(self) -> str:
        if not self:
            return "all names and shapes match"
        lines = [f"missing: {name}" for name in self.missing] + [f"unexpected: {name}" for name in self.unexpected]
        lines += [f"{name}: expected shape {want}, got {came}" for name, want, came in self.mismatched]
        return "\n".join(lines)


def load(entries: Iterable[tuple[str, Any, Any]], state: Mapping[str, Any], strict: bool) -> LoadReport:
    """Write ``state`` into the Tensors among ``entries`` (path, owner, value), after everything was checked."""
    own = {path: value for path, _, value in entries if isinstance(value, Tensor)}
    names: dict[int, list[str]] = {}
    for path, value in own.items():
        names.setdefault(id(value), []).append(path)
    found = {path: _array(path, state[path]) for path in own if path in state}
    report = LoadReport(
        missing=[paths[0] for paths in names.values() if not any(path in found for path in paths)],
        unexpected=[name for name in state if name not in own],
        mismatched=[
            (path, own[path].shape, tuple(array.shape))
            for path, array in found.items()
            if tuple(array.shape) != own[path].shape
        ],
    )
    if strict and (report.missing or report.unexpected):
        raise KeyError(
            f"load_state_dict: expected exactly the names {_listed(own)}; missing {_listed(report.missing)}, "
            f"unexpected {_listed(report.unexpected)}. Pass strict=False to load what fits."
        )
    if strict and report.mismatched:
        name, expected, came = report.mismatched[0]
        raise ValueError(
            f"load_state_dict: expected {name} of shape {expected}; got {came}. "
            "Load into the same architecture, or pass strict=False to skip it."
        )
    skipped = {name for name, _, _ in report.mismatched}
    ready = [(own[path], _fitted(path, array, own[path])) for path, array in found.items() if path not in skipped]
    with no_grad():
        for target, value in ready:
            target[...] = value
    return report


def _array(path: str, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach()
    try:
        return Tensor(value if type(value) in backends.BY_TYPE else nest.as_array(value))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"load_state_dict: expected an array for {path}; got {type(value).__name__} ({error}). "
            "Convert it with numpy.asarray first."
        ) from None


def _fitted(path: str, source: Tensor, target: Tensor) -> Any:
    kinds = getattr(source.dtype, "kind", "f"), getattr(target.dtype, "kind", "f")
    if kinds[0] in "OSUMm" or (kinds[0] == "c" and kinds[1] != "c") or (kinds[1] in "biu" and kinds[0] not in "biu"):
        raise ValueError(
            f"load_state_dict: expected {path} as {target.dtype}; got {source.dtype}, which does not convert. "
            "Save and load the same architecture."
        )
    return source.to(target.device if source.backend is target.backend else target.backend.name).data


def move(value: Tensor, target: Any) -> None:
    """Send a Tensor's array and gradient to a device or dtype, the Tensor itself staying the same object."""
    if dtype_or_none(target) is not None and getattr(value.dtype, "kind", "f") in "biu":
        return
    gradient = value.grad
    value.data = value.detach().to(target).data
    value.grad = None if gradient is None else gradient.detach().to(target)


def dtype_or_none(target: Any) -> Any:
    """``target`` as a dtype; None where it names a device."""
    try:
        return as_dtype(target)
    except TypeError:
        return None


def check_target(target: Any) -> None:
    """Raise TypeError where parameters can't be sent to ``target``."""
    dtype = dtype_or_none(target)
    if dtype is not None:
        if getattr(dtype, "kind", "f") not in "fcV":
            raise TypeError(
                f"to: expected a dtype of real numbers, which parameters need; got {dtype}. Use 'float32' or 'float64'."
            )
    elif not isinstance(target, (str, Tensor)):
        raise TypeError(
            f"to: expected a dtype ('float64'), a device ('cuda') or a Tensor; got {type(target).__name__}. "
            "Pass one of these."
        )


def _listed(names: Iterable[str], most: int = 8) -> str:
    listed = list(names)
    text = ", ".join(listed[:most]) or "none"
    return text + (f" and {len(listed) - most} more" if len(listed) > most else "")

"""Modules: objects whose attributes are parameters, buffers and further modules. Imports ``autograd`` and ``backends``.

Nothing is registered: a parameter is any Tensor found by looking at attributes, through nested modules, lists, tuples
and dicts. A layer is a short class with a ``forward``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import autograd.numpy as np
import backends
from autograd import Tensor, no_grad, tensor

M = TypeVar("M", bound="Module")


class Module:
    """The base of layers and models.

    A subclass sets Tensors and modules as attributes and defines ``forward``; calling the module runs it. Names in
    ``buffers`` are state that is saved with the parameters but not trained (running statistics).

    >>> import nn
    >>> class Scale(nn.Module):
    ...     def __init__(self):
    ...         self.factor = nn.parameter(2.0)
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    buffers: tuple[str, ...] = ()
    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method forward(self, x); the class defines none. Add one."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    # Looking at attributes -----------------------------------------------------------------------------------

    def children(self) -> Iterator[tuple[str, Any]]:
        """The named attributes that are looked at: Tensors, modules, and containers of them."""
        for name, value in vars(self).items():
            if isinstance(value, (Tensor, Module, list, tuple, dict)):
                yield name, value

    def _walk(self) -> Iterator[tuple[str, Module, Any]]:
        """``(path, owner, value)`` of every module and Tensor below and including this one, each object once."""
        seen: set[int] = set()
        stack: list[tuple[str, Any, Any]] = [("", self, self)]
        while stack:
            path, owner, value = stack.pop()
            if id(value) in seen:
                continue
            if isinstance(value, (Tensor, Module)):
                seen.add(id(value))
                yield path, owner, value
            if isinstance(value, Module):
                inside, owner = list(value.children()), value
            elif isinstance(value, dict):
                inside = [(str(key), entry) for key, entry in value.items()]
            elif isinstance(value, (list, tuple)):
                inside = [(str(i), entry) for i, entry in enumerate(value)]
            else:
                continue
            prefix = path + "." if path else ""
            stack += [
                (prefix + name, owner, entry)
                for name, entry in reversed(inside)
                if isinstance(entry, (Tensor, Module, list, tuple, dict))
            ]

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """``(path, module)`` of this module (path ``""``) and all below it, each once."""
        return ((path, value) for path, _, value in self._walk() if isinstance(value, Module))

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """``(path, Tensor)`` of every parameter, a shared one once: ``"layers.0.weight"``."""
        for path, owner, value in self._walk():
            if isinstance(value, Tensor) and path.rpartition(".")[2] not in owner.buffers:
                yield path, value

    def parameters(self) -> list[Tensor]:
        """Every parameter, a shared one once; frozen ones included.

        Raises:
            ValueError: a layer has no parameters yet, because it has not seen its input's size.
        """
        for path, module in self.named_modules():
            if not module.is_built():
                raise ValueError(
                    f"parameters: expected every layer to know its input size; {path or 'it'} ({module!r}) does not "
                    "yet. Give it input_shape=…, or call the model once on a batch."
                )
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """``(path, Tensor)`` of every buffer."""
        for path, owner, value in self._walk():
            if isinstance(value, Tensor) and path.rpartition(".")[2] in owner.buffers:
                yield path, value

    def is_built(self) -> bool:
        """Whether this module's own parameters exist."""
        return True

    # State ---------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Path -> array of every parameter and buffer: the arrays themselves, not copies."""
        self.parameters()
        return {path: value.data for path, _, value in self._walk() if isinstance(value, Tensor)}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> LoadReport:
        """Copy arrays into the parameters and buffers of the same names; nothing is written unless all fits.

        Args:
            state: path -> array (of any backend), NumPy array or Tensor.
            strict: raise where a name is missing or unexpected; otherwise load what fits.

        Returns:
            What did not match: ``missing``, ``unexpected`` and ``mismatched`` names.

        Raises:
            KeyError: names are missing or unexpected, and ``strict``.
            ValueError: a shape differs, and ``strict``.
        """
        self.parameters()
        own = {path: value for path, _, value in self._walk() if isinstance(value, Tensor)}
        report = LoadReport(
            missing=[name for name in own if name not in state],
            unexpected=[name for name in state if name not in own],
            mismatched=[
                (name, own[name].shape, tuple(np.shape(state[name])))
                for name in own
                if name in state and tuple(np.shape(state[name])) != own[name].shape
            ],
        )
        if strict and (report.missing or report.unexpected):
            raise KeyError(
                f"load_state_dict: expected exactly the names {_names(own)}; missing {_names(report.missing)}, "
                f"unexpected {_names(report.unexpected)}. Pass strict=False to load what fits."
            )
        if strict and report.mismatched:
            name, expected, came = report.mismatched[0]
            raise ValueError(
                f"load_state_dict: expected {name} of shape {expected}; got {came}. "
                "Load into the same architecture, or pass strict=False to skip it."
            )
        skipped = {name for name, _, _ in report.mismatched}
        ready = []
        for name, target in own.items():
            if name in state and name not in skipped:
                value = state[name].data if isinstance(state[name], Tensor) else state[name]
                source = backends.of(value)
                if source is not target.backend:
                    value = source.to_numpy(value)
                ready.append((target, target.backend.asarray(value, dtype=target.dtype, device=target.device)))
        with no_grad():
            for target, value in ready:
                target[...] = value
        return report

    def train(self: M, training: bool = True) -> M:
        """Switch dropout, batch statistics and their like on; returns itself."""
        for module in self.modules():
            module.training = training
        return self

    def eval(self: M) -> M:
        """Switch dropout, batch statistics and their like off; returns itself."""
        return self.train(False)

    def to(self: M, target: Any) -> M:
        """Move every parameter and buffer to a device (``"cuda"``) or dtype (``"float64"``), in place; returns itself.

        The Tensors stay the same objects, so that optimisers made before go on working.
        """
        for path, _, value in list(self._walk()):
            if isinstance(value, Tensor):
                moved = value.detach().to(target)
                gradient = value.grad
                value.data = moved.data
                value.grad = None if gradient is None else gradient.detach().to(target)
            elif isinstance(value, Module):
                value.moved(target)
            del path
        return self

    def moved(self, target: Any) -> None:
        """Called on each module by ``to``: move what is not a Tensor attribute."""

    def freeze(self: M) -> M:
        """Ask no gradient for any parameter any more; returns itself."""
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        return self

    def unfreeze(self: M) -> M:
        """Ask gradients for every parameter again; returns itself."""
        for parameter in self.parameters():
            parameter.requires_grad_()
        return self

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for _, parameter in self.named_parameters():
            parameter.zero_grad_()

    def apply(self: M, function: Callable[[Module], Any]) -> M:
        """Call ``function`` on this module and all below it; returns itself."""
        for module in list(self.modules()):
            function(module)
        return self

    def __repr__(self) -> str:
        inside = [
            (path, repr(value).replace("\n", "\n  "))
            for path, owner, value in self._walk()
            if isinstance(value, Module) and owner is self and value is not self
        ]
        own = self.describe()
        if not inside:
            return f"{type(self).__name__}({own})"
        lines = "".join(f"\n  ({path}): {text}" for path, text in inside)
        return f"{type(self).__name__}({own}{lines}\n)"

    def describe(self) -> str:
        """What stands between the brackets of the repr: sizes and options."""
        return ""


class LoadReport:
    """What ``load_state_dict`` did not find a place or a value for."""

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


def parameter(data: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """A Tensor that requires a gradient; Python numbers and lists become float32, the dtype of networks."""
    if dtype is None and not hasattr(data, "dtype"):
        dtype = "float32"
    return tensor(data, dtype=dtype, requires_grad=True, device=device)


def _names(names: Any, most: int = 8) -> str:
    listed = list(names)
    text = ", ".join(listed[:most]) or "none"
    return text + (f" and {len(listed) - most} more" if len(listed) > most else "")

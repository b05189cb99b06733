"""PyTorch's names for what modules do under another one, so that programs read as before. Imports ``autograd``."""

from __future__ import annotations

from typing import Any

from autograd import Tensor


class TorchNames:
    """PyTorch's names, for every module."""

    __slots__ = ()
    # What a module has of its own.
    buffers: tuple[str, ...]
    to: Any
    freeze: Any
    unfreeze: Any
    named_modules: Any
    named_parameters: Any

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """``unfreeze()`` or ``freeze()``; returns itself."""
        return self.unfreeze() if requires_grad else self.freeze()

    def register_buffer(self, name: str, tensor: Any) -> None:
        """Set the attribute ``name``, a Tensor or an array that is saved with the parameters but not trained.

        >>> import nn, numpy
        >>> layer = nn.Identity()
        >>> layer.register_buffer("scale", numpy.ones(2))
        >>> list(layer.state_dict()), layer.parameters()
        (['scale'], [])
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            tensor = Tensor(tensor)
        setattr(self, name, tensor)
        vars(self)["buffers"] = (*[n for n in self.buffers if n != name], name)

    def register_parameter(self, name: str, param: Any) -> None:
        """Set the attribute ``name``; setting it is enough for a parameter to be found."""
        setattr(self, name, param)

    def get_submodule(self, target: str) -> Any:
        """The module at a path of ``named_modules()``.

        Raises:
            AttributeError: there is none.
        """
        return _found("get_submodule", target, dict(self.named_modules()))

    def get_parameter(self, target: str) -> Tensor:
        """The parameter at a path of ``named_parameters()``.

        Raises:
            AttributeError: there is none.
        """
        return _found("get_parameter", target, dict(self.named_parameters()))

    def cpu(self) -> Any:
        """``to("cpu")``."""
        return self.to("cpu")

    def cuda(self, device: int | None = None) -> Any:
        """``to("cuda")``."""
        return self.to("cuda" if device is None else f"cuda:{device}")

    def half(self) -> Any:
        """``to("float16")``."""
        return self.to("float16")

    def double(self) -> Any:
        """``to("float64")``."""
        return self.to("float64")


class ModuleList(list[Any]):
    """A list of modules: a plain one does as well, since modules are found by looking.

    >>> import nn
    >>> class Stack(nn.Module):
    ...     def __init__(self):
    ...         self.layers = nn.ModuleList([nn.Linear(2, 2)])
    >>> [name for name, _ in Stack().named_parameters()]
    ['layers.0.weight', 'layers.0.bias']
    """


class ModuleDict(dict[str, Any]):
    """A dict of modules: a plain one does as well."""


class ParameterList(list[Any]):
    """A list of parameters: a plain one does as well."""


def _found(name: str, target: str, among: dict[str, Any]) -> Any:
    if target not in among:
        raise AttributeError(
            f"{name}: expected a path among {', '.join(map(repr, list(among)[:8]))}; got {target!r}. Correct it."
        )
    return among[target]

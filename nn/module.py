"""Modules: objects whose attributes are parameters, buffers and further modules. Imports ``nn.state`` and ``autograd``.

Nothing is registered: a parameter is any Tensor found by looking at attributes, through nested modules, lists, tuples
and dicts. A layer is a short class with a ``forward``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import autograd.numpy as np
from autograd import Tensor, tensor
from autograd.lines import is_watched, scope
from nn import penalties, state, summaries
from nn.torch_names import TorchNames

M = TypeVar("M", bound="Module")


# The modules of this package by name: what a file may ask for.
LIBRARY: dict[str, type[Module]] = {}


class _Arguments:
    """Of a constructor; no container, so that no parameters are looked for in it."""

    __slots__ = ("args", "kwargs")

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args = args
        self.kwargs = kwargs


class Module(TorchNames):
    """The base of layers and models.

    A subclass sets Tensors and modules as attributes and defines ``forward``; calling the module runs it. There is no
    ``super().__init__()`` to forget. Names in ``buffers`` are Tensors that are saved with the parameters but not
    trained (running statistics, constants).

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
    # Whether statistics are kept as they are, in training as well.
    frozen: bool = False
    # The shape of one input without the batch axis, where it was given: Keras's input_shape.
    input_shape: tuple[int, ...] | None = None
    # Whether inputs are integers, as an embedding's are.
    takes_integers: bool = False
    _hooks: tuple[Callable[..., Any], ...] = ()
    # What a module was made with is no attribute to look at, so it stands beside the others, not among them.
    __slots__ = ("__dict__", "__weakref__", "_added", "_made")
    _made: _Arguments

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        module = super().__new__(cls)
        module._made = _Arguments(args, kwargs)
        return module

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.partition(".")[0] == __package__:
            LIBRARY[cls.__name__] = cls

    @property
    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What it was made with, so that a file can tell how to make it again."""
        return self._made.args, self._made.kwargs

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method forward(self, x); the class defines none. Add one."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooks:
            return self._hooked(args, kwargs)
        return self._named(args, kwargs) if is_watched() else self.forward(*args, **kwargs)

    def _named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with scope(self):  # drawings, profiles and errors name the module
            return self.forward(*args, **kwargs)

    def _hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        out = self._named(args, kwargs) if is_watched() else self.forward(*args, **kwargs)
        for hook in self._hooks:
            changed = hook(self, args, out)
            out = out if changed is None else changed
        return out

    def register_forward_hook(self, hook: Callable[..., Any]) -> RemovableHook:
        """Call ``hook(module, args, out)`` after each call; what it returns (not None) replaces the result.

        >>> import nn, autograd.numpy as np
        >>> layer = nn.Linear(4, 2)
        >>> with layer.register_forward_hook(lambda module, args, out: print(out.shape)):
        ...     _ = layer(np.zeros((3, 4), "float32"))
        (3, 2)
        """
        self._hooks = (*self._hooks, hook)
        return RemovableHook(self, hook)

    # Beside the loss -----------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """In ``forward``: a number that ``fit`` adds to the loss, and ``model.losses`` holds until the next call.

        >>> import nn
        >>> class Narrow(nn.Module):
        ...     def forward(self, x):
        ...         self.add_loss(0.25 * np.sum(x * x))
        ...         return x
        >>> model = nn.Sequential([Narrow()])
        >>> _ = model(np.array([[2.0]]))
        >>> model.losses
        [np.float64(1.0)]
        """
        penalties.add(self, loss)

    def weight_penalties(self) -> list[Any]:
        """The penalties on its own weights, for ``model.losses``; a layer that has some says so."""
        return []

    def constrained(self) -> list[Callable[[], None]]:
        """What brings its own parameters back after a step of ``fit``; a layer with constraints says so."""
        return []

    # Looking at attributes -----------------------------------------------------------------------------------

    def members(self) -> Iterator[tuple[str, Any]]:
        """The named attributes that are looked at: Tensors, modules, and containers of them."""
        for name, value in vars(self).items():
            if isinstance(value, (Tensor, Module, list, tuple, dict)):
                yield name, value

    def walk(self, aliases: bool = False) -> Iterator[tuple[str, Module, Any]]:
        """``(path, owner, value)`` of every module and Tensor from this one down, each once, in the attributes' order.

        With ``aliases``, what is reachable by several paths comes once per path; a cycle is still walked once.
        """
        seen: set[int] = set()
        # Ids on the way to an entry, as a linked list: (id, rest).
        stack: list[tuple[str, Module, Any, Any]] = [("", self, self, None)]
        while stack:
            path, owner, value, above = stack.pop()
            if _within(id(value), above) if aliases else id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, Tensor):
                yield path, owner, value
                continue
            if isinstance(value, Module):
                yield path, owner, value
                inside, owner = list(value.members()), value
            elif isinstance(value, dict):
                inside = [(str(key), entry) for key, entry in value.items()]
            else:
                inside = [(str(i), entry) for i, entry in enumerate(value)]
            prefix = path + "." if path else ""
            stack += [
                (prefix + name, owner, entry, (id(value), above))
                for name, entry in reversed(inside)
                if isinstance(entry, (Tensor, Module, list, tuple, dict))
            ]

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """``(path, module)`` of this module (path ``""``) and all below it, each once."""
        return ((path, value) for path, _, value in self.walk() if isinstance(value, Module))

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """``(path, module)`` of the modules among this one's own attributes, and in containers there."""
        return (
            (path, value) for path, owner, value in self.walk() if owner is self and path and isinstance(value, Module)
        )

    def children(self) -> Iterator[Module]:
        """The modules among this one's own attributes, and in containers there."""
        return (module for _, module in self.named_children())

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """``(path, Tensor)`` of every parameter, a shared one once: ``"layers.0.weight"``."""
        for path, owner, value in self.walk():
            if isinstance(value, Tensor) and not _is_buffer(path, owner):
                yield path, value

    def parameters(self) -> list[Tensor]:
        """Every parameter, a shared one once; frozen ones included.

        Raises:
            ValueError: a layer has no parameters yet, because it has not seen its input's size.
        """
        self.check_built("parameters")
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """``(path, Tensor)`` of every buffer."""
        for path, owner, value in self.walk():
            if isinstance(value, Tensor) and _is_buffer(path, owner):
                yield path, value

    # Building ------------------------------------------------------------------------------------------------

    def is_built(self) -> bool:
        """Whether this module's own parameters exist."""
        return True

    def build_for(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Make what is missing for inputs of ``shape`` (without the batch axis); the output's shape, or None."""
        return None

    def output_shape_alone(self) -> tuple[int, ...] | None:
        """The shape of one output where it is known without the input's; a layer of fixed sizes says so."""
        return None

    def check_built(self, name: str) -> None:
        """Raise ValueError, as ``name``, where a layer's parameters don't exist yet."""
        for path, module in self.named_modules():
            if not module.is_built():
                raise ValueError(
                    f"{name}: expected every layer to know its input's size; {path or 'this one'} ({module!r}) does "
                    "not yet. Give input_shape=… to the first layer, or call the model once on a batch."
                )

    # State ---------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Path -> array of every parameter and buffer, a shared one once: the arrays themselves, not copies.

        Raises:
            ValueError: a layer has no parameters yet.
        """
        self.check_built("state_dict")
        return {path: value.data for path, _, value in self.walk() if isinstance(value, Tensor)}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> state.LoadReport:
        """Copy arrays into the parameters and buffers of the same names; nothing is written unless all fits.

        Args:
            state_dict: path -> array (of any backend), Tensor, or anything with DLPack or ``__array__``, such as what
                PyTorch's ``state_dict()`` holds. A shared parameter may stand under any
                of its names, or under all.
            strict: raise where a name is missing or unexpected or a shape differs; otherwise load what fits.

        Returns:
            What did not match: ``missing``, ``unexpected`` and ``mismatched`` names.

        Raises:
            KeyError: names are missing or unexpected, and ``strict``.
            ValueError: a shape differs, and ``strict``; or values that don't convert, strict or not.
        """
        self.check_built("load_state_dict")
        return state.load(self.walk(aliases=True), state_dict, strict)

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

        The Tensors stay the same objects, so that optimisers made before go on working; a dtype leaves integers be.

        Raises:
            TypeError: a dtype of no real numbers, or neither a dtype, a device nor a Tensor.
        """
        state.check_target(target)
        for _, _, value in list(self.walk()):
            if isinstance(value, Tensor):
                state.move(value, target)
            else:
                value.moved(target)
        return self

    def moved(self, target: Any) -> None:
        """Called on each module by ``to``: adapt what is not a Tensor attribute."""
        dtype = state.dtype_or_none(target)
        if dtype is not None and getattr(self, "dtype", None) is not None:
            self.dtype = dtype

    def freeze(self: M) -> M:
        """Ask no gradient for any parameter any more; returns itself.

        Batch norms keep their running statistics and normalise by them, in training as well, as frozen ones do in
        Keras.
        """
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        self._hold(True)
        return self

    def unfreeze(self: M) -> M:
        """Ask gradients for every parameter again; returns itself."""
        for parameter in self.parameters():
            parameter.requires_grad_()
        self._hold(False)
        return self

    def _hold(self, frozen: bool) -> None:
        for module in self.modules():
            if module.frozen != frozen:
                module.frozen = frozen

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for _, parameter in self.named_parameters():
            parameter.zero_grad_()

    def apply(self: M, function: Callable[[Module], Any]) -> M:
        """Call ``function`` on this module and all below it; returns itself."""
        for module in list(self.modules()):
            function(module)
        return self

    # Showing -------------------------------------------------------------------------------------------------

    def summary(
        self, input_shape: tuple[int, ...] | None = None, print_fn: Callable[[str], Any] | None = print
    ) -> summaries.Summary:
        """Print a table of layers, output shapes, parameters and memory; its numbers are the result's attributes.

        Args:
            input_shape: of one input without the batch axis; needed for output shapes where no layer was given one.
            print_fn: what shows the table; None for nothing.
        """
        found = summaries.summarize(self, input_shape)
        if print_fn is not None:
            print_fn(str(found))
        return found

    def __repr__(self) -> str:
        return summaries.tree(self)

    def describe(self) -> str:
        """What stands between the brackets of the repr: sizes and options."""
        return ""


class RemovableHook:
    """The handle of a hook: ``.remove()`` takes it off; a context manager does so at its end."""

    def __init__(self, module: Module, hook: Callable[..., Any]) -> None:
        self._module = module
        self._hook = hook

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        self._module._hooks = tuple([hook for hook in self._module._hooks if hook is not self._hook])

    def __enter__(self) -> RemovableHook:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def parameter(data: Any, dtype: Any = None, device: str | None = None) -> Tensor:
    """A Tensor that requires a gradient, with a copy of ``data``; numbers and lists become float32, as in networks.

    >>> parameter([1, 2])
    Tensor([1., 2.], dtype=float32, requires_grad=True)
    """
    if dtype is None and not hasattr(data, "dtype"):
        dtype = "float32"
    return tensor(data, dtype=dtype, requires_grad=True, device=device)


def buffer(shape: tuple[int, ...], value: float, dtype: Any = "float32") -> Tensor:
    """A Tensor that requires no gradient, filled with ``value``, for a name in ``buffers``."""
    return Tensor(np.full(shape, value, dtype=dtype))


def _is_buffer(path: str, owner: Module) -> bool:
    return bool(owner.buffers) and path.rpartition(".")[2] in owner.buffers


def _within(identity: int, above: Any) -> bool:
    while above is not None:
        if above[0] == identity:
            return True
        above = above[1]
    return False

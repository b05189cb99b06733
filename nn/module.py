"""Modules: objects whose attributes are parameters, buffers and further modules. Imports ``nn.state`` and ``autograd``.

Nothing is registered: a parameter is any Tensor found by looking at attributes, through nested modules, lists, tuples
and dicts. A layer is a short class with a ``forward``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import autograd.numpy as np
from autograd import Tensor
from autograd.lines import is_watched, scope
from nn import penalties, state, summaries
from nn.freezing import Freezing
from nn.hooks import RemovableHook
from nn.layer_names import LayerNames
from nn.members import Members
from nn.members import buffer as buffer
from nn.members import parameter as parameter
from nn.torch_names import TorchNames

M = TypeVar("M", bound="Module")


@functools.cache
def takes_training(function: Callable[..., Any]) -> bool:
    """Whether a method has a parameter ``training``."""
    return "training" in inspect.signature(function).parameters


# The modules of this package by name: what a file may ask for.
LIBRARY: dict[str, type[Module]] = {}


class _Arguments:
    """Of a constructor; no container, so that no parameters are looked for in it."""

    __slots__ = ("args", "kwargs")

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args = args
        self.kwargs = kwargs


class Module(Freezing, LayerNames, TorchNames, Members):
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
    # Whether it is to be frozen when its parameters are there.
    _late: bool = False
    # The shape of one input without the batch axis, where it was given: Keras's input_shape.
    input_shape: tuple[int, ...] | None = None
    # Whether inputs are integers, as an embedding's are.
    takes_integers: bool = False
    # Names of weights (out, in, …) that Keras has as kernels (…, in, out).
    kernels: tuple[str, ...] = ()
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
        """What the module computes; subclasses define it, or ``call``, as Keras's users name it.

        A ``call`` that takes ``training`` is told whether the module is in training.
        """
        call = getattr(self, "call", None)
        if call is None:
            raise NotImplementedError(
                f"{type(self).__name__}: expected a method forward(self, x); the class defines none. Add one."
            )
        if "training" not in kwargs and takes_training(type(self).call):  # type: ignore[attr-defined]
            kwargs["training"] = self.training
        return call(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs and "training" in kwargs:
            return self._in_mode(args, kwargs)
        if self._hooks:
            return self._hooked(args, kwargs)
        return self._named(args, kwargs) if is_watched() else self.forward(*args, **kwargs)

    def _in_mode(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The call with ``training=…``, as Keras's users write it: in that mode, where ``forward`` does not take it."""
        if takes_training(type(self).forward):
            return self._hooked(args, kwargs)
        wanted = kwargs.pop("training")
        before = [(module, module.training) for module in self.modules()]
        try:
            if wanted is not None:
                self.train(bool(wanted))
            return self(*args, **kwargs)
        finally:
            for module, was in before:
                module.training = was

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

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with ``set_to_none=False``, those there are become zeros."""
        for _, p in self.named_parameters():
            if set_to_none or p.grad is None:
                p.zero_grad_()
            else:
                p.grad = np.zeros_like(p.grad)

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

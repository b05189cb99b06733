"""Modules that are not trained for a while: ``freeze``, ``unfreeze``, Keras's ``trainable``. Imports ``autograd``."""

from __future__ import annotations

from typing import Any, TypeVar

from autograd import Tensor

F = TypeVar("F", bound="Freezing")


class Freezing:
    """What modules do to be frozen and unfrozen."""

    __slots__ = ()
    # What a module has of its own.
    _late: bool
    parameters: Any
    modules: Any
    members: Any
    is_built: Any

    def freeze(self: F) -> F:
        """Ask no gradient for any parameter any more; returns itself.

        Batch norms keep their running statistics and normalise by them, in training as well, as frozen ones do in
        Keras.
        """
        for p in self.parameters():
            p.requires_grad_(False)
        self._hold(True)
        return self

    def unfreeze(self: F) -> F:
        """Ask gradients for every parameter again; returns itself."""
        for p in self.parameters():
            p.requires_grad_()
        self._hold(False)
        return self

    def hold_late(self) -> None:
        """Take what ``trainable = False`` was to freeze before it was there."""
        if self._late and self.is_built():
            self._late = False  # type: ignore[misc]  # modules have attributes of their own
            for _, value in self.members():
                if isinstance(value, Tensor) and value.requires_grad:
                    value.requires_grad_(False)

    def _hold(self, frozen: bool) -> None:
        for module in self.modules():
            if module.frozen != frozen:
                module.frozen = frozen

    @property
    def trainable(self) -> bool:
        """Whether something in it is trained; setting it freezes or unfreezes the module and all below it.

        >>> import nn
        >>> layer = nn.Dense(2, input_shape=(3,))
        >>> layer.trainable = False
        >>> [p.requires_grad for p in layer.parameters()]
        [False, False]
        """
        module: Any = self
        mine = [p.requires_grad for _, p in module.named_parameters()]
        return any(mine) if mine else not module.frozen

    @trainable.setter
    def trainable(self, value: bool) -> None:
        module: Any = self
        for _, parameter in module.named_parameters():
            parameter.requires_grad_(bool(value))
        for layer in module.modules():
            if layer.frozen == bool(value):
                layer.frozen = not value
            if layer._late == bool(value) and not layer.is_built():
                layer._late = not value

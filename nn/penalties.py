"""What is added to the loss beside it: penalties on weights and outputs. Imports ``autograd``.

Penalties on weights are worked out when they are asked for; those on outputs are noted by ``module.add_loss`` as the
model is called, and forgotten at the model's next call.
"""

from __future__ import annotations

from typing import Any


class _Noted:
    """Whether anything in this process has penalties: a step of training asks this one flag, and no module."""

    used = False


NOTED = _Noted()


def add(module: Any, loss: Any) -> None:
    """Note a number that belongs to the loss of the call that is going on."""
    NOTED.used = True
    module._added = [*getattr(module, "_added", ()), loss]


def of(model: Any) -> list[Any]:
    """The penalties of all its layers: on weights, and those of its last call."""
    found: list[Any] = []
    for module in model.modules():
        found += module.weight_penalties()
        found += getattr(module, "_added", ())
    return found


def added_to(loss: Any, model: Any) -> Any:
    """``loss`` and the penalties of the model's layers."""
    for penalty in of(model):
        loss = loss + penalty
    return loss


def forget(model: Any) -> None:
    """Forget what the last call noted."""
    for module in model.modules():
        if getattr(module, "_added", None):
            module._added = []

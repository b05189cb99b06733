"""Where arrays are put. Imports ``backends``."""

from __future__ import annotations

from typing import Any

import backends


def place(device: Any) -> tuple[backends.Backend, str | None] | None:
    """The backend, and the device string where one of several is meant, of a name, a device string or a backend."""
    if device is None:
        return None
    if isinstance(device, backends.Backend):
        return device, None
    if ":" not in device and device in backends.names():
        return backends.get(device), None
    return backends.for_device(device), device if ":" in device else None


def put(array: Any, where: tuple[backends.Backend, str | None] | None) -> Any:
    """``array`` where ``place`` says; where it is there already, itself."""
    if where is None:
        return array
    there, device = where
    here = backends.of(array)
    if here is there:
        return array if device is None else here.asarray(array, device=device)
    return there.asarray(here.to_numpy(array), device=device)


def beside(order: Any, array: Any) -> Any:
    return (
        order
        if type(array) is type(order)
        else backends.of(array).asarray(order, device=backends.of(array).device(array))
    )

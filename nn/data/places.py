"""Where arrays are put, and batches that are there before they are asked for. Imports ``nn.nest``, ``backends``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import backends
from nn import nest


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
    return there.stage(here.to_numpy(array), device=device)


def staged(
    batches: Iterator[Any], where: tuple[backends.Backend, str | None] | None, ahead: bool = True
) -> Iterator[Any]:
    """The batches where ``place`` says; the next one is on its way there while one is in use.

    Transfers are started by the thread that uses the batches: on its stream they are safe to use. Where the memory is
    the host's there is nothing to transfer, and nothing is taken before its time.
    """
    depth = 1 if ahead and where is not None and where[0].device_type != nest.HOST.device_type else 0
    waiting: deque[Any] = deque()
    for batch in batches:
        waiting.append(nest.map_leaves(lambda array: put(array, where), batch))
        if len(waiting) > depth:
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def beside(order: Any, array: Any) -> Any:
    return (
        order
        if type(array) is type(order)
        else backends.of(array).asarray(order, device=backends.of(array).device(array))
    )

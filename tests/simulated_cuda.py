"""CUDA's streams, events and memory as far as staging uses them, with everything queued run as late and as oddly as
CUDA would be allowed to: any stream may go on at any time, copies read their source when they run, and memory that is
freed is handed out again at once on the stream that it was allocated on.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np


class Event:
    """A mark in a stream; ``done`` counts the marks that were passed."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.recorded = self.done = 0

    def synchronize(self) -> None:
        wanted = self.recorded
        while self.done < wanted:
            assert self.machine.step(), "the host waits for what can never happen"


class Stream:
    """A queue of (whether it can run, what it does)."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.machine = machine
        self.name = name
        self.queue: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        machine.streams.append(self)

    def __enter__(self) -> Stream:
        self.machine.current.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        self.machine.current.pop()

    def run(self, work: Callable[[], None]) -> None:
        """Queue a kernel."""
        self.queue.append((lambda: True, work))

    def record(self, event: Event) -> Event:
        event.recorded += 1
        number = event.recorded
        self.run(lambda: setattr(event, "done", number))
        return event

    def wait_event(self, event: Event) -> None:
        wanted = event.recorded
        self.queue.append((lambda: event.done >= wanted, lambda: None))


class Memory:
    """Some bytes of the device, from the arena of the stream that is current."""

    def __init__(self, machine: Machine, size: int) -> None:
        self.arena = machine.arenas.setdefault((machine.current[-1].name, size), [])
        self.bytes = self.arena.pop() if self.arena else np.zeros(size, np.uint8)
        self.ptr = self.bytes.ctypes.data
        machine.by_address[self.ptr] = self.bytes

    def __del__(self) -> None:
        self.arena.append(self.bytes)


class Array:
    """An array of the device."""

    def __init__(self, machine: Machine, shape: Any, dtype: Any, memptr: Any) -> None:
        self.machine = machine
        self.memory, self.shape, self.dtype = memptr.mem, shape, dtype
        buffer = machine.by_address[self.memory.ptr]
        self.view = np.ndarray(shape, dtype, buffer.data)

    def set(self, host: np.ndarray, stream: Stream) -> None:
        assert host.shape == self.shape and host.dtype == self.dtype and host.flags.c_contiguous
        view = self.view
        stream.run(lambda: np.copyto(view, host))


class Machine:
    """One device. ``cuda`` is what CuPy's module of that name has; ``step`` lets some stream go on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.streams: list[Stream] = []
        self.arenas: dict[Any, list[np.ndarray]] = {}
        self.by_address: dict[int, np.ndarray] = {}
        self.current = [Stream(self, "compute")]
        device = SimpleNamespace(id=0, __enter__=None)
        self.cuda = SimpleNamespace(
            Stream=lambda non_blocking: Stream(self, f"copy {len(self.streams)}"),
            Event=lambda disable_timing: Event(self),
            Device=lambda number=0: _Here(device),
            get_current_stream=lambda: self.current[-1],
            alloc=lambda size: Memory(self, size),
            alloc_pinned_memory=lambda size: np.zeros(size, np.uint8),
            UnownedMemory=lambda ptr, size, owner, device: SimpleNamespace(ptr=ptr, owner=owner),
            MemoryPointer=lambda mem, offset: SimpleNamespace(mem=mem),
        )
        self.ndarray = lambda shape, dtype, memptr: Array(self, shape, dtype, memptr)

    def step(self) -> bool:
        """One piece of work of any stream that can go on; False where none can."""
        ready = [s for s in self.streams if s.queue and s.queue[0][0]()]
        if not ready:
            return False
        self.random.choice(ready).queue.pop(0)[1]()
        return True


class _Here:
    def __init__(self, device: Any) -> None:
        self.id = device.id

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...

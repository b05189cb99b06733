"""Arrays from the host, copied while the device computes. Imports NumPy; CuPy, or what stands for it, is handed in.

A copy runs beside kernels only from pinned memory and on a stream of its own. A block is a pair of buffers, pinned and
on the device, and goes round: data is written to the pinned half, the copy stream waits for whoever read the block
last, copies, and the stream that asked waits for the copy. All of that is queued; the host waits for nothing but the
block's previous copy, which is over long before the block comes back.

An array's memory comes back when its last view is gone. The kernels that read it may still be queued then, so that
moment is marked by an event in the stream that asked for the array, and the next copy into the block waits for it.
CuPy's own pool would not do: it hands a block freed on one stream out again on that stream, where nothing waits for
the other. A stream that is being captured into a graph can't be marked so: copy into the graph's own buffers there.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

# A smaller array is copied in less time than these steps take.
SMALL = 1 << 16
# So many blocks are kept for later on each device; two would do for one batch ahead.
KEPT = 8


class Block:
    """A pinned buffer and one on the device, of one size."""

    def __init__(self, cuda: Any, size: int, stream: Any) -> None:
        pinned = cuda.alloc_pinned_memory(size)
        self.host = np.frombuffer(pinned, np.uint8, size)
        with stream:
            self.memory = cuda.alloc(size)
        self.size = size
        # What was last queued: the copy into the device's buffer, and the last reader of it.
        self.copied: Any = None
        self.read: Any = None


class Loan:
    """Owns an array's memory: dropped with its last view, it sends the block back."""

    def __init__(self, ring: Ring, block: Block, reader: Any) -> None:
        self.ring, self.block, self.reader = ring, block, reader

    def __del__(self) -> None:
        try:
            self.ring.take_back(self.block, self.reader)
        except Exception:  # the interpreter is going down, and the driver with it
            pass


class Ring:
    """The blocks and the copy stream of one device."""

    def __init__(self, xp: Any, device: int) -> None:
        self.xp = xp
        self.device = device
        self.stream = xp.cuda.Stream(non_blocking=True)  # the null stream would wait for a blocking one, and it for it
        self.free: list[Block] = []
        self.lock = threading.RLock()  # a loan may end inside any allocation, this thread's own included

    def put(self, data: np.ndarray) -> Any:
        """``data`` on the device; what reads it on the current stream reads it copied."""
        cuda = self.xp.cuda
        block = self._block(data.nbytes)
        if block.copied is not None:
            block.copied.synchronize()
        host: np.ndarray = np.ndarray(data.shape, data.dtype, block.host.data)
        np.copyto(host, data)
        if block.read is not None:
            self.stream.wait_event(block.read)
        reader = cuda.get_current_stream()
        memory = cuda.UnownedMemory(block.memory.ptr, block.size, Loan(self, block, reader), self.device)
        out = self.xp.ndarray(data.shape, data.dtype, memptr=cuda.MemoryPointer(memory, 0))
        out.set(host, stream=self.stream)
        block.copied = self.stream.record(cuda.Event(disable_timing=True))
        reader.wait_event(block.copied)
        return out

    def _block(self, size: int) -> Block:
        with self.lock:
            for i, block in enumerate(self.free):
                if block.size == size:
                    return self.free.pop(i)
            dropped = self.free[: max(0, len(self.free) + 1 - KEPT)]
            del self.free[: len(dropped)]
        for block in dropped:  # the pool may hand its memory out at once
            for event in (block.copied, block.read):
                if event is not None:
                    event.synchronize()
        return Block(self.xp.cuda, size, self.stream)

    def take_back(self, block: Block, reader: Any) -> None:
        """Mark what is queued on the stream that read the block, and keep it for later."""
        with self.xp.cuda.Device(self.device):
            block.read = reader.record(self.xp.cuda.Event(disable_timing=True))
        with self.lock:
            self.free.append(block)


class Stager:
    """A ring for each device, made when it is first used."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self.rings: dict[int, Ring] = {}
        self.lock = threading.Lock()

    def put(self, data: np.ndarray) -> Any:
        """``data`` on the current device, copied beside what it computes."""
        device = self.xp.cuda.Device().id
        ring = self.rings.get(device)
        if ring is None:
            with self.lock:
                ring = self.rings.setdefault(device, Ring(self.xp, device))
        return ring.put(data)

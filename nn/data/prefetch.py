"""Items made by a thread before they are asked for. Imports nothing of ``nn``."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Iterator
from typing import Any

_END = object()


def ahead(items: Iterator[Any], depth: int) -> Iterator[Any]:
    """The items, made by a thread up to ``depth`` in advance; an exception comes out where its item would have.

    >>> list(ahead(iter([1, 2, 3]), depth=2))
    [1, 2, 3]
    """
    channel: queue.Queue[Any] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def give(entry: Any) -> bool:
        while not stop.is_set():
            try:
                channel.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not give((item, None)):
                    return
            give((_END, None))
        except BaseException as error:
            give((_END, error))

    # The thread sees the caller's default backend and gradient mode.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="nn.data.ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = channel.get()
            if item is _END:
                if error is not None:
                    raise error
                return
            yield item
    finally:
        stop.set()
        thread.join(timeout=5)

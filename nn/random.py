"""The random streams that initialisation, dropout and shuffling draw from, one per backend. Imports ``backends``."""

from __future__ import annotations

import threading
from typing import Any

import backends

_LOCK = threading.Lock()
_STREAMS: dict[str, backends.RandomStream] = {}


def stream(backend: backends.Backend | None = None) -> backends.RandomStream:
    """The stream of a backend (the default one's), seeded from the system until ``set_random_seed`` is called."""
    backend = backend or backends.default()
    with _LOCK:
        if backend.name not in _STREAMS:
            _STREAMS[backend.name] = backend.generator(_seed)
        return _STREAMS[backend.name]


_seed: int | None = None


def set_random_seed(seed: int) -> None:
    """Seed every backend's stream: the same seed gives the same numbers, run after run, on a backend.

    >>> set_random_seed(0)
    """
    global _seed
    with _LOCK:
        _seed = int(seed)
        for name in _STREAMS:
            _STREAMS[name] = backends.get(name).generator(_seed)


def get_state() -> dict[str, Any]:
    """The state of every stream in use, as plain data."""
    with _LOCK:
        return {name: stream.get_state() for name, stream in _STREAMS.items()}


def set_state(state: dict[str, Any]) -> None:
    """Go on from a state that ``get_state`` gave."""
    with _LOCK:
        for name, value in state.items():
            if name not in _STREAMS:
                _STREAMS[name] = backends.get(name).generator(0)
            _STREAMS[name].set_state(value)

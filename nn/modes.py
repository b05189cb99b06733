"""Modules in training or evaluation for a while. Imports ``nn.module``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nn.module import Module


@contextmanager
def mode(f: Any, training: bool) -> Iterator[None]:
    """A module and all below it in training or evaluation, and back at the end; other functions stay as they are.

    >>> import nn
    >>> layer = nn.Dropout()
    >>> with mode(layer, training=False):
    ...     print(layer.training)
    False
    >>> layer.training
    True
    """
    before = [(module, module.training) for module in f.modules()] if isinstance(f, Module) else []
    for module, _ in before:
        module.training = training
    try:
        yield
    finally:
        for module, was in before:
            module.training = was

"""Clipping gradients, and averaging weights over training. Imports ``autograd``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import autograd.numpy as np
from autograd import Tensor


def clip_grad_value_(parameters: Iterable[Tensor], limit: float) -> None:
    """Cut every gradient's entries to [-limit, limit], in place."""
    _positive("clip_grad_value_", "limit", limit)
    for p in parameters:
        if p.grad is not None:
            p.grad = Tensor(np.clip(p.grad.data, -limit, limit))


def clip_grad_norm_(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients together so that their common Euclidean norm is at most ``max_norm``; returns the old norm.

    >>> import nn
    >>> w = nn.parameter([3.0, 4.0])
    >>> ((w * w).sum() / 2).backward()
    >>> clip_grad_norm_([w], 1.0)
    5.0
    >>> w.grad.data
    array([0.6, 0.8], dtype=float32)
    """
    _positive("clip_grad_norm_", "max_norm", max_norm)
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = math.sqrt(math.fsum([float(np.sum(np.absolute(g.data) ** 2)) for g in grads]))
    if norm > max_norm:
        for g in grads:
            g._data = g._data * (max_norm / norm)
    return norm


class WeightAverage:
    """A moving average of weights: ``a ← decay·a + (1 - decay)·p`` at each ``update()``.

    >>> import nn
    >>> w = nn.parameter([0.0])
    >>> average = WeightAverage([w], decay=0.5)
    >>> w.data = w.data + 1
    >>> average.update()
    >>> with average.swapped():
    ...     w.data
    array([0.5], dtype=float32)
    """

    def __init__(self, parameters: Iterable[Tensor], decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"WeightAverage: expected a decay on [0, 1); got {decay}.")
        self.parameters = list(parameters)
        self.decay = decay
        self.averages = [p.backend.copy(p.data) for p in self.parameters]

    def update(self) -> None:
        """Take the weights as they are now into the average."""
        for i, p in enumerate(self.parameters):
            self.averages[i] = self.averages[i] * self.decay + p.data * (1 - self.decay)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Inside, the parameters hold the averages; the trained weights come back at the end."""
        trained = [p.data for p in self.parameters]
        for p, average in zip(self.parameters, self.averages, strict=True):
            p.data = average
        try:
            yield
        finally:
            for p, value in zip(self.parameters, trained, strict=True):
                p.data = value


def _positive(function: str, name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{function}: expected {name} above 0; got {value}.")

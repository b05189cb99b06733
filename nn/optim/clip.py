"""Clipping gradients, and averaging weights over training. Imports ``autograd``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import autograd.numpy as np
from autograd import Tensor, no_grad
from nn.optim.buffers import narrow


def clip_grad_value_(parameters: Iterable[Tensor] | Tensor, limit: float) -> None:
    """Cut every gradient's entries to [-limit, limit], in place."""
    _positive("clip_grad_value_", "limit", limit)
    for p in _listed(parameters):
        if p.grad is not None:
            p.grad = Tensor(np.clip(p.grad.data, -limit, limit))


def clip_grad_norm_(
    parameters: Iterable[Tensor] | Tensor, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients together so that their common norm is at most ``max_norm``; returns the old norm.

    Args:
        norm_type: p of the norm ``(Σ |g|^p)^(1/p)``; ``float("inf")`` for the largest entry.
        error_if_nonfinite: raise where the norm is NaN or infinite, instead of scaling by it.

    Raises:
        ValueError: ``max_norm`` or ``norm_type`` is not above 0, or the norm is not finite and that is asked for.

    >>> import nn
    >>> w = nn.parameter([3.0, 4.0])
    >>> ((w * w).sum() / 2).backward()
    >>> clip_grad_norm_([w], 1.0)
    5.0
    >>> w.grad.data
    array([0.6, 0.8], dtype=float32)
    """
    _positive("clip_grad_norm_", "max_norm", max_norm)
    _positive("clip_grad_norm_", "norm_type", norm_type)
    grads = [p.grad for p in _listed(parameters) if p.grad is not None]
    if norm_type == math.inf:
        norm = max([float(np.max(np.absolute(g.data))) for g in grads if g.size], default=0.0)
    else:
        norm = math.fsum([float(np.sum(np.absolute(_wide(g.data)) ** norm_type)) for g in grads]) ** (1 / norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise ValueError(
            f"clip_grad_norm_: expected gradients of a finite norm; got {norm}. Look for the operation that made it: "
            "with autograd.detect_anomaly()."
        )
    if norm > max_norm:
        for g in grads:
            g._data = g._data * (max_norm / norm)
    return norm


class WeightAverage:
    """A moving average of weights: ``a ← decay·a + (1 - decay)·p`` at each ``update()``; the first one takes p itself.

    Args:
        parameters: what is averaged.
        decay: on [0, 1); None for the mean of all weights seen (Izmailov et al. 2018, "stochastic weight averaging").

    >>> import nn
    >>> w = nn.parameter([0.0])
    >>> average = WeightAverage([w], decay=0.5)
    >>> average.update()
    >>> w.data = w.data + 1
    >>> average.update()
    >>> with average.swapped():
    ...     w.data
    array([0.5], dtype=float32)
    """

    def __init__(self, parameters: Iterable[Tensor], decay: float | None = 0.999) -> None:
        if decay is not None and not 0 <= decay < 1:
            raise ValueError(f"WeightAverage: expected a decay on [0, 1), or None for the plain mean; got {decay}.")
        self.parameters = list(parameters)
        self.decay = decay
        self.updates = 0
        # In float32 where parameters have 16 bits, in which an average would stand still.
        self.averages = [_wide(p.backend.copy(p.data)) for p in self.parameters]

    def update(self) -> None:
        """Take the weights as they are now into the average."""
        decay = self.updates / (self.updates + 1) if self.decay is None else self.decay if self.updates else 0.0
        self.updates += 1
        for i, p in enumerate(self.parameters):
            now = _wide(p.data)
            # Where parameters moved to another device or dtype, their average follows.
            self.averages[i] = Tensor(self.averages[i]).to(Tensor(now)).data * decay + now * (1 - decay)

    def apply(self) -> None:
        """Write the averages into the parameters, for good."""
        with no_grad():
            for p, average in zip(self.parameters, self.averages, strict=True):
                p[...] = average.astype(p.dtype)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Inside, the parameters hold the averages; the trained weights come back at the end."""
        trained = [p.backend.copy(p.data) for p in self.parameters]
        self.apply()
        try:
            yield
        finally:
            with no_grad():
                for p, value in zip(self.parameters, trained, strict=True):
                    p[...] = value

    def state_dict(self) -> dict[str, Any]:
        """The averages, in the parameters' order, in copies."""
        averages = [p.backend.copy(a) for p, a in zip(self.parameters, self.averages, strict=True)]
        return {"updates": self.updates, "averages": averages}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that ``state_dict`` gave.

        Raises:
            ValueError: it is of other parameters; nothing is changed then.
        """
        shapes, own = [tuple(np.shape(a)) for a in state["averages"]], [p.shape for p in self.parameters]
        if shapes != own:
            raise ValueError(
                f"load_state_dict: expected averages of shapes {own}; got {shapes}. Load those of the same parameters."
            )
        self.updates = int(state["updates"])
        self.averages = [
            Tensor(a).to(Tensor(_wide(p.data))).data for a, p in zip(state["averages"], self.parameters, strict=True)
        ]


def _wide(array: Any) -> Any:
    return array.astype("float32") if narrow(array.dtype) else array


def _listed(parameters: Iterable[Tensor] | Tensor) -> list[Tensor]:
    return [parameters] if isinstance(parameters, Tensor) else list(parameters)


def _positive(function: str, name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{function}: expected {name} above 0; got {value}. Correct it.")

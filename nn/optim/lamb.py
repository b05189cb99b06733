"""The update that looks at each parameter as a whole: LAMB. Imports ``nn.optim.base`` and ``autograd.numpy``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd.numpy as np
from nn.optim.base import Optimizer, Update


def lamb_moments(g: Any, m: Any, v: Any, b1: Any, a1: Any, b2: Any, a2: Any) -> tuple[Any, Any]:
    return b1 * m + a1 * g, b2 * v + a2 * (g * g)


class LAMB(Optimizer):
    """Adam's direction u = m̂/(√v̂ + ε) + λp, scaled per parameter to its norm: ``p ← p - lr·‖p‖/‖u‖·u``.

    You et al. (2020), algorithm 2; the ratio is 1 where either norm is 0.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)

    def formula(self, group: dict[str, Any]) -> tuple[Update, tuple[str, ...]]:
        return lamb_moments, ("m", "v")

    def _step_buffer(self, group: dict[str, Any], buffer: Any) -> None:
        # Norms are per parameter: this is the one update that is not element by element.
        (b1, b2), lr = group["betas"], group["lr"]
        for i, p in enumerate(buffer.params):
            if p._grad is None:
                continue
            buffer.steps[i] += 1
            t, part = buffer.steps[i], buffer.part(i)
            values, m, v = buffer.values[part], buffer.state["m"][part], buffer.state["v"][part]
            g = self._signed(group, buffer.flat(p._grad._data))
            m[...], v[...] = lamb_moments(g, m, v, b1, 1 - b1, b2, 1 - b2)
            u = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + group["eps"]) + group["weight_decay"] * values
            size, length = np.sqrt(np.sum(values * values)), np.sqrt(np.sum(u * u))
            both = (size > 0) & (length > 0)
            ratio = np.where(both, size, 1) / np.where(both, length, 1)
            values -= (lr * ratio).astype(values.dtype) * u

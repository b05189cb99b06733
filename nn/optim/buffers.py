"""Parameters of one dtype and device side by side, with their state. Imports ``autograd`` and ``backends``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import backends
from autograd import Tensor

# Up to this many elements gradients are gathered side by side, too; beyond, copying them costs more than a step each.
GATHERED = 32_768


class Buffer:
    """Parameters of one dtype and device side by side: their values, their state, their steps."""

    def __init__(
        self, params: Sequence[Tensor], initial: dict[str, float], kept: dict[int, tuple[int, dict[str, Any]]]
    ) -> None:
        # Smallest first: those at the front are stepped together, their gradients gathered.
        self.params = sorted(params, key=lambda p: p.size)
        first = self.params[0]
        self.backend = first.backend
        self.bounds = [0]
        for p in self.params:
            self.bounds.append(self.bounds[-1] + p.size)
        self.small = sum(bound <= GATHERED for bound in self.bounds[1:])
        xp = self.backend.xp
        self.values = xp.concatenate([xp.asarray(p.data).reshape(-1) for p in self.params])
        self.narrow = narrow(self.values.dtype)
        if self.narrow:
            self.values = self.values.astype("float32")
        self.gradients = xp.empty_like(self.values[: self.bounds[self.small]])
        self.state = {name: xp.full_like(self.values, value) for name, value in initial.items()}
        # What takes a step as one piece, values first: the small ones together, each of the others.
        small, large = self.bounds[self.small], range(self.small, len(self.params))
        parts = [*([slice(0, small)] if small else []), *[self.part(i) for i in large]]
        self.pieces = [[flat[part] for flat in (self.values, *self.state.values())] for part in parts]
        self.steps = [0] * len(self.params)
        self.views = []
        for i, p in enumerate(self.params):
            if not self.narrow:
                p.data = self.values[self.part(i)].reshape(p.shape)
            self.views.append(p._data)
            if id(p) in kept:
                self.steps[i], old = kept[id(p)]
                held = self.kept()
                for name, value in old.items():
                    if name in held:
                        if backends.of(value) is not self.backend:
                            value = backends.of(value).to_numpy(value)
                        held[name][self.part(i)] = self.backend.asarray(value, dtype=self.values.dtype)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "views": [None] * len(self.views), "pieces": []}

    def part(self, i: int) -> slice:
        """Where parameter ``i`` lies."""
        return slice(self.bounds[i], self.bounds[i + 1])

    def kept(self) -> dict[str, Any]:
        """What a copy or a file has to keep: the state, and the values where the parameters are narrower."""
        return {**self.state, "wide": self.values} if self.narrow else self.state

    def take(self) -> None:
        """Take in what was written into narrow parameters since ``give``; elsewhere the wide values stand."""
        if self.narrow:
            xp = self.backend.xp
            now = xp.concatenate([p._data.reshape(-1) for p in self.params])
            self.values[...] = xp.where(self.values.astype(now.dtype) == now, self.values, now.astype("float32"))

    def give(self) -> None:
        """Round the values into narrow parameters."""
        if self.narrow:
            for i, p in enumerate(self.params):
                p._data[...] = self.values[self.part(i)].reshape(p.shape).astype(p.dtype)

    def flat(self, g: Any) -> Any:
        """A gradient as one axis, in the dtype of the values."""
        return g.reshape(-1).astype(self.values.dtype) if self.narrow else g.reshape(-1)

    def stands(self) -> bool:
        """Whether the parameters still are the views laid out here; ``p.data = …`` or ``.to()`` may have moved one."""
        return all([p._data is view for p, view in zip(self.params, self.views, strict=True)])

    def gather(self, grads: list[Any]) -> list[Any]:
        """The gradients of all parameters, flat, one for each of ``pieces``."""
        small = self.small
        if small < 2:
            return [self.flat(g) for g in grads]
        together = self.backend.xp.concatenate(grads[:small], axis=None, out=self.gradients)
        return [together, *[self.flat(g) for g in grads[small:]]]


def narrow(dtype: Any) -> bool:
    """Whether a dtype has 16 bits: float16, bfloat16."""
    return dtype.itemsize == 2 and dtype.kind not in "iu"

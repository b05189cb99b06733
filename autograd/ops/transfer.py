"""Moving an array to another backend or device, and its cotangent back. Imports ``primitive`` and ``backends``."""

from __future__ import annotations

from typing import Any

import backends
from autograd.primitive import primitive


@primitive(linear="x")
def transfer(xp: Any, x: Any, /, *, source: tuple[str, str], target: tuple[str, str]) -> Any:
    """A copy of x, which lives on ``source``, on ``target``: each the name of a backend and of one of its devices."""
    name, device = target
    there, here = backends.get(name), backends.of(x)
    out = there.asarray(x if there is here else here.to_numpy(x), device=device)
    return there.copy(out) if out is x or getattr(out, "base", None) is not None else out


transfer.vjp(x=lambda g, source, target: transfer(g, source=target, target=source))

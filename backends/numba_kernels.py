"""Element-wise formulas as one compiled loop, by Numba (the extra ``jit``). Imports ``backends.threads``.

A formula is straight-line Python source of single elements (``autograd.emit`` writes it); here it gets a loop around
it, is compiled without the GIL, and runs over the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backends.threads import split


def compile_loop(formula: Any, arrays: int, writes: Sequence[int]) -> Callable[..., None]:
    """The kernel of a formula over ``arrays`` flat arrays followed by numbers.

    Args:
        formula: its first ``arrays`` parameters are elements, the others numbers; its results are new values of the
            arrays that ``writes`` names, in order.

    Returns:
        ``run(pieces, numbers)``, which changes the arrays of each piece in place.
    """
    import numba

    names = [p.name for p in formula.parameters]
    lines = formula.python().splitlines()
    body = [line.strip() for line in lines[1:-1]]
    results = formula.results
    source = [f"def kernel({', '.join(n + '_' for n in names)}):"]
    # Numbers come as Python's floats, which is the fastest way in, and are cast here.
    source += [f"    {p.name} = {p.dtype.name}({p.name}_)" for p in formula.parameters[arrays:]]
    # From 0: an index that might be negative is checked at each access, and nothing vectorises then.
    source.append(f"    for i in range({names[0]}_.size):")
    source += [f"        {name} = {name}_[i]" for name in names[:arrays]]
    source += [f"        {line}" for line in body]
    source += [f"        {names[k]}_[i] = {r.name}" for k, r in zip(writes, results, strict=True)]
    scope: dict[str, Any] = {"inf": np.inf, "nan": np.nan}
    for line in formula.lines:
        scope[line.function] = getattr(np, line.function, None)
        for dtype in (line.out.dtype, *line.loop):
            scope[dtype.name] = dtype.type
    scope.update({p.dtype.name: p.dtype.type for p in formula.parameters})
    exec(compile("\n".join(source), f"<{formula.name}>", "exec"), scope)
    kernel = numba.njit(nogil=True, error_model="numpy")(scope["kernel"])

    def run(pieces: Sequence[Sequence[Any]], numbers: Sequence[float]) -> None:
        floats = [float(number) for number in numbers]

        def part(start: int, stop: int) -> None:
            """From ``start`` to ``stop`` of all pieces, one behind the other."""
            for arrays in pieces:
                size = arrays[0].size
                if start <= 0 and stop >= size:
                    kernel(*arrays, *floats)
                elif start < size and stop > 0:
                    low = max(start, 0)
                    kernel(*[a[low:stop] for a in arrays], *floats)
                start -= size
                stop -= size

        split(sum([arrays[0].size for arrays in pieces]), part)

    return run

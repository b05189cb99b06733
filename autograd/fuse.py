"""An element-wise update of flat arrays as one kernel where the backend can, as array calls where not.

Imports ``emit``, ``backends``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import backends
from autograd.emit import Formula

# Until it meets this many elements, a kernel would save less than compiling it costs (``Backend.compile_from``).
LARGE = 16_384


class Fused:
    """``function(*arrays, *numbers)`` returns new values for some of its arrays; calling this puts them in place.

    Args:
        function: a formula of operators and ``autograd.numpy`` functions, element by element.
        writes: which of the arrays its results replace, in order.

    >>> import numpy as np
    >>> step = Fused(lambda p, g, rate: (p - rate * g,), writes=(0,))
    >>> p = np.array([1.0, 2.0])
    >>> step([p, np.array([1.0, 1.0])], (0.5,))
    >>> p
    array([0.5, 1.5])
    """

    def __init__(self, function: Callable[..., tuple[Any, ...]], writes: Sequence[int]) -> None:
        self.function = function
        self.writes = tuple(writes)
        self._kernels: dict[Any, Callable[..., None] | None] = {}

    def __call__(self, arrays: Sequence[Any], numbers: Sequence[float]) -> None:
        """Change ``arrays`` (flat, of one backend and dtype) in place."""
        self.all([arrays], numbers)

    def all(self, pieces: Sequence[Sequence[Any]], numbers: Sequence[float]) -> None:
        """The same for several lists of arrays, alike but for their sizes, at once."""
        first = pieces[0][0]
        key = first.__class__, first.dtype, len(pieces[0]), len(numbers)
        kernel = self._kernels.get(key)
        if kernel is None and key not in self._kernels:
            backend = backends.of(first)
            enough = LARGE if backend.compile_from is None else backend.compile_from
            if sum([arrays[0].size for arrays in pieces]) >= enough:
                formula = self._formula(first.dtype, len(pieces[0]), len(numbers))
                kernel = self._kernels[key] = backend.compile(formula, len(pieces[0]), self.writes)
        if kernel is not None:
            kernel(pieces, numbers)
            return
        piece = backends.of(first).piece
        for arrays in pieces:
            for part in _parts(arrays, piece):
                for place, value in zip(self.writes, self.function(*part, *numbers), strict=True):
                    part[place][...] = value

    def _formula(self, dtype: Any, arrays: int, numbers: int) -> Formula:
        name = self.function.__name__
        formula = Formula(name if name.isidentifier() and name.isascii() else "update")
        symbols = [formula.parameter(f"a{i}", dtype) for i in range(arrays)]
        symbols += [formula.parameter(f"s{i}", dtype) for i in range(numbers)]
        formula.results = tuple(self.function(*symbols))
        return formula


def _parts(arrays: Sequence[Any], piece: int | None) -> Iterator[Sequence[Any]]:
    """The arrays in pieces of so many elements; all of them at once where it is None."""
    size = arrays[0].size
    if piece is None or size <= piece:
        yield arrays
    else:
        for start in range(0, size, piece):
            yield [array[start : start + piece] for array in arrays]

"""A backend over NumPy that behaves as CuPy does, so that code tested without a GPU runs on one.

What CuPy 14.2 refuses is refused: implicit conversion to NumPy, mixing with ndarrays, functions, parameters and loops
that it has not got (``recorded/cupy_namespace.json``). Results of no dimensions stay arrays, integer arrays as indices
wrap, repeated indices of an assignment are written in another order than NumPy's. What waits for the device or copies
from the host is allowed, as in CuPy, and counted in ``counts``. ``StrictBackend`` is ``CupyBackend`` over this
library: the code that runs there is the code that runs here.

Not modelled: ``xp.random`` (streams come from the backend), functions that call back (``vectorize``), ``flat``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.cupy_backend import CupyBackend
from tests.strict_array import StrictArray, counts
from tests.strict_kernels import StrictStream, run_kernel
from tests.strict_namespace import special, xp

__all__ = ["StrictArray", "StrictBackend", "StrictStream", "counts", "xp"]


class StrictBackend(CupyBackend):
    """CuPy's backend over the strict arrays. Nothing of it is written anew but the names."""

    name = "strict"
    device_type = "strict"

    def __init__(self) -> None:
        super().__init__(xp)

    def launch(self, source: str, kernel: str, threads: int, args: tuple[Any, ...]) -> None:
        run_kernel(kernel, args)

    def _put(self, array: np.ndarray) -> StrictArray:
        return self.xp.asarray(array)  # simulated_cuda.py has the streams

    def compile(self, formula: Any, arrays: int, writes: tuple[int, ...]) -> Any:
        if super().compile(formula, arrays, writes) is None:
            return None
        function = formula.compiled()  # the kernel's source is run in test_cuda_sources

        def run(pieces: Any, numbers: Any) -> None:
            kinds = [p.dtype.type for p in formula.parameters[arrays:]]
            typed = [kind(x) for kind, x in zip(kinds, numbers, strict=True)]
            for values in pieces:
                found = function(*[a._a for a in values], *typed)
                for k, value in zip(writes, found if isinstance(found, tuple) else (found,), strict=True):
                    values[k]._a[...] = value

        return run

    def elementwise(self, formula: Any) -> Any:
        try:
            formula.elementwise_kernel()
        except TypeError:
            return None
        function = formula.compiled()  # the kernel's source is run in test_emit

        def run(*arrays: Any) -> Any:
            assert [a.dtype for a in arrays] == [p.dtype for p in formula.parameters]
            shape = np.broadcast_shapes(*[a.shape for a in arrays])
            with np.errstate(all="ignore"):
                found = function(*[a._a for a in arrays])
            made = [
                StrictArray(np.array(np.broadcast_to(value, shape), result.dtype))
                for value, result in zip(found if len(formula.results) > 1 else (found,), formula.results, strict=True)
            ]
            return made[0] if len(made) == 1 else tuple(made)

        return run

    def _special_functions(self) -> Any:
        return special

    def _solvers(self) -> Any:
        return None  # what CuPy's compute, the formulas do

    def generator(self, seed: Any = None) -> StrictStream:
        return StrictStream(seed)

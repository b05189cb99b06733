"""A row of the table of test cases: one primitive with arguments, and what to hold it against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One call of one primitive, checked on every backend and dtype.

    Attributes:
        primitive: the name of the primitive the row covers (``autograd.primitive.PRIMITIVES``).
        function: called as ``function(*args, **options)`` with arrays or Tensors: the public function or the primitive.
        args: NumPy arrays (float64, complex128, integer, boolean) or Python numbers; cast to the dtype under test
            where they are float or complex.
        options: keyword arguments.
        reference: the NumPy/SciPy function of the same call, for the value; None if there is none (``note`` says why).
        argnums: positions differentiated; None for every float or complex array among ``args``.
        orders: how many derivatives exist; 0 where the output is integer or boolean.
        analytic: whether the complex step applies (the function is analytic and takes complex input).
        dtypes: the dtypes under test besides integers.
        lacks: what is missing, in words, e.g. "jvp: …"; shown in the coverage ledger.
        only: the backends that have the operation; the others say in an error that they have not. Empty for all.
        note: a remark for the reader.
    """

    primitive: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    reference: Callable[..., Any] | None = None
    argnums: tuple[int, ...] | None = None
    orders: int = 2
    analytic: bool = False
    dtypes: tuple[str, ...] = ("float64", "float32", "float16")
    lacks: str = ""
    only: tuple[str, ...] = ()
    note: str = ""
    label: str = ""

    @property
    def id(self) -> str:
        """What pytest shows."""
        return f"{self.primitive}-{self.label}" if self.label else self.primitive

"""What a workload is: sizes, its least work, its data, one small function per library. Imports nothing of ours."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

SIZES = ("small", "medium", "large")

Data = dict[str, Any]
# What a contender's function returns: a step to be timed, or the source of a program where whole processes are timed.
Step = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One setting of a workload.

    Attributes:
        size: the number that grows.
        variant: which form of the workload; empty where there is one.
        device: ``"cpu"`` or ``"gpu"``.
        backend: the name of our array backend that serves the device.
    """

    size: int
    variant: str = ""
    device: str = "cpu"
    backend: str = "numpy"


@dataclass(frozen=True)
class Contender:
    """One library's function for a workload.

    Attributes:
        dtype: what its results are in, where the library can't compute in the workload's.
        largest: the largest size it takes part in, where more would take minutes.
        largest_on_gpu: the same on a GPU, where a step is as slow as its launches.
        note: what a reader of its figures should know.
    """

    peer: str
    make: Callable[[Data, Case], Any]
    variants: tuple[str, ...] | None
    devices: tuple[str, ...]
    dtype: str | None
    largest: float
    largest_on_gpu: float
    note: str


@dataclass
class Workload:
    """A piece of work that several libraries do alike.

    Attributes:
        name: what the command line calls it.
        title: one line for the report.
        size: what the size counts, such as ``"elements"``.
        sizes: for ``small``, ``medium`` and ``large``, the sizes to run.
        variants: forms of the work that are timed apart.
        flops: the floating-point operations of one step, as a function of the case.
        bytes: the fewest bytes that one step must read and write, as a function of the case.
        data: the inputs as NumPy arrays, the same in every process; a function of the case.
        kind: ``"step"`` times a function, ``"process"`` a fresh interpreter.
        unit: ``"s"``, or ``"B"`` where the step or program reports bytes itself.
        bounded: whether the machine's measured peaks bound it; the way between host and GPU is neither.
        steps: how many steps of the workload one call makes; times are given per step.
        dtype: what results must be in.
        rtol: the largest difference between two libraries' results, relative to the largest element.
        checked_calls: how many first calls are compared; more than one where state changes.
        jit: True where a variant needs the extra ``jit``, False where it does without, None where nothing depends on
            it; a function of the case. Without it our function gets a process of its own.
        collector: False to switch Python's cycle collector off while timing; a function of the case.
        rounds: fewer rounds than usual, for work that takes long.
    """

    name: str
    title: str
    size: str
    sizes: Mapping[str, Sequence[int]]
    flops: Callable[[Case], float] | None = None
    bytes: Callable[[Case], float] | None = None
    variants: tuple[str, ...] = ("",)
    kind: str = "step"
    unit: str = "s"
    bounded: bool = True
    steps: Callable[[Case], int] = lambda case: 1
    dtype: str = "float32"
    rtol: float = 1e-4
    checked_calls: int = 1
    jit: Callable[[Case], bool | None] = lambda case: None
    collector: Callable[[Case], bool] = lambda case: True
    rounds: int | None = None
    contenders: dict[str, Contender] = field(default_factory=dict)
    _data: Callable[[Case], Data] = lambda case: {}

    def data(self, function: Callable[[Case], Data]) -> Callable[[Case], Data]:
        """Decorator: ``function(case)`` makes the inputs."""
        self._data = function
        return function

    def inputs(self, case: Case) -> Data:
        """The inputs of a case."""
        return self._data(case)

    def peer(
        self,
        name: str,
        *,
        variants: Sequence[str] | None = None,
        devices: Sequence[str] = ("cpu", "gpu"),
        dtype: str | None = None,
        largest: float = math.inf,
        largest_on_gpu: float = math.inf,
        note: str = "",
    ) -> Callable[[Callable[[Data, Case], Any]], Callable[[Data, Case], Any]]:
        """Decorator: ``function(data, case)`` is how the library ``name`` does this work."""

        def register(function: Callable[[Data, Case], Any]) -> Callable[[Data, Case], Any]:
            if name in self.contenders:
                raise ValueError(f"{self.name}: expected one function per peer; got a second for {name!r}. Rename it.")
            chosen = None if variants is None else tuple(variants)
            self.contenders[name] = Contender(
                name, function, chosen, tuple(devices), dtype, largest, min(largest, largest_on_gpu), note
            )
            return function

        return register

    def numbers(self, sizes: Sequence[str | int]) -> list[int]:
        """The sizes that these labels stand for; a number stands for itself.

        Raises:
            ValueError: there are none; the text names the labels there are.
        """
        every = [n for values in self.sizes.values() for n in values]
        numbers = [n for size in sizes for n in (self.sizes.get(size, ()) if isinstance(size, str) else (size,))]
        numbers = [n for n in numbers if n in every]
        if not numbers:
            raise ValueError(
                f"{self.name}: expected sizes among {', '.join(self.sizes)}; got {', '.join(map(str, sizes))}. "
                "Choose others."
            )
        return numbers

    def cases(self, sizes: Sequence[str | int], variants: Sequence[str] | None = None) -> Iterator[Case]:
        """The cases of these sizes, variant by variant (all of them, unless some are named), each growing."""
        for variant in self.variants if variants is None else variants:
            for number in self.numbers(sizes):
                yield Case(number, variant)

    def runs(self, peer: str, case: Case, jit: bool = True) -> bool:
        """Whether ``peer`` has a function for this case, where the extra ``jit`` is installed or is not.

        Its kernels are the CPU's. A GPU has one way to do the work, so it takes part in one variant: beside the CPU's
        best, which is without the extra where it is missing.
        """
        found = self.contenders.get(peer)
        return (
            found is not None
            and (found.variants is None or case.variant in found.variants)
            and case.device in found.devices
            and case.size <= (found.largest if case.device == "cpu" else found.largest_on_gpu)
            and (case.device == "cpu" or self.jit(case) is not (not jit))
        )


@cache
def discover() -> dict[str, Workload]:
    """Every workload of ``benchmarks/workloads``, by name, in the order of their ``ORDER``.

    Raises:
        TypeError: a module there holds no ``work``.

    >>> "matmul" in discover()
    True
    """
    package = importlib.import_module("benchmarks.workloads")
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"benchmarks.workloads.{info.name}")
        work = getattr(module, "work", None)
        if not isinstance(work, Workload):
            raise TypeError(
                f"benchmarks/workloads/{info.name}.py: expected a Workload named `work`; got {type(work).__name__}. "
                "Define it, or begin the file's name with an underscore."
            )
        found.append(work)
    place = {name: i for i, name in enumerate(package.ORDER)}
    return {work.name: work for work in sorted(found, key=lambda work: (place.get(work.name, math.inf), work.name))}

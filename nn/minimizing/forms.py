"""One flat vector on the host for nested arrays or a module's parameters. Imports ``nn.module``, ``nn.nest``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import backends
from autograd import Tensor, no_grad
from nn import nest
from nn.module import Module
from nn.nest import HOST


class Varied:
    """Arrays of one backend that SciPy sees as one vector."""

    def __init__(self, arrays: list[Any], names: list[str]) -> None:
        for array, name in zip(arrays, names, strict=True):
            if array.dtype.kind not in "f" and array.dtype.name != "bfloat16":
                raise TypeError(
                    f"minimize: expected real floats to vary; got {array.dtype} in {name}. "
                    "Split complex numbers into real and imaginary parts."
                )
        if not sum([array.size for array in arrays]):
            raise ValueError("minimize: expected numbers to vary; got none in x0. Pass arrays, or unfreeze the module.")
        self.names = names
        self.backend = backends.of(arrays[0])
        if any([backends.of(array) is not self.backend for array in arrays]):
            raise ValueError("minimize: expected x0 on one backend; got several. Move its arrays to one.")
        self.shapes = [tuple(array.shape) for array in arrays]
        self.dtypes = [array.dtype for array in arrays]
        self.sizes = [int(array.size) for array in arrays]
        # What crosses: float64 where any array is that wide.
        self.wide = HOST.xp.result_type(*self.dtypes) if "bfloat16" not in map(str, self.dtypes) else "float32"
        self.start = self.fetched(arrays)

    def fetched(self, arrays: Sequence[Any]) -> Any:
        """Arrays (as ``self.shapes``, or others) as one float64 vector on the host: one transfer."""
        xp = self.backend.xp
        flat = xp.concatenate([xp.asarray(array).astype(self.wide).reshape(-1) for array in arrays])
        return HOST.xp.asarray(self.backend.to_numpy(flat), dtype="float64")

    def sent(self, flat: Any) -> list[Any]:
        """The arrays that a vector stands for: one transfer."""
        whole = self.backend.asarray(HOST.xp.asarray(flat, dtype=self.wide))
        pieces, at = [], 0
        for shape, dtype, size in zip(self.shapes, self.dtypes, self.sizes, strict=True):
            pieces.append(whole[at : at + size].reshape(shape).astype(dtype))
            at += size
        return pieces

    def leaves(self, flat: Any) -> tuple[Any, list[Tensor]]:
        """What ``f`` is called with, and the Tensors in it that are varied."""
        raise NotImplementedError

    def form(self, flat: Any) -> Any:
        """A vector in x0's form."""
        raise NotImplementedError

    def give(self, flat: Any) -> Any:
        """The result in x0's form."""
        return self.form(flat)

    def pairs(self, bounds: Any) -> list[Any]:
        """What stands for each array in ``bounds``, which has x0's form."""
        raise NotImplementedError


class Nest(Varied):
    def __init__(self, x0: Any) -> None:
        self.given, self.plan = nest.flatten(x0)
        arrays = []
        for leaf in self.given:
            array = nest.as_array(leaf, "minimize: x0")
            if array.dtype.kind in "biu":
                array = array.astype("float64")
            arrays.append(backends.of(array).writable(array))
        super().__init__(arrays, [f"x0's array {i}" for i in range(len(arrays))])

    def leaves(self, flat: Any) -> tuple[Any, list[Tensor]]:
        tensors = [Tensor(piece, requires_grad=True) for piece in self.sent(flat)]
        return nest.build(self.plan, list(tensors)), tensors

    def form(self, flat: Any) -> Any:
        pieces: list[Any] = []
        for piece, given in zip(self.sent(flat), self.given, strict=True):
            if isinstance(given, Tensor):
                piece = Tensor(piece, requires_grad=given.requires_grad)
            elif isinstance(given, (int, float)) and not hasattr(given, "dtype"):
                piece = float(piece)
            pieces.append(piece)
        return nest.build(self.plan, pieces)

    def pairs(self, bounds: Any) -> list[Any]:
        if self.plan == 0:
            return [bounds]
        pairs: list[Any] = []

        def walk(plan: Any, part: Any, where: str) -> None:
            if plan is None:
                return
            if isinstance(plan, int):
                pairs.append(part)
            elif part is None:
                walk(plan, [None] * len(plan) if not isinstance(plan, Mapping) else dict.fromkeys(plan), where)
            elif isinstance(plan, Mapping):
                if not isinstance(part, Mapping) or set(part) - set(plan):
                    raise misfit(f"a dict with keys among {', '.join(map(str, plan))}{where}", part)
                for key, entry in plan.items():
                    walk(entry, part.get(key), f"{where} at {key!r}")
            else:
                if not isinstance(part, (list, tuple)) or len(part) != len(plan):
                    raise misfit(f"{len(plan)} entries{where}", part)
                for i, (entry, value) in enumerate(zip(plan, part, strict=True)):
                    walk(entry, value, f"{where} at {i}")

        walk(self.plan, bounds, "")
        return pairs


class Parameters(Varied):
    def __init__(self, module: Module) -> None:
        module.check_built("minimize")
        self.module = module
        named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
        if not named:
            raise ValueError("minimize: expected parameters to vary; got a module that has none, or all are frozen.")
        self.parameters = [p for _, p in named]
        super().__init__([p.data for p in self.parameters], [name for name, _ in named])

    def _write(self, flat: Any) -> None:
        with no_grad():
            for parameter, piece in zip(self.parameters, self.sent(flat), strict=True):
                parameter[...] = piece

    def leaves(self, flat: Any) -> tuple[Any, list[Tensor]]:
        self._write(flat)
        return self.module, self.parameters

    def form(self, flat: Any) -> Any:
        return dict(zip(self.names, self.sent(flat), strict=True))

    def give(self, flat: Any) -> Any:
        self._write(flat)
        return self.module

    def pairs(self, bounds: Any) -> list[Any]:
        if not isinstance(bounds, Mapping) or set(bounds) - set(self.names):
            raise misfit(f"a dict with names among {', '.join(self.names)}", bounds)
        return [bounds.get(name) for name in self.names]


def misfit(expected: str, got: Any) -> ValueError:
    return ValueError(
        f"minimize: expected bounds of x0's form: {expected}; got {got!r}. Put a pair (low, high), or None, in each "
        "array's place, or give one pair of numbers for all."
    )

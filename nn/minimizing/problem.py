"""What SciPy asks of a function: value, gradient, products with its Hessian. Imports ``minimizing.forms``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as np
from autograd import GraphError, Tensor, gradients, no_grad
from nn.minimizing.forms import Varied
from nn.nest import HOST


class Problem:
    """Value, gradient, and products with the Hessian at a vector; what was recorded for the last one is kept."""

    def __init__(self, f: Callable[..., Any], varied: Varied, args: tuple[Any, ...]) -> None:
        self.f, self.varied, self.args = f, varied, args
        self.at: Any = None
        self.recorded: tuple[list[Tensor], list[Any]] | None = None

    def _result(self, flat: Any) -> tuple[Any, list[Tensor]]:
        x, leaves = self.varied.leaves(flat)
        out = self.f(x, *self.args)
        size = getattr(out, "size", None)
        if callable(size) or (size is not None and size != 1):
            raise ValueError(
                f"minimize: expected f to give one number; got shape {tuple(out.shape)}. Sum or average it."
            )
        return out, leaves

    def _slopes(self, flat: Any, record: bool) -> tuple[Any, list[Tensor], list[Any]]:
        out, leaves = self._result(flat)
        if not isinstance(out, Tensor) or not out.requires_grad:
            raise GraphError(
                "minimize: expected f's result to depend on its argument by operations that record; it does not. "
                "Compute with what f is called with, by autograd.numpy, operators or modules."
            )
        slopes = gradients(np.reshape(out, ()), leaves, create_graph=record, allow_unused=True)
        return out, leaves, list(slopes)

    def value(self, flat: Any) -> float:
        with no_grad():
            out, _ = self._result(flat)
        return float(out)

    def value_and_gradient(self, flat: Any) -> tuple[float, Any]:
        self.recorded = None  # a module's parameters are about to be overwritten
        out, leaves, slopes = self._slopes(flat, record=False)
        # The value goes ahead of the gradient: one transfer for both.
        both = self.varied.fetched([out.data, *self._filled(leaves, slopes)])
        return float(both[0]), both[1:]

    def _filled(self, leaves: list[Tensor], slopes: list[Any]) -> list[Any]:
        xp = self.varied.backend.xp
        return [xp.zeros_like(p.data) if g is None else g.data for p, g in zip(leaves, slopes, strict=True)]

    def product(self, flat: Any, vector: Any) -> Any:
        if self.recorded is None or not HOST.xp.array_equal(flat, self.at):
            self.recorded = None
            _, leaves, slopes = self._slopes(flat, record=True)
            self.recorded, self.at = (leaves, slopes), HOST.xp.array(flat)
        leaves, slopes = self.recorded
        pieces = self.varied.sent(vector)
        # A gradient that is constant has no graph, and a Hessian of zeros.
        curved = [(g, v) for g, v in zip(slopes, pieces, strict=True) if g is not None and g.requires_grad]
        if not curved:
            return HOST.xp.zeros_like(vector)
        found = gradients([g for g, _ in curved], leaves, [v for _, v in curved], retain_graph=True, allow_unused=True)
        return self.varied.fetched(self._filled(leaves, list(found)))

    def hessian(self, flat: Any) -> Any:
        columns = [self.product(flat, row) for row in HOST.xp.eye(len(flat))]
        return HOST.xp.stack(columns, axis=1)


class Function:
    """A constraint's function of the flat vector, its Jacobian, row by row, and the curvature along multipliers."""

    def __init__(self, f: Callable[..., Any], varied: Varied, args: tuple[Any, ...]) -> None:
        self.f, self.varied, self.args = f, varied, args

    def value(self, flat: Any) -> Any:
        with no_grad():
            x, _ = self.varied.leaves(flat)
            out = self.f(x, *self.args)
        return HOST.xp.atleast_1d(self.varied.fetched([out.data if isinstance(out, Tensor) else out]))

    def jacobian(self, flat: Any) -> Any:
        x, leaves = self.varied.leaves(flat)
        out = np.reshape(self.f(x, *self.args), (-1,))
        xp, rows = self.varied.backend.xp, []
        for i in range(out.shape[0]):
            found = gradients(out[i], leaves, retain_graph=True, allow_unused=True)
            rows.append(
                self.varied.fetched([xp.zeros_like(p.data) if g is None else g.data for p, g in zip(leaves, found)])
            )
        return HOST.xp.stack(rows)

    def curvature(self, flat: Any, multipliers: Any) -> Any:
        """Σ vᵢ·∇²cᵢ, as a matrix."""

        def weighted(x: Any) -> Any:
            out = np.reshape(self.f(x, *self.args), (-1,))
            return np.sum(out * self.varied.backend.asarray(multipliers, dtype=out.dtype))

        return Problem(weighted, self.varied, ()).hessian(flat)

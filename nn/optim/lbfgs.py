"""L-BFGS: quasi-Newton steps from the last few gradients. Imports ``nn.optim.base`` and ``autograd.numpy``.

Nocedal, Wright, "Numerical Optimization" (2nd ed. 2006): the direction is algorithm 7.4, the line search for the strong
Wolfe conditions algorithms 3.5 and 3.6 with cubic interpolation (3.59).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import autograd.numpy as np
from autograd import enable_grad
from nn.optim.base import Optimizer
from nn.optim.buffers import Buffer

# Sufficient decrease and curvature (Nocedal, Wright, section 3.1).
C1, C2 = 1e-4, 0.9


class LBFGS(Optimizer):
    """``step(closure)`` runs up to ``max_iter`` quasi-Newton iterations; ``closure`` computes loss and gradients anew.

    Args:
        lr: the length tried first; with a line search it is only a start.
        max_iter, max_eval: iterations, and closure calls (1.25·max_iter by default), per step.
        tolerance_grad: stop where no entry of the gradient is greater.
        tolerance_change: stop where neither parameters nor loss move more.
        history_size: how many pairs of steps and gradient changes are kept.
        line_search_fn: None, or ``"strong_wolfe"``.

    >>> import nn
    >>> w = nn.parameter([3.0, -4.0])
    >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1.0) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> bool(abs(w.data - 1.0).max() < 1e-5)
    True
    """

    takes_closure = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: expected line_search_fn None or 'strong_wolfe'; got {line_search_fn!r}.")
        super().__init__(
            params,
            lr=lr,
            max_iter=max_iter,
            max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
            line_search_fn=line_search_fn,
        )
        if len(self.groups) != 1:
            raise ValueError(
                f"LBFGS: expected one group of parameters; got {len(self.groups)}. Its steps couple them all."
            )
        self.memory: dict[str, Any] = {"iterations": 0, "evaluations": 0}

    def formula(self, group: dict[str, Any]) -> Any:
        return None, ()

    def state_dict(self) -> dict[str, Any]:
        m = self.memory
        pairs = [(m_, c, rho) for m_, c, rho in m.get("pairs", [])]
        return {**super().state_dict(), "memory": {**m, "pairs": pairs}}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        super().load_state_dict(saved)
        self.memory = {**saved["memory"], "pairs": list(saved["memory"].get("pairs", []))}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Run the iterations; returns the loss they started from."""
        if closure is None:
            raise TypeError(
                "LBFGS: expected a closure that computes loss and gradients anew; got none. Pass step(closure)."
            )
        group, buffers = self.groups[0], self._buffers[0]
        if not buffers or not buffers[0].stands():
            self._lay_out(group, buffers)
        if len(buffers) != 1:
            raise ValueError(
                f"LBFGS: expected parameters of one dtype and device; got {len(buffers)} kinds. Use .to()."
            )
        buffers[0].take()
        problem = _Problem(buffers[0], closure)
        first, loss, g = problem.evaluate()
        m = self.memory
        m["evaluations"] += 1
        evaluations = 1
        if _largest(g) <= group["tolerance_grad"]:
            return first
        pairs: list[tuple[Any, Any, float]] = m.setdefault("pairs", [])
        for iteration in range(1, group["max_iter"] + 1):
            m["iterations"] += 1
            if m["iterations"] == 1:
                direction, scale = -g, 1.0
            else:
                change, moved = g - m["gradient"], m["direction"] * m["length"]
                curvature = _dot(change, moved)
                if curvature > 1e-10:
                    if len(pairs) == group["history_size"]:
                        pairs.pop(0)
                    pairs.append((moved, change, 1 / curvature))
                    m["scale"] = curvature / _dot(change, change)
                scale = m.get("scale", 1.0)
                direction = _two_loops(g, pairs, scale)
            before, m["gradient"] = loss, g
            slope = _dot(g, direction)
            length = group["lr"]
            if m["iterations"] == 1:
                length *= min(1.0, 1.0 / float(np.sum(np.absolute(g))))
            m["direction"] = direction
            if slope > -group["tolerance_change"]:
                m["length"] = length
                break
            if group["line_search_fn"] == "strong_wolfe":
                start = problem.values.copy()
                along = functools.partial(problem.at, start, direction)
                tolerance = group["tolerance_change"]
                loss, g, length, calls = strong_wolfe(along, length, direction, loss, g, slope, tolerance)
                problem.place(start, length, direction)
            else:
                problem.values += length * direction
                calls = 0
                if iteration != group["max_iter"]:
                    _, loss, g = problem.evaluate()
                    calls = 1
            m["length"] = length
            evaluations += calls
            m["evaluations"] += calls
            if iteration == group["max_iter"] or evaluations >= group["max_eval"]:
                break
            if _largest(g) <= group["tolerance_grad"]:
                break
            if (
                _largest(direction * length) <= group["tolerance_change"]
                or abs(loss - before) < group["tolerance_change"]
            ):
                break
        return first


class _Problem:
    """The loss as a function of all parameters side by side."""

    def __init__(self, buffer: Buffer, closure: Callable[[], Any]) -> None:
        self.buffer = buffer
        self.values = buffer.values
        self.closure = closure

    def evaluate(self) -> tuple[Any, float, Any]:
        """What the closure returned, its value, and the gradient."""
        with enable_grad():
            returned = self.closure()
        grads = [np.zeros_like(p.data) if p._grad is None else p._grad._data for p in self.buffer.params]
        return returned, float(returned), np.concatenate([self.buffer.flat(g) for g in grads])

    def place(self, start: Any, length: float, direction: Any) -> None:
        self.values[...] = start + length * direction
        self.buffer.give()

    def at(self, start: Any, direction: Any, length: float) -> tuple[float, Any]:
        self.place(start, length, direction)
        _, loss, g = self.evaluate()
        return loss, g


def _dot(a: Any, b: Any) -> float:
    return float(np.sum(a * b))


def _largest(x: Any) -> float:
    return float(np.max(np.absolute(x)))


def _two_loops(g: Any, pairs: list[tuple[Any, Any, float]], scale: float) -> Any:
    """-H·g, with H the inverse Hessian the pairs imply (algorithm 7.4)."""
    q = -g
    weights = []
    for moved, change, rho in reversed(pairs):
        weight = rho * _dot(moved, q)
        weights.append(weight)
        q = q - weight * change
    q = q * scale
    for (moved, change, rho), weight in zip(pairs, reversed(weights), strict=True):
        q = q + moved * (weight - rho * _dot(change, q))
    return q


def cubic_minimum(
    a: float, fa: float, sa: float, b: float, fb: float, sb: float, bounds: tuple[float, float] | None = None
) -> float:
    """Where the cubic with these values and slopes at a and b is least, inside the bounds (formula 3.59)."""
    low, high = bounds if bounds is not None else (min(a, b), max(a, b))
    d1 = sa + sb - 3 * (fa - fb) / (a - b)
    square = d1 * d1 - sa * sb
    if square < 0:
        return (low + high) / 2
    d2 = square**0.5
    if a <= b:
        at = b - (b - a) * ((sb + d2 - d1) / (sb - sa + 2 * d2))
    else:
        at = a - (a - b) * ((sa + d2 - d1) / (sa - sb + 2 * d2))
    return min(max(at, low), high)


def strong_wolfe(
    at: Callable[[float], tuple[float, Any]],
    length: float,
    direction: Any,
    loss: float,
    g: Any,
    slope: float,
    tolerance: float,
    most: int = 25,
) -> tuple[float, Any, float, int]:
    """A length with enough decrease and little slope left: ``(loss, gradient, length, evaluations)``."""
    reach = _largest(direction)
    new_loss, new_g = at(length)
    calls = 1
    new_slope = _dot(new_g, direction)
    old = (0.0, loss, g, slope)
    bracket: list[tuple[float, float, Any, float]] = []
    done = False
    rounds = 0
    while rounds < most:
        here = (length, new_loss, new_g, new_slope)
        if new_loss > loss + C1 * length * slope or (rounds > 1 and new_loss >= old[1]):
            bracket = [old, here]
            break
        if abs(new_slope) <= -C2 * slope:
            bracket, done = [here], True
            break
        if new_slope >= 0:
            bracket = [old, here]
            break
        least, greatest = length + 0.01 * (length - old[0]), length * 10
        following = cubic_minimum(old[0], old[1], old[3], length, new_loss, new_slope, (least, greatest))
        old, length = here, following
        new_loss, new_g = at(length)
        calls += 1
        new_slope = _dot(new_g, direction)
        rounds += 1
    else:
        bracket = [(0.0, loss, g, slope), (length, new_loss, new_g, new_slope)]
    stuck = False
    low, high = (0, 1) if bracket[0][1] <= bracket[-1][1] else (1, 0)
    while not done and rounds < most:
        (a, fa, _, sa), (b, fb, _, sb) = bracket
        if abs(b - a) * reach < tolerance:
            break
        length = cubic_minimum(a, fa, sa, b, fb, sb)
        # Not too near an end, twice: the interval must shrink.
        least, greatest = min(a, b), max(a, b)
        margin = 0.1 * (greatest - least)
        if min(greatest - length, length - least) < margin:
            if stuck or length >= greatest or length <= least:
                length = greatest - margin if abs(length - greatest) < abs(length - least) else least + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new_loss, new_g = at(length)
        calls += 1
        new_slope = _dot(new_g, direction)
        rounds += 1
        here = (length, new_loss, new_g, new_slope)
        if new_loss > loss + C1 * length * slope or new_loss >= bracket[low][1]:
            bracket[high] = here
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
        else:
            if abs(new_slope) <= -C2 * slope:
                done = True
            elif new_slope * (bracket[high][0] - bracket[low][0]) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = here
    best = bracket[0] if len(bracket) == 1 else bracket[low]
    return best[1], best[2], best[0], calls

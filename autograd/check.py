"""``check_grads``: the derivatives of a user's own function against central differences. Imports ``products``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import backends
from autograd.backward import is_tensor
from autograd.mode import no_grad
from autograd.products import jvp, vjp
from autograd.trees import Structure, flatten, unflatten

__all__ = ["check_grads"]

Array = Any
MODES = {"vjp": "vjp", "jvp": "jvp", "rev": "vjp", "fwd": "jvp"}
STEP = 1e-6  # truncation ~ STEP², cancellation ~ 1e-16/STEP: both far below the tolerance


def check_grads(
    fun: Callable[..., Any],
    order: int = 2,
    modes: Sequence[str] = ("vjp", "jvp"),
    *,
    rtol: float = 1e-6,
    atol: float = 1e-6,
    seed: int = 0,
) -> Callable[..., None]:
    """Check the derivatives of a function at a point: ``check_grads(f)(*args)`` raises where they are wrong.

    Along a random direction v of every argument and with a random cotangent g of the result, in double precision:

    - jvp: J·v against the central difference (f(x + hv) − f(x − hv))/2h, and the remainder
      f(x + hv) − f(x) − h·J·v against h² (Taylor's ratio is 4 when h halves);
    - vjp: ⟨Jᵀg, v⟩ against ⟨g, J·v⟩ from the same difference (the adjoint identity);
    - higher orders: the same for x, g ↦ Jᵀg and x, v ↦ J·v, whose own derivatives are those of the next order, in
      every combination of the modes.

    Args:
        fun: from arrays (numbers, nests of arrays) to arrays; float32 arguments are checked in float64.
        order: the highest derivative checked.
        modes: ``"vjp"``, ``"jvp"``, or both (``"rev"`` and ``"fwd"`` are the same).
        rtol, atol: how far a derivative may be off, relative to its size and absolutely.
        seed: of the random directions.

    Raises:
        AssertionError: a derivative is wrong; the text says which mode, order and argument, what was expected from
            the differences, and what came.

    >>> import numpy as np
    >>> check_grads(lambda x, y: x * y / (1 + x * x))(np.array([0.5, 2.0]), 3.0)
    >>> from autograd import custom_vjp
    >>> wrong = custom_vjp(lambda x: x**2)
    >>> wrong.defvjp(lambda x: (x**2, x), lambda x, g: (g * 3 * x,))
    >>> check_grads(wrong, order=1, modes=("vjp",))(2.0)
    Traceback (most recent call last):
        ...
    AssertionError: check_grads: <lambda>: vjp of order 1, argument 0: expected ... from central differences; got ...
    """
    if isinstance(modes, str):
        modes = (modes,)
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown or not modes:
        raise ValueError(f"check_grads: expected modes among {', '.join(MODES)}; got {modes!r}. Pass ('vjp', 'jvp').")
    chosen = tuple(dict.fromkeys([MODES[mode] for mode in modes]))
    name = getattr(fun, "__name__", type(fun).__name__)

    def check(*args: Any) -> None:
        leaves, structure = flatten(list(args))
        values = [_double(x) for x in leaves]
        inexact = [i for i, x in enumerate(values) if x.dtype.kind in "fc"]
        if not inexact:
            came = ", ".join([type(x).__name__ for x in leaves]) or "nothing"
            raise TypeError(f"check_grads: expected a float or complex argument; got {came}. Cast one first: float(x).")

        def flat(*xs: Array) -> list[Array]:
            full = list(leaves)
            for i, x in zip(inexact, xs):
                full[i] = x
            out = flatten(fun(*unflatten(structure, full)))[0]
            return [x for x in out if _kind(x) in "fc"]

        places = _places(structure, len(args))
        work = [(flat, [values[i] for i in inexact], [f"argument {places[i]}" for i in inexact], "")]
        for level in range(1, order + 1):
            further = []
            for f, xs, labels, path in work:
                further += _check_order(f, xs, labels, path, chosen, level, name, rtol, atol, seed)
            work = further

    return check


def _check_order(
    f: Callable[..., list[Array]],
    xs: list[Array],
    labels: list[str],
    path: str,
    modes: tuple[str, ...],
    level: int,
    name: str,
    rtol: float,
    atol: float,
    seed: int,
) -> list[Any]:
    """Check the first derivatives of ``f``; returns the functions whose first derivatives are of the next order."""
    stream = backends.get("numpy").generator(seed + level)
    with no_grad():
        out = [_raw(x) for x in f(*xs)]
    if not out:
        return []
    vs = [_random(stream, x) for x in xs]
    gs = [_random(stream, x) for x in out]
    tupled = lambda *a: tuple(f(*a))
    pulled = vjp(tupled, *xs)[1](tuple(gs)) if "vjp" in modes else None
    for k, (v, label) in enumerate(zip(vs, labels)):
        line = _Line(f, xs, k, v)
        wanted = line.difference()
        where = f"check_grads: {name}: {{}} of order {level}{path}, {label}"
        if "jvp" in modes:
            pushed = jvp(tupled, tuple(xs), tuple([w if i == k else w * 0 for i, w in enumerate(vs)]))[1]
            for i, (a, b) in enumerate(zip(pushed, wanted)):
                place = where.format("jvp") + (f", result {i}" if len(out) > 1 else "")
                _compare(place, _host(a), b, rtol, atol, line)
            line.check_taylor(where.format("jvp"), pushed)
        if pulled is not None:
            a, b = _pairing([pulled[k]], [v]), _pairing(gs, wanted)
            _compare(where.format("vjp"), a, b, rtol, atol * max(1.0, float(abs(_host(v)).sum())), line)

    further = []
    n = len(xs)
    if "vjp" in modes:
        cotangents = [f"cotangent {i}" for i in range(len(gs))]
        backward = lambda *a: list(vjp(lambda *p: tuple(f(*p)), *a[:n])[1](tuple(a[n:])))
        further.append((backward, [*xs, *gs], [*labels, *cotangents], f"{path}, of the vjp"))
    if "jvp" in modes:
        tangents = [f"tangent of {label}" for label in labels]
        forward = lambda *a: list(jvp(lambda *p: tuple(f(*p)), tuple(a[:n]), tuple(a[n:]))[1])
        further.append((forward, [*xs, *vs], [*labels, *tangents], f"{path}, of the jvp"))
    return further


# Numbers ---------------------------------------------------------------------------------------------------


def _raw(x: Any) -> Array:
    return x._data if is_tensor(x) else x


def _kind(x: Any) -> str:
    return getattr(
        getattr(_raw(x), "dtype", None), "kind", "f" if isinstance(x, float) else "c" if isinstance(x, complex) else "i"
    )


def _double(x: Any) -> Array:
    """An argument as an array of double precision on its backend; integers and booleans as they are."""
    data = _raw(x)
    backend = backends.of(data)
    if not backend.owns_memory:
        backend = backends.default()
    array = backend.asarray(data)
    if array.dtype.kind not in "fc":
        return array
    return array.astype("complex128" if array.dtype.kind == "c" else "float64")


def _random(stream: Any, like: Array) -> Array:
    shape = tuple(getattr(like, "shape", ()))
    values = stream.standard_normal(shape)
    if _kind(like) == "c":
        values = values + 1j * stream.standard_normal(shape)
    backend = backends.of(like)
    return backend.asarray(values) if backend.owns_memory else float(values)


def _host(x: Any) -> Any:
    data = _raw(x)
    return backends.of(data).to_numpy(data)


def _pairing(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Re Σ a·b: cotangents are not conjugated."""
    return sum([(_host(x) * _host(y)).sum().real for x, y in zip(a, b)])


def _largest(values: Sequence[Any]) -> float:
    return max([float(abs(x).max()) for x in values if x.size], default=0.0)


class _Line:
    """A function along the direction ``v`` of its argument ``k``."""

    def __init__(self, f: Callable[..., list[Array]], xs: list[Array], k: int, v: Array) -> None:
        self.f, self.xs, self.k, self.v = f, xs, k, v

    def at(self, h: float) -> list[Any]:
        """The results at ``x + hv``, on the host."""
        moved = list(self.xs)
        moved[self.k] = self.xs[self.k] + h * self.v
        with no_grad():
            return [_host(x) for x in self.f(*moved)]

    def difference(self) -> list[Any]:
        """The derivative, from both sides."""
        return [(a - b) / (2 * STEP) for a, b in zip(self.at(STEP), self.at(-STEP))]

    def has_kink(self) -> bool:
        """Whether the slopes to both sides differ, so that there is no derivative to compare with."""
        right, left = [[(a - b) / h for a, b in zip(self.at(h), self.at(0.0))] for h in (STEP, -STEP)]
        return _largest([a - b for a, b in zip(right, left)]) > 1e-2 * (1 + _largest(right))

    def check_taylor(self, where: str, pushed: Sequence[Any]) -> None:
        """Raise unless the remainder of the linear approximation falls as the square of the step."""
        here = self.at(0.0)
        big, small = [
            _largest([a - b - h * _host(t) for a, b, t in zip(self.at(h), here, pushed)]) for h in (2e-3, 1e-3)
        ]
        if big > 1e-8 * (1 + _largest(here)) and not big / small > 3:
            raise AssertionError(
                f"{where}: expected the remainder of the linear approximation to shrink by 4 as the step halves; "
                f"got {big / small:.2f}. Correct the rule of an operation in it."
            )


def _compare(where: str, came: Any, wanted: Any, rtol: float, atol: float, line: _Line) -> None:
    """Raise unless two arrays agree, relative to the largest element."""
    if not wanted.size:
        return
    error = abs(came - wanted).max()
    if error <= atol + rtol * abs(wanted).max():
        return
    hint = ""
    if line.has_kink():
        hint = ", or check at another point: the slopes to both sides differ here, so the function has a kink"
    raise AssertionError(
        f"{where}: expected {_brief(wanted)} from central differences; got {_brief(came)} (off by {error:.2g}). "
        f"Correct the rule of an operation in it{hint}."
    )


def _brief(x: Any) -> str:
    return str(x) if getattr(x, "shape", ()) else f"{x:.6g}"


def _places(structure: Structure, count: int) -> list[str]:
    """Which argument each leaf belongs to, as ``0`` or ``0[2]``."""
    total = sum(entry is None for entry in structure)
    trees = unflatten(structure, range(total))
    names = [""] * total
    for i in range(count):
        leaves = flatten(trees[i])[0]
        for j, leaf in enumerate(leaves):
            names[leaf] = str(i) if len(leaves) == 1 else f"{i}, leaf {j}"
    return names

"""What is checked of a row of the table on one backend: values, derivatives of both modes and orders, dtypes.

Derivatives are held against central differences of NumPy's run in float64; lower precisions and other backends
against the same numbers. Everything is read-only, so that a rule that writes in place fails.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import backends
from autograd import grad, jvp, scalar, vjp
from autograd.mode import switch
from autograd.plan import RUNTIME
from autograd.primitive import PRIMITIVES
from tests.cases.base import Case
from tests.strict_array import counts

STEP = 1e-6
# How far a result may be from the exact one, relative to its largest element.
TOLERANCE = {"float64": 1e-6, "complex128": 1e-6, "float32": 5e-5, "complex64": 5e-5, "float16": 3e-2}
VALUE_TOLERANCE = {"float64": 1e-10, "complex128": 1e-10, "float32": 1e-5, "complex64": 1e-5, "float16": 5e-3}
DERIVATIVES = ("vjp", "jvp", "second")


class Failed(AssertionError):
    """One check that failed, with the dtype it failed for."""


def lacking(case: Case) -> set[str]:
    """What the row says is missing: ``vjp``, ``jvp``, ``second``; ``syncs`` for one that must wait for the device."""
    return {part.split(":")[0].strip() for part in case.lacks.split(";") if part.strip()}


# Arguments -------------------------------------------------------------------------------------------------


def cast(x: Any, dtype: str) -> Any:
    """A float or complex array in the precision (and, for complex dtypes, the kind) under test; the rest as it is."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fc":
        return x
    if x.dtype.kind == "c" and dtype.startswith("float"):
        dtype = "complex128" if dtype == "float64" else "complex64"
    return x.astype(dtype)


def scaled(x: np.ndarray, dtype: str) -> np.ndarray:
    """An array in the precision under test; real stays real, and complex complex."""
    wide = precision(np.dtype(dtype)) == 8
    return x.astype(
        ("complex128" if wide else "complex64") if x.dtype.kind == "c" else f"float{8 * precision(np.dtype(dtype))}"
    )


def locked(x: np.ndarray) -> np.ndarray:
    """A copy that can't be written into."""
    x = np.array(x, copy=True, order="K")
    x.flags.writeable = False
    return x


def on(backend: backends.Backend, x: Any) -> Any:
    """NumPy arrays, also inside tuples, lists and dicts, as the backend's."""
    if isinstance(x, np.ndarray):
        return locked(x) if backend.name == "numpy" else backend.asarray(x)
    if isinstance(x, (tuple, list)):
        return type(x)([on(backend, item) for item in x])
    if isinstance(x, dict):
        return {key: on(backend, item) for key, item in x.items()}
    return x


def host(x: Any) -> np.ndarray:
    """A Tensor or array as a NumPy array."""
    data = x._data if isinstance(x, RUNTIME["Tensor"]) else x
    return np.asarray(backends.of(data).to_numpy(data))


def argnums(case: Case) -> tuple[int, ...]:
    """The positions differentiated."""
    if case.argnums is not None:
        return case.argnums
    return tuple(i for i, x in enumerate(case.args) if isinstance(x, np.ndarray) and x.dtype.kind in "fc")


def tupled(out: Any) -> tuple[Any, ...]:
    return tuple(out) if isinstance(out, (tuple, list)) else (out,)


def is_inexact(x: Any) -> bool:
    return getattr(x, "dtype", np.dtype(type(x))).kind in "fc"


class Run:
    """One row on one backend in one dtype: the function of its differentiated arguments alone."""

    def __init__(self, case: Case, backend: backends.Backend, dtype: str, args: Sequence[Any] | None = None) -> None:
        self.case = case
        self.backend = backend
        self.dtype = dtype
        args = [cast(x, dtype) for x in (case.args if args is None else args)]
        self.args = on(backend, args)
        self.options = on(backend, case.options)
        self.chosen = argnums(case)
        self.xs = [self.args[i] for i in self.chosen]

    def __call__(self, *xs: Any) -> tuple[Any, ...]:
        """The inexact outputs, as a tuple."""
        return tuple([out for out in self.everything(*xs) if is_inexact(out)])

    def everything(self, *xs: Any) -> tuple[Any, ...]:
        """All outputs."""
        args = list(self.args)
        for i, x in zip(self.chosen, xs):
            args[i] = x
        with np.errstate(all="ignore"):
            return tupled(self.case.function(*args, **self.options))

    def random(self, like: Sequence[Any], salt: str) -> list[Any]:
        """Arrays of the shapes and dtypes of ``like``, the same at every call."""
        rng = np.random.default_rng(zlib.crc32(f"{self.case.id} {salt}".encode()))
        return [on(self.backend, draw(rng, tuple(x.shape), x.dtype)) for x in like]


def draw(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    values = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    return np.asarray(values, dtype=dtype)


# Expected numbers: NumPy in float64 ------------------------------------------------------------------------


_expected: dict[tuple[int, str, str], dict[str, Any]] = {}


def expected(case: Case, dtype: str, backend: backends.Backend) -> dict[str, Any]:
    """The numbers that every backend and precision is held against, from differences in double precision.

    NumPy's run gives them, or the backend's own where the row has no reference (random numbers differ).
    """
    wide = "complex128" if dtype.startswith("complex") else "float64"
    backend = backend if case.reference is None else backends.get("numpy")
    key = (id(case), wide, backend.name)
    if key not in _expected:
        _expected[key] = _compute(case, wide, backend)
    return _expected[key]


def _compute(case: Case, wide: str, backend: backends.Backend) -> dict[str, Any]:
    run = Run(case, backend, wide)
    xs = run.xs
    out = run(*xs)
    vs, gs = run.random(xs, "v"), run.random(out, "g")
    found = {"xs": xs, "out": out, "vs": vs, "gs": gs, "jv": difference(run, xs, vs)}
    if case.orders > 1 and not lacking(case) & {"vjp", "second"}:
        us, ws = run.random(xs, "u"), run.random(gs, "w")
        found["us"], found["ws"] = us, ws
        found["second"] = difference(functools.partial(pulled, run), [*xs, *gs], [*us, *ws])
    return {name: [host(x) for x in values] for name, values in found.items()}


def difference(f: Callable[..., Any], xs: Sequence[Any], vs: Sequence[Any]) -> list[np.ndarray]:
    """Central difference of a function with several arguments and results, along one direction."""
    above = f(*[x + STEP * v for x, v in zip(xs, vs)])
    below = f(*[x - STEP * v for x, v in zip(xs, vs)])
    return [(host(a) - host(b)) / (2 * STEP) for a, b in zip(above, below)]


def pulled(run: Run, *args: Any) -> tuple[Any, ...]:
    """Jᵀg as a function of x and g."""
    n = len(run.xs)
    return vjp(run, *args[:n])[1](tuple(args[n:]))


def pairing(a: Sequence[Any], b: Sequence[Any]) -> float:
    """Re Σ a·b: cotangents are not conjugated."""
    return float(sum(np.sum(host(x).astype(complex) * host(y).astype(complex)).real for x, y in zip(a, b)))


# The checks ------------------------------------------------------------------------------------------------


class Watch:
    """Told of every recorded operation and backward step: notes results of another precision."""

    def __init__(self, dtype: str) -> None:
        self.precision = precision(np.dtype(dtype))
        self.wrong: list[str] = []

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        for x in tupled(result):
            self.check(x, f"{primitive.name} gave")

    def sweeping(self, node: Any, g: Any) -> None:
        self.check(g, f"the cotangent of {node.plan.name} is")

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        for x in grads:
            self.check(x, f"the rule of {node.plan.name} gave")

    def check(self, x: Any, what: str) -> None:
        dtype = getattr(x, "dtype", None)
        if dtype is None or dtype is float or dtype.kind not in "fc":
            return
        # float16 may add up in float32.
        if precision(dtype) != self.precision and not (self.precision == 2 and precision(dtype) == 4):
            self.wrong.append(f"{what} {dtype}")


def precision(dtype: Any) -> int:
    return dtype.itemsize // (2 if dtype.kind == "c" else 1)


def near(actual: Sequence[Any], wanted: Sequence[Any], tolerance: float, what: str) -> None:
    """Assert that arrays agree, relative to the largest element."""
    if len(actual) != len(wanted):
        raise Failed(f"{what}: expected {len(wanted)} results; got {len(actual)}")
    for i, (a, b) in enumerate(zip(actual, wanted)):
        a, b = host(a), np.asarray(b)
        if a.shape != b.shape:
            raise Failed(f"{what} {i}: expected shape {b.shape}; got {a.shape}")
        if b.dtype.kind in "biu":
            if not np.array_equal(a, b):
                raise Failed(f"{what} {i}: expected {b}; got {a}")
            continue
        finite = b[np.isfinite(b)]
        scale = max(1.0, float(np.max(np.abs(finite)))) if finite.size else 1.0
        wide = complex if "c" in (a.dtype.kind, b.dtype.kind) else float
        if not np.allclose(a.astype(wide), b.astype(wide), rtol=0, atol=tolerance * scale, equal_nan=True):
            raise Failed(f"{what} {i}: expected {b}; got {a}")


def kept(xs: Sequence[Any], like: Sequence[Any], what: str) -> None:
    """Assert that derivatives have the dtypes of what they are derivatives of, and live where it does."""
    for x, y in zip(xs, like):
        if x.dtype != y.dtype or tuple(x.shape) != tuple(y.shape):
            raise Failed(f"{what}: expected {y.dtype}{list(y.shape)}; got {x.dtype}{list(x.shape)}")
        if backends.of(x) is not backends.of(y):
            raise Failed(f"{what}: expected an array on {backends.of(y)}; got one on {backends.of(x)}")


def check_value(case: Case, backend: backends.Backend, dtype: str) -> None:
    """The value against the reference; its dtype; the same from Tensors."""
    run = Run(case, backend, dtype)
    out = run.everything(*run.xs)
    for x in out:
        backends.of(x)
        from_inexact = any(is_inexact(y) for y in run.args if hasattr(y, "dtype"))
        if is_inexact(x) and from_inexact and precision(x.dtype) != precision(np.dtype(dtype)):
            raise Failed(f"value: expected the precision of {dtype}; got {x.dtype}")
    if case.reference is not None:
        wide = "complex128" if dtype.startswith("complex") else "float64"
        # The reference sees the very numbers that the operation sees, in double precision.
        args = [cast(cast(x, dtype), wide) for x in case.args]
        with np.errstate(all="ignore"):
            wanted = tupled(case.reference(*args, **case.options))
        near(out[: len(wanted)], wanted, VALUE_TOLERANCE[dtype], "value")
    tensor = RUNTIME["Tensor"]
    lifted = [tensor(x) if i in run.chosen else x for i, x in enumerate(run.args)]
    run.args = lifted
    recorded = run.everything(*[lifted[i] for i in run.chosen])
    if not run.chosen:
        return
    for x, y in zip(recorded, out):
        if not isinstance(x, tensor):
            raise Failed(f"value: expected a Tensor for Tensors; got {type(x).__name__}")
        if not np.array_equal(host(x), host(y), equal_nan=is_inexact(y)):
            raise Failed("value: expected the same from Tensors as from arrays")


def check_first(case: Case, backend: backends.Backend, dtype: str) -> None:
    """vjp and jvp against differences, against one another (the adjoint identity), and their dtypes."""
    exact = expected(case, dtype, backend)
    run = Run(case, backend, dtype)
    vs, gs = ([on(backend, scaled(x, dtype)) for x in exact[name]] for name in ("vs", "gs"))
    missing = lacking(case)
    watch = Watch(dtype)
    before = (counts.host_syncs, counts.uploads)
    pulled_back = pushed = None
    with switch(watchers=(watch,)), np.errstate(all="ignore"):
        if "vjp" not in missing:
            out, pullback = vjp(run, *run.xs)
            pulled_back = pullback(tuple(gs))
        if "jvp" not in missing:
            out, pushed = jvp(run, tuple(run.xs), tuple(vs))
    after = (counts.host_syncs, counts.uploads)
    if after != before and "syncs" not in missing:
        raise Failed(
            "expected nothing to wait for the device or be copied to it; "
            f"got {after[0] - before[0]} waits, {after[1] - before[1]} copies"
        )
    if watch.wrong:
        raise Failed(f"expected the precision of {dtype} at every step; {watch.wrong[0]}")
    tolerance = TOLERANCE[dtype]
    if pushed is not None:
        near(pushed, exact["jv"], tolerance, "jvp")
        kept(pushed, out, "jvp")
    if pulled_back is not None:
        kept(pulled_back, run.xs, "vjp")
        a, b = pairing(pulled_back, exact["vs"]), pairing(exact["gs"], exact["jv"])
        scale = max(1.0, abs(b), *[float(np.sum(np.abs(host(x)))) for x in pulled_back])
        if not abs(a - b) <= tolerance * scale:
            raise Failed(f"vjp: expected ⟨Jᵀg, v⟩ = {b} from differences; got {a}")


def check_second(case: Case, backend: backends.Backend, dtype: str) -> None:
    """Derivatives of the vjp by both modes, and the vjp of the jvp."""
    exact = expected(case, dtype, backend)
    run = Run(case, backend, dtype)
    gs, us, ws = ([on(backend, scaled(x, dtype)) for x in exact[name]] for name in ("gs", "us", "ws"))
    gradient = functools.partial(pulled, run)
    watch = Watch(dtype)
    before = (counts.host_syncs, counts.uploads)
    with switch(watchers=(watch,)), np.errstate(all="ignore"):
        first, pushed = jvp(gradient, (*run.xs, *gs), (*us, *ws))
        _, pullback = vjp(gradient, *run.xs, *gs)
        directions = run.random(first, "d")
        pulled_back = pullback(tuple(directions))
        if "jvp" not in lacking(case):
            mixed = vjp(lambda *xs: jvp(run, xs, tuple(us))[1], *run.xs)[1](tuple(gs))
    after = (counts.host_syncs, counts.uploads)
    if backend.name == "strict" and after[0] != before[0] and "syncs" not in lacking(case):
        raise Failed(f"second: expected nothing to wait for the device; got {after[0] - before[0]} waits")
    if watch.wrong:
        raise Failed(f"second: expected the precision of {dtype} at every step; {watch.wrong[0]}")
    tolerance = TOLERANCE[dtype]
    near(pushed, exact["second"], tolerance, "second order, jvp of vjp")
    a, b = pairing(pulled_back, [*us, *ws]), pairing(directions, exact["second"])
    scale = max(1.0, abs(b), *[float(np.sum(np.abs(host(x)))) for x in pulled_back])
    if not abs(a - b) <= tolerance * scale:
        raise Failed(f"second order, vjp of vjp: expected {b} from differences; got {a}")
    if "jvp" not in lacking(case):
        # ∂/∂x of ⟨g, J·u⟩ is the derivative of Jᵀg along u.
        straight = jvp(lambda *xs: gradient(*xs, *gs), tuple(run.xs), tuple(us))[1]
        near(mixed, [host(x) for x in straight], tolerance, "second order, vjp of jvp")


def check_taylor(case: Case) -> None:
    """The remainder of the linear approximation shrinks by 4 as the step halves (in float64)."""
    numpy = backends.get("numpy")
    exact = expected(case, "float64", numpy)
    run = Run(case, numpy, "float64")
    pushed = jvp(run, tuple(run.xs), tuple(exact["vs"]))[1]
    remainders = []
    for h in (1e-3, 5e-4):
        moved = run(*[x + h * v for x, v in zip(exact["xs"], exact["vs"])])
        remainders.append(
            max(
                (
                    float(np.max(np.abs(host(a) - host(b) - h * host(t)), initial=0))
                    for a, b, t in zip(moved, exact["out"], pushed)
                ),
                default=0.0,
            )
        )
    big, small = remainders
    scale = max([1.0, *[float(np.max(np.abs(host(x)), initial=0)) for x in exact["out"]]])
    if big > 1e-9 * scale and not big / small > 3.5:
        raise Failed(f"taylor: expected the remainder to shrink by 4 as the step halves; got {big / small:.2f}")


def check_complex_step(case: Case) -> None:
    """Im f(x + ihv)/h, which has no cancellation, against the jvp."""
    numpy = backends.get("numpy")
    exact = expected(case, "float64", numpy)
    run = Run(case, numpy, "float64")
    pushed = jvp(run, tuple(run.xs), tuple(exact["vs"]))[1]
    moved = run(*[x + 1e-30j * v for x, v in zip(exact["xs"], exact["vs"])])
    near(pushed, [np.imag(host(x)) / 1e-30 for x in moved], 1e-10, "jvp against the complex step")


def check_layouts(case: Case, backend: backends.Backend) -> None:
    """An element-wise operation on transposed, reversed, 0-d, empty and broadcast operands."""
    arrays = [x for x in case.args if isinstance(x, np.ndarray)]
    shape = np.broadcast_shapes(*[x.shape for x in arrays])
    shape = shape if len(shape) > 1 else (1, *shape)
    full = [np.ascontiguousarray(np.broadcast_to(x, shape)) if isinstance(x, np.ndarray) else x for x in case.args]
    out, grads = layout(case, backend, full)

    def same(change: Callable[[Any], Any], what: str) -> None:
        got, got_grads = layout(case, backend, [change(x) if isinstance(x, np.ndarray) else x for x in full])
        near(got, [change(x) for x in out], 1e-12, f"{what}: value")
        near(got_grads, [change(x) for x in grads], 1e-12, f"{what}: gradient")

    same(lambda x: x.T, "transposed")
    same(lambda x: x[::-1, ::-1], "reversed")
    same(lambda x: x[:, ::2], "strided")
    same(lambda x: x[0, 0, ...], "0-d")
    same(lambda x: x[:0], "empty")
    places = [i for i, x in enumerate(case.args) if isinstance(x, np.ndarray)]
    if len(places) > 1:
        for i in places:
            row = list(full)
            row[i] = full[i][:1]
            tiled = list(full)
            tiled[i] = np.broadcast_to(full[i][:1], shape).copy()
            got, got_grads = layout(case, backend, row)
            wanted, wanted_grads = layout(case, backend, tiled)
            if case.orders and i in argnums(case):
                k = argnums(case).index(i)
                wanted_grads[k] = wanted_grads[k].sum(axis=0, keepdims=True)
            near(got, wanted, 1e-12, "broadcast: value")
            near(got_grads, wanted_grads, 1e-12, "broadcast: gradient")


def layout(case: Case, backend: backends.Backend, args: list[Any]) -> tuple[list[Any], list[Any]]:
    """Values, and gradients for a cotangent of ones, of arguments as they lie in memory."""
    run = Run(case, backend, "float64", args)
    if not case.orders:
        return [host(x) for x in run.everything(*run.xs)], []
    out, pullback = vjp(run, *run.xs)
    ones = tuple([on(backend, np.ones(tuple(x.shape), x.dtype)) for x in out])
    return [host(x) for x in out], [host(x) for x in pullback(ones)]


def check_scalars(case: Case) -> None:
    """An element-wise operation on Python floats: value, both modes and second order as NumPy's, element by element."""
    arrays = np.broadcast_arrays(*[np.asarray(x) for x in case.args])
    for place in np.ndindex(arrays[0].shape):
        args = [None if x is None else a[place].item() for x, a in zip(case.args, arrays)]
        out = tupled(case.function(*args, **case.options))
        with np.errstate(all="ignore"):
            wide = [np.float64(x) if isinstance(x, float) else x for x in args]
            near_number(out[0], tupled(case.function(*wide, **case.options))[0], "value")
            for k in argnums(case) if case.orders else ():
                ours, numpy = along(case, args, k), along(case, wide, k)
                point, there = scalar(args[k], requires_grad=False), wide[k]
                near_number(grad(ours)(point).item(), grad(numpy)(there), f"vjp {k}")
                near_number(jvp(ours, (point,), (1.0,))[1].item(), grad(numpy)(there), f"jvp {k}")
                if case.orders > 1:
                    near_number(grad(grad(ours))(point).item(), grad(grad(numpy))(there), f"second {k}")


def along(case: Case, args: list[Any], k: int) -> Callable[[Any], Any]:
    """The operation's first output as a function of argument ``k`` alone."""
    return lambda x: tupled(case.function(*args[:k], x, *args[k + 1 :], **case.options))[0]


def near_number(a: Any, b: Any, what: str) -> None:
    """Assert that two numbers agree."""
    if not np.isclose(float(a), float(b), rtol=1e-9, atol=1e-12, equal_nan=True):
        raise Failed(f"{what}: expected {b} as on arrays; got {a}")


def check(case: Case, backend: backends.Backend) -> list[str]:
    """Every check of a row on a backend; the failures in words."""
    failures = []

    def attempt(f: Callable[..., None], *args: Any, label: str = "") -> None:
        try:
            f(case, *args)
        except Exception as error:
            failures.append(
                f"{label or f.__name__}: {type(error).__name__ if not isinstance(error, Failed) else ''} {error}"
            )

    missing = lacking(case)
    for dtype in case.dtypes:
        attempt(check_value, backend, dtype, label=dtype)
        if case.orders > 0 and not {"vjp", "jvp"} <= missing:
            attempt(check_first, backend, dtype, label=dtype)
        if case.orders > 1 and not missing & {"vjp", "second"}:
            attempt(check_second, backend, dtype, label=dtype)
    if backend.name == "numpy" and case.orders > 0 and "jvp" not in missing and "float64" in case.dtypes:
        attempt(check_taylor)
        if case.analytic:
            attempt(check_complex_step)
    primitive = PRIMITIVES.get(case.primitive)
    if (
        primitive is not None
        and primitive.elementwise
        and "float64" in case.dtypes
        and any(isinstance(x, np.ndarray) for x in case.args)
    ):
        attempt(check_layouts, backend)
    return failures

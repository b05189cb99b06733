"""Calls of ``autograd.numpy`` held against NumPy: values, dtypes, and derivatives by differences of NumPy's values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd.numpy as anp
import backends
from autograd import Tensor, gradients, jvp, tensor
from tests.helpers import to_numpy


@dataclass(frozen=True)
class Call:
    """``autograd.numpy.name(*args, **options)``; arrays of floats in the arguments, in lists too, are differentiated.

    Attributes:
        reference: NumPy's function of the same call, where it has another name or the call another form.
        derivative: whether the result has one.
    """

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    reference: Callable[..., Any] | None = None
    derivative: bool = True
    label: str = ""

    @property
    def id(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name

    def ours(self, args: Any) -> Any:
        return getattr(anp, self.name)(*args, **self.options)

    def numpys(self, args: Any) -> Any:
        return (self.reference or getattr(np, self.name))(*args, **self.options)


def mapped(value: Any, function: Callable[[np.ndarray], Any]) -> Any:
    """``value`` with ``function`` applied to the arrays in it, inside lists and tuples too."""
    if isinstance(value, np.ndarray):
        return function(value)
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(item, function) for item in value)
    return value


def is_float(x: Any) -> bool:
    return x.dtype.kind in "fc"


def floats(args: Any) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    mapped(args, lambda x: found.append(x) if is_float(x) else None)
    return found


def with_floats(args: Any, values: list[Any], other: Callable[[np.ndarray], Any]) -> Any:
    """``args`` with its arrays of floats replaced, in order."""
    left = iter(values)
    return mapped(args, lambda x: next(left) if is_float(x) else other(x))


def parts(result: Any) -> list[Any]:
    """The arrays of a result that may be a list or tuple of them."""
    return list(result) if isinstance(result, (list, tuple)) else [result]


def check_plain(call: Call, backend: backends.Backend) -> None:
    """On plain arrays: NumPy's values, dtypes and shapes, as plain arrays."""
    want = parts(call.numpys(call.args))
    got = parts(call.ours(mapped(call.args, backend.asarray)))
    assert len(got) == len(want)
    for ours, theirs in zip(got, want):
        assert isinstance(ours, backend.array_types), type(ours)
        assert ours.dtype == np.asarray(theirs).dtype
        assert ours.shape == np.shape(theirs)
        np.testing.assert_allclose(to_numpy(ours), theirs, rtol=1e-12, atol=1e-14)


def check_tensors(call: Call, backend: backends.Backend) -> None:
    """With Tensors: NumPy's values; vjp, jvp and second derivative along random directions, by central differences."""
    rng = np.random.default_rng(7)
    inputs = floats(call.args)

    def ours(values: list[Any]) -> list[Any]:
        return parts(call.ours(with_floats(call.args, values, backend.asarray)))

    def theirs(values: list[np.ndarray]) -> list[np.ndarray]:
        return [np.asarray(r) for r in parts(call.numpys(with_floats(call.args, values, lambda x: x)))]

    tensors = [Tensor(backend.asarray(x), requires_grad=True) for x in inputs]
    got, want = ours(tensors), theirs(inputs)
    assert len(got) == len(want)
    for result, expected in zip(got, want):
        assert isinstance(result, Tensor), type(result)
        np.testing.assert_allclose(to_numpy(result), expected, rtol=1e-12, atol=1e-14)
    where = [i for i, r in enumerate(want) if is_float(r)]
    assert [i for i, r in enumerate(got) if r.requires_grad] == (where if call.derivative else [])
    if not call.derivative:
        return
    weights = [rng.normal(size=want[i].shape) for i in where]
    directions = [rng.normal(size=x.shape) for x in inputs]
    directions = [
        np.asfortranarray(d) if x.ndim > 1 and x.flags.f_contiguous else d for x, d in zip(inputs, directions)
    ]
    step = 1e-6

    def loss(values: list[np.ndarray]) -> Any:
        results = theirs(values)
        return sum([(w * results[i] ** 2).sum() for i, w in zip(where, weights)])

    def moved(by: float) -> list[np.ndarray]:
        return [x + by * d for x, d in zip(inputs, directions)]

    total: Any = 0.0
    for i, w in zip(where, weights):
        total = total + (tensor(backend.asarray(w)) * got[i] * got[i]).sum()
    grads = gradients([total], tensors, create_graph=True, allow_unused=True)
    slope = sum([(to_numpy(g) * d).sum() for g, d in zip(grads, directions) if g is not None])
    np.testing.assert_allclose(slope, (loss(moved(step)) - loss(moved(-step))) / (2 * step), rtol=1e-6, atol=1e-7)

    primals, ways = [backend.asarray(x) for x in inputs], [backend.asarray(d) for d in directions]
    _, pushed = jvp(lambda *values: [r for i, r in enumerate(ours(list(values))) if i in where], primals, ways)
    up, down = theirs(moved(step)), theirs(moved(-step))
    for i, t in zip(where, pushed):
        np.testing.assert_allclose(to_numpy(t), (up[i] - down[i]) / (2 * step), rtol=1e-6, atol=1e-7)

    along: Any = 0.0
    for g, way in zip(grads, ways):
        if g is not None:
            along = along + (g * tensor(way)).sum()
    seconds = gradients([along], tensors, allow_unused=True)
    curvature = sum([(to_numpy(s) * d).sum() for s, d in zip(seconds, directions) if s is not None])
    wide = 1e-4
    bend = (loss(moved(wide)) - 2 * loss(inputs) + loss(moved(-wide))) / wide**2
    np.testing.assert_allclose(curvature, bend, rtol=1e-4, atol=1e-4)


def check_float32(call: Call, backend: backends.Backend) -> None:
    """float32 stays float32: in every result and every gradient."""
    tensors = [tensor(backend.asarray(x.astype("float32")), requires_grad=True) for x in floats(call.args)]
    got = parts(call.ours(with_floats(call.args, tensors, backend.asarray)))
    found = [r for r in got if r.requires_grad]
    assert {str(r.dtype) for r in found} <= {"float32"}
    if found:
        total: Any = 0.0
        for r in found:
            total = total + r.sum()
        for g in gradients([total], tensors, allow_unused=True):
            assert g is None or str(g.dtype) == "float32"

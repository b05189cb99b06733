"""Gradients out of the graph: fitting cotangents, accumulating into leaves, recorded passes.

Imports ``ops``, ``graph``, ``mode``.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from sys import getrefcount
from typing import Any

import backends
from autograd import views
from autograd.graph import SOLE, FormerLeaf, GraphError, Leaf, Node, Sweep, sweep
from autograd.mode import enable_grad
from autograd.ops import arithmetic, reduce, shape
from autograd.plan import RUNTIME
from autograd.primitive import of

_UNBROADCAST = of(reduce.unbroadcast).table


def is_tensor(value: Any) -> bool:
    """Whether ``value`` is a Tensor."""
    return value.__class__ is RUNTIME["Tensor"]


def fit(g: Any, edge: Any, beside: Any = None) -> Any:
    """``g`` un-broadcast to the edge's shape, real where the edge is, in its dtype; for raw and recorded ones alike.

    A number becomes an array where the cotangent ``beside`` it lives.
    """
    target, dtype = edge.shape, edge.dtype
    if g.__class__ is float:
        return g if dtype is float else _from_number(g, edge, beside)
    try:
        size = g.shape
    except AttributeError:
        return _from_number(g, edge, beside)
    if size != target:
        if len(size) > len(target):
            forward = _UNBROADCAST.get(g.__class__)  # for a raw array, what the primitive would call
            g = forward(g, shape=target) if forward is not None else reduce.unbroadcast(g, shape=target)
        elif len(size) < len(target) or any([n == 1 != m for n, m in zip(size, target, strict=True)]):
            g = shape.broadcast_to(g, shape=target)
        else:
            g = reduce.unbroadcast(g, shape=target)
    if dtype is float:
        return g if is_tensor(g) else float(g.real)
    if g.dtype is not dtype and g.dtype != dtype:
        if g.dtype.kind == "c" and dtype.kind != "c":
            g = arithmetic.real(g)
        if g.dtype != dtype:
            g = arithmetic.astype(g, dtype=dtype)
    return g


def _from_number(g: Any, edge: Any, beside: Any) -> Any:
    """A cotangent that a rule or a hook gave as a Python number."""
    if isinstance(g, (bool, int, float, complex)):
        number: Any = g.real if getattr(edge.dtype, "kind", "f") != "c" else g
        if edge.dtype is float:
            return float(number)
        raw = beside._data if is_tensor(beside) else beside
        if hasattr(raw, "shape"):
            return backends.of(raw).xp.full(edge.shape, number, dtype=edge.dtype)
    raise TypeError(
        f"backward: expected a cotangent of shape {edge.shape} and dtype {edge.dtype}; got "
        f"{repr(g) if isinstance(g, (bool, int, float, complex)) else type(g).__name__}. "
        "Return an array from rules and hooks (rules: None where there is no derivative)."
    )


def _wrap(node: Node) -> tuple[Any, ...]:
    return node.plan.wrap(node)


# Gradients are accumulated into leaves under one lock: threads may sweep at once over shared parameters.
_GRAD_LOCK = threading.Lock()
RAW, PRINTED = Sweep(fit), Sweep(fit, printed=True)
RUNTIME["fit"] = fit
RECORDED = Sweep(fit, _wrap)


def propagate(
    outputs: Sequence[Any],
    gradients: Sequence[Any],
    *,
    inputs: Sequence[Any] | None = None,
    retain: bool = False,
    record: bool = False,
    oldest: int = -1,
    cut: bool = False,
) -> dict[Any, Any]:
    """Sweep back from Tensors with raw or Tensor cotangents; returns edge -> cotangent (Tensors where ``record``)."""
    roots = [output._edge for output in outputs]
    if not record:
        cotangents = [g._data if is_tensor(g) else g for g in gradients]
        cotangents = [_fitted(g, root) for g, root in zip(cotangents, roots, strict=True)]
        return sweep(roots, cotangents, _raw(cotangents), inputs=inputs, retain=retain, oldest=oldest, cut=cut)
    cls = RUNTIME["Tensor"]
    with enable_grad():
        cotangents = [g if is_tensor(g) else cls._wrap(g) for g in gradients]
        cotangents = [_fitted(g, root) for g, root in zip(cotangents, roots, strict=True)]
        return sweep(roots, cotangents, RECORDED, inputs=inputs, retain=retain, oldest=oldest, cut=cut)


def _raw(cotangents: Sequence[Any]) -> Sweep:
    """How raw cotangents are swept, which all live on one backend."""
    backend = backends.BY_TYPE.get(cotangents[0].__class__) if cotangents else None
    return PRINTED if backend is not None and backend.prints else RAW


def _fitted(g: Any, root: Any) -> Any:
    if g.__class__ is float or (is_tensor(g) and g._data.__class__ is float):
        return g
    return fit(g, root) if g.shape != root.shape or g.dtype != root.dtype else g


def cotangent_for(tensor: Any, gradient: Any, caller: str) -> Any:
    """The cotangent to start from: the one given, checked, or 1 for a single element."""
    if tensor._edge is None:
        raise GraphError(
            f"{caller}: expected a Tensor computed from one that requires a gradient; this one was not recorded. "
            "Give an input requires_grad=True, and compute outside no_grad(); "
            "autograd.why_no_grad(x, loss) tells where a path broke."
        )
    if gradient is None:
        data = tensor._data
        if data.__class__ is not float and data.size != 1:
            raise GraphError(
                f"{caller}: expected one element, or a gradient of shape {tensor.shape}; got a Tensor of shape "
                f"{tensor.shape} and no gradient. Reduce it first, e.g. .sum(), or pass gradient=…."
            )
        return (backends.BY_TYPE.get(data.__class__) or backends.of(data)).one(data)
    if not is_tensor(gradient):
        backend = backends.of(tensor._data)
        gradient = backend.asarray(gradient, dtype=None if not backend.owns_memory else tensor.dtype)
    given = getattr(gradient, "shape", ())
    if given != tensor.shape:
        raise ValueError(
            f"{caller}: expected a gradient of the output's shape {tensor.shape}; got {given}. "
            "Broadcast it first, e.g. with numpy.broadcast_to."
        )
    raw = gradient._data if is_tensor(gradient) else gradient
    if raw.__class__ is not float and raw.dtype != tensor.dtype:
        gradient = fit(gradient, tensor._edge)
    return gradient


def _alike(a: Any, b: Any) -> bool:
    """Whether both are arrays of one shape and dtype: b can be added to a in place, and no error comes of it."""
    return hasattr(a, "base") and hasattr(b, "base") and a.shape == b.shape and a.dtype == b.dtype


def accumulate(found: dict[Any, Any], record: bool, tensors: dict[Any, Any]) -> None:
    """Add the cotangents to ``.grad`` of the leaves that are still there: all of them, or, on an error, none."""
    cls = RUNTIME["Tensor"]
    fresh: list[Any] = []  # had no gradient, the everyday case: have theirs now, and lose it on an error
    steps: list[tuple[Any, Any, bool | None]] = []
    more: list[tuple[Any, Any, Any]] = []  # of Tensors that were switched off and on: each of their leaves in turn
    with _GRAD_LOCK:
        try:
            while found:
                edge, g = found.popitem()
                if edge.__class__ is Leaf:
                    tensor = edge.tensor()
                    if tensor is None:
                        continue
                    old = tensor._grad
                else:
                    tensor = tensors.get(edge)
                    if tensor is None:
                        if edge.__class__ is FormerLeaf:
                            raise GraphError(
                                f"backward: expected a leaf of the shape it was recorded with, {edge.shape}; its data "
                                "was replaced by some of another shape since. Compute the result again after "
                                "x.data = …."
                            )
                        continue
                    old = tensor.grad
                if tensor._edge is not edge and edge not in tensors:
                    more.append((edge, tensor, g))
                elif old is None and not record:
                    if g.__class__ is not float and (g.base is not None or getrefcount(g) > SOLE):
                        # After a + b both gradients are one array: what anybody else can see is copied.
                        g = backends.of(g).copy(g)
                    tensor._grad = cls._wrap(g)
                    tensor._grad_owned = True
                    fresh.append(tensor)
                elif record:
                    g = g if is_tensor(g) else cls._wrap(g)
                    steps.append((tensor, g if old is None else old + g, False))
                elif tensor._grad_owned and old._edge is None and _alike(old._data, g):
                    steps.append((tensor, g, None))
                else:
                    steps.append((tensor, old + (cls._wrap(g) if old._edge is not None else g), old._edge is None))
        except BaseException:
            for tensor in fresh:
                tensor._grad = None
            raise
        for tensor, value, owned in steps:
            if owned is None:
                old = tensor._grad
                old._data += value
                if old._writes is not None or old._family is not None:
                    views.mark_written(old, "backward")
            else:
                tensor._grad = value
                tensor._grad_owned = owned
    for edge, tensor, g in more:
        accumulate({edge: g}, record, {edge: tensor})


def backward(
    tensor: Any,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Sequence[Any] | None = None,
) -> None:
    """What ``Tensor.backward`` does; see there."""
    g = cotangent_for(tensor, gradient, "backward")
    retain = create_graph if retain_graph is None else retain_graph or create_graph
    chosen: dict[Any, Any] = {}
    if inputs is not None:
        listed: Sequence[Any] = [inputs] if is_tensor(inputs) else inputs
        for x in listed:
            if not is_tensor(x) or x._edge is None:
                raise GraphError(
                    "backward: expected inputs to be Tensors that require a gradient; got "
                    f"{'a Tensor that does not' if is_tensor(x) else type(x).__name__}. Call x.requires_grad_() first."
                )
            chosen[x._edge] = x
        if not chosen:
            raise GraphError(
                "backward: expected at least one Tensor in inputs; got none. Leave inputs out to reach every leaf."
            )
    if inputs is None and not create_graph:
        raw = (g._data if is_tensor(g) else g,)
        found = sweep((tensor._edge,), raw, _raw(raw), retain=retain)
        del raw
    else:
        found = propagate([tensor], [g], inputs=list(chosen) if chosen else None, retain=retain, record=create_graph)
    del g, gradient
    accumulate(found, create_graph, chosen)

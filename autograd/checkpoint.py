"""``checkpoint``: what is inside a function is not kept, but computed again for backward. Imports ``custom``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograd.backward import is_tensor, propagate
from autograd.custom import Call, fresh_data, is_active, is_recording
from autograd.graph import Leaf, Pick, ancestors, next_seq
from autograd.mode import EVERYDAY, get_mode, switch
from autograd.numpy import random as shared
from autograd.ops import arithmetic
from autograd.plan import RUNTIME
from autograd.transform import Function, Transform
from autograd.trees import flatten, unflatten
from backends import RandomStream

__all__ = ["checkpoint"]


class Checkpoint(Transform):
    """See ``checkpoint``."""

    def __init__(self, fun: Function) -> None:
        super().__init__(fun)
        self.__name__ = getattr(fun, "__name__", type(fun).__name__)

    def _parts(self) -> tuple[Any, ...]:
        return (self.fun,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        mode = get_mode()
        if not is_recording() or (mode is not None and mode.full):  # a forward sweep needs the graph itself
            return self.fun(*args, **kwargs)
        return _Checkpointed(self.fun, self.__name__).call(args, kwargs)


def checkpoint(fun: Function) -> Function:
    """``fun`` with a small memory: its intermediate values are not kept for backward, but computed again there.

    What it costs is one more evaluation; what it saves is everything inside ``fun`` but its arguments. Gradients flow
    to the arguments and to Tensors the function closes over. The random streams of ``autograd.numpy.random`` and of
    backends, and ``numpy.random``'s global one, are set back, so that dropout draws the same numbers again.
    Checkpoints nest, and have derivatives of any order.

    Args:
        fun: any function of arrays; it should depend on its arguments, what it closes over, and random streams only.

    >>> import autograd.numpy as np
    >>> from autograd import grad
    >>> block = checkpoint(lambda x: np.tanh(np.tanh(x)))
    >>> grad(lambda x: block(x).sum())(np.array([0.0, 1.0]))
    array([1.  , 0.25])
    """
    return Checkpoint(fun)


class _Checkpointed(Call):
    """One recorded call of a checkpointed function."""

    def __init__(self, fun: Function, name: str) -> None:
        super().__init__(f"checkpoint({name})")
        self.fun = fun

    def call(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What the function returns, on a node of its own."""
        leaves, self.structure = flatten((list(args), kwargs))
        self.active = [i for i, x in enumerate(leaves) if is_active(x)]
        kept = [x.detach() if is_tensor(x) else x for x in leaves]
        before = _marks(leaves)
        start = next_seq()
        seen = _Seen(start)
        out, variables = self._run([_leaf(x) if i in self.active else x for i, x in enumerate(kept)], seen)
        self.streams = [(stream, mark) for stream, mark in before.items() if stream.moved_from(mark)]
        outs, self.out_structure = flatten(out)
        self.places = [i for i, x in enumerate(outs) if is_active(x)]
        outer = _outer_edges([outs[i]._edge for i in self.places], {x._edge for x in variables}, start)
        if self.places:
            writes = [x._watch() for x in kept if is_tensor(x)]
            # What was written while the function ran is its own affair.
            writes += [w for w in seen.writes if not w]
            edges = (*[leaves[i]._edge for i in self.active], *outer)
            recorded = self.record(edges, (False, kept), writes, [fresh_data(outs[i]) for i in self.places], leaves)
            for i, x in zip(self.places, recorded):
                outs[i] = x
        return unflatten(self.out_structure, outs)

    def _run(self, leaves: list[Any], *watchers: Any) -> tuple[Any, list[Any]]:
        """What the function returns for these leaves, recorded, and the variables among them."""
        args, kwargs = unflatten(self.structure, leaves)
        with switch(grad=True, watchers=(*(get_mode() or EVERYDAY).watchers, *watchers)):
            out = self.fun(*args, **kwargs)
        return out, [leaves[i] for i in self.active]

    def wrap(self, node: Any) -> Any:
        _, kept = node.saved
        cls = RUNTIME["Tensor"]
        edges = iter(node.edges)
        return True, [cls._wrap(x._data, next(edges)) if i in self.active else x for i, x in enumerate(kept)]

    def backward(self, g: Any, saved: Any, edges: tuple[Any, ...]) -> tuple[Any, ...]:
        recorded, kept = saved
        cotangents = self.cotangents(g)
        start = next_seq()
        # Recorded, a variable is an identity node on the argument's edge; raw, a leaf.
        lift = arithmetic.positive if recorded else _leaf
        now = [(stream, stream.mark()) for stream, _ in self.streams]
        with switch(grad=True):
            try:
                _set_back(self.streams)
                out, variables = self._run([lift(x) if i in self.active else x for i, x in enumerate(kept)])
            finally:
                _set_back(now)
        outs = flatten(out)[0]
        pairs = [(outs[i], x) for i, x in zip(self.places, cotangents) if x is not None]
        inputs = [*[variable._edge for variable in variables], *edges[len(variables) :]]
        record = recorded or any([is_tensor(x) for x in cotangents])
        found = propagate(
            [out for out, _ in pairs],
            [x for _, x in pairs],
            inputs=inputs,
            retain=record,
            record=record,
            oldest=start,
            cut=True,
        )
        return tuple([found.get(edge) for edge in inputs])


def _leaf(x: Any) -> Any:
    variable = x.detach()
    variable._edge = Leaf(variable, x.shape, x.dtype, inner=True)
    return variable


def _outer_edges(roots: list[Any], inner: set[Any], start: int) -> list[Any]:
    """The edges the graph of ``roots`` leads to outside: older than ``start``, or leaves made inside."""
    found: dict[Any, None] = {}
    for node in ancestors(roots, start, inner):
        if node not in inner:
            if node.seq < start or not (node.edges or node.inner):
                found[node] = None
            for edge in node.edges:
                if edge.seq < start:
                    found[edge] = None
    return list(found)


class _Seen:
    """Watches a recording: notes which older Tensors it reads, so that later writes to them are noticed."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.writes: list[list[str]] = []

    def recorded(self, primitive: Any, tensors: Any, result: Any, options: Any) -> None:
        """Called after every recorded operation."""
        for x in tensors:
            if is_tensor(x) and (x._edge is None or x._edge.seq < self.start):
                self.writes.append(x._watch())
        if isinstance(primitive, Call):  # it keeps what its function closes over, too
            edge = result[0]._edge
            self.writes.extend((edge.edges[0] if edge.__class__ is Pick else edge).writes)

    def sweeping(self, node: Any, g: Any) -> None:
        """Called before every step of a backward sweep."""

    def swept(self, node: Any, g: Any, grads: Any) -> None:
        """Called after every step of a backward sweep."""


# Random streams --------------------------------------------------------------------------------------------


def _marks(values: Iterable[Any]) -> dict[RandomStream, Any]:
    """Where every stream stands. The shared ones are made now, so that their first numbers can be drawn again, too."""
    shared.make_streams(*[x.backend for x in values if is_tensor(x)])
    return {stream: stream.mark() for stream in list(RandomStream.live)}


def _set_back(marks: Iterable[tuple[RandomStream, Any]]) -> None:
    for stream, mark in marks:
        stream.back_to(mark)

"""The inner variables of a transform: a function recorded over them, swept either way. Imports ``forward``, ``trees``.

Each call of a transformed function makes fresh variables: a leaf for an argument that is not recorded, an identity
node for one that is. Sweeps stop at them. Where the graph leads on, past an identity node or to another leaf that the
function closed over, somebody outside is differentiating too: the sweep is then recorded, and its results are Tensors.
Nothing is numbered by depth, so there are no perturbations to confuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from sys import getrefcount
from typing import Any

import backends
from autograd import views
from autograd.backward import is_tensor, propagate
from autograd.forward import forward_order, push
from autograd.graph import COUNTS_REFERENCES, SOLE, Leaf
from autograd.mode import INSIDE_TRANSFORM, get_mode, switch
from autograd.ops import arithmetic
from autograd.plan import RUNTIME
from autograd.trees import Structure, flatten, leaves_of, unflatten

NUMBERS = (float, complex)


class Inner:
    """``fun`` called once, recorded, with fresh variables in place of the arguments ``argnums``.

    Attributes:
        variables: the fresh Tensors, one per leaf of the chosen arguments.
        structures: of each chosen argument.
        leaves, structure: what ``fun`` returned, flattened.
        roots: those among the leaves that were recorded and are of a dtype that has a gradient.
        aux: what it returned beside (``has_aux``).
        record: whether sweeps are recorded, because somebody outside differentiates too.
    """

    def __init__(
        self,
        caller: str,
        fun: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: Sequence[int],
        has_aux: bool = False,
        full: bool = False,
    ) -> None:
        mode = get_mode()
        self.caller = caller
        self._outside = mode is None or mode.grad
        values: list[Any] = []
        self.structures: list[Structure] = []
        self.counts: list[int] = []
        for i in argnums:
            leaves, structure = flatten(args[i])
            values += leaves
            self.structures.append(structure)
            self.counts.append(len(leaves))
        everything = _leaves((*args, *kwargs.values()))
        self.tensors = any([is_tensor(x) for x in everything])
        self.numbers = [x.__class__ in NUMBERS for x in values]
        if any(self.numbers):
            values = [_array(x, everything) if number else x for x, number in zip(values, self.numbers)]
        self.variables = [self._variable(x) for x in values]
        self.edges = [variable._edge for variable in self.variables]
        self.oldest = min([edge.seq for edge in self.edges], default=-1)
        args = list(args)
        rest = iter(self.variables)
        for i, structure, count in zip(argnums, self.structures, self.counts):
            args[i] = unflatten(structure, [next(rest) for _ in range(count)])
        token = INSIDE_TRANSFORM.set(True)
        try:
            if mode is None and not full:
                out = fun(*args, **kwargs)
            else:
                with switch(grad=True, full=full or (mode is not None and mode.full)):
                    out = fun(*args, **kwargs)
        finally:
            INSIDE_TRANSFORM.reset(token)
        self.aux: Any = None
        if has_aux:
            if not isinstance(out, tuple) or len(out) != 2:
                raise TypeError(
                    f"{caller}: expected the function to return (result, aux), as has_aux=True says; got "
                    f"{_what(out)}. Return a pair, or leave has_aux out."
                )
            out, self.aux = out
        self.leaves, self.structure = flatten(out)
        self.roots = []
        for leaf in self.leaves:
            if not is_tensor(leaf):
                if leaf.__class__ not in backends.BY_TYPE:
                    _check_array(caller, leaf)
            elif leaf._edge is not None and getattr(leaf.dtype, "kind", "f") not in "biu":
                self.roots.append(leaf)
        self._open = self._leads_outside()
        self.record = self._outside and self._open
        self._order: list[Any] | None = None

    def _variable(self, x: Any) -> Any:
        cls = RUNTIME["Tensor"]
        data = x._data if x.__class__ is cls else x
        if data.__class__ not in backends.BY_TYPE:
            _check_array(self.caller, data)
        dtype = getattr(data, "dtype", None)
        if data.__class__ in (int, bool) or (dtype is not None and dtype.kind in "biuOSUMm"):
            raise TypeError(
                f"{self.caller}: expected a float or complex argument to differentiate; got "
                f"{data.__class__.__name__ if dtype is None else dtype}. "
                "Cast it first, e.g. x.astype(float) or float(x), or choose another argnum."
            )
        if x.__class__ is cls and x._edge is not None and self._outside:
            return arithmetic.positive(x)
        variable = cls._wrap(data)
        if x.__class__ is cls and backends.of(data).owns_memory:
            views.link(variable, x, None)  # writes to x are noticed here
        variable._edge = Leaf(variable, variable.shape, variable.dtype, inner=True)
        return variable

    # What came out -------------------------------------------------------------------------------------------

    def _leads_outside(self) -> bool:
        """Whether the graph goes on past the variables: to an outer transform's, or to other leaves."""
        inner = set(self.edges)
        stack = [root._edge for root in self.roots]
        if self.aux is not None:
            stack += [x._edge for x in leaves_of(self.aux) if is_tensor(x) and x._edge is not None]
        seen = set(stack)
        while stack:
            node = stack.pop()
            edges = node.edges
            if node in inner:
                if edges:
                    return True
            elif node.seq < self.oldest:
                return True
            elif not edges:
                # A leaf made inside counts if it is still there; a newer variable is a finished transform's.
                if not node.inner and node.tensor() is not None:
                    return True
            else:
                for edge in edges:
                    if edge not in seen:
                        seen.add(edge)
                        stack.append(edge)
        return False

    def result(self) -> Any:
        """What ``fun`` returned, for the caller: attached to what is outside, if anything is."""
        return unflatten(self.structure, [self.release(leaf) for leaf in self.leaves])

    def auxiliary(self) -> Any:
        """What ``fun`` returned beside, for the caller."""
        leaves, structure = flatten(self.aux)
        return unflatten(structure, [self.release(leaf) for leaf in leaves])

    def release(self, x: Any) -> Any:
        """One value for the caller: without the inner variables' graph, and plain where all arguments were."""
        if not is_tensor(x):
            return x
        if self.record:
            return x
        if not self.tensors:
            return x._data
        # A view would keep the graph alive through its base.
        data = x._data if x._family is None else backends.of(x._data).copy(x._data)
        return RUNTIME["Tensor"]._wrap(data)

    # Backwards -----------------------------------------------------------------------------------------------

    def pull(self, cotangents: Sequence[Any], retain: bool = False) -> list[Any]:
        """The cotangent of each variable, given one of each of ``roots``: raw, or Tensors where recorded."""
        record = self.record or (self._outside and any([is_tensor(g) and g._edge is not None for g in cotangents]))
        found: dict[Any, Any] = {}
        if cotangents:
            # Where nothing leads outside, the variables are the only leaves, and every node is on the way to one.
            inputs = self.edges if self._open else None
            found = propagate(
                self.roots, cotangents, inputs=inputs, retain=retain or record, record=record, oldest=self.oldest
            )
        return self._collected(found)

    def pull_recorded(self, cotangents: Sequence[Any]) -> list[Any]:
        """As ``pull``, with the sweep recorded in any case: what comes out can be swept again, by ``pull_from``."""
        if not cotangents:
            return [None] * len(self.edges)
        found = propagate(self.roots, cotangents, inputs=self.edges, retain=True, record=True, oldest=self.oldest)
        return [found.get(edge) for edge in self.edges]

    def pull_from(self, recorded: Sequence[Any], cotangents: Sequence[Any], retain: bool = False) -> list[Any]:
        """The cotangent of each variable, given those of what ``pull_recorded`` gave."""
        pairs = [(x, g) for x, g in zip(recorded, cotangents) if x is not None and x._edge is not None]
        record = self.record or (self._outside and any([is_tensor(g) and g._edge is not None for g in cotangents]))
        found: dict[Any, Any] = {}
        if pairs:
            found = propagate(
                [x for x, _ in pairs],
                [g for _, g in pairs],
                inputs=self.edges,
                retain=retain or record,
                record=record,
                oldest=self.oldest,
            )
        return self._collected(found)

    def _collected(self, found: dict[Any, Any]) -> list[Any]:
        grads = []
        for edge, variable in zip(self.edges, self.variables):
            g = found.pop(edge, None)
            if g is None:
                g = zeros_like(variable)
            elif not is_tensor(g):
                references = getrefcount(g)
                g = own(g, references)
            grads.append(g)
        return grads

    def gradient(self, values: Sequence[Any]) -> list[Any]:
        """``values``, one per variable, grouped as the arguments were, for the caller."""
        values = [self.give(x, number) for x, number in zip(values, self.numbers)]
        rest = iter(values)
        return [
            unflatten(structure, [next(rest) for _ in range(count)])
            for structure, count in zip(self.structures, self.counts)
        ]

    def give(self, x: Any, number: bool = False) -> Any:
        """A derivative for the caller: a Tensor where one came in or somebody outside differentiates, else plain."""
        if is_tensor(x):
            return x if self.tensors or x._edge is not None else self.give(x._data, number)
        if self.tensors:
            return RUNTIME["Tensor"]._wrap(x)
        return x[()] if number and getattr(x, "shape", None) == () else x  # NumPy's own scalar for a Python number

    # Forwards ------------------------------------------------------------------------------------------------

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """The tangent of each output leaf, given one (or None) of each variable: raw, or Tensors where recorded."""
        record = self.record or (self._outside and any([is_tensor(t) and t._edge is not None for t in tangents]))
        if not record:
            tangents = [t._data if is_tensor(t) else t for t in tangents]
        if self._order is None:
            self._order = forward_order([root._edge for root in self.roots], self.oldest)
        known = {edge: t for edge, t in zip(self.edges, tangents) if t is not None}
        reached = iter(push(self._order, [root._edge for root in self.roots], known, record))
        roots = {id(root) for root in self.roots}
        out = [next(reached) if id(leaf) in roots else None for leaf in self.leaves]
        return [zeros_like(leaf) if t is None else t for leaf, t in zip(self.leaves, out)]


def _leaves(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for x in values:
        if isinstance(x, (list, tuple, dict)):
            found += flatten(x)[0]
        else:
            found.append(x)
    return found


def _array(number: complex, beside: list[Any]) -> Any:
    """A Python number as a 0-d array where the other arguments live, in their floating dtype: it is weak."""
    raws = [x._data if is_tensor(x) else x for x in beside]
    arrays: list[Any] = [x for x in raws if x.__class__ in backends.BY_TYPE and backends.of(x).owns_memory]
    backend = backends.of(arrays[0]) if arrays else backends.default()
    sizes = [x.dtype.itemsize // (2 if x.dtype.kind == "c" else 1) for x in arrays if x.dtype.kind in "fc"]
    size = max(sizes, default=8)
    real = number.__class__ is float
    return backend.asarray(number, dtype=f"float{8 * size}" if real else "complex128" if size > 4 else "complex64")


def _check_array(caller: str, x: Any) -> None:
    try:
        backends.of(x)
    except TypeError:
        raise TypeError(
            f"{caller}: expected arrays, Tensors or numbers, or lists, tuples and dicts of them; got {_what(x)}. "
            "Close over what is not to be differentiated, or pass it as another argument."
        ) from None


def _what(x: Any) -> str:
    return f"{type(x).__name__} of shape {tuple(x.shape)}" if hasattr(x, "shape") else type(x).__name__


def zeros_like(x: Any) -> Any:
    """Raw zeros in the shape, dtype and place of a Tensor or array."""
    data = x._data if is_tensor(x) else x
    return backends.of(data).xp.zeros_like(data) if data.__class__ not in (int, bool) else 0


def own(g: Any, references: int) -> Any:
    """``g`` itself where nobody else sees its memory, else a copy: results may be written into."""
    if not hasattr(g, "__setitem__"):  # an immutable number
        return g
    if getattr(g, "base", None) is not None or not COUNTS_REFERENCES or references > SOLE:
        return backends.of(g).copy(g)
    return g

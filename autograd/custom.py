"""``custom_vjp``, and calls of Python functions as one node with a rule of its own. Imports ``transform``, ``plan``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from autograd.backward import RAW, is_tensor
from autograd.graph import GraphError, Pending, Pick, deliver
from autograd.mode import get_mode
from autograd.plan import RUNTIME, Spec, new_node
from autograd.transform import Function, Transform
from autograd.trees import describe, flatten, unflatten

__all__ = ["custom_vjp"]


class Call:
    """The plan of a node that one call of a Python function left behind (see ``autograd.plan.Plan`` for primitives').

    Attributes:
        name: shown in graphs and errors.
        outputs: how many recorded outputs there are.
        output_specs: shape and dtype of each.
    """

    full = False
    primitive = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.outputs = 0
        self.output_specs: list[Spec | None] = []

    def backward(self, g: Any, saved: Any, edges: tuple[Any, ...]) -> tuple[Any, ...]:
        """One cotangent (or None) per edge."""
        raise NotImplementedError

    def deliver(self, node: Any, g: Any, pending: Pending, retain: bool) -> None:
        """A step of an everyday sweep."""
        deliver(node, g, pending, retain, RAW)

    @property
    def printed(self) -> Call:
        """The same: the function's own steps are printed."""
        return self

    def push(self, tangents: Sequence[Any], saved: Any) -> Any:
        """The tangent of the one output, given those of the edges (None: 0); None where only ``backward`` is stated."""
        return None

    def wrap(self, node: Any) -> Any:
        """``node.saved`` as a recorded backward pass sees it."""
        raise NotImplementedError

    def explain_backward(self, error: Exception, saved: Any) -> Exception:
        """The error of a failed backward: the user's own, unchanged."""
        return error

    def cotangents(self, g: Any) -> tuple[Any, ...]:
        """One entry per recorded output, None where nothing arrived."""
        return g.slots(self.outputs) if self.outputs > 1 else (g,)

    def record(
        self,
        edges: tuple[Any, ...],
        saved: Any,
        writes: Sequence[list[str]],
        values: Sequence[Any],
        inputs: Sequence[Any],
    ) -> list[Any]:
        """Tensors over the raw ``values`` on a new node; who watches is told that ``inputs`` went in."""
        self.outputs = len(values)
        self.output_specs = [Spec.of(value) for value in values]
        node = new_node(self)  # type: ignore[arg-type]
        node.edges = edges
        node.saved = saved
        node.writes = tuple({id(w): w for w in writes}.values())
        results = [RUNTIME["Tensor"]._wrap(value) for value in values]
        if self.outputs == 1:
            node.shape, node.dtype = self.output_specs[0]  # type: ignore[misc]
            results[0]._edge = node
        else:
            node.shape = node.dtype = None
            for i, (result, spec) in enumerate(zip(results, self.output_specs)):
                result._edge = Pick(node, i, *spec)  # type: ignore[misc]
        mode = get_mode()
        if mode is not None:
            for watcher in mode.watchers:
                watcher.recorded(self, tuple(inputs), tuple(results), {})
        return results


def is_recording() -> bool:
    """Whether calls on Tensors that require a gradient are recorded now."""
    mode = get_mode()
    return mode is None or mode.grad


def is_active(x: Any) -> bool:
    """Whether ``x`` is a Tensor that requires a gradient."""
    return is_tensor(x) and x._edge is not None


def fresh_data(x: Any) -> Any:
    """A Tensor's array, copied where it shares memory with another Tensor's."""
    return x._data if x._family is None else x.backend.copy(x._data)


class CustomVjp(Transform):
    """See ``custom_vjp``."""

    name = "custom_vjp"

    def __init__(self, fun: Function, nondiff_argnums: Sequence[int] = ()) -> None:
        super().__init__(fun)
        self.nondiff_argnums = tuple(nondiff_argnums)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        self.__name__ = getattr(fun, "__name__", type(fun).__name__)

    def _parts(self) -> tuple[Any, ...]:
        return self.fun, self.nondiff_argnums

    def __reduce__(self) -> Any:
        made = super().__reduce__()
        return made if isinstance(made, str) else (*made, {"fwd": self.fwd, "bwd": self.bwd})

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """State the derivative: ``fwd(*args) -> (result, residuals)`` and ``bwd(residuals, g) -> cotangents``.

        ``bwd`` returns one cotangent per argument, None where there is none; with ``nondiff_argnums`` it gets these
        arguments first.
        """
        self.fwd = fwd
        self.bwd = bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fwd is None or self.bwd is None:
            raise GraphError(
                f"custom_vjp: expected a derivative for {self.__name__}; none is stated. "
                f"Call {self.__name__}.defvjp(fwd, bwd)."
            )
        if kwargs:
            bound = inspect.signature(self.fun).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
        chosen = [i for i in range(len(args)) if i not in self.nondiff_argnums]
        leaves, structure = flatten([args[i] for i in chosen])
        if not is_recording() or not any([is_active(x) for x in leaves]):
            return self.fun(*args)
        return _CustomCall(self, args, chosen, leaves, structure).call(leaves)


class _CustomCall(Call):
    """One recorded call of a function with a custom vjp."""

    def __init__(
        self, owner: CustomVjp, args: Sequence[Any], chosen: list[int], leaves: list[Any], structure: Any
    ) -> None:
        super().__init__(owner.__name__)
        self.owner = owner
        self.args = tuple([None if i in chosen else x for i, x in enumerate(args)])
        self.chosen = chosen
        self.structure = structure
        self.active = [i for i, x in enumerate(leaves) if is_active(x)]

    def call(self, leaves: list[Any]) -> Any:
        """What the function returns, on a node of its own."""
        constants = [x.detach() if is_tensor(x) else x for x in leaves]
        out, residuals = self._forward(constants)
        outs, self.out_structure = flatten(out)
        for x in (*outs, *flatten(residuals)[0]):
            if is_active(x):
                raise GraphError(
                    f"custom_vjp: expected {self.name} to depend on its arguments only; it closes over a Tensor that "
                    "requires a gradient, which would be lost. Pass that Tensor as an argument."
                )
        self.places = [i for i, x in enumerate(outs) if is_tensor(x) and getattr(x.dtype, "kind", "f") not in "biu"]
        edges = tuple([leaves[i]._edge for i in self.active])
        writes = [x._watch() for x in leaves if is_tensor(x)]
        recorded = (
            self.record(
                edges, (False, constants, residuals), writes, [fresh_data(outs[i]) for i in self.places], leaves
            )
            if self.places
            else []
        )
        for i, x in zip(self.places, recorded):
            outs[i] = x
        return unflatten(self.out_structure, outs)

    def _forward(self, leaves: list[Any]) -> tuple[Any, Any]:
        args = list(self.args)
        for i, x in zip(self.chosen, unflatten(self.structure, leaves)):
            args[i] = x
        made = self.owner.fwd(*args)  # type: ignore[misc]
        if not isinstance(made, tuple) or len(made) != 2:
            raise TypeError(
                f"custom_vjp: expected the fwd of {self.name} to return (result, residuals); "
                f"got {type(made).__name__}. Return a pair."
            )
        return made

    def wrap(self, node: Any) -> Any:
        _, leaves, _ = node.saved
        edges = iter(node.edges)
        active = set(self.active)
        cls = RUNTIME["Tensor"]
        lifted = [cls._wrap(x._data, next(edges)) if i in active else x for i, x in enumerate(leaves)]
        return True, lifted, self._forward(lifted)[1]

    def backward(self, g: Any, saved: Any, edges: tuple[Any, ...]) -> tuple[Any, ...]:
        _, leaves, residuals = saved
        outs: list[Any] = [None] * sum(entry is None for entry in self.out_structure)
        raw = True
        for i, spec, cotangent in zip(self.places, self.output_specs, self.cotangents(g)):
            raw = raw and not is_tensor(cotangent)
            outs[i] = cotangent
            if cotangent is None:
                backend = leaves[self.active[0]].backend
                outs[i] = backend.xp.zeros(spec.shape, dtype=spec.dtype) if spec.dtype is not float else 0.0  # type: ignore[union-attr]
        raw = raw and not saved[0]
        cls = RUNTIME["Tensor"]
        outs = [x if x is None or is_tensor(x) else cls._wrap(x) for x in outs]
        static = [x for i, x in enumerate(self.args) if i not in self.chosen]
        made = self.owner.bwd(*static, residuals, unflatten(self.out_structure, outs))  # type: ignore[misc]
        grads = self._checked(made, leaves)
        return tuple([x._data if raw and is_tensor(x) else x for x in grads])

    def _checked(self, made: Any, leaves: list[Any]) -> list[Any]:
        """The cotangents of the active leaves, out of what ``bwd`` returned."""
        trees = unflatten(self.structure, range(len(leaves)))
        if not isinstance(made, (tuple, list)) or len(made) != len(trees):
            came = f"{len(made)} values" if isinstance(made, (tuple, list)) else type(made).__name__
            raise TypeError(
                f"custom_vjp: expected the bwd of {self.name} to return a tuple of {len(trees)} cotangents, one per "
                f"argument; got {came}. Return None where there is none."
            )
        found: list[Any] = [None] * len(leaves)
        for tree, cotangent in zip(trees, made):
            if cotangent is None:
                continue
            places, structure = flatten(tree)
            values, nest = flatten(cotangent)
            if nest != structure:
                raise TypeError(
                    f"custom_vjp: expected the bwd of {self.name} to return a cotangent of structure "
                    f"{describe(structure)}; got {describe(nest)}. Nest it as the argument is."
                )
            for i, value in zip(places, values):
                found[i] = value
        for i in self.active:
            shape, wanted = getattr(found[i], "shape", ()), leaves[i].shape
            if found[i] is not None and tuple(shape) != tuple(wanted):
                raise ValueError(
                    f"custom_vjp: expected the bwd of {self.name} to return a cotangent of shape {wanted}; "
                    f"got {shape}. A cotangent has its argument's shape."
                )
        return [found[i] for i in self.active]


def custom_vjp(fun: Function, nondiff_argnums: Sequence[int] = ()) -> CustomVjp:
    """Decorator: a function whose derivative you state yourself, as JAX's of the same name.

    ``fun.defvjp(fwd, bwd)``, where ``fwd(*args) -> (fun(*args), residuals)`` and
    ``bwd(residuals, g) -> (∂L/∂args[0], …)``, given ``g`` = ∂L/∂result. Both are written with ``autograd.numpy``; for
    higher orders they are differentiated themselves. Use it for a formula that is better behaved than the automatic
    one, or for a gradient that is none (straight-through estimators, clipping).

    Args:
        fun: arrays (or nests of them) to arrays.
        nondiff_argnums: arguments that are settings: handed to ``bwd`` first, never differentiated.

    Raises:
        GraphError: no derivative is stated, or the function closes over a Tensor that requires a gradient.
        TypeError, ValueError: ``bwd`` returns cotangents of another number, structure or shape.

    >>> from autograd import grad
    >>> @custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (g * 0.5,))
    >>> grad(lambda x: clipped(x) ** 2)(3.0)
    np.float64(3.0)
    """
    return CustomVjp(fun, nondiff_argnums)

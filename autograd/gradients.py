"""``gradients`` of recorded Tensors, and ``stop_gradient``. Imports ``backward``, ``inner``, ``trees``."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

from autograd.backward import cotangent_for, is_tensor, propagate
from autograd.graph import GraphError
from autograd.inner import own
from autograd.plan import RUNTIME
from autograd.trees import flatten, unflatten

__all__ = ["gradients", "stop_gradient"]


def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Any, ...]:
    """The gradients of recorded Tensors with respect to others, without touching any ``.grad``.

    Σₖ (∂outputs[k]/∂inputs[i])ᵀ·grad_outputs[k] for every i, as PyTorch's ``autograd.grad`` gives them.

    Args:
        outputs: a Tensor or a sequence of them.
        inputs: a Tensor or a sequence of them, leaves or intermediate results.
        grad_outputs: one cotangent per output, of its shape; None (for all or one) is 1 for a single element.
        retain_graph: keep what the graph saved (default: as ``create_graph``).
        create_graph: record the pass, so that the gradients can be differentiated.
        allow_unused: give None for an input that no output depends on.

    Returns:
        One Tensor per input, always as a tuple.

    Raises:
        GraphError: something was not recorded, was freed, or an input is unused.

    >>> from autograd import tensor
    >>> x = tensor(3.0, requires_grad=True)
    >>> (slope,) = gradients(x**2, x, create_graph=True)
    >>> gradients(slope, x)
    (Tensor(2., dtype=float64),)
    """
    outputs = [outputs] if is_tensor(outputs) else list(outputs)
    inputs = [inputs] if is_tensor(inputs) else list(inputs)
    if grad_outputs is None:
        grad_outputs = [None] * len(outputs)
    elif is_tensor(grad_outputs) or not isinstance(grad_outputs, (list, tuple)):
        grad_outputs = [grad_outputs]
    if len(grad_outputs) != len(outputs):
        raise ValueError(
            f"gradients: expected one grad_output per output, {len(outputs)}; got {len(grad_outputs)}. "
            "Pass None for those that are single elements."
        )
    for name, xs in (("outputs", outputs), ("inputs", inputs)):
        for i, x in enumerate(xs):
            if not is_tensor(x):
                raise TypeError(
                    f"gradients: expected {name} to be Tensors; {name}[{i}] is {type(x).__name__}. "
                    "For functions of arrays use grad or vjp."
                )
    for i, x in enumerate(inputs):
        if x._edge is None:
            raise GraphError(
                f"gradients: expected inputs that require a gradient; inputs[{i}] does not. "
                "Call x.requires_grad_() before computing the outputs."
            )
    cotangents = [cotangent_for(out, g, "gradients") for out, g in zip(outputs, grad_outputs)]
    edges = [x._edge for x in inputs]
    retain = create_graph if retain_graph is None else retain_graph or create_graph
    found = propagate(outputs, cotangents, inputs=list(dict.fromkeys(edges)), retain=retain, record=create_graph)
    del cotangents, grad_outputs
    given: dict[Any, Any] = {}
    while found:
        edge, g = found.popitem()
        if not is_tensor(g):
            references = getrefcount(g)
            g = RUNTIME["Tensor"]._wrap(own(g, references))
        given[edge] = g
    missing = [i for i, edge in enumerate(edges) if edge not in given]
    if missing and not allow_unused:
        raise GraphError(
            f"gradients: expected every input to be used; no output depends on inputs[{missing[0]}]. "
            "Leave it out, or pass allow_unused=True to get None for it."
        )
    return tuple([given.get(edge) for edge in edges])


def stop_gradient(x: Any) -> Any:
    """``x`` as a constant: Tensors (also in lists, tuples and dicts) without their history, the rest as it is.

    >>> from autograd import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    leaves, structure = flatten(x)
    return unflatten(structure, [leaf.detach() if is_tensor(leaf) else leaf for leaf in leaves])

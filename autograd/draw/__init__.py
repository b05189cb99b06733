"""Drawing a graph: ``draw(output)`` gives a ``Drawing``. Loads ``autograd.draw.drawing`` when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.draw.drawing import Drawing

__all__ = ["draw"]


def draw(
    output: Any,
    view: str = "backward",
    depth: int | None = None,
    fold: bool = True,
    values: bool | str = "auto",
    max_nodes: int = 200,
    direction: str = "TB",
) -> Drawing:
    """Draw the graph that leads to ``output``.

    Nodes show the operation, the user's name for its result, shape, dtype and device; values and gradients stand side
    by side where they are small. The gradients are those of ``output`` (of its sum, where it has several elements),
    found by a pass that changes nothing; a leaf with a ``.grad`` shows that. Edges are as thick as the gradient that
    passes is large, and dotted ones lead from a saved value to the operation that keeps it for the backward pass.

    Args:
        output: a Tensor, several in a list or tuple, or a function without arguments, which is run with source lines
            and module paths recorded; what it returns is drawn.
        view: ``"backward"`` (arrows as gradients flow), ``"forward"`` (as data flows) or ``"both"``.
        depth: fold modules deeper than this.
        fold: put repeated blocks into one (``× 24``), and fold what has more than ``max_nodes`` nodes.
        values: write values and gradients (``"auto"``: unless that took a gibibyte and more); ``False`` for none.
        max_nodes: fold until at most about this many are left.
        direction: ``"TB"`` (downwards) or ``"LR"`` (to the right).

    Raises:
        GraphError: nothing was recorded that leads to ``output``.
        ValueError: an argument that is out of its range.

    >>> from autograd import scalar
    >>> a, b = scalar(2.0), scalar(-3.0)
    >>> c = (a * b + a).tanh()
    >>> draw(c)
    <Drawing (backward) of 3 operations: 5 nodes, 5 edges>
    >>> print(draw(c, values=False).mermaid())
    graph TD
        n0("a<br/>float")
        n1("b<br/>float")
        n2["multiply<br/>float"]
        n3["add<br/>float"]
        n4["c = tanh<br/>float"]
        n2 --> n0
        n2 --> n1
        n3 --> n2
        n3 --> n0
        n4 --> n3
    """
    from autograd.draw.drawing import drawn

    return drawn(output, view, depth, fold, values, max_nodes, direction)

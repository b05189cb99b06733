"""The code that plans write: expressions in place of rules, names it keeps to itself, and nodes of floats."""

from __future__ import annotations

import dis
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import nn  # noqa: F401  (its primitives are looked at, too)
from autograd import GraphError, detect_anomaly, scalar, tensor
from autograd.calling import write_call
from autograd.formula import expression
from autograd.graph import ArrayNode, Node, ScalarNode
from autograd.plan import ACTIVE
from autograd.primitive import PRIMITIVES, RESERVED, elementwise, primitive

# Expressions ----------------------------------------------------------------------------------------------------------

WRITTEN: dict[str, tuple[Callable[..., Any], str | None]] = {
    "the cotangent": (lambda g: g, "g"),
    "operators": (lambda g, b, out: -g * out / b, "(((-g) * out) / b)"),
    "numbers": (lambda g, x: 2 * x - g * -0.5, "((2 * x) - (g * (-0.5)))"),
    "a number alone": (lambda g: 2.0, None),
    "nothing": (lambda g: None, None),
    "a function": (lambda g, x: anp.sin(g) * x, None),
    "an attribute": (lambda g: g.T, None),
    "a decision": (lambda g, x: g if x else 2 * g, None),
    "an index": (lambda g: g[0], None),
    "a complex number": (lambda g: g * 1j, None),
    "a number too large": (lambda g: g * 1e999, None),
    "a power": (lambda g, x: g * x**2, None),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_rules_made_of_operators_are_written_as_expressions(what: str) -> None:
    rule, text = WRITTEN[what]
    names = tuple(inspect.signature(rule).parameters)
    assert expression(rule, names) == text
    if text is not None:
        values = {name: np.array([1.5, -2.0]) + i for i, name in enumerate(names)}
        np.testing.assert_array_equal(eval(text, {}, values), rule(**values))


def test_rules_that_look_beyond_their_parameters_are_called() -> None:
    factor = [2.0]
    assert expression(lambda g: g * factor[0], ("g",)) is None
    assert expression(lambda g: g * len(WRITTEN), ("g",)) is None
    assert expression(np.negative, ("g",)) is None


def test_an_expression_gives_what_its_rule_gives(throwaway: None) -> None:
    @elementwise
    def told(xp: Any, x: Any, y: Any, /) -> Any:
        return x * y * y

    told.vjp(x=lambda g, y: g * y * y, y=lambda g, x, y: 2 * g * x * y)
    plan = told.primitive.plan((2, 2))
    assert "d = ((g * y) * y)" in plan.source and "rule_" not in plan.source
    x, y = tensor([2.0, 3.0], requires_grad=True), tensor([5.0, 7.0], requires_grad=True)
    told(x, y).sum().backward()
    assert x.grad.tolist() == [25.0, 49.0] and y.grad.tolist() == [20.0, 42.0]


# Names ----------------------------------------------------------------------------------------------------------------


def test_generated_code_uses_no_names_a_user_may_take() -> None:
    """What the code of every primitive calls its own is among the names that are refused."""
    found: set[str] = set()
    cells = ["bind", "explain", "finish", "plan", "primitive", "records", "Spec", "table", "write_record", "stranger"]
    for p in PRIMITIVES.values():
        if p.variadic:
            continue
        plan = p.plan((ACTIVE,) * len(p.operands))
        if plan is None:
            continue
        codes = [plan.deliver.__code__, plan.backward.__code__]
        if plan.of_floats is not None:
            codes.append(plan.of_floats.deliver.__code__)
        for operator in (False, True):
            scope: dict[str, Any] = {}
            source = write_call(p, operator, False, plan).replace("\n", "\n    ")
            exec(f"def make({', '.join(cells)}):\n    {source}\n    return call", scope)
            codes.append(scope["make"](*cells).__code__)
        names = {name for code in codes for name in (*code.co_varnames, *code.co_freevars)}
        names |= {i.argval for code in codes for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
        names -= {*p.operands, *p.options, *p.residuals, *p.outputs}
        names -= {made for x in (*p.operands, *p.outputs) for made in (f"{x}_", f"e_{x}", f"w_{x}")}
        found |= names
    unknown = {name for name in found if name not in RESERVED | {"out"} and not re.fullmatch(r"(edge|rule)_\d+", name)}
    assert unknown == {"Exception", "KeyError", "TypeError"}, unknown
    assert {"d", "tensor", "node", "received"} <= found


@pytest.mark.parametrize(
    "name", ["d", "kind", "node", "retain", "edge_0", "rule_1", "w_b", "b_", "Tensor", "float", "out"]
)
def test_names_that_generated_code_uses_are_refused(name: str, throwaway: None) -> None:
    """An operand called ``d`` once gave wrong gradients in silence."""
    scope: dict[str, Any] = {}
    exec(f"def product(xp, {name}, b, /):\n    return {name} * b\n", scope)
    with pytest.raises(ValueError, match=f"product: expected names that .* got {name}. Rename it, e.g. to x."):
        primitive(scope["product"])


def test_an_operand_may_be_called_self(throwaway: None) -> None:
    @primitive
    def doubled(xp: Any, self: Any, /) -> Any:
        return self * 2

    doubled.vjp(self=lambda g: g * 2)
    doubled.jvp(self=lambda t: t * 2)
    x = tensor([1.0], requires_grad=True)
    doubled(x).backward()
    assert x.grad.item() == 2.0


# Nodes of floats ------------------------------------------------------------------------------------------------------


def test_a_scalar_node_shows_what_other_nodes_show() -> None:
    a, b = scalar(3.0), scalar(4.0)
    product, square, added = a * b, a**2, a + 1
    node = product.grad_fn
    assert node.__class__ is ScalarNode and isinstance(node, Node)
    assert node.edges == (a._edge, b._edge) and node.saved == (4.0, 3.0)
    assert (node.shape, node.dtype, node.writes) == ((), float, ())
    assert square.grad_fn.edges == (a._edge,) and square.grad_fn.saved == (3.0, 2)
    assert added.grad_fn.edges == (a._edge,) and added.grad_fn.saved == ()
    for out in (product, square, added):
        out.backward()
        assert out.grad_fn.saved is None and out.grad_fn.plan.name in ("multiply", "power", "add")
        with pytest.raises(GraphError, match=f"saved by {out.grad_fn.plan.name}; they were freed by an earlier"):
            out.backward()
    assert a.grad.item() == 4.0 + 6.0 + 1.0


def test_scalar_graphs_may_be_swept_again_where_that_is_asked_for() -> None:
    x = scalar(3.0)
    y = x * x * x
    y.backward(retain_graph=True)
    assert y.grad_fn.saved is not None
    y.backward()
    assert x.grad.item() == 2 * 27.0
    with pytest.raises(GraphError, match="freed"):
        y.backward()


def test_what_a_scalar_node_can_not_hold_is_held_by_another() -> None:
    a, b = scalar(2.0), scalar(3.0)
    out = a**b  # whose rules ask for three values
    assert out.grad_fn.__class__ is ArrayNode and out.grad_fn.dtype is float
    out.backward()
    assert a.grad.item() == 12.0 and b.grad.item() == pytest.approx(8 * np.log(2.0))
    x = scalar(-0.5)
    out = anp.elu(x, alpha=2.0)
    out.backward()
    assert x.grad.item() == pytest.approx(2 * np.exp(-0.5))
    y, z = scalar(1.0), scalar(2.0)
    anp.where(y < z, y * z, y).backward()
    assert (y.grad.item(), z.grad.item()) == (2.0, 1.0)


def test_scalars_recorded_under_observation_are_swept_like_others() -> None:
    a, b = scalar(3.0), scalar(4.0)
    with detect_anomaly():
        out = a * b + a**b
    assert out.grad_fn.__class__ is ScalarNode
    out.backward()
    assert a.grad.item() == 4.0 + 4 * 27.0
    a, b = scalar(3.0), scalar(4.0)
    out = a * b + a
    with detect_anomaly():
        out.backward()
    assert (a.grad.item(), b.grad.item()) == (5.0, 3.0)
    assert out.grad_fn.saved is None

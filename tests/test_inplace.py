"""In-place writes and views: 500 programs against PyTorch's recorded answers, and what NumPy's users rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import GraphError, Tensor, gradients, no_grad, tensor

RECORDED = json.loads((Path(__file__).parent / "recorded" / "inplace_views.json").read_text())
PROGRAMS = RECORDED["programs"]
# 1.0 / t, with t written afterwards: PyTorch's reciprocal keeps its result alone, the division here its divisor too.
OTHER_FORMULA = {"random 296"}


def index_of(entries: list[Any]) -> tuple[Any, ...]:
    """A recorded index as Python writes it."""
    out: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            if "slice" in entry:
                out.append(slice(*entry["slice"]))
            elif "array" in entry:
                out.append(np.array(entry["array"]))
            else:
                out.append(np.array(entry["mask"]))
        else:
            out.append(Ellipsis if entry == "..." else entry)
    return tuple(out)


VIEWS = {
    "getitem": lambda x, s: x[index_of(s["index"])],
    "reshape": lambda x, s: anp.reshape(x, tuple(s["shape"])),
    "transpose": lambda x, s: anp.transpose(x, tuple(s["axes"])),
    "T": lambda x, s: x.T,
    "swapaxes": lambda x, s: anp.swapaxes(x, *s["axes"]),
    "squeeze": lambda x, s: anp.squeeze(x, s["axis"]),
    "expand_dims": lambda x, s: anp.expand_dims(x, s["axis"]),
    "diagonal": lambda x, s: anp.diagonal(x, s.get("offset", 0)),
    "broadcast_to": lambda x, s: anp.broadcast_to(x, tuple(s["shape"])),
}
OPERATIONS = {
    "add": lambda s, a, b: a + b,
    "sub": lambda s, a, b: a - b,
    "mul": lambda s, a, b: a * b,
    "div": lambda s, a, b: a / b,
    "neg": lambda s, a: -a,
    "exp": lambda s, a: anp.exp(a),
    "tanh": lambda s, a: anp.tanh(a),
    "sin": lambda s, a: anp.sin(a),
    "sigmoid": lambda s, a: a.sigmoid(),
    "square": lambda s, a: anp.square(a),
    "sum": lambda s, a: anp.sum(a, axis=s["axis"], keepdims=s["keepdims"]),
    "mean": lambda s, a: anp.mean(a, axis=s["axis"], keepdims=s["keepdims"]),
    "matmul": lambda s, a, b: a @ b,
    "concatenate": lambda s, *xs: anp.concatenate(xs, axis=s["axis"]),
    "stack": lambda s, *xs: anp.stack(xs, axis=s["axis"]),
    "getitem": lambda s, a: a[index_of(s["index"])],
    "clone": lambda s, a: a.copy(),
    "detach": lambda s, a: a.detach(),
}


def write(x: Tensor, name: str, args: list[Any]) -> None:
    """``x.name_(*args)`` with the operators of Python."""
    if name in ("add_", "sub_", "mul_", "div_"):
        step = {"add_": x.__iadd__, "sub_": x.__isub__, "mul_": x.__imul__, "div_": x.__itruediv__}[name]
        assert step(args[0]) is x
    elif name == "zero_":
        x[...] = 0
    elif name == "copy_":
        x[...] = args[0]
    else:
        x[...] = OPERATIONS[name[:-1]]({}, x, *args)


def step(names: dict[str, Tensor], s: dict[str, Any]) -> None:
    args = [names[a] if isinstance(a, str) else a for a in s.get("args", [])]
    if s["do"] == "view":
        names[s["out"]] = VIEWS[s["how"]](names[s["of"]], s)
    elif s["do"] == "op":
        names[s["out"]] = OPERATIONS[s["fn"]](s, *args)
    elif s["do"] == "inplace":
        write(names[s["on"]], s["fn"], args)
    else:
        names[s["on"]][index_of(s["index"])] = args[0]


def run(program: dict[str, Any]) -> tuple[dict[str, Tensor], list[Tensor], int | None]:
    """The tensors by name, the leaves with gradients, and the step that raised (None: all ran)."""
    names = {
        leaf["name"]: tensor(leaf["value"], dtype=leaf.get("dtype", "float64"), requires_grad=leaf["requires_grad"])
        for leaf in program["leaves"]
    }
    leaves = [names[leaf["name"]] for leaf in program["leaves"] if leaf["requires_grad"]]
    for at, s in enumerate(program["steps"]):
        try:
            if s.get("no_grad"):
                with no_grad():
                    step(names, s)
            else:
                step(names, s)
        except GraphError:
            return names, leaves, at
    return names, leaves, None


def loss_of(program: dict[str, Any], names: dict[str, Tensor]) -> Tensor:
    total: Any = 0.0
    for name, weights in program["backward"].items():
        x = names[name]
        total = total + anp.sum(tensor(weights, dtype=x.dtype) * x)
    return total


@pytest.mark.parametrize("program", PROGRAMS, ids=[f"{i}-{p['name']}" for i, p in enumerate(PROGRAMS)])
def test_program_agrees_with_pytorch(program: dict[str, Any]) -> None:
    expect = program["expect"]
    tight = {"rtol": 1e-9, "atol": 1e-12} if "dtypes" not in expect else {"rtol": 1e-5, "atol": 1e-6}
    names, leaves, raised = run(program)
    if expect.get("error") == "leaf_inplace":
        assert raised == expect["at"]
    else:
        assert raised is None
    for name, value in expect["values"].items():
        np.testing.assert_allclose(names[name].detach().numpy(), value, err_msg=name, **tight)
        assert str(names[name].dtype) == expect.get("dtypes", {}).get(name, "float64")
    assert {n for n, x in names.items() if x.requires_grad} == set(expect["requires_grad"])
    if "backward" not in program:
        return
    loss = loss_of(program, names)
    wanted = expect.get("grads")
    if expect.get("error") == "modified":
        try:
            loss.backward()
        except GraphError as error:
            assert "in place" in str(error)
            return
        # x *= x, x[:] = x: this engine copies x's old value where it writes x over it, so it can answer.
        steps = [program["steps"][at] for at in (expect["saved_by"], *expect["modified_by"])]
        assert not expect["strict"] or any(s.get("on") in s["args"] for s in steps)
        wanted = expect["if_computed"]
    else:
        try:
            loss.backward(retain_graph="second" in expect)
        except GraphError as error:
            assert expect.get("choice") or program["name"] in OTHER_FORMULA, error
            return
    for name, grad in (wanted or {}).items():
        found = names[name].grad
        if grad is None:
            assert found is None or not np.any(found.numpy())
        else:
            assert found is not None and found.dtype == names[name].dtype
            np.testing.assert_allclose(found.numpy(), grad, err_msg=name, **tight)
    if "second" in expect:
        firsts = gradients([loss], leaves, create_graph=True, allow_unused=True)
        total = sum(anp.sum(g * g) / 2 for g in firsts if g is not None and g.requires_grad)
        for leaf in leaves:
            leaf.zero_grad_()
        total.backward()
        for name, grad in expect["second"].items():
            found = names[name].grad
            if grad is None:
                assert found is None or not np.any(found.numpy())
            else:
                np.testing.assert_allclose(found.numpy(), grad, err_msg=name, **tight)


def test_error_names_the_operation_that_saved_and_the_one_that_wrote() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    y = h.exp()
    y[0] = 0.0
    with pytest.raises(GraphError, match=r"expected the values saved by exp as they were; setitem changed one of them"):
        y.sum().backward()


def test_a_write_seen_through_another_view_is_noticed() -> None:
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    h = x * 1
    row, column = h[0], h[:, 0]
    y = row * row
    column += 1
    with pytest.raises(GraphError, match=r"multiply.*add"):
        y.sum().backward()


def test_ndarray_minus_equals_tensor_rebinds_and_never_writes_when_a_gradient_is_needed() -> None:
    array = np.array([1.0, 2.0])
    kept = array
    x = tensor([0.5, 0.5], requires_grad=True)
    array -= x
    assert isinstance(array, Tensor)
    np.testing.assert_array_equal(kept, [1.0, 2.0])
    array.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [-1.0, -1.0])


def test_a_numpy_scalar_becomes_an_array_when_written_into() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    total = x.sum()
    saved = total * total
    total += 1.0
    total.backward(retain_graph=True)
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])
    assert saved.item() == 9.0


def test_a_row_of_a_tensor_is_a_view_even_when_it_is_one_number() -> None:
    x = tensor([1.0, 2.0])
    first = x[0]
    first += 5.0
    np.testing.assert_array_equal(x.numpy(), [6.0, 2.0])


def test_augmented_assignment_to_an_item_keeps_the_gradient() -> None:
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    h = x * 1
    h[1] *= 10.0
    h[[0, 2]] = h[[2, 0]] * 2
    h.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 10.0, 2.0])


def test_casting_that_would_lose_is_an_error() -> None:
    counts = tensor([1, 2])
    with pytest.raises(TypeError, match="float64"):
        counts += tensor([0.5, 0.5])
    x = tensor([0.5, 0.5], requires_grad=True)
    with pytest.raises(TypeError, match=r"expected a result that fits the written Tensor's dtype int64; got float64"):
        counts += x


def test_an_in_place_operation_does_not_broadcast_its_target() -> None:
    x = tensor([1.0], requires_grad=True) * 1
    with pytest.raises(ValueError, match=r"shape \(1,\); got \(3,\)"):
        x += tensor([1.0, 2.0, 3.0])


def test_views_of_a_dead_base_keep_their_gradient() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    view = (x * 3)[0]
    view += 1
    view.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3.0, 0.0])


def test_many_views_do_not_pile_up() -> None:
    x = tensor(np.zeros(4))
    for _ in range(10_000):
        x[1]
    assert len(x._family.members) < 200

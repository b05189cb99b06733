"""checkpoint and custom_vjp: gradients of any order, closures, random streams, memory, errors."""

from __future__ import annotations

import gc
import pickle
import re
import subprocess
import sys
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
import backends
from autograd import (
    AnomalyError,
    GraphError,
    Tensor,
    check_grads,
    checkpoint,
    custom_vjp,
    detect_anomaly,
    draw,
    grad,
    gradients,
    hessian,
    jacobian,
    jvp,
    lines,
    no_grad,
    profile,
    record_lines,
    scalar,
    tensor,
    vjp,
)
from autograd.graph import Pick
from tests.helpers import to_numpy

ROOT = Path(__file__).resolve().parent.parent

# checkpoint ------------------------------------------------------------------------------------------------------


def block(x: Any, w: Any) -> Any:
    return anp.tanh(x @ w) * x


POINT = np.array([0.3, -0.8]), np.array([[0.5, 1.5], [-1.0, 0.25]])


def test_gradients_of_a_checkpoint_are_those_without(backend: backends.Backend) -> None:
    x, w = (tensor(a.tolist(), requires_grad=True) for a in POINT)
    for f in (block, checkpoint(block)):
        (f(f(x, w), w) ** 2).sum().backward()
    plain = [to_numpy(grad(lambda x, w: (block(block(x, w), w) ** 2).sum(), i)(*POINT)) for i in (0, 1)]
    np.testing.assert_allclose(to_numpy(x.grad), 2 * plain[0], rtol=1e-12)
    np.testing.assert_allclose(to_numpy(w.grad), 2 * plain[1], rtol=1e-12)


@pytest.mark.parametrize(
    "make", [hessian, lambda f: jacobian(grad(f)), lambda f: grad(lambda x: (grad(f)(x) ** 2).sum())]
)
def test_higher_orders_through_checkpoints(make: Any) -> None:
    x, w = POINT
    plain = make(lambda x: (block(block(x, w), w)).sum())(x)
    kept = checkpoint(block)
    np.testing.assert_allclose(make(lambda x: kept(kept(x, w), w).sum())(x), plain, rtol=1e-12)
    nested = checkpoint(lambda x: kept(checkpoint(lambda x: kept(x, w))(x), w))
    np.testing.assert_allclose(make(lambda x: nested(x).sum())(x), plain, rtol=1e-12)
    outer = checkpoint(lambda x: make(lambda x: kept(kept(x, w), w).sum())(x))
    np.testing.assert_allclose(outer(x), plain, rtol=1e-12)


def test_check_grads_of_a_checkpoint() -> None:
    check_grads(checkpoint(block))(*POINT)


def test_forward_mode_through_a_checkpoint() -> None:
    x, w = POINT
    expected = jvp(block, (x, w), (x, w))[1]
    np.testing.assert_allclose(jvp(checkpoint(block), (x, w), (x, w))[1], expected)


def closure(h: Any, w: Any) -> Any:
    return lambda x: anp.tanh(x @ h) * (x @ w)


def test_closures_get_their_gradients_once(backend: backends.Backend) -> None:
    x, w = (tensor(a.tolist(), requires_grad=True) for a in POINT)
    results = []
    for wrap in (checkpoint, lambda f: f):
        h = w * 2  # a closure, and one that depends on another
        f = wrap(closure(h, w))
        x.grad = w.grad = None
        (f(x * 1.5) ** 2).sum().backward(create_graph=True)
        first = [to_numpy(x.grad.detach()), to_numpy(w.grad.detach())]
        ((x.grad * x.grad).sum() + (w.grad * w.grad).sum()).backward()
        results.append([*first, to_numpy(x.grad.detach()), to_numpy(w.grad.detach())])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_closures_alone_keep_a_checkpoint_alive() -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    checkpoint(lambda x: (w * w * x).sum())(np.array([3.0, 4.0])).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [6.0, 16.0])


def test_an_argument_may_be_a_closure_too() -> None:
    x = tensor([2.0], requires_grad=True)
    checkpoint(lambda y: (x * y).sum())(x).backward()
    assert x.grad.item() == 4.0


def test_nested_arguments_several_results_and_keywords() -> None:
    f = checkpoint(lambda p, *, scale: {"a": p["w"] * scale, "b": [(p["w"] ** 2).sum(), 7, "text"]})
    w = tensor([1.0, 2.0], requires_grad=True)
    out = f({"w": w}, scale=3.0)
    assert out["b"][1:] == [7, "text"]
    (out["a"].sum() + out["b"][0]).backward()
    np.testing.assert_array_equal(w.grad.numpy(), [5.0, 7.0])
    w.grad = None
    f({"w": w}, scale=3.0)["b"][0].backward()  # only one of the results is used
    np.testing.assert_array_equal(w.grad.numpy(), [2.0, 4.0])


def test_random_streams_are_set_back(backend: backends.Backend) -> None:
    stream = backend.generator(0)
    masks = []

    def dropped(x: Any) -> Any:
        mask = stream.random((5,))
        masks.append(to_numpy(mask))
        return anp.tanh(x) * mask

    x = tensor(np.linspace(-1, 1, 5).tolist(), requires_grad=True)
    out = checkpoint(dropped)(x)
    after = stream.get_state()
    out.sum().backward()
    np.testing.assert_array_equal(masks[0], masks[1])
    np.testing.assert_allclose(to_numpy(x.grad), (1 - np.tanh(np.linspace(-1, 1, 5)) ** 2) * masks[0])
    assert repr(stream.get_state()) == repr(after)  # drawing goes on as if nothing had been drawn again


@pytest.mark.parametrize("draw", ["rand", "stream", "numpy", "generator"])
def test_shared_random_streams_are_set_back_from_their_first_number(draw: str) -> None:
    program = f"""
import numpy as np
import autograd.numpy as anp
from autograd import checkpoint, tensor
generator = anp.random.default_rng(0)
draws = {{
    "rand": lambda: anp.random.rand(3),
    "stream": lambda: anp.random.stream().random((3,)),
    "numpy": lambda: np.random.rand(3),
    "generator": lambda: generator.random(3),
}}
seen = []
def f(x):
    seen.append(draws[{draw!r}]())
    return anp.tanh(x) * seen[-1]
checkpoint(f)(tensor([1.0, 2.0, 3.0], requires_grad=True)).sum().backward()
after = draws[{draw!r}]()
assert len(seen) == 2 and (seen[0] == seen[1]).all() and (seen[0] != after).all()
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_what_is_inside_is_not_kept() -> None:
    seen: list[Any] = []

    def f(x: Any) -> Any:
        h = anp.exp(x)
        seen.append(weakref.ref(h.data))
        return anp.tanh(h)

    gc.disable()
    try:
        x = tensor(np.zeros(3), requires_grad=True)
        y = checkpoint(f)(x)
        assert seen[0]() is None
        y.sum().backward()
        assert len(seen) == 2
    finally:
        gc.enable()


def test_the_graph_of_a_call_is_freed_without_the_cycle_collector() -> None:
    calls = [
        checkpoint(anp.tanh),
        checkpoint(lambda x: (x * 2, anp.exp(x))),
        lambda x: scaled(x, x),
    ]
    gc.collect()
    gc.disable()
    try:
        for f in calls:
            x = tensor([1.0, 2.0], requires_grad=True)
            out = f(x)
            first = out[0] if isinstance(out, tuple) else out
            node = first.grad_fn
            refs = [
                weakref.ref(first),
                weakref.ref(node),
                weakref.ref((node.edges[0] if isinstance(node, Pick) else node).plan),
            ]
            first.sum().backward(create_graph=True)
            x.grad = None
            del out, first, node
            assert [ref() for ref in refs] == [None] * 3
    finally:
        gc.enable()


def test_peak_memory_of_a_deep_chain_falls() -> None:
    def layers(x: Any) -> Any:
        for _ in range(8):
            x = anp.tanh(x * 1.01)
        return x

    def peak(f: Any) -> int:
        x = tensor(np.full(50_000, 0.5), requires_grad=True)
        tracemalloc.start()
        h = x
        for _ in range(8):
            h = f(h)
        h.sum().backward()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(checkpoint(layers)) < 0.5 * peak(layers)


def test_a_tensor_it_read_and_that_was_written_since_is_an_error() -> None:
    w = tensor([1.0, 2.0])
    x = tensor([1.0, 1.0], requires_grad=True)
    y = checkpoint(lambda x: anp.tanh(x * w).sum())(x)
    w += 1
    with pytest.raises(GraphError, match=r"saved by checkpoint\(<lambda>\) as they were; add changed one of them"):
        y.backward()
    h = x * 1
    y = checkpoint(anp.tanh)(h).sum()
    h += 1
    with pytest.raises(GraphError, match=r"saved by checkpoint\(tanh\)"):
        y.backward()


def test_writes_inside_are_its_own_affair() -> None:
    def f(x: Any) -> Any:
        h = x * 1
        mask = tensor([1.0, 1.0])
        mask *= 3
        h *= mask
        h[0] = 5.0
        return h

    x = tensor([1.0, 2.0], requires_grad=True)
    out = checkpoint(f)(x)
    out += 1
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 3.0])


def test_without_recording_it_is_the_function() -> None:
    f = checkpoint(block)
    out = f(*POINT)
    assert type(out) is np.ndarray
    x = tensor(POINT[0], requires_grad=True)
    with no_grad():
        assert not f(x, POINT[1]).requires_grad
    constant = checkpoint(lambda x: tensor([1.0]))(x)
    assert isinstance(constant, Tensor) and not constant.requires_grad
    assert checkpoint(lambda x: x)(x) is not x
    checkpoint(lambda x: x)(x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])


def test_checkpoints_of_scalars_and_names() -> None:
    a = scalar(2.0)
    checkpoint(lambda a: a * a * a)(a).backward()
    assert a.grad.item() == 12.0
    f = checkpoint(block)
    assert f.__name__ == "block" and pickle.loads(pickle.dumps(f)).__wrapped__ is block


# custom_vjp ------------------------------------------------------------------------------------------------------


@custom_vjp
def scaled(x: Any, y: Any) -> Any:
    """x²·y"""
    return x * x * y


scaled.defvjp(lambda x, y: (scaled(x, y), (x, y)), lambda kept, g: (2 * kept[0] * kept[1] * g, kept[0] * kept[0] * g))


def test_custom_vjp_of_every_order(backend: backends.Backend) -> None:
    x, y = backend.asarray(np.array([1.5, -2.0])), backend.asarray(np.array([0.5, 3.0]))
    check_grads(scaled, order=3)(x, y)
    a, b = grad(lambda x, y: scaled(x, y).sum(), (0, 1))(x, y)
    np.testing.assert_allclose(to_numpy(a), [1.5, -12.0])
    np.testing.assert_allclose(to_numpy(b), [2.25, 4.0])
    t = tensor([1.5, -2.0], requires_grad=True)
    out = scaled(t, y)
    assert out.grad_fn.plan.name == "scaled"
    (g,) = gradients(out.sum(), t, create_graph=True)
    (second,) = gradients(g.sum(), t)
    np.testing.assert_allclose(to_numpy(second), [1.0, 6.0])


def test_a_stated_derivative_is_the_one_used() -> None:
    through = custom_vjp(lambda x: anp.floor(x))
    through.defvjp(lambda x: (anp.floor(x), None), lambda _, g: (g,))
    np.testing.assert_array_equal(grad(lambda x: through(x).sum())(np.array([1.5, 2.5])), [1.0, 1.0])
    assert jvp(through, (1.5,), (2.0,))[1] == 2.0
    np.testing.assert_array_equal(through(np.array([1.5])), [1.0])
    assert type(through(np.array([1.5]))) is np.ndarray


def test_stable_formula_as_in_jax_s_manual() -> None:
    @custom_vjp
    def log1pexp(x: Any) -> Any:
        return anp.log(1.0 + anp.exp(x))

    log1pexp.defvjp(lambda x: (log1pexp(x), x), lambda x, g: (g * (1 - 1 / (1 + anp.exp(x))),))
    with np.errstate(over="ignore"):
        assert grad(log1pexp)(100.0) == 1.0


def test_nested_arguments_and_results_and_nondiff_argnums() -> None:
    def power(n: int, p: Any) -> Any:
        return {"out": p["x"] ** n, "count": n}

    f = custom_vjp(power, nondiff_argnums=(0,))
    f.defvjp(
        lambda n, p: (power(n, p), p["x"]),
        lambda n, x, g: ({"x": g["out"] * n * x ** (n - 1)},),
    )
    x = tensor([2.0, 3.0], requires_grad=True)
    out = f(3, {"x": x})
    assert out["count"] == 3
    out["out"].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [12.0, 27.0])
    out = f(n=3, p={"x": x})
    assert out["out"].requires_grad


def test_several_results_some_unused_and_none_for_no_cotangent() -> None:
    f = custom_vjp(lambda x, y: (x * y, x + y))
    f.defvjp(lambda x, y: ((x * y, x + y), (x, y)), lambda kept, g: (g[0] * kept[1] + g[1], None))
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    np.testing.assert_array_equal(grad(lambda x: f(x, y)[0].sum())(x), y)
    np.testing.assert_array_equal(grad(lambda y: f(x, y)[0].sum())(y), [0.0, 0.0])
    np.testing.assert_array_equal(jvp(lambda x: f(x, y), (x,), (np.ones(2),))[1], [y, [1.0, 1.0]])


def test_custom_vjp_errors() -> None:
    f = custom_vjp(lambda x, y: x * y)
    with pytest.raises(GraphError, match=r"expected a derivative for <lambda>; none is stated. Call <lambda>.defvjp"):
        f(1.0, 2.0)
    w = tensor([1.0], requires_grad=True)
    cases = [
        (
            lambda x, y: x * y,
            lambda kept, g: (g, g),
            TypeError,
            "the fwd of <lambda> to return (result, residuals); got Tensor",
        ),
        (
            lambda x, y: (x * w, None),
            lambda kept, g: (g, g),
            GraphError,
            "it closes over a Tensor that requires a gradient",
        ),
        (
            lambda x, y: (x * y, None),
            lambda kept, g: g,
            TypeError,
            "a tuple of 2 cotangents, one per argument; got Tensor",
        ),
        (
            lambda x, y: (x * y, None),
            lambda kept, g: (g,),
            TypeError,
            "a tuple of 2 cotangents, one per argument; got 1 values",
        ),
        (lambda x, y: (x * y, None), lambda kept, g: ([g], g), TypeError, "a cotangent of structure *; got [*]"),
        (lambda x, y: (x * y, None), lambda kept, g: (g.sum(), g), ValueError, "a cotangent of shape (2,); got ()"),
    ]
    for fwd, bwd, error, message in cases:
        f.defvjp(fwd, bwd)
        with pytest.raises(error, match=re.escape(message)):
            vjp(f, np.ones(2), np.ones(2))[1](np.ones(2))


def test_a_write_to_an_argument_since_is_noticed() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x * 1
    y = scaled(h, h).sum()
    h += 1
    with pytest.raises(GraphError, match="values saved by scaled as they were; add changed one of them"):
        y.backward()


def test_a_module_level_custom_vjp_is_picklable() -> None:
    assert pickle.loads(pickle.dumps(scaled)) is scaled
    assert pickle.loads(pickle.dumps(grad(scaled)))(3.0, 2.0) == 12.0
    assert scaled.__name__ == "scaled" and scaled.__doc__ == "x²·y"


# Who watches ------------------------------------------------------------------------------------------------------


@checkpoint
def stretch(x: Any) -> Any:
    return anp.exp(anp.sin(x))


@custom_vjp
def halved(x: Any) -> Any:
    return x * 2.0 / 2.0


halved.defvjp(lambda x: (halved(x), None), lambda _, g: (g * 0.5,))


def _watched() -> Any:
    x = tensor([1.0, 2.0], requires_grad=True)
    with lines.scope("block"):
        y = stretch(x)
        z = halved(y)
    return z.sum()


def test_recorded_lines_are_those_of_the_call() -> None:
    with record_lines():
        out = _watched()
    called, below = out.grad_fn.edges[0], out.grad_fn.edges[0].edges[0]
    assert called.plan.name == "halved" and called.note.line.code == "z = halved(y)"
    assert below.plan.name == "checkpoint(stretch)" and below.note.line.code == "y = stretch(x)"
    assert called.note.path == below.note.path == "block"
    picture = draw(out).html()
    assert "y = stretch(x)" in picture and "z = halved(y)" in picture


def test_profiles_show_calls_of_functions_with_their_lines() -> None:
    with profile() as seen:
        _watched().backward()
    backward = {row.name: row for row in seen.rows() if row.phase == "backward"}
    assert backward["halved"].calls == backward["checkpoint(stretch)"].calls == 1
    where = {row.name for row in seen.rows("line") if row.phase == "backward"}
    assert any("y = stretch(x)" in line for line in where) and any("z = halved(y)" in line for line in where)
    assert {row.name for row in seen.rows("module")} >= {"block"}


def test_anomalies_of_calls_of_functions_are_found() -> None:
    @custom_vjp
    def blown(x: Any) -> Any:
        return x * np.inf

    blown.defvjp(lambda x: (blown(x), None), lambda _, g: (g,))
    x = tensor([1.0, 2.0], requires_grad=True)
    said = r"^blown made an infinity \(2 of 2 elements\) at .*blown\(x\).*; argument 0 is \(2,\) float64 from 1 to 2"
    with pytest.raises(AnomalyError, match=said), detect_anomaly():
        blown(x)
    with pytest.raises(AnomalyError, match=r"^log made NaN .* x is \(2,\) float64 from -2 to -1"), detect_anomaly():
        checkpoint(anp.log)(-x)
    with pytest.raises(AnomalyError, match="the backward pass of halved made NaN"), detect_anomaly():
        halved.defvjp(lambda x: (halved(x), None), lambda _, g: (g * np.nan,))
        try:
            halved(x).sum().backward()
        finally:
            halved.defvjp(lambda x: (halved(x), None), lambda _, g: (g * 0.5,))


@pytest.mark.parametrize("inner", ["checkpoint", "custom_vjp", "closure"])
def test_a_write_to_what_an_inner_call_reads_is_noticed(inner: str) -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    w = tensor([1.0, 2.0], requires_grad=True) * 1.0

    @custom_vjp
    def product(a: Any, b: Any) -> Any:
        return a * b

    product.defvjp(lambda a, b: (a * b, (a, b)), lambda kept, g: (g * kept[1], g * kept[0]))
    calls: dict[str, Any] = {
        "checkpoint": lambda x: checkpoint(lambda a, b: a * b)(x, w),
        "custom_vjp": lambda x: product(x, w),
        "closure": lambda x: checkpoint(lambda a: a * w)(x),
    }
    y = checkpoint(calls[inner])(x)
    w[...] = 0.0
    with pytest.raises(GraphError, match="setitem changed one of them in place"):
        y.sum().backward()

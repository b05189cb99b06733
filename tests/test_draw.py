"""Drawing: what a picture says, that it changes nothing, and how it is saved."""

from __future__ import annotations

import html
import inspect
import re
import shutil
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as onp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd.numpy as np
import nn
from autograd import GraphError, draw, no_grad, profile, record_lines, scalar, tensor
from autograd.draw import headings
from autograd.draw.dot import COLOURS
from autograd.draw.drawing import Drawing
from autograd.lines import scope
from tests.graphs import DRAWINGS, GOLDEN, PICTURES, SHOWN, Transformer, filled, transformer

# The matrices of Machado, Oliveira and Fernandes (2009), IEEE TVCG 15(6), for linear RGB.
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]

ROOT = Path(__file__).resolve().parent.parent
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program dot is not installed")


def heads(drawing: Drawing) -> list[str]:
    """The headings of all nodes, oldest first."""
    return re.findall(r"<td[^>]*><b>(.*?)</b></td></tr>", drawing.dot)


def arrows(drawing: Drawing) -> set[tuple[str, str]]:
    """(from, to) by heading, dotted ones left out."""
    names = dict(re.findall(r"^ *(\w+) \[label=<.*?<b>(.*?)</b>", drawing.dot, flags=re.MULTILINE))
    found = re.findall(r"^ *(\w+) -> (\w+) \[(.*)\]$", drawing.dot, flags=re.MULTILINE)
    return {(names[a], names[b]) for a, b, style in found if "dotted" not in style}


# Golden files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWINGS)
def test_golden_files(name: str) -> None:
    drawing = DRAWINGS[name]()
    how = "if the change is meant, look at the picture and run python -m tests.graphs"
    assert drawing.dot == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8"), how
    assert drawing.mermaid() == (GOLDEN / f"{name}.mmd").read_text(encoding="utf-8"), how


def test_ids_do_not_depend_on_what_ran_before_or_on_the_hash_seed() -> None:
    program = (
        "from tests.graphs import *; scalars(); print(hash(transformer().dot + network().html()) and network().dot)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": seed, "PATH": ""}, check=True,
            capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert runs == {(GOLDEN / "network.dot").read_text(encoding="utf-8") + "\n"}


@needs_dot
@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.dot")), ids=lambda path: path.stem)
def test_dot_reads_the_golden_files_and_every_label_fits_its_box(path: Path) -> None:
    ran = subprocess.run(["dot", "-Tsvg", str(path)], capture_output=True, text=True, check=True)
    assert ran.stderr == ""  # dot warns of labels that don't fit, and of unknown attributes
    assert "<svg" in ran.stdout


def said(svg: str) -> list[tuple[str, str, list[str], list[str]]]:
    """(what, id, words, colours and widths) of all that an SVG shows; not where it lies, which fonts decide."""
    found = []
    for kind, body in re.findall(r'<g id="\w+" class="(node|edge|cluster)">(.*?)</g>', svg, flags=re.DOTALL):
        words = [html.unescape(w).strip("\u00a0 ") for w in re.findall(r"<text [^>]*>(.*?)</text>", body)]
        colours = re.findall(r'(?:fill|stroke|stroke-width)="([#\w.]+)"', body)
        found.append((kind, re.findall(r"<title>(.*?)</title>", body)[0], words, colours))
    return sorted(found)


@needs_dot
@pytest.mark.parametrize("name", SHOWN)
def test_the_pictures_in_the_readme_are_what_is_drawn_now(name: str) -> None:
    shown = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    how = "if the change is meant, run python -m tests.graphs and look at the picture"
    assert said(shown) == said(SHOWN[name]().svg()), how
    assert len(said(shown)) > 8
    assert f'docs/pictures/{name}.svg"' in (ROOT / "README.md").read_text(encoding="utf-8")


# What it says ------------------------------------------------------------------------------------------------


def test_scalars_show_value_and_gradient_side_by_side_after_backward_too() -> None:
    # The gradients by hand: c = tanh(u), u = ab + a, so dc/du = 1 - c², dc/da = (b + 1)·dc/du, dc/db = a·dc/du.
    for run_backward in (False, True):
        a, b = scalar(2.0), scalar(-3.0)
        c = (a * b + a).tanh()
        if run_backward:
            c.backward()  # frees what the graph saved
        slope = 1 - onp.tanh(-4.0) ** 2
        text = draw(c).dot
        assert f"value 2  │  grad {-2 * slope:.4g}" in text  # a
        assert f"value -3  │  grad {2 * slope:.4g}" in text  # b
        assert f"value -6  │  grad {slope:.4g}" in text  # a·b
        assert f"value -4  │  grad {slope:.4g}" in text  # a·b + a
        assert f"value {onp.tanh(-4.0):.4g}  │  grad 1" in text


def test_values_are_not_computed_again_from_leaves_that_have_changed() -> None:
    a, b = scalar(2.0), tensor([3.0], requires_grad=True)
    c = (b * b + b).sum()
    c.backward()
    with no_grad():
        b -= 0.1 * b.grad
    text = draw(c).dot
    assert "value 12" in text and "value [9]" not in text and "value [5.29]" not in text
    assert a.grad is None


def test_drawing_changes_nothing() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    called = []
    x.register_hook(called.append)
    h = x * x
    h.retain_grad()
    loss = (h * x).sum()
    draw(loss), draw(loss, view="both").html()
    assert x.grad is None and h.grad is None and not called
    loss.backward()
    onp.testing.assert_array_equal(x.grad.data, [3.0, 12.0])
    assert len(called) == 1


def test_a_drawing_holds_no_arrays_and_keeps_no_graph_alive() -> None:
    x = tensor(filled(100, 100), requires_grad=True)
    h = (x * x).tanh()
    graph, array = weakref.ref(h.grad_fn), weakref.ref(h.data)
    drawing = draw(h.sum())
    del h
    assert graph() is None and array() is None
    assert "tanh" in drawing.dot


def test_shapes_dtypes_and_devices(backend: Any) -> None:
    x = tensor(backend.asarray(filled(3, 4)), requires_grad=True)
    drawing = draw((x * x).sum())
    device = "" if x.device == "cpu" else f" {x.device}"
    assert f"(3, 4) float32{device}<" in drawing.dot
    assert "‖grad‖" in drawing.dot


def test_views() -> None:
    x = tensor([3.0], requires_grad=True)
    y = x * x
    assert arrows(draw(y)) == {("y = multiply", "x")}
    assert arrows(draw(y, view="forward")) == {("x", "y = multiply")}
    assert arrows(draw(y, view="both")) == {("x", "y = multiply"), ("y = multiply", "x")}


def test_a_function_is_run_with_lines_and_modules() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)

    def f() -> Any:
        with scope("encoder"), scope("layers.0"):
            h = x * x
        return h.sum()

    drawing = draw(f)
    assert "test_draw.py:" in drawing.dot
    assert "encoder.layers.0" in drawing.dot
    assert '"line":"test_draw.py:' in drawing.html() and "h = x * x" in drawing.html()


def test_a_function_drawn_shows_all_small_values_also_what_could_not_be_computed_again() -> None:
    x = tensor([3.0, 1.0], requires_grad=True)

    def f() -> Any:
        y = np.where(x > 2, x, 0.5)  # the graph keeps no operand of where
        z = np.sort(y * 2)
        z[0] = 7.0  # and what was there before is overwritten
        return z.sum()

    for backend in ("numpy", "strict"):
        x = tensor([3.0, 1.0], requires_grad=True, device=backend if backend != "numpy" else "cpu")
        text = draw(f).dot
        for op, value in (("where", "[3, 0.5]"), ("multiply", "[6, 1]"), ("sort", "[1, 6]"), ("view_update", "[7, 6]")):
            assert re.search(rf"<b>{op}</b>.*?value {re.escape(value)}  │  grad", text), (backend, op)


def test_several_outputs_and_picks() -> None:
    x = tensor(filled(3, 3, dtype="float64"), requires_grad=True)
    symmetric = x + x.T
    w, v = np.linalg.eigh(symmetric)
    drawing = draw([w, v])
    assert len([h for h in heads(drawing) if "eigh" in h]) == 1
    assert "eigh" in drawing.mermaid()
    assert ">(3,) float64, (3, 3) float64<" in drawing.dot  # the outputs' shapes
    norm = re.search(r"eigh</b>.*?‖grad‖ ([\d.]+)", drawing.dot)
    assert norm and float(norm[1]) == pytest.approx(12**0.5, rel=1e-2)  # ones, for 3 + 9 elements


def test_folded_modules_say_what_is_in_them_and_which_gradient_arrives() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4))
    x = tensor(filled(2, 3))
    drawing = draw(lambda: model(x).sum(), depth=0)
    assert sorted(h for h in heads(drawing) if "▸" in h) == ["▸ 0", "▸ 1", "▸ 2"]
    assert ">linear<" in drawing.dot and ">tanh<" in drawing.dot
    # The gradient of the sum is 1 at each of the 8 outputs; at the edge into the last module no box would tell.
    assert f'label="\u00a0\u00a0‖grad‖ {8**0.5:.3g}"' in drawing.dot


def test_headings_stand_where_no_edge_crosses_them() -> None:
    def layout(pos: str) -> dict[str, Any]:
        frame = {
            "name": "cluster_g3",
            "bb": "0,0,200,100",
            "lp": "66,90",
            "lheight": "0.17",
            "lwidth": "0.5",
            "label": "block\u00a0\u00a0",
        }
        return {"objects": [frame, {"name": "n1"}], "edges": [{"pos": pos}, {}]}

    down = "e,{0},60 {0},120 {0},110 {0},80 {0},70"
    assert headings.sides(layout(down.format(100))) == ({}, set())  # in the middle: the heading at the left is free
    assert headings.sides(layout(down.format(20))) == ({"g3": "r"}, set())
    both = f"{down.format(20)};{down.format(180)}"
    assert headings.sides(layout(both)) == ({"g3": "c"}, set())
    assert headings.sides(layout(f"{both};{down.format(100)}")) == ({}, {"g3"})
    assert headings.sides(layout("e,20,60 -90,300 -80,280 -70,260 -60,250")) == ({}, set())


@needs_dot
def test_the_headings_of_a_transformer_are_free_of_edges() -> None:
    crossed_at_first = crossed_at_last = 0
    for depth in (None, 2, 3):
        for view in ("backward", "forward"):
            drawing = transformer(depth=depth, view=view)
            texts: list[str] = []

            def note(text: str, kind: str, run: Any = drawing._run, texts: list[str] = texts) -> bytes:
                texts.append(text)
                return run(text, kind)

            drawing._run = note  # type: ignore[method-assign]
            drawing.svg()
            first, last = texts[0], texts[-1]
            moved, narrow = headings.sides(drawing._layout(first))
            crossed_at_first += len(moved.keys() | narrow)
            said = dict(re.findall(r"subgraph cluster_(\w+) \{\n.*labeljust=(\w)", last))
            moved, narrow = headings.sides(drawing._layout(last))
            crossed_at_last += len(narrow) + sum(said[name] == "l" for name in moved)
    assert crossed_at_first > 8 and crossed_at_last <= 1  # how wide words are depends on the fonts


# States --------------------------------------------------------------------------------------------------------


def state_of(drawing: Drawing, name: str) -> str:
    return next(box.state for box in drawing.scene.boxes if box.name == name or box.op == name)


def test_nan_infinite_zero_and_cut_gradients_stand_out() -> None:
    x, unused = tensor([0.0, 1.0], requires_grad=True), tensor([1.0, 1.0], requires_grad=True)
    with onp.errstate(all="ignore"):
        root = x.log()
        drawing = draw((x * 0 * unused).sum() + (x.detach() * x).sum() + (root * 0).sum())
        infinite = draw(root.sum())
    assert state_of(drawing, "x") == "nan"  # 0 / 0
    assert state_of(drawing, "unused") == "zero"
    assert state_of(drawing, "x without its history") == "cut"
    assert state_of(infinite, "x") == "inf"
    for state, text in (("nan", "NaN"), ("zero", "zero gradient"), ("cut", "no gradient: cut")):
        assert f'color="{COLOURS[state]}"' in drawing.dot  # the frame, and an edge or the words' background
        assert f">{text}<" in drawing.dot  # colour is never all that tells
    assert COLOURS["inf"] in infinite.dot and ">infinite<" in infinite.dot


def test_the_colours_are_told_apart_without_red_and_green() -> None:
    for matrix in map(onp.array, (onp.eye(3), PROTANOPIA, DEUTERANOPIA)):
        shown = []
        for colour in COLOURS.values():
            rgb = onp.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
            linear = onp.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
            linear = onp.clip(matrix @ linear, 0, 1)
            shown.append(onp.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
        distances = [onp.linalg.norm(a - b) for i, a in enumerate(shown) for b in shown[:i]]
        assert min(distances) > 0.15


def test_edges_are_as_wide_as_the_gradient_is_large() -> None:
    a, b = scalar(1.0), scalar(1.0)
    text = draw(a * 1.0 + b * 1e-4).dot
    widths = sorted(float(w) for w in re.findall(r"penwidth=([\d.]+), color=\"#333333\"", text))
    assert widths[-1] == 3.0 and widths[0] < 1.5


# Names, and torchviz's other known complaints ----------------------------------------------------------------------


def test_torchviz_names_are_missing_here_they_come_by_themselves() -> None:
    class Model:
        def __init__(self) -> None:
            self.scale = tensor([2.0], requires_grad=True)

    weights = [tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)]
    table = {"bias": tensor([1.0], requires_grad=True)}
    model, named = Model(), tensor([1.0], requires_grad=True)
    named.name = "my own name"
    result = (weights[0] * weights[1] + table["bias"]) * model.scale * named
    names = heads(draw(result)) + heads(result.draw())
    for expected in ("weights[0]", "weights[1]", "table['bias']", "model.scale", "my own name", "result = multiply"):
        assert names.count(expected) == 2


def test_parameters_have_their_modules_paths() -> None:
    drawing = transformer(fold=False)
    paths = {(box.path, box.name) for box in drawing.scene.boxes if box.kind == "leaf"}
    assert ("blocks.7.attention.q", "weight") in paths and ("head", "bias") in paths


def test_an_operation_is_in_the_module_of_its_parameters_or_of_its_neighbours() -> None:
    drawing = transformer(fold=False)
    paths = {(box.op, box.path) for box in drawing.scene.boxes if box.kind == "op"}
    assert ("matmul", "blocks.3.mlp.up") in paths
    assert ("tanh", "blocks.3.mlp") in paths  # between up and down
    assert ("softmax", "blocks.3.attention") in paths
    assert ("add", "blocks.3") in paths  # the input added to attention's and mlp's output


def test_repeated_modules_fold_to_one() -> None:
    drawing = transformer()
    assert "blocks.0 … 11  × 12" in drawing.dot
    assert sum(h == "softmax" for h in heads(drawing)) == 1
    open_all = transformer(fold=False)
    assert sum(h == "softmax" for h in heads(open_all)) == 12


def test_modules_that_take_turns_fold_to_one_turn() -> None:
    x = tensor(filled(2, 8))
    flat = nn.Sequential(*[layer for _ in range(12) for layer in (nn.Linear(8, 8), nn.ReLU())])

    class Net(nn.Module):
        def __init__(self) -> None:
            self.layers = [nn.Linear(8, 8) for _ in range(12)]

        def forward(self, h: Any) -> Any:  # the activation is the model's own, between its modules
            for layer in self.layers:
                h = layer(h).relu()
            return h

    def guessed(model: Any) -> Drawing:  # nobody watched: parameters tell, and the last activation is in no module
        return draw(model(x).sum())

    net = Net()
    drawn = (draw(lambda: flat(x).sum()), 23), (guessed(flat), 22), (draw(lambda: net(x).sum()), 11)
    for drawing, last in drawn:
        assert re.search(rf"0 … {last}  × 12", drawing.dot)
        assert sorted(heads(drawing)) == ["bias", "linear", "relu", "sum", "weight", "x"]


def test_of_alike_modules_the_first_may_be_given_a_constant() -> None:
    # So the first of these computes no gradient of its input, and its first operation has an edge less.
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 12)
    x = tensor(filled(2, 5, 8))
    drawing = draw(lambda: model(x).sum())
    assert "layers.0 … 11  × 12" in drawing.dot
    assert sum(h == "softmax" for h in heads(drawing)) == 1


def test_modules_that_are_wired_differently_are_not_put_together() -> None:
    x = tensor(filled(3, 3), requires_grad=True)

    def program() -> Any:
        h = x
        for i in range(12):
            with scope(f"blocks.{i}"):
                a, b = h.sin(), h.cos()
                h = (a * b if i % 3 else a * a) * 1.0
        return h.sum()

    assert " × 12" not in draw(program).dot


def test_folding_makes_no_circles() -> None:
    # Graphviz turns edges of a circle round; then arrows would point against the gradient.
    drawing = transformer()
    order, edges = [], {(a, b) for a, b in arrows_by_id(drawing)}
    remaining = {x for edge in edges for x in edge}
    while remaining:
        free = sorted(x for x in remaining if not any(b == x and a in remaining for a, b in edges))
        assert free, f"a circle among {sorted(remaining)}"
        order += free
        remaining -= set(free)


def arrows_by_id(drawing: Drawing) -> list[tuple[str, str]]:
    found = re.findall(r"^ *(\w+) -> (\w+) \[(.*)\]$", drawing.dot, flags=re.MULTILINE)
    return [(a, b) for a, b, style in found if "dotted" not in style]


def test_a_loop_folds_to_one_turn() -> None:
    drawing = DRAWINGS["loop"]()
    assert "matmul, add, tanh  × 24" in drawing.dot
    assert heads(drawing) == ["w", "matmul", "add", "tanh", "sum"]


def test_turns_that_are_wired_differently_are_not_put_together() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    h = x
    for i in range(12):
        a, b = h.sin(), h.cos()
        h = a * b if i % 3 else a * a * 1.0
    assert " × 12" not in draw(h.sum()).dot


def test_torchviz_large_graphs_are_unreadable_here_100_000_nodes_fold() -> None:
    x = tensor([0.5, 0.25], requires_grad=True)
    steps = [np.tanh, np.sin, lambda v: v * x, lambda v: v + x, np.cos]
    h = x
    for i in onp.random.default_rng(0).integers(0, 5, 100_000):
        h = steps[i](h)
    drawing = draw(h.sum())
    text = drawing.dot, drawing.mermaid(), drawing.html()
    assert "100,001 operations" in repr(drawing)
    shown, edges = map(int, re.findall(r"(\d+) nodes, (\d+) edges", repr(drawing))[0])
    assert shown <= 200 and edges <= 400
    assert all(re.search(r"6,2\d\d operations", t) for t in text)


def test_torchviz_recursion_errors_here_depth_is_no_trouble() -> None:
    x = tensor([0.5, 0.25], requires_grad=True)
    h = x
    for i in range(3000):  # many times deeper than the stack that is left
        h = (np.tanh, np.sin, lambda v: v * x, np.cos)[i * i % 7 % 4](h)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 120)
    try:
        for fold in (True, False):
            for view in ("backward", "forward", "both"):
                drawing = draw(h.sum(), view=view, fold=fold)
                assert drawing.dot and drawing.mermaid() and drawing.html()
        del drawing
    finally:
        sys.setrecursionlimit(limit)


def test_a_long_loop_of_100_000_turns_folds_to_one_turn() -> None:
    x = tensor([0.5], requires_grad=True)
    h = x
    for _ in range(33_000):
        h = (h * x).tanh() + x
    assert re.search(r"× 33000", draw(h.sum()).dot)


def test_max_nodes_and_depth() -> None:
    few = transformer(max_nodes=12)
    assert int(re.findall(r"(\d+) nodes", repr(few))[0]) <= 12
    shallow = transformer(depth=0)
    assert any("▸ blocks" in h for h in heads(shallow))
    assert "softmax" not in "".join(heads(shallow))


def test_torchviz_saved_tensors_look_like_inputs_here_they_are_dotted_edges_with_their_bytes() -> None:
    x, w = tensor(filled(5, 3)), tensor(filled(3, 2), requires_grad=True)
    y = x @ w
    text = draw(y).dot
    dotted = [line for line in text.splitlines() if "style=dotted" in line]
    assert len(dotted) == 1 and 'a 60 B"' in dotted[0]  # x, kept for w's gradient: 5·3·4 bytes
    assert "dashed" in text and ">x<" in text  # and it looks like no input that needs a gradient
    exponential = draw(w.exp())
    assert "keeps out: 24 B" in exponential.dot  # an operation's own result is no edge


def test_constants_have_the_names_of_the_variables_that_hold_them() -> None:
    weights, plain = tensor([1.0, 2.0], requires_grad=True), onp.array([3.0, 4.0])
    target = tensor([5.0, 6.0])
    target.name = "y"
    text = draw(weights * plain * target * onp.array([7.0, 8.0]), values=False).mermaid()
    assert re.findall(r'\[/"(\w+)<br/>', text) == ["plain", "y", "constant"]


def test_zeros_have_no_sign() -> None:
    x = tensor([0.0, 1.0], requires_grad=True)
    assert "value [0, -1]" in draw(-x).dot and "-0" not in draw((-x * 0.0).sum()).mermaid()


def test_a_freed_graph_has_no_dotted_edges() -> None:
    x = tensor(filled(3, 3), requires_grad=True)
    loss = (x @ x).sum()
    assert "dotted" in draw(loss).dot
    loss.backward()
    assert "dotted" not in draw(loss).dot


# Saving, and errors ------------------------------------------------------------------------------------------------


@needs_dot
def test_every_ending(tmp_path: Path) -> None:
    drawing = DRAWINGS["scalars"]()
    starts = {
        "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!DOCTYPE html>",
        "dot": b"digraph", "mmd": b"graph TD",
    }  # fmt: skip
    for ending, start in starts.items():
        path = drawing.save(tmp_path / f"graph.{ending}")
        assert path.read_bytes().startswith(start)
    bundle = drawing._repr_mimebundle_()
    assert 'style="max-width: 100%; height: auto"' in bundle["image/svg+xml"]


def test_another_ending_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"save: expected a file ending in \.svg, .* got 'graph\.gif'\. Rename it"):
        DRAWINGS["scalars"]().save(tmp_path / "graph.gif")


def test_without_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = DRAWINGS["scalars"]()
    for ending in ("svg", "png", "pdf"):
        with pytest.raises(RuntimeError, match=r"expected Graphviz's program `dot` .*apt-get install graphviz"):
            drawing.save(tmp_path / f"graph.{ending}")
    for ending in ("html", "dot", "mmd"):
        assert drawing.save(tmp_path / f"graph.{ending}").stat().st_size > 100
    assert "```mermaid" in drawing._repr_mimebundle_()["text/markdown"]


def test_errors() -> None:
    x = tensor([1.0])
    with pytest.raises(GraphError, match=r"draw: expected a Tensor computed from one .* got one that was not recorded"):
        draw(x * 2)
    with pytest.raises(GraphError, match=r"got float\. Give an input requires_grad=True"):
        draw(1.5)
    y = tensor([1.0], requires_grad=True) * 2
    with pytest.raises(ValueError, match=r"expected view to be one of 'backward', 'forward', 'both'; got 'up'"):
        draw(y, view="up")
    with pytest.raises(
        GraphError, match=r"draw: expected a Tensor, or several; got an empty list\. Give it the outputs"
    ):
        draw([])
    with pytest.raises(ValueError, match=r"draw: expected max_nodes to be 1 or more; got 0\. Correct it"):
        draw(y, max_nodes=0)
    with pytest.raises(ValueError, match=r"draw: expected depth to be 0 or more; got -1\. Correct it"):
        draw(y, depth=-1)
    with pytest.raises(ValueError, match=r"expected direction to be 'TB' or 'LR'; got 'X'"):
        draw(y, direction="X")


def test_text_that_means_something_to_dot_or_html_is_quoted(tmp_path: Path) -> None:
    x = tensor([1.0], requires_grad=True)
    x.name = '<b>"x"</b> & </script>\\n #1;'
    drawing = draw(x * 2)
    assert "&lt;b&gt;" in drawing.dot and "&amp;" in drawing.dot
    assert drawing.html().count("</script>") == 1
    assert "#quot;x#quot;" in drawing.mermaid() and "#35;1;" in drawing.mermaid()
    if shutil.which("dot"):
        assert drawing.svg().count("&lt;b&gt;") == 1


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = transformer().html()
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page
    assert "<link" not in page and "src=" not in page


def test_record_lines_notes_the_innermost_line_of_the_user() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with record_lines():
        y = np.mean(x * 2)  # mean calls further operations inside the engine
    assert y.grad_fn.note.line.code == "y = np.mean(x * 2)  # mean calls further operations inside the engine"
    z = y * 2
    assert z.grad_fn.note is None  # outside, nothing is noted


def test_modules_of_nn_name_themselves() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 4)), nn.ReLU())
    x = tensor(filled(2, 3))
    drawing = draw(lambda: model(x).sum())
    paths = {(box.op, box.path) for box in drawing.scene.boxes if box.kind == "op"}
    assert {("linear", "0"), ("tanh", "1.0"), ("linear", "1.1"), ("relu", "2"), ("sum", "")} <= paths
    assert {box.name for box in drawing.scene.boxes if box.kind == "leaf"} == {"weight", "bias"}
    guessed = draw(model(x).sum())  # nobody watched: parameters' paths tell
    assert {box.path for box in guessed.scene.boxes if box.kind == "leaf"} == {"0", "1.1"}


def test_drawing_is_not_seen_by_who_watches() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    with profile() as p:
        draw(loss)
    assert p.entries == []


def test_a_transformer_has_every_parameter_in_its_drawing() -> None:
    model = Transformer(2)
    loss = model(tensor(filled(1, 2, 3))).sum()
    count = len(list(model.named_parameters()))
    assert sum(box.kind == "leaf" for box in draw(loss).scene.boxes) == count


@given(
    steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=60),
    turns=st.integers(1, 5),
    scopes=st.booleans(),
    max_nodes=st.integers(8, 40),
    depth=st.none() | st.integers(0, 3),
    fold=st.booleans(),
)
@example(
    steps=[(i * i % 5, i % 3, i % 4) for i in range(40)], turns=1, scopes=False, max_nodes=10, depth=None, fold=True
)
def test_any_graph_draws(steps: Any, turns: int, scopes: bool, max_nodes: int, depth: int | None, fold: bool) -> None:
    values = [scalar(0.5), scalar(0.25)]

    def program() -> Any:
        for turn in range(turns):
            with scope(f"blocks.{turn}" if scopes else ""):
                for kind, i, j in steps:
                    a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
                    values.append([a * b, a + b, a.sin(), a.tanh(), a * 2.0][kind])
        return values[-1]

    drawing = draw(program, max_nodes=max_nodes, depth=depth, fold=fold)
    for view in ("backward", "forward", "both"):
        text = Drawing(drawing.scene, view, "TB").dot
        defined = re.findall(r"^ *(\w+) \[label=<", text, flags=re.MULTILINE)
        joined = re.findall(r"^ *(\w+) -> (\w+) \[", text, flags=re.MULTILINE)
        assert len(set(defined)) == len(defined)
        assert {x for pair in joined for x in pair} <= set(defined)
        assert all(a != b for a, b in joined)
    if fold:
        assert len(defined) <= max_nodes
    # Nothing is lost: the groups' counts, all turns told, are the operations of the graph.
    assert drawing.scene.root.count == sum(box.kind == "op" for box in drawing.scene.boxes)
    assert drawing.mermaid() and drawing.html()

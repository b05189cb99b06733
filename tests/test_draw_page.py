"""The HTML page in headless Chromium: it opens without errors, folds, searches, hovers, zooms; frames never overlap."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import draw, tensor
from tests.graphs import network, transformer

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")

# Runs before the page's own script: every error and every message of the console is kept.
CATCH = """<script>
window.problems = [];
window.addEventListener("error", e => problems.push(String(e.message)));
for (const k of ["error", "warn"]) console[k] = (...words) => problems.push(words.join(" "));
</script>"""

TOOLS = """
const all = s => [...document.querySelectorAll(s)];
const title = e => e.querySelector("text").textContent;
const group = name => all("g.group").find(e => title(e).includes(name));
const click = e => e.dispatchEvent(new MouseEvent("click", { bubbles: true }));
const rects = s => all(s).map(e => e.querySelector("rect").getBoundingClientRect());
const across = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left);
const along = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
const overlap = (a, b) => across(a, b) > 1 && along(a, b) > 1;
const inside = (a, b) => a.left > b.left - 1 && a.right < b.right + 1 && a.top > b.top - 1 && a.bottom < b.bottom + 1;
const clipped = e => {
  const frame = e.querySelector("rect").getBoundingClientRect();
  return [...e.querySelectorAll("text")].some(t => !inside(t.getBoundingClientRect(), frame));
};
"""


def run(page: str, script: str, folder: Path) -> Any:
    """What ``script``, a function's body, returns in the opened page; no problem may have come up."""
    ending = f"""<script>(() => {{
      let out;
      try {{ out = (() => {{ {TOOLS} {script} }})(); }} catch (e) {{ problems.push(String(e)); }}
      const pre = document.createElement("pre");
      pre.id = "out";
      pre.textContent = JSON.stringify([problems, out]);
      document.body.append(pre);
    }})()</script>"""
    path = folder / "page.html"
    path.write_text(
        page.replace("<head>", "<head>" + CATCH, 1).replace("</body>", ending + "</body>"), encoding="utf-8"
    )
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", "--no-first-run",
        "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    assert found, f"the page did not finish: {done.stderr[-2000:]}"
    problems, out = json.loads(html.unescape(found[1]))
    assert problems == []
    return out


def test_it_opens_and_shows_every_node(tmp_path: Path) -> None:
    drawing = network()
    shown = run(drawing.html(), "return all('g.box').map(title);", tmp_path)
    assert len(shown) == len(drawing.scene.boxes)
    assert {"W1", "b2", "h = sigmoid", "J = negative"} <= set(shown)


def test_every_label_lies_in_its_box_and_no_boxes_overlap(tmp_path: Path) -> None:
    script = """
    document.getElementById("open").click();
    const boxes = rects("g.box"), frames = rects("g.group");
    const pairs = list => list.flatMap((a, i) => list.slice(0, i).map(b => [a, b]));
    const boxesOverlap = pairs(boxes).filter(([a, b]) => overlap(a, b)).length;
    const framesCross = pairs(frames).filter(([a, b]) => overlap(a, b) && !inside(a, b) && !inside(b, a)).length;
    const cut = all("g.box, g.group").filter(clipped).map(title);
    // No edge runs over a box: its points, but for those at its ends, lie outside of all of them.
    const under = (p, r) => p.x > r.left + 2 && p.x < r.right - 2 && p.y > r.top + 2 && p.y < r.bottom - 2;
    const over = all("svg path[stroke]").filter(path => {
      const matrix = path.getScreenCTM(), length = path.getTotalLength();
      const points = [...Array(60).keys()].map(i => path.getPointAtLength(i * length / 60).matrixTransform(matrix));
      return boxes.some(r => points.some(p => under(p, r)));
    }).length;
    return { clipped: cut, over, boxesOverlap, framesCross, boxes: boxes.length, frames: frames.length };
    """
    found = run(transformer().html(), script, tmp_path)
    assert found["over"] == 0
    assert found["clipped"] == [] and found["boxesOverlap"] == 0 and found["framesCross"] == 0
    assert found["boxes"] > 30 and found["frames"] > 8


def test_it_folds_and_opens_modules(tmp_path: Path) -> None:
    script = """
    const before = all("g.box").length;
    click(group("blocks.0 … 11"));
    const folded = [all("g.box").length, title(group("blocks.0 … 11"))];
    click(group("blocks.0 … 11"));
    const again = all("g.box").length;
    document.getElementById("fold").click();
    const least = all("g.box").length;
    return { before, folded, again, least };
    """
    found = run(transformer().html(), script, tmp_path)
    assert found["folded"][1] == "▸ blocks.0 … 11  × 12"
    assert found["folded"][0] < found["before"] == found["again"]
    assert found["least"] < found["folded"][0]


def test_it_searches(tmp_path: Path) -> None:
    script = """
    const field = document.getElementById("search");
    field.value = "softmax"; field.dispatchEvent(new Event("input"));
    const hits = [document.getElementById("hits").textContent, all(".found.box").map(title), all(".dim").length];
    document.getElementById("fold").click();
    const folded = all(".found.group").map(title);  // what is folded away is found in its group
    field.value = ""; field.dispatchEvent(new Event("input"));
    return { hits, folded, after: all(".found, .dim").length };
    """
    found = run(transformer().html(), script, tmp_path)
    assert found["hits"][:2] == ["1 found", ["softmax"]] and found["hits"][2] > 20
    assert found["folded"] == ["▸ blocks"]
    assert found["after"] == 0


def test_it_shows_details_where_the_mouse_is(tmp_path: Path) -> None:
    script = """
    const box = all("g.box").find(e => title(e) === "h = sigmoid"), tip = document.getElementById("tip");
    box.dispatchEvent(new MouseEvent("mousemove", { clientX: 300, clientY: 300 }));
    const shown = [tip.style.display, tip.textContent];
    box.dispatchEvent(new MouseEvent("mouseleave"));
    return [...shown, tip.style.display];
    """
    display, text, after = run(network().html(), script, tmp_path)
    assert (display, after) == ("block", "none")
    assert "keeps out: 80 B" in text and "(1, 10) float64" in text


def test_it_zooms_about_the_mouse_and_pans(tmp_path: Path) -> None:
    script = """
    const view = () => svg.getAttribute("viewBox").split(" ").map(Number);
    const a = view();
    svg.dispatchEvent(new WheelEvent("wheel", { deltaY: -300, clientX: 600, clientY: 450, cancelable: true }));
    const b = view();
    svg.dispatchEvent(new PointerEvent("pointerdown", { clientX: 100, clientY: 100 }));
    window.dispatchEvent(new PointerEvent("pointermove", { clientX: 160, clientY: 130 }));
    window.dispatchEvent(new PointerEvent("pointerup", {}));
    return [a, b, view()];
    """
    a, b, c = run(network().html(), script, tmp_path)
    assert b[2] < a[2] and b[3] < a[3]
    assert c[2:] == b[2:] and c[0] < b[0] and c[1] < b[1]


def test_a_large_graph_opens_step_by_step(tmp_path: Path) -> None:
    x = tensor([0.5], requires_grad=True)
    h = x
    for i in np.random.default_rng(0).integers(0, 3, 3000):
        h = (h.sin(), h.cos(), h * x)[i]
    script = """
    const before = all("g").length, first = all("g.group").length;
    click(all("g.group")[0]);
    return { first, after: all("g").length > before };
    """
    found = run(draw(h.sum(), max_nodes=40).html(), script, tmp_path)
    assert 0 < found["first"] <= 40 and found["after"]

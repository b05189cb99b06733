"""The page's script by itself, in Node with a stand-in for the document: for machines without a browser.

What needs real text and real boxes (labels in their frames, nothing overlaps) is tested in ``test_draw_page.py``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.graphs import network, transformer

NODE = shutil.which("node") or shutil.which("nodejs")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")

# As much of a document as the script uses; text is as wide as 7 pixels a letter.
STAND_IN = """
class Element {
  constructor(name) {
    Object.assign(this, { name, attributes: {}, children: [], listeners: {}, style: {}, value: "", textContent: "",
      clientWidth: 1200, clientHeight: 860, offsetWidth: 100, offsetHeight: 50 });
    const classes = this.classes = new Set();
    this.classList = { add: c => classes.add(c), remove: c => classes.delete(c) };
  }
  setAttribute(key, value) {
    this.attributes[key] = String(value);
    if (key === "class") String(value).split(" ").forEach(c => this.classes.add(c));
  }
  getAttribute(key) { return this.attributes[key]; }
  append(...more) { this.children.push(...more); }
  replaceChildren(...more) { this.children = more; }
  addEventListener(kind, listener) { (this.listeners[kind] = this.listeners[kind] || []).push(listener); }
  send(kind) { (this.listeners[kind] || []).forEach(f => f({ preventDefault() {}, target: this })); }
  getBBox() { return { x: 0, y: 0, width: 800, height: 600 }; }
  getBoundingClientRect() { return { left: 0, top: 0, width: 1200, height: 860 }; }
  getContext() { return { measureText: text => ({ width: 7 * text.length }) }; }
  all(cls) { return this.children.flatMap(c => [...(c.classes.has(cls) ? [c] : []), ...c.all(cls)]); }
  get title() { return this.children.find(c => c.name === "text").textContent; }
}
const known = {};
const document = {
  createElementNS: (space, name) => new Element(name), createElement: name => new Element(name),
  getElementById: id => known[id] = known[id] || new Element(id),
};
const window = new Element("window"), innerWidth = 1200, innerHeight = 900;
"""


def run(page: str, script: str) -> Any:
    """What ``script``, a function's body, returns after the page's own script has run."""
    found = re.search(r"<script>\n(.*?)</script>", page, flags=re.DOTALL)
    assert found
    body = found[1].replace('"use strict";', "", 1)
    ending = f"""
    const titles = cls => scene.all(cls).map(e => e.title);
    const press = (cls, words) => scene.all(cls).find(e => e.title.includes(words)).send("click");
    console.log(JSON.stringify((() => {{ {script} }})()));
    """
    assert NODE
    done = subprocess.run(
        [NODE, "-"], input='"use strict";' + STAND_IN + body + ending, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return json.loads(done.stdout)


def test_it_shows_every_node_and_every_edge_has_a_path() -> None:
    drawing = network()
    script = "return [titles('box'), scene.children[1].children.map(p => p.getAttribute('d'))];"
    shown, paths = run(drawing.html(), script)
    assert len(shown) == len(drawing.scene.boxes) and {"W1", "b2", "h = sigmoid", "J = negative"} <= set(shown)
    assert len(paths) == len(drawing.scene.visible()[1])
    assert all(re.fullmatch(r"[MCQL\d. -]+", path) for path in paths)  # numbers everywhere, no NaN


def test_it_opens_folds_and_searches() -> None:
    script = """
    const first = titles("box").length;
    press("group", "blocks.0");
    const folded = [titles("box").length, titles("group").filter(t => t.startsWith("▸"))];
    press("group", "blocks.0");
    const again = titles("box").length;
    known.search.value = " Softmax ";
    known.search.send("input");
    const found = [known.hits.textContent, scene.all("found").map(e => e.title), scene.all("dim").length];
    known.fold.send("click");
    const inside = scene.all("found").map(e => e.title);
    known.search.value = "";
    known.search.send("input");
    return { first, folded, again, found, inside, none: scene.all("found").length + scene.all("dim").length };
    """
    out = run(transformer().html(), script)
    assert out["folded"][0] < out["first"] == out["again"]
    assert out["folded"][1] == ["▸ blocks.0 … 11  × 12"]
    assert out["found"][:2] == ["1 found", ["softmax"]] and out["found"][2] > 20
    assert out["inside"] == ["▸ blocks"] and out["none"] == 0


def test_the_view_keeps_its_scale_when_the_window_changes() -> None:
    script = """
    const before = known.view.getAttribute("viewBox").split(" ").map(Number);
    known.view.clientWidth = 600;
    window.send("resize");
    return [before, known.view.getAttribute("viewBox").split(" ").map(Number)];
    """
    before, after = run(network().html(), script)
    assert after == [before[0], before[1], before[2] / 2, before[3]]

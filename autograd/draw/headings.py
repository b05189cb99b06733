"""Where a frame's heading stands: on the side that no edge runs over. Imports nothing; reads dot's layout."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

# A letter is about so many times as wide as the space beside it; edges are looked at in so many places per curve.
LETTER, PLACES = 2.2, 48


def sides(layout: dict[str, Any]) -> tuple[dict[str, str], set[str]]:
    """Where headings should stand, and which frames are too narrow for it.

    Args:
        layout: what ``dot -Tjson`` gives for the drawing.

    Returns:
        ``{"g3": "r"}``: the frames, by id, whose heading at the left an edge crosses, and the side where fewest do;
        the ids of those where an edge crosses it on every side.
    """
    edges = [edge["pos"] for edge in layout.get("edges", ()) if edge.get("pos")]
    points = sorted((y, x, i) for i, pos in enumerate(edges) for x, y in _points(pos))
    found: dict[str, str] = {}
    narrow = set()
    for thing in layout.get("objects", ()):
        name = thing.get("name", "")
        if not name.startswith("cluster_") or "lp" not in thing or "bb" not in thing:
            continue
        left, _, right, _ = map(float, thing["bb"].split(","))
        middle, half = float(thing["lp"].split(",")[1]), float(thing["lheight"]) * 36
        letters = LETTER * len(thing["label"].strip("\u00a0"))
        wide = float(thing["lwidth"]) * 72 * letters / (letters + thing["label"].count("\u00a0"))
        band = points[bisect_left(points, (middle - half,)) : bisect_left(points, (middle + half,))]
        crossed = {}
        for side, start in (("l", left + 8), ("r", right - 8 - wide), ("c", (left + right - wide) / 2)):
            crossed[side] = len({i for _, x, i in band if start - 1 < x < start + wide + 1})
            if not crossed[side]:
                break
        best = min(crossed, key=lambda side: crossed[side])
        if best != "l":
            found[name.removeprefix("cluster_")] = best
        if crossed[best]:
            narrow.add(name.removeprefix("cluster_"))
    return found, narrow


def _points(pos: str) -> Iterator[tuple[float, float]]:
    """Points along an edge, from dot's ``"e,x,y x,y x,y x,y x,y"``: Bézier curves, and the tips of arrows."""
    for spline in pos.split(";"):
        knots = []
        for word in spline.split():
            *tip, x, y = word.split(",")
            point = (float(x), float(y))
            if tip:
                yield point
            else:
                knots.append(point)
        for k in range(0, len(knots) - 3, 3):
            a, b, c, d = knots[k : k + 4]
            for i in range(PLACES + 1):
                t = i / PLACES
                u = 1 - t
                weights = (u * u * u, 3 * t * u * u, 3 * t * t * u, t * t * t)
                yield (
                    sum(w * p[0] for w, p in zip(weights, (a, b, c, d))),
                    sum(w * p[1] for w, p in zip(weights, (a, b, c, d))),
                )

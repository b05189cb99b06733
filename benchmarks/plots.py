"""Plots of a run, readable at the size a README shows them. Imports ``results``, ``report`` and matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.peers import OURS, PEERS
from benchmarks.report import duration, rate
from benchmarks.results import Record, Results
from benchmarks.stats import Ratio
from benchmarks.workload import discover

# Okabe and Ito's colours, which people who confuse red and green can tell apart.
COLORS = {
    OURS: "#D55E00",
    "numpy": "#000000",
    "torch": "#0072B2",
    "jax": "#009E73",
    "keras": "#CC79A7",
    "hips": "#E69F00",
    "tinygrad": "#56B4E9",
    "micrograd": "#7F7F7F",
}
DASHES = {"cpu": "-", "gpu": "--"}
STYLE: Any = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E5E5E5",
    "legend.frameon": False,
    "figure.dpi": 110,
    "savefig.bbox": "tight",
}
PANELS = 6


def plot(results: Results, folder: Path) -> list[Path]:
    """Write ``time.png``, ``roofline.png`` and ``ratios.png``, where there are figures for them; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with matplotlib.rc_context(STYLE):
        for name, draw in (("time", draw_time), ("roofline", draw_roofline), ("ratios", draw_ratios)):
            figure = draw(results)
            if figure is not None:
                path = folder / f"{name}.png"
                figure.savefig(path)
                written.append(path)
    return written


def draw_time(results: Results) -> Figure | None:
    """Time against size on log-log axes, a panel per workload measured at three sizes or more; crossings are marked."""
    panels = [
        (name, variant)
        for name in results.workloads()
        for variant in dict.fromkeys(record.variant for record in results.of(name))
        if len({record.size for record in results.of(name) if record.variant == variant}) > 2
    ]
    # One variant of each first: six panels should show six kinds of work.
    seen: dict[str, int] = {}
    order: list[tuple[int, int, str, str]] = []
    for name, variant in panels:
        seen[name] = seen.get(name, 0) + 1
        order.append((seen[name], len(order), name, variant))
    chosen = [(name, variant) for _, _, name, variant in sorted(order)][:PANELS]
    if not chosen:
        return None
    columns = min(3, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = Figure(figsize=(4.1 * columns, 3.5 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, (name, variant) in zip(grid.flat, chosen):
        _time_panel(axes, results, name, variant)
    for axes in list(grid.flat)[len(chosen) :]:
        axes.remove()
    _legend(figure, [axes for axes in grid.flat if axes.figure is not None])
    return figure


def _time_panel(axes: Any, results: Results, name: str, variant: str) -> None:
    for (form, peer, device), records in results.curves(name).items():
        if form != variant:
            continue
        sizes = [record.size for record in records]
        middle = [record.summary for record in records]
        width = 2.4 if peer == OURS else 1.3
        axes.plot(
            sizes,
            [summary.median for summary in middle],
            DASHES[device],
            color=COLORS[peer],
            linewidth=width,
            marker="o",
            markersize=width + 1,
            label=f"{peer} {device}",
            zorder=3 if peer == OURS else 2,
        )
        axes.fill_between(sizes, [s.q1 for s in middle], [s.q3 for s in middle], color=COLORS[peer], alpha=0.15, lw=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = sorted({record.size for record in results.of(name) if record.variant == variant})
    axes.set_xticks(ticks, [short(size) for size in ticks])
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    at = results.crossing(name, variant)
    if at:
        axes.axvline(at, color=COLORS[OURS], linestyle=":", linewidth=1.5)
        right = at * at > ticks[0] * ticks[-1]
        axes.annotate(
            f"GPU faster\nfrom {short(at)}",
            (at, 0.97),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=9,
        )
    works = discover()
    axes.set_title(", ".join(part for part in (name, variant) if part), fontsize=11, loc="left")
    axes.set_xlabel(works[name].size if name in works else "size")
    _ticks(axes.yaxis, duration)


def short(size: float) -> str:
    """A size in few characters.

    >>> short(64), short(20_480), short(1e6)
    ('64', '20k', '1M')
    """
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= scale:
            return f"{size / scale:.3g}{letter}" if size < 10 * scale else f"{size / scale:.0f}{letter}"
    return f"{size:.0f}"


def _ticks(axis: Any, show: Any) -> None:
    axis.set_major_formatter(FuncFormatter(lambda value, _: show(value)))
    axis.set_minor_formatter(FuncFormatter(lambda value, _: ""))


def _legend(figure: Figure, panels: Sequence[Any]) -> None:
    entries: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels()):
            entries.setdefault(label, handle)
    labels = sorted(entries, key=lambda label: not label.startswith(OURS))
    columns = min(len(entries), 5)
    figure.legend([entries[label] for label in labels], labels, loc="outside upper center", ncols=columns)


def draw_roofline(results: Results) -> Figure | None:
    """What each workload reaches of the measured peaks: operations per second against operations per byte."""
    points = [
        record
        for record in _largest(results)
        if record.peer == OURS and record.flops and record.bytes and record.share and record.device in results.peaks
    ]
    if not points:
        return None
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes, beside = figure.subplots(1, 2, width_ratios=(3, 2))
    axes.set_xscale("log")
    axes.set_yscale("log")
    beside.set_axis_off()
    intensities = [record.flops / record.bytes for record in points if record.flops and record.bytes]
    for device, peak in results.peaks.items():
        bend = peak["flops"] / peak["bytes"]
        x = np.geomspace(min(*intensities, bend) / 3, max(*intensities, bend) * 3, 100)
        axes.plot(x, np.minimum(peak["flops"], x * peak["bytes"]), DASHES[device], color="black", linewidth=1.5)
        peaks = f"{device}: {rate(peak['flops'], 'FLOP/s')}, {rate(peak['bytes'], 'B/s')}"
        place_of_text: dict[str, Any] = {"xytext": (0, 4), "textcoords": "offset points", "ha": "right", "fontsize": 10}
        place_of_text["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8}
        axes.annotate(peaks, (x[-1], peak["flops"]), **place_of_text)
    shares: dict[str, list[str]] = {}
    for record in points:
        assert record.flops and record.bytes and record.share
        name = " ".join(part for part in (record.workload, record.variant, short(record.size)) if part)
        shares.setdefault(name, []).append(f"{record.device} {100 * record.share:.0f} %")
        spot = (record.flops / record.bytes, record.flops / record.summary.median)
        marker = {"marker": "o" if record.device == "cpu" else "s", "markersize": 13, "alpha": 0.85}
        axes.plot(*spot, color=COLORS[OURS if record.device == "cpu" else "torch"], **marker)
        which = str(list(shares).index(name) + 1)
        axes.annotate(which, spot, ha="center", va="center", fontsize=8, color="white", weight="bold")
    axes.set_xlabel("operations per byte that must be moved")
    axes.set_ylabel("operations per second")
    _ticks(axes.yaxis, lambda value: rate(value, "FLOP/s"))
    axes.set_title("Share of the machine's measured peak, at the largest sizes", loc="left", fontsize=12)
    lines = [f"{i}  {name}: {', '.join(parts)}" for i, (name, parts) in enumerate(shares.items(), 1)]
    beside.text(0, 1, "\n".join(lines), va="top", fontsize=9.5, linespacing=1.45)
    return figure


def _largest(results: Results) -> list[Record]:
    """Each contender's largest size, of the last variant of a workload: the one that does the most."""
    out = []
    for name in results.workloads():
        curves = results.curves(name)
        last = results.of(name)[-1].variant
        out += [records[-1] for (variant, _, _), records in curves.items() if variant == last]
    return out


def draw_ratios(results: Results) -> Figure | None:
    """Ours ÷ theirs: a row per kind of work, dots per peer that grow with the size; left of 1 we are faster."""
    rows: dict[str, dict[str, list[tuple[int, Ratio]]]] = {}
    for ours, theirs, ratio in results.ratios():
        label = ", ".join(part for part in (ours.workload, ours.variant, ours.device.replace("cpu", "")) if part)
        rows.setdefault(label, {}).setdefault(theirs.peer, []).append((ours.size, ratio))
    if not rows:
        return None
    labels = list(rows)[::-1]
    shown = [name for name in PEERS if any(name in found for found in rows.values())]
    figure = Figure(figsize=(9, 0.36 * len(labels) + 1.4), layout="constrained")
    axes = figure.subplots()
    axes.set_xscale("log")
    middles = [ratio.median for found in rows.values() for pairs in found.values() for _, ratio in pairs]
    axes.set_xlim(min(*middles, 0.5) / 1.5, max(*middles, 2.0) * 1.5)
    axes.axvspan(axes.get_xlim()[0], 1, color="#EFF6EF", zorder=0)
    axes.axvline(1, color="black", linewidth=1)
    for y, label in enumerate(labels):
        for peer, pairs in rows[label].items():
            # Peers share a row: a small step apart keeps dots that would coincide visible.
            height = y - 0.6 * ((shown.index(peer) + 0.5) / len(shown) - 0.5)
            pairs.sort(key=lambda pair: pair[0])
            values = [ratio.median for _, ratio in pairs]
            axes.plot(values, [height] * len(values), color=COLORS[peer], linewidth=1, alpha=0.5)
            for rank, (_, ratio) in enumerate(pairs):
                size = 6.0 if len(pairs) == 1 else 3.5 + 3.5 * rank / (len(pairs) - 1)
                face = "white" if ratio.verdict == "tie" else COLORS[peer]
                axes.plot(ratio.median, height, "o", color=COLORS[peer], markerfacecolor=face, markersize=size)
    for peer in shown:
        axes.plot([], [], "o", color=COLORS[peer], label=peer)
    axes.plot([], [], "o", color="gray", markerfacecolor="white", label="tie")
    axes.set_yticks(range(len(labels)), labels, fontsize=10)
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(f"time of {OURS} ÷ time of the peer (left of 1, {OURS} is faster; larger dots are larger sizes)")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    figure.legend(loc="outside upper center", ncols=len(shown) + 1)
    return figure

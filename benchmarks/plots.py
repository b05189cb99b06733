"""Plots of a run, readable at the size a README shows them. Imports ``results``, ``wording`` and matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator

from benchmarks.peers import OURS, PEERS
from benchmarks.results import Record, Results
from benchmarks.stats import Ratio
from benchmarks.wording import duration, rate, volume
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
MARKERS = {"cpu": "o", "gpu": "s"}
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
# The part of a panel's width that a tick's label needs, and the span of an axis that has few powers of ten.
LABEL = 0.13
NARROW = 50


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
    # One variant of each first: six panels should show six kinds of work, on the GPU as well where it takes part.
    panels.sort(key=lambda panel: not results.both_devices(*panel))
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
    shown = spaced(ticks)
    axes.set_xticks(shown, [short(size) for size in shown])
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    at = results.crossing(name, variant) if results.both_devices(name, variant) else None
    if at is not None:
        spot = at or ticks[0]
        if at:
            axes.axvline(at, color=COLORS[OURS], linestyle=":", linewidth=1.5)
        right = spot * spot > ticks[0] * ticks[-1]
        axes.annotate(
            f"GPU faster\nfrom {short(at)}" if at else "GPU faster\nat every size",
            (spot, 0.97),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if right else 4, 0),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
            zorder=4,
        )
    works = discover()
    axes.set_title(", ".join(part for part in (name, variant) if part), fontsize=11, loc="left")
    axes.set_xlabel(works[name].size if name in works else "size")
    bytes_ = results.of(name)[0].unit == "B"
    _ticks(axes.yaxis, volume if bytes_ else duration)


def short(size: float) -> str:
    """A size in few characters.

    >>> short(64), short(1_024), short(3_000), short(20_480), short(1e6)
    ('64', '1024', '3k', '20k', '1M')
    """
    if size < 10_000 and size % 1_000:
        return f"{size:.0f}"
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= scale:
            return f"{size / scale:.3g}{letter}" if size < 10 * scale else f"{size / scale:.0f}{letter}"
    return f"{size:.0f}"


def spaced(ticks: Sequence[int]) -> list[int]:
    """Those of some growing ticks, the last among them, whose labels have room on a logarithmic axis.

    >>> spaced([16, 64, 256, 512, 1_024, 2_048, 4_096])
    [16, 64, 256, 1024, 4096]
    """
    room = LABEL * math.log(ticks[-1] / ticks[0])
    kept = [ticks[-1]]
    for tick in reversed(ticks[:-1]):
        if math.log(kept[-1] / tick) >= room:
            kept.append(tick)
    return kept[::-1]


def _ticks(axis: Any, show: Any) -> None:
    low, high = axis.get_view_interval()
    if high / low < NARROW:
        # Powers of ten alone would leave one label or none.
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
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
        peaks = f"{device}: {rate(peak['flops'], 'FLOP/s')}, {rate(peak['bytes'], 'B/s')}"
        roof = np.minimum(peak["flops"], x * peak["bytes"])
        axes.plot(x, roof, DASHES[device], color="black", linewidth=1.5, label=peaks)
    shares: dict[str, list[str]] = {}
    for record in points:
        assert record.flops and record.bytes and record.share
        name = " ".join(part for part in (record.workload, record.variant, short(record.size)) if part)
        shares.setdefault(name, []).append(f"{record.device} {_percent(record.share)}")
        spot = (record.flops / record.bytes, record.flops / record.summary.median)
        axes.plot(*spot, MARKERS[record.device], color=_marker_color(record.device), markersize=13, alpha=0.85)
        which = str(list(shares).index(name) + 1)
        axes.annotate(which, spot, ha="center", va="center", fontsize=8, color="white", weight="bold")
    if len(results.peaks) > 1:
        for device, shape in MARKERS.items():
            axes.plot([], [], shape, color=_marker_color(device), label=device)
    # What the roofs are stands where no dot can be: on them, it would cover those that reach them.
    axes.legend(loc="lower right", fontsize=10)
    axes.set_xlabel("operations per byte that must be moved")
    axes.set_ylabel("operations per second")
    _ticks(axes.yaxis, lambda value: rate(value, "FLOP/s"))
    axes.set_title("Share of the machine's measured peak, at the largest sizes", loc="left", fontsize=12)
    lines = [f"{i}  {name}: {', '.join(parts)}" for i, (name, parts) in enumerate(shares.items(), 1)]
    beside.text(0, 1, "\n".join(lines), va="top", fontsize=9.5, linespacing=1.45)
    return figure


def _marker_color(device: str) -> str:
    return COLORS[OURS] if device == "cpu" else COLORS["torch"]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share > 0.005 else "below 1 %"


def _largest(results: Results) -> list[Record]:
    """Each contender's largest size, of the last variant of a workload: the one that does the most."""
    out = []
    for name in results.workloads():
        curves = results.curves(name)
        last = results.of(name)[-1].variant
        out += [records[-1] for (variant, _, _), records in curves.items() if variant == last]
    return out


def draw_ratios(results: Results) -> Figure | None:
    """Ours ÷ theirs: a row per kind of work, dots per peer that grow with the size; left of 1 we are faster.

    A GPU gets a panel of its own beside the CPU's.
    """
    rows: dict[str, dict[str, dict[str, list[tuple[int, Ratio]]]]] = {}
    for ours, theirs, ratio in results.ratios():
        label = ", ".join(part for part in (ours.workload, ours.variant) if part)
        found = rows.setdefault(label, {}).setdefault(ours.device, {})
        found.setdefault(theirs.peer, []).append((ours.size, ratio))
    if not rows:
        return None
    devices = [device for device in DASHES if any(device in found for found in rows.values())]
    shown = [name for name in PEERS if any(name in found for row in rows.values() for found in row.values())]
    # As high as a page has room for.
    height = min(0.36, 10.0 / len(rows))
    figure = Figure(figsize=(9, height * len(rows) + 1.4), layout="constrained")
    panels = figure.subplots(1, len(devices), sharex=True, sharey=True, squeeze=False)[0]
    middles = [
        ratio.median
        for row in rows.values()
        for found in row.values()
        for pairs in found.values()
        for _, ratio in pairs
    ]
    for axes, device in zip(panels, devices):
        axes.set_xscale("log")
        axes.set_xlim(min(*middles, 0.5) / 1.5, max(*middles, 2.0) * 1.5)
        axes.axvspan(axes.get_xlim()[0], 1, color="#EFF6EF", zorder=0)
        axes.axvline(1, color="black", linewidth=1)
        for y, row in enumerate(reversed(rows.values())):
            _ratio_row(axes, y, row.get(device, {}), shown)
        axes.set_yticks(range(len(rows)), list(rows)[::-1], fontsize=10 if height > 0.3 else 9)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="y", visible=False)
        _ticks(axes.xaxis, lambda value: f"{value:g}")
        if len(devices) > 1:
            axes.set_title(device, loc="left", fontsize=11)
    handles = [Line2D([], [], marker="o", linestyle="", color=COLORS[peer], label=peer) for peer in shown]
    handles.append(Line2D([], [], marker="o", linestyle="", color="gray", markerfacecolor="white", label="tie"))
    figure.supxlabel(
        f"time of {OURS} ÷ time of the peer (left of 1, {OURS} is faster; larger dots are larger sizes)", fontsize=11
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _ratio_row(axes: Any, y: int, found: dict[str, list[tuple[int, Ratio]]], shown: Sequence[str]) -> None:
    for peer, pairs in found.items():
        # Peers share a row: a small step apart keeps dots that would coincide visible.
        height = y - 0.6 * ((shown.index(peer) + 0.5) / len(shown) - 0.5)
        pairs.sort(key=lambda pair: pair[0])
        values = [ratio.median for _, ratio in pairs]
        axes.plot(values, [height] * len(values), color=COLORS[peer], linewidth=1, alpha=0.5)
        for rank, (_, ratio) in enumerate(pairs):
            size = 6.0 if len(pairs) == 1 else 3.5 + 3.5 * rank / (len(pairs) - 1)
            face = "white" if ratio.verdict == "tie" else COLORS[peer]
            axes.plot(ratio.median, height, "o", color=COLORS[peer], markerfacecolor=face, markersize=size)

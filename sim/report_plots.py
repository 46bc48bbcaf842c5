"""Plots of a report as SVG."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .measurement import Measurements
from .tracks import Track
from .verdict import Finding

TRUTH, SEEN, LIMIT, BAD = "#24292f", "#1f6feb", "#cf222e", "#cf222e"
LINES = ("#1f6feb", "#bc4c00", "#1a7f37", "#8250df")
FLOOR = 1e-9
"""Where 0 is drawn on a logarithmic axis."""
SHOWN = 4
"""Tracks drawn, the worst ones."""
STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e8eb",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "shift_check",
}


@dataclass(frozen=True)
class Plot:
    """A plot with its heading and one sentence on how to read it."""

    heading: str
    reading: str
    svg: str


def report_plots(measurements: Measurements, findings: Sequence[Finding]) -> list[Plot]:
    """Every plot for which there is something to draw."""
    limits = {finding.name: finding.limit for finding in findings}
    plots = []
    if measurements.border.distances:
        plots.append(_edge_plot(measurements, limits))
    if measurements.shifts.compared:
        plots.append(_place_plot(measurements, limits))
    if measurements.tracks.felt:
        plots.append(_track_plot(measurements, limits))
    if measurements.tracks.scored:
        plots.append(_score_plot(measurements))
    if measurements.stream.exchanges:
        plots.append(_latency_plot(measurements, limits))
    return plots


Limits = dict[str, float | None]


def _draw(size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _edge_plot(measurements: Measurements, limits: Limits) -> Plot:
    distances = measurements.border.distances

    def draw(figure: Figure) -> None:
        upper, middle, lower = figure.subplots(3, 1, sharex=True)
        shifts = measurements.shifts.compared
        margins = [int(error.margin) for error in shifts]
        moved = [d for d in distances if d.shifts]
        for axes, name, label in (
            (upper, "map_error", "map error\n(relative)"),
            (middle, "score_drift", "score drift"),
        ):
            each = _logarithmic([getattr(error, name) for error in shifts])
            _points(axes, margins, each)
            worst = _logarithmic([getattr(d, name) for d in moved])
            axes.plot([d.distance for d in moved], worst, "o-", color=SEEN, label="worst")
            limit = limits.get("map_shift_error" if name == "map_error" else "score_drift")
            _limit_line(axes, limit)
            _logarithmic_axis(axes, label)
        felt = [d for d in distances if d.frames]
        errors = [d.centroid_error for d in felt]
        lower.plot([d.distance for d in felt], errors, "o-", color=SEEN, label="worst")
        _limit_line(lower, limits.get("centroid_rms"))
        lower.set(ylabel="centroid error\n(taxel)", xlabel="distance to the edge (taxels)")
        lower.set_ylim(bottom=0)
        upper.legend(loc="upper right", ncols=2)

    return Plot(
        "Error against distance to the edge",
        "Flat and below the red limit is right. Errors that grow to the left are padding or "
        "cropped pooling; errors everywhere are a stride, coordinates or unshared weights.",
        _draw((6.4, 6.0), draw),
    )


def _place_plot(measurements: Measurements, limits: Limits) -> Plot:
    shifts = measurements.shifts.compared
    limit = limits.get("map_shift_error")

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        values = _logarithmic([error.map_error for error in shifts])
        rows, columns = np.array([error.place for error in shifts]).T
        marks = axes.scatter(
            columns,
            rows,
            c=np.log10(values),
            cmap="inferno_r",
            vmin=np.log10(FLOOR),
            vmax=0,
            s=26,
            edgecolors="#8c959f",
            linewidths=0.4,
            rasterized=len(shifts) > 2000,
        )
        colours = figure.colorbar(marks, ax=axes, ticks=[-9, -6, -3, 0])
        colours.ax.set_yticklabels(["0", "1e-6", "1e-3", "1"])
        colours.set_label("map error (relative)")
        if limit and limit > FLOOR:
            colours.ax.axhline(np.log10(limit), color=LIMIT)
        _sensor_axes(axes, measurements)

    return Plot(
        "Where on the sensor the contact map is wrong",
        "Each dot is a contact shifted by whole taxels; pale is exact. A dark rim is padding, a "
        "checkerboard is a stride, a dark area is something that knows the place.",
        _draw((6.4, 4.4), draw),
    )


def _track_plot(measurements: Measurements, limits: Limits) -> Plot:
    tracks = [track for track in measurements.tracks.tracks if track.felt]
    shown = sorted(tracks, key=lambda track: -_length(track))[:SHOWN]

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, height_ratios=(3, 2))
        for track, colour in zip(shown, LINES, strict=False):
            true, seen = np.array(track.true), np.array(track.seen)
            above.plot(true[:, 1], true[:, 0], "-", color=TRUTH, linewidth=1, zorder=1)
            above.plot(seen[:, 1], seen[:, 0], ".", color=colour, label=_name(track))
            errors = np.hypot(*np.array(track.errors).T)
            below.plot(_travelled(track), errors, ".-", color=colour, linewidth=1)
        above.plot([], [], "-", color=TRUTH, label="truth")
        _sensor_axes(above, measurements)
        above.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        _limit_line(below, limits.get("centroid_rms"))
        below.set(xlabel="way of the contact (taxels)", ylabel="centroid error\n(taxel)")
        below.set_ylim(bottom=0)

    return Plot(
        "Track of the centroid against truth",
        f"The {len(shown)} worst of {len(tracks)} tracks. Dots on the line are right; below, the "
        "distance from it less a constant offset.",
        _draw((6.4, 6.0), draw),
    )


def _score_plot(measurements: Measurements) -> Plot:
    tracks = [track for track in measurements.tracks.tracks if track.scored]
    shown = sorted(tracks, key=lambda track: -_worst_first(track.ripple))[:SHOWN]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for track, colour in zip(shown, LINES, strict=False):
            way = _travelled(track)
            label = f"{_name(track)}: {track.majority}"
            axes.plot(way, track.scores, ".-", color=colour, linewidth=1, label=label)
            flips = [k for k, given in enumerate(track.labels) if given != track.majority]
            heights = [0.0 for _ in flips]
            axes.plot(way[flips], heights, "x", color=BAD, markersize=8, clip_on=False)
        axes.plot([], [], "x", color=BAD, label="another class")
        axes.set(xlabel="way of the contact (taxels)", ylabel="class score", ylim=(0, 1.02))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    return Plot(
        "Class score along the slide",
        f"The {len(shown)} tracks whose score ripples most, of {len(tracks)}. Flat is right; a "
        "saw-tooth is aliasing; a red cross is a frame that was given another class.",
        _draw((6.4, 3.4), draw),
    )


def _latency_plot(measurements: Measurements, limits: Limits) -> Plot:
    stream = measurements.stream
    start = stream.injected[0].published_ns

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        sent = [(frame.published_ns - start) * 1e-9 for frame, _ in stream.exchanges]
        latency = [(a.received_ns - f.published_ns) * 1e-6 for f, a in stream.exchanges]
        _points(axes, sent, latency, SEEN)
        limit = limits.get("latency_p99")
        _limit_line(axes, None if limit is None else 1e3 * limit)
        lost = [(frame.published_ns - start) * 1e-9 for frame in stream.unanswered]
        if lost:
            axes.plot(lost, [0.0] * len(lost), "x", color=BAD, clip_on=False, label="no answer")
        axes.set(xlabel="time of the frame (s)", ylabel="latency (ms)")
        axes.set_ylim(bottom=0)
        if lost or limit is not None:
            axes.legend(loc="upper right", ncols=2)

    return Plot(
        "Latency",
        "From publishing the frame to its answer; a red cross is a frame without an answer.",
        _draw((6.4, 2.8), draw),
    )


def _points(
    axes: Axes, across: Sequence[float], up: Sequence[float], colour: str = "#8c959f"
) -> None:
    axes.plot(across, up, ".", color=colour, markersize=3, alpha=0.6, rasterized=len(across) > 2000)


def _logarithmic(values: Sequence[float]) -> list[float]:
    """Onto a logarithmic axis: 0 to `FLOOR`, NaN and infinity to 10."""
    return [10.0 if not np.isfinite(value) else max(value, FLOOR) for value in values]


def _logarithmic_axis(axes: Axes, label: str) -> None:
    axes.set(yscale="log", ylabel=label, ylim=(FLOOR / 2, 20))
    axes.set_yticks([FLOOR, 1e-6, 1e-3, 1.0, 10.0], ["0", "1e-6", "1e-3", "1", "NaN"])
    axes.minorticks_off()


def _limit_line(axes: Axes, limit: float | None) -> None:
    if limit is not None:
        axes.axhline(max(limit, FLOOR), color=LIMIT, linewidth=1, linestyle="--", label="limit")


def _sensor_axes(axes: Axes, measurements: Measurements) -> None:
    maps = (answer.contact_map for _, answer in measurements.stream.exchanges)
    size = next((found.shape for found in maps if found is not None), None)
    axes.set(xlabel="column (taxels)", ylabel="row (taxels)", aspect="equal")
    if size:
        axes.set(xlim=(-0.5, size[1] - 0.5), ylim=(size[0] - 0.5, -0.5))
    else:
        axes.invert_yaxis()


def _travelled(track: Track) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    steps = np.diff(np.array(track.true), axis=0)
    way: np.ndarray[tuple[int], np.dtype[np.float64]] = np.concatenate(
        [[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))]
    )
    return way


def _length(track: Track) -> float:
    return _worst_first(float(np.hypot(*np.array(track.felt).T).max()))


def _worst_first(value: float) -> float:
    return value if value == value else float("inf")


def _name(track: Track) -> str:
    return f"{track.move}, {track.label}"

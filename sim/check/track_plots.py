"""Plots of moving contacts: centroid against truth, class score, latency."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .measurement import Measurements
from .plot_axes import BAD, SEEN, TRUTH, Limits, Plot, limit_line, points, sensor_axes, svg_of
from .tracks import Track

LINES = ("#1f6feb", "#bc4c00", "#1a7f37", "#8250df")
SHOWN = 4
"""Tracks drawn, the worst ones."""
OFF_SCALE = 5
"""A limit this many times higher than the highest latency is not drawn."""
JUMP = 2.0
"""A step longer than this, taxels, is drawn as a jump."""


def track_plot(measurements: Measurements, limits: Limits) -> Plot:
    """Seen and true centroids of the worst tracks."""
    tracks = [track for track in measurements.tracks.tracks if track.felt]
    shown = sorted(tracks, key=lambda track: -_length(track))[:SHOWN]

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, height_ratios=(3, 2))
        for track, colour in zip(shown, LINES, strict=False):
            true, seen = _without_jumps(np.array(track.true, np.float64)), np.array(track.seen)
            above.plot(true[:, 1], true[:, 0], "-", color=TRUTH, linewidth=1, zorder=1)
            above.plot(seen[:, 1], seen[:, 0], ".", color=colour, label=_name(track))
            errors = np.hypot(*np.array(track.errors).T)
            below.plot(_part(track), errors, ".-", color=colour, linewidth=1)
        above.plot([], [], "-", color=TRUTH, label="truth")
        sensor_axes(above, measurements)
        above.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        limit_line(below, limits.get("centroid_rms"), "limit of the rms")
        below.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        below.set(xlabel="part of the move (%)", ylabel="centroid error\n(taxel)")
        below.set_ylim(bottom=0)

    return Plot(
        "Track of the centroid against truth",
        f"The {len(shown)} worst of {len(tracks)} tracks. Dots on the line are right; below, the "
        "distance from it less a constant offset.",
        svg_of((6.4, 6.0), draw),
    )


def score_plot(measurements: Measurements) -> Plot:
    """Class scores of the tracks that ripple most."""
    tracks = [track for track in measurements.tracks.tracks if track.scored]
    shown = sorted(tracks, key=lambda track: -_worst_first(track.ripple))[:SHOWN]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for track, colour in zip(shown, LINES, strict=False):
            way = _part(track)
            label = f"{_name(track)}: {track.majority}"
            axes.plot(way, track.scores, ".-", color=colour, linewidth=1, label=label)
            flips = [k for k, given in enumerate(track.labels) if given != track.majority]
            heights = [0.0 for _ in flips]
            axes.plot(way[flips], heights, "x", color=colour, markersize=8, clip_on=False)
        axes.plot([], [], "x", color=TRUTH, label="another class")
        axes.set(xlabel="part of the move (%)", ylabel="class score", ylim=(0, 1.02))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    return Plot(
        "Class score along the slide",
        f"The {len(shown)} tracks whose score ripples most, of {len(tracks)}. Flat is right; a "
        "saw-tooth is aliasing; a cross below is a frame that was given another class.",
        svg_of((6.4, 3.4), draw),
    )


def latency_plot(measurements: Measurements, limits: Limits) -> Plot:
    """Latency of every answer, and frames without one."""
    stream = measurements.stream
    start = stream.injected[0].published_ns

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        sent = [(frame.published_ns - start) * 1e-9 for frame, _ in stream.exchanges]
        latency = [(a.received_ns - f.published_ns) * 1e-6 for f, a in stream.exchanges]
        points(axes, sent, latency, SEEN)
        limit = limits.get("latency_p99")
        if limit is not None and 1e3 * limit < OFF_SCALE * max(latency):
            limit_line(axes, 1e3 * limit)
        lost = [(frame.published_ns - start) * 1e-9 for frame in stream.unanswered]
        if lost:
            axes.plot(lost, [0.0] * len(lost), "x", color=BAD, clip_on=False, label="no answer")
        axes.set(xlabel="time of the frame (s)", ylabel="latency (ms)")
        axes.set_ylim(bottom=0)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="upper right", ncols=2)

    return Plot(
        "Latency",
        "From publishing the frame to its answer; a red cross is a frame without an answer.",
        svg_of((6.4, 2.8), draw),
    )


def _part(track: Track) -> NDArray[np.float64]:
    """How much of its move lies behind each frame, per cent."""
    return np.linspace(0, 100, len(track.stamps_ns))


def _without_jumps(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line (N, 2) that breaks where the contact was lifted and put down elsewhere."""
    jumps = np.flatnonzero(np.abs(np.diff(places, axis=0)).max(axis=1) > JUMP) + 1
    return np.insert(places, jumps, np.nan, axis=0)


def _length(track: Track) -> float:
    return _worst_first(float(np.hypot(*np.array(track.felt).T).max()))


def _worst_first(value: float) -> float:
    return value if value == value else float("inf")


def _name(track: Track) -> str:
    return f"{track.move}, {track.label}"

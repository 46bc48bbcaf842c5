"""Plots of whole-taxel shifts: error against distance to the edge, and where it is."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from .error_patterns import depth_profile
from .measurement import Measurements
from .plot_axes import (
    BAD,
    FAINT,
    FLOOR,
    SECOND,
    SEEN,
    Limits,
    Plot,
    limit_line,
    logarithmic,
    logarithmic_axis,
    points,
    sensor_axes,
    svg_of,
)


def edge_plot(measurements: Measurements, limits: Limits) -> Plot:
    """Map error, score drift and centroid error against the distance to the edge."""

    def draw(figure: Figure) -> None:
        upper, middle, lower = figure.subplots(3, 1, sharex=True)
        _by_margin(upper, measurements, "map_error", limits.get("map_shift_error"))
        profile = depth_profile(measurements.shifts.compared)
        upper.plot(logarithmic(profile), "s--", color=SECOND, markersize=4, label="by taxel")
        _by_margin(middle, measurements, "score_drift", limits.get("score_drift"))
        logarithmic_axis(upper, "map error\n(relative)")
        logarithmic_axis(middle, "score drift")
        felt = [d for d in measurements.border.distances if d.frames]
        lower.plot([d.distance for d in felt], [d.centroid_rms for d in felt], "o-", color=SEEN)
        limit_line(lower, limits.get("centroid_rms"))
        lower.set(ylabel="centroid error,\nrms (taxel)", xlabel="distance to the edge (taxels)")
        lower.set_ylim(bottom=0)
        upper.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)

    return Plot(
        "Error against distance to the edge",
        "The worst at every distance of the contact; for the map also of the taxel in which the "
        "error lies. Below the red limit is right. What rises to the left comes from the border: "
        "padding, or cropped pooling.",
        svg_of((6.4, 6.2), draw),
    )


def place_plot(measurements: Measurements, limits: Limits) -> Plot:
    """Map error and score drift at every place of a shifted contact."""

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        _by_place(left, measurements, "map_error")
        marks = _by_place(right, measurements, "score_drift")
        left.set_title("map error (relative)", fontsize=10)
        right.set_title("score drift", fontsize=10)
        right.set_ylabel("")
        colours = figure.colorbar(marks, ax=[left, right], ticks=[-9, -6, -3, 0], shrink=0.7)
        colours.ax.set_yticklabels(["0", "1e-6", "1e-3", "1"])
        limit = limits.get("map_shift_error")
        if limit and limit > FLOOR:
            colours.ax.axhline(np.log10(limit), color=BAD)

    return Plot(
        "Where on the sensor the answer changes",
        "Each dot is a contact shifted by whole taxels; pale is exact. Dark at the rim: padding or "
        "cropped pooling. A lattice of pale dots: a stride. Darker with the distance from the "
        "palest: coordinates. Dark all over: an error that is always in the map.",
        svg_of((7.6, 3.9), draw),
    )


def _by_margin(axes: Axes, measurements: Measurements, name: str, limit: float | None) -> None:
    shifts = measurements.shifts.compared
    values = logarithmic([getattr(error, name) for error in shifts])
    points(axes, [int(error.margin) for error in shifts], values)
    moved = [d for d in measurements.border.distances if d.shifts]
    worst = logarithmic([getattr(d, name) for d in moved])
    axes.plot([d.distance for d in moved], worst, "o-", color=SEEN, label="by contact")
    limit_line(axes, limit)


def _by_place(axes: Axes, measurements: Measurements, name: str) -> PathCollection:
    shifts = measurements.shifts.compared
    rows, columns = np.array([error.place for error in shifts]).T
    sensor_axes(axes, measurements)
    return axes.scatter(
        columns,
        rows,
        c=np.log10(logarithmic([getattr(error, name) for error in shifts])),
        cmap="inferno_r",
        vmin=np.log10(FLOOR),
        vmax=0,
        s=22,
        edgecolors=FAINT,
        linewidths=0.4,
        rasterized=len(shifts) > 2000,
    )

"""What the plots of a report have in common."""

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

Limits = dict[str, float | None]
"""Limits by the name of the finding."""

TRUTH, SEEN, SECOND, FAINT = "#24292f", "#1f6feb", "#bc4c00", "#8c959f"
BAD = "#cf222e"
FLOOR = 1e-9
"""Where 0 is drawn on a logarithmic axis."""
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


def svg_of(size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """What `draw` draws on a figure of this size (inches), as SVG."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def points(axes: Axes, across: Sequence[float], up: Sequence[float], colour: str = FAINT) -> None:
    """Small dots, as a picture where they are many."""
    axes.plot(across, up, ".", color=colour, markersize=3, alpha=0.6, rasterized=len(across) > 2000)


def logarithmic(values: Sequence[float]) -> list[float]:
    """Onto a logarithmic axis: 0 to `FLOOR`, NaN and infinity to 10."""
    return [10.0 if not np.isfinite(value) else max(value, FLOOR) for value in values]


def logarithmic_axis(axes: Axes, label: str) -> None:
    """An axis for `logarithmic` values."""
    axes.set(yscale="log", ylabel=label, ylim=(FLOOR / 2, 20))
    axes.set_yticks([FLOOR, 1e-6, 1e-3, 1.0, 10.0], ["0", "1e-6", "1e-3", "1", "NaN"])
    axes.minorticks_off()


def limit_line(axes: Axes, limit: float | None, label: str = "limit") -> None:
    """The limit as a dashed line."""
    if limit is not None:
        axes.axhline(max(limit, FLOOR), color=BAD, linewidth=1, linestyle="--", label=label)


def sensor_axes(axes: Axes, measurements: Measurements) -> None:
    """The sensor as it is looked at, first row above."""
    maps = (answer.contact_map for _, answer in measurements.stream.exchanges)
    size = next((found.shape for found in maps if found is not None), None)
    axes.set(xlabel="column (taxels)", ylabel="row (taxels)", aspect="equal")
    if size:
        axes.set(xlim=(-0.5, size[1] - 0.5), ylim=(size[0] - 0.5, -0.5))
    else:
        axes.invert_yaxis()

"""How the pictures of all lessons look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import DataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tactile_equiv.lessons.lesson import Finding, Lesson

HOLDS, BREAKS, NEUTRAL = "#1b7f5c", "#c8452f", "#56606b"
"""Colours of what obeys a law, of what breaks it, and of everything else."""
CYCLE = ("#1b7f5c", "#c8452f", "#2f62b5", "#d99a1c", "#7d4fa3", "#56606b", "#25a0a8", "#8a5a3b")
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e7ea",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
SIZE = (9.0, 3.4)  # inches
DOTS = 100  # per inch
PALETTE = 256  # colours of a picture: a third of the bytes of all that smooth lines have
ZERO_DRAWN = 1e-9
"""Where a logarithmic axis shows an exact 0."""


def save_picture(lesson: Lesson, finding: Finding, file: Path) -> None:
    """Draw a finding as a PNG of 900 x 340 pixels, taller where the lesson asks for it.

    Raises:
        DataError: if matplotlib is missing or the file cannot be written.
    """
    try:
        import matplotlib
        from cycler import cycler
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from PIL import Image
    except ImportError as error:
        raise DataError(
            "drawing a lesson needs matplotlib: install it (python3-matplotlib, or the extra "
            "'report'), or leave --out away"
        ) from error
    with matplotlib.rc_context({**STYLE, "axes.prop_cycle": cycler(color=CYCLE)}):
        figure = Figure(figsize=SIZE, dpi=DOTS, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        lesson.draw(finding, figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        drawn = Image.fromarray(pixels).convert("RGB")
        try:
            drawn.quantize(PALETTE, dither=Image.Dither.NONE).save(file, optimize=True)
        except OSError as error:
            raise DataError(
                f"{file} cannot be written ({error.strerror}): name another folder"
            ) from error


def show_map(axes: Axes, values: NDArray[Any], title: str, limit: float | None = None) -> None:
    """Draw a map (H, W): white is 0, red above, blue below, full colour at `limit`."""
    largest = limit or float(np.abs(values).max()) or 1.0
    axes.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest")
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)


def logarithmic(values: NDArray[Any]) -> NDArray[np.float64]:
    """Values for a logarithmic axis: exact zeros are drawn at `ZERO_DRAWN`."""
    return np.maximum(np.asarray(values, np.float64), ZERO_DRAWN)

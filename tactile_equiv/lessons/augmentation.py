"""Shift augmentation against architecture: what is learnt by example, and what needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table
from tactile_equiv.lessons.position_training import (
    FARTHEST,
    FEW,
    GROWING,
    PLENTY,
    STEPS,
    STRIDED,
    taught,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

SUBJECTS: dict[str, tuple[str, int, int, int]] = {
    "no shifts": (STRIDED, 0, STEPS, PLENTY),
    "shifts to 1": (STRIDED, 1, STEPS, PLENTY),
    "shifts to 2": (STRIDED, 2, STEPS, PLENTY),
    "all shifts": (STRIDED, FARTHEST, STEPS, PLENTY),
    f"all shifts, {FEW} contacts": (STRIDED, FARTHEST, STEPS, FEW),
    "all shifts, trained twice as long": (STRIDED, FARTHEST, 2 * STEPS, PLENTY),
    "growing net, no shifts": (GROWING, 0, STEPS, PLENTY),
    f"growing net, no shifts, {FEW} contacts": (GROWING, 0, STEPS, FEW),
}
"""Network, reach of the augmentation in taxels, steps of training, recorded contacts."""
DRAWN = ("no shifts", "shifts to 1", "shifts to 2", "all shifts", "growing net, no shifts")


def measure() -> Finding:
    """Train with contacts shifted up to some reach, then ask everywhere."""
    distances = range(FARTHEST + 1)
    rows: list[tuple[Cell, ...]] = []
    pictures = {}
    for name, subject in SUBJECTS.items():
        answers = taught(*subject)
        rows.append((name, *(answers.at(d) for d in distances), answers.flips))
        pictures[name] = answers.right
    columns = ("trained with", *(f"d={distance}" for distance in distances), "flips")
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """Share of right classes by position; a square around the places that were shown."""
    panels = figure.subplots(1, len(DRAWN), sharey=True)
    reach = FARTHEST + 0.5
    for axes, name in zip(panels, DRAWN, strict=True):
        shown = axes.imshow(
            finding.pictures[name], "YlGn", vmin=0, vmax=1, extent=(-reach, reach, reach, -reach)
        )
        axes.add_patch(_square(SUBJECTS[name][1]))
        axes.set_title(f"{name}\nflips {100 * finding.table.value(name, 'flips'):.1f} %")
        axes.set_xticks(np.arange(-4, 5, 2))
        axes.set_xlabel("contact's place, taxels")
        axes.grid(False)
    figure.colorbar(
        shown,
        ax=list(panels),
        location="bottom",
        shrink=0.4,
        label="right classes by place (square: places shown in training)",
    )


def _square(reach: int) -> Rectangle:
    from matplotlib.patches import Rectangle

    corner, side = -reach - 0.5, 2 * reach + 1
    return Rectangle((corner, corner), side, side, fill=False, linewidth=2)


LESSON = Lesson(
    name="augmentation",
    title="Shift augmentation against architecture",
    law="Shift augmentation teaches the places that it shows and little beyond, and the answers "
    "there agree only as well as they were learnt. An invariant network is the same at every "
    "place before it has learnt anything.",
    measure=measure,
    draw=draw,
    tolerance=0.12,
)

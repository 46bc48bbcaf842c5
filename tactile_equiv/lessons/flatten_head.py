"""Flatten head: a weight for every place learns a contact only where it was shown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tactile_equiv.lessons.drawing import BREAKS, HOLDS, NEUTRAL
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table
from tactile_equiv.lessons.position_training import (
    CLASSES,
    FARTHEST,
    FLATTENED,
    GROWING,
    SIZE,
    STRIDED,
    head,
    taught,
    weights,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGE = 3 * SIZE  # side of a larger skin, taxels


def measure() -> Finding:
    """Train each head with contacts in the middle of the skin, then ask it everywhere."""
    distances = range(FARTHEST + 1)
    rows: list[tuple[Cell, ...]] = []
    pictures = {}
    for name in (GROWING, FLATTENED, STRIDED):
        answers = taught(name, reach=0)
        sizes = (f"{weights(head(name, size)):,}" for size in (SIZE, LARGE))
        rows.append((name, *(answers.at(d) for d in distances), answers.flips, *sizes))
        pictures[name] = answers.right
    columns = (
        "trunk, head",
        *(f"d={distance}" for distance in distances),
        "flips",
        f"weights, {SIZE}x{SIZE}",
        f"{LARGE}x{LARGE}",
    )
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """Share of right classes by position, and by distance from the middle."""
    *maps, curve = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.9))
    reach = FARTHEST + 0.5
    for axes, (name, right) in zip(maps, finding.pictures.items(), strict=True):
        shown = axes.imshow(right, "YlGn", vmin=0, vmax=1, extent=(-reach, reach, reach, -reach))
        axes.plot(0, 0, "w+")
        axes.set_xticks(np.arange(-4, 5, 2))
        axes.set_title(name)
        axes.set_xlabel("contact's place, taxels")
        axes.grid(False)
    figure.colorbar(
        shown,
        ax=maps,
        location="bottom",
        shrink=0.6,
        label="right classes (+: where it was taught)",
    )
    for name, colour in ((GROWING, HOLDS), (FLATTENED, BREAKS), (STRIDED, NEUTRAL)):
        shares = [finding.table.value(name, f"d={d}") for d in range(FARTHEST + 1)]
        curve.plot(shares, "o-", color=colour, label=name)
    curve.axhline(1 / CLASSES, color="k", linestyle=":", label="guessing")
    curve.set_ylim(0, 1.35)
    curve.set_yticks(np.linspace(0, 1, 6))
    curve.set_xticks(np.arange(FARTHEST + 1))
    curve.set_xlabel("distance from the middle, taxels")
    curve.set_title("right classes")
    curve.legend(loc="upper center", ncols=2, fontsize=8)


LESSON = Lesson(
    name="flatten_head",
    title="Flatten head",
    law="Global pooling has one weight for each feature, wherever it was seen: taught at one "
    "place, it knows every place. A fully connected layer on the flattened map has a weight for "
    "each feature at each place: it knows a contact only where it was taught.",
    measure=measure,
    draw=draw,
    tolerance=0.12,
)

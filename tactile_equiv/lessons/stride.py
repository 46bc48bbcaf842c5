"""Stride: keeping every n-th taxel is exact for shifts by n, and for no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from tactile_equiv.lessons.down_sampling import Trunk, contact_in_the_middle, worst
from tactile_equiv.lessons.drawing import BREAKS, HOLDS, NEUTRAL
from tactile_equiv.lessons.layers import Subsample
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHIFTS = range(7)  # taxels, along both axes

TRUNKS: dict[str, Callable[[], Trunk]] = {
    "no stride": lambda: Trunk(nn.Identity(), 1),
    "no stride, dilation 2": lambda: Trunk(nn.Identity(), 1, dilation=2),
    "no stride, dilation 3": lambda: Trunk(nn.Identity(), 1, dilation=3),
    "strided convolution, 2": lambda: Trunk(Subsample(2), 2),
    "strided convolution, 3": lambda: Trunk(Subsample(3), 3),
    "max-pool, 2": lambda: Trunk(nn.MaxPool2d(2), 2),
    "max-pool, 3": lambda: Trunk(nn.MaxPool2d(3), 3),
}

PANELS = {
    "no stride": tuple(TRUNKS)[:3],
    "stride 2": ("strided convolution, 2", "max-pool, 2"),
    "stride 3": ("strided convolution, 3", "max-pool, 3"),
}
COLOURS = (BREAKS, "#d99a1c", NEUTRAL)


def measure() -> Finding:
    """Map error of a contact at every shift 0..6, and the worst drift of the pooled vector."""
    contact = contact_in_the_middle()
    rows: list[tuple[Cell, ...]] = []
    pictures = {}
    for name, make in TRUNKS.items():
        trunk = make()
        errors = [trunk.errors(contact, (shift, shift)) for shift in SHIFTS]
        rows.append((name, *(of_map for of_map, _ in errors), worst(errors)[1]))
        pictures[name] = np.array(errors)  # (shifts, 2)
    columns = ("sampling", *(str(shift) for shift in SHIFTS), "pooled")
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """Error of the map over the shift: combs with teeth as wide as the stride."""
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (title, names) in zip(panels, PANELS.items(), strict=True):
        width = 0.8 / len(names)
        for place, name in enumerate(names):
            errors = finding.pictures[name][:, 0]
            across = np.array(SHIFTS) + (place - (len(names) - 1) / 2) * width
            axes.bar(across, errors, 0.9 * width, color=COLOURS[place], label=name)
            exact = across[errors < 1e-5]
            axes.plot(exact, np.zeros(len(exact)), "o", color=HOLDS, clip_on=False, zorder=3)
        axes.set_title(title)
        axes.set_xticks(list(SHIFTS))
        axes.set_xlabel("shift along both axes, taxels (dot: exact)")
    for axes in panels[1:]:
        axes.legend(loc="upper right", fontsize=8)
    panels[0].text(
        3, 0.05, "exact at every shift,\nwith dilation 1, 2 or 3", ha="center", color=HOLDS
    )
    panels[0].set_ylabel("error of the map")
    panels[0].set_ylim(0, 1.35 * max(errors[:, 0].max() for errors in finding.pictures.values()))


LESSON = Lesson(
    name="stride",
    title="Stride",
    law="Keeping every n-th row and column is equivariant under shifts by multiples of n. Between "
    "them the map sees other taxels, and no reading of it gives back what it left out. Dilation "
    "looks as far without leaving any out.",
    measure=measure,
    draw=draw,
)

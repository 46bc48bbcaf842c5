"""Many sensors, one answer: a sum does not ask who spoke, nor in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tactile_equiv.band_limited import band_limited_contact
from tactile_equiv.lessons.drawing import BREAKS, show_map
from tactile_equiv.lessons.lesson import Finding, Lesson, Table, printed
from tactile_equiv.lessons.planes import on_skin, relative_error
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PALM, TIP = (20, 26), (16, 12)  # taxels
TIPS = 5
SPARE = 6
"""Untouched sensors that are added to the hand."""
FEATURES = 8

Vectors = NDArray[np.float64]


def _concatenation(pooled: Vectors) -> Vectors:
    """Side by side, in room for every sensor that may come."""
    room = np.zeros((1 + TIPS + SPARE, FEATURES))
    room[: len(pooled)] = pooled
    return room.ravel()


JOINS: dict[str, Callable[[Vectors], Vectors]] = {
    "sum": lambda pooled: pooled.sum(axis=0),
    "mean": lambda pooled: pooled.mean(axis=0),
    "maximum": lambda pooled: pooled.max(axis=0),
    "concatenation": _concatenation,
}
"""Pooled features (sensors, FEATURES) to those of the hand."""
CHANGES = ("other order", "six idle more", "palm for tip")
COLUMNS = ("pooled features joined by", *CHANGES, "palm and tip")


def _touched(size: tuple[int, int], seed: int) -> Tensor:
    return on_skin(band_limited_contact(11, seed), 3, 1, *size)


def measure() -> Finding:
    """One set of weights on palm and fingertips; each join's answer when the hand changes."""
    trunk = random_trunk((1, 8, FEATURES))

    def answers(sensors: list[Tensor]) -> Vectors:
        """Pooled features of each sensor, (sensors, FEATURES)."""
        return np.concatenate([trunk(sensor).double().sum((2, 3)).numpy() for sensor in sensors])

    palm, tip = torch.zeros(1, 1, *PALM), torch.zeros(1, 1, *TIP)
    thumb, finger = _touched(TIP, 0), _touched(TIP, 1)
    hand = answers([palm, thumb, finger, *[tip] * (TIPS - 2)])
    reordered = hand[[2, 0, 3, 1, 4, 5]]
    larger = np.concatenate([hand, answers([palm] * SPARE)])
    on_tip = answers([palm, thumb, *[tip] * (TIPS - 1)])
    on_palm = answers([_touched(PALM, 0), *[tip] * TIPS])
    on_both = answers([_touched(PALM, 0), thumb, *[tip] * (TIPS - 1)])
    rows = []
    for name, join in JOINS.items():
        whole, one = join(hand), join(on_tip)
        rows.append(
            (
                name,
                relative_error(join(reordered), whole),
                relative_error(join(larger), whole),
                relative_error(join(on_palm), one),
                float(np.linalg.norm(join(on_both)) / np.linalg.norm(one)),
            )
        )
    return Finding(
        Table(COLUMNS, tuple(rows)), {"hand": _portrait(_touched(PALM, 0), thumb, finger)}
    )


def _portrait(palm: Tensor, thumb: Tensor, finger: Tensor) -> NDArray[np.float64]:
    """All sensors of the hand side by side, NaN between them."""
    portrait = np.full((TIP[0] + PALM[0] + 2, TIPS * (TIP[1] + 2)), np.nan)
    tips = [thumb, finger, *[torch.zeros_like(thumb)] * (TIPS - 2)]
    for place, tip in enumerate(tips):
        portrait[: TIP[0], place * (TIP[1] + 2) + 1 :][:, : TIP[1]] = tip[0, 0]
    left = (portrait.shape[1] - PALM[1]) // 2
    portrait[TIP[0] + 2 :, left : left + PALM[1]] = palm[0, 0]
    return portrait


def draw(finding: Finding, figure: Figure) -> None:
    """The sensors of the hand; how far the joined features drift when the hand changes."""
    axes = figure.subplots(1, 1 + len(CHANGES), width_ratios=(4, 3, 3, 3))
    show_map(axes[0], finding.pictures["hand"], "one network on all six", 1.0)
    axes[0].set_facecolor("#dfe3e6")
    names = list(JOINS)
    for panel, change in zip(axes[1:], CHANGES, strict=True):
        drift = [finding.table.value(name, change) for name in names]
        panel.barh(names, drift, color=BREAKS, height=0.5)
        for place, value in enumerate(drift):
            panel.text(value + 0.03, place, printed(value), va="center", fontsize=8)
        panel.set(title=f"drift: {change}", xlim=(0, 1.2), ylim=(3.5, -0.5))
        panel.tick_params(labelleft=panel is axes[1])


LESSON = Lesson(
    name="many_sensors",
    title="Many sensors, one answer",
    law="Sensors of any size go through one set of weights and are pooled to vectors of equal "
    "length. Their sum does not depend on the order of the sensors nor on how many are untouched, "
    "whose vectors are exactly 0. Side by side, order counts; a mean is diluted by idle sensors.",
    measure=measure,
    draw=draw,
)

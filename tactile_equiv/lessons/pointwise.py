"""Pointwise operations: the same function at every taxel commutes with every shift."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tactile_equiv.band_limited import band_limited_contact
from tactile_equiv.lessons.drawing import show_map
from tactile_equiv.lessons.lesson import Finding, Lesson, Table, printed
from tactile_equiv.lessons.planes import moved, on_skin, relative_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE, SIDE = 36, 21
SHIFT = 10  # taxels, along both axes
GAIN_SPREAD = 0.2  # standard deviation of the gain of uncalibrated taxels
NOISE = 0.05  # of the peak


def _uncalibrated(frame: Tensor) -> Tensor:
    gains = 1 + GAIN_SPREAD * torch.randn(SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    return frame * gains


OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "GELU": functional.gelu,
    "dead-zone": lambda frame: functional.relu(frame - NOISE),
    "log(1 + x)": torch.log1p,
    "x / peak of the frame": lambda frame: frame / frame.max(),
    "gain of each taxel": _uncalibrated,
    "x + its column": lambda frame: frame + torch.linspace(-1, 1, SIZE),
}


def measure() -> Finding:
    """f(T x) against T f(x) for one shift by whole taxels, and f at half the load."""
    contact = band_limited_contact(SIDE)
    here = on_skin(contact, 4, 4, SIZE, SIZE)
    there = on_skin(contact, 4 + SHIFT, 4 + SHIFT, SIZE, SIZE)
    rows, pictures = [], {}
    for name, operation in OPERATIONS.items():
        answer, shifted = operation(here).numpy(), operation(there).numpy()
        expected = moved(answer, SHIFT, SHIFT)
        halved = float(operation(here / 2).max()) / float(answer.max())
        rows.append((name, relative_error(shifted, expected), halved))
        pictures[name] = np.stack([shifted[0, 0], shifted[0, 0] - expected[0, 0]])
    table = Table(("operation", "shift error", "peak at half load"), tuple(rows))
    return Finding(table, pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """Each operation's answer to the moved contact, over its distance from the moved answer."""
    axes = figure.subplots(2, len(finding.pictures))
    for column, (name, (answer, difference)) in zip(axes.T, finding.pictures.items(), strict=True):
        limit = float(np.abs(answer).max())
        show_map(column[0], answer, name, limit)
        show_map(
            column[1],
            difference,
            f"error {printed(finding.table.value(name, 'shift error'))}",
            limit,
        )
    axes[0, 0].set_ylabel("f(T x)")
    axes[1, 0].set_ylabel("f(T x) - T f(x)")


LESSON = Lesson(
    name="pointwise",
    title="Pointwise operations",
    law="A function that looks at one taxel at a time, and is the same at every taxel, commutes "
    "with every shift: f(T x) = T f(x). It breaks as soon as it differs from taxel to taxel, as "
    "uncalibrated gains and coordinates do.",
    measure=measure,
    draw=draw,
)

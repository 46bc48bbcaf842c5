"""Raw colour frames: a shift by one pixel puts every colour onto another filter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tactile_equiv.band_limited import band_limited_contact, fourier_shift
from tactile_equiv.frame import FloatArray
from tactile_equiv.lessons.drawing import BREAKS, CYCLE, HOLDS, NEUTRAL
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table
from tactile_equiv.lessons.planes import moved, on_skin, relative_error
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE, START = 72, 14
WIDE, FINE = 41, 9
"""Sides of two contacts, pixels: one smooth, one of few pixels."""
SHIFTS = range(7)
COLUMNS = (
    "input of the network",
    *("1 px", "2 px", "3 px", "pooled"),
    *("fine: 1 px", "fine: 2 px", "fine: pooled", "map"),
)
SHIFTED = ("a contact, raw", "1 px to the right")
CONTACTS = ("wide contact", "fine contact")
CROP, MARKED = slice(28, 40), 6
"""What the picture shows of a frame, and a point of the skin in it."""
RED, GREEN, BLUE = 0, 1, 2
PATTERN = ((RED, GREEN), (GREEN, BLUE))  # RGGB

RED_BLUE_KERNEL = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
GREEN_KERNEL = torch.tensor([[0.0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4


def mosaic(colours: Tensor) -> Tensor:
    """What a sensor under RGGB filters reads of a colour frame, (1, 3, H, W) to (1, 1, H, W)."""
    raw = torch.zeros_like(colours[:, :1])
    for row, filters in enumerate(PATTERN):
        for column, colour in enumerate(filters):
            raw[:, 0, row::2, column::2] = colours[:, colour, row::2, column::2]
    return raw


def lift(raw: Tensor) -> Tensor:
    """The four positions of the pattern as channels, (1, 1, H, W) to (1, 4, H / 2, W / 2)."""
    return functional.pixel_unshuffle(raw, 2)


def mean_greens(lifted: Tensor) -> Tensor:
    """Red, the mean of both greens, blue: (1, 4, h, w) to (1, 3, h, w)."""
    red, first, second, blue = torch.split(lifted, 1, dim=1)
    return torch.cat([red, (first + second) / 2, blue], dim=1)


def demosaic(raw: Tensor) -> Tensor:
    """Bilinear interpolation of each colour, (1, 1, H, W) to (1, 3, H, W)."""
    known = torch.zeros(1, 3, *raw.shape[2:])
    for row, filters in enumerate(PATTERN):
        for column, colour in enumerate(filters):
            known[:, colour, row::2, column::2] = raw[:, 0, row::2, column::2]
    kernels = torch.stack([RED_BLUE_KERNEL, GREEN_KERNEL, RED_BLUE_KERNEL])[:, None]
    return functional.conv2d(known, kernels, padding=1, groups=3)


@dataclass(frozen=True)
class Way:
    """One way from a raw frame to a network: channels that it gives, pixels of a map cell."""

    prepare: Callable[[Tensor], Tensor]
    channels: int
    cell: int = 1


WAYS = {
    "raw, one channel": Way(lambda raw: raw, 1),
    "four positions as channels": Way(lift, 4, cell=2),
    "red, mean green, blue": Way(lambda raw: mean_greens(lift(raw)), 3, cell=2),
    "demosaic first": Way(demosaic, 3),
}


def _moved_by(answer: Tensor, pixels: int, cell: int) -> NDArray[np.float64]:
    """An answer (1, C, H, W) moved right by pixels of the frame, by parts of a cell too."""
    whole, part = divmod(pixels, cell)
    still = moved(answer, 0, whole)
    return fourier_shift(still, 0, part / cell) if part else still


def _errors(contact: list[FloatArray], way: Way) -> tuple[list[float], float]:
    """Error of the map after each of `SHIFTS`, and drift of the pooled features after one pixel."""
    trunk = random_trunk((way.channels, 8, 8))
    answers = [trunk(way.prepare(mosaic(_placed(contact, shift)))) for shift in SHIFTS]
    errors = [
        relative_error(answer, _moved_by(answers[0], shift, way.cell))
        for shift, answer in zip(SHIFTS, answers, strict=True)
    ]
    before, after = (answer.double().sum((2, 3)) for answer in answers[:2])
    return errors, relative_error(after, before)


def _placed(contact: list[FloatArray], shift: int) -> Tensor:
    """A skin (1, 3, H, W) with a contact of three colours, moved right."""
    colours = [on_skin(colour, START, START + shift, SIZE, SIZE) for colour in contact]
    return torch.cat(colours, dim=1)


def measure() -> Finding:
    """Map and pooled features of colour contacts that move to the right, pixel by pixel."""
    wide = [band_limited_contact(WIDE, seed) for seed in range(3)]
    fine = [band_limited_contact(FINE, seed, highest=0.4) for seed in range(3)]
    rows: list[tuple[Cell, ...]] = []
    pictures = {"raw": np.stack([mosaic(_placed(wide, s))[0, 0] for s in (0, 1)])}
    for name, way in WAYS.items():
        (of_wide, wide_drift), (of_fine, fine_drift) = _errors(wide, way), _errors(fine, way)
        side = SIZE // way.cell
        errors = *of_wide[1:4], wide_drift, *of_fine[1:3], fine_drift
        rows.append((name, *errors, f"{side}x{side}"))
        pictures[name] = np.array([of_wide, of_fine])
    return Finding(Table(COLUMNS, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """The mosaic before and after a shift by one pixel; the error after every shift."""
    axes = figure.subplots(1, 4, width_ratios=(2, 2, 3, 3))
    mosaics = zip(axes[:2], finding.pictures["raw"], SHIFTED, strict=True)
    for shift, (panel, raw, title) in enumerate(mosaics):
        panel.imshow(_coloured(raw)[CROP, CROP])
        panel.plot([MARKED + shift], [MARKED], "o", ms=15, mew=2, mfc="none", mec="w")
        panel.set(title=title, xticks=[], yticks=[])
        panel.grid(False)
    for row, (panel, title) in enumerate(zip(axes[2:], CONTACTS, strict=True)):
        for name, colour in zip(WAYS, (BREAKS, HOLDS, CYCLE[2], NEUTRAL), strict=True):
            panel.plot(SHIFTS, finding.pictures[name][row], "o-", color=colour, label=name)
        panel.set(title=title, xlabel="shift of the contact, pixels", ylim=(-0.03, 1.05))
    axes[2].set_ylabel("error of the map")
    axes[2].legend(loc="upper center", fontsize=8)


def _coloured(raw: FloatArray) -> FloatArray:
    """A raw frame (H, W) as seen through its filters, (H, W, 3)."""
    seen = np.zeros((*raw.shape, 3), np.float32)
    for row, filters in enumerate(PATTERN):
        for column, colour in enumerate(filters):
            seen[row::2, column::2, colour] = raw[row::2, column::2]
    bright: FloatArray = np.sqrt(np.clip(seen / raw.max(), 0, 1))
    return bright


LESSON = Lesson(
    name="bayer",
    title="Raw colour frames",
    law="A raw frame repeats its colour filters every two pixels, so it commutes with shifts by "
    "two and no others: after one pixel every colour falls onto another filter. Four channels, one "
    "for each position of the pattern, tell the network which filter is which; so do three, with "
    "the mean of both greens.",
    measure=measure,
    draw=draw,
)

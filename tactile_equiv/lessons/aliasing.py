"""Aliasing: what sub-sampling folds onto other frequencies, and what keeps it from folding."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tactile_equiv.lessons.down_sampling import Trunk, contact_in_the_middle, worst
from tactile_equiv.lessons.drawing import BREAKS, HOLDS, NEUTRAL
from tactile_equiv.lessons.layers import BlurPool, PolyphaseSelection
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEEDS = range(4)
WHOLE = ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0))  # taxels
HALF = ((0.0, 0.5), (0.5, 0.0), (0.5, 0.5))
BLURS = (1, 2, 3, 5, 7)
FOLD = 0.25  # cycles per taxel: what a stride of 2 can still tell apart


def _blurred(size: int) -> Callable[[int], Trunk]:
    return lambda seed: Trunk(BlurPool(size, 2), 2, nn.GELU(), seed=seed)


TRUNKS: dict[str, Callable[[int], Trunk]] = {
    **{f"blur-pool {size}": _blurred(size) for size in BLURS},
    "blur-pool 7, ReLU": lambda seed: Trunk(BlurPool(7, 2), 2, nn.ReLU(), seed=seed),
    "polyphase selection": lambda seed: Trunk(PolyphaseSelection(2), 2, nn.GELU(), seed=seed),
    "no stride": lambda seed: Trunk(nn.Identity(), 1, nn.GELU(), dilation=2, seed=seed),
    "no stride, ReLU": lambda seed: Trunk(nn.Identity(), 1, nn.ReLU(), dilation=2, seed=seed),
}
"""By name, trunks from a seed, of GELU unless named; stride 2, or dilation 2 in its place."""


def measure() -> Finding:
    """Worst errors under shifts by one and by half a taxel, mean over random weights."""
    contact = contact_in_the_middle()
    rows: list[tuple[Cell, ...]] = []
    for name, make in TRUNKS.items():
        cells: list[float] = []
        for shifts in (WHOLE, HALF):
            found = [worst([make(seed).errors(contact, s) for s in shifts]) for seed in SEEDS]
            cells += np.mean(found, axis=0).tolist()
        rows.append((name, *cells))
    columns = ("sampling", "map, 1", "pooled, 1", "map, 1/2", "pooled, 1/2")
    pictures = {f"blur {size}": _spectrum(contact, size) for size in (1, 3, 7)}
    return Finding(Table(columns, tuple(rows)), pictures)


def _spectrum(contact: NDArray[np.float64], blur: int) -> NDArray[np.float64]:
    """Strength of the column frequencies 0..0.5 of a blurred map before sub-sampling."""
    strengths = []
    for seed in SEEDS:
        with torch.no_grad():
            fine = Trunk(nn.Identity(), 1, nn.GELU(), seed=seed).fine(contact)
            blurred = BlurPool(blur, 1)(fine)[0, :, : fine.shape[2], : fine.shape[3]]
        strengths.append(np.abs(np.fft.rfft(blurred.double().numpy(), axis=2)).mean(axis=(0, 1)))
    mean: NDArray[np.float64] = np.mean(strengths, axis=0)
    mean /= mean[0]
    return mean


def draw(finding: Finding, figure: Figure) -> None:
    """The spectrum that stride 2 folds, and the errors that are left."""
    spectrum, bars = figure.subplots(1, 2, width_ratios=[1, 1.15])
    colours = (BREAKS, "#d99a1c", "#2f62b5")
    for (name, strength), colour in zip(finding.pictures.items(), colours, strict=True):
        frequency = np.linspace(0, 0.5, len(strength))
        label = "no blur" if name == "blur 1" else name
        spectrum.semilogy(frequency, strength, color=colour, label=label)
        folded = frequency >= FOLD
        mirrored = 2 * FOLD - frequency[folded]
        spectrum.semilogy(mirrored, strength[folded], color=colour, linestyle=":")
    spectrum.axvspan(FOLD, 0.5, color="#f3d9d4", zorder=0)
    spectrum.plot([], [], color=NEUTRAL, linestyle=":", label="folded back")
    spectrum.set_xlim(0, 0.5)
    spectrum.set_xlabel("frequency, cycles per taxel")
    spectrum.set_ylabel("strength before stride 2")
    spectrum.set_title("stride 2 folds the shaded half back")
    spectrum.legend(fontsize=8)
    names = list(TRUNKS)
    down = np.arange(len(names))
    for offset, column, label, colour in (
        (-0.2, "map, 1", "1 taxel", "#2f62b5"),
        (0.2, "map, 1/2", "half a taxel", "#d99a1c"),
    ):
        values = [finding.table.value(name, column) for name in names]
        bars.barh(down + offset, values, 0.38, color=colour, label=label)
    exact = down[[finding.table.value(name, "map, 1") < 1e-5 for name in names]]
    bars.plot(np.zeros(len(exact)), exact - 0.2, "o", color=HOLDS, clip_on=False)
    bars.set_yticks(down, names)
    bars.invert_yaxis()
    bars.set_xlabel("error of the map (green dot: exact)")
    bars.set_title("what is left after a shift by")
    bars.legend(loc="lower right", fontsize=8)


LESSON = Lesson(
    name="aliasing",
    title="Aliasing and anti-aliasing",
    law="A stride of 2 folds every frequency above 0.25 cycles per taxel onto a lower one, with a "
    "sign that depends on the position. A blur before it makes the error small, never 0; choosing "
    "the grid by content makes whole shifts exact and parts of a taxel no better; not "
    "sub-sampling leaves only what the activation makes.",
    measure=measure,
    draw=draw,
)

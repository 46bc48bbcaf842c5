"""Dense evaluation: one pass over the whole frame against one pass over every patch of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tactile_equiv.band_limited import band_limited_contact
from tactile_equiv.lessons.drawing import show_map
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table, printed
from tactile_equiv.lessons.planes import on_skin
from tactile_equiv.network import ZeroPreservingLayer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, COLUMNS = 40, 56
PATCH = 24  # side, taxels
SIDE, TOP, LEFT = 11, 10, 12  # the contact; a second one lies further right
KERNEL, CHANNELS = 3, (1, 8, 8, 8)
RADIUS = len(CHANNELS) - 1
CAMERA = (240, 320)
CORNERS = [(r, c) for r in range(0, ROWS - PATCH + 1, 2) for c in range(0, COLUMNS - PATCH + 1, 4)]
"""First taxels of the patches that are compared."""
CUTTING, WHOLE = (4, 20), (10, 12)
"""A patch that cuts both contacts, and one with a contact in its corner."""
Corner = tuple[int, int]

VALID, ZERO, GROWING = "valid", "zero padding, biases", "zero-preserving, growing"
PADDINGS = {VALID: 0, ZERO: 1, GROWING: 2}
"""Taxels by which every layer pads."""


def network(name: str) -> nn.Sequential:
    """Three 3x3 layers with biases: the same weights for every padding."""
    layers: list[nn.Module] = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for before, after in pairwise(CHANNELS):
            layer = ZeroPreservingLayer(before, after, KERNEL, 1, nn.GELU())
            if name != GROWING:
                layer.convolution.padding = (PADDINGS[name], PADDINGS[name])
            layers += [layer] if name == GROWING else [layer.convolution, nn.GELU()]
    return nn.Sequential(*layers)


def features(subject: nn.Sequential, name: str, frames: Tensor) -> Tensor:
    """Features at the taxels of (N, 1, h, w): all of them, or the inner ones if `VALID`."""
    canvas: Tensor = subject(frames)
    return canvas[..., RADIUS:-RADIUS, RADIUS:-RADIUS] if name == GROWING else canvas


def patches(frame: Tensor, corners: list[Corner]) -> Tensor:
    """The patches of a frame (1, C, H, W) with these first taxels, (N, C, PATCH, PATCH)."""
    return torch.cat([frame[..., r : r + PATCH, c : c + PATCH] for r, c in corners])


def two_contacts() -> Tensor:
    """A frame (1, 1, ROWS, COLUMNS) with two contacts that end abruptly."""
    contact = band_limited_contact(2 * SIDE - 1, highest=0.3)
    middle = contact[SIDE // 2 : SIDE // 2 + SIDE, SIDE // 2 : SIDE // 2 + SIDE]
    first = on_skin(middle, TOP, LEFT, ROWS, COLUMNS)
    return first + on_skin(middle, TOP + 12, LEFT + 28, ROWS, COLUMNS)


def multiplications(height: int, width: int, padding: int) -> int:
    """Multiplications of one pass over (height, width)."""
    total = 0
    for before, after in pairwise(CHANNELS):
        height, width = (side + 2 * padding - KERNEL + 1 for side in (height, width))
        total += height * width * before * after * KERNEL**2
    return total


def work(padding: int, rows: int, columns: int) -> float:
    """Multiplications patch by patch, at every place, in those of one pass over the frame."""
    places = (rows - PATCH + 1) * (columns - PATCH + 1)
    return places * multiplications(PATCH, PATCH, padding) / multiplications(rows, columns, padding)


def differences(name: str, frame: Tensor, corners: list[Corner]) -> NDArray[np.float64]:
    """|patch - dense| by taxel of each patch, relative to the largest feature, (N, PATCH, PATCH).

    The largest over the features; NaN at taxels that a patch has no features of.
    """
    subject = network(name)
    missing = RADIUS if name == VALID else 0
    dense = features(subject, name, frame)
    alone = features(subject, name, patches(frame, corners))
    side = PATCH - 2 * missing
    there = torch.cat([dense[..., r : r + side, c : c + side] for r, c in corners])
    apart = (alone - there).abs().amax(1) / dense.abs().max()  # (N, side, side)
    return np.pad(
        apart.double().numpy(), ((0, 0), *2 * [(missing, missing)]), constant_values=np.nan
    )


def _is_whole(frame: Tensor, corner: Corner) -> bool:
    """Whether the skin around a patch is empty as far as its features reach."""
    (row, column), end = corner, PATCH + RADIUS
    around = frame[..., max(row - RADIUS, 0) : row + end, max(column - RADIUS, 0) : column + end]
    return bool(around.count_nonzero() == patches(frame, [corner]).count_nonzero())


@torch.no_grad()
def measure() -> Finding:
    """Compare the features of patches with those of one pass, by distance to the patch's border."""
    frame = two_contacts()
    along = np.arange(PATCH)
    inward = np.minimum(along, PATCH - 1 - along)
    distance = np.minimum(inward[:, None], inward)
    whole = np.array([_is_whole(frame, corner) for corner in CORNERS])
    rows: list[tuple[Cell, ...]] = []
    pictures = {"frame": frame[0, 0].numpy()}
    for name, padding in PADDINGS.items():
        apart = differences(name, frame, CORNERS)
        edges = [apart[:, distance == d].max() for d in range(RADIUS)]
        told: list[Cell] = ["-" if np.isnan(edge) else float(edge) for edge in edges]
        inside = float(apart[:, distance >= RADIUS].max())
        uncut = float(np.nanmax(apart[whole]))
        ratios = (f"{work(padding, *size):.0f} x" for size in ((ROWS, COLUMNS), CAMERA))
        rows.append((name, *told, inside, uncut, *ratios))
        pictures[name] = differences(name, frame, [CUTTING, WHOLE])
    columns = (
        "layers",
        *(f"d={d}" for d in range(RADIUS)),
        f"d>={RADIUS}",
        "uncut contacts",
        f"work, {ROWS}x{COLUMNS}",
        f"{CAMERA[0]}x{CAMERA[1]}",
    )
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """A patch that cuts contacts and one that does not, and how far each is from one pass."""
    from matplotlib.patches import Rectangle

    figure.set_size_inches(9, 5)
    grid = figure.subplots(2, 4, width_ratios=(1.5, 1, 1, 1))
    names = ("a patch that cuts two contacts", "a patch with a whole contact")
    for index, ((row, column), title) in enumerate(zip((CUTTING, WHOLE), names, strict=True)):
        show_map(grid[index, 0], finding.pictures["frame"], title)
        grid[index, 0].add_patch(
            Rectangle((column - 0.5, row - 0.5), PATCH, PATCH, fill=False, linewidth=2)
        )
        for axes, name in zip(grid[index, 1:], PADDINGS, strict=True):
            apart = finding.pictures[name][index]
            axes.set_facecolor("#d9dde1")
            show_map(axes, apart, f"{name}\nlargest difference {printed(np.nanmax(apart))}", 0.5)
    grid[1, 1].set_xlabel("grey: no features there")


LESSON = Lesson(
    name="dense_evaluation",
    title="Dense evaluation",
    law="One pass of a convolutional network over the frame gives the features of every patch at "
    "once: the same numbers wherever a patch's own border is out of reach, and up to that border "
    "where the layers preserve zero and the contacts are whole.",
    measure=measure,
    draw=draw,
)

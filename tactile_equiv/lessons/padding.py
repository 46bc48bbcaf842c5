"""Padding: what a layer invents beyond the border, and how far that reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.band_limited import band_limited_contact
from tactile_equiv.lessons.drawing import BREAKS, HOLDS, logarithmic, show_map
from tactile_equiv.lessons.layers import BackgroundPadded
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table, printed
from tactile_equiv.lessons.planes import on_skin, relative_error
from tactile_equiv.network import ZeroPreservingLayer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE, SIDE, CHANNELS = 32, 7, 8
LAYERS = RADIUS = 4
ENDLESS = 4 * RADIUS  # taxels around the skin; what lies beyond is out of reach
DISTANCES = range(7)  # taxels between contact and border
INTERIOR = (SIZE - SIDE) // 2
BIAS = 0.3  # standard deviation
LOAD = 3  # peak of the contact
FAR_EDGE = SIZE - RADIUS  # first of the rows at the edge opposite to the contact
DRAWN = 1  # distance of the contact in the picture of the maps

Maps = Callable[[Tensor], Tensor]
Mode = Literal["zeros", "replicate", "reflect", "circular"]


def _convolutions(mode: Mode = "zeros", width: int = 0) -> list[nn.Conv2d]:
    """The same four layers every time, but for their padding."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = []
        for inputs in (1, *(LAYERS - 1) * (CHANNELS,)):
            layer = nn.Conv2d(inputs, CHANNELS, 3, padding=width, padding_mode=mode)
            nn.init.normal_(layer.weight, std=(inputs * 9 / 2) ** -0.5)
            nn.init.normal_(layer.bias, std=BIAS)  # type: ignore[arg-type]
            layers.append(layer)
    return layers


def _plain(mode: Mode = "zeros", width: int = 1) -> nn.Sequential:
    layers = _convolutions(mode, width)
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))


def _zero_preserving() -> nn.Sequential:
    trunk = nn.Sequential()
    for layer in _convolutions():
        made = ZeroPreservingLayer(layer.in_channels, CHANNELS, 3, 1, nn.ReLU())
        made.convolution.load_state_dict(layer.state_dict())
        trunk.append(made)
    return trunk


def _on_skin_only(maps: Maps) -> Maps:
    return lambda frame: maps(frame)[..., RADIUS:-RADIUS, RADIUS:-RADIUS]


PADDINGS: dict[str, Callable[[], Maps]] = {
    "zero": lambda: _plain("zeros"),
    "replicate": lambda: _plain("replicate"),
    "reflect": lambda: _plain("reflect"),
    "circular": lambda: _plain("circular"),
    "background": lambda: BackgroundPadded(_convolutions(), nn.ReLU(), grow=False),
    "growing, background": lambda: _on_skin_only(
        BackgroundPadded(_convolutions(), nn.ReLU(), grow=True)
    ),
    "growing, zero-preserving": lambda: _on_skin_only(_zero_preserving()),
}
"""By name, networks from a frame (1, 1, SIZE, SIZE) to maps (1, CHANNELS, SIZE, SIZE)."""
COLOURS = (BREAKS, "#2f62b5", "#7d4fa3", "#25a0a8", "#d99a1c", HOLDS, HOLDS)


def _endless(name: str) -> Maps:
    """The maps that the same weights have on an endless skin, cut to (SIZE, SIZE)."""
    growing = name == "growing, zero-preserving"
    network = _zero_preserving() if growing else _plain(width=0)
    cut = ENDLESS + (RADIUS if growing else -RADIUS)
    return lambda frame: network(functional.pad(frame, [ENDLESS] * 4))[..., cut:-cut, cut:-cut]


@torch.no_grad()
def measure() -> Finding:
    """Slide a contact to the border and compare with an endless empty skin.

    Errors and the answers at the far edge and to an empty skin are relative to the largest
    response: the true map's distance from that of an empty endless skin.
    """
    contact = LOAD * band_limited_contact(21)[7:-7, 7:-7]  # ends abruptly
    column, empty = (SIZE - SIDE) // 2, torch.zeros(1, 1, SIZE, SIZE)
    frames = [on_skin(contact, d, column, SIZE, SIZE) for d in (*DISTANCES, INTERIOR)]
    rows: list[tuple[Cell, ...]] = []
    pictures = {}
    for name, make in PADDINGS.items():
        maps, endless = make(), _endless(name)
        background = endless(empty)
        errors, differences = [], []
        for frame in frames:
            true, seen = endless(frame), maps(frame)
            scale = float((true - background).abs().max())
            errors.append(relative_error(seen, true, scale))
            differences.append(((seen - true) / scale)[0])
        far = differences[0][:, FAR_EDGE:] - (maps(empty) - background)[0, :, FAR_EDGE:] / scale
        ripple = np.ptp(maps(empty).numpy(), axis=(2, 3)).max() / scale
        rows.append((name, *errors, float(far.abs().max()), float(ripple)))
        pictures[name] = differences[DRAWN].abs().amax(0).numpy()
    columns = ("padding", *(f"d={d}" for d in DISTANCES), "interior", "far edge", "empty")
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """The error on the skin for a contact near its border, and the error by distance."""
    figure.set_size_inches(9.0, 5.0)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1, 1.5])[:, 0]
    panels = above.subplots(1, len(PADDINGS))
    for axes, (name, error) in zip(panels, finding.pictures.items(), strict=True):
        short = name.replace(", ", ",\n")
        title = f"{short}\n{printed(float(error.max()))}"
        show_map(axes, error, title, 0.3)
    above.suptitle(f"error on the skin, contact {DRAWN} taxel from the upper border", fontsize=9)
    axes = below.subplots()
    for cells, colour in zip(finding.table.rows, COLOURS, strict=True):
        values = np.array(cells[1 : 1 + len(DISTANCES)], np.float64)
        name = str(cells[0])
        style = "o--" if "zero-preserving" in name else "o-"
        axes.semilogy(DISTANCES, logarithmic(values), style, color=colour, label=name)
    axes.set_xlabel("distance of the contact from the border, taxels")
    axes.set_ylabel("largest error")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


LESSON = Lesson(
    name="padding",
    title="Padding",
    law="A layer is equivariant up to the border if what it sees beyond the border is what an "
    "endless empty skin would show. Every padding that invents anything else is felt up to the "
    "receptive radius R of the network, and a map that keeps its size loses what it would have "
    "sent back.",
    measure=measure,
    draw=draw,
)

"""Weight sharing: one kernel for all places knows every place; one for each knows its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.lessons.drawing import show_map
from tactile_equiv.lessons.layers import LocallyConnected
from tactile_equiv.lessons.lesson import Cell, Finding, Lesson, Table, printed
from tactile_equiv.lessons.planes import moved, relative_error
from tactile_equiv.lessons.position_training import weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE, SIDE, KERNEL = 24, 8, 5  # taxels
LARGE = 48  # taxels, another skin
EDGE = KERNEL // 2  # padding reaches that far: contacts stay clear of it
LAST = SIZE - SIDE - EDGE  # first row or column of the outermost contact
LEFT = 8  # last of the first columns that the left half teaches
RECORDED, ASKED = 300, 50  # contacts; none asked was seen in training
NOISE = 0.02  # of the largest pressure
RIDGE = 0.01  # keeps the weights of places that no contact touched at 0
SHIFT = LAST - EDGE  # columns

KINDS = ("convolution", "locally connected")
TAUGHT = ("nothing", "left half", "everywhere")
COVER = torch.tensor([1.0, 6.0, 1.0]) / 8
"""How a soft cover spreads pressure along one axis."""


def _layer(kind: str, size: int = SIZE) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if kind == "convolution":
            return nn.Conv2d(1, 1, KERNEL, padding=EDGE)
        return LocallyConnected(1, 1, KERNEL, size, size)


def _presses(count: int, last: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """What taxels read under a soft cover, and the pressure on it, (N, 1, SIZE, SIZE) each.

    Contacts begin at any row and at columns up to `last`.
    """
    pressure = torch.zeros(count, 1, SIZE, SIZE)
    rough = torch.rand(count, SIDE - 2, SIDE - 2, generator=random)
    rows = torch.randint(EDGE, LAST + 1, (count,), generator=random).tolist()
    columns = torch.randint(EDGE, last + 1, (count,), generator=random).tolist()
    for frame, one, row, column in zip(pressure, rough, rows, columns, strict=True):
        frame[0, row + 1 : row + SIDE - 1, column + 1 : column + SIDE - 1] = one
    spread = functional.conv2d(pressure, torch.outer(COVER, COVER)[None, None], padding=1)
    noise = NOISE * torch.randn(spread.shape, generator=random)
    return torch.where(spread > 0, spread + noise, 0), pressure


@torch.no_grad()
def _teach(layer: nn.Module, last: int) -> None:
    """Least squares: undo what the cover does, from contacts at columns up to `last`."""
    seen, pressure = _presses(RECORDED, last, torch.Generator().manual_seed(0))
    around = functional.unfold(seen, KERNEL, padding=EDGE)  # (N, k k, HW)
    given = torch.cat([around, torch.ones_like(around[:, :1])], dim=1).permute(2, 0, 1).double()
    wanted = pressure.flatten(1).T[..., None].double()  # (HW, N, 1)
    if isinstance(layer, nn.Conv2d):  # all places teach the same weights
        given, wanted = given.flatten(0, 1)[None], wanted.flatten(0, 1)[None]
    gram = given.mT @ given + RIDGE * torch.eye(given.shape[2])
    learnt = torch.linalg.solve(gram, given.mT @ wanted)[..., 0].T  # (k k + 1, places)
    for values, found in zip(layer.parameters(), (learnt[:-1], learnt[-1]), strict=True):
        values.copy_(found.reshape(values.shape))


@torch.no_grad()
def _ask(layer: nn.Module) -> tuple[list[float], NDArray[np.float32]]:
    """Shift error, error in the left and in the right half, maps of a contact at both ends.

    The errors of the halves are root mean squares, relative to the pressure there.
    """
    random = torch.Generator().manual_seed(1)
    seen, pressure = _presses(ASKED, EDGE, random)  # at the left end
    moved_right = [torch.from_numpy(moved(x, 0, SHIFT)).float() for x in (seen, pressure)]
    left, right = layer(seen), layer(moved_right[0])
    halves = [
        float((said - true).square().mean().sqrt() / true.square().mean().sqrt())
        for said, true in ((left, pressure), (right, moved_right[1]))
    ]
    inner = (..., slice(EDGE, -EDGE), slice(EDGE + SHIFT, -EDGE))
    shift = relative_error(right[inner], moved(left, 0, SHIFT)[inner])
    return [shift, *halves], torch.stack([left[0, 0], right[0, 0]]).numpy()


def measure() -> Finding:
    """Two linear layers, taught nothing, in the left half or everywhere; asked at both ends."""
    rows: list[tuple[Cell, ...]] = []
    pictures = {}
    for kind in KINDS:
        for taught in TAUGHT:
            layer = _layer(kind)
            if taught != "nothing":
                _teach(layer, LEFT if taught == "left half" else LAST)
            errors, maps = _ask(layer)
            counts = weights(layer), weights(_layer(kind, LARGE))
            rows.append((f"{kind}, {taught}", *errors, *(f"{n:,}" for n in counts)))
            pictures[f"{kind}, {taught}"] = maps
    columns = ("layer, taught", "shift error", "left", "right", "weights, 24x24", "48x48")
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """What each layer says of one contact at the left end and of the same at the right end."""
    figure.set_size_inches(9.0, 3.9)
    for part, kind in zip(figure.subfigures(1, 2, squeeze=False)[0], KINDS, strict=True):
        axes = part.subplots(2, 3)
        for column, taught in zip(axes.T, TAUGHT, strict=True):
            name = f"{kind}, {taught}"
            for place, values, cells in zip(
                ("left", "right"), finding.pictures[name], column, strict=True
            ):
                title = f"error {printed(finding.table.value(name, place))}"
                show_map(cells, values, f"{taught}\n{title}" if place == "left" else title, 1.0)
        axes[0, 0].set_ylabel("contact left")
        axes[1, 0].set_ylabel("contact right")
        part.suptitle(f"{kind}, taught")


LESSON = Lesson(
    name="weight_sharing",
    title="Weight sharing",
    law="A linear layer commutes with shifts exactly if it uses the same weights at every place, "
    "that is, if it is a convolution. One kernel for each place does not, before training or "
    "after, and knows only the places it was taught.",
    measure=measure,
    draw=draw,
)

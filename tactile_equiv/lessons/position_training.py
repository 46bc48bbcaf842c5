"""Small networks taught a texture where contacts lie, and asked for it everywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.network import ZeroPreservingLayer, pool

SIZE, SIDE = 16, 8  # taxels
FARTHEST = (SIZE - SIDE) // 2
"""Distance, in taxels, of the outermost positions from the middle of the skin."""
CLASSES = 3  # smooth, ridges, dots
CHANNELS = 8
GROWING, FLATTENED, STRIDED = "growing, pooled", "growing, flattened", "strided, flattened"
"""Networks, by trunk and head; the canvas of the growing trunk is 4 taxels wider than the skin."""
BATCH, STEPS, RATE = 32, 150, 2e-2
PLENTY, FEW = 2000, 48  # contacts to learn from
ASKED = 50  # contacts, none of them seen in training


class PooledHead(nn.Module):
    """Global sums over the grown canvas (N, F, H', W'), then one fully connected layer."""

    def __init__(self) -> None:
        super().__init__()
        self.connected = nn.Linear(2 * CHANNELS, CLASSES)

    def forward(self, canvas: Tensor) -> Tensor:
        scores: Tensor = self.connected(torch.asinh(pool(canvas)))
        return scores


def flattened_head(channels: int, side: int) -> nn.Module:
    """One fully connected layer on every value of a map (N, channels, side, side)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * side**2, CLASSES))


def _growing_trunk() -> nn.Sequential:
    return nn.Sequential(
        ZeroPreservingLayer(1, CHANNELS, 3, 1, nn.GELU()),
        ZeroPreservingLayer(CHANNELS, CHANNELS, 3, 1, nn.GELU()),
    )


def _strided_trunk() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 2 * CHANNELS, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(2 * CHANNELS, 2 * CHANNELS, 3, stride=2, padding=1),
        nn.ReLU(),
    )


TRUNKS = {GROWING: _growing_trunk, FLATTENED: _growing_trunk, STRIDED: _strided_trunk}


def head(name: str, size: int = SIZE) -> nn.Module:
    """The untrained head of a network for skins of `size` x `size`."""
    if name == GROWING:
        return PooledHead()
    if name == FLATTENED:
        return flattened_head(CHANNELS, size + 4)
    return flattened_head(2 * CHANNELS, -(-size // 4))


def network(name: str) -> nn.Module:
    """A trunk and its head, untrained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(TRUNKS[name](), head(name))


def weights(part: nn.Module) -> int:
    """Number of learnt values."""
    return sum(values.numel() for values in part.parameters())


def contacts(count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Contacts (N, SIDE, SIDE) of any load, orientation and phase, and their classes (N,)."""
    labels = torch.randint(CLASSES, (count,), generator=random)
    angle, phase, other, load = torch.rand(4, count, 1, 1, generator=random)
    along = torch.arange(SIDE) - (SIDE - 1) / 2
    y, x = torch.meshgrid(along, along, indexing="ij")
    cos, sin = torch.cos(torch.pi * angle), torch.sin(torch.pi * angle)
    ridges = torch.cos(2 * torch.pi * (0.3 * (cos * x + sin * y) + phase))  # 0.3 cycles a taxel
    crossed = torch.cos(2 * torch.pi * (0.3 * (cos * y - sin * x) + other))
    textures = torch.stack([torch.zeros_like(ridges), ridges, (ridges + crossed) / 2])
    envelope = (1 - (x**2 + y**2) / (SIDE / 2) ** 2).clamp(min=0).sqrt()
    pressure = (0.6 + 0.8 * load) * (1 + 0.9 * textures[labels, torch.arange(count)])
    noise = 0.05 * torch.randn(pressure.shape, generator=random)
    return envelope * (pressure + noise), labels


def on_skins(presses: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Empty skins (N, 1, SIZE, SIZE), contact n from (rows[n], columns[n]) on."""
    frames = torch.zeros(len(presses), 1, SIZE, SIZE)
    within = torch.arange(SIDE)
    each = torch.arange(len(presses))[:, None, None]
    frames[each, 0, (rows[:, None] + within)[..., None], (columns[:, None] + within)[:, None]] = (
        presses
    )
    return frames


def train(subject: nn.Module, reach: int, steps: int, recorded: int) -> None:
    """Teach contacts up to `reach` taxels, along each axis, from the middle of the skin.

    Args:
        subject: frames (N, 1, SIZE, SIZE) to class log-odds (N, CLASSES).
        reach: of the shift augmentation, 0 = every contact lies in the middle.
        steps: of `BATCH` contacts.
        recorded: different contacts there are to learn from.
    """
    random = torch.Generator().manual_seed(0)
    presses, labels = contacts(recorded, random)
    optimiser = torch.optim.Adam(subject.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(recorded, (BATCH,), generator=random)
        shifts = torch.randint(-reach, reach + 1, (2, BATCH), generator=random)
        frames = on_skins(presses[chosen], *(FARTHEST + shifts))
        loss = functional.cross_entropy(subject(frames), labels[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()


@dataclass(frozen=True)
class Answers:
    """What a trained network says of contacts that it never saw.

    Attributes:
        right: share of right classes by the contact's position, (P, P), the middle in the middle.
        flips: share of moves by one taxel after which the class is another.
    """

    right: NDArray[np.float64]
    flips: float

    def at(self, distance: int) -> float:
        """Share of right classes at that distance (chessboard) from the middle, in taxels."""
        away = np.abs(np.arange(len(self.right)) - FARTHEST)
        return float(self.right[np.maximum(away[:, None], away) == distance].mean())


@torch.no_grad()
def ask(subject: nn.Module) -> Answers:
    """Show the same contacts at every position at which they lie wholly on the skin."""
    presses, labels = contacts(ASKED, torch.Generator().manual_seed(1))
    places = 2 * FARTHEST + 1
    said = torch.empty(places, places, ASKED, dtype=torch.long)
    for row, column in np.ndindex(places, places):
        where = torch.tensor([[row], [column]]).expand(2, ASKED)
        said[row, column] = subject(on_skins(presses, *where)).argmax(1)
    moves = torch.cat([(said[1:] != said[:-1]).flatten(), (said[:, 1:] != said[:, :-1]).flatten()])
    return Answers((said == labels).double().mean(2).numpy(), float(moves.double().mean()))


@cache
def taught(name: str, reach: int, steps: int = STEPS, recorded: int = PLENTY) -> Answers:
    """Train a `network`, then ask it everywhere; see `train` for the other arguments."""
    subject = network(name)
    train(subject, reach, steps, recorded)
    return ask(subject)

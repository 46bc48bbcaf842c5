"""Networks for a dome: one weight for each place, pooled over the plane, pooled round the dome."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.architecture import Architecture
from tactile_equiv.network import TactileNetwork
from tactile_equiv.thinned import pool_thinned

CLASSES = 10


class FlattenNetwork(nn.Module):
    """Zero-padded convolutions, three times max-pooling, and one weight for each place."""

    def __init__(self, side: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, (inputs, outputs) in enumerate(zip((1, *channels), channels, strict=False)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.GELU()]
            layers += [nn.MaxPool2d(2)] if number < 3 else []
        features = channels[-1] * (side // 8) ** 2
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, CLASSES))

    def forward(self, frames: Tensor) -> Tensor:
        """Levelled frames (N, 1, H, W) to logits (N, CLASSES)."""
        logits: Tensor = self.layers(frames)
        return logits


class PooledNetwork(nn.Module):
    """The project's network, trained on a lattice of its canvas (`tactile_equiv.thinned`)."""

    def __init__(self, channels: tuple[int, ...], frames: Tensor) -> None:
        super().__init__()
        sizes = Architecture(CLASSES, 1, channels)
        self.network = TactileNetwork(sizes)
        self.network.standardise(frames)
        self.thinning = sizes.dilations[-1]

    def forward(self, frames: Tensor) -> Tensor:
        """Levelled frames (N, 1, H, W) to logits (N, CLASSES)."""
        if not self.training:
            return self.network.texture_logits(self.network.features(frames))
        row, column = torch.randint(self.thinning, (2,)).tolist()  # the lattice meets every phase
        canvas = self.network.thinned_features(
            functional.pad(frames, (column, 0, row, 0)), self.thinning
        )
        return self.network.classify(pool_thinned(canvas, self.thinning))


class RingNetwork(nn.Module):
    """Convolutions on rings, which have no border; the head knows the ring and not the angle.

    Args:
        rings: number of them.
        channels: of the layers.
        parts: of the circle that the head tells apart; with 1 nothing depends on a turn.
    """

    def __init__(self, rings: int, channels: tuple[int, ...], parts: int) -> None:
        super().__init__()
        sizes = zip((1, *channels), channels, strict=False)
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, padding=(1, 0)) for i, o in sizes)
        self.cells = rings // 2, parts
        features = 2 * channels[-1] * self.cells[0] * parts
        self.head = nn.Sequential(nn.BatchNorm1d(features), nn.Linear(features, CLASSES))

    def forward(self, rings: Tensor) -> Tensor:
        """Levelled rings (N, 1, rings, cells) to logits (N, CLASSES)."""
        for number, layer in enumerate(self.layers):
            rings = functional.gelu(layer(functional.pad(rings, (1, 1, 0, 0), mode="circular")))
            rings = rings if number else functional.avg_pool2d(rings, (2, 1))
        mean = functional.adaptive_avg_pool2d(rings, self.cells)
        largest = functional.adaptive_max_pool2d(rings, self.cells)
        logits: Tensor = self.head(torch.cat([mean, largest], dim=1).flatten(1))
        return logits

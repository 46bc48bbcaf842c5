"""Products of features, pooled beside the features themselves (Carreira et al. 2012).

Where the project's network pools what each feature does, this one pools which features go together:
sums over the canvas of the products of all pairs. They are as exact under shifts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tactile_equiv.architecture import Architecture
from tactile_equiv.layers import pool
from tactile_equiv.network import TactileNetwork
from tactile_equiv.thinned import pool_thinned
from tactile_equiv.training_settings import TrainingSettings

PAIRED = 16
"""Mixtures of the features whose products are pooled."""


class SecondOrder(nn.Module):
    """Levelled frames (N, 1, H, W) to class scores (N, K), trained on a lattice of the canvas."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        settings = TrainingSettings()
        self.thinning = settings.dilations[-1]
        self.network = TactileNetwork(Architecture(classes, 1, dilations=settings.dilations))
        features = self.network.architecture.channels[-1]
        self.mixture = nn.Conv2d(features, PAIRED, 1, bias=False)  # keeps 0 at 0
        self.pairs: Tensor
        self.register_buffer("pairs", torch.triu_indices(PAIRED, PAIRED))
        pooled = 2 * features + self.pairs.shape[1]
        self.head = nn.Sequential(nn.BatchNorm1d(pooled), nn.Linear(pooled, classes))

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) to (N, K)."""
        if self.training:
            canvas = self.network.thinned_features(frames, self.thinning)
            return self._scores(canvas, pool_thinned(canvas, self.thinning), self.thinning)
        canvas = self.network.features(frames)
        return self._scores(canvas, pool(canvas), 1)

    def _scores(self, canvas: Tensor, pooled: Tensor, thinning: int) -> Tensor:
        mixed = self.mixture(canvas).flatten(2)  # (N, PAIRED, cells)
        products = thinning**2 * mixed @ mixed.transpose(1, 2)  # (N, PAIRED, PAIRED)
        chosen = products[:, self.pairs[0], self.pairs[1]]
        scores: Tensor = self.head(torch.asinh(torch.cat([pooled, chosen], dim=1)))
        return scores

"""Batches that train the network: presses of a data set, varied, and simulated ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tactile_equiv.augmentation import (
    Augmentation,
    add_speckle,
    augment,
    simulated_presses,
    threshold_masks,
)
from tactile_equiv.dataset import Dataset
from tactile_equiv.frame import Normalisation, level

SIMULATED_PRESSES = 256


class PressBatches:
    """Batches of real presses with classes, and of simulated presses with true masks.

    Args:
        dataset: labelled frames of an untouched-at-0 sensor.
        normalisation: sensor units to network units.
        augmentation: how presses are varied.
        touch_threshold: taxels above it count as touched, in dead-zones.
        seed: of batches and augmentation.
    """

    def __init__(
        self,
        dataset: Dataset,
        normalisation: Normalisation,
        augmentation: Augmentation,
        touch_threshold: float,
        seed: int,
    ) -> None:
        raw = [
            level(f, Normalisation(0, 1, signed=normalisation.signed)).pressure
            for f in dataset.frames
        ]
        frames = np.stack(raw)  # (N, C, H, W)
        self.normalisation = normalisation
        self.augmentation = augmentation
        self.frames = torch.from_numpy(frames)
        threshold = touch_threshold * max(normalisation.dead_zone, 1e-6)
        self.masks = torch.from_numpy(threshold_masks(frames, threshold))
        self.labels = torch.from_numpy(dataset.labels)
        self.random = torch.Generator().manual_seed(seed)
        self._chance = 1 / torch.bincount(self.labels)[self.labels].double()
        self._speckle = normalisation.dead_zone
        rows, columns = frames.shape[2:]
        strongest = max(float(np.percentile(np.abs(frames), 99.9)), 8 * threshold)
        self._simulated, self._simulated_masks = simulated_presses(
            SIMULATED_PRESSES, rows, columns, threshold, strongest, seed
        )

    @property
    def channels(self) -> int:
        """Channels of a frame."""
        return self.frames.shape[1]

    def real(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Network input (N, C, H, W), contact masks (N, H, W), labels (N,)."""
        chosen = torch.multinomial(self._chance, count, replacement=True, generator=self.random)
        frames, masks = self._augmented(self.frames[chosen], self.masks[chosen])
        return self.to_network_units(frames), masks[:, 0], self.labels[chosen]

    def simulated(self, count: int) -> tuple[Tensor, Tensor]:
        """Network input (N, C, H, W) and true contact masks (N, H, W)."""
        chosen = torch.randint(len(self._simulated), (count,), generator=self.random)
        frames, masks = self._augmented(self._simulated[chosen], self._simulated_masks[chosen])
        speckled = add_speckle(frames, self._speckle, self.random)
        return self.to_network_units(speckled.expand(-1, self.channels, -1, -1)), masks[:, 0]

    def _augmented(self, frames: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        return augment(frames, masks, self.augmentation, self.random, self.normalisation.dead_zone)

    def to_network_units(self, frames: Tensor) -> Tensor:
        """Tared frames (N, C, H, W), sensor units, dead-zoned and normalised as by `level`."""
        return levelled(frames.movedim(1, -1).numpy(), self.normalisation)


def levelled(frames: np.ndarray[Any, Any], normalisation: Normalisation) -> Tensor:
    """Raw frames (N, H, W[, C]) to network input (N, C, H, W)."""
    return torch.from_numpy(np.stack([level(f, normalisation).network_input for f in frames]))

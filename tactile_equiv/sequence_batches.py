"""Labelled recordings as batches for the network: all as they are, or drawn and varied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tactile_equiv.frame import FloatArray, Normalisation
from tactile_equiv.network import TactileNetwork
from tactile_equiv.sequence_dataset import SequenceDataset
from tactile_equiv.sequence_input import (
    level_sequence,
    pooled_length,
    pooled_windows,
    views_of,
    windows_of,
)
from tactile_equiv.sequence_network import Batch, pool_batch
from tactile_equiv.sequence_settings import SequenceSettings
from tactile_equiv.spectrogram import Spectrum

AT_ONCE = 24
"""Recordings that are pooled at once."""


def batch_of(
    sequences: Sequence[FloatArray], normalisation: Normalisation, spectrum: Spectrum
) -> Batch:
    """Recordings, each (T, H, W, C) in sensor units, as the network sees them.

    Raises:
        FrameError: if one of them cannot be levelled.
    """
    windows: list[FloatArray] = []
    lengths, pooled = [], []
    for sequence in sequences:
        pressure, _ = level_sequence(sequence, normalisation)
        views = [windows_of(view, spectrum) for view in views_of(pressure, spectrum)]
        windows += [normalisation.to_network_units(view) for view in views]
        lengths.append(pooled_length(pressure, spectrum))
        pooled.append(pooled_windows(views, spectrum))
    return Batch(windows, lengths, pooled)


def pooled_recordings(
    network: TactileNetwork,
    dataset: SequenceDataset,
    normalisation: Normalisation,
    spectrum: Spectrum,
) -> NDArray[np.float64]:
    """What the texture head sees of each recording before it standardises it, (N, 2F V)."""
    pooled = []
    for first in range(0, len(dataset), AT_ONCE):
        batch = batch_of(dataset.sequences[first : first + AT_ONCE], normalisation, spectrum)
        with torch.no_grad():
            pooled.append(pool_batch(network.features(batch.frames), batch).double().asinh())
    return torch.cat(pooled).numpy()


class Recordings:
    """Batches of recordings, each time cut, amplified and disturbed anew."""

    def __init__(
        self, dataset: SequenceDataset, normalisation: Normalisation, settings: SequenceSettings
    ) -> None:
        self.settings = settings
        seen = settings.spectrum
        thinning = math.gcd(settings.thinning, seen.window // seen.hop, seen.ends)
        self.spectrum = replace(seen, hop=seen.hop * thinning, ends=seen.ends // thinning)
        self.normalisation = normalisation
        self.sequences = [np.asarray(s, np.float32) for s in dataset.sequences]
        self.labels = dataset.labels
        self.random = np.random.default_rng(settings.seed)
        self._chance = 1 / np.bincount(self.labels)[self.labels]
        self._chance /= self._chance.sum()

    def draw(self, count: int) -> tuple[Batch, Tensor, Tensor]:
        """A batch, its contact masks (M, H, W) of 0.0 and 1.0, its labels (N,)."""
        chosen = self.random.choice(len(self.labels), count, p=self._chance)
        varied = [self._varied(self.sequences[place]) for place in chosen]
        batch = batch_of(varied, self.normalisation, self.spectrum)
        least = self.settings.touch_threshold * self.normalisation.dead_zone
        steady = batch.frames[:, :: self.spectrum.channels]  # (M, channels of the sensor, H, W)
        threshold = self.normalisation.to_network_units(np.array(least, np.float32)).item()
        masks = (steady > threshold).any(dim=1)
        return batch, masks.float(), torch.from_numpy(self.labels[chosen])

    def _varied(self, sequence: FloatArray) -> FloatArray:
        strength, frames = self.settings.augmentation, len(sequence)
        length = round(frames * self.random.uniform(strength.crop, 1))
        first = self.random.integers(frames - length + 1)
        part = sequence[first : first + length]
        gain = np.exp(strength.gain * self.random.standard_normal())
        taxels = 1 + strength.taxel_gain * self.random.standard_normal(part.shape[1:])
        noise: NDArray[np.float32] = self.random.standard_normal(part.shape, np.float32)
        disturbed = part * gain * taxels + strength.noise * self.normalisation.dead_zone * noise
        varied: FloatArray = disturbed.astype(np.float32)
        return varied

"""Train the network on labelled recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tactile_equiv.architecture import CHANNELS, Architecture
from tactile_equiv.discriminant import linear_discriminant
from tactile_equiv.errors import DataError
from tactile_equiv.frame import FloatArray, Normalisation
from tactile_equiv.network import TactileNetwork
from tactile_equiv.one_cycle import one_cycle
from tactile_equiv.sequence_dataset import SequenceDataset
from tactile_equiv.sequence_input import level_sequence, touched_hops, views_of, windows_of
from tactile_equiv.sequence_network import Batch, pool_batch, scale_trunk, standardise
from tactile_equiv.spectrogram import Spectrum
from tactile_equiv.training import Progress, Training

AT_ONCE = 24
"""Recordings that are pooled at once."""


@dataclass(frozen=True)
class SequenceAugmentation:
    """How strongly recordings are varied.

    Attributes:
        crop: shortest part of a recording that is taken, a share of its frames.
        gain: standard deviation of the log of the load.
        taxel_gain: standard deviation of the gain mismatch between taxels.
        noise: standard deviation of additive noise, in dead-zones.
    """

    crop: float = 0.8
    gain: float = 0.03
    taxel_gain: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class SequenceSettings:
    """Everything that decides a training on recordings besides the data.

    Attributes:
        seed: of weights, batches and augmentation.
        steps: optimiser steps.
        batch: recordings a step, classes equally likely.
        thinning: training sees one window in so many, as far as that divides the hops in a window;
            the first frame is random, so that all are seen in time.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        label_smoothing: share of the target spread over all classes.
        contact_weight: weight of the contact loss beside the class loss.
        touch_threshold: taxels whose steady pressure is above it count as touched, in dead-zones.
        channels: see `Architecture`; those of the symmetry in `CHANNELS` when None.
        dilations, kernel, activation, symmetry: see `Architecture`.
        spectrum: windows and bins.
        augmentation: how recordings are varied.
        shrinkage: of the linear discriminant that takes the place of the trained head at the end,
            see `linear_discriminant`; 0 = the head stays as it was trained.
        scaled_start: whether training begins at filters that are scaled to the data
            (`scale_trunk`); only with translation symmetry.
    """

    seed: int = 0
    steps: int = 1000
    batch: int = 24
    thinning: int = 2
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    contact_weight: float = 0.2
    touch_threshold: float = 2.0
    channels: tuple[int, ...] | None = (24, 32, 64)
    dilations: tuple[int, ...] = (1, 1, 2)
    kernel: int = 3
    activation: str = "gelu"
    symmetry: str = "translation"
    spectrum: Spectrum = field(default_factory=Spectrum)
    augmentation: SequenceAugmentation = field(default_factory=SequenceAugmentation)
    shrinkage: float = 0.0
    scaled_start: bool = False

    def architecture(self, classes: int, sensor_channels: int) -> Architecture:
        """Sizes of the network to train.

        Raises:
            ModelError: if they do not fit together.
        """
        return Architecture(
            classes,
            sensor_channels * self.spectrum.channels,
            CHANNELS[self.symmetry] if self.channels is None else self.channels,
            self.dilations,
            self.kernel,
            self.activation,
            self.symmetry,
            self.spectrum.poolings(sensor_channels),
        )

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)


def train_sequences(
    dataset: SequenceDataset,
    normalisation: Normalisation,
    settings: SequenceSettings,
    progress: Progress = lambda step, losses: None,
) -> Training:
    """Train a network; the same data and settings give the same weights on one machine.

    Raises:
        DataError: if there are fewer than two classes.
        FrameError: if a recording cannot be levelled.
        ModelError: if the sizes of the network do not fit together.
    """
    if len(dataset.class_names) < 2:
        raise DataError(f"{dataset.source} has one class: training needs at least two")
    torch.manual_seed(settings.seed)
    recordings = _Recordings(dataset, normalisation, settings)
    sizes = settings.architecture(len(dataset.class_names), dataset.shape[2])
    network = TactileNetwork(sizes)
    first = recordings.draw(min(4 * settings.batch, len(dataset)))[0]
    if settings.scaled_start:
        scale_trunk(network, first)
    standardise(network, first)
    optimiser, schedule = one_cycle(
        network.parameters(), settings.learning_rate, settings.weight_decay, settings.steps
    )
    losses: dict[str, float] = {}
    for step in range(1, settings.steps + 1):
        losses = _step(network, recordings, optimiser, settings)
        schedule.step()
        progress(step, losses)
    if settings.shrinkage:
        _fit_discriminant(network, dataset, normalisation, settings)
    return Training(network.eval(), settings.steps, losses)


def fitting_sequence_normalisation(
    dataset: SequenceDataset, dead_zone: float | None = None, scale: float | None = None
) -> Normalisation:
    """Fixed normalisation for a sensor, from all its recordings at once.

    The sensor's range is the 99.9th percentile of all values; unless given, the dead-zone is 1/255
    of it and the scale of the logarithmic response 1/32. The dead-zone is smaller than for single
    presses, because vibration is small beside steady pressure.
    """
    values = np.concatenate([sequence.ravel() for sequence in dataset.sequences])
    reach = max(float(np.percentile(np.abs(values.astype(np.float64)), 99.9)), 1e-6)
    return Normalisation(
        dead_zone=reach / 255 if dead_zone is None else dead_zone,
        scale=reach / 32 if scale is None else scale,
        response="logarithmic",
    )


def batch_of(
    sequences: Sequence[FloatArray], normalisation: Normalisation, spectrum: Spectrum
) -> Batch:
    """Recordings, each (T, H, W, C) in sensor units, as the network sees them.

    Raises:
        FrameError: if one of them cannot be levelled.
    """
    pressures = [level_sequence(sequence, normalisation)[0] for sequence in sequences]
    views = [view for pressure in pressures for view in views_of(pressure, spectrum)]
    return Batch(
        [normalisation.to_network_units(windows_of(view, spectrum)) for view in views],
        [touched_hops(p, spectrum) for p in pressures],
    )


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


def _fit_discriminant(
    network: TactileNetwork,
    dataset: SequenceDataset,
    normalisation: Normalisation,
    settings: SequenceSettings,
) -> None:
    for label, name in enumerate(dataset.class_names):
        if label not in dataset.labels:
            raise DataError(
                f"{dataset.source}: {name} has no recordings: the discriminant needs some"
            )
    values = pooled_recordings(network, dataset, normalisation, settings.spectrum)
    fitted = linear_discriminant(values, dataset.labels, settings.shrinkage)
    with torch.no_grad():
        network.texture_head.weight.copy_(torch.from_numpy(fitted.weight))
        network.texture_head.bias.copy_(torch.from_numpy(fitted.bias))
        network.pooled_mean.copy_(torch.from_numpy(fitted.mean))
        network.pooled_scale.copy_(torch.from_numpy(fitted.scale))


class _Recordings:
    """Batches of recordings, each time cut, amplified and disturbed anew."""

    def __init__(
        self, dataset: SequenceDataset, normalisation: Normalisation, settings: SequenceSettings
    ) -> None:
        self.settings = settings
        seen = settings.spectrum
        thinning = math.gcd(settings.thinning, seen.window // seen.hop)
        self.spectrum = replace(seen, hop=seen.hop * thinning)
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


def _step(
    network: TactileNetwork,
    recordings: _Recordings,
    optimiser: torch.optim.Optimizer,
    settings: SequenceSettings,
) -> dict[str, float]:
    batch, masks, labels = recordings.draw(settings.batch)
    canvas = network.features(batch.frames)
    logits = network.classify(pool_batch(canvas, batch))
    texture = functional.cross_entropy(logits, labels, label_smoothing=settings.label_smoothing)
    contact = functional.binary_cross_entropy_with_logits(network.contact_logits(canvas), masks)
    loss = texture + settings.contact_weight * contact
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return {"texture": texture.item(), "contact": contact.item()}

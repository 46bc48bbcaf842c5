"""What decides a training on recordings besides the data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tactile_equiv.architecture import CHANNELS, Architecture
from tactile_equiv.spectrogram import Spectrum

RANGE_IN_SCALES = 32.0
"""The range of a sensor, in scales of the logarithmic response."""


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
        thinning: training sees one window in so many, as far as that divides the hops in a window
            and `ends`; the first frame is random, so that all are seen in time.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        label_smoothing: share of the target spread over all classes.
        contact_weight: weight of the contact loss beside the class loss.
        range_in_scales: the sensor's range, in scales of the logarithmic response; see
            `fitting_sequence_normalisation`. Where it is small, loads count nearly as they are.
        touch_threshold: taxels whose steady pressure is above it count as touched, in dead-zones.
        channels: see `Architecture`; those of the symmetry in `CHANNELS` when None.
        dilations, kernel, activation, symmetry: see `Architecture`.
        spectrum: windows and bins.
        augmentation: how recordings are varied.
        shrinkage: of the linear discriminant that takes the place of the trained head at the end,
            see `linear_discriminant`; 0 = the head stays as it was trained.
        scaled_start: whether training begins at filters that are scaled to the data
            (`scale_trunk`); only with translation symmetry.
        frozen: whether the filters stay as they were at the start, and the heads alone are trained.
    """

    seed: int = 0
    steps: int = 1000
    batch: int = 24
    thinning: int = 2
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    contact_weight: float = 0.2
    range_in_scales: float = RANGE_IN_SCALES
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
    frozen: bool = False

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


HAND = SequenceSettings(
    steps=100,
    batch=12,
    channels=(256,),
    dilations=(1,),
    range_in_scales=8.0,
    spectrum=Spectrum(window=8, hop=2, emphasis=4.0, apart=True, load=True, ends=8),
    augmentation=SequenceAugmentation(crop=1.0),
    shrinkage=0.1,
    scaled_start=True,
    frozen=True,
)
"""For recordings of several skins, such as the fingers of a hand that grasps.

Random filters, and a texture head in closed form: with a dozen grasps of each class it tells more
than filters that are trained.
"""

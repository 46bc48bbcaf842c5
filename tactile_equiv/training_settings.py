"""Everything that decides a training on presses."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tactile_equiv.architecture import CHANNELS, Architecture
from tactile_equiv.augmentation import Augmentation


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training besides the data.

    Attributes:
        seed: of weights, batches and augmentation.
        steps: largest number of optimiser steps.
        batch: presses a step, classes equally likely.
        thinning: a step sees one row and one column in so many of the feature canvas, see
            `thinned`; as many as the last dilation when None, 1 = all.
        simulated: simulated presses a step, for the contact head only.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        label_smoothing: share of the target spread over all classes.
        averaging: share of the mean of the weights that stays at each step, see `WeightAverage`;
            the mean is kept where training does not stop early. 0 keeps the last weights.
        contact_weight: weight of the contact losses beside the texture loss.
        touch_threshold: taxels above it count as touched, in dead-zones.
        validation: share of each class kept out of training to watch for an early stop; 0 = never
            stop early.
        check_every: steps between two looks at the validation share.
        patience: looks without a better loss before training stops.
        channels: see `Architecture`; those of the symmetry in `CHANNELS` when None.
        dilations, kernel, activation, symmetry, correlations: see `Architecture`.
    """

    seed: int = 0
    steps: int = 3000
    batch: int = 48
    thinning: int | None = None
    simulated: int = 4
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    averaging: float = 0.0
    contact_weight: float = 0.5
    touch_threshold: float = 2.0
    validation: float = 0.0
    check_every: int = 100
    patience: int = 10
    channels: tuple[int, ...] | None = None
    dilations: tuple[int, ...] = (1, 2, 2, 4)
    kernel: int = 3
    activation: str = "gelu"
    symmetry: str = "translation"
    correlations: bool = True
    augmentation: Augmentation = field(default_factory=Augmentation)

    def architecture(self, classes: int, input_channels: int) -> Architecture:
        """Sizes of the network to train.

        Raises:
            ModelError: if they do not fit together.
        """
        channels = self.channels
        if channels is None:
            channels = CHANNELS.get(self.symmetry, CHANNELS["translation"])
        return Architecture(
            classes,
            input_channels,
            channels,
            self.dilations,
            self.kernel,
            self.activation,
            self.symmetry,
            correlations=self.correlations,
        )

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)

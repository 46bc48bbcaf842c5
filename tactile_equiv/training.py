"""Train the network on labelled presses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tactile_equiv.architecture import CHANNELS, Architecture
from tactile_equiv.augmentation import (
    Augmentation,
    add_speckle,
    augment,
    simulated_presses,
    threshold_masks,
)
from tactile_equiv.dataset import Dataset, split_at_random
from tactile_equiv.errors import DataError
from tactile_equiv.frame import Normalisation, level
from tactile_equiv.network import TactileNetwork

SIMULATED_PRESSES = 256

Progress = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training besides the data.

    Attributes:
        seed: of weights, batches and augmentation.
        steps: largest number of optimiser steps.
        batch: presses a step, classes equally likely.
        simulated: simulated presses a step, for the contact head only.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        label_smoothing: share of the target spread over all classes.
        contact_weight: weight of the contact losses beside the texture loss.
        touch_threshold: taxels above it count as touched, in dead-zones.
        validation: share of each class kept out of training to watch for an early stop; 0 = never
            stop early.
        check_every: steps between two looks at the validation share.
        patience: looks without a better loss before training stops.
        channels: see `Architecture`; those of the symmetry in `CHANNELS` when None.
        dilations, kernel, activation, symmetry: see `Architecture`.
    """

    seed: int = 0
    steps: int = 750
    batch: int = 48
    simulated: int = 4
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    contact_weight: float = 0.5
    touch_threshold: float = 2.0
    validation: float = 0.1
    check_every: int = 50
    patience: int = 5
    channels: tuple[int, ...] | None = None
    dilations: tuple[int, ...] = (1, 1, 2, 4)
    kernel: int = 3
    activation: str = "gelu"
    symmetry: str = "translation"
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
        )

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Training:
    """A finished training.

    Attributes:
        network: the trained network, in evaluation mode.
        steps: optimiser steps taken.
        losses: last losses by name.
    """

    network: TactileNetwork
    steps: int
    losses: dict[str, float]


def train(
    dataset: Dataset,
    normalisation: Normalisation,
    settings: TrainingSettings,
    progress: Progress = lambda step, losses: None,
) -> Training:
    """Train a network; the same data and settings give the same weights on one machine.

    Args:
        dataset: labelled frames of untouched-at-0 sensors, at least two classes.
        normalisation: sensor units to network units.
        settings: see `TrainingSettings`.
        progress: called after every step with the step and its losses.

    Raises:
        DataError: if there are fewer than two classes, or no frame is left for training.
        FrameError: if a frame cannot be levelled.
        ModelError: if the sizes of the network do not fit together.
    """
    if len(dataset.class_names) < 2:
        raise DataError(f"{dataset.source} has one class: training needs at least two")
    torch.manual_seed(settings.seed)
    watched = _validation_part(dataset, settings)
    presses = _Presses(dataset.subset(~watched), normalisation, settings)
    validation = _Validation(dataset.subset(watched), normalisation) if watched.any() else None
    network = _new_network(len(dataset.class_names), presses, settings)
    optimiser = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=max(settings.steps, 10), pct_start=0.2
    )
    best, best_loss, waited, step, losses = None, float("inf"), 0, 0, {}
    for step in range(1, settings.steps + 1):
        losses = _step(network, presses, optimiser, settings)
        schedule.step()
        if validation is not None and step % settings.check_every == 0:
            losses["validation"] = validation.loss(network)
            waited += 1
            if losses["validation"] < best_loss:
                best, best_loss = copy.deepcopy(network.state_dict()), losses["validation"]
                waited = 0
        progress(step, losses)
        if waited >= settings.patience:
            break
    if best is not None:
        network.load_state_dict(best)
    return Training(network.eval(), step, losses)


def fitting_normalisation(
    dataset: Dataset, dead_zone: float | None = None, scale: float | None = None
) -> Normalisation:
    """Fixed normalisation for a sensor, from all its recordings at once.

    The sensor's range is the 99.9th percentile of all values; unless given, the dead-zone is 1/85
    of it and the scale of the logarithmic response 1/32 (3 and 8 of 255 counts on Tekscan presses).
    """
    reach = max(float(np.percentile(np.abs(dataset.frames.astype(np.float64)), 99.9)), 1e-6)
    return Normalisation(
        dead_zone=reach / 85 if dead_zone is None else dead_zone,
        scale=reach / 32 if scale is None else scale,
        response="logarithmic",
    )


def levelled(frames: np.ndarray[Any, Any], normalisation: Normalisation) -> Tensor:
    """Raw frames (N, H, W[, C]) to network input (N, C, H, W)."""
    return torch.from_numpy(np.stack([level(f, normalisation).network_input for f in frames]))


def _validation_part(dataset: Dataset, settings: TrainingSettings) -> np.ndarray[Any, Any]:
    watched = split_at_random(dataset, settings.validation, settings.seed)
    if watched.all():
        raise DataError(
            f"validation takes all {len(dataset)} frames of {dataset.source}: give a share below 1"
        )
    return watched


class _Presses:
    """Batches of real presses with classes, and of simulated presses with true masks."""

    def __init__(
        self, dataset: Dataset, normalisation: Normalisation, settings: TrainingSettings
    ) -> None:
        raw = [
            level(f, Normalisation(0, 1, signed=normalisation.signed)).pressure
            for f in dataset.frames
        ]
        frames = np.stack(raw)  # (N, C, H, W)
        self.normalisation = normalisation
        self.settings = settings
        self.frames = torch.from_numpy(frames)
        threshold = settings.touch_threshold * max(normalisation.dead_zone, 1e-6)
        self.masks = torch.from_numpy(threshold_masks(frames, threshold))
        self.labels = torch.from_numpy(dataset.labels)
        self.random = torch.Generator().manual_seed(settings.seed)
        self._chance = 1 / torch.bincount(self.labels)[self.labels].double()
        self._speckle = normalisation.dead_zone
        rows, columns = frames.shape[2:]
        strongest = max(float(np.percentile(np.abs(frames), 99.9)), 8 * threshold)
        self._simulated, self._simulated_masks = simulated_presses(
            SIMULATED_PRESSES, rows, columns, threshold, strongest, settings.seed
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
        settings, dead_zone = self.settings.augmentation, self.normalisation.dead_zone
        return augment(frames, masks, settings, self.random, dead_zone)

    def to_network_units(self, frames: Tensor) -> Tensor:
        """Tared frames (N, C, H, W), sensor units, dead-zoned and normalised as by `level`."""
        return levelled(frames.movedim(1, -1).numpy(), self.normalisation)


class _Validation:
    """Frames kept out of training."""

    def __init__(self, dataset: Dataset, normalisation: Normalisation) -> None:
        self._frames = levelled(dataset.frames, normalisation)
        self._labels = torch.from_numpy(dataset.labels)

    def loss(self, network: TactileNetwork) -> float:
        """Cross-entropy of the texture head."""
        with torch.no_grad():
            logits = network.texture_logits(network.features(self._frames))
        return functional.cross_entropy(logits, self._labels).item()


def _new_network(classes: int, presses: _Presses, settings: TrainingSettings) -> TactileNetwork:
    network = TactileNetwork(settings.architecture(classes, presses.channels))
    frames, _, _ = presses.real(min(8 * settings.batch, len(presses.labels)))
    network.standardise(frames)
    return network


def _step(
    network: TactileNetwork,
    presses: _Presses,
    optimiser: torch.optim.Optimizer,
    settings: TrainingSettings,
) -> dict[str, float]:
    frames, masks, labels = presses.real(settings.batch)
    canvas = network.features(frames)
    texture = functional.cross_entropy(
        network.texture_logits(canvas), labels, label_smoothing=settings.label_smoothing
    )
    contact = functional.binary_cross_entropy_with_logits(network.contact_logits(canvas), masks)
    simulated_contact = torch.zeros(())
    if settings.simulated:
        simulated, true_masks = presses.simulated(settings.simulated)
        simulated_contact = functional.binary_cross_entropy_with_logits(
            network.contact_logits(network.features(simulated)), true_masks
        )
    loss = texture + settings.contact_weight * (contact + simulated_contact)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return {
        "texture": texture.item(),
        "contact": contact.item(),
        "simulated_contact": simulated_contact.item(),
    }

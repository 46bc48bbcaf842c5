"""Train the network on labelled presses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tactile_equiv.dataset import Dataset, split_at_random
from tactile_equiv.distributed_training import Batches, Team, Worker, weights_hash
from tactile_equiv.errors import DataError
from tactile_equiv.frame import Normalisation
from tactile_equiv.network import TactileNetwork
from tactile_equiv.one_cycle import one_cycle
from tactile_equiv.press_batches import PressBatches, levelled
from tactile_equiv.thinned import pool_thinned
from tactile_equiv.training_settings import TrainingSettings
from tactile_equiv.weight_average import WeightAverage

Progress = Callable[[int, dict[str, float]], None]


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
    team: Team | None = None,
) -> Training:
    """Train a network; the same data and settings give the same weights on one machine.

    Args:
        dataset: labelled frames of untouched-at-0 sensors, at least two classes.
        normalisation: sensor units to network units.
        settings: see `TrainingSettings`.
        progress: called after every step with the step and its losses.
        team: the processes that train together, and their device; one process on the CPU when None.

    Raises:
        DataError: if there are fewer than two classes, or no frame is left for training.
        FrameError: if a frame cannot be levelled.
        ModelError: if the sizes of the network do not fit together.
        TrainingError: if the processes of the team cannot train together.
    """
    team = team or Team()
    team.require_same("data or settings", f"{dataset.sha256:.8} {len(dataset)} {settings}")
    if len(dataset.class_names) < 2:
        raise DataError(f"{dataset.source} has one class: training needs at least two")
    torch.manual_seed(settings.seed)
    watched = _validation_part(dataset, settings)
    presses = PressBatches(
        dataset.subset(~watched),
        normalisation,
        settings.augmentation,
        settings.touch_threshold,
        settings.seed,
    )
    validation = _Validation(dataset.subset(watched), normalisation) if watched.any() else None
    network = _new_network(len(dataset.class_names), presses, settings)
    worker = Worker(team, network, presses)
    optimiser, schedule = one_cycle(
        network.parameters(), settings.learning_rate, settings.weight_decay, settings.steps
    )
    average = WeightAverage(network, settings.averaging)
    best, best_loss, waited, step, losses = None, float("inf"), 0, 0, {}
    for step in range(1, settings.steps + 1):
        losses = team.mean(_step(worker, optimiser, settings))
        schedule.step()
        average.update()
        if validation is not None and step % settings.check_every == 0:
            losses |= team.mean({"validation": validation.loss(network)})
            waited += 1
            if losses["validation"] < best_loss:
                best, best_loss = copy.deepcopy(network.state_dict()), losses["validation"]
                waited = 0
        progress(step, losses)
        if waited >= settings.patience:
            break
    if best is not None:
        network.load_state_dict(best)
    elif settings.averaging:
        average.keep()
    team.require_same("weights", weights_hash(network))
    return Training(network.cpu().eval(), step, losses)


def fitting_normalisation(
    dataset: Dataset, dead_zone: float | None = None, scale: float | None = None
) -> Normalisation:
    """Fixed normalisation for a sensor, from all its recordings at once.

    The sensor's range is the 99.9th percentile of all values; unless given, the dead-zone is 1/85
    of it and the scale of the logarithmic response 1/32 (3 and 8 of 255 counts on Tekscan presses).
    Colour frames that hold negative values are changes of colour, of which both signs tell.
    """
    reach = max(float(np.percentile(np.abs(dataset.frames.astype(np.float64)), 99.9)), 1e-6)
    return Normalisation(
        dead_zone=reach / 85 if dead_zone is None else dead_zone,
        scale=reach / 32 if scale is None else scale,
        response="logarithmic",
        signed=dataset.frames.ndim == 4 and bool((dataset.frames < 0).any()),
    )


def _validation_part(dataset: Dataset, settings: TrainingSettings) -> np.ndarray[Any, Any]:
    watched = split_at_random(dataset, settings.validation, settings.seed)
    if watched.all():
        raise DataError(
            f"validation takes all {len(dataset)} frames of {dataset.source}: give a share below 1"
        )
    return watched


class _Validation:
    """Frames kept out of training."""

    def __init__(self, dataset: Dataset, normalisation: Normalisation) -> None:
        self._frames = levelled(dataset.frames, normalisation)
        self._labels = torch.from_numpy(dataset.labels)

    def loss(self, network: TactileNetwork) -> float:
        """Cross-entropy of the texture head."""
        frames = self._frames.to(network.contact_prior.device)
        with torch.no_grad():
            logits = network.texture_logits(network.features(frames))
        return functional.cross_entropy(logits.cpu(), self._labels).item()


def _new_network(classes: int, presses: PressBatches, settings: TrainingSettings) -> TactileNetwork:
    network = TactileNetwork(settings.architecture(classes, presses.channels))
    frames, _, _ = presses.real(min(8 * settings.batch, len(presses.labels)))
    network.standardise(frames)
    return network


def _step(
    worker: Worker, optimiser: torch.optim.Optimizer, settings: TrainingSettings
) -> dict[str, float]:
    losses = worker.losses(lambda network, presses: _losses(network, presses, settings))
    contact = losses["contact"] + losses["simulated_contact"]
    loss = losses["texture"] + settings.contact_weight * contact
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(worker.parameters(), 1.0)
    optimiser.step()
    return {name: value.item() for name, value in losses.items()}


def _losses(
    network: TactileNetwork, presses: Batches, settings: TrainingSettings
) -> dict[str, Tensor]:
    thinning = settings.thinning or settings.dilations[-1]
    frames, masks, labels = presses.real(settings.batch)
    canvas = network.thinned_features(frames, thinning)
    pooled = pool_thinned(canvas, thinning, settings.correlations)
    texture = functional.cross_entropy(
        network.classify(pooled), labels, label_smoothing=settings.label_smoothing
    )
    simulated_contact = torch.zeros(())
    if settings.simulated:
        simulated, true_masks = presses.simulated(settings.simulated)
        simulated_canvas = network.thinned_features(simulated, thinning)
        simulated_contact = _contact_loss(network, simulated_canvas, true_masks, thinning)
    return {
        "texture": texture,
        "contact": _contact_loss(network, canvas, masks, thinning),
        "simulated_contact": simulated_contact,
    }


def _contact_loss(network: TactileNetwork, canvas: Tensor, masks: Tensor, thinning: int) -> Tensor:
    """Cross-entropy at the cells of a thinned canvas that lie on the sensor, masks (N, H, W)."""
    radius = network.architecture.radius
    first = -(-radius // thinning)  # the first cell on the sensor
    start = first * thinning - radius  # and its taxel
    seen = masks[:, start::thinning, start::thinning]
    rows, columns = seen.shape[1:]
    evidence = network.evidence(canvas[:, :, first : first + rows, first : first + columns])
    return functional.binary_cross_entropy_with_logits(evidence + network.contact_prior, seen)

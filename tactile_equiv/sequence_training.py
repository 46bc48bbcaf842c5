"""Train the network on labelled recordings."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from tactile_equiv.discriminant import linear_discriminant
from tactile_equiv.errors import DataError
from tactile_equiv.frame import Normalisation
from tactile_equiv.network import TactileNetwork
from tactile_equiv.one_cycle import one_cycle
from tactile_equiv.sequence_batches import Recordings, pooled_recordings
from tactile_equiv.sequence_dataset import SequenceDataset
from tactile_equiv.sequence_network import pool_batch, scale_trunk, standardise
from tactile_equiv.sequence_settings import RANGE_IN_SCALES, SequenceSettings
from tactile_equiv.training import Progress, Training


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
    recordings = Recordings(dataset, normalisation, settings)
    sizes = settings.architecture(len(dataset.class_names), dataset.shape[2])
    network = TactileNetwork(sizes)
    first = recordings.draw(min(4 * settings.batch, len(dataset)))[0]
    if settings.scaled_start:
        scale_trunk(network, first)
    standardise(network, first)
    network.trunk.requires_grad_(not settings.frozen)
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
    dataset: SequenceDataset,
    dead_zone: float | None = None,
    scale: float | None = None,
    range_in_scales: float = RANGE_IN_SCALES,
) -> Normalisation:
    """Fixed normalisation for a sensor, from all its recordings at once.

    The sensor's range is the 99.9th percentile of all values; unless given, the dead-zone is 1/255
    of it, and the scale of the logarithmic response is `range_in_scales` times smaller than it. The
    dead-zone is smaller than for single presses, because vibration is small beside steady pressure.
    """
    values = np.concatenate([sequence.ravel() for sequence in dataset.sequences])
    reach = max(float(np.percentile(np.abs(values.astype(np.float64)), 99.9)), 1e-6)
    return Normalisation(
        dead_zone=reach / 255 if dead_zone is None else dead_zone,
        scale=reach / range_in_scales if scale is None else scale,
        response="logarithmic",
    )


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


def _step(
    network: TactileNetwork,
    recordings: Recordings,
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

"""What the scripts on recordings share: a network trained and tested, and references without one.

Each takes a data set and the recordings (N,) that test, and gives the mean per-class accuracy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from tactile_equiv.architecture import Architecture
from tactile_equiv.card import Card
from tactile_equiv.discriminant import linear_discriminant
from tactile_equiv.evaluation import Evaluation, evaluate
from tactile_equiv.frame import Normalisation
from tactile_equiv.model import assemble
from tactile_equiv.network import TactileNetwork
from tactile_equiv.sequence_batches import batch_of, pooled_recordings
from tactile_equiv.sequence_dataset import SequenceDataset
from tactile_equiv.sequence_network import scale_trunk
from tactile_equiv.sequence_settings import SequenceSettings
from tactile_equiv.sequence_training import fitting_sequence_normalisation, train_sequences
from tactile_equiv.spectrogram import Spectrum

BoolArray = NDArray[np.bool_]
UNIT = 0.05
"""What the references of mean maps take as 1.0, a share of the sensor's range."""
SHRINKAGE = 0.01


def confusion(dataset: SequenceDataset, test: BoolArray, settings: SequenceSettings) -> Evaluation:
    """Train on the others, perceive what tests."""
    torch.set_num_threads(1)
    normalisation: Normalisation = fitting_sequence_normalisation(
        dataset.subset(~test), range_in_scales=settings.range_in_scales
    )
    network = train_sequences(dataset.subset(~test), normalisation, settings).network
    names, sizes = dataset.class_names, network.architecture
    card = Card("split", "", names, sizes, normalisation, spectrum=settings.spectrum)
    return evaluate(assemble(network, card), dataset.subset(test))


def features(
    dataset: SequenceDataset,
    spectrum: Spectrum,
    channels: tuple[int, ...],
    seed: int = 0,
    kernel: int = 3,
) -> NDArray[np.float64]:
    """What a network of random weights pools of each recording, (N, 2F): seconds, not minutes.

    Each layer is scaled to answers of unit size on every tenth recording.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    normalisation = fitting_sequence_normalisation(dataset)
    inputs = dataset.shape[2] * spectrum.channels
    sizes = Architecture(len(dataset.class_names), inputs, channels, (1,) * len(channels), kernel)
    network = TactileNetwork(sizes)
    scale_trunk(network, batch_of(dataset.sequences[::10], normalisation, spectrum))
    return pooled_recordings(network, dataset, normalisation, spectrum)


def discriminant(values: NDArray[np.float64], labels: NDArray[np.int64], test: BoolArray) -> float:
    """Linear discriminant of features (N, F); their covariance is shrunk by `SHRINKAGE`."""
    fitted = linear_discriminant(values[~test], labels[~test], SHRINKAGE)
    return _accuracy(fitted.scores(values[test]).argmax(axis=1), labels[test])


def mean_over_time(dataset: SequenceDataset, frames: int) -> SequenceDataset:
    """Recordings in which every frame is the mean of all: where, but not when."""
    return replace(
        dataset,
        sequences=tuple(
            np.repeat(s.mean(axis=0, keepdims=True, dtype=np.float64), frames, axis=0)
            for s in dataset.sequences
        ),
    )


def mean_over_skin(dataset: SequenceDataset) -> SequenceDataset:
    """Recordings of one taxel, the mean of all: when, but not where."""
    return replace(
        dataset,
        sequences=tuple(
            s.mean(axis=(1, 2), keepdims=True, dtype=np.float64) for s in dataset.sequences
        ),
    )


def mean_maps(dataset: SequenceDataset) -> NDArray[np.float64]:
    """Logarithmic mean pressure of every taxel, (N, H W C)."""
    values = np.concatenate([s.ravel() for s in dataset.sequences]).astype(np.float64)
    unit = UNIT * np.percentile(np.abs(values), 99.9)
    return np.stack(
        [np.log1p(s.mean(axis=0, dtype=np.float64) / unit).ravel() for s in dataset.sequences]
    )


def nearest_centroid(dataset: SequenceDataset, test: BoolArray) -> float:
    """Class whose mean map is nearest."""
    maps, labels = mean_maps(dataset), dataset.labels
    classes = np.unique(labels)
    centroids = np.stack([maps[~test & (labels == label)].mean(axis=0) for label in classes])
    return _accuracy(classes[_nearest(maps[test], centroids)], labels[test])


def nearest_neighbour(dataset: SequenceDataset, test: BoolArray) -> float:
    """Class of the recording whose mean map is nearest."""
    maps, labels = mean_maps(dataset), dataset.labels
    return _accuracy(labels[~test][_nearest(maps[test], maps[~test])], labels[test])


def _nearest(maps: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = ((maps[:, None] - others[None]) ** 2).sum(axis=2).argmin(axis=1)
    return found


def _accuracy(seen: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    return float(np.mean([(seen[labels == k] == k).mean() for k in np.unique(labels)]))

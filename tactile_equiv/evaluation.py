"""Accuracy of a model on a data set, through the same `perceive` that runs on the robot.

A model of recordings is measured through `perceive_sequence`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.contacts import Texture
from tactile_equiv.dataset import Dataset
from tactile_equiv.errors import DataError
from tactile_equiv.model import Model
from tactile_equiv.percept import perceive
from tactile_equiv.sequence_dataset import SequenceDataset
from tactile_equiv.sequence_percept import perceive_sequence


@dataclass(frozen=True)
class Evaluation:
    """Counts of what was seen.

    Attributes:
        class_names: the model's classes.
        confusion: (K, K) frames or recordings by true class (row) and class seen (column).
        no_contact: (K,) those by true class in which no contact was seen; they count as wrong.
    """

    class_names: tuple[str, ...]
    confusion: NDArray[np.int64]
    no_contact: NDArray[np.int64]

    @property
    def per_class(self) -> NDArray[np.int64]:
        """Frames or recordings of each true class, (K,)."""
        total: NDArray[np.int64] = self.confusion.sum(axis=1) + self.no_contact
        return total

    @property
    def accuracy(self) -> float:
        """Share whose class was seen right."""
        return float(np.trace(self.confusion) / self.per_class.sum())

    @property
    def mean_per_class_accuracy(self) -> float:
        """Mean over the classes present of the share that was seen right."""
        present = self.per_class > 0
        return float((np.diag(self.confusion)[present] / self.per_class[present]).mean())

    def to_json(self) -> dict[str, Any]:
        """Figures as JSON values."""
        return {
            "n": int(self.per_class.sum()),
            "accuracy": self.accuracy,
            "mean_per_class_accuracy": self.mean_per_class_accuracy,
            "class_names": list(self.class_names),
            "confusion": self.confusion.tolist(),
            "no_contact": self.no_contact.tolist(),
        }


def evaluate(model: Model, dataset: Dataset | SequenceDataset) -> Evaluation:
    """Perceive every frame, or every recording, and count; classes are matched by name.

    Raises:
        DataError: if the data has a class that the model does not know.
        FrameError: if a frame or a recording cannot be perceived.
        ModelError: if the model was trained on frames and the data are recordings.
    """
    classes = model.card.classes
    unknown = [name for name in dataset.class_names if name not in classes]
    if unknown:
        raise DataError(
            f"{dataset.source} has class {', '.join(unknown)}, which model {model.card.name!r} "
            f"does not know: its classes are {', '.join(classes)}"
        )
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    no_contact = np.zeros(len(classes), np.int64)
    for seen, label in zip(_textures(model, dataset), dataset.labels, strict=True):
        true = classes.index(dataset.class_names[label])
        if seen is None:
            no_contact[true] += 1
        else:
            confusion[true, seen.index] += 1
    return Evaluation(classes, confusion, no_contact)


def _textures(model: Model, dataset: Dataset | SequenceDataset) -> Iterator[Texture | None]:
    if isinstance(dataset, SequenceDataset):
        return (perceive_sequence(model, sequence).texture for sequence in dataset.sequences)
    return (perceive(model, frame).texture for frame in dataset.frames)

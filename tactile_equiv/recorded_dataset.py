"""Labelled frames of recordings as training data: which press each belongs to, split by press."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import DataError
from tactile_equiv.frame import FloatArray


@dataclass(frozen=True)
class RecordedDataset:
    """Labelled frames and where they come from.

    Attributes:
        frames: (N, H, W) or (N, H, W, C) float32, tared, sensor units.
        labels: (N,) class indices.
        class_names: K names, in alphabetical order.
        press: (N,) number of the press within its class, over all recordings.
        t: (N,) seconds since the first frame of the recording.
        recording: (N,) index into `recordings`.
        recordings: their names.
        dead_zone: that was used, sensor units.
    """

    frames: FloatArray
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    press: NDArray[np.int64]
    t: NDArray[np.float64]
    recording: NDArray[np.int64]
    recordings: tuple[str, ...]
    dead_zone: float

    def __len__(self) -> int:
        return len(self.labels)

    def presses(self, label: int) -> int:
        """How many presses of a class there are."""
        return len(np.unique(self.press[self.labels == label]))

    def subset(self, chosen: NDArray[Any]) -> RecordedDataset:
        """The frames at an index or mask array (N,)."""
        parts = (self.frames, self.labels, self.press, self.t, self.recording)
        frames, labels, press, t, recording = (part[chosen] for part in parts)
        return RecordedDataset(
            frames, labels, self.class_names, press, t, recording, self.recordings, self.dead_zone
        )

    def save(self, file: Path) -> None:
        """Write an .npz that `load_dataset` reads.

        Raises:
            DataError: if it cannot be written.
        """
        names = ("frames", "labels", "class_names", "press", "t", "recording", "recordings")
        arrays: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in names}
        try:
            with file.open("wb") as output:
                np.savez_compressed(output, **arrays)
        except OSError as error:
            raise DataError(
                f"{file} cannot be written ({error.strerror}): name another file"
            ) from error


def split_by_press(
    dataset: RecordedDataset, share: float, seed: int
) -> tuple[RecordedDataset, RecordedDataset]:
    """Two parts that share no press; of each class about `share` of the presses in the second.

    Raises:
        DataError: if a class has fewer than two presses.
    """
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(dataset), bool)
    for label, name in enumerate(dataset.class_names):
        of_class = dataset.labels == label
        presses = np.unique(dataset.press[of_class])
        if len(presses) < 2:
            raise DataError(
                f"class {name} has {len(presses)} press: a split by press needs 2; record more"
            )
        count = min(max(round(share * len(presses)), 1), len(presses) - 1)
        chosen = random.choice(presses, count, replace=False)
        held_out |= of_class & np.isin(dataset.press, chosen)
    return dataset.subset(~held_out), dataset.subset(held_out)


def summary(dataset: RecordedDataset, write: Callable[[str], None]) -> None:
    """A table of classes: presses, frames, recordings, median load."""
    width = max(5, *(len(name) for name in dataset.class_names))
    write(f"{'class':{width}}  presses  frames  recordings  peak")
    for label, name in enumerate(dataset.class_names):
        of_class = dataset.labels == label
        frames = dataset.frames[of_class]
        peak = float(np.median(np.abs(frames).reshape(len(frames), -1).max(axis=1)))
        recordings = len(np.unique(dataset.recording[of_class]))
        write(
            f"{name:{width}}  {dataset.presses(label):7}  {len(frames):6}  {recordings:10}  "
            f"{peak:.4g}"
        )

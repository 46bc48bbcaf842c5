"""Data-set files of recordings: one label for each sequence of frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.dataset import (
    UNREADABLE,
    checked_class_names,
    checked_labels,
    load_arrays,
    require_integers,
    require_room,
)
from tactile_equiv.errors import DataError

Sequence = NDArray[Any]
"""(T, H, W, C) frames of one recording, sensor units."""


@dataclass(frozen=True)
class SequenceDataset:
    """Labelled recordings of any length on one sensor.

    Attributes:
        sequences: N recordings, each (T, H, W, C), sensor units.
        labels: (N,) class indices.
        class_names: K names.
        fold: (N,) part of a split that the data comes with; None where there is none.
        skins: arrays of frames in the file, such as the fingers of a hand; their channels follow
            one another.
        source: name of the file.
        sha256: hash of the file.
    """

    sequences: tuple[Sequence, ...]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    fold: NDArray[np.int64] | None = None
    source: str = ""
    sha256: str = ""
    skins: int = 1

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of a frame."""
        rows, columns, channels = self.sequences[0].shape[1:]
        return rows, columns, channels

    def subset(self, chosen: NDArray[np.bool_]) -> SequenceDataset:
        """The recordings at a mask (N,)."""
        kept = np.flatnonzero(chosen)
        return replace(
            self,
            sequences=tuple(self.sequences[place] for place in kept),
            labels=self.labels[kept],
            fold=None if self.fold is None else self.fold[kept],
        )


def holds_sequences(file: Path | str) -> bool:
    """Whether a data-set file holds recordings rather than single frames; False if unreadable."""
    try:
        require_room(Path(file))
        with np.load(file, allow_pickle=False) as content:
            return "sequences" in content.files or "length" in content.files
    except UNREADABLE:
        return False


def load_sequences(file: Path | str, frames: tuple[str, ...] = ()) -> SequenceDataset:
    """Read an .npz of labelled recordings; never unpickles.

    Either `sequences` (N, rows, columns, steps), all of one length, or the frames of all recordings
    one after another, (steps, rows, columns[, channels]), with `length` (N,), the steps of each.
    With `labels` (N,), and where they are there `class_names` (else the labels themselves) and
    `fold` (N,).

    Args:
        file: the file.
        frames: names of arrays of frames of one size, each a skin: those of several fingers. None
            given: `frames`, or in a file without it every array of frames, in the file's order.

    Raises:
        DataError: if the file is unreadable, a key is missing, shapes or types do not fit, or a
            class is empty.
    """
    path = Path(file)
    keys = _keys(path)
    if "sequences" in keys:
        arrays = load_arrays(path, ("sequences", "labels"))
        sequences = _of_one_length(path, arrays["sequences"])
    else:
        frames = frames or _arrays_of_frames(path)
        arrays = load_arrays(path, (*frames, "length", "labels"))
        sequences = _of_any_length(path, [arrays[key] for key in frames], arrays["length"])
    count, labels = len(sequences), arrays["labels"]
    require_integers(path, labels, count, "recording")
    if "class_names" in keys:
        names = checked_class_names(path, load_arrays(path, ("class_names",))["class_names"])
    else:  # more classes than recordings would be refused as empty ones
        names = tuple(str(label) for label in range(min(int(labels.max()) + 1, count)))
    checked_labels(path, labels, names, "recording")
    return SequenceDataset(
        sequences,
        labels.astype(np.int64),
        names,
        _fold(path, count) if "fold" in keys else None,
        path.name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        max(len(frames), 1),
    )


def last_of_each_class(labels: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """(N,) True for the last `share` of each class, in the order of the file."""
    last = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        last[members[len(members) - round(share * len(members)) :]] = True
    return last


def _keys(path: Path) -> list[str]:
    require_room(path)
    try:
        with np.load(path, allow_pickle=False) as content:
            return list(content.files)
    except UNREADABLE as error:
        raise DataError(
            f"{path} cannot be read ({error!s:.300}): it must be an .npz file written by "
            "numpy.savez, without objects"
        ) from error


def _arrays_of_frames(path: Path) -> tuple[str, ...]:
    """`frames`, or the arrays (steps, rows, columns[, channels]) of a file without it."""
    keys = _keys(path)
    if "frames" in keys:
        return ("frames",)
    others = [key for key in keys if key not in ("length", "labels", "class_names", "fold")]
    arrays = load_arrays(path, tuple(others))
    return tuple(key for key in others if arrays[key].ndim in (3, 4)) or ("frames",)


def _of_one_length(path: Path, values: NDArray[Any]) -> tuple[Sequence, ...]:
    if values.ndim != 4 or 0 in values.shape or values.dtype.kind not in "buif":
        raise DataError(
            f"{path}: sequences has shape {values.shape} and type {values.dtype}: "
            "it must be (N, rows, columns, steps) of integers or real numbers, N > 0"
        )
    return tuple(np.ascontiguousarray(np.moveaxis(values, 3, 1)[..., None]))


def _of_any_length(
    path: Path, skins: list[NDArray[Any]], length: NDArray[Any]
) -> tuple[Sequence, ...]:
    for skin in skins:
        if skin.ndim not in (3, 4) or 0 in skin.shape or skin.dtype.kind not in "buif":
            raise DataError(
                f"{path}: frames have shape {skin.shape} and type {skin.dtype}: "
                "they must be (steps, rows, columns[, channels]) of integers or real numbers"
            )
        if skin.shape[:3] != skins[0].shape[:3]:
            raise DataError(
                f"{path}: skins have {skin.shape[:3]} and {skins[0].shape[:3]} steps, rows and "
                "columns: they must be alike"
            )
    if length.ndim != 1 or length.dtype.kind not in "iu" or not length.size or length.min() < 1:
        raise DataError(
            f"{path}: length has shape {length.shape} and type {length.dtype}: "
            "it must hold the steps of each recording, whole numbers from 1"
        )
    if length.sum() != len(skins[0]):
        raise DataError(
            f"{path}: length adds up to {length.sum()} but there are {len(skins[0])} frames: "
            "they must be the same"
        )
    frames = np.concatenate([s if s.ndim == 4 else s[..., None] for s in skins], axis=3)
    return tuple(np.split(frames, np.cumsum(length)[:-1]))


def _fold(path: Path, count: int) -> NDArray[np.int64]:
    fold = load_arrays(path, ("fold",))["fold"]
    if fold.shape != (count,) or fold.dtype.kind not in "iu":
        raise DataError(
            f"{path}: fold has shape {fold.shape} and type {fold.dtype}: "
            f"it must hold one integer for each of the {count} recordings"
        )
    return fold.astype(np.int64)

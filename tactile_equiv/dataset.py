"""Data-set files: frames, labels, class_names in one .npz."""

from __future__ import annotations

import hashlib
import os
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import DataError

KEYS = ("frames", "labels", "class_names")
UNREADABLE = (
    *(OSError, EOFError, MemoryError, NotImplementedError, RuntimeError),
    *(ValueError, TypeError, AttributeError, KeyError, zipfile.BadZipFile, zlib.error),
    *(struct.error, SyntaxError, tokenize.TokenError, OverflowError),
)
"""What numpy and zipfile raise for files that are damaged, encrypted or of another kind."""


@dataclass(frozen=True)
class Dataset:
    """Labelled frames.

    Attributes:
        frames: (N, H, W) or (N, H, W, C), sensor units, as recorded.
        labels: (N,) class indices.
        class_names: K names.
        source: name of the file.
        sha256: hash of the file.
    """

    frames: NDArray[Any]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    source: str = ""
    sha256: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, chosen: NDArray[Any]) -> Dataset:
        """The frames at an index or mask array (N,)."""
        return Dataset(
            self.frames[chosen], self.labels[chosen], self.class_names, self.source, self.sha256
        )


def load_dataset(file: Path | str) -> Dataset:
    """Read an .npz with `frames`, `labels` and `class_names`; never unpickles.

    Raises:
        DataError: if the file is unreadable, a key is missing, shapes or types do not fit, or a
            class is empty.
    """
    path = Path(file)
    arrays = load_arrays(path, KEYS)
    frames, labels, names = (arrays[key] for key in KEYS)
    if frames.ndim not in (3, 4) or 0 in frames.shape or frames.dtype.kind not in "buif":
        raise DataError(
            f"{path}: frames has shape {frames.shape} and type {frames.dtype}: "
            "it must be (N, rows, columns[, channels]) of integers or real numbers, N > 0"
        )
    require_integers(path, labels, len(frames))
    class_names = checked_class_names(path, names)
    checked_labels(path, labels, class_names)
    return Dataset(
        frames,
        labels.astype(np.int64),
        class_names,
        path.name,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def load_arrays(
    path: Path, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, NDArray[Any]]:
    """The named arrays of an .npz file, and those of `optional` that it has.

    Raises:
        DataError: if the file is unreadable or lacks one of `keys`.
    """
    require_room(path)
    try:
        with np.load(path, allow_pickle=False) as content:
            missing = [key for key in keys if key not in content.files]
            if missing:
                raise DataError(
                    f"{path} lacks {', '.join(missing)} and has "
                    f"{', '.join(content.files) or 'nothing'}: "
                    f"the keys must be {', '.join(keys)}"
                )
            there = [key for key in optional if key in content.files]
            arrays = {key: content[key] for key in (*keys, *there)}
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(
            f"{path} cannot be read ({error!s:.300}): it must be an .npz file written by "
            "numpy.savez, without objects"
        ) from error
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):  # numpy gives what is no .npy file as it is
            raise DataError(f"{path}: {key} is {len(array)} bytes and no array: use numpy.savez")
    return arrays


def require_room(path: Path) -> None:
    """Refuse what would not fit into memory unpacked, before anything is unpacked.

    Raises:
        DataError: if it is no regular file, or larger than the memory of this machine.
    """
    if path.exists() and not path.is_file():
        raise DataError(f"{path} cannot be read (it is no regular file): name an .npz file")
    try:
        sizes = [path.stat().st_size]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                sizes.append(sum(part.file_size for part in archive.infolist()))
    except UNREADABLE:  # whoever reads it says why
        return
    if max(sizes) > memory_bytes():
        raise DataError(
            f"{path} unpacks to {max(sizes)} bytes, this machine has {memory_bytes()} of memory: "
            "split the file, or ask where it comes from"
        )


def memory_bytes() -> int:
    """Memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def checked_class_names(path: Path, names: NDArray[Any]) -> tuple[str, ...]:
    """The names of an array that a file holds.

    Raises:
        DataError: if they are no list of different texts.
    """
    if names.dtype.kind == "S":
        names = _decoded(path, names)
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) != len(names):
        raise DataError(
            f"{path}: class_names has shape {names.shape} and type {names.dtype}: "
            "it must be a list of different texts"
        )
    return tuple(names.tolist())


def _decoded(path: Path, names: NDArray[Any]) -> NDArray[Any]:
    try:
        return np.char.decode(names, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: class_names are bytes and no UTF-8 ({error}): save texts"
        ) from error


def require_integers(path: Path, labels: NDArray[Any], count: int, what: str = "frame") -> None:
    """Check that labels are one integer for each of `count` frames.

    Raises:
        DataError: if they are not.
    """
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{path}: labels has shape {labels.shape} and type {labels.dtype}: "
            f"it must hold one integer for each of the {count} {what}s"
        )


def checked_labels(
    path: Path, labels: NDArray[Any], names: tuple[str, ...], what: str = "frame"
) -> None:
    """Check that labels are indices of names, each of them at least once.

    Raises:
        DataError: if they are not.
    """
    if labels.min() < 0 or labels.max() >= len(names):
        raise DataError(
            f"{path}: labels run from {labels.min()} to {labels.max()} but there are {len(names)} "
            f"class_names: they must lie in 0 .. {len(names) - 1}"
        )
    empty = [name for k, name in enumerate(names) if not (labels == k).any()]
    if empty:
        raise DataError(
            f"{path}: no {what} of class {', '.join(empty)}: record some, or take the name out of "
            "class_names"
        )


def split_by_position(dataset: Dataset, fraction: float = 0.6) -> NDArray[np.bool_]:
    """(N,) True for the `fraction` of each class whose contact centroid lies furthest left.

    Frames must be single-channel, sensor resting at 0.
    """
    weight = dataset.frames.astype(np.float64).sum(axis=1)  # (N, W)
    column = weight @ np.arange(weight.shape[1]) / np.maximum(weight.sum(axis=1), 1e-12)
    return _first_of_each_class(dataset.labels, column, fraction)


def split_at_random(dataset: Dataset, fraction: float, seed: int) -> NDArray[np.bool_]:
    """(N,) True for a random `fraction` of each class."""
    order = np.random.default_rng(seed).random(len(dataset))
    return _first_of_each_class(dataset.labels, order, fraction)


def _first_of_each_class(
    labels: NDArray[np.int64], order: NDArray[np.float64], fraction: float
) -> NDArray[np.bool_]:
    first = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ranked = members[np.argsort(order[members], kind="stable")]
        first[ranked[: round(fraction * len(ranked))]] = True
    return first

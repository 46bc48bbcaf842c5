"""From recordings to training data: tared, cut into presses, thinned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import DataError
from tactile_equiv.frame import FloatArray, Normalisation, level
from tactile_equiv.recorded_dataset import RecordedDataset
from tactile_equiv.recordings import RecordedFrame
from tactile_equiv.tare import TareCollector

RANGE_SHARE = 85
"""The dead-zone is this part of the range of all values, as in training."""
RANGE_PERCENTILE = 99.9
SPECKLE_AREA = 3  # taxels; smaller groups are noise


@dataclass(frozen=True)
class DatasetSettings:
    """How recordings become data.

    Attributes:
        tare_frames: untouched frames at the start of each recording whose mean is subtracted; 0 =
            the sensor rests at 0.
        dead_zone: values up to this one are no contact, sensor units; None = from the data.
        contact_only: leave frames without contact out.
        gap: seconds without contact that end a press.
        frames_of_press: at most so many frames of a press, the strongest; 0 = all.
        min_presses: classes with fewer presses are refused.
    """

    tare_frames: int = 10
    dead_zone: float | None = None
    contact_only: bool = True
    gap: float = 0.1
    frames_of_press: int = 0
    min_presses: int = 1


@dataclass
class _Recording:
    """One recording, tared."""

    name: str
    frames: FloatArray
    times: NDArray[np.float64]
    labels: list[str]


def gather(
    recordings: Iterable[tuple[str, Iterable[RecordedFrame]]], settings: DatasetSettings
) -> RecordedDataset:
    """All labelled frames of some recordings.

    Args:
        recordings: name and frames of each.
        settings: what is kept.

    Raises:
        DataError: if there is nothing to learn from, sizes differ, frames have no times, or a class
            has too few presses.
        FrameError: if a frame cannot be levelled.
    """
    read = [_tared(name, list(frames), settings) for name, frames in recordings]
    _check_sizes(read)
    dead_zone = settings.dead_zone
    if dead_zone is None:
        values = np.concatenate([np.abs(one.frames).ravel() for one in read])
        dead_zone = float(np.percentile(values, RANGE_PERCENTILE)) / RANGE_SHARE
    names = sorted({label for one in read for label in one.labels if label})
    if not names:
        count = sum(len(one.frames) for one in read)
        raise DataError(
            f"none of the {count} frames of {', '.join(one.name for one in read)} has a label: "
            "record with labels (tactile-equiv record --classes), or name their topic"
        )
    parts = [_rows(index, one, names, dead_zone, settings) for index, one in enumerate(read)]
    dataset = _joined(parts, names, tuple(one.name for one in read), dead_zone)
    for label, name in enumerate(names):
        if dataset.presses(label) < max(settings.min_presses, 1):
            raise DataError(
                f"class {name} has {dataset.presses(label)} presses, {settings.min_presses} are "
                f"needed (dead-zone {dead_zone:.3g}): record more, or give another --dead-zone"
            )
    return dataset


def _tared(name: str, recorded: Sequence[RecordedFrame], settings: DatasetSettings) -> _Recording:
    if not recorded:
        raise DataError(f"{name} holds no frames: record some")
    shapes = {one.frame.shape for one in recorded}
    if len(shapes) > 1:
        raise DataError(f"{name} has frames of the sizes {sorted(shapes)}: record one sensor")
    tare = _tare(name, recorded, settings.tare_frames)
    plain = Normalisation(0, 1, signed=True)
    levelled = [level(one.frame, plain, tare).pressure for one in recorded]  # (C, H, W) each
    stacked = np.moveaxis(np.stack(levelled), 1, -1)  # (N, H, W, C)
    frames = stacked[..., 0] if recorded[0].frame.ndim == 2 else stacked
    times = [index if one.time is None else one.time for index, one in enumerate(recorded)]
    return _Recording(name, frames, np.array(times, float), [one.label for one in recorded])


def _tare(name: str, recorded: Sequence[RecordedFrame], count: int) -> FloatArray | None:
    """The mean of the first frames; they must carry no label, since a labelled one is touched."""
    if not count:
        return None
    labelled = sum(bool(one.label) for one in recorded[:count])
    if labelled or len(recorded) < count:
        raise DataError(
            f"{name} begins with {next((i for i, one in enumerate(recorded) if one.label), 0)} "
            f"frames without a label, {count} untouched ones are needed to tare: give --tare "
            "FRAMES, or --tare 0 for a sensor that rests at 0"
        )
    collector, tare = TareCollector(count), None
    for one in recorded[:count]:
        tare = collector.add(one.frame)
    return tare


def _check_sizes(read: Sequence[_Recording]) -> None:
    sizes = {one.name: one.frames.shape[1:] for one in read}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} {'x'.join(map(str, size))}" for name, size in sizes.items())
        raise DataError(
            f"recordings have different sizes ({listed}): make one data set for each sensor"
        )


def touched(frame: FloatArray, dead_zone: float) -> bool:
    """True where at least `SPECKLE_AREA` taxels that touch each other exceed twice the dead-zone.

    The same rule finds touched taxels in training.
    """
    strength = np.abs(frame if frame.ndim == 2 else np.abs(frame).max(axis=2))  # (H, W)
    above = (strength > 2 * dead_zone).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    return bool((stats[1:, cv2.CC_STAT_AREA] >= SPECKLE_AREA).any())


def _rows(
    index: int,
    recording: _Recording,
    names: Sequence[str],
    dead_zone: float,
    settings: DatasetSettings,
) -> dict[str, NDArray[Any]]:
    """The frames of a recording that are kept, with their press in this recording."""
    contact = [touched(frame, dead_zone) for frame in recording.frames]
    episode = _episodes(recording, contact, settings.gap)
    kept = np.array([bool(label) for label in recording.labels])
    if settings.contact_only:
        kept &= contact
    if settings.frames_of_press:
        kept &= _strongest(recording.frames, episode, kept, settings.frames_of_press)
    rows = np.flatnonzero(kept)
    return {
        "frames": recording.frames[rows],
        "labels": np.array([names.index(recording.labels[row]) for row in rows], np.int64),
        "press": episode[rows],
        "t": recording.times[rows],
        "recording": np.full(len(rows), index, np.int64),
    }


def _episodes(recording: _Recording, contact: Sequence[bool], gap: float) -> NDArray[np.int64]:
    """(N,) number of the episode: one ends with its label, or after `gap` seconds untouched."""
    numbers = np.zeros(len(contact), np.int64)
    number, last, label = -1, -np.inf, ""
    for row, (touch, time) in enumerate(zip(contact, recording.times, strict=True)):
        renewed = recording.labels[row] != label
        if renewed or (touch and time - last > gap):
            number += 1
        label = recording.labels[row]
        last = time if touch or renewed else last
        numbers[row] = number
    return numbers


def _strongest(
    frames: FloatArray, episode: NDArray[np.int64], kept: NDArray[np.bool_], count: int
) -> NDArray[np.bool_]:
    load = np.abs(frames).reshape(len(frames), -1).sum(axis=1)
    chosen = np.zeros(len(frames), bool)
    for number in np.unique(episode[kept]):
        members = np.flatnonzero(kept & (episode == number))
        chosen[members[np.argsort(-load[members], kind="stable")[:count]]] = True
    return chosen


def _joined(
    parts: Sequence[dict[str, NDArray[Any]]],
    names: Sequence[str],
    recordings: tuple[str, ...],
    dead_zone: float,
) -> RecordedDataset:
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    press = np.zeros(len(joined["labels"]), np.int64)
    for label in range(len(names)):
        rows = np.flatnonzero(joined["labels"] == label)
        episodes = np.stack([joined["recording"][rows], joined["press"][rows]], axis=1)
        press[rows] = np.unique(episodes, axis=0, return_inverse=True)[1].ravel()
    joined["press"] = press
    return RecordedDataset(
        **joined, class_names=tuple(names), recordings=recordings, dead_zone=dead_zone
    )

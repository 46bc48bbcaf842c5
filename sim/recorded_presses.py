"""Recorded presses that lie wholly inside the array, cut out and moved by whole taxels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.scene import SimulatedFrame, Truth

from tactile_equiv.dataset import Dataset
from tactile_equiv.errors import DataError
from tactile_equiv.frame import BoolArray

DEAD_ZONE = 4.0
"""Recorded values up to this are no contact, sensor units."""
LARGEST = 0.5
"""A contact must leave room to move: no side is longer than this part of the shorter side."""


@dataclass(frozen=True, eq=False)
class RecordedContact:
    """One contact of a recording: values (h, w) without what surrounds it, and its class."""

    values: NDArray[Any]
    label: str

    @property
    def load(self) -> float:
        """Sum of the values, sensor units."""
        return float(self.values.sum(dtype=np.float64))


def contained_contacts(dataset: Dataset, dead_zone: float) -> list[RecordedContact]:
    """The strongest contact of each class that lies wholly inside its sensor, strongest first.

    Raises:
        DataError: if frames have several channels, or no contact lies inside.
    """
    if dataset.frames.ndim != 3:
        raise DataError(
            f"{dataset.source} holds frames of shape {dataset.frames.shape[1:]}: presses are moved "
            "on frames (rows, columns) of one channel"
        )
    best: dict[str, RecordedContact] = {}
    for frame, label in zip(dataset.frames, dataset.labels, strict=True):
        for values in _contained(frame, dead_zone):
            found = RecordedContact(values, dataset.class_names[label])
            if found.label not in best or found.load > best[found.label].load:
                best[found.label] = found
    if not best:
        raise DataError(
            f"{dataset.source}: every contact of the {len(dataset.frames)} frames meets the border "
            "or is too large to be moved: give data with smaller ones"
        )
    return sorted(best.values(), key=lambda contact: -contact.load)


def _contained(frame: NDArray[Any], dead_zone: float) -> Iterator[NDArray[Any]]:
    """Contacts of a frame (H, W), (h, w) each; none of infinite values."""
    touched = (frame > dead_zone).astype(np.uint8)
    _, regions, stats, _ = cv2.connectedComponentsWithStats(touched, connectivity=8)
    rows, columns = frame.shape
    for k, (left, top, width, height, _) in enumerate(stats[1:], start=1):
        inside = top > 0 and left > 0 and top + height < rows and left + width < columns
        box = np.s_[top : top + height, left : left + width]
        small = max(height, width) <= LARGEST * min(rows, columns)
        if inside and small and np.isfinite(frame[box]).all():
            yield np.where(regions[box] == k, frame[box], frame.dtype.type(0))


def moved_press(
    contact: RecordedContact, row: int, column: int, rows: int, columns: int
) -> SimulatedFrame:
    """The contact with its first taxel at (row, column) of an empty sensor, and the truth."""
    height, width = contact.values.shape
    values = np.zeros((rows, columns), contact.values.dtype)
    values[row : row + height, column : column + width] = contact.values
    mask: BoolArray = values > 0
    weight = contact.values.astype(np.float64)
    middle = [
        float(weight.sum(axis=1 - axis) @ np.arange(weight.shape[axis]) / weight.sum())
        for axis in (0, 1)
    ]
    bottom, right = row + height, column + width
    truth = Truth(
        row=row + middle[0],
        column=column + middle[1],
        angle=0.0,
        load=contact.load,
        label=contact.label,
        mask=mask,
        box=(row, column, bottom, right),
        margin=min(row, column, rows - bottom, columns - right),
        clipped=False,
        contained=True,
    )
    return SimulatedFrame(values, mask, (truth,))


def grid_of(
    contact: RecordedContact, rows: int, columns: int, step: int
) -> Iterator[tuple[int, int]]:
    """First taxels (row, column) of the contact all over the sensor, border rows included."""
    height, width = contact.values.shape
    for row in sorted({*range(0, rows - height + 1, step), rows - height}):
        for column in sorted({*range(0, columns - width + 1, step), columns - width}):
            yield row, column

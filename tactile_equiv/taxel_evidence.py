"""What two frames say of each taxel: whether it went along with its neighbours.

Where most neighbours of a taxel changed together, and by much, a living taxel changed too. Only
changes count, so a sensor that nobody touches, one that reads exactly 0 there and one on which
something rests say nothing. Neither does a taxel at the ceiling of the sensor while its neighbours
still rise, as under a hard press: a value above the untouched one counts as kept only where the
neighbours were untouched in one of the two frames and it did not change by more than noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import BoolArray, FloatArray

STRONG = 4.0
"""Dead-zones: by more the neighbours must have changed in the mean, each of them by more than 1."""

TOGETHER = 0.6
"""Neighbours that must have changed in the same direction, as a share of those that live."""

FEWEST = 6
"""Shares are of at least so many neighbours: at a border the row beside it alone says nothing."""

QUIET = 0.25
"""Neighbours of which no more than this share are pressed count as untouched."""

SILENT, ALIVE = 0.15, 0.3
"""Shares of the neighbours' mean change: up to the first a taxel kept its value, from the second on
it went along."""

REACH = 3
"""What is pressed up to so many taxels away makes a way of being touched."""

CELL, CELLS = 0.5, 5
"""Ways are told apart by their centroid, on a grid of `CELLS` x `CELLS` cells of `CELL` taxels."""


class Evidence(NamedTuple):
    """Taxels (H, W) whose neighbours changed.

    Attributes:
        answered: they went along.
        silent: they kept their value.
        ways: uint32, one bit for the way in which a silent living taxel was touched, 0 elsewhere.
    """

    answered: BoolArray
    silent: BoolArray
    ways: NDArray[np.uint32]


def evidence(
    now: FloatArray,
    earlier: FloatArray,
    rest: FloatArray | np.float32,
    living: BoolArray | None,
    dead_zone: float,
) -> Evidence | None:
    """Compare two frames; None where they say nothing.

    Args:
        now, earlier: (H, W) sensor units; a taxel that is no number in one of them says nothing.
        rest: (H, W) the untouched sensor, or one value for all.
        living: (H, W) taxels that count as neighbours; None = all.
        dead_zone: smaller changes are noise, sensor units.
    """
    change = now - earlier
    largest = float(np.abs(change).max())
    if largest <= STRONG * dead_zone:
        return None
    if not np.isfinite(largest):
        numbers = np.isfinite(change)
        living = numbers if living is None else numbers & living
        change = np.where(numbers, change, np.float32(0))
    counted = np.ones_like(change) if living is None else living.astype(np.float32)
    seen, zone = change * counted, np.float32(dead_zone)
    count = np.maximum(_around(counted), np.float32(FEWEST))
    mean = _around(seen) / count
    expected = np.abs(mean)
    signs = (seen > zone).astype(np.float32) - (seen < -zone)
    together = np.abs(_around(signs)) >= np.float32(TOGETHER) * count
    asked = together & (expected > np.float32(STRONG) * zone)
    if not asked.any():
        return None
    answered = asked & (change * np.sign(mean) >= np.float32(ALIVE) * expected)
    silent = asked & (np.abs(change) <= np.float32(SILENT) * expected)
    ways = np.zeros(silent.shape, np.uint32)
    if silent.any():
        above = np.abs(now - rest), np.abs(earlier - rest)  # sensor units
        pressed = [(one > zone) & (counted > 0) for one in above]
        few = np.float32(QUIET) * count
        untouched = [_around(one.astype(np.float32)) <= few for one in pressed]
        resting = above[0] <= zone + np.float32(SILENT) * expected
        silent &= resting | ((np.abs(change) <= zone) & (untouched[0] | untouched[1]))
        struck = silent & (counted > 0)
        if struck.any():
            ways[struck] = np.left_shift(np.uint32(1), _cells(pressed, struck))
    return Evidence(answered, silent, ways)


def reachable(shape: tuple[int, ...]) -> FloatArray:
    """(H, W) share of what is looked at around a taxel that lies on the sensor."""
    side = 2 * REACH + 1
    ones = np.ones(shape, np.float32)
    return np.asarray(
        cv2.boxFilter(ones, -1, (side, side), borderType=cv2.BORDER_CONSTANT), np.float32
    )


def _around(values: FloatArray) -> FloatArray:
    """Sum over the eight neighbours (H, W); beyond a border is 0."""
    total = cv2.boxFilter(values, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(total - values, np.float32)


def _cells(pressed: Sequence[BoolArray], chosen: BoolArray) -> NDArray[np.uint32]:
    """Cells (n,) of the grid in which the centroids of what is pressed around taxels lie.

    Args:
        pressed: (H, W) of some frames; for each taxel that one counts in which most is pressed.
        chosen: (H, W) the n taxels.
    """
    side = np.arange(2 * REACH + 1)
    rows, columns = (index[:, None, None] for index in np.nonzero(chosen))
    height, width = chosen.shape
    wide = np.zeros((len(pressed), height + 2 * REACH, width + 2 * REACH), np.bool_)
    wide[:, REACH:-REACH, REACH:-REACH] = pressed
    windows = wide[:, rows + side[:, None], columns + side]  # (frames, n, 7, 7)
    total = windows.sum(axis=(2, 3))  # (frames, n)
    window = windows[total.argmax(axis=0), np.arange(len(rows))]  # (n, 7, 7)
    area = np.maximum(total.max(axis=0), 1)
    down = window.sum(axis=2) @ (side - REACH) / area
    along = window.sum(axis=1) @ (side - REACH) / area
    half = CELLS // 2
    row, column = (np.clip(np.rint(place / CELL), -half, half) + half for place in (down, along))
    return np.asarray(row * CELLS + column, np.uint32)

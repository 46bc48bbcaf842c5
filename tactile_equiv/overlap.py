"""Where a map that was shifted by whole cells and one that was not can be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Region = tuple[slice, slice]


def overlap(shift: tuple[int, int], size: Sequence[int]) -> tuple[Region, Region]:
    """Rows and columns where a shifted map lies on the sensor, and where that part was before.

    Args:
        shift: cells, down and along; both parts are empty where it is beyond the size.
        size: rows and columns of the map.
    """
    (rows, from_rows), (columns, from_columns) = (
        _span(moved, cells) for moved, cells in zip(shift, size, strict=True)
    )
    return (rows, columns), (from_rows, from_columns)


def turned(
    values: NDArray[Any], shift: tuple[int, int], periods: tuple[float, float]
) -> tuple[NDArray[Any], tuple[int, int]]:
    """Values (H, W, ...) shifted along the axes that wrap, and what is left of the shift.

    Args:
        values: a map or frame; where it wraps, nothing is shifted off or onto it.
        shift: cells, down and along.
        periods: see `topology.periods`.
    """
    around = [moved if math.isfinite(n) else 0 for moved, n in zip(shift, periods, strict=True)]
    if any(around):
        values = np.roll(values, around, axis=(0, 1))
    return values, (shift[0] - around[0], shift[1] - around[1])


def _span(moved: int, size: int) -> tuple[slice, slice]:
    first, last = max(moved, 0), size + min(moved, 0)
    last = max(last, first)
    return slice(first, last), slice(first - moved, last - moved)

"""Where a map that was shifted by whole cells and one that was not can be compared."""

from __future__ import annotations

from collections.abc import Sequence

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


def _span(moved: int, size: int) -> tuple[slice, slice]:
    first, last = max(moved, 0), size + min(moved, 0)
    last = max(last, first)
    return slice(first, last), slice(first - moved, last - moved)

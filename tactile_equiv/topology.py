"""How a skin lies: flat, with four borders, or round a finger, where one axis has no border.

On a cylinder the last line of taxels along the wrapped axis is the neighbour of the first. Places
on that axis are counted modulo its number of lines n: a place lies in [0, n), a box begins in
[0, n) and may end beyond n, where it goes on from line 0. All functions take the wrapped axis of
(H, W), None for a plane.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import SettingsError

Box = tuple[int, int, int, int]
"""First row, first column, last row + 1, last column + 1, in taxels."""

PLANE = "plane"
TOPOLOGIES = (PLANE, "cylinder_rows", "cylinder_cols")
"""Flat; rows run round the finger, so that the last row is beside the first; so do columns."""


NO_PERIODS = (math.inf, math.inf)
"""Of a plane: rows and columns end at borders, see `periods`."""


def wrapped_axis(topology: str) -> int | None:
    """The axis of (H, W) that has no border: 0 rows, 1 columns, None on a plane.

    Raises:
        SettingsError: for an unknown topology.
    """
    if topology not in TOPOLOGIES:
        raise SettingsError(f"topology is {topology!r}: use one of {', '.join(TOPOLOGIES)}")
    return None if topology == PLANE else TOPOLOGIES.index(topology) - 1


def periods(axis: int | None, shape: Sequence[int]) -> tuple[float, float]:
    """After how many taxels rows and columns repeat; infinite where they end at a border."""
    if axis is None:
        return NO_PERIODS
    return (shape[0], math.inf) if axis == 0 else (math.inf, shape[1])


def on_skin(place: float, along: int, axis: int | None, shape: Sequence[int]) -> float:
    """A place along rows (0) or columns (1), in [0, n) where they wrap."""
    if along != axis:
        return place
    around = place % shape[along]
    return around if around < shape[along] else 0.0  # rounding: -1e-20 % n is n


def apart(one: float, other: float, period: float) -> float:
    """one - other; the shorter way round where places repeat after a period."""
    difference = one - other
    return math.remainder(difference, period) if math.isfinite(period) else difference


def shorter_way(steps: NDArray[Any], periods: tuple[float, float]) -> NDArray[np.float64]:
    """Steps (..., 2) down and along, each the shorter way round where places repeat."""
    repeating = np.array(periods)
    turns = np.rint(steps / repeating)  # 0 where they do not repeat
    shorter: NDArray[np.float64] = steps - turns * np.where(np.isfinite(repeating), repeating, 0)
    return shorter


def taken(values: NDArray[Any], box: Box, axis: int | None) -> NDArray[Any]:
    """The taxels (..., h, w) of a box, which may go on beyond the seam; a view where it does not.

    A box of more than n lines holds lines more than once.
    """
    if axis is None:
        top, left, bottom, right = box
        return values[..., top:bottom, left:right]
    return values[(..., *_span(box, axis, values.shape))]


def put(values: NDArray[Any], box: Box, part: NDArray[Any], axis: int | None) -> None:
    """Write the taxels (..., h, w) of a box, which may go on beyond the seam."""
    if axis is None:
        top, left, bottom, right = box
        values[..., top:bottom, left:right] = part
    else:
        values[(..., *_span(box, axis, values.shape))] = part


def _span(
    box: Box, axis: int, shape: tuple[int, ...]
) -> tuple[slice | NDArray[np.intp], slice | NDArray[np.intp]]:
    rows, columns = slice(box[0], box[2]), slice(box[1], box[3])
    if 0 <= box[axis] <= box[axis + 2] <= shape[axis - 2]:
        return rows, columns
    around = np.arange(box[axis], box[axis + 2]) % shape[axis - 2]
    return (around, columns) if axis == 0 else (rows, around)


def grown(box: Box, by: int, axis: int) -> Box:
    """A box with so many lines more on both sides along an axis."""
    first, second = (by, 0) if axis == 0 else (0, by)
    return box[0] - first, box[1] - second, box[2] + first, box[3] + second


def moved(box: Box, down: int, right: int) -> Box:
    """A box elsewhere."""
    return box[0] + down, box[1] + right, box[2] + down, box[3] + right


def begun_on_skin(box: Box, axis: int | None, shape: Sequence[int]) -> Box:
    """The same taxels with the first line in [0, n); all n lines begin with line 0."""
    if axis is None:
        return box
    lines = shape[axis]
    length, first = box[axis + 2] - box[axis], box[axis] % lines
    back = box[axis] - (0 if length >= lines else first)
    return moved(box, -back, 0) if axis == 0 else moved(box, 0, -back)


def opening(
    occupied: NDArray[np.bool_], contents: Callable[[int], bytes] = lambda number: b""
) -> tuple[int, int]:
    """Where to cut a circle of lines open: the middle of its widest gap of unoccupied lines.

    Where gaps are equally wide, the contents of the lines decide, never their number: circles that
    are the same but for a turn are cut at the same contents. Without a gap every line may be first.

    Args:
        occupied: (n,) whether a line is occupied.
        contents: of a line by its number; not asked where one gap is the widest.

    Returns:
        The number of the line to begin with, and the width of the gap.
    """
    lines = len(occupied)
    where: list[int] = occupied.nonzero()[0].tolist()
    if not where:
        return 0, lines
    following = [*where[1:], where[0] + lines]
    gaps = [other - one - 1 for one, other in zip(where, following, strict=True)]
    widest = max(gaps)
    behind = [line for line, gap in zip(where, gaps, strict=True) if gap == widest]
    firsts = [(line + 1 + widest // 2) % lines for line in behind]
    if len(firsts) > 1:
        held = [contents(number) for number in range(lines)]
        firsts.sort(key=lambda first: held[first:] + held[:first])
    return firsts[0], widest

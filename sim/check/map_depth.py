"""Where in a contact map the error lies: near the border of the sensor, or inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.overlap import overlap, turned
from tactile_equiv.topology import NO_PERIODS

from .shift_pairs import Shift

Map = NDArray[np.float32]


def by_depth(
    seen: Map, reference: Map, shift: Shift, scale: float, periods: tuple[float, float] = NO_PERIODS
) -> tuple[float, ...]:
    """Largest difference of a map (H, W) from the shifted reference at depth 0, 1, 2, ...

    The depth of a taxel is its distance to the nearest border in the map or in the reference,
    whichever is nearer: what padding does wrong, it does at small depths. Relative to `scale`.
    The seam of a finger is no border, yet what takes it for one errs there, so it counts as one.
    """
    reference, left = turned(reference, shift, periods)
    here, there = overlap(left, seen.shape)
    edge = border_distance(seen.shape)
    depth = np.minimum(edge[here], edge[there])
    difference = np.nan_to_num(np.abs(seen[here] - reference[there]))
    profile = np.zeros(int(depth.max(initial=-1)) + 1)
    np.maximum.at(profile, depth.ravel(), difference.ravel())
    return tuple(float(value) / scale for value in profile)


def phantom_response(seen: Map, shift: Shift, periods: tuple[float, float] = NO_PERIODS) -> float:
    """Largest deviation of a map (H, W) from its median in the strip that a shift brings in."""
    _, left = turned(seen, shift, periods)
    here, _ = overlap(left, seen.shape)
    strip = np.ones(seen.shape, bool)
    strip[here] = False
    return float(np.abs(seen[strip] - np.median(seen)).max(initial=0.0))


def border_distance(size: tuple[int, ...]) -> NDArray[np.int64]:
    """Taxels from every taxel (H, W) to the nearest border row or column, 0 in it."""
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in size)
    distance: NDArray[np.int64] = np.minimum(rows[:, None], columns[None])
    return distance

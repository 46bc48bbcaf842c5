"""The grid of a layer: how far its map moves when the contact moves, seen from its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.probe import Probe, Values
from tactile_equiv.audit.stimuli import smooth_contact
from tactile_equiv.band_limited import fourier_shift
from tactile_equiv.overlap import Region, overlap

AXES = (0, 1)
"""Down the rows, along the columns."""
KNOWN_SCALES = tuple(
    sorted(
        {Fraction(1, n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32)}
        | {Fraction(2), Fraction(3), Fraction(4), Fraction(2, 3), Fraction(3, 2), Fraction(3, 4)}
    )
)
ONE = Fraction(1)
AGREEMENT = 1.15
"""Largest quotient of a measured scale and a known one."""
COARSE = 8
"""On so many cells along an axis or fewer the centroid is held back by the border."""
SIZE_COUNTS = 1.2
"""How much more the sizes then count than the centroid."""


@dataclass(frozen=True)
class Grid:
    """How a map (C, H', W') moves with a contact, (rows, columns).

    Attributes:
        scale: cells for each pixel of the contact.
        follows: False where its response does not move with the contact; the scale is then that of
            the sizes of map and frame.
        axis: along which the map wraps round a finger; None on a plane.
    """

    scale: tuple[Fraction, Fraction]
    follows: tuple[bool, bool] = (True, True)
    axis: int | None = None

    def moved(self, pixels: tuple[float, float]) -> tuple[Fraction, Fraction]:
        """Cells that the response moves when the contact moves so many pixels."""
        rows, columns = (s * Fraction(p) for s, p in zip(self.scale, pixels, strict=True))
        return rows, columns


def measure_grids(probe: Probe) -> tuple[Grid | None, ...]:
    """For every layer that is a map: the grid that its energy centroid moves on."""
    contact = smooth_contact(probe.stage, 0)
    found: list[list[tuple[Fraction, bool]]] = []
    for axis in AXES:
        places = _places(probe, axis)
        middle = probe.stage.middle(contact)
        centroid = _direction if axis == probe.stage.axis else _centroid
        frames = (
            probe.stage.frame(contact, *(p if a == axis else middle[a] for a in AXES))
            for p in places
        )
        centroids = np.array(
            [[centroid(r, axis) for r in response] for response in probe.responses(frames)]
        )  # (places, layers)
        if axis == probe.stage.axis:
            sizes = [layer.shape[1 + axis] if layer.is_map else 1 for layer in probe.layers]
            centroids = np.unwrap(centroids, axis=0) * np.array(sizes) / (2 * np.pi)
        slopes = (np.array(places) - np.mean(places)) @ centroids / np.var(places) / len(places)
        pixels = probe.stage.sides[axis]
        found.append(
            [
                _known_scale(slope, layer.shape[1 + axis], pixels) if layer.is_map else (ONE, True)
                for slope, layer in zip(slopes.tolist(), probe.layers, strict=True)
            ]
        )
    return tuple(
        Grid((rows[0], columns[0]), (rows[1], columns[1]), probe.stage.axis)
        if layer.is_map
        else None
        for layer, rows, columns in zip(probe.layers, *found, strict=True)
    )


def _places(probe: Probe, axis: int) -> list[int]:
    """Every second pixel around the middle, as far as a quarter of the sensor, at most 8."""
    contact = smooth_contact(probe.stage, 0)
    middle, reach = probe.stage.middle(contact)[axis], min(8, probe.stage.sides[axis] // 4)
    return list(range(middle - reach, middle + reach + 1, 2))


def _energy(response: Values, axis: int) -> NDArray[np.float64]:
    """Energy of a response (C, H', W') along an axis: summed over channels and the other axis."""
    values = response.astype(np.float64)
    energy: NDArray[np.float64] = np.einsum("chw,chw->hw", values, values).sum(axis=1 - axis)
    return energy


def _centroid(response: Values, axis: int) -> float:
    """Centroid of the energy of a response (C, H', W') along an axis, cells; NaN of a vector."""
    if response.ndim != 3:
        return np.nan
    energy = _energy(response, axis)
    total = energy.sum()
    return float(energy @ np.arange(len(energy)) / total) if total > 0 else np.nan


def _direction(response: Values, axis: int) -> float:
    """Mean direction of the energy round a finger (Mardia and Jupp, 2000), radians, as above."""
    if response.ndim != 3:
        return np.nan
    energy = _energy(response, axis)
    turns = np.arange(len(energy)) / len(energy)
    return float(np.angle(energy @ np.exp(2j * np.pi * turns)))


def _known_scale(slope: float, cells: int, pixels: int) -> tuple[Fraction, bool]:
    """The scale that the sizes tell where the slope agrees, else that of the slope."""
    size = cells / pixels
    by_size = _nearest(lambda scale: _quotient(scale, size))
    if not slope > 0:
        return by_size, False
    if cells <= COARSE:
        return _nearest(lambda s: _quotient(s, size) ** SIZE_COUNTS * _quotient(s, slope)), True
    by_slope = _nearest(lambda scale: _quotient(scale, slope))
    nearest = by_size if _quotient(slope, float(by_size)) < AGREEMENT else by_slope
    follows = _quotient(slope, float(nearest)) < AGREEMENT
    return (nearest if follows else by_size), follows


def _nearest(distance: Callable[[float], float]) -> Fraction:
    return min(KNOWN_SCALES, key=lambda scale: distance(float(scale)))


def _quotient(one: float, other: float) -> float:
    """The larger over the smaller of two positive numbers."""
    return max(one / other, other / one)


def cell_errors(
    seen: Values, reference: Values, moved: tuple[Fraction, Fraction], axis: int | None = None
) -> tuple[NDArray[np.float64], slice, slice]:
    """Where the moved reference and what is seen are both on the map: the largest difference.

    Args:
        seen: (C, H', W') response.
        reference: (C, H', W') response to the contact before it moved.
        moved: cells, down and along; parts of a cell are a Fourier shift of the reference.
        axis: along which the maps wrap; None on a plane.

    Returns:
        Largest difference over channels (h, w), and the rows and columns of the map it is for.
    """
    source, (rows, columns), there = _moved_to(reference, moved, axis)
    difference = seen[:, rows, columns] - source[(..., *there)]
    return np.abs(difference).max(axis=0).astype(np.float64), rows, columns


def moved_map(
    plane: NDArray[np.floating[Any]],
    moved: tuple[Fraction, Fraction],
    axis: int | None = None,
) -> NDArray[np.floating[Any]]:
    """One channel (H', W') moved by so many cells; NaN where nothing is known."""
    source, here, there = _moved_to(plane[None], moved, axis)
    found = np.full(plane.shape, np.nan)
    found[here] = source[0][there]
    return found


def _moved_to(
    values: Values, moved: tuple[Fraction, Fraction], axis: int | None
) -> tuple[Values, Region, Region]:
    """Values (C, H', W') shifted by the parts of a cell, and for the whole cells the overlap.

    Along an axis that wraps they are rolled, and all of them overlap.
    """
    whole = [floor(moved[0]), floor(moved[1])]
    parts = float(moved[0] - whole[0]), float(moved[1] - whole[1])
    source = _between_cells(values, *parts, axis)
    if axis is not None:
        source = np.roll(source, whole[axis], axis=1 + axis)
        whole[axis] = 0
    return (source, *overlap((whole[0], whole[1]), values.shape[1:]))


def _between_cells(values: Values, rows: float, columns: float, axis: int | None) -> Values:
    """Fourier shift along each axis that needs it, with empty cells around where it ends."""
    if not (rows or columns):
        return values
    height, width = values.shape[1:]
    below, right = (
        2 * cells * bool(part) * (k != axis)
        for k, cells, part in ((0, height, rows), (1, width, columns))
    )
    wide = np.pad(values, ((0, 0), (0, below), (0, right)))
    return fourier_shift(wide, rows, columns)[:, :height, :width]

"""Errors of contacts near the border, against the same contact in the middle moved there.

Round a finger two sides are no border but the two sides of the seam: there the distance counts from
where the contact lies half across it, and the whole map is compared, rolled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tactile_equiv.audit.grids import AXES, Grid, cell_errors
from tactile_equiv.audit.probe import Layer, Probe, Values
from tactile_equiv.audit.shifts import drift, worse
from tactile_equiv.audit.stimuli import Stage
from tactile_equiv.frame import FloatArray

Side = Literal["top", "bottom", "left", "right"]
SIDES: tuple[Side, ...] = ("top", "bottom", "left", "right")
FARTHEST = 8
"""Empty pixels between border and contact, at most."""
ALIGNED = 8
"""Largest step that the distance from the middle to the first row and column is a multiple of."""
SUPPORT = 1e-6
"""Parts of a response that are smaller, relative, or rounding, do not count as its extent."""


@dataclass
class BorderErrors:
    """Worst errors of one layer, relative to its largest response.

    Attributes:
        by_distance: for every side, by empty pixels between contact and border, phantoms included;
            only distances at which the layer's map has moved by whole cells.
        by_depth: for every side, by cells between the border of the map and the cell in error.
        phantoms: for every side, response where the moved contact is far away: at the opposite
            border.
        drift: of the vector, or of the map summed over all its cells.
    """

    by_distance: dict[Side, dict[int, float]] = field(
        default_factory=lambda: {side: {} for side in SIDES}
    )
    by_depth: dict[Side, dict[int, float]] = field(
        default_factory=lambda: {side: {} for side in SIDES}
    )
    phantoms: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))
    drift: float = 0.0

    @property
    def measured(self) -> bool:
        """There was a place near the border at which the map could be compared."""
        return any(self.by_distance.values())

    @property
    def worst(self) -> float:
        """Over all sides and distances; NaN if any is, 0 if none was measured."""
        errors = [e for found in self.by_distance.values() for e in found.values()]
        return float(np.max(errors)) if errors else 0.0

    @property
    def phantom(self) -> float:
        """Over all sides; NaN if any is."""
        return float(np.max(list(self.phantoms.values())))

    def depth(self, limit: float) -> int:
        """Cells from the border of the map up to the last that is not within the limit."""
        wrong = [d for found in self.by_depth.values() for d, e in found.items() if not e <= limit]
        return max(wrong) + 1 if wrong else 0


@dataclass(frozen=True)
class Place:
    """A place near the border.

    Attributes:
        side: the nearest one.
        axis: 0 for top and bottom, 1 for left and right.
        distance: empty pixels between contact and border.
        position: (row, column) of the contact's first pixel.
        move: pixels from the middle, down and along.
    """

    side: Side
    axis: int
    distance: int
    position: tuple[int, int]
    move: tuple[int, int]

    @property
    def is_corner(self) -> bool:
        """Two sides are near: how deep an error lies cannot be told."""
        return all(self.move)

    def moved_by(self, steps: tuple[int, int]) -> bool:
        """The move is a multiple of the steps."""
        return all(pixels % step == 0 for pixels, step in zip(self.move, steps, strict=True))


def measure_border(
    probe: Probe,
    grids: Sequence[Grid | None],
    steps: Sequence[tuple[int, int]],
    contacts: Sequence[FloatArray],
) -> tuple[BorderErrors, ...]:
    """Move contacts (C, h, w) from the middle to each side; errors of every layer.

    Args:
        steps: for every layer, pixels down and along, on whose multiples its map is compared.
    """
    found = tuple(BorderErrors() for _ in probe.layers)
    for contact in contacts:
        start = start_place(probe.stage, contact)
        places = list(border_places(probe.stage, contact))
        positions = [start, *(place.position for place in places)]
        responses = probe.responses(probe.stage.frame(contact, *position) for position in positions)
        reference = next(responses)
        for place, seen in zip(places, responses, strict=True):
            for number, (layer, grid) in enumerate(zip(probe.layers, grids, strict=True)):
                errors = found[number]
                if layer.scale:
                    errors.drift = worse(errors.drift, drift(seen[number], reference[number]))
                if layer.scale and grid and place.moved_by(steps[number]):
                    _note(errors, layer, grid, seen[number], reference[number], place)
    return found


def start_place(stage: Stage, contact: FloatArray) -> tuple[int, int]:
    """Near the middle, a multiple of `ALIGNED` (4 on small sensors) from the first pixel."""
    rows, columns = (
        round(middle / step) * step
        for middle in stage.middle(contact)
        for step in [ALIGNED if middle > 2 * ALIGNED else min(ALIGNED // 2, middle)]
    )
    return rows, columns


def border_places(stage: Stage, contact: FloatArray) -> Iterator[Place]:
    """Every place near the border that a contact (C, h, w) is moved to; corners are last."""
    start = start_place(stage, contact)
    for axis in AXES:
        last = stage.sides[axis] - contact.shape[1 + axis]
        across = contact.shape[1 + axis] // 2 if axis == stage.axis else 0  # the seam
        ends = (SIDES[2 * axis], -across, 1), (SIDES[2 * axis + 1], last + across, -1)
        for side, at_border, inwards in ends:
            away = abs(start[axis] - at_border)
            for distance in range(min(FARTHEST, away - 1) + 1):
                position = at_border + inwards * distance
                move = position - start[axis]
                if axis == 0:
                    yield Place(side, axis, distance, (position, start[1]), (move, 0))
                else:
                    yield Place(side, axis, distance, (start[0], position), (0, move))
    yield from _corners(stage, contact, start)


def _corners(stage: Stage, contact: FloatArray, start: tuple[int, int]) -> Iterator[Place]:
    last = [side - length for side, length in zip(stage.sides, contact.shape[1:], strict=True)]
    rows: tuple[tuple[Side, int], ...] = (("top", 0), ("bottom", last[0]))
    for side, row in rows:
        for column in (0, last[1]):
            yield Place(side, 0, 0, (row, column), (row - start[0], column - start[1]))


def _note(
    errors: BorderErrors,
    layer: Layer,
    grid: Grid,
    seen: Values,
    reference: Values,
    place: Place,
) -> None:
    moved = grid.moved(place.move)
    difference, *where = cell_errors(seen, reference, moved, grid.axis)
    if not difference.size:
        return
    by_cell = difference.max(axis=1 - place.axis) / layer.scale  # (h,) or (w,)
    if not place.is_corner:
        _note_depth(errors.by_depth[place.side], by_cell, where[place.axis], place, seen.shape)
    least = max(SUPPORT, layer.noise) * layer.scale
    phantom = 0.0
    if place.axis != grid.axis:
        phantom = _phantom(seen, reference, place, int(moved[place.axis]), least) / layer.scale
    errors.phantoms[place.side] = worse(errors.phantoms[place.side], phantom)
    error, known = worse(phantom, float(by_cell.max())), errors.by_distance[place.side]
    known[place.distance] = worse(known.get(place.distance, 0.0), error)


def _note_depth(
    known: dict[int, float],
    by_cell: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    where: slice,
    place: Place,
    shape: tuple[int, ...],
) -> None:
    """Only the half of the map that the contact is in."""
    cells = shape[1 + place.axis]
    for index, error in zip(range(where.start, where.stop), by_cell.tolist(), strict=True):
        depth = index if place.side in ("top", "left") else cells - 1 - index
        if depth < cells / 2:
            known[depth] = worse(known.get(depth, 0.0), error)


def _phantom(seen: Values, reference: Values, place: Place, moved: int, least: float) -> float:
    """Largest response in cells that the moved reference, above `least`, does not reach.

    Nothing is known, and 0 returned, while the reference reaches the border of its own map there.
    """
    profile = np.abs(reference).max(axis=(0, 2 - place.axis))  # (H',) or (W',)
    reached = np.flatnonzero(profile > least)
    if not len(reached):
        return 0.0
    first, last = int(reached[0]), int(reached[-1])
    strength = np.abs(seen).max(axis=(0, 2 - place.axis))
    if moved < 0 and last < len(profile) - 1:
        return float(strength[max(last + moved + 2, 0) :].max(initial=0))
    if moved > 0 and first > 0:
        return float(strength[: max(first + moved - 1, 0)].max(initial=0))
    return 0.0

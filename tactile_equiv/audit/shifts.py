"""Errors under shifts of a contact in the middle of the sensor, where no border is near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.grids import AXES, Grid, cell_errors
from tactile_equiv.audit.probe import Probe, Values
from tactile_equiv.audit.stimuli import Stage
from tactile_equiv.frame import FloatArray

WHOLE_SHIFTS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Pixels; as many of them as leave the contact in the middle half of the sensor."""
PARTS = (0.25, 0.5, 0.75)
"""Shifts by parts of a pixel."""


@dataclass
class ShiftErrors:
    """Worst errors of one layer, relative to its largest response.

    Attributes:
        whole: map error by whole pixels, (rows, columns).
        parts: map error by parts of a pixel, either axis.
        drift_whole: of the vector, or of the map summed over all its cells, for whole pixels.
        drift_parts: the same for parts of a pixel.
    """

    whole: tuple[dict[int, float], dict[int, float]] = field(default_factory=lambda: ({}, {}))
    parts: dict[float, float] = field(default_factory=dict)
    drift_whole: float = 0.0
    drift_parts: float = 0.0

    def note_drift(self, shift: float, error: float) -> None:
        """Keep the drift under a shift by so many pixels, if it is the worst."""
        if shift < 1:
            self.drift_parts = worse(self.drift_parts, error)
        else:
            self.drift_whole = worse(self.drift_whole, error)

    def note_map(self, axis: int, shift: float, error: float) -> None:
        """Keep the map error under a shift along an axis, if it is the worst of that shift."""
        if shift < 1:
            self.parts[shift] = worse(self.parts.get(shift, 0.0), error)
        else:
            by_shift = self.whole[axis]
            by_shift[int(shift)] = worse(by_shift.get(int(shift), 0.0), error)


def whole_shifts(pixels: int) -> tuple[int, ...]:
    """Shifts that are measured on so many rows or columns."""
    return tuple(shift for shift in WHOLE_SHIFTS if shift <= pixels // 4)


def measure_shifts(
    probe: Probe, grids: Sequence[Grid | None], contacts: Sequence[FloatArray]
) -> tuple[ShiftErrors, ...]:
    """Shift contacts (C, h, w) along the rows and along the columns; errors of every layer."""
    found = tuple(ShiftErrors() for _ in probe.layers)
    for number, contact in enumerate(contacts):
        for axis in AXES:
            start = first_place(probe.stage, contact, number, axis)
            _measure_along(probe, grids, contact, start, axis, found)
    return found


def first_place(stage: Stage, contact: FloatArray, number: int, axis: int) -> tuple[int, int]:
    """Where a contact (C, h, w) is before it moves along an axis: so far from the middle that the
    shifts lie around it; contacts of other numbers are at another phase of every stride."""
    row, column = (middle + number % 3 for middle in stage.middle(contact))
    farthest = whole_shifts(stage.sides[axis])[-1]
    last = stage.sides[axis] - contact.shape[1 + axis] - farthest
    start = min(max((row, column)[axis] - farthest // 2, 0), last)
    return (start, column) if axis == 0 else (row, start)


def _measure_along(
    probe: Probe,
    grids: Sequence[Grid | None],
    contact: FloatArray,
    start: tuple[int, int],
    axis: int,
    found: Sequence[ShiftErrors],
) -> None:
    shifts = [*whole_shifts(probe.stage.sides[axis]), *PARTS]
    moves = [(shift, 0.0) if axis == 0 else (0.0, shift) for shift in shifts]
    places = [(0.0, 0.0), *moves]
    responses = probe.responses(
        probe.stage.frame(contact, start[0] + r, start[1] + c) for r, c in places
    )
    reference = next(responses)
    for shift, move, seen in zip(shifts, moves, responses, strict=True):
        for number, (layer, grid) in enumerate(zip(probe.layers, grids, strict=True)):
            if not layer.scale:
                continue
            found[number].note_drift(shift, drift(seen[number], reference[number]))
            if grid:
                error = _middle_error(seen[number], reference[number], grid, move)
                found[number].note_map(axis, shift, error / layer.scale)


def worse(one: float, other: float) -> float:
    """The larger; NaN if either is NaN."""
    return float(np.maximum(one, other))


def drift(seen: Values, reference: Values) -> float:
    """Difference of two responses that should be equal, maps summed over their cells, relative."""
    total, size = pooled(reference), pooled(np.abs(reference))
    return float(np.abs(pooled(seen) - total).max() / max(size.max(), 1e-30))


def pooled(response: Values) -> NDArray[np.float64]:
    """A map (C, H', W') summed over its cells, (C,); a vector as it is."""
    wide = response.astype(np.float64)
    total: NDArray[np.float64] = wide.sum(axis=(1, 2)) if wide.ndim == 3 else wide
    return total


def _middle_error(seen: Values, reference: Values, grid: Grid, move: tuple[float, float]) -> float:
    """Largest difference in the middle half of the map, or wherever there is one.

    Along an axis that wraps every cell is in the middle.
    """
    moved = grid.moved(move)
    errors, *where = cell_errors(seen, reference, moved, grid.axis)
    if not errors.size:
        return float("nan")
    middle = tuple(
        slice(None) if axis == grid.axis else _middle(span, floor(cells), size)
        for axis, span, cells, size in zip(AXES, where, moved, seen.shape[1:], strict=True)
    )
    chosen = errors[middle]
    return float(chosen.max() if chosen.size else errors.max())


def _middle(span: slice, moved: int, cells: int) -> slice:
    """The part of an overlap that is in the middle half of both maps, counted from its start."""
    first = max(cells // 4, cells // 4 + moved, span.start)
    last = min(cells - cells // 4, cells - cells // 4 + moved, span.stop)
    return slice(first - span.start, max(last, first) - span.start)


def lattice(by_shift: dict[int, float], limit: float) -> int | None:
    """Smallest shift all of whose measured multiples are exact; None if there is none.

    Args:
        by_shift: error by whole pixels.
        limit: errors up to this are exact.
    """
    for step in sorted(by_shift):
        multiples = [error for shift, error in by_shift.items() if shift % step == 0]
        if all(error <= limit for error in multiples):
            return step
    return None
